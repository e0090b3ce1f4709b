//! Domain holes: parts of the range in which a formula is proved to have no value.

use std::collections::VecDeque;

use super::search::widest;
use crate::enclosure::{Form, Interval};

/// Boxes looked at before the search ends.
const MOST: usize = 3_000;
/// … and work for long formulas: operators over boxes.
const WORK: usize = 300_000;
/// Sides this thin, relative to the range, are not cut further: what is left is an edge.
const THIN: f64 = 1e-9;

/// A part of `cell` in which the function has no value, if one was found: in one dimension the first hole from end to end, in more a
/// box inside one.
pub(super) fn hole(form: &mut Form, cell: &[Interval]) -> Option<Vec<Interval>> {
    let stop = form.work + WORK;
    let thin: Vec<f64> = cell.iter().map(|side| if side.is_finite() { THIN * side.width() } else { THIN }).collect();
    // First in, first out: wide holes are met before thin ones.
    let mut open = VecDeque::from([cell.to_vec()]);
    let mut found: Vec<Vec<Interval>> = Vec::new();
    let mut looked = 0;
    while let Some(next) = open.pop_front() {
        looked += 1;
        let value = form.natural(&next);
        if value.nowhere {
            if cell.len() > 1 {
                return Some(next);
            }
            found.push(next);
            continue;
        }
        let cut = widest(&next);
        let (side, middle) = (next[cut], next[cut].middle());
        let is_thin = side.is_finite() && side.width() <= thin[cut].max(THIN * side.size());
        if !value.partial || is_thin || !(side.low < middle && middle < side.high) || looked > MOST || form.work > stop {
            continue;
        }
        for half in [Interval::new(side.low, middle), Interval::new(middle, side.high)] {
            let mut part = next.clone();
            part[cut] = half;
            open.push_back(part);
        }
    }
    found.sort_by(|a, b| a[0].low.total_cmp(&b[0].low));
    let mut pieces = found.into_iter().map(|piece| piece[0]);
    let mut hole = pieces.next()?;
    for piece in pieces {
        // Pieces meet but for the thin edges of the search.
        if piece.low - hole.high > 4.0 * thin[0].max(THIN * piece.size()) {
            break;
        }
        hole.high = piece.high;
    }
    Some(vec![hole])
}
