//! The rungs of a ladder: where they stand, how many, and how far what climbs it has come.

use crate::math::{LANES, Lanes};

/// Rungs of a ladder that chooses their number itself: at least, and at most.
pub(super) const FEWEST: usize = 4;
pub(super) const MOST: usize = 64;
/// No pair of rungs counts as rejecting less, so that the barrier grows everywhere.
const LEAST: f64 = 1e-4;

/// β of the first round, before any swap was seen: closer together near the reference, where the density bends most.
pub(super) fn first(rungs: usize) -> Vec<f64> {
    (0..rungs).map(|rung| rung as f64 / (rungs - 1) as f64).map(|share| share * share).collect()
}

/// Λ, the sum of the rejections between neighbours (Syed, Bouchard-Côté, Deligiannidis & Doucet 2022, section 5.1).
pub(super) fn barrier(rejections: &[f64]) -> f64 {
    rejections.iter().sum()
}

/// Rungs for a barrier: one more than 2Λ pairs, at which about half of the swaps are accepted and a round trip costs least work (the
/// same, section 5.4).
pub(super) fn rungs_for(barrier: f64) -> usize {
    ((2.0 * barrier).ceil() as usize + 2).clamp(FEWEST, MOST)
}

/// β of `rungs` rungs between which rejections are equal, from those between the present ones: Λ(β) by monotone interpolation and its
/// inverse at equal parts (the same, algorithm 3).
pub(super) fn respaced(betas: &[f64], rejections: &[f64], rungs: usize) -> Vec<f64> {
    let mut barrier = vec![0.0];
    let mut so_far = 0.0;
    for rejection in rejections {
        so_far += if rejection.is_finite() { rejection.clamp(LEAST, 1.0) } else { 1.0 };
        barrier.push(so_far);
    }
    let slopes = monotone_slopes(&barrier, betas);
    let at = |rung: usize| {
        let wanted = so_far * rung as f64 / (rungs - 1) as f64;
        let right = barrier.iter().position(|b| *b >= wanted).unwrap_or(betas.len() - 1).max(1);
        let width = barrier[right] - barrier[right - 1];
        let t = ((wanted - barrier[right - 1]) / width).clamp(0.0, 1.0);
        // The cubic of Hermite through both ends with both slopes.
        let rise = betas[right] - betas[right - 1];
        let (first, last) = (slopes[right - 1] * width, slopes[right] * width);
        let cubic = t * (first + t * ((3.0 * rise - 2.0 * first - last) + t * (first + last - 2.0 * rise)));
        (betas[right - 1] + cubic).clamp(betas[right - 1], betas[right])
    };
    let mut betas: Vec<f64> = (0..rungs).map(at).collect();
    betas[0] = 0.0;
    betas[rungs - 1] = 1.0;
    betas
}

/// Slopes of a cubic interpolation y(x) that rises wherever its points do: harmonic means (Fritsch & Butland 1984).
fn monotone_slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let last = x.len() - 1;
    let secant = |i: usize| (y[i + 1] - y[i]) / (x[i + 1] - x[i]);
    (0..=last)
        .map(|i| match i {
            0 => secant(0),
            _ if i == last => secant(last - 1),
            _ => {
                let (before, after) = (secant(i - 1), secant(i));
                if before > 0.0 && after > 0.0 { 2.0 * before * after / (before + after) } else { 0.0 }
            }
        })
        .collect()
}

/// Who stands where, in every lane: each lane's systems have one climber a rung.
#[derive(Debug, Clone)]
pub(super) struct Climbers {
    /// `[rung][lane]`.
    pub(super) at: Vec<[u16; LANES]>,
    /// `[climber][lane]`: where it was last, of the two ends.
    leg: Vec<[Leg; LANES]>,
    /// Ways from the reference to the density and back, lane by lane.
    pub(super) round_trips: Lanes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    Nowhere,
    Up,
    Down,
}

impl Climbers {
    pub(super) fn new(rungs: usize) -> Climbers {
        let at = (0..rungs).map(|rung| [rung as u16; LANES]).collect();
        Climbers { at, leg: vec![[Leg::Nowhere; LANES]; rungs], round_trips: Lanes::default() }
    }

    /// Exchanges the climbers of two neighbours where `mask` is not 0.
    pub(super) fn exchange(&mut self, lower: usize, mask: &Lanes) {
        let (left, right) = self.at.split_at_mut(lower + 1);
        for (lane, (a, b)) in left[lower].iter_mut().zip(&mut right[0]).enumerate() {
            if mask[lane] != 0.0 {
                std::mem::swap(a, b);
            }
        }
    }

    /// Notes who is at the ends now.
    pub(super) fn look(&mut self) {
        let last = self.at.len() - 1;
        for lane in 0..LANES {
            let (bottom, top) = (usize::from(self.at[0][lane]), usize::from(self.at[last][lane]));
            if self.leg[bottom][lane] == Leg::Down {
                self.round_trips[lane] += 1.0;
            }
            self.leg[bottom][lane] = Leg::Up;
            if self.leg[top][lane] == Leg::Up {
                self.leg[top][lane] = Leg::Down;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rejections_leave_an_even_ladder_as_it_is() {
        let betas = [0.0, 0.25, 0.5, 0.75, 1.0];
        for (a, b) in respaced(&betas, &[0.3; 4], 5).iter().zip(betas) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn rungs_gather_where_swaps_are_rejected_and_stay_in_order() {
        let betas = first(9);
        for rejections in [[0.9, 0.8, 0.1, 0.1, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, f64::NAN, 1.0, 0.1, 0.2, 0.3, 0.9]] {
            for rungs in [2, 3, 8, 40] {
                let found = respaced(&betas, &rejections, rungs);
                assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
                assert_eq!((found[0], found[rungs - 1], found.len()), (0.0, 1.0, rungs));
            }
        }
        let found = respaced(&betas, &[0.9, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 11);
        assert!(found[9] < betas[2] + 1e-3, "nine of ten pairs stand where all rejections are: {found:?}");
    }

    /// A barrier Λ(β) = log(1 + 99β): from ten even rungs, four rounds make the parts equal.
    #[test]
    fn rounds_of_respacing_make_rejections_equal() {
        let barrier = |beta: f64| (1.0 + 99.0 * beta).ln();
        let mut betas: Vec<f64> = (0..10).map(|rung| f64::from(rung) / 9.0).collect();
        let rejections = |betas: &[f64]| -> Vec<f64> { betas.windows(2).map(|pair| (barrier(pair[1]) - barrier(pair[0])) / 5.0).collect() };
        for _ in 0..4 {
            betas = respaced(&betas, &rejections(&betas), 10);
        }
        let found = rejections(&betas);
        let equal = barrier(1.0) / 5.0 / 9.0;
        assert!(found.iter().all(|r| (r / equal - 1.0).abs() < 0.1), "{found:?}");
    }

    #[test]
    fn a_round_trip_is_up_and_down() {
        let mut climbers = Climbers::new(2);
        let all = Lanes::splat(1.0);
        climbers.look();
        // The climber that began below goes up, then down; the one from above has first to come down.
        for trips in [0.0, 1.0, 2.0, 3.0] {
            climbers.exchange(0, &all);
            climbers.look();
            assert_eq!(climbers.round_trips[7], trips);
        }
    }
}
