//! The operator table: each operator once, with its name and its definition on doubles.

use crate::math;

macro_rules! unary {
    ($($(#[$doc:meta])* $variant:ident $name:literal = $definition:expr;)*) => {
        /// Operators of one operand.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Unary { $($(#[$doc])* $variant,)* }

        impl Unary {
            /// Every operator of one operand.
            pub const ALL: &'static [Unary] = &[$(Unary::$variant,)*];

            /// Its name in the language.
            pub fn name(self) -> &'static str {
                match self { $(Unary::$variant => $name,)* }
            }

            /// Its definition. Every evaluator agrees with it bit for bit.
            pub fn eval(self, x: f64) -> f64 {
                let definition: fn(f64) -> f64 = match self { $(Unary::$variant => $definition,)* };
                definition(x)
            }
        }
    };
}

unary! {
    /// −x.
    Negate "-" = |x| -x;
    /// |x|.
    Abs "abs" = |x| x.abs();
    /// −1, 0 or 1.
    Sign "sign" = math::sign;
    /// Largest integer not above.
    Floor "floor" = |x| x.floor();
    /// Smallest integer not below.
    Ceil "ceil" = |x| x.ceil();
    /// Nearest integer, halves away from zero.
    Round "round" = |x| x.round();
    /// 1 where the operand is 0, else 0.
    Not "not" = |x| if x == 0.0 { 1.0 } else { 0.0 };
    /// Square root.
    Sqrt "sqrt" = |x| x.sqrt();
    /// Cube root.
    Cbrt "cbrt" = math::cbrt;
    /// Exponential.
    Exp "exp" = |x| math::exp(x);
    /// eˣ − 1.
    Expm1 "expm1" = |x| math::expm1(x);
    /// Natural logarithm.
    Log "log" = |x| math::log(x);
    /// log(1 + x).
    Log1p "log1p" = |x| math::log1p(x);
    /// log(1 − eˣ) for x < 0.
    Log1mExp "log1m_exp" = math::log1m_exp;
    /// Sine.
    Sin "sin" = |x| math::sin(x);
    /// Cosine.
    Cos "cos" = |x| math::cos(x);
    /// Tangent.
    Tan "tan" = |x| math::tan(x);
    /// Inverse sine.
    Asin "asin" = |x| math::asin(x);
    /// Inverse cosine.
    Acos "acos" = |x| math::acos(x);
    /// Inverse tangent.
    Atan "atan" = |x| math::atan(x);
    /// Hyperbolic sine.
    Sinh "sinh" = |x| math::sinh(x);
    /// Hyperbolic cosine.
    Cosh "cosh" = |x| math::cosh(x);
    /// Hyperbolic tangent.
    Tanh "tanh" = |x| math::tanh(x);
    /// Inverse hyperbolic sine.
    Asinh "asinh" = |x| math::asinh(x);
    /// Inverse hyperbolic cosine.
    Acosh "acosh" = |x| math::acosh(x);
    /// Inverse hyperbolic tangent.
    Atanh "atanh" = |x| math::atanh(x);
    /// Error function.
    Erf "erf" = |x| math::erf(x);
    /// 1 − erf(x).
    Erfc "erfc" = |x| math::erfc(x);
    /// exp(x²)·erfc(x), the scaled complement: finite where erfc underflows.
    Erfcx "erfcx" = |x| math::erfcx(x);
    /// log(erfc(x)), finite where erfc underflows.
    LogErfc "log_erfc" = |x| math::log_erfc(x);
    /// Gamma function.
    Gamma "gamma" = |x| math::gamma(x);
    /// log |Γ(x)|.
    Lgamma "lgamma" = |x| math::lgamma(x);
    /// Derivative of lgamma.
    Digamma "digamma" = |x| math::digamma(x);
    /// 1/(1 + e⁻ˣ).
    Sigmoid "sigmoid" = |x| math::sigmoid(x);
    /// log(1 + eˣ).
    Softplus "softplus" = |x| math::softplus(x);
}

macro_rules! binary {
    ($($(#[$doc:meta])* $variant:ident $name:literal = $definition:expr;)*) => {
        /// Operators of two operands.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Binary { $($(#[$doc])* $variant,)* }

        impl Binary {
            /// Every operator of two operands.
            pub const ALL: &'static [Binary] = &[$(Binary::$variant,)*];

            /// Its name in the language.
            pub fn name(self) -> &'static str {
                match self { $(Binary::$variant => $name,)* }
            }

            /// Its definition. Every evaluator agrees with it bit for bit.
            pub fn eval(self, a: f64, b: f64) -> f64 {
                let definition: fn(f64, f64) -> f64 = match self { $(Binary::$variant => $definition,)* };
                definition(a, b)
            }
        }
    };
}

/// Truth as a number.
#[inline(always)]
pub(crate) fn truth(condition: bool) -> f64 {
    if condition { 1.0 } else { 0.0 }
}

binary! {
    /// a + b.
    Add "+" = |a, b| a + b;
    /// a − b.
    Subtract "-" = |a, b| a - b;
    /// a·b.
    Multiply "*" = |a, b| a * b;
    /// a/b.
    Divide "/" = |a, b| a / b;
    /// aᵇ with an exponent that is no constant integer.
    Pow "^" = |a, b| math::pow(a, b);
    /// The smaller; the first at a tie; a NaN operand gives NaN.
    Min "min" = min;
    /// The larger; the first at a tie; a NaN operand gives NaN.
    Max "max" = max;
    /// a − b·floor(a/b).
    Mod "mod" = |a, b| math::modulo(a, b);
    /// The angle of the point (b, a).
    Atan2 "atan2" = |a, b| math::atan2(a, b);
    /// √(a² + b²).
    Hypot "hypot" = |a, b| math::hypot(a, b);
    /// 1 where a < b, else 0.
    Less "<" = |a, b| truth(a < b);
    /// 1 where a ≤ b, else 0.
    LessEqual "<=" = |a, b| truth(a <= b);
    /// 1 where a = b, else 0.
    Equal "==" = |a, b| truth(a == b);
    /// 1 where a ≠ b, else 0.
    NotEqual "!=" = |a, b| truth(a != b);
    /// 1 where neither is 0, else 0.
    And "and" = |a, b| truth(a != 0.0 && b != 0.0);
    /// 1 where one is not 0, else 0.
    Or "or" = |a, b| truth(a != 0.0 || b != 0.0);
}

/// The smaller of two numbers, NaN if one is: `f64::min` would hide the NaN.
#[inline(always)]
pub(crate) fn min(a: f64, b: f64) -> f64 {
    let smaller = if b < a { b } else { a };
    if b.is_nan() { b } else { smaller }
}

/// The larger of two numbers, NaN if one is.
#[inline(always)]
pub(crate) fn max(a: f64, b: f64) -> f64 {
    let larger = if b > a { b } else { a };
    if b.is_nan() { b } else { larger }
}

/// The value of `if(condition, then, otherwise)`.
#[inline(always)]
pub(crate) fn select(condition: f64, then: f64, otherwise: f64) -> f64 {
    if condition != 0.0 { then } else { otherwise }
}

/// xⁿ by repeated squaring, in this order of multiplications everywhere; 1/x⁻ⁿ for negative n.
#[inline(always)]
pub(crate) fn powi(x: f64, n: i32) -> f64 {
    let mut square = x;
    let mut result = 1.0;
    let mut left = n.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    if n < 0 { 1.0 / result } else { result }
}

/// log Σ exp(xᵢ), by the largest.
pub(crate) fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, max);
    if !largest.is_finite() {
        return largest;
    }
    let mut total = 0.0;
    for value in values {
        total += math::exp(value - largest);
    }
    largest + math::log(total)
}
