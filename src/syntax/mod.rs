//! Text to [`Ast`], and back. Only `parse/tokens.rs` knows pest.

mod ast;
mod characters;
mod formula;
mod functions;
mod parse;
mod print;
mod suggest;

pub use ast::{Ast, BinaryOperator, Comparison, Definition, Expr, ExprId, Fold, IndexRange, UnaryOperator};
pub use formula::{Formula, FreeName};
pub use functions::{Arity, CONSTANTS, Function, KEYWORDS};
pub use suggest::suggest;
