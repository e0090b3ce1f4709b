//! The logarithm of a density as a graph, distributed over products, powers, exponentials and sums of exponentials.
//!
//! log(exp q) is q, log(a·b) is log a + log b where the signs allow it, log Σ exp qᵢ is one stable node: a density that underflows
//! as a number is ordinary as a logarithm. Nothing is rewritten that would hide a negative density: where a sign is not proved
//! the logarithm is taken of the whole, and is NaN where the density is negative.

use crate::enclosure::{Interval, ranges};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// Sums inside products inside sums deeper than this keep their plain logarithm, so that hostile nesting costs no stack.
const DEPTH_LIMIT: usize = 24;

/// log of `root`, as a node of `graph`; `variables[i]` is the range of variable number i.
pub(crate) fn logarithm(graph: &mut Graph, root: NodeId, variables: &[Interval]) -> NodeId {
    let ranges = ranges(graph, root, variables);
    let exponential = exponential(graph, root);
    Logarithm { ranges, exponential }.of(graph, root, 0)
}

/// The two sides of a product, or of a quotient with the sign −1, that share no variable: a zero of one is no pole of the other.
fn apart(graph: &Graph, root: NodeId) -> Option<(NodeId, NodeId, f64)> {
    let (b, c, sign) = match graph.node(root) {
        Node::Binary(Binary::Multiply, b, c) => (b, c, 1.0),
        Node::Binary(Binary::Divide, b, c) => (b, c, -1.0),
        _ => return None,
    };
    let variables = |side: NodeId| {
        let variable = |id: NodeId| if let Node::Variable(variable) = graph.node(id) { Some(variable) } else { None };
        graph.order(&[side]).into_iter().filter_map(variable).collect::<Vec<_>>()
    };
    let others = variables(c);
    (!variables(b).iter().any(|variable| others.contains(variable))).then_some((b, c, sign))
}

struct Logarithm {
    ranges: Vec<Interval>,
    exponential: Vec<bool>,
}

impl Logarithm {
    fn range(&self, graph: &Graph, id: NodeId) -> Interval {
        match (self.ranges.get(id.index()), graph.node(id)) {
            (Some(range), _) => *range,
            (None, Node::Unary(Unary::Abs, _)) => Interval::new(0.0, f64::INFINITY),
            (None, _) => Interval::ALL,
        }
    }

    /// Walks the factors of `root`; each gives `weight · log factor`.
    fn of(&self, graph: &mut Graph, root: NodeId, depth: usize) -> NodeId {
        let mut factors = vec![(root, 1.0)];
        let mut total = graph.constant(0.0);
        while let Some((id, weight)) = factors.pop() {
            let nonnegative = |graph: &Graph, id| self.range(graph, id).is_nonnegative();
            let term = match graph.node(id) {
                Node::Unary(Unary::Exp, q) => q,
                Node::Binary(Binary::Multiply, a, b) if nonnegative(graph, a) || nonnegative(graph, b) => {
                    factors.extend([(b, weight), (a, weight)]);
                    continue;
                }
                Node::Binary(Binary::Divide, a, b) if nonnegative(graph, a) || nonnegative(graph, b) => {
                    factors.extend([(b, -weight), (a, weight)]);
                    continue;
                }
                Node::Power(a, n) => {
                    let base = if n % 2 == 0 && !nonnegative(graph, a) { graph.unary(Unary::Abs, a) } else { a };
                    factors.push((base, weight * f64::from(n)));
                    continue;
                }
                Node::Binary(Binary::Pow, a, b) => match (graph.number(a), graph.number(b)) {
                    (_, Some(exponent)) if exponent % 2.0 == 0.0 && !nonnegative(graph, a) => {
                        let base = graph.unary(Unary::Abs, a);
                        factors.push((base, weight * exponent));
                        continue;
                    }
                    (_, Some(exponent)) => {
                        factors.push((a, weight * exponent));
                        continue;
                    }
                    _ if nonnegative(graph, a) => {
                        let log = graph.unary(Unary::Log, a);
                        graph.multiply(b, log)
                    }
                    _ => graph.unary(Unary::Log, id),
                },
                Node::Unary(Unary::Sqrt, a) => {
                    factors.push((a, weight / 2.0));
                    continue;
                }
                Node::Unary(Unary::Cbrt, a) => {
                    factors.push((a, weight / 3.0));
                    continue;
                }
                Node::Unary(Unary::Abs, a) if nonnegative(graph, a) => {
                    factors.push((a, weight));
                    continue;
                }
                Node::Unary(Unary::Abs, a) if apart(graph, a).is_some() => {
                    // |b·c| is |b|·|c|.
                    let Some((b, c, sign)) = apart(graph, a) else { unreachable!("just matched") };
                    let [b, c] = [b, c].map(|factor| graph.unary(Unary::Abs, factor));
                    factors.extend([(c, sign * weight), (b, weight)]);
                    continue;
                }
                Node::Unary(Unary::Sinh, a) => log_sinh(graph, a),
                Node::Unary(Unary::Abs, a) if matches!(graph.node(a), Node::Unary(Unary::Sinh, _)) => {
                    let Node::Unary(_, u) = graph.node(a) else { unreachable!("just matched") };
                    let size = graph.unary(Unary::Abs, u);
                    log_sinh(graph, size)
                }
                Node::Unary(Unary::Erfc, a) => graph.unary(Unary::LogErfc, a),
                Node::Unary(Unary::Gamma, a) if self.range(graph, a).is_positive() => graph.unary(Unary::Lgamma, a),
                Node::Unary(Unary::Sigmoid, a) => {
                    let mirrored = graph.negate(a);
                    let softplus = graph.unary(Unary::Softplus, mirrored);
                    graph.negate(softplus)
                }
                Node::Unary(Unary::Cosh, a) => {
                    let mirrored = graph.negate(a);
                    let (both, two) = (graph.log_sum_exp(&[a, mirrored]), graph.constant(std::f64::consts::LN_2));
                    graph.subtract(both, two)
                }
                Node::Unary(Unary::Expm1, a) if nonnegative(graph, a) => {
                    // log(eᵃ − 1) = a + log(1 − e⁻ᵃ).
                    let mirrored = graph.negate(a);
                    let rest = graph.unary(Unary::Log1mExp, mirrored);
                    graph.add(a, rest)
                }
                Node::Select(c, a, b) if depth < DEPTH_LIMIT => {
                    let [a, b] = [a, b].map(|arm| self.of(graph, arm, depth + 1));
                    graph.select(c, a, b)
                }
                Node::Binary(op @ (Binary::Min | Binary::Max), a, b)
                    if depth < DEPTH_LIMIT && nonnegative(graph, a) && nonnegative(graph, b) =>
                {
                    let [a, b] = [a, b].map(|side| self.of(graph, side, depth + 1));
                    graph.binary(op, a, b)
                }
                Node::Binary(Binary::Add | Binary::Subtract, ..)
                    if depth < DEPTH_LIMIT && self.exponential.get(id.index()).copied().unwrap_or(false) =>
                {
                    self.sum(graph, id, depth)
                }
                _ => graph.unary(Unary::Log, id),
            };
            let weight = graph.constant(weight);
            let term = graph.multiply(weight, term);
            total = graph.add(total, term);
        }
        total
    }

    /// The logarithm of a sum with exponentials among its terms: log(P − N) = log P + log(1 − N/P), P and N by log-sum-exp.
    fn sum(&self, graph: &mut Graph, root: NodeId, depth: usize) -> NodeId {
        let (mut positive, mut negative) = (Vec::new(), Vec::new());
        let mut terms = vec![(root, false)];
        while let Some((id, minus)) = terms.pop() {
            let range = self.range(graph, id);
            match graph.node(id) {
                Node::Binary(Binary::Add, a, b) => terms.extend([(b, minus), (a, minus)]),
                Node::Binary(Binary::Subtract, a, b) => terms.extend([(b, !minus), (a, minus)]),
                Node::Unary(Unary::Negate, a) => terms.push((a, !minus)),
                _ if range.is_nonnegative() => if minus { &mut negative } else { &mut positive }.push(id),
                _ if range.is_nonpositive() => {
                    let size = graph.negate(id);
                    if minus { &mut positive } else { &mut negative }.push(size);
                }
                // A term of either sign: only the plain logarithm is right.
                _ => return graph.unary(Unary::Log, root),
            }
        }
        let [positive, negative] = [positive, negative].map(|terms| {
            let logs: Vec<NodeId> = terms.into_iter().map(|term| self.of(graph, term, depth + 1)).collect();
            (!logs.is_empty()).then(|| graph.log_sum_exp(&logs))
        });
        match (positive, negative) {
            (Some(positive), None) => positive,
            (Some(positive), Some(negative)) => {
                let below = graph.subtract(negative, positive);
                let rest = graph.unary(Unary::Log1mExp, below);
                graph.add(positive, rest)
            }
            // Nothing positive: the plain logarithm is NaN or −∞, as it should be.
            _ => graph.unary(Unary::Log, root),
        }
    }
}

/// log sinh a = a + log(1 − e⁻²ᵃ) − log 2: NaN where the sine is negative, as the logarithm is.
fn log_sinh(graph: &mut Graph, a: NodeId) -> NodeId {
    let (minus_two, log_two) = (graph.constant(-2.0), graph.constant(std::f64::consts::LN_2));
    let exponent = graph.multiply(minus_two, a);
    let rest = graph.unary(Unary::Log1mExp, exponent);
    let sum = graph.add(a, rest);
    graph.subtract(sum, log_two)
}

/// Which nodes up to `root` have an exponential among their factors or terms, so that they may underflow or overflow.
fn exponential(graph: &Graph, root: NodeId) -> Vec<bool> {
    let mut flags = vec![false; root.index() + 1];
    for id in graph.order(&[root]) {
        let of = |id: NodeId| flags[id.index()];
        flags[id.index()] = match graph.node(id) {
            Node::Unary(Unary::Exp | Unary::Erfc | Unary::Sigmoid | Unary::Sinh | Unary::Cosh | Unary::Gamma, x) => {
                graph.number(x).is_none()
            }
            Node::Unary(Unary::Negate | Unary::Sqrt | Unary::Abs, x) | Node::Power(x, _) => of(x),
            Node::Binary(Binary::Pow, a, b) => graph.number(b).is_none() || of(a),
            Node::Binary(Binary::Add | Binary::Subtract | Binary::Multiply | Binary::Divide, a, b) => of(a) || of(b),
            Node::Select(_, a, b) => of(a) || of(b),
            _ => false,
        };
    }
    flags
}
