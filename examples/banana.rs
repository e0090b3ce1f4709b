//! A curved ridge in two variables, as a map with exact contours.

use langevin::density::gallery::Entry;
use langevin::output::AtomicFile;
use langevin::plot::run_png;
use langevin::run::{Sampling, Trust, sample};

fn main() -> langevin::Result<()> {
    let model = Entry::named("banana").expect("the gallery has a banana").model()?;
    let run = sample(&model, &Sampling { seed: 1, ..Sampling::default() })?;

    // x is N(0, 4), so x²/4 − 1, the ridge of y, has mean 0.
    let y = &run.variables[1];
    println!("mean of y: {:.3} ± {:.3}", y.mean, y.mcse_mean);
    assert!(y.mean.abs() < 4.0 * y.mcse_mean);
    assert_eq!(run.verdict.trust, Trust::Yes);

    let path = std::env::temp_dir().join("langevin-banana.png");
    AtomicFile::write(&path, &run_png(&model, &run)?)?;
    println!("wrote {}", path.display());
    Ok(())
}
