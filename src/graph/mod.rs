//! The expression graph: a hash-consed arena of nodes, children before parents.

mod build;
mod distributions;
mod expand;
mod extract;
mod lower;
mod op;
pub mod print;

mod rows;
mod substitute;

use rustc_hash::FxHashMap as HashMap;

pub use lower::{Declared, Labels, Lowered, Origin, VariableName, constant, lower, lower_with};
pub use op::{Binary, Unary};
pub use rows::{Description, TableId};
pub use substitute::substitute;

pub(crate) use expand::expand;
pub(crate) use extract::extract;
pub(crate) use op::{log_sum_exp, max, min, powi, select, truth};

use crate::error::{Error, ErrorKind, Result};

/// No graph grows beyond this many nodes, counted again after differentiation.
pub const NODE_LIMIT: usize = 200_000;

/// A node of a [`Graph`]; children have smaller ids than their parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The position in the arena.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A list of operands, interned like a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ListId(u32);

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// A number, by its bits, so that 0 and −0 differ and a NaN equals itself.
    Constant(u64),
    /// The variable with this number.
    Variable(u32),
    /// An operator of one operand.
    Unary(Unary, NodeId),
    /// An operator of two operands.
    Binary(Binary, NodeId, NodeId),
    /// An integer power.
    Power(NodeId, i32),
    /// ψ⁽ⁿ⁾, the n-th derivative of digamma, n ≥ 1.
    Polygamma(u32, NodeId),
    /// `if(condition, then, otherwise)`.
    Select(NodeId, NodeId, NodeId),
    /// log Σ exp of a list.
    LogSumExp(ListId),
    /// The column with this number: a number for each row of its table.
    Column(u32),
    /// The element of a list that a column of whole numbers (the node) picks, the first being 1.
    Gather(ListId, NodeId),
    /// Σ over the rows of a table.
    RowSum(NodeId),
    /// Σ over the rows in which a column of whole numbers (the second node) is this one.
    GroupSum(NodeId, NodeId, u32),
}

/// Shared immutable nodes; the same expression is the same node.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Whether each node is defined for every real value of its variables.
    total: Vec<bool>,
    lists: Vec<Box<[NodeId]>>,
    node_ids: HashMap<Node, NodeId>,
    list_ids: HashMap<Box<[NodeId]>, ListId>,
    rows: rows::Rows,
    full: bool,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Graph::default()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What `id` is.
    #[inline]
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.index()]
    }

    /// The operands of a list.
    pub fn list(&self, id: ListId) -> &[NodeId] {
        &self.lists[id.0 as usize]
    }

    /// The number that `id` is, if it is one.
    #[inline]
    pub fn number(&self, id: NodeId) -> Option<f64> {
        match self.node(id) {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The operands of `id`, in order.
    pub fn operands(&self, id: NodeId) -> Operands<'_> {
        match self.node(id) {
            Node::Constant(_) | Node::Variable(_) | Node::Column(_) => Operands::Few([id; 3], 0, 0),
            Node::Unary(_, a) | Node::Power(a, _) | Node::Polygamma(_, a) | Node::RowSum(a) => Operands::Few([a; 3], 0, 1),
            Node::Binary(_, a, b) | Node::GroupSum(a, b, _) => Operands::Few([a, b, b], 0, 2),
            Node::Select(c, a, b) => Operands::Few([c, a, b], 0, 3),
            Node::LogSumExp(list) => Operands::Many(self.list(list).iter(), None),
            Node::Gather(list, index) => Operands::Many(self.list(list).iter(), Some(index)),
        }
    }

    /// The node, if it is known.
    pub(crate) fn find(&self, node: Node) -> Option<NodeId> {
        self.node_ids.get(&node).copied()
    }

    /// An error if the graph outgrew [`NODE_LIMIT`]; its nodes beyond are then meaningless.
    pub fn check_size(&self) -> Result<()> {
        if self.full {
            return Err(Error::new(ErrorKind::TooLong, format!("the formula expands to more than {NODE_LIMIT} operations"))
                .hint("shorten the sums, or split the question"));
        }
        Ok(())
    }

    /// The node, new or known. Only the smart constructors of `build.rs` call it.
    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(&id) = self.node_ids.get(&node) {
            return id;
        }
        if self.nodes.len() >= NODE_LIMIT {
            self.full = true;
            return NodeId(0);
        }
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        let total = Graph::keeps_total(node) && self.operands(id).all(|operand| self.total[operand.index()]);
        self.total.push(total);
        self.note_rows(id);
        self.node_ids.insert(node, id);
        id
    }

    fn intern_list(&mut self, operands: &[NodeId]) -> ListId {
        if let Some(&id) = self.list_ids.get(operands) {
            return id;
        }
        let id = ListId(self.lists.len() as u32);
        self.lists.push(operands.into());
        self.list_ids.insert(operands.into(), id);
        id
    }

    /// Which nodes the `roots` need, as a flag for each node up to the largest root.
    pub fn reachable(&self, roots: &[NodeId]) -> Vec<bool> {
        let mut needed = vec![false; roots.iter().map(|root| root.index() + 1).max().unwrap_or(0)];
        for root in roots {
            needed[root.index()] = true;
        }
        for index in (0..needed.len()).rev() {
            if needed[index] {
                for operand in self.operands(NodeId(index as u32)) {
                    needed[operand.index()] = true;
                }
            }
        }
        needed
    }

    /// The ids of the nodes that the `roots` need, children first.
    pub fn order(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let needed = self.reachable(roots);
        (0..needed.len()).filter(|&index| needed[index]).map(|index| NodeId(index as u32)).collect()
    }

    /// The scalar definition of the graph: the value of each of `roots`, which do not vary, at `position` (one entry per variable
    /// number). Slow and simple; the oracle for every other evaluator.
    pub fn eval(&self, roots: &[NodeId], position: &[f64]) -> Vec<f64> {
        let values = self.values(roots, position);
        roots.iter().map(|root| values[root.index()][0]).collect()
    }

    /// The values of all that `roots` need at `position`, by node: one a row for nodes that vary with rows, else one; none for others.
    pub(crate) fn values(&self, roots: &[NodeId], position: &[f64]) -> Vec<Vec<f64>> {
        // A number a row for nodes that vary, one number for the others.
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); roots.iter().map(|root| root.index() + 1).max().unwrap_or(0)];
        for id in self.order(roots) {
            let of = |id: NodeId, row: usize| if self.table_of(id).is_some() { values[id.index()][row] } else { values[id.index()][0] };
            let rows = self.table_of(id).map_or(1, |table| self.table_rows(table));
            let value = match self.node(id) {
                Node::Variable(variable) => vec![position[variable as usize]],
                Node::Column(column) => self.column_values(column).to_vec(),
                Node::Gather(list, index) => (0..rows).map(|row| of(self.list(list)[of(index, row) as usize - 1], 0)).collect(),
                Node::RowSum(body) => vec![values[body.index()].iter().sum()],
                Node::GroupSum(body, index, group) => {
                    let rows = values[index.index()].len();
                    vec![(0..rows).filter(|&row| of(index, row) == f64::from(group)).map(|row| of(body, row)).sum()]
                }
                _ => {
                    let row = |row: usize| self.apply(id, &self.operands(id).map(|operand| of(operand, row)).collect::<Vec<f64>>());
                    (0..rows).map(row).collect()
                }
            };
            values[id.index()] = value;
        }
        values
    }

    /// The operator of `id` on numbers.
    fn apply(&self, id: NodeId, operands: &[f64]) -> f64 {
        match (self.node(id), operands) {
            (Node::Constant(bits), _) => f64::from_bits(bits),
            (Node::Unary(op, _), &[a]) => op.eval(a),
            (Node::Binary(op, ..), &[a, b]) => op.eval(a, b),
            (Node::Power(_, n), &[a]) => powi(a, n),
            (Node::Polygamma(n, _), &[a]) => crate::math::polygamma(n, a),
            (Node::Select(..), &[c, a, b]) => select(c, a, b),
            (Node::LogSumExp(_), operands) => log_sum_exp(operands.iter().copied()),
            (node, _) => unreachable!("{node:?} is no operator on numbers"),
        }
    }
}

/// Iterator over a node's operands.
#[derive(Debug, Clone)]
pub enum Operands<'a> {
    /// Up to three, the next one, how many.
    Few([NodeId; 3], usize, usize),
    /// A list's, then perhaps one more.
    Many(std::slice::Iter<'a, NodeId>, Option<NodeId>),
}

impl Iterator for Operands<'_> {
    type Item = NodeId;

    fn next(&mut self) -> Option<NodeId> {
        match self {
            Operands::Few(operands, next, count) => {
                let operand = (next < count).then(|| operands[*next]);
                *next += 1;
                operand
            }
            Operands::Many(operands, last) => operands.next().copied().or_else(|| last.take()),
        }
    }
}
