//! `langevin check`.

use std::process::ExitCode;

use langevin::density::{LogDensity, Meaning, Model};
use langevin::error::{Error, ErrorKind, Fault};
use langevin::output::{SCHEMA, error_document, integral, number};
use langevin::proof::{FeatureKind, Line, Sign, Smoothness, Symmetry, inferred, inspect, line, smoothness, symmetries};
use langevin::quadrature::{CERTIFY, Marginal, Tolerance, evidence};
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::Check;
use crate::exit::Failure;
use crate::input;
use crate::report::{self, Paint};
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Check, talk: Talk) -> Outcome {
    let model = input::model(&arguments.density, None)?;
    let source = model.formula().source();
    let inspection = inspect(&model);
    let mut problems: Vec<Error> = inspection.refuse(&model).err().into_iter().collect();
    let mut normalizer = None;
    let mut too_many = None;
    if problems.is_empty() {
        match evidence(&model, Tolerance::default(), CERTIFY) {
            Ok(found) => normalizer = Some(found),
            Err(error) if error.kind == ErrorKind::Unsupported => too_many = Some(error.message),
            Err(error) => problems.push(error),
        }
    }
    let jumps = model.jumps();
    let facts = problems.is_empty().then(|| (line(&model), smoothness(&model), symmetries(&model)));
    let (nonnegative, witness) = match &inspection.sign {
        Sign::Proved => ("proved", None),
        Sign::Refuted(witness) => ("refuted", Some(witness)),
        Sign::Touches { .. } => ("touches_zero", None),
        Sign::Unknown => ("unknown", None),
    };
    if talk.json {
        let witness = witness.map_or(Value::Null, |witness| {
            let mut point: Map<String, Value> = model.names().into_iter().zip(witness.position.iter().map(|x| number(*x))).collect();
            point.insert("value".into(), number(witness.value));
            point.into()
        });
        let mut listed: Vec<Value> = problems.iter().map(|problem| error_document(problem)["error"].clone()).collect();
        listed.extend(model.oddities().iter().map(|(kind, message)| json!({ "kind": kind, "message": message, "span": null })));
        listed.extend(
            jumps.iter().map(
                |name| json!({ "kind": "jumps", "message": format!("`{name}` jumps, and a gradient does not see jumps"), "span": null }),
            ),
        );
        let supports = inferred(&model);
        listed.extend(supports.iter().map(|support| json!({ "kind": "support", "message": support.to_string(), "span": null })));
        let hierarchies = model.hierarchies();
        listed.extend(hierarchies.iter().map(|found| {
            json!({
                "kind": "centred",
                "message": format!("the scale of `{}` in {} is a parameter: --noncenter", found.name, found.term),
                "span": { "start": found.span.start, "end": found.span.end },
            })
        }));
        let document = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "formula": source,
            "inferred": supports.iter().map(|found| json!({ "name": found.name, "low": number(found.low), "high": number(found.high), "undefined_beyond": found.undefined })).collect::<Vec<_>>(),
            "hierarchies": hierarchies.iter().map(|found| json!({
                "parameter": found.name,
                "sampled": found.standard,
                "term": found.term,
                "declaration": found.declaration,
                "definition": found.definition,
                "becomes": found.prior,
            })).collect::<Vec<_>>(),
            "ok": problems.is_empty(),
            "nonnegative": nonnegative,
            "witness": witness,
            "problems": listed,
            "points": inspection.points,
            "normalizer": normalizer.as_ref().map_or(Value::Null, |found| integral(&found.integral)),
            "modes": facts.as_ref().and_then(|(course, ..)| course.as_ref()).map_or(Value::Null, |course| json!({
                "complete": course.is_complete,
                "positions": course.modes.iter().map(|mode| number(mode.position)).collect::<Vec<_>>(),
            })),
            "log_concave": facts.as_ref().map(|(_, smooth, _)| smooth.is_log_concave()),
            "smoothness": facts.as_ref().map_or(Value::Null, |(_, smooth, _)| json!({
                "slope": smooth.slope.map(number),
                "most_curved": smooth.most_curved.map(number),
                "least_curved": smooth.least_curved.map(number),
                "stable_step_size": smooth.stable_step_size().map(number),
            })),
            "variables": model.bounds().iter().map(|bound| json!({ "name": bound.name, "low": number(bound.low), "high": number(bound.high) })).collect::<Vec<_>>(),
        });
        print(&format!("{document:#}"))?;
    } else if let Some(problem) = problems.first() {
        return Err(Failure::of(problem.clone(), source));
    } else {
        let paint = Paint(colour(&std::io::stdout()));
        let mut lines = vec![report::headline(&model, paint), String::new()];
        lines.push(format!(
            "  sign    {}",
            match (&inspection.sign, model.meaning()) {
                (Sign::Proved, Meaning::Density) => "non-negative everywhere, proved".to_string(),
                (Sign::Proved, _) => "positive: a logarithm was given".to_string(),
                (Sign::Touches { depth, position }, _) => format!(
                    "nowhere below {}, proved; it touches zero near {}",
                    report::short(-depth),
                    report::place(&model.names(), position)
                ),
                _ => format!("no negative value at {} points; not proved", inspection.points),
            }
        ));
        let zeros = inspection.zero_share;
        lines.push(format!(
            "  support {}",
            if zeros == 0.0 {
                "positive wherever it was looked at".to_string()
            } else {
                format!("zero on about {:.0} % of the points", 100.0 * zeros)
            }
        ));
        match &normalizer {
            Some(found) => {
                lines.push(format!("  Z       {}", report::normalizer(&found.integral)));
                lines.extend(report::proof(&found.integral).into_iter().flat_map(|proof| report::wrap(&format!("proved  {proof}"), 10)));
                if let [Marginal::Reference(reference)] = &found.marginals[..] {
                    lines.push(format!("  basins  {}", reference.basins().len()));
                    lines.push(format!(
                        "  mixing  slowest relaxation time {} of Langevin dynamics",
                        report::short(reference.relaxation_time())
                    ));
                } else {
                    lines.extend(report::parts(&model, found));
                }
                lines.extend(found.integral.notes.iter().flat_map(|note| report::wrap(&format!("note    {note}"), 10)));
            }
            None => lines.extend(report::wrap(&format!("Z       not computed: {}", too_many.unwrap_or_default()), 10)),
        }
        if let Some((course, smooth, symmetric)) = &facts {
            for (head, text) in story(&model, course.as_ref(), smooth, symmetric) {
                lines.extend(report::wrap(&format!("{head:<8}{text}"), 10));
            }
        }
        for support in inferred(&model) {
            lines.extend(report::wrap(&format!("note    {support}"), 10));
        }
        lines.extend(report::hierarchies(&model.hierarchies()));
        for (_, message) in model.oddities() {
            lines.extend(report::wrap(&format!("note    {message}"), 10));
        }
        for name in jumps {
            lines.extend(report::wrap(&format!("note    `{name}` jumps, and a gradient does not see jumps"), 10));
        }
        print(&lines.join("\n"))?;
    }
    Ok(match problems.first().map(|problem| problem.kind) {
        None => ExitCode::SUCCESS,
        Some(kind) if kind.fault() == Fault::Density || kind == ErrorKind::ZeroDensity => ExitCode::from(4),
        Some(_) => ExitCode::from(2),
    })
}

/// What is proved about the course of the density, head and text a line.
fn story(model: &Model, course: Option<&Line>, smooth: &Smoothness, symmetric: &[Symmetry]) -> Vec<(&'static str, String)> {
    let names = model.names();
    let short = report::short;
    let mut told = Vec::new();
    if let Some(course) = course {
        let places: Vec<String> = course.modes.iter().take(8).map(|mode| short(mode.position)).collect();
        let more = if course.modes.len() > 8 { ", …" } else { "" };
        let list = format!("{} = {}{more}", names[0], places.join(", "));
        told.push((
            "modes",
            match (course.modes.len(), course.is_complete) {
                _ if course.is_flat => "none: constant wherever it is positive, proved".to_string(),
                (0, true) => "none: it rises toward an infinite end".to_string(),
                (1, true) => format!("one, proved: {list}"),
                (count, true) => format!("{count}, proved to be all: {list}"),
                (0, false) => "not found by proof".to_string(),
                (_, false) => format!("at least {list}; not proved to be all"),
            },
        ));
        for (kind, head) in
            [(FeatureKind::Kink, "kinks"), (FeatureKind::Jump, "jumps"), (FeatureKind::Zero, "zeros"), (FeatureKind::Pole, "poles")]
        {
            let mut places: Vec<String> =
                course.features.iter().filter(|feature| feature.kind == kind).map(|feature| short(feature.position)).collect();
            places.dedup();
            if !places.is_empty() {
                let shown = &places[..places.len().min(8)];
                told.push((head, format!("{} = {}{}", names[0], shown.join(", "), if places.len() > 8 { ", …" } else { "" })));
            }
        }
    }
    let symmetric: Vec<String> = symmetric
        .iter()
        .map(|symmetry| match symmetry {
            Symmetry::Reflection { variable, centre } => format!("even about {} = {}", names[*variable], short(*centre)),
            Symmetry::Exchange(i, j) => format!("{} ↔ {}", names[*i], names[*j]),
        })
        .collect();
    if !symmetric.is_empty() {
        told.push(("same", format!("{}, proved", symmetric.join("; "))));
    }
    let concave = match (smooth.least_curved, smooth.is_log_concave()) {
        (Some(least), true) if least > 0.0 => {
            Some(format!("−log p is convex, its curvature nowhere below {}", negated(&report::short_above(-least))))
        }
        (_, true) => Some("−log p is convex".to_string()),
        _ => None,
    };
    let bounded = |what: &str, bound: Option<f64>| bound.map(|bound| format!("{what} ≤ {}", report::short_above(bound)));
    let curved: Vec<String> =
        [concave, bounded("|∇log p|", smooth.slope), bounded("|curvature|", smooth.lipschitz())].into_iter().flatten().collect();
    if !curved.is_empty() {
        told.push(("smooth", format!("{}, proved", curved.join("; "))));
    }
    if let Some(step) = smooth.stable_step_size() {
        told.push(("steps", format!("Euler steps are stable everywhere below ε = {}, proved", short(step))));
    }
    told
}

/// The text of −x from that of x.
fn negated(text: &str) -> String {
    text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_string)
}
