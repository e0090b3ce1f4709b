//! Text to [`Ast`], and back. Only `parse/tokens.rs` knows pest.

mod ast;
mod characters;
mod distributions;
mod foreign;
mod formula;
mod functions;
mod hierarchy;
mod noncenter;
mod parse;
mod print;
mod suggest;

pub use ast::{
    Ast, BinaryOperator, Comparison, Constraint, Definition, DefinitionKind, Domain, Expr, ExprId, Fold, IndexRange, Meaning, Parameter,
    Statement, Subscript, UnaryOperator,
};
pub use distributions::{Distribution, Form, Shape};
pub use formula::{Formula, FreeName};
pub use functions::{Arity, CONSTANTS, Function, KEYWORDS};
pub use noncenter::{Noncentered, Reach, noncenter};
pub use suggest::suggest;
