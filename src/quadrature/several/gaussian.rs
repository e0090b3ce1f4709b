//! Variables in which log p is quadratic, integrated out exactly: ∫exp(c + bᵀx − ½xᵀAx)dx = (2π)^(k/2)·|A|^(−½)·p(A⁻¹b).
//!
//! The value at the mode A⁻¹b is that of the formula there, not c + ½bᵀA⁻¹b, whose parts cancel.

use super::split::{Block, ROUNDED, Variables, weighted_terms};
use crate::density::{LogDensity, Model};
use crate::enclosure::{Interval, ranges};
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::gradient;
use crate::graph::{Graph, NodeId, Unary, substitute};

/// More variables than this are not differentiated twice.
const MOST: usize = 256;
/// Pivots below this part of the largest count as none: the matrix is singular up to rounding.
const SINGULAR: f64 = 1e-14;

/// What was integrated out of a block.
pub(super) struct Eliminated {
    /// The laws of the variables that were, given the others.
    pub(super) laws: Vec<Conditional>,
    /// Their covariances given the others.
    covariance: Vec<Vec<NodeId>>,
    /// A triangle that turns standard normal noise into their deviations from the means, where it is of numbers.
    pub(super) spread: Option<Vec<Vec<f64>>>,
    /// What is left.
    pub(super) block: Block,
}

/// A variable that is normal given others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditional {
    pub(super) variable: usize,
    /// Expressions in the others.
    pub(super) mean: NodeId,
    pub(super) variance: NodeId,
}

impl Conditional {
    /// The law when the variables of `eliminated` are integrated out of it too: normal again where the mean is linear in them and the
    /// variance free of them; otherwise it stays as it is.
    pub(super) fn without(&mut self, graph: &mut Graph, eliminated: &Eliminated) -> Result<()> {
        let mut known = Variables::default();
        let gone: Vec<u32> = eliminated.laws.iter().map(|law| law.variable as u32).collect();
        let mut touches = |graph: &Graph, node: NodeId| known.of(graph, node).iter().any(|variable| gone.contains(variable));
        if !touches(graph, self.mean) || touches(graph, self.variance) {
            return Ok(());
        }
        let nodes: Vec<NodeId> = gone.iter().map(|&variable| graph.variable(variable)).collect();
        let slopes = gradient(graph, self.mean, &nodes)?;
        if slopes.iter().zip(&nodes).any(|(&slope, &node)| touches(graph, slope) || kinked(graph, self.mean, node)) {
            return Ok(());
        }
        for (i, law) in eliminated.laws.iter().enumerate() {
            self.mean = substitute(graph, self.mean, nodes[i], law.mean);
            for (j, &slope) in slopes.iter().enumerate() {
                let product = graph.multiply(slopes[i], slope);
                let share = graph.multiply(product, eliminated.covariance[i][j]);
                self.variance = graph.add(self.variance, share);
            }
        }
        graph.check_size()
    }
}

/// Integrates out of `block` every variable that can be, one set at a time; `None` if there is none.
///
/// # Errors
/// `InfiniteZ` for a direction in which log p does not fall.
pub(super) fn eliminate(model: &Model, graph: &mut Graph, block: &Block) -> Result<Option<Eliminated>> {
    if block.variables.len() > MOST {
        return Ok(None);
    }
    let open = |variable: usize| {
        let bound = &model.bounds()[variable];
        bound.low == f64::NEG_INFINITY && bound.high == f64::INFINITY
    };
    let candidates: Vec<usize> = block.variables.iter().copied().filter(|&variable| open(variable)).collect();
    if candidates.is_empty() {
        return Ok(None);
    }
    let nodes: Vec<NodeId> = candidates.iter().map(|&variable| graph.variable(variable as u32)).collect();
    let slopes = gradient(graph, block.log_density, &nodes)?;
    let mut known = Variables::default();
    // Linear slopes only: the others are not differentiated again.
    let mut quadratic = Vec::new();
    for place in 0..candidates.len() {
        let row = gradient(graph, slopes[place], &nodes)?;
        if !known.of(graph, row[place]).contains(&(candidates[place] as u32)) && !kinked(graph, block.log_density, nodes[place]) {
            quadratic.push((place, row));
        }
    }
    // The set whose curvatures among themselves are numbers; the worst offenders leave first.
    let mut set: Vec<usize> = (0..quadratic.len()).filter(|&at| graph.number(quadratic[at].1[quadratic[at].0]).is_some()).collect();
    loop {
        let clashes = |at: usize| set.iter().filter(|&&other| graph.number(quadratic[at].1[quadratic[other].0]).is_none()).count();
        match set.iter().copied().max_by_key(|&at| clashes(at)).filter(|&at| clashes(at) > 0) {
            Some(worst) => set.retain(|&at| at != worst),
            None => break,
        }
    }
    if !set.is_empty() {
        let places: Vec<usize> = set.iter().map(|&at| quadratic[at].0).collect();
        let curvature = |i: usize, j: usize| -graph.number(quadratic[set[i]].1[places[j]]).unwrap_or(f64::NAN);
        let matrix: Vec<Vec<f64>> = (0..set.len()).map(|i| (0..set.len()).map(|j| curvature(i, j)).collect()).collect();
        let variables: Vec<usize> = places.iter().map(|&place| candidates[place]).collect();
        let slopes: Vec<NodeId> = places.iter().map(|&place| slopes[place]).collect();
        return Ok(Some(constant_block(model, graph, block, &variables, &slopes, &matrix)?));
    }
    // One variable whose curvature depends on others, and is of one sign whatever they are.
    let ends: Vec<Interval> = model.bounds().iter().map(|bound| Interval::new(bound.low, bound.high)).collect();
    for (place, row) in &quadratic {
        let width = graph.negate(row[*place]);
        if ranges(graph, width, &ends)[width.index()].is_nonnegative() {
            let variable = candidates[*place];
            let slope = at_zero(graph, slopes[*place], &[variable]);
            let width = at_zero(graph, width, &[variable]);
            let mode = graph.divide(slope, width);
            let node = graph.variable(variable as u32);
            let top = substitute(graph, block.log_density, node, mode);
            let (two_pi, half) = (graph.constant(std::f64::consts::TAU), graph.constant(0.5));
            let relative = graph.divide(width, two_pi);
            let log = graph.unary(Unary::Log, relative);
            let lost = graph.multiply(half, log);
            let log_density = graph.subtract(top, lost);
            graph.check_size()?;
            let left = block.variables.iter().copied().filter(|other| *other != variable).collect();
            let one = graph.constant(1.0);
            let variance = graph.divide(one, width);
            let laws = vec![Conditional { variable, mean: mode, variance }];
            return Ok(Some(Eliminated {
                laws,
                covariance: vec![vec![variance]],
                spread: None,
                block: Block { log_density, variables: left },
            }));
        }
    }
    Ok(None)
}

/// Whether log p has a kink or a jump in a variable, which no derivative shows: |x|, floor x and `if(x > y, 1, 0)` are straight beside it.
pub(super) fn kinked(graph: &Graph, log_density: NodeId, variable: NodeId) -> bool {
    use crate::graph::{Binary, Node};
    let mut varies = vec![false; log_density.index() + 1];
    for id in graph.order(&[log_density]) {
        varies[id.index()] = id == variable || graph.operands(id).any(|operand| varies[operand.index()]);
        let is_choice = matches!(
            graph.node(id),
            Node::Select(..)
                | Node::Unary(Unary::Abs | Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Not, _)
                | Node::Binary(
                    Binary::Min | Binary::Max | Binary::Mod | Binary::Less | Binary::LessEqual | Binary::Equal | Binary::NotEqual,
                    ..
                )
        );
        if is_choice && varies[id.index()] {
            return true;
        }
    }
    false
}

/// `root` with these variables at 0.
fn at_zero(graph: &mut Graph, root: NodeId, variables: &[usize]) -> NodeId {
    let zero = graph.constant(0.0);
    variables.iter().fold(root, |root, &variable| {
        let node = graph.variable(variable as u32);
        substitute(graph, root, node, zero)
    })
}

/// A⁻¹b by A = LDLᵀ, which divides by pivots and takes no roots: the mode of −(y − x²)² is x² to the last digit, and what is left of the
/// square is 0.
fn modes(graph: &mut Graph, root: NodeId, matrix: &[Vec<f64>], mut mode: Vec<NodeId>) -> Vec<NodeId> {
    let size = matrix.len();
    let (mut lower, mut pivots) = (vec![vec![0.0; size]; size], vec![0.0; size]);
    for i in 0..size {
        for j in 0..=i {
            let rest = matrix[i][j] - (0..j).map(|k| lower[i][k] * lower[j][k] * pivots[k]).sum::<f64>();
            if i == j { pivots[i] = rest } else { lower[i][j] = rest / pivots[j] }
        }
    }
    let take = |graph: &mut Graph, mode: &mut [NodeId], i: usize, j: usize, weight: f64| {
        if weight != 0.0 {
            let weight = graph.constant(weight);
            let part = graph.multiply(weight, mode[j]);
            mode[i] = graph.subtract(mode[i], part);
        }
    };
    (0..size).for_each(|i| (0..i).for_each(|j| take(graph, &mut mode, i, j, lower[i][j])));
    for (mode, &pivot) in mode.iter_mut().zip(&pivots) {
        let pivot = graph.constant(pivot);
        *mode = graph.divide(*mode, pivot);
    }
    (0..size).rev().for_each(|i| (i + 1..size).for_each(|j| take(graph, &mut mode, i, j, lower[j][i])));
    let known = constants(graph, root);
    mode.into_iter().map(|mode| with_constants(graph, mode, &known)).collect()
}

/// The numbers of a formula, their negatives, and 1.
fn constants(graph: &Graph, root: NodeId) -> Vec<f64> {
    let numbers = graph.order(&[root]).into_iter().filter_map(|id| graph.number(id));
    numbers.flat_map(|number| [number, -number]).chain([1.0, -1.0]).collect()
}

/// A short sum with its factors replaced by numbers of the formula that differ from them by roundings alone.
fn with_constants(graph: &mut Graph, root: NodeId, known: &[f64]) -> NodeId {
    const SHORT: usize = 16;
    let terms = weighted_terms(graph, root);
    if terms.len() > SHORT {
        return root;
    }
    let near = |factor: f64| known.iter().copied().find(|known| (known - factor).abs() <= ROUNDED * known.abs()).unwrap_or(factor);
    let mut sum = graph.constant(0.0);
    for (id, factor) in terms {
        let factor = graph.constant(near(factor));
        let term = graph.multiply(factor, id);
        sum = graph.add(sum, term);
    }
    sum
}

fn constant_block(
    model: &Model,
    graph: &mut Graph,
    block: &Block,
    variables: &[usize],
    slopes: &[NodeId],
    matrix: &[Vec<f64>],
) -> Result<Eliminated> {
    let size = variables.len();
    let factor = cholesky(matrix).map_err(|place| {
        let name = &model.bounds()[variables[place]].name;
        Error::new(ErrorKind::InfiniteZ, format!("the integral diverges: log p does not fall in a direction with `{name}` in it"))
            .hint("the quadratic form is not positive definite: add a term that falls off in every direction, or restrict the ranges")
    })?;
    let gradients: Vec<NodeId> = slopes.iter().map(|&slope| at_zero(graph, slope, variables)).collect();
    let mode = modes(graph, block.log_density, matrix, gradients);
    let mut log_density = block.log_density;
    for (&variable, &mode) in variables.iter().zip(&mode) {
        let node = graph.variable(variable as u32);
        log_density = substitute(graph, log_density, node, mode);
    }
    let log_determinant: f64 = (0..size).map(|i| factor[i][i].ln()).sum();
    let constant = graph.constant(0.5 * size as f64 * std::f64::consts::TAU.ln() - log_determinant);
    log_density = graph.add(log_density, constant);
    graph.check_size()?;
    let left: Vec<usize> = block.variables.iter().copied().filter(|variable| !variables.contains(variable)).collect();
    let spread = inverse_factor(&factor);
    let covariance: Vec<Vec<NodeId>> =
        squared(&spread).iter().map(|row| row.iter().map(|&entry| graph.constant(entry)).collect()).collect();
    let laws = variables.iter().enumerate().map(|(i, &variable)| Conditional { variable, mean: mode[i], variance: covariance[i][i] });
    Ok(Eliminated { laws: laws.collect(), covariance, spread: Some(spread), block: Block { log_density, variables: left } })
}

/// L⁻ᵀ, row by row: row i is column i of L⁻¹. Times standard normal noise it is a deviation of covariance (LLᵀ)⁻¹.
pub(super) fn inverse_factor(factor: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let size = factor.len();
    let column = |i: usize| {
        let mut x = vec![0.0; size];
        for row in i..size {
            let rest: f64 = (i..row).map(|k| factor[row][k] * x[k]).sum();
            x[row] = (if row == i { 1.0 } else { 0.0 } - rest) / factor[row][row];
        }
        x
    };
    (0..size).map(column).collect()
}

/// The product of a matrix with its transpose.
fn squared(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
    rows.iter().map(|a| rows.iter().map(|b| product(a, b)).collect()).collect()
}

/// x with LLᵀx = b.
pub(super) fn solve(factor: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let inverse = inverse_factor(factor);
    let forward: Vec<f64> = (0..b.len()).map(|row| (0..=row).map(|i| inverse[i][row] * b[i]).sum()).collect();
    inverse.iter().map(|row| row.iter().zip(&forward).map(|(a, b)| a * b).sum()).collect()
}

/// L with LLᵀ = matrix; the row at which it fails to be positive definite.
pub(super) fn cholesky(matrix: &[Vec<f64>]) -> std::result::Result<Vec<Vec<f64>>, usize> {
    let size = matrix.len();
    let mut factor = vec![vec![0.0; size]; size];
    for i in 0..size {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
            let rest = matrix[i][j] - sum;
            if i == j {
                if rest.is_nan() || rest <= SINGULAR * matrix[i][i].abs() {
                    return Err(i);
                }
                factor[i][i] = rest.sqrt();
            } else {
                factor[i][j] = rest / factor[j][j];
            }
        }
    }
    Ok(factor)
}
