//! Text to [`Ast`]: words by the grammar, the tree by operator precedence.

mod ast;
mod formula;
mod functions;
mod parse;
mod print;
mod words;

pub use ast::{Ast, BinaryOperator, Comparison, Definition, Expr, ExprId, Fold, IndexRange, UnaryOperator};
pub use formula::{Formula, FreeName, suggest};
pub use functions::{Arity, CONSTANTS, Function, KEYWORDS};
