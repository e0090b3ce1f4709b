//! Log probabilities of whole-numbered outcomes.

use super::{Binary, Distribution, Formula, HUGE, Node, NodeId, Unary};

impl Formula<'_> {
    pub(super) fn log_probability(&mut self, distribution: Distribution, arguments: &[NodeId]) -> NodeId {
        use Distribution::*;
        let k = arguments[0];
        self.whole(k);
        let one = self.number(1.0);
        match (distribution, &arguments[1..]) {
            (Bernoulli, &[theta]) => {
                self.require(0, Binary::LessEqual, k, one, "0 or 1");
                self.probability(1, theta);
                self.trials(k, one, theta)
            }
            (BernoulliLogit, &[alpha]) => {
                self.require(0, Binary::LessEqual, k, one, "0 or 1");
                self.logit_trials(k, one, alpha)
            }
            (Binomial, &[n, theta]) => {
                self.require(0, Binary::LessEqual, k, n, "<= n");
                self.probability(2, theta);
                let (ways, value) = (self.log_choose(n, k), self.trials(k, n, theta));
                self.add(ways, value)
            }
            (BinomialLogit, &[n, alpha]) => {
                self.require(0, Binary::LessEqual, k, n, "<= n");
                let (ways, value) = (self.log_choose(n, k), self.logit_trials(k, n, alpha));
                self.add(ways, value)
            }
            (BetaBinomial, &[n, alpha, beta]) => {
                self.require(0, Binary::LessEqual, k, n, "<= n");
                self.positive(2, alpha);
                self.positive(3, beta);
                let ways = self.log_choose(n, k);
                let failures = self.sub(n, k);
                let (a, b) = (self.add(k, alpha), self.add(failures, beta));
                let (top, bottom) = (self.lbeta(a, b), self.lbeta(alpha, beta));
                self.sum(&[(1.0, ways), (1.0, top), (-1.0, bottom)])
            }
            (Poisson, &[lambda]) => {
                self.non_negative(1, lambda);
                self.finite(1, lambda);
                let (power, factorial) = (self.times_log(k, lambda), self.log_factorial(k));
                self.sum(&[(1.0, power), (-1.0, lambda), (-1.0, factorial)])
            }
            (PoissonLog, &[alpha]) => {
                let (power, lambda) = (self.mul(k, alpha), self.unary(Unary::Exp, alpha));
                let factorial = self.log_factorial(k);
                self.sum(&[(1.0, power), (-1.0, lambda), (-1.0, factorial)])
            }
            (NegBinomial2, &[mu, phi]) => {
                self.non_negative(1, mu);
                self.finite(1, mu);
                let log = self.log(mu);
                self.neg_binomial(k, log, mu, phi)
            }
            (NegBinomial2Log, &[eta, phi]) => {
                let mu = self.unary(Unary::Exp, eta);
                self.finite(1, mu);
                self.neg_binomial(k, eta, mu, phi)
            }
            (NegBinomial, &[alpha, beta]) => {
                self.positive(2, beta);
                let mu = self.div(alpha, beta);
                let log = self.log(mu);
                let value = self.neg_binomial(k, log, mu, alpha);
                // Both parameters here are the first and the second of the other form.
                self.conditions.last_mut().expect("phi is asked for").argument = 1;
                value
            }
            (Geometric, &[theta]) => {
                self.probability(1, theta);
                let (log, rest) = self.log_shares(theta);
                let failures = self.or_zero(k, rest);
                self.add(log, failures)
            }
            _ => unreachable!("as many parameters as the distribution has, and its outcomes are whole"),
        }
    }

    /// The outcome is a whole number of 0 or more.
    pub(super) fn whole(&mut self, k: NodeId) {
        let floor = self.unary(Unary::Floor, k);
        self.require(0, Binary::Equal, k, floor, "a whole number");
        self.non_negative(0, k);
    }

    pub(super) fn log_factorial(&mut self, k: NodeId) -> NodeId {
        let next = self.plus(k, 1.0);
        self.lgamma(next)
    }

    pub(super) fn log_choose(&mut self, n: NodeId, k: NodeId) -> NodeId {
        let rest = self.sub(n, k);
        let [n, k, rest] = [n, k, rest].map(|number| self.log_factorial(number));
        self.sum(&[(1.0, n), (-1.0, k), (-1.0, rest)])
    }

    /// (1 + mu/phi)^(−phi)·(mu/(mu + phi))ᵏ·Γ(k + phi)/(Γ(phi)·k!), given log mu too. An infinite phi is as a huge one: Poisson.
    fn neg_binomial(&mut self, k: NodeId, log_mu: NodeId, mu: NodeId, phi: NodeId) -> NodeId {
        let zero = self.number(0.0);
        self.require(2, Binary::Less, zero, phi, "> 0");
        let phi = self.at_most(HUGE, phi);
        let ratio = self.div(mu, phi);
        let log = self.unary(Unary::Log1p, ratio);
        let base = self.mul(phi, log);
        let rising = self.log_rising(phi, k);
        // log mu − log phi − log(1 + mu/phi); log phi comes back in the rising factorial.
        let per_outcome = self.sub(log_mu, log);
        let power = self.or_zero(k, per_outcome);
        let factorial = self.log_factorial(k);
        self.sum(&[(1.0, rising), (-1.0, factorial), (-1.0, base), (1.0, power)])
    }

    /// k log θ + (n − k) log(1 − θ): linear in the data, so that sums of k and n suffice.
    fn trials(&mut self, k: NodeId, n: NodeId, theta: NodeId) -> NodeId {
        if let Node::Unary(Unary::Sigmoid, u) = self.graph.node(theta) {
            return self.logit_trials(k, n, u);
        }
        let failures = self.sub(n, k);
        let (log, rest) = self.log_shares(theta);
        // Of one trial one of the two is read.
        if self.graph.number(n) == Some(1.0) && self.graph.table_of(theta).is_some() {
            return self.graph.select(k, log, rest);
        }
        let (success, failure) = (self.or_zero(k, log), self.or_zero(failures, rest));
        self.add(success, failure)
    }

    /// log θ and log(1 − θ): of a sigmoid or a Φ by what keeps its digits, and is finite, where θ rounds to 0 or 1.
    fn log_shares(&mut self, theta: NodeId) -> (NodeId, NodeId) {
        match self.graph.node(theta) {
            Node::Unary(Unary::Sigmoid, u) => {
                let mirrored = self.neg(u);
                let [share, rest] = [mirrored, u].map(|side| self.unary(Unary::Softplus, side));
                (self.neg(share), self.neg(rest))
            }
            Node::Binary(Binary::Divide, tail, two) if self.graph.number(two) == Some(2.0) => match self.graph.node(tail) {
                Node::Unary(Unary::Erfc, u) => {
                    let mirrored = self.neg(u);
                    (self.log_half_erfc(u), self.log_half_erfc(mirrored))
                }
                _ => self.plain_log_shares(theta),
            },
            _ => self.plain_log_shares(theta),
        }
    }

    fn plain_log_shares(&mut self, theta: NodeId) -> (NodeId, NodeId) {
        let mirrored = self.neg(theta);
        (self.log(theta), self.unary(Unary::Log1p, mirrored))
    }

    /// kα − n log(1 + eᵅ); one outcome of all n or of none keeps its digits in the tail.
    fn logit_trials(&mut self, k: NodeId, n: NodeId, alpha: NodeId) -> NodeId {
        if self.graph.number(k).is_some() && k == n {
            let mirrored = self.neg(alpha);
            let soft = self.unary(Unary::Softplus, mirrored);
            let product = self.mul(n, soft);
            return self.neg(product);
        }
        let (power, soft) = (self.mul(k, alpha), self.unary(Unary::Softplus, alpha));
        let product = self.mul(n, soft);
        self.sub(power, product)
    }

    /// log Γ(φ + k) − log Γ(φ) − k log φ. For φ above 1000 by Stirling's series (DLMF 5.11.1), where the difference would cancel:
    /// (φ + k − ½) log(1 + k/φ) − k + s(φ + k) − s(φ).
    fn log_rising(&mut self, phi: NodeId, k: NodeId) -> NodeId {
        let upper = self.add(phi, k);
        let (above, below) = (self.lgamma(upper), self.lgamma(phi));
        let log = self.times_log(k, phi);
        let difference = self.sum(&[(1.0, above), (-1.0, below), (-1.0, log)]);
        let ratio = self.div(k, phi);
        let (growth, shifted) = (self.unary(Unary::Log1p, ratio), self.plus(upper, -0.5));
        let main = self.mul(shifted, growth);
        let (top, bottom) = (self.stirling(upper), self.stirling(phi));
        let series = self.sum(&[(1.0, main), (-1.0, k), (1.0, top), (-1.0, bottom)]);
        let crossing = self.number(1000.0);
        let large = self.graph.binary(Binary::Less, crossing, phi);
        self.graph.select(large, series, difference)
    }
}
