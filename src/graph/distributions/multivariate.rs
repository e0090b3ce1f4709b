//! Log densities of vectors.

use super::{Condition, Distribution, Formula, Graph, LOG_ROOT_TWO_PI, NodeId, Unary};

/// The log density of a vector of `n`; `parameters` are the parameters, each a vector of n or a matrix of n·n by rows, numbers in a
/// vector's place repeated.
pub(in crate::graph) fn multivariate(
    graph: &mut Graph,
    distribution: Distribution,
    x: &[NodeId],
    parameters: &[Vec<NodeId>],
) -> (NodeId, Vec<Condition>) {
    let mut formula = Formula { graph, conditions: Vec::new() };
    let value = match (distribution, parameters) {
        (Distribution::Dirichlet, [alpha]) => formula.dirichlet(x, alpha),
        (Distribution::MultiNormalCholesky, [mu, factor]) => formula.multi_normal(x, mu, factor),
        (Distribution::MultiNormal, [mu, covariance]) => {
            let factor = formula.cholesky(covariance, x.len());
            formula.multi_normal(x, mu, &factor)
        }
        _ => unreachable!("a distribution of vectors, and its parameters"),
    };
    (value, formula.conditions)
}

impl Formula<'_> {
    fn dirichlet(&mut self, x: &[NodeId], alpha: &[NodeId]) -> NodeId {
        let mut total = self.number(0.0);
        let mut value = self.number(0.0);
        for (&x, &alpha) in x.iter().zip(alpha) {
            self.positive(1, alpha);
            self.non_negative(0, x);
            total = self.add(total, alpha);
            let less = self.plus(alpha, -1.0);
            let (power, gamma) = (self.times_log(less, x), self.lgamma(alpha));
            value = self.sum(&[(1.0, value), (1.0, power), (-1.0, gamma)]);
        }
        let total = self.lgamma(total);
        self.add(value, total)
    }

    /// −|z|²/2 − Σ log Lᵢᵢ − n log √(2π), z the solution of L z = x − mu.
    fn multi_normal(&mut self, x: &[NodeId], mu: &[NodeId], factor: &[NodeId]) -> NodeId {
        let n = x.len();
        let mut z: Vec<NodeId> = Vec::with_capacity(n);
        let mut value = self.number(-LOG_ROOT_TWO_PI * n as f64);
        for row in 0..n {
            let mut rest = self.sub(x[row], mu[row]);
            for (column, &solved) in z.iter().enumerate() {
                let product = self.mul(factor[row * n + column], solved);
                rest = self.sub(rest, product);
            }
            let diagonal = factor[row * n + row];
            self.positive(2, diagonal);
            let solved = self.div(rest, diagonal);
            z.push(solved);
            let (square, log) = (self.square(solved), self.log(diagonal));
            let half = self.times(0.5, square);
            value = self.sum(&[(1.0, value), (-1.0, half), (-1.0, log)]);
        }
        value
    }

    /// The lower triangle L with L Lᵀ = Σ, row by row (Cholesky–Banachiewicz).
    fn cholesky(&mut self, covariance: &[NodeId], n: usize) -> Vec<NodeId> {
        let mut factor = vec![self.number(0.0); n * n];
        for row in 0..n {
            for column in 0..=row {
                let mut rest = covariance[row * n + column];
                for k in 0..column {
                    let product = self.mul(factor[row * n + k], factor[column * n + k]);
                    rest = self.sub(rest, product);
                }
                factor[row * n + column] = if row == column {
                    self.positive(2, rest);
                    self.unary(Unary::Sqrt, rest)
                } else {
                    self.div(rest, factor[column * n + column])
                };
            }
        }
        factor
    }
}
