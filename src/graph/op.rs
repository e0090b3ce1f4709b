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
    Exp "exp" = math::exp;
    /// eˣ − 1.
    Expm1 "expm1" = math::expm1;
    /// Natural logarithm.
    Log "log" = math::log;
    /// log(1 + x).
    Log1p "log1p" = math::log1p;
    /// log(1 − eˣ) for x < 0.
    Log1mExp "log1m_exp" = math::log1m_exp;
    /// Sine.
    Sin "sin" = math::sin;
    /// Cosine.
    Cos "cos" = math::cos;
    /// Tangent.
    Tan "tan" = math::tan;
    /// Inverse sine.
    Asin "asin" = math::asin;
    /// Inverse cosine.
    Acos "acos" = math::acos;
    /// Inverse tangent.
    Atan "atan" = math::atan;
    /// Hyperbolic sine.
    Sinh "sinh" = math::sinh;
    /// Hyperbolic cosine.
    Cosh "cosh" = math::cosh;
    /// Hyperbolic tangent.
    Tanh "tanh" = math::tanh;
    /// Inverse hyperbolic sine.
    Asinh "asinh" = math::asinh;
    /// Inverse hyperbolic cosine.
    Acosh "acosh" = math::acosh;
    /// Inverse hyperbolic tangent.
    Atanh "atanh" = math::atanh;
    /// Error function.
    Erf "erf" = math::erf;
    /// 1 − erf(x).
    Erfc "erfc" = math::erfc;
    /// exp(x²)·erfc(x), the scaled complement: finite where erfc underflows.
    Erfcx "erfcx" = math::erfcx;
    /// log(erfc(x)), finite where erfc underflows.
    LogErfc "log_erfc" = math::log_erfc;
    /// Gamma function.
    Gamma "gamma" = math::gamma;
    /// log |Γ(x)|.
    Lgamma "lgamma" = math::lgamma;
    /// Derivative of lgamma.
    Digamma "digamma" = math::digamma;
    /// 1/(1 + e⁻ˣ).
    Sigmoid "sigmoid" = math::sigmoid;
    /// log(1 + eˣ).
    Softplus "softplus" = math::softplus;
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
    Pow "^" = math::pow;
    /// The smaller; the first at a tie; a NaN operand gives NaN.
    Min "min" = min;
    /// The larger; the first at a tie; a NaN operand gives NaN.
    Max "max" = max;
    /// a − b·floor(a/b).
    Mod "mod" = math::modulo;
    /// The angle of the point (b, a).
    Atan2 "atan2" = math::atan2;
    /// √(a² + b²).
    Hypot "hypot" = math::hypot;
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
