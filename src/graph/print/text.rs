//! The language of formulas, as a person would type it.

use super::notation::{Notation, Piece, binding, infix};
use crate::graph::{Binary, Unary};

pub(super) struct Text;

/// The shortest decimal that reads back to the same double.
pub(super) fn decimal(value: f64) -> String {
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or(text.clone(), String::from)
}

fn call(name: &str, arguments: Vec<Piece>) -> Piece {
    let arguments: Vec<String> = arguments.into_iter().map(|argument| argument.text).collect();
    Piece::atom(format!("{name}({})", arguments.join(", ")))
}

/// a*b; a leading negative number needs no parentheses, -2*x being (-2)*x, but the product then binds like a sum.
fn product(a: Piece, b: Piece) -> Piece {
    let negative = a.text.strip_prefix('-').is_some_and(|size| size.bytes().all(|c| c.is_ascii_digit() || c == b'.'));
    if !negative {
        return infix(a, "*", b, binding::PRODUCT, true);
    }
    let mut text = a.text;
    text.push('*');
    text.push_str(&b.at_least(binding::PRODUCT));
    Piece::new(text, binding::SUM)
}

impl Notation for Text {
    fn number(&self, value: f64) -> Piece {
        if value.is_nan() {
            return Piece::new("0/0".into(), binding::PRODUCT);
        }
        let size = match value.abs() {
            size if size == std::f64::consts::PI => "pi".into(),
            size if size == f64::INFINITY => "inf".into(),
            size => decimal(size),
        };
        if value.is_sign_negative() { Piece::new(format!("-{size}"), binding::SUM) } else { Piece::atom(size) }
    }

    fn variable(&self, name: &str) -> String {
        name.into()
    }

    fn unary(&self, op: Unary, x: Piece) -> Piece {
        match op {
            // -a*b is read as (-a)*b, the same number; a sum needs its parentheses.
            Unary::Negate => Piece::new(format!("-{}", x.at_least(binding::PRODUCT)), binding::SUM),
            Unary::Not => Piece::new(format!("not {}", x.at_least(binding::NOT)), binding::NOT),
            _ => call(op.name(), vec![x]),
        }
    }

    fn binary(&self, op: Binary, a: Piece, b: Piece) -> Piece {
        match op {
            Binary::Add => infix(a, " + ", b, binding::SUM, true),
            Binary::Subtract => infix(a, " - ", b, binding::SUM, false),
            Binary::Multiply => product(a, b),
            Binary::Divide => infix(a, "/", b, binding::PRODUCT, false),
            Binary::Pow => {
                let base = a.at_least(binding::ATOM);
                Piece::new(format!("{base}^{}", b.at_least(binding::POWER)), binding::POWER)
            }
            Binary::Less | Binary::LessEqual | Binary::Equal | Binary::NotEqual => {
                let (a, b) = (a.at_least(binding::SUM), b.at_least(binding::SUM));
                Piece::new(format!("{a} {} {b}", op.name()), binding::COMPARISON)
            }
            Binary::And => infix(a, " and ", b, binding::AND, true),
            Binary::Or => infix(a, " or ", b, binding::OR, true),
            Binary::Min | Binary::Max | Binary::Mod | Binary::Atan2 | Binary::Hypot => call(op.name(), vec![a, b]),
        }
    }

    fn power(&self, x: Piece, n: i32) -> Piece {
        let base = x.at_least(binding::ATOM);
        Piece::new(if n < 0 { format!("{base}^({n})") } else { format!("{base}^{n}") }, binding::POWER)
    }

    fn polygamma(&self, n: u32, x: Piece) -> Piece {
        call("polygamma", vec![Piece::atom(n.to_string()), x])
    }

    fn select(&self, operands: [Piece; 3]) -> Piece {
        call("if", operands.into())
    }

    fn log_sum_exp(&self, operands: Vec<Piece>) -> Piece {
        call("logsumexp", operands)
    }

    fn definition(&self, name: &str, value: &str) -> String {
        format!("{name} = {value}; ")
    }
}
