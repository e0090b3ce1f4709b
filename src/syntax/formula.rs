//! A formula: its text, its tree, the names it leaves free.

use std::fmt;
use std::str::FromStr;

use super::ast::Ast;
use super::parse::parse;
use super::print::print;
use crate::error::{Error, ErrorKind, Result, Span};

/// A parsed formula.
///
/// ```
/// let formula: langevin::syntax::Formula = "exp(-(x^2)/2)".parse()?;
/// assert_eq!(formula.to_string(), "exp(-x^2/2)");
/// assert_eq!(formula.free_names()[0].name, "x");
/// # Ok::<(), langevin::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    source: String,
    ast: Ast,
    free: Vec<FreeName>,
}

/// A name that is neither constant, function, definition nor bound index: a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeName {
    /// The name.
    pub name: String,
    /// Whether it is used as a vector: `name[i]`.
    pub indexed: bool,
    /// Where it first appears.
    pub span: Span,
}

impl Formula {
    /// Parses bytes, which must be UTF-8.
    ///
    /// # Errors
    /// Kind `encoding`, and those of the language.
    pub fn from_bytes(bytes: &[u8]) -> Result<Formula> {
        match std::str::from_utf8(bytes) {
            Ok(text) => text.parse(),
            Err(error) => Err(Error::new(ErrorKind::Encoding, format!("byte {} of the formula is not UTF-8", error.valid_up_to() + 1))
                .hint("save the text as UTF-8")),
        }
    }

    /// The text as typed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The tree.
    pub fn ast(&self) -> &Ast {
        &self.ast
    }

    /// The free names in order of appearance.
    pub fn free_names(&self) -> &[FreeName] {
        &self.free
    }
}

impl FromStr for Formula {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (ast, free) = parse(text)?;
        Ok(Formula { source: text.to_string(), ast, free })
    }
}

impl fmt::Display for Formula {
    /// The formula in one line with the fewest parentheses; it parses to the same tree.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(&self.ast))
    }
}

/// The candidate nearest to `name`, if it is near enough to be what was meant.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = name.chars().count();
    let allowed = match letters {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| {
            let same = candidate.eq_ignore_ascii_case(name);
            (if same { 0 } else { distance(name, candidate) }, candidate)
        })
        .filter(|(distance, candidate)| *distance <= allowed && *distance < letters.max(candidate.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = substitute.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}
