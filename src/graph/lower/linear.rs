//! Functions of vectors and matrices as wholes: parts of them, products, factors and covariances.

use super::value::Value;
use super::{ErrorKind, ExprId, Function, Lowering, NodeId, Result, Unary};
use crate::graph::distributions::cholesky;

/// A matrix by rows; a vector is one column.
struct Matrix {
    rows: usize,
    columns: usize,
    nodes: Vec<NodeId>,
}

impl Matrix {
    fn at(&self, row: usize, column: usize) -> NodeId {
        self.nodes[row * self.columns + column]
    }

    fn into_value(self) -> Value {
        Value::array(vec![self.rows, self.columns], self.nodes)
    }
}

impl Lowering<'_> {
    /// A function of whole vectors and matrices; a column of the data stands for the vector of its rows.
    pub(super) fn linear(&mut self, id: ExprId, function: Function, arguments: &[Value]) -> Result<Value> {
        let counts = matches!(function, Function::Rep | Function::Head | Function::Tail);
        let wholes: Vec<Value> = arguments
            .iter()
            .enumerate()
            .map(|(place, argument)| if counts && place > 0 { Ok(argument.clone()) } else { self.whole(id, argument) })
            .collect::<Result<_>>()?;
        match function {
            Function::Rep => self.rep(id, &wholes),
            Function::Cumsum => {
                let mut total = self.graph.constant(0.0);
                let nodes = self.vector(id, function, &wholes[0])?.into_iter().map(|node| {
                    total = self.graph.add(total, node);
                    total
                });
                Ok(Value::vector(nodes.collect()))
            }
            Function::Head | Function::Tail => {
                let vector = self.vector(id, function, &wholes[0])?;
                let count = self.integer(id, &wholes[1])?;
                let Some(count) = usize::try_from(count).ok().filter(|count| (1..=vector.len()).contains(count)) else {
                    let message = format!("`{}` of {count} elements of a vector of {}", function.names()[0], vector.len());
                    return Err(self.error(id, ErrorKind::Index, message).hint(format!("a number from 1 to {}", vector.len())));
                };
                let from = if function == Function::Head { 0 } else { vector.len() - count };
                Ok(Value::vector(vector[from..from + count].to_vec()))
            }
            Function::Append => Ok(Value::vector(wholes.iter().flat_map(|value| value.nodes().iter().copied()).collect())),
            Function::Length => Ok(Value::Number(self.graph.constant(wholes[0].nodes().len() as f64))),
            Function::Transpose => {
                let matrix = self.matrix(&wholes[0]);
                let nodes = (0..matrix.columns).flat_map(|column| (0..matrix.rows).map(move |row| (row, column)));
                let nodes = nodes.map(|(row, column)| matrix.at(row, column)).collect();
                Ok(Matrix { rows: matrix.columns, columns: matrix.rows, nodes }.into_value())
            }
            Function::Diag => self.diag(id, &wholes[0]),
            Function::Cholesky => {
                let matrix = self.square(id, function, &wholes[0])?;
                let nodes = cholesky(&mut self.graph, &matrix.nodes, matrix.rows);
                self.graph.check_size()?;
                Ok(Matrix { nodes, ..matrix }.into_value())
            }
            Function::LogDet => {
                let matrix = self.square(id, function, &wholes[0])?;
                let n = matrix.rows;
                let (factor, twice) = match self.shape_of(&matrix) {
                    Shape::Symmetric => (cholesky(&mut self.graph, &matrix.nodes, n), 2.0),
                    Shape::Lower | Shape::Upper => (matrix.nodes, 1.0),
                    Shape::Other => (self.eliminated(matrix, &mut Vec::new(), 0)?.nodes, 1.0),
                };
                let logs = (0..n).map(|row| {
                    let size = self.graph.unary(Unary::Abs, factor[row * n + row]);
                    self.graph.unary(Unary::Log, size)
                });
                let logs: Vec<NodeId> = logs.collect();
                let (total, twice) = (self.total(&logs), self.graph.constant(twice));
                Ok(Value::Number(self.graph.multiply(twice, total)))
            }
            Function::Solve => self.solve(id, &wholes[0], &wholes[1]),
            Function::Inverse => {
                let matrix = self.square(id, function, &wholes[0])?;
                let ones = vec![self.graph.constant(1.0); matrix.rows];
                let identity = self.diag(id, &Value::vector(ones))?;
                self.solve(id, &wholes[0], &identity)
            }
            _ => self.squared_exponential(id, &wholes),
        }
    }

    /// The vector of its rows, for a column or what is made of columns; a vector of them as a matrix.
    pub(super) fn whole(&mut self, id: ExprId, value: &Value) -> Result<Value> {
        let Some(table) = value.nodes().iter().find_map(|&node| self.graph.table_of(node)) else { return Ok(value.clone()) };
        let rows = self.graph.table_rows(table);
        self.same_table(id, value.nodes())?;
        if value.as_array().is_some_and(|array| array.shape.len() > 1) {
            return Err(self.error(id, ErrorKind::Dimension, "a matrix for each row of the data stands where one matrix is due"));
        }
        if rows.saturating_mul(value.nodes().len()) > super::super::NODE_LIMIT {
            let error = self.error(id, ErrorKind::TooLong, format!("a vector of {rows} rows is too long for this function"));
            return Err(error.hint("sums over rows have no such limit"));
        }
        let mut nodes = Vec::with_capacity(rows * value.nodes().len());
        for row in 0..rows {
            for &node in value.nodes() {
                nodes.push(self.row_of(node, row)?);
            }
        }
        Ok(match value {
            Value::Number(_) => Value::vector(nodes),
            Value::Array(array) => Value::array(vec![rows, array.nodes.len()], nodes),
        })
    }

    fn vector(&self, id: ExprId, function: Function, value: &Value) -> Result<Vec<NodeId>> {
        match value.as_array() {
            Some(array) if array.shape.len() == 1 => Ok(array.nodes.clone()),
            _ => {
                let message = format!("`{}` of {}: it needs a vector", function.names()[0], value.describe());
                Err(self.error(id, ErrorKind::Dimension, message).hint(function.about().trim_end_matches('.')))
            }
        }
    }

    fn matrix(&self, value: &Value) -> Matrix {
        let (rows, columns) = match value.as_array().map(|array| &array.shape[..]) {
            Some(&[rows, columns]) => (rows, columns),
            Some(&[rows]) => (rows, 1),
            _ => (1, 1),
        };
        Matrix { rows, columns, nodes: value.nodes().to_vec() }
    }

    fn square(&self, id: ExprId, function: Function, value: &Value) -> Result<Matrix> {
        let matrix = self.matrix(value);
        if matrix.rows == matrix.columns {
            return Ok(matrix);
        }
        let message = format!("`{}` of {}: it needs a square matrix", function.names()[0], value.describe());
        Err(self.error(id, ErrorKind::Dimension, message).hint(function.about().trim_end_matches('.')))
    }

    /// A value so many times, or in so many rows and columns.
    fn rep(&mut self, id: ExprId, arguments: &[Value]) -> Result<Value> {
        let shape: Vec<usize> = arguments[1..]
            .iter()
            .map(|count| {
                let count = self.integer(id, count)?;
                usize::try_from(count).ok().filter(|count| (1..=super::super::NODE_LIMIT).contains(count)).ok_or_else(|| {
                    self.error(id, ErrorKind::Dimension, format!("`rep` cannot make {count} elements")).hint("a length from 1 to 200,000")
                })
            })
            .collect::<Result<_>>()?;
        let count = shape.iter().copied().reduce(usize::saturating_mul).unwrap_or(1);
        let Some(node) = arguments[0].number().filter(|_| count <= super::super::NODE_LIMIT) else {
            let error = self.error(id, ErrorKind::Dimension, "`rep` repeats a number, at most 200,000 times");
            return Err(error.hint("rep(0, 8), or rep(0, 2, 3) for a matrix"));
        };
        Ok(Value::array(shape, vec![node; count]))
    }

    /// The diagonal matrix of a vector, or the diagonal of a matrix.
    fn diag(&mut self, id: ExprId, value: &Value) -> Result<Value> {
        if value.as_array().is_some_and(|array| array.shape.len() == 2) {
            let matrix = self.square(id, Function::Diag, value)?;
            return Ok(Value::vector((0..matrix.rows).map(|row| matrix.at(row, row)).collect()));
        }
        let (vector, zero) = (self.vector(id, Function::Diag, value)?, self.graph.constant(0.0));
        let n = vector.len();
        if n * n > super::super::NODE_LIMIT {
            return Err(self.error(id, ErrorKind::TooLong, format!("a matrix of {n} rows is too large")).hint("at most 447 rows"));
        }
        let mut nodes = vec![zero; n * n];
        vector.into_iter().enumerate().for_each(|(row, node)| nodes[row * (n + 1)] = node);
        Ok(Value::array(vec![n, n], nodes))
    }

    fn shape_of(&self, matrix: &Matrix) -> Shape {
        let n = matrix.rows;
        let pairs = || (0..n).flat_map(|row| (0..row).map(move |column| (row, column)));
        let is_zero = |node: NodeId| self.graph.number(node) == Some(0.0);
        if pairs().all(|(row, column)| is_zero(matrix.at(column, row))) {
            Shape::Lower
        } else if pairs().all(|(row, column)| is_zero(matrix.at(row, column))) {
            Shape::Upper
        } else if pairs().all(|(row, column)| matrix.at(row, column) == matrix.at(column, row)) {
            Shape::Symmetric
        } else {
            Shape::Other
        }
    }

    /// x of A·x = b, b a vector or a matrix: by substitution for triangles, by Cholesky's factor for symmetric matrices, which must be
    /// positive definite, else by elimination in the order of the rows.
    fn solve(&mut self, id: ExprId, left: &Value, right: &Value) -> Result<Value> {
        let matrix = self.square(id, Function::Solve, left)?;
        let Matrix { rows, columns, nodes } = self.matrix(right);
        if rows != matrix.rows {
            let message = format!("{} and {} do not go together", left.describe(), right.describe());
            return Err(self.error(id, ErrorKind::Dimension, message).hint("as many rows on the left as on the right"));
        }
        let mut b = nodes;
        match self.shape_of(&matrix) {
            Shape::Lower => self.forward(&matrix, &mut b, columns),
            Shape::Upper => self.backward(&matrix, &mut b, columns),
            Shape::Symmetric => {
                let factor = Matrix { nodes: cholesky(&mut self.graph, &matrix.nodes, rows), ..matrix };
                self.forward(&factor, &mut b, columns)?;
                let upper = (0..rows).flat_map(|row| (0..rows).map(move |column| (column, row))).map(|(r, c)| factor.at(r, c)).collect();
                self.backward(&Matrix { nodes: upper, ..factor }, &mut b, columns)
            }
            Shape::Other => {
                let upper = self.eliminated(matrix, &mut b, columns)?;
                self.backward(&upper, &mut b, columns)
            }
        }?;
        Ok(if right.as_array().is_some_and(|array| array.shape.len() == 2) {
            Value::array(vec![rows, columns], b)
        } else {
            Value::vector(b)
        })
    }

    /// Solves L·x = b in place.
    fn forward(&mut self, lower: &Matrix, b: &mut [NodeId], columns: usize) -> Result<()> {
        for row in 0..lower.rows {
            for column in 0..columns {
                let mut rest = b[row * columns + column];
                for k in 0..row {
                    let product = self.graph.multiply(lower.at(row, k), b[k * columns + column]);
                    rest = self.graph.subtract(rest, product);
                }
                b[row * columns + column] = self.graph.divide(rest, lower.at(row, row));
            }
            self.graph.check_size()?;
        }
        Ok(())
    }

    /// Solves U·x = b in place.
    fn backward(&mut self, upper: &Matrix, b: &mut [NodeId], columns: usize) -> Result<()> {
        for row in (0..upper.rows).rev() {
            for column in 0..columns {
                let mut rest = b[row * columns + column];
                for k in row + 1..upper.rows {
                    let product = self.graph.multiply(upper.at(row, k), b[k * columns + column]);
                    rest = self.graph.subtract(rest, product);
                }
                b[row * columns + column] = self.graph.divide(rest, upper.at(row, row));
            }
            self.graph.check_size()?;
        }
        Ok(())
    }

    /// The upper triangle that Gaussian elimination leaves of a matrix, its rows exchanged where a pivot is known to be 0; `b` goes with it.
    fn eliminated(&mut self, mut matrix: Matrix, b: &mut [NodeId], columns: usize) -> Result<Matrix> {
        let n = matrix.rows;
        for pivot in 0..n {
            let usable = (pivot..n).find(|&row| self.graph.number(matrix.at(row, pivot)) != Some(0.0));
            if let Some(row) = usable.filter(|&row| row > pivot) {
                (0..n).for_each(|column| matrix.nodes.swap(pivot * n + column, row * n + column));
                (0..columns).for_each(|column| b.swap(pivot * columns + column, row * columns + column));
            }
            for row in pivot + 1..n {
                let factor = self.graph.divide(matrix.at(row, pivot), matrix.at(pivot, pivot));
                for column in pivot..n {
                    let product = self.graph.multiply(factor, matrix.at(pivot, column));
                    matrix.nodes[row * n + column] = self.graph.subtract(matrix.at(row, column), product);
                }
                matrix.nodes[row * n + pivot] = self.graph.constant(0.0);
                for column in 0..columns {
                    let product = self.graph.multiply(factor, b[pivot * columns + column]);
                    b[row * columns + column] = self.graph.subtract(b[row * columns + column], product);
                }
            }
            self.graph.check_size()?;
        }
        Ok(matrix)
    }

    /// alpha²·exp(−|x − x'|²/(2·rho²)) for all pairs of points, each a number or a row of a matrix.
    fn squared_exponential(&mut self, id: ExprId, arguments: &[Value]) -> Result<Value> {
        let (Some(alpha), Some(rho)) = (arguments[1].number(), arguments[2].number()) else {
            let error = self.error(id, ErrorKind::Dimension, "`alpha` and `rho` of `gp_exp_quad_cov` are numbers");
            return Err(error.hint("gp_exp_quad_cov(x, alpha, rho)"));
        };
        let points = self.matrix(&arguments[0]);
        let n = points.rows;
        if n * n > super::super::NODE_LIMIT {
            return Err(self.error(id, ErrorKind::TooLong, format!("{n} points are too many")).hint("at most 447"));
        }
        let (height, width) = (self.graph.power(alpha, 2), self.graph.power(rho, 2));
        let minus_half = self.graph.constant(-0.5);
        let mut nodes = vec![height; n * n];
        for row in 0..n {
            for column in 0..row {
                let mut distance = self.graph.constant(0.0);
                for k in 0..points.columns {
                    let apart = self.graph.subtract(points.at(row, k), points.at(column, k));
                    let square = self.graph.power(apart, 2);
                    distance = self.graph.add(distance, square);
                }
                let scaled = self.graph.multiply(minus_half, distance);
                let exponent = self.graph.divide(scaled, width);
                let decay = self.graph.unary(Unary::Exp, exponent);
                let covariance = self.graph.multiply(height, decay);
                (nodes[row * n + column], nodes[column * n + row]) = (covariance, covariance);
            }
            self.graph.check_size()?;
        }
        Ok(Value::array(vec![n, n], nodes))
    }
}

/// What is known of a matrix.
enum Shape {
    Lower,
    Upper,
    Symmetric,
    Other,
}
