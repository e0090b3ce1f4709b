//! [`Ast`] to canonical text, with as few parentheses as the grammar allows.

use std::fmt::{self, Write};

use super::ast::{Ast, BinaryOperator, Comparison, Expr, ExprId, Fold, IndexRange, UnaryOperator};
use super::parse::Level;

/// What is still to be written.
enum Work<'a> {
    /// An expression; in parentheses if it binds less tightly than the level.
    Expr(ExprId, Option<Level>),
    Text(&'a str),
}

/// Writes `ast`.
pub(super) fn print(ast: &Ast, out: &mut impl Write) -> fmt::Result {
    for definition in ast.definitions() {
        out.write_str(&definition.name)?;
        if let Some(range) = &definition.range {
            out.write_char('[')?;
            run(ast, range_work(range), out)?;
            out.write_char(']')?;
        }
        out.write_str(" = ")?;
        run(ast, vec![Work::Expr(definition.body, None)], out)?;
        out.write_str("; ")?;
    }
    run(ast, vec![Work::Expr(ast.root(), None)], out)
}

fn range_work(range: &IndexRange) -> Vec<Work<'_>> {
    vec![Work::Text(&range.name), Work::Text(" in "), Work::Expr(range.first, None), Work::Text(".."), Work::Expr(range.last, None)]
}

/// Writes the pieces in order, taking expressions apart until only text is left.
fn run<'a>(ast: &'a Ast, mut pieces: Vec<Work<'a>>, out: &mut impl Write) -> fmt::Result {
    pieces.reverse();
    let mut stack = pieces;
    while let Some(work) = stack.pop() {
        match work {
            Work::Text(text) => out.write_str(text)?,
            Work::Expr(id, at_least) => {
                let expr = ast.expr(id);
                let wrapped = level(expr).is_some_and(|level| at_least.is_some_and(|least| level < least));
                let mut parts = if wrapped { vec![Work::Text("(")] } else { Vec::new() };
                take_apart(expr, &mut parts, out)?;
                if wrapped {
                    parts.push(Work::Text(")"));
                }
                stack.extend(parts.into_iter().rev());
            }
        }
    }
    Ok(())
}

/// The pieces of one expression. A number goes straight to `out`: it has no pieces, and is never wrapped.
fn take_apart<'a>(expr: &'a Expr, parts: &mut Vec<Work<'a>>, out: &mut impl Write) -> fmt::Result {
    match expr {
        Expr::Number(value) => return write_number(*value, out),
        Expr::Name(name) => parts.push(Work::Text(name)),
        Expr::Index { name, index } => {
            parts.extend([Work::Text(name), Work::Text("["), Work::Expr(*index, None), Work::Text("]")]);
        }
        Expr::Unary { operator, operand } => {
            let text = match operator {
                UnaryOperator::Negate => "-",
                UnaryOperator::Not => "not ",
            };
            parts.extend([Work::Text(text), Work::Expr(*operand, Some(Level::of_prefix(*operator)))]);
        }
        Expr::Binary { operator, left, right } => {
            let (text, left_least, right_least) = match operator {
                BinaryOperator::Or => (" or ", Level::Or, Level::And),
                BinaryOperator::And => (" and ", Level::And, Level::Not),
                BinaryOperator::Add => (" + ", Level::Sum, Level::Product),
                BinaryOperator::Subtract => (" - ", Level::Sum, Level::Product),
                BinaryOperator::Multiply => ("*", Level::Product, Level::Sign),
                BinaryOperator::Divide => ("/", Level::Product, Level::Sign),
                // Right-associative; the base must be an operand, the exponent may have a sign.
                BinaryOperator::Power => ("^", Level::Operand, Level::Sign),
            };
            parts.extend([Work::Expr(*left, Some(left_least)), Work::Text(text), Work::Expr(*right, Some(right_least))]);
        }
        Expr::Comparison { first, rest } => {
            parts.push(Work::Expr(*first, Some(Level::Sum)));
            for (comparison, operand) in rest {
                parts.extend([Work::Text(comparison_text(*comparison)), Work::Expr(*operand, Some(Level::Sum))]);
            }
        }
        Expr::If { condition, then, otherwise } => {
            parts.push(Work::Text("if("));
            list(&[*condition, *then, *otherwise], parts);
        }
        Expr::Call { function, arguments } => {
            parts.extend([Work::Text(function.names()[0]), Work::Text("(")]);
            list(arguments, parts);
        }
        Expr::Fold { fold, range, body } => {
            parts.push(Work::Text(match fold {
                Fold::Sum => "sum(",
                Fold::Product => "prod(",
            }));
            parts.extend(range_work(range));
            parts.extend([Work::Text(", "), Work::Expr(*body, None), Work::Text(")")]);
        }
    }
    Ok(())
}

/// `a, b, c)`.
fn list(arguments: &[ExprId], parts: &mut Vec<Work<'_>>) {
    for (position, argument) in arguments.iter().enumerate() {
        if position > 0 {
            parts.push(Work::Text(", "));
        }
        parts.push(Work::Expr(*argument, None));
    }
    parts.push(Work::Text(")"));
}

fn comparison_text(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => " < ",
        Comparison::LessEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterEqual => " >= ",
        Comparison::Equal => " == ",
        Comparison::NotEqual => " != ",
    }
}

/// How tightly an expression binds; an operand needs no parentheses anywhere.
fn level(expr: &Expr) -> Option<Level> {
    match expr {
        Expr::Unary { operator, .. } => Some(Level::of_prefix(*operator)),
        Expr::Binary { operator, .. } => Some(Level::of(*operator)),
        Expr::Comparison { .. } => Some(Level::Comparison),
        _ => None,
    }
}

/// The shortest text that reads back as the same double: `2`, `0.5`, `1e-7`.
fn write_number(value: f64, out: &mut impl Write) -> fmt::Result {
    let text = format!("{value:?}");
    out.write_str(text.strip_suffix(".0").unwrap_or(&text))
}
