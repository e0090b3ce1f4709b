//! Laws by rejection: a law with a recipe for draws, times a factor that is nowhere larger than a known number.
//!
//! The factor is what stands in the way of a recipe: jumps, couplings, walls around a Gaussian. A draw of the rest is kept with the
//! probability factor/bound (von Neumann 1951), so the draws are exact and independent, and the share that is kept gives Z.

use super::joint::{Factor, Joint};
use super::split::{Variables, terms};
use super::{Budget, GLANCE, GLANCE_ERROR, taken_apart_within};
use crate::density::{Bound, LogDensity, Model};
use crate::enclosure::{Interval, ranges};
use crate::graph::{Graph, Node, NodeId, Unary};
use crate::quadrature::{Evidence, Integral, Tolerance};

/// A smaller share of the proposals is not worth the name of a sampler.
const LEAST: f64 = 0.004;

/// The density as another times a bounded factor, if one of the ways to part the two gives a recipe.
pub(super) fn tilted(model: &Model) -> Option<Evidence> {
    let mut graph = model.graph().clone();
    let bounds = model.bounds();
    let ends: Vec<Interval> = bounds.iter().map(|bound| Interval::new(bound.low, bound.high)).collect();
    let root = split_choices(&mut graph, model.log_density_node(), &ends);
    let terms = terms(&mut graph, root);
    let mut known = Variables::default();
    let facts: Vec<(bool, bool)> = terms
        .iter()
        .map(|&term| {
            let most = ranges(&graph, term, &ends)[term.index()].high;
            let couples = known.of(&graph, term).len() > 1;
            (most < f64::INFINITY && has_steps(&graph, term), most < f64::INFINITY && couples)
        })
        .collect();
    // Terms that jump, terms that couple, both.
    let ways = [(false, false), (true, false), (false, true), (true, true)];
    let open: Vec<Bound> = bounds.iter().map(|bound| Bound::new(bound.name.clone(), f64::NEG_INFINITY, f64::INFINITY)).collect();
    let is_cut = bounds.iter().any(|bound| bound.low.is_finite() || bound.high.is_finite());
    let mut tried = Vec::new();
    for way in ways {
        let removed: Vec<bool> = facts.iter().map(|(jumps, couples)| way.0 && *jumps || way.1 && *couples).collect();
        if tried.contains(&removed) {
            continue;
        }
        let sum = |graph: &mut Graph, wanted: bool| {
            let chosen: Vec<NodeId> =
                terms.iter().zip(&removed).filter(|(_, removed)| **removed == wanted).map(|(term, _)| *term).collect();
            let zero = graph.constant(0.0);
            chosen.into_iter().fold(zero, |sum, term| graph.add(sum, term))
        };
        let (rest, factor) = (sum(&mut graph, false), sum(&mut graph, true));
        let plain: &[&[Bound]] = if is_cut { &[bounds, &open] } else { &[bounds] };
        for (at, base_bounds) in plain.iter().enumerate() {
            // Nothing removed and no wall: that is the density itself.
            if at == 0 && !removed.contains(&true) {
                continue;
            }
            if let Some(found) = attempt(model, &graph, rest, factor, base_bounds, &ends) {
                return Some(found);
            }
        }
        tried.push(removed);
    }
    None
}

fn attempt(model: &Model, graph: &Graph, rest: NodeId, factor: NodeId, base_bounds: &[Bound], ends: &[Interval]) -> Option<Evidence> {
    let numbers: Vec<u32> = (0..model.dimension() as u32).collect();
    let base = model.in_variables(graph, rest, &numbers, base_bounds.to_vec()).ok()?;
    let tilt = model.in_variables(graph, factor, &numbers, model.bounds().to_vec()).ok()?;
    let tolerance = Tolerance { relative: GLANCE_ERROR, evaluations: GLANCE };
    let found = taken_apart_within(&base, tolerance, None, Budget { only_joint: true, ..Budget::default() }).ok()?;
    let (joint, integral) = (found.joint.filter(|_| found.integral.converged)?, found.integral);
    let most = ranges(graph, factor, ends)[factor.index()].high;
    let joint = Joint::new(model.dimension(), vec![Factor::Tilted { base: Box::new(joint), tilt: Box::new(tilt), most }]);
    let (share, proposals) = joint.acceptance();
    if share < LEAST {
        return None;
    }
    let log_value = integral.log_value + most + share.ln();
    let relative_error = ((1.0 - share) / (share * proposals as f64)).sqrt();
    let value = log_value.exp();
    let evaluations = integral.evaluations + proposals;
    let integral = Integral {
        value,
        log_value,
        error: relative_error * value,
        relative_error,
        evaluations,
        converged: false,
        certified: false,
        proof: None,
        method: "rejection",
        non_finite: 0,
        non_finite_at: None,
        notes: Vec::new(),
    };
    let parts = vec![super::Part { variables: (0..model.dimension()).collect(), method: "rejection" }];
    let marginals = vec![super::Marginal::Unknown; model.dimension()];
    Some(Evidence { integral, parts, marginals, joint: Some(joint), statistics: Vec::new() })
}

/// `root` with `if(c, a, b)` among its terms as b + `if(c, a − b, 0)`, or the other way round, where that is bounded above.
fn split_choices(graph: &mut Graph, root: NodeId, ends: &[Interval]) -> NodeId {
    let terms = terms(graph, root);
    let mut sum = graph.constant(0.0);
    for term in terms {
        let parted = match graph.node(term) {
            Node::Select(c, a, b) => {
                let zero = graph.constant(0.0);
                let (up, down) = (graph.subtract(a, b), graph.subtract(b, a));
                let (first, second) = (graph.select(c, up, zero), graph.select(c, zero, down));
                let bounded = |graph: &Graph, id: NodeId| ranges(graph, id, ends)[id.index()].high < f64::INFINITY;
                let is_nothing = |id: NodeId| graph.number(id) == Some(f64::NEG_INFINITY);
                if bounded(graph, term) && (is_flat(graph, a) && is_flat(graph, b)) {
                    term
                } else if is_nothing(a) {
                    let lowest = graph.constant(f64::NEG_INFINITY);
                    let edge = graph.select(c, lowest, zero);
                    graph.add(b, edge)
                } else if is_nothing(b) {
                    let lowest = graph.constant(f64::NEG_INFINITY);
                    let edge = graph.select(c, zero, lowest);
                    graph.add(a, edge)
                } else if bounded(graph, first) {
                    graph.add(b, first)
                } else if bounded(graph, second) {
                    graph.add(a, second)
                } else {
                    term
                }
            }
            _ => term,
        };
        sum = graph.add(sum, parted);
    }
    sum
}

/// Whether a node is a number, or a choice between numbers.
fn is_flat(graph: &Graph, id: NodeId) -> bool {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        match graph.node(id) {
            Node::Select(_, a, b) => open.extend([a, b]),
            Node::Constant(_) => {}
            _ => return false,
        }
    }
    true
}

fn has_steps(graph: &Graph, root: NodeId) -> bool {
    graph.order(&[root]).into_iter().any(|id| {
        matches!(graph.node(id), Node::Select(..) | Node::Unary(Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round, _))
            || matches!(graph.node(id), Node::Binary(op, ..) if crate::graph::Binary::Mod == op || is_comparison(op))
    })
}

fn is_comparison(op: crate::graph::Binary) -> bool {
    use crate::graph::Binary;
    matches!(op, Binary::Less | Binary::LessEqual | Binary::Equal | Binary::NotEqual)
}
