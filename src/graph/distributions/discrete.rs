//! Log probabilities of whole-numbered outcomes.

use super::{Binary, Distribution, Formula, NodeId, Unary};

impl Formula<'_> {
    pub(super) fn log_probability(&mut self, distribution: Distribution, arguments: &[NodeId]) -> NodeId {
        use Distribution::*;
        let k = arguments[0];
        self.whole(k);
        let (zero, one) = (self.number(0.0), self.number(1.0));
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
                let (power, factorial) = (self.times_log(k, lambda), self.log_factorial(k));
                self.sum(&[(1.0, power), (-1.0, lambda), (-1.0, factorial)])
            }
            (PoissonLog, &[alpha]) => {
                let (power, lambda) = (self.mul(k, alpha), self.unary(Unary::Exp, alpha));
                let factorial = self.log_factorial(k);
                self.sum(&[(1.0, power), (-1.0, lambda), (-1.0, factorial)])
            }
            (NegBinomial2, &[mu, phi]) => {
                self.positive(1, mu);
                self.positive(2, phi);
                // (1 + mu/phi)^(−phi)·(mu/(mu + phi))ᵏ·Γ(k + phi)/(Γ(phi)·k!).
                let ratio = self.div(mu, phi);
                let log = self.unary(Unary::Log1p, ratio);
                let base = self.mul(phi, log);
                let rising = self.log_rising(phi, k);
                let per_outcome = {
                    // log mu − log phi − log(1 + mu/phi); log phi comes back in the rising factorial.
                    let mean = self.log(mu);
                    self.sub(mean, log)
                };
                let power = if self.graph.number(k) == Some(0.0) { zero } else { self.mul(k, per_outcome) };
                let factorial = self.log_factorial(k);
                self.sum(&[(1.0, rising), (-1.0, factorial), (-1.0, base), (1.0, power)])
            }
            _ => unreachable!("as many parameters as the distribution has, and its outcomes are whole"),
        }
    }

    /// The outcome is a whole number of 0 or more.
    fn whole(&mut self, k: NodeId) {
        let floor = self.unary(Unary::Floor, k);
        self.require(0, Binary::Equal, k, floor, "a whole number");
        self.non_negative(0, k);
    }

    fn log_factorial(&mut self, k: NodeId) -> NodeId {
        let next = self.plus(k, 1.0);
        self.lgamma(next)
    }

    fn log_choose(&mut self, n: NodeId, k: NodeId) -> NodeId {
        let rest = self.sub(n, k);
        let [n, k, rest] = [n, k, rest].map(|number| self.log_factorial(number));
        self.sum(&[(1.0, n), (-1.0, k), (-1.0, rest)])
    }

    /// k log θ + (n − k) log(1 − θ): linear in the data, so that sums of k and n suffice.
    fn trials(&mut self, k: NodeId, n: NodeId, theta: NodeId) -> NodeId {
        let failures = self.sub(n, k);
        let mirrored = self.neg(theta);
        let success = self.times_log(k, theta);
        let failure = if self.graph.number(failures) == Some(0.0) {
            failures
        } else {
            let log = self.unary(Unary::Log1p, mirrored);
            self.mul(failures, log)
        };
        self.add(success, failure)
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
    /// (φ + k − ½) log(1 + k/φ) − k + s(φ + k) − s(φ), s(z) = 1/(12z) − 1/(360z³), the next term being below 10⁻¹⁸.
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

    fn stirling(&mut self, z: NodeId) -> NodeId {
        let one = self.number(1.0);
        let inverse = self.div(one, z);
        let square = self.square(inverse);
        let cubic = self.times(-1.0 / 360.0, square);
        let factor = self.plus(cubic, 1.0 / 12.0);
        self.mul(factor, inverse)
    }
}
