//! The error function and its complements.
//!
//! erfc(x) = e^(−x²)·erfcx(x) with one expansion of (1 + 2x)·erfcx(x) over the whole half-line (Shepherd & Laframboise 1981, "Chebyshev
//! approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞"); erf near 0 by its own series. Total and branch-free.

use super::double::{Pair, nearest, pick, polynomial, power_of_two};
use super::exponential::exp_pair;
use super::logarithm::{log_pair, log1p};

/// (1 + 2x)·erfcx(x) in t = (x − 4)/(x + 4): Chebyshev expansion, error 2⁻⁶¹.
const SCALED: [f64; 27] = [
    1.2329951186255526,
    -0.1396211168405625,
    0.015379652102620042,
    0.06809705425469036,
    -0.10103906603632504,
    0.09373283499843951,
    -0.0663303658116485,
    0.03716751553591141,
    -0.01619773406595253,
    0.005031969992810925,
    -0.0007577732195352293,
    -0.0001992567764579197,
    0.00015062130746391778,
    -2.4398942309069806e-05,
    -1.1220753452725425e-05,
    5.709201212226352e-06,
    2.909062968371427e-07,
    -8.249127434964572e-07,
    7.89343963476142e-08,
    1.1009041560728304e-07,
    -2.1917128684776733e-08,
    -1.470518755238763e-08,
    3.979908209935334e-09,
    1.7887492189077536e-09,
    -5.47796315403793e-10,
    -1.37212432109558e-10,
    4.335744696880128e-11,
];
const SCALED_LOW: f64 = -4.625318921008717e-17;

const TWO_OVER_ROOT_PI: Pair = Pair { hi: std::f64::consts::FRAC_2_SQRT_PI, lo: 1.533545961316588e-17 };

/// (erf(x)/x − 2/√π)/x² in x² for |x| ≤ ¾: Chebyshev expansion, error 2⁻⁶³.
const NEAR: [f64; 11] = [
    -0.37612638903183754,
    0.11283791670955123,
    -0.026866170645129278,
    0.005223977625387411,
    -0.000854832701564095,
    0.00012055332331498608,
    -1.4925616549315293e-05,
    1.6460982712982636e-06,
    -1.634140690282251e-07,
    1.4476682517736882e-08,
    -9.710489912378796e-10,
];

/// erfcx(x) as a pair, for x ≥ 0.
#[inline(always)]
fn scaled_complement(x: f64) -> Pair {
    let t = Pair::sum(x, -4.0).over(Pair::sum(x, 4.0));
    // p = c₀ + t·q, the last step with its rounding error; q only needs t to a double.
    let mut q = SCALED[26];
    let mut slope = 0.0;
    for index in (1..26).rev() {
        slope = f64::mul_add(slope, t.hi, q);
        q = q.mul_add(t.hi, SCALED[index]);
    }
    let product = Pair::product(t.hi, q);
    // The slope of the whole polynomial is q + t·q′.
    let correction = slope.mul_add(t.hi, q) * t.lo;
    let p = Pair::ordered_sum(SCALED[0], product.hi).plus_small(product.lo + SCALED_LOW + correction);
    p.over(Pair::sum(1.0, 2.0 * x))
}

/// e^(±x²)·value, the square exact; `sign` is 1 or −1.
#[inline(always)]
fn times_gaussian(x: f64, sign: f64, value: Pair) -> f64 {
    let square = Pair::product(x, x);
    let (k, gaussian) = exp_pair(sign * square.hi, sign * square.lo);
    let product = gaussian.times(value).rounded();
    let half = nearest(0.5 * k);
    product * power_of_two(half) * power_of_two(k - half)
}

/// 1 − erf(x), exact in the tail.
#[inline(always)]
pub fn erfc(x: f64) -> f64 {
    let size = pick(x.abs() < 27.5, x.abs(), 27.5);
    let tail = times_gaussian(size, -1.0, scaled_complement(size));
    let value = pick(x < 0.0, 2.0 - tail, tail);
    pick(x.is_nan(), x, value)
}

/// Error function.
#[inline(always)]
pub fn erf(x: f64) -> f64 {
    let size = x.abs();
    let near = size < 0.75;
    let square = x * x;
    let series = Pair::product(TWO_OVER_ROOT_PI.hi, size)
        .plus_small(size * square.mul_add(polynomial(&NEAR, pick(near, square, 0.0)), TWO_OVER_ROOT_PI.lo));
    let value = pick(near, series.rounded(), 1.0 - erfc(size)).copysign(x);
    pick(x.is_nan(), x, value)
}

/// exp(x²)·erfc(x): finite where erfc underflows.
#[inline(always)]
pub fn erfcx(x: f64) -> f64 {
    let size = x.abs();
    let complement = scaled_complement(pick(size < 1e10, size, 1e10));
    let right = pick(size < 1e10, complement.rounded(), 0.5 * TWO_OVER_ROOT_PI.hi / size);
    // exp(x²)·(2 − erfc(−x)).
    let moderate = pick(size < 26.7, size, 26.7);
    let left = times_gaussian(moderate, 1.0, Pair::new(2.0, 0.0));
    let left = pick(size < 26.7, left - right, f64::INFINITY);
    let value = pick(x < 0.0, left, right);
    pick(x.is_nan(), x, value)
}

/// log(erfc(x)), finite where erfc underflows.
#[inline(always)]
pub fn log_erfc(x: f64) -> f64 {
    let left = log1p(-erf(pick(x < 0.5, x, 0.0)));
    let size = pick(x < 0.5, 0.5, x);
    let square = Pair::product(size, size);
    let scaled = log_pair(erfcx(size));
    let right = Pair::sum(-square.hi, scaled.hi).plus_small(scaled.lo - square.lo).rounded();
    let right = pick(size < 1e150, right, -size * size);
    let value = pick(x < 0.5, left, right);
    pick(x.is_nan(), x, value)
}

/// The standard normal distribution function.
#[inline(always)]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal density.
#[inline(always)]
pub fn normal_pdf(x: f64) -> f64 {
    super::exp(-0.5 * x * x) * 0.5 * std::f64::consts::FRAC_1_SQRT_2 * TWO_OVER_ROOT_PI.hi
}
