//! Text to a flat row of tokens: the only place that knows pest.

use pest::Parser;
use pest_derive::Parser;

use super::super::ast::{Comparison, Fold};
use super::super::characters;
use crate::error::{Error, Result, Span};

#[derive(Parser)]
#[grammar = "../grammar/formula.pest"]
struct Grammar;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Name,
    If,
    In,
    Fold(Fold),
    /// `density`, `log_density` or `energy`.
    Meaning,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    /// `²` or `³`.
    Superscript(u8),
    Compare(Comparison),
    And,
    Or,
    Not,
    /// `!`: `not` before its operand, a slip after it.
    Bang,
    Question,
    Colon,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    Semicolon,
    Newline,
    Assign,
    /// `~`: the outcome on the left has the distribution on the right.
    Tilde,
    Range,
    /// `|`, `&` or `.`: nothing of ours.
    Slip,
    /// After the last token; its span is empty.
    End,
}

/// A token and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// The tokens of `source`, closed by [`Kind::End`]; without comments, and without the line ends inside brackets or where an operand is due.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>> {
    let pairs = Grammar::parse(Rule::formula, source).map_err(|error| {
        // The characters were checked before, so this is a letter that one Unicode table has and the other has not.
        let at = match error.location {
            pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
        };
        characters::refusal(source, at)
    })?;
    let mut tokens: Vec<Token> = Vec::with_capacity(source.len() / 2);
    let mut brackets = 0usize;
    for pair in pairs.flat_map(|formula| formula.into_inner()) {
        let span = pair.as_span();
        let (text, span) = (span.as_str(), Span::new(span.start(), span.end()));
        let Some(kind) = kind(pair.as_rule(), text) else { continue };
        match kind {
            Kind::Open | Kind::OpenIndex => brackets += 1,
            Kind::Close | Kind::CloseIndex => brackets = brackets.saturating_sub(1),
            Kind::Newline if brackets > 0 || tokens.last().is_none_or(|last| wants_operand(last.kind)) => continue,
            _ => {}
        }
        tokens.push(Token { kind, span });
    }
    let end = tokens.iter().rev().find(|token| token.kind != Kind::Newline).map_or(0, |token| token.span.end);
    tokens.push(Token { kind: Kind::End, span: Span::new(end, end) });
    Ok(tokens)
}

/// Whether a line cannot end after this: an operand is due (or this is the end of a line already).
fn wants_operand(kind: Kind) -> bool {
    use Kind::*;
    matches!(kind, Add | Subtract | Multiply | Divide | Power | Compare(_) | And | Or | Not | Bang | Question | Colon)
        || matches!(kind, Open | OpenIndex | Comma | Assign | Tilde | Range | In | Newline)
}

fn kind(rule: Rule, text: &str) -> Option<Kind> {
    match rule {
        Rule::word => Some(word(text)),
        Rule::number => Some(Kind::Number),
        Rule::sign => Some(sign(text)),
        Rule::newline => Some(Kind::Newline),
        _ => None,
    }
}

fn word(text: &str) -> Kind {
    match text.as_bytes() {
        b"if" => Kind::If,
        b"in" => Kind::In,
        b"and" => Kind::And,
        b"or" => Kind::Or,
        b"not" => Kind::Not,
        b"sum" => Kind::Fold(Fold::Sum),
        b"prod" => Kind::Fold(Fold::Product),
        b"density" | b"log_density" | b"energy" => Kind::Meaning,
        _ => Kind::Name,
    }
}

fn sign(text: &str) -> Kind {
    match text.as_bytes() {
        b"+" => Kind::Add,
        b"-" => Kind::Subtract,
        b"*" => Kind::Multiply,
        b"/" => Kind::Divide,
        b"^" | b"**" => Kind::Power,
        b"(" => Kind::Open,
        b")" => Kind::Close,
        b"[" => Kind::OpenIndex,
        b"]" => Kind::CloseIndex,
        b"," => Kind::Comma,
        b";" => Kind::Semicolon,
        b"=" => Kind::Assign,
        b"~" => Kind::Tilde,
        b"?" => Kind::Question,
        b":" => Kind::Colon,
        b".." => Kind::Range,
        b"<" => Kind::Compare(Comparison::Less),
        b"<=" => Kind::Compare(Comparison::LessEqual),
        b">" => Kind::Compare(Comparison::Greater),
        b">=" => Kind::Compare(Comparison::GreaterEqual),
        b"==" => Kind::Compare(Comparison::Equal),
        b"!=" => Kind::Compare(Comparison::NotEqual),
        b"&&" => Kind::And,
        b"||" => Kind::Or,
        b"!" => Kind::Bang,
        _ => match text {
            "−" => Kind::Subtract,
            "·" | "×" => Kind::Multiply,
            "²" => Kind::Superscript(2),
            "³" => Kind::Superscript(3),
            "≤" => Kind::Compare(Comparison::LessEqual),
            "≥" => Kind::Compare(Comparison::GreaterEqual),
            "≠" => Kind::Compare(Comparison::NotEqual),
            _ => Kind::Slip,
        },
    }
}

/// A literal's value, refused where a double cannot hold it.
pub(super) fn number(text: &str, span: Span) -> Result<f64> {
    use crate::error::ErrorKind::{LiteralOverflow, LiteralUnderflow, Syntax};
    let value: f64 = text.parse().map_err(|_| Error::new(Syntax, "this is not a number").at(span))?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let zero = value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte));
    if !zero && value.is_finite() {
        return Ok(value);
    }
    let (kind, what) = if zero { (LiteralUnderflow, "small") } else { (LiteralOverflow, "large") };
    let error = Error::new(kind, format!("this number is too {what} for a double")).at(span);
    Err(if exponent != "0" && text.len() <= 24 {
        let mantissa = if mantissa.trim_end_matches(['0', '.']) == "1" { String::new() } else { format!("{mantissa}*") };
        error.hint(format!("write it by its logarithm: {mantissa}exp({}*log(10))", exponent.trim_start_matches('+')))
    } else {
        error.hint("write it by its logarithm: exp(...)")
    })
}
