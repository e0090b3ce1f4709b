//! Ast to text: one line, the fewest parentheses, parses back to the same tree.

use super::ast::{Ast, BinaryOperator, Comparison, Expr, ExprId, Fold, IndexRange, UnaryOperator};

/// How tightly a printed piece binds; the numbers are those of the grammar's table, 9 for what needs no parentheses ever.
const ATOM: u8 = 9;

/// The text of `ast`.
pub(super) fn print(ast: &Ast) -> String {
    // Children come before parents and belong to one parent each, so every piece is moved, not copied.
    let mut pieces: Vec<(String, u8)> = Vec::with_capacity(ast.exprs().len());
    for index in 0..ast.exprs().len() {
        let piece = piece(ast, ExprId(index as u32), &mut pieces);
        pieces.push(piece);
    }
    let mut take = |id: ExprId| std::mem::take(&mut pieces[id.index()].0);
    let mut text = String::new();
    for definition in ast.definitions() {
        text.push_str(&definition.name);
        if let Some(IndexRange { name, first, last }) = &definition.range {
            text.push_str(&format!("[{name} in {}..{}]", take(*first), take(*last)));
        }
        text.push_str(" = ");
        text.push_str(&take(definition.body));
        text.push_str("; ");
    }
    text.push_str(&take(ast.root()));
    text
}

fn piece(ast: &Ast, id: ExprId, pieces: &mut [(String, u8)]) -> (String, u8) {
    let mut take = |id: ExprId| std::mem::take(&mut pieces[id.index()]);
    let wrap = |(text, binds): (String, u8), least: u8| if binds < least { format!("({text})") } else { text };
    match ast.expr(id) {
        Expr::Number(value) => (number(*value), ATOM),
        Expr::Name(name) => (name.clone(), ATOM),
        Expr::Index { name, index } => (format!("{name}[{}]", take(*index).0), ATOM),
        Expr::Unary { operator, operand } => match operator {
            // A product may not stand bare under a sign: -(a*b) and (-a)*b are different trees.
            UnaryOperator::Negate => (format!("-{}", wrap(take(*operand), 7)), 7),
            UnaryOperator::Not => (format!("not {}", wrap(take(*operand), 3)), 3),
        },
        Expr::Binary { operator, left, right } => {
            let (symbol, binds, right_associative) = match operator {
                BinaryOperator::Or => (" or ", 1, false),
                BinaryOperator::And => (" and ", 2, false),
                BinaryOperator::Add => (" + ", 5, false),
                BinaryOperator::Subtract => (" - ", 5, false),
                BinaryOperator::Multiply => ("*", 6, false),
                BinaryOperator::Divide => ("/", 6, false),
                BinaryOperator::Power => ("^", 8, true),
            };
            let mut text = wrap(take(*left), if right_associative { binds + 1 } else { binds });
            text.push_str(symbol);
            let right = take(*right);
            // An exponent may carry a sign without parentheses.
            let bare = right_associative && right.1 >= 7;
            text.push_str(&if bare { right.0 } else { wrap(right, if right_associative { binds } else { binds + 1 }) });
            (text, binds)
        }
        Expr::Comparison { first, rest } => {
            let mut text = wrap(take(*first), 5);
            for (comparison, operand) in rest {
                text.push_str(match comparison {
                    Comparison::Less => " < ",
                    Comparison::LessEqual => " <= ",
                    Comparison::Greater => " > ",
                    Comparison::GreaterEqual => " >= ",
                    Comparison::Equal => " == ",
                    Comparison::NotEqual => " != ",
                });
                text.push_str(&wrap(take(*operand), 5));
            }
            (text, 4)
        }
        Expr::If { condition, then, otherwise } => (format!("if({}, {}, {})", take(*condition).0, take(*then).0, take(*otherwise).0), ATOM),
        Expr::Call { function, arguments } => {
            let arguments: Vec<String> = arguments.iter().map(|&argument| take(argument).0).collect();
            (format!("{}({})", function.names()[0], arguments.join(", ")), ATOM)
        }
        Expr::Fold { fold, range, body } => {
            let name = match fold {
                Fold::Sum => "sum",
                Fold::Product => "prod",
            };
            (format!("{name}({} in {}..{}, {})", range.name, take(range.first).0, take(range.last).0, take(*body).0), ATOM)
        }
    }
}

/// The shortest decimal that reads back to the same double.
fn number(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), String::from)
}
