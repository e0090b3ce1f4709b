//! From all real numbers to a variable's range and back, with the derivative and the log-Jacobian that exact kernels need.
//!
//! The maps are those of the Stan reference manual, "Constraint transforms": logarithm for one finite end, logit for two.

use super::{Bound, Boundary};
use crate::math::{Level, Work, dispatch, exp, log, log1p, sigmoid};

/// How a coordinate u on (−∞, ∞) becomes a position x inside a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transform {
    /// x = u.
    Identity,
    /// x = low + eᵘ.
    Above {
        /// The end.
        low: f64,
    },
    /// x = high − eᵘ.
    Below {
        /// The end.
        high: f64,
    },
    /// x = low + (high − low)·sigmoid(u).
    Between {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// x = u, and the density is zero outside the range.
    Inside {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// x = u modulo the range.
    Around {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl Transform {
    /// The transform of an exact kernel for `bound`. A reflecting, staying or clamped wall and a transform leave the same law, the
    /// density cut to the range, so the transform, which never wastes a step, stands for them all.
    pub fn of(bound: &Bound) -> Transform {
        let Bound { low, high, boundary, .. } = *bound;
        match (low.is_finite(), high.is_finite(), boundary) {
            (false, false, _) => Transform::Identity,
            (true, true, Boundary::Wrap) => Transform::Around { low, high },
            (_, _, Boundary::Reject) => Transform::Inside { low, high },
            (true, true, _) => Transform::Between { low, high },
            (true, false, _) => Transform::Above { low },
            (false, true, _) => Transform::Below { high },
        }
    }

    /// The position x of u.
    #[inline(always)]
    pub fn position(self, u: f64) -> f64 {
        match self {
            Transform::Identity => u,
            Transform::Above { low } => low + exp(u),
            Transform::Below { high } => high - exp(u),
            // From the nearer end, so that positions near either keep their digits.
            Transform::Between { low, high } => {
                let from_low = (high - low).mul_add(sigmoid(u), low);
                let from_high = (low - high).mul_add(sigmoid(-u), high);
                if u < 0.0 { from_low } else { from_high }
            }
            Transform::Inside { low, high } => u.max(low).min(high),
            Transform::Around { low, high } => Boundary::Wrap.apply(u, u, low, high),
        }
    }

    /// The u of a position; an end itself counts as just inside.
    pub fn coordinate(self, x: f64) -> f64 {
        // The logarithm of the smallest distance that is told from none.
        const EDGE: f64 = -700.0;
        let safe = |u: f64| if u.is_nan() { 0.0 } else { u.clamp(EDGE, -EDGE) };
        match self {
            Transform::Identity | Transform::Inside { .. } | Transform::Around { .. } => x,
            Transform::Above { low } => safe(log(x - low)),
            Transform::Below { high } => safe(log(high - x)),
            Transform::Between { low, high } => safe(log(x - low) - log(high - x)),
        }
    }

    /// dx/du.
    #[inline(always)]
    pub fn derivative(self, u: f64) -> f64 {
        match self {
            Transform::Identity | Transform::Around { .. } => 1.0,
            Transform::Above { .. } => exp(u),
            Transform::Below { .. } => -exp(u),
            Transform::Between { low, high } => (high - low) * (sigmoid(u) * sigmoid(-u)),
            Transform::Inside { low, high } => f64::from(u8::from((u >= low) & (u <= high))),
        }
    }

    /// log |dx/du|; −∞ where u has no position.
    #[inline(always)]
    pub fn log_jacobian(self, u: f64) -> f64 {
        match self {
            Transform::Identity | Transform::Around { .. } => 0.0,
            Transform::Above { .. } | Transform::Below { .. } => u,
            Transform::Between { low, high } => log(high - low) - u.abs() - 2.0 * log1p(exp(-u.abs())),
            Transform::Inside { low, high } => {
                if (u >= low) & (u <= high) {
                    0.0
                } else {
                    f64::NEG_INFINITY
                }
            }
        }
    }

    /// d log |dx/du| / du.
    #[inline(always)]
    pub fn log_jacobian_slope(self, u: f64) -> f64 {
        match self {
            Transform::Above { .. } | Transform::Below { .. } => 1.0,
            // 1 − 2·sigmoid(u).
            Transform::Between { .. } => sigmoid(-u) - sigmoid(u),
            Transform::Identity | Transform::Inside { .. } | Transform::Around { .. } => 0.0,
        }
    }

    /// [`position`](Transform::position) of every lane.
    pub fn positions(self, level: Level, u: &[f64], x: &mut [f64]) {
        dispatch(level, Forward { transform: self, u, x });
    }

    /// Turns ∂ log p/∂x into the derivative by u of log p + log |dx/du|, and adds the log-Jacobian to `log_density`.
    pub fn pull_back(self, level: Level, u: &[f64], log_density: &mut [f64], slope: &mut [f64]) {
        if self != Transform::Identity {
            dispatch(level, Backward { transform: self, u, log_density, slope });
        }
    }
}

struct Forward<'a> {
    transform: Transform,
    u: &'a [f64],
    x: &'a mut [f64],
}

impl Work for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        // One loop a variant, so that none has a branch in it.
        macro_rules! each {
            ($($pattern:pat => $transform:expr),+ $(,)?) => {
                match self.transform {
                    $($pattern => {
                        for (x, u) in self.x.iter_mut().zip(self.u.iter()) {
                            *x = $transform.position(*u);
                        }
                    })+
                }
            };
        }
        each!(
            Transform::Identity => Transform::Identity,
            Transform::Above { low } => (Transform::Above { low }),
            Transform::Below { high } => (Transform::Below { high }),
            Transform::Between { low, high } => (Transform::Between { low, high }),
            Transform::Inside { low, high } => (Transform::Inside { low, high }),
            Transform::Around { low, high } => (Transform::Around { low, high }),
        );
    }
}

struct Backward<'a> {
    transform: Transform,
    u: &'a [f64],
    log_density: &'a mut [f64],
    slope: &'a mut [f64],
}

impl Work for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Backward { transform, u, log_density, slope } = self;
        for ((u, log_density), slope) in u.iter().zip(log_density).zip(slope) {
            *log_density += transform.log_jacobian(*u);
            *slope = slope.mul_add(transform.derivative(*u), transform.log_jacobian_slope(*u));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Transform; 3] =
        [Transform::Above { low: -0.5 }, Transform::Below { high: 3.0 }, Transform::Between { low: -0.7, high: 1.5 }];

    #[test]
    fn there_and_back_is_the_identity() {
        for transform in ALL {
            for step in -60..=60 {
                let u = f64::from(step) * 0.1;
                let back = transform.coordinate(transform.position(u));
                assert!((back - u).abs() < 1e-12, "{transform:?} {u} {back}");
            }
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        let h = 1e-5;
        for transform in ALL {
            for step in -40..=40 {
                let u = f64::from(step) * 0.1;
                let difference = (transform.position(u + h) - transform.position(u - h)) / (2.0 * h);
                let scale = difference.abs();
                assert!((transform.derivative(u) - difference).abs() < 1e-8 * (1.0 + scale), "{transform:?} {u}");
                assert!((transform.log_jacobian(u) - log(scale)).abs() < 1e-7, "{transform:?} {u}");
                let slope = (transform.log_jacobian(u + h) - transform.log_jacobian(u - h)) / (2.0 * h);
                assert!((transform.log_jacobian_slope(u) - slope).abs() < 1e-8, "{transform:?} {u}");
            }
        }
    }

    #[test]
    fn positions_near_both_ends_keep_their_digits() {
        let unit = Transform::Between { low: 0.0, high: 1.0 };
        // sigmoid(−60) = e^−60 to the last digit.
        assert!((unit.position(-60.0) / exp(-60.0) - 1.0).abs() < 1e-15);
        assert!(unit.log_jacobian(800.0).is_finite() && unit.log_jacobian(-800.0).is_finite());
        assert_eq!(unit.coordinate(0.0), -700.0);
    }
}
