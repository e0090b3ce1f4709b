//! A tree walk: the gradient's expressions as boxed nodes, evaluated one position at a time by recursion.

use langevin::density::{LogDensity, Model};
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
    LogSumExp(Vec<Tree>),
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
            Node::LogSumExp(list) => Tree::LogSumExp(graph.list(list).iter().map(|&id| Tree::new(graph, id)).collect()),
            other => unreachable!("no problem here has {other:?} in its gradient"),
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
            Tree::LogSumExp(operands) => {
                let values: Vec<f64> = operands.iter().map(|operand| operand.eval(x)).collect();
                let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
            }
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
    let trees: Vec<Tree> = model.gradient_nodes().iter().map(|&id| Tree::new(model.graph(), id)).collect();
    Scalar { name: "tree walk", gradient: move |x: &[f64; D]| std::array::from_fn(|i| trees[i].eval(x)), bounds: model.bounds().to_vec() }
}
