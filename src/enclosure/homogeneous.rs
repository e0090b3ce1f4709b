//! Homogeneous polynomials with interval coefficients: what stands at each degree of a Taylor series of two or three variables.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::taylor::Coefficient;
use crate::math::Interval;

/// A homogeneous polynomial of D variables (two or three); M is the number of monomials at the highest degree of its series.
///
/// The monomial x^(k−s)·y^(s−t)·z^t of degree k stands at s for two variables, where t = 0, and at s(s+1)/2 + t for three, so that a
/// product's place follows from s and t of its factors alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Homogeneous<const D: usize, const M: usize> {
    degree: usize,
    coefficients: [Interval; M],
}

impl<const D: usize, const M: usize> Homogeneous<D, M> {
    /// Variable number `index`.
    pub(crate) fn variable(index: usize) -> Self {
        let mut coefficients = [Interval::ZERO; M];
        // x, y, z have (s, t) = (0, 0), (1, 0), (1, 1).
        coefficients[index] = Interval::ONE;
        Homogeneous { degree: 1, coefficients }
    }

    /// The exponents of each monomial and its coefficient.
    pub(crate) fn monomials(&self) -> impl Iterator<Item = ([usize; 3], Interval)> + '_ {
        let degree = self.degree;
        places::<D>(degree).map(move |(s, t)| ([degree - s, s - t, t], self.coefficients[place::<D>(s, t)]))
    }

    /// f of each coefficient; f of 0 is 0.
    fn map(mut self, f: impl Fn(Interval) -> Interval) -> Self {
        self.coefficients[..monomials::<D>(self.degree)].iter_mut().for_each(|c| *c = f(*c));
        self
    }
}

/// How many monomials a degree has.
const fn monomials<const D: usize>(degree: usize) -> usize {
    place::<D>(degree, degree) + 1
}

const fn place<const D: usize>(s: usize, t: usize) -> usize {
    if D == 2 { s } else { s * (s + 1) / 2 + t }
}

/// The pairs (s, t) of a degree.
fn places<const D: usize>(degree: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..=degree).flat_map(|s| (0..=if D == 2 { 0 } else { s }).map(move |t| (s, t)))
}

impl<const D: usize, const M: usize> From<Interval> for Homogeneous<D, M> {
    fn from(number: Interval) -> Self {
        let mut coefficients = [Interval::ZERO; M];
        coefficients[0] = number;
        Homogeneous { degree: 0, coefficients }
    }
}

impl<const D: usize, const M: usize> Coefficient for Homogeneous<D, M> {
    fn number(self) -> Interval {
        self.coefficients[0]
    }

    fn is_zero(self) -> bool {
        self.coefficients.iter().all(|c| c.is_zero())
    }

    fn square(self) -> Self {
        let mut product = Homogeneous { degree: 2 * self.degree, coefficients: [Interval::ZERO; M] };
        for (s, t) in places::<D>(self.degree) {
            let at = place::<D>(s, t);
            let c = self.coefficients[at];
            // The square of a coefficient is not negative; the others come in pairs.
            let target = &mut product.coefficients[place::<D>(2 * s, 2 * t)];
            *target = *target + c.square();
            for (u, v) in places::<D>(self.degree).filter(|&(u, v)| place::<D>(u, v) > at) {
                let target = &mut product.coefficients[place::<D>(s + u, t + v)];
                *target = *target + c * self.coefficients[place::<D>(u, v)] * Interval::point(2.0);
            }
        }
        product
    }
}

impl<const D: usize, const M: usize> Add for Homogeneous<D, M> {
    type Output = Self;

    /// Of two of one degree, or with a zero.
    fn add(self, other: Self) -> Self {
        let (mut sum, less) = if self.degree >= other.degree { (self, other) } else { (other, self) };
        for at in 0..monomials::<D>(less.degree) {
            sum.coefficients[at] = sum.coefficients[at] + less.coefficients[at];
        }
        sum
    }
}

impl<const D: usize, const M: usize> Sub for Homogeneous<D, M> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<const D: usize, const M: usize> Neg for Homogeneous<D, M> {
    type Output = Self;

    fn neg(self) -> Self {
        self.map(|c| -c)
    }
}

impl<const D: usize, const M: usize> Mul for Homogeneous<D, M> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let mut product = Homogeneous { degree: self.degree + other.degree, coefficients: [Interval::ZERO; M] };
        for (s, t) in places::<D>(self.degree) {
            let a = self.coefficients[place::<D>(s, t)];
            if a.is_zero() {
                continue;
            }
            for (u, v) in places::<D>(other.degree) {
                let b = other.coefficients[place::<D>(u, v)];
                if !b.is_zero() {
                    let target = &mut product.coefficients[place::<D>(s + u, t + v)];
                    *target = *target + a * b;
                }
            }
        }
        product
    }
}

impl<const D: usize, const M: usize> Mul<Interval> for Homogeneous<D, M> {
    type Output = Self;

    fn mul(self, factor: Interval) -> Self {
        self.map(|c| c * factor)
    }
}

impl<const D: usize, const M: usize> Div<Interval> for Homogeneous<D, M> {
    type Output = Self;

    fn div(self, divisor: Interval) -> Self {
        self.map(|c| c / divisor)
    }
}
