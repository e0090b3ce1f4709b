//! Variables that are shifted and scaled copies of one with a law of its own: walks with heavy steps, scales that are parameters.
//!
//! With u = (v − m)/s, m and s of the other variables, and log p = h(u) + rest, the integral over v is s·∫exp h, and a draw of v is m + s·u.

use super::gaussian::kinked;
use super::mixture::{ends, factors};
use super::split::{Block, Variables};
use crate::density::{LogDensity, Model, logarithm};
use crate::enclosure::ranges;
use crate::gradient::gradient;
use crate::graph::{Graph, NodeId, substitute};

/// In blocks of more variables none is looked for, …
const MOST: usize = 64;
/// … and of each variable among so many expressions.
const FORMS: usize = 6;

pub(super) struct Shifted {
    pub(super) variable: usize,
    /// Expressions of the others.
    pub(super) location: NodeId,
    pub(super) scale: NodeId,
    /// log density of what is shifted and scaled, as a function of the variable in its place.
    pub(super) base: NodeId,
    /// What is left.
    pub(super) block: Block,
}

/// A variable of `block` that is one, the last first, as people write what leans on what; `None` if there is none.
pub(super) fn shifted(model: &Model, graph: &mut Graph, block: &Block) -> Option<Shifted> {
    if block.variables.len() > MOST {
        return None;
    }
    let terms = factors(graph, block.log_density, &ends(model));
    let mut known = Variables::default();
    for &variable in block.variables.iter().rev() {
        let bound = &model.bounds()[variable];
        if bound.high != f64::INFINITY || (bound.low != 0.0 && bound.low != f64::NEG_INFINITY) {
            continue;
        }
        let (with, without): (Vec<NodeId>, Vec<NodeId>) =
            terms.iter().partition(|&&term| known.of(graph, term).contains(&(variable as u32)));
        let Some(sum) = with.into_iter().reduce(|sum, term| graph.add(sum, term)) else { continue };
        for form in forms(graph, sum, variable as u32) {
            if let Some(found) = by_form(model, graph, sum, &without, form, variable) {
                let left = block.variables.iter().copied().filter(|other| *other != variable).collect();
                return Some(Shifted { block: Block { variables: left, ..found.block }, ..found });
            }
        }
    }
    None
}

/// The lowest nodes that depend on the variable and on others.
fn forms(graph: &Graph, root: NodeId, variable: u32) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut known = vec![(false, false); root.index() + 1];
    for id in graph.order(&[root]) {
        let mut depends = graph.operands(id).fold((false, false), |(mine, other), operand| {
            let (a, b) = known[operand.index()];
            (mine || a, other || b)
        });
        if let crate::graph::Node::Variable(number) = graph.node(id) {
            depends = (number == variable, number != variable);
        }
        known[id.index()] = depends;
        if depends == (true, true) && found.len() < FORMS {
            found.push(id);
        }
    }
    found
}

/// The variable as a copy by `form` = (v − m)/s, if that leaves none of it but a law of its own; `sum` are the terms that it is in.
fn by_form(model: &Model, graph: &mut Graph, sum: NodeId, without: &[NodeId], form: NodeId, variable: usize) -> Option<Shifted> {
    let ends = ends(model);
    let mut known = Variables::default();
    let number = variable as u32;
    let node = graph.variable(number);
    let slope = *gradient(graph, form, &[node]).ok()?.first()?;
    if known.of(graph, slope).contains(&number) || kinked(graph, form, node) {
        return None;
    }
    let half = model.bounds()[variable].low == 0.0;
    let range = ranges(graph, slope, &ends)[slope.index()];
    let zero = graph.constant(0.0);
    let at_zero = substitute(graph, form, node, zero);
    let size = match (range.is_nonnegative(), range.is_nonpositive()) {
        (true, _) if !half || graph.number(at_zero) == Some(0.0) => slope,
        (false, true) if !half => graph.negate(slope),
        _ => return None,
    };
    let (one, minus) = (graph.constant(1.0), graph.negate(at_zero));
    let (location, scale) = (graph.divide(minus, slope), graph.divide(one, slope));
    // In a name of its own first, as v itself is in the place of u in the end.
    let fresh = graph.variable(model.dimension() as u32);
    let outer = substitute(graph, sum, form, fresh);
    let stretched = graph.multiply(scale, fresh);
    let whole = graph.add(location, stretched);
    let outer = substitute(graph, outer, node, whole);
    let outer = substitute(graph, outer, fresh, node);
    graph.check_size().ok()?;
    let (mut base, mut rest) = (None, without.to_vec());
    for term in factors(graph, outer, &ends) {
        let variables = known.of(graph, term);
        match variables.contains(&number) {
            true if variables.len() > 1 => return None,
            true => base = Some(base.map_or(term, |base| graph.add(base, term))),
            false => rest.push(term),
        }
    }
    let width = logarithm(graph, size, &ends);
    rest.push(graph.negate(width));
    let log_density = rest.into_iter().fold(zero, |sum, term| graph.add(sum, term));
    Some(Shifted { variable, location, scale, base: base?, block: Block { log_density, variables: Vec::new() } })
}
