//! The parts of a mixture, as the formula shows them: a log Σ exp, or the logarithm of a sum of terms that are nowhere negative.

use super::split::terms;
use crate::density::{LogDensity, Model, logarithm};
use crate::enclosure::{Interval, ranges};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// More parts than this are not taken one by one.
const MOST: usize = 64;

/// Logarithms of densities that add up to the density whose logarithm is `root`; `None` if no sum is seen.
pub(super) fn parts(model: &Model, graph: &mut Graph, root: NodeId) -> Option<Vec<NodeId>> {
    let mut terms = terms(graph, root);
    let (at, parts) = terms.iter().enumerate().find_map(|(at, &term)| Some((at, summed(model, graph, term)?)))?;
    if parts.len() > MOST {
        return None;
    }
    terms.remove(at);
    let rest = terms.into_iter().reduce(|sum, term| graph.add(sum, term));
    let with_rest = parts.into_iter().map(|part| rest.map_or(part, |rest| graph.add(part, rest))).collect();
    graph.check_size().ok()?;
    Some(with_rest)
}

/// How many parts the formula of a density shows; 1 where it shows none. Of a product of mixtures those of the first.
pub fn visible_parts(model: &Model) -> usize {
    if model.rows() > 0 {
        return 1;
    }
    let mut graph = model.graph().clone();
    let terms = terms(&mut graph, model.log_density_node());
    let is_switch = |graph: &Graph, term: NodeId| matches!(graph.node(term), Node::Unary(Unary::Softplus, _));
    let parts = terms.into_iter().filter(|&term| !is_switch(&graph, term)).collect::<Vec<_>>();
    parts.into_iter().find_map(|term| summed(model, &mut graph, term)).map_or(1, |parts| parts.len())
}

/// The logarithms of the terms of a sum of which `term` is the logarithm.
fn summed(model: &Model, graph: &mut Graph, term: NodeId) -> Option<Vec<NodeId>> {
    match graph.node(term) {
        Node::LogSumExp(list) => Some(graph.list(list).to_vec()),
        Node::Unary(Unary::Softplus, a) => Some(vec![graph.constant(0.0), a]),
        Node::Unary(Unary::Log, sum) if matches!(graph.node(sum), Node::Binary(Binary::Add, ..)) => {
            let ends: Vec<Interval> = model.bounds().iter().map(|bound| Interval::new(bound.low, bound.high)).collect();
            let found = ranges(graph, sum, &ends);
            let (mut open, mut parts) = (vec![sum], Vec::new());
            while let Some(id) = open.pop() {
                match graph.node(id) {
                    Node::Binary(Binary::Add, a, b) => open.extend([b, a]),
                    _ if found[id.index()].is_nonnegative() => parts.push(id),
                    _ => return None,
                }
            }
            Some(parts.into_iter().map(|part| logarithm(graph, part, &ends)).collect())
        }
        _ => None,
    }
}
