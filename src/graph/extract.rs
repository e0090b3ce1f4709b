//! A piece of a graph as a graph of its own, cut off at some nodes.

use rustc_hash::FxHashMap as HashMap;

use super::{Graph, Node, NodeId};

/// What `roots` need, down to `leaves`, which become the variables of those numbers; and the roots in the new graph. Nodes are copied
/// as they are, without simplifying.
pub(crate) fn extract(graph: &Graph, roots: &[NodeId], leaves: &HashMap<NodeId, u32>) -> (Graph, Vec<NodeId>) {
    let mut needed = vec![false; roots.iter().map(|root| root.index() + 1).max().unwrap_or(0)];
    for root in roots {
        needed[root.index()] = true;
    }
    for index in (0..needed.len()).rev() {
        let id = NodeId(index as u32);
        if needed[index] && !leaves.contains_key(&id) {
            for operand in graph.operands(id) {
                needed[operand.index()] = true;
            }
        }
    }
    let mut piece = Graph::new();
    let mut images: HashMap<NodeId, NodeId> = HashMap::default();
    for id in (0..needed.len()).filter(|&index| needed[index]).map(|index| NodeId(index as u32)) {
        let image = |id: NodeId| images[&id];
        let node = match (leaves.get(&id), graph.node(id)) {
            (Some(&variable), _) => Node::Variable(variable),
            (None, Node::Unary(op, a)) => Node::Unary(op, image(a)),
            (None, Node::Binary(op, a, b)) => Node::Binary(op, image(a), image(b)),
            (None, Node::Power(a, n)) => Node::Power(image(a), n),
            (None, Node::Polygamma(n, a)) => Node::Polygamma(n, image(a)),
            (None, Node::Select(c, a, b)) => Node::Select(image(c), image(a), image(b)),
            (None, Node::LogSumExp(list)) => {
                let operands: Vec<NodeId> = graph.list(list).iter().map(|&operand| image(operand)).collect();
                Node::LogSumExp(piece.intern_list(&operands))
            }
            (None, node @ (Node::Constant(_) | Node::Variable(_))) => node,
            (None, Node::Column(_) | Node::Gather(..) | Node::RowSum(_) | Node::GroupSum(..)) => {
                unreachable!("rows are cut off")
            }
        };
        let copy = piece.intern(node);
        images.insert(id, copy);
    }
    (piece, roots.iter().map(|root| images[root]).collect())
}
