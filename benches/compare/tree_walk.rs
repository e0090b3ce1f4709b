//! A tree walk: the formula's partial derivatives as boxed nodes, evaluated one position at a time by recursion.

use langevin::density::{LogDensity, Meaning, Model};
use langevin::graph::{Binary, Graph, Node, NodeId, Unary};

use crate::contender::Contender;
use crate::scalar::Scalar;

/// An expression that owns its operands; what two expressions share, each has for itself.
enum Tree {
    Number(f64),
    Variable(usize),
    Negate(Box<Tree>),
    Exp(Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Subtract(Box<Tree>, Box<Tree>),
    Multiply(Box<Tree>, Box<Tree>),
    Divide(Box<Tree>, Box<Tree>),
    Power(Box<Tree>, i32),
    Unary(Unary, Box<Tree>),
    Binary(Binary, Box<Tree>, Box<Tree>),
}

impl Tree {
    fn new(graph: &Graph, id: NodeId) -> Tree {
        let tree = |id| Box::new(Tree::new(graph, id));
        match graph.node(id) {
            Node::Constant(bits) => Tree::Number(f64::from_bits(bits)),
            Node::Variable(variable) => Tree::Variable(variable as usize),
            Node::Unary(Unary::Negate, a) => Tree::Negate(tree(a)),
            Node::Unary(Unary::Exp, a) => Tree::Exp(tree(a)),
            Node::Unary(op, a) => Tree::Unary(op, tree(a)),
            Node::Binary(Binary::Add, a, b) => Tree::Add(tree(a), tree(b)),
            Node::Binary(Binary::Subtract, a, b) => Tree::Subtract(tree(a), tree(b)),
            Node::Binary(Binary::Multiply, a, b) => Tree::Multiply(tree(a), tree(b)),
            Node::Binary(Binary::Divide, a, b) => Tree::Divide(tree(a), tree(b)),
            Node::Binary(op, a, b) => Tree::Binary(op, tree(a), tree(b)),
            Node::Power(a, n) => Tree::Power(tree(a), n),
            other => unreachable!("no problem here has {other:?} in its derivatives"),
        }
    }

    fn eval(&self, x: &[f64]) -> f64 {
        match self {
            Tree::Number(value) => *value,
            Tree::Variable(variable) => x[*variable],
            Tree::Negate(a) => -a.eval(x),
            Tree::Exp(a) => a.eval(x).exp(),
            Tree::Add(a, b) => a.eval(x) + b.eval(x),
            Tree::Subtract(a, b) => a.eval(x) - b.eval(x),
            Tree::Multiply(a, b) => a.eval(x) * b.eval(x),
            Tree::Divide(a, b) => a.eval(x) / b.eval(x),
            Tree::Power(a, n) => a.eval(x).powi(*n),
            Tree::Unary(op, a) => op.eval(a.eval(x)),
            Tree::Binary(op, a, b) => op.eval(a.eval(x), b.eval(x)),
        }
    }
}

/// The contender for any model of 1, 2, 10 or 50 variables.
pub(crate) fn contender(model: &Model) -> Box<dyn Contender> {
    match model.dimension() {
        1 => Box::new(walk::<1>(model)),
        2 => Box::new(walk::<2>(model)),
        10 => Box::new(walk::<10>(model)),
        50 => Box::new(walk::<50>(model)),
        _ => unreachable!("the problems have these dimensions"),
    }
}

fn walk<const D: usize>(model: &Model) -> Scalar<D, impl Fn(&[f64; D]) -> [f64; D] + use<D>> {
    let (graph, partials) = model.gradient_of(model.typed()).expect("the model has a gradient already");
    let partials: Vec<Tree> = partials.iter().map(|&id| Tree::new(&graph, id)).collect();
    // ∇ log p = ∇p/p.
    let density = (model.meaning() == Meaning::Density).then(|| Tree::new(&graph, model.typed()));
    let gradient = move |x: &[f64; D]| {
        let density = density.as_ref().map_or(1.0, |tree| tree.eval(x));
        std::array::from_fn(|i| partials[i].eval(x) / density)
    };
    Scalar { name: "tree walk", gradient, bounds: model.bounds().to_vec() }
}
