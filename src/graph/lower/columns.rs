//! Columns of the data as nodes: numbers, texts that pick elements by name, and missing cells, which are faults or parameters.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::value::Value;
use super::{Declared, Error, ErrorKind, Expr, ExprId, Function, Lowering, NodeId, Result, TableId, VariableName};
use crate::data::Column;
use crate::math::Numbers;
use crate::syntax::Form;

/// What is known of the columns in use beside their numbers.
#[derive(Default)]
pub(super) struct Columns {
    /// Columns with missing cells by table and name.
    gaps: HashMap<(usize, String), NodeId>,
    /// In which rows a column has no cell.
    missing: HashMap<NodeId, Rc<[bool]>>,
    /// Columns some cells of which are parameters: each row's number or parameter.
    cells: HashMap<NodeId, Rc<[NodeId]>>,
    /// The texts that the numbers of a column stand for.
    texts: HashMap<NodeId, Arc<[String]>>,
    /// For each dimension of an array the texts that pick its elements, of each column of them.
    labels: HashMap<String, Vec<Vec<Arc<[String]>>>>,
}

/// Names of the elements of arrays, a list a dimension.
pub type Labels = HashMap<String, Vec<Option<Arc<[String]>>>>;

impl Lowering<'_> {
    pub(super) fn column(&mut self, id: ExprId, table: usize, column: &Column) -> Result<NodeId> {
        let number = table;
        let rows = self.data.tables()[table].rows();
        let table = match self.tables.get(&table) {
            Some(table) => *table,
            None => {
                let new: TableId = self.graph.table(rows);
                self.tables.insert(table, new);
                new
            }
        };
        let span = self.ast.span(id);
        if let Some((names, codes)) = column.groups() {
            let node = self.graph.column(table, column.name(), codes.clone());
            if self.columns.texts.insert(node, names.clone()).is_none() {
                let error = column.values().expect_err("texts are no numbers").at(span);
                self.fault(node, (0..rows).map(|_| true), move |_| error.clone());
            }
            return Ok(node);
        }
        if let Some((values, error)) = column.gaps() {
            let key = (number, column.name().to_string());
            if let Some(&known) = self.columns.gaps.get(&key) {
                return Ok(known);
            }
            let error = error.clone().at(span);
            let node = self.with_gaps(id, table, column, &values, &error)?;
            self.columns.gaps.insert(key, node);
            return Ok(node);
        }
        let values = column.values().map_err(|error| error.at(span))?;
        Ok(self.graph.column(table, column.name(), values))
    }

    /// A column with missing cells. They hold the mean of the others, which nothing reads, or are parameters.
    fn with_gaps(&mut self, id: ExprId, table: TableId, column: &Column, values: &Numbers, error: &Error) -> Result<NodeId> {
        let missing: Rc<[bool]> = values.iter().map(|value| value.is_nan()).collect();
        let present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        let mean = present.iter().sum::<f64>() / present.len().max(1) as f64;
        let filled: Numbers = values.iter().map(|value| if value.is_nan() { mean } else { *value }).collect();
        let node = self.graph.column(table, column.name(), filled);
        if let Some(interval) = self.latent(column) {
            return self.cells_as_parameters(id, table, column, node, &missing, interval);
        }
        self.columns.missing.insert(node, missing.clone());
        let (error, first, name) = (error.clone(), missing.iter().position(|&is_missing| is_missing), column.header().to_string());
        self.fault(node, missing.iter().copied().collect::<Vec<bool>>().into_iter(), move |row| {
            if Some(row) == first {
                return error.clone();
            }
            Error { message: format!("row {} of the column `{name}`: the value is missing", row + 1), ..error.clone() }
        });
        Ok(node)
    }

    /// Where the missing cells of the column may be, if they are parameters: the column is the outcome of a distribution on the line, and
    /// nothing asks whether it is missing.
    fn latent(&self, column: &Column) -> Option<(f64, f64)> {
        let names_it = |expr: &Expr| match expr {
            Expr::Name(name) | Expr::Index { name, .. } => {
                self.data.find(name).is_some_and(|(_, found)| std::ptr::eq(found, column)) && !self.names.contains_key(name.as_str())
            }
            _ => false,
        };
        let mut interval: Option<(f64, f64)> = None;
        for expr in self.ast.exprs() {
            match expr {
                Expr::Call { function: Function::IsMissing, arguments } if names_it(self.ast.expr(arguments[0])) => return None,
                Expr::Distribution { distribution, form: Form::LogDensity, arguments } if names_it(self.ast.expr(arguments[0])) => {
                    if distribution.is_discrete() {
                        return None;
                    }
                    let (low, high) = interval.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
                    let (least, most) = distribution.support();
                    interval = Some((low.max(least), high.min(most)));
                }
                _ => {}
            }
        }
        interval
    }

    fn cells_as_parameters(
        &mut self,
        id: ExprId,
        table: TableId,
        column: &Column,
        node: NodeId,
        missing: &[bool],
        interval: (f64, f64),
    ) -> Result<NodeId> {
        let span = self.ast.span(id);
        let values = self.graph.values_by_row(node);
        let (mut parameters, mut numbers, mut cells) = (Vec::new(), Vec::new(), Vec::new());
        for (row, &is_missing) in missing.iter().enumerate() {
            let cell = if is_missing {
                let variable = VariableName { name: column.name().into(), indices: vec![row + 1] };
                self.declared.push(Declared { variable: variable.clone(), interval, span, is_cell: true });
                parameters.push(self.variable(variable, Some(span)));
                parameters[parameters.len() - 1]
            } else {
                self.graph.constant(values[row])
            };
            numbers.push(parameters.len().max(1) as f64);
            cells.push(cell);
        }
        let number = self.graph.column(table, "", numbers.into());
        let asked = self.graph.column(table, "", missing.iter().map(|&is_missing| f64::from(u8::from(is_missing))).collect());
        let parameter = self.graph.gather(&parameters, number)?;
        let node = self.graph.select(asked, parameter, node);
        self.columns.cells.insert(node, cells.into());
        Ok(node)
    }

    /// Each row's number or parameter, of a column with parameters for its missing cells.
    pub(super) fn cells(&self, node: NodeId) -> Option<Rc<[NodeId]>> {
        self.columns.cells.get(&node).cloned()
    }

    /// 1 where the cell of a column is missing.
    pub(super) fn is_missing(&mut self, id: ExprId, argument: &Value) -> Result<Value> {
        let node = argument.number().filter(|&node| matches!(self.graph.node(node), crate::graph::Node::Column(_)));
        let Some((node, table)) = node.and_then(|node| Some((node, self.graph.table_of(node)?))) else {
            let error = self.error(id, ErrorKind::Argument, "`is_missing` asks about a column of the data");
            return Err(error.hint("if(is_missing(x), ..., ...) for a column x"));
        };
        let Some(missing) = self.columns.missing.get(&node) else { return Ok(Value::Number(self.graph.constant(0.0))) };
        let asked = missing.iter().map(|&is_missing| f64::from(u8::from(is_missing))).collect();
        Ok(Value::Number(self.graph.column(table, "", asked)))
    }

    /// How many different texts a column has.
    pub(super) fn levels(&mut self, id: ExprId, argument: &Value) -> Result<Value> {
        match argument.number().and_then(|node| self.columns.texts.get(&node)) {
            Some(texts) => Ok(Value::Number(self.graph.constant(texts.len() as f64))),
            None => {
                let error = self.error(id, ErrorKind::Argument, "`levels` counts the texts of a column of texts");
                Err(error.hint("of a column of numbers from 1 on: max(group)"))
            }
        }
    }

    /// The texts that the numbers of a column stand for.
    pub(super) fn texts(&self, column: NodeId) -> Option<Arc<[String]>> {
        self.columns.texts.get(&column).cloned()
    }

    /// Notes that texts pick the elements of an array along a dimension.
    pub(super) fn label(&mut self, name: &str, dimension: usize, texts: &Arc<[String]>) {
        let dimensions = self.columns.labels.entry(name.to_string()).or_default();
        if dimensions.len() <= dimension {
            dimensions.resize(dimension + 1, Vec::new());
        }
        if !dimensions[dimension].contains(texts) {
            dimensions[dimension].push(texts.clone());
        }
    }

    /// The names that texts give to the elements of arrays.
    pub(super) fn labels(&mut self) -> Labels {
        // Two columns with other texts leave the numbers.
        let only = |columns: Vec<Arc<[String]>>| match &columns[..] {
            [texts] => Some(texts.clone()),
            _ => None,
        };
        let labels = std::mem::take(&mut self.columns.labels);
        labels.into_iter().map(|(name, dimensions)| (name, dimensions.into_iter().map(only).collect())).collect()
    }
}
