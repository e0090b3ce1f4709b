//! Whether to believe the draws: warnings as values, each with the flag to change, and what they add up to.

use std::fmt;

use crate::density::Boundary;
use crate::diagnostics::RHAT_WANTED;

/// What a warning does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing; the draws may be right all the same.
    Note,
    /// Something could not be checked.
    Doubt,
    /// The draws do not follow the density.
    Failure,
}

/// Something the user should know about a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Draws sit exactly on the ends of a range: false mass.
    BoundaryAtoms {
        /// The variable.
        variable: String,
        /// Share of draws exactly at the lower end.
        low: f64,
        /// Share of draws exactly at the upper end.
        high: f64,
    },
    /// The chains had too little diffusion time to forget their start.
    TooShort {
        /// Σ ε.
        diffusion_time: f64,
        /// τ, the slowest relaxation time.
        relaxation_time: f64,
        /// Steps taken.
        steps: usize,
    },
    /// A basin of the density holds the wrong share of the draws.
    BasinMass {
        /// The variable.
        variable: String,
        /// The basin's lower end.
        low: f64,
        /// The basin's upper end.
        high: f64,
        /// The exact share.
        exact: f64,
        /// The draws' share.
        found: f64,
    },
    /// The mean of the draws is not the exact one, as far as their own error bar knows.
    Moments {
        /// The variable.
        variable: String,
        /// The difference in Monte Carlo standard errors.
        z: f64,
    },
    /// The draws fail the Kolmogorov–Smirnov test against the exact law.
    Fit {
        /// The variable.
        variable: String,
        /// The distance.
        distance: f64,
        /// The p-value.
        p_value: f64,
    },
    /// A tail of the exact law from which too many draws are missing.
    TailCut {
        /// The variable.
        variable: String,
        /// The draw that is farthest out.
        farthest: f64,
        /// Whether the tail is the upper one.
        is_upper: bool,
        /// How many draws should lie farther out.
        expected: f64,
    },
    /// Chains that began apart still are: nested R-hat above its threshold.
    RemembersStart {
        /// The variable.
        variable: String,
        /// Nested R-hat.
        rhat: f64,
        /// What it should be below.
        threshold: f64,
    },
    /// An identity that draws of the density obey does not hold.
    Stein {
        /// The variable.
        variable: String,
        /// Its z-score.
        z: f64,
    },
    /// The kernel Stein discrepancy of the draws is larger than that of draws of the density.
    Discrepancy {
        /// In standard deviations above its mean.
        z: f64,
        /// Its p-value.
        p_value: f64,
    },
    /// All chains began at one point and no reference serves: nobody looked elsewhere.
    OnePoint,
    /// The run ended at a temperature other than 1.
    Temperature {
        /// The last temperature.
        last: f64,
    },
    /// A boundary whose error shrinks only like √ε.
    ClampedBoundary {
        /// The variable.
        variable: String,
    },
    /// Drifts were cut to their largest size.
    Truncated {
        /// Share of the coordinate updates.
        share: f64,
    },
    /// Gradients that were not finite.
    NonFinite {
        /// How often.
        count: u64,
        /// Where first.
        at: String,
        /// The same place, one entry a variable.
        position: Vec<f64>,
        /// What was not finite there, if the formula says it.
        blame: Option<String>,
    },
    /// The support of a variable is proved to be smaller than its range.
    Support {
        /// What is inferred, and the flag that says it.
        says: String,
    },
    /// A scale that is a parameter, in a run that shows trouble.
    Centred {
        /// The parameter that is scaled.
        variable: String,
        /// The term that says so.
        term: String,
    },
    /// The density is zero in places inside its range.
    Zeros {
        /// Share of the moves that were refused there.
        share: f64,
    },
    /// The quadrature did not reach its tolerance.
    Reference {
        /// Relative error reached.
        relative_error: f64,
    },
    /// There is no reference for the density.
    NoReference {
        /// Why.
        reason: String,
    },
    /// The formula has jumps that a gradient cannot see.
    Jumps {
        /// The functions that make them.
        functions: String,
    },
    /// Chains disagree: rank-normalised split R-hat.
    Rhat {
        /// The variable.
        variable: String,
        /// R-hat.
        value: f64,
    },
    /// The draws weigh too little.
    FewEffective {
        /// The variable.
        variable: String,
        /// The smaller of bulk and tail ESS.
        ess: f64,
    },
    /// Chains that are where they began.
    Frozen {
        /// How many.
        chains: usize,
        /// Of how many.
        of: usize,
    },
    /// One chain has nothing to be compared with but itself.
    OneChain,
    /// Chains too short for any figure.
    TooFewDraws {
        /// Draws of each.
        draws: usize,
    },
    /// Chains that keep to a place of their own.
    Apart {
        /// The variable that tells them.
        variable: String,
        /// How many.
        chains: usize,
        /// Of how many.
        of: usize,
    },
    /// Trajectories that diverged: the step is too long for some place.
    Divergences {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
    },
    /// The energy moves too slowly: heavy tails or a funnel.
    EnergyFraction {
        /// Median E-BFMI over the chains.
        value: f64,
    },
    /// A place that no chain visited has as much density as those they did.
    MissedMode {
        /// The place.
        at: String,
    },
    /// Less is accepted than the step size was tuned to.
    Acceptance {
        /// The mean.
        found: f64,
        /// The target.
        target: f64,
    },
    /// Chains without a Metropolis test: a bias is left.
    Unadjusted {
        /// h, in units of the learned metric.
        step_size: f64,
    },
    /// The most draws allowed were made, and a target of `--until` is not met.
    Target {
        /// The target.
        target: String,
        /// The variable farthest from it.
        variable: String,
        /// Its figure.
        found: f64,
        /// Draws of each chain.
        draws: usize,
        /// Of how many times as many draws it would be met, about.
        growth: f64,
    },
    /// Chains without a Metropolis test: what the step and the gradient's noise do to a Gaussian.
    StepBias {
        /// By how much standard deviations come out too large, as a share.
        sd: f64,
        /// The gradient's noise as a share of the injected noise, in the worst coordinate.
        noise: f64,
        /// The step size.
        steps: f64,
    },
    /// Half the step size gives other moments.
    MeasuredBias {
        /// The variable.
        variable: String,
        /// Whether it is the standard deviation's, or the mean's.
        is_sd: bool,
        /// In posterior standard deviations.
        bias: f64,
        /// Its Monte Carlo standard error.
        error: f64,
    },
    /// No mode was found to whiten by.
    NoMode {
        /// Whether there are control variates all the same.
        control_variates: bool,
    },
    /// No loop over rows is left.
    NothingToBatch {
        /// Whether sums over the data replaced them.
        has_statistics: bool,
    },
    /// Replicas of a ladder that seldom or never went from its reference to the density and back.
    RoundTrips {
        /// Of each system, the mean.
        each: f64,
        /// In how many steps.
        steps: usize,
    },
    /// Neighbours on a ladder that hardly ever swap.
    Swaps {
        /// The lowest acceptance.
        lowest: f64,
        /// Rungs of the ladder.
        rungs: usize,
    },
    /// The run was ended early.
    Incomplete {
        /// Share of the steps that were taken.
        share: f64,
    },
}

impl Warning {
    /// The stable name that tools rely on.
    pub fn kind(&self) -> &'static str {
        match self {
            Warning::BoundaryAtoms { .. } => "boundary_atoms",
            Warning::TooShort { .. } => "not_mixed",
            Warning::BasinMass { .. } => "basin_mass",
            Warning::Fit { .. } => "fit",
            Warning::Moments { .. } => "moments",
            Warning::TailCut { .. } => "tail_cut",
            Warning::RemembersStart { .. } => "remembers_start",
            Warning::Stein { .. } => "stein",
            Warning::Discrepancy { .. } => "stein_discrepancy",
            Warning::OnePoint => "one_point",
            Warning::Temperature { .. } => "temperature",
            Warning::ClampedBoundary { .. } => "clamped_boundary",
            Warning::Truncated { .. } => "truncated_drift",
            Warning::NonFinite { .. } => "non_finite",
            Warning::Centred { .. } => "centred",
            Warning::Support { .. } => "support",
            Warning::Zeros { .. } => "zeros",
            Warning::Reference { .. } => "reference",
            Warning::NoReference { .. } => "no_reference",
            Warning::Jumps { .. } => "jumps",
            Warning::Rhat { .. } => "rhat",
            Warning::FewEffective { .. } => "few_effective",
            Warning::Frozen { .. } => "frozen",
            Warning::OneChain => "one_chain",
            Warning::TooFewDraws { .. } => "too_few_draws",
            Warning::Apart { .. } => "apart",
            Warning::Divergences { .. } => "divergences",
            Warning::EnergyFraction { .. } => "energy_fraction",
            Warning::MissedMode { .. } => "missed_mode",
            Warning::Acceptance { .. } => "acceptance",
            Warning::Unadjusted { .. } => "unadjusted",
            Warning::Target { .. } => "target_missed",
            Warning::StepBias { .. } => "step_bias",
            Warning::MeasuredBias { .. } => "measured_bias",
            Warning::NoMode { .. } => "no_mode",
            Warning::NothingToBatch { .. } => "nothing_to_batch",
            Warning::RoundTrips { .. } => "round_trips",
            Warning::Swaps { .. } => "swap_acceptance",
            Warning::Incomplete { .. } => "incomplete",
        }
    }

    /// What it does to the verdict.
    pub fn weight(&self) -> Weight {
        match self {
            Warning::BoundaryAtoms { .. }
            | Warning::TooShort { .. }
            | Warning::BasinMass { .. }
            | Warning::Fit { .. }
            | Warning::Moments { .. }
            | Warning::TailCut { .. }
            | Warning::RemembersStart { .. }
            | Warning::Stein { .. }
            | Warning::Temperature { .. } => Weight::Failure,
            Warning::MissedMode { .. } | Warning::Apart { .. } | Warning::Discrepancy { .. } => Weight::Failure,
            Warning::Rhat { value, .. } if value.is_nan() || *value > RHAT_FAILURE => Weight::Failure,
            Warning::FewEffective { ess, .. } if ess.is_nan() || *ess < 0.25 * ESS_WANTED => Weight::Failure,
            // One chain in a hundred that never moves holds a hundredth of the draws: enough to be wrong.
            Warning::Frozen { chains, of } if 100 * chains >= *of => Weight::Failure,
            Warning::Divergences { count, of } if 100 * count >= *of => Weight::Failure,
            // A trajectory in a thousand that leaps into a steep wall and is refused is no sign of a place that is missed.
            Warning::Divergences { count, of } if 1000 * count < *of => Weight::Note,
            Warning::EnergyFraction { .. } => Weight::Failure,
            Warning::StepBias { sd, .. } if *sd > 0.5 => Weight::Failure,
            Warning::StepBias { sd, noise, .. } if *sd > 0.1 || *noise > 1.0 => Weight::Doubt,
            Warning::MeasuredBias { bias, .. } if bias.abs() > 0.5 => Weight::Failure,
            Warning::MeasuredBias { .. } | Warning::NoMode { .. } => Weight::Doubt,
            Warning::StepBias { .. } | Warning::NothingToBatch { .. } => Weight::Note,
            Warning::RoundTrips { each, .. } if *each == 0.0 => Weight::Failure,
            Warning::RoundTrips { .. } | Warning::Swaps { .. } => Weight::Doubt,
            Warning::Rhat { .. }
            | Warning::FewEffective { .. }
            | Warning::Frozen { .. }
            | Warning::Divergences { .. }
            | Warning::Acceptance { .. }
            | Warning::OneChain
            | Warning::Target { .. }
            | Warning::TooFewDraws { .. } => Weight::Doubt,
            Warning::OnePoint
            | Warning::NonFinite { .. }
            | Warning::Reference { .. }
            | Warning::Jumps { .. }
            | Warning::Incomplete { .. } => Weight::Doubt,
            Warning::Truncated { share } if *share > 1e-3 => Weight::Doubt,
            Warning::Truncated { .. }
            | Warning::ClampedBoundary { .. }
            | Warning::Zeros { .. }
            | Warning::Centred { .. }
            | Warning::Support { .. }
            | Warning::NoReference { .. }
            | Warning::Unadjusted { .. } => Weight::Note,
        }
    }
}

/// R-hat beyond which chains plainly disagree.
const RHAT_FAILURE: f64 = 1.05;
/// Nested R-hat of a population in which more is left of the start than 1/e of it.
const HARDLY_MIXED: f64 = 1.066;
/// Bulk and tail ESS wanted (Vehtari et al. 2021: 100 for each of four chains).
pub(super) const ESS_WANTED: f64 = 400.0;

/// A share as a percentage with two significant digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 10.0 {
        format!("{percent:.0} %")
    } else if percent >= 0.01 || percent == 0.0 {
        format!("{percent:.2} %")
    } else {
        format!("{percent:.0e} %")
    }
}

/// A number of draws, rounded up to two significant digits.
fn two_digits(count: f64) -> f64 {
    let unit = 10_f64.powf((count.log10().floor() - 1.0).max(0.0));
    (count / unit).ceil() * unit
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::BoundaryAtoms { variable, low, high } => write!(
                f,
                "{} of the draws of `{variable}` sit exactly on its lower end and {} on its upper end: false mass that clamping piles up; use --boundary {}",
                percent(*low),
                percent(*high),
                Boundary::Reflect
            ),
            Warning::TooShort { diffusion_time, relaxation_time, steps } => {
                let times = diffusion_time / relaxation_time;
                let wanted = (super::plan::RELAXATIONS / times * *steps as f64).max(*steps as f64 + 1.0);
                write!(
                    f,
                    "not mixed: {times:.1} relaxation times (time {diffusion_time:.3}, slowest relaxation {relaxation_time:.3}) leave {} of the start; raise --steps to {:.0} or --step-size, or leave both to the default",
                    percent(super::plan::memory(*diffusion_time, *relaxation_time)),
                    wanted
                )
            }
            Warning::BasinMass { variable, low, high, exact, found } => write!(
                f,
                "not mixed: {variable} in [{low:.4}, {high:.4}] holds {found:.4} of the draws instead of {exact:.4}; raise --steps, or begin apart with --init uniform"
            ),
            Warning::Fit { variable, distance, p_value } => {
                write!(
                    f,
                    "the draws of `{variable}` do not fit the exact law: KS distance {distance:.4}, p = {p_value:.0e}; a population needs more --steps or a smaller --final-step-size, chains more --warmup and --draws"
                )
            }
            Warning::Moments { variable, z } => write!(
                f,
                "the mean of `{variable}` is {z:+.1} Monte Carlo standard errors from the exact one; a population needs more --steps or a smaller --final-step-size, chains more --warmup and --draws"
            ),
            Warning::TailCut { variable, farthest, is_upper, expected } => write!(
                f,
                "a tail is cut short: no draw of `{variable}` is {} {farthest:.5}, where {expected:.0} of as many independent ones should be; sample a variable with a lighter tail (such as `{variable} = sinh(u)`), or in one variable use --sampler exact",
                if *is_upper { "above" } else { "below" }
            ),
            Warning::RemembersStart { variable, rhat, threshold } => write!(
                f,
                "not mixed: chains that began apart in `{variable}` still are (nested R-hat {rhat:.3}, should be below {threshold:.3}); raise --steps{}",
                if *rhat > HARDLY_MIXED { ", or take --sampler tempering if its modes are far apart" } else { "" }
            ),
            Warning::Stein { variable, z } => {
                write!(
                    f,
                    "the draws of `{variable}` break an identity of the density (Stein, z = {z:.1}); a population needs more --steps or a smaller --final-step-size, chains more --warmup and --draws"
                )
            }
            Warning::Discrepancy { z, p_value } => write!(
                f,
                "the draws do not follow the density: kernel Stein discrepancy {z:.0} standard deviations above that of exact draws, p = {p_value:.0e}; lower --final-step-size, raise --steps or --draws, or try --sampler nuts"
            ),
            Warning::OnePoint => {
                f.write_str("all chains began at one point, so a mode elsewhere would not be seen; try --init uniform or normal")
            }
            Warning::Temperature { last } => {
                write!(
                    f,
                    "the run ended at temperature {last}, so the draws follow p^(1/{last}), not p; end at 1 with --final-temperature 1"
                )
            }
            Warning::ClampedBoundary { variable } => {
                write!(
                    f,
                    "clamping `{variable}` errs like the root of the step size, reflecting like the step size; use --boundary reflect"
                )
            }
            Warning::Truncated { share } => {
                write!(
                    f,
                    "{} of the drifts were cut to 8 noise widths: the gradient is too steep for the step; lower --step-size",
                    percent(*share)
                )
            }
            Warning::NonFinite { count, at, blame, .. } => {
                let blame = blame.as_deref().unwrap_or("see `langevin check`");
                write!(f, "the gradient was not finite {count} times, first at {at}; {blame}")
            }
            Warning::Support { says } => f.write_str(says),
            Warning::Centred { variable, term } => write!(
                f,
                "in {term} the scale of `{variable}` is a parameter, which makes a funnel; --noncenter samples {variable} = location + scale*eta with a standard eta, and `langevin check` prints the model"
            ),
            Warning::Zeros { share } => {
                write!(
                    f,
                    "the density is zero or undefined in parts of its range; {} of the moves went there and were refused",
                    percent(*share)
                )
            }
            Warning::Reference { relative_error } => {
                write!(f, "the quadrature reached a relative error of {relative_error:.1e} only; the comparison with it is as good as that")
            }
            Warning::NoReference { reason } => write!(f, "no exact reference: {reason}"),
            Warning::Jumps { functions } => {
                write!(f, "{functions} jump, and a gradient does not see jumps: the draws may be wrong beside them")
            }
            Warning::Rhat { variable, value } => write!(
                f,
                "the chains disagree about `{variable}`: R-hat {value:.3}, should be below {RHAT_WANTED}; raise --draws or --thin, and if that does not help, chains sit in different modes"
            ),
            Warning::FewEffective { variable, ess } => write!(
                f,
                "the draws of `{variable}` weigh as much as {ess:.0} independent ones, {ESS_WANTED:.0} are wanted; raise --draws or --thin"
            ),
            Warning::Frozen { chains, of } => {
                write!(f, "{chains} of {of} chains never left the place where they began; lower --step-size, or raise --warmup")
            }
            Warning::OneChain => {
                f.write_str("there is one chain, and a place where it never was looks the same to it; run several, begun apart")
            }
            Warning::TooFewDraws { draws } => write!(f, "chains of {draws} draws are too short for R-hat and ESS, which need 4 at least"),
            Warning::Apart { variable, chains, of } => write!(
                f,
                "{chains} of {of} chains keep to a place of their own in `{variable}`: the shares of the modes are those of the starts, not of the density; narrow --range to one mode, or raise --thin far"
            ),
            Warning::Divergences { count, of } => write!(
                f,
                "{count} of {of} trajectories diverged: somewhere the density is narrower than the step, and the draws may miss what is there; raise --target-acceptance towards 1, or write the model so that no scale depends on a variable"
            ),
            Warning::EnergyFraction { value } => write!(
                f,
                "the energy moves too slowly from draw to draw (E-BFMI {value:.2}, should be above 0.3): heavy tails or a funnel are sampled short; write the model so that no scale depends on a variable, or raise --draws"
            ),
            Warning::MissedMode { at } => write!(
                f,
                "at {at} the density is as high as where the chains were, and none of them was there: a mode is missed; begin there too with --init, or narrow --range"
            ),
            Warning::Acceptance { found, target } => write!(
                f,
                "{} of the proposals were accepted instead of {}: the step is too long for the places where the chains are; raise --warmup or leave --step-size to the default",
                percent(*found),
                percent(*target)
            ),
            Warning::Unadjusted { step_size } => write!(
                f,
                "no Metropolis test: a bias of second order in the step is left, {} of the variances on a Gaussian; --sampler mams has none",
                percent(step_size * step_size / 12.0)
            ),
            Warning::Target { target, variable, found, draws, growth } => {
                let figure = target.split(['<', '>', '(']).next().unwrap_or_default();
                let found = if figure == "ess" { format!("{found:.0}") } else { format!("{found:.4}") };
                write!(f, "{target} is not reached after {draws} draws of each chain: {figure} of `{variable}` is {found}; ")?;
                match growth.is_finite() {
                    true => write!(f, "raise --draws to {} or so, or --thin", two_digits(1.1 * growth * *draws as f64)),
                    false => f.write_str("raise --draws or --thin"),
                }
            }
            Warning::StepBias { sd, noise, steps } => {
                write!(f, "no Metropolis test: at step size {steps:.3} a Gaussian's sds are off by {}; ", percent(*sd))?;
                if *noise > 0.0 {
                    write!(f, "the gradient's noise is up to {} of the injected noise; ", percent(*noise))?;
                }
                f.write_str(if *noise > 0.05 { "lower --step-size or raise --batch" } else { "lower --step-size for less" })
            }
            Warning::MeasuredBias { variable, is_sd, bias, error } => write!(
                f,
                "half the step size moves the {} of `{variable}`: its bias is {bias:+.2} ± {error:.2} posterior sds; lower --step-size",
                if *is_sd { "sd" } else { "mean" }
            ),
            Warning::NoMode { control_variates } => write!(
                f,
                "no mode was found, so the coordinates are scaled by the curvature at the best place that was{}; begin near a mode with --init",
                if *control_variates { "" } else { ", and there are no control variates" }
            ),
            Warning::NothingToBatch { has_statistics } => write!(
                f,
                "nothing to batch: {}; the gradient is exact",
                if *has_statistics { "the sums over rows became sums over the data" } else { "no loop over rows is left" }
            ),
            Warning::RoundTrips { each, steps } => write!(
                f,
                "{each:.2} round trips of each system between reference and density in {steps} steps: the shares of far modes, and Z, may be those of the starts; raise --draws, --thin or --warmup"
            ),
            Warning::Swaps { lowest, rungs } => write!(
                f,
                "two neighbours of the {rungs} rungs accept {} of their swaps and hold up the ladder; raise --rungs or --warmup",
                percent(*lowest)
            ),
            Warning::Incomplete { share } => write!(f, "ended early: {} of the steps were taken", percent(*share)),
        }
    }
}

/// Whether to trust the draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Everything that could be compared agrees.
    Yes,
    /// The draws do not follow the density.
    No,
    /// Nothing speaks against them, and too little for them.
    Unknown,
}

impl Trust {
    /// `yes`, `no` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Yes => "yes",
            Trust::No => "no",
            Trust::Unknown => "unknown",
        }
    }
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether to trust the draws.
    pub trust: Trust,
    /// One sentence: what the verdict rests on.
    pub because: String,
    /// What the user should know, gravest first.
    pub warnings: Vec<Warning>,
}

impl Verdict {
    /// The verdict that `warnings` add up to; `because` is the evidence for the draws.
    pub fn new(mut warnings: Vec<Warning>, because: String) -> Verdict {
        warnings.sort_by_key(|warning| std::cmp::Reverse(warning.weight()));
        let trust = match warnings.first().map(Warning::weight) {
            Some(Weight::Failure) => Trust::No,
            Some(Weight::Doubt) => Trust::Unknown,
            _ => Trust::Yes,
        };
        Verdict { trust, because, warnings }
    }

    /// One warning more.
    pub(super) fn add(&mut self, warning: Warning) {
        let mut warnings = std::mem::take(&mut self.warnings);
        warnings.push(warning);
        *self = Verdict::new(warnings, std::mem::take(&mut self.because));
    }
}
