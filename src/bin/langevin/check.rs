//! `langevin check`.

use std::process::ExitCode;

use langevin::density::{LogDensity, Meaning, Sign, inspect};
use langevin::error::{Error, ErrorKind, Fault};
use langevin::output::{SCHEMA, error_document, integral, number};
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
    let (nonnegative, witness) = match &inspection.sign {
        Sign::Proved => ("proved", None),
        Sign::Refuted(witness) => ("refuted", Some(witness)),
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
        let document = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "formula": source,
            "ok": problems.is_empty(),
            "nonnegative": nonnegative,
            "witness": witness,
            "problems": listed,
            "points": inspection.points,
            "normalizer": normalizer.as_ref().map_or(Value::Null, |found| integral(&found.integral)),
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
            match (nonnegative, model.meaning()) {
                ("proved", Meaning::Density) => "non-negative, proved by interval evaluation".to_string(),
                ("proved", _) => "positive: a logarithm was given".to_string(),
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
