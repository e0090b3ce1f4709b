//! Log densities of vectors.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

use super::{Binary, Condition, Distribution, Formula, Graph, LOG_ROOT_TWO_PI, NodeId, Unary};

/// The log density of `[outcome, parameters…]`, each in its shape: a number, a vector of n, a matrix of n·n by rows.
pub(in crate::graph) fn multivariate(graph: &mut Graph, distribution: Distribution, parts: &[Vec<NodeId>]) -> (NodeId, Vec<Condition>) {
    use Distribution::*;
    let mut formula = Formula { graph, conditions: Vec::new() };
    let x = &parts[0][..];
    let value = match (distribution, &parts[1..]) {
        (Categorical, [theta]) => formula.categorical(x[0], theta),
        (CategoricalLogit, [beta]) => formula.categorical_logit(x[0], beta),
        (OrderedLogistic | OrderedProbit, [eta, cuts]) => formula.ordered(distribution, x[0], eta[0], cuts),
        (Multinomial, [theta]) => formula.multinomial(x, theta),
        (Dirichlet, [alpha]) => formula.dirichlet(x, alpha),
        (MultiNormalCholesky, [mu, factor]) => formula.multi_normal(x, mu, factor),
        (MultiNormal, [mu, covariance]) => {
            let factor = formula.cholesky(2, covariance, x.len());
            formula.multi_normal(x, mu, &factor)
        }
        (MultiNormalPrec, [mu, precision]) => formula.multi_normal_prec(x, mu, precision),
        (MultiStudentT, [nu, mu, scale]) => formula.multi_student_t(x, nu[0], mu, scale),
        (LkjCorr, [eta]) => formula.lkj_corr(x, eta[0]),
        (LkjCorrCholesky, [eta]) => formula.lkj_corr_cholesky(x, eta[0]),
        (Wishart | InvWishart, [nu, scale]) => formula.wishart(distribution, x, nu[0], scale),
        _ => unreachable!("a distribution of vectors, and its parameters"),
    };
    (value, formula.conditions)
}

/// The lower triangle L with L·Lᵀ = `matrix`, of n rows; NaN where there is none.
pub(in crate::graph) fn cholesky(graph: &mut Graph, matrix: &[NodeId], n: usize) -> Vec<NodeId> {
    Formula { graph, conditions: Vec::new() }.cholesky(0, matrix, n)
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
        let centred: Vec<NodeId> = x.iter().zip(mu).map(|(&x, &mu)| self.sub(x, mu)).collect();
        let mut value = self.number(-LOG_ROOT_TWO_PI * n as f64);
        for (row, solved) in self.solve(factor, &centred).into_iter().enumerate() {
            let diagonal = factor[row * n + row];
            self.positive(2, diagonal);
            let (square, log) = (self.square(solved), self.log(diagonal));
            let half = self.times(0.5, square);
            value = self.sum(&[(1.0, value), (-1.0, half), (-1.0, log)]);
        }
        value
    }

    /// With Ω = L Lᵀ: −|Lᵀ(x − mu)|²/2 + Σ log Lᵢᵢ − n log √(2π).
    fn multi_normal_prec(&mut self, x: &[NodeId], mu: &[NodeId], precision: &[NodeId]) -> NodeId {
        let n = x.len();
        let factor = self.cholesky(2, precision, n);
        let mut value = self.number(-LOG_ROOT_TWO_PI * n as f64);
        for column in 0..n {
            let mut total = self.number(0.0);
            for row in column..n {
                let centred = self.sub(x[row], mu[row]);
                let product = self.mul(factor[row * n + column], centred);
                total = self.add(total, product);
            }
            let (square, log) = (self.square(total), self.log(factor[column * n + column]));
            let half = self.times(0.5, square);
            value = self.sum(&[(1.0, value), (-1.0, half), (1.0, log)]);
        }
        value
    }

    fn multi_student_t(&mut self, x: &[NodeId], nu: NodeId, mu: &[NodeId], scale: &[NodeId]) -> NodeId {
        let n = x.len();
        self.positive(1, nu);
        let factor = self.cholesky(3, scale, n);
        let centred: Vec<NodeId> = x.iter().zip(mu).map(|(&x, &mu)| self.sub(x, mu)).collect();
        let (mut square, mut logs) = (self.number(0.0), self.number(0.0));
        for (row, solved) in self.solve(&factor, &centred).into_iter().enumerate() {
            let (more, log) = (self.square(solved), self.log(factor[row * n + row]));
            (square, logs) = (self.add(square, more), self.add(logs, log));
        }
        let ratio = self.div(square, nu);
        let (tail, both) = (self.unary(Unary::Log1p, ratio), self.plus(nu, n as f64));
        let (half, half_nu) = (self.times(0.5, both), self.times(0.5, nu));
        let (power, above, below) = (self.mul(half, tail), self.lgamma(half), self.lgamma(half_nu));
        let log = self.log(nu);
        let log = self.times(0.5 * n as f64, log);
        let value = self.sum(&[(1.0, above), (-1.0, below), (-1.0, log), (-1.0, logs), (-1.0, power)]);
        self.plus(value, -0.5 * n as f64 * PI.ln())
    }

    /// log θₖ.
    fn categorical(&mut self, k: NodeId, theta: &[NodeId]) -> NodeId {
        for &theta in theta {
            self.probability(1, theta);
        }
        let logs: Vec<NodeId> = theta.iter().map(|&theta| self.log(theta)).collect();
        let k = self.category(k, theta.len());
        self.pick(&logs, k)
    }

    fn categorical_logit(&mut self, k: NodeId, beta: &[NodeId]) -> NodeId {
        let k = self.category(k, beta.len());
        let (chosen, all) = (self.pick(beta, k), self.graph.log_sum_exp(beta));
        self.sub(chosen, all)
    }

    /// `log(F(eta − c[k − 1]) − F(eta − c[k]))`: the tails are those of F, between them
    /// F(a) − F(b) = F(a)·(1 − F(b))·(1 − exp(b − a)) for the logistic function, whose last factor has only the cut points.
    fn ordered(&mut self, distribution: Distribution, k: NodeId, eta: NodeId, cuts: &[NodeId]) -> NodeId {
        for pair in cuts.windows(2) {
            self.require(2, Binary::Less, pair[0], pair[1], "ascending");
        }
        let n = cuts.len();
        let k = self.category(k, n + 1);
        let (first, last) = (self.number(1.0), self.number(n as f64 + 1.0));
        let (is_first, is_last) = (self.graph.binary(Binary::Equal, k, first), self.graph.binary(Binary::Equal, k, last));
        // The cut points below and above; a category at an end has one only, and does not read the other.
        let below: Vec<NodeId> = std::iter::once(cuts[0]).chain(cuts.iter().copied()).collect();
        let above: Vec<NodeId> = cuts.iter().copied().chain([cuts[n - 1]]).collect();
        let (below, above) = (self.pick(&below, k), self.pick(&above, k));
        let (a, b) = (self.sub(eta, below), self.sub(eta, above));
        let zero = self.number(0.0);
        if distribution == Distribution::OrderedLogistic {
            let mirrored = self.neg(a);
            let (from_below, from_above) = (self.unary(Unary::Softplus, mirrored), self.unary(Unary::Softplus, b));
            let from_below = self.graph.select(is_first, zero, from_below);
            let from_above = self.graph.select(is_last, zero, from_above);
            let mut spreads = vec![zero];
            for pair in cuts.windows(2) {
                let less = self.sub(pair[0], pair[1]);
                spreads.push(self.unary(Unary::Log1mExp, less));
            }
            spreads.push(zero);
            let spread = self.pick(&spreads, k);
            return self.sum(&[(1.0, spread), (-1.0, from_below), (-1.0, from_above)]);
        }
        let mirrored = self.neg(b);
        let (at_first, at_last) = (self.log_phi(mirrored), self.log_phi(a));
        // Between two cut points on the side where the tails are small.
        let both = self.add(a, b);
        let (is_right, other) = (self.graph.binary(Binary::Less, zero, both), self.neg(a));
        let (high, low) = (self.graph.select(is_right, mirrored, a), self.graph.select(is_right, other, b));
        let (high, low) = (self.log_phi(high), self.log_phi(low));
        let less = self.sub(low, high);
        let rest = self.unary(Unary::Log1mExp, less);
        let between = self.add(high, rest);
        let value = self.graph.select(is_last, at_last, between);
        self.graph.select(is_first, at_first, value)
    }

    /// log Φ(z), to an absolute error.
    fn log_phi(&mut self, z: NodeId) -> NodeId {
        let scaled = self.times(-FRAC_1_SQRT_2, z);
        let tail = self.unary(Unary::LogErfc, scaled);
        self.plus(tail, -LN_2)
    }

    fn multinomial(&mut self, k: &[NodeId], theta: &[NodeId]) -> NodeId {
        let (mut total, mut value) = (self.number(0.0), self.number(0.0));
        for (&k, &theta) in k.iter().zip(theta) {
            self.whole(k);
            self.probability(1, theta);
            let (power, factorial) = (self.times_log(k, theta), self.log_factorial(k));
            total = self.add(total, k);
            value = self.sum(&[(1.0, value), (1.0, power), (-1.0, factorial)]);
        }
        let factorial = self.log_factorial(total);
        self.add(factorial, value)
    }

    /// The outcome is one of 1 to `most`; where the data break that, which is a fault, a 1 stands for it.
    fn category(&mut self, k: NodeId, most: usize) -> NodeId {
        let (one, last) = (self.number(1.0), self.number(most as f64));
        let floor = self.unary(Unary::Floor, k);
        self.require(0, Binary::Equal, k, floor, "a whole number");
        self.require(0, Binary::LessEqual, one, k, ">= 1");
        self.require(0, Binary::LessEqual, k, last, "<= the number of categories");
        let fits = |value: f64| value.fract() == 0.0 && value >= 1.0 && value <= most as f64;
        if let Some(number) = self.graph.number(k) {
            return if fits(number) { k } else { one };
        }
        let values = self.graph.values_by_row(k);
        match self.graph.table_of(k) {
            Some(table) if !values.iter().all(|value| fits(*value)) => {
                self.graph.column(table, "", values.iter().map(|value| if fits(*value) { *value } else { 1.0 }).collect())
            }
            _ => k,
        }
    }

    /// `elements[k]` for a category.
    fn pick(&mut self, elements: &[NodeId], k: NodeId) -> NodeId {
        match self.graph.number(k) {
            Some(k) => elements[k as usize - 1],
            None => self.graph.gather(elements, k).expect("a category is an index"),
        }
    }

    /// (eta − 1)·log det x, normalised as in Lewandowski, Kurowicka & Joe (2009).
    fn lkj_corr(&mut self, x: &[NodeId], eta: NodeId) -> NodeId {
        self.positive(1, eta);
        let n = x.len().isqrt();
        let factor = self.cholesky(0, x, n);
        let logs = self.log_diagonal(&factor, n);
        let less = self.plus(eta, -1.0);
        let twice = self.times(2.0, less);
        let (power, constant) = (self.mul(twice, logs), self.lkj_constant(eta, n));
        self.add(power, constant)
    }

    /// [`lkj_corr`](Self::lkj_corr) of L·Lᵀ with the Jacobian Π Lₖₖⁿ⁻ᵏ.
    fn lkj_corr_cholesky(&mut self, x: &[NodeId], eta: NodeId) -> NodeId {
        self.positive(1, eta);
        let n = x.len().isqrt();
        let mut value = self.lkj_constant(eta, n);
        for row in 1..n {
            let diagonal = x[row * n + row];
            self.positive(0, diagonal);
            let twice = self.times(2.0, eta);
            let (power, log) = (self.plus(twice, n as f64 - row as f64 - 3.0), self.log(diagonal));
            let term = self.mul(power, log);
            value = self.add(value, term);
        }
        value
    }

    /// (n − 1) log Γ(η + (n − 1)/2) − Σₖ (k/2·log π + log Γ(η + (n − 1 − k)/2)), k from 1 to n − 1.
    fn lkj_constant(&mut self, eta: NodeId, n: usize) -> NodeId {
        let above = self.plus(eta, 0.5 * (n as f64 - 1.0));
        let above = self.lgamma(above);
        let mut value = self.times(n as f64 - 1.0, above);
        for k in 1..n {
            let below = self.plus(eta, 0.5 * (n - 1 - k) as f64);
            let below = self.lgamma(below);
            value = self.sub(value, below);
            value = self.plus(value, -0.5 * k as f64 * PI.ln());
        }
        value
    }

    /// By Cholesky factors A of the outcome and B of the scale: tr(S⁻¹x) = |B⁻¹A|², tr(S·x⁻¹) = |A⁻¹B|².
    fn wishart(&mut self, distribution: Distribution, x: &[NodeId], nu: NodeId, scale: &[NodeId]) -> NodeId {
        let n = x.len().isqrt();
        let least = self.number(n as f64 - 1.0);
        self.require(1, Binary::Less, least, nu, "> n - 1");
        let (outcome, scale) = (self.cholesky(0, x, n), self.cholesky(2, scale, n));
        let is_inverse = distribution == Distribution::InvWishart;
        let (below, above) = if is_inverse { (&outcome, &scale) } else { (&scale, &outcome) };
        let mut trace = self.number(0.0);
        for column in 0..n {
            let right: Vec<NodeId> = (0..n).map(|row| above[row * n + column]).collect();
            for solved in self.solve(below, &right) {
                let square = self.square(solved);
                trace = self.add(trace, square);
            }
        }
        let [outcome, scale] = [&outcome, &scale].map(|factor| self.log_diagonal(factor, n));
        let half = self.times(0.5, nu);
        // n(n − 1)/4·log π + Σ log Γ((ν − k)/2).
        let mut gammas = self.number(0.25 * (n * (n - 1)) as f64 * PI.ln());
        for k in 0..n {
            let argument = self.plus(half, -0.5 * k as f64);
            let gamma = self.lgamma(argument);
            gammas = self.add(gammas, gamma);
        }
        let (twos, half_trace, scale) = (self.times(LN_2 * n as f64, half), self.times(0.5, trace), self.mul(nu, scale));
        let (power, sign) = if is_inverse { (self.plus(nu, n as f64 + 1.0), -1.0) } else { (self.plus(nu, -(n as f64) - 1.0), 1.0) };
        let outcome = self.mul(power, outcome);
        self.sum(&[(sign, outcome), (-sign, scale), (-1.0, twos), (-1.0, gammas), (-1.0, half_trace)])
    }

    /// Σ log Lᵢᵢ.
    fn log_diagonal(&mut self, factor: &[NodeId], n: usize) -> NodeId {
        let mut total = self.number(0.0);
        for row in 0..n {
            let log = self.log(factor[row * n + row]);
            total = self.add(total, log);
        }
        total
    }

    /// The solution of L z = right, L lower triangular.
    fn solve(&mut self, factor: &[NodeId], right: &[NodeId]) -> Vec<NodeId> {
        let n = right.len();
        let mut z: Vec<NodeId> = Vec::with_capacity(n);
        for row in 0..n {
            let mut rest = right[row];
            for (column, &solved) in z.iter().enumerate() {
                let product = self.mul(factor[row * n + column], solved);
                rest = self.sub(rest, product);
            }
            z.push(self.div(rest, factor[row * n + row]));
        }
        z
    }

    /// The lower triangle L with L Lᵀ = Σ, the argument of that number, row by row (Cholesky–Banachiewicz).
    fn cholesky(&mut self, argument: usize, covariance: &[NodeId], n: usize) -> Vec<NodeId> {
        let mut factor = vec![self.number(0.0); n * n];
        for row in 0..n {
            for column in 0..=row {
                let mut rest = covariance[row * n + column];
                for k in 0..column {
                    let product = self.mul(factor[row * n + k], factor[column * n + k]);
                    rest = self.sub(rest, product);
                }
                factor[row * n + column] = if row == column {
                    self.positive(argument, rest);
                    self.unary(Unary::Sqrt, rest)
                } else {
                    self.div(rest, factor[column * n + column])
                };
            }
        }
        factor
    }
}
