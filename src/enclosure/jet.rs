//! Jets: value, gradient and Hessian of an expression over a box of any dimension, all of them enclosed.
//!
//! Moore, Kearfott & Cloud (2009), section 6.4. Each operator brings its first two derivatives over the range of its operand, taken
//! from its Taylor recurrence; the chain rule does the rest.

use super::code::Enclosing;
use super::functions::Enclosed;
use super::taylor::Taylor;
use crate::graph::{Binary, Unary};
use crate::math::Interval;

/// Value and, where the expression is smooth, its first two derivatives over a box.
#[derive(Debug, Clone)]
pub(crate) struct Jet {
    /// The range, and where it is undefined or jumps.
    pub(crate) value: Enclosed,
    /// The derivatives, all zero if there are no entries; `None` where a derivative may not exist.
    slopes: Option<Slopes>,
}

/// First derivatives, and second ones by the upper triangle, row by row.
#[derive(Debug, Clone, Default)]
struct Slopes {
    first: Vec<Interval>,
    second: Vec<Interval>,
}

impl From<Interval> for Jet {
    fn from(range: Interval) -> Self {
        Jet::rough(Enclosed::total(range))
    }
}

impl Jet {
    /// Variable number `index` of `dimension` over `range`.
    pub(crate) fn variable(range: Interval, index: usize, dimension: usize) -> Jet {
        let mut first = vec![Interval::ZERO; dimension];
        first[index] = Interval::ONE;
        let second = vec![Interval::ZERO; dimension * (dimension + 1) / 2];
        Jet { value: Enclosed::total(range), slopes: Some(Slopes { first, second }) }
    }

    /// The box as jets, one entry a variable.
    pub(crate) fn variables(ranges: &[Interval]) -> Vec<Jet> {
        ranges.iter().enumerate().map(|(index, range)| Jet::variable(*range, index, ranges.len())).collect()
    }

    /// Whether both derivatives exist throughout and are bounded.
    pub(crate) fn is_smooth(&self) -> bool {
        let bounded = |slopes: &Slopes| slopes.first.iter().chain(&slopes.second).all(|slope| slope.is_finite());
        self.slopes.as_ref().is_some_and(bounded)
    }

    /// ∂/∂xᵢ over the box, if the expression is differentiable there.
    pub(crate) fn first(&self, i: usize) -> Option<Interval> {
        self.slopes.as_ref().map(|slopes| slopes.first.get(i).copied().unwrap_or(Interval::ZERO))
    }

    /// ∂²/∂xᵢ∂xⱼ over the box, if it exists there.
    pub(crate) fn second(&self, i: usize, j: usize) -> Option<Interval> {
        let slopes = self.slopes.as_ref()?;
        let (i, j, dimension) = (i.min(j), i.max(j), slopes.first.len());
        if dimension == 0 {
            return Some(Interval::ZERO);
        }
        Some(slopes.second[place(i, j, dimension)])
    }

    fn rough(value: Enclosed) -> Jet {
        Jet { value, slopes: None }
    }

    fn constant(value: Enclosed) -> Jet {
        Jet { value, slopes: Some(Slopes::default()) }
    }

    fn is_constant(&self) -> bool {
        self.slopes.as_ref().is_some_and(|slopes| slopes.first.is_empty())
    }

    /// f(u), of which the value and the first two derivatives over the range of u are given.
    fn chain(&self, value: Enclosed, derivatives: Option<[Interval; 2]>) -> Jet {
        let (Some(slopes), Some([rate, bend])) = (&self.slopes, derivatives) else { return Jet::rough(value) };
        let u = &slopes.first;
        let first = u.iter().map(|&u| rate * u).collect();
        let mut second: Vec<Interval> = slopes.second.iter().map(|&second| rate * second).collect();
        if !bend.is_zero() {
            for (i, j, at) in pairs(u.len()) {
                let product = if i == j { u[i].square() } else { u[i] * u[j] };
                second[at] = second[at] + bend * product;
            }
        }
        Jet { value, slopes: Some(Slopes { first, second }) }
    }

    /// The sum of two, or with −1 their difference.
    fn plus(&self, other: &Jet, sign: Interval, value: Enclosed) -> Jet {
        let (Some(a), Some(b)) = (&self.slopes, &other.slopes) else { return Jet::rough(value) };
        let join = |a: &[Interval], b: &[Interval]| match (a, b) {
            (a, []) => a.to_vec(),
            ([], b) => b.iter().map(|&b| sign * b).collect(),
            (a, b) => a.iter().zip(b).map(|(&a, &b)| a + sign * b).collect(),
        };
        Jet { value, slopes: Some(Slopes { first: join(&a.first, &b.first), second: join(&a.second, &b.second) }) }
    }

    fn times(&self, other: &Jet, value: Enclosed) -> Jet {
        let (u, v) = (self.value.range, other.value.range);
        if self.is_constant() {
            return other.chain(value, Some([u, Interval::ZERO]));
        }
        if other.is_constant() {
            return self.chain(value, Some([v, Interval::ZERO]));
        }
        let (Some(a), Some(b)) = (&self.slopes, &other.slopes) else { return Jet::rough(value) };
        let first = a.first.iter().zip(&b.first).map(|(&a, &b)| a * v + u * b).collect();
        let mut second = vec![Interval::ZERO; a.second.len()];
        for (i, j, at) in pairs(a.first.len()) {
            let cross = a.first[i] * b.first[j];
            let cross = if i == j { cross * Interval::point(2.0) } else { cross + a.first[j] * b.first[i] };
            second[at] = a.second[at] * v + u * b.second[at] + cross;
        }
        Jet { value, slopes: Some(Slopes { first, second }) }
    }

    fn with_flags_of(mut self, other: &Jet) -> Jet {
        self.value = self.value.partial_if(other.value.partial).nowhere_if(other.value.nowhere).jumps_if(other.value.jumps);
        self
    }
}

/// Where the pair i ≤ j stands in the upper triangle.
fn place(i: usize, j: usize, dimension: usize) -> usize {
    i * dimension - i * (i + 1) / 2 + j
}

/// The pairs i ≤ j in their order, and their places.
fn pairs(dimension: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..dimension).flat_map(move |i| (i..dimension).map(move |j| (i, j, place(i, j, dimension))))
}

/// f′ and f″ over a range, from the Taylor series of f there.
fn derivatives(series: &Taylor) -> Option<[Interval; 2]> {
    Some([series.coefficient(1)?, series.coefficient(2)? * Interval::point(2.0)])
}

impl Enclosing for Jet {
    fn literal(value: f64) -> Self {
        if value.is_nan() { Jet::rough(Enclosed::undefined()) } else { Jet::constant(Enclosed::literal(value)) }
    }

    fn unary(op: Unary, u: &Self) -> Self {
        let value = Enclosed::unary(op, &u.value);
        if u.is_constant() {
            return Jet::constant(value);
        }
        if u.slopes.is_none() || value.partial || value.jumps && !u.value.jumps {
            return Jet::rough(value);
        }
        let series = Taylor::unary(op, &Taylor::local(u.value.range));
        u.chain(value, derivatives(&series))
    }

    fn binary(op: Binary, a: &Self, b: &Self) -> Self {
        use Binary::*;
        let value = Enclosed::binary(op, &a.value, &b.value);
        if a.is_constant() && b.is_constant() {
            return Jet::constant(value);
        }
        let with_range = |jet: Jet| Jet { value, ..jet };
        match op {
            Add => a.plus(b, Interval::ONE, value),
            Subtract => a.plus(b, Interval::point(-1.0), value),
            Multiply => a.times(b, value),
            Divide if b.value.range.contains(0.0) => Jet::rough(value),
            Divide => {
                let reciprocal = Jet::power(b, -1);
                a.times(&reciprocal, value)
            }
            Pow if b.is_constant() => {
                let exponent = Taylor::constant(b.value.range);
                let series = Taylor::binary(Pow, &Taylor::local(a.value.range), &exponent);
                a.chain(value, if value.partial { None } else { derivatives(&series) })
            }
            Pow if a.value.range.is_positive() => {
                let logarithm = Jet::unary(Unary::Log, a);
                with_range(Jet::unary(Unary::Exp, &Jet::binary(Multiply, &logarithm, b)))
            }
            Min | Max => {
                let (smaller, larger) = match () {
                    () if a.value.range.high <= b.value.range.low => (a, b),
                    () if b.value.range.high <= a.value.range.low => (b, a),
                    () => return Jet::rough(value),
                };
                let (chosen, other) = if op == Min { (smaller, larger) } else { (larger, smaller) };
                chosen.clone().with_flags_of(other)
            }
            Mod if !value.jumps && !value.partial && b.is_constant() => Jet { value, ..a.clone() },
            Hypot if !(a.value.range.contains(0.0) && b.value.range.contains(0.0)) => {
                let squares = Jet::binary(Add, &Jet::power(a, 2), &Jet::power(b, 2));
                with_range(Jet::unary(Unary::Sqrt, &squares))
            }
            Atan2 if b.value.range.is_positive() => with_range(Jet::unary(Unary::Atan, &Jet::binary(Divide, a, b))),
            _ if value.range.low == value.range.high => Jet::constant(value),
            _ => Jet::rough(value),
        }
    }

    fn power(x: &Self, n: i32) -> Self {
        let value = Enclosed::power(&x.value, n);
        if x.is_constant() {
            return Jet::constant(value);
        }
        let u = x.value.range;
        if n < 0 && u.contains(0.0) {
            return Jet::rough(value);
        }
        let whole = |n: i32| Interval::point(f64::from(n));
        let rate = if n == 0 { Interval::ZERO } else { whole(n) * u.powi(n - 1) };
        let bend = if n == 0 || n == 1 { Interval::ZERO } else { whole(n) * (whole(n) - Interval::ONE) * u.powi(n - 2) };
        x.chain(value, Some([rate, bend]))
    }

    fn polygamma(n: u32, x: &Self) -> Self {
        let value = Enclosed::polygamma(n, &x.value);
        let over = |n: u32| Enclosed::polygamma(n, &x.value).range;
        x.chain(value, (!value.partial).then(|| [over(n + 1), over(n + 2)]))
    }

    fn select(condition: &Self, then: &Self, otherwise: &Self) -> Self {
        let range = condition.value.range;
        let chosen = if range.is_zero() {
            otherwise
        } else if !range.contains(0.0) {
            then
        } else {
            return Jet::rough(Enclosed::select(&condition.value, &then.value, &otherwise.value));
        };
        chosen.clone().with_flags_of(condition)
    }

    fn log_sum_exp(operands: &[&Self]) -> Self {
        let values: Vec<&Enclosed> = operands.iter().map(|operand| &operand.value).collect();
        let value = <Enclosed as Enclosing>::log_sum_exp(&values);
        if operands.iter().all(|operand| operand.is_constant()) {
            return Jet::constant(value);
        }
        if value.partial || !value.range.is_finite() {
            return Jet::rough(value);
        }
        // ∇ = Σ wᵢ∇uᵢ and ∇² = Σ wᵢ(∇²uᵢ + ∇uᵢ∇uᵢᵀ) − ∇∇ᵀ, the weights wᵢ = exp(uᵢ − value) between 0 and 1.
        let mut sum: Option<Jet> = None;
        for operand in operands {
            let weight = Enclosed::unary(Unary::Exp, &Enclosed::total(operand.value.range - value.range)).range;
            let weight = weight.within(0.0, 1.0);
            let term = operand.chain(value, Some([weight, weight]));
            sum = Some(match sum {
                None => term,
                Some(sum) => sum.plus(&term, Interval::ONE, value),
            });
        }
        let Some(Jet { slopes: Some(Slopes { first, mut second }), .. }) = sum else { return Jet::rough(value) };
        for (i, j, at) in pairs(first.len()) {
            let product = if i == j { first[i].square() } else { first[i] * first[j] };
            second[at] = second[at] - product;
        }
        Jet { value, slopes: Some(Slopes { first, second }) }
    }

    fn one_of(operands: &[&Self]) -> Self {
        let values: Vec<&Enclosed> = operands.iter().map(|operand| &operand.value).collect();
        Jet::rough(<Enclosed as Enclosing>::one_of(&values))
    }

    fn row_sum(body: &Self) -> Self {
        Jet::rough(Enclosed::row_sum(&body.value))
    }
}
