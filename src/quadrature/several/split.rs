//! A log density as a sum of terms, and the groups of variables that no term couples.

use rustc_hash::FxHashMap as HashMap;

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// Sums are multiplied out up to so many terms.
const TERMS: usize = 4096;
/// What a sum of factors leaves of their sizes by rounding alone: each was rounded a few times, and 0.00045 − 0.03²/2 is 0.
pub(super) const ROUNDED: f64 = 8.0 * f64::EPSILON;

/// The variables of each node, as a sorted list of their numbers.
#[derive(Default)]
pub(super) struct Variables {
    known: HashMap<NodeId, Vec<u32>>,
}

impl Variables {
    /// The variables that `root` depends on.
    pub(super) fn of(&mut self, graph: &Graph, root: NodeId) -> Vec<u32> {
        if let Some(found) = self.known.get(&root) {
            return found.clone();
        }
        let needed = graph.reachable(&[root]);
        let mut found: Vec<u32> = Vec::new();
        for id in graph.order(&[root]) {
            if let Node::Variable(variable) = graph.node(id)
                && needed[id.index()]
            {
                found.push(variable);
            }
        }
        found.sort_unstable();
        found.dedup();
        self.known.insert(root, found.clone());
        found
    }
}

/// `root` as a sum: its terms, multiplied out where a factor stands before a sum.
pub(super) fn terms(graph: &mut Graph, root: NodeId) -> Vec<NodeId> {
    let weighted = weighted_terms(graph, root);
    let term = |(id, factor): (NodeId, f64)| {
        let factor = graph.constant(factor);
        graph.multiply(factor, id)
    };
    weighted.into_iter().map(term).collect()
}

/// The same as nodes and the numbers before them.
pub(super) fn weighted_terms(graph: &mut Graph, root: NodeId) -> Vec<(NodeId, f64)> {
    let mut found = Vec::new();
    let mut open = vec![(root, 1.0)];
    while let Some((id, factor)) = open.pop() {
        let full = open.len() + found.len() > TERMS;
        match graph.node(id) {
            Node::Binary(Binary::Add, a, b) => open.extend([(b, factor), (a, factor)]),
            Node::Binary(Binary::Subtract, a, b) => open.extend([(b, -factor), (a, factor)]),
            Node::Unary(Unary::Negate, a) => open.push((a, -factor)),
            Node::Binary(Binary::Multiply, a, b) => match (graph.number(a), graph.number(b)) {
                (Some(c), _) => open.push((b, factor * c)),
                (_, Some(c)) => open.push((a, factor * c)),
                _ => match (summands(graph, a), summands(graph, b)) {
                    _ if full => found.push((id, factor)),
                    (None, None) => found.push(monomial(graph, id, factor)),
                    (_, Some(sum)) => open.extend(sum.map(|(term, sign)| (graph.multiply(a, term), factor * sign))),
                    (Some(sum), _) => open.extend(sum.map(|(term, sign)| (graph.multiply(term, b), factor * sign))),
                },
            },
            Node::Power(..) => found.push(monomial(graph, id, factor)),
            Node::Binary(Binary::Divide, a, b) => match (graph.number(b), summands(graph, a)) {
                (Some(c), _) => open.push((a, factor / c)),
                (_, Some(sum)) if !full => open.extend(sum.map(|(term, sign)| (graph.divide(term, b), factor * sign))),
                _ => found.push((id, factor)),
            },
            _ => found.push((id, factor)),
        }
    }
    // What one part of a formula adds another may take away.
    let mut place: HashMap<NodeId, usize> = HashMap::default();
    let mut sums: Vec<(NodeId, f64, f64)> = Vec::with_capacity(found.len());
    for (id, factor) in found {
        let at = *place.entry(id).or_insert(sums.len());
        match sums.get_mut(at) {
            Some((_, sum, size)) => (*sum, *size) = (*sum + factor, *size + factor.abs()),
            None => sums.push((id, factor, factor.abs())),
        }
    }
    sums.into_iter().filter(|(_, factor, size)| factor.abs() > ROUNDED * size).map(|(id, factor, _)| (id, factor)).collect()
}

/// A product or power with the numbers in it before it: (0.03·x²)² is 0.0009·x⁴, whoever multiplied.
fn monomial(graph: &mut Graph, root: NodeId, factor: f64) -> (NodeId, f64) {
    let (mut number, mut powers): (f64, Vec<(NodeId, i32)>) = (1.0, Vec::new());
    let mut open = vec![(root, 1_i32)];
    while let Some((id, exponent)) = open.pop() {
        match graph.node(id) {
            Node::Binary(Binary::Multiply, a, b) => open.extend([(b, exponent), (a, exponent)]),
            Node::Unary(Unary::Negate, a) => {
                number *= if exponent % 2 == 0 { 1.0 } else { -1.0 };
                open.push((a, exponent));
            }
            Node::Power(a, n) if n > 0 && exponent.checked_mul(n).is_some() => open.push((a, exponent * n)),
            _ => match (graph.number(id), powers.iter_mut().find(|(base, _)| *base == id)) {
                (Some(value), _) => number *= value.powi(exponent),
                (None, Some((_, known))) => *known += exponent,
                (None, None) => powers.push((id, exponent)),
            },
        }
    }
    if !(number.is_normal() && (factor * number).is_normal()) {
        return (root, factor);
    }
    powers.sort_unstable();
    let product = powers.into_iter().map(|(base, exponent)| graph.power(base, exponent)).collect::<Vec<_>>();
    let one = graph.constant(1.0);
    (product.into_iter().fold(one, |product, power| graph.multiply(product, power)), factor * number)
}

/// The two operands of a sum or difference, with their signs.
fn summands(graph: &Graph, id: NodeId) -> Option<[(NodeId, f64); 2]> {
    match graph.node(id) {
        Node::Binary(Binary::Add, a, b) => Some([(a, 1.0), (b, 1.0)]),
        Node::Binary(Binary::Subtract, a, b) => Some([(a, 1.0), (b, -1.0)]),
        Node::Unary(Unary::Negate, a) => summands(graph, a).map(|sum| sum.map(|(term, sign)| (term, -sign))),
        _ => None,
    }
}

/// A factor of the density: its logarithm, and the variables it couples.
pub(super) struct Block {
    pub(super) log_density: NodeId,
    pub(super) variables: Vec<usize>,
}

/// The factors of exp(`root`) that share no variable, of the variables `wanted`; the constant term; variables that no term has.
pub(super) fn blocks(graph: &mut Graph, root: NodeId, wanted: &[usize]) -> (Vec<Block>, f64, Vec<usize>) {
    let terms = terms(graph, root);
    let mut variables = Variables::default();
    let mut group: HashMap<u32, u32> = wanted.iter().map(|&variable| (variable as u32, variable as u32)).collect();
    fn leader(group: &HashMap<u32, u32>, mut variable: u32) -> u32 {
        while group[&variable] != variable {
            variable = group[&variable];
        }
        variable
    }
    let mut of_term: Vec<Vec<u32>> = Vec::with_capacity(terms.len());
    for &term in &terms {
        let coupled = variables.of(graph, term);
        for pair in coupled.windows(2) {
            let (a, b) = (leader(&group, pair[0]), leader(&group, pair[1]));
            group.insert(a.max(b), a.min(b));
        }
        of_term.push(coupled);
    }
    let mut constant = 0.0;
    let mut sums: Vec<(u32, Option<NodeId>, Vec<usize>)> = Vec::new();
    for &variable in wanted {
        let first = leader(&group, variable as u32);
        match sums.iter_mut().find(|(leader, ..)| *leader == first) {
            Some((_, _, members)) => members.push(variable),
            None => sums.push((first, None, vec![variable])),
        }
    }
    for (&term, coupled) in terms.iter().zip(&of_term) {
        let Some(&first) = coupled.first() else {
            constant += graph.number(term).unwrap_or(f64::NAN);
            continue;
        };
        let first = leader(&group, first);
        if let Some((_, sum, _)) = sums.iter_mut().find(|(leader, ..)| *leader == first) {
            *sum = Some(sum.map_or(term, |sum| graph.add(sum, term)));
        }
    }
    let free = sums.iter().filter(|(_, sum, _)| sum.is_none()).flat_map(|(.., members)| members.iter().copied()).collect();
    let blocks = sums.into_iter().filter_map(|(_, sum, variables)| sum.map(|log_density| Block { log_density, variables })).collect();
    (blocks, constant, free)
}
