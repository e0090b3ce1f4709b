//! What people type by mistake around functions: unknown ones, no parentheses, too few or too many arguments.

use super::super::distributions::{Distribution, Form};
use super::super::functions::{Arity, Function};
use super::super::suggest::suggest;
use super::slips::{after_group, factor, piece, quoted, short, syntax};
use super::tokens::{Kind, Token};
use super::{Parser, is_constant};
use crate::error::{Error, ErrorKind, Span};

/// Functions of other languages, and how ours says them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("pow", "write x^y"),
    ("power", "write x^y"),
    ("square", "write x^2"),
    ("sq", "write x^2"),
    ("exp2", "write 2^x"),
    ("exp10", "write 10^x"),
    ("sec", "write 1/cos(x)"),
    ("csc", "write 1/sin(x)"),
    ("cot", "write 1/tan(x)"),
    ("tg", "did you mean `tan`?"),
    ("ctg", "write 1/tan(x)"),
    ("arctan2", "did you mean `atan2`?"),
    ("lg", "write log10(x) or log2(x)"),
    ("factorial", "write gamma(n+1)"),
    ("gammaln", "did you mean `lgamma`?"),
    ("loggamma", "did you mean `lgamma`?"),
    ("psi", "did you mean `digamma`?"),
    ("sgn", "did you mean `sign`?"),
    ("signum", "did you mean `sign`?"),
    ("trunc", "write sign(x)*floor(abs(x))"),
    ("heaviside", "write if(x > 0, 1, 0)"),
    ("step", "write if(x > 0, 1, 0)"),
    ("relu", "write max(0, x)"),
    ("expit", "did you mean `sigmoid`?"),
    ("where", "write if(condition, a, b)"),
    ("piecewise", "write if(condition, a, b)"),
    ("iif", "write if(condition, a, b)"),
    ("ifelse", "write if(condition, a, b)"),
    ("product", "write prod(i in 1..n, ...)"),
];

/// Distributions by their names in R, BUGS, SciPy, PyMC and mathematics, where these are not ours in other letters.
const DISTRIBUTIONS_ELSEWHERE: &[(&str, &str)] = &[
    ("n", "normal"),
    ("norm", "normal"),
    ("gaussian", "normal"),
    ("mvnormal", "multi_normal"),
    ("multivariate_normal", "multi_normal"),
    ("mvn", "multi_normal"),
    ("t", "student_t"),
    ("studentt", "student_t"),
    ("halfnormal", "half_normal"),
    ("halfcauchy", "half_cauchy"),
    ("halfstudentt", "half_student_t"),
    ("truncatednormal", "normal"),
    ("exp", "exponential"),
    ("expon", "exponential"),
    ("unif", "uniform"),
    ("u", "uniform"),
    ("lnorm", "lognormal"),
    ("inversegamma", "inv_gamma"),
    ("invgamma", "inv_gamma"),
    ("ig", "inv_gamma"),
    ("igamma", "inv_gamma"),
    ("chi2", "chi_square"),
    ("chisq", "chi_square"),
    ("chisquared", "chi_square"),
    ("binom", "binomial"),
    ("bern", "bernoulli"),
    ("pois", "poisson"),
    ("geom", "geometric"),
    ("nbinom", "neg_binomial_2"),
    ("negbin", "neg_binomial_2"),
    ("negativebinomial", "neg_binomial_2"),
    ("cat", "categorical"),
    ("multinom", "multinomial"),
    ("ddirch", "dirichlet"),
    ("vonmises", "von_mises"),
    ("betabinomial", "beta_binomial"),
    ("skewnormal", "skew_normal"),
    ("asymmetriclaplace", "skew_double_exponential"),
    ("wald", "inv_gaussian"),
    ("orderedlogistic", "ordered_logistic"),
    ("lkjcholeskycov", "lkj_corr_cholesky"),
    ("lkj", "lkj_corr"),
    ("exgaussian", "exp_mod_normal"),
];

/// Our name of a distribution that another language calls `name`: `N`, `dnorm`, `HalfNormal`, `norm.logpdf`.
fn distribution_elsewhere(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let endings = ["_lpdf", "_lpmf", "_cdf", "_lcdf", "_lccdf", "_log", "_pdf", "_logpdf", "_rng"];
    let stem = endings.iter().find_map(|ending| lower.strip_suffix(ending)).unwrap_or(&lower);
    let known = |stem: &str| {
        let ours = Distribution::ALL.iter().find_map(|distribution| distribution.names().iter().copied().find(|name| *name == stem));
        ours.or_else(|| DISTRIBUTIONS_ELSEWHERE.iter().find(|(other, _)| *other == stem).map(|(_, ours)| *ours))
    };
    known(stem).or_else(|| known(stem.strip_prefix('d')?))
}

/// `x(x+1)`, `expp(x)`.
pub(super) fn not_a_function(parser: &Parser, token: Token) -> Error {
    let name = parser.text(token.span);
    let open = parser.at + 1;
    let after = after_group(parser, open);
    let group = after.map(|after| parser.tokens[open].span.to(parser.tokens[after - 1].span));
    let group = group.and_then(|span| piece(parser, span)).unwrap_or("(...)".into());
    let product = format!("{}*{group}", short(name));
    if let Some((module, function)) = name.split_once('.') {
        let error = syntax("there is no dot in the name of a function", token.span);
        return match Function::named(function) {
            Some(_) => error.hint(format!("write `{function}` without `{}.`", short(module))),
            None => error.hint(format!("if `{}` is a column, write {product}", short(name))),
        };
    }
    if is_constant(name) {
        return syntax(format!("`{name}` is a constant, not a function"), token.span).hint(format!("write {product}"));
    }
    // A name that stands alone anywhere else is a variable.
    let alone = |(at, other): (usize, &Token)| {
        other.kind == Kind::Name && parser.text(other.span) == name && parser.tokens.get(at + 1).is_none_or(|next| next.kind != Kind::Open)
    };
    if parser.tokens.iter().enumerate().any(alone) {
        return syntax(format!("{} is a variable, not a function", quoted(name)), token.span).hint(format!("write {product}"));
    }
    let error = Error::new(ErrorKind::UnknownName, format!("unknown function {}", quoted(name))).at(token.span);
    let lower = name.to_lowercase();
    if let Some((_, advice)) = ELSEWHERE.iter().find(|(other, _)| *other == lower) {
        return error.hint(*advice);
    }
    let elsewhere = distribution_elsewhere(name).filter(|_| Function::named(&lower).is_none());
    if let Some(distribution) =
        Distribution::ALL.iter().find(|distribution| elsewhere.is_some_and(|name| distribution.names().contains(&name)))
    {
        return error.hint(format!("the log density is {}", distribution.signature(Form::LogDensity)));
    }
    let distributions = Distribution::all_names();
    let words = ["if", "sum", "prod"].into_iter().chain(distributions.iter().map(String::as_str));
    match suggest(name, Function::ALL.iter().flat_map(|function| function.names().iter().copied()).chain(words)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("if it is a variable, write {product}")),
    }
}

/// `sin x`, `sin^2(x)`, `sin` alone.
pub(super) fn function_without_call(parser: &Parser, token: Token) -> Error {
    let name = parser.text(token.span);
    let one = match Function::named(name).map(Function::arity) {
        Some(Arity::Exactly(wanted)) => wanted == 1,
        Some(Arity::TwoVectors) => false,
        _ => true,
    };
    let next = parser.at + 1;
    if !one {
        let error = syntax(format!("`{name}` is a function and needs its arguments in parentheses"), token.span);
        return error.hint(about(Function::named(name).expect("it is one"), name));
    }
    let error = syntax(format!("`{name}` is a function and needs its argument in parentheses"), token.span);
    let kind = |at: usize| parser.tokens.get(at).map_or(Kind::End, |token| token.kind);
    match kind(next) {
        // sin^2(x), sin^2 x, sin²(x)
        Kind::Power | Kind::Superscript(_) => {
            let (exponent, argument) = match kind(next) {
                Kind::Superscript(exponent) => (exponent.to_string(), next + 1),
                _ if kind(next + 1) == Kind::Subtract => (format!("(-{})", parser.text(parser.tokens[next + 2].span)), next + 3),
                _ => (parser.text(parser.tokens[next + 1].span).to_string(), next + 2),
            };
            let argument = match kind(argument) {
                Kind::Open => after_group(parser, argument)
                    .and_then(|after| piece(parser, Span::new(parser.tokens[argument].span.end, parser.tokens[after - 1].span.start))),
                Kind::Name | Kind::Number => piece(parser, parser.tokens[argument].span),
                _ => None,
            };
            error.hint(format!("write {name}({})^{}", argument.unwrap_or("x".into()), short(&exponent)))
        }
        Kind::Name | Kind::Number => {
            let mut argument = factor(parser, next);
            if kind(next) == Kind::Number && matches!(kind(next + 1), Kind::Name | Kind::Open) {
                argument = argument.to(factor(parser, next + 1));
            }
            error.hint(format!("write {name}({})", piece(parser, argument).unwrap_or("...".into())))
        }
        _ => error.hint(format!("write {name}(x)")),
    }
}

/// Refuses the wrong number of arguments. Vectors count as one here; what they expand to is for the lowering to check.
pub(super) fn check_arity(function: Function, count: usize, name: &str, span: Span) -> Result<(), Error> {
    let fits = match function.arity() {
        Arity::Exactly(wanted) => count == wanted,
        Arity::Either(one, other) => count == one || count == other,
        Arity::AtLeast(least) => count >= least,
        Arity::TwoVectors => count == 2,
    };
    if fits { Ok(()) } else { Err(arity(function, count, name, span)) }
}

/// `exp(-0,5*x^2)`: too many arguments by a comma between digits.
pub(super) fn decimal_comma(parser: &Parser, open: Span, close: Span) -> Option<Error> {
    let inside = |token: &&Token| token.span.start >= open.start && token.span.end <= close.end;
    let tokens: Vec<&Token> = parser.tokens.iter().filter(inside).collect();
    let three = tokens.windows(3).find(|three| {
        let adjacent = three[0].span.end == three[1].span.start && three[1].span.end == three[2].span.start;
        adjacent && [Kind::Number, Kind::Comma, Kind::Number] == [three[0].kind, three[1].kind, three[2].kind]
    })?;
    let (whole, part) = (parser.text(three[0].span), parser.text(three[2].span));
    let error = syntax("a comma separates the arguments of a function", three[0].span.to(three[2].span));
    Some(error.hint(format!("write {whole}.{part} with a point")))
}

pub(super) fn arity(function: Function, count: usize, name: &str, span: Span) -> Error {
    let arguments = |count: usize| if count == 1 { "1 argument".to_string() } else { format!("{count} arguments") };
    let wanted = match function.arity() {
        Arity::Exactly(wanted) => arguments(wanted),
        Arity::Either(one, other) => format!("{one} or {}", arguments(other)),
        Arity::AtLeast(least) => format!("at least {}", arguments(least)),
        Arity::TwoVectors => "2 vectors".into(),
    };
    let count = if count == 0 { "none".into() } else { count.to_string() };
    let error = Error::new(ErrorKind::Arity, format!("`{name}` takes {wanted}, not {count}")).at(span);
    error.hint(about(function, name))
}

/// `f` alone, of a function that the text defines.
pub(super) fn defined_function_without_call(parser: &Parser, token: Token) -> Error {
    let name = parser.text(token.span);
    syntax(format!("{} is a function and needs its arguments in parentheses", quoted(name)), token.span)
        .hint(format!("write {}(...)", short(name)))
}

/// Refuses the wrong number of arguments of a function that the text defines.
pub(super) fn check_arguments(parser: &Parser, name: Span, count: usize, span: Span) -> Result<(), Error> {
    let text = parser.text(name);
    let wanted = parser.functions.get(text).copied().unwrap_or(count);
    if wanted == count {
        return Ok(());
    }
    let plural = if wanted == 1 { "argument" } else { "arguments" };
    let count = if count == 0 { "none".into() } else { count.to_string() };
    let error = Error::new(ErrorKind::Arity, format!("{} takes {wanted} {plural}, not {count}", quoted(text))).at(span);
    Err(error.hint("as many as where it is defined"))
}

/// The distribution that follows `~`, called without an ending.
pub(super) fn distribution_of_outcome(parser: &Parser, token: Token) -> Result<Distribution, Error> {
    let name = parser.text(token.span);
    if token.kind != Kind::Name {
        return Err(syntax("a distribution follows `~`", token.span).hint("write y ~ normal(mu, sigma)"));
    }
    let stem = ["_lpdf", "_lpmf"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let named = |name: &str| Distribution::ALL.iter().copied().find(|distribution| distribution.names().contains(&name));
    let Some(distribution) = named(stem) else {
        let error = Error::new(ErrorKind::UnknownName, format!("unknown distribution {}", quoted(name))).at(token.span);
        let names = || Distribution::ALL.iter().flat_map(|distribution| distribution.names().iter().copied());
        let near = distribution_elsewhere(name).or_else(|| suggest(name, names()));
        return Err(match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("the distributions are those of Stan: normal, student_t, gamma, bernoulli_logit, ..."),
        });
    };
    if parser.kind_at(1) != Kind::Open {
        let error = syntax(format!("`{stem}` needs its parameters in parentheses"), token.span);
        return Err(error.hint(format!("write y ~ {stem}({})", distribution.parameters().join(", "))));
    }
    Ok(distribution)
}

/// `normal_lpdf` alone.
pub(super) fn distribution_without_call(distribution: Distribution, form: Form, token: Token) -> Error {
    let message = format!("`{}` is a function and needs its arguments in parentheses", distribution.name(form));
    syntax(message, token.span).hint(format!("write {}", distribution.signature(form)))
}

/// Refuses the wrong number of parameters.
pub(super) fn check_parameters(distribution: Distribution, form: Form, count: usize, span: Span) -> Result<(), Error> {
    let wanted = 1 + distribution.parameters().len();
    if count == wanted {
        return Ok(());
    }
    let message = format!("`{}` takes {wanted} arguments, not {count}", distribution.name(form));
    Err(Error::new(ErrorKind::Arity, message).at(span).hint(distribution.signature(form)))
}

pub(super) fn about(function: Function, name: &str) -> String {
    let about = function.about().trim_end_matches('.');
    if about.starts_with('`') { about.into() } else { format!("{name}: {about}") }
}

pub(super) fn if_arity(count: usize, span: Span) -> Error {
    let count = if count == 0 { "none".into() } else { count.to_string() };
    let error = Error::new(ErrorKind::Arity, format!("`if` takes 3 arguments, not {count}")).at(span);
    error.hint("write if(condition, a, b)")
}
