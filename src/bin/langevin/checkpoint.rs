//! `--checkpoint` and `langevin resume`: a run is written down now and then, and gone on with.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use langevin::error::{Error, ErrorKind};
use langevin::output::{AtomicFile, Checkpoint, Source, check_sources, is_same_file, previous};
use langevin::report::sample::Elapsed;
use langevin::run::{Sampler, Sampling};
use langevin::sampler::{Control, Journal};

use crate::args::{Cli, Command, Resume};
use crate::exit::Failure;
use crate::input;
use crate::stopwatch::Stopwatch;
use crate::terminal::Talk;

/// A run that was read from a file.
pub(crate) struct Resumed {
    pub(crate) checkpoint: Checkpoint,
    /// The files to write, if they are others than those of the command that it goes on with.
    pub(crate) output: Vec<PathBuf>,
}

/// The command that a checkpoint goes on with, and how.
pub(crate) fn resume(arguments: Resume, talk: Talk) -> Result<(Command, Resumed, Talk), Failure> {
    let Resume { file, output, threads, simd } = arguments;
    let mut checkpoint = Checkpoint::read(&file)?;
    let words = [OsString::from("langevin")].into_iter().chain(checkpoint.words.iter().map(|word| input::text_of(word.clone())));
    let refuse = || Error::new(ErrorKind::Data, format!("cannot go on from {}: it holds no command that samples", file.display()));
    let mut cli = Cli::try_parse_from(words).map_err(|_| refuse())?;
    if let Some(text) = checkpoint.stdin.take() {
        input::put_stdin(text);
    }
    let (engine, sampling, keeping) = match &mut cli.command {
        Command::Sample(sample) => (&mut sample.density.engine, &mut sample.sampling, &mut sample.output.checkpoint),
        Command::Gallery(gallery) => (&mut gallery.engine, &mut gallery.sampling, &mut gallery.output.checkpoint),
        _ => return Err(refuse().into()),
    };
    // It is written on where it was read, or where the one after that was.
    let every = keeping.as_deref().and_then(|flag| flag.to_str()?.rsplit_once(",every=").map(|(_, every)| every.to_owned()));
    let mut flag = last(&file).into_os_string();
    every.iter().for_each(|every| flag.push(format!(",every={every}")));
    *keeping = Some(flag);
    sampling.threads = threads.unwrap_or(sampling.threads);
    engine.simd = simd.unwrap_or_else(|| engine.simd.clone());
    let talk = Talk { json: talk.json || cli.json, quiet: talk.quiet || cli.quiet, verbose: talk.verbose.max(cli.verbose) };
    Ok((cli.command, Resumed { checkpoint, output }, talk))
}

/// The name of the last of the checkpoints of which `path` is one.
fn last(path: &Path) -> PathBuf {
    let name = path.as_os_str().to_string_lossy();
    name.strip_suffix(".previous").map(PathBuf::from).filter(|last| previous(last) == path).unwrap_or_else(|| path.to_path_buf())
}

/// Where and how often a run is written down.
pub(crate) struct Keeping {
    pub(crate) path: PathBuf,
    every: Duration,
    /// Nanoseconds that it took last to write the run down.
    cost: Arc<AtomicU64>,
}

/// How often, where nobody says.
const EVERY: Duration = Duration::from_secs(60);
/// A run takes so many times as long as it takes to write it down, however often it is to be.
const SHARE: u32 = 100;

impl Keeping {
    /// `FILE` or `FILE,every=10s`.
    ///
    /// # Errors
    /// Kind `setting`.
    pub(crate) fn of(flag: &OsStr) -> Result<Keeping, Failure> {
        let text = flag.to_string_lossy();
        let (path, every) = match text.rsplit_once(",every=") {
            Some((path, every)) => (PathBuf::from(path), interval(every)?),
            None => (PathBuf::from(flag), EVERY),
        };
        if path.as_os_str().is_empty() {
            return Err(Error::new(ErrorKind::Setting, "--checkpoint has no file").hint("--checkpoint run.lgc,every=60s").into());
        }
        Ok(Keeping { path, every, cost: Arc::default() })
    }

    /// What cannot be written, or would not be read again, is refused before the run.
    pub(crate) fn check(&self, settings: &Sampling, sources: &[PathBuf], outputs: &[PathBuf]) -> Result<(), Failure> {
        let sampler = settings.sampler;
        if matches!(sampler, Sampler::Tempering | Sampler::Exact) {
            let message = match sampler {
                Sampler::Exact => "exact takes no steps: there is nothing to go on with",
                _ => "tempering cannot be written down yet",
            };
            return Err(Error::new(ErrorKind::Unsupported, message).hint("leave out --checkpoint").into());
        }
        if let Some(other) = sources.iter().chain(outputs).find(|other| **other == self.path || is_same_file(other, &self.path)) {
            let message = format!("--checkpoint would replace {}", other.display());
            return Err(Error::new(ErrorKind::Setting, message).hint("give it a file of its own").into());
        }
        Ok(AtomicFile::check(&self.path)?)
    }

    /// The journal of a run that read `sources`, begins or goes on, and has drawn the `seed` that its command line may lack.
    ///
    /// # Errors
    /// Kind `data`, with the name, if a source is not what it was.
    pub(crate) fn journal(
        &self,
        seed: u64,
        sources: &[PathBuf],
        resumed: Option<&Checkpoint>,
        stopwatch: Stopwatch,
        talk: Talk,
    ) -> Result<Journal, Failure> {
        let sources = sources.iter().filter(|path| path.as_os_str() != "-").map(|path| Source::of(path)).collect::<Result<Vec<_>, _>>()?;
        let words = match resumed {
            Some(then) => {
                check_sources(&then.sources, &sources)?;
                then.words.clone()
            }
            None => words(seed),
        };
        let stdin = input::stdin_that_was_read();
        let (path, cost) = (self.path.clone(), Arc::clone(&self.cost));
        let keep = move |journal| {
            let Elapsed { total, sampling } = stopwatch.elapsed();
            let (words, stdin, sources) = (words.clone(), stdin.clone(), sources.clone());
            if let Err(error) = (Checkpoint { words, stdin, sources, seconds: (total, sampling), journal }).write(&path) {
                talk.say(error.render(""));
            }
            cost.store(((stopwatch.elapsed().total - total) * 1e9) as u64, Ordering::Relaxed);
        };
        Ok(Journal::new(resumed.map(|then| &then.journal[..]), keep)?)
    }

    /// Has the run of `control` written down at once if it is `new`, and every so often for as long as it runs.
    pub(crate) fn watch(&self, control: &Arc<Control>, is_new: bool) {
        if let Some(journal) = control.journal.as_ref().filter(|_| is_new) {
            journal.hand_over();
        }
        let (control, every, cost) = (Arc::downgrade(control), self.every, Arc::clone(&self.cost));
        // Without a thread it is written down when it is stopped.
        let _ = std::thread::Builder::new().spawn(move || {
            loop {
                std::thread::sleep(every.max(SHARE * Duration::from_nanos(cost.load(Ordering::Relaxed))));
                let Some(control) = control.upgrade() else { return };
                if let Some(journal) = &control.journal {
                    journal.due.store(true, Ordering::Relaxed);
                }
            }
        });
    }
}

/// The command line, with the seed that was drawn.
fn words(seed: u64) -> Vec<Vec<u8>> {
    let mut words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if !words.iter().any(|word| word == "--seed" || word.as_encoded_bytes().starts_with(b"--seed=")) {
        // Before what is no flag.
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.insert(end, format!("--seed={seed}").into());
    }
    words.iter().map(|word| input::bytes_of(word)).collect()
}

/// `10s`, `5m`, `2h`, or a number of seconds.
fn interval(text: &str) -> Result<Duration, Failure> {
    let (number, unit) = match text.split_at_checked(text.len().saturating_sub(1)) {
        Some((number, "s")) => (number, 1.0),
        Some((number, "m")) => (number, 60.0),
        Some((number, "h")) => (number, 3600.0),
        _ => (text, 1.0),
    };
    let seconds = number.parse::<f64>().ok().map(|number| number * unit).filter(|seconds| *seconds > 0.0);
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or_else(|| {
        let message = format!("--checkpoint every `{text}` is no time");
        Error::new(ErrorKind::Setting, message).hint("--checkpoint run.lgc,every=60s, or 5m, or 2h").into()
    })
}
