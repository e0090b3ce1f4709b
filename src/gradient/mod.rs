//! Graph to gradient: one reverse sweep over the arena, the derivatives as nodes of the same graph.
//!
//! Griewank & Walther, "Evaluating Derivatives" (2008), section 3.2. Adjoints are expressions, so value and gradient share work, and
//! a second sweep over the gradient gives the Hessian.
//!
//! A branch that is not taken must not leak a NaN: `0·log′(0)` is no zero. So an adjoint that reaches a node through one arm of an
//! `if`, `min` or `max` keeps the arm's condition beside it as a *guard*, rules act on the unguarded expression, and the choice
//! `if(guard, …, 0)` is made once, at the variable.

mod rules;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap as HashMap;

use crate::error::Result;
use crate::graph::{Binary, Graph, NodeId, Unary};

/// More guards than this on one node are merged into the expression, to bound the work: nested choices then multiply it no further.
const GUARD_LIMIT: usize = 16;

/// The guarded pieces of one adjoint: by guard, the contributions by the id of the node they come from.
type Pieces = BTreeMap<Option<NodeId>, Vec<(NodeId, NodeId)>>;

/// ∂root/∂v for each v of `wrt`, as nodes of `graph`; 0 where the root does not depend on it.
///
/// # Errors
/// Kind `too_long` if the graph outgrows its limit.
pub fn gradient(graph: &mut Graph, root: NodeId, wrt: &[NodeId]) -> Result<Vec<NodeId>> {
    let places: HashMap<NodeId, usize> = wrt.iter().enumerate().map(|(at, &v)| (v, at)).collect();
    let depends = dependents(graph, root, &places);
    let mut adjoints: BTreeMap<NodeId, Pieces> = BTreeMap::new();
    let one = graph.constant(1.0);
    adjoints.entry(root).or_default().entry(None).or_default().push((root, one));
    let mut results = vec![None; wrt.len()];
    // A map in order of ids, taken from the top: every node is met after all that use it.
    while let Some((node, pieces)) = adjoints.pop_last() {
        graph.check_size()?;
        let pieces = gather(graph, pieces);
        if let Some(&at) = places.get(&node) {
            results[at] = Some(merge(graph, &pieces));
        }
        for (guard, adjoint) in pieces {
            for mut contribution in rules::contributions(graph, node, adjoint) {
                if !depends.get(contribution.operand.index()).copied().unwrap_or(false) {
                    continue;
                }
                let mut guard = guard;
                if let (Some(table), None) = (graph.table_of(node), graph.table_of(contribution.operand)) {
                    // Every row contributes to what does not vary. Guards may vary, so they go inside.
                    for guard in guard.take().into_iter().chain(contribution.guard.take()) {
                        let zero = graph.constant(0.0);
                        contribution.value = graph.select(guard, contribution.value, zero);
                    }
                    contribution.value = match contribution.group {
                        Some((index, group)) => graph.group_sum(contribution.value, index, group),
                        None => graph.row_sum(table, contribution.value),
                    };
                }
                let guard = match (guard, contribution.guard) {
                    (Some(outer), Some(inner)) => Some(graph.binary(Binary::And, outer, inner)),
                    (outer, inner) => outer.or(inner),
                };
                // A condition that turned out constant decides now.
                let guard = match guard.and_then(|guard| graph.number(guard)) {
                    Some(0.0) => continue,
                    Some(_) => None,
                    None => guard,
                };
                adjoints.entry(contribution.operand).or_default().entry(guard).or_default().push((node, contribution.value));
            }
        }
    }
    graph.check_size()?;
    let zero = graph.constant(0.0);
    Ok(results.into_iter().map(|result| result.unwrap_or(zero)).collect())
}

/// The Hessian ∂²root/∂vᵢ∂vⱼ of `wrt`, row by row; symmetric by construction.
///
/// # Errors
/// Kind `too_long` if the graph outgrows its limit.
pub fn hessian(graph: &mut Graph, root: NodeId, wrt: &[NodeId]) -> Result<Vec<Vec<NodeId>>> {
    let first = gradient(graph, root, wrt)?;
    let mut rows: Vec<Vec<NodeId>> = Vec::with_capacity(wrt.len());
    for (i, &derivative) in first.iter().enumerate() {
        let mut row: Vec<NodeId> = rows.iter().map(|above| above[i]).collect();
        row.extend(gradient(graph, derivative, &wrt[i..])?);
        rows.push(row);
    }
    Ok(rows)
}

/// Which nodes up to `root` depend on one of `wrt`.
fn dependents(graph: &Graph, root: NodeId, wrt: &HashMap<NodeId, usize>) -> Vec<bool> {
    let mut depends = vec![false; root.index() + 1];
    for id in graph.order(&[root]) {
        depends[id.index()] = wrt.contains_key(&id) || graph.operands(id).any(|operand| depends[operand.index()]);
    }
    depends
}

/// Sums each guard's contributions, in the order in which the formula was written.
fn gather(graph: &mut Graph, pieces: Pieces) -> Vec<(Option<NodeId>, NodeId)> {
    let mut sums = Vec::with_capacity(pieces.len());
    for (guard, mut contributions) in pieces {
        contributions.sort_by_key(|&(source, _)| source);
        let sum = contributions.into_iter().map(|(_, value)| value).reduce(|sum, value| graph.add(sum, value));
        sums.extend(sum.filter(|&sum| graph.number(sum) != Some(0.0)).map(|sum| (guard, sum)));
    }
    if sums.len() > GUARD_LIMIT { vec![(None, merge(graph, &sums))] } else { sums }
}

/// The adjoint with its guards put into the expression; the two arms of one choice become that choice again.
fn merge(graph: &mut Graph, pieces: &[(Option<NodeId>, NodeId)]) -> NodeId {
    let mut total = graph.constant(0.0);
    let mut left: Vec<(Option<NodeId>, NodeId)> = pieces.to_vec();
    while !left.is_empty() {
        let (guard, value) = left.remove(0);
        let value = match guard {
            None => value,
            Some(guard) => {
                let opposite = graph.unary(Unary::Not, guard);
                let other = left.iter().position(|(guard, _)| *guard == Some(opposite)).map(|at| left.remove(at).1);
                let otherwise = other.unwrap_or_else(|| graph.constant(0.0));
                graph.select(guard, value, otherwise)
            }
        };
        total = graph.add(total, value);
    }
    total
}
