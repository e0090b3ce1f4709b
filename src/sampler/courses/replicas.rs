//! Replica exchange of chains without a Metropolis test: copies at several temperatures, neighbours of which swap places.
//!
//! Deng, Feng, Gao, Liang & Lin (2020), "Non-convex learning via replica exchange stochastic gradient MCMC", algorithm 1, where energies
//! are estimates from batches and a swap must be corrected for their variance, so much that few happen (Deng et al. 2021,
//! arXiv 2010.01084, reduce it). Here swaps are rarer and take log p over all rows, with nothing to correct: replicas at x and y of
//! temperatures S and T swap with probability min(1, exp((1/S − 1/T)(log p(y) − log p(x)))), which leaves the product of p^(1/S) and
//! p^(1/T) as it is (Swendsen & Wang 1986). Even and odd pairs take turns (Okabe et al. 2001). What bias there is is that of the steps.

use std::sync::atomic::Ordering;

use super::chains::{Chained, Chaining};
use crate::density::LogDensity;
use crate::error::{Error, ErrorKind, Result};
use crate::math::{Lanes, exp};
use crate::random::{BlockRng, Purpose, fill_uniform};
use crate::sampler::ensemble::block::{Block, Seen};
use crate::sampler::ensemble::chains::{Crew, Ensemble, Pace, Steps};
use crate::sampler::ensemble::journal::Part;
use crate::sampler::ensemble::{Control, Coordinates, Population, Statistics};
use crate::sampler::kernels::{Exchange, Parameters};
use crate::stored::stored;

/// The temperatures of the replicas and how often they swap.
#[derive(Debug, Clone, PartialEq)]
pub struct Replicas {
    /// The first is that of the draws; each larger than the one before.
    pub temperatures: Vec<f64>,
    /// Steps between swaps.
    pub every: usize,
}

impl Replicas {
    /// `count` temperatures in geometric progression from 1 to `hottest`. Without one the ratio is 1 + √(2/d) for `dimension` d: swaps of
    /// two Gaussians are then accepted alike in any dimension (Kofke 2002), as log p has a standard deviation of √(d/2)·T.
    pub fn new(count: usize, hottest: Option<f64>, dimension: usize, every: usize) -> Replicas {
        let ratio = match hottest {
            Some(hottest) => hottest.powf(1.0 / (count.max(2) - 1) as f64),
            None => 1.0 + (2.0 / dimension.max(1) as f64).sqrt(),
        };
        let temperatures = (0..count).scan(1.0, |next, _| Some(std::mem::replace(next, *next * ratio))).collect();
        Replicas { temperatures, every }
    }

    fn check(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
        if self.temperatures.len() < 2 {
            return refuse("replicas need two temperatures to exchange".into(), "--rungs of 2 or more");
        }
        if self.temperatures.windows(2).any(|pair| pair[1].is_nan() || pair[1] <= pair[0]) || self.temperatures[0] <= 0.0 {
            return refuse(format!("the temperatures {:?} do not rise", self.temperatures), "a hottest --temperature above 1");
        }
        if self.every == 0 {
            return refuse("swaps every 0 steps".into(), "1 or more");
        }
        Ok(())
    }
}

/// What replicas returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchanged {
    /// The draws at the first temperature; the steps are those at all.
    pub chained: Chained,
    /// The mean acceptance of the swaps of each pair of neighbours after the warm-up.
    pub acceptance: Vec<f64>,
    /// Evaluations of log p of one chain, for swaps.
    pub values: u64,
}

/// The swaps of the replicas of one block of lanes.
struct Swaps {
    uniform: BlockRng,
    count: usize,
    values: u64,
    /// For each pair the sum of the probabilities of its swaps, and their number.
    accepted: Vec<(f64, f64)>,
}

stored!(Swaps { uniform, count, values, accepted });

impl Swaps {
    /// Swaps the even pairs of neighbours, or the odd ones.
    fn swap<K: Exchange>(&mut self, kernel: &K, replicas: &mut [Block<K::State>], seen: Seen) {
        let first = self.count % 2;
        self.count += 1;
        let (mut uniform, mut log_density) = (Lanes::default(), [Lanes::default(); 2]);
        for pair in (first..replicas.len() - 1).step_by(2) {
            let [a, b] = &mut replicas[pair..pair + 2] else { continue };
            a.log_density_here(kernel, seen, &mut log_density[0]);
            b.log_density_here(kernel, seen, &mut log_density[1]);
            self.values += 2 * a.active as u64;
            fill_uniform(crate::math::Level::detect(), &mut self.uniform, &mut uniform);
            let by = a.temperature.recip() - b.temperature.recip();
            let (Some(one), Some(other)) = (&mut a.state, &mut b.state) else { continue };
            for lane in 0..a.active {
                let ratio = exp(by * (log_density[1][lane] - log_density[0][lane]));
                // A place without a density is one that a replica may leave and none may take.
                let probability = if ratio.is_nan() { 0.0 } else { ratio.min(1.0) };
                self.accepted[pair].0 += probability;
                self.accepted[pair].1 += 1.0;
                if uniform[lane] < probability {
                    kernel.exchange(one, other, lane);
                }
            }
        }
    }
}

/// Runs `kernel` at each of the temperatures at once, from `starts` spread by the roots of the temperatures, at the step size of
/// `settings`; the density is in coordinates that suit it, as for [`sample_untuned`](super::sample_untuned).
///
/// # Errors
/// Kind `setting`.
pub fn sample_replicas<K: Exchange>(
    density: &dyn LogDensity,
    kernel: &K,
    settings: &Chaining,
    replicas: &Replicas,
    starts: &Population,
    control: &Control,
) -> Result<Exchanged> {
    settings.check()?;
    replicas.check()?;
    let Replicas { temperatures, every } = replicas;
    let Chaining { warmup, thin, draws: wanted, step_size, length, .. } = *settings;
    let total = warmup + wanted * thin;
    let each = starts.chains() as u64 * temperatures.len() as u64;
    control.chain_steps_wanted.store(each * total as u64, Ordering::Relaxed);
    let crew = Crew::new(settings.threads, starts.blocks(), control)?;
    let swaps = |block: usize| Swaps {
        uniform: BlockRng::new(settings.seed, block as u64, Purpose::Proposal),
        count: 0,
        values: 0,
        accepted: vec![(0.0, 0.0); temperatures.len() - 1],
    };
    let fresh = || {
        let mut ensemble = Ensemble::in_variables(density, settings.seed, starts, temperatures);
        ensemble.settle(&crew, kernel);
        ((0..ensemble.groups()).map(swaps).collect::<Vec<Swaps>>(), ensemble)
    };
    let (mut swaps, mut ensemble) = match crew.recall(Part::Draws, fresh)? {
        Some(state) => state,
        None => fresh(),
    };
    let pace = Pace::Constant(Parameters { length, ..Parameters::new(step_size) });
    while ensemble.steps() < total && !crew.is_stopped() {
        ensemble.advance(&crew, kernel, Steps::UpTo(total), pace, &mut swaps, |replicas, seen, swaps| {
            let step = replicas[0].taken;
            if step.is_multiple_of(*every) {
                swaps.swap(kernel, replicas, seen);
            }
            if step == warmup {
                swaps.accepted.fill((0.0, 0.0));
            }
            if step > warmup && (step - warmup).is_multiple_of(thin) {
                replicas[0].record(kernel, seen);
            }
        });
        crew.write_if_due(Part::Draws, &mut (&mut swaps, &mut ensemble))?;
    }
    if !crew.is_stopped() {
        crew.write(Part::Draws, &mut (&mut swaps, &mut ensemble))?;
    }
    let (draws, _) = ensemble.draws();
    let acceptance = (0..temperatures.len() - 1).map(|pair| {
        let (sum, count) =
            swaps.iter().fold((0.0, 0.0), |(sum, count), swaps| (sum + swaps.accepted[pair].0, count + swaps.accepted[pair].1));
        sum / count
    });
    let acceptance = acceptance.collect();
    let chain_steps = ensemble.chain_steps();
    let chained = Chained {
        complete: draws.draws() == wanted,
        draws,
        statistics: Statistics::default(),
        step_size,
        coordinates: Coordinates::new(density.bounds(), density.level()),
        info: ensemble.info(),
        warmup,
        chain_steps,
        warmup_gradients: 0,
        gradients: chain_steps,
        wanted,
    };
    Ok(Exchanged { chained, acceptance, values: swaps.iter().map(|swaps| swaps.values).sum() })
}
