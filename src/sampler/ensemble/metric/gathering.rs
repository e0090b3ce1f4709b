//! What a window of the warm-up gathers of a block's chains, and the metric made of it.

use super::fisher::{Pair, Pairs};
use super::moments::Moments;
use super::{Metric, MetricKind};
use crate::math::{Lanes, Level};
use crate::sampler::kernels::lanewise::Point;

/// Variables up to which correlations are learned by a dense matrix unless asked otherwise: beyond, it costs more than most gradients.
pub const DENSE_LIMIT: usize = 48;

/// Pairs of draws and gradients that a window keeps, about.
const PAIRS: usize = 512;
/// The share of a population that is taken to be near the mass before it has come to rest.
const EARLY: f64 = 0.6;

/// Moments of positions, or pairs of positions and gradients.
#[derive(Debug, Clone)]
pub(in crate::sampler) enum Gathering {
    /// About a centre.
    Moments { moments: Moments, centre: Vec<f64> },
    /// `each` lanes of a step; the `share` of them that is likeliest counts.
    Pairs { pairs: Pairs, each: usize, step: usize, share: f64 },
}

impl Gathering {
    /// Empty, for `kind`, about `metric`.
    pub(in crate::sampler) fn new(kind: MetricKind, metric: &Metric, steps: usize, blocks: usize) -> Gathering {
        let dimension = metric.centre.len();
        match kind.of(dimension) {
            MetricKind::LowRank => Gathering::pairs(1.0, steps, blocks),
            kind => {
                let moments = Moments::new(dimension, kind == MetricKind::Dense);
                Gathering::Moments { moments, centre: metric.centre.clone() }
            }
        }
    }

    /// Empty, for a population of which a part is still far away.
    pub(in crate::sampler) fn early(steps: usize, blocks: usize) -> Gathering {
        Gathering::pairs(EARLY, steps, blocks)
    }

    fn pairs(share: f64, steps: usize, blocks: usize) -> Gathering {
        let each = (PAIRS / (steps * blocks).max(1)).max(1);
        Gathering::Pairs { pairs: Pairs::default(), each, step: 0, share }
    }

    /// Adds the first `active` lanes of a block that is at `point` in z and at `u`, which is overwritten. `scratch` has as many rows.
    pub(in crate::sampler) fn add(
        &mut self,
        level: Level,
        u: &mut [Lanes],
        point: &Point,
        metric: &Metric,
        scratch: &mut [Lanes],
        active: usize,
    ) {
        match self {
            Gathering::Moments { moments, centre } => moments.add(level, u, centre, active),
            Gathering::Pairs { pairs, each, step, .. } => {
                scratch.copy_from_slice(&point.gradient);
                metric.push_forward(level, scratch);
                let each = (*each).min(active);
                for k in 0..each {
                    let lane = (k * active / each + *step) % active;
                    let of = |rows: &[Lanes]| rows.iter().map(|row| row[lane]).collect();
                    pairs.push(Pair { u: of(u), slope: of(scratch), log_density: point.log_density[lane] });
                }
                *step += 1;
            }
        }
    }

    /// Adds what another block gathered for the same metric.
    pub(in crate::sampler) fn merge(&mut self, other: &mut Gathering) {
        match (self, other) {
            (Gathering::Moments { moments, .. }, Gathering::Moments { moments: others, .. }) => moments.merge(others),
            (Gathering::Pairs { pairs, .. }, Gathering::Pairs { pairs: others, .. }) => pairs.append(others),
            _ => {}
        }
    }

    /// The metric; `None` where too little was gathered or it is not finite.
    pub(in crate::sampler) fn metric(&self) -> Option<Metric> {
        match self {
            Gathering::Moments { moments, centre } => moments.metric(centre),
            Gathering::Pairs { pairs, share, .. } => pairs.low_rank(*share),
        }
    }
}
