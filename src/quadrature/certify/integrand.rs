//! What is integrated: the density as a graph in the variable of each place, ready for every kind of number.

use crate::density::{Meaning, Model};
use crate::enclosure::{Code, Enclosed, Germ, Interval, LARGEST_REACH, TERMS, Taylor};
use crate::graph::{Binary, Graph, Node, NodeId, Unary, expand, substitute};

/// The density of `model` in units of exp(unit), the unit last: by its formula where that does not leave the doubles.
pub(super) fn scaled(model: &Model, log_size: f64) -> (Graph, NodeId, f64) {
    let mut graph = model.graph().clone();
    let plain = model.meaning() == Meaning::Density && model.transformed().is_empty() && log_size.abs() < 600.0;
    if plain {
        return (graph, model.typed(), 0.0);
    }
    let unit = if log_size.is_finite() { log_size.round() } else { 0.0 };
    let shift = graph.constant(unit);
    let scaled = graph.subtract(model.log_density_node(), shift);
    let root = exponential(&mut graph, scaled, SUMMANDS);
    (graph, root, unit)
}

/// exp(`log`), where a log Σ exp becomes the sum: where all summands but one vanish over a box, the logarithm has no bound there. Writes
/// out up to `most` summands.
fn exponential(graph: &mut Graph, log: NodeId, most: usize) -> NodeId {
    let Some((operands, rest)) = log_of_sum(graph, log).filter(|(operands, _)| operands.len() <= most) else {
        return graph.unary(Unary::Exp, log);
    };
    let most = most / operands.len();
    let mut sum = graph.constant(0.0);
    for operand in operands {
        let whole = graph.add(operand, rest);
        let term = exponential(graph, whole, most);
        sum = graph.add(sum, term);
    }
    sum
}

/// The operands of the first log Σ exp in the sum `log`, and the other terms; sums of more than `SUMMANDS` terms are not looked through.
fn log_of_sum(graph: &mut Graph, log: NodeId) -> Option<(Vec<NodeId>, NodeId)> {
    let mut open = vec![(log, false)];
    let mut operands = None;
    let mut rest = graph.constant(0.0);
    let mut count = 0;
    while let Some((id, negative)) = open.pop() {
        count += 1;
        if count > SUMMANDS {
            return None;
        }
        match graph.node(id) {
            Node::Binary(Binary::Add, a, b) => open.extend([(b, negative), (a, negative)]),
            Node::Binary(Binary::Subtract, a, b) => open.extend([(b, !negative), (a, negative)]),
            Node::LogSumExp(list) if !negative && operands.is_none() => operands = Some(graph.list(list).to_vec()),
            _ => rest = if negative { graph.subtract(rest, id) } else { graph.add(rest, id) },
        }
    }
    operands.map(|operands| (operands, rest))
}

/// Where a panel lies, and so the variable that it is integrated in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// In x itself.
    Direct,
    /// In the logarithm of the distance d from an anchor, where digits of x would be lost: side number.
    Near(usize),
    /// In log |x|, toward +∞ or −∞.
    Far(f64),
}

/// A side of a point: x = anchor + sign·d.
pub(super) struct Side {
    pub(super) anchor: f64,
    pub(super) sign: f64,
    code: Code,
}

/// The density in units of exp(`log_unit`), and what evaluates it.
pub(super) struct Integrand {
    graph: Graph,
    root: NodeId,
    pub(super) log_unit: f64,
    code: Code,
    pub(super) sides: Vec<Side>,
    /// Points where sub-expressions vanish exactly, and for each step which of them.
    roots: Vec<f64>,
    zeros: Vec<u32>,
    masked: Vec<u32>,
    scratch: Vec<Taylor>,
    germs: Vec<Germ>,
    /// Series evaluated so far.
    pub(super) series: usize,
}

/// Sums of exponentials are written out up to so many, and sums looked through up to so many terms.
const SUMMANDS: usize = 64;
/// Beyond this many roots, removable singularities are not looked for.
const ROOTS: usize = 32;

impl Integrand {
    /// The density of `model` about the size exp(`log_size`), in the variable x/`unit`, a power of two, with points of that variable where
    /// something vanishes.
    pub(super) fn new(model: &Model, log_size: f64, points: &[f64], unit: f64) -> Integrand {
        let (mut graph, mut root, log_unit) = scaled(model, log_size);
        let position = graph.variable(0);
        if unit != 1.0 {
            let factor = graph.constant(unit);
            let x = graph.multiply(factor, position);
            root = substitute(&mut graph, root, position, x);
        }
        let root = expand(&mut graph, root, position);
        let code = Code::new(&graph, &[root]);
        let roots: Vec<f64> = points.iter().copied().take(ROOTS).collect();
        let mut zeros = Vec::new();
        let mut values: Vec<Enclosed> = Vec::new();
        for (bit, &point) in roots.iter().enumerate() {
            code.ranges(&[Interval::point(point)], &mut values);
            zeros.resize(values.len(), 0);
            for (mask, value) in zeros.iter_mut().zip(&values) {
                *mask |= u32::from(value.range.is_zero()) << bit;
            }
        }
        let masked = vec![0; zeros.len()];
        let (sides, scratch, germs) = (Vec::new(), Vec::new(), Vec::new());
        Integrand { graph, root, log_unit, code, sides, roots, zeros, masked, scratch, germs, series: 0 }
    }

    /// A new side of `anchor`, the density rewritten in the distance from it.
    pub(super) fn add_side(&mut self, anchor: f64, sign: f64) -> usize {
        let mut graph = self.graph.clone();
        let distance = graph.variable(0);
        let start = graph.constant(anchor);
        let position = if sign > 0.0 { graph.add(start, distance) } else { graph.subtract(start, distance) };
        let root = substitute(&mut graph, self.root, distance, position);
        let root = expand(&mut graph, root, distance);
        self.sides.push(Side { anchor, sign, code: Code::new(&graph, &[root]) });
        self.sides.len() - 1
    }

    /// Operations in a series.
    pub(super) fn operations(&self) -> usize {
        self.code.len()
    }

    /// The density as a series in t over `x`: at x = m + t, or at |x| and d = m·eᵗ times the Jacobian m·eᵗ.
    pub(super) fn series(&mut self, place: Place, x: Interval) -> Taylor {
        self.series += 1;
        match place {
            Place::Direct => {
                for (masked, zeros) in self.masked.iter_mut().zip(&self.zeros) {
                    *masked = *zeros;
                }
                let inside = self.roots.iter().enumerate().filter(|(_, root)| x.contains(**root)).fold(0, |bits, (bit, _)| bits | 1 << bit);
                self.masked.iter_mut().for_each(|mask| *mask &= inside);
                self.code.run(&[Taylor::variable(x)], &self.masked, &mut self.scratch);
                self.scratch[self.code.root(0)].clone()
            }
            Place::Near(side) => {
                let distance = powers(x);
                self.sides[side].code.run(std::slice::from_ref(&distance), &[], &mut self.scratch);
                self.scratch[self.sides[side].code.root(0)].times(&distance)
            }
            Place::Far(sign) => {
                let size = powers(x);
                let position = if sign > 0.0 { powers(x) } else { powers(-x) };
                self.code.run(&[position], &[], &mut self.scratch);
                self.scratch[self.code.root(0)].times(&size)
            }
        }
    }

    /// The density's germ at an anchor in the distance d, or at infinity in d = 1/|x|, up to `reach`.
    pub(super) fn germ(&mut self, place: Place, reach: f64) -> Germ {
        let reach = reach.min(LARGEST_REACH);
        let (code, input) = match place {
            Place::Near(side) => (&self.sides[side].code, Germ::distance(reach)),
            Place::Far(sign) => (&self.code, Germ::far(sign, reach)),
            Place::Direct => return Interval::ALL.into(),
        };
        code.run(&[input], &[], &mut self.germs);
        self.germs[code.root(0)].clone().within(reach)
    }
}

/// The series of m·eᵗ in t whose value lies in `x`: all coefficients are x/k!.
fn powers(x: Interval) -> Taylor {
    let mut factorial = 1.0;
    let coefficients = std::array::from_fn(|k| {
        factorial *= k.max(1) as f64;
        x / Interval::point(factorial)
    });
    Taylor::new(coefficients, TERMS)
}
