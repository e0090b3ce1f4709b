//! Chains that began where one step size for all is too long, and stand still there, begin again where another chain is.

use crate::math::{LANES, Lanes};

/// A chain that accepts less than this share of a stage's proposals stands still.
const STILL: f64 = 0.02;

/// Moves the lanes that stand still at a log density lower than nearly all others' to the place of another lane. `accepted` is the
/// mean acceptance over a stage of the warm-up. A chain that stands still at a high density stays: that is a narrow place which the
/// draws must answer for.
pub(super) fn rescue(unconstrained: &mut [Lanes], log_density: &Lanes, accepted: &Lanes, active: usize) {
    let mut moving: Vec<f64> = (0..active).filter(|&lane| accepted[lane] >= STILL).map(|lane| log_density[lane]).collect();
    moving.sort_by(f64::total_cmp);
    let Some(&usual) = moving.get(moving.len() / 20) else { return };
    for lane in 0..active {
        if accepted[lane] < STILL && log_density[lane] < usual {
            let donor =
                (1..LANES).map(|shift| (lane + shift) % active).find(|&other| accepted[other] >= STILL && log_density[other] >= usual);
            if let Some(donor) = donor {
                unconstrained.iter_mut().for_each(|row| row[lane] = row[donor]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lane_that_stands_still_far_below_the_others_is_moved() {
        let (mut log_density, mut accepted) = (Lanes::splat(-1.0), Lanes::splat(0.8));
        let mut place = [Lanes::default()];
        (0..LANES).for_each(|lane| place[0][lane] = lane as f64);
        (log_density[3], accepted[3]) = (-1e4, 0.0);
        (log_density[5], accepted[5]) = (10.0, 0.0);
        (log_density[7], accepted[7]) = (-1e4, 0.5);
        rescue(&mut place, &log_density, &accepted, 100);
        assert_eq!(place[0][3], 4.0);
        assert!((place[0][5], place[0][7]) == (5.0, 7.0));
        let before = place;
        rescue(&mut place, &log_density, &Lanes::default(), 100);
        assert_eq!(place, before, "nobody moves if all stand still");
    }
}
