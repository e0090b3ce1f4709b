//! Sums and products over an index: written out, or a loop over rows where there are many.

use super::value::Value;
use super::{Bound, ErrorKind, Expr, ExprId, Fold, IndexRange, Lowering, NodeId, Result, TableId, Task};

/// Sums may count through this many numbers in all: 268 MB of them.
const COUNTED_LIMIT: usize = 1 << 25;
/// A sum over more rows than this is a loop where it can be; over fewer it is written out.
const WRITTEN_OUT: usize = 64;
/// Up to so many rows a sum is written out if its terms take an element each of something that is written out already: the states of a
/// recurrence.
const MOST_WRITTEN_OUT: usize = 20_000;

impl<'a> Lowering<'a> {
    pub(super) fn unroll(&mut self, id: ExprId, scope: Option<usize>) -> Result<()> {
        let ast = self.ast;
        let Expr::Fold { fold, range, body } = ast.expr(id) else { unreachable!("only folds unroll") };
        let last = self.pop();
        let first = self.pop();
        let (first, last) = (self.integer(range.first, &first)?, self.integer(range.last, &last)?);
        let count = (last - first + 1).max(0) as usize;
        let runs_over_rows = *fold == Fold::Sum && count > WRITTEN_OUT && self.mentions_columns(range.last, *body);
        if runs_over_rows && !(count <= MOST_WRITTEN_OUT && self.mentions_elements(range, *body)) {
            self.counted += self.count(range, first, last, COUNTED_LIMIT - self.counted)?;
            let table = self.graph.table(count);
            let numbers = (first..=last).map(|number| number as f64).collect();
            let rows = self.graph.column(table, &range.name, numbers);
            let inner = self.scope(scope, &range.name, Bound::Rows(rows));
            self.tasks.extend([Task::SumRows(table, id), Task::Visit(*body, Some(inner))]);
            return Ok(());
        }
        let count = self.count(range, first, last, super::super::NODE_LIMIT)?;
        self.tasks.push(Task::Fold(*fold, count, id));
        for value in (first..first + count as i64).rev() {
            let inner = self.scope(scope, &range.name, Bound::Number(value));
            self.tasks.push(Task::Visit(*body, Some(inner)));
        }
        Ok(())
    }

    pub(super) fn sum_rows(&mut self, table: TableId, id: ExprId) -> Result<()> {
        let value = self.pop();
        value.nodes().iter().try_for_each(|&node| self.read(node))?;
        self.summed.extend(value.nodes());
        let mut sum = |node: NodeId| match self.graph.table_of(node) {
            Some(other) if other != table => None,
            _ => Some(self.graph.row_sum(table, node)),
        };
        let summed = match &value {
            Value::Number(node) => sum(*node).map(Value::Number),
            Value::Array(array) => {
                let nodes: Option<Vec<NodeId>> = array.nodes.iter().map(|&node| sum(node)).collect();
                nodes.map(|nodes| Value::array(array.shape.clone(), nodes))
            }
        };
        let Some(summed) = summed else {
            let Expr::Fold { range, .. } = self.ast.expr(id) else { unreachable!("only folds sum rows") };
            let message = format!("a column stands without its index in this sum over `{}`", range.name);
            return Err(self
                .error(id, ErrorKind::Dimension, message)
                .hint(format!("write y[{}], or sum(...) without an index", range.name)));
        };
        self.values.push(summed);
        Ok(())
    }

    pub(super) fn range(&mut self, range: &'a IndexRange, scope: Option<usize>) -> Result<(i64, i64)> {
        let first = self.expression(range.first, scope)?;
        let last = self.expression(range.last, scope)?;
        let (first, last) = (self.integer(range.first, &first)?, self.integer(range.last, &last)?);
        self.count(range, first, last, super::super::NODE_LIMIT)?;
        Ok((first, last))
    }

    pub(super) fn count(&self, range: &IndexRange, first: i64, last: i64, most: usize) -> Result<usize> {
        let count = (last - first + 1).max(0) as usize;
        if count > most {
            let error = self.error(range.last, ErrorKind::TooLong, format!("the range of `{}` has {count} values", range.name));
            return Err(error.hint(format!("at most {most} here; a table of data may have more rows")));
        }
        Ok(count)
    }

    pub(super) fn fold(&mut self, id: ExprId, fold: Fold, terms: Vec<Value>) -> Result<Value> {
        let start = if fold == Fold::Sum { 0.0 } else { 1.0 };
        let mut total = Value::Number(self.graph.constant(start));
        for term in terms {
            total = self.pairwise(id, &total, &term, |graph, a, b| match fold {
                Fold::Sum => graph.add(a, b),
                Fold::Product => graph.multiply(a, b),
            })?;
        }
        Ok(total)
    }
}
