//! What an animation needs of a run: the population at chosen steps, in memory that does not grow with the number of chains.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::Result;
use crate::math::{LANES, Lanes};
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::stored::{Archive, Stored};

/// What to keep at each chosen step.
#[derive(Debug, Clone, PartialEq)]
pub enum Shot {
    /// Of the first variable: how many chains are in each bin of these edges, all chains counted.
    Counts(Vec<f64>),
    /// Of the first two variables: the positions of this many chains.
    Positions(usize),
}

/// Which steps to keep, and what of them.
#[derive(Debug, Clone, PartialEq)]
pub struct FilmPlan {
    /// Ascending numbers of steps already taken: 0 is the start.
    pub steps: Vec<usize>,
    /// What to keep.
    pub shot: Shot,
    /// The coordinates in which the run steps, if they are not the variables: what is kept is of the variables.
    pub coordinates: Option<Coordinates>,
}

impl FilmPlan {
    /// So many frames of a run of `steps` steps, paced by √(diffusion time): the spread of a cloud grows like that, so the eye sees
    /// even progress; early frames are dense, the settled end is short. `step_size(k)` is ε at step k.
    pub fn paced(frames: usize, steps: usize, step_size: impl Fn(usize) -> f64, shot: Shot) -> FilmPlan {
        let total: f64 = (0..steps).map(&step_size).sum();
        let wanted = frames.max(2) - 1;
        let mut chosen = vec![0];
        let mut time = 0.0;
        for step in 0..steps {
            time += step_size(step);
            let progress = (time / total).sqrt();
            // Half the frames follow time's root, half the count of steps: neither start nor end is skipped.
            let place = 0.5 * progress + 0.5 * (step + 1) as f64 / steps as f64;
            if place * wanted as f64 >= chosen.len() as f64 {
                chosen.push(step + 1);
            }
        }
        if chosen.last() != Some(&steps) {
            chosen.push(steps);
        }
        FilmPlan { steps: chosen, shot, coordinates: None }
    }
}

/// The recording; blocks write into it in any order, the result does not depend on it.
#[derive(Debug)]
pub struct Film {
    plan: FilmPlan,
    chains: usize,
    counts: Vec<AtomicU32>,
    positions: Vec<[AtomicU32; 2]>,
}

impl Film {
    /// An empty recording of a population.
    pub fn new(plan: FilmPlan, chains: usize) -> Film {
        let frames = plan.steps.len();
        let (bins, particles) = match &plan.shot {
            Shot::Counts(edges) => (edges.len().saturating_sub(1), 0),
            Shot::Positions(particles) => (0, (*particles).min(chains)),
        };
        let counts = (0..frames * bins).map(|_| AtomicU32::new(0)).collect();
        let positions = (0..frames * particles).map(|_| [AtomicU32::new(0), AtomicU32::new(0)]).collect();
        Film { plan, chains, counts, positions }
    }

    /// The steps of the frames.
    pub fn steps(&self) -> &[usize] {
        &self.plan.steps
    }

    /// The bins' edges, if bins were counted.
    pub fn edges(&self) -> &[f64] {
        match &self.plan.shot {
            Shot::Counts(edges) => edges,
            Shot::Positions(_) => &[],
        }
    }

    /// How many chains are in each bin at frame `frame`.
    pub fn counts(&self, frame: usize) -> Vec<u32> {
        let bins = self.edges().len().saturating_sub(1);
        self.counts[frame * bins..(frame + 1) * bins].iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// Where the kept chains are at frame `frame`, in single precision.
    pub fn positions(&self, frame: usize) -> Vec<[f32; 2]> {
        let particles = self.positions.len() / self.plan.steps.len().max(1);
        self.positions[frame * particles..(frame + 1) * particles]
            .iter()
            .map(|pair| [0, 1].map(|axis| f32::from_bits(pair[axis].load(Ordering::Relaxed))))
            .collect()
    }

    fn cells(&self) -> impl Iterator<Item = &AtomicU32> {
        self.counts.iter().chain(self.positions.as_flattened())
    }

    /// Records block number `block` after `step` steps, if that is frame number `frame`.
    pub(in crate::sampler) fn record(&self, frame: usize, block: usize, positions: &[Lanes]) {
        let first = block * LANES;
        let active = LANES.min(self.chains - first);
        let mut variables = Vec::new();
        let positions = match &self.plan.coordinates {
            Some(coordinates) => {
                variables.extend_from_slice(positions);
                coordinates.unconstrained(positions, &mut variables);
                &variables
            }
            None => positions,
        };
        match &self.plan.shot {
            Shot::Counts(edges) => {
                let bins = edges.len().saturating_sub(1);
                let (Some(&low), Some(&high)) = (edges.first(), edges.last()) else { return };
                let scale = bins as f64 / (high - low);
                for &x in &positions[0][..active] {
                    if x >= low && x <= high {
                        let bin = (((x - low) * scale) as usize).min(bins - 1);
                        self.counts[frame * bins + bin].fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            Shot::Positions(_) => {
                let particles = self.positions.len() / self.plan.steps.len();
                let (x, y) = (&positions[0], &positions[positions.len().min(2) - 1]);
                for lane in 0..active.min(particles.saturating_sub(first)) {
                    let pair = &self.positions[frame * particles + first + lane];
                    pair[0].store((x[lane] as f32).to_bits(), Ordering::Relaxed);
                    pair[1].store((y[lane] as f32).to_bits(), Ordering::Relaxed);
                }
            }
        }
    }
}

/// What was recorded, if anything is.
impl Stored for &Option<Film> {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.iter().flat_map(Film::cells).try_for_each(|cell| {
            let mut value = u64::from(cell.load(Ordering::Relaxed));
            value.pass(archive)?;
            cell.store(value as u32, Ordering::Relaxed);
            Ok(())
        })
    }
}
