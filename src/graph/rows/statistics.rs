//! Sufficient statistics: a sum over rows of w·ℓ or w·ℓ², ℓ linear in what does not vary, is a polynomial whose coefficients are sums
//! over the data.
//!
//! The square is centred: Σ w(c₀ + Σ cⱼaⱼ)² = R + 2g·δ + δᵀGδ with δ = a − â, â a least-squares solution, G = Σ w c cᵀ, R and g the
//! sums of w r² and w r c over the residuals r at â. Expanded about 0 it would cancel digits in proportion to (mean/spread)². All
//! sums are double-double (Dekker 1971), so the coefficients are right to the last bit or so however many rows there are.

use super::{Graph, Node, NodeId};
use crate::graph::{Binary, Unary};
use crate::math::{Level, Numbers, Work, dispatch};

/// Linear forms of more atoms are left to the loop over rows.
const MOST_ATOMS: usize = 64;
/// Products of rows and pairs of atoms: beyond, the sums would take seconds.
const MOST_PRODUCTS: usize = 4_000_000_000;

/// Sums that are added up side by side, so that they do not wait for each other.
const PARTIAL: usize = 8;

/// A sum with its rounding error.
#[derive(Debug, Clone, Copy, Default)]
struct Exact {
    high: f64,
    low: f64,
}

impl Exact {
    #[inline(always)]
    fn add(&mut self, x: f64) {
        // Knuth's two-sum.
        let sum = self.high + x;
        let part = sum - self.high;
        self.low += (self.high - (sum - part)) + (x - part);
        self.high = sum;
    }

    #[inline(always)]
    fn add_product(&mut self, x: f64, y: f64) {
        let product = x * y;
        self.add(product);
        self.low += x.mul_add(y, -product);
    }

    fn value(self) -> f64 {
        let sum = self.high + self.low;
        // Infinite or NaN terms have no rounding error to speak of.
        if sum.is_nan() { self.high } else { sum }
    }
}

/// Σ aᵢbᵢ, to the last bit or so.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    dispatch(Level::detect(), Dot { a, b })
}

struct Dot<'a> {
    a: &'a [f64],
    b: &'a [f64],
}

impl Work for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let ((a, rest), (b, other)) = (self.a.as_chunks::<PARTIAL>(), self.b.as_chunks::<PARTIAL>());
        let mut sums = [Exact::default(); PARTIAL];
        for (a, b) in a.iter().zip(b) {
            for lane in 0..PARTIAL {
                sums[lane].add_product(a[lane], b[lane]);
            }
        }
        for (sum, (a, b)) in sums.iter_mut().zip(rest.iter().zip(other)) {
            sum.add_product(*a, *b);
        }
        let mut all = Exact::default();
        for sum in sums {
            all.add(sum.high);
            all.low += sum.low;
        }
        all.value()
    }
}

/// yᵢ ← yᵢ + a·xᵢ.
struct AddScaled<'a> {
    y: &'a mut [Exact],
    a: f64,
    x: &'a [f64],
}

impl Work for AddScaled<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            y.add_product(self.a, *x);
        }
    }
}

/// The sum of numbers, to the last bit or so.
pub(super) fn total(values: impl Iterator<Item = f64>) -> f64 {
    let mut sum = Exact::default();
    values.for_each(|value| sum.add(value));
    sum.value()
}

/// Σ coefficient·atom + offset: coefficients and offset are data or numbers, atoms do not vary.
#[derive(Debug, Clone, Default)]
struct Linear {
    offset: Option<NodeId>,
    terms: Vec<(NodeId, NodeId)>,
}

impl Graph {
    /// Σ over rows of `term`, if data suffice.
    pub(super) fn statistic(&mut self, term: NodeId) -> Option<NodeId> {
        if self.is_data(term) {
            let sum = total(self.values_by_row(term).iter().copied());
            return Some(self.constant(sum));
        }
        let (weight, rest) = self.weighted(term)?;
        let (base, squared) = match self.node(rest) {
            Node::Power(base, 2) => (base, true),
            _ => (rest, false),
        };
        let linear = self.linear(base)?;
        let rows = self.table_rows(self.table_of(term)?);
        let atoms = linear.terms.len();
        if atoms > MOST_ATOMS || rows.saturating_mul((atoms + 1) * (atoms + 2) / 2) > MOST_PRODUCTS {
            return None;
        }
        let weights = weight.map(|weight| self.values_by_row(weight));
        let offset = linear.offset.map(|offset| self.rows_of(offset, rows));
        let columns: Vec<Numbers> = linear.terms.iter().map(|&(_, coefficient)| self.rows_of(coefficient, rows)).collect();
        let sum = if squared {
            self.square(&linear, offset.as_deref(), &columns, weights.as_deref(), rows)
        } else {
            let sum_of = |values: &[f64]| weights.as_ref().map_or_else(|| total(values.iter().copied()), |weights| dot(weights, values));
            let mut sum = self.constant(offset.as_deref().map_or(0.0, sum_of));
            for (&(atom, _), column) in linear.terms.iter().zip(&columns) {
                let coefficient = self.constant(sum_of(column));
                let product = self.multiply(coefficient, atom);
                sum = self.add(sum, product);
            }
            sum
        };
        if !columns.iter().chain(&offset).all(|column| column.iter().all(|value| value.is_finite())) {
            return None;
        }
        self.rows.statistics += 1;
        Some(sum)
    }

    fn rows_of(&self, data: NodeId, rows: usize) -> Numbers {
        match self.number(data) {
            Some(number) => vec![number; rows].into(),
            None => self.values_by_row(data),
        }
    }

    /// Σ w(c₀ + Σ cⱼaⱼ)² about a least-squares solution.
    fn square(&mut self, linear: &Linear, offset: Option<&[f64]>, columns: &[Numbers], weights: Option<&[f64]>, rows: usize) -> NodeId {
        let atoms = columns.len();
        let weigh = |values: &[f64]| -> Vec<f64> {
            weights.map_or_else(|| values.to_vec(), |weights| values.iter().zip(weights).map(|(value, weight)| weight * value).collect())
        };
        let weighted: Vec<Vec<f64>> = columns.iter().map(|column| weigh(column)).collect();
        let gram: Vec<Vec<f64>> =
            (0..atoms).map(|i| (0..atoms).map(|j| if j < i { 0.0 } else { dot(&weighted[i], &columns[j]) }).collect()).collect();
        let right: Vec<f64> = weighted.iter().map(|column| offset.map_or(0.0, |offset| -dot(column, offset))).collect();
        let centre = least_squares(&gram, &right);
        let start = |row: usize| Exact { high: offset.map_or(0.0, |offset| offset[row]), low: 0.0 };
        let mut residuals: Vec<Exact> = (0..rows).map(start).collect();
        for (&a, column) in centre.iter().zip(columns) {
            dispatch(Level::detect(), AddScaled { y: &mut residuals, a, x: column });
        }
        let residuals: Vec<f64> = residuals.into_iter().map(Exact::value).collect();
        let mut sum = self.constant(dot(&weigh(&residuals), &residuals));
        let shifts: Vec<NodeId> = linear
            .terms
            .iter()
            .zip(&centre)
            .map(|(&(atom, _), &centre)| {
                let centre = self.constant(centre);
                self.subtract(atom, centre)
            })
            .collect();
        for i in 0..atoms {
            let mut row = self.constant(2.0 * dot(&weighted[i], &residuals));
            for j in i..atoms {
                let entry = self.constant(if i == j { gram[i][i] } else { 2.0 * gram[i][j] });
                let product = self.multiply(entry, shifts[j]);
                row = self.add(row, product);
            }
            let product = self.multiply(shifts[i], row);
            sum = self.add(sum, product);
        }
        sum
    }

    /// The node as a linear form, by an explicit stack.
    fn linear(&mut self, root: NodeId) -> Option<Linear> {
        let mut linear = Linear::default();
        // With each node the data and the fixed factor outside it.
        let one = self.constant(1.0);
        let mut stack = vec![(root, one, None::<NodeId>)];
        while let Some((node, data, fixed)) = stack.pop() {
            if linear.terms.len() > MOST_ATOMS || stack.len() > 4 * MOST_ATOMS {
                return None;
            }
            if self.table_of(node).is_none() && self.is_free(node) {
                let atom = fixed.map_or(node, |fixed| self.multiply(fixed, node));
                self.add_to(&mut linear, Some(atom), data);
                continue;
            }
            if !self.is_free(node) {
                let coefficient = self.multiply(data, node);
                self.add_to(&mut linear, fixed, coefficient);
                continue;
            }
            match self.node(node) {
                Node::Binary(Binary::Add, a, b) => stack.extend([(b, data, fixed), (a, data, fixed)]),
                Node::Binary(Binary::Subtract, a, b) => {
                    let negative = self.negate(data);
                    stack.extend([(b, negative, fixed), (a, data, fixed)]);
                }
                Node::Unary(Unary::Negate, a) => {
                    let negative = self.negate(data);
                    stack.push((a, negative, fixed));
                }
                Node::Binary(Binary::Multiply, a, b) => {
                    let (outer, inner) = if self.is_free(a) && self.table_of(a).is_some() { (b, a) } else { (a, b) };
                    if !self.is_free(outer) {
                        let data = self.multiply(data, outer);
                        stack.push((inner, data, fixed));
                    } else if self.table_of(outer).is_none() {
                        let fixed = Some(fixed.map_or(outer, |fixed| self.multiply(fixed, outer)));
                        stack.push((inner, data, fixed));
                    } else {
                        return None;
                    }
                }
                Node::Binary(Binary::Divide, a, b) if !self.is_free(b) => {
                    let data = self.divide(data, b);
                    stack.push((a, data, fixed));
                }
                Node::Binary(Binary::Divide, a, b) if self.table_of(b).is_none() => {
                    let top = fixed.unwrap_or(one);
                    let fixed = Some(self.divide(top, b));
                    stack.push((a, data, fixed));
                }
                _ => return None,
            }
        }
        Some(linear)
    }

    fn add_to(&mut self, linear: &mut Linear, atom: Option<NodeId>, coefficient: NodeId) {
        let known = match atom {
            None => &mut linear.offset,
            Some(atom) => match linear.terms.iter().position(|(known, _)| *known == atom) {
                Some(place) => {
                    linear.terms[place].1 = self.add(linear.terms[place].1, coefficient);
                    return;
                }
                None => {
                    linear.terms.push((atom, coefficient));
                    return;
                }
            },
        };
        *known = Some(known.map_or(coefficient, |known| self.add(known, coefficient)));
    }
}

/// A solution of G a = b by Cholesky's decomposition, 0 for what depends on others; `gram` is the upper triangle. Any centre gives the
/// same sum, so that one is near the minimum is enough.
fn least_squares(gram: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut upper = vec![vec![0.0; n]; n];
    let mut used = vec![false; n];
    for i in 0..n {
        let pivot = gram[i][i] - (0..i).map(|k| upper[k][i] * upper[k][i]).sum::<f64>();
        used[i] = pivot > 1e-12 * gram[i][i].abs();
        if !used[i] {
            continue;
        }
        upper[i][i] = pivot.sqrt();
        for j in i + 1..n {
            let rest = gram[i][j] - (0..i).map(|k| upper[k][i] * upper[k][j]).sum::<f64>();
            upper[i][j] = rest / upper[i][i];
        }
    }
    let mut half = vec![0.0; n];
    for i in (0..n).filter(|&i| used[i]) {
        half[i] = (right[i] - (0..i).map(|k| upper[k][i] * half[k]).sum::<f64>()) / upper[i][i];
    }
    let mut solution = vec![0.0; n];
    for i in (0..n).rev().filter(|&i| used[i]) {
        solution[i] = (half[i] - (i + 1..n).map(|k| upper[i][k] * solution[k]).sum::<f64>()) / upper[i][i];
    }
    if solution.iter().all(|value| value.is_finite()) { solution } else { vec![0.0; n] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_partial_sums_cannot_hold_is_not_lost() {
        // Beside 10¹⁶ a 1 is below the last bit, in its own partial sum and where those are added up.
        let mut a = vec![0.0; 3 * PARTIAL + 1];
        (a[0], a[PARTIAL], a[1], a[PARTIAL + 1], a[3 * PARTIAL]) = (1e16, 1.0, -1e16, 1.0, 0.25);
        assert_eq!(dot(&a, &vec![1.0; a.len()]), 2.25);
        // A product that is not representable: (2²⁷ + 1)² = 2⁵⁴ + 2²⁸ + 1.
        let x = 134_217_729.0;
        assert_eq!(dot(&[x, 1.0], &[x, -(2_f64.powi(54) + 2_f64.powi(28))]), 1.0);
    }
}
