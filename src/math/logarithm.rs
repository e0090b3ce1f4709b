//! Logarithms and what is made of them: log, log1p, softplus, inverse hyperbolic functions, powers.
//!
//! Total, branch-free and fused like the exponentials. The scheme is that of fdlibm's e_log.c: x = 2ᵏ·(1 + f), s = f/(2 + f),
//! log(1 + f) = 2 artanh s.

use super::double::{Pair, exponent_and_mantissa, pick, polynomial, power_of_two};
use super::exponential::{exp, exp_of_pair, expm1_pair, logistic};

/// log 2 with 42 bits, so that its multiples by exponents are exact, and the rest.
const LN_2_SHORT: Pair = Pair { hi: 0.693_147_180_559_890_3, lo: 5.497_923_018_708_371e-14 };

/// (log((1 + s)/(1 − s)) − 2s)/s³ in s² for |s| ≤ 3 − 2√2: Chebyshev expansion, error 2⁻⁵⁹.
const SERIES: [f64; 7] = [
    0.666666666666667,
    0.3999999999989889,
    0.28571428626253836,
    0.22222211089379496,
    0.1818289243253687,
    0.15331611722055008,
    0.14617807153417325,
];

/// (artanh(s)/s − 1 − z/3 − z²/5)/z³ in z = s² for |s| ≤ 3 − 2√2: Chebyshev expansion, error 2⁻⁶⁰ before the factor z³ < 2⁻¹⁵.
const FINE_SERIES: [f64; 8] = [
    0.14285714285714285,
    0.11111111111111477,
    0.09090909090648906,
    0.07692307762797537,
    0.06666657301759611,
    0.058830270192481736,
    0.05236397476142707,
    0.05309097168342031,
];
const THIRD: Pair = Pair { hi: 1.0 / 3.0, lo: 1.850371707708594e-17 };
const FIFTH: Pair = Pair { hi: 0.2, lo: -1.1102230246251566e-17 };

/// k·log 2 + log(1 + f), f between √½ − 1 and √2 − 1: a pair good to 2⁻⁵⁷ of its size.
#[inline(always)]
pub(super) fn assembled(k: f64, f: Pair) -> Pair {
    let half_square = 0.5 * f.hi * f.hi;
    let s = f.hi / (2.0 + f.hi);
    let z = s * s;
    let rest = s * z.mul_add(polynomial(&SERIES, z), half_square);
    // d log(1 + f) = df/(1 + f), to the few bits that a correction needs.
    let slope = (-f.lo).mul_add(f.hi, f.lo);
    let lead = Pair::sum(k * LN_2_SHORT.hi, f.hi);
    let low = lead.lo + (k.mul_add(LN_2_SHORT.lo, rest + slope) - half_square);
    Pair::ordered_sum(lead.hi, low)
}

/// log x as a pair, for normal or subnormal x > 0.
#[inline(always)]
pub(super) fn log_pair(x: f64) -> Pair {
    let (k, m) = exponent_and_mantissa(x);
    assembled(k, Pair::new(m - 1.0, 0.0))
}

/// Natural logarithm.
#[inline(always)]
pub fn log(x: f64) -> f64 {
    special_cases(x, log_pair(x).hi)
}

/// The logarithm of zero, infinity, negative numbers and NaN; else `value`.
#[inline(always)]
fn special_cases(x: f64, value: f64) -> f64 {
    let value = pick(x == 0.0, f64::NEG_INFINITY, value);
    let value = pick(x == f64::INFINITY, x, value);
    pick(x >= 0.0, value, f64::NAN)
}

/// log(1 + w.hi + w.lo) for w > −1.
#[inline(always)]
fn log1p_of_pair(w: Pair) -> f64 {
    let u = Pair::sum(1.0, w.hi);
    let (k, m) = exponent_and_mantissa(u.hi);
    // Beyond 2¹⁰⁰⁰ there is nothing left to correct.
    let scale = power_of_two(pick(k > 1000.0, -1000.0, -k));
    let f = Pair::sum(m - 1.0, (u.lo + w.lo) * scale);
    assembled(k, f).hi
}

/// log(1 + x).
#[inline(always)]
pub fn log1p(x: f64) -> f64 {
    let value = special_cases(1.0 + x, log1p_of_pair(Pair::new(x, 0.0)));
    // Below 2⁻⁵⁴ the value is x, also for subnormal x and both zeros.
    pick(x.abs() < 5e-17, x, value)
}

/// [`log1p`], bit for bit, for x from 0 to 1: 1 + x needs no scaling but a half.
#[inline(always)]
fn log1p_of_unit(x: f64) -> f64 {
    const ROOT_TWO: f64 = f64::from_bits(0x3FF6_A09E_667F_3BCD);
    let u = Pair::ordered_sum(1.0, x);
    let large = u.hi >= ROOT_TWO;
    let scale = pick(large, 0.5, 1.0);
    let f = Pair::sum(u.hi * scale - 1.0, u.lo * scale);
    pick(x < 5e-17, x, assembled(pick(large, 1.0, 0.0), f).hi)
}

/// log(1 + eˣ).
#[inline(always)]
pub fn softplus(x: f64) -> f64 {
    let tail = log1p_of_unit(exp(-x.abs()));
    pick(x > 0.0, x + tail, tail)
}

/// [`softplus`] and [`sigmoid`](super::sigmoid) from one exponential, with their bits.
#[inline(always)]
pub(crate) fn softplus_sigmoid(x: f64) -> (f64, f64) {
    let small = exp(-x.abs());
    let tail = log1p_of_unit(small);
    (pick(x > 0.0, x + tail, tail), logistic(x, small))
}

/// log(1 − eˣ) for x < 0 (Mächler 2012, "Accurately computing log(1 − exp(−|a|))").
#[inline(always)]
pub fn log1m_exp(x: f64) -> f64 {
    // Near 0 the logarithm of −(eˣ − 1), farther out that of 1 − eˣ with its rounding error.
    let near = x > -std::f64::consts::LN_2;
    let close = -expm1_pair(pick(x > -1.0, x, -1.0)).rounded();
    let apart = Pair::sum(1.0, -exp(x));
    let argument = pick(near, close, apart.hi);
    let (k, m) = exponent_and_mantissa(argument);
    let low = pick(near, 0.0, apart.lo * power_of_two(pick(near, 0.0, -k)));
    special_cases(argument, assembled(k, Pair::sum(m - 1.0, low)).hi)
}

/// Inverse hyperbolic sine.
#[inline(always)]
pub fn asinh(x: f64) -> f64 {
    let size = x.abs();
    let big = size > 1e9;
    // log(1 + w) with w = x + x²/(1 + √(1 + x²)), which keeps its digits near 0.
    let moderate = pick(big, 1.0, size);
    let square = moderate * moderate;
    let near = log1p_of_pair(Pair::sum(moderate, square / (1.0 + (1.0 + square).sqrt())));
    let value = pick(big, log_of_double(size), near).copysign(x);
    let value = pick(size < 1e-9, x, value);
    pick(x.is_nan(), x, value)
}

/// log(2x) without overflow.
#[inline(always)]
fn log_of_double(x: f64) -> f64 {
    let (k, m) = exponent_and_mantissa(x);
    special_cases(x, assembled(k + 1.0, Pair::new(m - 1.0, 0.0)).hi)
}

/// Inverse hyperbolic cosine.
#[inline(always)]
pub fn acosh(x: f64) -> f64 {
    let big = x > 1e9;
    let above = pick(big, 1.0, x - 1.0);
    let near = log1p_of_pair(Pair::sum(above, (above * (above + 2.0)).sqrt()));
    let value = pick(big, log_of_double(x), near);
    pick(x >= 1.0, value, f64::NAN)
}

/// Inverse hyperbolic tangent.
#[inline(always)]
pub fn atanh(x: f64) -> f64 {
    let size = x.abs();
    // ½ log(1 + 2x/(1 − x)), the difference exact.
    let w = Pair::new(2.0 * size, 0.0).over(Pair::sum(1.0, -size));
    let value = (0.5 * log1p_of_pair(w)).copysign(x);
    let value = pick(size < 1e-9, x, value);
    let value = pick(size == 1.0, f64::INFINITY.copysign(x), value);
    pick(size <= 1.0, value, f64::NAN)
}

/// log x as a pair good to 2⁻⁶⁶ of its size, for x > 0; what powers and Stirling's formula need.
#[inline(always)]
pub(super) fn fine_log(x: f64) -> Pair {
    let (k, m) = exponent_and_mantissa(x);
    let f = m - 1.0;
    let s = Pair::new(f, 0.0).over(Pair::ordered_sum(2.0, f));
    // log m = 2s·(1 + z/3 + z²/5 + z³·series), z = s².
    let z = Pair::product(s.hi, s.hi).plus_small(2.0 * s.hi * s.lo);
    let fifth = Pair::ordered_sum(FIFTH.hi, z.hi * polynomial(&FINE_SERIES, z.hi)).plus_small(FIFTH.lo);
    let product = z.times(fifth);
    let third = Pair::ordered_sum(THIRD.hi, product.hi).plus_small(THIRD.lo + product.lo);
    let correction = s.times(z.times(third));
    let log_m = Pair::ordered_sum(2.0 * s.hi, 2.0 * correction.hi).plus_small(2.0 * (s.lo + correction.lo));
    let lead = Pair::ordered_sum(k * LN_2_SHORT.hi, log_m.hi);
    let low = Pair::sum(lead.lo, k * LN_2_SHORT.lo).plus_small(log_m.lo);
    let value = Pair::ordered_sum(lead.hi, low.hi);
    value.plus_small(low.lo)
}

/// xʸ; 1 for y = 0, NaN for a negative x with an exponent that is no integer.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let size = x.abs();
    let ordinary = size > 0.0 && size < f64::INFINITY;
    let log = fine_log(pick(ordinary, size, 2.0));
    let exponent = y * log.hi;
    let low = (y.mul_add(log.hi, -exponent)) + y * log.lo;
    let value = exp_of_pair(Pair::new(exponent, low));
    // Zero to a positive power and infinity to a negative one are zero.
    let extreme = pick((size == 0.0) == (y > 0.0), 0.0, f64::INFINITY);
    let value = pick(ordinary, value, extreme);
    let value = pick(size == 1.0, 1.0, value);
    let whole = y.floor() == y;
    let odd = whole && (0.5 * y).floor() != 0.5 * y;
    let negative = x.is_sign_negative();
    let value = pick(negative && odd, -value, value);
    let value = pick(x < 0.0 && size < f64::INFINITY && !whole, f64::NAN, value);
    let value = pick(x.is_nan() || y.is_nan(), f64::NAN, value);
    pick(y == 0.0 || x == 1.0, 1.0, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log1p_of_unit_has_the_bits_of_log1p() {
        let edge = std::f64::consts::SQRT_2 - 1.0;
        let near = |x: f64| (0..200_u64).map(move |step| f64::from_bits(x.to_bits() - 100 + step));
        let even = (0..=200_000).map(|step| f64::from(step) / 200_000.0);
        let small = (0..1074).map(|halvings| 0.5_f64.powi(halvings)).flat_map(|x| [x, 0.7 * x]);
        for x in even.chain(small).chain(near(edge)).chain(near(5e-17)).chain([0.0, 1.0, f64::NAN]) {
            let (found, expected) = (log1p_of_unit(x), log1p(x));
            assert!(found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(), "{x:e}: {found} and {expected}");
        }
    }
}
