//! From flags to models: reads formulas, ranges and settings.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use langevin::data::{Data, Table};
use langevin::density::{Declaration, Meaning, Model};
use langevin::error::{Error, ErrorKind};
use langevin::math::Level;
use langevin::run::{Batch, Sampling, prefers_noncentered, targets};
use langevin::sampler::{Batching, ControlVariates, MetricKind};
use langevin::syntax::Formula;
use langevin::tape::Rounding;

use crate::args::{BatchingFlag, ControlVariatesFlag, Density, Engine, Metric, RoundingFlag, SamplingFlags};
use crate::exit::Failure;
use crate::memory;

/// The formula of the flags and what they say of its meaning.
pub(crate) fn formula(density: &Density, positional: Option<&OsString>) -> Result<(Formula, Option<Meaning>), Failure> {
    let given = [
        (density.density.as_ref(), Meaning::Density),
        (density.log_density.as_ref(), Meaning::LogDensity),
        (density.energy.as_ref(), Meaning::Energy),
    ];
    let flag = given.into_iter().find_map(|(text, meaning)| Some((text?, meaning)));
    let (bytes, meaning) = match (flag, positional, &density.model) {
        (Some((text, meaning)), ..) => (text_or_stdin(text)?, Some(meaning)),
        (_, Some(text), _) => (text_or_stdin(text)?, None),
        (.., Some(path)) if path.as_os_str() == "-" => (stdin()?, None),
        (.., Some(path)) => (file(path)?, None),
        (None, None, None) => {
            let error = Error::new(ErrorKind::Setting, "there is no formula");
            return Err(error.hint("give one: --density E, --log-density E, --energy E or --model FILE").into());
        }
    };
    let formula = Formula::from_bytes(&bytes).map_err(|error| Failure::of(error, &String::from_utf8_lossy(&bytes)))?;
    // A formula by itself is a density unless it says otherwise.
    let meaning = if positional.is_some() && formula.ast().meaning().is_none() { Some(Meaning::Density) } else { meaning };
    Ok((formula, meaning))
}

fn text_or_stdin(text: &OsStr) -> Result<Vec<u8>, Failure> {
    if text == "-" { stdin() } else { Ok(bytes_of(text)) }
}

/// One byte over the limit of the language is enough to be refused.
const LIMIT: u64 = (1 << 20) + 1;

/// What stdin held, for the checkpoint of a run that read it.
static STDIN: OnceLock<Vec<u8>> = OnceLock::new();

/// What was read from stdin, if anything was.
pub(crate) fn stdin_that_was_read() -> Option<Vec<u8>> {
    STDIN.get().cloned()
}

/// Has `text` read where stdin would be.
pub(crate) fn put_stdin(text: Vec<u8>) {
    let _ = STDIN.set(text);
}

fn stdin() -> Result<Vec<u8>, Failure> {
    if let Some(bytes) = STDIN.get() {
        return Ok(bytes.clone());
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LIMIT).read_to_end(&mut bytes);
    read.map_err(|error| Error::new(ErrorKind::Io, format!("cannot read stdin: {error}")))?;
    put_stdin(bytes.clone());
    Ok(bytes)
}

fn open(path: &Path) -> Result<std::fs::File, Failure> {
    let name = path.display();
    let file = std::fs::File::open(path).map_err(|error| Error::new(ErrorKind::Io, format!("cannot read {name}: {error}")));
    let file = file.map_err(|error| error.hint("check the name of the file"))?;
    if file.metadata().is_ok_and(|about| about.is_dir()) {
        return Err(Error::new(ErrorKind::Io, format!("cannot read {name}: it is a folder")).hint("name a file").into());
    }
    Ok(file)
}

fn file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = open(path)?.take(LIMIT).read_to_end(&mut bytes);
    read.map_err(|error| Error::new(ErrorKind::Io, format!("cannot read {}: {error}", path.display())))?;
    Ok(bytes)
}

/// The table of a file, or of stdin for `-`.
pub(crate) fn table(path: &Path) -> Result<Table, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Table::read("stdin", std::io::stdin().lock(), None)?);
    }
    file_table(path)
}

fn file_table(path: &Path) -> Result<Table, Failure> {
    let (file, length) = table_file(path)?;
    Ok(Table::read(&path.display().to_string(), file, length)?)
}

/// A file, and how long it is.
fn table_file(path: &Path) -> Result<(std::fs::File, Option<u64>), Failure> {
    let file = open(path)?;
    let length = file.metadata().ok().filter(|about| about.is_file()).map(|about| about.len());
    Ok((file, length))
}

/// The files that are read.
pub(crate) fn sources(density: &Density) -> Vec<PathBuf> {
    density.data.iter().map(|flag| name_and_path(flag).1).chain(density.model.clone()).collect()
}

/// A name before `=`; a path that holds one is written ./a=b.csv.
fn name_and_path(flag: &OsStr) -> (Option<String>, PathBuf) {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    match flag.to_string_lossy().split_once('=') {
        Some((name, path)) if is_name(name) => (Some(name.to_string()), PathBuf::from(path)),
        _ => (None, PathBuf::from(flag)),
    }
}

/// The tables of the flags.
fn data(flags: &[OsString]) -> Result<Data, Failure> {
    let mut data = Data::default();
    for flag in flags {
        let (name, path) = name_and_path(flag);
        let (file, length) = table_file(&path)?;
        data.read(&path.display().to_string(), name.as_deref(), file, length)?;
    }
    Ok(data)
}

/// Drops rows that miss a value in these columns, with commas between them, or in those that the formula names.
fn drop_missing(data: &mut Data, columns: &str, formula: &Formula) -> Result<(), Failure> {
    let free = formula.free_names();
    let named = free.iter().map(|free| free.name.as_str()).filter(|name| !data.columns(name).is_empty());
    let columns: Vec<String> = match columns {
        "" => named.map(String::from).collect(),
        _ => columns.split(',').map(|name| name.trim().to_string()).collect(),
    };
    Ok(data.drop_missing(&columns.iter().map(String::as_str).collect::<Vec<_>>())?)
}

/// The model of the flags.
pub(crate) fn model(density: &Density, positional: Option<&OsString>) -> Result<Model, Failure> {
    let mut declarations = Vec::new();
    for range in &density.range {
        let text = std::str::from_utf8(range.as_encoded_bytes())
            .map_err(|_| Error::new(ErrorKind::BoundsMalformed, "a range is not UTF-8").hint("write LOW,HIGH"))?;
        declarations.push(text.parse::<Declaration>()?);
    }
    // The ranges come first: a name that cannot be declared explains what is wrong with the formula.
    let (formula, meaning) = formula(density, positional)?;
    let mut data = data(&density.data)?;
    if let Some(columns) = &density.drop_missing {
        drop_missing(&mut data, columns, &formula)?;
    }
    let source = formula.source().to_string();
    let mut model = Model::with_data(formula, meaning, &declarations, &data).map_err(|error| Failure::of(error, &source))?;
    if density.noncenter {
        model = model.noncentered(&data).map_err(|error| Failure::of(error, &source))?;
    }
    for boundary in &density.boundary {
        model = model.with_boundary_of(boundary)?;
    }
    with_engine(model, &density.engine)
}

/// The model of the flags as it is best sampled: its hierarchies non-centred where `auto` chooses that.
pub(crate) fn sampled_model(density: &Density, settings: &Sampling) -> Result<Model, Failure> {
    let typed = model(density, None)?;
    // A boundary is that of a parameter, which another may replace.
    if !density.boundary.is_empty() || !prefers_noncentered(&typed, settings) {
        return Ok(typed);
    }
    model(&Density { noncenter: true, ..density.clone() }, None)
}

/// The model, evaluated as the flags say.
pub(crate) fn with_engine(model: Model, engine: &Engine) -> Result<Model, Failure> {
    let level = engine.simd.parse::<Level>()?.if_available()?;
    Ok(match engine.rounding {
        RoundingFlag::Fused => model,
        RoundingFlag::AsWritten => model.with_rounding(Rounding::AsWritten),
    }
    .with_level(level))
}

/// The model of a formula that is only to be differentiated: any real function, so nothing is asked of it as a density.
pub(crate) fn expression_model(density: &Density, positional: Option<&OsString>) -> Result<Model, Failure> {
    let mut density = density.clone();
    if let Some(text) = positional.cloned().or_else(|| density.density.take()) {
        // As a log density the formula is used as it stands; as a density its logarithm would be taken too.
        density.density = None;
        density.log_density = Some(text);
    }
    model(&density, None)
}

/// The settings of the flags; the seed is filled in.
pub(crate) fn sampling(flags: &SamplingFlags) -> Result<Sampling, Failure> {
    let schedule = flags.schedule.as_deref().map(str::parse).transpose()?;
    let until = flags.until.iter().map(|text| targets(text)).collect::<Result<Vec<_>, _>>()?.concat();
    let mut settings = Sampling {
        sampler: flags.sampler.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
        chains: flags.chains,
        warmup: flags.warmup,
        draws: flags.draws,
        until,
        thin: flags.thin,
        target_acceptance: flags.target_acceptance,
        metric: match flags.metric {
            Metric::Auto => MetricKind::Auto,
            Metric::Diagonal => MetricKind::Diagonal,
            Metric::Dense => MetricKind::Dense,
            Metric::LowRank => MetricKind::LowRank,
            Metric::Identity => MetricKind::Identity,
        },
        batch: flags.batch.map(|rows| batch(rows, flags)),
        rungs: flags.rungs,
        steps: flags.steps,
        schedule,
        step_size: flags.step_size,
        final_step_size: flags.final_step_size,
        temperature: flags.temperature,
        final_temperature: flags.final_temperature,
        init: flags.init.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
        seed: flags.seed.unwrap_or_else(fresh_seed),
        threads: flags.threads,
        frames: 0,
        memory: memory::free(),
    };
    if flags.sampler.is_none() {
        settings.sampler = settings.usual_sampler();
    }
    settings.check()?;
    Ok(settings)
}

fn batch(rows: usize, flags: &SamplingFlags) -> Batch {
    Batch {
        rows,
        batching: flags.batching.map(|chosen| match chosen {
            BatchingFlag::Uniform => Batching::Uniform,
            BatchingFlag::Shared => Batching::Shared,
            BatchingFlag::Shuffled => Batching::Shuffled,
        }),
        control_variates: flags.control_variates.map(|chosen| match chosen {
            ControlVariatesFlag::Mode => ControlVariates::Mode,
            ControlVariatesFlag::Svrg => ControlVariates::Svrg,
            ControlVariatesFlag::Saga => ControlVariates::Saga,
            ControlVariatesFlag::None => ControlVariates::None,
        }),
        check_bias: flags.check_bias,
    }
}

/// A seed that is short enough to type again.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hasher is keyed by the operating system's randomness.
    std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000_000
}

/// The bytes as the shell passed them.
pub(crate) fn bytes_of(text: &OsStr) -> Vec<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        text.as_bytes().to_vec()
    }
    #[cfg(not(unix))]
    {
        text.to_string_lossy().into_owned().into_bytes()
    }
}

/// And back.
pub(crate) fn text_of(bytes: Vec<u8>) -> OsString {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        OsString::from_vec(bytes)
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(&bytes).into_owned().into()
    }
}
