//! Graph to text: the language itself, LaTeX, and code in Rust, C and Python.

mod latex;
mod notation;
mod program;
mod text;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use super::{Binary, Graph, Node, NodeId};
use crate::error::{Error, ErrorKind, Result};
use notation::{Notation, Piece};

pub use program::program;

/// What to write in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// The language of formulas.
    Text,
    /// LaTeX mathematics.
    Latex,
    /// Rust.
    Rust,
    /// C99.
    C,
    /// Python 3.
    Python,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 5] = [Language::Text, Language::Latex, Language::Rust, Language::C, Language::Python];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Language::Text => "text",
            Language::Latex => "latex",
            Language::Rust => "rust",
            Language::C => "c",
            Language::Python => "python",
        }
    }

    fn notation(self) -> Box<dyn Notation> {
        match self {
            Language::Text => Box::new(text::Text),
            Language::Latex => Box::new(latex::Latex),
            Language::Rust => Box::new(program::Code::Rust),
            Language::C => Box::new(program::Code::C),
            Language::Python => Box::new(program::Code::Python),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Language::ALL
            .into_iter()
            .find(|language| language.name() == text)
            .ok_or_else(|| Error::new(ErrorKind::Setting, format!("unknown notation `{text}`")).hint("text, latex, rust, c or python"))
    }
}

/// An expression of up to this many operations is written out whole; a larger one names what it uses twice.
const INLINE: usize = 160;
/// A longer piece gets a name, so that no text is copied again and again on its way up.
const LONGEST: usize = 4096;

/// One expression. `names[i]` is what variable number i is called. In [`Language::Text`] the shared parts of a large expression become
/// definitions before it, so the length stays in proportion to the graph.
///
/// ```
/// use langevin::graph::{lower, print::{Language, expression}};
/// use langevin::gradient::gradient;
/// let mut lowered = lower(&"(x-0.4)^4 - (x-0.2)^2 + 0.6".parse()?, &[])?;
/// let x = lowered.graph.variable(0);
/// let slope = gradient(&mut lowered.graph, lowered.root, &[x])?[0];
/// assert_eq!(expression(&lowered.graph, slope, &["x".into()], Language::Text), "4*(x - 0.4)^3 - 2*(x - 0.2)");
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn expression(graph: &Graph, root: NodeId, names: &[String], language: Language) -> String {
    let notation = language.notation();
    let shared = size_written_out(graph, root) > INLINE;
    let written = write(graph, &[root], names, &*notation, shared);
    let mut text = String::new();
    for (name, value) in &written.definitions {
        text.push_str(&notation.definition(name, value));
    }
    text.push_str(&written.roots[0]);
    text
}

/// Expressions with the definitions they use, in order.
struct Written {
    definitions: Vec<(String, String)>,
    roots: Vec<String>,
}

/// Writes `roots`, children before parents, each piece moved into the one expression that uses it; with `shared`, what is used more
/// than once is named.
fn write(graph: &Graph, roots: &[NodeId], names: &[String], notation: &dyn Notation, shared: bool) -> Written {
    let order = graph.order(roots);
    let mut uses: HashMap<NodeId, usize> = HashMap::new();
    for &id in &order {
        for operand in graph.operands(id) {
            *uses.entry(operand).or_default() += 1;
        }
    }
    for root in roots {
        *uses.entry(*root).or_default() += 1;
    }
    let mut written = Written { definitions: Vec::new(), roots: Vec::new() };
    let mut pieces: HashMap<NodeId, Piece> = HashMap::new();
    for &id in &order {
        let mut operands: Vec<Piece> = Vec::new();
        for operand in graph.operands(id) {
            let left = uses.get_mut(&operand).expect("counted above");
            *left -= 1;
            // The last use takes the text; earlier ones copy it, which only short or named pieces allow.
            operands.push(if *left == 0 { pieces.remove(&operand).expect("children come first") } else { pieces[&operand].clone() });
        }
        let mut piece = match graph.node(id) {
            Node::Constant(bits) => notation.number(f64::from_bits(bits)),
            Node::Variable(variable) => Piece::atom(notation.variable(names.get(variable as usize).map_or("x", String::as_str))),
            Node::Unary(op, _) => notation.unary(op, take(&mut operands)),
            Node::Binary(op, ..) => {
                let [a, b] = take(&mut operands);
                notation.binary(op, a, b)
            }
            Node::Power(_, n) => notation.power(take(&mut operands), n),
            Node::Polygamma(n, _) => notation.polygamma(n, take(&mut operands)),
            Node::Select(..) => notation.select(take(&mut operands)),
            Node::LogSumExp(_) => notation.log_sum_exp(operands),
            Node::Column(column) => Piece::atom(notation.variable(column_name(graph, column))),
            Node::Gather(..) => {
                let index = take(&mut operands);
                notation.gather(operands, index)
            }
            Node::RowSum(_) => notation.row_sum(take(&mut operands)),
            Node::GroupSum(_, _, group) => {
                let [body, index] = take(&mut operands);
                let (group, zero) = (notation.number(f64::from(group)), notation.number(0.0));
                let chosen = notation.binary(Binary::Equal, index, group);
                notation.row_sum(notation.select([chosen, body, zero]))
            }
        };
        let leaf = matches!(graph.node(id), Node::Constant(_) | Node::Variable(_) | Node::Column(_));
        let is_root = roots.contains(&id);
        if !leaf && ((shared && uses[&id] > 1) || (piece.text.len() > LONGEST && !is_root)) {
            let name = fresh_name(names, written.definitions.len() + 1);
            written.definitions.push((name.clone(), notation.value(piece).text));
            piece = Piece::atom(name);
        }
        pieces.insert(id, piece);
    }
    written.roots = roots.iter().map(|root| notation.value(pieces[root].clone()).text).collect();
    written
}

/// A column made on the way has no name.
fn column_name(graph: &Graph, column: u32) -> &str {
    match graph.column_name(column) {
        "" => "column",
        name => name,
    }
}

fn take<T: FromPieces>(operands: &mut Vec<Piece>) -> T {
    T::from_pieces(operands)
}

/// A fixed number of operands out of a list.
trait FromPieces {
    fn from_pieces(operands: &mut Vec<Piece>) -> Self;
}

impl FromPieces for Piece {
    fn from_pieces(operands: &mut Vec<Piece>) -> Self {
        operands.pop().expect("one operand")
    }
}

impl<const N: usize> FromPieces for [Piece; N] {
    fn from_pieces(operands: &mut Vec<Piece>) -> Self {
        let pieces = operands.split_off(operands.len() - N);
        pieces.try_into().expect("as many operands as the node has")
    }
}

/// `t1`, `t2`, …, avoiding the names of variables.
fn fresh_name(names: &[String], number: usize) -> String {
    let mut name = format!("t{number}");
    while names.contains(&name) {
        name.push('_');
    }
    name
}

/// How many operations the expression has once every shared part is written out, at most a million.
fn size_written_out(graph: &Graph, root: NodeId) -> usize {
    const ENOUGH: usize = 1_000_000;
    let mut sizes = vec![0_usize; root.index() + 1];
    for id in graph.order(&[root]) {
        let below: usize = graph.operands(id).map(|operand| sizes[operand.index()]).fold(0, usize::saturating_add);
        sizes[id.index()] = below.saturating_add(1).min(ENOUGH);
    }
    sizes[root.index()]
}
