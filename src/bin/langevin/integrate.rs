//! `langevin integrate`.

use std::process::ExitCode;

use langevin::density::LogDensity;
use langevin::error::{Error, ErrorKind};
use langevin::output::{SCHEMA, integral, number, quantiles};
use langevin::proof::inspect;
use langevin::quadrature::{Tolerance, evidence};
use langevin::run::QUANTILES;
use serde_json::{Value, json};

use crate::Outcome;
use crate::args::Integrate;
use crate::exit::{Failure, NOT_TRUSTED};
use crate::input;
use crate::report::{self, Paint};
use crate::terminal::{Talk, colour, print};

pub(crate) fn run(arguments: &Integrate, talk: Talk) -> Outcome {
    let model = input::model(&arguments.density, None)?;
    if !(arguments.tolerance > 0.0 && arguments.tolerance < 1.0) {
        return Err(Error::new(ErrorKind::Setting, "--tolerance must lie between 0 and 1").hint("1e-10, say").into());
    }
    if !(arguments.certify >= 1e-14 && arguments.certify < 1.0) {
        return Err(Error::new(ErrorKind::Setting, "--certify must lie between 1e-14 and 1").hint("1e-12, say").into());
    }
    let source = model.formula().source();
    let about = |error| Failure::of(error, source);
    inspect(&model).refuse(&model).map_err(about)?;
    let tolerance = Tolerance { relative: arguments.tolerance, ..Tolerance::default() };
    let found = evidence(&model, tolerance, arguments.certify).map_err(about)?;
    if talk.json {
        let maybe = |value: Option<f64>| value.map_or(Value::Null, number);
        let variables = model.bounds().iter().zip(&found.marginals).map(|(bound, marginal)| {
            let known: Option<Vec<f64>> = QUANTILES.iter().map(|&p| marginal.quantile(p)).collect();
            json!({
                "name": bound.name,
                "low": number(bound.low),
                "high": number(bound.high),
                "mean": maybe(marginal.mean()),
                "sd": maybe(marginal.sd()),
                "quantiles": known.map_or(Value::Null, |known| quantiles(&std::array::from_fn(|at| known[at]))),
            })
        });
        let names = |numbers: &[usize]| numbers.iter().map(|&at| model.bounds()[at].name.clone()).collect::<Vec<_>>();
        let document = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "formula": source,
            "meaning": model.meaning().name(),
            "normalizer": integral(&found.integral),
            "parts": found.parts.iter().map(|part| json!({ "variables": names(&part.variables), "method": part.method })).collect::<Vec<_>>(),
            "variables": variables.collect::<Vec<_>>(),
        });
        print(&format!("{document:#}"))?;
    } else {
        print(&report::evidence(&model, &found, Paint(colour(&std::io::stdout()))))?;
    }
    Ok(ExitCode::from(if arguments.strict && !found.integral.converged { NOT_TRUSTED } else { 0 }))
}
