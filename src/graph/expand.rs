//! The same expression in a form that neither cancels nor overflows: 1 − (1 − d)² as d·(2 − d), 1/cosh(u) as an exponential.

use rustc_hash::FxHashMap as HashMap;

use super::substitute::rebuild;
use super::{Binary, Graph, Node, NodeId, Unary};

/// Polynomials of a higher degree are left as they are.
const DEGREE: usize = 12;

/// `root` with its polynomials in `variable` that vanish at 0 written with that factor in front, if their coefficients are exact;
/// log of a polynomial that is 1 there as log1p; 1 − cos as a sine squared; powers of 1/cosh as exponentials.
pub(crate) fn expand(graph: &mut Graph, root: NodeId, variable: NodeId) -> NodeId {
    let mut images: HashMap<NodeId, NodeId> = HashMap::default();
    let mut polynomials: HashMap<NodeId, Vec<f64>> = HashMap::default();
    for id in graph.order(&[root]) {
        let polynomial = polynomial(graph, id, variable, &polynomials);
        let image = match (&polynomial, graph.node(id)) {
            (Some(coefficients), _) if coefficients.len() > 1 && coefficients[0] == 0.0 && id != variable => {
                horner(graph, variable, coefficients)
            }
            (_, Node::Unary(Unary::Log, x)) if polynomials.get(&x).is_some_and(|p| p.len() > 1 && p[0] == 1.0) => {
                let mut rest = polynomials[&x].clone();
                rest[0] = 0.0;
                let rest = horner(graph, variable, &rest);
                graph.unary(Unary::Log1p, rest)
            }
            (_, Node::Binary(Binary::Subtract, one, cosine)) if graph.number(one) == Some(1.0) => match graph.node(images[&cosine]) {
                Node::Unary(Unary::Cos, u) => {
                    let two = graph.constant(2.0);
                    let half = graph.divide(u, two);
                    let sine = graph.unary(Unary::Sin, half);
                    let square = graph.power(sine, 2);
                    graph.multiply(two, square)
                }
                _ => rebuild(graph, id, &images),
            },
            (_, Node::Binary(Binary::Divide, a, b)) => match cosine_power(graph, images[&b]) {
                Some((u, n)) => {
                    let reciprocal = secant(graph, u, n);
                    graph.multiply(images[&a], reciprocal)
                }
                None => rebuild(graph, id, &images),
            },
            (_, Node::Power(x, n)) if n < 0 => match cosine_power(graph, images[&x]) {
                Some((u, m)) => secant(graph, u, f64::from(-n) * m),
                None => rebuild(graph, id, &images),
            },
            _ => rebuild(graph, id, &images),
        };
        images.insert(id, image);
        if let Some(polynomial) = polynomial {
            polynomials.insert(id, polynomial);
        }
    }
    images[&root]
}

/// u and n of cosh(u)ⁿ.
fn cosine_power(graph: &Graph, id: NodeId) -> Option<(NodeId, f64)> {
    match graph.node(id) {
        Node::Unary(Unary::Cosh, u) => Some((u, 1.0)),
        Node::Power(x, n) if n > 0 => match graph.node(x) {
            Node::Unary(Unary::Cosh, u) => Some((u, f64::from(n))),
            _ => None,
        },
        _ => None,
    }
}

/// cosh(u)⁻ⁿ = exp(−n·(log(eᵘ + e⁻ᵘ) − log 2)).
fn secant(graph: &mut Graph, u: NodeId, n: f64) -> NodeId {
    let mirrored = graph.negate(u);
    let (both, two, order) = (graph.log_sum_exp(&[u, mirrored]), graph.constant(std::f64::consts::LN_2), graph.constant(-n));
    let log = graph.subtract(both, two);
    let exponent = graph.multiply(order, log);
    graph.unary(Unary::Exp, exponent)
}

/// The coefficients of a node from the constant on, if they are known exactly.
fn polynomial(graph: &Graph, id: NodeId, variable: NodeId, known: &HashMap<NodeId, Vec<f64>>) -> Option<Vec<f64>> {
    let of = |id: NodeId| known.get(&id);
    match graph.node(id) {
        Node::Constant(bits) => Some(vec![f64::from_bits(bits)]).filter(|c| c[0].is_finite()),
        Node::Variable(_) if id == variable => Some(vec![0.0, 1.0]),
        Node::Unary(Unary::Negate, x) => Some(of(x)?.iter().map(|c| -c).collect()),
        Node::Binary(Binary::Add, a, b) => sum(of(a)?, of(b)?, 1.0),
        Node::Binary(Binary::Subtract, a, b) => sum(of(a)?, of(b)?, -1.0),
        Node::Binary(Binary::Multiply, a, b) => product(of(a)?, of(b)?),
        Node::Binary(Binary::Divide, a, b) => {
            let by = graph.number(b)?;
            of(a)?.iter().map(|c| Some(c / by).filter(|quotient| quotient * by == *c && exact_product(*quotient, by).is_some())).collect()
        }
        Node::Power(x, n) if n > 1 && n as usize <= DEGREE => {
            let base = of(x)?;
            (1..n).try_fold(base.clone(), |power, _| product(&power, base))
        }
        _ => None,
    }
}

fn horner(graph: &mut Graph, variable: NodeId, coefficients: &[f64]) -> NodeId {
    let mut value = graph.constant(0.0);
    for &coefficient in coefficients.iter().rev() {
        let (scaled, constant) = (graph.multiply(value, variable), graph.constant(coefficient));
        value = graph.add(scaled, constant);
    }
    value
}

fn exact_product(a: f64, b: f64) -> Option<f64> {
    let product = a * b;
    (a.mul_add(b, -product) == 0.0 && product.is_finite()).then_some(product)
}

fn exact_sum(a: f64, b: f64) -> Option<f64> {
    let sum = a + b;
    let part = sum - a;
    ((a - (sum - part)) + (b - part) == 0.0).then_some(sum)
}

fn sum(a: &[f64], b: &[f64], sign: f64) -> Option<Vec<f64>> {
    let of = |list: &[f64], k: usize| list.get(k).copied().unwrap_or(0.0);
    (0..a.len().max(b.len())).map(|k| exact_sum(of(a, k), sign * of(b, k))).collect()
}

fn product(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    if a.len() + b.len() > DEGREE + 2 {
        return None;
    }
    let mut product = vec![0.0; a.len() + b.len() - 1];
    for (i, &x) in a.iter().enumerate() {
        for (j, &y) in b.iter().enumerate() {
            product[i + j] = exact_sum(product[i + j], exact_product(x, y)?)?;
        }
    }
    Some(product)
}
