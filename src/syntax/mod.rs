//! Text to [`Ast`]: the only place that knows pest.

mod ast;
mod formula;
mod functions;

pub use ast::{Ast, BinaryOperator, Comparison, Definition, Expr, ExprId, Fold, IndexRange, UnaryOperator};
pub use formula::{Formula, FreeName, suggest};
pub use functions::{Arity, CONSTANTS, Function, KEYWORDS};
