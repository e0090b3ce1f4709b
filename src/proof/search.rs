//! Branch and bound: the smallest value of a function over a box, bounds on it proved, boxes split where it may lie.
//!
//! Moore, Kearfott & Cloud (2009), section 5.5 (Moore and Skelboe): the box with the least lower bound is split next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::enclosure::Interval;

/// A function's range over a box, and the side of the box that should be cut.
pub(super) struct Bounds {
    /// Every value in the box lies in it.
    pub(super) range: Interval,
    /// A value taken in the box, and where.
    pub(super) seen: Option<(Interval, Vec<f64>)>,
    /// The side to cut.
    pub(super) cut: usize,
}

/// The function, and when enough is known of it.
pub(super) trait Objective {
    /// Bounds over a box.
    fn over(&mut self, cell: &[Interval]) -> Bounds;
    /// Whether the search may end.
    fn is_enough(&self, found: &Least) -> bool;
}

/// What is known of the least value.
pub(super) struct Least {
    /// No value is smaller.
    pub(super) lower: f64,
    /// The smallest value met, and where.
    pub(super) seen: Option<(Interval, Vec<f64>)>,
    /// The box with the least lower bound.
    pub(super) cell: Vec<Interval>,
}

impl Least {
    /// The smallest value met, or +∞.
    pub(super) fn upper(&self) -> f64 {
        self.seen.as_ref().map_or(f64::INFINITY, |(value, _)| value.high)
    }
}

/// Splits `cell` until enough is known, or no box can be split.
pub(super) fn least(cell: Vec<Interval>, objective: &mut impl Objective) -> Least {
    let mut found = Least { lower: f64::NEG_INFINITY, seen: None, cell: cell.clone() };
    let mut heap = BinaryHeap::new();
    // Boxes too thin to cut: their lower bound stays.
    let mut floor = f64::INFINITY;
    let first = objective.over(&cell);
    found.see(&first);
    heap.push(Open { lower: first.range.low, cut: first.cut, cell });
    while let Some(open) = heap.pop() {
        found.lower = open.lower.min(floor);
        found.cell.clone_from(&open.cell);
        if objective.is_enough(&found) {
            return found;
        }
        let side = open.cell[open.cut];
        let middle = side.middle();
        if !(side.low < middle && middle < side.high) {
            floor = floor.min(open.lower);
            continue;
        }
        for half in [Interval::new(side.low, middle), Interval::new(middle, side.high)] {
            let mut cell = open.cell.clone();
            cell[open.cut] = half;
            let bounds = objective.over(&cell);
            found.see(&bounds);
            // A part cannot reach lower than the whole.
            let lower = bounds.range.low.max(open.lower);
            if lower <= found.upper() {
                heap.push(Open { lower, cut: bounds.cut, cell });
            }
        }
    }
    found.lower = floor.min(found.upper());
    found
}

impl Least {
    fn see(&mut self, bounds: &Bounds) {
        if let Some((value, place)) = &bounds.seen
            && value.high < self.upper()
        {
            self.seen = Some((*value, place.clone()));
        }
    }
}

/// The widest side, infinite ones first; relative to its distance from 0 where the box reaches far.
pub(super) fn widest(cell: &[Interval]) -> usize {
    let size = |side: &Interval| if side.is_finite() { side.width() } else { f64::INFINITY };
    let mut best = 0;
    for (index, side) in cell.iter().enumerate() {
        if size(side) > size(&cell[best]) {
            best = index;
        }
    }
    best
}

/// The middle of a box.
pub(super) fn middle(cell: &[Interval]) -> Vec<f64> {
    cell.iter().map(|side| side.middle()).collect()
}

struct Open {
    lower: f64,
    cut: usize,
    cell: Vec<Interval>,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives its greatest: the lowest bound, and of equals the first by place.
        other.lower.total_cmp(&self.lower).then_with(|| {
            let ends = |open: &Open| open.cell.iter().map(|side| side.low).collect::<Vec<_>>();
            ends(other).partial_cmp(&ends(self)).unwrap_or(Ordering::Equal)
        })
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}
