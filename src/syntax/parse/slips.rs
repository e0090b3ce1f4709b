//! What people type by mistake: one sentence each, and what to type instead.

use super::super::ast::Statement;
use super::super::distributions::Distribution;
use super::super::functions::Function;
use super::calls::{about, arity, if_arity};
use super::tokens::{Kind, Token};
use super::{Bracket, Parser, Role, Stage};
use crate::error::{Error, ErrorKind, Span};

pub(super) fn syntax(message: impl Into<String>, span: Span) -> Error {
    Error::new(ErrorKind::Syntax, message).at(span)
}

/// A piece of the formula for a sentence: on one line, not long.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 32;
    let text = text.trim();
    if text.chars().count() > LONGEST || text.contains(['\n', '#']) {
        let head: String = text.split(['\n', '#']).next().unwrap_or("").chars().take(LONGEST - 8).collect();
        return format!("{head}...");
    }
    text.into()
}

pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", short(text))
}

/// A piece of the formula for a hint, or nothing if it would not fit.
pub(super) fn piece(parser: &Parser, span: Span) -> Option<String> {
    let text = parser.text(span).trim();
    (text.chars().count() <= 24 && !text.contains(['\n', '#'])).then(|| text.into())
}

/// The token after the bracket that opens at token `open`, or nothing if it stays open.
pub(super) fn after_group(parser: &Parser, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, token) in parser.tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Open | Kind::OpenIndex => depth += 1,
            Kind::Close | Kind::CloseIndex => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The span of the factor that begins at token `at`: an operand and its power.
pub(super) fn factor(parser: &Parser, at: usize) -> Span {
    let kind = |at: usize| parser.tokens.get(at).map_or(Kind::End, |token| token.kind);
    let operand_end = |at: usize| match (kind(at), kind(at + 1)) {
        (Kind::Open, _) => after_group(parser, at),
        (_, Kind::Open | Kind::OpenIndex) => after_group(parser, at + 1),
        _ => Some(at + 1),
    };
    let mut end = operand_end(at).unwrap_or(at + 1);
    if kind(end) == Kind::Power {
        let exponent = end + 1 + usize::from(matches!(kind(end + 1), Kind::Add | Kind::Subtract));
        if matches!(kind(exponent), Kind::Number | Kind::Name | Kind::Open) {
            end = operand_end(exponent).unwrap_or(end);
        }
    } else if matches!(kind(end), Kind::Superscript(_)) {
        end += 1;
    }
    parser.tokens[at].span.to(parser.tokens[end - 1].span)
}

fn is_operator(kind: Kind) -> bool {
    use Kind::*;
    matches!(kind, Add | Subtract | Multiply | Divide | Power | Compare(_) | And | Or | Not | Bang | Question | Colon | Assign | Range)
}

// Statements.

/// The formula ends without a value.
pub(super) fn no_value(parser: &Parser, last: Option<&Statement>) -> Error {
    let (what, name, mut span) = match last {
        None => return Error::new(ErrorKind::EmptyInput, "the formula is empty").hint("write a density such as exp(-x^2/2)"),
        Some(Statement::Definition(definition)) => ("definition", &definition.name, definition.name_span),
        Some(Statement::Parameter(parameter)) => ("declaration", &parameter.name, parameter.name_span),
    };
    let message = format!("the last part of a formula must be an expression, and this is a {what}");
    if let Some(last) = parser.last_token().filter(|token| token.kind == Kind::Semicolon) {
        span = last.span;
    }
    let name = short(name);
    syntax(message, span).hint(match what {
        "definition" => format!("drop `{name} =`, or go on with `; {name}`"),
        _ => "go on with `log_density = ...`".into(),
    })
}

/// Something follows the expression that is the formula's value.
pub(super) fn after_value(parser: &Parser) -> Error {
    let rest = &parser.tokens[parser.at..];
    let Some(next) = rest.iter().position(|token| !matches!(token.kind, Kind::Semicolon | Kind::Newline | Kind::End)) else {
        return syntax("nothing follows this `;`", parser.token().span).hint("drop it");
    };
    if rest[next].kind == Kind::Name && rest.get(next + 1).is_some_and(|token| token.kind == Kind::Assign) {
        let error = syntax("definitions stand before the expression that is the formula's value", rest[next].span);
        return error.hint("move this one to the beginning");
    }
    let error = syntax("only the last part of a formula can be an expression without a name", rest[next].span);
    error.hint("name the part before it, `a = ...`, or join the two with an operator")
}

pub(super) fn defines_keyword(parser: &Parser, token: Token) -> Error {
    let name = parser.text(token.span);
    let error = Error::new(ErrorKind::Declaration, format!("`{name}` is a word of the language and cannot be defined")).at(token.span);
    error.hint("choose another name")
}

pub(super) fn name_taken(name: &str, what: &str, span: Span) -> Error {
    let name = short(name);
    let (is, hint) = match what {
        "defined above" => ("is already", format!("choose another name, such as `{name}2`")),
        "the name being defined" => ("is", "choose another index, such as `k`".into()),
        "an index around this" => ("is already", "choose another index, such as `k`".into()),
        _ => ("is", format!("choose another name, such as `{name}_1`")),
    };
    Error::new(ErrorKind::Declaration, format!("`{name}` {is} {what} and cannot be defined again")).at(span).hint(hint)
}

/// A definition that uses itself, or that stands below its use.
pub(super) fn used_too_early(used: Span, defined: Span, name: &str) -> Error {
    let name = short(name);
    if used.start > defined.start {
        let error = Error::new(ErrorKind::Declaration, format!("`{name}` is defined by itself")).at(used);
        return error.hint("a definition may use only names above it; choose a new name");
    }
    let error = Error::new(ErrorKind::Declaration, format!("`{name}` is used before it is defined")).at(used);
    error.hint("move its definition above this line")
}

pub(super) fn no_assign(parser: &Parser) -> Error {
    syntax("an indexed definition goes on with `=`", parser.token().span).hint("write h[j in 1..n] = ...")
}

/// `K[i in 1..2, j in 1..2, k in 1..2] = ...`.
pub(super) fn three_indices(span: Span) -> Error {
    Error::new(ErrorKind::Dimension, "a definition has at most two indices")
        .at(span)
        .hint("a vector v[i in 1..n] or a matrix K[i in 1..n, j in 1..m]")
}

/// `f(x + 1) = ...`.
pub(super) fn no_parameter(parser: &Parser, token: Token) -> Error {
    let text = quoted(parser.text(token.span));
    syntax(format!("the parameters of a function are names, and {text} stands here"), token.span).hint("write f(x, y) = ...")
}

/// `energy = ...` after `y ~ normal(0, 1)`.
pub(super) fn outcomes_beside(word: &str, span: Span) -> Error {
    let error = syntax(format!("`~` adds to a log density, and this is {word}"), span);
    error.hint("write log_density = ..., or nothing where `~` says all")
}

/// An outcome that does not go on with `~`.
pub(super) fn no_tilde(parser: &Parser) -> Error {
    syntax("`~` stands between an outcome and its distribution, on a line of its own", parser.token().span)
        .hint("write y ~ normal(mu, sigma)")
}

/// Something follows the distribution of an outcome.
pub(super) fn after_outcome(parser: &Parser, span: Span) -> Error {
    let span = if parser.kind() == Kind::End { span } else { parser.token().span };
    syntax("a statement with `~` ends with its distribution", span).hint("write y ~ normal(mu, sigma) or y ~ normal(mu, sigma) T[0, 1]")
}

/// A truncation without an end.
pub(super) fn no_truncation(span: Span) -> Error {
    syntax("a truncation has one end or two", span).hint("write T[0, 1], T[0, ] or T[, 1]")
}

/// A truncation of a distribution whose distribution function is not known.
pub(super) fn not_truncated(distribution: Distribution, span: Span) -> Error {
    let message = format!("`{}` cannot be truncated: its distribution function is not in the language", distribution.names()[0]);
    let error = Error::new(ErrorKind::Unsupported, message).at(span);
    error.hint("where the parameters are constant a truncation is a constant: leave it out, and give the range: x in (0, inf)")
}

// Where an operand is due.

pub(super) fn no_operand(parser: &Parser, token: Token) -> Error {
    let text = quoted(parser.text(token.span));
    let last = parser.last_token();
    let last_text = last.map_or(String::new(), |last| parser.text(last.span).to_string());
    let last_kind = last.map(|last| last.kind);
    match token.kind {
        Kind::If => return syntax("`if` needs a condition and two values", token.span).hint("write if(condition, a, b)"),
        Kind::Fold(_) => {
            let word = parser.text(token.span);
            return syntax(format!("{text} needs an index with its range"), token.span).hint(format!("write {word}(i in 1..n, ...)"));
        }
        Kind::Meaning => {
            let error = syntax(format!("{text} is a word of the language, not a variable"), token.span);
            return error.hint("choose another name");
        }
        Kind::Slip | Kind::Or if parser.text(token.span).starts_with('|') => {
            let bar = parser.text(token.span);
            let rest = &parser.tokens[parser.at + 1..];
            let inner = rest.iter().find(|token| parser.text(token.span) == bar).map(|end| Span::new(token.span.end, end.span.start));
            let inner = inner.filter(|span| !parser.text(*span).trim().is_empty()).and_then(|span| piece(parser, span));
            let function = if bar == "|" { "abs" } else { "norm" };
            let hint = format!("write {function}({})", inner.unwrap_or("...".into()));
            return syntax(format!("{text} does not open an absolute value or a norm"), token.span).hint(hint);
        }
        Kind::Close | Kind::CloseIndex if parser.bracket().is_none() && !last_kind.is_some_and(is_operator) => {
            return closes_nothing(parser, token);
        }
        Kind::Slip if parser.text(token.span) == "." => return stray_dot(parser, token),
        Kind::Range => return stray_range(token),
        Kind::End if parser.bracket().is_some() => return unclosed(parser, parser.bracket().expect("just seen")),
        _ => {}
    }
    let Some(last) = last else {
        let error = syntax(format!("a formula cannot begin with {text}"), token.span);
        return match token.kind {
            Kind::Assign => error.hint("write the right side only, or `name = ...`"),
            _ => error.hint(format!("write something on its left, or drop {text}")),
        };
    };
    match (last.kind, token.kind) {
        (Kind::Open, Kind::Close) => empty_parentheses(parser, last, token),
        (Kind::OpenIndex, Kind::CloseIndex) => syntax("the index is missing", last.span.to(token.span)).hint("the first element is x[1]"),
        (Kind::Open | Kind::Comma, Kind::Comma | Kind::Close)
            if matches!(parser.bracket().map(|b| b.role), Some(Role::Call(..) | Role::If(_))) =>
        {
            let (side, span) = if token.kind == Kind::Comma { ("before", token.span) } else { ("after", last.span) };
            let error = Error::new(ErrorKind::Arity, format!("an argument is missing {side} this `,`")).at(span);
            error.hint("drop the comma, or write the argument")
        }
        (Kind::Multiply, Kind::Multiply) => {
            syntax("two `*` with a space between are no power", last.span.to(token.span)).hint("write `**` or `^`")
        }
        (Kind::Compare(_), Kind::Assign) => {
            let joined = format!("{last_text}=");
            syntax("a comparison is written without a space inside", last.span.to(token.span)).hint(format!("write `{joined}`"))
        }
        (Kind::Assign, Kind::Compare(_)) => {
            let turned = format!("{}=", parser.text(token.span).trim_end_matches('='));
            syntax("a comparison puts `=` last", last.span.to(token.span)).hint(format!("write `{turned}`"))
        }
        (Kind::Semicolon, Kind::Semicolon) => syntax("nothing stands between two `;`", token.span).hint("drop one"),
        (_, Kind::End | Kind::Semicolon | Kind::Close | Kind::CloseIndex | Kind::Comma) => {
            let error = syntax(format!("`{}` needs something on its right", short(&last_text)), last.span);
            error.hint(format!("write it, or drop `{}`", short(&last_text)))
        }
        _ if is_operator(last.kind) => {
            let error = syntax(format!("{text} cannot follow `{}`", short(&last_text)), token.span);
            error.hint("an operand is missing between them, or one is too many")
        }
        _ => syntax(format!("{text} needs something on its left"), token.span).hint(format!("write it, or drop {text}")),
    }
}

fn empty_parentheses(parser: &Parser, open: Token, close: Token) -> Error {
    let span = open.span.to(close.span);
    match parser.bracket().map(|bracket| bracket.role) {
        Some(Role::Call(function, name)) => arity(function, 0, parser.text(name), name.to(close.span)),
        Some(Role::If(word)) => if_arity(0, word.to(close.span)),
        _ => syntax("there is nothing in these parentheses", span).hint("write an expression between them, or drop them"),
    }
}

fn stray_dot(parser: &Parser, token: Token) -> Error {
    let error = syntax("a dot belongs inside a number", token.span);
    let next = parser.tokens.get(parser.at + 1).map(|next| parser.text(next.span)).filter(|name| Function::named(name).is_some());
    match (parser.last_token(), next) {
        (Some(module), Some(function)) if module.kind == Kind::Name => {
            let dotted = format!("{}.", short(parser.text(module.span)));
            error.hint(format!("write `{function}` without `{dotted}`"))
        }
        _ => error.hint("write 0.5; in names use `_`: x_y"),
    }
}

fn stray_range(token: Token) -> Error {
    syntax("a range has two ends and stands in sums, products and indexed definitions", token.span).hint("write sum(i in 1..n, ...)")
}

/// `not` where an operator that binds tighter waits.
pub(super) fn not_in_operand(parser: &Parser, token: Token) -> Error {
    let text = parser.text(token.span);
    syntax(format!("`{text}` binds less tightly than the operator before it"), token.span).hint("write (not ...) in parentheses")
}

pub(super) fn indexed_constant(name: &str, span: Span) -> Error {
    syntax(format!("`{name}` is a constant and has no elements"), span).hint("choose another name for the vector")
}

// Where an operator is due.

/// Two operands without an operator between them.
pub(super) fn side_by_side(parser: &Parser, token: Token) -> Error {
    let last = parser.last_token().expect("an operand precedes");
    let (left, right) = (parser.text(last.span), parser.text(token.span));
    let span = last.span.to(token.span);
    if last.kind == Kind::Number && token.kind == Kind::Number && last.span.end == token.span.start {
        return syntax(format!("{} is not a number", quoted(parser.text(span))), span)
            .hint("a number has one decimal point and a whole exponent");
    }
    if token.kind == Kind::Number && right.starts_with('.') && last.span.end == token.span.start {
        return stray_dot(parser, token);
    }
    if token.kind == Kind::If {
        return syntax("`if` cannot follow a value", token.span).hint("write if(condition, a, b)");
    }
    if let Some(function) = Function::named(right).filter(|_| parser.kind_at(1) != Kind::Open) {
        let error = syntax(format!("`{right}` is a function, not an operator"), token.span);
        return error.hint(about(function, right));
    }
    let before = parser.operands.last().and_then(|operand| piece(parser, operand.span)).unwrap_or("...".into());
    let product = format!("{before}*{}", piece(parser, factor(parser, parser.at)).unwrap_or("...".into()));
    let message = match (last.kind, token.kind) {
        (Kind::Name | Kind::Number, Kind::Name | Kind::Number) => {
            format!("there is no operator between {} and {}", quoted(left), quoted(right))
        }
        _ => format!("an operator is missing before {}", quoted(right)),
    };
    syntax(message, token.span).hint(format!("write {product}"))
}

/// `1_000`.
pub(super) fn digits_apart(parser: &Parser, token: Token) -> Error {
    let number = parser.last_token().map_or(token.span, |last| last.span).to(token.span);
    let error = syntax("digits are written without `_` between them", number);
    error.hint(format!("write {}", short(&parser.text(number).replace('_', ""))))
}

/// A product without a sign after a quotient or a power: `1/2x`, `2^3x`.
pub(super) fn ambiguous_product(parser: &Parser, operator: char, left: Span, sign: Span) -> Error {
    let last = parser.last_token().expect("an operand precedes");
    let token = parser.token();
    let right = Span::new(sign.end, last.span.end);
    let factor = factor(parser, parser.at);
    let [a, b, c] = [left, right, factor].map(|span| piece(parser, span));
    let shown = parser.text(Span::new(left.start, factor.end));
    let error = syntax(format!("{} can be read in two ways", quoted(shown)), sign.to(token.span));
    let [a, b, c] = [a.unwrap_or("a".into()), b.unwrap_or("b".into()), c.unwrap_or("c".into())];
    error.hint(format!("write ({a}{operator}{b})*{c} or {a}{operator}({b}*{c})"))
}

pub(super) fn superscripts(token: Token) -> Error {
    syntax("a power of `²` or `³` needs parentheses", token.span).hint("write (x^2)^3 or x^(2^3)")
}

pub(super) fn no_operator(parser: &Parser, token: Token) -> Error {
    let text = parser.text(token.span);
    let last = parser.last_token().expect("an operand precedes");
    match token.kind {
        Kind::Number => side_by_side(parser, token),
        Kind::Assign => {
            let next = parser.tokens.get(parser.at + 1);
            if let Some(next) = next.filter(|next| matches!(next.kind, Kind::Compare(_))) {
                let turned = format!("{}=", parser.text(next.span));
                return syntax("a comparison puts `=` last", token.span.to(next.span)).hint(format!("write `{turned}`"));
            }
            if let Some(bracket) = parser.bracket().filter(|_| begins_line(parser)) {
                return unclosed(parser, bracket);
            }
            syntax("`=` defines a name; it does not compare", token.span).hint("write `==` to compare")
        }
        Kind::Bang => {
            let operand = parser.operands.last().and_then(|operand| piece(parser, operand.span)).unwrap_or("x".into());
            let operand = operand.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(&operand).to_string();
            syntax("`!` is not the factorial", token.span).hint(format!("write gamma({operand}+1)"))
        }
        Kind::Slip if text == "|" => syntax("`|` is not an operator", token.span).hint("write `or`, or abs(x) for |x|"),
        Kind::Slip if text == "&" => syntax("`&` is not an operator", token.span).hint("write `and`"),
        Kind::Slip => stray_dot(parser, token),
        Kind::OpenIndex => syntax("only a name can have an index in brackets", token.span).hint("for a product write `*` and `(`"),
        Kind::In => syntax("`in` belongs to the range of an index", token.span).hint("write sum(i in 1..n, ...)"),
        Kind::Not => syntax("`not` stands before its operand, not after it", token.span).hint("write `a and not b`"),
        _ => {
            let error =
                syntax(format!("an operator is missing between {} and {}", quoted(parser.text(last.span)), quoted(text)), token.span);
            error.hint("write `*` between them")
        }
    }
}

/// Whether the operand just read is a name that begins a line: the start of a definition, most likely.
fn begins_line(parser: &Parser) -> bool {
    let Some(last) = parser.last.filter(|&at| at > 0) else { return false };
    let gap = Span::new(parser.tokens[last - 1].span.end, parser.tokens[last].span.start);
    parser.tokens[last].kind == Kind::Name && parser.text(gap).contains('\n')
}

/// `,`, `:` or `..` where the open bracket has no use for it.
pub(super) fn stray_separator(parser: &Parser, token: Token) -> Error {
    let role = parser.bracket().map(|bracket| bracket.role);
    let next = parser.tokens.get(parser.at + 1);
    let last = parser.last_token().expect("an operand precedes");
    match (token.kind, role) {
        (Kind::Comma, Some(Role::Fold(_, word, _, Stage::First))) => {
            syntax(format!("the range of this `{}` has no end", parser.text(word)), token.span).hint("write i in 1..n")
        }
        (Kind::Comma, Some(Role::Fold(_, word, ..))) => {
            let word = parser.text(word);
            syntax(format!("`{word}` takes a range and one expression"), token.span).hint(format!("write {word}(i in 1..n, ...)"))
        }
        (Kind::Comma, Some(Role::Index(..))) => {
            syntax("an element has one index, or two in a matrix", token.span).hint("write x[1] or W[1, 2]")
        }
        (Kind::Comma, Some(Role::DefinitionRange(..))) => {
            syntax("a definition has one index or two, each with its range", token.span).hint("write K[i in 1..n, j in 1..m] = ...")
        }
        (Kind::Comma, Some(Role::Interval(_))) => interval(token.span),
        (Kind::Colon, Some(Role::Index(..))) => syntax("a range is written with two dots", token.span).hint("write x[1..3]"),
        (Kind::Comma, Some(Role::Question)) => wrong_close(parser, parser.bracket().expect("it has a role"), token),
        (Kind::Comma, _) => {
            let decimal =
                last.kind == Kind::Number && next.is_some_and(|next| next.kind == Kind::Number && next.span.start == token.span.end);
            let error = syntax("a comma separates the arguments of a function; there is none here", token.span);
            match next.filter(|_| decimal) {
                Some(next) => error.hint(format!("write {}.{} with a point", parser.text(last.span), parser.text(next.span))),
                None => error.hint("drop it, or name the function: max(a, b)"),
            }
        }
        (Kind::Colon, Some(Role::Fold(..) | Role::DefinitionRange(..))) => {
            syntax("a range is written with two dots", token.span).hint("write 1..n")
        }
        (Kind::Colon, _) => syntax("this `:` belongs to no `?`", token.span).hint("write c ? a : b, or if(c, a, b)"),
        _ => stray_range(token),
    }
}

// Brackets.

pub(super) fn closes_nothing(parser: &Parser, token: Token) -> Error {
    let text = parser.text(token.span);
    let open = if token.kind == Kind::Close { "(" } else { "[" };
    syntax(format!("this `{text}` closes nothing"), token.span).hint(format!("drop it, or open `{open}` before it"))
}

/// The range of a parameter with one end, or with three.
fn interval(span: Span) -> Error {
    syntax("an interval has two ends", span).hint("write (low, high), as in (0, inf) or [0, 1]")
}

pub(super) fn unclosed(parser: &Parser, bracket: &Bracket) -> Error {
    let text = parser.text(bracket.open);
    match bracket.role {
        Role::Question => syntax("this `?` has no `:`", bracket.open).hint("write c ? a : b, or if(c, a, b)"),
        _ => {
            let close = if text == "(" { ")" } else { "]" };
            syntax(format!("this `{text}` is never closed"), bracket.open).hint(format!("add `{close}`"))
        }
    }
}

/// A bracket that closes before its contents are complete, or of the wrong shape.
pub(super) fn wrong_close(parser: &Parser, bracket: &Bracket, token: Token) -> Error {
    let (open, close) = (parser.text(bracket.open), parser.text(token.span));
    match bracket.role {
        Role::Question => unclosed(parser, bracket),
        Role::Fold(_, word, _, _) if token.kind == Kind::Close => {
            let (word, span) = (parser.text(word), word.to(token.span));
            syntax(format!("`{word}` takes a range and one expression"), span).hint(format!("write {word}(i in 1..n, ...)"))
        }
        Role::DefinitionRange(..) if token.kind == Kind::CloseIndex => {
            syntax("the range of this index has no end", token.span).hint("write j in 1..n")
        }
        Role::Interval(_) => interval(token.span),
        _ => {
            let wanted = if open == "(" { ")" } else { "]" };
            syntax(format!("this `{close}` meets an open `{open}`"), token.span).hint(format!("close `{open}` with `{wanted}`"))
        }
    }
}
