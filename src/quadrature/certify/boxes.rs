//! Bounds on Z in a few dimensions: boxes whose integrals are enclosed by values, gradients and Hessians, the least known split first.
//!
//! The rule of a box is the Taylor form of order two, integrated: odd terms vanish about the middle, ∂²p/∂xᵢ² is weighed by the mean
//! square distance along i (Moore, Kearfott & Cloud 2009, sections 6.4 and 9.4).

use std::collections::BinaryHeap;

use super::integrand::scaled;
use super::{Certificate, Worst};
use crate::density::{LogDensity, Model};
use crate::enclosure::{Code, Interval, Jet};

/// Operators over boxes, each weighed by the numbers it carries, before the work ends with what is known.
const WORK: usize = 120_000_000;

/// Proves bounds on the integral of `model` over finite ranges, `relative` apart where that can be had; `log_size` is about its
/// logarithm. `None` if a range is infinite, or there are data.
pub(in crate::quadrature) fn certify_boxes(model: &Model, log_size: f64, relative: f64) -> Option<Certificate> {
    if model.rows() > 0 || !model.bounds().iter().all(|bound| bound.is_finite()) {
        return None;
    }
    let (graph, root, log_unit) = scaled(model, log_size);
    let mut rule = Rule { code: Code::new(&graph, &[root]), jets: Vec::new(), work: 0, boxes: 0 };
    let range: Vec<Interval> = model.bounds().iter().map(|bound| Interval::new(bound.low, bound.high)).collect();
    let mut cells = vec![rule.cell(range)];
    let mut heap = BinaryHeap::from([Worst { width: cells[0].bounds.width(), at: 0 }]);
    let mut total = cells[0].bounds;
    let mut since = 0;
    let sum = |cells: &[Cell]| cells.iter().fold(Interval::ZERO, |sum, cell| sum + cell.bounds);
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
        let old = cells[worst.at].clone();
        let side = old.sides[old.cut];
        let middle = side.middle();
        if !(side.low < middle && middle < side.high) {
            continue;
        }
        let [first, second] = [Interval::new(side.low, middle), Interval::new(middle, side.high)].map(|half| {
            let mut sides = old.sides.clone();
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
    Some(Certificate { log_unit, bounds, series: rule.boxes, knots: Vec::new(), reason })
}

/// A box, the bounds on its integral, and the side to cut.
#[derive(Clone)]
struct Cell {
    sides: Vec<Interval>,
    bounds: Interval,
    cut: usize,
}

struct Rule {
    code: Code,
    jets: Vec<Jet>,
    work: usize,
    boxes: usize,
}

impl Rule {
    fn jet(&mut self, sides: &[Interval]) -> Jet {
        self.code.run(&Jet::variables(sides), &[], &mut self.jets);
        self.work += self.jets.len() * (1 + sides.len() + sides.len() * (sides.len() + 1) / 2);
        self.jets[self.code.root(0)].clone()
    }

    fn cell(&mut self, sides: Vec<Interval>) -> Cell {
        self.boxes += 1;
        let over = self.jet(&sides);
        let volume = sides.iter().fold(Interval::ONE, |volume, side| volume * (Interval::point(side.high) - Interval::point(side.low)));
        let widths: Vec<f64> = sides.iter().map(|side| side.width()).collect();
        // Without derivatives, or where they say less, the range.
        let mut mean = over.value.range;
        let longest = |weight: &dyn Fn(usize) -> f64| {
            (0..widths.len()).map(|i| (i, weight(i))).filter(|(_, weight)| weight.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1))
        };
        let steepest = longest(&|i| over.first(i).map_or(f64::NAN, |slope| slope.size() * widths[i]));
        let mut cut = steepest.filter(|(_, change)| *change > 0.0).or_else(|| longest(&|i| widths[i])).map_or(0, |(i, _)| i);
        if over.is_smooth() && over.value.is_continuous() {
            let points: Vec<Interval> = sides.iter().map(|side| Interval::point(side.middle())).collect();
            let at = self.jet(&points);
            if let Some(close) = second_order(&over, &at, &sides, &points) {
                mean = mean.meet(close);
                let spread = |i, j| over.second(i, j).map_or(f64::INFINITY, |bend: Interval| bend.width());
                let weight = |i: usize| (0..widths.len()).map(|j| spread(i, j) * widths[j]).sum::<f64>() * widths[i];
                cut = longest(&weight).filter(|(_, weight)| *weight > 0.0).map_or(cut, |(i, _)| i);
            }
        }
        Cell { bounds: mean * volume, sides, cut }
    }
}

/// The mean of a function over a box from its jets over the box and at a point close to its middle.
fn second_order(over: &Jet, at: &Jet, sides: &[Interval], points: &[Interval]) -> Option<Interval> {
    struct Along {
        mean: Interval,
        square: Interval,
        size: f64,
    }
    let along: Vec<Along> = sides
        .iter()
        .zip(points)
        .map(|(side, &middle)| {
            let (low, high) = (Interval::point(side.low) - middle, Interval::point(side.high) - middle);
            // The middle was rounded: the mean distance from it is not quite 0.
            let mean = (low + high).halved();
            let square = (low.square() + low * high + high.square()) / Interval::point(3.0);
            let size = ((low.square() + high.square()) / ((high - low) * Interval::point(2.0))).high;
            Along { mean, square, size }
        })
        .collect();
    let mut mean = at.value.range;
    for (i, a) in along.iter().enumerate() {
        mean = mean + at.first(i)? * a.mean + (over.second(i, i)? * a.square).halved();
        for (j, b) in along.iter().enumerate().skip(i + 1) {
            let bend = over.second(i, j)?;
            let middle = Interval::point(bend.middle());
            let rest = (bend - middle).size();
            let reach = (Interval::point(rest) * Interval::point(a.size) * Interval::point(b.size)).high;
            mean = mean + middle * a.mean * b.mean + Interval::new(-reach, reach);
        }
    }
    Some(mean)
}
