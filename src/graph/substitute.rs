//! Replacing a variable by an expression, simplifying on the way.

use rustc_hash::FxHashMap as HashMap;

use super::{Graph, Node, NodeId};

/// `root` with `variable` replaced by `replacement`, both nodes of `graph`. Built through the smart constructors, so that
/// `x − a` at x = a + d becomes `d` and no digit is lost near a.
pub fn substitute(graph: &mut Graph, root: NodeId, variable: NodeId, replacement: NodeId) -> NodeId {
    let mut images: HashMap<NodeId, NodeId> = HashMap::default();
    for id in graph.order(&[root]) {
        let image = if id == variable { replacement } else { rebuild(graph, id, &images) };
        images.insert(id, image);
    }
    images[&root]
}

/// The node `id` with its operands replaced by their images.
pub(super) fn rebuild(graph: &mut Graph, id: NodeId, images: &HashMap<NodeId, NodeId>) -> NodeId {
    let image = |id: NodeId| images[&id];
    match graph.node(id) {
        Node::Constant(_) | Node::Variable(_) | Node::Column(_) => id,
        Node::Unary(op, x) => graph.unary(op, image(x)),
        Node::Binary(op, a, b) => graph.binary(op, image(a), image(b)),
        Node::Power(x, n) => graph.power(image(x), n),
        Node::Polygamma(n, x) => graph.polygamma(n, image(x)),
        Node::Select(c, a, b) => graph.select(image(c), image(a), image(b)),
        Node::LogSumExp(list) => {
            let operands: Vec<NodeId> = graph.list(list).iter().map(|&operand| image(operand)).collect();
            graph.log_sum_exp(&operands)
        }
        Node::Gather(list, index) => {
            let elements: Vec<NodeId> = graph.list(list).iter().map(|&element| image(element)).collect();
            graph.gather(&elements, index).expect("the same indices")
        }
        Node::RowSum(body) => match graph.table_of(body) {
            Some(table) => graph.row_sum(table, image(body)),
            None => unreachable!("a sum over rows is of something that varies"),
        },
        Node::GroupSum(body, index, group) => graph.group_sum(image(body), index, group),
    }
}
