//! A function over boxes of any dimension by its second-order form: close enclosures from values and derivatives at the middle.
//!
//! Moore, Kearfott & Cloud (2009), sections 6.3 and 6.4: the mean value form and the Taylor form of order two, and what both and the
//! natural extension hold.

use super::code::Code;
use super::functions::Enclosed;
use super::germ::{Germ, LARGEST_REACH};
use super::jet::Jet;
use crate::graph::{Graph, NodeId};
use crate::math::Interval;

/// An expression that is evaluated over boxes.
pub(crate) struct Form {
    code: Code,
    ranges: Vec<Enclosed>,
    jets: Vec<Jet>,
    germs: Vec<Germ>,
    /// Operators evaluated so far, weighed by the numbers that each carries: a measure of the work that is the same everywhere.
    pub(crate) work: usize,
}

/// What is known over a box.
pub(crate) struct OverBox {
    /// Holds every value.
    pub(crate) value: Enclosed,
    /// With derivatives over the box.
    pub(crate) jet: Jet,
    /// At the middle of the box; only where the box is finite.
    pub(crate) middle: Option<Enclosed>,
}

impl Form {
    pub(crate) fn new(graph: &Graph, root: NodeId) -> Form {
        Form { code: Code::new(graph, &[root]), ranges: Vec::new(), jets: Vec::new(), germs: Vec::new(), work: 0 }
    }

    /// Plain interval evaluation; on a line out to infinity what decides there is weighed too: x² beats x.
    pub(crate) fn natural(&mut self, cell: &[Interval]) -> Enclosed {
        self.code.ranges(cell, &mut self.ranges);
        self.work += self.ranges.len();
        let mut value = self.ranges[self.code.root(0)];
        if let [side] = cell
            && let Some((sign, nearest)) = far(*side)
        {
            self.code.run(&[Germ::far(sign, (1.0 / nearest).next_up().min(LARGEST_REACH))], &[], &mut self.germs);
            self.work += self.germs.len();
            value.range = value.range.meet(self.germs[self.code.root(0)].values());
        }
        value
    }

    /// Value and derivatives over a box.
    pub(crate) fn jet(&mut self, cell: &[Interval]) -> Jet {
        self.code.run(&Jet::variables(cell), &[], &mut self.jets);
        self.work += self.jets.len() * (1 + cell.len() + cell.len() * (cell.len() + 1) / 2);
        self.jets[self.code.root(0)].clone()
    }

    /// The value by every form, the closest of them.
    pub(crate) fn over(&mut self, cell: &[Interval]) -> OverBox {
        let jet = self.jet(cell);
        let mut value = jet.value;
        if !cell.iter().all(|side| side.is_finite()) {
            value.range = value.range.meet(self.natural(cell).range);
            return OverBox { value, jet, middle: None };
        }
        let point: Vec<Interval> = cell.iter().map(|side| Interval::point(side.middle())).collect();
        if !jet.is_smooth() || value.partial {
            let middle = self.natural(&point);
            return OverBox { value, jet, middle: Some(middle) };
        }
        let at = self.jet(&point);
        let reach: Vec<Interval> = cell.iter().zip(&point).map(|(&side, &middle)| side - middle).collect();
        let (mut first, mut second) = (at.value.range, at.value.range);
        for (i, &d) in reach.iter().enumerate() {
            let (over, slope, bend) = (jet.first(i), at.first(i), jet.second(i, i));
            let (Some(over), Some(slope), Some(bend)) = (over, slope, bend) else { return OverBox { value, jet, middle: Some(at.value) } };
            first = first + over * d;
            second = second + parabola(slope, bend, d);
            for (j, &e) in reach.iter().enumerate().skip(i + 1) {
                second = second + jet.second(i, j).unwrap_or(Interval::ALL) * d * e;
            }
        }
        value.range = value.range.meet(first).meet(second);
        OverBox { value, jet, middle: Some(at.value) }
    }
}

/// The side of an interval that reaches out to infinity from far enough, and the size of its nearest number.
fn far(side: Interval) -> Option<(f64, f64)> {
    let least = 1.0 / LARGEST_REACH;
    if side.high == f64::INFINITY && side.low >= least {
        Some((1.0, side.low))
    } else if side.low == f64::NEG_INFINITY && side.high <= -least {
        Some((-1.0, -side.high))
    } else {
        None
    }
}

/// The range of g·d + h·d²/2 over d: by its ends, and by its vertex where the curvature has one sign.
fn parabola(g: Interval, h: Interval, d: Interval) -> Interval {
    let half = h.halved();
    let mut range = g * d + half * d.square();
    // g·d + h·d²/2 ≥ −g²/(2h), h > 0.
    let vertex = g.square() / (h * Interval::point(2.0));
    if h.is_positive() {
        range.low = range.low.max(-vertex.high);
    } else if h.is_negative() {
        range.high = range.high.min(-vertex.low);
    }
    range
}
