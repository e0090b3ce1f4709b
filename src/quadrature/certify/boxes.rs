//! Bounds on Z in two and three dimensions: boxes whose integrals are enclosed by Taylor's theorem, the least known split first.
//!
//! Moore, Kearfott & Cloud (2009), section 9.4: the series about the middle is integrated term by term, and its remainder is the term of
//! the next degree with coefficients from the whole box.

use std::collections::BinaryHeap;

use super::integrand::scaled;
use super::{Certificate, Worst};
use crate::density::{LogDensity, Model};
use crate::enclosure::{Code, Enclosed, Homogeneous, Interval, Series};

/// Products of intervals before the work ends with what is known: about two seconds.
const WORK: usize = 600_000_000;
/// Products that a product of two series takes; two variables to degree 6 and three to degree 4 happen to agree.
const OF_SERIES: usize = 210;
/// Splits of boxes without finite bounds before the work ends.
const MOST_UNBOUNDED: usize = 4_000;
/// Boxes that may be wrong by this part of the wanted width are not looked at more closely.
const NEGLIGIBLE: f64 = 1e-6;

/// Proves bounds on the integral of `model` over finite ranges, `relative` apart where that can be had; `log_size` is about its
/// logarithm. `None` if a range is infinite, there are data, or more than three variables.
pub(in crate::quadrature) fn certify_boxes(model: &Model, log_size: f64, relative: f64) -> Option<Certificate> {
    if model.rows() > 0 || !model.bounds().iter().all(|bound| bound.is_finite()) {
        return None;
    }
    match model.dimension() {
        2 => Some(prove::<2, 7, 7>(model, log_size, relative)),
        3 => Some(prove::<3, 15, 5>(model, log_size, relative)),
        _ => None,
    }
}

/// In D variables by series of N terms, the last with M monomials.
fn prove<const D: usize, const M: usize, const N: usize>(model: &Model, log_size: f64, relative: f64) -> Certificate {
    let (graph, root, log_unit) = scaled(model, log_size);
    let whole: [Interval; D] = std::array::from_fn(|i| Interval::new(model.bounds()[i].low, model.bounds()[i].high));
    let negligible = NEGLIGIBLE * relative * (log_size - log_unit).exp();
    let code = Code::new(&graph, &[root]);
    let mut rule = Rule::<D, M, N> { code, ranges: Vec::new(), series: Vec::new(), whole, negligible, work: 0, boxes: 0 };
    let mut cells = vec![rule.cell(whole)];
    let mut heap = BinaryHeap::from([Worst { width: cells[0].bounds.width(), at: 0 }]);
    let mut total = cells[0].bounds;
    let (mut since, mut unbounded) = (0, 0);
    let sum = |cells: &[Cell<D>]| cells.iter().fold(Interval::ZERO, |sum, cell| sum + cell.bounds);
    let is_close = |total: Interval| {
        total.is_finite() && total.width() <= 2.0 * relative * total.low.abs().min(total.high.abs()) && !total.contains(0.0)
    };
    let mut close = false;
    while rule.work < WORK {
        // Sums of changes drift; now and then, and before the end, everything is added up anew.
        if since > cells.len() / 8 || is_close(total) {
            total = sum(&cells);
            since = 0;
            close = is_close(total);
            if close {
                break;
            }
        }
        since += 1;
        let Some(worst) = heap.pop() else { break };
        if worst.width.is_infinite() {
            unbounded += 1;
            if unbounded > MOST_UNBOUNDED {
                break;
            }
        }
        let old = cells[worst.at];
        let side = old.sides[old.cut];
        let middle = side.middle();
        if !(side.low < middle && middle < side.high) {
            continue;
        }
        let [first, second] = [Interval::new(side.low, middle), Interval::new(middle, side.high)].map(|half| {
            let mut sides = old.sides;
            sides[old.cut] = half;
            rule.cell(sides)
        });
        let new = first.bounds + second.bounds;
        total = if total.is_finite() && old.bounds.is_finite() {
            Interval::new(total.low - old.bounds.low + new.low, total.high - old.bounds.high + new.high)
        } else {
            Interval::ALL
        };
        heap.push(Worst { width: first.bounds.width(), at: worst.at });
        heap.push(Worst { width: second.bounds.width(), at: cells.len() });
        cells[worst.at] = first;
        cells.push(second);
    }
    let bounds = if close { total } else { sum(&cells) };
    // A density has no negative mass; the caller has looked at its sign.
    let bounds = Interval::new(bounds.low.max(0.0), bounds.high);
    let reason = (!close).then(|| "the bounds stayed too far apart within the work allowed".to_string());
    Certificate { log_unit, bounds, series: rule.boxes, knots: Vec::new(), reason }
}

/// A box, the bounds on its integral, and the side to cut.
#[derive(Clone, Copy)]
struct Cell<const D: usize> {
    sides: [Interval; D],
    bounds: Interval,
    cut: usize,
}

struct Rule<const D: usize, const M: usize, const N: usize> {
    code: Code,
    ranges: Vec<Enclosed>,
    series: Vec<Series<Homogeneous<D, M>, N>>,
    whole: [Interval; D],
    /// Width of bounds that nobody minds.
    negligible: f64,
    work: usize,
    boxes: usize,
}

impl<const D: usize, const M: usize, const N: usize> Rule<D, M, N> {
    fn run(&mut self, sides: &[Interval; D]) -> Series<Homogeneous<D, M>, N> {
        let inputs: [_; D] = std::array::from_fn(|i| Series::along(sides[i], Homogeneous::variable(i)));
        self.code.run(&inputs, &[], &mut self.series);
        self.work += self.series.len() * OF_SERIES;
        self.series[self.code.root(0)].clone()
    }

    fn cell(&mut self, sides: [Interval; D]) -> Cell<D> {
        self.boxes += 1;
        let points = sides.map(Interval::middle);
        let along: [Along<N>; D] = std::array::from_fn(|i| Along::new(sides[i], points[i]));
        let longest = (0..D).max_by(|&a, &b| {
            let part = |i: usize| sides[i].width() / self.whole[i].width();
            part(a).total_cmp(&part(b))
        });
        let mut cut = longest.unwrap_or(0);
        self.code.ranges(&sides, &mut self.ranges);
        self.work += self.ranges.len();
        let range = self.ranges[self.code.root(0)];
        if range.partial {
            return Cell { sides, bounds: Interval::ALL, cut };
        }
        let integral = |range: Interval| along.iter().fold(range, |product, along| product * along.signed[0]);
        let mut bounds = integral(range.range);
        if range.jumps || bounds.width() <= self.negligible {
            return Cell { sides, bounds, cut };
        }
        let over = self.run(&sides);
        bounds = bounds.meet(integral(over.range()));
        if over.terms() > 2 {
            let at = self.run(&points.map(Interval::point));
            let mut sum = Interval::ZERO;
            for k in 0..N {
                if k > 0
                    && k % 2 == 0
                    && let Some(remainder) = over.coefficient(k)
                {
                    let mut rest = sum;
                    let mut spread = [0.0; D];
                    for (exponents, coefficient) in remainder.monomials() {
                        let (term, doubt) = remaining(&along, &exponents, coefficient);
                        rest = rest + term;
                        (0..D).for_each(|i| spread[i] += doubt * exponents[i] as f64);
                    }
                    if rest.width() < bounds.width()
                        && let Some(most) = (0..D).max_by(|&a, &b| spread[a].total_cmp(&spread[b])).filter(|&i| spread[i] > 0.0)
                    {
                        cut = most;
                    }
                    bounds = bounds.meet(rest);
                }
                let Some(coefficient) = at.coefficient(k) else { break };
                for (exponents, coefficient) in coefficient.monomials() {
                    sum = sum + (0..D).fold(coefficient, |product, i| product * along[i].signed[exponents[i]]);
                }
                if !sum.is_finite() {
                    break;
                }
            }
        }
        Cell { sides, bounds, cut }
    }
}

/// The integrals of hᵏ and of |h|ᵏ over one side, h the distance from the point in the middle.
struct Along<const N: usize> {
    signed: [Interval; N],
    absolute: [Interval; N],
}

impl<const N: usize> Along<N> {
    fn new(side: Interval, point: f64) -> Along<N> {
        let point = Interval::point(point);
        let (left, right) = (point - Interval::point(side.low), Interval::point(side.high) - point);
        let (mut left_power, mut right_power) = (left, right);
        let (mut signed, mut absolute) = ([Interval::ZERO; N], [Interval::ZERO; N]);
        for k in 0..N {
            let order = Interval::point((k + 1) as f64);
            absolute[k] = (right_power + left_power) / order;
            signed[k] = if k % 2 == 0 { absolute[k] } else { (right_power - left_power) / order };
            (left_power, right_power) = (left_power * left, right_power * right);
        }
        Along { signed, absolute }
    }
}

/// The integral of c(h)·h^exponents with c(h) anywhere in `coefficient`, and how wide that is.
fn remaining<const D: usize, const N: usize>(along: &[Along<N>; D], exponents: &[usize; 3], coefficient: Interval) -> (Interval, f64) {
    let signed = |factor: Interval| (0..D).fold(factor, |product, i| product * along[i].signed[exponents[i]]);
    let absolute = (0..D).fold(Interval::ONE, |product, i| product * along[i].absolute[exponents[i]]);
    let doubt = coefficient.width() * absolute.high;
    if exponents[..D].iter().all(|exponent| exponent % 2 == 0) {
        return (signed(coefficient), doubt);
    }
    // The monomial changes sign: about the middle of c it cancels, the rest counts in full.
    let middle = Interval::point(coefficient.middle());
    let reach = (Interval::point((coefficient - middle).size()) * absolute).high;
    (signed(middle) + Interval::new(-reach, reach), doubt)
}
