//! What the ending of a file asks for.

use std::path::{Path, PathBuf};

use langevin::error::{Error, ErrorKind};
use langevin::output::{AtomicFile, is_same_file};
use langevin::plot::{DrawsPlot, Picture};

use crate::exit::Failure;
use crate::terminal::Talk;

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

impl Format {
    /// Whether it takes its time, and shows nothing that the others do not say.
    fn is_picture(self) -> bool {
        !matches!(self, Format::Csv | Format::Json)
    }
}

/// What cannot be written is found before the sampling, not after: no folder, no permission, a file that is read (`sources`).
pub(crate) fn check_writable(targets: &[(&Path, Format)], sources: &[PathBuf]) -> Result<(), Failure> {
    for (path, _) in files(targets) {
        if let Some(source) = sources.iter().find(|source| is_same_file(path, source)) {
            let message = format!("-o {} would replace {}, which is read", path.display(), source.display());
            return Err(Error::new(ErrorKind::Setting, message).hint("give the output a name of its own").into());
        }
        AtomicFile::check(path)?;
    }
    Ok(())
}

fn files<'a, 'b>(targets: &'a [(&'b Path, Format)]) -> impl Iterator<Item = (&'b Path, Format)> + 'a {
    targets.iter().copied().filter(|(path, _)| path.as_os_str() != "-")
}

/// Prints the answer and writes its files, `bytes` of a format each, and says which, if they are not `silent`. A file that cannot be written
/// keeps no other from being written; the first failure is returned. Under --json the files come first, so that there is one document
/// whatever fails, and pictures of a run that a signal stopped come last, as there may be no time for them.
pub(crate) fn deliver(
    talk: Talk,
    targets: &[(&Path, Format)],
    silent: bool,
    print: impl FnOnce() -> Result<(), Failure>,
    bytes: impl Fn(Format) -> Result<Vec<u8>, Failure>,
) -> Result<(), Failure> {
    crate::signals::answer();
    let write = |pictures: Option<bool>| {
        let mut written = Ok(());
        for (path, format) in files(targets).filter(|(_, format)| pictures.is_none_or(|wanted| wanted == format.is_picture())) {
            match bytes(format).and_then(|bytes| Ok(AtomicFile::write(path, &bytes)?)) {
                Ok(()) if !silent => talk.say(format_args!("  wrote   {}", path.display())),
                Err(failure) if written.is_ok() => written = Err(failure),
                _ => {}
            }
        }
        written
    };
    match (crate::signals::came(), talk.json) {
        (true, _) => {
            write(Some(false))?;
            print()?;
            // The answer stands without them.
            let _ = write(Some(true));
            Ok(())
        }
        (false, true) => write(None).and_then(|()| print()),
        (false, false) => {
            let printed = print();
            write(None).and(printed)
        }
    }
}
