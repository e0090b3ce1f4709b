//! What can go wrong with what the user gave: a kind, one sentence, a place, a way out.

use std::fmt;
use std::ops::Range;

/// The result of everything that can refuse its input.
pub type Result<T> = std::result::Result<T, Error>;

/// A half-open range of bytes in a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span of `start..end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Span::new(range.start, range.end)
    }
}

/// Who is at fault, which decides the program's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The command, the formula or the data is wrong; nothing ran (exit code 2).
    Input,
    /// The density itself fails: negative, zero, not integrable (exit code 4).
    Density,
    /// A file cannot be read or written, or the machine has no memory or threads for it (exit code 5).
    Files,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $fault:ident;)*) => {
        /// The kinds of refusal; [`name`](ErrorKind::name) is what JSON carries.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[$doc])* $variant,)* }

        impl ErrorKind {
            /// The stable name that tools rely on.
            pub fn name(self) -> &'static str {
                match self { $(ErrorKind::$variant => $name,)* }
            }

            /// Who is at fault.
            pub fn fault(self) -> Fault {
                match self { $(ErrorKind::$variant => Fault::$fault,)* }
            }
        }
    };
}

kinds! {
    /// Text that the grammar does not accept.
    Syntax = "syntax", Input;
    /// Nothing but white space.
    EmptyInput = "empty_input", Input;
    /// A character the language has no use for.
    BadCharacter = "bad_character", Input;
    /// A NUL byte.
    NulByte = "nul_byte", Input;
    /// Not UTF-8.
    Encoding = "encoding", Input;
    /// Nested deeper than the limit.
    TooDeep = "too_deep", Input;
    /// Longer, or expanding to more, than the limit.
    TooLong = "too_long", Input;
    /// A number too large for a double.
    LiteralOverflow = "literal_overflow", Input;
    /// A number other than zero that a double can only hold as zero.
    LiteralUnderflow = "literal_underflow", Input;
    /// A function or variable nobody declared.
    UnknownName = "unknown_name", Input;
    /// A function called with the wrong number of arguments.
    Arity = "arity", Input;
    /// An index that is not a whole number, or out of range.
    Index = "index", Input;
    /// A scalar where a vector is needed, or the reverse.
    Dimension = "dimension", Input;
    /// A name declared twice, or one that cannot be declared.
    Declaration = "declaration", Input;
    /// A bound that is no constant expression.
    BoundsMalformed = "bounds_malformed", Input;
    /// A range with one end only.
    BoundsMissing = "bounds_missing", Input;
    /// A bound that is not a number.
    BoundsNan = "bounds_nan", Input;
    /// Low above high.
    BoundsReversed = "bounds_reversed", Input;
    /// Low equal to high.
    BoundsEmpty = "bounds_empty", Input;
    /// An argument that a function cannot have.
    Argument = "argument", Input;
    /// A table that cannot be read, or a cell that is no number.
    Data = "data", Input;
    /// A setting outside its range, or settings that contradict each other.
    Setting = "setting", Input;
    /// Something the tool does not do, said before anything ran.
    Unsupported = "unsupported", Input;
    /// The density is undefined inside the bounds.
    Domain = "domain", Density;
    /// The density is negative inside the bounds.
    NegativeDensity = "negative_density", Density;
    /// The density is zero wherever it was looked for.
    ZeroDensity = "zero_density", Density;
    /// No mass was found, without a proof that there is none.
    NoMass = "zero_density", Density;
    /// The integral diverges.
    InfiniteZ = "infinite_Z", Density;
    /// An integral that was neither found nor proved to diverge.
    NotIntegrated = "not_integrated", Input;
    /// The density overflows even as a logarithm.
    Overflow = "overflow", Density;
    /// A file could not be read or written.
    Io = "io", Files;
    /// Memory or threads that the machine does not give.
    Resources = "resources", Files;
    /// Stopped by a signal.
    Interrupted = "interrupted", Files;
    /// A fault of this library.
    Bug = "bug", Files;
}

/// A refusal: what is wrong, where, and what to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The kind, for tools.
    pub kind: ErrorKind,
    /// One sentence without a full stop, for people.
    pub message: String,
    /// The place in the source text, in bytes.
    pub span: Option<Span>,
    /// The way out.
    pub hint: Option<String>,
}

impl Error {
    /// An error without place or hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), span: None, hint: None }
    }

    /// The same error at a place.
    pub fn at(mut self, span: impl Into<Span>) -> Self {
        self.span = Some(span.into());
        self
    }

    /// The same error with a way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The error as people read it: sentence, the line of `source` it is about, a caret under the place, the hint.
    /// Control characters of the source are shown as `�`, and a long line is cut to the 76 columns around the place.
    pub fn render(&self, source: &str) -> String {
        let mut text = format!("error: {}", self.message);
        let hint = self.hint.as_deref();
        match self.span {
            None => {
                if let Some(hint) = hint {
                    text.push_str("\n  = ");
                    text.push_str(hint);
                }
            }
            Some(span) => {
                let place = Place::find(source, span);
                text.push_str(&format!("\n  | {}\n  | {}{}", place.line, " ".repeat(place.column), "^".repeat(place.width)));
                if let Some(hint) = hint {
                    // A short hint stands beside the caret; a long one gets a line of its own.
                    let beside = place.column + place.width + 5 + hint.chars().count() <= 80;
                    text.push_str(if beside { " " } else { "\n  = " });
                    text.push_str(hint);
                }
            }
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// A double to its last digit, by its exponent where it would be long: `0.1`, `1e308`, `inf`, `nan`.
pub(crate) fn plain(x: f64) -> String {
    let text = if x == 0.0 || !x.is_finite() || (1e-4..1e7).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") };
    text.replace("NaN", "nan")
}

/// One line of the source, cut to fit, and where the caret goes under it (in characters).
struct Place {
    line: String,
    column: usize,
    width: usize,
}

impl Place {
    const WIDTH: usize = 72;

    fn find(source: &str, span: Span) -> Place {
        let floor = |mut at: usize| {
            at = at.min(source.len());
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (start, end) = (floor(span.start), floor(span.end));
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let column = source[line_start..start].chars().count();
        let width = source[start..end.clamp(start, line_end)].chars().count().max(1);
        let visible = |c: char| if c.is_control() || is_invisible(c) { '\u{FFFD}' } else { c };
        let characters: Vec<char> = source[line_start..line_end].chars().map(visible).collect();
        if characters.len() <= Self::WIDTH {
            return Place { line: characters.into_iter().collect(), column, width };
        }
        let from = column.saturating_sub(Self::WIDTH / 3);
        let to = (from + Self::WIDTH).min(characters.len());
        let (lead, tail) = (if from > 0 { "…" } else { "" }, if to < characters.len() { "…" } else { "" });
        let shown: String = characters[from..to].iter().collect();
        let column = column - from + lead.chars().count();
        Place { line: format!("{lead}{shown}{tail}"), column, width: width.min(Self::WIDTH + 1 - column.min(Self::WIDTH)) }
    }
}

/// Characters that change how a terminal shows what surrounds them, without being seen: zero-width and bidirectional ones.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, span: Span, hint: Option<&str>, expected: &str) {
        let mut error = Error::new(ErrorKind::UnknownName, "unknown function `sine`").at(span);
        error.hint = hint.map(String::from);
        assert_eq!(error.render(source), expected);
    }

    #[test]
    fn caret_stands_under_the_place() {
        check(
            "exp(-sine(x)^2)",
            Span::new(5, 9),
            Some("did you mean `sin`?"),
            "error: unknown function `sine`\n  | exp(-sine(x)^2)\n  |      ^^^^ did you mean `sin`?",
        );
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        check("\u{1b}[2Jx", Span::new(0, 1), None, "error: unknown function `sine`\n  | \u{FFFD}[2Jx\n  | ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let source = "x+".repeat(300);
        let text = Error::new(ErrorKind::Syntax, "m").at(Span::new(300, 301)).render(&source);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let caret = text.lines().nth(2).and_then(|line| line.find('^')).expect("a caret");
        assert_eq!(text.lines().nth(1).and_then(|line| line.chars().nth(caret)), Some('x'));
    }
}
