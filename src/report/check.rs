//! What is known of a density, and what of it is proved; `langevin check`.

use serde_json::{Map, Value, json};

use super::integrate::{integral_json, normalizer, parts, proof};
use super::json::{SCHEMA, number, refusal, span};
use super::lines::{Paint, wrap};
use super::model::{headline, hierarchies};
use super::numbers::{place, short, short_above};
use crate::density::{LogDensity, Meaning, Model};
use crate::error::{Error, ErrorKind};
use crate::proof::{FeatureKind, Inspection, Line, Sign, Smoothness, Symmetry, inferred, inspect, line, smoothness, symmetries};
use crate::quadrature::{CERTIFY, Evidence, Marginal, Tolerance, evidence};

/// What was found.
#[derive(Debug)]
pub struct Findings {
    inspection: Inspection,
    problems: Vec<Error>,
    evidence: Option<Evidence>,
    /// Why there is no evidence, if nothing is wrong.
    too_many: Option<String>,
    /// Modes and features of the only variable, bounds on the derivatives, symmetries.
    facts: Option<(Option<Line>, Smoothness, Vec<Symmetry>)>,
}

impl Findings {
    /// Looks at all that can be checked.
    pub fn of(model: &Model) -> Findings {
        let inspection = inspect(model);
        let mut problems: Vec<Error> = inspection.refuse(model).err().into_iter().collect();
        let (mut found, mut too_many) = (None, None);
        if problems.is_empty() {
            match evidence(model, Tolerance::default(), CERTIFY) {
                Ok(evidence) => found = Some(evidence),
                Err(error) if error.kind == ErrorKind::Unsupported => too_many = Some(error.message),
                Err(error) => problems.push(error),
            }
        }
        let facts = problems.is_empty().then(|| (line(model), smoothness(model), symmetries(model)));
        Findings { inspection, problems, evidence: found, too_many, facts }
    }

    /// What is wrong, if something is.
    pub fn problem(&self) -> Option<&Error> {
        self.problems.first()
    }

    /// What holds of a density with which nothing is wrong.
    pub fn text(&self, model: &Model, paint: Paint) -> String {
        let mut lines = vec![headline(model, paint), String::new()];
        lines.push(format!(
            "  sign    {}",
            match (&self.inspection.sign, model.meaning()) {
                (Sign::Proved, Meaning::Density) => "non-negative everywhere, proved".to_string(),
                (Sign::Proved, _) => "positive: a logarithm was given".to_string(),
                (Sign::Touches { depth, position }, _) =>
                    format!("nowhere below {}, proved; it touches zero near {}", short(-depth), place(&model.names(), position)),
                _ => format!("no negative value at {} points; not proved", self.inspection.points),
            }
        ));
        let zeros = self.inspection.zero_share;
        lines.push(format!(
            "  support {}",
            if zeros == 0.0 {
                "positive wherever it was looked at".to_string()
            } else {
                format!("zero on about {:.0} % of the points", 100.0 * zeros)
            }
        ));
        match &self.evidence {
            Some(found) => {
                lines.push(format!("  Z       {}", normalizer(&found.integral)));
                lines.extend(proof(&found.integral).into_iter().flat_map(|proof| wrap(&format!("proved  {proof}"), 10)));
                if let [Marginal::Reference(reference)] = &found.marginals[..] {
                    lines.push(format!("  basins  {}", reference.basins().len()));
                    lines.push(format!("  mixing  slowest relaxation time {} of Langevin dynamics", short(reference.relaxation_time())));
                } else {
                    lines.extend(parts(model, found));
                }
                lines.extend(found.integral.notes.iter().flat_map(|note| wrap(&format!("note    {note}"), 10)));
            }
            None => lines.extend(wrap(&format!("Z       not computed: {}", self.too_many.as_deref().unwrap_or_default()), 10)),
        }
        if let Some((course, smooth, symmetric)) = &self.facts {
            for (head, text) in story(model, course.as_ref(), smooth, symmetric) {
                lines.extend(wrap(&format!("{head:<8}{text}"), 10));
            }
        }
        for support in inferred(model) {
            lines.extend(wrap(&format!("note    {support}"), 10));
        }
        lines.extend(hierarchies(&model.hierarchies()));
        for (_, message) in model.oddities() {
            lines.extend(wrap(&format!("note    {message}"), 10));
        }
        for name in model.jumps() {
            lines.extend(wrap(&format!("note    `{name}` jumps, and a gradient does not see jumps"), 10));
        }
        lines.join("\n")
    }

    /// All of it, problems included.
    pub fn json(&self, model: &Model) -> Value {
        let (nonnegative, witness) = match &self.inspection.sign {
            Sign::Proved => ("proved", None),
            Sign::Refuted(witness) => ("refuted", Some(witness)),
            Sign::Touches { .. } => ("touches_zero", None),
            Sign::Unknown => ("unknown", None),
        };
        let witness = witness.map_or(Value::Null, |witness| {
            let mut point: Map<String, Value> = model.names().into_iter().zip(witness.position.iter().map(|x| number(*x))).collect();
            point.insert("value".into(), number(witness.value));
            point.into()
        });
        let mut listed: Vec<Value> = self.problems.iter().map(|problem| refusal(problem)["error"].clone()).collect();
        listed.extend(model.oddities().iter().map(|(kind, message)| json!({ "kind": kind, "message": message, "span": null })));
        listed.extend(
            model.jumps().iter().map(
                |name| json!({ "kind": "jumps", "message": format!("`{name}` jumps, and a gradient does not see jumps"), "span": null }),
            ),
        );
        let supports = inferred(model);
        listed.extend(supports.iter().map(|support| json!({ "kind": "support", "message": support.to_string(), "span": null })));
        let hierarchies = model.hierarchies();
        listed.extend(hierarchies.iter().map(|found| {
            json!({
                "kind": "centred",
                "message": format!("the scale of `{}` in {} is a parameter: --noncenter", found.name, found.term),
                "span": span(Some(found.span)),
            })
        }));
        json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "formula": model.formula().source(),
            "inferred": supports.iter().map(|found| json!({ "name": found.name, "low": number(found.low), "high": number(found.high), "undefined_beyond": found.undefined })).collect::<Vec<_>>(),
            "hierarchies": hierarchies.iter().map(|found| json!({
                "parameter": found.name,
                "sampled": found.standard,
                "term": found.term,
                "declaration": found.declaration,
                "definition": found.definition,
                "becomes": found.prior,
            })).collect::<Vec<_>>(),
            "ok": self.problems.is_empty(),
            "nonnegative": nonnegative,
            "witness": witness,
            "problems": listed,
            "points": self.inspection.points,
            "normalizer": self.evidence.as_ref().map_or(Value::Null, |found| integral_json(&found.integral)),
            "modes": self.facts.as_ref().and_then(|(course, ..)| course.as_ref()).map_or(Value::Null, |course| json!({
                "complete": course.is_complete,
                "positions": course.modes.iter().map(|mode| number(mode.position)).collect::<Vec<_>>(),
            })),
            "log_concave": self.facts.as_ref().map(|(_, smooth, _)| smooth.is_log_concave()),
            "smoothness": self.facts.as_ref().map_or(Value::Null, |(_, smooth, _)| json!({
                "slope": smooth.slope.map(number),
                "most_curved": smooth.most_curved.map(number),
                "least_curved": smooth.least_curved.map(number),
                "stable_step_size": smooth.stable_step_size().map(number),
            })),
            "variables": model.bounds().iter().map(|bound| json!({ "name": bound.name, "low": number(bound.low), "high": number(bound.high) })).collect::<Vec<_>>(),
        })
    }
}

/// What is proved about the course of the density, head and text a line.
fn story(model: &Model, course: Option<&Line>, smooth: &Smoothness, symmetric: &[Symmetry]) -> Vec<(&'static str, String)> {
    let names = model.names();
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
            Some(format!("−log p is convex, its curvature nowhere below {}", negated(&short_above(-least))))
        }
        (_, true) => Some("−log p is convex".to_string()),
        _ => None,
    };
    let bounded = |what: &str, bound: Option<f64>| bound.map(|bound| format!("{what} ≤ {}", short_above(bound)));
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
