//! Chains converging, as an animated GIF.

use langevin::density::gallery::Entry;
use langevin::output::AtomicFile;
use langevin::plot::run_gif;
use langevin::run::{Init, Sampling, sample};

fn main() -> langevin::Result<()> {
    let model = Entry::named("double-well").expect("the gallery has a double well").model()?;
    let settings = Sampling { seed: 1, frames: 120, init: Init::Point(vec![-1.0]), ..Sampling::default() };
    let run = sample(&model, &settings)?;
    let gif = run_gif(&model, &run)?;
    assert!(gif.starts_with(b"GIF89a") && gif.ends_with(b";"));

    let path = std::env::temp_dir().join("langevin-double-well.gif");
    AtomicFile::write(&path, &gif)?;
    println!("wrote {}, {} kB", path.display(), gif.len() / 1000);
    Ok(())
}
