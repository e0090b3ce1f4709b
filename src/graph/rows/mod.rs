//! What varies from row to row of a table: columns, elements picked by a column, and their values.
//!
//! A node *varies* if a column is below it and no sum over rows between. It belongs to one table; what it is multiplied or added with
//! belongs to the same table or does not vary. Of nodes that vary, those without a parameter below are *data*: known before any run.

mod linear;
mod statistics;
mod sum;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::{Binary, Graph, Node, NodeId, Unary};
use crate::error::{Error, ErrorKind, Result};
use crate::math::Numbers;

/// A table of a [`Graph`]: only its length matters there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(u32);

/// A column of numbers.
#[derive(Debug, Clone)]
pub(super) struct Column {
    name: String,
    table: TableId,
    values: Numbers,
}

/// Tables and columns of a graph, and what each node takes from them.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    /// The number of rows of each table.
    lengths: Vec<usize>,
    columns: Vec<Column>,
    /// For each node its table, if it varies.
    tables: Vec<Option<TableId>>,
    /// Whether each node depends on a variable.
    free: Vec<bool>,
    /// Columns made of others: by what was picked and by what; by itself twice for its own values.
    picked: HashMap<(NodeId, NodeId), NodeId>,
    /// How many sums over rows became polynomials of the parameters.
    statistics: usize,
}

/// Rows are evaluated in stretches of so many, to bound the memory.
const STRETCH: usize = 1024;

impl Graph {
    /// A new table of `rows` rows.
    pub fn table(&mut self, rows: usize) -> TableId {
        self.rows.lengths.push(rows);
        TableId(self.rows.lengths.len() as u32 - 1)
    }

    /// How many rows the table has.
    pub fn table_rows(&self, table: TableId) -> usize {
        self.rows.lengths[table.0 as usize]
    }

    /// A column of `table`; the same values are the same node.
    ///
    /// # Panics
    /// If there are not as many values as the table has rows.
    pub fn column(&mut self, table: TableId, name: &str, values: Numbers) -> NodeId {
        assert_eq!(values.len(), self.table_rows(table), "a value for each row");
        let known = |column: &Column| column.table == table && column.values.is(&values);
        let number = self.rows.columns.iter().position(known).unwrap_or_else(|| {
            self.rows.columns.push(Column { name: name.into(), table, values });
            self.rows.columns.len() - 1
        });
        self.intern(Node::Column(number as u32))
    }

    /// The name of column number `column`.
    pub fn column_name(&self, column: u32) -> &str {
        &self.rows.columns[column as usize].name
    }

    /// The values of column number `column`, a number a row.
    pub fn column_values(&self, column: u32) -> &Numbers {
        &self.rows.columns[column as usize].values
    }

    /// The table that `id` varies with.
    pub fn table_of(&self, id: NodeId) -> Option<TableId> {
        self.rows.tables[id.index()]
    }

    /// Whether a variable is below `id`.
    pub fn is_free(&self, id: NodeId) -> bool {
        self.rows.free[id.index()]
    }

    /// Whether `id` varies and is known before any run.
    pub fn is_data(&self, id: NodeId) -> bool {
        self.table_of(id).is_some() && !self.is_free(id)
    }

    /// How many sums over rows were replaced by polynomials whose coefficients are sums over the data.
    pub fn sufficient_statistics(&self) -> usize {
        self.rows.statistics
    }

    /// `elements[index]`, 1-based, for a column of indices. Where the elements vary it is a choice among them in each row.
    ///
    /// # Errors
    /// Kind `index`, with the row, for an index that is no whole number from 1 to the number of elements.
    pub fn gather(&mut self, elements: &[NodeId], index: NodeId) -> Result<NodeId> {
        let table = self.table_of(index).expect("an index that varies");
        let indices = self.values_by_row(index);
        let wrong = |value: &f64| !(*value >= 1.0 && *value <= elements.len() as f64 && value.fract() == 0.0);
        if let Some(row) = indices.iter().position(wrong) {
            let message = format!("the index is {} in row {}; there are {} elements", indices[row], row + 1, elements.len());
            return Err(Error::new(ErrorKind::Index, message).hint("elements count from 1"));
        }
        let numbers: Option<Vec<f64>> = elements.iter().map(|&element| self.number(element)).collect();
        if let Some(numbers) = numbers {
            let values: Numbers = indices.iter().map(|&index| numbers[index as usize - 1]).collect();
            return Ok(self.column(table, "", values));
        }
        let index = self.as_column(index);
        if elements.iter().any(|&element| self.table_of(element).is_some()) {
            let (&last, others) = elements.split_last().expect("an index has an element");
            let choose = |otherwise: NodeId, (at, &element): (usize, &NodeId)| {
                let number = self.constant(at as f64 + 1.0);
                let is_it = self.binary(Binary::Equal, index, number);
                self.select(is_it, element, otherwise)
            };
            return Ok(others.iter().enumerate().rev().fold(last, choose));
        }
        let list = self.intern_list(elements);
        Ok(self.intern(Node::Gather(list, index)))
    }

    /// The node as a column: itself, or a new one with its values.
    pub fn as_column(&mut self, data: NodeId) -> NodeId {
        if let Node::Column(_) = self.node(data) {
            return data;
        }
        if let Some(&known) = self.rows.picked.get(&(data, data)) {
            return known;
        }
        let table = self.table_of(data).expect("data varies");
        let values = self.values_by_row(data);
        let column = self.column(table, "", values);
        self.rows.picked.insert((data, data), column);
        column
    }

    /// For each row of `index`, data, the value that `data` has in the row of that number: a lag, or a look into another table.
    pub(crate) fn rows_at(&mut self, data: NodeId, index: NodeId) -> NodeId {
        if let Some(&known) = self.rows.picked.get(&(data, index)) {
            return known;
        }
        let values = self.values_by_row(data);
        let picked = self.values_by_row(index).iter().map(|&row| values[row as usize - 1]).collect();
        let table = self.table_of(index).expect("an index that varies");
        let column = self.column(table, "", picked);
        self.rows.picked.insert((data, index), column);
        column
    }

    /// For each row of `index`, data, what `root` is in the row of that number.
    ///
    /// # Errors
    /// Kind `too_long`.
    pub(crate) fn at_rows(&mut self, root: NodeId, index: NodeId) -> Result<NodeId> {
        if self.is_data(root) {
            return Ok(self.rows_at(root, index));
        }
        let mut images = HashMap::default();
        for id in self.varying(root, &mut images) {
            let image = match self.node(id) {
                Node::Column(_) => self.rows_at(id, index),
                Node::Gather(list, by) => {
                    let elements: Vec<NodeId> = self.list(list).iter().map(|element| images[element]).collect();
                    let by = self.rows_at(by, index);
                    self.gather(&elements, by)?
                }
                _ => super::substitute::rebuild(self, id, &images),
            };
            images.insert(id, image);
            self.check_size()?;
        }
        Ok(images[&root])
    }

    /// The value of each row of a node that is data; a column's are shared.
    pub fn values_by_row(&self, data: NodeId) -> Numbers {
        if let Node::Column(column) = self.node(data) {
            return self.column_values(column).clone();
        }
        let rows = self.table_of(data).map_or(1, |table| self.table_rows(table));
        let mut values = Vec::with_capacity(rows);
        for from in (0..rows).step_by(STRETCH) {
            values.extend(self.stretch(data, from, (rows - from).min(STRETCH)));
        }
        values.into()
    }

    /// The values of rows `from .. from + count` of a node that is data, node by node.
    fn stretch(&self, root: NodeId, from: usize, count: usize) -> Vec<f64> {
        let order = self.order(&[root]);
        let mut places = HashMap::default();
        let mut all: Vec<Vec<f64>> = Vec::with_capacity(order.len());
        for id in order {
            let values = match self.node(id) {
                Node::Column(column) => self.column_values(column)[from..from + count].to_vec(),
                _ => {
                    let operands: Vec<&Vec<f64>> = self.operands(id).map(|operand| &all[places[&operand]]).collect();
                    let mut at = vec![0.0; operands.len()];
                    (0..count)
                        .map(|row| {
                            at.iter_mut().zip(&operands).for_each(|(value, operand)| *value = operand[row]);
                            self.apply(id, &at)
                        })
                        .collect()
                }
            };
            places.insert(id, all.len());
            all.push(values);
        }
        all.pop().expect("the root is last")
    }

    /// The nodes from `root` down that vary, children first; what they are made of that does not vary is its own image.
    fn varying(&self, root: NodeId, images: &mut HashMap<NodeId, NodeId>) -> Vec<NodeId> {
        let (mut found, mut stack) = (Vec::new(), vec![root]);
        let mut seen = HashSet::default();
        while let Some(id) = stack.pop() {
            if self.table_of(id).is_none() {
                images.insert(id, id);
            } else if seen.insert(id) {
                found.push(id);
                stack.extend(self.operands(id));
            }
        }
        found.sort_unstable();
        found
    }

    /// `root` in row `row`: columns replaced by their numbers, gathers by their elements.
    pub(crate) fn in_row(&mut self, root: NodeId, row: usize) -> NodeId {
        let mut images = HashMap::default();
        for id in self.varying(root, &mut images) {
            let image = match self.node(id) {
                Node::Column(column) => {
                    let value = self.column_values(column)[row];
                    self.constant(value)
                }
                Node::Gather(list, index) => {
                    let Node::Column(index) = self.node(index) else { unreachable!("gathers go by columns") };
                    images[&self.list(list)[self.column_values(index)[row] as usize - 1]]
                }
                _ => super::substitute::rebuild(self, id, &images),
            };
            images.insert(id, image);
        }
        images[&root]
    }

    /// What an interned node takes from rows: its table, and whether a variable is below it.
    pub(super) fn note_rows(&mut self, id: NodeId) {
        let (table, free) = match self.node(id) {
            Node::Column(column) => (Some(self.rows.columns[column as usize].table), false),
            Node::Variable(_) => (None, true),
            Node::Gather(list, index) => (self.table_of(index), self.list(list).iter().any(|&element| self.is_free(element))),
            Node::RowSum(body) | Node::GroupSum(body, ..) => (None, self.is_free(body)),
            _ => (self.operands(id).find_map(|operand| self.table_of(operand)), self.operands(id).any(|operand| self.is_free(operand))),
        };
        self.rows.tables.push(table);
        self.rows.free.push(free);
    }

    /// The mean of a column's values, its standard deviation (n − 1), and its smallest and largest value, by compensated sums.
    pub fn describe(&self, data: NodeId) -> Description {
        let values = self.values_by_row(data);
        let n = values.len() as f64;
        let mean = statistics::total(values.iter().copied()) / n;
        let squares = statistics::total(values.iter().map(|value| (value - mean) * (value - mean)));
        let fold = |f: fn(f64, f64) -> f64, start| values.iter().copied().fold(start, f);
        Description {
            mean,
            sd: (squares / (n - 1.0)).sqrt(),
            low: fold(super::min, f64::INFINITY),
            high: fold(super::max, f64::NEG_INFINITY),
        }
    }

    /// −`a` or `a`.
    fn signed(&mut self, negative: bool, a: NodeId) -> NodeId {
        if negative { self.unary(Unary::Negate, a) } else { a }
    }
}

/// What [`Graph::describe`] says of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Description {
    /// Mean.
    pub mean: f64,
    /// Standard deviation (n − 1).
    pub sd: f64,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_sum_of_what_is_the_same_in_all_rows_counts_them() {
        let mut graph = Graph::default();
        let table = graph.table(3);
        let index = graph.column(table, "g", vec![1.0, 2.0, 1.0].into());
        for (value, sum) in [(1.0, 2.0), (-0.25, -0.5), (0.0, 0.0)] {
            let value = graph.constant(value);
            let found = graph.group_sum(value, index, 1);
            assert_eq!(graph.number(found), Some(sum));
        }
        let x = graph.variable(0);
        let two = graph.constant(2.0);
        let twice = graph.multiply(two, x);
        assert_eq!(graph.group_sum(x, index, 1), twice);
    }

    #[test]
    fn shared_values_are_one_column_and_equal_ones_two() {
        let mut graph = Graph::default();
        let table = graph.table(3);
        let values: Numbers = vec![1.0, 2.0, 4.0].into();
        let first = graph.column(table, "x", values.clone());
        assert_eq!(graph.column(table, "y", values.clone()), first);
        assert_ne!(graph.column(table, "x", values.to_vec().into()), first);
        // Whoever asks for its values shares them too.
        assert!(graph.values_by_row(first).is(&values));
    }
}
