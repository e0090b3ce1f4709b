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

    /// Whether it declares parameters.
    pub fn is_model(&self) -> bool {
        self.ast().parameters().next().is_some()
    }

    /// The text in canonical form; of a model that of its value, the last statement, as its parameters and definitions are named apart.
    pub fn value(&self) -> String {
        let text = self.to_string();
        if !self.is_model() {
            return text;
        }
        let last = text.rsplit("; ").next().unwrap_or(&text);
        last.split_once(" = ").filter(|_| self.ast().meaning().is_some()).map_or(last, |(_, value)| value).to_string()
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

#[cfg(test)]
mod tests {
    use super::super::ast::Meaning;
    use super::*;

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        let formula: Formula = source.parse().expect("a formula");
        let found: Vec<String> = formula
            .free_names()
            .iter()
            .map(|free| {
                assert_eq!(&source[free.span.start..free.span.end], free.name);
                if free.indexed { format!("{}[]", free.name) } else { free.name.clone() }
            })
            .collect();
        assert_eq!(found, expected, "{source}");
    }

    #[test]
    fn free_names_come_in_order_of_appearance() {
        check("y*x + y", &["y", "x"]);
        check("b = z; a = x; b + a + y", &["z", "x", "y"]);
        check("x[y] + w", &["x[]", "y", "w"]);
    }

    #[test]
    fn bound_names_are_not_free() {
        check("e + pi + π + inf + exp(x)", &["x"]);
        check("r = x; r^2", &["x"]);
        check("sum(i in 1..n, i*x[i])", &["n", "x[]"]);
        check("h[j in 1..3] = j*k; h[1]", &["k"]);
    }

    #[test]
    fn an_index_is_free_outside_its_range() {
        check("sum(i in 1..i, 1) + 1", &["i"]);
        check("sum(i in 1..3, i) + i", &["i"]);
        check("h[j in 1..3] = j; j + h[1]", &["j"]);
    }

    #[test]
    fn one_use_with_an_index_makes_a_vector() {
        check("norm(x) + x[1]", &["x[]"]);
        check("x[1] + norm(x)", &["x[]"]);
    }

    #[test]
    fn spans_are_bytes_of_the_source() {
        let source = "# α\n  2·α + (β − 1)²";
        let formula: Formula = source.parse().expect("a formula");
        let text = |span: Span| &source[span.start..span.end];
        let ast = formula.ast();
        let texts: Vec<&str> = (0..ast.exprs().len()).map(|id| text(ast.spans[id])).collect();
        assert_eq!(texts, ["2", "α", "2·α", "β", "1", "β − 1", "²", "(β − 1)²", "2·α + (β − 1)²"]);
    }

    #[test]
    fn every_function_and_constant_is_a_name_of_the_grammar() {
        use super::super::functions::{Arity, CONSTANTS, Function, KEYWORDS};
        for &function in Function::ALL {
            let count = match function.arity() {
                Arity::Exactly(count) | Arity::Either(count, _) | Arity::AtLeast(count) => count,
                Arity::TwoVectors => 2,
            };
            for name in function.names() {
                let call = format!("{name}({})", vec!["x"; count].join(", "));
                assert!(call.parse::<Formula>().is_ok(), "{call}");
            }
        }
        for (name, _) in CONSTANTS {
            check(name, &[]);
        }
        for word in KEYWORDS.iter().filter(|word| !Meaning::ALL.iter().any(|meaning| meaning.word() == **word)) {
            let error = format!("{word} = 1; x").parse::<Formula>().expect_err("a keyword cannot be defined");
            assert_eq!(error.kind, ErrorKind::Declaration, "{word}");
        }
    }
}
