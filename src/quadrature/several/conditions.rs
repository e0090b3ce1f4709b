//! Conditions that hold at every point, though doubles may underflow: a scale exp(v/2) is above 0 wherever v is.

use crate::density::Bound;
use crate::graph::{Binary, Graph, Node, NodeId, Unary, substitute};

/// How deep a node is looked into for its sign.
const DEPTH: usize = 12;

/// `root` without its conditions 0 < a of what is positive, and a < ∞.
pub(super) fn without_vacuous(graph: &mut Graph, root: NodeId, bounds: &[Bound]) -> NodeId {
    let holds = |graph: &Graph, id: NodeId| match graph.node(id) {
        Node::Binary(Binary::Less, a, b) => {
            graph.number(b) == Some(f64::INFINITY) || graph.number(a) == Some(0.0) && is_positive(graph, b, bounds, DEPTH)
        }
        _ => false,
    };
    let found: Vec<NodeId> = graph.order(&[root]).into_iter().filter(|&id| holds(graph, id)).collect();
    let one = graph.constant(1.0);
    found.into_iter().fold(root, |root, condition| substitute(graph, root, condition, one))
}

/// Whether the node is above 0 on the open ranges, roundings aside.
fn is_positive(graph: &Graph, id: NodeId, bounds: &[Bound], depth: usize) -> bool {
    let Some(deeper) = depth.checked_sub(1) else { return false };
    let of = |id: NodeId| is_positive(graph, id, bounds, deeper);
    match graph.node(id) {
        Node::Constant(_) => graph.number(id).is_some_and(|number| number > 0.0),
        Node::Variable(variable) => bounds.get(variable as usize).is_some_and(|bound| bound.low >= 0.0),
        Node::Unary(Unary::Exp | Unary::Softplus | Unary::Cosh | Unary::Sigmoid | Unary::Erfc, _) => true,
        Node::Unary(Unary::Sqrt, a) | Node::Power(a, _) => of(a),
        Node::Binary(Binary::Add | Binary::Multiply | Binary::Divide, a, b) => of(a) && of(b),
        _ => false,
    }
}
