//! stub
use super::*;
macro_rules! px { ($($n:ident = $f:ident;)*) => { $(#[allow(missing_docs)] #[inline(always)] pub fn $n(x: f64) -> f64 { pxfm::$f(x) })* } }
px! { exp = f_exp; expm1 = f_expm1; log = f_log; log1p = f_log1p; sin = f_sin; cos = f_cos; tan = f_tan; asin = f_asin; acos = f_acos; atan = f_atan; sinh = f_sinh; cosh = f_cosh; tanh = f_tanh; asinh = f_asinh; acosh = f_acosh; atanh = f_atanh; erf = f_erf; erfc = f_erfc; gamma = f_tgamma; lgamma = f_lgamma; cbrt = f_cbrt; digamma = f_digamma; }
pub fn erfcx(x: f64) -> f64 {
    exp(x * x) * erfc(x)
}
pub fn log_erfc(x: f64) -> f64 {
    log(erfc(x))
}
pub fn log1m_exp(x: f64) -> f64 { if x > -std::f64::consts::LN_2 { log(-expm1(x)) } else { log1p(-exp(x)) } }
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}
pub fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + log1p(exp(-x)) } else { log1p(exp(x)) }
}
pub fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}
pub fn pow(x: f64, y: f64) -> f64 {
    pxfm::f_pow(x, y)
}
pub fn modulo(x: f64, y: f64) -> f64 {
    x - y * (x / y).floor()
}
#[inline(always)]
pub fn atan2(x: f64, y: f64) -> f64 {
    pxfm::f_atan2(x, y)
}
pub fn hypot(x: f64, y: f64) -> f64 {
    pxfm::f_hypot(x, y)
}
pub fn polygamma(_n: u32, x: f64) -> f64 {
    1.0 / x
}
