//! Whole functions in Rust, C and Python that return a value and its derivatives.

use super::notation::{Notation, Piece, binding, infix};
use super::text::decimal;
use super::{Language, write};
use crate::graph::{Binary, Graph, NodeId, Unary};

/// The notation of a programming language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Rust,
    C,
    Python,
}

/// A function that computes `outputs`, each with its name, the first being the value and the others what goes into the gradient, in
/// their order. Positions come in the order of `names`. Self-contained: helpers that the standard library lacks come first.
pub fn program(graph: &Graph, outputs: &[(String, NodeId)], names: &[String], language: Language) -> String {
    let code = match language {
        Language::Rust => Code::Rust,
        Language::C => Code::C,
        Language::Python => Code::Python,
        Language::Text | Language::Latex => {
            let lines: Vec<String> =
                outputs.iter().map(|(name, node)| format!("{name} = {}", super::expression(graph, *node, names, language))).collect();
            return lines.join("\n");
        }
    };
    let roots: Vec<NodeId> = outputs.iter().map(|(_, node)| *node).collect();
    let written = write(graph, &roots, names, &code, true);
    let variables: Vec<String> = names.iter().map(|name| code.variable(name)).collect();
    let body = code.function(&variables, &written.definitions, &written.roots, outputs);
    let mut text = code.helpers(&body);
    text.push_str(&body);
    text
}

/// The helpers of each language, cut at the marker lines `// @ name: names it needs`.
const HELPERS: [&str; 3] = [include_str!("prelude/helpers.rs"), include_str!("prelude/helpers.c"), include_str!("prelude/helpers.py")];

impl Code {
    fn function(self, variables: &[String], definitions: &[(String, String)], roots: &[String], outputs: &[(String, NodeId)]) -> String {
        let mut lines = Vec::new();
        let count = roots.len() - 1;
        let comments: Vec<String> = outputs.iter().skip(1).map(|(name, _)| name.clone()).collect();
        match self {
            Code::Rust => {
                lines.push(format!("/// The value; `gradient` receives the derivatives by {}.", comments.join(", ")));
                lines.push(format!(
                    "pub fn value_and_gradient(position: &[f64; {}], gradient: &mut [f64; {count}]) -> f64 {{",
                    variables.len()
                ));
                lines.push(format!("    let [{}] = *position;", variables.join(", ")));
                lines.extend(definitions.iter().map(|(name, value)| format!("    let {name}: f64 = {value};")));
                lines.extend(roots.iter().skip(1).enumerate().map(|(index, value)| format!("    gradient[{index}] = {value};")));
                lines.push(format!("    {}", roots[0]));
                lines.push("}".into());
            }
            Code::C => {
                lines.push(format!("/* The value; gradient receives the derivatives by {}. */", comments.join(", ")));
                lines.push("double value_and_gradient(const double *position, double *gradient) {".into());
                lines.extend(variables.iter().enumerate().map(|(index, name)| format!("    const double {name} = position[{index}];")));
                lines.extend(variables.iter().map(|name| format!("    (void){name};")));
                lines.extend(definitions.iter().map(|(name, value)| format!("    const double {name} = {value};")));
                lines.extend(roots.iter().skip(1).enumerate().map(|(index, value)| format!("    gradient[{index}] = {value};")));
                lines.push(format!("    return {};", roots[0]));
                lines.push("}".into());
            }
            Code::Python => {
                lines.push("def value_and_gradient(position):".into());
                lines.push(format!("    \"\"\"The value and the list of the derivatives by {}.\"\"\"", comments.join(", ")));
                let trailing = if variables.len() == 1 { "," } else { "" };
                lines.push(format!("    {}{trailing} = map(float, position)", variables.join(", ")));
                lines.extend(definitions.iter().map(|(name, value)| format!("    {name} = {value}")));
                lines.push(format!("    return {}, [{}]", roots[0], roots[1..].join(", ")));
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// The helpers that `body` calls, with those that they call, before what the language wants at the top.
    fn helpers(self, body: &str) -> String {
        let mut sections: Vec<(&str, Vec<&str>, &str)> = Vec::new();
        for section in HELPERS[self as usize].split("@ ").skip(1) {
            let (head, text) = section.split_once('\n').unwrap_or((section, ""));
            let (name, needs) = head.split_once(':').unwrap_or((head, ""));
            // The comment mark that introduces the next section stays at the end of this one.
            let text = text.trim_end_matches(['/', '#', ' ', '\n']);
            sections.push((name.trim(), needs.split_whitespace().collect(), text));
        }
        let mut wanted: Vec<bool> = sections.iter().map(|(name, ..)| calls(body, name)).collect();
        // A helper stands below those it needs, so one pass from the bottom finds all.
        for index in (0..sections.len()).rev() {
            if wanted[index] {
                for need in &sections[index].1 {
                    if let Some(position) = sections.iter().position(|(name, ..)| name == need) {
                        wanted[position] = true;
                    }
                }
            }
        }
        let mut text = match self {
            Code::Rust => String::new(),
            Code::C => "#include <math.h>\n\n".to_string(),
            Code::Python => "import math\n\n".to_string(),
        };
        for ((_, _, section), wanted) in sections.iter().zip(wanted) {
            if wanted {
                text.push_str(section);
                text.push_str(if self == Code::Python { "\n\n\n" } else { "\n\n" });
            }
        }
        text
    }

    /// `name(arguments)`.
    fn call(self, name: &str, arguments: Vec<Piece>) -> Piece {
        let arguments: Vec<String> = arguments.into_iter().map(|argument| self.value(argument).text).collect();
        Piece::atom(format!("{name}({})", arguments.join(", ")))
    }

    /// A method of the standard library in Rust, a function of `math` elsewhere.
    fn standard(self, method: &str, function: &str, x: Piece) -> Piece {
        match self {
            Code::Rust => Piece::atom(format!("{}.{method}()", self.receiver(x))),
            Code::C => self.call(function, vec![x]),
            Code::Python => self.call(&format!("math.{function}"), vec![x]),
        }
    }

    /// What a method can be called on: literals and operations need parentheses.
    fn receiver(self, x: Piece) -> String {
        let x = self.value(x);
        if x.binds < binding::ATOM || x.text.starts_with(|c: char| c.is_ascii_digit()) { format!("({})", x.text) } else { x.text }
    }

    /// The piece as a condition.
    fn condition(self, piece: Piece) -> Piece {
        if piece.truth {
            return piece;
        }
        Piece::truth(format!("{} != 0.0", piece.at_least(binding::SUM)), binding::COMPARISON)
    }
}

/// Whether `text` calls `name`: followed by a parenthesis, not part of a longer name.
fn calls(text: &str, name: &str) -> bool {
    let pattern = format!("{name}(");
    text.match_indices(&pattern).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
}

impl Notation for Code {
    fn number(&self, value: f64) -> Piece {
        let size = value.abs();
        let text = match self {
            _ if value.is_nan() => {
                return Piece::atom(match self {
                    Code::Rust => "f64::NAN".into(),
                    Code::C => "NAN".into(),
                    Code::Python => "math.nan".into(),
                });
            }
            Code::Rust if size == f64::INFINITY => "f64::INFINITY".into(),
            Code::C if size == f64::INFINITY => "INFINITY".into(),
            Code::Python if size == f64::INFINITY => "math.inf".into(),
            _ => {
                let text = decimal(size);
                // A literal without a point would be an integer.
                let text = if text.contains(['.', 'e']) { text } else { format!("{text}.0") };
                if *self == Code::Rust { format!("{text}_f64") } else { text }
            }
        };
        if value.is_sign_negative() { Piece::new(format!("-{text}"), binding::SIGN) } else { Piece::atom(text) }
    }

    /// A name that is legal in the language: indices joined by `_`, other scripts spelled, words of the language marked.
    fn variable(&self, name: &str) -> String {
        const RESERVED: &[&str] = &[
            "as", "break", "const", "continue", "else", "enum", "extern", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod",
            "move", "mut", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "type", "unsafe", "use", "where", "while",
            "async", "await", "dyn", "auto", "case", "char", "default", "do", "double", "float", "goto", "int", "long", "register",
            "short", "signed", "sizeof", "switch", "typedef", "union", "unsigned", "void", "volatile", "and", "assert", "class", "def",
            "del", "elif", "except", "finally", "from", "global", "import", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
            "try", "with", "yield", "position", "gradient", "math", "crate", "abstract", "become", "box", "final", "macro", "override",
            "priv", "typeof", "unsized", "virtual", "gen", "j0", "j1", "jn", "y0", "y1", "yn",
        ];
        let mut legal = String::new();
        for c in name.chars() {
            match c {
                '[' => legal.push('_'),
                ']' => {}
                c if c.is_ascii_alphanumeric() || c == '_' => legal.push(c),
                c => legal.push_str(&format!("u{:x}", u32::from(c))),
            }
        }
        if RESERVED.contains(&legal.as_str()) { legal + "_" } else { legal }
    }

    fn value(&self, piece: Piece) -> Piece {
        if !piece.truth {
            return piece;
        }
        Piece::atom(match self {
            Code::Rust => format!("f64::from({})", piece.text),
            Code::C => format!("(double)({})", piece.text),
            Code::Python => format!("float({})", piece.text),
        })
    }

    fn unary(&self, op: Unary, x: Piece) -> Piece {
        use Unary::*;
        match op {
            Negate => Piece::new(format!("-{}", self.value(x).at_least(binding::POWER)), binding::SIGN),
            Not => {
                let condition = self.condition(x);
                let text = match self {
                    Code::Python => format!("not {}", condition.at_least(binding::NOT)),
                    _ => format!("!{}", condition.at_least(binding::ATOM)),
                };
                Piece::truth(text, if *self == Code::Python { binding::NOT } else { binding::SIGN })
            }
            Abs => self.standard("abs", "fabs", x),
            Floor | Ceil if *self == Code::Python => {
                let whole = self.standard(op.name(), op.name(), x);
                self.call("float", vec![whole])
            }
            Floor | Ceil | Sqrt => self.standard(op.name(), op.name(), x),
            Round if *self == Code::Python => self.call("round_half_away", vec![x]),
            Round => self.standard("round", "round", x),
            Cbrt => self.standard("cbrt", "cbrt", x),
            Exp if *self == Code::Python => self.call("exp", vec![x]),
            Exp => self.standard("exp", "exp", x),
            Expm1 => self.standard("exp_m1", "expm1", x),
            Log if *self == Code::Python => self.call("log", vec![x]),
            Log => self.standard("ln", "log", x),
            Log1p => self.standard("ln_1p", "log1p", x),
            Sin | Cos | Tan | Asin | Acos | Atan | Sinh | Cosh | Tanh | Asinh | Acosh | Atanh => self.standard(op.name(), op.name(), x),
            Erf | Erfc | Gamma | Lgamma if *self != Code::Rust => {
                let name = if op == Gamma && *self == Code::C { "tgamma" } else { op.name() };
                self.standard(name, name, x)
            }
            Gamma => self.call("gamma", vec![x]),
            Sign | Erf | Erfc | Erfcx | LogErfc | Lgamma | Digamma | Sigmoid | Softplus | Log1mExp => self.call(op.name(), vec![x]),
        }
    }

    fn binary(&self, op: Binary, a: Piece, b: Piece) -> Piece {
        let number = |piece: Piece| self.value(piece);
        let arithmetic = |symbol: &str, binds: u8| infix(self.value(a.clone()), symbol, self.value(b.clone()), binds, false);
        match op {
            Binary::Add => arithmetic(" + ", binding::SUM),
            Binary::Subtract => arithmetic(" - ", binding::SUM),
            Binary::Multiply => arithmetic(" * ", binding::PRODUCT),
            Binary::Divide if *self == Code::Python => self.call("divide", vec![a, b]),
            Binary::Divide => arithmetic(" / ", binding::PRODUCT),
            Binary::Pow => match self {
                Code::Rust => {
                    let exponent = number(b).text;
                    Piece::atom(format!("{}.powf({exponent})", self.receiver(a)))
                }
                Code::C => self.call("pow", vec![a, b]),
                Code::Python => self.call("power", vec![a, b]),
            },
            Binary::Min | Binary::Max => match self {
                Code::Rust => {
                    let other = number(b).text;
                    Piece::atom(format!("{}.{}({other})", self.receiver(a), op.name()))
                }
                Code::C => self.call(if op == Binary::Min { "fmin" } else { "fmax" }, vec![a, b]),
                Code::Python => self.call(op.name(), vec![a, b]),
            },
            Binary::Hypot | Binary::Atan2 => match self {
                Code::Rust => {
                    let other = number(b).text;
                    Piece::atom(format!("{}.{}({other})", self.receiver(a), op.name()))
                }
                Code::C => self.call(op.name(), vec![a, b]),
                Code::Python => self.call(&format!("math.{}", op.name()), vec![a, b]),
            },
            Binary::Mod => self.call("modulo", vec![a, b]),
            Binary::Less | Binary::LessEqual | Binary::Equal | Binary::NotEqual => {
                let (a, b) = (number(a).at_least(binding::SUM), number(b).at_least(binding::SUM));
                Piece::truth(format!("{a} {} {b}", op.name()), binding::COMPARISON)
            }
            Binary::And | Binary::Or => {
                let binds = if op == Binary::And { binding::AND } else { binding::OR };
                let symbol = match (self, op) {
                    (Code::Python, Binary::And) => " and ",
                    (Code::Python, _) => " or ",
                    (_, Binary::And) => " && ",
                    _ => " || ",
                };
                // C compilers ask for parentheses wherever && and || meet.
                let joined = infix(self.condition(a), symbol, self.condition(b), binding::COMPARISON, false);
                Piece::truth(joined.text, binds)
            }
        }
    }

    fn power(&self, x: Piece, n: i32) -> Piece {
        match self {
            Code::Rust => Piece::atom(format!("{}.powi({n})", self.receiver(x))),
            Code::C => {
                let x = self.value(x);
                let exponent = self.number(f64::from(n));
                if n == 2 && x.binds == binding::ATOM && x.text.len() <= 12 {
                    return Piece::new(format!("{0} * {0}", x.text), binding::PRODUCT);
                }
                self.call("pow", vec![x, exponent])
            }
            Code::Python if n > 0 => Piece::new(format!("{}**{n}", self.value(x).at_least(binding::ATOM)), binding::POWER),
            Code::Python => {
                let exponent = self.number(f64::from(n));
                self.call("power", vec![x, exponent])
            }
        }
    }

    fn polygamma(&self, n: u32, x: Piece) -> Piece {
        self.call("polygamma", vec![Piece::atom(n.to_string()), x])
    }

    fn select(&self, [condition, then, otherwise]: [Piece; 3]) -> Piece {
        let condition = self.condition(condition);
        let (then, otherwise) = (self.value(then), self.value(otherwise));
        match self {
            // A block at the start of a statement would end it.
            Code::Rust => Piece::atom(format!("(if {} {{ {} }} else {{ {} }})", condition.text, then.text, otherwise.text)),
            Code::C => {
                let (then, otherwise) = (then.at_least(binding::OR), otherwise.at_least(binding::OR));
                Piece::new(format!("{} ? {then} : {otherwise}", condition.at_least(binding::COMPARISON)), binding::CHOICE)
            }
            Code::Python => {
                let (then, otherwise) = (then.at_least(binding::OR), otherwise.at_least(binding::OR));
                Piece::new(format!("{then} if {} else {otherwise}", condition.at_least(binding::OR)), binding::CHOICE)
            }
        }
    }

    fn log_sum_exp(&self, operands: Vec<Piece>) -> Piece {
        let count = operands.len();
        let list: Vec<String> = operands.into_iter().map(|operand| self.value(operand).text).collect();
        let list = list.join(", ");
        Piece::atom(match self {
            Code::Rust => format!("log_sum_exp(&[{list}])"),
            Code::C => format!("log_sum_exp({count}, (const double[]){{{list}}})"),
            Code::Python => format!("log_sum_exp([{list}])"),
        })
    }

    fn definition(&self, name: &str, value: &str) -> String {
        match self {
            Code::Rust => format!("let {name}: f64 = {value};\n"),
            Code::C => format!("const double {name} = {value};\n"),
            Code::Python => format!("{name} = {value}\n"),
        }
    }
}
