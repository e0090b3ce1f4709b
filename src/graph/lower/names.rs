//! Names and elements: indices, definitions, parameters, constants, columns of the data.

use std::rc::Rc;

use super::value::{Array, Value};
use super::{Bound, CONSTANTS, Error, ErrorKind, Expr, ExprId, Growing, IndexRange, Lowering, NodeId, Result, VariableName};
use crate::syntax::{Subscript, suggest};

/// A subscript with its value.
enum Pick {
    /// One element, by its number.
    At(i64),
    /// In each row another element: a column of numbers.
    By(NodeId),
    /// Some elements in a row.
    Between(i64, i64),
}

impl<'a> Lowering<'a> {
    pub(super) fn name(&mut self, id: ExprId, name: &str, scope: Option<usize>) -> Result<Value> {
        if let Some(value) = self.bound(name, scope) {
            return Ok(self.bound_value(value));
        }
        if let Some(value) = self.names.get(name) {
            return Ok(value.clone());
        }
        if let Some((_, value)) = CONSTANTS.iter().find(|(constant, _)| *constant == name) {
            return Ok(Value::Number(self.graph.constant(*value)));
        }
        if let Some(value) = self.of_data(id, name)? {
            return Ok(value);
        }
        let mut elements: Vec<VariableName> =
            self.variables.iter().filter(|variable| variable.name == name && variable.is_element()).cloned().collect();
        if !elements.is_empty() {
            elements.sort();
            return Ok(Value::vector(elements.into_iter().map(|element| self.variable(element, None)).collect()));
        }
        self.refuse_dots(id, name)?;
        Ok(Value::Number(self.variable(VariableName::scalar(name), Some(self.ast.span(id)))))
    }

    fn bound_value(&mut self, value: Bound) -> Value {
        match value {
            Bound::Number(number) => Value::Number(self.graph.constant(number as f64)),
            Bound::Rows(column) => Value::Number(column),
            Bound::Argument(at) => self.arguments[at].clone(),
        }
    }

    /// What a bound name stands for.
    fn bound(&self, name: &str, mut scope: Option<usize>) -> Option<Bound> {
        while let Some(index) = scope {
            let inner = self.scopes[index];
            if inner.name == name {
                return Some(inner.value);
            }
            scope = inner.parent;
        }
        None
    }

    /// A column, a number of rows, or the vector of the columns `x1`, `x2`, … for `x`.
    fn of_data(&mut self, id: ExprId, name: &str) -> Result<Option<Value>> {
        let data = self.data;
        if let Some(value) = data.constant(name) {
            return Ok(Some(Value::Number(self.graph.constant(value))));
        }
        match data.columns(name)[..] {
            [] => {}
            [(table, column)] => return self.column(id, table, column).map(|node| Some(Value::Number(node))),
            ref columns => {
                let nodes: Result<Vec<NodeId>> = columns.iter().map(|(table, column)| self.column(id, *table, column)).collect();
                return Ok(Some(Value::vector(nodes?)));
            }
        }
        let (prefix, stem) = match name.rsplit_once('.') {
            Some((prefix, stem)) => (Some(prefix), stem),
            None => (None, name),
        };
        if stem == "rows" {
            let mut tables = data.tables().iter().filter(|table| table.name() == prefix || (prefix.is_none() && data.tables().len() == 1));
            if let Some(table) = tables.next() {
                return Ok(Some(Value::Number(self.graph.constant(table.rows() as f64))));
            }
        }
        Ok(None)
    }

    /// Whether the expressions after `before` up to `body`, one subtree, use a column of the data by an index.
    pub(super) fn mentions_columns(&self, before: ExprId, body: ExprId) -> bool {
        let subtree = &self.ast.exprs()[before.index() + 1..=body.index()];
        subtree.iter().any(|expr| match expr {
            Expr::Index { name, .. } => match self.names.get(name.as_str()) {
                Some(value) => value.number().is_some_and(|node| self.graph.table_of(node).is_some()),
                None => self.data.find(name).is_some(),
            },
            _ => false,
        })
    }

    /// Whether the expressions of `body` take elements, by the index of `range`, of an array that is no data.
    pub(super) fn mentions_elements(&self, range: &IndexRange, body: ExprId) -> bool {
        let subtree = &self.ast.exprs()[range.last.index() + 1..=body.index()];
        subtree.iter().any(|expr| match expr {
            Expr::Index { name, subscripts } => {
                let is_array = self.names.get(name.as_str()).is_some_and(|value| value.as_array().is_some());
                is_array && subscripts.iter().any(|subscript| self.is_by_index(*subscript, &range.name))
            }
            _ => false,
        })
    }

    /// Whether a subscript is the index, or a sum with it.
    fn is_by_index(&self, subscript: Subscript, index: &str) -> bool {
        let Subscript::At(root) = subscript else { return false };
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            match self.ast.expr(id) {
                Expr::Name(name) if name == index => return true,
                Expr::Binary { left, right, .. } => stack.extend([*left, *right]),
                _ => {}
            }
        }
        false
    }

    /// What to say of an expression that was to vary with rows, if there are names in it that nothing declares: they were to be columns.
    pub(super) fn no_column(&self, id: ExprId) -> Option<Error> {
        let is_variable = |name: &str| self.declared.iter().any(|declared| declared.variable.name == name);
        let mut unknown: Vec<(&str, ExprId)> = Vec::new();
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let expr = self.ast.expr(id);
            stack.extend(expr.operands());
            if let Expr::Name(name) = expr {
                let is_known = self.names.contains_key(name.as_str()) || CONSTANTS.iter().any(|(constant, _)| constant == name);
                if !is_known && !is_variable(name) && !unknown.iter().any(|(known, _)| known == name) {
                    unknown.push((name, id));
                }
            }
        }
        unknown.sort_by_key(|(_, id)| self.ast.span(*id).start);
        let columns = self.data.names();
        if columns.is_empty() && self.declared.is_empty() {
            return None;
        }
        let &(first, place) = unknown.first()?;
        if columns.is_empty() {
            let names: Vec<String> = unknown.iter().map(|(name, _)| format!("`{name}`")).collect();
            let message = format!("nothing declares {}, and there are no data", names.join(", "));
            let error = self.error(place, ErrorKind::UnknownName, message);
            return Some(error.hint("give the table whose columns they are: --data FILE.csv"));
        }
        let error = self.error(place, ErrorKind::UnknownName, format!("no column is called `{first}`"));
        Some(match suggest(first, columns.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("the columns are {}", listed(&columns))),
        })
    }

    /// A dot joins the name of a table and that of a column; there is no variable of that kind.
    fn refuse_dots(&self, id: ExprId, name: &str) -> Result<()> {
        let Some((table, _)) = name.split_once('.') else { return Ok(()) };
        let known = self.data.tables().iter().any(|known| known.name() == Some(table));
        let message = if known { format!("the table `{table}` has no column `{name}`") } else { format!("there is no table `{table}`") };
        let error = self.error(id, ErrorKind::UnknownName, message);
        Err(error.hint(format!("in names use `_`: {}; a table is given as --data {table}=FILE", name.replace('.', "_"))))
    }

    /// `[a, b, c]`.
    pub(super) fn list(&mut self, id: ExprId, parts: Vec<Value>) -> Result<Value> {
        let Some(first) = parts[0].as_array().map(|array| array.shape.clone()) else {
            return match parts.iter().map(Value::number).collect::<Option<Vec<NodeId>>>() {
                Some(nodes) => Ok(Value::vector(nodes)),
                None => Err(self.ragged(id)),
            };
        };
        if first.len() != 1 || !parts.iter().all(|part| part.as_array().is_some_and(|array| array.shape == first)) {
            return Err(self.ragged(id));
        }
        let nodes = parts.iter().flat_map(|part| part.nodes().iter().copied()).collect();
        Ok(Value::array(vec![parts.len(), first[0]], nodes))
    }

    fn ragged(&self, id: ExprId) -> Error {
        self.error(id, ErrorKind::Dimension, "the elements of a vector are numbers, the rows of a matrix vectors of one length")
            .hint("write [a, b, c] or [[a, b], [c, d]]")
    }

    /// `name[…]`, when the values of the expressions in its subscripts are there.
    pub(super) fn element(&mut self, id: ExprId, scope: Option<usize>) -> Result<()> {
        let ast = self.ast;
        let Expr::Index { name, subscripts } = ast.expr(id) else { unreachable!("only elements have subscripts") };
        let parts = self.take(subscripts.iter().map(|subscript| subscript.exprs().count()).sum());
        let picks = self.picks(subscripts, parts)?;
        let value = match self.bound(name, scope) {
            Some(bound) => {
                let value = self.bound_value(bound);
                self.pick_from(id, name, &value, &picks)?
            }
            None => self.picked(id, name, &picks)?,
        };
        self.values.push(value);
        Ok(())
    }

    /// Subscripts with their values.
    fn picks(&mut self, subscripts: &[Subscript], parts: Vec<Value>) -> Result<Vec<(ExprId, Pick)>> {
        let mut parts = parts.into_iter();
        let mut picks = Vec::with_capacity(subscripts.len());
        for subscript in subscripts {
            let mut value = || parts.next().expect("a value for each expression");
            picks.push(match *subscript {
                Subscript::At(expr) => {
                    let value = value();
                    match value.number() {
                        Some(node) if self.graph.table_of(node).is_some() => {
                            if !self.graph.is_data(node) {
                                let error = self.error(expr, ErrorKind::Index, "an index must not depend on parameters");
                                return Err(error.hint("write the sum over its values: sum(k in 1..n, ...)"));
                            }
                            (expr, Pick::By(node))
                        }
                        _ => (expr, Pick::At(self.integer(expr, &value)?)),
                    }
                }
                Subscript::Between(first, last) => {
                    let (low, high) = (value(), value());
                    (first, Pick::Between(self.integer(first, &low)?, self.integer(last, &high)?))
                }
            });
        }
        Ok(picks)
    }

    /// Elements of what a name outside of sums and functions stands for.
    fn picked(&mut self, id: ExprId, name: &str, picks: &[(ExprId, Pick)]) -> Result<Value> {
        if let Some(growing) = self.growing.as_ref().filter(|growing| growing.name == name) {
            return match growing.so_far(picks) {
                Some(array) => self.pick(id, name, &array, picks),
                None => Err(self.not_yet(id, name)),
            };
        }
        let value = match self.names.get(name) {
            Some(value) => Some(value.clone()),
            None if CONSTANTS.iter().any(|(constant, _)| *constant == name) => Some(self.name(id, name, None)?),
            None => self.of_data(id, name)?,
        };
        match value {
            Some(value) => self.pick_from(id, name, &value, picks),
            None => self.undeclared(id, name, picks),
        }
    }

    fn pick_from(&mut self, id: ExprId, name: &str, value: &Value, picks: &[(ExprId, Pick)]) -> Result<Value> {
        match value {
            // X[i, j] of the columns X_1, X_2, ...: the row, then the column.
            Value::Array(array) if picks.len() == 2 && array.shape.len() == 1 && self.varies(&array.nodes) => {
                let columns = self.pick(id, name, array, &picks[1..])?;
                match columns {
                    Value::Number(node) => self.pick_rows(id, name, node, &picks[..1]),
                    Value::Array(columns) => {
                        let rows: Result<Vec<Value>> =
                            columns.nodes.iter().map(|&node| self.pick_rows(id, name, node, &picks[..1])).collect();
                        self.list(id, rows?)
                    }
                }
            }
            Value::Array(array) => self.pick(id, name, array, picks),
            Value::Number(node) if self.graph.table_of(*node).is_some() => self.pick_rows(id, name, *node, picks),
            Value::Number(_) => {
                let error = self.error(id, ErrorKind::Dimension, format!("`{name}` is a number, not a vector"));
                Err(error.hint(format!("write {name} without an index")))
            }
        }
    }

    fn varies(&self, nodes: &[NodeId]) -> bool {
        nodes.iter().all(|&node| self.graph.table_of(node).is_some())
    }

    /// Asked for an element of a definition that is not made yet.
    fn not_yet(&self, id: ExprId, name: &str) -> Error {
        let Some(growing) = &self.growing else { return self.error(id, ErrorKind::Index, "an element that is not made yet") };
        let (what, made) = match growing.width {
            Some(width) => ("row", growing.nodes.len() / width.max(1)),
            None => ("element", growing.nodes.len()),
        };
        let first = growing.firsts[0];
        let has = elements_from(first, first + made as i64 - 1).replace("element", what);
        let message = format!("`{name}` is made one {what} after the other; here it has {has}");
        self.error(id, ErrorKind::Index, message).hint(format!("begin with if(j == {first}, ..., {name}[j-1])"))
    }

    /// An element of a vector that only its uses declare.
    fn undeclared(&mut self, id: ExprId, name: &str, picks: &[(ExprId, Pick)]) -> Result<Value> {
        self.refuse_dots(id, name)?;
        if self.variables.iter().any(|variable| variable.name == name && !variable.is_element()) {
            let error = self.error(id, ErrorKind::Dimension, format!("`{name}` is used both as a number and as a vector"));
            return Err(error.hint("give the two different names"));
        }
        let mut indices = Vec::with_capacity(picks.len());
        for (expr, pick) in picks {
            match pick {
                Pick::At(index) => match usize::try_from(*index) {
                    Ok(index @ 1..) => indices.push(index),
                    _ => {
                        return Err(self
                            .error(*expr, ErrorKind::Index, format!("index {index}: elements count from 1"))
                            .hint("the first element is x[1]"));
                    }
                },
                Pick::By(_) | Pick::Between(..) => {
                    let error = self.error(id, ErrorKind::UnknownName, format!("how long is the vector `{name}`?"));
                    return Err(error.hint(format!("declare it first: {name}[8] in (-inf, inf)")));
                }
            }
        }
        let same = |variable: &VariableName| variable.name != name || variable.indices.len() == indices.len();
        if !self.variables.iter().all(same) {
            let error = self.error(id, ErrorKind::Dimension, format!("`{name}` is used both as a vector and as a matrix"));
            return Err(error.hint("give the two different names"));
        }
        let variable = VariableName { name: name.into(), indices };
        Ok(Value::Number(self.variable(variable, Some(self.ast.span(id)))))
    }

    /// Elements of an array.
    fn pick(&mut self, id: ExprId, name: &str, array: &Array, picks: &[(ExprId, Pick)]) -> Result<Value> {
        if picks.len() > array.shape.len() {
            let message = format!("`{name}` is {}: it has one index", array.describe());
            return Err(self.error(id, ErrorKind::Dimension, message).hint(format!("write {name}[1]")));
        }
        // Each dimension as the positions to keep, and whether it stays a dimension; at most one is picked by a column at a time.
        let mut kept: Vec<(Vec<usize>, bool)> = Vec::new();
        let mut by: Vec<(usize, NodeId)> = Vec::new();
        let mut faulty: Vec<Rc<[u32]>> = Vec::new();
        for (dimension, &length) in array.shape.iter().enumerate() {
            let first = if dimension == 0 { array.first } else { 1 };
            let last = first + length as i64 - 1;
            let outside = |index: i64| format!("`{name}` has {}, not {index}", elements_from(first, last));
            kept.push(match picks.get(dimension) {
                None => ((0..length).collect(), true),
                Some((expr, Pick::At(index))) => {
                    if !(first..=last).contains(index) {
                        return Err(self.error(*expr, ErrorKind::Index, outside(*index)).hint(format!("an index from {first} to {last}")));
                    }
                    (vec![(index - first) as usize], false)
                }
                Some((expr, Pick::Between(low, high))) => {
                    for end in [low, high] {
                        if low <= high && !(first..=last).contains(end) {
                            return Err(self.error(*expr, ErrorKind::Index, outside(*end)).hint(format!("indices from {first} to {last}")));
                        }
                    }
                    ((*low..=*high).map(|index| (index - first) as usize).collect(), true)
                }
                Some((expr, Pick::By(column))) => {
                    if let Some(texts) = self.texts(*column) {
                        self.label(name, dimension, &texts);
                    }
                    let (column, faults) = self.within(*expr, name, *column, first, last);
                    faulty.extend(faults);
                    by.push((dimension, column));
                    ((0..length).collect(), false)
                }
            });
        }
        let columns = array.shape.get(1).copied().unwrap_or(1);
        let at = |row: usize, column: usize| array.nodes[row * columns + column];
        let (rows, across) = (&kept[0], kept.get(1).cloned().unwrap_or((vec![0], false)));
        match by[..] {
            [] => {
                let nodes: Vec<NodeId> =
                    rows.0.iter().flat_map(|&row| across.0.iter().map(move |&column| (row, column))).map(|(r, c)| at(r, c)).collect();
                let shape: Vec<usize> =
                    [(rows.1, rows.0.len()), (across.1, across.0.len())].iter().filter(|kept| kept.0).map(|kept| kept.1).collect();
                Ok(if shape.is_empty() { Value::Number(nodes[0]) } else { Value::array(shape, nodes) })
            }
            [(dimension, column)] => {
                let first = if dimension == 0 { array.first } else { 1 };
                let index = self.counted_from_one(column, first);
                let others = if dimension == 0 { &across } else { rows };
                let mut nodes = Vec::with_capacity(others.0.len());
                for &other in &others.0 {
                    let elements: Vec<NodeId> = (0..array.shape[dimension])
                        .map(|element| if dimension == 0 { at(element, other) } else { at(other, element) })
                        .collect();
                    nodes.push(self.gather(id, &elements, index, &faulty)?);
                }
                Ok(if others.1 { Value::vector(nodes) } else { Value::Number(nodes[0]) })
            }
            [(_, row), (_, column), ..] => {
                self.same_table(id, &[row, column])?;
                // (row − 1)·columns + column, in the array as it lies.
                let below = self.counted_from_one(row, 2);
                let width = self.graph.constant(columns as f64);
                let offset = self.graph.multiply(below, width);
                let index = self.graph.add(offset, column);
                Ok(Value::Number(self.gather(id, &array.nodes, index, &faulty)?))
            }
        }
    }

    /// The elements that a column of numbers from 1 picks; what the column lacks, they lack.
    fn gather(&mut self, id: ExprId, elements: &[NodeId], index: NodeId, faulty: &[Rc<[u32]>]) -> Result<NodeId> {
        let mut all = elements.to_vec();
        all.push(index);
        self.same_table(id, &all)?;
        let node = self.graph.gather(elements, index)?;
        faulty.iter().for_each(|faults| self.inherit(node, faults));
        Ok(node)
    }

    /// The column with its indices outside of `first ..= last` replaced, and the faults of those rows.
    fn within(&mut self, expr: ExprId, name: &str, column: NodeId, first: i64, last: i64) -> (NodeId, Option<Rc<[u32]>>) {
        let indices = self.graph.values_by_row(column);
        let texts = self.texts(column);
        // That texts are no numbers is no fault of an index.
        let known = if texts.is_some() { None } else { self.faults_of(column) };
        let is_missing = |row: usize| known.as_ref().is_some_and(|known| known[row] > 0);
        let is_wrong = |index: f64| index.fract() != 0.0 || index < first as f64 || index > last as f64;
        let wrong: Vec<bool> = indices.iter().enumerate().map(|(row, index)| !is_missing(row) && is_wrong(*index)).collect();
        if known.is_none() && texts.is_none() && !wrong.contains(&true) {
            return (column, None);
        }
        let table = self.graph.table_of(column).expect("an index that varies");
        let inside = indices.iter().enumerate().map(|(row, index)| if wrong[row] || is_missing(row) { first as f64 } else { *index });
        let inside = self.graph.column(table, "", inside.collect());
        let from_zero = indices.contains(&0.0) && !indices.iter().any(|index| *index < 0.0 || *index > last as f64 - 1.0);
        let is_lag = self.graph.is_data(column) && !self.names.contains_key(name);
        let hint = match (&texts, first) {
            (Some(texts), _) => format!("the column holds {} different texts: {name}[levels(...)]", texts.len()),
            _ if is_lag => "start the sum later: sum(t in 2..rows, ...)".to_string(),
            (_, 1) if from_zero => format!("the column counts from 0: {name}[... + 1]"),
            _ => format!("an index column holds whole numbers from {first} to {last}"),
        };
        let (name, elements, span) = (name.to_string(), elements_from(first, last), self.ast.span(expr));
        let asked = indices.clone();
        self.fault(inside, wrong.into_iter(), move |row| {
            let asked = match &texts {
                Some(_) if asked[row].is_nan() => "(a missing value)".to_string(),
                Some(texts) => texts[asked[row] as usize - 1].clone(),
                None => asked[row].to_string(),
            };
            let message = format!("row {} asks for `{name}[{asked}]`, and it has {elements}", row + 1);
            Error::new(ErrorKind::Index, message).at(span).hint(hint.clone())
        });
        known.iter().for_each(|known| self.inherit(inside, known));
        (inside, self.faults_of(inside))
    }

    /// Indices that begin at `first`, so that they begin at 1.
    fn counted_from_one(&mut self, column: NodeId, first: i64) -> NodeId {
        let shift = self.graph.constant((first - 1) as f64);
        self.graph.subtract(column, shift)
    }

    /// What varies with rows in one of them, from 0.
    pub(super) fn row_of(&mut self, node: NodeId, row: usize) -> Result<NodeId> {
        self.read_row(node, row)?;
        Ok(match self.cells(node) {
            Some(cells) => cells[row],
            None => self.graph.in_row(node, row),
        })
    }

    /// Rows of what varies with them: a number, a lag, or what another table's index asks for.
    fn pick_rows(&mut self, id: ExprId, name: &str, column: NodeId, picks: &[(ExprId, Pick)]) -> Result<Value> {
        let [(expr, pick)] = picks else {
            return Err(self.error(id, ErrorKind::Dimension, format!("`{name}` is a column: it has one index")));
        };
        let rows = self.graph.table_of(column).map_or(0, |table| self.graph.table_rows(table)) as i64;
        let outside = |index: f64| format!("`{name}` has {}, not {index}", elements_from(1, rows));
        match *pick {
            Pick::At(index) if (1..=rows).contains(&index) => Ok(Value::Number(self.row_of(column, index as usize - 1)?)),
            Pick::At(index) => {
                Err(self.error(*expr, ErrorKind::Index, outside(index as f64)).hint("start the sum later: sum(t in 2..rows, ...)"))
            }
            Pick::Between(low, high) if low > high || (low >= 1 && high <= rows) => {
                let nodes: Result<Vec<NodeId>> = (low..=high).map(|index| self.row_of(column, index as usize - 1)).collect();
                Ok(Value::vector(nodes?))
            }
            Pick::Between(low, high) => Err(self.error(*expr, ErrorKind::Index, outside(if low < 1 { low } else { high } as f64))),
            Pick::By(index) if self.texts(index).is_some() => {
                let error = self.error(*expr, ErrorKind::Index, "a text picks an element of a vector, not a row of a table");
                Err(error.hint(format!("number the rows of `{name}` 1, 2, ... and pick by that number")))
            }
            Pick::By(index) => {
                let (index, faulty) = self.within(*expr, name, index, 1, rows);
                if let Some(cells) = self.cells(column) {
                    return Ok(Value::Number(self.gather(id, &cells, index, faulty.as_slice())?));
                }
                let picked = self.graph.at_rows(column, index)?;
                if let Some(known) = self.faults_of(column) {
                    let at: Vec<u32> = self.graph.values_by_row(index).iter().map(|row| known[*row as usize - 1]).collect();
                    self.inherit(picked, &at);
                }
                faulty.iter().for_each(|faults| self.inherit(picked, faults));
                Ok(Value::Number(picked))
            }
        }
    }
}

impl Growing<'_> {
    /// The element, or the row of a matrix, that is picked, if it is made: of the row that is being made an element by two numbers.
    fn so_far(&self, picks: &[(ExprId, Pick)]) -> Option<Array> {
        let (_, Pick::At(at)) = picks.first()? else { return None };
        let row = usize::try_from(at - self.firsts[0]).ok()?;
        let Some(width) = self.width else {
            return Some(Array { shape: vec![1], first: *at, nodes: vec![*self.nodes.get(row)?] });
        };
        let (start, end) = (row.checked_mul(width)?, (row + 1).checked_mul(width)?);
        let mut nodes = self.nodes.get(start..end.min(self.nodes.len()))?.to_vec();
        if nodes.len() < width {
            let (Some(first), Some((_, Pick::At(column)))) = (self.firsts.get(1), picks.get(1)) else { return None };
            let made = usize::try_from(column - first).is_ok_and(|column| column < nodes.len());
            if !made {
                return None;
            }
            nodes.resize(width, nodes[0]);
        }
        Some(Array { shape: vec![1, width], first: *at, nodes })
    }
}

/// Some names for a message.
fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(12)].join(", ");
    if names.len() > 12 { format!("{shown}, ... ({} in all)", names.len()) } else { shown }
}

/// `the elements 1 to 8`.
fn elements_from(first: i64, last: i64) -> String {
    match last - first {
        ..0 => "no elements".into(),
        0 => format!("the element {first} only"),
        _ => format!("the elements {first} to {last}"),
    }
}
