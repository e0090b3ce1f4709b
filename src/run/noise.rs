//! What a step without a Metropolis test, and noise of its gradient, do to a Gaussian.

use super::samplers::Sampler;
use crate::sampler::thermostat_variance;

/// Friction of sghmc and sgnht in the whitened coordinates: below the critical 2, as correlations then die sooner.
pub(super) const FRICTION: f64 = 1.0;
/// Inertia of sgnht's thermostats: their frictions stay within a third of their mean.
pub(super) const INERTIA: f64 = 10.0;
/// The gradient's noise as a share of what the kernel injects: mean and largest over the coordinates.
pub(super) fn share(sampler: Sampler, step_size: f64, noise: &[f64]) -> (f64, f64) {
    // ε²V beside 2ε; h²V beside 2hA.
    let injected = if matches!(sampler, Sampler::Sghmc | Sampler::Sgnht) { FRICTION } else { 1.0 };
    let of = |noise: &f64| step_size * noise / (2.0 * injected);
    let mean = noise.iter().map(of).sum::<f64>() / noise.len().max(1) as f64;
    (mean, noise.iter().map(of).fold(0.0, f64::max))
}

/// The relative excess of the standard deviation of a unit Gaussian at this step, with a gradient of noise variance V.
///
/// sgld: x ← (1 − ε)x + noise of variance 2ε + ε²V. lm: exact but for what V is wrong by, known as it is to `error` as a share, or how far it
/// is beyond what lm can take out. sghmc and sgnht: see their files.
pub(super) fn sd_bias(sampler: Sampler, step_size: f64, noise: f64, error: f64) -> f64 {
    let e = step_size;
    let variance = match sampler {
        // Too small where there is little noise: as a size.
        Sampler::Sgnht => return (thermostat_variance(FRICTION, e, noise).sqrt() - 1.0).abs(),
        Sampler::Sghmc => {
            let friction = FRICTION + 0.5 * e * noise;
            1.0 / (1.0 - e * e / (2.0 * (2.0 - e * friction)))
        }
        Sampler::Lm if e >= 2.0 => return f64::INFINITY,
        Sampler::Lm => 1.0 + (error * e * noise / (2.0 - e)).max(e * noise / (2.0 - e) - 1.0),
        _ => (2.0 + e * noise) / (2.0 - e),
    };
    if variance >= 1.0 { variance.sqrt() - 1.0 } else { f64::INFINITY }
}

/// The power of the step size that the bias is proportional to; gradient noise makes it 1 for lm too.
pub(super) fn order(sampler: Sampler) -> i32 {
    if matches!(sampler, Sampler::Sghmc | Sampler::Sgnht) { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bias_is_what_a_simulation_of_the_recursion_has() {
        let (h, v) = (0.4, 3.0);
        // Variance and covariance of the symplectic Euler step, iterated to the fixed point.
        let friction = FRICTION + 0.5 * h * v;
        let (mut xx, mut xp, mut pp) = (1.0, 0.0, 1.0);
        for _ in 0..10_000 {
            let kept = 1.0 - h * friction;
            let momentum = kept * kept * pp - 2.0 * kept * h * xp + h * h * xx + 2.0 * h * friction;
            let cross = kept * xp - h * xx;
            (xx, xp) = (xx + 2.0 * h * cross + h * h * momentum, cross + h * momentum);
            pp = momentum;
        }
        assert!((sd_bias(Sampler::Sghmc, h, v, 0.1) - (xx.sqrt() - 1.0)).abs() < 1e-9, "{xx}");
        assert!((sd_bias(Sampler::Sgld, 0.5, 0.0, 0.1) - ((4.0_f64 / 3.0).sqrt() - 1.0)).abs() < 1e-12);
        assert!(sd_bias(Sampler::Lm, 0.5, 0.0, 0.1).abs() < 1e-12 && sd_bias(Sampler::Sgld, 2.5, 0.0, 0.1) == f64::INFINITY);
        assert!(sd_bias(Sampler::Lm, 2.0, 0.0, 0.1) == f64::INFINITY && sd_bias(Sampler::Lm, 2.5, 0.3, 0.1) == f64::INFINITY);
        assert!(sd_bias(Sampler::Lm, 2.5, 0.0, 0.1) == f64::INFINITY);
    }
}
