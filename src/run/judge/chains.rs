//! Chains against each other and themselves: R-hat, effective draws, places that some do not leave and others do not find.

use super::{Case, Warning, Weight, figure, percent};
use crate::diagnostics::RHAT_WANTED;
use crate::run::drawn::Method;
use crate::run::summary::VariableSummary;
use crate::sampler::Draws;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    let (drawn, variables) = (case.drawn, &case.figures.variables);
    let agreements: Vec<Agreement> = variables.iter().map(agreement).collect();
    if !case.has_chains() {
        judge_weight(&agreements, warnings);
        return;
    }
    if drawn.draws.chains() == 1 {
        warnings.push(one_chain());
    }
    judge_agreement(&drawn.draws, &agreements, warnings);
    let Method::Chains(figures) = &drawn.method else { return };
    if figures.divergences > 0 {
        warnings.push(divergences(figures.divergences, drawn.draws.chains() * drawn.draws.draws()));
    }
    if figures.e_bfmi < 0.3 {
        warnings.push(energy_fraction(figures.e_bfmi));
    }
    if let Some(target) = figures.target_acceptance.filter(|target| figures.acceptance < target - 0.15) {
        warnings.push(acceptance(figures.acceptance, target));
    }
    if let Some(at) = &drawn.missed {
        let place = variables.iter().zip(at).take(4).map(|(variable, x)| format!("{} = {x:.4}", variable.bound.name));
        warnings.push(missed_mode(&place.collect::<Vec<_>>().join(", ")));
    }
}

fn agreement(variable: &VariableSummary) -> Agreement<'_> {
    let VariableSummary { bound, rhat, ess_bulk, ess_tail, apart, .. } = variable;
    Agreement { variable: &bound.name, rhat: *rhat, ess: ess_bulk.min(*ess_tail), apart: *apart }
}

/// How far the chains agree about one variable.
pub(in crate::run) struct Agreement<'a> {
    pub(in crate::run) variable: &'a str,
    pub(in crate::run) rhat: f64,
    /// The smaller of bulk and tail ESS.
    pub(in crate::run) ess: f64,
    /// Chains that keep to a place of their own.
    pub(in crate::run) apart: usize,
}

/// What draws say whose density is not known.
pub(in crate::run) fn judge_alone(draws: &Draws, variables: &[Agreement], warnings: &mut Vec<Warning>) {
    if draws.draws() < 4 {
        warnings.push(too_few_draws(draws.draws()));
        return;
    }
    if draws.chains() == 1 {
        warnings.push(one_chain());
    }
    judge_agreement(draws, variables, warnings);
}

/// What the figures of chains say: the worst variable speaks for all.
fn judge_agreement(draws: &Draws, variables: &[Agreement], warnings: &mut Vec<Warning>) {
    let still = still(draws);
    if still > 0 {
        warnings.push(frozen(still, draws.chains()));
    }
    if let Some(farthest) = variables.iter().rev().max_by_key(|one| one.apart).filter(|one| one.apart > 0) {
        warnings.push(apart(farthest.variable, farthest.apart, draws.chains()));
    }
    let is_wide = |rhat: f64| rhat.is_nan() || rhat > RHAT_WANTED;
    if let Some(found) = worst(variables, |one| one.rhat).filter(|found| draws.chains() > 1 && is_wide(found.rhat)) {
        warnings.push(rhat(found.variable, found.rhat));
    }
    judge_weight(variables, warnings);
}

/// Whether the draws weigh enough for any figure to be believed, whoever made them.
fn judge_weight(variables: &[Agreement], warnings: &mut Vec<Warning>) {
    if let Some(found) = worst(variables, |one| -one.ess).filter(|found| found.ess.is_nan() || found.ess < ESS_WANTED) {
        warnings.push(few_effective(found.variable, found.ess));
    }
}

/// The variable whose figure is largest; one that is not a number is larger than all.
fn worst<'a>(variables: &'a [Agreement<'a>], figure: fn(&Agreement) -> f64) -> Option<&'a Agreement<'a>> {
    let rank = |x: f64| if x.is_nan() { f64::INFINITY } else { x };
    variables.iter().max_by(|a, b| rank(figure(a)).total_cmp(&rank(figure(b))))
}

/// Chains that are where they began in every variable.
fn still(draws: &Draws) -> usize {
    let stands = |column: &[f64]| column.windows(2).all(|pair| pair[0] == pair[1]);
    let chains: Vec<Vec<&[f64]>> = (0..draws.dimension()).map(|variable| draws.by_chain(variable)).collect();
    if draws.draws() < 2 {
        return 0;
    }
    (0..draws.chains()).filter(|&chain| chains.iter().all(|variable| stands(variable[chain]))).count()
}

/// R-hat beyond which chains plainly disagree.
const RHAT_FAILURE: f64 = 1.05;
/// Bulk and tail ESS wanted (Vehtari et al. 2021: 100 for each of four chains).
const ESS_WANTED: f64 = 400.0;

/// Chains disagree: rank-normalised split R-hat.
fn rhat(variable: &str, value: f64) -> Warning {
    let weight = if value.is_nan() || value > RHAT_FAILURE { Weight::Failure } else { Weight::Doubt };
    let text = format!("the chains disagree about `{variable}`: R-hat {}, should be below {RHAT_WANTED}", figure(value, 3));
    Warning::new("rhat", weight, text).advise("raise --draws or --thin, and if that does not help, chains sit in different modes")
}

/// The draws weigh too little.
fn few_effective(variable: &str, ess: f64) -> Warning {
    let weight = if ess.is_nan() || ess < 0.25 * ESS_WANTED { Weight::Failure } else { Weight::Doubt };
    let text = format!("the draws of `{variable}` weigh as much as {} independent ones, {ESS_WANTED:.0} are wanted", figure(ess, 0));
    Warning::new("few_effective", weight, text).advise("raise --draws or --thin; of a population, --chains")
}

/// Chains that are where they began.
fn frozen(chains: usize, of: usize) -> Warning {
    // One chain in a hundred that never moves holds a hundredth of the draws: enough to be wrong.
    let weight = if 100 * chains >= of { Weight::Failure } else { Weight::Doubt };
    let text = format!("{chains} of {of} chains never left the place where they began");
    Warning::new("frozen", weight, text).advise("lower --step-size, or raise --warmup")
}

/// One chain has nothing to be compared with but itself.
fn one_chain() -> Warning {
    Warning::new("one_chain", Weight::Doubt, "there is one chain, and a place where it never was looks the same to it")
        .advise("run several, begun apart")
}

/// Chains too short for any figure.
fn too_few_draws(draws: usize) -> Warning {
    let text = format!("chains of {draws} draws are too short for R-hat and ESS, which need 4 at least");
    Warning::new("too_few_draws", Weight::Doubt, text)
}

/// Chains that keep to a place of their own.
fn apart(variable: &str, chains: usize, of: usize) -> Warning {
    let text = format!(
        "{chains} of {of} chains keep to a place of their own in `{variable}`: the shares of the modes are those of the starts, not of the \
         density"
    );
    Warning::new("apart", Weight::Failure, text).advise("narrow --range to one mode, or raise --thin far")
}

/// Trajectories that diverged: the step is too long for some place.
fn divergences(count: usize, of: usize) -> Warning {
    let weight = match 1000 * count / of.max(1) {
        // A trajectory in a thousand that leaps into a steep wall and is refused is no sign of a place that is missed.
        0 => Weight::Note,
        1..10 => Weight::Doubt,
        _ => Weight::Failure,
    };
    let text = format!(
        "{count} of {of} trajectories diverged: somewhere the density is narrower than the step, and the draws may miss what is there"
    );
    let advice = "raise --target-acceptance towards 1, or write the model so that no scale depends on a variable";
    Warning::new("divergences", weight, text).advise(advice)
}

/// The energy moves too slowly: the median E-BFMI over the chains.
fn energy_fraction(value: f64) -> Warning {
    let text = format!(
        "the energy moves too slowly from draw to draw (E-BFMI {value:.2}, should be above 0.3): heavy tails or a funnel are sampled short"
    );
    Warning::new("energy_fraction", Weight::Failure, text)
        .advise("write the model so that no scale depends on a variable, or raise --draws")
}

/// A place that no chain visited has as much density as those they did.
fn missed_mode(at: &str) -> Warning {
    let text = format!("at {at} the density is as high as where the chains were, and none of them was there: a mode is missed");
    Warning::new("missed_mode", Weight::Failure, text).advise("begin there too with --init, or narrow --range")
}

/// Less is accepted than the step size was tuned to.
fn acceptance(found: f64, target: f64) -> Warning {
    let text = format!(
        "{} of the proposals were accepted instead of {}: the step is too long for the places where the chains are",
        percent(found),
        percent(target)
    );
    Warning::new("acceptance", Weight::Doubt, text).advise("raise --warmup or leave --step-size to the default")
}
