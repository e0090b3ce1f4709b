//! Seeds of the parts of a run, so that no noise serves two of them.

use super::block::mix;

/// A part of a run that has noise of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The pilot that measures how a population must step.
    Pilot,
    /// The search for the metric of a population.
    Metric,
    /// A population that is made again, longer.
    Again,
    /// The climbs that find where chains begin.
    Look,
    /// The normal law that a density may be like.
    Normal,
    /// Chains that learn coordinates for others.
    Learners,
    /// The approach of a large population, without a Metropolis test.
    Approach,
    /// The windows of a warm-up that learn a metric.
    Windows,
    /// The search for modes before a ladder stands.
    Search,
    /// A ladder, by its number: each round has one.
    Ladder(u64),
    /// The measurement of how far gradients over batches scatter.
    GradientNoise,
    /// The run at half the step size.
    HalfStep,
    /// Chains that look for a mode which the draws missed.
    Scouts,
    /// Exact draws that others are compared with.
    Twins,
}

impl Stage {
    /// The seed of this stage of a run, or of a stage within it, whose seed is `seed`.
    ///
    /// ```
    /// use langevin::random::Stage;
    /// assert_ne!(Stage::Look.of(1), Stage::Look.of(2));
    /// assert_ne!(Stage::Look.of(1), Stage::Approach.of(1));
    /// assert_ne!(Stage::Look.of(Stage::Approach.of(1)), Stage::Approach.of(Stage::Look.of(1)));
    /// ```
    #[must_use]
    pub fn of(self, seed: u64) -> u64 {
        let (kind, number) = match self {
            Stage::Pilot => (1, 0),
            Stage::Metric => (2, 0),
            Stage::Again => (3, 0),
            Stage::Look => (4, 0),
            Stage::Normal => (5, 0),
            Stage::Learners => (6, 0),
            Stage::Approach => (7, 0),
            Stage::Windows => (8, 0),
            Stage::Search => (9, 0),
            Stage::Ladder(number) => (10, number),
            Stage::GradientNoise => (11, 0),
            Stage::HalfStep => (12, 0),
            Stage::Scouts => (13, 0),
            Stage::Twins => (14, 0),
        };
        // Each word is mixed through the finaliser before the next is added, as in the key of a stream.
        mix(mix(seed ^ 0x7374_6167_6573_6565).wrapping_add(kind) ^ mix(number))
    }
}
