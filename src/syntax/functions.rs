//! The functions of the language: names, numbers of arguments, one line about each.

/// How many arguments a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// This many.
    Exactly(usize),
    /// One of two counts.
    Either(usize, usize),
    /// This many or more; a bare vector name counts as all its elements.
    AtLeast(usize),
    /// Two vectors of the same length.
    TwoVectors,
}

macro_rules! functions {
    ($($variant:ident [$($name:literal)+] $arity:expr, $about:literal;)*) => {
        /// A function of the language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Function { $(#[doc = $about] $variant,)* }

        impl Function {
            /// Every function, in the order of the reference.
            pub const ALL: &'static [Function] = &[$(Function::$variant,)*];

            /// Its names, the preferred one first.
            pub fn names(self) -> &'static [&'static str] {
                match self { $(Function::$variant => &[$($name,)+],)* }
            }

            /// How many arguments it takes.
            pub fn arity(self) -> Arity {
                use Arity::*;
                match self { $(Function::$variant => $arity,)* }
            }

            /// One line about it.
            pub fn about(self) -> &'static str {
                match self { $(Function::$variant => $about,)* }
            }
        }
    };
}

functions! {
    Exp ["exp"] Exactly(1), "e to the power x.";
    Expm1 ["expm1"] Exactly(1), "exp(x) - 1, exact near 0.";
    Log ["log" "ln"] Either(1, 2), "Natural logarithm; `log(x, base)` to another base.";
    Log1p ["log1p"] Exactly(1), "log(1 + x), exact near 0.";
    Log1mExp ["log1m_exp"] Exactly(1), "log(1 - exp(x)) for negative x, exact for all of them.";
    Log2 ["log2"] Exactly(1), "Logarithm to base 2.";
    Log10 ["log10"] Exactly(1), "Logarithm to base 10.";
    Sqrt ["sqrt"] Exactly(1), "Square root.";
    Cbrt ["cbrt"] Exactly(1), "Cube root, of negative numbers too.";
    Abs ["abs" "fabs"] Exactly(1), "Absolute value; derivative 0 at 0.";
    Sign ["sign"] Exactly(1), "-1, 0 or 1; derivative 0.";
    Min ["min"] AtLeast(1), "The smallest argument; at a tie the first's derivative.";
    Max ["max"] AtLeast(1), "The largest argument; at a tie the first's derivative.";
    Clamp ["clamp"] Exactly(3), "`clamp(x, low, high)`: x moved into [low, high].";
    Floor ["floor"] Exactly(1), "Largest whole number not above x; derivative 0.";
    Ceil ["ceil"] Exactly(1), "Smallest whole number not below x; derivative 0.";
    Round ["round"] Exactly(1), "Nearest whole number, halves away from 0; derivative 0.";
    Mod ["mod"] Exactly(2), "`mod(x, y)` = x - y*floor(x/y): the sign of y.";
    Sin ["sin"] Exactly(1), "Sine (radians).";
    Cos ["cos"] Exactly(1), "Cosine (radians).";
    Tan ["tan"] Exactly(1), "Tangent (radians).";
    Asin ["asin" "arcsin"] Exactly(1), "Inverse sine.";
    Acos ["acos" "arccos"] Exactly(1), "Inverse cosine.";
    Atan ["atan" "arctan"] Exactly(1), "Inverse tangent.";
    Atan2 ["atan2"] Exactly(2), "`atan2(y, x)`: the angle of the point (x, y).";
    Sinh ["sinh"] Exactly(1), "Hyperbolic sine.";
    Cosh ["cosh"] Exactly(1), "Hyperbolic cosine.";
    Tanh ["tanh"] Exactly(1), "Hyperbolic tangent.";
    Asinh ["asinh"] Exactly(1), "Inverse hyperbolic sine.";
    Acosh ["acosh"] Exactly(1), "Inverse hyperbolic cosine.";
    Atanh ["atanh"] Exactly(1), "Inverse hyperbolic tangent.";
    Erf ["erf"] Exactly(1), "Error function.";
    Erfc ["erfc"] Exactly(1), "1 - erf(x), exact in the tail.";
    Erfcx ["erfcx"] Exactly(1), "exp(x^2)*erfc(x), finite where erfc is too small.";
    LogErfc ["log_erfc"] Exactly(1), "log(erfc(x)), finite where erfc is too small.";
    NormalCdf ["normal_cdf" "Phi"] Either(1, 3), "Standard normal distribution function; `normal_cdf(x, mu, sigma)`.";
    Gamma ["gamma"] Exactly(1), "Gamma function.";
    Lgamma ["lgamma"] Exactly(1), "log |gamma(x)|.";
    Digamma ["digamma"] Exactly(1), "Derivative of lgamma.";
    Polygamma ["polygamma"] Exactly(2), "`polygamma(n, x)`: the n-th derivative of digamma, n a whole number.";
    Beta ["beta"] Exactly(2), "Beta function.";
    Lbeta ["lbeta"] Exactly(2), "log |beta(a, b)|.";
    Sigmoid ["sigmoid" "inv_logit" "logistic"] Exactly(1), "1/(1 + exp(-x)).";
    Logit ["logit"] Exactly(1), "log(p/(1 - p)).";
    Softplus ["softplus" "log1p_exp"] Exactly(1), "log(1 + exp(x)), no overflow.";
    Logsumexp ["logsumexp" "log_sum_exp"] AtLeast(1), "log(exp(a) + exp(b) + ...), no overflow.";
    LogDiffExp ["log_diff_exp"] Exactly(2), "log(exp(a) - exp(b)) for a > b, no overflow.";
    LogMix ["log_mix"] Exactly(3), "`log_mix(p, a, b)` = log(p*exp(a) + (1 - p)*exp(b)).";
    Softmax ["softmax"] Exactly(1), "`softmax(v)`: exp of each element, divided by their sum.";
    LogSoftmax ["log_softmax"] Exactly(1), "`log_softmax(v)`: v - logsumexp(v).";
    Lchoose ["lchoose"] Exactly(2), "`lchoose(n, k)`: the logarithm of the number of ways to choose k of n.";
    Hypot ["hypot"] Exactly(2), "sqrt(x^2 + y^2).";
    Dot ["dot"] TwoVectors, "Scalar product of two vectors.";
    Transpose ["transpose"] Exactly(1), "`transpose(A)`: rows as columns.";
    Diag ["diag"] Exactly(1), "`diag(v)`: the diagonal matrix of a vector; of a matrix its diagonal.";
    Cholesky ["cholesky" "cholesky_decompose"] Exactly(1), "`cholesky(A)`: the lower triangle L with L*L^T = A.";
    Solve ["solve"] Exactly(2), "`solve(A, b)`: x of A*x = b, for a vector or a matrix b.";
    Inverse ["inverse"] Exactly(1), "`inverse(A)`: of a square matrix.";
    LogDet ["log_det" "log_determinant"] Exactly(1), "`log_det(A)`: log of the size of the determinant.";
    GpExpQuadCov ["gp_exp_quad_cov" "cov_exp_quad"] Exactly(3), "`gp_exp_quad_cov(x, alpha, rho)`: alpha^2*exp(-|x - x'|^2/(2*rho^2)) of all pairs.";
    Rep ["rep" "rep_vector"] Either(2, 3), "`rep(a, n)`: a vector of n times a; `rep(a, n, m)` a matrix.";
    Append ["append"] AtLeast(1), "`append(v, w, ...)`: one vector of all their elements.";
    Head ["head"] Exactly(2), "`head(v, n)`: the first n elements.";
    Tail ["tail"] Exactly(2), "`tail(v, n)`: the last n elements.";
    Cumsum ["cumsum" "cumulative_sum"] Exactly(1), "`cumsum(v)`: the sum of the elements so far, for each.";
    Length ["length"] Exactly(1), "`length(v)`: how many elements it has.";
    Ode ["ode"] Exactly(5), "`ode(f, start, t0, times, n)`: states of z' = f(t, z) at times, by n steps of Runge and Kutta to each.";
    Norm ["norm"] AtLeast(1), "Euclidean length of a vector or of its arguments.";
    Sum ["sum"] Exactly(1), "`sum(v)`: of a vector, or over the rows of a table; `sum(i in 1..n, ...)`: of terms.";
    Product ["prod"] Exactly(1), "`prod(v)`: of a vector; `prod(i in 1..n, ...)`: of factors.";
    Total ["total"] Exactly(1), "`total(x)`: the sum of whatever x is, a number, a vector or a column.";
    Mean ["mean"] Exactly(1), "`mean(y)`: of a vector or a column.";
    Sd ["sd"] Exactly(1), "`sd(y)`: standard deviation (n - 1) of a vector or a column.";
    IsMissing ["is_missing"] Exactly(1), "`is_missing(x)`: 1 in the rows in which the column x has no cell, else 0.";
    Levels ["levels"] Exactly(1), "`levels(g)`: how many different texts the column g holds.";
}

impl Function {
    /// Whether its name may also be that of a variable, as parentheses tell the two apart: these are what people call parameters.
    pub fn is_soft(self) -> bool {
        matches!(self, Function::Mean | Function::Sd | Function::Beta | Function::Gamma | Function::Total)
    }

    /// Whether it takes vectors and matrices as wholes, where a column of the data is the vector of its rows.
    pub fn is_of_arrays(self) -> bool {
        use Function::*;
        matches!(self, Transpose | Diag | Cholesky | Solve | Inverse | LogDet | GpExpQuadCov | Rep | Append | Head | Tail | Cumsum | Length)
    }

    /// The function called `name`.
    pub fn named(name: &str) -> Option<Function> {
        Function::ALL.iter().copied().find(|function| function.names().contains(&name))
    }
}

/// The names that stand for numbers.
pub const CONSTANTS: &[(&str, f64)] =
    &[("pi", std::f64::consts::PI), ("π", std::f64::consts::PI), ("e", std::f64::consts::E), ("inf", f64::INFINITY)];

/// Words that can be neither variables nor definitions.
pub const KEYWORDS: &[&str] = &["if", "in", "and", "or", "not", "sum", "prod", "density", "log_density", "energy"];
