//! LaTeX mathematics, as a person would typeset it.

use super::notation::{Notation, Piece, binding};
use super::text::decimal;
use crate::graph::{Binary, Unary};

pub(super) struct Latex;

const GREEK: &[&str] = &[
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "rho", "sigma",
    "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
];

/// An exponent longer than this is set on the line, as exp(…).
const SHORT: usize = 60;

fn brackets(text: &str) -> String {
    format!("\\left({text}\\right)")
}

fn at_least(piece: Piece, least: u8) -> String {
    if piece.binds < least { brackets(&piece.text) } else { piece.text }
}

fn call(name: &str, x: Piece) -> Piece {
    Piece::new(format!("{name}{}", brackets(&x.text)), binding::POWER)
}

fn operator(name: &str, x: Piece) -> Piece {
    call(&format!("\\operatorname{{{}}}", name.replace('_', "\\_")), x)
}

/// The stem of a name: one letter and Greek names as symbols, longer names upright.
fn stem(text: &str) -> String {
    match text {
        _ if GREEK.contains(&text) => format!("\\{text}"),
        _ if text.chars().count() == 1 => text.to_string(),
        _ => format!("\\mathrm{{{text}}}"),
    }
}

impl Notation for Latex {
    fn number(&self, value: f64) -> Piece {
        let size = value.abs();
        let text = if value.is_nan() {
            "\\tfrac{0}{0}".into()
        } else if size == std::f64::consts::PI {
            "\\pi".into()
        } else if size == f64::INFINITY {
            "\\infty".into()
        } else {
            let text = decimal(size);
            match text.split_once('e') {
                Some(("1", exponent)) => format!("10^{{{exponent}}}"),
                Some((digits, exponent)) => format!("{digits} \\cdot 10^{{{exponent}}}"),
                None => text,
            }
        };
        if value.is_sign_negative() { Piece::new(format!("-{text}"), binding::SUM) } else { Piece::atom(text) }
    }

    fn variable(&self, name: &str) -> String {
        if let Some((name, index)) = name.split_once('[') {
            return format!("{}_{{{}}}", stem(name), index.trim_end_matches(']'));
        }
        if let Some((name, index)) = name.split_once('_').filter(|(name, index)| !name.is_empty() && !index.is_empty()) {
            return format!("{}_{{{}}}", stem(name), index.replace('_', "\\_"));
        }
        let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 && digits < name.len() {
            format!("{}_{{{}}}", stem(&name[..digits]), &name[digits..])
        } else {
            stem(&name.replace('_', "\\_"))
        }
    }

    fn unary(&self, op: Unary, x: Piece) -> Piece {
        use Unary::*;
        match op {
            Negate => Piece::new(format!("-{}", at_least(x, binding::PRODUCT)), binding::SUM),
            Not => Piece::new(format!("\\lnot {}", at_least(x, binding::NOT)), binding::NOT),
            Abs => Piece::atom(format!("\\left|{}\\right|", x.text)),
            Floor => Piece::atom(format!("\\left\\lfloor {} \\right\\rfloor", x.text)),
            Ceil => Piece::atom(format!("\\left\\lceil {} \\right\\rceil", x.text)),
            Sqrt => Piece::atom(format!("\\sqrt{{{}}}", x.text)),
            Cbrt => Piece::atom(format!("\\sqrt[3]{{{}}}", x.text)),
            Exp if x.text.len() <= SHORT => Piece::new(format!("e^{{{}}}", x.text), binding::POWER),
            Exp => call("\\exp", x),
            Log => call("\\log", x),
            Log1p => call("\\log", Piece::atom(format!("1 + {}", at_least(x, binding::SUM)))),
            Expm1 => {
                let power = self.unary(Exp, x);
                Piece::new(format!("{} - 1", power.text), binding::SUM)
            }
            Log1mExp => {
                let power = self.unary(Exp, x);
                call("\\log", Piece::atom(format!("1 - {}", power.text)))
            }
            LogErfc => {
                let inner = operator("erfc", x);
                call("\\log", inner)
            }
            Sin | Cos | Tan | Sinh | Cosh | Tanh => call(&format!("\\{}", op.name()), x),
            Asin | Acos | Atan => call(&format!("\\arc{}", &op.name()[1..]), x),
            Gamma => call("\\Gamma", x),
            Lgamma => {
                let inner = call("\\Gamma", x);
                call("\\log", inner)
            }
            Digamma => call("\\psi", x),
            Sigmoid => call("\\sigma", x),
            Sign | Round | Asinh | Acosh | Atanh | Erf | Erfc | Erfcx | Softplus => operator(op.name(), x),
        }
    }

    fn binary(&self, op: Binary, a: Piece, b: Piece) -> Piece {
        let infix = |symbol: &str, binds: u8, a: Piece, b: Piece, least: u8| {
            Piece::new(format!("{}{symbol}{}", at_least(a, binds), at_least(b, least)), binds)
        };
        match op {
            Binary::Add => infix(" + ", binding::SUM, a, b, binding::SUM),
            Binary::Subtract => infix(" - ", binding::SUM, a, b, binding::PRODUCT),
            Binary::Multiply => {
                // Side by side, unless the right factor begins with a digit.
                let right = at_least(b, binding::PRODUCT);
                let symbol = if right.starts_with(|c: char| c.is_ascii_digit()) { " \\cdot " } else { " \\, " };
                // A leading negative number needs no parentheses; the product then binds like a sum.
                let negative = a.text.strip_prefix('-').is_some_and(|size| size.bytes().all(|c| c.is_ascii_digit() || c == b'.'));
                let (left, binds) = if negative { (a.text, binding::SUM) } else { (at_least(a, binding::PRODUCT), binding::PRODUCT) };
                Piece::new(format!("{left}{symbol}{right}"), binds)
            }
            Binary::Divide => Piece::new(format!("\\frac{{{}}}{{{}}}", a.text, b.text), binding::PRODUCT),
            Binary::Pow => Piece::new(format!("{}^{{{}}}", at_least(a, binding::ATOM), b.text), binding::POWER),
            Binary::Less => infix(" < ", binding::COMPARISON, a, b, binding::SUM),
            Binary::LessEqual => infix(" \\le ", binding::COMPARISON, a, b, binding::SUM),
            Binary::Equal => infix(" = ", binding::COMPARISON, a, b, binding::SUM),
            Binary::NotEqual => infix(" \\ne ", binding::COMPARISON, a, b, binding::SUM),
            Binary::And => infix(" \\land ", binding::AND, a, b, binding::AND),
            Binary::Or => infix(" \\lor ", binding::OR, a, b, binding::OR),
            Binary::Min | Binary::Max => call(&format!("\\{}", op.name()), Piece::atom(format!("{}, {}", a.text, b.text))),
            Binary::Mod => infix(" \\bmod ", binding::PRODUCT, a, b, binding::SIGN),
            Binary::Atan2 => operator(op.name(), Piece::atom(format!("{}, {}", a.text, b.text))),
            Binary::Hypot => {
                let [a, b] = [a, b].map(|side| self.power(side, 2).text);
                Piece::atom(format!("\\sqrt{{{a} + {b}}}"))
            }
        }
    }

    fn power(&self, x: Piece, n: i32) -> Piece {
        Piece::new(format!("{}^{{{n}}}", at_least(x, binding::ATOM)), binding::POWER)
    }

    fn polygamma(&self, n: u32, x: Piece) -> Piece {
        call(&format!("\\psi^{{({n})}}"), x)
    }

    fn row_sum(&self, body: Piece) -> Piece {
        Piece::new(format!("\\sum {}", at_least(body, binding::PRODUCT)), binding::SUM)
    }

    fn select(&self, [condition, then, otherwise]: [Piece; 3]) -> Piece {
        let (condition, then, otherwise) = (condition.text, then.text, otherwise.text);
        Piece::new(format!("\\begin{{cases}} {then} & {condition} \\\\ {otherwise} & \\text{{otherwise}} \\end{{cases}}"), binding::CHOICE)
    }

    fn log_sum_exp(&self, operands: Vec<Piece>) -> Piece {
        let terms: Vec<String> = operands.into_iter().map(|operand| self.unary(Unary::Exp, operand).text).collect();
        call("\\log", Piece::atom(terms.join(" + ")))
    }

    fn definition(&self, name: &str, value: &str) -> String {
        format!("{} = {value}, \\quad ", self.variable(name))
    }
}
