//! The figures of a run: what the report prints and the JSON carries.

use crate::density::{Bound, Evaluate, LogDensity};
use crate::diagnostics::{
    Convergence, MANY_CHAINS, NestedRhat, SteinTest, boundary_atoms, kolmogorov_smirnov, mean_and_sd, nested_rhat, quantile, sorted,
    stein_tests, two_samples, wasserstein1,
};
use crate::math::{Lanes, Level, log};
use crate::quadrature::{Basin, Marginal, Reference, Statistic};
use crate::sampler::{Draws, Population, parallel_map};
use crate::tape::ProgramEvaluator;

/// The quantiles of every summary.
pub const QUANTILES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// The share of the exact law that is called its tail, on each side.
pub const TAIL: f64 = 0.01;

/// The draws of one variable.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableSummary {
    /// Name, range and boundary.
    pub bound: Bound,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Monte Carlo standard error of the mean.
    pub mcse_mean: f64,
    /// Effective sample size for the centre; chains are independent, so it is their number unless they remember a common start.
    pub ess_bulk: f64,
    /// Effective sample size for the 5 % and 95 % quantiles.
    pub ess_tail: f64,
    /// Effective sample size for the variance: a kernel that leaps across the middle may know the mean well and the spread badly.
    pub ess_spread: f64,
    /// Nested R-hat; NaN where chains began at one point.
    pub rhat: f64,
    /// Of how many times as many draws R-hat would be what is wanted; NaN where it is.
    pub rhat_growth: f64,
    /// Chains that keep to a place of their own.
    pub apart: usize,
    /// Nested R-hat with its threshold.
    pub nested: Option<NestedRhat>,
    /// At [`QUANTILES`].
    pub quantiles: [f64; 5],
    /// Shares of draws exactly on the ends.
    pub atoms: (f64, f64),
    /// Two identities of the density.
    pub stein: [SteinTest; 2],
}

impl VariableSummary {
    /// The weight of the draws for whatever is asked of them: the smallest of bulk, tail and spread; NaN if one is.
    pub(super) fn weight(&self) -> f64 {
        // `min` would hide a NaN.
        let smaller = |a: f64, b: f64| if a.is_nan() || a < b { a } else { b };
        smaller(smaller(self.ess_bulk, self.ess_tail), self.ess_spread)
    }
}

/// A basin of the density and what the draws make of it.
#[derive(Debug, Clone, PartialEq)]
pub struct BasinSummary {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The exact share of the mass.
    pub exact: f64,
    /// The share of the draws.
    pub found: f64,
    /// (found − exact) in standard errors of independent draws.
    pub z: f64,
    /// n times the relative entropy of the share of the draws to the exact one.
    pub surprise: f64,
}

/// One variable of the draws against the exact law.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The variable.
    pub name: String,
    /// The exact mean; `None` where undefined.
    pub mean: Option<f64>,
    /// The exact standard deviation; `None` where infinite or undefined.
    pub sd: Option<f64>,
    /// The exact quantiles at [`QUANTILES`]; NaN where only moments are known.
    pub quantiles: [f64; 5],
    /// (mean of the draws − exact mean) in Monte Carlo standard errors; NaN where it is undefined.
    pub z_mean: f64,
    /// Kolmogorov–Smirnov distance; with what follows NaN where only moments are known.
    pub ks: f64,
    /// Its p-value.
    pub ks_p: f64,
    /// Wasserstein-1 distance.
    pub wasserstein1: f64,
    /// The lowest and the highest draw, and how many of as many draws the exact law would have farther out than each.
    pub extremes: [(f64, f64); 2],
    /// The shares of the draws in the lowest and in the highest [`TAIL`] of the exact law.
    pub tails: [f64; 2],
    /// Independent draws that the comparison is worth.
    pub weight: f64,
    /// The basins, if there is more than one.
    pub basins: Vec<BasinSummary>,
}

impl Fit {
    /// Sorted draws that pass for independent against a law, of which `cdf` has the probabilities of values up to each, if they are known.
    fn of(name: &str, (mean, sd): (Option<f64>, Option<f64>), quantiles: [f64; 5], ordered: &[f64], cdf: Option<&[f64]>) -> Fit {
        let test = cdf.map(kolmogorov_smirnov);
        let weight = ordered.len() as f64;
        let share = |is: &dyn Fn(&f64) -> bool| cdf.map_or(f64::NAN, |cdf| cdf.iter().filter(|p| is(p)).count() as f64 / weight);
        Fit {
            name: name.to_string(),
            mean,
            sd,
            quantiles,
            z_mean: f64::NAN,
            ks: test.as_ref().map_or(f64::NAN, |test| test.distance),
            ks_p: test.as_ref().map_or(f64::NAN, |test| test.p_value),
            wasserstein1: cdf.map_or(f64::NAN, |cdf| wasserstein1(ordered, cdf)),
            extremes: cdf.map_or([(f64::NAN, f64::NAN); 2], |cdf| extremes(ordered, cdf)),
            tails: [share(&|p| *p <= TAIL), share(&|p| *p > 1.0 - TAIL)],
            weight,
            basins: Vec::new(),
        }
    }

    /// The same against draws of the law, sorted too.
    pub(super) fn of_draws(name: &str, ordered: &[f64], exact: &[f64]) -> Fit {
        let (n, m) = (ordered.len() as f64, exact.len() as f64);
        let up_to = |x: f64| exact.partition_point(|exact| *exact <= x) as f64 / m;
        let cdf: Vec<f64> = ordered.iter().map(|x| up_to(*x)).collect();
        let test = two_samples(ordered, exact);
        let (low, high) = (quantile(exact, TAIL), quantile(exact, 1.0 - TAIL));
        let share = |is: &dyn Fn(&f64) -> bool| {
            let of = |draws: &[f64]| draws.iter().filter(|x| is(x)).count() as f64 / draws.len() as f64;
            // Where values tie, a tail has more than its share.
            of(ordered) * TAIL / of(exact).max(f64::MIN_POSITIVE)
        };
        // That none of n draws is where k of m are has the probability (m/(n + m))^k.
        let rare = m * (n / m).ln_1p() / n;
        Fit {
            ks: test.distance,
            ks_p: test.p_value,
            extremes: extremes(ordered, &cdf).map(|(at, expected)| (at, rare * expected)),
            tails: [share(&|x| *x <= low), share(&|x| *x > high)],
            weight: n * m / (n + m),
            ..Fit::of(name, (None, None), [f64::NAN; 5], ordered, Some(&cdf))
        }
    }
}

/// The figures of each variable, but for those that need gradients.
///
/// Chains of one draw are a population: they are independent but for what they remember of their `starts`.
pub(super) fn summaries(bounds: &[Bound], draws: &Draws, starts: Option<&Population>, threads: usize) -> Vec<VariableSummary> {
    parallel_map(threads, bounds.len(), |variable| {
        summarise(&bounds[variable], draws, variable, starts.map(|starts| starts.column(variable)))
    })
}

/// The figures of one column.
pub(super) fn summarise(bound: &Bound, draws: &Draws, variable: usize, starts: Option<&[f64]>) -> VariableSummary {
    let column = draws.column(variable);
    let (mean, sd) = mean_and_sd(column);
    let untested = VariableSummary {
        bound: bound.clone(),
        mean,
        sd,
        mcse_mean: f64::NAN,
        ess_bulk: f64::NAN,
        ess_tail: f64::NAN,
        ess_spread: f64::NAN,
        rhat: f64::NAN,
        rhat_growth: f64::NAN,
        apart: 0,
        nested: None,
        quantiles: [f64::NAN; 5],
        atoms: boundary_atoms(column, bound.low, bound.high),
        stein: stein_tests(&[], &[], bound.low, bound.high, 1),
    };
    if draws.draws() == 1 {
        let count = column.len() as f64;
        let nested = starts.and_then(|starts| nested_rhat(starts, column));
        // Memory of the start in place of independence: B/W above its expectation shrinks the sample by as much.
        let ess = match nested {
            Some(nested) if nested.value > nested.threshold => (1.0 / (nested.value * nested.value - 1.0)).min(count).max(1.0),
            _ => count,
        };
        let ordered = sorted(column);
        return VariableSummary {
            mcse_mean: sd / ess.sqrt(),
            ess_bulk: ess,
            ess_tail: ess,
            ess_spread: ess,
            rhat: nested.map_or(f64::NAN, |nested| nested.value),
            nested,
            quantiles: QUANTILES.map(|p| quantile(&ordered, p)),
            ..untested
        };
    }
    let chains = draws.by_chain(variable);
    let found = Convergence::new(&chains);
    let disagreement = found.disagreement();
    VariableSummary {
        mcse_mean: found.mcse_mean(),
        ess_bulk: found.ess_bulk(),
        ess_tail: found.ess_tail(),
        ess_spread: found.ess_spread(mean),
        rhat: disagreement.rhat,
        rhat_growth: disagreement.growth,
        apart: found.apart(),
        quantiles: QUANTILES.map(|p| quantile(found.ordered(), p)),
        ..untested
    }
}

/// Adds the identities of the density, at as many of the draws as may cost a gradient.
pub(super) fn test_identities(density: &dyn LogDensity, draws: &Draws, variables: &mut [VariableSummary]) {
    let total = draws.chains() * draws.draws();
    let draws = &draws.every(total.div_ceil(most_tested(density)).clamp(1, draws.draws()));
    let slopes = gradients(density, &draws.pooled());
    // Batches of a whole chain each, or as many a chain that there are 64 of them.
    let batch = draws.draws() / MANY_CHAINS.div_ceil(draws.chains()).clamp(1, draws.draws());
    for (at, variable) in variables.iter_mut().enumerate() {
        variable.stein = stein_tests(draws.column(at), &slopes[at], variable.bound.low, variable.bound.high, batch);
    }
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

/// Compares a variable with its exact law: its mean, by all draws, and `draws` that pass for independent.
pub(super) fn fit(variable: &VariableSummary, reference: &Reference, draws: &[f64]) -> Fit {
    let ordered = sorted(draws);
    let cdf = probabilities(&ordered, &|xs| Some(of_law(reference, xs)));
    let quantiles = QUANTILES.map(|p| reference.quantile(p));
    Fit { basins: basins(reference, &ordered), ..compare(variable, (reference.mean, reference.sd), quantiles, &ordered, cdf.as_deref()) }
}

/// The same for one of several variables; `None` if nothing is known of its law.
pub(super) fn fit_marginal(variable: &VariableSummary, law: &Marginal, draws: &[f64]) -> Option<Fit> {
    if let Marginal::Reference(reference) = law {
        return Some(fit(variable, reference, draws));
    }
    let moments = (Some(law.mean()?), law.sd());
    let ordered = sorted(draws);
    let cdf = probabilities(&ordered, &|xs| law.cdf(xs));
    Some(compare(variable, moments, QUANTILES.map(|p| law.quantile(p).unwrap_or(f64::NAN)), &ordered, cdf.as_deref()))
}

/// Compares a function of the variables with its exact law; its mean is not, as error bars are those of variables.
pub(super) fn fit_statistic(statistic: &Statistic, draws: &Population) -> Fit {
    let mut evaluator = ProgramEvaluator::new(&statistic.value, Level::detect());
    let mut values = Vec::with_capacity(draws.chains());
    for block in 0..draws.blocks() {
        let mut row = [Lanes::default()];
        evaluator.run(&statistic.value, &draws.block(block), &mut row);
        values.extend_from_slice(&row[0][..draws.chains_of(block)]);
    }
    let ordered = sorted(&values);
    let cdf = probabilities(&ordered, &|xs| Some(of_law(&statistic.law, xs)));
    let quantiles = QUANTILES.map(|p| statistic.law.quantile(p));
    Fit::of(&statistic.name, (statistic.law.mean, statistic.law.sd), quantiles, &ordered, cdf.as_deref())
}

fn of_law(law: &Reference, xs: &[f64]) -> Vec<f64> {
    let mut cdf = vec![0.0; xs.len()];
    law.cdf_batch(xs, &mut cdf);
    cdf
}

/// The probabilities that `cdf` gives of values up to each of `ordered` draws. Draws that are one double, as beside a pole, come from
/// between the doubles next to it: their probabilities are spread between those of the neighbours, as near to the draws' own shares as these
/// allow.
fn probabilities(ordered: &[f64], cdf: &dyn Fn(&[f64]) -> Option<Vec<f64>>) -> Option<Vec<f64>> {
    let mut found = cdf(ordered)?;
    let mut ties: Vec<(usize, usize)> = Vec::new();
    let mut first = 0;
    for same in ordered.chunk_by(|a, b| a == b) {
        ties.extend((same.len() > 1).then_some((first, same.len())));
        first += same.len();
    }
    let beside: Vec<f64> = ties.iter().flat_map(|&(first, _)| [ordered[first].next_down(), ordered[first].next_up()]).collect();
    let n = ordered.len() as f64;
    for (&(first, count), beside) in ties.iter().zip(cdf(&beside)?.chunks_exact(2)) {
        let at = found[first];
        // A law without a spread tells nothing there, and the bounds of a clamp may not be NaN.
        if at.is_nan() {
            continue;
        }
        let from = (first as f64 / n).clamp(beside[0].min(at), at);
        let to = ((first + count) as f64 / n).clamp(at, beside[1].max(at));
        for (k, p) in found[first..first + count].iter_mut().enumerate() {
            *p = from + (to - from) * (k as f64 + 0.5) / count as f64;
        }
    }
    Some(found)
}

/// Draws in ascending order against moments and, if they are known, the probabilities of values up to each.
fn compare(
    variable: &VariableSummary,
    (mean, sd): (Option<f64>, Option<f64>),
    quantiles: [f64; 5],
    ordered: &[f64],
    cdf: Option<&[f64]>,
) -> Fit {
    // A mean of draws has no error bar where the variance is infinite.
    let z_mean = mean.filter(|_| sd.is_some_and(f64::is_finite)).map_or(f64::NAN, |mean| (variable.mean - mean) / variable.mcse_mean);
    Fit { z_mean, ..Fit::of(&variable.bound.name, (mean, sd), quantiles, ordered, cdf) }
}

/// The ends of ordered draws, and how many of them the law would have beyond each.
fn extremes(ordered: &[f64], cdf: &[f64]) -> [(f64, f64); 2] {
    let missing = f64::NAN;
    let (lowest, below) = ordered.first().zip(cdf.first()).unwrap_or((&missing, &missing));
    let (highest, up_to) = ordered.last().zip(cdf.last()).unwrap_or((&missing, &missing));
    let draws = ordered.len() as f64;
    [(*lowest, draws * below), (*highest, draws * (1.0 - up_to))]
}

/// What each basin holds, if there is more than one.
fn basins(reference: &Reference, ordered: &[f64]) -> Vec<BasinSummary> {
    let basins = reference.basins();
    if basins.len() < 2 {
        return Vec::new();
    }
    let n = ordered.len() as f64;
    let summarise = |basin: &Basin| {
        let inside = ordered
            .iter()
            .filter(|x| **x >= basin.low && **x < basin.high || **x == basin.high && basin.high == reference_end(&basins))
            .count();
        let found = inside as f64 / n;
        let error = (basin.mass * (1.0 - basin.mass) / n).sqrt();
        let z = if error > 0.0 { (found - basin.mass) / error } else { 0.0 };
        let term = |found: f64, exact: f64| if found > 0.0 { found * log(found / exact) } else { 0.0 };
        let surprise = n * (term(found, basin.mass) + term(1.0 - found, 1.0 - basin.mass));
        BasinSummary { low: basin.low, high: basin.high, exact: basin.mass, found, z, surprise }
    };
    basins.iter().map(summarise).collect()
}

/// The upper end of the last basin, which belongs to it.
fn reference_end(basins: &[Basin]) -> f64 {
    basins.last().map_or(f64::INFINITY, |basin| basin.high)
}

/// Rows of data that the gradients for one test of the draws may go through.
const ROWS_OF_A_TEST: usize = 1 << 21;

/// At how many draws a test may take the gradient: it should cost less than the draws did.
pub(super) fn most_tested(density: &dyn LogDensity) -> usize {
    ROWS_OF_A_TEST.checked_div(density.rows()).map_or(usize::MAX, |draws| draws.max(128))
}

/// ∂ log p at the draws, `[variable][chain]`.
pub(super) fn gradients(density: &dyn LogDensity, draws: &Population) -> Vec<Vec<f64>> {
    let mut evaluate: Box<dyn Evaluate + '_> = density.evaluator();
    let mut columns = vec![Vec::with_capacity(draws.chains()); draws.dimension()];
    let mut gradient = vec![Lanes::default(); draws.dimension()];
    for block in 0..draws.blocks() {
        let active = (draws.chains() - block * crate::math::LANES).min(crate::math::LANES);
        evaluate.ask_for(active);
        evaluate.gradient(&draws.block(block), &mut gradient);
        for (column, row) in columns.iter_mut().zip(&gradient) {
            column.extend_from_slice(&row[..active]);
        }
    }
    columns
}
