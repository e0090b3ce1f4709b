//! Sums over the rows of a table, taken apart: what does not vary comes out, what is known is added up, what is a polynomial of degree
//! two in the parameters keeps only its coefficients. What is left is a loop over the rows.

use super::{Graph, Node, NodeId, TableId};
use crate::graph::Binary;

/// Tables of so few rows are written out: chains are then evaluated side by side, with nothing to loop over.
const FEW: usize = 16;

/// A node as a product of what does not vary and what does.
struct Factors {
    negative: bool,
    /// Does not vary; `None` for 1.
    fixed: Option<NodeId>,
    /// Varies; `None` for 1.
    varying: Option<NodeId>,
}

/// The factor outside, if any, and the terms inside, with whether they are subtracted.
type Group = (Option<NodeId>, Vec<(bool, NodeId)>);

impl Graph {
    /// Σ over the rows of `table` of `body`.
    pub fn row_sum(&mut self, table: TableId, body: NodeId) -> NodeId {
        // By the factor outside, in order of appearance: the terms that vary, with their signs.
        let mut groups: Vec<Group> = Vec::new();
        let rows = self.table_rows(table) as f64;
        let mut total = self.constant(0.0);
        let mut stack: Vec<(bool, Option<NodeId>, NodeId)> = vec![(false, None, body)];
        while let Some((negative, outside, node)) = stack.pop() {
            match self.node(node) {
                Node::Binary(Binary::Add, a, b) if self.table_of(node).is_some() => {
                    stack.extend([(negative, outside, b), (negative, outside, a)]);
                }
                Node::Binary(Binary::Subtract, a, b) if self.table_of(node).is_some() => {
                    stack.extend([(!negative, outside, b), (negative, outside, a)]);
                }
                _ => {
                    let factors = self.factors(node);
                    let negative = negative != factors.negative;
                    let outside = match (outside, factors.fixed) {
                        (Some(a), Some(b)) => Some(self.multiply(a, b)),
                        (a, b) => a.or(b),
                    };
                    match factors.varying.map(|varying| (varying, self.node(varying))) {
                        None => {
                            let count = self.constant(if negative { -rows } else { rows });
                            let term = outside.map_or(count, |outside| self.multiply(count, outside));
                            total = self.add(total, term);
                        }
                        Some((_, Node::Select(condition, then, otherwise))) if self.table_of(condition).is_none() => {
                            // The same choice in all rows is made once.
                            let [then, otherwise] = [then, otherwise].map(|arm| self.row_sum(table, arm));
                            let chosen = self.select(condition, then, otherwise);
                            let term = outside.map_or(chosen, |outside| self.multiply(outside, chosen));
                            total = if negative { self.subtract(total, term) } else { self.add(total, term) };
                        }
                        Some((varying, _)) if varying == node || !self.is_sum(varying) => {
                            match groups.iter_mut().find(|(factor, _)| *factor == outside) {
                                Some((_, terms)) => terms.push((negative, varying)),
                                None => groups.push((outside, vec![(negative, varying)])),
                            }
                        }
                        Some((sum, _)) => stack.push((negative, outside, sum)),
                    }
                }
            }
        }
        for (outside, terms) in groups {
            let sum = self.sum_of_terms(table, &terms);
            let term = outside.map_or(sum, |outside| self.multiply(outside, sum));
            total = self.add(total, term);
        }
        total
    }

    /// Σ over the rows where the column `index` is `group` of `body`, which may be the same in all rows.
    pub fn group_sum(&mut self, body: NodeId, index: NodeId, group: u32) -> NodeId {
        // A number is its own fixed factor, with 1 as the rest, for ever.
        if self.number(body).is_none() && (self.is_free(body) || self.table_of(body).is_none()) {
            if let Factors { negative, fixed: Some(fixed), varying } = self.factors(body) {
                let rest = varying.unwrap_or_else(|| self.constant(1.0));
                let sum = self.group_sum(rest, index, group);
                let product = self.multiply(fixed, sum);
                return self.signed(negative, product);
            }
            return self.intern(Node::GroupSum(body, index, group));
        }
        let Node::Column(indices) = self.node(index) else { unreachable!("groups go by columns") };
        let indices = self.column_values(indices).clone();
        let total = match self.number(body) {
            Some(value) => value * indices.iter().filter(|index| **index == f64::from(group)).count() as f64,
            None => {
                let values = self.values_by_row(body);
                super::statistics::total(values.iter().zip(&*indices).filter(|(_, index)| **index == f64::from(group)).map(|(v, _)| *v))
            }
        };
        self.constant(total)
    }

    fn is_sum(&self, node: NodeId) -> bool {
        matches!(self.node(node), Node::Binary(Binary::Add | Binary::Subtract, ..))
    }

    /// The sum over rows of terms that vary.
    fn sum_of_terms(&mut self, table: TableId, terms: &[(bool, NodeId)]) -> NodeId {
        let mut total = self.constant(0.0);
        let mut left: Option<NodeId> = None;
        // A leading minus goes outside, so that the term stays a product where it is one.
        let mut flipped = false;
        for &(negative, term) in terms {
            if let Some(sum) = self.statistic(term) {
                total = if negative { self.subtract(total, sum) } else { self.add(total, sum) };
                continue;
            }
            flipped = if left.is_none() { negative } else { flipped };
            left = Some(match (left, negative != flipped) {
                (None, _) => term,
                (Some(left), true) => self.subtract(left, term),
                (Some(left), false) => self.add(left, term),
            });
        }
        let Some(body) = left else { return total };
        let rest = if self.table_rows(table) <= FEW {
            let mut sum = self.constant(0.0);
            for row in 0..self.table_rows(table) {
                let term = self.in_row(body, row);
                sum = self.add(sum, term);
            }
            sum
        } else {
            self.intern(Node::RowSum(body))
        };
        if flipped { self.subtract(total, rest) } else { self.add(total, rest) }
    }

    /// Whether a product or quotient has a factor that does not vary.
    fn has_fixed_factor(&mut self, node: NodeId) -> bool {
        matches!(self.node(node), Node::Binary(Binary::Multiply | Binary::Divide, ..)) && self.factors(node).fixed.is_some()
    }

    /// Takes a product apart.
    fn factors(&mut self, node: NodeId) -> Factors {
        let mut result = Factors { negative: false, fixed: None, varying: None };
        // With each factor, whether it divides.
        let mut stack = vec![(node, false)];
        let mut whole = true;
        let mut varying: Vec<(NodeId, bool)> = Vec::new();
        while let Some((factor, divides)) = stack.pop() {
            match self.node(factor) {
                // The 1 of a reciprocal is no factor: 1/y taken apart would be itself again.
                _ if factor != node && self.number(factor) == Some(1.0) => {}
                _ if self.table_of(factor).is_none() => {
                    whole = false;
                    result.fixed = Some(match (result.fixed, divides) {
                        (None, false) => factor,
                        (Some(fixed), false) => self.multiply(fixed, factor),
                        (fixed, true) => {
                            let top = fixed.unwrap_or_else(|| self.constant(1.0));
                            self.divide(top, factor)
                        }
                    });
                }
                Node::Unary(crate::graph::Unary::Negate, a) => {
                    whole = false;
                    result.negative = !result.negative;
                    stack.push((a, divides));
                }
                Node::Binary(Binary::Multiply, a, b) => stack.extend([(b, divides), (a, divides)]),
                Node::Binary(Binary::Divide, a, b) => stack.extend([(b, !divides), (a, divides)]),
                Node::Power(base, n) if self.has_fixed_factor(base) => {
                    let Factors { fixed, varying: inner, .. } = self.factors(base);
                    // An even power forgets the sign; an odd one keeps it.
                    let negative = n % 2 != 0 && self.factors(base).negative;
                    result.negative ^= negative;
                    stack.extend([inner, fixed].into_iter().flatten().map(|part| (self.power(part, n), divides)));
                    whole = false;
                }
                _ => varying.push((factor, divides)),
            }
        }
        if whole {
            result.varying = Some(node);
            return result;
        }
        for (factor, divides) in varying {
            result.varying = Some(match (result.varying, divides) {
                (None, false) => factor,
                (Some(product), false) => self.multiply(product, factor),
                (product, true) => {
                    let top = product.unwrap_or_else(|| self.constant(1.0));
                    self.divide(top, factor)
                }
            });
        }
        result
    }

    /// The factors of a node that are data, as one, and the one that is not; `None` if there are several.
    pub(super) fn weighted(&mut self, node: NodeId) -> Option<(Option<NodeId>, NodeId)> {
        let mut stack = vec![(node, false)];
        let (mut weight, mut rest): (Option<NodeId>, Option<NodeId>) = (None, None);
        while let Some((factor, divides)) = stack.pop() {
            match self.node(factor) {
                _ if self.is_data(factor) => {
                    weight = Some(match (weight, divides) {
                        (None, false) => factor,
                        (Some(weight), false) => self.multiply(weight, factor),
                        (weight, true) => {
                            let top = weight.unwrap_or_else(|| self.constant(1.0));
                            self.divide(top, factor)
                        }
                    });
                }
                Node::Binary(Binary::Multiply, a, b) => stack.extend([(b, divides), (a, divides)]),
                Node::Binary(Binary::Divide, a, b) => stack.extend([(b, !divides), (a, divides)]),
                _ if rest.is_none() && !divides => rest = Some(factor),
                _ => return None,
            }
        }
        rest.map(|rest| (weight, rest))
    }
}
