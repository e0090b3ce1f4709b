//! The parts of a mixture, as the formula shows them: a log Σ exp, or the logarithm of a sum of terms that are nowhere negative.

use super::split::terms;
use crate::density::{LogDensity, Model, logarithm};
use crate::enclosure::{Interval, ranges};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// More parts than this are not taken one by one.
const MOST: usize = 64;

/// A power of a sum up to this is multiplied out.
const POWER: f64 = 4.0;

/// Logarithms of densities that add up to the density whose logarithm is `root`; `None` if no sum is seen.
pub(super) fn parts(model: &Model, graph: &mut Graph, root: NodeId) -> Option<Vec<NodeId>> {
    let ends = ends(model);
    let mut terms = factors(graph, root, &ends);
    let (at, parts) = terms.iter().enumerate().find_map(|(at, &term)| Some((at, summed(graph, term, &ends)?)))?;
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
    let ends = ends(model);
    let terms = factors(&mut graph, model.log_density_node(), &ends);
    let is_switch = |graph: &Graph, term: NodeId| matches!(graph.node(term), Node::Unary(Unary::Softplus | Unary::Log1p, _));
    let parts = terms.into_iter().filter(|&term| !is_switch(&graph, term)).collect::<Vec<_>>();
    parts.into_iter().find_map(|term| summed(&mut graph, term, &ends)).map_or(1, |parts| parts.len())
}

/// The terms of log p, with logarithms of products, powers and the like as sums, and a small multiple of the logarithm of a sum as so many terms.
pub(super) fn factors(graph: &mut Graph, root: NodeId, ends: &[Interval]) -> Vec<NodeId> {
    let (mut open, mut found) = (terms(graph, root), Vec::new());
    open.reverse();
    while let Some(term) = open.pop() {
        match graph.node(term) {
            Node::Unary(Unary::Log, inner) if !matches!(graph.node(inner), Node::Binary(Binary::Add, ..)) => {
                let log = logarithm(graph, inner, ends);
                if log == term { found.push(term) } else { open.extend(terms(graph, log).into_iter().rev()) }
            }
            Node::Binary(Binary::Multiply, a, b) => match (graph.number(a), graph.number(b)) {
                (Some(n), _) if is_multiple(n) && is_sum(graph, b) => open.extend(vec![b; n as usize]),
                (_, Some(n)) if is_multiple(n) && is_sum(graph, a) => open.extend(vec![a; n as usize]),
                _ => found.push(term),
            },
            _ => found.push(term),
        }
    }
    found
}

fn is_multiple(n: f64) -> bool {
    (2.0..=POWER).contains(&n) && n.fract() == 0.0
}

/// Whether a node is the logarithm of a sum, by itself or after what it is the logarithm of is taken apart.
fn is_sum(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id), Node::LogSumExp(_) | Node::Unary(Unary::Softplus | Unary::Log, _))
}

/// The ranges of the variables.
pub(super) fn ends(model: &Model) -> Vec<Interval> {
    model.bounds().iter().map(|bound| Interval::new(bound.low, bound.high)).collect()
}

/// The logarithms of the terms of a sum of which `term` is the logarithm.
fn summed(graph: &mut Graph, term: NodeId, ends: &[Interval]) -> Option<Vec<NodeId>> {
    match graph.node(term) {
        Node::LogSumExp(list) => Some(graph.list(list).to_vec()),
        Node::Unary(Unary::Softplus, a) => Some(vec![graph.constant(0.0), a]),
        Node::Unary(Unary::Log1p, rest) => {
            let one = graph.constant(1.0);
            let sum = graph.add(one, rest);
            addends(graph, sum, ends)
        }
        Node::Unary(Unary::Log, sum) if matches!(graph.node(sum), Node::Binary(Binary::Add, ..)) => addends(graph, sum, ends),
        _ => None,
    }
}

/// The logarithms of the terms of `sum`, if none is anywhere negative.
fn addends(graph: &mut Graph, sum: NodeId, ends: &[Interval]) -> Option<Vec<NodeId>> {
    let found = ranges(graph, sum, ends);
    let (mut open, mut parts) = (vec![sum], Vec::new());
    while let Some(id) = open.pop() {
        match graph.node(id) {
            Node::Binary(Binary::Add, a, b) => open.extend([b, a]),
            _ if found[id.index()].is_nonnegative() => parts.push(id),
            _ => return None,
        }
    }
    Some(parts.into_iter().map(|part| logarithm(graph, part, ends)).collect())
}
