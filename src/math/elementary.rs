//! Elementary functions: correctly rounded, the same bits on every machine.
//!
//! Total: NaN outside the domain, ±∞ at poles, never a panic. `pxfm` does the work where it has the function; std's own
//! transcendental functions are never called, as their bits depend on the platform's C library.

macro_rules! from_pxfm {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name(x: f64) -> f64 {
            pxfm::$function(x)
        })*
    };
}

from_pxfm! {
    /// eˣ.
    exp = f_exp;
    /// eˣ − 1.
    expm1 = f_expm1;
    /// Natural logarithm.
    log = f_log;
    /// log(1 + x).
    log1p = f_log1p;
    /// Cube root.
    cbrt = f_cbrt;
    /// Sine.
    sin = f_sin;
    /// Cosine.
    cos = f_cos;
    /// Tangent.
    tan = f_tan;
    /// Inverse sine.
    asin = f_asin;
    /// Inverse cosine.
    acos = f_acos;
    /// Inverse tangent.
    atan = f_atan;
    /// Hyperbolic sine.
    sinh = f_sinh;
    /// Hyperbolic cosine.
    cosh = f_cosh;
    /// Hyperbolic tangent.
    tanh = f_tanh;
    /// Inverse hyperbolic sine.
    asinh = f_asinh;
    /// Inverse hyperbolic cosine.
    acosh = f_acosh;
    /// Inverse hyperbolic tangent.
    atanh = f_atanh;
}

/// xʸ; 1 for y = 0, NaN for a negative x with an exponent that is no integer.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    pxfm::f_pow(x, y)
}

/// The angle of the point (x, y).
#[inline(always)]
pub fn atan2(y: f64, x: f64) -> f64 {
    pxfm::f_atan2(y, x)
}

/// √(x² + y²) without overflow.
#[inline(always)]
pub fn hypot(x: f64, y: f64) -> f64 {
    pxfm::f_hypot(x, y)
}

/// −1, 0 or 1; NaN stays NaN.
#[inline(always)]
pub fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

/// x − y·floor(x/y): in [0, y) for positive y. The remainder is exact, so no digit is lost for large x.
#[inline(always)]
pub fn modulo(x: f64, y: f64) -> f64 {
    let remainder = x % y;
    if remainder != 0.0 && (remainder < 0.0) != (y < 0.0) { remainder + y } else { remainder }
}

/// log(1 − eˣ) for x < 0 (Mächler 2012, "Accurately computing log(1 − exp(−|a|))").
#[inline(always)]
pub fn log1m_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 { log(-expm1(x)) } else { log1p(-exp(x)) }
}

/// 1/(1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid(x: f64) -> f64 {
    // e^-|x| cannot overflow.
    let small = exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// log(1 + eˣ).
#[inline(always)]
pub fn softplus(x: f64) -> f64 {
    let tail = log1p(exp(-x.abs()));
    if x > 0.0 { x + tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(found: f64, expected: f64) {
        assert!(found == expected || (found - expected).abs() <= 4.0 * f64::EPSILON * expected.abs(), "{found} is not {expected}");
    }

    #[test]
    fn stable_forms_keep_their_digits_at_both_ends() {
        // mpmath, 30 digits.
        check(log1m_exp(-1e-10), -23.025850929990457);
        check(log1m_exp(-50.0), -1.9287498479639178e-22);
        check(sigmoid(-800.0), 0.0);
        check(sigmoid(-40.0), 4.248354255291589e-18);
        check(softplus(-40.0), 4.248354255291589e-18);
        check(softplus(800.0), 800.0);
    }

    #[test]
    fn modulo_has_the_sign_of_its_second_argument() {
        for (x, y, expected) in [(7.0, 3.0, 1.0), (-7.0, 3.0, 2.0), (7.0, -3.0, -2.0), (-6.0, 3.0, 0.0), (5.5, 2.0, 1.5)] {
            assert_eq!(modulo(x, y), expected, "mod({x}, {y})");
        }
    }

    #[test]
    fn sign_keeps_zero_and_nan() {
        assert_eq!([sign(-2.0), sign(0.0), sign(3.0)], [-1.0, 0.0, 1.0]);
        assert!(sign(f64::NAN).is_nan());
    }
}
