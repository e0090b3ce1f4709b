// Helpers for generated Rust: functions that std lacks, to about 1e-14. Each begins at a marker that names it and those it needs.
// @ sign:
fn sign(x: f64) -> f64 {
    if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }
}
// @ modulo:
fn modulo(x: f64, y: f64) -> f64 {
    let r = x % y;
    if r != 0.0 && (r < 0.0) != (y < 0.0) { r + y } else { r }
}
// @ sigmoid:
fn sigmoid(x: f64) -> f64 {
    let small = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}
// @ softplus:
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
// @ log1m_exp:
fn log1m_exp(x: f64) -> f64 {
    if x > -std::f64::consts::LN_2 { (-x.exp_m1()).ln() } else { (-x.exp()).ln_1p() }
}
// @ log_sum_exp:
fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
}
// @ erf_series:
/// erf by its series with positive terms only; for |x| < 2.
fn erf_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..80 {
        term *= 2.0 * x * x / (2.0 * n as f64 + 1.0);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}
// @ erfcx: erf_series
/// exp(x²)·erfc(x): a continued fraction from 2 on.
fn erfcx(x: f64) -> f64 {
    if x < 2.0 {
        let tail = if x < -2.0 { 2.0 - erfcx(-x) * (-x * x).exp() } else { 1.0 - erf_series(x) };
        return (x * x).exp() * tail;
    }
    let mut fraction = x;
    for k in (1..=150).rev() {
        fraction = x + 0.5 * k as f64 / fraction;
    }
    0.5 * std::f64::consts::FRAC_2_SQRT_PI / fraction
}
// @ erfc: erfcx erf_series
fn erfc(x: f64) -> f64 {
    if x < -2.0 {
        2.0 - erfc(-x)
    } else if x < 2.0 {
        1.0 - erf_series(x)
    } else {
        erfcx(x) * (-x * x).exp()
    }
}
// @ erf: erfc erfcx erf_series
fn erf(x: f64) -> f64 {
    if x.abs() < 2.0 { erf_series(x) } else { 1.0 - erfc(x) }
}
// @ log_erfc: erfc erfcx erf_series
fn log_erfc(x: f64) -> f64 {
    if x < 2.0 { erfc(x).ln() } else { erfcx(x).ln() - x * x }
}
// @ stirling:
/// log Γ(x) for x ≥ 15.
fn stirling(x: f64) -> f64 {
    let r = 1.0 / (x * x);
    let series = (1.0 / 12.0 + r * (-1.0 / 360.0 + r * (1.0 / 1260.0 + r * (-1.0 / 1680.0 + r * (1.0 / 1188.0 - r * 691.0 / 360_360.0))))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}
// @ gamma: stirling
fn gamma(x: f64) -> f64 {
    if x <= 0.0 {
        return if x == x.floor() { f64::NAN } else { std::f64::consts::PI / ((std::f64::consts::PI * x).sin() * gamma(1.0 - x)) };
    }
    let (mut shifted, mut product) = (x, 1.0);
    while shifted < 15.0 {
        product *= shifted;
        shifted += 1.0;
    }
    stirling(shifted).exp() / product
}
// @ lgamma: stirling
fn lgamma(x: f64) -> f64 {
    if x <= 0.0 {
        let sine = (std::f64::consts::PI * x).sin().abs();
        return if x == x.floor() { f64::INFINITY } else { (std::f64::consts::PI / sine).ln() - lgamma(1.0 - x) };
    }
    let (mut shifted, mut product) = (x, 1.0);
    while shifted < 15.0 {
        product *= shifted;
        shifted += 1.0;
    }
    stirling(shifted) - product.ln()
}
// @ digamma:
fn digamma(x: f64) -> f64 {
    if x <= 0.0 {
        return if x == x.floor() { f64::NAN } else { digamma(1.0 - x) - std::f64::consts::PI / (std::f64::consts::PI * x).tan() };
    }
    let (mut shifted, mut sum) = (x, 0.0);
    while shifted < 15.0 {
        sum += 1.0 / shifted;
        shifted += 1.0;
    }
    let r = 1.0 / (shifted * shifted);
    let series = r * (1.0 / 12.0 - r * (1.0 / 120.0 - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * 691.0 / 32_760.0)))));
    shifted.ln() - 0.5 / shifted - series - sum
}
// @ polygamma: digamma
/// The n-th derivative of digamma.
fn polygamma(n: i32, x: f64) -> f64 {
    if n == 0 {
        return digamma(x);
    }
    let order = n as f64;
    let (mut shifted, mut sum) = (x, 0.0);
    while shifted < 15.0 + order {
        sum += shifted.powi(-n - 1);
        shifted += 1.0;
    }
    let base = shifted.powi(-n);
    let mut series = base / order + base / (2.0 * shifted);
    let mut factor = base * (order + 1.0) / (2.0 * shifted * shifted);
    for (k, b) in [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0].into_iter().enumerate() {
        series += b * factor;
        let two_k = 2.0 * (k as f64 + 1.0);
        factor *= (two_k + order) * (two_k + order + 1.0) / ((two_k + 1.0) * (two_k + 2.0) * shifted * shifted);
    }
    let factorial: f64 = (1..=n).map(f64::from).product();
    (if n % 2 == 1 { 1.0 } else { -1.0 }) * factorial * (sum + series)
}
