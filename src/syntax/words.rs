//! Text to words: the only place that knows pest.

use pest::Parser;
use pest_derive::Parser;

use crate::error::{Error, ErrorKind, Result, Span};

/// Longest text, in bytes.
pub(super) const TEXT_LIMIT: usize = 1 << 20;
/// Most words: no formula of at most the allowed number of operations needs more.
pub(super) const WORD_LIMIT: usize = 400_000;

#[derive(Parser)]
#[grammar = "../grammar/formula.pest"]
struct Grammar;

/// What a word is; its text is its span of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Name,
    /// An end of line; whether the next line is indented.
    LineEnd {
        indented: bool,
    },
    Plus,
    Minus,
    Times,
    Divide,
    Power,
    Squared,
    Cubed,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Bang,
    Assign,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Range,
    Comma,
    Semicolon,
    Question,
    Colon,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// The words of `text`, an `End` after the last.
pub(super) fn words(text: &str) -> Result<Vec<Word>> {
    if text.len() > TEXT_LIMIT {
        return Err(too_long(format!("the formula has {} bytes; the limit is {TEXT_LIMIT}", text.len())));
    }
    // Every operator is one of these bytes or a letter: too many of them cannot become a formula within the limits.
    let operators = text.bytes().filter(|byte| b"+-*/^<>=!&|(,;?:".contains(byte)).count();
    if operators > WORD_LIMIT / 2 {
        return Err(too_long(format!("the formula has {operators} operators; the limit is {}", WORD_LIMIT / 2)));
    }
    let parsed = Grammar::parse(Rule::formula, text).map_err(|_| Error::new(ErrorKind::Syntax, "this is no formula"))?;
    let mut words = Vec::new();
    for pair in parsed.flatten() {
        let span = Span::from(pair.as_span().start()..pair.as_span().end());
        let kind = match pair.as_rule() {
            Rule::number => Kind::Number,
            Rule::name => match pair.as_str() {
                "and" => Kind::And,
                "or" => Kind::Or,
                _ => Kind::Name,
            },
            Rule::line_end => Kind::LineEnd { indented: pair.as_str().ends_with([' ', '\t']) },
            Rule::plus => Kind::Plus,
            Rule::minus => Kind::Minus,
            Rule::times => Kind::Times,
            Rule::divide => Kind::Divide,
            Rule::power => Kind::Power,
            Rule::squared => Kind::Squared,
            Rule::cubed => Kind::Cubed,
            Rule::less => Kind::Less,
            Rule::less_equal => Kind::LessEqual,
            Rule::greater => Kind::Greater,
            Rule::greater_equal => Kind::GreaterEqual,
            Rule::equal => Kind::Equal,
            Rule::not_equal => Kind::NotEqual,
            Rule::logic_and => Kind::And,
            Rule::logic_or => Kind::Or,
            Rule::bang => Kind::Bang,
            Rule::assign => Kind::Assign,
            Rule::open => Kind::Open,
            Rule::close => Kind::Close,
            Rule::open_index => Kind::OpenIndex,
            Rule::close_index => Kind::CloseIndex,
            Rule::range => Kind::Range,
            Rule::comma => Kind::Comma,
            Rule::semicolon => Kind::Semicolon,
            Rule::question => Kind::Question,
            Rule::colon => Kind::Colon,
            Rule::stray => return Err(stray(pair.as_str(), span)),
            _ => continue,
        };
        words.push(Word { kind, span });
        if words.len() > WORD_LIMIT {
            return Err(too_long(format!("the formula has more than {WORD_LIMIT} words")));
        }
    }
    words.push(Word { kind: Kind::End, span: Span::new(text.len(), text.len()) });
    Ok(words)
}

fn too_long(message: String) -> Error {
    Error::new(ErrorKind::TooLong, message).hint("shorten it: sum(i in 1..n, …) says long sums briefly")
}

/// The error for a character that the language has no use for.
fn stray(text: &str, span: Span) -> Error {
    let character = text.chars().next().unwrap_or(' ');
    if character == '\0' {
        return Error::new(ErrorKind::NulByte, "a NUL byte stands in the formula").at(span).hint("remove it");
    }
    let code = u32::from(character);
    let shown = if character.is_control() || character.is_whitespace() || is_invisible(character) {
        format!("the character U+{code:04X} has no meaning here")
    } else if character.is_ascii() {
        format!("`{character}` has no meaning in a formula")
    } else {
        format!("`{character}` (U+{code:04X}) has no meaning in a formula")
    };
    let error = Error::new(ErrorKind::BadCharacter, shown).at(span);
    match character {
        '|' => error.hint("the absolute value is abs(x)"),
        '\u{2010}'..='\u{2015}' => error.hint("did you mean the minus `-`?"),
        '\u{2018}'..='\u{201F}' | '"' | '\'' | '`' => error.hint("formulas have no quotes"),
        '\u{2044}' | '\u{2215}' | '\u{00F7}' | '\\' => error.hint("did you mean `/`?"),
        '\u{2217}' | '\u{22C5}' | '\u{2022}' | '\u{2219}' => error.hint("did you mean `*`?"),
        '\u{2070}'..='\u{207F}' | '\u{00B9}' => error.hint("write powers with `^`"),
        '√' => error.hint("write sqrt(x)"),
        '∞' => error.hint("write inf"),
        '∑' => error.hint("write sum(i in 1..n, …)"),
        '.' => error.hint("a decimal point needs a digit beside it"),
        '{' | '}' => error.hint("use parentheses"),
        '\u{00A0}' | '\u{2000}'..='\u{200F}' | '\u{FEFF}' | '\u{3000}' => error.hint("use a plain space"),
        '\u{FF01}'..='\u{FF5E}' => {
            let plain = char::from_u32(code - 0xFEE0).unwrap_or(' ');
            error.hint(format!("did you mean the plain `{plain}`?"))
        }
        _ => error,
    }
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}
