//! Symmetries of a density that its expression shows: the same graph after a reflection or an exchange of variables.

use crate::density::{LogDensity, Model};
use crate::graph::{Graph, NodeId, substitute};

/// A change of the variables that leaves the density as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Symmetry {
    /// p is the same at `centre` + d and `centre` − d in the variable.
    Reflection {
        /// The number of the variable.
        variable: usize,
        /// Where.
        centre: f64,
    },
    /// p is the same with the two variables exchanged.
    Exchange(usize, usize),
}

/// Variables beyond this are not tried against each other.
const MOST: usize = 12;

/// The symmetries found: each is proved, as simplification makes of both sides one node; others may exist.
pub fn symmetries(model: &Model) -> Vec<Symmetry> {
    let bounds = model.bounds();
    let mut found = Vec::new();
    if bounds.len() > MOST || model.rows() > 0 {
        return found;
    }
    let mut graph = model.graph().clone();
    let root = model.log_density_node();
    let landmarks = model.landmarks();
    for (variable, bound) in bounds.iter().enumerate() {
        let marks = landmarks.points.get(variable).into_iter().flatten().copied();
        let middle = if bound.is_finite() { 0.5 * (bound.low + bound.high) } else { 0.0 };
        let is_centre = |centre: &f64| bound.low + bound.high == 2.0 * centre || !bound.low.is_finite() && !bound.high.is_finite();
        let centre = std::iter::once(middle).chain(marks).filter(is_centre).find(|&centre| is_even(&mut graph, root, variable, centre));
        found.extend(centre.map(|centre| Symmetry::Reflection { variable, centre }));
    }
    for i in 0..bounds.len() {
        for j in i + 1..bounds.len() {
            let alike = bounds[i].low == bounds[j].low && bounds[i].high == bounds[j].high;
            if alike && exchange(&mut graph, root, i as u32, j as u32, bounds.len() as u32) == root {
                found.push(Symmetry::Exchange(i, j));
            }
        }
    }
    found
}

fn is_even(graph: &mut Graph, root: NodeId, variable: usize, centre: f64) -> bool {
    let x = graph.variable(variable as u32);
    let centre = graph.constant(centre);
    let ahead = graph.add(centre, x);
    let behind = graph.subtract(centre, x);
    substitute(graph, root, x, ahead) == substitute(graph, root, x, behind)
}

/// `root` with two variables exchanged; `spare` is a variable that it does not have.
fn exchange(graph: &mut Graph, root: NodeId, i: u32, j: u32, spare: u32) -> NodeId {
    let [x, y, spare] = [i, j, spare].map(|variable| graph.variable(variable));
    let moved = substitute(graph, root, x, spare);
    let moved = substitute(graph, moved, y, x);
    substitute(graph, moved, spare, y)
}
