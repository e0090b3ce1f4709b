//! Graph to proofs: what is certain about an expression over a whole box.
//!
//! Four kinds of number run through the same steps of a graph (`code`): intervals (`functions`), interval Taylor series of one to three
//! variables (`taylor`, `homogeneous`), germs, which reach down to a singular point and out to infinity (`germ`), and jets, which carry
//! gradient and Hessian in any dimension (`jet`).

mod code;
mod form;
mod functions;
mod germ;
mod homogeneous;
mod jet;
mod taylor;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use crate::math::Interval;
pub use functions::Enclosed;

pub(crate) use code::{Code, Enclosing};
pub(crate) use form::Form;
pub(crate) use germ::{Germ, LARGEST_REACH, Mass};
pub(crate) use homogeneous::Homogeneous;
pub(crate) use jet::Jet;
pub(crate) use taylor::{Series, TERMS, Taylor};

use crate::graph::{Graph, NodeId};

/// The range of each node up to `root`, `variables[i]` being the range of variable number i: plain interval evaluation, an
/// enclosure, often a wide one. Nodes that `root` does not need have every number for a range.
pub fn ranges(graph: &Graph, root: NodeId, variables: &[Interval]) -> Vec<Interval> {
    let order = graph.order(&[root]);
    let mut values = Vec::new();
    Code::new(graph, &[root]).ranges(variables, &mut values);
    let mut ranges = vec![Interval::ALL; root.index() + 1];
    for (id, value) in order.into_iter().zip(&values) {
        ranges[id.index()] = value.range;
    }
    ranges
}
