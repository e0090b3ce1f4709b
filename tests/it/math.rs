//! The elementary functions against an oracle, a million points each, and against themselves at every SIMD level.

use crate::common::map::map;
use langevin::math::{self, LANES, Lanes, Level};
use langevin::random::{BlockRng, Purpose};

/// How many random points each function is tried at; the boundaries come on top.
const POINTS: usize = 1_000_000;

/// The distance of two numbers in units in the last place of the second: 0 for two NaNs, infinite for one.
fn ulps(_: f64, found: f64, expected: f64) -> f64 {
    if found.is_nan() || expected.is_nan() {
        return if found.is_nan() && expected.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if found == expected {
        // Also the sign of zero is part of the answer.
        return if found.is_sign_negative() == expected.is_sign_negative() { 0.0 } else { f64::INFINITY };
    }
    // Neighbouring doubles have neighbouring bits.
    let order = |x: f64| if x < 0.0 { -((x.to_bits() & (u64::MAX >> 1)) as i128) } else { x.to_bits() as i128 };
    (order(found) - order(expected)).abs() as f64
}

/// The same, for x ≥ 0 only.
fn right_ulps(x: f64, found: f64, expected: f64) -> f64 {
    if x < 0.0 { 0.0 } else { ulps(x, found, expected) }
}

/// For x < 0, where roots lie between the poles and cancel: units in the last place of the terms that cancel there, of which 1 is the least.
fn left_units(x: f64, found: f64, expected: f64) -> f64 {
    if x >= 0.0 || found == expected || (found.is_nan() && expected.is_nan()) {
        return 0.0;
    }
    let scale = expected.abs().max(pxfm::f_lgamma(-x).abs()).max(1.0);
    (found - expected).abs() / (f64::EPSILON * scale)
}

/// Points where functions change their ways: specials, powers of two and of ten, halves and thirds, each with its neighbours and both signs.
fn boundaries() -> Vec<f64> {
    let mut points = vec![
        0.0,
        f64::INFINITY,
        f64::NAN,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        0.346_573_59,
        709.782_712_893_384,
        745.133_219_101_941_2,
        171.624_376_956_302_7,
        26.543_258_45,
        0.414_213_562_373_095_1,
        2.414_213_562_373_095,
    ];
    points.extend((-1074..1024).map(|exponent| 2.0_f64.powi(exponent)));
    points.extend((-30..30).map(|exponent| 10.0_f64.powi(exponent)));
    points.extend((1..800).flat_map(|n| {
        [
            f64::from(n),
            f64::from(n) + 0.5,
            f64::from(n) / 3.0,
            f64::from(n) * std::f64::consts::FRAC_PI_4,
            f64::from(n) * std::f64::consts::LN_2,
        ]
    }));
    points.iter().flat_map(|&x| [x, x.next_up(), x.next_down(), -x, (-x).next_up(), (-x).next_down()]).collect()
}

/// Where a function is tried: uniformly between two numbers, or with a uniform logarithm of its size and a random sign.
#[derive(Clone, Copy)]
enum Spread {
    Uniform(f64, f64),
    Logarithmic(f64, f64),
    Positive(f64, f64),
}

impl Spread {
    fn point(self, u: f64, v: f64) -> f64 {
        match self {
            Spread::Uniform(low, high) => low + u * (high - low),
            Spread::Logarithmic(low, high) => (low.ln() + u * (high.ln() - low.ln())).exp().copysign(v - 0.5),
            Spread::Positive(low, high) => (low.ln() + u * (high.ln() - low.ln())).exp(),
        }
    }
}

fn points(spreads: &[Spread], seed: u64) -> Vec<f64> {
    let mut rng = BlockRng::new(seed, 0, Purpose::Proposal);
    let (mut u, mut v) = (Lanes::default(), Lanes::default());
    let mut points = boundaries();
    while points.len() < POINTS {
        for spread in spreads {
            rng.fill_uniform(&mut u);
            rng.fill_uniform(&mut v);
            points.extend(u.iter().zip(v.iter()).map(|(&u, &v)| spread.point(u, v)));
        }
    }
    points.resize(points.len().next_multiple_of(LANES), 1.0);
    points
}

/// The largest error over the points, and where; the same bits at every level are asserted on the way.
fn worst<F: Fn(f64) -> f64 + Copy>(
    name: &str,
    function: F,
    oracle: impl Fn(f64) -> f64,
    points: &[f64],
    unit: impl Fn(f64, f64, f64) -> f64,
) -> (f64, f64) {
    let mut values = vec![0.0; points.len()];
    map(Level::detect(), function, points, &mut values);
    for level in Level::available() {
        // The baseline has no fused instructions and takes long for the same bits.
        let some = &points[..points.len().min(100_000)];
        let mut other = vec![0.0; some.len()];
        map(level, function, some, &mut other);
        for ((a, b), x) in values.iter().zip(&other).zip(some) {
            assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{name}({x:e}): {a:e}, at level {level} {b:e}");
        }
    }
    let errors = points.iter().zip(&values).map(|(&x, &found)| (unit(x, found, oracle(x)), x));
    errors.fold((0.0, 0.0), |worst, next| if next.0 > worst.0 { next } else { worst })
}

/// The oracle where it has no answer or a wrong sign of zero of its own.
mod oracle {
    pub(super) fn sinh(x: f64) -> f64 {
        pxfm::f_sinh(x).copysign(x)
    }

    pub(super) fn sigmoid(x: f64) -> f64 {
        if x < -700.0 { pxfm::f_exp(x) } else { pxfm::f_logistic(x) }
    }

    pub(super) fn erfcx(x: f64) -> f64 {
        // 1/(x√π) with a relative error of 1/2x².
        if x > 1e9 {
            return std::f64::consts::FRAC_2_SQRT_PI / 2.0 / x;
        }
        // 2·exp(x²), the square with its rounding error.
        let square = x * x;
        let value = pxfm::f_exp(square);
        if x < -26.0 {
            if value < f64::INFINITY { 2.0 * value.mul_add(x.mul_add(x, -square), value) } else { value }
        } else {
            pxfm::f_erfcx(x)
        }
    }

    pub(super) fn digamma(x: f64) -> f64 {
        // ψ(x) = −1/x − … at either side of zero, log x − 1/2x − … far away.
        if x == 0.0 {
            return -1.0 / x;
        }
        if x > 1e17 { pxfm::f_log(x) } else { pxfm::f_digamma(x) }
    }

    pub(super) fn lgamma(x: f64) -> f64 {
        // Beyond 10¹⁷ as x·(log x − 1).
        if x > 1e17 && x < f64::INFINITY { x * (pxfm::f_log(x) - 1.0) } else { pxfm::f_lgamma(x) }
    }

    pub(super) fn gamma(x: f64) -> f64 {
        // Γ is positive between −2n and −2n + 1, and 1/x on either side of zero.
        if x == 0.0 {
            return 1.0 / x;
        }
        // By mpmath, where the oracle overflows a little early.
        let value = match x {
            171.624_376_956_302_68 => 1.797_693_134_861_967e308,
            171.624_376_956_302_7 => 1.797_693_134_862_23e308,
            _ => pxfm::f_tgamma(x),
        };
        if x < 0.0 && x.floor() != x { value.abs().copysign(if (0.5 * x.floor()).fract() == 0.0 { 1.0 } else { -1.0 }) } else { value }
    }
}

macro_rules! functions {
    ($($test:ident: $function:ident, $oracle:expr, $limit:literal, $unit:expr, [$($spread:expr),*];)*) => {
        $(#[test]
        fn $test() {
            use Spread::*;
            let points = points(&[$($spread),*], 1);
            let (error, at) = worst(stringify!($function), math::$function, $oracle, &points, $unit);
            println!("{}: {error} ULP at {at:e}", stringify!($function));
            assert!(error <= $limit, "{}({at:e}) = {:e}, not {:e}: {error} ULP", stringify!($function), math::$function(at), $oracle(at));
        })*
    };
}

functions! {
    exp_is_accurate: exp, pxfm::f_exp, 1.0, ulps, [Uniform(-746.0, 710.0), Logarithmic(1e-20, 700.0)];
    expm1_is_accurate: expm1, pxfm::f_expm1, 1.0, ulps, [Uniform(-40.0, 710.0), Uniform(-2.0, 2.0), Logarithmic(1e-300, 700.0)];
    log_is_accurate: log, pxfm::f_log, 1.0, ulps, [Positive(1e-308, 1e308), Uniform(0.0, 3.0), Positive(5e-324, 1e-300)];
    log1p_is_accurate: log1p, pxfm::f_log1p, 1.0, ulps, [Uniform(-1.0, 3.0), Logarithmic(1e-300, 1.0), Positive(1e-10, 1e300)];
    cbrt_is_accurate: cbrt, pxfm::f_cbrt, 1.0, ulps, [Logarithmic(5e-324, 1e308), Uniform(-8.0, 8.0)];
    sin_is_accurate: sin, pxfm::f_sin, 1.0, ulps, [Uniform(-7.0, 7.0), Logarithmic(1e-300, 1e9), Logarithmic(1e9, 1e308)];
    cos_is_accurate: cos, pxfm::f_cos, 1.0, ulps, [Uniform(-7.0, 7.0), Logarithmic(1e-300, 1e9), Logarithmic(1e9, 1e308)];
    tan_is_accurate: tan, pxfm::f_tan, 1.0, ulps, [Uniform(-7.0, 7.0), Logarithmic(1e-300, 1e9), Logarithmic(1e9, 1e308)];
    asin_is_accurate: asin, pxfm::f_asin, 1.0, ulps, [Uniform(-1.0, 1.0), Logarithmic(1e-300, 1.0)];
    acos_is_accurate: acos, pxfm::f_acos, 1.0, ulps, [Uniform(-1.0, 1.0), Logarithmic(1e-20, 1.0)];
    atan_is_accurate: atan, pxfm::f_atan, 1.0, ulps, [Uniform(-4.0, 4.0), Logarithmic(1e-300, 1e300)];
    sinh_is_accurate: sinh, oracle::sinh, 1.0, ulps, [Uniform(-711.0, 711.0), Uniform(-2.0, 2.0), Logarithmic(1e-300, 700.0)];
    cosh_is_accurate: cosh, pxfm::f_cosh, 1.0, ulps, [Uniform(-711.0, 711.0), Uniform(-2.0, 2.0)];
    tanh_is_accurate: tanh, pxfm::f_tanh, 1.0, ulps, [Uniform(-23.0, 23.0), Uniform(-2.0, 2.0), Logarithmic(1e-300, 30.0)];
    asinh_is_accurate: asinh, pxfm::f_asinh, 2.0, ulps, [Uniform(-10.0, 10.0), Logarithmic(1e-300, 1e300)];
    acosh_is_accurate: acosh, pxfm::f_acosh, 2.0, ulps, [Uniform(1.0, 10.0), Positive(1.0, 1e300)];
    atanh_is_accurate: atanh, pxfm::f_atanh, 2.0, ulps, [Uniform(-1.0, 1.0), Logarithmic(1e-300, 1.0)];
    erf_is_accurate: erf, pxfm::f_erf, 2.0, ulps, [Uniform(-6.0, 6.0), Logarithmic(1e-300, 6.0)];
    erfc_is_accurate: erfc, pxfm::f_erfc, 2.0, ulps, [Uniform(-6.0, 27.5), Logarithmic(1e-20, 26.0)];
    erfcx_is_accurate: erfcx, oracle::erfcx, 2.0, ulps, [Uniform(-26.0, 50.0), Positive(1e-20, 1e300)];
    lgamma_is_accurate: lgamma, oracle::lgamma, 2.0, right_ulps, [Uniform(0.0, 20.0), Positive(1e-300, 1e300)];
    gamma_is_accurate: gamma, oracle::gamma, 2.0, right_ulps, [Uniform(0.0, 20.0), Uniform(0.0, 172.0), Positive(1e-300, 1.0)];
    digamma_is_accurate: digamma, oracle::digamma, 2.0, right_ulps, [Uniform(0.0, 20.0), Positive(1e-300, 1e300)];
    lgamma_left_of_zero_is_accurate: lgamma, oracle::lgamma, 4.0, left_units, [Uniform(-20.0, 0.0), Uniform(-1e4, 0.0), Logarithmic(1e-300, 1e9)];
    gamma_left_of_zero_is_accurate: gamma, oracle::gamma, 8.0, ulps, [Uniform(-20.0, 0.0), Uniform(-185.0, 0.0), Logarithmic(1e-300, 170.0)];
    digamma_left_of_zero_is_accurate: digamma, oracle::digamma, 8.0, left_units, [Uniform(-20.0, 0.0), Logarithmic(1e-300, 1e3)];
    sigmoid_is_accurate: sigmoid, oracle::sigmoid, 2.0, ulps, [Uniform(-746.0, 40.0), Uniform(-2.0, 2.0)];
}
