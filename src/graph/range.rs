//! The range of each node, given the ranges of the variables: what the signs of sub-expressions are known by.

use super::{Binary, Graph, Node, NodeId, Unary, powi};

/// A closed interval that holds every value of a node, NaN aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// No value is smaller.
    pub low: f64,
    /// No value is larger.
    pub high: f64,
}

impl Range {
    /// All numbers.
    pub const ALL: Range = Range { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// From `low` to `high`.
    pub fn new(low: f64, high: f64) -> Range {
        // 0·∞ and ∞ − ∞ arise at infinite ends; nothing is known there.
        if low.is_nan() || high.is_nan() { Range::ALL } else { Range { low, high } }
    }

    /// Whether no value is negative.
    pub fn is_nonnegative(self) -> bool {
        self.low >= 0.0
    }

    /// Whether no value is positive.
    pub fn is_nonpositive(self) -> bool {
        self.high <= 0.0
    }

    /// Whether every value is positive.
    pub fn is_positive(self) -> bool {
        self.low > 0.0
    }

    fn hull(values: impl IntoIterator<Item = f64>) -> Range {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            if value.is_nan() {
                return Range::ALL;
            }
            (low, high) = (low.min(value), high.max(value));
        }
        Range { low, high }
    }

    /// Rounding widens by two steps, except that a proved sign stays proved.
    fn widened(self) -> Range {
        let low = if self.low == 0.0 { 0.0 } else { self.low.next_down().next_down() };
        let high = if self.high == 0.0 { 0.0 } else { self.high.next_up().next_up() };
        Range::new(low, high)
    }

    /// The same range with 0 in place of the smallest positive number as lower end.
    fn reaching_down(self) -> Range {
        if self.low == f64::MIN_POSITIVE { Range::new(0.0, self.high) } else { self }
    }

    fn within(self, low: f64, high: f64) -> Range {
        Range::new(self.low.clamp(low, high), self.high.clamp(low, high))
    }
}

/// The range of each node up to `root`, `variables[i]` being the range of variable number i.
/// Plain interval evaluation: an enclosure if the elementary functions err by at most two units in the last place, often a wide one.
pub fn ranges(graph: &Graph, root: NodeId, variables: &[Range]) -> Vec<Range> {
    let mut ranges = vec![Range::ALL; root.index() + 1];
    for id in graph.order(&[root]) {
        let of = |id: NodeId| ranges[id.index()];
        let range = match graph.node(id) {
            Node::Constant(bits) => {
                let value = f64::from_bits(bits);
                Range::new(value, value)
            }
            Node::Variable(variable) => variables.get(variable as usize).copied().unwrap_or(Range::ALL),
            Node::Unary(op, x) => unary(op, of(x)),
            Node::Binary(op, a, b) => binary(op, of(a), of(b)),
            Node::Power(x, n) => power(of(x), n),
            Node::Polygamma(n, x) if of(x).is_positive() => {
                // (−1)ⁿ⁺¹ψ⁽ⁿ⁾ is positive for positive arguments.
                if n % 2 == 1 { Range::new(0.0, f64::INFINITY) } else { Range::new(f64::NEG_INFINITY, 0.0) }
            }
            Node::Polygamma(..) => Range::ALL,
            Node::Select(_, a, b) => Range::hull([of(a).low, of(a).high, of(b).low, of(b).high]),
            Node::LogSumExp(list) => {
                let low = graph.list(list).iter().map(|&operand| of(operand).low).fold(f64::NEG_INFINITY, f64::max);
                Range::new(low, f64::INFINITY)
            }
            Node::Column(column) => Range::hull(graph.column_values(column).iter().copied()),
            Node::Gather(list, _) => Range::hull(graph.list(list).iter().flat_map(|&element| [of(element).low, of(element).high])),
            // The sum of any number of terms of one sign has that sign.
            Node::RowSum(body) | Node::GroupSum(body, ..) => Range::new(
                if of(body).is_nonnegative() { 0.0 } else { f64::NEG_INFINITY },
                if of(body).is_nonpositive() { 0.0 } else { f64::INFINITY },
            ),
        };
        ranges[id.index()] = range;
    }
    ranges
}

fn unary(op: Unary, x: Range) -> Range {
    use Unary::*;
    let increasing = |f: Unary| Range::new(f.eval(x.low), f.eval(x.high)).widened();
    let decreasing = |f: Unary| Range::new(f.eval(x.high), f.eval(x.low)).widened();
    match op {
        Negate => Range::new(-x.high, -x.low),
        Abs => {
            let largest = x.low.abs().max(x.high.abs());
            if x.low <= 0.0 && x.high >= 0.0 { Range::new(0.0, largest) } else { Range::new(x.low.abs().min(x.high.abs()), largest) }
        }
        Sign | Floor | Ceil | Round => Range::new(op.eval(x.low), op.eval(x.high)),
        Not => Range::new(0.0, 1.0),
        Sqrt => Range::new(x.low.max(0.0).sqrt(), x.high.max(0.0).sqrt()).widened(),
        Log => Range::new(Log.eval(x.low.max(0.0)), Log.eval(x.high.max(0.0))).widened(),
        Log1p => Range::new(Log1p.eval(x.low.max(-1.0)), Log1p.eval(x.high.max(-1.0))).widened(),
        // Positive however small: an upper end that underflowed is not zero.
        Exp | Softplus => increasing(op).within(f64::MIN_POSITIVE, f64::INFINITY).reaching_down(),
        Expm1 => increasing(op).within(-1.0, f64::INFINITY),
        Log1mExp => Range::new(f64::NEG_INFINITY, 0.0),
        Cbrt | Sinh | Asinh | Atan => increasing(op),
        Tanh | Erf => increasing(op).within(-1.0, 1.0),
        Sigmoid => increasing(op).within(f64::MIN_POSITIVE, 1.0).reaching_down(),
        Erfc => decreasing(op).within(f64::MIN_POSITIVE, 2.0).reaching_down(),
        Erfcx => decreasing(op).within(f64::MIN_POSITIVE, f64::INFINITY).reaching_down(),
        LogErfc => decreasing(op),
        Sin | Cos => Range::new(-1.0, 1.0),
        Cosh => Range::new(1.0, f64::INFINITY),
        Asin => Range::new(-1.6, 1.6),
        Acos => Range::new(0.0, 3.2),
        Acosh => Range::new(0.0, f64::INFINITY),
        Gamma if x.is_positive() => Range::new(0.8, f64::INFINITY),
        Digamma if x.is_positive() => increasing(op),
        Atanh | Tan | Gamma | Lgamma | Digamma => Range::ALL,
    }
}

fn binary(op: Binary, a: Range, b: Range) -> Range {
    use Binary::*;
    match op {
        Add => Range::new(a.low + b.low, a.high + b.high).widened(),
        Subtract => Range::new(a.low - b.high, a.high - b.low).widened(),
        Multiply => product(a, b),
        Divide if b.is_positive() || b.high < 0.0 => {
            Range::hull([a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high]).widened()
        }
        // A divisor that may be zero keeps the sign of the quotient all the same.
        Divide if (a.is_nonnegative() && b.is_nonnegative()) || (a.is_nonpositive() && b.is_nonpositive()) => {
            Range::new(0.0, f64::INFINITY)
        }
        Divide => Range::ALL,
        Pow if a.is_nonnegative() => Range::new(0.0, f64::INFINITY),
        Pow => Range::ALL,
        Min => Range::new(a.low.min(b.low), a.high.min(b.high)),
        Max => Range::new(a.low.max(b.low), a.high.max(b.high)),
        Mod if b.is_positive() => Range::new(0.0, b.high),
        Mod => Range::ALL,
        Atan2 => Range::new(-3.2, 3.2),
        Hypot => Range::new(0.0, f64::INFINITY),
        Less | LessEqual | Equal | NotEqual | And | Or => Range::new(0.0, 1.0),
    }
}

fn product(a: Range, b: Range) -> Range {
    // 0·∞ at an end is 0: an end at infinity is a limit, not a value.
    // A product that underflows is not 0 either.
    let times = |x: f64, y: f64| match x * y {
        _ if x == 0.0 || y == 0.0 => 0.0,
        0.0 => f64::MIN_POSITIVE.copysign(x) * y.signum(),
        product => product,
    };
    Range::hull([times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high)]).widened()
}

fn power(x: Range, n: i32) -> Range {
    let even = n % 2 == 0;
    if n < 0 {
        return match even {
            true => Range::new(0.0, f64::INFINITY),
            false if x.is_nonnegative() => Range::new(0.0, f64::INFINITY),
            false if x.is_nonpositive() => Range::new(f64::NEG_INFINITY, 0.0),
            false => Range::ALL,
        };
    }
    let ends = [powi(x.low, n), powi(x.high, n)];
    let range = Range::hull(ends).widened();
    if even { Range::new(if x.low <= 0.0 && x.high >= 0.0 { 0.0 } else { range.low.max(0.0) }, range.high) } else { range }
}
