//! Probability distributions in terms of operators: log densities with all their constants, stable in the tails.
//!
//! Names, parameters and supports are those of the Stan functions reference (2.35). What the arguments must satisfy is collected
//! beside the value, so that the caller can see what holds always, what never, and what must be asked at each point.

mod continuous;
mod cumulative;
mod discrete;
mod multivariate;

use super::{Binary, Graph, NodeId, Unary};
use crate::syntax::{Distribution, Form};

pub(super) use multivariate::multivariate;

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

    /// a·log b, 0 where a is the number 0.
    fn times_log(&mut self, a: NodeId, b: NodeId) -> NodeId {
        if self.graph.number(a) == Some(0.0) {
            return self.number(0.0);
        }
        let log = self.log(b);
        self.mul(a, log)
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

    fn positive(&mut self, argument: usize, a: NodeId) {
        let zero = self.number(0.0);
        self.require(argument, Binary::Less, zero, a, "> 0");
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

    /// The outcome lies strictly between 0 and 1.
    fn inside_unit(&mut self, x: NodeId) {
        self.positive(0, x);
        let one = self.number(1.0);
        self.require(0, Binary::Less, x, one, "< 1");
    }

    /// log B(a, b).
    fn lbeta(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let both = self.add(a, b);
        let [a, b, both] = [a, b, both].map(|argument| self.lgamma(argument));
        self.sum(&[(1.0, a), (1.0, b), (-1.0, both)])
    }
}

/// log √(2π).
const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;
