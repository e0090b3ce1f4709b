//! Distribution functions and their logarithms.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

use super::{Binary, Distribution, Form, Formula, HUGE, Node, NodeId, Unary};

impl Formula<'_> {
    /// P(X ≤ x), its logarithm, or log P(X > x).
    pub(super) fn cumulative(&mut self, distribution: Distribution, form: Form, arguments: &[NodeId]) -> NodeId {
        use Distribution::*;
        let x = arguments[0];
        match (distribution, &arguments[1..]) {
            (StdNormal, &[]) => {
                let (mu, sigma) = (self.number(0.0), self.number(1.0));
                self.normal_cumulative(x, mu, sigma, form)
            }
            (SkewDoubleExponential, &[mu, sigma, tau]) => {
                let sigma = self.scale(2, sigma);
                self.inside_unit(3, tau);
                // τ exp(−2(1 − τ)(μ − x)/σ) on the left, 1 − (1 − τ) exp(−2τ(x − μ)/σ) on the right.
                let z = self.standardised(x, mu, sigma);
                let (zero, mirrored) = (self.number(0.0), self.neg(tau));
                let rest = self.plus(mirrored, 1.0);
                let (left, right) = (self.mul(rest, z), self.mul(tau, z));
                let (left, right) = (self.times(2.0, left), self.times(-2.0, right));
                let (log, other) = (self.log(tau), self.unary(Unary::Log1p, mirrored));
                let (below, above) = (self.add(log, left), self.add(other, right));
                let is_left = self.graph.binary(Binary::Less, z, zero);
                let (near, far) = if form == Form::LogCcdf { (above, below) } else { (below, above) };
                let complement = self.unary(Unary::Log1mExp, far);
                let value = if form == Form::LogCcdf {
                    self.graph.select(is_left, complement, near)
                } else {
                    self.graph.select(is_left, near, complement)
                };
                if form == Form::Cdf { self.unary(Unary::Exp, value) } else { value }
            }
            (Frechet, &[alpha, sigma]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, sigma);
                let ratio = self.div(sigma, x);
                let power = self.graph.pow(ratio, alpha);
                let log = self.neg(power);
                match form {
                    Form::Cdf => self.unary(Unary::Exp, log),
                    Form::LogCdf => log,
                    _ => self.unary(Unary::Log1mExp, log),
                }
            }
            (Rayleigh, &[sigma]) => {
                self.positive(0, x);
                self.positive(1, sigma);
                let z = self.div(x, sigma);
                let square = self.square(z);
                let log = self.times(-0.5, square);
                self.by_log_survival(log, form)
            }
            (LogLogistic, &[alpha, beta]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, beta);
                let ratio = self.div(x, alpha);
                let log = self.log(ratio);
                let z = self.mul(beta, log);
                self.logistic_cumulative(z, form)
            }
            (ParetoType2, &[mu, lambda, alpha]) => {
                self.require(0, Binary::LessEqual, mu, x, ">= mu");
                self.positive(2, lambda);
                self.positive(3, alpha);
                let z = self.standardised(x, mu, lambda);
                let log = self.unary(Unary::Log1p, z);
                let power = self.mul(alpha, log);
                let log = self.neg(power);
                self.by_log_survival(log, form)
            }
            (Normal, &[mu, sigma]) => {
                let sigma = self.scale(2, sigma);
                self.normal_cumulative(x, mu, sigma, form)
            }
            (Lognormal, &[mu, sigma]) => {
                self.positive(0, x);
                let sigma = self.scale(2, sigma);
                let log = self.log(x);
                self.normal_cumulative(log, mu, sigma, form)
            }
            (Logistic, &[mu, sigma]) => {
                let sigma = self.scale(2, sigma);
                let z = self.standardised(x, mu, sigma);
                self.logistic_cumulative(z, form)
            }
            (Cauchy, &[mu, sigma]) => {
                let sigma = self.scale(2, sigma);
                // atan2(1, −z)/π is ½ + atan(z)/π without cancelling on the left.
                let z = self.standardised(x, mu, sigma);
                let mirrored = self.neg(z);
                let (side, other) = if form == Form::LogCcdf { (z, mirrored) } else { (mirrored, z) };
                let one = self.number(1.0);
                let [share, rest] = [side, other].map(|side| {
                    let angle = self.graph.binary(Binary::Atan2, one, side);
                    self.times(1.0 / PI, angle)
                });
                if form == Form::Cdf { share } else { self.log_of_share(share, rest) }
            }
            (Laplace, &[mu, sigma]) => {
                let sigma = self.scale(2, sigma);
                let z = self.standardised(x, mu, sigma);
                let side = if form == Form::LogCcdf { self.neg(z) } else { z };
                // Left of the centre ½eᶻ, right of it 1 − ½e⁻ᶻ.
                let size = self.unary(Unary::Abs, side);
                let mirrored = self.neg(size);
                let exponent = self.plus(mirrored, -LN_2);
                let zero = self.number(0.0);
                let left = self.graph.binary(Binary::Less, side, zero);
                let (tail, rest) = if form == Form::Cdf {
                    let tail = self.unary(Unary::Exp, exponent);
                    let one = self.number(1.0);
                    (tail, self.sub(one, tail))
                } else {
                    (exponent, self.unary(Unary::Log1mExp, exponent))
                };
                self.graph.select(left, tail, rest)
            }
            (Exponential, &[beta]) => {
                self.non_negative(0, x);
                self.positive(1, beta);
                let product = self.mul(beta, x);
                let log = self.neg(product);
                self.by_log_survival(log, form)
            }
            (Weibull, &[alpha, sigma]) => {
                self.positive(0, x);
                self.positive(1, alpha);
                self.positive(2, sigma);
                let ratio = self.div(x, sigma);
                let power = self.graph.pow(ratio, alpha);
                let log = self.neg(power);
                self.by_log_survival(log, form)
            }
            (Pareto, &[low, alpha]) => {
                self.positive(1, low);
                self.positive(2, alpha);
                self.require(0, Binary::LessEqual, low, x, ">= low");
                let ratio = self.div(low, x);
                let log = self.times_log(alpha, ratio);
                self.by_log_survival(log, form)
            }
            (Gumbel, &[mu, beta]) => {
                let beta = self.scale(2, beta);
                let z = self.standardised(x, mu, beta);
                let mirrored = self.neg(z);
                let tail = self.unary(Unary::Exp, mirrored);
                let log = self.neg(tail);
                match form {
                    Form::Cdf => self.unary(Unary::Exp, log),
                    Form::LogCdf => log,
                    _ => self.unary(Unary::Log1mExp, log),
                }
            }
            (Uniform, &[low, high]) => {
                self.require(2, Binary::Less, low, high, "> low");
                self.require(0, Binary::LessEqual, low, x, ">= low");
                self.require(0, Binary::LessEqual, x, high, "<= high");
                let width = self.sub(high, low);
                let parts = [self.sub(x, low), self.sub(high, x)];
                let [below, above] = parts.map(|part| self.div(part, width));
                match form {
                    Form::Cdf => below,
                    Form::LogCdf => self.log_of_share(below, above),
                    _ => self.log_of_share(above, below),
                }
            }
            _ => unreachable!("a distribution with a distribution function, and as many parameters as it has"),
        }
    }

    /// Φ by the error function's complement, which is exact in its tail: Φ(z) = erfc(−z/√2)/2.
    fn normal_cumulative(&mut self, x: NodeId, mu: NodeId, sigma: NodeId, form: Form) -> NodeId {
        let z = self.standardised(x, mu, sigma);
        let scaled = self.times(if form == Form::LogCcdf { FRAC_1_SQRT_2 } else { -FRAC_1_SQRT_2 }, z);
        if form == Form::Cdf {
            let tail = self.unary(Unary::Erfc, scaled);
            return self.times(0.5, tail);
        }
        self.log_half_erfc(scaled)
    }

    /// log(erfc(u)/2): near 1 by what is missing there, below ½ by the logarithm of the tail.
    pub(super) fn log_half_erfc(&mut self, u: NodeId) -> NodeId {
        let mirrored = self.neg(u);
        let rest = self.unary(Unary::Erfc, mirrored);
        let rest = self.times(-0.5, rest);
        let near_one = self.unary(Unary::Log1p, rest);
        let tail = self.unary(Unary::LogErfc, u);
        let below = self.plus(tail, -LN_2);
        let zero = self.number(0.0);
        let is_near_one = self.graph.binary(Binary::Less, u, zero);
        self.graph.select(is_near_one, near_one, below)
    }

    /// 1/(1 + exp(−z)) or a logarithm of it or of the rest.
    fn logistic_cumulative(&mut self, z: NodeId, form: Form) -> NodeId {
        let mirrored = self.neg(z);
        match form {
            Form::Cdf => self.unary(Unary::Sigmoid, z),
            _ => {
                let tail = self.unary(Unary::Softplus, if form == Form::LogCdf { mirrored } else { z });
                self.neg(tail)
            }
        }
    }

    /// The scale of a distribution function: where it underflows to 0, or overflows, the function has a limit.
    fn scale(&mut self, argument: usize, sigma: NodeId) -> NodeId {
        if matches!(self.graph.node(sigma), Node::Constant(_) | Node::Variable(_)) {
            self.positive(argument, sigma);
            return sigma;
        }
        self.non_negative(argument, sigma);
        let least = self.number(f64::MIN_POSITIVE);
        let raised = self.graph.binary(Binary::Max, sigma, least);
        self.at_most(HUGE, raised)
    }

    /// log share, by share + rest = 1 where the share is the larger.
    fn log_of_share(&mut self, share: NodeId, rest: NodeId) -> NodeId {
        let minus = self.neg(rest);
        let (near_one, below) = (self.unary(Unary::Log1p, minus), self.log(share));
        let smaller = self.graph.binary(Binary::Less, rest, share);
        self.graph.select(smaller, near_one, below)
    }

    /// The form, given log P(X > x).
    fn by_log_survival(&mut self, log: NodeId, form: Form) -> NodeId {
        match form {
            Form::LogCcdf => log,
            Form::LogCdf => self.unary(Unary::Log1mExp, log),
            _ => {
                let less = self.unary(Unary::Expm1, log);
                self.neg(less)
            }
        }
    }
}
