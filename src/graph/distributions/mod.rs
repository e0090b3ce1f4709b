//! Probability distributions in terms of operators: log densities with all their constants, stable in the tails.
//!
//! Names, parameters and supports are those of the Stan functions reference (2.35). What the arguments must satisfy is collected
//! beside the value, so that the caller can see what holds always, what never, and what must be asked at each point.

mod continuous;
mod cumulative;
mod discrete;
mod multivariate;

use super::{Binary, Graph, Node, NodeId, Unary};
use crate::syntax::{Distribution, Form};

pub(super) use multivariate::{cholesky, multivariate};

/// A formula under construction: a graph, and the conditions on its arguments.
pub(super) struct Formula<'g> {
    graph: &'g mut Graph,
    conditions: Vec<Condition>,
}

/// What an argument must satisfy.
#[derive(Debug, Clone, Copy)]
pub(in crate::graph) struct Condition {
    /// 1 where it holds.
    pub(in crate::graph) holds: NodeId,
    /// Which argument it is about: 0 is the outcome.
    pub(in crate::graph) argument: usize,
    /// What it says, as in `sigma > 0`, without the name.
    pub(in crate::graph) says: &'static str,
}

/// The value of a form of a univariate distribution at `[outcome, parameters…]`, and its conditions. Where one fails, the value means
/// nothing: a log density is −∞ there.
pub(in crate::graph) fn univariate(
    graph: &mut Graph,
    distribution: Distribution,
    form: Form,
    arguments: &[NodeId],
) -> (NodeId, Vec<Condition>) {
    if form == Form::Density {
        let (log, conditions) = univariate(graph, distribution, Form::LogDensity, arguments);
        return (graph.unary(Unary::Exp, log), conditions);
    }
    let mut formula = Formula { graph, conditions: Vec::new() };
    let value = match form {
        Form::LogDensity if distribution.is_discrete() => formula.log_probability(distribution, arguments),
        Form::LogDensity => formula.log_density(distribution, arguments),
        _ => formula.cumulative(distribution, form, arguments),
    };
    (value, formula.conditions)
}

impl Formula<'_> {
    fn number(&mut self, value: f64) -> NodeId {
        self.graph.constant(value)
    }

    fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.graph.add(a, b)
    }

    fn sub(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.graph.subtract(a, b)
    }

    fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.graph.multiply(a, b)
    }

    fn div(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.graph.divide(a, b)
    }

    fn neg(&mut self, a: NodeId) -> NodeId {
        self.graph.negate(a)
    }

    fn square(&mut self, a: NodeId) -> NodeId {
        self.graph.power(a, 2)
    }

    fn plus(&mut self, a: NodeId, number: f64) -> NodeId {
        let number = self.number(number);
        self.add(a, number)
    }

    fn times(&mut self, number: f64, a: NodeId) -> NodeId {
        let number = self.number(number);
        self.mul(number, a)
    }

    fn unary(&mut self, op: Unary, a: NodeId) -> NodeId {
        self.graph.unary(op, a)
    }

    fn log(&mut self, a: NodeId) -> NodeId {
        self.unary(Unary::Log, a)
    }

    fn lgamma(&mut self, a: NodeId) -> NodeId {
        self.unary(Unary::Lgamma, a)
    }

    /// a·log b, 0 where a is 0.
    fn times_log(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let log = self.log(b);
        self.or_zero(a, log)
    }

    /// a·log, 0 where a is 0 though the logarithm may be −∞ there. A logarithm that is the same in all rows stays a factor, which sums of
    /// the data need.
    fn or_zero(&mut self, a: NodeId, log: NodeId) -> NodeId {
        let zero = self.number(0.0);
        if self.graph.number(a) == Some(0.0) {
            return zero;
        }
        let product = self.mul(a, log);
        if !self.graph.is_data(a) || self.graph.table_of(log).is_none() || self.graph.is_total(log) {
            return product;
        }
        let some = self.graph.binary(Binary::NotEqual, a, zero);
        self.graph.select(some, product, zero)
    }

    /// The smaller of the number and `a`.
    fn at_most(&mut self, most: f64, a: NodeId) -> NodeId {
        let most = self.number(most);
        self.graph.binary(Binary::Min, a, most)
    }

    /// The sum of signed terms.
    fn sum(&mut self, terms: &[(f64, NodeId)]) -> NodeId {
        let mut total = self.number(0.0);
        for &(sign, term) in terms {
            total = if sign < 0.0 { self.sub(total, term) } else { self.add(total, term) };
        }
        total
    }

    /// (x − mu)/sigma.
    fn standardised(&mut self, x: NodeId, mu: NodeId, sigma: NodeId) -> NodeId {
        let centred = self.sub(x, mu);
        self.div(centred, sigma)
    }

    fn require(&mut self, argument: usize, op: Binary, a: NodeId, b: NodeId, says: &'static str) {
        let holds = self.graph.binary(op, a, b);
        self.conditions.push(Condition { holds, argument, says });
    }

    /// A parameter is finite, too.
    fn positive(&mut self, argument: usize, a: NodeId) {
        let zero = self.number(0.0);
        self.require(argument, Binary::Less, zero, a, "> 0");
        if argument > 0 {
            self.finite(argument, a);
        }
    }

    /// `a`, not below 0, is not infinite.
    fn finite(&mut self, argument: usize, a: NodeId) {
        let infinity = self.number(f64::INFINITY);
        self.require(argument, Binary::Less, a, infinity, "finite");
    }

    fn non_negative(&mut self, argument: usize, a: NodeId) {
        let zero = self.number(0.0);
        self.require(argument, Binary::LessEqual, zero, a, ">= 0");
    }

    fn probability(&mut self, argument: usize, a: NodeId) {
        self.non_negative(argument, a);
        let one = self.number(1.0);
        self.require(argument, Binary::LessEqual, a, one, "<= 1");
    }

    /// The argument lies strictly between 0 and 1.
    fn inside_unit(&mut self, argument: usize, x: NodeId) {
        let (zero, one) = (self.number(0.0), self.number(1.0));
        self.require(argument, Binary::Less, zero, x, "> 0");
        self.require(argument, Binary::Less, x, one, "< 1");
    }

    /// log B(a, b).
    fn lbeta(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let plain = {
            let both = self.add(a, b);
            let [a, b, both] = [a, b, both].map(|argument| self.lgamma(argument));
            self.sum(&[(1.0, a), (1.0, b), (-1.0, both)])
        };
        // For a large p ≥ q, log Γ(p + q) − log Γ(p) is all digits that cancel: (p − ½) log(1 + q/p) + q log(p + q) − q + s(p + q) − s(p).
        let (p, q) = (self.graph.binary(Binary::Max, a, b), self.graph.binary(Binary::Min, a, b));
        let (both, ratio, shifted) = (self.add(p, q), self.div(q, p), self.plus(p, -0.5));
        let growth = self.unary(Unary::Log1p, ratio);
        let (main, log, gamma) = (self.mul(shifted, growth), self.log(both), self.lgamma(q));
        let less = self.plus(log, -1.0);
        let power = self.mul(q, less);
        let (above, below) = (self.stirling(both), self.stirling(p));
        let series = self.sum(&[(1.0, gamma), (-1.0, power), (-1.0, main), (-1.0, above), (1.0, below)]);
        let (crossing, zero) = (self.number(STIRLING), self.number(0.0));
        let (is_large, is_positive) = (self.graph.binary(Binary::Less, crossing, p), self.graph.binary(Binary::Less, zero, q));
        let serves = self.graph.binary(Binary::And, is_large, is_positive);
        self.graph.select(serves, series, plain)
    }

    /// s(z) of log Γ(z) = (z − ½) log z − z + log √(2π) + s(z), by Stirling's series (DLMF 5.11.1), for z from [`STIRLING`] on.
    fn stirling(&mut self, z: NodeId) -> NodeId {
        let one = self.number(1.0);
        let inverse = self.div(one, z);
        let square = self.square(inverse);
        let mut series = self.number(-691.0 / 360_360.0);
        for coefficient in [1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0, 1.0 / 12.0] {
            series = self.mul(series, square);
            series = self.plus(series, coefficient);
        }
        self.mul(series, inverse)
    }
}

/// From here on six terms of Stirling's series are enough: the next one is 1/(156·z¹³), below 7·10⁻¹⁶.
const STIRLING: f64 = 10.0;

/// log |B(a, b)|.
pub(in crate::graph) fn log_beta(graph: &mut Graph, a: NodeId, b: NodeId) -> NodeId {
    Formula { graph, conditions: Vec::new() }.lbeta(a, b)
}

/// The logarithm of the number of ways to choose k of n.
pub(in crate::graph) fn log_choose(graph: &mut Graph, n: NodeId, k: NodeId) -> NodeId {
    Formula { graph, conditions: Vec::new() }.log_choose(n, k)
}

/// What stands for an infinite parameter where the limit is a distribution: its reciprocal is 0 beside anything, and its logarithm finite.
const HUGE: f64 = 1e300;

/// log √(2π).
const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;
