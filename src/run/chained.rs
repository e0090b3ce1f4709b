//! A run of chains: plan it, make it, summarise it, judge it.

use super::minibatch;
use super::sample::{Method, Problem, Run, compared, fits, judge_fits, judge_means, judge_stein};
use super::settings::{Sampler, Sampling};
use super::summary::{Fit, QUANTILES, VariableSummary, gradients, most_tested};
use super::until;
use super::verdict::{ESS_WANTED, Verdict, Warning};
use crate::density::{Bound, LogDensity};
use crate::diagnostics::{Convergence, Disagreement, MANY_CHAINS, RHAT_WANTED, boundary_atoms, e_bfmi, mean_and_sd, quantile, stein_tests};
use crate::error::{Error, ErrorKind, Result};
use crate::math::LANES;
use crate::quadrature::Reference;
use crate::sampler::{
    Barker, Chained, Chaining, Control, Coordinates, Draws, Hmc, Ladder, Mala, Mams, Mclmc, Nuts, Pcn, Population, Rounds, Rwm, Sghmc,
    Sgnht, Stage, initial_positions, parallel_map, sample_rounds, sample_tempered,
};

/// The figures of a run of chains beside those of its variables.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainFigures {
    /// What was asked for, defaults filled in.
    pub settings: Chaining,
    /// The step size that the warm-up ended with, in the coordinates of its metric.
    pub step_size: f64,
    /// What the metric is: `identity`, `diagonal`, `dense`, or `rank-3` if it knows three directions beside the scales.
    pub metric: String,
    /// Mean acceptance of the steps that led to draws.
    pub acceptance: f64,
    /// Trajectories that led to draws and diverged.
    pub divergences: usize,
    /// Numbers of the draws that they led to, in the order of the draws' columns.
    pub divergent: Vec<usize>,
    /// Median E-BFMI of the chains; NaN for kernels without a momentum.
    pub e_bfmi: f64,
    /// Gradients of the warm-up.
    pub warmup_gradients: u64,
    /// The ladder of a tempered run.
    pub ladder: Option<Ladder>,
}

/// Up to so many chains are few: each must be long.
pub(super) const FEW: usize = 32;

/// Numbers that a run which draws until it has enough may keep, where nobody says: a quarter of a gibibyte.
const NUMBERS: usize = 1 << 25;

/// Draws of each of many chains where nobody says: so many at first, of a tempered run more, and as many as it takes up to the
/// most.
const FIRST: usize = 40;
const MOST: usize = 400;
const TEMPERED: usize = 100;
/// The most draws of few chains together: an R-hat below 1.01 of each variable takes an ESS near a hundred of each half of a chain.
const FEW_DRAWS: usize = 8000;

/// Steps of warm-up where many chains learn together; most densities take a third of them.
const WARMUP: usize = 300;
/// Rows that all chains together go through in an evaluation, and the fewest chains that an R-hat is worth.
const ROWS: usize = 4096;
const FEWEST: usize = 4;

/// Chains that a look before the run has warmed up.
#[derive(Debug)]
pub(super) struct WarmedUp {
    /// Where they are.
    pub(super) starts: Population,
    /// The coordinates that were learned.
    pub(super) coordinates: Coordinates,
    /// Steps that each took, and gradients that all took.
    pub(super) steps: usize,
    pub(super) gradients: u64,
    /// Whether climbs from far away ended where they are.
    pub(super) looked: bool,
}

pub(super) fn chained(problem: Problem, control: &Control) -> Result<Run> {
    let Problem { density, settings, sampler, why, reference, evidence, no_reference, warmed_up, .. } = problem;
    let (chains, mut plan) = plan(sampler, density, settings)?;
    let warmed_up = warmed_up.filter(|found| found.starts.chains() == chains);
    let known = warmed_up.as_ref().map(|found| &found.coordinates);
    let starts = match &warmed_up {
        Some(found) => found.starts.clone(),
        None => starts(density, settings, chains)?,
    };
    let level = density.level();
    until::check(&settings.until, density.bounds())?;
    let asked = |draws: &Draws| until::growth(&until::progress(&settings.until, density.bounds(), draws));
    let most = plan.draws;
    let judged = until::Judged::default();
    let usual = |draws: &Draws| judged.growth(summaries(density, draws, settings.threads), draws.draws(), most);
    let first = if sampler == Sampler::Tempering {
        TEMPERED
    } else if chains < FEW {
        100
    } else {
        FIRST
    };
    let rounds = match (settings.until.is_empty(), settings.draws) {
        (false, _) => Some(Rounds { first: first.min(most), growth: &asked }),
        (true, None) => Some(Rounds { first, growth: &usual }),
        _ => None,
    };
    let mut ladder = None;
    let mut chained = match sampler {
        Sampler::Tempering => sample_tempered(density, &plan, settings.rungs, &starts, rounds, control).map(|found| {
            ladder = Some(found.ladder);
            found.chained
        }),
        Sampler::Rwm => sample_rounds(density, &Rwm { level }, &plan, &starts, known, rounds, control),
        Sampler::Pcn => sample_rounds(density, &Pcn { level }, &plan, &starts, known, rounds, control),
        Sampler::Mala => sample_rounds(density, &Mala { level }, &plan, &starts, known, rounds, control),
        Sampler::Barker => sample_rounds(density, &Barker { level }, &plan, &starts, known, rounds, control),
        Sampler::Hmc => sample_rounds(density, &Hmc { level }, &plan, &starts, known, rounds, control),
        Sampler::Mams => sample_rounds(density, &Mams { level }, &plan, &starts, known, rounds, control),
        Sampler::Mclmc => sample_rounds(density, &Mclmc { level }, &plan, &starts, known, rounds, control),
        Sampler::Sghmc => {
            let kernel = Sghmc::new(minibatch::FRICTION, vec![0.0; density.dimension()], level);
            sample_rounds(density, &kernel, &plan, &starts, known, rounds, control)
        }
        Sampler::Sgnht => {
            let kernel = Sgnht::new(minibatch::FRICTION, minibatch::INERTIA, vec![0.0; density.dimension()], level);
            sample_rounds(density, &kernel, &plan, &starts, known, rounds, control)
        }
        _ => sample_rounds(density, &Nuts::new(level), &plan, &starts, known, rounds, control),
    }?;
    control.enter(Stage::Judging);
    let looked = warmed_up.as_ref().is_some_and(|found| found.looked);
    if let Some(WarmedUp { steps, gradients, .. }) = warmed_up {
        chained.warmup += steps;
        chained.warmup_gradients += gradients;
    }
    if chained.draws.draws() == 0 {
        return Err(Error::new(ErrorKind::Setting, "ended during warm-up: nothing was drawn").hint("a shorter --warmup draws earlier"));
    }
    let known = judged.after(chained.draws.draws());
    let mut variables = known.unwrap_or_else(|| summaries(density, &chained.draws, settings.threads));
    test_identities(density, &chained.draws, &mut variables);
    let ess = variables.iter().map(VariableSummary::weight).fold(f64::INFINITY, f64::min);
    let fits = fits(reference.as_ref(), evidence.as_ref(), &variables, &thinned(&chained.draws, ess));
    let has_momentum = matches!(sampler, Sampler::Hmc | Sampler::Nuts | Sampler::Tempering);
    (plan.draws, plan.warmup) = (chained.wanted, chained.warmup);
    let figures = ChainFigures { ladder, ..figures(&chained, plan, has_momentum) };
    let target = settings.target_acceptance.or(match sampler {
        Sampler::Hmc => Some(0.8),
        Sampler::Nuts | Sampler::Mams | Sampler::Tempering => Some(0.9),
        _ => None,
    });
    let mut verdict = judge(density, &chained, &figures, target, reference.as_ref(), no_reference, looked, &variables, &fits);
    if sampler.is_exact() {
        judge_means(&fits, &variables, chained.draws.chains() * chained.draws.draws(), &mut verdict);
    }
    if sampler == Sampler::Mclmc {
        verdict.warnings.push(Warning::Unadjusted { step_size: figures.step_size });
    }
    if let Some(ladder) = &figures.ladder {
        verdict.warnings.extend(super::tempered::warnings(ladder, chained.draws.chains()));
        verdict = Verdict::new(verdict.warnings, verdict.because);
    }
    if matches!(sampler, Sampler::Sghmc | Sampler::Sgnht) {
        let steps = figures.step_size;
        let mut warnings = std::mem::take(&mut verdict.warnings);
        warnings.push(Warning::StepBias { sd: minibatch::sd_bias(sampler, steps, 0.0, 0.0), noise: 0.0, steps });
        verdict = Verdict::new(warnings, verdict.because);
    }
    let until = until::progress(&settings.until, density.bounds(), &chained.draws);
    // A run that was ended early says so itself.
    if chained.complete {
        until::judge(&until, chained.draws.draws(), &mut verdict);
    }
    let Chained { draws, chain_steps, warmup_gradients, gradients, complete, .. } = chained;
    Ok(Run {
        sampler,
        why,
        method: Method::Chains(figures),
        draws,
        chain_steps,
        gradients: warmup_gradients + gradients,
        complete,
        seed: settings.seed,
        threads: settings.threads,
        reference,
        evidence,
        variables,
        fits,
        until,
        discrepancy: None,
        verdict,
    })
}

/// How many chains, and their settings. A block of chains is the default: they cost little more than one. What one step of a kernel
/// forgets decides how many lie between two draws.
fn plan(sampler: Sampler, density: &dyn LogDensity, settings: &Sampling) -> Result<(usize, Chaining)> {
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
    if matches!(sampler, Sampler::Mams | Sampler::Mclmc) && density.dimension() < 2 {
        return refuse(format!("{sampler} turns a direction, and one variable has none to turn"), "use --sampler nuts");
    }
    if matches!(sampler, Sampler::Mclmc | Sampler::Sghmc | Sampler::Sgnht) && settings.target_acceptance.is_some() {
        return refuse(format!("{sampler} accepts every step"), "--sampler mams, which has a Metropolis test");
    }
    if settings.temperature.is_some_and(|temperature| temperature != 1.0) || settings.final_temperature.is_some_and(|last| last != 1.0) {
        return refuse(
            format!("{sampler} samples at temperature 1"),
            "temperatures are for the annealed --sampler sgld, psgld, lm and underdamped",
        );
    }
    if settings.steps.is_some() {
        return refuse(format!("{sampler} has no --steps"), "use --warmup, --draws and --thin");
    }
    if let Some(bound) = density.bounds().iter().find(|bound| bound.boundary == crate::density::Boundary::Clamp) {
        let message = format!("{sampler} is for draws of the density, and clamping `{}` adds false mass", bound.name);
        return refuse(message, "leave --boundary to the default, which does not");
    }
    let is_fixed = matches!(sampler, Sampler::Sghmc | Sampler::Sgnht);
    if is_fixed {
        refuse_ends(sampler, density)?;
    }
    let rows = density.rows();
    let chains = settings.chains.unwrap_or_else(|| affordable_chains(density));
    let few = chains < FEW;
    let thin = match sampler {
        Sampler::Rwm => 20,
        Sampler::Barker => 8,
        Sampler::Mala | Sampler::Mclmc | Sampler::Sghmc | Sampler::Sgnht => 5,
        // A whole step, then a short one.
        Sampler::Tempering => 2,
        _ => 1,
    };
    let defaults = Chaining::default();
    let plan = Chaining {
        warmup: settings.warmup.unwrap_or(match (few, rows) {
            (true, 0) => 1000,
            (true, _) => 300,
            (false, _) => WARMUP,
        }),
        draws: settings.draws.unwrap_or(match (few, settings.until.is_empty()) {
            (true, true) => (FEW_DRAWS / chains.max(1)).clamp(100, FEW_DRAWS / FEWEST),
            (false, true) => (NUMBERS / (chains * (density.dimension() + 3)).max(1)).clamp(FIRST, MOST),
            (_, false) => (NUMBERS / (chains * (density.dimension() + 3)).max(1)).clamp(1000, 100_000),
        }),
        thin: settings.thin.unwrap_or(thin),
        step_size: settings.step_size.unwrap_or(if is_fixed { 0.3 } else { defaults.step_size }),
        fixed_step_size: settings.step_size.is_some(),
        target_acceptance: settings.target_acceptance,
        metric: settings.metric,
        seed: settings.seed,
        threads: settings.threads,
        ..defaults
    };
    Ok((chains, plan))
}

/// Refuses boundaries that kernels without a Metropolis test cannot have in transformed coordinates.
pub(super) fn refuse_ends(sampler: Sampler, density: &dyn LogDensity) -> Result<()> {
    use crate::density::Boundary;
    let cuts = |bound: &&Bound| matches!(bound.boundary, Boundary::Reject | Boundary::Clamp);
    match density.bounds().iter().find(cuts) {
        Some(Bound { name, boundary, .. }) => {
            let message = format!("{sampler} transforms bounded variables, and cannot {} at the ends of `{name}`", boundary.name());
            Err(Error::new(ErrorKind::Setting, message).hint("leave --boundary to the default"))
        }
        None => Ok(()),
    }
}

/// A chain that goes through rows of data costs as much as it has rows: a few chains then, and more draws of each.
pub(super) fn affordable_chains(density: &dyn LogDensity) -> usize {
    ROWS.checked_div(density.rows()).map_or(LANES, |chains| chains.clamp(FEWEST, LANES))
}

/// Where the chains begin: at the point that was given, or wherever a search finds them a place.
pub(super) fn starts(density: &dyn LogDensity, settings: &Sampling, chains: usize) -> Result<Population> {
    let Some(point) = settings.init.point(density.bounds())? else {
        return initial_positions(density, settings.seed, chains);
    };
    Ok(Population::from_columns(point.into_iter().map(|x| vec![x; chains]).collect()))
}

/// Draws so far apart in their chains that they pass for independent, `ess` of them about.
pub(super) fn thinned(draws: &Draws, ess: f64) -> Population {
    let total = draws.chains() * draws.draws();
    let apart = if ess.is_finite() && ess >= 1.0 { (total as f64 / ess).ceil() as usize } else { draws.draws() };
    let apart = apart.clamp(1, draws.draws());
    let pick = |variable: usize| {
        let chains = draws.by_chain(variable);
        chains.into_iter().flat_map(|chain| chain.iter().skip(apart - 1).step_by(apart)).copied().collect()
    };
    Population::from_columns((0..draws.dimension()).map(pick).collect())
}

/// The figures of one column; those that need gradients are none.
pub(super) fn summarise(bound: &Bound, draws: &Draws, variable: usize) -> VariableSummary {
    let (column, chains) = (draws.column(variable), draws.by_chain(variable));
    let found = Convergence::new(&chains);
    let (mean, sd) = mean_and_sd(column);
    // Chains of one draw are taken as independent: whether they are is said of the variables that were sampled.
    let single = draws.draws() == 1;
    let count = column.len() as f64;
    let apart = if single { Disagreement { rhat: f64::NAN, growth: f64::NAN } } else { found.disagreement() };
    VariableSummary {
        bound: bound.clone(),
        mean,
        sd,
        mcse_mean: if single { sd / count.sqrt() } else { found.mcse_mean() },
        ess_bulk: if single { count } else { found.ess_bulk() },
        ess_tail: if single { count } else { found.ess_tail() },
        ess_spread: if single { count } else { found.ess_spread(mean) },
        rhat: apart.rhat,
        rhat_growth: apart.growth,
        apart: found.apart(),
        nested: None,
        quantiles: QUANTILES.map(|p| quantile(found.ordered(), p)),
        atoms: boundary_atoms(column, bound.low, bound.high),
        stein: stein_tests(&[], &[], bound.low, bound.high, 1),
    }
}

/// The figures of each variable; those that need gradients are none.
pub(super) fn summaries(density: &dyn LogDensity, draws: &Draws, threads: usize) -> Vec<VariableSummary> {
    let bounds = density.bounds();
    parallel_map(threads, bounds.len(), |variable| summarise(&bounds[variable], draws, variable))
}

fn test_identities(density: &dyn LogDensity, draws: &Draws, variables: &mut [VariableSummary]) {
    let total = draws.chains() * draws.draws();
    let draws = &draws.every(total.div_ceil(most_tested(density)).clamp(1, draws.draws()));
    let slopes = gradients(density, &draws.pooled());
    // Batches of a whole chain each, or as many a chain that there are 64 of them.
    let batch = draws.draws() / MANY_CHAINS.div_ceil(draws.chains()).clamp(1, draws.draws());
    for (at, variable) in variables.iter_mut().enumerate() {
        variable.stein = stein_tests(draws.column(at), &slopes[at], variable.bound.low, variable.bound.high, batch);
    }
}

fn figures(chained: &Chained, settings: Chaining, has_momentum: bool) -> ChainFigures {
    let statistics = &chained.statistics;
    let mut fractions: Vec<f64> = match chained.draws.draws() {
        draws if has_momentum && draws > 3 => statistics.energy.chunks(draws).map(e_bfmi).collect(),
        _ => Vec::new(),
    };
    fractions.sort_by(f64::total_cmp);
    ChainFigures {
        settings,
        step_size: chained.step_size,
        metric: chained.coordinates.metric.describe(),
        acceptance: mean_and_sd(&statistics.acceptance).0,
        divergences: statistics.divergent.iter().sum::<f64>() as usize,
        divergent: (0..statistics.divergent.len()).filter(|&draw| statistics.divergent[draw] > 0.0).collect(),
        e_bfmi: quantile(&fractions, 0.5),
        warmup_gradients: chained.warmup_gradients,
        ladder: None,
    }
}

#[allow(clippy::too_many_arguments, reason = "everything that is known about the run")]
fn judge(
    density: &dyn LogDensity,
    chained: &Chained,
    figures: &ChainFigures,
    target: Option<f64>,
    reference: Option<&Reference>,
    no_reference: Option<String>,
    looked: bool,
    variables: &[VariableSummary],
    fits: &[Fit],
) -> Verdict {
    let draws = &chained.draws;
    let total = draws.chains() * draws.draws();
    let mut warnings = figure_warnings(chained.complete, figures.settings.draws, draws, variables);
    if figures.divergences > 0 {
        warnings.push(Warning::Divergences { count: figures.divergences, of: total });
    }
    if figures.e_bfmi < 0.3 {
        warnings.push(Warning::EnergyFraction { value: figures.e_bfmi });
    }
    if let Some(target) = target.filter(|target| figures.acceptance < target - 0.15) {
        warnings.push(Warning::Acceptance { found: figures.acceptance, target });
    }
    if reference.is_none() {
        // Climbs from far away have ended where the draws are: scouts would tell no more.
        if let Some(at) = if looked { None } else { super::missed::missed_mode(density, chained, figures.settings.seed) } {
            let place: Vec<String> = variables.iter().zip(&at).take(4).map(|(v, x)| format!("{} = {x:.4}", v.bound.name)).collect();
            warnings.push(Warning::MissedMode { at: place.join(", ") });
        }
        judge_stein(variables, &mut warnings);
    }
    judge_fits(fits, &mut warnings);
    if let Some(reference) = reference.filter(|reference| !reference.integral.converged) {
        warnings.push(Warning::Reference { relative_error: reference.integral.relative_error });
    }
    let rhat = variables.iter().map(|variable| variable.rhat).fold(f64::NAN, f64::max);
    let ess = variables.iter().map(|variable| variable.ess_bulk.min(variable.ess_tail)).fold(f64::INFINITY, f64::min);
    let because = match compared(fits, variables.len()) {
        Some(compared) => format!("{compared}; R-hat {rhat:.3}"),
        None => format!("largest R-hat {rhat:.3}, smallest ESS {ess:.0}, {} divergences", figures.divergences),
    };
    if let Some(reason) = no_reference {
        warnings.push(Warning::NoReference { reason });
    }
    Verdict::new(warnings, because)
}

/// What the draws of chains say against themselves.
pub(super) fn figure_warnings(complete: bool, wanted: usize, draws: &Draws, variables: &[VariableSummary]) -> Vec<Warning> {
    let total = draws.chains() * draws.draws();
    let mut warnings = Vec::new();
    if !complete {
        let wanted = wanted.max(1) as f64;
        warnings.push(Warning::Incomplete { share: draws.draws() as f64 / wanted });
    }
    let still = (0..draws.chains())
        .filter(|&chain| (0..draws.dimension()).all(|variable| draws.by_chain(variable)[chain].windows(2).all(|pair| pair[0] == pair[1])));
    let frozen = if draws.draws() > 1 { still.count() } else { 0 };
    if frozen > 0 {
        warnings.push(Warning::Frozen { chains: frozen, of: draws.chains() });
    }
    for variable in variables {
        let (low, high) = variable.atoms;
        // Two draws of different chains on one bound do not happen to a law that doubles can tell from its bound.
        if (low + high) * total as f64 >= 2.0 {
            warnings.push(Warning::BoundaryAtoms { variable: variable.bound.name.clone(), low, high });
        }
    }
    if let Some(farthest) = variables.iter().rev().max_by_key(|variable| variable.apart).filter(|variable| variable.apart > 0) {
        warnings.push(Warning::Apart { variable: farthest.bound.name.clone(), chains: farthest.apart, of: draws.chains() });
    }
    let name = |variable: &VariableSummary| variable.bound.name.clone();
    // One variable speaks for all: the worst.
    let worst = |figure: fn(&VariableSummary) -> f64| {
        let rank = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
        variables.iter().max_by(|a, b| rank(figure(a)).total_cmp(&rank(figure(b)))).map(|variable| (name(variable), figure(variable)))
    };
    if let Some((variable, value)) = worst(|variable| variable.rhat).filter(|(_, value)| value.is_nan() || *value > RHAT_WANTED)
        && draws.chains() > 1
    {
        warnings.push(Warning::Rhat { variable, value });
    }
    if let Some((variable, ess)) =
        worst(|variable| -variable.ess_bulk.min(variable.ess_tail)).filter(|(_, ess)| ess.is_nan() || -*ess < ESS_WANTED)
    {
        warnings.push(Warning::FewEffective { variable, ess: -ess });
    }
    warnings
}
