//! A log density that is no formula: any function that returns log p and writes its gradient.

use langevin::density::{Bound, FromFn};
use langevin::run::{Sampling, sample_density};
use langevin::sampler::Control;

fn main() -> langevin::Result<()> {
    // A logistic regression on five points, with a normal prior.
    let data = [(-2.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (2.0, 1.0)];
    let bounds = vec![Bound::new("a", f64::NEG_INFINITY, f64::INFINITY), Bound::new("b", f64::NEG_INFINITY, f64::INFINITY)];
    let posterior = FromFn::new(bounds, move |position, gradient| {
        let (a, b) = (position[0], position[1]);
        let mut log_density = -(a * a + b * b) / 2.0;
        (gradient[0], gradient[1]) = (-a, -b);
        for (x, outcome) in data {
            let chance = 1.0 / (1.0 + (-(a + b * x)).exp());
            log_density += if outcome == 1.0 { chance.ln() } else { (1.0 - chance).ln() };
            gradient[0] += outcome - chance;
            gradient[1] += (outcome - chance) * x;
        }
        log_density
    });
    let run = sample_density(&posterior, &Sampling { seed: 1, chains: Some(2048), ..Sampling::default() }, &Control::default())?;

    for variable in &run.variables {
        println!("{}: {:.3} ± {:.3}, sd {:.3}", variable.bound.name, variable.mean, variable.mcse_mean, variable.sd);
    }
    // More than half of the outcomes are 1, and they grow with x.
    assert!(run.variables[0].mean > 0.0 && run.variables[1].mean > 0.5);
    Ok(())
}
