//! Inferred supports: parts at the ends of a variable's range in which a formula is proved to have no value, or the density to be zero,
//! wherever the other variables are.
//!
//! An enclosure over a smaller interval is no wider, so how far such a part reaches is found by bisection over the doubles. What is
//! said of a part is proved; that it reaches no further is not.

use super::cell_of;
use crate::density::{LogDensity, Meaning, Model};
use crate::enclosure::{Form, Interval};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// A range that is smaller than the one that was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// Number of the variable.
    pub variable: usize,
    /// Its name.
    pub name: String,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Whether the formula has no value beyond; if not, it has, and the density is zero there.
    pub undefined: bool,
}

impl Inferred {
    /// The range as a flag says it: `x=0,inf`.
    pub fn flag(&self) -> String {
        format!("{}={},{}", self.name, self.low, self.high)
    }
}

impl std::fmt::Display for Inferred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "inferred: {} in ({}, {}); say so with --range {}", self.name, self.low, self.high, self.flag())
    }
}

/// Summands that are looked at …
const SUMMANDS: usize = 64;
/// … and operators over boxes in all.
const WORK: usize = 3_000_000;
/// Doubles by which rounding outward may move an end.
const ROUNDED: u64 = 16;
/// Ends beyond this, or as small, come of numbers too large for doubles, not of the formula.
const FAR: f64 = 1e100;

/// A summand of the log density, and what of it ends a support.
struct Summand {
    form: Form,
    variables: Vec<u32>,
    /// Where it has no value the formula has none.
    by_holes: bool,
    /// Where it is −∞ the density is zero.
    by_zeros: bool,
}

impl Summand {
    fn new(graph: &Graph, root: NodeId, by_holes: bool, by_zeros: bool) -> Option<Summand> {
        let order = graph.order(&[root]);
        let has_rows =
            order.iter().any(|&id| matches!(graph.node(id), Node::Column(_) | Node::Gather(..) | Node::RowSum(_) | Node::GroupSum(..)));
        let variables = order.iter().filter_map(|&id| if let Node::Variable(variable) = graph.node(id) { Some(variable) } else { None });
        let variables: Vec<u32> = variables.collect();
        (!has_rows).then(|| Summand { form: Form::new(graph, root), variables, by_holes, by_zeros })
    }

    /// Whether nothing is left over a box; the flag says whether for want of a value.
    fn is_dead(&mut self, cell: &[Interval]) -> Option<bool> {
        let value = self.form.natural(cell);
        match (value.nowhere && self.by_holes, !value.partial && value.range.high == f64::NEG_INFINITY && self.by_zeros) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}

/// The variables whose support is proved to be smaller than their range, in order.
pub fn inferred(model: &Model) -> Vec<Inferred> {
    let graph = model.graph();
    let is_density = model.meaning() == Meaning::Density;
    let mut summands: Vec<Summand> = Vec::new();
    if is_density {
        summands.extend(Summand::new(graph, model.typed(), true, false));
    }
    let parts = split(graph, model.log_density_node());
    summands.extend(parts.into_iter().take(SUMMANDS).filter_map(|(root, sign)| Summand::new(graph, root, !is_density, sign)));
    let cell = cell_of(model.bounds());
    let mut found = Vec::new();
    for (variable, bound) in model.bounds().iter().enumerate() {
        let mut range = Inferred { variable, name: bound.name.clone(), low: bound.low, high: bound.high, undefined: false };
        for summand in summands.iter_mut().filter(|summand| summand.variables.contains(&(variable as u32))) {
            if summand.form.work > WORK / SUMMANDS {
                continue;
            }
            if let Some((end, undefined)) = reach(summand, &cell, variable, true).filter(|(end, _)| *end > range.low) {
                (range.low, range.undefined) = (end, range.undefined || undefined);
            }
            if let Some((end, undefined)) = reach(summand, &cell, variable, false).filter(|(end, _)| *end < range.high) {
                (range.high, range.undefined) = (end, range.undefined || undefined);
            }
        }
        if range.low < range.high && (range.low, range.high) != (bound.low, bound.high) {
            found.push(range);
        }
    }
    if found.is_empty() || is_alive(model, &found) { found } else { Vec::new() }
}

/// The summands of an expression; the flag is false for what is subtracted.
fn split(graph: &Graph, root: NodeId) -> Vec<(NodeId, bool)> {
    let (mut stack, mut found) = (vec![(root, true)], Vec::new());
    while let Some((id, sign)) = stack.pop() {
        match graph.node(id) {
            Node::Binary(Binary::Add, a, b) => stack.extend([(b, sign), (a, sign)]),
            Node::Binary(Binary::Subtract, a, b) => stack.extend([(b, !sign), (a, sign)]),
            Node::Unary(Unary::Negate, a) => stack.push((a, !sign)),
            _ => found.push((id, sign)),
        }
    }
    found
}

/// How far nothing is left, from the lower or the upper end of a variable's range, and whether for want of a value.
fn reach(summand: &mut Summand, cell: &[Interval], variable: usize, from_low: bool) -> Option<(f64, bool)> {
    let Interval { low, high } = cell[variable];
    let mut part = cell.to_vec();
    let mut dead = |end: f64| {
        part[variable] = if from_low { Interval::new(low, end) } else { Interval::new(end, high) };
        summand.is_dead(&part)
    };
    let near = match from_low {
        true if low == f64::NEG_INFINITY => -f64::MAX,
        true => low.next_up(),
        false if high == f64::INFINITY => f64::MAX,
        false => high.next_down(),
    };
    let mut undefined = dead(near)?;
    let (mut dead_at, mut alive_at) = (key(near), key(if from_low { high } else { low }));
    while dead_at.abs_diff(alive_at) > 1 {
        let middle = dead_at.midpoint(alive_at);
        match dead(from_key(middle)) {
            Some(why) => (dead_at, undefined) = (middle, why),
            None => alive_at = middle,
        }
    }
    let edge = from_key(dead_at);
    if edge.abs() < f64::MIN_POSITIVE {
        return Some((0.0, undefined));
    }
    // Bounds are rounded outward: a number of twelve digits beside the edge is what was meant.
    let near = format!("{edge:.11e}").parse().unwrap_or(edge);
    let edge = if key(near).abs_diff(dead_at) <= ROUNDED { near } else { edge };
    (1.0 / FAR..FAR).contains(&edge.abs()).then_some((edge, undefined))
}

/// Whether the density is positive somewhere in the ranges that were inferred. Of a formula that is undefined everywhere enclosures see
/// but where numbers are too small for doubles.
fn is_alive(model: &Model, found: &[Inferred]) -> bool {
    let place = |share: f64| -> Vec<f64> {
        let inside = |(variable, bound): (usize, &crate::density::Bound)| {
            let range = found.iter().find(|inferred| inferred.variable == variable);
            let (low, high) = range.map_or((bound.low, bound.high), |range| (range.low, range.high));
            match (low.is_finite(), high.is_finite()) {
                (true, true) => low + share * (high - low),
                (true, false) => low + share / (1.0 - share),
                (false, true) => high - share / (1.0 - share),
                (false, false) => share - 0.5,
            }
        };
        model.bounds().iter().enumerate().map(inside).collect()
    };
    let value = |share: f64| model.graph().eval(&[model.log_density_node()], &place(share))[0];
    [0.5, 0.25, 0.75, 0.1, 0.9, 0.01, 0.99].into_iter().map(value).any(|value| value > f64::NEG_INFINITY)
}

/// A whole number for each double, in the same order.
fn key(x: f64) -> i64 {
    let bits = x.to_bits().cast_signed();
    if bits >= 0 { bits } else { i64::MIN.wrapping_sub(bits) }
}

/// The double of a [`key`].
fn from_key(key: i64) -> f64 {
    let bits = if key >= 0 { key } else { i64::MIN.wrapping_sub(key) };
    f64::from_bits(bits.cast_unsigned())
}
