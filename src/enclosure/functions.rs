//! The operator table on intervals: each operator's range over a box, and where it is not defined or jumps.
//!
//! Our elementary functions err by one unit in the last place (`math`), so two steps outward enclose; those that lose digits by
//! cancellation say by how much.

use std::f64::consts::PI;

use crate::graph::{Binary, Unary};
use crate::math::{self, Interval, above, below};

/// A range, and what may happen inside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Enclosed {
    /// Holds every value at points where there is one.
    pub range: Interval,
    /// There may be points without a value: a logarithm of a negative number, 0/0.
    pub partial: bool,
    /// No point has a value.
    pub nowhere: bool,
    /// There may be a jump.
    pub jumps: bool,
}

impl Enclosed {
    /// Defined and continuous.
    pub(super) fn total(range: Interval) -> Enclosed {
        Enclosed { range, partial: false, nowhere: false, jumps: false }
    }

    /// Whether it is proved to be defined and continuous.
    pub(crate) fn is_continuous(self) -> bool {
        !self.partial && !self.jumps
    }

    pub(super) fn undefined() -> Enclosed {
        Enclosed { range: Interval::ALL, partial: true, nowhere: true, jumps: false }
    }

    pub(super) fn partial_if(self, partial: bool) -> Enclosed {
        Enclosed { partial: self.partial || partial, ..self }
    }

    pub(super) fn nowhere_if(self, nowhere: bool) -> Enclosed {
        Enclosed { partial: self.partial || nowhere, nowhere: self.nowhere || nowhere, ..self }
    }

    pub(super) fn jumps_if(self, jumps: bool) -> Enclosed {
        Enclosed { jumps: self.jumps || jumps, ..self }
    }
}

/// f at the lower end, rounded down; 0 and 1 at the places where our functions hit them exactly.
fn floor_of(op: Unary, x: f64) -> f64 {
    let value = op.eval(x);
    if is_exact(op, x) { value } else { below(value, steps(op, x)) }
}

fn ceiling_of(op: Unary, x: f64) -> f64 {
    let value = op.eval(x);
    if is_exact(op, x) { value } else { above(value, steps(op, x)) }
}

/// Places where the value is exactly 0, 1 or infinite, and the function returns it.
fn is_exact(op: Unary, x: f64) -> bool {
    use Unary::*;
    match op {
        Exp | Expm1 | Sin | Cos | Tan | Asin | Atan | Sinh | Cosh | Tanh | Asinh | Atanh | Erf | Erfc | Erfcx | Log1p | Cbrt | LogErfc => {
            x == 0.0
        }
        Log => x == 1.0 || x == 0.0 || x == f64::INFINITY,
        Acosh => x == 1.0,
        _ => false,
    }
}

/// Units in the last place that enclose the value.
fn steps(op: Unary, x: f64) -> u32 {
    use Unary::*;
    match op {
        Sigmoid | Erfcx | LogErfc | Softplus | Log1mExp => 4,
        Gamma | Lgamma | Digamma if x > 0.0 => 16,
        _ => 2,
    }
}

fn increasing(op: Unary, x: Interval) -> Interval {
    Interval::new(floor_of(op, x.low), ceiling_of(op, x.high))
}

fn decreasing(op: Unary, x: Interval) -> Interval {
    Interval::new(floor_of(op, x.high), ceiling_of(op, x.low))
}

/// Values at both ends, and the minimum where it lies between.
fn valley(op: Unary, x: Interval, at: f64) -> Interval {
    let high = ceiling_of(op, x.low).max(ceiling_of(op, x.high));
    let low = if x.contains(at) { floor_of(op, at) } else { floor_of(op, x.low).min(floor_of(op, x.high)) };
    Interval::new(low, high)
}

/// Positive however small: a lower end that rounding took to 0 or below is 0.
fn positive(x: Interval) -> Interval {
    Interval { low: x.low.max(0.0), high: x.high.max(f64::from_bits(1)) }
}

/// The range of sin over `x`, or of cos = sin(x + π/2).
fn wave(op: Unary, x: Interval) -> Interval {
    let all = Interval::new(-1.0, 1.0);
    if !x.is_finite() || x.size() > 1e14 || x.high - x.low >= 6.2 {
        return all;
    }
    // Extrema stand at (k + ½)π of the sine and kπ of the cosine; a little generosity costs a wider box only.
    let shift = if op == Unary::Sin { 0.5 } else { 0.0 };
    let slack = 1e-15 * (1.0 + x.size());
    let first = (x.low / PI - shift - slack).ceil();
    let last = (x.high / PI - shift + slack).floor();
    let mut range = Interval::new(floor_of(op, x.low).min(floor_of(op, x.high)), ceiling_of(op, x.low).max(ceiling_of(op, x.high)));
    let mut at = first;
    while at <= last {
        if at.rem_euclid(2.0) == 0.0 {
            range.high = 1.0
        } else {
            range.low = -1.0
        }
        at += 1.0;
    }
    range.within(-1.0, 1.0)
}

/// An operator of one operand over a range.
pub(super) fn unary(op: Unary, x: Interval) -> Enclosed {
    use Unary::*;
    let total = Enclosed::total;
    match op {
        Negate => total(-x),
        Abs => total(x.abs()),
        Sign => total(Interval::new(math::sign(x.low), math::sign(x.high)))
            .jumps_if(x.low < 0.0 && x.high >= 0.0 || x.low == 0.0 && x.high > 0.0),
        Floor | Ceil | Round => {
            let range = Interval::new(op.eval(x.low), op.eval(x.high));
            total(range).jumps_if(range.low != range.high)
        }
        Not if x.is_zero() => total(Interval::ONE),
        Not if !x.contains(0.0) => total(Interval::ZERO),
        Not => total(Interval::UNIT).jumps_if(true),
        Sqrt => total(x.sqrt()).partial_if(x.low < 0.0).nowhere_if(x.high < 0.0),
        Cbrt => total(increasing(op, x)),
        Exp => total(positive(increasing(op, x))),
        Expm1 => total(increasing(op, x).within(-1.0, f64::INFINITY)),
        Log => total(increasing(op, x.within(0.0, f64::INFINITY))).partial_if(x.low < 0.0).nowhere_if(x.high < 0.0),
        Log1p => total(increasing(op, x.within(-1.0, f64::INFINITY))).partial_if(x.low < -1.0).nowhere_if(x.high < -1.0),
        Log1mExp => {
            let range = decreasing(op, x.within(f64::NEG_INFINITY, 0.0));
            total(range.within(f64::NEG_INFINITY, 0.0)).partial_if(x.high > 0.0).nowhere_if(x.low > 0.0)
        }
        Sin | Cos => total(wave(op, x)),
        Tan => {
            let slack = 1e-15 * (1.0 + x.size());
            let turn = |x: f64, slack: f64| (x / PI + 0.5 + slack).floor();
            let inside = x.is_finite() && x.size() < 1e14 && turn(x.low, -slack) == turn(x.high, slack);
            if inside { total(increasing(op, x)) } else { total(Interval::ALL).jumps_if(true) }
        }
        Asin | Acos => {
            let part = x.within(-1.0, 1.0);
            let range = if op == Asin { increasing(op, part) } else { positive(decreasing(op, part)) };
            total(range).partial_if(x.low < -1.0 || x.high > 1.0).nowhere_if(x.low > 1.0 || x.high < -1.0)
        }
        Atan | Sinh | Asinh | Digamma if op != Digamma || x.is_positive() => total(increasing(op, x)),
        Cosh => total(valley(op, x, 0.0).within(1.0, f64::INFINITY)),
        Tanh | Erf => total(increasing(op, x).within(-1.0, 1.0)),
        Acosh => {
            total(increasing(op, x.within(1.0, f64::INFINITY)).within(0.0, f64::INFINITY)).partial_if(x.low < 1.0).nowhere_if(x.high < 1.0)
        }
        Atanh => {
            let part = x.within(-1.0, 1.0);
            total(increasing(op, part)).partial_if(x.low < -1.0 || x.high > 1.0).nowhere_if(x.low > 1.0 || x.high < -1.0)
        }
        Erfc => total(positive(decreasing(op, x)).within(0.0, 2.0)),
        Erfcx => total(positive(decreasing(op, x))),
        LogErfc => total(decreasing(op, x)),
        // The minimum of Γ on the positive axis: Γ(1.4616321449683623) = 0.8856031944108887.
        Gamma if x.is_positive() => total(gamma_like(op, x, 0.885_603_194_410_888)),
        // log Γ vanishes at 1 and 2: its error there is absolute.
        Lgamma if x.is_positive() => {
            let range = gamma_like(op, x, -0.121_486_290_535_849_7);
            total(Interval::new(range.low - 4e-16, range.high + 4e-16))
        }
        Gamma | Lgamma | Digamma => total(Interval::ALL).partial_if(true),
        Sigmoid => total(positive(increasing(op, x)).within(0.0, 1.0)),
        Softplus => total(positive(increasing(op, x))),
        Atan | Sinh | Asinh => unreachable!("taken above"),
    }
}

/// Γ and log Γ fall to their minimum near 1.46 and rise behind it.
fn gamma_like(op: Unary, x: Interval, least: f64) -> Interval {
    let ends = Interval::new(floor_of(op, x.low).min(floor_of(op, x.high)), ceiling_of(op, x.low).max(ceiling_of(op, x.high)));
    if x.low < 1.4617 && x.high > 1.4616 { Interval::new(ends.low.min(least - 1e-14), ends.high) } else { ends }
}

/// ψ⁽ⁿ⁾, n ≥ 1: of one sign and monotone on the positive axis.
pub(super) fn polygamma(n: u32, x: Interval) -> Enclosed {
    if !x.is_positive() {
        return Enclosed::total(Interval::ALL).partial_if(true);
    }
    // Our recurrence errs by a few parts in 10¹⁴.
    let value = |x: f64, sign: f64| {
        let value = math::polygamma(n, x);
        value + sign * 1e-13 * value.abs()
    };
    Enclosed::total(if n % 2 == 1 {
        Interval::new(value(x.high, -1.0).max(0.0), value(x.low, 1.0))
    } else {
        Interval::new(value(x.low, -1.0), value(x.high, 1.0).min(0.0))
    })
}

/// Whether a condition holds: 0 or 1 where that is decided.
fn truth(yes: bool, no: bool) -> Enclosed {
    match (yes, no) {
        (true, _) => Enclosed::total(Interval::ONE),
        (_, true) => Enclosed::total(Interval::ZERO),
        _ => Enclosed::total(Interval::UNIT).jumps_if(true),
    }
}

/// An operator of two operands over their ranges.
pub(super) fn binary(op: Binary, a: Interval, b: Interval) -> Enclosed {
    use Binary::*;
    let total = Enclosed::total;
    let is_point = |x: Interval| x.low == x.high;
    match op {
        Add => total(a + b),
        Subtract => total(a - b),
        Multiply => total(a * b),
        Divide if b.is_zero() && a.is_zero() => Enclosed::undefined(),
        Divide => total(a / b).partial_if(b.contains(0.0) && a.contains(0.0)).jumps_if(b.contains(0.0)),
        Pow => pow(a, b),
        Min => total(Interval { low: a.low.min(b.low), high: a.high.min(b.high) }),
        Max => total(Interval { low: a.low.max(b.low), high: a.high.max(b.high) }),
        Mod if b.is_zero() => Enclosed::undefined(),
        Mod if b.is_positive() && is_point(b) => {
            let turns = a / b;
            let (first, last) = (turns.low.floor(), turns.high.floor());
            if first == last && first.is_finite() {
                total((a - b * Interval::point(first)).within(0.0, b.high))
            } else {
                total(Interval::new(0.0, b.high)).jumps_if(true)
            }
        }
        Mod if b.is_positive() => total(Interval::new(0.0, b.high)).jumps_if(true),
        Mod => total(Interval::ALL).partial_if(b.contains(0.0)).jumps_if(true),
        Atan2 if b.is_positive() => total(unary(Unary::Atan, a / b).range),
        Atan2 => total(Interval::new(-PI.next_up(), PI.next_up())).jumps_if(a.contains(0.0)),
        Hypot => total((a.square() + b.square()).sqrt()),
        Less => truth(a.high < b.low, a.low >= b.high),
        LessEqual => truth(a.high <= b.low, a.low > b.high),
        Equal => truth(is_point(a) && a == b, a.high < b.low || a.low > b.high),
        NotEqual => truth(a.high < b.low || a.low > b.high, is_point(a) && a == b),
        And => truth(!a.contains(0.0) && !b.contains(0.0), a.is_zero() || b.is_zero()),
        Or => truth(!a.contains(0.0) || !b.contains(0.0), a.is_zero() && b.is_zero()),
    }
}

/// aᵇ: by monotony in each operand where the base is not negative.
fn pow(a: Interval, b: Interval) -> Enclosed {
    if b.low == b.high && b.low.trunc() == b.low && b.low.abs() <= f64::from(i32::MAX) {
        let range = a.powi(b.low as i32);
        return Enclosed::total(range).jumps_if(b.low < 0.0 && a.contains(0.0));
    }
    let base = a.within(0.0, f64::INFINITY);
    // The extremes over a rectangle stand at its corners, or at base 1, where the power is 1.
    let corners = [(base.low, b.low), (base.low, b.high), (base.high, b.low), (base.high, b.high)];
    let mut range = Interval { low: f64::INFINITY, high: f64::NEG_INFINITY };
    for (x, y) in corners {
        let value = math::pow(x, y);
        let value = if value.is_nan() { Interval::NONNEGATIVE } else { Interval { low: below(value, 2).max(0.0), high: above(value, 2) } };
        range = range.hull(value);
    }
    if base.contains(1.0) {
        range = range.hull(Interval::ONE);
    }
    Enclosed::total(range).partial_if(a.low < 0.0).nowhere_if(a.high < 0.0 && b.low == b.high)
}

/// `if(condition, then, otherwise)`.
pub(super) fn select(condition: Enclosed, then: Enclosed, otherwise: Enclosed) -> Enclosed {
    let chosen = if condition.range.is_zero() {
        otherwise
    } else if !condition.range.contains(0.0) {
        then
    } else {
        Enclosed {
            range: then.range.hull(otherwise.range),
            partial: then.partial || otherwise.partial,
            nowhere: then.nowhere && otherwise.nowhere,
            jumps: true,
        }
    };
    chosen.partial_if(condition.partial).nowhere_if(condition.nowhere)
}

/// log Σ exp.
pub(super) fn log_sum_exp(operands: impl Iterator<Item = Interval> + Clone) -> Interval {
    let end = |of: fn(Interval) -> f64| crate::graph::log_sum_exp(operands.clone().map(of));
    let count = operands.clone().count() as f64;
    // Each term rounds once, their sum as often as there are terms; beside log 1 = 0 the error is absolute.
    let slack = |value: f64| 1e-15 * value.abs() + (2.0 + count) * 4e-16;
    let (low, high) = (end(|x| x.low), end(|x| x.high));
    let largest = |of: fn(Interval) -> f64| operands.clone().map(of).fold(f64::NEG_INFINITY, f64::max);
    let low = if low.is_finite() { (low - slack(low)).max(largest(|x| x.low)) } else { low };
    Interval::new(low, if high.is_finite() { high + slack(high) } else { high })
}
