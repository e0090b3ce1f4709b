//! Exponentials and what is made of them: exp, expm1, hyperbolic functions, sigmoid.
//!
//! Every function here is total and branch-free: arguments out of range are clamped, special cases selected, so that loops over lanes
//! vectorise. Fused multiply-adds are explicit, so each SIMD level and the scalar code give the same bits.

use super::double::{Pair, nearest, pick, polynomial, power_of_two, shift_exponent};

const LOG2_E: f64 = std::f64::consts::LOG2_E;
pub(super) const LN_2: Pair = Pair { hi: std::f64::consts::LN_2, lo: 2.3190468138462996e-17 };

/// (eʳ − 1 − r − r²/2)/r³ for |r| ≤ ½ log 2: Chebyshev expansion, relative error of eʳ below 2⁻⁶⁰.
const TAIL: [f64; 10] = [
    0.16666666666666669,
    0.041666666666666664,
    0.008333333333330062,
    0.0013888888888886552,
    0.00019841269863053618,
    2.4801587317144498e-05,
    2.7557268459997064e-06,
    2.755728296954995e-07,
    2.510038549551032e-08,
    2.0911236630261545e-09,
];

/// The same with one term less, for a single double: relative error of eʳ below 2⁻⁵⁵.
const SHORT_TAIL: [f64; 9] = [
    0.1666666666666667,
    0.04166666666665136,
    0.00833333333332753,
    0.0013888888905881542,
    0.00019841269868195777,
    2.4801536388690766e-05,
    2.7557264687759203e-06,
    2.761380686153829e-07,
    2.510124418983358e-08,
];

/// x clamped to where eˣ is neither 0 nor infinite by more than rounding; NaN stays.
#[inline(always)]
fn clamped(x: f64) -> f64 {
    let x = pick(x > 710.0, 710.0, x);
    pick(x < -746.0, -746.0, x)
}

/// value·2ᵏ, rounded once, for a value between ½ and 2 and |k| ≤ 1100: most of k is added to the exponent, what would leave its range
/// is multiplied.
#[inline(always)]
fn scaled(value: f64, k: f64) -> f64 {
    let most = pick(k > 1000.0, 1000.0, k);
    let most = pick(most < -1000.0, -1000.0, most);
    shift_exponent(value, most) * power_of_two(k - most)
}

/// e^(x + low) − 1 as k and a pair: e^(x + low) = 2ᵏ·(1 + pair), for |x| ≤ 800 and a small low.
#[inline(always)]
fn reduced(x: f64, low: f64) -> (f64, Pair) {
    let k = nearest(x * LOG2_E);
    // Exact: both terms are multiples of 2⁻⁵⁴ and their difference is below one half; the rest of log 2 follows.
    let r = Pair::sum((-k).mul_add(LN_2.hi, x), (-k).mul_add(LN_2.lo, low));
    let square = r.hi * r.hi;
    let tail = square * r.hi.mul_add(polynomial(&TAIL, r.hi), 0.5);
    (k, Pair::ordered_sum(r.hi, tail).plus_small(r.lo.mul_add(r.hi, r.lo)))
}

/// e^(x + low) as 2ᵏ·pair, for |x| ≤ 800; the pair is good to 2⁻⁵⁷.
#[inline(always)]
pub(super) fn exp_pair(x: f64, low: f64) -> (f64, Pair) {
    let (k, rest) = reduced(x, low);
    (k, Pair::ordered_sum(1.0, rest.hi).plus_small(rest.lo))
}

/// e^(x + low), the argument clamped.
#[inline(always)]
pub(super) fn exp_of_pair(exponent: Pair) -> f64 {
    let inside = exponent.hi.abs() < 750.0;
    let (k, value) = exp_pair(clamped(exponent.hi), pick(inside, exponent.lo, 0.0));
    scaled(value.rounded(), k)
}

/// eˣ.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let x = clamped(x);
    let k = nearest(x * LOG2_E);
    let r = (-k).mul_add(LN_2.lo, (-k).mul_add(LN_2.hi, x));
    let rest = (r * r).mul_add(r.mul_add(polynomial(&SHORT_TAIL, r), 0.5), r);
    scaled(1.0 + rest, k)
}

/// eˣ − 1 as a pair, for −50 ≤ x ≤ 50: relative error below 2⁻⁵⁶.
#[inline(always)]
pub(super) fn expm1_pair(x: f64) -> Pair {
    let (k, rest) = reduced(x, 0.0);
    let scale = power_of_two(k);
    Pair::sum(scale - 1.0, scale * rest.hi).plus_small(scale * rest.lo)
}

/// eˣ − 1.
#[inline(always)]
pub fn expm1(x: f64) -> f64 {
    let near = expm1_pair(pick(x.abs() < 50.0, x, 1.0)).rounded();
    let far = pick(x > 0.0, exp(x), -1.0);
    // The sign also of zero is that of x.
    let value = pick(x.abs() < 50.0, near, far).copysign(x);
    pick(x.is_nan(), x, value)
}

/// Hyperbolic sine.
#[inline(always)]
pub fn sinh(x: f64) -> f64 {
    let size = x.abs();
    // (t + t/(1 + t))/2 with t = eˣ − 1: no digits lost near 0. From 40 on, e⁻ˣ is nothing beside eˣ.
    let t = expm1_pair(pick(size < 40.0, size, 1.0));
    let near = t.plus(t.over(Pair::sum(1.0, t.hi).plus_small(t.lo))).rounded() * 0.5;
    let (k, value) = exp_pair(clamped_twice(size), 0.0);
    let far = scaled(value.rounded(), k - 1.0);
    let value = pick(size < 40.0, near, far).copysign(x);
    pick(x.is_nan(), x, value)
}

/// Hyperbolic cosine.
#[inline(always)]
pub fn cosh(x: f64) -> f64 {
    let size = x.abs();
    let (k, value) = exp_pair(clamped_twice(size), 0.0);
    let far = scaled(value.rounded(), k - 1.0);
    let grown = value.scaled(power_of_two(pick(size < 40.0, k, 0.0)));
    let near = Pair::new(0.5 * grown.hi, 0.5 * grown.lo).plus(Pair::new(0.5, 0.0).over(grown)).rounded();
    pick(size < 40.0, near, far)
}

/// Clamped to where eˣ/2 overflows.
#[inline(always)]
fn clamped_twice(size: f64) -> f64 {
    pick(size > 712.0, 712.0, size)
}

/// Hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let size = x.abs();
    let near = size < 22.0;
    let t = expm1_pair(pick(near, 2.0 * size, 1.0));
    let value = t.over(Pair::sum(2.0, t.hi).plus_small(t.lo)).rounded();
    let value = pick(near, value, 1.0).copysign(x);
    pick(x.is_nan(), x, value)
}

/// 1/(1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid(x: f64) -> f64 {
    // e^-|x| cannot overflow.
    logistic(x, exp(-x.abs()))
}

/// 1/(1 + e⁻ˣ), given small = e^-|x|: 1/(1 + small) for positive, small/(1 + small) for negative x.
#[inline(always)]
pub(super) fn logistic(x: f64, small: f64) -> f64 {
    pick(x >= 0.0, 1.0, small) / (1.0 + small)
}
