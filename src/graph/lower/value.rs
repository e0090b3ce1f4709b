//! What an expression of the language stands for: a number, a vector or a matrix of nodes.

use std::rc::Rc;

use crate::graph::NodeId;

/// A number or an array of them.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(NodeId),
    Array(Rc<Array>),
}

/// A vector (one dimension) or a matrix by rows (two).
#[derive(Debug, Clone)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    /// The index of the first element; 1 but for `h[j in 0..n] = …`.
    pub(super) first: i64,
    pub(super) nodes: Vec<NodeId>,
}

impl Value {
    pub(super) fn array(shape: Vec<usize>, nodes: Vec<NodeId>) -> Value {
        Value::Array(Rc::new(Array { shape, first: 1, nodes }))
    }

    pub(super) fn vector(nodes: Vec<NodeId>) -> Value {
        Value::vector_from(1, nodes)
    }

    pub(super) fn vector_from(first: i64, nodes: Vec<NodeId>) -> Value {
        Value::Array(Rc::new(Array { shape: vec![nodes.len()], first, nodes }))
    }

    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<NodeId> {
        match self {
            Value::Number(node) => Some(*node),
            Value::Array(_) => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&Array> {
        match self {
            Value::Number(_) => None,
            Value::Array(array) => Some(array),
        }
    }

    /// All its numbers.
    pub(super) fn nodes(&self) -> &[NodeId] {
        match self {
            Value::Number(node) => std::slice::from_ref(node),
            Value::Array(array) => &array.nodes,
        }
    }

    /// Element number `element`, from 0; a number is every element.
    pub(super) fn element(&self, element: usize) -> NodeId {
        match self {
            Value::Number(node) => *node,
            Value::Array(array) => array.nodes[element],
        }
    }

    pub(super) fn map(&self, mut f: impl FnMut(NodeId) -> NodeId) -> Value {
        match self {
            Value::Number(node) => Value::Number(f(*node)),
            Value::Array(array) => {
                let nodes = array.nodes.iter().map(|&node| f(node)).collect();
                Value::Array(Rc::new(Array { shape: array.shape.clone(), first: array.first, nodes }))
            }
        }
    }

    /// For messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Value::Number(_) => "a number".into(),
            Value::Array(array) => array.describe(),
        }
    }
}

impl Array {
    pub(super) fn describe(&self) -> String {
        match self.shape[..] {
            [rows, columns] => format!("a {rows} by {columns} matrix"),
            _ => format!("a vector of {}", self.nodes.len()),
        }
    }
}
