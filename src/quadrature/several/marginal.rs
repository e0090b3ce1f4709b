//! The law of one of several variables, as far as it is known.

use crate::quadrature::Reference;

/// The law of one variable.
#[derive(Debug, Clone)]
pub enum Marginal {
    /// Its distribution function.
    Reference(Box<Reference>),
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// The density does not depend on it.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// A mixture: a probability and a law for each part.
    Mixture(Vec<(f64, Marginal)>),
    /// Known by two moments.
    Moments {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// It was integrated out.
    Unknown,
}

impl Marginal {
    /// The mean; `None` if it is not known, or undefined.
    pub fn mean(&self) -> Option<f64> {
        match self {
            Marginal::Reference(reference) => reference.mean,
            Marginal::Normal { mean, .. } | Marginal::Moments { mean, .. } => Some(*mean),
            Marginal::Uniform { low, high } => Some(0.5 * (low + high)),
            Marginal::Mixture(parts) => parts.iter().map(|(weight, law)| Some(weight * law.mean()?)).sum(),
            Marginal::Unknown => None,
        }
    }

    /// The standard deviation; `None` if it is not known, or undefined.
    pub fn sd(&self) -> Option<f64> {
        match self {
            Marginal::Reference(reference) => reference.sd,
            Marginal::Normal { sd, .. } | Marginal::Moments { sd, .. } => Some(*sd),
            Marginal::Uniform { low, high } => Some((high - low) / 12_f64.sqrt()),
            Marginal::Mixture(parts) => {
                let mean = self.mean()?;
                let square = |(weight, law): &(f64, Marginal)| Some(weight * (law.sd()?.powi(2) + (law.mean()? - mean).powi(2)));
                parts.iter().map(square).sum::<Option<f64>>().map(f64::sqrt)
            }
            Marginal::Unknown => None,
        }
    }

    /// The probabilities of values up to each of `xs`, in ascending order; `None` if they are not known.
    pub fn cdf(&self, xs: &[f64]) -> Option<Vec<f64>> {
        match self {
            Marginal::Reference(reference) => {
                let mut out = vec![0.0; xs.len()];
                reference.cdf_batch(xs, &mut out);
                Some(out)
            }
            Marginal::Normal { mean, sd } => {
                Some(xs.iter().map(|x| 0.5 * crate::math::erfc((mean - x) / (sd * std::f64::consts::SQRT_2))).collect())
            }
            Marginal::Uniform { low, high } => Some(xs.iter().map(|x| ((x - low) / (high - low)).clamp(0.0, 1.0)).collect()),
            Marginal::Mixture(parts) => {
                let mut sum = vec![0.0; xs.len()];
                for (weight, law) in parts {
                    sum.iter_mut().zip(law.cdf(xs)?).for_each(|(sum, p)| *sum += weight * p);
                }
                Some(sum)
            }
            Marginal::Moments { .. } | Marginal::Unknown => None,
        }
    }

    /// The value that a draw stays below with probability `p`.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        match self {
            Marginal::Reference(reference) => Some(reference.quantile(p)),
            Marginal::Normal { mean, sd } => Some(mean + sd * standard_normal(p)),
            Marginal::Uniform { low, high } => Some(low + p * (high - low)),
            Marginal::Mixture(parts) => self.between(parts.iter().map(|(_, law)| law.quantile(p)).collect::<Option<Vec<f64>>>()?, p),
            Marginal::Moments { .. } | Marginal::Unknown => None,
        }
    }
}

impl Marginal {
    /// The value between the quantiles of parts up to which the probability is `p`, by halving.
    fn between(&self, quantiles: Vec<f64>, p: f64) -> Option<f64> {
        let (mut low, mut high) = quantiles.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        for _ in 0..100 {
            let middle = 0.5 * low + 0.5 * high;
            if self.cdf(&[middle])?[0] < p { low = middle } else { high = middle }
        }
        Some(0.5 * low + 0.5 * high)
    }
}

/// The quantile of the standard normal law, by Newton's method on log Φ.
fn standard_normal(p: f64) -> f64 {
    if p > 0.5 {
        return -standard_normal(1.0 - p);
    }
    // Φ(x) = erfc(−x/√2)/2.
    let mut x = -(-2.0 * p.ln()).max(0.0).sqrt() * 0.5;
    for _ in 0..60 {
        let z = -x / std::f64::consts::SQRT_2;
        let log = crate::math::log_erfc(z) - std::f64::consts::LN_2;
        // d log Φ/dx = φ/Φ = √(2/π)/erfcx(−x/√2).
        let slope = (2.0 / std::f64::consts::PI).sqrt() / crate::math::erfcx(z);
        let step = (p.ln() - log) / slope;
        x += step;
        if step.abs() < 1e-15 * x.abs().max(1e-3) {
            break;
        }
    }
    x
}

/// A mixture of laws, as far as all of them are known.
pub(super) fn mixed(laws: Vec<(f64, Marginal)>) -> Marginal {
    let mixture = Marginal::Mixture(laws);
    match (mixture.cdf(&[0.0]), mixture.mean(), mixture.sd()) {
        (Some(_), ..) => mixture,
        (None, Some(mean), Some(sd)) => Marginal::Moments { mean, sd },
        _ => Marginal::Unknown,
    }
}
