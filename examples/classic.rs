//! The classic density, sampled with the defaults and judged against the exact law.

use langevin::density::{Meaning, Model};
use langevin::run::{Sampling, Trust, sample};

fn main() -> langevin::Result<()> {
    let model = Model::new("(x-0.4)^4 - (x-0.2)^2 + 0.6", Meaning::Density, &["-0.7,1.5".parse()?])?;
    let run = sample(&model, &Sampling { seed: 1, ..Sampling::default() })?;

    let fit = &run.fits[0];
    println!("mean {:.3} (exactly {:.3}), KS p = {:.2}", run.variables[0].mean, fit.mean.unwrap_or(f64::NAN), fit.ks_p);
    println!("trust: {} - {}", run.verdict.trust.name(), run.verdict.because);
    assert_eq!(run.verdict.trust, Trust::Yes);
    Ok(())
}
