//! Whether an expression is linear in its sums over rows, so that a sum over some of the rows, scaled up, estimates it without bias.

use super::{Graph, Node, NodeId};
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Binary;
use crate::graph::print::{Language, expression};

/// Characters of an expression that a message shows.
const SHOWN: usize = 80;

impl Graph {
    /// Checks that `root` is a sum of sums over rows, each times what has no such sum, and of what has none. Then the gradient is too.
    ///
    /// # Errors
    /// Kind `unsupported`, with the expression that is not linear; `names` are those of the variables.
    pub fn linear_in_sums(&self, root: NodeId, names: &[String]) -> Result<()> {
        let order = self.order(&[root]);
        let mut has_sum = vec![false; self.len()];
        let refuse = |node: NodeId, why: &str| {
            let text = expression(self, node, names, Language::Text);
            let shown = if text.chars().count() > SHOWN { text.chars().take(SHOWN - 1).chain(['…']).collect() } else { text };
            Err(Error::new(ErrorKind::Unsupported, format!("no minibatches: in `{shown}` {why}"))
                .hint("write the log density as a sum of terms, each a sum over rows or without one; or drop --batch"))
        };
        for id in order {
            let below = |node: NodeId| has_sum[node.index()];
            has_sum[id.index()] = match self.node(id) {
                Node::RowSum(body) | Node::GroupSum(body, ..) if below(body) => {
                    return refuse(id, "a sum over rows stands inside another");
                }
                Node::RowSum(_) | Node::GroupSum(..) => true,
                Node::Unary(crate::graph::Unary::Negate, a) => below(a),
                Node::Binary(Binary::Add | Binary::Subtract, a, b) => below(a) || below(b),
                Node::Binary(Binary::Multiply, a, b) if below(a) && below(b) => {
                    return refuse(id, "two sums over rows are multiplied");
                }
                Node::Binary(Binary::Multiply, a, b) => below(a) || below(b),
                Node::Binary(Binary::Divide, a, b) if !below(b) => below(a),
                Node::Select(condition, a, b) if !below(condition) => below(a) || below(b),
                _ if self.operands(id).any(below) => {
                    return refuse(id, "a sum over rows stands inside a function that is not linear");
                }
                _ => false,
            };
        }
        Ok(())
    }
}
