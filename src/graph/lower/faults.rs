//! Faults: rows in which something has no value, as a cell is missing, an index has no element, or a condition of a distribution fails.
//!
//! A fault is no error until a sum reads it. `if` reads of each arm the rows that choose it, if the data decide that; `and` and `or` read
//! their right side where the left one does not settle them.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Binary, Error, Lowering, NodeId, Result};
use crate::graph::Node;
use crate::math::Numbers;

/// What to say of a row, by its number from 0.
type Says = Rc<dyn Fn(usize) -> Error>;

/// The faults of a formula.
#[derive(Default)]
pub(super) struct Faults {
    says: Vec<Says>,
    /// By node, for each row the number of its fault in `says`, from 1; 0 for none.
    rows: HashMap<NodeId, Rc<[u32]>>,
}

impl Lowering<'_> {
    /// Notes that `node` has no value in those `rows` that `says` explains.
    pub(super) fn fault(&mut self, node: NodeId, rows: impl Iterator<Item = bool>, says: impl Fn(usize) -> Error + 'static) {
        self.faults.says.push(Rc::new(says));
        let number = self.faults.says.len() as u32;
        let new: Vec<u32> = rows.map(|is_fault| if is_fault { number } else { 0 }).collect();
        self.inherit(node, &new);
    }

    /// Notes faults of something else as those of `node`.
    pub(super) fn inherit(&mut self, node: NodeId, new: &[u32]) {
        let old = self.faults.rows.get(&node);
        let both = new.iter().enumerate().map(|(row, &new)| old.map_or(0, |old| old[row]).max(new)).collect();
        self.faults.rows.insert(node, both);
    }

    /// An error if `node` reads a fault in one of its rows.
    pub(super) fn read(&self, node: NodeId) -> Result<()> {
        let found = self.faults_of(node);
        match found.and_then(|rows| rows.iter().position(|&fault| fault > 0).map(|row| (row, rows[row]))) {
            Some((row, fault)) => Err((self.faults.says[fault as usize - 1])(row)),
            None => Ok(()),
        }
    }

    /// An error if `node` reads a fault in this row, from 0.
    pub(super) fn read_row(&self, node: NodeId, row: usize) -> Result<()> {
        match self.faults_of(node).map_or(0, |rows| rows[row]) {
            0 => Ok(()),
            fault => Err((self.faults.says[fault as usize - 1])(row)),
        }
    }

    /// For each row of `node` the number of the fault that it reads, 0 for none; `None` if there is none at all.
    pub(super) fn faults_of(&self, node: NodeId) -> Option<Rc<[u32]>> {
        if self.faults.rows.is_empty() {
            return None;
        }
        let mut found: HashMap<NodeId, Rc<[u32]>> = HashMap::new();
        for id in self.graph.order(&[node]) {
            if self.graph.table_of(id).is_none() {
                continue;
            }
            let of = |id: NodeId| found.get(&id).cloned();
            let mut faults = self.faults.rows.get(&id).cloned();
            let mut add = |more: Option<Rc<[u32]>>, reads: Option<(&Numbers, bool)>| {
                let Some(more) = more else { return };
                let is_read = |row: usize| reads.is_none_or(|(condition, truth)| (condition[row] != 0.0) == truth);
                let old = faults.take();
                let at = |row: usize| old.as_ref().map_or(0, |old| old[row]);
                faults = Some((0..more.len()).map(|row| at(row).max(if is_read(row) { more[row] } else { 0 })).collect());
            };
            let known = |condition: NodeId| self.graph.is_data(condition).then(|| self.graph.values_by_row(condition));
            match self.graph.node(id) {
                Node::Select(condition, then, otherwise) => {
                    let rows = if of(then).is_some() || of(otherwise).is_some() { known(condition) } else { None };
                    add(of(condition), None);
                    add(of(then), rows.as_ref().map(|rows| (rows, true)));
                    add(of(otherwise), rows.as_ref().map(|rows| (rows, false)));
                }
                Node::Binary(op @ (Binary::And | Binary::Or), left, right) => {
                    let rows = if of(right).is_some() { known(left) } else { None };
                    add(of(left), None);
                    add(of(right), rows.as_ref().map(|rows| (rows, op == Binary::And)));
                }
                _ => self.graph.operands(id).for_each(|operand| add(of(operand), None)),
            }
            if let Some(faults) = faults.filter(|faults| faults.iter().any(|&fault| fault > 0)) {
                found.insert(id, faults);
            }
        }
        found.remove(&node)
    }
}
