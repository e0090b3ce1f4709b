//! The systems of one block of lanes: all their rungs, and swaps between neighbours.

use super::ladder::Climbers;
use super::rung::Rung;
use super::stones::{Stones, acceptance};
use crate::math::{Lanes, Level};
use crate::random::{BlockRng, fill_uniform};
use crate::sampler::kernels::lanewise::each;

/// What a swap is made of; the tests replace it to see that a mistake would be caught.
pub(super) struct Rules {
    pub(super) acceptance: fn(Level, f64, &Lanes, &Lanes, &mut Lanes),
    pub(super) exchange: fn(Level, &Lanes, &mut Lanes, &mut Lanes),
    /// log ∫r.
    pub(super) log_mass: f64,
}

pub(super) const RULES: Rules = Rules { acceptance, exchange, log_mass: 0.0 };

/// Exchanges two rows where `mask` is not 0.
pub(super) fn exchange(level: Level, mask: &Lanes, a: &mut Lanes, b: &mut Lanes) {
    each(level, |lane| (a[lane], b[lane]) = if mask[lane] == 0.0 { (a[lane], b[lane]) } else { (b[lane], a[lane]) });
}

/// One system a lane, a replica of each on every rung.
pub(super) struct Systems<'a> {
    pub(super) rungs: Vec<Rung<'a>>,
    pub(super) climbers: Climbers,
    noise: BlockRng,
    uniform: Lanes,
    mask: Lanes,
    /// Σ of the acceptance of each pair's swaps over the lanes, and how often they were tried.
    pub(super) accepted: Vec<f64>,
    pub(super) tries: Vec<f64>,
    pub(super) stones: Stones,
    pub(super) active: usize,
}

impl<'a> Systems<'a> {
    pub(super) fn new(rungs: Vec<Rung<'a>>, noise: BlockRng, active: usize) -> Systems<'a> {
        let pairs = rungs.len() - 1;
        Systems {
            climbers: Climbers::new(rungs.len()),
            noise,
            uniform: Lanes::default(),
            mask: Lanes::default(),
            accepted: vec![0.0; pairs],
            tries: vec![0.0; pairs],
            stones: Stones::new(vec![0.0; pairs], active, 1),
            rungs,
            active,
        }
    }

    /// Begins a count of swaps, round trips and stones.
    pub(super) fn begin(&mut self, guess: Vec<f64>, draws: usize) {
        self.accepted.fill(0.0);
        self.tries.fill(0.0);
        self.climbers.round_trips = Lanes::default();
        self.stones = Stones::new(guess, self.active, draws);
    }

    /// Tries to swap all pairs of one parity.
    pub(super) fn swap(&mut self, rules: &Rules, level: Level, parity: usize) {
        let Systems { rungs, climbers, noise, uniform, mask, accepted, tries, active, .. } = self;
        for lower in (parity..rungs.len() - 1).step_by(2) {
            let (below, above) = rungs.split_at_mut(lower + 1);
            let (below, above) = (&mut below[lower], &mut above[0]);
            (rules.acceptance)(level, above.beta - below.beta, &below.weight, &above.weight, mask);
            accepted[lower] += mask[..*active].iter().sum::<f64>();
            tries[lower] += *active as f64;
            fill_uniform(level, noise, uniform);
            each(level, |lane| mask[lane] = if uniform[lane] < mask[lane] { 1.0 } else { 0.0 });
            for (a, b) in below.z.iter_mut().zip(&mut above.z) {
                (rules.exchange)(level, mask, a, b);
            }
            (rules.exchange)(level, mask, &mut below.weight, &mut above.weight);
            climbers.exchange(lower, mask);
        }
        climbers.look();
    }

    /// Adds the present weights, those of step `step` of `steps`, to the stones.
    pub(super) fn weigh(&mut self, level: Level, step: usize, steps: usize) {
        for (pair, rungs) in self.rungs.windows(2).enumerate() {
            self.stones.add(level, pair, rungs[1].beta - rungs[0].beta, (&rungs[0].weight, &rungs[1].weight), (step, steps));
        }
    }
}
