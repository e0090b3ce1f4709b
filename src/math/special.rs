//! Error, gamma and polygamma functions.

use std::f64::consts::PI;

use super::{exp, log};

/// Error function.
#[inline(always)]
pub fn erf(x: f64) -> f64 {
    pxfm::f_erf(x)
}

/// 1 − erf(x), exact in the tail.
#[inline(always)]
pub fn erfc(x: f64) -> f64 {
    pxfm::f_erfc(x)
}

/// exp(x²)·erfc(x): finite where erfc underflows.
#[inline(always)]
pub fn erfcx(x: f64) -> f64 {
    pxfm::f_erfcx(x)
}

/// log(erfc(x)), finite where erfc underflows.
#[inline(always)]
pub fn log_erfc(x: f64) -> f64 {
    // From 1 on through the scaled function; x² is exact to rounding, and dominates.
    if x < 1.0 { log(erfc(x)) } else { log(erfcx(x)) - x * x }
}

/// Gamma function.
#[inline(always)]
pub fn gamma(x: f64) -> f64 {
    pxfm::f_tgamma(x)
}

/// log |Γ(x)|.
#[inline(always)]
pub fn lgamma(x: f64) -> f64 {
    pxfm::f_lgamma(x)
}

/// ψ(x), the derivative of lgamma.
#[inline(always)]
pub fn digamma(x: f64) -> f64 {
    pxfm::f_digamma(x)
}

/// B₂ₖ for k = 1 … 12.
const BERNOULLI: [f64; 12] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174_611.0 / 330.0,
    854_513.0 / 138.0,
    -236_364_091.0 / 2730.0,
];

/// ψ⁽ⁿ⁾(x), the n-th derivative of digamma; NaN at the poles 0, −1, −2, … for odd n as for even, ±∞ never.
///
/// Recurrence up to x ≥ 15 + n, then the asymptotic series (Abramowitz & Stegun 6.4.11); for negative x the recurrence alone, one
/// term a unit, up to 10⁶ terms; beyond that NaN.
pub fn polygamma(n: u32, x: f64) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    if x.is_nan() || (x <= 0.0 && (x == x.floor() || x < -1e6)) {
        return f64::NAN;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    let order = f64::from(n);
    // (−1)ⁿ⁺¹ n! Σ 1/(x + k)ⁿ⁺¹: the sum here, the sign and the factorial at the end.
    let mut shifted = x;
    let mut sum = 0.0;
    while shifted < 15.0 + order {
        sum += integer_power(shifted, n + 1).recip();
        shifted += 1.0;
    }
    // In units of n!: 1/(n·xⁿ) + 1/(2xⁿ⁺¹) + Σ B₂ₖ·(2k + n − 1)!/((2k)!·n!·x²ᵏ⁺ⁿ).
    let base = integer_power(shifted, n).recip();
    let mut series = base / order + base / (2.0 * shifted);
    // (2k + n − 1)!/((2k)!·n!)/x²ᵏ, from k = 1: (n + 1)/2.
    let square = shifted * shifted;
    let mut factor = base * (order + 1.0) / (2.0 * square);
    for (index, bernoulli) in BERNOULLI.iter().enumerate() {
        series += bernoulli * factor;
        let two_k = 2.0 * (index as f64 + 1.0);
        factor *= (two_k + order) * (two_k + order + 1.0) / ((two_k + 1.0) * (two_k + 2.0) * square);
    }
    let factorial: f64 = (1..=n).map(f64::from).product();
    let sign = if n % 2 == 1 { 1.0 } else { -1.0 };
    sign * factorial * (sum + series)
}

fn integer_power(x: f64, n: u32) -> f64 {
    (0..n).fold(1.0, |product, _| product * x)
}

/// The standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal density.
pub fn normal_pdf(x: f64) -> f64 {
    exp(-0.5 * x * x) / (2.0 * PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 2e-14 * expected.abs(), "{found:e} is not {expected:e}");
    }

    #[test]
    fn polygamma_agrees_with_mpmath() {
        // mpmath.psi(n, x), 30 digits.
        check(polygamma(1, 1.0), 1.6449340668482264);
        check(polygamma(1, 0.01), 10001.621213528313);
        check(polygamma(1, 100.0), 0.010050166663333571);
        check(polygamma(2, 1.0), -2.404113806319188);
        check(polygamma(3, 2.5), 0.22390584881725205);
        check(polygamma(1, -0.5), 8.934802200544679);
        check(polygamma(5, 0.3), 164_634.846_099_223);
        assert!(polygamma(1, 0.0).is_nan() && polygamma(1, -3.0).is_nan());
    }

    #[test]
    fn the_tail_of_the_error_function_keeps_its_logarithm() {
        // mpmath.log(mpmath.erfc(x)), 30 digits.
        check(log_erfc(0.5), -0.7350111298370844);
        check(log_erfc(10.0), -102.87988902484488);
        check(log_erfc(1e6), -1_000_000_000_014.387_8);
        check(log_erfc(-3.0), 0.6931361352504468);
    }
}
