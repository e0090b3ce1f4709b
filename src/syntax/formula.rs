//! A formula: its text, its tree, and the names it leaves open.

use std::fmt;
use std::str::FromStr;

use super::ast::Ast;
use super::{characters, parse, print};
use crate::error::{Error, ErrorKind, Result, Span};

/// A formula that has been read: source text, tree with spans, free names in order of appearance.
///
/// Reading is total: any text gives a formula or an [`Error`] with a place and a way out, in time linear in its length and without
/// recursion. Two formulas are equal if their trees and sources are.
///
/// ```
/// # use langevin::syntax::Formula;
/// let formula: Formula = "r2 = x^2 + y^2; exp(-r2/2)".parse()?;
/// assert_eq!(formula.free_names().len(), 2); // x and y
/// assert_eq!(formula.to_string(), "r2 = x^2 + y^2; exp(-r2/2)");
///
/// let error = "exp(-sine(x)^2)".parse::<Formula>().unwrap_err();
/// assert_eq!(error.hint.as_deref(), Some("did you mean `sin`?"));
/// # Ok::<(), langevin::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    source: String,
    ast: Ast,
    free: Vec<FreeName>,
}

/// A name that is no constant, function, definition or bound index: a variable, if someone declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeName {
    /// The name.
    pub name: String,
    /// Whether it is used as `name[...]` anywhere.
    pub indexed: bool,
    /// Its first use.
    pub span: Span,
}

impl Formula {
    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The tree.
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// The names that are neither constants, functions, definitions nor bound indices, in order of appearance.
    pub fn free_names(&self) -> Vec<FreeName> {
        self.free.clone()
    }

    /// Reads a formula from bytes that may be no text.
    ///
    /// # Errors
    /// [`ErrorKind::Encoding`] if they are not UTF-8, else as from text. The span counts bytes of the input.
    pub fn from_bytes(bytes: &[u8]) -> Result<Formula> {
        if bytes.len() > characters::BYTES {
            return Err(characters::too_many_bytes(bytes.len()));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => text.parse(),
            Err(error) => {
                let at = error.valid_up_to();
                let message = format!("the formula is not UTF-8 text: byte {} (0x{:02X}) is not valid there", at + 1, bytes[at]);
                Err(Error::new(ErrorKind::Encoding, message).at(Span::new(at, at + 1)).hint("save the file as UTF-8"))
            }
        }
    }
}

impl FromStr for Formula {
    type Err = Error;

    fn from_str(source: &str) -> Result<Formula> {
        let (ast, free) = parse::parse(source)?;
        Ok(Formula { source: source.into(), ast, free })
    }
}

/// The canonical text: as few parentheses as the grammar allows, every product written out, definitions joined by `; `. It reads back
/// as the same tree, spans aside.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print::print(&self.ast, f)
    }
}
