//! What the ending of a file asks for.

use std::path::{Path, PathBuf};

use langevin::error::{Error, ErrorKind};
use langevin::output::AtomicFile;
use langevin::plot::{DrawsPlot, Picture};

use crate::exit::Failure;

/// A kind of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Json,
    /// The picture that suits the run.
    Picture(Picture),
    /// A picture by name: `run.trace.png`.
    Plot(DrawsPlot, Picture),
    Gif,
}

/// The files and what each asks for.
pub(crate) fn targets(paths: &[PathBuf]) -> Result<Vec<(&Path, Format)>, Failure> {
    paths.iter().map(|path| Ok((path.as_path(), of(path)?))).collect()
}

fn of(path: &Path) -> Result<Format, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Format::Csv);
    }
    let ending = |path: &Path| path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    // `run.v2.png` is a picture like `run.png`: only the names of plots are asked for by the ending before the last.
    let picture = |picture| {
        let stem = path.file_stem().map(Path::new).unwrap_or(path);
        match DrawsPlot::named(&ending(stem)) {
            Some(plot) => Format::Plot(plot, picture),
            None => Format::Picture(picture),
        }
    };
    match ending(path).as_str() {
        "csv" => Ok(Format::Csv),
        "json" => Ok(Format::Json),
        "png" => Ok(picture(Picture::Png)),
        "svg" => Ok(picture(Picture::Svg)),
        "gif" => Ok(Format::Gif),
        _ => Err(Error::new(ErrorKind::Setting, format!("cannot tell from its ending what `{}` should be", path.display()))
            .hint("end it in .csv, .json, .png, .svg or .gif")
            .into()),
    }
}

/// A folder that cannot be written is found before the sampling, not after.
pub(crate) fn check_writable(targets: &[(&Path, Format)]) -> Result<(), Failure> {
    for (path, _) in targets.iter().filter(|(path, _)| path.as_os_str() != "-") {
        // Dropped at once: nothing is left behind and nothing is replaced.
        AtomicFile::create(path)?;
    }
    Ok(())
}
