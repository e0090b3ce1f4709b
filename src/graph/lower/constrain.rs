//! Parameters on sets with a name: expressions in free variables, with the logarithm of the Jacobian.
//!
//! The transforms are those of the Stan reference manual (2.35, chapter "Constraint Transforms"), so that posteriors agree.

use super::value::Value;
use super::{Binary, Error, ErrorKind, Lowering, NodeId, Parameter, Result, Unary, VariableName};
use crate::syntax::Constraint;

impl Lowering<'_> {
    /// The value of a parameter on a set, made of new variables that range over all numbers.
    pub(super) fn constrain(&mut self, parameter: &Parameter, constraint: Constraint, shape: &[usize]) -> Result<Value> {
        use Constraint::*;
        let is_matrix = matches!(constraint, CholeskyFactorCov | CholeskyFactorCorr | CovMatrix | CorrMatrix);
        let needs = |what: &str, example: &str| {
            let message = format!("`{}` in {} must be {what}", parameter.name, constraint.name());
            Err(Error::new(ErrorKind::Dimension, message).at(parameter.name_span).hint(format!("write {}{example}", parameter.name)))
        };
        let (n, rows) = match *shape {
            [n] if !is_matrix && constraint != RowStochastic => (n, 1),
            [n, m] if is_matrix && n == m => (n, 1),
            [rows, n] if constraint == RowStochastic => (n, rows),
            _ if is_matrix => return needs("a square matrix", "[3, 3]"),
            _ if constraint == RowStochastic => return needs("a matrix", "[3, 3]"),
            _ => return needs("a vector", "[3]"),
        };
        if matches!(constraint, Simplex | UnitVector | SumToZero | RowStochastic) && n < 2 {
            return needs("at least 2 long", "[2]");
        }
        let count = match constraint {
            Simplex | SumToZero => n - 1,
            RowStochastic => rows * (n - 1),
            Ordered | PositiveOrdered | UnitVector => n,
            CholeskyFactorCov | CovMatrix => n * (n + 1) / 2,
            CholeskyFactorCorr | CorrMatrix => n * (n - 1) / 2,
        };
        // A name that cannot be typed, so that it collides with none.
        let name = format!("{}~", parameter.name);
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        let free = self.declare_variables(&name, &[count], all, parameter.domain_span).nodes().to_vec();
        let (nodes, log_jacobian) = match constraint {
            Simplex => self.simplex(&free),
            RowStochastic => {
                let (mut nodes, mut log_jacobian) = (Vec::new(), self.graph.constant(0.0));
                for free in free.chunks_exact(n - 1) {
                    let (row, log) = self.simplex(free);
                    nodes.extend(row);
                    log_jacobian = self.graph.add(log_jacobian, log);
                }
                (nodes, log_jacobian)
            }
            SumToZero => self.sum_to_zero(&free),
            Ordered => self.ordered(&free, false),
            PositiveOrdered => self.ordered(&free, true),
            UnitVector => self.unit_vector(&free),
            CholeskyFactorCov => self.cholesky_cov(&free, n),
            CholeskyFactorCorr => self.cholesky_corr(&free, n),
            CovMatrix => {
                let (factor, log_jacobian) = self.cholesky_cov(&free, n);
                self.squared(&factor, log_jacobian, n, |k| (n - k) as f64 + 1.0, std::f64::consts::LN_2 * n as f64)
            }
            CorrMatrix => {
                let (factor, log_jacobian) = self.cholesky_corr(&free, n);
                self.squared(&factor, log_jacobian, n, |k| (n - k) as f64, 0.0)
            }
        };
        self.log_jacobian = self.graph.add(self.log_jacobian, log_jacobian);
        Ok(self.transformed(parameter, shape, nodes))
    }

    /// The value of a parameter that is made of free variables.
    fn transformed(&mut self, parameter: &Parameter, shape: &[usize], nodes: Vec<NodeId>) -> Value {
        for (element, &node) in nodes.iter().enumerate() {
            let indices = match shape {
                [] => vec![],
                [_] => vec![element + 1],
                [_, columns, ..] => vec![element / columns + 1, element % columns + 1],
            };
            self.transformed.push((VariableName { name: parameter.name.clone(), indices }, node));
        }
        if shape.is_empty() { Value::Number(nodes[0]) } else { Value::array(shape.to_vec(), nodes) }
    }

    /// The value of a parameter between ends that depend on other parameters: low + (high − low)/(1 + exp(−y)), or an exponential away from
    /// the one end that is finite. Nothing has mass where the ends are the wrong way round.
    pub(super) fn between(&mut self, parameter: &Parameter, ends: [NodeId; 2], shape: &[usize]) -> Value {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        let free = self.declare_variables(&format!("{}~", parameter.name), shape, all, parameter.domain_span).nodes().to_vec();
        let is_infinite = |lowering: &Self, end: NodeId| lowering.graph.number(end).is_some_and(f64::is_infinite);
        let [low, high] = ends;
        let (mut nodes, mut log_jacobian) = (Vec::with_capacity(free.len()), self.log_jacobian);
        let (from_low, from_high) = (is_infinite(self, high), is_infinite(self, low));
        let g = &mut self.graph;
        for y in free {
            let log = if from_low || from_high {
                let away = g.unary(Unary::Exp, y);
                nodes.push(if from_low { g.add(low, away) } else { g.subtract(high, away) });
                y
            } else {
                let width = g.subtract(high, low);
                let share = g.unary(Unary::Sigmoid, y);
                let part = g.multiply(width, share);
                nodes.push(g.add(low, part));
                let mirrored = g.negate(y);
                let (below, above) = (g.unary(Unary::Softplus, mirrored), g.unary(Unary::Softplus, y));
                let (log, both) = (g.unary(Unary::Log, width), g.add(below, above));
                let log = g.subtract(log, both);
                let (fits, nowhere) = (g.binary(Binary::Less, low, high), g.constant(f64::NEG_INFINITY));
                g.select(fits, log, nowhere)
            };
            log_jacobian = g.add(log_jacobian, log);
        }
        self.log_jacobian = log_jacobian;
        self.transformed(parameter, shape, nodes)
    }

    /// Coordinates in an orthonormal basis of the vectors that add up to 0, as Stan's: wᵢ = yᵢ/√(i(i + 1)) is added to x₁ … xᵢ and i·wᵢ taken
    /// from xᵢ₊₁. The density gains nothing.
    fn sum_to_zero(&mut self, free: &[NodeId]) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let zero = g.constant(0.0);
        let mut nodes = vec![zero; free.len() + 1];
        let mut total = zero;
        for (at, &y) in free.iter().enumerate().rev() {
            let i = (at + 1) as f64;
            let (share, times) = (g.constant(1.0 / (i * (i + 1.0)).sqrt()), g.constant(i));
            let w = g.multiply(share, y);
            total = g.add(total, w);
            nodes[at] = g.add(nodes[at], total);
            let taken = g.multiply(times, w);
            nodes[at + 1] = g.subtract(nodes[at + 1], taken);
        }
        (nodes, zero)
    }

    /// Stick breaking: zₖ = logit⁻¹(yₖ − log(K − k)), xₖ = (1 − Σⱼ<ₖ xⱼ)·zₖ; the density gains Σ log xₖ(1 − zₖ).
    fn simplex(&mut self, free: &[NodeId]) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let mut log_left = g.constant(0.0);
        let mut log_jacobian = g.constant(0.0);
        let mut nodes = Vec::new();
        for (k, &y) in free.iter().enumerate() {
            let shift = g.constant(((free.len() - k) as f64).ln());
            let centred = g.subtract(y, shift);
            // log z = −softplus(−u) and log(1 − z) = −softplus(u): nothing is lost at the ends.
            let mirrored = g.negate(centred);
            let (below, above) = (g.unary(Unary::Softplus, mirrored), g.unary(Unary::Softplus, centred));
            let log_x = g.subtract(log_left, below);
            nodes.push(g.unary(Unary::Exp, log_x));
            log_left = g.subtract(log_left, above);
            let both = g.subtract(log_x, above);
            log_jacobian = g.add(log_jacobian, both);
        }
        nodes.push(g.unary(Unary::Exp, log_left));
        (nodes, log_jacobian)
    }

    /// x₁ = y₁ (or exp y₁), xₖ = xₖ₋₁ + exp yₖ; the density gains Σ yₖ over the exponentials.
    fn ordered(&mut self, free: &[NodeId], positive: bool) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let mut log_jacobian = g.constant(0.0);
        let mut nodes: Vec<NodeId> = Vec::new();
        for &y in free {
            let node = match nodes.last() {
                None if !positive => y,
                last => {
                    log_jacobian = g.add(log_jacobian, y);
                    let step = g.unary(Unary::Exp, y);
                    last.map_or(step, |&last| g.add(last, step))
                }
            };
            nodes.push(node);
        }
        (nodes, log_jacobian)
    }

    /// x = y/|y|; the density gains −|y|²/2, which makes y normal.
    fn unit_vector(&mut self, free: &[NodeId]) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let mut square = g.constant(0.0);
        for &y in free {
            let power = g.power(y, 2);
            square = g.add(square, power);
        }
        let length = g.unary(Unary::Sqrt, square);
        let nodes = free.iter().map(|&y| g.divide(y, length)).collect();
        let two = g.constant(2.0);
        let half = g.divide(square, two);
        (nodes, g.negate(half))
    }

    /// Row by row below the diagonal as they are, on it exp y; the density gains Σ y on the diagonal.
    fn cholesky_cov(&mut self, free: &[NodeId], n: usize) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let zero = g.constant(0.0);
        let mut log_jacobian = zero;
        let mut nodes = vec![zero; n * n];
        let mut next = free.iter().copied();
        for row in 0..n {
            for column in 0..=row {
                let y = next.next().expect("n(n + 1)/2 of them");
                nodes[row * n + column] = if row == column {
                    log_jacobian = g.add(log_jacobian, y);
                    g.unary(Unary::Exp, y)
                } else {
                    y
                };
            }
        }
        (nodes, log_jacobian)
    }

    /// Canonical partial correlations zᵢⱼ = tanh yᵢⱼ (Lewandowski, Kurowicka & Joe 2009): Lᵢⱼ = zᵢⱼ·√(1 − Σₖ<ⱼ Lᵢₖ²); the density gains
    /// Σ log(1 − zᵢⱼ²) + ½ log(1 − Σₖ<ⱼ Lᵢₖ²).
    fn cholesky_corr(&mut self, free: &[NodeId], n: usize) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let (zero, one, two) = (g.constant(0.0), g.constant(1.0), g.constant(2.0));
        let mut log_jacobian = zero;
        let mut nodes = vec![zero; n * n];
        nodes[0] = one;
        let mut next = free.iter().copied();
        for row in 1..n {
            // The logarithm of what the row has left of its length, squared: a sum of log(1 − z²) = −2 log cosh y.
            let mut log_left = zero;
            for column in 0..row {
                let y = next.next().expect("n(n - 1)/2 of them");
                let z = g.unary(Unary::Tanh, y);
                let half = g.divide(log_left, two);
                let root = g.unary(Unary::Exp, half);
                nodes[row * n + column] = g.multiply(z, root);
                log_jacobian = g.add(log_jacobian, half);
                // 2 log cosh y = 2|y| + 2 log(1 + e⁻²|y|) − 2 log 2.
                let size = g.unary(Unary::Abs, y);
                let twice = g.multiply(two, size);
                let mirrored = g.negate(twice);
                let soft = g.unary(Unary::Softplus, mirrored);
                let soft = g.multiply(two, soft);
                let total = g.add(twice, soft);
                let shift = g.constant(2.0 * std::f64::consts::LN_2);
                let drop = g.subtract(total, shift);
                log_jacobian = g.subtract(log_jacobian, drop);
                log_left = g.subtract(log_left, drop);
            }
            let half = g.divide(log_left, two);
            nodes[row * n + row] = g.unary(Unary::Exp, half);
        }
        (nodes, log_jacobian)
    }

    /// L Lᵀ; the density gains n log 2 (or nothing) and Σ powers(k)·log Lₖₖ.
    fn squared(
        &mut self,
        factor: &[NodeId],
        log_jacobian: NodeId,
        n: usize,
        powers: impl Fn(usize) -> f64,
        constant: f64,
    ) -> (Vec<NodeId>, NodeId) {
        let g = &mut self.graph;
        let mut log_jacobian = log_jacobian;
        let mut nodes = Vec::with_capacity(n * n);
        for row in 0..n {
            for column in 0..n {
                let mut total = g.constant(0.0);
                for k in 0..=row.min(column) {
                    let product = g.multiply(factor[row * n + k], factor[column * n + k]);
                    total = g.add(total, product);
                }
                nodes.push(total);
            }
            let power = g.constant(powers(row + 1));
            let log = g.unary(Unary::Log, factor[row * n + row]);
            let term = g.multiply(power, log);
            log_jacobian = g.add(log_jacobian, term);
        }
        let constant = g.constant(constant);
        (nodes, g.add(log_jacobian, constant))
    }
}
