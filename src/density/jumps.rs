//! Where a formula jumps: found by following lines across the places where a step of its changes, whatever makes the step.
//!
//! A function that jumps need not make the density jump: x·sign x does not. So the log density itself is compared on both sides.

use std::collections::HashSet;

use super::Bound;
use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::math::{LANES, Lanes, Level};
use crate::random::{BlockRng, Purpose};
use crate::tape::{Program, ProgramEvaluator, Rounding};

/// What was found on both sides of the steps of a formula.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Jumps {
    /// Functions at whose steps the density goes from one positive value to another.
    pub(super) functions: Vec<&'static str>,
    /// Whether there is a step from a positive density to none.
    pub(super) has_edges: bool,
}

/// Half widths of the stretches of an unbounded variable that lines cross.
const REACHES: [f64; 4] = [0.3, 3.0, 30.0, 1000.0];
/// Halvings of a line: down to neighbouring doubles, about.
const HALVINGS: usize = 60;
/// Rows that lines are followed over.
pub(super) const ROWS: usize = 2000;
/// How many times what log p wavers by on one side is a difference.
const NOISE: f64 = 8.0;
/// Differences of log p that are not rounding.
const DIFFERENCE: f64 = 1e-6;

/// Follows lines through the ranges of the variables of `root`, a log density. A step that no line meets is not found.
pub(super) fn jumps(graph: &Graph, root: NodeId, bounds: &[Bound], rows: usize) -> Jumps {
    let mut graph = graph.clone();
    let mut steps = steps(&mut graph, root);
    let mut functions: Vec<&'static str> = Vec::new();
    if steps.is_empty() || rows > ROWS {
        // Over many rows nobody follows the steps: all of them may jump, but for those of `if`, of which few do.
        steps.iter().filter(|(_, name)| *name != "if").for_each(|(_, name)| add(&mut functions, name));
        return Jumps { functions, has_edges: false };
    }
    // What differs from row to row changes where its sum does.
    for (id, _) in &mut steps {
        if let Some(table) = graph.table_of(*id) {
            *id = graph.row_sum(table, *id);
        }
    }
    let outputs: Vec<NodeId> = std::iter::once(root).chain(steps.iter().map(|(id, _)| *id)).collect();
    let program = Program::compile(&graph, &outputs, bounds.len(), Rounding::default());
    let mut evaluator = ProgramEvaluator::new(&program, Level::detect());
    let mut values = vec![Lanes::default(); outputs.len()];
    let mut has_edges = false;
    for (number, reach) in REACHES.into_iter().enumerate() {
        let mut rng = BlockRng::new(0, number as u64, Purpose::Proposal);
        let [mut from, mut to] = [(), ()].map(|()| places(bounds, reach, &mut rng));
        evaluator.run(&program, &from, &mut values);
        let first = values.clone();
        evaluator.run(&program, &to, &mut values);
        let mut last = values.clone();
        let mut middle = from.clone();
        let mut before = first.clone();
        for _ in 0..HALVINGS {
            for ((middle, from), to) in middle.iter_mut().zip(&from).zip(&to) {
                for lane in 0..LANES {
                    middle[lane] = 0.5 * from[lane] + 0.5 * to[lane];
                }
            }
            evaluator.run(&program, &middle, &mut values);
            // The first half if a step lies in it.
            let mut is_first = [false; LANES];
            for (values, before) in values.iter().zip(&before).skip(1) {
                is_first.iter_mut().zip(values.iter().zip(before.iter())).for_each(|(is, (value, before))| *is |= value != before);
            }
            halve(&is_first, &middle, &mut from, &mut to);
            halve(&is_first, &values, &mut before, &mut last);
        }
        // How far log p wavers on one side alone, by the rounding of what is nearly the same.
        let mut noise = Lanes::default();
        for back in [1.0, 2.0, 4.0, 8.0] {
            for (near, far, ends) in [(&from, &to, &before), (&to, &from, &last)] {
                for ((middle, near), far) in middle.iter_mut().zip(near).zip(far) {
                    (0..LANES).for_each(|lane| middle[lane] = near[lane] + back * (near[lane] - far[lane]));
                }
                evaluator.run(&program, &middle, &mut values);
                (0..LANES).for_each(|lane| noise[lane] = noise[lane].max((values[0][lane] - ends[0][lane]).abs()));
            }
        }
        for lane in 0..LANES {
            let (a, b) = (before[0][lane], last[0][lane]);
            let mut changed = steps.iter().enumerate().filter(|(step, _)| before[step + 1][lane] != last[step + 1][lane]).peekable();
            if changed.peek().is_none() || a.is_nan() || b.is_nan() || a == b {
                continue;
            }
            if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
                has_edges = true;
            } else if (a - b).abs() > DIFFERENCE * (1.0 + a.abs().min(b.abs())) && (a - b).abs() > NOISE * noise[lane] {
                changed.for_each(|(_, (_, name))| add(&mut functions, name));
            }
        }
    }
    Jumps { functions, has_edges }
}

/// Moves one of two ends to the middle: in each lane the last one where `is_first`, else the first.
fn halve(is_first: &[bool; LANES], middle: &[Lanes], from: &mut [Lanes], to: &mut [Lanes]) {
    for ((middle, from), to) in middle.iter().zip(from).zip(to) {
        for lane in 0..LANES {
            let middle = middle[lane];
            (from[lane], to[lane]) = if is_first[lane] { (from[lane], middle) } else { (middle, to[lane]) };
        }
    }
}

fn add(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

/// Nodes of `graph` that are the same number up to a step, and the functions that they belong to; a comparison stands in an `if`.
fn steps(graph: &mut Graph, root: NodeId) -> Vec<(NodeId, &'static str)> {
    let mut found = Vec::new();
    let order = graph.order(&[root]);
    // Children stand before their parents.
    let mut moves: HashSet<NodeId> = HashSet::new();
    for id in order {
        let is_variable = matches!(graph.node(id), Node::Variable(_));
        if is_variable || graph.operands(id).any(|operand| moves.contains(&operand)) {
            moves.insert(id);
        } else {
            continue;
        }
        match graph.node(id) {
            Node::Unary(op @ (Unary::Floor | Unary::Ceil | Unary::Round | Unary::Sign), _) => found.push((id, op.name())),
            Node::Unary(Unary::Not, _) => found.push((id, "if")),
            Node::Binary(Binary::Mod, a, b) => {
                let quotient = graph.divide(a, b);
                found.push((graph.unary(Unary::Floor, quotient), Binary::Mod.name()));
            }
            Node::Binary(Binary::Less | Binary::LessEqual | Binary::Equal | Binary::NotEqual | Binary::And | Binary::Or, ..) => {
                found.push((id, "if"))
            }
            _ => {}
        }
    }
    found
}

/// A place for each lane: anywhere in a finite range, as far as `reach` in another.
fn places(bounds: &[Bound], reach: f64, rng: &mut BlockRng) -> Vec<Lanes> {
    let place = |bound: &Bound| {
        let mut row = Lanes::default();
        rng.fill_uniform(&mut row);
        let (low, high) = match (bound.low.is_finite(), bound.high.is_finite()) {
            (true, true) => (bound.low, bound.high),
            (true, false) => (bound.low, bound.low + reach),
            (false, true) => (bound.high - reach, bound.high),
            (false, false) => (-reach, reach),
        };
        row.iter_mut().for_each(|x| *x = low + (high - low) * *x);
        row
    };
    bounds.iter().map(place).collect()
}
