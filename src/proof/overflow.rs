//! Whether an undefined value comes of numbers too large for doubles, not of a formula that has no value there.

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// Whether the value of `root` at `position` is undefined because something on the way overflowed: ∞ − ∞ or 0·∞ with an infinity that
/// finite numbers made without a pole. In real numbers the formula has a value there.
pub(super) fn is_overflow(graph: &Graph, root: NodeId, position: &[f64]) -> bool {
    let order: Vec<NodeId> = graph.order(&[root]).into_iter().filter(|&id| graph.table_of(id).is_none()).collect();
    let values = graph.eval(&order, position);
    let known: std::collections::HashMap<NodeId, usize> = order.iter().enumerate().map(|(place, &id)| (id, place)).collect();
    let mut overflowed = vec![false; order.len()];
    for (place, &id) in order.iter().enumerate() {
        let operands: Vec<usize> = graph.operands(id).filter_map(|operand| known.get(&operand).copied()).collect();
        let is_finite = operands.iter().all(|&operand| values[operand].is_finite());
        let is_pole = match graph.node(id) {
            Node::Binary(Binary::Divide, _, below) => known.get(&below).is_some_and(|&below| values[below] == 0.0),
            Node::Unary(Unary::Exp | Unary::Expm1 | Unary::Sinh | Unary::Cosh | Unary::Erfcx, _) => false,
            // Their poles are at 0 and below.
            Node::Unary(Unary::Gamma | Unary::Lgamma, x) => known.get(&x).is_none_or(|&x| values[x] <= 0.0),
            Node::Unary(..) => true,
            Node::Power(_, n) => n < 0,
            _ => false,
        };
        let inherits = operands.iter().any(|&operand| overflowed[operand]) && !values[place].is_finite();
        overflowed[place] = inherits || (values[place].is_infinite() && is_finite && !is_pole);
        // What is undefined for finite numbers is undefined.
        if values[place].is_nan() && !overflowed[place] && operands.iter().all(|&operand| !values[operand].is_nan()) {
            return false;
        }
    }
    order.last().is_some_and(|_| overflowed[order.len() - 1])
}
