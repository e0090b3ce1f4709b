//! Random formulas as text, over every function and every operator of the language.

use langevin::syntax::Function;
use proptest::prelude::*;

/// The variables that formulas are over.
pub(crate) const VARIABLES: [&str; 3] = ["x", "y", "z"];

/// A formula of at most `depth` nested operations over x, y and z.
pub(crate) fn formula(depth: u32) -> BoxedStrategy<String> {
    let number = prop_oneof![
        (-30_i32..=30).prop_map(|tenths| format!("({:?})", f64::from(tenths) / 10.0)),
        prop_oneof![Just("pi"), Just("e"), Just("1"), Just("2"), Just("(1/3)"), Just("1e-3")].prop_map(String::from),
    ];
    let leaf = prop_oneof![4 => proptest::sample::select(&VARIABLES[..]).prop_map(String::from), 1 => number];
    leaf.prop_recursive(depth, 40, 3, |inner| {
        let three = (inner.clone(), inner.clone(), inner);
        prop_oneof![
            3 => (proptest::sample::select(Function::ALL), three.clone()).prop_map(|(function, (a, b, c))| call(function, &a, &b, &c)),
            4 => (0..OPERATIONS, three).prop_map(|(which, (a, b, c))| operation(which, &a, &b, &c)),
        ]
    })
    .boxed()
}

/// `a > 0` for all values of its variables.
fn positive(a: &str) -> String {
    format!("(0.3 + softplus({a}))")
}

/// A call of `function` with its arguments moved into its domain.
pub(crate) fn call(function: Function, a: &str, b: &str, c: &str) -> String {
    let name = function.names()[function.names().len() - 1];
    let (p, q) = (positive(a), positive(b));
    match function {
        Function::Log => format!("(log({p}) + log({q}, 3 + ({c})^2))"),
        Function::Log2 | Function::Log10 | Function::Sqrt | Function::Gamma | Function::Lgamma | Function::Digamma => {
            format!("{name}({p})")
        }
        Function::Log1p => format!("log1p({p} - 0.9)"),
        Function::Log1mExp => format!("log1m_exp(-{p})"),
        // Away from their poles; tan's are crossed, where the check stands aside.
        Function::Asin | Function::Acos | Function::Atanh => format!("{name}(0.9*sin({a}))"),
        Function::Acosh => format!("acosh(1 + {p})"),
        Function::Logit => format!("logit(0.02 + 0.96*sigmoid({a}))"),
        Function::Beta | Function::Lbeta => format!("{name}({p}, {q})"),
        Function::NormalCdf => format!("(Phi({a}) - normal_cdf({b}, {a}, {}))", positive(c)),
        Function::Mod => format!("mod({a}, {q})"),
        Function::Clamp => format!("clamp({a}, {b}, ({b}) + {})", positive(c)),
        Function::Polygamma => format!("polygamma(2, {p})"),
        // In the far tail the two terms of the derivative cancel; the walk keeps to where they do not.
        Function::Erfcx | Function::LogErfc => format!("{name}(2*sin({a}))"),
        Function::Atan2 | Function::Hypot => format!("{name}({a}, {b})"),
        // A number is a vector of one element; vectors of two stand in the definitions.
        Function::Dot => format!("dot({a}, {b})"),
        Function::Sum | Function::Product | Function::Mean => format!("{name}([{a}, {b}, {c}])"),
        // Apart from the point where all are equal, which has no derivative.
        Function::Sd => format!("sd([{a}, {b}, {c}, ({a}) + {p}])"),
        Function::Min | Function::Max | Function::Logsumexp | Function::Norm => format!("{name}({a}, {b}, {c})"),
        Function::LogDiffExp => format!("log_diff_exp(({a}) + {p}, {a})"),
        Function::LogMix => format!("log_mix(0.02 + 0.96*sigmoid({a}), {b}, {c})"),
        Function::Lchoose => format!("lchoose({p} + {q}, {p})"),
        // Of vectors and columns: docs/language.md has them.
        Function::Softmax | Function::LogSoftmax | Function::IsMissing | Function::Levels | Function::Ode => format!("({a})"),
        // tests/it/arrays.rs has them.
        Function::Transpose
        | Function::Diag
        | Function::Cholesky
        | Function::Solve
        | Function::Inverse
        | Function::LogDet
        | Function::GpExpQuadCov
        | Function::Rep
        | Function::Append
        | Function::Head
        | Function::Tail
        | Function::Cumsum
        | Function::Length => format!("({a})"),
        Function::Exp
        | Function::Expm1
        | Function::Cbrt
        | Function::Abs
        | Function::Sign
        | Function::Floor
        | Function::Ceil
        | Function::Round
        | Function::Sin
        | Function::Cos
        | Function::Tan
        | Function::Atan
        | Function::Sinh
        | Function::Cosh
        | Function::Tanh
        | Function::Asinh
        | Function::Erf
        | Function::Erfc
        | Function::Sigmoid
        | Function::Total
        | Function::Softplus => format!("{name}({a})"),
    }
}

const OPERATIONS: usize = 24;

/// Operators, conditionals and sums.
fn operation(which: usize, a: &str, b: &str, c: &str) -> String {
    match which {
        0 => format!("({a} + {b})"),
        1 => format!("({a} - {b} - {c})"),
        2 => format!("({a})*({b})"),
        3 => format!("(({a})/({b}))"),
        4 => format!("(({a})/(1 + ({b})^2))"),
        5 => format!("(-({a}))"),
        6 => format!("(({a})^2)"),
        7 => format!("(({a})^3 - ({b})^4)"),
        8 => format!("((1 + ({a})^2)^-2)"),
        9 => format!("(({a})^7)"),
        10 => format!("({}^({b}))", positive(a)),
        11 => format!("({}^0.5 + {}^-0.5 + {}^1.7)", positive(a), positive(b), positive(c)),
        12 => format!("if({a} < {b}, {c}, {a})"),
        13 => format!("({a} <= {b} ? {c} : {b})"),
        14 => format!("if({a} > {b}, {c}, -({b}))"),
        15 => format!("if({a} >= {b} and {b} != {c}, {a}, {c})"),
        16 => format!("if(-1 < {a} < 1, {b}, {c})"),
        17 => format!("if(not ({a} < {b}) or {c} > 1, {b}, {c}*2)"),
        18 => format!("if({a} == {b}, {c}, {a} - {b})"),
        19 => {
            let k = index(&[a, b]);
            format!("sum({k} in 1..3, sin({k}*({a})) + ({b})/{k})")
        }
        20 => {
            let k = index(&[a]);
            format!("prod({k} in 2..4, 1 + ({a})/{k})")
        }
        21 => format!("(exp({a})*exp(-({b})))"),
        22 => format!("(log({} + exp({b})) - log(exp({a}) + exp({c})))", positive(a)),
        _ => format!("(({a})*({b})*({c})*2 + ({a} > 0))"),
    }
}

/// A name for the index of a sum over `parts`, which no sum inside them has: how many there are.
fn index(parts: &[&str]) -> String {
    format!("k{}", parts.iter().map(|part| part.matches(" in ").count()).sum::<usize>())
}

/// A formula with definitions: a number and a vector, used more than once.
pub(crate) fn with_definitions(depth: u32) -> BoxedStrategy<String> {
    let part = || formula(depth);
    prop_oneof![
        3 => part(),
        1 => (part(), part(), part()).prop_map(|(a, b, c)| {
            format!("u = {a}; v[i in 1..2] = sin(i*u) + ({b}); u*v[1] + dot(v, v) - norm(v)*({c}) + max(v, u) + logsumexp(v)")
        }),
    ]
    .boxed()
}

/// A formula that is positive for all values of its variables.
pub(crate) fn positive_formula(depth: u32) -> BoxedStrategy<String> {
    let any = formula(2);
    let leaf = prop_oneof![
        any.clone().prop_map(|a| format!("exp({a})")),
        any.clone().prop_map(|a| positive(&a)),
        any.clone().prop_map(|a| format!("(0.1 + ({a})^2)")),
        any.clone().prop_map(|a| format!("(1 + erf({a}))")),
        any.clone().prop_map(|a| format!("sigmoid({a})")),
        any.clone().prop_map(|a| format!("Phi({a})")),
        any.clone().prop_map(|a| format!("(1 + 0.9*sin({a}))")),
        any.prop_map(|a| format!("exp(-({a})^2/2)")),
    ];
    leaf.prop_recursive(depth, 12, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(a, b)| format!("({a})*({b})")),
            two.clone().prop_map(|(a, b)| format!("({a})/({b})")),
            two.clone().prop_map(|(a, b)| format!("(0.3*({a}) + {b})")),
            two.clone().prop_map(|(a, b)| format!("max({a}, {b})")),
            two.clone().prop_map(|(a, b)| format!("if(x < y, {a}, {b})")),
            inner.clone().prop_map(|a| format!("({a})^2.5")),
            inner.clone().prop_map(|a| format!("({a})^-3")),
            inner.prop_map(|a| format!("sqrt({a})")),
        ]
    })
    .boxed()
}

/// A coordinate: ordinary, with a few that are simple or at kinks.
pub(crate) fn coordinate() -> BoxedStrategy<f64> {
    prop_oneof![8 => -3.0..3.0_f64, 1 => (-6_i32..=6).prop_map(|halves| f64::from(halves) / 2.0)].boxed()
}

/// A position.
pub(crate) fn position() -> [BoxedStrategy<f64>; 3] {
    [coordinate(), coordinate(), coordinate()]
}
