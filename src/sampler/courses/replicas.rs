//! Replica exchange of chains without a Metropolis test: copies at several temperatures, neighbours of which swap places.
//!
//! Deng, Feng, Gao, Liang & Lin (2020), "Non-convex learning via replica exchange stochastic gradient MCMC", algorithm 1, where energies
//! are estimates from batches and a swap must be corrected for their variance, so much that few happen (Deng et al. 2021,
//! arXiv 2010.01084, reduce it). Here swaps are rarer and take log p over all rows, with nothing to correct: replicas at x and y of
//! temperatures S and T swap with probability min(1, exp((1/S − 1/T)(log p(y) − log p(x)))), which leaves the product of p^(1/S) and
//! p^(1/T) as it is (Swendsen & Wang 1986). Even and odd pairs take turns (Okabe et al. 2001). What bias there is is that of the steps.

use std::sync::atomic::Ordering;

use super::chains::{Chained, Chaining, Statistics};
use crate::density::{Evaluate, LogDensity};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{Lanes, exp};
use crate::random::{BlockRng, Purpose, fill_uniform};
use crate::sampler::ensemble::control::Control;
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::sampler::ensemble::draws::{Draws, Population};
use crate::sampler::ensemble::workers::Workers;
use crate::sampler::kernels::{Exchange, Parameters, StepInfo};

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

/// One block of lanes at one temperature.
struct Replica<'a, S> {
    evaluate: Box<dyn Evaluate + 'a>,
    noise: BlockRng,
    state: S,
    info: StepInfo,
    parameters: Parameters,
    log_density: Lanes,
}

/// One block of lanes at every temperature.
struct Group<'a, S> {
    replicas: Vec<Replica<'a, S>>,
    uniform: BlockRng,
    active: usize,
    steps: u64,
    swaps: usize,
    values: u64,
    /// For each pair the sum of the probabilities of its swaps, and their number.
    accepted: Vec<(f64, f64)>,
    /// `[variable][draw][lane in use]`.
    columns: Vec<Vec<f64>>,
    draws: usize,
}

impl<S> Group<'_, S> {
    fn step<K: Exchange<State = S>>(&mut self, kernel: &K) {
        for Replica { evaluate, noise, state, info, parameters, .. } in &mut self.replicas {
            kernel.step(state, &mut **evaluate, noise, *parameters, info);
        }
        self.steps += 1;
    }

    /// Swaps the even pairs of neighbours, or the odd ones.
    fn swap<K: Exchange<State = S>>(&mut self, kernel: &K) {
        let first = self.swaps % 2;
        self.swaps += 1;
        let mut uniform = Lanes::default();
        for pair in (first..self.replicas.len() - 1).step_by(2) {
            let (colder, hotter) = self.replicas.split_at_mut(pair + 1);
            let (Some(a), Some(b)) = (colder.last_mut(), hotter.first_mut()) else { continue };
            for Replica { evaluate, state, log_density, .. } in [&mut *a, &mut *b] {
                evaluate.log_density(kernel.positions(state), log_density);
            }
            self.values += 2 * self.active as u64;
            fill_uniform(crate::math::Level::detect(), &mut self.uniform, &mut uniform);
            let by = a.parameters.temperature.recip() - b.parameters.temperature.recip();
            for lane in 0..self.active {
                let ratio = exp(by * (b.log_density[lane] - a.log_density[lane]));
                // A place without a density is one that a replica may leave and none may take.
                let probability = if ratio.is_nan() { 0.0 } else { ratio.min(1.0) };
                self.accepted[pair].0 += probability;
                self.accepted[pair].1 += 1.0;
                if uniform[lane] < probability {
                    kernel.exchange(&mut a.state, &mut b.state, lane);
                }
            }
        }
    }

    fn record<K: Exchange<State = S>>(&mut self, kernel: &K) {
        let Some(coldest) = self.replicas.first() else { return };
        for (column, row) in self.columns.iter_mut().zip(kernel.positions(&coldest.state)) {
            column.extend_from_slice(&row[..self.active]);
        }
        self.draws += 1;
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
    let total = settings.warmup + settings.draws * settings.thin;
    let each = starts.chains() as u64 * temperatures.len() as u64;
    control.chain_steps_wanted.store(each * total as u64, Ordering::Relaxed);
    let group = |block: usize| {
        let active = starts.chains_of(block);
        let replica = |(number, &temperature): (usize, &f64)| {
            let stream = (block * temperatures.len() + number) as u64;
            let mut evaluate = density.block_evaluator(stream);
            evaluate.ask_for(active);
            let mut positions = starts.block(block);
            positions.iter_mut().flat_map(|row| row.iter_mut()).for_each(|x| *x *= temperature.sqrt());
            Replica {
                state: kernel.init(positions, &mut *evaluate),
                evaluate,
                noise: BlockRng::new(settings.seed, stream, Purpose::Noise).for_lanes(active),
                info: StepInfo::default(),
                parameters: Parameters { temperature, length: settings.length, ..Parameters::new(settings.step_size) },
                log_density: Lanes::default(),
            }
        };
        Group {
            replicas: temperatures.iter().enumerate().map(replica).collect(),
            uniform: BlockRng::new(settings.seed, block as u64, Purpose::Proposal),
            active,
            steps: 0,
            swaps: 0,
            values: 0,
            accepted: vec![(0.0, 0.0); temperatures.len() - 1],
            columns: vec![Vec::with_capacity(settings.draws * active); density.dimension()],
            draws: 0,
        }
    };
    let mut groups: Vec<Group<'_, K::State>> = (0..starts.blocks()).map(group).collect();
    let workers = Workers::new(settings.threads, groups.len())?;
    workers.each(&mut groups, |group| {
        for step in 1..=total {
            if control.stop.load(Ordering::Relaxed) {
                return;
            }
            group.step(kernel);
            control.chain_steps.fetch_add((group.active * temperatures.len()) as u64, Ordering::Relaxed);
            if step % every == 0 {
                group.swap(kernel);
            }
            if step == settings.warmup {
                group.accepted.fill((0.0, 0.0));
            }
            if step > settings.warmup && (step - settings.warmup).is_multiple_of(settings.thin) {
                group.record(kernel);
            }
        }
    });
    let draws = groups.iter().map(|group| group.draws).min().unwrap_or(0);
    let column = |variable: usize| {
        let mut column = Vec::with_capacity(starts.chains() * draws);
        for Group { columns, active, .. } in &groups {
            for lane in 0..*active {
                column.extend((0..draws).map(|draw| columns[variable][draw * active + lane]));
            }
        }
        column
    };
    let columns = (0..density.dimension()).map(column).collect();
    let acceptance = (0..temperatures.len() - 1).map(|pair| {
        let (sum, count) =
            groups.iter().fold((0.0, 0.0), |(sum, count), group| (sum + group.accepted[pair].0, count + group.accepted[pair].1));
        sum / count
    });
    let acceptance = acceptance.collect();
    let chain_steps = groups.iter().map(|group| group.steps * (group.active * temperatures.len()) as u64).sum();
    let values = groups.iter().map(|group| group.values).sum();
    let mut info = StepInfo::default();
    for replica in groups.into_iter().flat_map(|group| group.replicas) {
        info.absorb(replica.info);
    }
    let chained = Chained {
        draws: Draws::from_columns(columns, starts.chains()),
        statistics: Statistics::default(),
        step_size: settings.step_size,
        coordinates: Coordinates::new(density.bounds(), density.level()),
        info,
        warmup: settings.warmup,
        chain_steps,
        warmup_gradients: 0,
        gradients: chain_steps,
        wanted: settings.draws,
        complete: draws == settings.draws,
    };
    Ok(Exchanged { chained, acceptance, values })
}
