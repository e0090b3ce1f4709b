//! Densities that depend on a positive definite quadratic form alone: shells, Student t, powers of a distance. One radius is left.

use super::gaussian::{cholesky, inverse_factor, solve};
use crate::density::{Bound, LogDensity, Model};
use crate::gradient::{gradient, hessian};
use crate::graph::{Binary, Graph, Node, NodeId, Unary, substitute};

/// More variables than this are not differentiated twice.
const MOST: usize = u128::BITS as usize;
/// Nodes that all variables go into are tried up to so many.
const CANDIDATES: usize = 32;

/// p(x) = exp g(q(x)) with q = c + (x − m)ᵀH(x − m)/2.
pub(super) struct Elliptic {
    pub(super) centre: Vec<f64>,
    /// L⁻ᵀ with H = LLᵀ: the centre and this times a vector of length r have q = c + r²/2.
    pub(super) spread: Vec<Vec<f64>>,
    /// The density of the radius r = √(2(q − c)), its only variable.
    pub(super) radius: Model,
    /// log of what its integral is to be multiplied with.
    pub(super) log_factor: f64,
    /// r as an expression of the variables.
    pub(super) distance: NodeId,
}

/// The form that `root`, a function of all of `variables` on the whole space, goes through; `None` if there is none.
pub(super) fn elliptic(model: &Model, graph: &mut Graph, root: NodeId, variables: &[usize]) -> Option<Elliptic> {
    let open = |&variable: &usize| model.bounds()[variable].low == f64::NEG_INFINITY && model.bounds()[variable].high == f64::INFINITY;
    if variables.len() < 2 || variables.len() > MOST || !variables.iter().all(open) {
        return None;
    }
    let root = without_hypot(graph, root);
    let nodes: Vec<NodeId> = variables.iter().map(|&variable| graph.variable(variable as u32)).collect();
    let fresh = graph.variable(model.dimension() as u32);
    let all = u128::MAX >> (MOST - variables.len());
    let candidates = dependence(graph, root, &nodes).into_iter().filter(|&(id, mask)| mask == all && id != root).take(CANDIDATES);
    for (form, _) in candidates.collect::<Vec<_>>() {
        let outer = substitute(graph, root, form, fresh);
        if dependence(graph, outer, &nodes).last().is_none_or(|&(_, mask)| mask != 0) {
            continue;
        }
        // The lowest node that all goes through: if it is not quadratic, those above it are not.
        return quadratic(model, graph, outer, form, variables, &nodes);
    }
    None
}

fn quadratic(model: &Model, graph: &mut Graph, outer: NodeId, form: NodeId, variables: &[usize], nodes: &[NodeId]) -> Option<Elliptic> {
    let rows = hessian(graph, form, nodes).ok()?;
    let numbers: Option<Vec<Vec<f64>>> = rows.iter().map(|row| row.iter().map(|&entry| graph.number(entry)).collect()).collect();
    let matrix = numbers?;
    if variables.iter().zip(nodes).any(|(_, &node)| super::gaussian::kinked(graph, form, node)) {
        return None;
    }
    let sign = if matrix[0][0] < 0.0 { -1.0 } else { 1.0 };
    let matrix: Vec<Vec<f64>> = matrix.iter().map(|row| row.iter().map(|entry| sign * entry).collect()).collect();
    let factor = cholesky(&matrix).ok()?;
    let slopes = gradient(graph, form, nodes).ok()?;
    let origin = vec![0.0; model.dimension() + 1];
    let at_origin: Vec<f64> = graph.eval(&slopes, &origin).iter().map(|slope| -sign * slope).collect();
    let centre = solve(&factor, &at_origin);
    let mut place = origin;
    variables.iter().zip(&centre).for_each(|(&variable, x)| place[variable] = *x);
    let lowest = graph.eval(&[form], &place)[0];
    let distance = {
        let (lowest, twice) = (graph.constant(lowest), graph.constant(2.0 * sign));
        let above = graph.subtract(form, lowest);
        let (square, zero) = (graph.multiply(twice, above), graph.constant(0.0));
        // Rounding may take it below 0 in the middle.
        let square = graph.binary(Binary::Max, square, zero);
        graph.unary(Unary::Sqrt, square)
    };
    if !lowest.is_finite() || centre.iter().any(|x| !x.is_finite()) {
        return None;
    }
    // g(c ± r²/2) + (d − 1) log r.
    let fresh = graph.variable(model.dimension() as u32);
    let (square, half, lowest) = (graph.power(fresh, 2), graph.constant(0.5 * sign), graph.constant(lowest));
    let above = graph.multiply(half, square);
    let value = graph.add(lowest, above);
    let along = substitute(graph, outer, fresh, value);
    let dimension = variables.len() as f64;
    let (log, weight) = (graph.unary(Unary::Log, fresh), graph.constant(dimension - 1.0));
    let shells = graph.multiply(weight, log);
    let log_density = graph.add(along, shells);
    let radius = model.in_variables(graph, log_density, &[model.dimension() as u32], vec![Bound::new("r", 0.0, f64::INFINITY)]).ok()?;
    let log_determinant: f64 = factor.iter().enumerate().map(|(i, row)| row[i].ln()).sum();
    // The surface of the unit sphere, 2π^(d/2)/Γ(d/2).
    let log_surface = std::f64::consts::LN_2 + 0.5 * dimension * std::f64::consts::PI.ln() - crate::math::lgamma(0.5 * dimension);
    Some(Elliptic { centre, spread: inverse_factor(&factor), radius, log_factor: log_surface - log_determinant, distance })
}

/// The nodes up to `root` and which of `variables` each depends on, a bit for each.
fn dependence(graph: &Graph, root: NodeId, variables: &[NodeId]) -> Vec<(NodeId, u128)> {
    let mut masks = vec![0_u128; root.index() + 1];
    let mask_of = |id: NodeId| variables.iter().position(|&variable| variable == id).map_or(0, |at| 1 << at);
    let mut found = Vec::new();
    for id in graph.order(&[root]) {
        let mask = graph.operands(id).fold(mask_of(id), |mask, operand| mask | masks[operand.index()]);
        masks[id.index()] = mask;
        found.push((id, mask));
    }
    found
}

/// `root` with √(a² + b²) for each hypot, so that the square is a node.
fn without_hypot(graph: &mut Graph, root: NodeId) -> NodeId {
    let mut root = root;
    for _ in 0..8 {
        let found = graph.order(&[root]).into_iter().find_map(|id| match graph.node(id) {
            Node::Binary(Binary::Hypot, a, b) => Some((id, a, b)),
            _ => None,
        });
        let Some((id, a, b)) = found else { break };
        let (a, b) = (graph.power(a, 2), graph.power(b, 2));
        let sum = graph.add(a, b);
        let size = graph.unary(Unary::Sqrt, sum);
        root = substitute(graph, root, id, size);
    }
    root
}
