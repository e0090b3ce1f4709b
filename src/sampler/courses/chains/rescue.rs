//! Chains of a warm-up that began where they get nowhere begin again where another chain is.

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

/// How far below the median a log density is lost, in units of the distance of the lower twentieth.
const LOST: f64 = 5.0;

/// Moves the lanes whose log density is far below all others' to the place of another lane: they are still on their way when the rest
/// has arrived. A mode that holds a twentieth of the lanes stays.
pub(super) fn recall(unconstrained: &mut [Lanes], log_density: &Lanes, active: usize) {
    let mut values = log_density[..active].to_vec();
    values.sort_by(f64::total_cmp);
    let (low, median) = (values[active / 20], values[active / 2]);
    let least = median - LOST * (median - low);
    for lane in (0..active).filter(|&lane| log_density[lane] < least) {
        let donor = (1..LANES).map(|shift| (lane + shift) % active).find(|&other| log_density[other] >= low);
        if let Some(donor) = donor {
            unconstrained.iter_mut().for_each(|row| row[lane] = row[donor]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lanes_far_below_nearly_all_are_recalled() {
        let mut log_density = Lanes::default();
        let mut place = [Lanes::default()];
        for lane in 0..LANES {
            (log_density[lane], place[0][lane]) = (-0.01 * lane as f64, lane as f64);
        }
        // 5 % of 200 lanes are below −1.9, 0.9 below the median: lost is below −5.5.
        (log_density[3], log_density[5]) = (-5.0, -7.0);
        recall(&mut place, &log_density, 200);
        assert!((place[0][3], place[0][5]) == (3.0, 6.0), "{} {}", place[0][3], place[0][5]);
        // A mode of a tenth of the lanes.
        (0..20).for_each(|lane| log_density[lane] = -1e3);
        let before = place;
        recall(&mut place, &log_density, 200);
        assert_eq!(place, before);
    }

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
