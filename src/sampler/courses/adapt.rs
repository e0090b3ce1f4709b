//! Warm-up: the step size by what a kernel is tuned to, and the windows in which the metric is learned.

use std::ops::Range;

use crate::math::{exp, log, pow};
use crate::sampler::ensemble::metric::total;
use crate::sampler::kernels::{StepInfo, Tuning};

/// Finds the step size that a kernel is tuned to.
#[derive(Debug, Clone)]
pub(in crate::sampler) enum Tuner {
    Fixed(f64),
    Acceptance(DualAveraging),
    Energy(EnergyVariance),
}

impl Tuner {
    pub(in crate::sampler) fn new(tuning: Tuning, step_size: f64, dimension: usize) -> Tuner {
        match tuning {
            Tuning::Fixed => Tuner::Fixed(step_size),
            Tuning::Acceptance(target) => Tuner::Acceptance(DualAveraging::new(step_size, target)),
            Tuning::EnergyVariance(wanted) => Tuner::Energy(EnergyVariance::new(step_size, wanted * dimension as f64)),
        }
    }

    /// Σ over the lanes in use of what [`Tuner::update`] wants the mean of.
    pub(in crate::sampler) fn observed(&self, info: &StepInfo, active: usize) -> f64 {
        let mut row = match self {
            Tuner::Fixed(_) => return 0.0,
            Tuner::Acceptance(_) => info.acceptance,
            Tuner::Energy(_) => {
                let mut squares = info.energy_error;
                squares.iter_mut().for_each(|error| *error *= *error);
                squares
            }
        };
        row[active..].fill(0.0);
        total(&row)
    }

    /// What the last step size gave, the mean over all chains.
    pub(in crate::sampler) fn update(&mut self, mean: f64) {
        match self {
            Tuner::Fixed(_) => {}
            Tuner::Acceptance(tuner) => tuner.update(mean),
            Tuner::Energy(tuner) => tuner.update(mean),
        }
    }

    /// The step size to try next.
    pub(in crate::sampler) fn step_size(&self) -> f64 {
        match self {
            Tuner::Fixed(step_size) => *step_size,
            Tuner::Acceptance(tuner) => tuner.step_size(),
            Tuner::Energy(tuner) => tuner.step_size,
        }
    }

    /// The step size to keep.
    pub(in crate::sampler) fn average(&self) -> f64 {
        match self {
            Tuner::Acceptance(tuner) => tuner.average(),
            _ => self.step_size(),
        }
    }
}

/// The step size whose energy errors have a wanted variance, as that grows like ε⁶ (Robnik et al. 2023, section 4.2).
///
/// The mean of variance/ε⁶ over the last third of the steps so far says how: a mean, as the logarithm of one chain's squared error is
/// biased, and of the last ones, as chains are far from where they belong in the beginning.
#[derive(Debug, Clone)]
pub(in crate::sampler) struct EnergyVariance {
    wanted: f64,
    steps: f64,
    coefficient: f64,
    step_size: f64,
}

impl EnergyVariance {
    fn new(step_size: f64, wanted: f64) -> EnergyVariance {
        EnergyVariance { wanted, steps: 0.0, coefficient: 0.0, step_size }
    }

    /// The variance that the last step size gave.
    fn update(&mut self, variance: f64) {
        // One step changes ε threefold at most: the power law holds near the answer only.
        const LARGEST: f64 = 3.0;
        let sixth = pow(self.step_size, 6.0);
        let found = variance / sixth;
        let weight = 3.0 / (self.steps + 3.0);
        self.steps += 1.0;
        if found.is_finite() {
            self.coefficient += weight * (found - self.coefficient);
        }
        let factor = pow(self.wanted / (self.coefficient * sixth), 1.0 / 6.0);
        // No error at all asks for a longer step.
        let factor = if factor.is_finite() { factor.clamp(1.0 / LARGEST, LARGEST) } else { LARGEST };
        self.step_size = (self.step_size * factor).clamp(1e-12, 1e12);
    }
}

/// Nesterov's dual averaging, as Hoffman & Gelman (2014), section 3.2, use it: log ε moves until the acceptance is what is wanted.
///
/// One update a step, with the mean over all chains: an update a chain would make ε swing over orders of magnitude.
#[derive(Debug, Clone)]
pub(in crate::sampler) struct DualAveraging {
    target: f64,
    /// Where log ε is drawn to: ten times the first step size, as large steps are cheap to try.
    anchor: f64,
    steps: f64,
    error: f64,
    log_step: f64,
    log_average: f64,
}

impl DualAveraging {
    pub(in crate::sampler) fn new(step_size: f64, target: f64) -> DualAveraging {
        let log_step = log(step_size);
        DualAveraging { target, anchor: log_step + log(10.0), steps: 0.0, error: 0.0, log_step, log_average: log_step }
    }

    /// The acceptance that the last step size gave.
    pub(in crate::sampler) fn update(&mut self, acceptance: f64) {
        const SHRINKAGE: f64 = 0.05;
        const DELAY: f64 = 10.0;
        const FORGETTING: f64 = 0.75;
        let acceptance = if acceptance.is_finite() { acceptance } else { 0.0 };
        self.steps += 1.0;
        let weight = 1.0 / (self.steps + DELAY);
        self.error = (1.0 - weight) * self.error + weight * (self.target - acceptance);
        // Kept to what a double's square can hold.
        self.log_step = (self.anchor - self.error * self.steps.sqrt() / SHRINKAGE).clamp(-300.0, 300.0);
        let weight = pow(self.steps, -FORGETTING);
        self.log_average = weight * self.log_step + (1.0 - weight) * self.log_average;
    }

    /// The step size to try next.
    pub(in crate::sampler) fn step_size(&self) -> f64 {
        exp(self.log_step)
    }

    /// The step size to keep.
    pub(in crate::sampler) fn average(&self) -> f64 {
        exp(self.log_average)
    }
}

/// The windows of so many steps, each twice as long as the one before; the metric is renewed at the end of each. The first 15 % of the
/// steps find the mass and tune the step size alone (Stan reference manual, "Automatic parameter tuning").
pub(in crate::sampler) fn windows(steps: usize) -> Vec<Range<usize>> {
    if steps < 20 {
        return Vec::new();
    }
    let mut from = steps * 15 / 100;
    let mut length = (steps / 40).max(5);
    let mut windows = Vec::new();
    while from < steps {
        // A window that would leave less than its double for the next takes all.
        let to = if from + 3 * length > steps { steps } else { from + length };
        windows.push(from..to);
        from = to;
        length *= 2;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_double_and_cover_all_but_the_beginning() {
        assert_eq!(windows(1000), [150..175, 175..225, 225..325, 325..525, 525..1000]);
        assert!(windows(19).is_empty());
        for steps in 20..500 {
            assert_eq!(windows(steps).last().map(|window| window.end), Some(steps));
        }
    }

    #[test]
    fn dual_averaging_finds_the_step_of_the_wanted_acceptance() {
        // Acceptance e^−ε: 0.8 at ε = −log 0.8 = 0.2231.
        for first in [1e-6, 1.0, 1e3] {
            let mut tuner = DualAveraging::new(first, 0.8);
            for _ in 0..400 {
                tuner.update(exp(-tuner.step_size()));
            }
            assert!((tuner.average() - 0.2231).abs() < 0.02, "from {first}: {}", tuner.average());
        }
    }

    #[test]
    fn the_energy_tuner_finds_the_step_of_the_wanted_variance() {
        // Variance ε⁶/2: 5e-4 at ε = 1e-3^(1/6) = 0.3162.
        for first in [1e-6, 1.0, 1e3] {
            let mut tuner = EnergyVariance::new(first, 5e-4);
            for _ in 0..60 {
                tuner.update(0.5 * pow(tuner.step_size, 6.0));
            }
            assert!((tuner.step_size - 0.3162).abs() < 1e-4, "from {first}: {}", tuner.step_size);
        }
        let mut tuner = EnergyVariance::new(1.0, 5e-4);
        (0..5).for_each(|_| tuner.update(1e6));
        assert!(tuner.step_size < 0.1, "errors that are large and do not shrink shorten the step");
    }

    #[test]
    fn an_acceptance_that_is_not_a_number_shortens_the_step() {
        let mut tuner = DualAveraging::new(1.0, 0.8);
        for _ in 0..20 {
            tuner.update(f64::NAN);
        }
        assert!(tuner.step_size() < 1e-10);
    }
}
