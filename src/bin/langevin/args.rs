//! The command line, as types.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  langevin sample --density \"(x-0.4)^4 - (x-0.2)^2 + 0.6\" --range -0.7,1.5 -o langevin.gif
  langevin integrate --density \"1/(1 + x^2)\"
  langevin gradient \"log(1 + exp(x))\" --to latex
  langevin gallery";

/// Type a density, get samples you can believe.
#[derive(Debug, Parser)]
#[command(name = "langevin", version, about, after_help = EXAMPLES, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print one JSON document on stdout.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print results and errors only.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more about what was chosen and why.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Draw samples, compare them with the exact law, plot and animate.
    Sample(Box<Sample>),
    /// Run several samplers on one density and print their speed, their errors and whether to trust them in one table.
    Compare(Box<Compare>),
    /// Z with proved bounds, moments and quantiles.
    Integrate(Integrate),
    /// The gradient as an expression or as code.
    Gradient(Gradient),
    /// What is known of a density, and what of it is proved: sign, Z, modes, poles, curvature.
    Check(Check),
    /// R-hat, effective sample sizes and errors of draws in a file.
    Diagnose(Diagnose),
    /// Go on with a run of `sample --checkpoint FILE` that was stopped or killed; what comes out is what would have come out.
    Resume(Resume),
    /// What each stage makes of a formula.
    Explain(Explain),
    /// Named densities: list them, or run one.
    Gallery(Box<Gallery>),
    /// Completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages.
    Man {
        /// Into this folder; without one, the main page goes to stdout.
        folder: Option<PathBuf>,
    },
}

/// The density: one formula, what it means, where its variables may be.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Density")]
pub(crate) struct Density {
    /// The formula is a density p, up to its normaliser; `-` reads it from stdin.
    #[arg(long, value_name = "E", group = "expression", allow_hyphen_values = true)]
    pub(crate) density: Option<OsString>,
    /// The formula is log p, up to a constant.
    #[arg(long, value_name = "E", group = "expression", allow_hyphen_values = true)]
    pub(crate) log_density: Option<OsString>,
    /// The formula is -log p, up to a constant.
    #[arg(long, value_name = "E", group = "expression", allow_hyphen_values = true)]
    pub(crate) energy: Option<OsString>,
    /// A model file: the same language, with its parameters declared and its meaning said; `-` reads stdin.
    #[arg(long, value_name = "FILE", group = "expression")]
    pub(crate) model: Option<PathBuf>,
    /// Data whose columns are names: FILE.csv, or s=FILE.csv for s.y; any text table, Stan's JSON, either with gzip. May be repeated.
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(crate) data: Vec<OsString>,
    /// Leave out the rows in which a column that the model names has no value, or one of these columns: x,y.
    #[arg(long, value_name = "COLUMNS", num_args = 0..=1, default_missing_value = "")]
    pub(crate) drop_missing: Option<String>,
    /// Range of one variable by name, y=0,inf, or of all that have no other, -0.7,1.5. Ends are constant expressions. Once
    /// one has a name, all need a range; the order of the named flags is the order of the variables. Without any: (-inf, inf).
    #[arg(long, value_name = "[NAME=]LOW,HIGH", allow_hyphen_values = true)]
    pub(crate) range: Vec<OsString>,
    /// What a chain does at an end: reflect, wrap, clamp, reject or transform; for one variable: y=wrap. Exact samplers
    /// transform unless told to wrap or to reject.
    #[arg(long, value_name = "[NAME=]KIND")]
    pub(crate) boundary: Vec<String>,
    /// Sample hierarchies in their non-centred form: theta = mu + tau*eta with eta standard, for normal_lpdf(theta | mu, tau) and the
    /// like with a parameter as scale. theta is reported as before; `langevin check` says what there is. `sample` does so by itself where
    /// the sampler is left to it, unless climbs end at one mode that a normal law describes, however roughly.
    #[arg(long)]
    pub(crate) noncenter: bool,
    #[command(flatten)]
    pub(crate) engine: Engine,
}

/// How formulas are evaluated; results differ by rounding at most, and with --simd not at all.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Engine")]
pub(crate) struct Engine {
    /// Vector instructions: auto, avx512, avx2 or baseline; the same bits with each.
    #[arg(long, value_name = "LEVEL", default_value = "auto")]
    pub(crate) simd: String,
    /// How sums and products are rounded.
    #[arg(long, value_enum, default_value_t = RoundingFlag::Fused)]
    pub(crate) rounding: RoundingFlag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoundingFlag {
    /// Fused multiply-adds and shared exponentials: fast.
    Fused,
    /// Each operation by itself, in the order written.
    AsWritten,
}

#[derive(Debug, Args)]
pub(crate) struct Sample {
    #[command(flatten)]
    pub(crate) density: Density,
    #[command(flatten)]
    pub(crate) sampling: SamplingFlags,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Draw in the terminal after the report: histograms, with the exact curve where it is known, and traces of chains.
    #[arg(long, help_heading = "Output")]
    pub(crate) show: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// The samplers, with commas between them: nuts,mams,sgld [default: all].
    #[arg(long, value_name = "NAMES")]
    pub(crate) samplers: Option<String>,
    #[command(flatten)]
    pub(crate) density: Density,
    #[command(flatten)]
    pub(crate) sampling: SamplingFlags,
    /// Write a file; the ending decides: .png .svg (the marginals over each other, and ESS per second), .json (the table).
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
}

fn sampler_help() -> String {
    format!(
        "The algorithm [default: auto; sgld where --steps, --schedule or a temperature is given]:\n{}",
        langevin::report::samplers::text()
    )
}

/// How to sample; every default is chosen from the problem.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sampling")]
pub(crate) struct SamplingFlags {
    /// The algorithm [default: auto, which begins with sgld wherever it arrives in a moment; sgld where --steps, --schedule or a temperature
    /// is given].
    #[arg(long, value_name = "NAME", long_help = sampler_help())]
    pub(crate) sampler: Option<String>,
    /// Number of chains; those of a population give one draw each [default: 4096, with warm-up 256].
    #[arg(long, value_name = "N")]
    pub(crate) chains: Option<usize>,
    /// Steps of the annealed population.
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<usize>,
    /// Steps of warm-up, which tune step size and metric; many chains take fewer if they can [default: 300; for fewer than 32 chains 1000,
    /// or 300 over rows of data].
    #[arg(long, value_name = "N")]
    pub(crate) warmup: Option<usize>,
    /// Draws of each chain after its warm-up [default: 40, or 100 of a ladder and for fewer than 32 chains, and on until R-hat is below 1.01
    /// and ESS above 1000, at most 400 or so, or 1000].
    #[arg(long, value_name = "N")]
    pub(crate) draws: Option<usize>,
    /// Draw until this holds of every variable: ess>1000, mcse<0.01 or rhat<1.01, or of one: mcse(x)<0.01; several with commas
    /// between them. --draws is then the most that each chain draws. For samplers of chains, batches, and exact.
    #[arg(long, value_name = "TARGET")]
    pub(crate) until: Vec<String>,
    /// Steps from one draw to the next [default: by the sampler].
    #[arg(long, value_name = "N")]
    pub(crate) thin: Option<usize>,
    /// Acceptance that the warm-up tunes the step size to [default: by the sampler].
    #[arg(long, value_name = "SHARE")]
    pub(crate) target_acceptance: Option<f64>,
    /// What is learned of scales and correlations: auto, diagonal, dense, low-rank or identity. By auto, sgld, lm and underdamped learn
    /// nothing where a step size is given, or where it would not save most of the steps.
    #[arg(long, value_enum, default_value_t = Metric::Auto)]
    pub(crate) metric: Metric,
    /// Rungs of the ladder of --sampler tempering, from its reference to the density [default: by the barrier between them]. For sgld and
    /// lm, with --batch or without: chains at so many temperatures from 1 up to --temperature, neighbours of which swap places.
    #[arg(long, value_name = "N")]
    pub(crate) rungs: Option<usize>,
    /// Step size at the start; of chains with warm-up the step size. In units of the metric, if one is learned.
    #[arg(long, value_name = "EPS", allow_hyphen_values = true)]
    pub(crate) step_size: Option<f64>,
    /// Step size at the end.
    #[arg(long, value_name = "EPS", allow_hyphen_values = true)]
    pub(crate) final_step_size: Option<f64>,
    /// Shape of the step sizes: constant, geometric, polynomial[:0.55] or cyclical[:4] [default: polynomial:1].
    #[arg(long, value_name = "SHAPE")]
    pub(crate) schedule: Option<String>,
    /// Temperature at the start [default: 1].
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) temperature: Option<f64>,
    /// Temperature at the end [default: that of the start].
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub(crate) final_temperature: Option<f64>,
    /// Where chains begin: a point (0.4, or 0.4,1 in order), `uniform` or `normal` [default: apart, by the problem].
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true)]
    pub(crate) init: Option<String>,
    /// Gradients from N rows of each table, other ones at each step, with the sums scaled up; for sgld, lm, sghmc and sgnht,
    /// which then run as chains in the coordinates of a mode [default without N: 128].
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "128")]
    pub(crate) batch: Option<usize>,
    /// How batches are chosen: each anew, anew but one for all chains of a block, or in turn through all rows shuffled [default: shared
    /// where chains stay independent, else uniform].
    #[arg(long, value_enum, requires = "batch")]
    pub(crate) batching: Option<BatchingFlag>,
    /// What takes the noise out of a batch's gradient: its gradient at a mode, at the chain's place at the beginning of the epoch (svrg),
    /// each row's where the chain last saw it (saga), or nothing [default: mode, where one is found].
    #[arg(long, value_enum, requires = "batch")]
    pub(crate) control_variates: Option<ControlVariatesFlag>,
    /// Run again at half the step size and print the bias of means and sds in posterior sds.
    #[arg(long, requires = "batch")]
    pub(crate) check_bias: bool,
    /// Seed; the same seed gives the same draws on any number of threads [default: drawn and printed].
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Threads for all of a run, reading data included; 0 for as many as the machine has.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BatchingFlag {
    Uniform,
    Shared,
    Shuffled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ControlVariatesFlag {
    Mode,
    Svrg,
    Saga,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// Dense for up to 48 variables, else low-rank.
    Auto,
    /// A scale for each variable.
    Diagonal,
    /// Scales and correlations.
    Dense,
    /// Scales and the directions that need another one, from draws and gradients.
    LowRank,
    /// None.
    Identity,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Write a file; the ending decides: .csv (draws), .json (summary), .png .svg (picture), .gif (animation); of chains .trace.png,
    /// .ranks.png, .autocorrelation.png, .running.png, .pairs.png, or .svg; `-` writes CSV to stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Report definitions of the model too: --report theta,scale.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) report: Vec<String>,
    /// Write the run down in FILE as it goes, every 60 seconds or as told, so that `langevin resume FILE` goes on with it.
    #[arg(long, value_name = "FILE[,every=60s]")]
    pub(crate) checkpoint: Option<OsString>,
    /// Frames of an animation.
    #[arg(long, value_name = "N", default_value_t = 240)]
    pub(crate) frames: usize,
    /// Exit with code 3 unless the verdict is yes.
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Integrate {
    #[command(flatten)]
    pub(crate) density: Density,
    /// Wanted relative error of Z.
    #[arg(long, value_name = "TOL", default_value_t = 1e-10)]
    pub(crate) tolerance: f64,
    /// How close the proved bounds on Z should be, relative to it.
    #[arg(long, value_name = "TOL", default_value_t = 1e-9)]
    pub(crate) certify: f64,
    /// Exit with code 3 unless the integral converged.
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Gradient {
    /// The formula; differentiated as it stands. `-` reads it from stdin.
    #[arg(value_name = "FORMULA", allow_hyphen_values = true, group = "expression")]
    pub(crate) formula: Option<OsString>,
    #[command(flatten)]
    pub(crate) density: Density,
    /// Differentiate log p instead of the formula as typed.
    #[arg(long)]
    pub(crate) log: bool,
    /// The Hessian too.
    #[arg(long)]
    pub(crate) hessian: bool,
    /// The notation.
    #[arg(long, value_enum, default_value_t = Notation::Text)]
    pub(crate) to: Notation,
    /// Evaluate at a point: x=0.3, or x=0.3,y=1; may be repeated.
    #[arg(long, value_name = "NAME=X", allow_hyphen_values = true)]
    pub(crate) at: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notation {
    /// The language of formulas.
    Text,
    /// LaTeX.
    Latex,
    /// A Rust function.
    Rust,
    /// A C function.
    C,
    /// A Python function.
    Python,
    /// The same as --json.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) density: Density,
}

#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// CSV with columns chain, draw and one for each variable, as `sample -o FILE.csv` writes it; `-` reads stdin. Without a column
    /// chain all rows are one chain.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write a picture; the ending decides: .trace.png, .ranks.png, .autocorrelation.png, .running.png, .pairs.png, or .svg; .png is
    /// pairs. Or the figures, as .json.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Draw in the terminal after the report: histograms and traces.
    #[arg(long)]
    pub(crate) show: bool,
    /// Exit with code 3 unless the verdict is yes.
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The file of --checkpoint. The run and its files are those of the command that wrote it.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write these files instead.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Threads; the outcome is the same on any number.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Vector instructions; the outcome is the same with each.
    #[arg(long, value_name = "LEVEL")]
    pub(crate) simd: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The formula, as a density; `-` reads it from stdin.
    #[arg(value_name = "FORMULA", allow_hyphen_values = true, group = "expression")]
    pub(crate) formula: Option<OsString>,
    #[command(flatten)]
    pub(crate) density: Density,
}

#[derive(Debug, Args)]
pub(crate) struct Gallery {
    /// The density to sample; without one, the list.
    pub(crate) name: Option<String>,
    /// Print the command instead of running it.
    #[arg(long)]
    pub(crate) show: bool,
    #[command(flatten)]
    pub(crate) engine: Engine,
    #[command(flatten)]
    pub(crate) sampling: SamplingFlags,
    #[command(flatten)]
    pub(crate) output: Output,
}
