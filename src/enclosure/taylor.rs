//! Taylor series with interval coefficients: a function and its derivatives over a box, one recurrence an operator.
//!
//! Moore, Kearfott & Cloud (2009), chapter 9; the recurrences are those of Griewank & Walther (2008), table 13.2. Coefficients about a
//! point of the box, evaluated over the whole box, are the remainders of Taylor's theorem. In several variables the coefficient of degree
//! k is a homogeneous polynomial of that degree: along every line through the point the series is one in the distance, so the recurrences
//! are the same.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::code::Enclosing;
use super::functions::{self, Enclosed};
use crate::graph::{Binary, Unary};
use crate::math::Interval;

/// Coefficients of a series of one variable: degrees 0 to `TERMS` − 1.
pub(crate) const TERMS: usize = 13;

/// A series of one variable.
pub(crate) type Taylor = Series<Interval, TERMS>;

/// What stands at one degree of a series.
pub(crate) trait Coefficient:
    Copy
    + From<Interval>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Neg<Output = Self>
    + Mul<Output = Self>
    + Mul<Interval, Output = Self>
    + Div<Interval, Output = Self>
{
    /// The coefficient of degree 0.
    fn number(self) -> Interval;
    /// Whether it vanishes.
    fn is_zero(self) -> bool;
    /// Its square.
    fn square(self) -> Self;
}

impl Coefficient for Interval {
    fn number(self) -> Interval {
        self
    }

    fn is_zero(self) -> bool {
        self.is_zero()
    }

    fn square(self) -> Interval {
        self.square()
    }
}

/// A series to degree N − 1; beyond `valid` coefficients nothing is known.
#[derive(Debug, Clone)]
pub(crate) struct Series<C, const N: usize> {
    coefficients: [C; N],
    /// How many coefficients hold, from the first. Only the range does where the function is not smooth.
    valid: usize,
    /// Where the range is undefined or jumps.
    partial: bool,
    nowhere: bool,
    /// Known roots inside the box, one bit each, at which the function vanishes exactly. Of one variable only.
    roots: u32,
}

impl<C: Coefficient, const N: usize> From<Interval> for Series<C, N> {
    fn from(range: Interval) -> Self {
        Series::rough(Enclosed::total(range))
    }
}

impl Taylor {
    /// The variable over `range`: x itself.
    pub(crate) fn variable(range: Interval) -> Taylor {
        Taylor::along(range, Interval::ONE)
    }

    /// The variable over `range`, of which three coefficients are wanted: value, slope, half the curvature.
    pub(crate) fn local(range: Interval) -> Taylor {
        Taylor { valid: 3, ..Taylor::variable(range) }
    }
}

impl<C: Coefficient, const N: usize> Series<C, N> {
    /// A variable over `range`, whose coefficient of degree 1 is `direction`.
    pub(crate) fn along(range: Interval, direction: C) -> Self {
        let mut coefficients = Self::none();
        (coefficients[0], coefficients[1]) = (range.into(), direction);
        Series::smooth(coefficients, N)
    }

    fn none() -> [C; N] {
        [Interval::ZERO.into(); N]
    }

    /// The first `terms` coefficients.
    pub(crate) fn new(coefficients: [C; N], terms: usize) -> Self {
        Series::smooth(coefficients, terms)
    }

    fn smooth(coefficients: [C; N], valid: usize) -> Self {
        Series { coefficients, valid, partial: false, nowhere: false, roots: 0 }
    }

    /// A range and nothing more.
    fn rough(range: Enclosed) -> Self {
        let mut coefficients = Self::none();
        coefficients[0] = range.range.into();
        Series { coefficients, valid: 1, partial: range.partial, nowhere: range.nowhere, roots: 0 }
    }

    /// The range over the box.
    pub(crate) fn range(&self) -> Interval {
        self.coefficients[0].number()
    }

    /// The coefficient of degree `k`, if it is known.
    pub(crate) fn coefficient(&self, k: usize) -> Option<C> {
        (k < self.valid).then(|| self.coefficients[k])
    }

    /// How many coefficients are known.
    pub(crate) fn terms(&self) -> usize {
        self.valid
    }

    /// Whether the function is defined everywhere in the box.
    pub(crate) fn is_total(&self) -> bool {
        !self.partial
    }

    fn flags(mut self, partial: bool, nowhere: bool) -> Self {
        (self.partial, self.nowhere) = (self.partial || partial, self.nowhere || nowhere);
        self
    }

    fn enclosed(&self) -> Enclosed {
        Enclosed { range: self.range(), partial: self.partial, nowhere: self.nowhere, jumps: false }
    }

    /// Whether nothing but the value at degree 0 differs from 0.
    fn is_constant(&self) -> bool {
        self.coefficients[1..self.valid].iter().all(|c| c.is_zero()) && self.valid == N
    }

    fn map(&self, f: impl Fn(C) -> C) -> Self {
        Series { coefficients: self.coefficients.map(f), ..self.clone() }
    }

    fn plus(&self, other: &Self) -> Self {
        let coefficients = std::array::from_fn(|k| self.coefficients[k] + other.coefficients[k]);
        Series::smooth(coefficients, self.valid.min(other.valid)).flags(self.partial || other.partial, self.nowhere || other.nowhere)
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let valid = self.valid.min(other.valid);
        let (a, b) = (&self.coefficients, &other.coefficients);
        let mut product = Self::none();
        if other.is_constant() {
            product = a.map(|c| c * other.range());
        } else if self.is_constant() {
            product = b.map(|c| c * self.range());
        } else {
            product[..valid].iter_mut().enumerate().for_each(|(k, c)| *c = convolution(a, b, 0..=k, k));
        }
        Series::smooth(product, valid).flags(self.partial || other.partial, self.nowhere || other.nowhere)
    }

    fn square(&self) -> Self {
        let a = &self.coefficients;
        let mut product = Self::none();
        for k in 0..self.valid {
            // Each pair twice, the middle once and as a square, so that it is not negative.
            let pairs = (0..k.div_ceil(2)).fold(C::from(Interval::ZERO), |sum, j| sum + a[j] * a[k - j]);
            let two = Interval::point(2.0);
            product[k] = if k % 2 == 0 { pairs * two + a[k / 2].square() } else { pairs * two };
        }
        Series { coefficients: product, roots: 0, ..self.clone() }
    }

    /// The quotient by a series that does not vanish in the box.
    fn over(&self, other: &Self) -> Self {
        let (a, b) = (&self.coefficients, &other.coefficients);
        let valid = self.valid.min(other.valid);
        let mut quotient = Self::none();
        quotient[0] = a[0] / other.range();
        for k in 1..valid {
            quotient[k] = (a[k] - convolution(&quotient, b, 0..=k - 1, k)) / other.range();
        }
        Series::smooth(quotient, valid).flags(self.partial || other.partial, self.nowhere || other.nowhere)
    }

    /// The function divided by x − r for a root r in the box: its k-th coefficient is among the values of the (k+1)-th over the box,
    /// as f(x)/(x − r) = ∫₀¹ f′(r + t(x − r)) dt (Hadamard's lemma).
    fn without_root(&self) -> Self {
        let mut shifted = Self::none();
        shifted[..N - 1].copy_from_slice(&self.coefficients[1..]);
        Series { coefficients: shifted, valid: self.valid - 1, roots: 0, ..self.clone() }
    }

    fn divide(&self, other: &Self) -> Self {
        if !other.range().contains(0.0) {
            return self.over(other);
        }
        let common = self.roots & other.roots;
        if common != 0 && self.valid > 2 && other.valid > 2 {
            return self.without_root().divide(&other.without_root());
        }
        Series::rough(<Enclosed as Enclosing>::binary(Binary::Divide, &self.enclosed(), &other.enclosed()))
    }

    /// w with w′ = factor·u′ and the range `first`; `factor` may use the coefficients of w found so far.
    fn integrate(u: &Self, first: Interval, valid: usize, factor: impl Fn(&[C; N], usize) -> C) -> Self {
        // k·w_k = Σ j·u_j·f_(k−j), f the coefficients of the factor.
        let mut w = Self::none();
        let mut f = Self::none();
        w[0] = first.into();
        for k in 1..valid {
            f[k - 1] = factor(&w, k - 1);
            let mut sum = C::from(Interval::ZERO);
            for j in 1..=k {
                sum = sum + u.coefficients[j] * f[k - j] * whole(j);
            }
            w[k] = sum / whole(k);
        }
        Series::smooth(w, valid).flags(u.partial, u.nowhere)
    }

    /// w with w′ = s·u′ for a series s that is known already.
    fn primitive(u: &Self, first: Interval, slope: &Self) -> Self {
        Series::integrate(u, first, u.valid.min(slope.valid + 1), |_, k| slope.coefficients[k])
    }

    /// uᶜ for u > 0 or a whole c.
    fn pow(&self, exponent: Interval, first: Interval) -> Self {
        // u·w′ = c·u′·w.
        let u = &self.coefficients;
        let mut w = Self::none();
        w[0] = first.into();
        for k in 1..self.valid {
            let mut sum = C::from(Interval::ZERO);
            for j in 1..=k {
                sum = sum + u[j] * w[k - j] * (exponent * whole(j) - whole(k - j));
            }
            w[k] = sum / (self.range() * whole(k));
        }
        Series { coefficients: w, roots: 0, ..self.clone() }
    }

    fn exp(&self) -> Self {
        let first = functions::unary(Unary::Exp, self.range()).range;
        Series::integrate(self, first, self.valid, |w, k| w[k])
    }

    /// (sin, cos), or with a plus (sinh, cosh).
    fn circular(&self, ops: [Unary; 2], sign: Interval) -> [Self; 2] {
        let u = &self.coefficients;
        let [mut s, mut c] = [Self::none(), Self::none()];
        s[0] = functions::unary(ops[0], self.range()).range.into();
        c[0] = functions::unary(ops[1], self.range()).range.into();
        for k in 1..self.valid {
            let zero = C::from(Interval::ZERO);
            let (mut up, mut down) = (zero, zero);
            for j in 1..=k {
                let rate = u[j] * whole(j);
                up = up + rate * c[k - j];
                down = down + rate * s[k - j];
            }
            s[k] = up / whole(k);
            c[k] = down * sign / whole(k);
        }
        [s, c].map(|coefficients| Series { coefficients, roots: 0, ..self.clone() })
    }

    /// A number.
    pub(crate) fn constant(value: Interval) -> Self {
        let mut coefficients = Self::none();
        coefficients[0] = value.into();
        Series::smooth(coefficients, N)
    }

    fn negate(&self) -> Self {
        self.map(|c| -c)
    }

    /// w with the slope w′ = s(u)·u′.
    fn with_slope(&self, range: Enclosed, slope: impl FnOnce(&Self) -> Self) -> Self {
        let slope = slope(self);
        if slope.range().is_finite() {
            Series::primitive(self, range.range, &slope).flags(range.partial, range.nowhere)
        } else {
            Series::rough(range)
        }
    }
}

fn whole(k: usize) -> Interval {
    Interval::point(k as f64)
}

/// Σ aⱼ·b_(k−j).
fn convolution<C: Coefficient>(a: &[C], b: &[C], terms: std::ops::RangeInclusive<usize>, k: usize) -> C {
    let mut sum = C::from(Interval::ZERO);
    for j in terms {
        if !a[j].is_zero() && !b[k - j].is_zero() {
            sum = sum + a[j] * b[k - j];
        }
    }
    sum
}

impl<C: Coefficient, const N: usize> Enclosing for Series<C, N> {
    fn literal(value: f64) -> Self {
        if value.is_nan() { Series::rough(Enclosed::undefined()) } else { Series::constant(Interval::literal(value)) }
    }

    fn unary(op: Unary, u: &Self) -> Self {
        use Unary::*;
        let x = u.range();
        let range = <Enclosed as Enclosing>::unary(op, &u.enclosed());
        let rough = || Series::rough(range);
        // A slope that is infinite or unknown somewhere ends the series.
        if range.partial || u.valid == 1 && op != Negate {
            return rough();
        }
        if u.is_constant() {
            return Series::constant(range.range);
        }
        let one = || Series::constant(Interval::ONE);
        match op {
            Negate => u.negate(),
            Abs if x.is_nonnegative() => u.clone(),
            Abs if x.is_nonpositive() => u.negate(),
            Sign | Floor | Ceil | Round | Not if range.range.low == range.range.high && !range.jumps => Series::constant(range.range),
            Abs | Sign | Floor | Ceil | Round | Not => rough(),
            Sqrt if x.is_positive() => u.pow(Interval::point(0.5), range.range),
            Cbrt if !x.contains(0.0) => u.pow(Interval::ONE / whole(3), range.range),
            Sqrt | Cbrt => rough(),
            Exp => u.exp(),
            Expm1 => {
                let mut w = u.exp();
                w.coefficients[0] = range.range.into();
                w
            }
            Log if x.is_positive() => u.with_slope(range, |u| one().over(u)),
            Log1p if x.low > -1.0 => u.with_slope(range, |u| one().over(&one().plus(u))),
            Log1mExp if x.is_negative() => u.with_slope(range, |u| one().over(&Series::unary(Expm1, &u.negate())).negate()),
            Log | Log1p | Log1mExp => rough(),
            Sin => {
                let [s, _] = u.circular([Sin, Cos], Interval::point(-1.0));
                s
            }
            Cos => {
                let [_, c] = u.circular([Sin, Cos], Interval::point(-1.0));
                c
            }
            Sinh => {
                let [s, _] = u.circular([Sinh, Cosh], Interval::ONE);
                s
            }
            Cosh => {
                let [_, c] = u.circular([Sinh, Cosh], Interval::ONE);
                c
            }
            Tan if range.range.is_finite() => Series::integrate(u, range.range, u.valid, |w, k| {
                // 1 + w².
                let square = convolution(w, w, 0..=k, k);
                if k == 0 { square + Interval::ONE.into() } else { square }
            }),
            Tanh => Series::integrate(u, range.range, u.valid, |w, k| {
                let square = convolution(w, w, 0..=k, k);
                if k == 0 { (Interval::ONE - w[0].number().square()).within(0.0, 1.0).into() } else { -square }
            }),
            Sigmoid => Series::integrate(u, range.range, u.valid, |w, k| w[k] - convolution(w, w, 0..=k, k)),
            Tan => rough(),
            Asin | Acos if x.low > -1.0 && x.high < 1.0 => {
                let w = u.with_slope(range, |u| one().over(&Series::unary(Sqrt, &one().plus(&u.square().negate()))));
                if op == Acos {
                    Series { coefficients: std::array::from_fn(|k| if k == 0 { range.range.into() } else { -w.coefficients[k] }), ..w }
                } else {
                    w
                }
            }
            Atan => u.with_slope(range, |u| one().over(&one().plus(&u.square()))),
            Asinh => u.with_slope(range, |u| one().over(&Series::unary(Sqrt, &one().plus(&u.square())))),
            Acosh if x.low > 1.0 => u.with_slope(range, |u| one().over(&Series::unary(Sqrt, &u.square().plus(&one().negate())))),
            Atanh if x.low > -1.0 && x.high < 1.0 => u.with_slope(range, |u| one().over(&one().plus(&u.square().negate()))),
            Asin | Acos | Acosh | Atanh => rough(),
            Erf | Erfc => u.with_slope(range, |u| {
                let slope = Interval::new(1.128_379_167_095_512_4, 1.128_379_167_095_512_8);
                let slope = if op == Erf { slope } else { -slope };
                u.square().negate().exp().map(|c| c * slope)
            }),
            Erfcx => {
                // w′ = 2uw − 2/√π.
                let slope = Interval::new(1.128_379_167_095_512_4, 1.128_379_167_095_512_8);
                Series::integrate(u, range.range, u.valid, |w, k| {
                    let product = convolution(&u.coefficients, w, 0..=k, k) * whole(2);
                    if k == 0 { product - slope.into() } else { product }
                })
            }
            LogErfc => u.with_slope(range, |u| {
                let slope = Interval::new(-1.128_379_167_095_512_8, -1.128_379_167_095_512_4);
                Series::constant(slope).over(&Series::unary(Erfcx, u))
            }),
            Softplus => u.with_slope(range, |u| Series::unary(Sigmoid, u)),
            Lgamma if x.is_positive() => u.with_slope(range, |u| Series::unary(Digamma, u)),
            Gamma if x.is_positive() => Series::unary(Lgamma, u).exp().meeting(range.range),
            Digamma if x.is_positive() => Series::polygamma_of(0, u, range),
            Gamma | Lgamma | Digamma => rough(),
        }
    }

    fn binary(op: Binary, a: &Self, b: &Self) -> Self {
        use Binary::*;
        let range = || <Enclosed as Enclosing>::binary(op, &a.enclosed(), &b.enclosed());
        match op {
            Add => a.plus(b),
            Subtract => a.plus(&b.negate()),
            Multiply => a.times(b),
            Divide => a.divide(b),
            Pow => {
                let (x, range) = (a.range(), range());
                if b.is_constant()
                    && (x.is_positive() || !x.contains(0.0) && b.range().low == b.range().high && b.range().low.trunc() == b.range().low)
                    && a.valid > 1
                {
                    a.pow(b.range(), range.range).flags(range.partial, range.nowhere)
                } else if x.is_positive() {
                    Series::unary(Unary::Log, a).times(b).exp().meeting(range.range)
                } else {
                    Series::rough(range)
                }
            }
            Min | Max => {
                // Which operand is the smaller one throughout.
                let (smaller, larger) = match () {
                    () if a.range().high <= b.range().low => (a, b),
                    () if b.range().high <= a.range().low => (b, a),
                    () => return Series::rough(range()),
                };
                let (chosen, other) = if op == Min { (smaller, larger) } else { (larger, smaller) };
                chosen.clone().flags(other.partial, other.nowhere)
            }
            Mod => {
                let range = range();
                let turns = (a.range() / b.range()).low.floor();
                if range.jumps || range.partial || !turns.is_finite() {
                    Series::rough(range)
                } else {
                    let whole = Series::constant(Interval::point(turns));
                    a.plus(&b.times(&whole).negate())
                }
            }
            Hypot if a.range().contains(0.0) && b.range().contains(0.0) => Series::rough(range()),
            Hypot => Series::unary(Unary::Sqrt, &a.square().plus(&b.square())),
            Atan2 if b.range().is_positive() => Series::unary(Unary::Atan, &a.divide(b)),
            _ => {
                let range = range();
                if range.range.low == range.range.high {
                    Series::constant(range.range).flags(range.partial, range.nowhere)
                } else {
                    Series::rough(range)
                }
            }
        }
    }

    fn power(x: &Self, n: i32) -> Self {
        match n {
            0 => Series::constant(Interval::ONE),
            1 => x.clone(),
            2 => x.square(),
            3..=8 => {
                let half = Series::power(x, n / 2).square();
                let whole = if n % 2 == 0 { half } else { half.times(x) };
                whole.meeting(x.range().powi(n))
            }
            _ if !x.range().contains(0.0) && x.valid > 1 => x.pow(Interval::point(f64::from(n)), x.range().powi(n)),
            _ if n > 0 && n < 1 << 20 => {
                let half = Series::power(x, n / 2).square();
                let whole = if n % 2 == 0 { half } else { half.times(x) };
                whole.meeting(x.range().powi(n))
            }
            _ => Series::rough(<Enclosed as Enclosing>::power(&x.enclosed(), n)),
        }
    }

    fn polygamma(n: u32, x: &Self) -> Self {
        let range = <Enclosed as Enclosing>::polygamma(n, &x.enclosed());
        if range.partial || x.valid == 1 { Series::rough(range) } else { Series::polygamma_of(n, x, range) }
    }

    fn select(condition: &Self, then: &Self, otherwise: &Self) -> Self {
        let (c, range) = (condition.range(), functions::select(condition.enclosed(), then.enclosed(), otherwise.enclosed()));
        let chosen = if c.is_zero() {
            otherwise
        } else if !c.contains(0.0) {
            then
        } else {
            return Series::rough(range);
        };
        chosen.clone().flags(range.partial, range.nowhere)
    }

    fn log_sum_exp(operands: &[&Self]) -> Self {
        // About the middle of the largest, a constant, so that nothing overflows.
        let range = functions::log_sum_exp(operands.iter().map(|operand| operand.range()));
        let largest = operands.iter().map(|operand| operand.range().high).fold(f64::NEG_INFINITY, f64::max);
        let partial = operands.iter().any(|operand| operand.partial);
        let rough = || Series::rough(Enclosed::total(range).partial_if(partial));
        if !largest.is_finite() || partial {
            return rough();
        }
        let shift = Series::constant(Interval::point(-largest));
        let sum = operands.iter().map(|operand| operand.plus(&shift).exp()).reduce(|sum, term| sum.plus(&term));
        match sum {
            Some(sum) if sum.range().is_positive() => Series::unary(Unary::Log, &sum).plus(&shift.negate()).meeting(range),
            _ => rough(),
        }
    }

    fn vanishes_at(&mut self, roots: u32) {
        self.roots = roots;
    }
}

impl<C: Coefficient, const N: usize> Series<C, N> {
    /// The same with a range that is known better otherwise.
    pub(crate) fn meeting(mut self, range: Interval) -> Self {
        self.coefficients[0] = self.range().meet(range).into();
        self
    }

    /// ψ⁽ⁿ⁾(u) by composing the series of ψ⁽ⁿ⁾ over the range with that of u.
    fn polygamma_of(n: u32, u: &Self, range: Enclosed) -> Self {
        // ψ⁽ⁿ⁾(u₀ + h) = Σ ψ⁽ⁿ⁺ᵏ⁾(u₀)·hᵏ/k!, by Horner's rule in the series h = u − u₀.
        let mut h = u.clone();
        h.coefficients[0] = Interval::ZERO.into();
        let mut factorial = Interval::ONE;
        let mut outer = vec![range.range];
        for k in 1..u.valid as u32 {
            factorial = factorial * Interval::point(f64::from(k));
            outer.push(functions::polygamma(n + k, u.range()).range / factorial);
        }
        let mut sum = Series::constant(Interval::ZERO);
        for coefficient in outer.into_iter().rev() {
            sum = sum.times(&h).plus(&Series::constant(coefficient));
        }
        Series { valid: u.valid, ..sum }
    }
}
