//! The error function and its complements.
//!
//! erfc(x) = e^(−x²)·erfcx(x) with one expansion of (1 + 2x)·erfcx(x) over the whole half-line (Shepherd & Laframboise 1981, "Chebyshev
//! approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞"); erf near 0 by its own series. Total and branch-free.

use super::double::{Pair, exponent_and_mantissa, nearest, pick, polynomial, power_of_two, tail};
use super::exponential::exp_pair;
use super::logarithm::assembled;

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
/// Its derivative to two digits: what the rounding error of t is multiplied with.
const SLOPE: [f64; 10] = [-0.13963, 0.030759, 0.20451, -0.40418, 0.46638, -0.39665, 0.2658, -0.13275, 0.038879, -0.0036625];

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
    // p = c₀ + t·q, the last step with its rounding error.
    let product = Pair::product(t.hi, tail(&SCALED, t.hi));
    let correction = polynomial(&SLOPE, t.hi) * t.lo;
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
    let size = pick(x.abs() < 27.5, x.abs(), 27.5);
    erf_beside(x, times_gaussian(size, -1.0, scaled_complement(size)))
}

/// erf(x), given erfc(|x|).
#[inline(always)]
fn erf_beside(x: f64, tail: f64) -> f64 {
    let size = x.abs();
    let near = size < 0.75;
    let square = pick(near, x * x, 0.0);
    let rest = size * square.mul_add(polynomial(&NEAR, square), TWO_OVER_ROOT_PI.lo);
    let series = Pair::product(TWO_OVER_ROOT_PI.hi, size).plus_small(rest).rounded();
    let value = pick(near, series, 1.0 - tail).copysign(x);
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
    let left = x < 0.5;
    let size = pick(x.abs() < 1e150, x.abs(), 1e150);
    let complement = scaled_complement(size);
    let moderate = pick(size < 27.5, size, 27.5);
    let tail = times_gaussian(moderate, -1.0, complement);
    // On the left log(1 − erf), with the rounding error of the difference; on the right log(erfcx) − x².
    let apart = Pair::sum(1.0, -erf_beside(pick(left, x, 0.0), tail));
    let (k, m) = exponent_and_mantissa(pick(left, apart.hi, complement.rounded()));
    let low = pick(left, apart.lo * power_of_two(pick(left, -k, 0.0)), 0.0);
    let log = assembled(k, Pair::sum(m - 1.0, low));
    let square = Pair::product(size, size);
    let right = Pair::sum(-square.hi, log.hi).plus_small(log.lo - square.lo).rounded();
    let value = pick(left, log.rounded(), right);
    let value = pick(x >= 1e150, -x * x, value);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_its_logarithm() {
        // mpmath.log(mpmath.erfc(x)), 30 digits.
        for (x, expected) in [
            (0.5, -0.7350111298370844),
            (10.0, -102.87988902484488),
            (1e6, -1_000_000_000_014.387_8),
            (-3.0, 0.6931361352504468),
            (1e-10, -1.1283791671591746e-10),
            (-1e-300, 1.1283791670955126e-300),
        ] {
            let found = log_erfc(x);
            assert!((found - expected).abs() <= 4.5e-16 * expected.abs(), "log_erfc({x}) = {found:e}, not {expected:e}");
        }
    }
}
