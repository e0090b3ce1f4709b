//! The derivative of each operator, once.

use std::f64::consts::PI;

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// What one operand of a node receives of the node's adjoint.
pub(super) struct Contribution {
    /// The operand.
    pub(super) operand: NodeId,
    /// adjoint · ∂node/∂operand.
    pub(super) value: NodeId,
    /// Where this contribution holds; it is zero elsewhere.
    pub(super) guard: Option<NodeId>,
    /// The rows that contribute, if not all: those where this column is this number.
    pub(super) group: Option<(NodeId, u32)>,
}

impl Contribution {
    fn new(operand: NodeId, value: NodeId, guard: Option<NodeId>) -> Self {
        Contribution { operand, value, guard, group: None }
    }
}

/// The contributions of `node` to its operands, given its `adjoint` ∂root/∂node. Operators that are constant almost everywhere
/// (sign, floor, comparisons) give none.
pub(super) fn contributions(graph: &mut Graph, node: NodeId, adjoint: NodeId) -> Vec<Contribution> {
    let all = |operand, value| vec![Contribution::new(operand, value, None)];
    match graph.node(node) {
        Node::Constant(_) | Node::Variable(_) | Node::Column(_) => Vec::new(),
        Node::Unary(op, x) => unary(graph, op, x, node, adjoint).map_or(Vec::new(), |value| all(x, value)),
        Node::Power(x, n) => {
            let (order, lower) = (graph.constant(f64::from(n)), graph.power(x, n - 1));
            let scaled = graph.multiply(order, lower);
            all(x, graph.multiply(adjoint, scaled))
        }
        Node::Polygamma(n, x) => {
            let next = graph.polygamma(n + 1, x);
            all(x, graph.multiply(adjoint, next))
        }
        Node::Select(c, a, b) => choose(graph, c, a, b, adjoint),
        Node::LogSumExp(list) => {
            // The softmax weight exp(xᵢ − y) of each operand.
            let operands = graph.list(list).to_vec();
            operands
                .into_iter()
                .map(|operand| {
                    let below = graph.subtract(operand, node);
                    let weight = graph.unary(Unary::Exp, below);
                    Contribution::new(operand, graph.multiply(adjoint, weight), None)
                })
                .collect()
        }
        Node::Binary(op, a, b) => binary(graph, op, a, b, node, adjoint),
        Node::Gather(list, index) => {
            let elements = graph.list(list).to_vec();
            let to = |(operand, group)| Contribution { operand, value: adjoint, guard: None, group: Some((index, group)) };
            elements.into_iter().zip(1..).map(to).collect()
        }
        // Each row has the adjoint of the sum.
        Node::RowSum(body) => all(body, adjoint),
        Node::GroupSum(body, index, group) => {
            let group = graph.constant(f64::from(group));
            let (inside, zero) = (graph.binary(Binary::Equal, index, group), graph.constant(0.0));
            all(body, graph.select(inside, adjoint, zero))
        }
    }
}

fn unary(graph: &mut Graph, op: Unary, x: NodeId, y: NodeId, adjoint: NodeId) -> Option<NodeId> {
    use Unary::*;
    let one = graph.constant(1.0);
    // 2/√π, the slope of erf at 0.
    let slope = graph.constant(2.0 / PI.sqrt());
    let derivative = match op {
        Negate => return Some(graph.negate(adjoint)),
        Sign | Floor | Ceil | Round | Not => return None,
        Abs => graph.unary(Sign, x),
        Sqrt => {
            let two = graph.constant(2.0);
            let under = graph.multiply(two, y);
            return Some(graph.divide(adjoint, under));
        }
        Cbrt => {
            let (three, square) = (graph.constant(3.0), graph.power(y, 2));
            let under = graph.multiply(three, square);
            return Some(graph.divide(adjoint, under));
        }
        Exp => y,
        Expm1 => graph.unary(Exp, x),
        Log => return Some(graph.divide(adjoint, x)),
        Log1p => {
            let under = graph.add(one, x);
            return Some(graph.divide(adjoint, under));
        }
        Log1mExp => {
            // −eˣ/(1 − eˣ) = −1/(e⁻ˣ − 1).
            let mirrored = graph.negate(x);
            let under = graph.unary(Expm1, mirrored);
            let value = graph.divide(adjoint, under);
            return Some(graph.negate(value));
        }
        Sin => graph.unary(Cos, x),
        Cos => {
            let sine = graph.unary(Sin, x);
            graph.negate(sine)
        }
        Tan => {
            let square = graph.power(y, 2);
            graph.add(one, square)
        }
        Asin | Acos => {
            let inside = one_minus_square(graph, x);
            let root = graph.unary(Sqrt, inside);
            let value = graph.divide(adjoint, root);
            return Some(if op == Acos { graph.negate(value) } else { value });
        }
        Atan => {
            let square = graph.power(x, 2);
            let under = graph.add(one, square);
            return Some(graph.divide(adjoint, under));
        }
        Sinh => graph.unary(Cosh, x),
        Cosh => graph.unary(Sinh, x),
        Tanh => {
            // 1/cosh² instead of 1 − y², which loses every digit once y rounds to 1.
            let cosh = graph.unary(Cosh, x);
            let under = graph.power(cosh, 2);
            return Some(graph.divide(adjoint, under));
        }
        Asinh => {
            let square = graph.power(x, 2);
            let inside = graph.add(square, one);
            let root = graph.unary(Sqrt, inside);
            return Some(graph.divide(adjoint, root));
        }
        Acosh => {
            let (below, above) = (graph.subtract(x, one), graph.add(x, one));
            let [below, above] = [below, above].map(|inside| graph.unary(Sqrt, inside));
            let under = graph.multiply(below, above);
            return Some(graph.divide(adjoint, under));
        }
        Atanh => {
            let under = one_minus_square(graph, x);
            return Some(graph.divide(adjoint, under));
        }
        Erf | Erfc => {
            let square = graph.power(x, 2);
            let exponent = graph.negate(square);
            let bell = graph.unary(Exp, exponent);
            let value = graph.multiply(slope, bell);
            if op == Erfc { graph.negate(value) } else { value }
        }
        Erfcx => {
            // d/dx erfcx = 2x·erfcx − 2/√π.
            let two = graph.constant(2.0);
            let scaled = graph.multiply(two, x);
            let product = graph.multiply(scaled, y);
            graph.subtract(product, slope)
        }
        LogErfc => {
            // −2/√π·exp(−x²)/erfc(x), both factors scaled by exp(x²) so that the tail keeps its digits.
            let tail = graph.unary(Erfcx, x);
            let value = graph.divide(slope, tail);
            graph.negate(value)
        }
        Gamma => {
            let digamma = graph.unary(Digamma, x);
            graph.multiply(y, digamma)
        }
        Lgamma => graph.unary(Digamma, x),
        Digamma => graph.polygamma(1, x),
        Sigmoid => {
            // σ(x)·σ(−x): 1 − σ(x) loses every digit on the right.
            let mirrored = graph.negate(x);
            let other = graph.unary(Sigmoid, mirrored);
            graph.multiply(y, other)
        }
        Softplus => graph.unary(Sigmoid, x),
    };
    Some(graph.multiply(adjoint, derivative))
}

/// (1 − x)(1 + x), exact to rounding near ±1.
fn one_minus_square(graph: &mut Graph, x: NodeId) -> NodeId {
    let one = graph.constant(1.0);
    let (below, above) = (graph.subtract(one, x), graph.add(one, x));
    graph.multiply(below, above)
}

/// n and v of cosh(v)ⁿ.
fn power_of_cosh(graph: &Graph, node: NodeId) -> Option<(i32, NodeId)> {
    let (n, base) = match graph.node(node) {
        Node::Power(base, n) => (n, base),
        _ => (1, node),
    };
    match graph.node(base) {
        Node::Unary(Unary::Cosh, v) => Some((n, v)),
        _ => None,
    }
}

fn binary(graph: &mut Graph, op: Binary, a: NodeId, b: NodeId, y: NodeId, adjoint: NodeId) -> Vec<Contribution> {
    use Binary::*;
    let (to_a, to_b) = match op {
        Add => (adjoint, adjoint),
        Subtract => (adjoint, graph.negate(adjoint)),
        Multiply => (graph.multiply(adjoint, b), graph.multiply(adjoint, a)),
        Divide => {
            if let Some((n, v)) = power_of_cosh(graph, b) {
                // −n·y·tanh v: sinh over a higher power of cosh would be ∞/∞ where y is 0.
                let (factor, tanh) = (graph.constant(-f64::from(n)), graph.unary(Unary::Tanh, v));
                let (scaled, to_a) = (graph.multiply(factor, y), graph.divide(adjoint, b));
                let slope = graph.multiply(scaled, tanh);
                return vec![Contribution::new(a, to_a, None), Contribution::new(v, graph.multiply(adjoint, slope), None)];
            }
            let square = graph.power(b, 2);
            let top = graph.multiply(adjoint, a);
            let ratio = graph.divide(top, square);
            (graph.divide(adjoint, b), graph.negate(ratio))
        }
        Pow => {
            let one = graph.constant(1.0);
            let lower = graph.subtract(b, one);
            let power = graph.pow(a, lower);
            let scaled = graph.multiply(b, power);
            // a^b·log a is 0 at a = 0 for b > 0; the product there would be 0·∞.
            let zero = graph.constant(0.0);
            let (vanishes, log) = (graph.binary(Equal, a, zero), graph.unary(Unary::Log, a));
            let product = graph.multiply(y, log);
            let exponent = graph.select(vanishes, zero, product);
            (graph.multiply(adjoint, scaled), graph.multiply(adjoint, exponent))
        }
        Min => return choose_by(graph, Binary::LessEqual, a, b, adjoint),
        Max => return choose_by(graph, Binary::Less, a, b, adjoint),
        Mod => {
            let ratio = graph.divide(a, b);
            let whole = graph.unary(Unary::Floor, ratio);
            let product = graph.multiply(adjoint, whole);
            (adjoint, graph.negate(product))
        }
        Atan2 => {
            let [over, right] = [a, b].map(|side| graph.power(side, 2));
            let square = graph.add(right, over);
            let [to_a, to_b] = [b, a].map(|side| {
                let top = graph.multiply(adjoint, side);
                graph.divide(top, square)
            });
            (to_a, graph.negate(to_b))
        }
        Hypot => {
            let [to_a, to_b] = [a, b].map(|side| {
                let top = graph.multiply(adjoint, side);
                graph.divide(top, y)
            });
            (to_a, to_b)
        }
        Less | LessEqual | Equal | NotEqual | And | Or => return Vec::new(),
    };
    vec![Contribution::new(a, to_a, None), Contribution::new(b, to_b, None)]
}

/// The derivative of min (`a <= b` takes a) and max (`a < b` takes b): at a tie the first argument's.
fn choose_by(graph: &mut Graph, comparison: Binary, a: NodeId, b: NodeId, adjoint: NodeId) -> Vec<Contribution> {
    let condition = graph.binary(comparison, a, b);
    if comparison == Binary::LessEqual { choose(graph, condition, a, b, adjoint) } else { choose(graph, condition, b, a, adjoint) }
}

fn choose(graph: &mut Graph, condition: NodeId, then: NodeId, otherwise: NodeId, adjoint: NodeId) -> Vec<Contribution> {
    let not = graph.unary(Unary::Not, condition);
    vec![Contribution::new(then, adjoint, Some(condition)), Contribution::new(otherwise, adjoint, Some(not))]
}
