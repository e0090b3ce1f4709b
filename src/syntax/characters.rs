//! The characters of a formula: which are refused, and what to type instead.

use crate::error::{Error, ErrorKind, Result, Span};

/// Most bytes of text.
pub(super) const BYTES: usize = 1 << 20;
/// Most levels of nesting.
pub(super) const NESTING: usize = 256;
/// Most words and signs. More than a tree of 200,000 nodes needs, few enough to cut up within the time limit.
const WORDS: usize = 400_000;

/// Refuses text that is too long, too deep in brackets, empty, or holds a character that the language has no use for.
/// Comments may hold any text, control characters excepted: they would reach a terminal.
pub(super) fn check(source: &str) -> Result<()> {
    if source.len() > BYTES {
        return Err(too_many_bytes(source.len()));
    }
    let mut scan = Scan::default();
    let mut in_comment = false;
    for (at, c) in source.char_indices() {
        in_comment = c != '\n' && (in_comment || c == '#');
        let fine = matches!(c, ' ' | '\t' | '\r' | '\n') || if in_comment { !is_invisible(c) } else { is_used(c) };
        if !fine {
            return Err(refusal(source, at));
        }
        scan.next(if in_comment { ' ' } else { c }, at, source.as_bytes().get(at + 1));
    }
    let Scan { words, too_deep_at, .. } = scan;
    match words {
        0 => Err(Error::new(ErrorKind::EmptyInput, "the formula is empty").hint("write a density such as exp(-x^2/2)")),
        1..=WORDS => too_deep_at.map_or(Ok(()), |at| Err(too_deep(Span::new(at, at + 1)))),
        _ => Err(too_long(&format!("the formula has more than {WORDS} words and signs"))),
    }
}

/// Counts words and signs and open brackets, so that hostile text is refused before it is cut up.
#[derive(Default)]
struct Scan {
    words: usize,
    word: Option<Word>,
    before: char,
    open: usize,
    /// The first bracket that is open too deep.
    too_deep_at: Option<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Word {
    Name,
    Number,
}

impl Scan {
    fn next(&mut self, c: char, at: usize, next: Option<&u8>) {
        let digit = c.is_ascii_digit() || (c == '.' && self.before != '.');
        // The sign of an exponent: 1e-3.
        let exponent = matches!(c, '+' | '-') && matches!(self.before, 'e' | 'E') && next.is_some_and(u8::is_ascii_digit);
        let goes_on = match self.word {
            Some(Word::Number) => digit || exponent || c.is_alphanumeric() || c == '_',
            Some(Word::Name) => c.is_alphanumeric() || c == '_',
            None => false,
        };
        if !goes_on {
            self.words += usize::from(!c.is_whitespace());
            self.word = match c {
                _ if digit => Some(Word::Number),
                _ if c.is_alphanumeric() || c == '_' => Some(Word::Name),
                _ => None,
            };
        }
        self.before = c;
        match c {
            '(' | '[' => self.open += 1,
            ')' | ']' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if self.open > NESTING && self.too_deep_at.is_none() {
            self.too_deep_at = Some(at);
        }
    }
}

/// The refusal of a formula that is valid but too large.
pub(super) fn too_long(message: &str) -> Error {
    Error::new(ErrorKind::TooLong, message).hint("write repeated terms as sum(i in 1..n, ...)")
}

/// The refusal of a formula that nests too deep at `span`.
pub(super) fn too_deep(span: Span) -> Error {
    let error = Error::new(ErrorKind::TooDeep, format!("the formula nests deeper than {NESTING} levels here")).at(span);
    error.hint("give inner parts a name: `r = ...; exp(-r)`")
}

pub(super) fn too_many_bytes(bytes: usize) -> Error {
    too_long(&format!("the formula has {bytes} bytes, more than the {BYTES} allowed"))
}

fn is_used(c: char) -> bool {
    match c {
        '0'..='9' | 'a'..='z' | 'A'..='Z' | '_' | '#' => true,
        '+' | '-' | '*' | '/' | '^' | '(' | ')' | '[' | ']' | ',' | ';' | '=' | '<' | '>' | '!' | '&' | '|' | '?' | ':' | '.' | '~' => true,
        '−' | '·' | '×' | '²' | '³' | '≤' | '≥' | '≠' => true,
        _ => c.is_alphabetic() && latin_twin(c).is_none(),
    }
}

/// Control, format and bidirectional characters: they show nothing, or change how the rest is shown.
fn is_invisible(c: char) -> bool {
    c.is_control() || is_format(c)
}

fn is_format(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The refusal of the character at byte `at`: its code point, and what to type instead.
pub(super) fn refusal(source: &str, at: usize) -> Error {
    let Some(c) = source.get(at..).and_then(|rest| rest.chars().next()) else {
        return Error::new(ErrorKind::Syntax, "the formula cannot be read to its end");
    };
    let span = Span::new(at, at + c.len_utf8());
    if c == '\0' {
        return Error::new(ErrorKind::NulByte, "the formula contains a NUL byte").at(span).hint("remove it: a formula is plain text");
    }
    let code = format!("U+{:04X}", c as u32);
    let message = match c {
        _ if c.is_control() => format!("a control character ({code}) cannot stand in a formula"),
        _ if is_format(c) => format!("an invisible character ({code}) cannot stand in a formula"),
        _ if c.is_whitespace() => format!("a special blank ({code}) cannot stand in a formula"),
        // A mark that joins the letter before it would be drawn on our quote.
        _ if !c.is_ascii() && !c.is_alphanumeric() && is_mark(c) => format!("a combining accent ({code}) cannot stand in a formula"),
        _ if c.is_ascii() => format!("`{c}` has no meaning in a formula"),
        _ => format!("`{c}` ({code}) has no meaning in a formula"),
    };
    Error::new(ErrorKind::BadCharacter, message).at(span).hint(advice(c))
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

fn advice(c: char) -> String {
    let fixed = match c {
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '⁻' | '﹣' | '－' => "type `-`",
        '＋' | '⁺' => "type `+`",
        '∗' | '⋅' | '•' | '∙' | '✕' | '✖' | '⨯' | '＊' => "type `*`",
        '÷' | '∕' | '⁄' | '／' => "type `/`",
        'ˆ' | '＾' => "type `^`",
        '（' | '❨' | '⁽' | '{' => "use `(`",
        '）' | '❩' | '⁾' | '}' => "use `)`",
        '，' | '、' | '‚' => "type `,`",
        '；' => "type `;`",
        '：' | '∶' => "type `:`",
        '．' | '。' => "type `.`",
        '＝' => "type `=`",
        '＜' | '‹' | '⟨' => "type `<`",
        '＞' | '›' | '⟩' => "type `>`",
        '⩽' | '≦' => "type `<=`",
        '⩾' | '≧' => "type `>=`",
        '¬' => "write `not`",
        '∧' => "write `and`",
        '∨' => "write `or`",
        '√' => "write sqrt(x)",
        '∛' => "write cbrt(x)",
        '∑' => "write sum(i in 1..n, ...)",
        '∏' => "write prod(i in 1..n, ...)",
        '∞' => "write `inf`",
        '%' => "write mod(x, y) for the remainder",
        '½' => "write (1/2)",
        '¼' => "write (1/4)",
        '¾' => "write (3/4)",
        '"' | '\'' | '`' | '´' | '‘' | '’' | '“' | '”' | '„' | '«' | '»' | '′' | '″' => {
            "remove it: a formula needs no quotes"
        }
        '…' => "type `..` in a range",
        '$' | '@' => "names are made of letters, digits and `_`",
        '\\' => "write functions without it: sqrt(x), not \\sqrt{x}",
        '¹' => "write ^1",
        '⁰' => "write ^0",
        'ⁿ' => "write ^n",
        _ if c.is_whitespace() => "type a plain space",
        _ if c.is_control() || is_format(c) => "remove it",
        _ if is_mark(c) => "remove it, or use a plain name such as x_hat",
        _ => "",
    };
    if !fixed.is_empty() {
        return fixed.into();
    }
    let digit = |base: char| char::from_digit(c as u32 - base as u32, 10).unwrap_or('0');
    match c {
        '⁴'..='⁹' => format!("write ^{}", digit('⁰')),
        '₀'..='₉' => format!("type `{}`", digit('₀')),
        '０'..='９' => format!("type `{}`", digit('０')),
        _ => match latin_twin(c) {
            Some(twin) => format!("type the plain letter `{twin}`"),
            None => "remove it, or spell it in letters".into(),
        },
    }
}

/// The ASCII letter that `c` is drawn like: another script's twin, a full-width or a mathematical letter.
/// Two names that look the same would be two variables. (Greek stays: it is what formulas are written in.)
fn latin_twin(c: char) -> Option<char> {
    const CYRILLIC: &[(char, char)] = &[
        ('а', 'a'),
        ('с', 'c'),
        ('е', 'e'),
        ('һ', 'h'),
        ('і', 'i'),
        ('ј', 'j'),
        ('о', 'o'),
        ('р', 'p'),
        ('ѕ', 's'),
        ('х', 'x'),
        ('у', 'y'),
        ('А', 'A'),
        ('В', 'B'),
        ('С', 'C'),
        ('Е', 'E'),
        ('Н', 'H'),
        ('І', 'I'),
        ('Ј', 'J'),
        ('К', 'K'),
        ('М', 'M'),
        ('О', 'O'),
        ('Р', 'P'),
        ('Ѕ', 'S'),
        ('Т', 'T'),
        ('Х', 'X'),
        ('У', 'Y'),
        ('ℯ', 'e'),
        ('ℊ', 'g'),
        ('ℎ', 'h'),
        ('ℓ', 'l'),
        ('ı', 'i'),
        ('ο', 'o'),
    ];
    let letter = |offset: u32| char::from_u32(offset);
    match c {
        'Ａ'..='Ｚ' => letter(c as u32 - 'Ａ' as u32 + 'A' as u32),
        'ａ'..='ｚ' => letter(c as u32 - 'ａ' as u32 + 'a' as u32),
        // The mathematical alphabets: thirteen styles of A to Z and a to z.
        '\u{1D400}'..='\u{1D6A3}' => {
            let position = (c as u32 - 0x1D400) % 52;
            letter(if position < 26 { 'A' as u32 + position } else { 'a' as u32 + position - 26 })
        }
        _ => CYRILLIC.iter().find(|(twin, _)| *twin == c).map(|&(_, latin)| latin),
    }
}
