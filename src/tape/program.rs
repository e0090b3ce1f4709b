//! Expressions over the rows of data, as tapes in turn: what does not vary, then a loop over the rows, and so on.
//!
//! A stage evaluates what the rows need of the chain (its *uniforms*), then runs one tape over the rows of each table, the rows side by
//! side in the lanes, chain after chain. Sums are taken in an order that is part of the result: within a stretch of rows, row r is added
//! to partial sum r mod 32, the partial sums pairwise, the stretches in order. So neither threads nor SIMD levels change a bit.

use rustc_hash::FxHashMap as HashMap;
use std::sync::Arc;

use super::compile::Tape;
use super::operations::{Rounding, RowKinds};
use crate::graph::{Binary, Graph, Node, NodeId, TableId, extract};
use crate::math::Numbers;

/// Partial sums of a stretch.
pub(super) const PARTIAL: usize = 32;
/// Blocks of rows in a stretch: the work of one thread at a time.
pub(super) const STRETCH: usize = 4;

/// Compiled expressions, with their data; immutable, shared between threads.
#[derive(Debug, Clone)]
pub struct Program {
    pub(super) stages: Vec<Stage>,
    /// From the variables and all sums to the results.
    pub(super) last: Tape,
    inputs: usize,
    /// How many sums over rows there are; their values follow the variables.
    pub(super) sums: usize,
}

/// Sums over rows that need no sums but those of earlier stages.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// From variables and earlier sums to the uniforms.
    pub(super) before: Tape,
    pub(super) loops: Vec<RowLoop>,
}

/// One tape over the rows of one table.
#[derive(Debug, Clone)]
pub(super) struct RowLoop {
    pub(super) table: TableId,
    pub(super) rows: usize,
    /// Inputs: uniforms, then gathers, then columns.
    pub(super) tape: Tape,
    /// The outputs of `before` that are the same in all rows.
    pub(super) uniforms: Vec<usize>,
    /// Those of them, by their numbers among the inputs, that are wanted as a number for each row.
    pub(super) spread: Vec<usize>,
    pub(super) gathers: Vec<Gathered>,
    pub(super) columns: Vec<Numbers>,
    pub(super) sums: Vec<Sum>,
    /// What the first sums are.
    pub(super) products: Vec<Products>,
}

/// Sums over all rows, one after the other from the first on, of one output times a column each.
#[derive(Debug, Clone)]
pub(super) struct Products {
    pub(super) first: usize,
    pub(super) output: usize,
    /// By the numbers of the inputs.
    pub(super) columns: Vec<usize>,
}

/// `elements[index]`: the elements are outputs of `before`.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    pub(super) elements: Vec<usize>,
    pub(super) index: Arc<[u32]>,
}

/// Where a factor of a sum is, a number a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Output(usize),
    Input(usize),
}

/// Σ factor, or Σ factor·other; by groups if there is an index.
#[derive(Debug, Clone)]
pub(super) struct Sum {
    pub(super) factor: Source,
    pub(super) other: Option<Source>,
    /// Where the sum goes; by groups, the group of each row and where each group's sum goes.
    pub(super) target: Target,
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    All(usize),
    Groups { index: Arc<[u32]>, slots: Vec<Option<usize>> },
}

impl Program {
    /// Compiles `outputs`, expressions of `graph` in the variables `0..inputs`; what varies in them is summed over.
    pub fn compile(graph: &Graph, outputs: &[NodeId], inputs: usize, rounding: Rounding) -> Program {
        let order = graph.order(outputs);
        // How many sums lie one within the other below each node.
        let mut depth: HashMap<NodeId, usize> = HashMap::default();
        let mut sums: Vec<Vec<NodeId>> = Vec::new();
        for &id in &order {
            let below = graph.operands(id).map(|operand| depth[&operand]).max().unwrap_or(0);
            let is_sum = matches!(graph.node(id), Node::RowSum(_) | Node::GroupSum(..));
            depth.insert(id, below + usize::from(is_sum));
            if is_sum {
                sums.resize(sums.len().max(below + 1), Vec::new());
                sums[below].push(id);
            }
        }
        let slots: HashMap<NodeId, u32> = sums.iter().flatten().zip(inputs as u32..).map(|(&sum, slot)| (sum, slot)).collect();
        let width = inputs + slots.len();
        let tape = |roots: &[NodeId]| {
            if slots.is_empty() {
                return Tape::compile(graph, roots, inputs, rounding);
            }
            let (piece, roots) = extract(graph, roots, &slots);
            Tape::compile(&piece, &roots, width, rounding)
        };
        let stages = sums
            .iter()
            .map(|sums| {
                let mut tables: Vec<(TableId, Vec<NodeId>)> = Vec::new();
                for &sum in sums {
                    let table = table_of_sum(graph, sum);
                    match tables.iter_mut().find(|(known, _)| *known == table) {
                        Some((_, sums)) => sums.push(sum),
                        None => tables.push((table, vec![sum])),
                    }
                }
                let mut uniforms = Numbering::default();
                let loops =
                    tables.into_iter().map(|(table, sums)| row_loop(graph, table, &sums, &slots, &mut uniforms, rounding)).collect();
                Stage { before: tape(&uniforms.nodes), loops }
            })
            .collect();
        Program { stages, last: tape(outputs), inputs, sums: slots.len() }
    }

    /// Whether no sum over rows lies inside another.
    pub fn is_flat(&self) -> bool {
        self.stages.len() <= 1
    }

    /// How many variables there are.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many expressions it computes.
    pub fn outputs(&self) -> usize {
        self.last.outputs()
    }

    /// The tape of what does not vary; the whole program, if there are no rows.
    pub fn tape(&self) -> &Tape {
        &self.last
    }

    /// Instructions for each row, and rows, of each loop.
    pub fn loops(&self) -> Vec<(usize, usize)> {
        self.loops_over_rows().map(|row_loop| (row_loop.tape.len(), row_loop.rows)).collect()
    }

    pub(super) fn loops_over_rows(&self) -> impl Iterator<Item = &RowLoop> {
        self.stages.iter().flat_map(|stage| &stage.loops)
    }
}

impl Program {
    /// The tables that it loops over, with their numbers of rows, in order of appearance.
    pub fn tables(&self) -> Vec<(TableId, usize)> {
        let mut tables: Vec<(TableId, usize)> = Vec::new();
        for row_loop in self.loops_over_rows() {
            if tables.iter().all(|(known, _)| *known != row_loop.table) {
                tables.push((row_loop.table, row_loop.rows));
            }
        }
        tables
    }
}

fn table_of_sum(graph: &Graph, sum: NodeId) -> TableId {
    let (Node::RowSum(body) | Node::GroupSum(body, ..)) = graph.node(sum) else { unreachable!("a sum over rows") };
    let index = match graph.node(sum) {
        Node::GroupSum(_, index, _) => index,
        _ => body,
    };
    graph.table_of(body).or(graph.table_of(index)).expect("a sum over rows is of something that varies")
}

/// Nodes in order of appearance.
#[derive(Default)]
struct Numbering {
    nodes: Vec<NodeId>,
    places: HashMap<NodeId, usize>,
}

impl Numbering {
    fn place(&mut self, node: NodeId) -> usize {
        *self.places.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            self.nodes.len() - 1
        })
    }
}

fn row_loop(
    graph: &Graph,
    table: TableId,
    sums: &[NodeId],
    slots: &HashMap<NodeId, u32>,
    chain: &mut Numbering,
    rounding: Rounding,
) -> RowLoop {
    let rows = graph.table_rows(table);
    let body = |sum: NodeId| match graph.node(sum) {
        Node::RowSum(body) | Node::GroupSum(body, ..) => body,
        _ => unreachable!("a sum over rows"),
    };
    let is_leaf = |node: NodeId| graph.table_of(node).is_none() || graph.is_data(node) || matches!(graph.node(node), Node::Gather(..));
    // A product that is only summed is never written down.
    let factors = |sum: NodeId| match graph.node(body(sum)) {
        Node::Binary(Binary::Multiply, a, b) if rounding == Rounding::Fused && graph.number(a).is_none() => (a, Some(b)),
        _ => (body(sum), None),
    };
    let parts: Vec<NodeId> = sums.iter().flat_map(|&sum| [Some(factors(sum).0), factors(sum).1]).flatten().collect();
    let (mut uniforms, mut gathers, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = rustc_hash::FxHashSet::default();
    let mut stack: Vec<NodeId> = parts.clone();
    stack.reverse();
    while let Some(node) = stack.pop() {
        if !seen.insert(node) || graph.number(node).is_some() {
            continue;
        }
        if graph.table_of(node).is_none() {
            uniforms.push(node);
        } else if graph.is_data(node) {
            columns.push(node);
        } else if let Node::Gather(..) = graph.node(node) {
            gathers.push(node);
        } else {
            let operands: Vec<NodeId> = graph.operands(node).collect();
            stack.extend(operands.into_iter().rev());
        }
    }
    let leaves: HashMap<NodeId, u32> =
        uniforms.iter().chain(&gathers).chain(&columns).zip(0..).map(|(&leaf, number)| (leaf, number)).collect();
    let mut outputs = Numbering::default();
    let mut known_indices: HashMap<NodeId, Arc<[u32]>> = HashMap::default();
    let mut indices = |index: NodeId| known_indices.entry(index).or_insert_with(|| indices(graph, index)).clone();
    let mut source = |node: NodeId| match leaves.get(&node) {
        Some(&input) if is_leaf(node) => Source::Input(input as usize),
        _ => Source::Output(outputs.place(node)),
    };
    let mut all: Vec<Sum> = Vec::new();
    for &sum in sums {
        let (factor, other) = factors(sum);
        let (factor, other) = (source(factor), other.map(&mut source));
        let slot = slots[&sum] as usize;
        let Node::GroupSum(_, index, group) = graph.node(sum) else {
            all.push(Sum { factor, other, target: Target::All(slot) });
            continue;
        };
        let index = indices(index);
        let place = group as usize - 1;
        let same = |known: &&mut Sum| {
            let Target::Groups { index: by, .. } = &known.target else { return false };
            known.factor == factor && known.other == other && Arc::ptr_eq(by, &index)
        };
        match all.iter_mut().find(same) {
            Some(Sum { target: Target::Groups { slots, .. }, .. }) => {
                slots.resize(slots.len().max(place + 1), None);
                slots[place] = Some(slot);
            }
            _ => {
                let groups = index.iter().max().map_or(0, |&most| most as usize).max(place + 1);
                let mut slots = vec![None; groups];
                slots[place] = Some(slot);
                all.push(Sum { factor, other, target: Target::Groups { index, slots } });
            }
        }
    }
    let first_column = uniforms.len() + gathers.len();
    let products = products(&mut all, first_column);
    let (piece, roots) = extract(graph, &outputs.nodes, &leaves);
    let kinds = RowKinds { numbers: uniforms.len() as u32, columns: first_column as u32 };
    let tape = Tape::compile_rows(&piece, &roots, leaves.len(), rounding, kinds);
    let mut read = tape.rows_read();
    for factor in all.iter().flat_map(|sum| [Some(sum.factor), sum.other]).flatten() {
        if let Source::Input(input) = factor {
            read[input] = true;
        }
    }
    RowLoop {
        spread: (0..uniforms.len()).filter(|&input| read[input]).collect(),
        table,
        rows,
        tape,
        uniforms: uniforms.iter().map(|&uniform| chain.place(uniform)).collect(),
        gathers: gathers
            .iter()
            .map(|&gather| {
                let Node::Gather(list, index) = graph.node(gather) else { unreachable!("sorted above") };
                Gathered { elements: graph.list(list).iter().map(|&element| chain.place(element)).collect(), index: indices(index) }
            })
            .collect(),
        columns: columns.iter().map(|&column| graph.values_by_row(column)).collect(),
        sums: all,
        products,
    }
}

/// Moves the sums over all rows of an output times a column to the front.
fn products(sums: &mut [Sum], first_column: usize) -> Vec<Products> {
    let parts = |sum: &Sum| match (sum.factor, sum.other, &sum.target) {
        (Source::Output(output), Some(Source::Input(column)), Target::All(_))
        | (Source::Input(column), Some(Source::Output(output)), Target::All(_))
            if column >= first_column =>
        {
            Some((output, column))
        }
        _ => None,
    };
    sums.sort_by_key(|sum| parts(sum).map_or(usize::MAX, |(output, _)| output));
    let mut found: Vec<Products> = Vec::new();
    for (at, (output, column)) in sums.iter().map_while(parts).enumerate() {
        match found.last_mut().filter(|last| last.output == output) {
            Some(last) => last.columns.push(column),
            None => found.push(Products { first: at, output, columns: vec![column] }),
        }
    }
    found
}

/// A column of whole numbers from 1 on.
fn indices(graph: &Graph, index: NodeId) -> Arc<[u32]> {
    graph.values_by_row(index).iter().map(|&value| value as u32).collect()
}
