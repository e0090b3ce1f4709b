//! Bounds on the integral over one panel, by Taylor's theorem with every remainder enclosed.

use super::integrand::{Integrand, Place};
use crate::enclosure::{Enclosed, Enclosing, Interval, TERMS};
use crate::graph::Unary;

/// A stretch of a place and bounds on the integral over it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panel {
    pub(super) place: Place,
    /// Ends: of x, of the distance from the anchor, of |x|.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) bounds: Interval,
}

impl Panel {
    pub(super) fn new(integrand: &mut Integrand, place: Place, low: f64, high: f64) -> Panel {
        let middle = middle(place, low, high);
        let over = integrand.series(place, Interval::new(low, high));
        if !over.is_total() {
            return Panel { place, low, high, bounds: Interval::ALL };
        }
        // How far the series reaches on either side of the middle, in its own variable.
        let [left, right] = match place {
            Place::Direct => [Interval::point(middle) - Interval::point(low), Interval::point(high) - Interval::point(middle)],
            _ => [log_ratio(middle, low), log_ratio(high, middle)],
        };
        let mut bounds = over.range() * (left + right);
        if over.terms() > 2 {
            let at = integrand.series(place, Interval::point(middle));
            let mut sum = Interval::ZERO;
            let (mut right_power, mut left_power) = (right, left);
            for k in 0..TERMS {
                // ∫ tᵏ from −left to right.
                let order = Interval::point((k + 1) as f64);
                let moment = if k % 2 == 0 { right_power + left_power } else { right_power - left_power } / order;
                if k > 0
                    && k % 2 == 0
                    && let Some(remainder) = over.coefficient(k)
                {
                    bounds = bounds.meet(sum + remainder * moment);
                }
                let Some(coefficient) = at.coefficient(k).filter(|coefficient| coefficient.is_finite()) else { break };
                sum = sum + coefficient * moment;
                (right_power, left_power) = (right_power * right, left_power * left);
            }
        }
        Panel { place, low, high, bounds }
    }

    pub(super) fn middle(&self) -> f64 {
        middle(self.place, self.low, self.high)
    }

    /// The panel's ends as values of x, for messages.
    pub(super) fn x(&self, integrand: &Integrand) -> f64 {
        let middle = self.middle();
        match self.place {
            Place::Direct => middle,
            Place::Near(side) => integrand.sides[side].anchor + integrand.sides[side].sign * middle,
            Place::Far(sign) => sign * middle,
        }
    }
}

fn middle(place: Place, low: f64, high: f64) -> f64 {
    let middle = match place {
        Place::Direct => 0.5 * low + 0.5 * high,
        _ => low.sqrt() * high.sqrt(),
    };
    middle.clamp(low, high)
}

/// log(a/b).
fn log_ratio(a: f64, b: f64) -> Interval {
    let ratio = Interval::point(a) / Interval::point(b);
    Enclosed::unary(Unary::Log, &Enclosed::from(ratio)).range
}
