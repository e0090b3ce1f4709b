//! The settings that tutorials use - one starting point, 500 steps, clamping - and what the verdict says about them.

use langevin::density::{Boundary, Meaning, Model};
use langevin::run::{Init, Sampling, Trust, sample};
use langevin::sampler::Shape;

fn main() -> langevin::Result<()> {
    let model =
        Model::new("(x-0.4)^4 - (x-0.2)^2 + 0.6", Meaning::Density, &["-0.7,1.5".parse()?])?.with_boundary(None, Boundary::Clamp)?;
    let settings = Sampling {
        chains: Some(5000),
        steps: Some(500),
        schedule: Some(Shape::Geometric),
        step_size: Some(0.01),
        final_step_size: Some(1e-5),
        init: Init::Point(vec![0.4]),
        seed: 1,
        ..Sampling::default()
    };
    let run = sample(&model, &settings)?;

    for warning in &run.verdict.warnings {
        println!("{}: {warning}", warning.kind());
    }
    assert_eq!(run.verdict.trust, Trust::No);
    assert!(run.verdict.warnings.iter().any(|warning| warning.kind() == "boundary_atoms"));
    Ok(())
}
