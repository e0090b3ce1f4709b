//! Sine, cosine, tangent and their inverses.
//!
//! Up to 2³⁰ the argument is reduced by multiples of π/2 in three parts, fused, exact where it matters (Cody & Waite 1980); the few
//! lanes beyond go one by one through a correctly rounded library, so that every finite argument is right.

use super::double::{Pair, nearest, pick, polynomial};

const PI: Pair = Pair { hi: std::f64::consts::PI, lo: 1.2246467991473532e-16 };
const HALF_PI: Pair = Pair { hi: std::f64::consts::FRAC_PI_2, lo: 6.123233995736766e-17 };
const HALF_PI_REST: f64 = -1.4973849048591698e-33;

/// (sin r − r)/r³ in r² for |r| ≤ π/4: Chebyshev expansion, error 2⁻⁶⁶.
const SINE: [f64; 7] = [
    -0.16666666666666666,
    0.008333333333333331,
    -0.0001984126984126504,
    2.755731921932058e-06,
    -2.50521062259944e-08,
    1.6058530596645953e-10,
    -7.586636882825159e-13,
];

/// (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4: Chebyshev expansion, error 2⁻⁷⁰.
const COSINE: [f64; 7] = [
    0.041666666666666664,
    -0.0013888888888888887,
    2.4801587301584632e-05,
    -2.755731922139249e-07,
    2.0876755787492604e-09,
    -1.1470460319209511e-11,
    4.7458384125309685e-14,
];

/// (atan t − t)/t³ in t² for |t| ≤ √2 − 1: Chebyshev expansion, error 2⁻⁶⁴.
const ARCTANGENT: [f64; 13] = [
    -0.3333333333333333,
    0.19999999999999993,
    -0.1428571428571149,
    0.11111111110751482,
    -0.0909090906681608,
    0.07692306729194896,
    -0.06666641869131183,
    0.058819230561140225,
    -0.05258020272656758,
    0.04719259188242091,
    -0.041038875468626834,
    0.03062299555373543,
    -0.013905374533113152,
];

/// Whether an angle is beyond what [`sin_near`], [`cos_near`] and [`tan_near`] reduce.
#[inline(always)]
pub(crate) fn is_far(x: f64) -> bool {
    x.abs() > 1_073_741_824.0
}

/// x − k·π/2 as a pair in about ±π/4, and k.
#[inline(always)]
fn quarter_turns(x: f64) -> (f64, Pair) {
    let k = nearest(x * std::f64::consts::FRAC_2_PI);
    // Exact: x and k·(the double π/2) are multiples of 2⁻⁵³ with a difference below one.
    let first = (-k).mul_add(HALF_PI.hi, x);
    let second = Pair::product(k, HALF_PI.lo);
    let r = Pair::sum(first, -second.hi);
    let r = Pair::ordered_sum(r.hi, r.lo - k.mul_add(HALF_PI_REST, second.lo));
    (k, r)
}

/// Sine of a reduced angle.
#[inline(always)]
fn sine(r: Pair) -> Pair {
    let z = r.hi * r.hi;
    Pair::new(r.hi, (r.hi * z).mul_add(polynomial(&SINE, z), (-0.5 * z).mul_add(r.lo, r.lo)))
}

/// Cosine of a reduced angle.
#[inline(always)]
fn cosine(r: Pair) -> Pair {
    let z = Pair::product(r.hi, r.hi);
    let lead = Pair::ordered_sum(1.0, -0.5 * z.hi);
    let small = (z.hi * z.hi).mul_add(polynomial(&COSINE, z.hi), (-r.hi).mul_add(r.lo, -0.5 * z.lo));
    lead.plus_small(small)
}

/// Whether k is odd, and whether k mod 4 is 2 or 3, as bits of the shifted number.
#[inline(always)]
fn quadrant(k: f64) -> u64 {
    (k + 6_755_399_441_055_744.0).to_bits()
}

#[inline(always)]
fn choose(swap: u64, a: f64, b: f64) -> f64 {
    let mask = 0_u64.wrapping_sub(swap & 1);
    f64::from_bits(a.to_bits() & !mask | b.to_bits() & mask)
}

#[inline(always)]
fn with_sign(x: f64, sign: u64) -> f64 {
    f64::from_bits(x.to_bits() ^ (sign & 2) << 62)
}

/// Sine for |x| ≤ 2³⁰.
#[inline(always)]
pub(crate) fn sin_near(x: f64) -> f64 {
    let (k, r) = quarter_turns(x);
    let quadrant = quadrant(k);
    let value = with_sign(choose(quadrant, sine(r).rounded(), cosine(r).rounded()), quadrant);
    pick(x == 0.0, x, value)
}

/// Cosine for |x| ≤ 2³⁰.
#[inline(always)]
pub(crate) fn cos_near(x: f64) -> f64 {
    let (k, r) = quarter_turns(x);
    let quadrant = quadrant(k);
    with_sign(choose(quadrant, cosine(r).rounded(), sine(r).rounded()), quadrant.wrapping_add(1))
}

/// Sine and cosine together, for |x| ≤ 2³⁰: the bits of [`sin_near`] and [`cos_near`].
#[inline(always)]
pub(crate) fn sin_cos_near(x: f64) -> (f64, f64) {
    let (k, r) = quarter_turns(x);
    let quadrant = quadrant(k);
    let (s, c) = (sine(r).rounded(), cosine(r).rounded());
    let sine = with_sign(choose(quadrant, s, c), quadrant);
    (pick(x == 0.0, x, sine), with_sign(choose(quadrant, c, s), quadrant.wrapping_add(1)))
}

/// Tangent for |x| ≤ 2³⁰.
#[inline(always)]
pub(crate) fn tan_near(x: f64) -> f64 {
    let (k, r) = quarter_turns(x);
    let quadrant = quadrant(k);
    let (s, c) = (sine(r), cosine(r));
    let (s, c) = (Pair::ordered_sum(s.hi, s.lo), Pair::ordered_sum(c.hi, c.lo));
    let top = Pair::new(choose(quadrant, s.hi, c.hi), choose(quadrant, s.lo, c.lo));
    let bottom = Pair::new(choose(quadrant, c.hi, s.hi), choose(quadrant, c.lo, s.lo));
    let value = with_sign(top.over(bottom).rounded(), quadrant << 1);
    pick(x == 0.0, x, value)
}

/// Sine.
#[inline(always)]
pub fn sin(x: f64) -> f64 {
    if is_far(x) { far::sin(x) } else { sin_near(x) }
}

/// Cosine.
#[inline(always)]
pub fn cos(x: f64) -> f64 {
    if is_far(x) { far::cos(x) } else { cos_near(x) }
}

/// Tangent.
#[inline(always)]
pub fn tan(x: f64) -> f64 {
    if is_far(x) { far::tan(x) } else { tan_near(x) }
}

/// Angles beyond 2³⁰, one at a time.
mod far {
    // Correctly rounded, hence the same bits whatever the path through the library.
    #[cold]
    #[inline(never)]
    pub(super) fn sin(x: f64) -> f64 {
        pxfm::f_sin(x)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn cos(x: f64) -> f64 {
        pxfm::f_cos(x)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn tan(x: f64) -> f64 {
        pxfm::f_tan(x)
    }
}

/// The angle of the point (across, up) of the first quadrant, in [0, π/2].
#[inline(always)]
fn first_quadrant(up: Pair, across: Pair) -> Pair {
    let steep = up.hi > across.hi;
    let small = Pair::new(pick(steep, across.hi, up.hi), pick(steep, across.lo, up.lo));
    let large = Pair::new(pick(steep, up.hi, across.hi), pick(steep, up.lo, across.lo));
    // Beyond π/8 the angle is turned back by π/4: tan(a − π/4) = (s − l)/(s + l).
    let turned = small.hi > 0.414_213_562_373_095_05 * large.hi;
    let difference = small.plus(large.negated());
    let total = large.plus(small);
    let top = Pair::new(pick(turned, difference.hi, small.hi), pick(turned, difference.lo, small.lo));
    let bottom = Pair::new(pick(turned, total.hi, large.hi), pick(turned, total.lo, large.lo));
    let t = top.over(bottom);
    let z = t.hi * t.hi;
    let low = (t.hi * z).mul_add(polynomial(&ARCTANGENT, z), (-z).mul_add(t.lo, t.lo));
    // What remains is base ± atan t.
    let base = pick(turned, 0.5, pick(steep, 1.0, 0.0));
    let sign = pick(steep, -1.0, 1.0);
    let angle = Pair::ordered_sum(base * HALF_PI.hi, sign * t.hi);
    angle.plus_small(base.mul_add(HALF_PI.lo, sign * low))
}

/// The angle of the point (x, y), in (−π, π].
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    let (up, across) = (y.abs(), x.abs());
    // An infinity is infinitely larger than a finite number and as large as another infinity; of two zeros the angle is 0.
    let infinite = up == f64::INFINITY || across == f64::INFINITY;
    let (up, across) =
        (pick(infinite, pick(up == f64::INFINITY, 1.0, 0.0), up), pick(infinite, pick(across == f64::INFINITY, 1.0, 0.0), across));
    let origin = up == 0.0 && across == 0.0;
    let across = pick(origin, 1.0, across);
    // Far from 1 the remainders of the division would overflow or vanish.
    let larger = pick(up > across, up, across);
    let scale = pick(larger > 1e150, 1e-200, pick(larger < 1e-100, 1e200, 1.0));
    let scale = f64::from_bits(scale.to_bits() & 0xFFF0_0000_0000_0000);
    let angle = first_quadrant(Pair::new(up * scale, 0.0), Pair::new(across * scale, 0.0));
    let back = x.is_sign_negative();
    let turned = Pair::ordered_sum(PI.hi, -angle.hi).plus_small(PI.lo - angle.lo);
    let value = pick(back, turned.rounded(), angle.rounded()).copysign(y);
    pick(x.is_nan() || y.is_nan(), f64::NAN, value)
}

/// Inverse tangent, in [−π/2, π/2].
#[inline(always)]
pub fn atan(x: f64) -> f64 {
    let size = x.abs();
    let large = size > 1e150;
    let value = first_quadrant(Pair::new(pick(large, 1e150, size), 0.0), Pair::new(1.0, 0.0)).rounded().copysign(x);
    pick(x.is_nan() || size < 1e-9, x, value)
}

/// √(1 − x²) as a pair.
#[inline(always)]
fn other_leg(x: f64) -> Pair {
    let square = Pair::product(x, x);
    let rest = Pair::sum(1.0, -square.hi).plus_small(-square.lo);
    let rest = Pair::ordered_sum(rest.hi, rest.lo);
    let root = rest.hi.sqrt();
    let low = ((-root).mul_add(root, rest.hi) + rest.lo) / (root + root);
    Pair::new(root, pick(root == 0.0, 0.0, low))
}

/// Inverse sine, in [−π/2, π/2].
#[inline(always)]
pub fn asin(x: f64) -> f64 {
    let size = x.abs();
    let value = first_quadrant(Pair::new(size, 0.0), other_leg(size)).rounded().copysign(x);
    let value = pick(size < 1e-9, x, value);
    pick(size <= 1.0, value, f64::NAN)
}

/// Inverse cosine, in [0, π].
#[inline(always)]
pub fn acos(x: f64) -> f64 {
    let size = x.abs();
    let angle = first_quadrant(other_leg(size), Pair::new(size, 0.0));
    let turned = Pair::ordered_sum(PI.hi, -angle.hi).plus_small(PI.lo - angle.lo);
    let value = pick(x < 0.0, turned.rounded(), angle.rounded());
    pick(size <= 1.0, value, f64::NAN)
}
