//! Germs: how a function behaves all the way down to a point, or out to infinity, with bounds that hold on the way.
//!
//! A germ says of f on (0, reach], with L = −log d, that f(d) = d^ρ · L^log_power · exp(θ·d^−rate) · r with ρ in `power`, θ in
//! `exponent` and r in `range` at every d. A power law, its logarithms and an exponential decay are exact in it, so an integral to the point
//! itself has bounds, or is proved to diverge.

use super::code::Enclosing;
use super::functions::{self, Enclosed};
use crate::graph::{Binary, Unary};
use crate::math::Interval;

/// The reach must not be larger, so that L ≥ e and powers of L are monotone where the bounds below need it.
pub(crate) const LARGEST_REACH: f64 = 0.0625;

/// A function near a point; unknown where its parts could not be told apart.
#[derive(Debug, Clone)]
pub(crate) struct Germ(Option<Form>);

#[derive(Debug, Clone, Copy)]
struct Form {
    reach: f64,
    power: Interval,
    log_power: f64,
    rate: f64,
    exponent: Interval,
    range: Interval,
}

/// ∫ of a germ from 0 to its reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Mass {
    /// Between these bounds.
    Within(Interval),
    /// Infinite: proved.
    Infinite,
    /// Nothing is known.
    Unknown,
}

impl From<Interval> for Germ {
    fn from(range: Interval) -> Self {
        Germ(Some(Form::plain(range, LARGEST_REACH)))
    }
}

/// Widened by what the few roundings of a bound can amount to.
fn loose(x: Interval) -> Interval {
    let slack = |x: f64| 1e-13 * x.abs() + f64::MIN_POSITIVE;
    Interval::new(if x.low == 0.0 { 0.0 } else { x.low - slack(x.low) }, if x.high == 0.0 { 0.0 } else { x.high + slack(x.high) })
}

/// An upper bound from one that was rounded a few times, and may have vanished.
fn above(x: f64) -> f64 {
    x * (1.0 + 1e-12) + f64::MIN_POSITIVE
}

fn exact_sum(a: f64, b: f64) -> Option<f64> {
    let sum = a + b;
    let part = sum - a;
    ((a - (sum - part)) + (b - part) == 0.0).then_some(sum)
}

fn exact_product(a: f64, b: f64) -> Option<f64> {
    let product = a * b;
    (a.mul_add(b, -product) == 0.0).then_some(product)
}

fn is_point(x: Interval) -> bool {
    x.low == x.high
}

impl Form {
    fn plain(range: Interval, reach: f64) -> Form {
        Form { reach, power: Interval::ZERO, log_power: 0.0, rate: 0.0, exponent: Interval::ZERO, range }
    }

    /// L at the reach, the smallest.
    fn depth(&self) -> f64 {
        -self.reach.ln()
    }

    fn is_plain(&self) -> bool {
        self.power.is_zero() && self.log_power == 0.0 && self.rate == 0.0
    }

    /// Every value on (0, reach].
    fn values(&self) -> Interval {
        let (d, l) = (self.reach, self.depth());
        let half_line = |at_reach: f64, toward: f64| Interval::new(at_reach.min(toward), above(at_reach).max(toward));
        let power = match self.power {
            p if p.is_zero() => Interval::ONE,
            p if p.low >= 0.0 => half_line(d.powf(p.low), 0.0),
            p if p.high <= 0.0 => half_line(d.powf(p.high), f64::INFINITY),
            _ => Interval::NONNEGATIVE,
        };
        let log = match self.log_power {
            0.0 => Interval::ONE,
            p if p > 0.0 => half_line(l.powf(p), f64::INFINITY),
            p => half_line(l.powf(p), 0.0),
        };
        // d^power beats any power of L.
        let scale = if self.power.low > 0.0 && self.log_power > 0.0 {
            Interval::new(0.0, ratio(self.power.low, self.log_power, d))
        } else if self.power.high < 0.0 && self.log_power < 0.0 {
            Interval::new(1.0 / ratio(-self.power.high, -self.log_power, d), f64::INFINITY)
        } else {
            power * log
        };
        let size = d.powf(-self.rate);
        let exponential = if self.rate == 0.0 {
            Interval::ONE
        } else {
            let low = if self.exponent.low < 0.0 { 0.0 } else { (self.exponent.low * size).exp() };
            let high = if self.exponent.high > 0.0 { f64::INFINITY } else { above((self.exponent.high * size).exp()) };
            Interval::new(low, high)
        };
        loose(loose(scale * exponential) * self.range)
    }

    fn times(&self, other: &Form) -> Option<Form> {
        if self.range.is_zero() || other.range.is_zero() {
            return Some(Form::plain(Interval::ZERO, self.reach.min(other.reach)));
        }
        let (a, b) = Form::level(self, other);
        let (power, log_power) = (a.power + b.power, exact_sum(a.log_power, b.log_power)?);
        Some(Form { power, log_power, exponent: a.exponent + b.exponent, range: a.range * b.range, ..a }.settled())
    }

    /// Without a rate where there is nothing at that rate.
    fn settled(self) -> Form {
        Form { rate: if self.exponent.is_zero() { 0.0 } else { self.rate }, ..self }
    }

    fn inverse(&self) -> Option<Form> {
        if self.range.contains(0.0) {
            return None;
        }
        let range = Interval::ONE / self.range;
        Some(Form { power: -self.power, log_power: -self.log_power, exponent: -self.exponent, range, ..*self })
    }

    /// Both on the smaller reach and with the larger rate: θ·d^−κ is θ·d^(κ′−κ)·d^−κ′.
    fn level(a: &Form, b: &Form) -> (Form, Form) {
        let reach = a.reach.min(b.reach);
        let rate = a.rate.max(b.rate);
        let raise = |form: &Form| {
            let exponent = if form.rate == rate || form.exponent.is_zero() {
                form.exponent
            } else {
                loose(form.exponent * Interval::new(0.0, reach.powf(rate - form.rate)))
            };
            Form { reach, rate, exponent, ..*form }
        };
        (raise(a), raise(b))
    }

    /// The largest d^power·L^log_power·exp(−decay·d^−rate) relative to `self`'s scale that `other` has; `None` if it is not bounded.
    fn ratio_of(&self, other: &Form, decay: f64) -> Option<f64> {
        let (power, log_power) = (other.power - self.power, other.log_power - self.log_power);
        let (d, l) = (self.reach, self.depth());
        if decay > 0.0 {
            let slope = -power.low + log_power.max(0.0) / l - decay * self.rate * d.powf(-self.rate);
            return (slope < 0.0).then(|| above(d.powf(power.low) * l.powf(log_power) * (-decay * d.powf(-self.rate)).exp()));
        }
        match power.low {
            p if p > 0.0 => Some(ratio(p, log_power, d)),
            0.0 if log_power <= 0.0 => Some(above(l.powf(log_power))),
            _ => None,
        }
    }

    fn plus(&self, other: &Form) -> Option<Form> {
        if self.range.is_zero() {
            return Some(Form { reach: self.reach.min(other.reach), ..*other });
        }
        if other.range.is_zero() {
            return Some(Form { reach: self.reach.min(other.reach), ..*self });
        }
        let (a, b) = Form::level(self, other);
        let same_sign = a.range.is_nonnegative() && b.range.is_nonnegative() || a.range.is_nonpositive() && b.range.is_nonpositive();
        let same_power = a.power == b.power && a.log_power == b.log_power && (same_sign || is_point(a.power));
        if same_power && a.exponent.is_zero() && b.exponent.is_zero() {
            return Some(Form { range: a.range + b.range, ..a }.settled());
        }
        let part = |ratio: f64| Interval::new(0.0, ratio);
        // The one with the larger exponent, whatever the powers.
        for (a, b) in [(a, b), (b, a)] {
            let gap = a.exponent.low - b.exponent.high;
            if a.rate > 0.0
                && gap > 0.0
                && let Some(ratio) = a.ratio_of(&b, gap * (1.0 - 1e-12))
            {
                return Some(Form { range: a.range + b.range * part(ratio), ..a }.settled());
            }
        }
        for (a, b) in [(a, b), (b, a)] {
            let Some(ratio) = a.ratio_of(&b, 0.0) else { continue };
            let rest = if same_power { b.range } else { b.range * part(ratio) };
            let sum = if a.exponent == b.exponent && is_point(a.exponent) {
                Form { range: a.range + rest, ..a }
            } else if same_sign {
                // A mean of two exponentials is the exponential of something between.
                Form { range: a.range + rest, exponent: a.exponent.hull(b.exponent), ..a }
            } else {
                let exponent = Interval::new(a.exponent.low.max(b.exponent.low), a.exponent.high.max(b.exponent.high));
                Form { range: a.range.hull(Interval::ZERO) + rest.hull(Interval::ZERO), exponent, ..a }
            };
            return Some(sum.settled());
        }
        None
    }

    fn raised(&self, exponent: Interval) -> Option<Form> {
        let whole = is_point(exponent) && exponent.low.trunc() == exponent.low && exponent.low.abs() < 1e9;
        if !whole && !self.range.is_nonnegative() || exponent.low < 0.0 && self.range.contains(0.0) {
            return None;
        }
        let log_power = match self.log_power {
            0.0 => 0.0,
            _ if !is_point(exponent) => return None,
            power => exact_product(power, exponent.low)?,
        };
        let range = if whole { self.range.powi(exponent.low as i32) } else { functions::binary(Binary::Pow, self.range, exponent).range };
        Some(Form { power: self.power * exponent, log_power, exponent: self.exponent * exponent, range, ..*self }.settled())
    }

    fn exp(&self) -> Option<Form> {
        let values = self.values();
        let (power, range) = (self.power, self.range);
        if values.is_finite() {
            return Some(Form::plain(functions::unary(Unary::Exp, values).range, self.reach));
        }
        if self.rate > 0.0 {
            // Doubly exponential: where it falls, it falls like exp(−c·e^(θs)) with s = d^−rate, below every exp(−s) in the end.
            if !range.is_negative() || !self.exponent.is_positive() || self.log_power < 0.0 {
                return None;
            }
            let (mut c, mut theta) = (-range.high, self.exponent.low);
            if power.high > 0.0 {
                // d^ρ = s^−q, and s^−q·e^(θs/2) is least at 2q/θ.
                let q = power.high / self.rate;
                theta *= 0.5;
                c *= (theta * std::f64::consts::E / q).powf(q);
            }
            // The least c·e^(θs) − s from s at the reach on.
            let (first, flat) = (self.reach.powf(-self.rate), -(c * theta).ln() / theta);
            let least = if flat < first { c * (theta * first).exp() - first } else { theta.recip() - flat };
            let largest = above((-least * (1.0 - 1e-12 * least.signum())).exp());
            return (least.is_finite() && largest.is_finite()).then(|| Form {
                rate: self.rate,
                exponent: Interval::point(-1.0),
                range: Interval::new(0.0, largest),
                ..Form::plain(Interval::ONE, self.reach)
            });
        }
        if power.high < 0.0 && is_point(power) {
            let power = power.low;
            let (rate, exponent) = match self.log_power {
                0.0 => (-power, range),
                // L^λ ≥ 1: what falls falls at least so fast; what grows grows at least so fast.
                p if p > 0.0 && range.is_nonpositive() => (-power, Interval::new(f64::MIN, range.high)),
                p if p > 0.0 && range.is_nonnegative() => (-power, Interval::new(range.low, f64::MAX)),
                _ => return None,
            };
            return Some(Form { rate, exponent, ..Form::plain(Interval::ONE, self.reach) });
        }
        if power.is_zero() && self.log_power == 1.0 {
            // exp(i·L) = d^−i.
            return Some(Form { power: -range, ..Form::plain(Interval::ONE, self.reach) });
        }
        if power.is_zero() && self.log_power > 1.0 && range.is_negative() {
            // exp(−c·L^λ) ≤ exp(−c·L₀^(λ−1)·L).
            let power = -range.high * self.depth().powf(self.log_power - 1.0) * (1.0 - 1e-12);
            return Some(Form { power: Interval::point(power), ..Form::plain(Interval::UNIT, self.reach) });
        }
        None
    }

    fn log(&self) -> Option<Form> {
        if !self.range.is_positive() {
            return None;
        }
        let log = |x: Interval| functions::unary(Unary::Log, x).range;
        let constant = Form::plain(log(self.range), self.reach);
        let (d, l) = (self.reach, self.depth());
        let log_of_l = || loose(Interval::new(0.0, l.ln() / l));
        let mut terms = constant;
        if !self.power.is_zero() || self.log_power != 0.0 {
            // −ρL + λ log L = L·(−ρ + λ·(log L)/L), and (log L)/L falls for L ≥ e.
            let range = -self.power + Interval::point(self.log_power) * log_of_l();
            let logs = Form { log_power: 1.0, range, ..Form::plain(Interval::ONE, d) };
            terms = terms.plus(&logs)?;
        }
        if self.rate != 0.0 {
            let leading = Form { power: Interval::point(-self.rate), range: self.exponent, ..Form::plain(Interval::ONE, d) };
            terms = terms.plus(&leading)?;
        }
        Some(terms)
    }

    /// f(u) = u·φ(u) for an f that vanishes at 0 with slope `slope`, f(u)/u being monotone on each side of 0.
    fn through_zero(&self, op: Unary, slope: f64) -> Option<Form> {
        let values = self.values();
        let reach = match op {
            Unary::Asin | Unary::Atanh | Unary::Log1p => 0.9,
            _ => 1.5,
        };
        let vanishing = self.power.low > 0.0 || self.rate > 0.0 && self.exponent.is_negative();
        if !vanishing || values.size() > reach {
            return None;
        }
        let mut factor = Interval::point(slope);
        for u in [values.low, values.high] {
            if u.abs() > 1e-300 {
                factor = factor.hull(Interval::point(op.eval(u) / u));
            }
        }
        Some(Form { range: self.range * loose(factor), ..*self })
    }

    fn mass(&self) -> Mass {
        let (d, l, range) = (self.reach, self.depth(), self.range);
        if range.is_zero() {
            return Mass::Within(Interval::ZERO);
        }
        let signed = range.is_positive() || range.is_negative();
        let order = self.power + Interval::ONE;
        let at_reach = |order: f64| d.powf(order) * l.powf(self.log_power);
        if self.rate > 0.0 {
            if self.exponent.is_positive() && signed {
                return Mass::Infinite;
            }
            let decay = -self.exponent.high;
            let slope = order.low - self.log_power.max(0.0) / l + decay * self.rate * d.powf(-self.rate);
            return if decay > 0.0 && slope > 0.0 {
                let bound = above(at_reach(order.low) * (-decay * d.powf(-self.rate)).exp() / slope);
                Mass::Within(loose(range * loose(Interval::new(0.0, bound))))
            } else {
                Mass::Unknown
            };
        }
        // ∫ e^(−(ρ+1)L) L^λ dL from L₀ on.
        if order.is_zero() && self.log_power < -1.0 {
            let rest = -self.log_power - 1.0;
            let mass = l.powf(-rest) / rest;
            return Mass::Within(loose(range * loose(Interval::new(mass, above(mass)))));
        }
        if order.high <= 0.0 && signed && (order.high < 0.0 || self.log_power >= -1.0) {
            return Mass::Infinite;
        }
        let slowest = order.low.min(order.low - self.log_power / l);
        if order.low <= 0.0 || slowest <= 0.0 {
            return Mass::Unknown;
        }
        let fastest = order.high.max(order.high - self.log_power / l);
        Mass::Within(loose(range * loose(Interval::new(at_reach(order.high) / fastest, above(at_reach(order.low) / slowest)))))
    }
}

/// The largest d^power·L^log_power on (0, d], power > 0.
fn ratio(power: f64, log_power: f64, d: f64) -> f64 {
    let l = -d.ln();
    let peak = log_power / power;
    let at = if peak > l { peak } else { l };
    above((-power * at).exp() * at.powf(log_power))
}

impl Germ {
    /// The distance d itself, up to `reach`.
    pub(crate) fn distance(reach: f64) -> Germ {
        Germ(Some(Form { power: Interval::ONE, ..Form::plain(Interval::ONE, reach) }))
    }

    /// ±1/d: a variable on its way to infinity.
    pub(crate) fn far(sign: f64, reach: f64) -> Germ {
        Germ(Some(Form { power: Interval::point(-1.0), ..Form::plain(Interval::point(sign), reach) }))
    }

    /// The integral over d from 0 to the reach, of the germ times d^`weight`.
    pub(crate) fn mass(&self, weight: f64) -> Mass {
        let Some(form) = self.0 else { return Mass::Unknown };
        Form { power: form.power + Interval::point(weight), ..form }.mass()
    }

    /// The exponent of d where the function is a power law, its logarithms and nothing else.
    pub(crate) fn power(&self) -> Option<(f64, f64)> {
        self.0.filter(|form| form.rate == 0.0 && !form.range.contains(0.0)).map(|form| (form.power.middle(), form.log_power))
    }

    /// The germ on (0, reach] alone, which must not be longer than what it was made for: a constant, and a part whose behaviour is not known,
    /// are bounded further than the distance they were asked about.
    pub(crate) fn within(self, reach: f64) -> Germ {
        Germ(self.0.map(|form| Form { reach: form.reach.min(reach), ..form }))
    }

    /// Every value up to the reach.
    pub(crate) fn values(&self) -> Interval {
        self.0.map_or(Interval::ALL, |form| form.values())
    }

    /// What the germ says of the value at `d`.
    #[cfg(test)]
    pub(super) fn at(&self, d: f64) -> Option<Interval> {
        let form = self.0?;
        let at = Interval::point(d);
        let depth = -functions::unary(Unary::Log, at).range;
        let power = |base: Interval, exponent: Interval| functions::binary(Binary::Pow, base, exponent).range;
        let exponent = form.exponent * power(at, Interval::point(-form.rate));
        let exponential = functions::unary(Unary::Exp, exponent).range;
        Some(loose(power(at, form.power) * power(depth, Interval::point(form.log_power)) * exponential * form.range))
    }

    fn map(&self, f: impl FnOnce(&Form) -> Option<Form>) -> Germ {
        // What is not bounded is not known.
        Germ(self.0.as_ref().and_then(f).filter(|form| !(form.range == Interval::ALL)))
    }

    fn enclosed(&self) -> Enclosed {
        self.0.map_or(Enclosed::total(Interval::ALL).partial_if(true), |form| Enclosed::total(form.values()))
    }

    /// The range of an operator on the values alone.
    fn roughly(&self, range: Enclosed) -> Germ {
        let reach = self.0.map_or(LARGEST_REACH, |form| form.reach);
        Germ((!range.partial && range.range != Interval::ALL).then(|| Form::plain(range.range, reach)))
    }
}

impl Enclosing for Germ {
    fn literal(value: f64) -> Self {
        if value.is_nan() { Germ(None) } else { Interval::literal(value).into() }
    }

    fn unary(op: Unary, x: &Self) -> Self {
        use Unary::*;
        let rough = || x.roughly(functions::unary(op, x.enclosed().range));
        let Some(form) = &x.0 else { return if matches!(op, Sin | Cos) { Interval::new(-1.0, 1.0).into() } else { Germ(None) } };
        let or_rough = |found: Option<Form>| if found.is_some() { Germ(found) } else { rough() };
        match op {
            Negate => x.map(|x| Some(Form { range: -x.range, ..*x })),
            Abs => x.map(|x| Some(Form { range: x.range.abs(), ..*x })),
            Exp => x.map(Form::exp),
            Log => x.map(Form::log),
            Sqrt => x.map(|x| x.raised(Interval::point(0.5))),
            Cbrt => x.map(|x| {
                let third = Interval::ONE / Interval::point(3.0);
                let range = functions::unary(Cbrt, x.range).range;
                (x.log_power == 0.0).then(|| Form { power: x.power * third, exponent: x.exponent * third, range, ..*x }.settled())
            }),
            Sin | Tan | Asin | Atan | Sinh | Tanh | Asinh | Atanh | Expm1 | Log1p => {
                let found = form.through_zero(op, 1.0);
                let grown = || match op {
                    // sinh u and eᵘ − 1 are eᵘ up to a factor where u grows.
                    Expm1 if form.values().low > 1.0 => form.exp().map(|e| Form { range: e.range * Interval::new(0.6, 1.0), ..e }),
                    Sinh if form.values().low > 1.0 => form.exp().map(|e| Form { range: e.range * Interval::new(0.4, 0.5), ..e }),
                    Log1p if form.range.is_positive() => Form::plain(Interval::ONE, form.reach).plus(form).and_then(|sum| sum.log()),
                    _ => None,
                };
                or_rough(found.or_else(grown))
            }
            Erf => or_rough(form.through_zero(op, std::f64::consts::FRAC_2_SQRT_PI)),
            Cosh => {
                let size = Form { range: form.range.abs(), ..*form };
                let grown = (form.values().abs().low > 1.0).then(|| size.exp()).flatten();
                or_rough(grown.map(|e| Form { range: e.range * Interval::new(0.5, 0.6), ..e }))
            }
            // At most eᵘ, and at least a third of it where u ≤ 0.
            Sigmoid | Softplus if form.values().high <= 0.0 => {
                x.map(|x| x.exp().map(|e| Form { range: e.range * Interval::new(0.3, 1.0), ..e }))
            }
            Floor | Ceil | Round if !form.values().is_finite() => {
                let off = match op {
                    Floor => Interval::new(-1.0, 0.0),
                    Ceil => Interval::UNIT,
                    _ => Interval::new(-0.5, 0.5),
                };
                x.map(|x| x.plus(&Form::plain(off, x.reach)))
            }
            // At most u + log 2 and at least u where u ≥ 0.
            Softplus if form.values().low >= 0.0 => x.map(|x| x.plus(&Form::plain(Interval::new(0.0, 0.7), x.reach))),
            // erfc u ≤ exp(−u²) for u ≥ 0.
            Erfc if form.values().low >= 0.0 && form.values().high == f64::INFINITY => x.map(|x| {
                let square = x.raised(Interval::point(2.0))?;
                let falling = Form { range: -square.range, ..square }.exp()?;
                Some(Form { range: falling.range.hull(Interval::ZERO), ..falling })
            }),
            _ => rough(),
        }
    }

    fn binary(op: Binary, a: &Self, b: &Self) -> Self {
        let rough = || {
            let (x, y) = (a.enclosed(), b.enclosed());
            let range = functions::binary(op, x.range, y.range).partial_if(x.partial || y.partial);
            let nearer = if a.0.map(|form| form.reach) < b.0.map(|form| form.reach) { a } else { b };
            nearer.roughly(range)
        };
        let (Some(x), Some(y)) = (&a.0, &b.0) else { return rough() };
        let known = match op {
            Binary::Add => x.plus(y),
            Binary::Subtract => x.plus(&Form { range: -y.range, ..*y }),
            Binary::Multiply => x.times(y),
            Binary::Divide => y.inverse().and_then(|inverse| x.times(&inverse)),
            Binary::Pow if y.is_plain() && y.range.width() < 1e-12 * y.range.size() => x.raised(y.range),
            Binary::Pow if y.is_plain() && is_point(y.range) => x.raised(y.range),
            Binary::Pow => x.log().and_then(|log| log.times(y)).and_then(|product| product.exp()),
            Binary::Min | Binary::Max => {
                let difference = x.plus(&Form { range: -y.range, ..*y });
                difference.and_then(|difference| {
                    let first = if op == Binary::Min { difference.range.is_nonpositive() } else { difference.range.is_nonnegative() };
                    let second = if op == Binary::Min { difference.range.is_nonnegative() } else { difference.range.is_nonpositive() };
                    if first {
                        Some(*x)
                    } else if second {
                        Some(*y)
                    } else {
                        None
                    }
                })
            }
            Binary::Less | Binary::LessEqual => {
                let difference = x.plus(&Form { range: -y.range, ..*y });
                difference.and_then(|difference| {
                    let yes = difference.range.is_negative();
                    let no = difference.range.is_positive();
                    (yes || no).then(|| Form::plain(if yes { Interval::ONE } else { Interval::ZERO }, x.reach))
                })
            }
            _ => None,
        };
        if known.is_some_and(|form| form.range != Interval::ALL) { Germ(known) } else { rough() }
    }

    fn power(x: &Self, n: i32) -> Self {
        x.map(|x| x.raised(Interval::point(f64::from(n))))
    }

    fn polygamma(n: u32, x: &Self) -> Self {
        x.roughly(functions::polygamma(n, x.enclosed().range))
    }

    fn select(condition: &Self, then: &Self, otherwise: &Self) -> Self {
        match condition.enclosed().range {
            range if range.is_zero() => otherwise.clone(),
            range if !range.contains(0.0) => then.clone(),
            _ => Germ(None),
        }
    }

    fn log_sum_exp(operands: &[&Self]) -> Self {
        let sum = operands.iter().map(|operand| operand.map(Form::exp)).reduce(|sum, term| Germ::binary(Binary::Add, &sum, &term));
        sum.map_or(Germ(None), |sum| Germ::unary(Unary::Log, &sum))
    }
}
