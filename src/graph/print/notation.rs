//! What a notation has to say about each kind of node.

use crate::graph::{Binary, Unary};

/// How tightly a piece of text binds, loosest first; the same ladder serves every notation.
pub(super) mod binding {
    pub(in crate::graph::print) const CHOICE: u8 = 0;
    pub(in crate::graph::print) const OR: u8 = 1;
    pub(in crate::graph::print) const AND: u8 = 2;
    pub(in crate::graph::print) const NOT: u8 = 3;
    pub(in crate::graph::print) const COMPARISON: u8 = 4;
    pub(in crate::graph::print) const SUM: u8 = 5;
    pub(in crate::graph::print) const PRODUCT: u8 = 6;
    pub(in crate::graph::print) const SIGN: u8 = 7;
    pub(in crate::graph::print) const POWER: u8 = 8;
    pub(in crate::graph::print) const ATOM: u8 = 9;
}

/// Text of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) text: String,
    /// One of [`binding`].
    pub(super) binds: u8,
    /// A condition rather than a number, where the notation tells them apart.
    pub(super) truth: bool,
}

impl Piece {
    pub(super) fn new(text: String, binds: u8) -> Piece {
        Piece { text, binds, truth: false }
    }

    pub(super) fn atom(text: String) -> Piece {
        Piece::new(text, binding::ATOM)
    }

    pub(super) fn truth(text: String, binds: u8) -> Piece {
        Piece { text, binds, truth: true }
    }

    /// The text, in parentheses if it binds less tightly than `least`.
    pub(super) fn at_least(self, least: u8) -> String {
        if self.binds < least { format!("({})", self.text) } else { self.text }
    }
}

/// `left symbol right` with a left-associative operator; `loose` drops the parentheses of a right operand of the same binding.
pub(super) fn infix(left: Piece, symbol: &str, right: Piece, binds: u8, loose: bool) -> Piece {
    let mut text = left.at_least(binds);
    text.push_str(symbol);
    text.push_str(&right.at_least(if loose { binds } else { binds + 1 }));
    Piece::new(text, binds)
}

/// A notation for expressions.
pub(super) trait Notation {
    fn number(&self, value: f64) -> Piece;
    fn variable(&self, name: &str) -> String;
    fn unary(&self, op: Unary, x: Piece) -> Piece;
    fn binary(&self, op: Binary, a: Piece, b: Piece) -> Piece;
    fn power(&self, x: Piece, n: i32) -> Piece;
    fn polygamma(&self, n: u32, x: Piece) -> Piece;
    fn select(&self, operands: [Piece; 3]) -> Piece;
    fn log_sum_exp(&self, operands: Vec<Piece>) -> Piece;
    /// The element that a column picks.
    fn gather(&self, elements: Vec<Piece>, index: Piece) -> Piece {
        let elements: Vec<String> = elements.into_iter().map(|element| element.text).collect();
        Piece::atom(format!("[{}][{}]", elements.join(", "), index.text))
    }
    /// A sum over the rows of the data.
    fn row_sum(&self, body: Piece) -> Piece {
        Piece::atom(format!("sum({})", body.text))
    }
    /// The piece as a number.
    fn value(&self, piece: Piece) -> Piece {
        piece
    }
    /// A definition that goes before the expression.
    fn definition(&self, name: &str, value: &str) -> String;
}
