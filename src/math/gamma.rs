//! Gamma, its logarithm and the derivatives of that.
//!
//! For positive arguments branch-free: one Chebyshev expansion an octave, chosen by the exponent, up to 8, Stirling's series beyond.
//! The few lanes with negative arguments go one by one through the reflection formulas (Abramowitz & Stegun 6.1.17, 6.3.7).

use std::f64::consts::PI;

use super::double::{Pair, exponent_and_mantissa, pick, polynomial, tail, tail_of};
use super::exponential::exp_of_pair;
use super::logarithm::{fine_log, log, log_pair};
use super::trigonometry::{cos_near, sin_near};

const HALF_LOG_TWO_PI: Pair = Pair { hi: 0.9189385332046728, lo: -3.8782941580672414e-17 };
const LOG_PI: f64 = 1.1447298858494002;
/// The positive root of ψ.
const DIGAMMA_ROOT: Pair = Pair { hi: 1.4616321449683622, lo: 9.549995429965697e-17 };

/// lgamma(x)/((x − 1)(x − 2)) on [2ᵉ, 2ᵉ⁺¹) for e = −1, 0, 1, 2, in t = 2x/2ᵉ − 3: Chebyshev expansions, error below 2⁻⁵⁷.
const LGAMMA: [[f64; 21]; 4] = [
    [
        0.6504990445801452,
        -0.08808985033300343,
        0.018380335451527376,
        -0.004514237527718945,
        0.0012002398216748782,
        -0.0003339638181070037,
        9.568996642375638e-05,
        -2.7988594764702617e-05,
        8.313450465521355e-06,
        -2.499200907301604e-06,
        7.586331670850611e-07,
        -2.321553026040524e-07,
        7.151743280192566e-08,
        -2.2115252878506373e-08,
        6.885828709664188e-09,
        -2.209403366902693e-09,
        6.938763480878999e-10,
        -1.7409732253574724e-10,
        5.486785835444387e-11,
        -3.714273164368814e-11,
        1.1823629047802492e-11,
    ],
    [
        0.4831289505409809,
        -0.07297994795715297,
        0.01572785026864121,
        -0.003913560937631659,
        0.0010498186644508718,
        -0.0002945507014009265,
        8.510090378468051e-05,
        -2.509432984849446e-05,
        7.5113915317296576e-06,
        -2.274240971132041e-06,
        6.948440187550096e-07,
        -2.138843561161159e-07,
        6.623601939725099e-08,
        -2.057761163373013e-08,
        6.434152357291201e-09,
        -2.0732827842398214e-09,
        6.533268528434416e-10,
        -1.6393816009998903e-10,
        5.18198984494436e-11,
        -3.533898162275879e-11,
        1.1273354955165048e-11,
    ],
    [
        0.34657359027997264,
        -0.05846821787072535,
        0.01314904837815838,
        -0.003332280825145485,
        0.000901801262525552,
        -0.00025433699544769305,
        7.3776694070739e-05,
        -2.1837785980143492e-05,
        6.562468070551241e-06,
        -1.995238335887221e-06,
        6.122616057906486e-07,
        -1.8930727324057602e-07,
        5.8888288669451415e-08,
        -1.837492482677842e-08,
        5.770351111964578e-09,
        -1.868375006178368e-09,
        5.911095464519391e-10,
        -1.4826826239813887e-10,
        4.7044822498830943e-11,
        -3.241975904109081e-11,
        1.0373668429357435e-11,
    ],
    [
        0.2393745871391023,
        -0.04482536158201196,
        0.010600203569701873,
        -0.002761093046007915,
        0.0007592039672227517,
        -0.000216174179100432,
        6.307823284852678e-05,
        -1.8742299096889608e-05,
        5.647011851937948e-06,
        -1.720307383223648e-06,
        5.287815391312854e-07,
        -1.6375378269218405e-07,
        5.102037853458888e-08,
        -1.5945849191157956e-08,
        5.0164468425280074e-09,
        -1.6280489422106545e-09,
        5.161202559813852e-10,
        -1.293366396698127e-10,
        4.112528624049291e-11,
        -2.8560330641298107e-11,
        9.160169179987195e-12,
    ],
];
const LGAMMA_LOW: [f64; 4] = [8.357472708167907e-18, 1.6718818997178506e-17, 1.1595234069231498e-17, -1.3070382920565713e-17];

/// ψ(x)/(x − x₀) on [2ᵉ, 2ᵉ⁺¹) for e = 0, 1, 2, in t = 2x/2ᵉ − 3, x₀ the positive root: Chebyshev expansions, error below 2⁻⁵⁸.
const DIGAMMA: [[f64; 23]; 3] = [
    [
        0.9510558760318328,
        -0.2118137106407303,
        0.060135621060196744,
        -0.018550615381735115,
        0.005936795278305649,
        -0.0019350666648590097,
        0.0006368880303257201,
        -0.00021074841140458636,
        6.995018873950506e-05,
        -2.325824239445257e-05,
        7.741232223504057e-06,
        -2.57809436305308e-06,
        8.589127353033379e-07,
        -2.86315275846934e-07,
        9.542050972688906e-08,
        -3.163020268955334e-08,
        1.0542687624027994e-08,
        -3.7075072647122386e-09,
        1.2358072433984831e-09,
        -2.7619635330317715e-10,
        9.206434499177992e-11,
        -8.498137230186096e-11,
        2.832706668021759e-11,
    ],
    [
        0.5998463449949618,
        -0.1332010919732337,
        0.0364959451213213,
        -0.010837922383548967,
        0.0033543129644203512,
        -0.001063627905842517,
        0.00034247369520088073,
        -0.00011139565585206587,
        3.648531131847648e-05,
        -1.2007980306888237e-05,
        3.965647030096732e-06,
        -1.312877316829583e-06,
        4.3542992140135926e-07,
        -1.4465451053021593e-07,
        4.8085208735010746e-08,
        -1.590895606520222e-08,
        5.294839601145325e-09,
        -1.8596768769084357e-09,
        6.193857954242806e-10,
        -1.384390548634469e-10,
        4.6117446967524674e-11,
        -4.252399333267688e-11,
        1.4171863080236538e-11,
    ],
    [
        0.3759319920575074,
        -0.08576168461295232,
        0.023344054100466274,
        -0.006812508725203739,
        0.0020645211791896186,
        -0.0006406061713069513,
        0.00020199808869382602,
        -6.443483726459171e-05,
        2.073171182612203e-05,
        -6.71452835655158e-06,
        2.185929939212282e-06,
        -7.145466167143375e-07,
        2.3434833217574966e-07,
        -7.709028623120273e-08,
        2.540661799865897e-08,
        -8.34458387519824e-09,
        2.7591342119929772e-09,
        -9.624128504792875e-10,
        3.1901895768422476e-10,
        -7.147802588764618e-11,
        2.3705221190625778e-11,
        -2.1611496600189187e-11,
        7.1859222547215395e-12,
    ],
];
const DIGAMMA_LOW: [f64; 3] = [4.330743078649653e-17, 1.2061376673319899e-17, 1.2839744609940018e-17];

/// Γ(x) on [1, 2) in t = 2x − 3: Chebyshev expansion, error below 2⁻⁵⁹.
const GAMMA: [f64; 24] = [
    0.886226925452758,
    0.01616919872444251,
    0.10370336342207545,
    -0.01341185057059658,
    0.009040334940281114,
    -0.0024225953843678666,
    0.0009157859972871906,
    -0.0002968901215703209,
    0.00010092814883874258,
    -3.363758374630023e-05,
    1.1252464220855473e-05,
    -3.75498861201985e-06,
    1.252814898212055e-06,
    -4.178133192643162e-07,
    1.3938306853004366e-07,
    -4.6469676482828825e-08,
    1.5384082326038672e-08,
    -5.128375924618212e-09,
    1.8220041028737747e-09,
    -6.073486906367263e-10,
    1.2786323743890479e-10,
    -4.26216211088947e-11,
    4.262222028457249e-11,
    -1.420743529591811e-11,
];
const GAMMA_LOW: f64 = -3.889748593548409e-17;

/// B₂ₖ/(2k(2k − 1)): Stirling's series of lgamma (Abramowitz & Stegun 6.1.40).
const STIRLING: [f64; 10] = [
    0.08333333333333333,
    -0.002777777777777778,
    0.0007936507936507937,
    -0.0005952380952380953,
    0.0008417508417508417,
    -0.0019175269175269176,
    0.00641025641025641,
    -0.029550653594771242,
    0.17964437236883057,
    -1.3924322169059011,
];
/// B₂ₖ/2k: the series of ψ (Abramowitz & Stegun 6.3.18).
const DIGAMMA_SERIES: [f64; 10] = [
    0.08333333333333333,
    -0.008333333333333333,
    0.003968253968253968,
    -0.004166666666666667,
    0.007575757575757576,
    -0.021092796092796094,
    0.08333333333333333,
    -0.4432598039215686,
    3.0539543302701198,
    -26.456212121212122,
];

/// Whether an argument is outside what [`gamma_right`], [`lgamma_right`] and [`digamma_right`] cover.
#[inline(always)]
pub(crate) fn is_left(x: f64) -> bool {
    x < 0.0
}

/// The octave e and t = 2x/2ᵉ − 3 of a positive x.
#[inline(always)]
fn octave(x: f64) -> (f64, f64) {
    let (k, m) = exponent_and_mantissa(x);
    let (k, m) = (pick(m < 1.0, k - 1.0, k), pick(m < 1.0, 2.0 * m, m));
    (k, m.mul_add(2.0, -3.0))
}

/// c₀ + t·q(t) with the rounding of the last step.
#[inline(always)]
fn ended(first: f64, low: f64, t: f64, q: f64) -> Pair {
    let product = Pair::product(t, q);
    Pair::ordered_sum(first, product.hi).plus_small(product.lo + low)
}

/// Stirling's series Σ B₂ₖ/(2k(2k − 1)x²ᵏ⁻¹), for x ≥ 8.
#[inline(always)]
fn stirling(x: f64) -> f64 {
    let inverse = 1.0 / x;
    inverse * polynomial(&STIRLING, inverse * inverse)
}

/// log Γ(x) for x ≥ 0.
#[inline(always)]
pub(crate) fn lgamma_right(x: f64) -> f64 {
    let tiny = x < 0.5;
    let large = x >= 8.0;
    // Γ(x) = Γ(1 + x)/x near 0.
    let y = pick(tiny, 1.0 + x, pick(large, 4.0, x));
    let (e, t) = octave(y);
    let coefficient = |index: usize| {
        let low = pick(e < 0.0, LGAMMA[0][index], LGAMMA[1][index]);
        pick(e < 1.0, low, pick(e < 2.0, LGAMMA[2][index], LGAMMA[3][index]))
    };
    let q = tail_of::<{ LGAMMA[0].len() }>(coefficient, t);
    let low = pick(e < 1.0, pick(e < 0.0, LGAMMA_LOW[0], LGAMMA_LOW[1]), pick(e < 2.0, LGAMMA_LOW[2], LGAMMA_LOW[3]));
    let g = ended(coefficient(0), low, t, q);
    let roots = Pair::product(pick(tiny, x, y - 1.0), pick(tiny, x - 1.0, y - 2.0));
    let near = roots.times(g);
    let log = log_pair(pick(tiny || large, x, 1.0));
    let near = Pair::sum(-pick(tiny, log.hi, 0.0), near.hi).plus_small(near.lo - pick(tiny, log.lo, 0.0)).rounded();
    // (x − ½)(log x − 1) + ½ log 2π − ½ + series.
    let factor = Pair::sum(log.hi, -1.0).plus_small(log.lo);
    let factor = Pair::ordered_sum(factor.hi, factor.lo);
    let product = Pair::product(x - 0.5, factor.hi);
    let rest = (x - 0.5).mul_add(factor.lo, product.lo) + ((HALF_LOG_TWO_PI.hi - 0.5) + stirling(x));
    let far = pick(product.hi < f64::INFINITY, product.hi + rest, f64::INFINITY);
    let value = pick(large, far, near);
    let value = pick(x == 0.0 || x == f64::INFINITY, f64::INFINITY, value);
    pick(x.is_nan(), x, value)
}

/// log Γ(x) as a pair, for x ≥ 8.
#[inline(always)]
fn fine_lgamma(x: f64) -> Pair {
    let log = fine_log(x);
    let product = Pair::product(x - 0.5, log.hi).plus_small((x - 0.5) * log.lo);
    Pair::sum(product.hi, -x).plus(Pair::sum(HALF_LOG_TWO_PI.hi, stirling(x))).plus_small(product.lo + HALF_LOG_TWO_PI.lo)
}

/// Γ(x) for x ≥ 0.
#[inline(always)]
pub(crate) fn gamma_right(x: f64) -> f64 {
    let large = x >= 8.0;
    let tiny = x < 1.0;
    // x = base + whole, base in [1, 2): Γ(x) = Γ(base)·(x − 1)(x − 2)… base.
    let inner = pick(large, 1.0, x);
    let base = pick(tiny, inner, inner - (inner.floor() - 1.0));
    let t = pick(tiny, 2.0 * inner - 1.0, 2.0 * base - 3.0);
    let q = tail(&GAMMA, t);
    let mut product = ended(GAMMA[0], GAMMA_LOW, t, q);
    for step in 1..=6 {
        let factor = pick(inner - f64::from(step) >= 1.0, inner - f64::from(step), 1.0);
        product = product.times(Pair::new(factor, 0.0));
    }
    // Γ(x) = Γ(1 + x)/x near 0.
    let near = product.over(Pair::new(pick(tiny, inner, 1.0), 0.0));
    let near = pick(near.hi < f64::INFINITY, near.rounded(), f64::INFINITY);
    let far = exp_of_pair(fine_lgamma(pick(large, pick(x < 200.0, x, 200.0), 8.0)));
    let value = pick(large, far, near);
    let value = pick(x == 0.0, f64::INFINITY.copysign(x), value);
    pick(x.is_nan(), x, value)
}

/// ψ(x) for x ≥ 0.
#[inline(always)]
pub(crate) fn digamma_right(x: f64) -> f64 {
    let tiny = x < 1.0;
    let large = x >= 8.0;
    // ψ(x) = ψ(1 + x) − 1/x near 0.
    let y = pick(tiny, 1.0 + x, pick(large, 4.0, x));
    let (e, t) = octave(y);
    let coefficient = |index: usize| pick(e < 1.0, DIGAMMA[0][index], pick(e < 2.0, DIGAMMA[1][index], DIGAMMA[2][index]));
    let q = tail_of::<{ DIGAMMA[0].len() }>(coefficient, t);
    let low = pick(e < 1.0, DIGAMMA_LOW[0], pick(e < 2.0, DIGAMMA_LOW[1], DIGAMMA_LOW[2]));
    let g = ended(coefficient(0), low, t, q);
    let from_root = Pair::sum(pick(tiny, x, y), -pick(tiny, DIGAMMA_ROOT.hi - 1.0, DIGAMMA_ROOT.hi)).plus_small(-DIGAMMA_ROOT.lo);
    let inverse = 1.0 / x;
    let near = from_root.times(g);
    let inverse_low = (-inverse).mul_add(x, 1.0) * inverse;
    let below = Pair::sum(-inverse, near.hi).plus_small(near.lo - inverse_low).rounded();
    let below = pick(inverse < f64::INFINITY, below, f64::NEG_INFINITY);
    let near = pick(tiny, below, near.rounded());
    // log x − 1/2x − series.
    let log = log_pair(pick(large, x, 8.0));
    let square = inverse * inverse;
    let far = log.hi + (log.lo - square.mul_add(polynomial(&DIGAMMA_SERIES, square), 0.5 * inverse));
    let value = pick(large, far, near);
    let value = pick(x == f64::INFINITY, x, value);
    let value = pick(x == 0.0, f64::NEG_INFINITY.copysign(-x), value);
    pick(x.is_nan(), x, value)
}

/// (sin πx, cos πx), the reduction exact.
fn sin_cos_pi(x: f64) -> (f64, f64) {
    let turns = x - 2.0 * (0.5 * x).round_ties_even();
    let quarters = (2.0 * turns).round_ties_even();
    let angle = PI * (turns - 0.5 * quarters);
    let (s, c) = (sin_near(angle), cos_near(angle));
    match quarters as i64 & 3 {
        0 => (s, c),
        1 => (c, -s),
        2 => (-s, -c),
        _ => (-c, s),
    }
}

/// log |Γ(x)|; ∞ at the poles 0, −1, −2, …
#[inline(always)]
pub fn lgamma(x: f64) -> f64 {
    if is_left(x) { reflected_lgamma(x) } else { lgamma_right(x) }
}

#[cold]
#[inline(never)]
fn reflected_lgamma(x: f64) -> f64 {
    if x.floor() == x {
        return f64::INFINITY;
    }
    // |Γ(x)| = π/(|x sin πx|·Γ(|x|)); near 0 it is 1/|x|.
    if x > -1e-17 {
        return -log(-x);
    }
    let distance = log((x * sin_cos_pi(x).0).abs());
    (LOG_PI - distance) - lgamma_right(-x)
}

/// Gamma function; NaN at the poles −1, −2, …, ±∞ at ±0.
#[inline(always)]
pub fn gamma(x: f64) -> f64 {
    if is_left(x) { reflected_gamma(x) } else { gamma_right(x) }
}

#[cold]
#[inline(never)]
fn reflected_gamma(x: f64) -> f64 {
    if x.floor() == x {
        return f64::NAN;
    }
    if x > -1e-17 {
        return 1.0 / x;
    }
    let denominator = x * sin_cos_pi(x).0;
    if x > -150.0 {
        return -PI / (denominator * gamma_right(-x));
    }
    // Γ(−x) itself overflows long before its inverse vanishes; the inverse goes in halves, as near a pole the quotient makes up for it.
    let half = exp_of_pair(fine_lgamma(if x > -300.0 { -x } else { 300.0 }).scaled(-0.5));
    -PI / denominator * half * half
}

/// ψ(x), the derivative of lgamma; NaN at the poles −1, −2, …
#[inline(always)]
pub fn digamma(x: f64) -> f64 {
    if is_left(x) { reflected_digamma(x) } else { digamma_right(x) }
}

#[cold]
#[inline(never)]
fn reflected_digamma(x: f64) -> f64 {
    if x.floor() == x {
        return f64::NAN;
    }
    // ψ(x) = ψ(1 − x) − π cot πx.
    let (s, c) = sin_cos_pi(x);
    digamma_right(1.0 - x) - PI * (c / s)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polygamma_agrees_with_mpmath() {
        // mpmath.psi(n, x), 30 digits.
        for (n, x, expected) in [
            (1, 1.0, 1.6449340668482264),
            (1, 0.01, 10001.621213528313),
            (1, 100.0, 0.010050166663333571),
            (2, 1.0, -2.404113806319188),
            (3, 2.5, 0.22390584881725205),
            (1, -0.5, 8.934802200544679),
            (5, 0.3, 164_634.846_099_223),
        ] {
            let found = polygamma(n, x);
            assert!((found - expected).abs() <= 2e-14 * expected.abs(), "polygamma({n}, {x}) = {found:e}, not {expected:e}");
        }
        assert!(polygamma(1, 0.0).is_nan() && polygamma(1, -3.0).is_nan());
    }
}
