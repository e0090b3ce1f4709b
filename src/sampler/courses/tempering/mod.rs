//! Non-reversible parallel tempering: lanes of systems, each with a replica on every rung from a reference to the density.
//!
//! Syed, Bouchard-Côté, Deligiannidis & Doucet (2022), "Non-reversible parallel tempering": swaps of even and odd pairs of neighbours in
//! turn, so that replicas climb straight through; rungs where rejections are equal. Surjanovic et al. (2022): the reference is learned
//! from the draws. One block of lanes is one rung of 256 systems, and a swap is a masked exchange of two blocks' rows.

mod ladder;
mod reference;
mod rounds;
mod rung;
mod stones;
mod systems;
#[cfg(test)]
mod tests;

use crate::density::{LogDensity, Transform};
use crate::error::{Error, ErrorKind, Result};
use crate::math::Lanes;
use crate::random::Stage;
use crate::sampler::courses::chains::{Chained, Chaining, Rounds, first_round, sample_chains};
use crate::sampler::ensemble::control::Control;
use crate::sampler::ensemble::coordinates::Coordinates;
use crate::sampler::ensemble::draws::{Draws, Population};
use crate::sampler::ensemble::metric::MetricKind;
use crate::sampler::facts::{Course, Facts};
use crate::sampler::kernels::nuts::Nuts;
use reference::ReferenceLaw;
use rounds::Run;
use rung::Path;
use systems::{RULES, Rules};

/// The share of the warm-up that a search by the no-U-turn sampler takes: it finds the modes that the first reference covers.
const SEARCH_SHARE: usize = 4;
/// The fewest steps of warm-up: a search that learns a metric, and a few rounds.
const FEWEST_STEPS: usize = 60;
/// Draws of each chain of that search.
const SEARCH_DRAWS: usize = 10;
/// Steps of the first round, each as long as twice the one before, and its rungs, before the barrier is known.
const FIRST_ROUND: usize = 12;
const FIRST_RUNGS: usize = 12;
/// What a ladder showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// β of the rungs, from 0, the reference, to 1, the density.
    pub inverse_temperatures: Vec<f64>,
    /// Mean acceptance of the swaps between neighbours.
    pub swap_acceptance: Vec<f64>,
    /// Λ: the sum of the rejections. A round trip takes about 2 + 2Λ steps at best.
    pub barrier: f64,
    /// Round trips from the reference to the density and back, the mean over the systems.
    pub round_trips: f64,
    /// Steps over which they were counted.
    pub steps: usize,
    /// log ∫p, by stepping stones from both sides.
    pub log_normalizer: f64,
    /// Its standard error, from the spread over the systems.
    pub log_error: f64,
}

impl Ladder {
    /// What is known of a ladder before it runs: its steps are those of a no-U-turn sampler, a whole one, then a short one.
    pub const FACTS: Facts = Facts {
        name: "tempering",
        summary: "parallel tempering from a learned reference: crosses between far modes, and gives Z in any dimension",
        course: Course::Ladder,
        thin: 2,
        has_rungs: true,
        ..Nuts::FACTS
    };

    /// The lowest acceptance of a pair of rungs.
    pub fn lowest_acceptance(&self) -> f64 {
        self.swap_acceptance.iter().copied().fold(f64::NAN, f64::min)
    }

    /// The mean over the pairs.
    pub fn mean_acceptance(&self) -> f64 {
        self.swap_acceptance.iter().sum::<f64>() / self.swap_acceptance.len() as f64
    }
}

/// What a run of tempering returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Tempered {
    /// The draws at β = 1, with the figures of that rung's steps.
    pub chained: Chained,
    /// The ladder of the draws.
    pub ladder: Ladder,
}

/// Runs one system for each of `starts`, a chain of the result each. `rungs` of the ladder; by the barrier if `None`. In rounds, if there are
/// any: `settings.draws` is then the most that are drawn.
///
/// # Errors
/// Kind `setting`.
pub fn sample_tempered(
    density: &dyn LogDensity,
    settings: &Chaining,
    rungs: Option<usize>,
    starts: &Population,
    rounds: Option<Rounds>,
    control: &Control,
) -> Result<Tempered> {
    sample_by(&RULES, density, settings, rungs, starts, rounds, control)
}

fn check(settings: &Chaining, rungs: Option<usize>) -> Result<()> {
    settings.check()?;
    let refuse = |message: String, hint: &str| Err(Error::new(ErrorKind::Setting, message).hint(hint));
    if settings.warmup < FEWEST_STEPS {
        let message = format!("a warm-up of {} steps learns no reference and no ladder", settings.warmup);
        return refuse(message, "--warmup 60 or more; 300 are the default");
    }
    if matches!(settings.metric, MetricKind::Identity | MetricKind::LowRank) {
        return refuse("a ladder learns the scales of its reference, or all correlations".into(), "--metric auto, diagonal or dense");
    }
    if let Some(rungs) = rungs.filter(|rungs| !(2..=1024).contains(rungs)) {
        return refuse(format!("{rungs} rungs make no ladder"), "--rungs between 2 and 1024");
    }
    Ok(())
}

fn sample_by(
    rules: &Rules,
    density: &dyn LogDensity,
    settings: &Chaining,
    rungs: Option<usize>,
    starts: &Population,
    rounds: Option<Rounds>,
    control: &Control,
) -> Result<Tempered> {
    check(settings, rungs)?;
    let search = Chaining {
        warmup: settings.warmup / SEARCH_SHARE,
        draws: SEARCH_DRAWS,
        thin: 1,
        seed: Stage::Search.of(settings.seed),
        ..settings.clone()
    };
    let found = sample_chains(density, &Nuts::new(density.level()), &search, starts, control)?;
    let mut coordinates = Coordinates::new(density.bounds(), density.level());
    for transform in &mut coordinates.transforms {
        // A reference needs all of the real line; where a range is one turn, any map onto it leaves the same law.
        if let Transform::Around { low, high } = *transform {
            *transform = Transform::Between { low, high };
        }
    }
    let dense = settings.metric.of(density.dimension()) == MetricKind::Dense;
    let columns = unconstrained(&coordinates, &found.draws);
    if let Some(metric) = reference::fit(&columns, dense) {
        coordinates.metric = metric;
    }
    let law = ReferenceLaw::new(&coordinates.metric, rules.log_mass);
    let path = Path { law, coordinates, level: density.level() };
    let first = ladder::first(rungs.unwrap_or(FIRST_RUNGS));
    let mut run = Run::new(rules, density, settings, control, path, starts.chains(), first)?;
    run.count(found.warmup_gradients + found.gradients);
    let places = (0..starts.blocks()).map(|block| last_places(&run.path, &columns, starts.chains(), block)).collect::<Vec<_>>();
    run.stand(|block, _| places[block].clone(), |_| found.step_size.min(1.0));
    let mut left = settings.warmup - search.warmup - search.draws;
    let mut steps = FIRST_ROUND;
    let first_draws = first_round(settings, rounds);
    // The last round has half of the steps or more: it settles what is drawn from.
    while left >= 3 * steps {
        run.expect(left + first_draws * settings.thin);
        let shown = run.warm_up(steps);
        run.renew(&shown, rungs, dense);
        left -= steps;
        steps *= 2;
    }
    run.expect(left + first_draws * settings.thin);
    run.warm_up(left);
    Ok(run.draw(rounds))
}

/// The draws in unconstrained coordinates, `[variable]`, chain by chain.
fn unconstrained(coordinates: &Coordinates, draws: &Draws) -> Vec<Vec<f64>> {
    let transform = |(transform, column): (&Transform, &Vec<f64>)| column.iter().map(|x| transform.coordinate(*x)).collect();
    coordinates.transforms.iter().zip(draws.columns()).map(transform).collect()
}

/// Where the chains of a block ended, in the ladder's coordinates.
fn last_places(path: &Path, columns: &[Vec<f64>], chains: usize, block: usize) -> Vec<Lanes> {
    let draws = columns.first().map_or(0, Vec::len) / chains;
    let last = |column: &Vec<f64>| column.chunks_exact(draws.max(1)).filter_map(|chain| chain.last().copied()).collect();
    let mut ends: Vec<Vec<f64>> = columns.iter().map(last).collect();
    // A search that was ended before it drew anything.
    ends.iter_mut().for_each(|end| end.resize(chains, 0.0));
    let u = Population::from_columns(ends).block(block);
    let mut z = u.clone();
    path.coordinates.whitened(&u, &mut z);
    z
}
