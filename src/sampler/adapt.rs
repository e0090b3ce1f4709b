//! Warm-up: dual averaging of the step size, and the windows in which the metric is learned.

use std::ops::Range;

use crate::math::{exp, log, pow};

/// Nesterov's dual averaging, as Hoffman & Gelman (2014), section 3.2, use it: log ε moves until the acceptance is what is wanted.
///
/// One update a step, with the mean over all chains: an update a chain would make ε swing over orders of magnitude.
#[derive(Debug, Clone)]
pub(super) struct DualAveraging {
    target: f64,
    /// Where log ε is drawn to: ten times the first step size, as large steps are cheap to try.
    anchor: f64,
    steps: f64,
    error: f64,
    log_step: f64,
    log_average: f64,
}

impl DualAveraging {
    pub(super) fn new(step_size: f64, target: f64) -> DualAveraging {
        let log_step = log(step_size);
        DualAveraging { target, anchor: log_step + log(10.0), steps: 0.0, error: 0.0, log_step, log_average: log_step }
    }

    /// The acceptance that the last step size gave.
    pub(super) fn update(&mut self, acceptance: f64) {
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
    pub(super) fn step_size(&self) -> f64 {
        exp(self.log_step)
    }

    /// The step size to keep.
    pub(super) fn average(&self) -> f64 {
        exp(self.log_average)
    }
}

/// The windows of so many steps, each twice as long as the one before; the metric is renewed at the end of each. The first 15 % of the
/// steps find the mass and tune the step size alone (Stan reference manual, "Automatic parameter tuning").
pub(super) fn windows(steps: usize) -> Vec<Range<usize>> {
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
    fn an_acceptance_that_is_not_a_number_shortens_the_step() {
        let mut tuner = DualAveraging::new(1.0, 0.8);
        for _ in 0..20 {
            tuner.update(f64::NAN);
        }
        assert!(tuner.step_size() < 1e-10);
    }
}
