//! Chains over batches of rows: the laws that theory gives them, gradients without bias, planted bugs that must be caught.

use langevin::data::{Data, Table};
use langevin::density::{Bound, Evaluate, LogDensity, Model};
use langevin::error::ErrorKind;
use langevin::math::{Block, LANES, Lanes, Level};
use langevin::random::{BlockRng, Purpose};
use langevin::run::{Batch, Method, Run, Sampler, Sampling, Trust, sample, targets};
use langevin::sampler::{
    Batching, Chaining, Control, ControlVariates, Coordinates, Guard, Kernel, Lm, Metric, Minibatch, Population, Sghmc, Sgld, Sgnht,
    sample_untuned, thermostat_variance,
};
use langevin::tape::Records;

const ROWS: usize = 400;
const BATCH: usize = 100;
/// Precision of the prior, of N(1, ·): as strong as the data, so that a mistake about it shows.
const PRIOR: f64 = 400.0;

fn values() -> Vec<f64> {
    (0..ROWS).map(|row| (row as f64 * 0.7).sin() * 1.4 + (row % 7) as f64 * 0.1).collect()
}

/// A Gaussian location model: hypot(a, 1)² = a² + 1, which no rule of the graph turns into sums over the data.
fn location() -> Model {
    let table = Table::from_columns(vec![("y".to_string(), values())]).unwrap();
    let text = format!("mu in (-inf, inf); log_density = -{PRIOR}*(mu - 1)^2/2 + sum(-hypot(y - mu, 1)^2/2)");
    let model = Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap();
    assert_eq!(model.gradient_program().loops().len(), 1);
    model
}

const PRECISION: f64 = ROWS as f64 + PRIOR;

/// The posterior mean.
fn centre() -> f64 {
    (values().iter().sum::<f64>() + PRIOR) / PRECISION
}

/// Variance of the gradient by z = √Λ(μ − mean) over uniform batches without replacement: N²S²(1 − B/N)/(BΛ).
fn noise() -> f64 {
    let y = values();
    let mean = y.iter().sum::<f64>() / ROWS as f64;
    let spread = y.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / (ROWS as f64 - 1.0);
    let (n, b) = (ROWS as f64, BATCH as f64);
    n * n * spread * (1.0 - b / n) / (b * PRECISION)
}

fn whitened(model: &Model, control_variates: ControlVariates, batching: Batching) -> Minibatch<'_> {
    let mut coordinates = Coordinates::new(model.bounds(), model.level());
    coordinates.metric = Metric::diagonal(vec![centre()], &[PRECISION.sqrt().recip()]);
    Minibatch::new(model, coordinates, BATCH, batching, control_variates, 11)
}

/// 10,240 draws of z so far apart that they pass for independent.
fn draws<K: Kernel>(target: &dyn LogDensity, kernel: &K, step_size: f64, thin: usize) -> Vec<f64> {
    let settings = Chaining { warmup: 4 * thin, draws: 10, thin, step_size, fixed_step_size: true, seed: 3, ..Chaining::default() };
    let starts = Population::new(1, 1024);
    sample_untuned(target, kernel, &settings, &starts, None, &Control::default()).unwrap().draws.column(0).to_vec()
}

/// How many standard errors mean and variance are from 0 and from `variance`.
fn scores(z: &[f64], variance: f64) -> (f64, f64) {
    let n = z.len() as f64;
    let mean = z.iter().sum::<f64>() / n;
    let found = z.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / (n - 1.0);
    (mean / (variance / n).sqrt(), (found - variance) / (variance * (2.0 / n).sqrt()))
}

#[track_caller]
fn assert_law(z: &[f64], variance: f64) {
    let (mean, spread) = scores(z, variance);
    assert!(mean.abs() < 4.0 && spread.abs() < 4.0, "mean {mean:.1}, variance {spread:.1} standard errors from {variance}");
}

fn sgld(target: &dyn LogDensity) -> Vec<f64> {
    draws(target, &Sgld::new(target.bounds(), Guard::None), 0.3, 20)
}

#[test]
fn minibatch_langevin_has_the_variance_of_its_gradient_noise() {
    let model = location();
    // z ← (1 − ε)z + noise of variance 2ε + ε²V.
    let without = sgld(&whitened(&model, ControlVariates::None, Batching::Uniform));
    assert_law(&without, (2.0 + 0.3 * noise()) / (2.0 - 0.3));
    // The gradient is linear in μ, so control variates take all of its noise.
    let with = sgld(&whitened(&model, ControlVariates::Mode, Batching::Uniform));
    assert_law(&with, 2.0 / (2.0 - 0.3));
    let renewed = sgld(&whitened(&model, ControlVariates::Svrg, Batching::Shuffled));
    assert_law(&renewed, 2.0 / (2.0 - 0.3));
    assert!(scores(&without, 2.0 / (2.0 - 0.3)).1 > 8.0, "the noise does not show");
}

#[test]
fn the_noise_that_is_measured_is_that_of_theory() {
    let model = location();
    // 4096 rows, 64 at each of 64 places.
    let found = whitened(&model, ControlVariates::None, Batching::Uniform).noise();
    assert!((found.variance[0] / noise() - 1.0).abs() < 4.0 * found.error, "{found:?} for {}", noise());
    assert!((0.005..0.05).contains(&found.error), "{found:?}");
    assert!(whitened(&model, ControlVariates::Mode, Batching::Uniform).noise().variance[0] < 1e-20);
}

#[test]
fn the_mean_of_two_noises_leaves_room_for_that_of_the_gradient() {
    let model = location();
    let target = whitened(&model, ControlVariates::None, Batching::Uniform);
    let (e, v) = (0.5, noise());
    let lm = |noise: Vec<f64>| draws(&target, &Lm::new(target.bounds(), Guard::None).with_noise(noise), e, 20);
    assert_law(&lm(vec![v]), 1.0);
    // Told of no noise, it is too wide.
    let wide = 1.0 + e * v / (2.0 - e);
    assert_law(&lm(Vec::new()), wide);
    assert!(scores(&lm(vec![v]), wide).1 < -8.0, "the noise does not show");
}

#[test]
fn rows_known_at_an_anchor_give_the_gradients_of_rows_that_are_evaluated_there() {
    let model = two_tables();
    let (records, lanes, size) = (model.records(), 40, 70);
    let anchor: Vec<Lanes> = [0.2, -0.1, 0.4, 1.1, 0.8].map(Lanes::splat).to_vec();
    let mut positions = anchor.clone();
    for (row, reach) in positions.iter_mut().zip([0.1, 0.2, -0.1, 0.3, 0.1]) {
        row.iter_mut().enumerate().for_each(|(lane, x)| *x += reach + 1e-3 * lane as f64);
    }
    let mut batches = model.batches(size, lanes);
    for (table, lane) in (0..batches.len()).flat_map(|table| (0..lanes).map(move |lane| (table, lane))) {
        let rows = batches.rows(table);
        // Different rows for each chain, none twice: 7 and the number of rows have no common factor.
        batches.chosen_mut(table, lane).iter_mut().enumerate().for_each(|(at, row)| *row = ((7 * at + lane) % rows) as u32);
    }
    let gradients = |records: &Records| {
        let mut gradients = [anchor.clone(), anchor.clone()];
        let [here, there] = &mut gradients;
        model.batch_gradient(records, 2).at_both([&positions, &anchor], &batches, lanes, [here, there]);
        gradients.concat().iter().flat_map(|row| row[..lanes].iter().map(|x| x.to_bits()).collect::<Vec<u64>>()).collect::<Vec<u64>>()
    };
    let anchored = model.records_at(&anchor);
    assert!(gradients(&records) == gradients(&anchored));
    // What is known is of the anchor, whatever place is asked for.
    let elsewhere = model.records_at(&positions);
    assert!(gradients(&records) != gradients(&elsewhere));
}

#[test]
fn rows_that_chains_share_give_the_gradients_of_rows_of_each() {
    let model = two_tables();
    let anchor: Vec<Lanes> = [0.2, -0.1, 0.4, 1.1, 0.8].map(Lanes::splat).to_vec();
    let mut positions = anchor.clone();
    for (row, reach) in positions.iter_mut().zip([0.1, 0.2, -0.1, 0.3, 0.1]) {
        row.iter_mut().enumerate().for_each(|(lane, x)| *x += reach + 1e-3 * lane as f64);
    }
    // Rows that lie in one block, and more than a block has; chains that one thread takes, and more.
    for (size, lanes) in [(70, 39), (70, 1), (280, 13), (70, 150)] {
        let rows_of = |batches: &mut langevin::tape::Batches, lane: usize| {
            for table in 0..batches.len() {
                let rows = batches.rows(table);
                batches.chosen_mut(table, lane).iter_mut().enumerate().for_each(|(at, row)| *row = ((7 * at + 3) % rows) as u32);
            }
        };
        let (mut own, mut shared) = (model.batches(size, lanes), model.shared_batches(size));
        (0..lanes).for_each(|lane| rows_of(&mut own, lane));
        rows_of(&mut shared, 0);
        for records in [model.records(), model.records_at(&anchor)] {
            let gradients = |batches: &langevin::tape::Batches| {
                let mut gradients = [anchor.clone(), anchor.clone()];
                let [here, there] = &mut gradients;
                model.batch_gradient(&records, 2).at_both([&positions, &anchor], batches, lanes, [here, there]);
                gradients
                    .concat()
                    .iter()
                    .flat_map(|row| row[..lanes].iter().map(|x| x.to_bits()).collect::<Vec<u64>>())
                    .collect::<Vec<u64>>()
            };
            assert!(gradients(&own) == gradients(&shared), "{size} rows, {lanes} chains");
        }
    }
}

/// A slope whose posterior is normal: batches differ in what the gradient gains with the distance from the mode. With mode and precision.
fn slope() -> (Model, f64, f64) {
    let x: Vec<f64> = (0..ROWS).map(|row| (row as f64 * 0.9).sin().powi(3) * 2.0).collect();
    let y: Vec<f64> = x.iter().zip(values()).map(|(x, y)| 0.7 * x + y).collect();
    let precision = 1.0 + x.iter().map(|x| x * x).sum::<f64>();
    let mode = x.iter().zip(&y).map(|(x, y)| x * y).sum::<f64>() / precision;
    let table = Table::from_columns(vec![("x".to_string(), x), ("y".to_string(), y)]).unwrap();
    let text = "b in (-inf, inf); log_density = -b^2/2 + sum(-hypot(y - b*x, 1)^2/2)";
    (Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap(), mode, precision)
}

#[test]
fn chains_that_share_batches_are_independent_where_the_mean_is_at_the_mode() {
    let (model, mode, precision) = slope();
    let mut coordinates = Coordinates::new(model.bounds(), model.level());
    coordinates.metric = Metric::diagonal(vec![mode], &[precision.sqrt().recip()]);
    const BLOCKS: usize = 16;
    let (chains, count) = (BLOCKS * LANES, 10);
    // All draws, and for each block and time the mean of its chains, √256 times.
    let draws = |control_variates| {
        let target = Minibatch::new(&model, coordinates.clone(), 5, Batching::Shared, control_variates, 11);
        let noise = target.noise().variance;
        let share = 0.5 * noise[0] / 2.0;
        let settings =
            Chaining { warmup: 80, draws: count, thin: 20, step_size: 0.5, fixed_step_size: true, seed: 3, ..Chaining::default() };
        let kernel = Lm::new(target.bounds(), Guard::None).with_noise(noise);
        let found = sample_untuned(&target, &kernel, &settings, &Population::new(1, chains), None, &Control::default()).unwrap();
        let means: Vec<f64> = found
            .draws
            .by_chain(0)
            .chunks(LANES)
            .flat_map(|block| (0..count).map(|at| block.iter().map(|chain| chain[at]).sum::<f64>() / (LANES as f64).sqrt()))
            .collect();
        (found.draws.column(0).to_vec(), means, share)
    };
    let (all, means, share) = draws(ControlVariates::Mode);
    assert!((0.02..0.2).contains(&share), "the batches do not matter: {share}");
    assert_law(&all, 1.0);
    assert_eq!(means.len(), BLOCKS * count);
    assert_law(&means, 1.0);
    // Without control variates a batch moves all chains of a block alike.
    let (_, means, _) = draws(ControlVariates::None);
    assert!(scores(&means, 1.0).1 > 50.0, "{:?}", scores(&means, 1.0));
}

/// Beside more noise all chains of a block would be wide together, though each is as independent of its past.
#[test]
fn chains_share_batches_unasked_only_beside_little_noise() {
    let (model, ..) = slope();
    for (rows, is_shared) in [(2, false), (40, true)] {
        let run = sample(&model, &by(Sampler::Lm, rows)).unwrap();
        let figures = run.batches().unwrap();
        assert_eq!(figures.batching == Batching::Shared, is_shared, "{rows} rows: {:?}", figures.noise);
        assert_eq!(figures.noise.1 < 0.15, is_shared, "{rows} rows: {:?}", figures.noise);
    }
}

/// The step that suits a Gaussian is taken where the posterior is one, as far as draws of the normal law can tell.
#[test]
fn lm_steps_as_far_as_the_posterior_is_normal() {
    let table = Table::from_columns(vec![("y".to_string(), values())]).unwrap();
    let data = Data::new(vec![table]);
    // −c·z⁴ beside −z²/2: log weights of variance 96c².
    for (c, longest, draws) in [(0.001, 1.0, 20), (0.012, 0.5, 40), (0.06, 0.25, 40)] {
        let (at, quartic) = (centre(), c * PRECISION * PRECISION);
        let text = format!("mu in (-inf, inf); log_density = -{PRIOR}*(mu - 1)^2/2 - {quartic}*(mu - {at})^4 + sum(-hypot(y - mu, 1)^2/2)");
        let model = Model::with_data(text.parse().unwrap(), None, &[], &data).unwrap();
        for seed in 1..=5 {
            let run = sample(&model, &Sampling { seed, ..by(Sampler::Lm, BATCH) }).unwrap();
            let Method::Batches(figures) = &run.method else { panic!("no batches") };
            // Of some seeds draws in the tails tell more than there is: never less.
            assert!(figures.settings.step_size <= longest, "{c}, seed {seed}: {}", figures.settings.step_size);
            assert!(c > 0.001 || figures.settings.step_size == 1.0, "seed {seed}");
            assert!(run.draws.draws() >= draws, "{}", run.draws.draws());
            // And only there do chains share batches.
            assert_eq!(figures.batching == Batching::Shared, figures.settings.step_size == 1.0, "{c}, seed {seed}");
        }
    }
}

/// What goes wrong with estimates of gradients.
#[derive(Clone, Copy)]
enum Bug {
    /// The sums of a batch are not scaled up.
    NotRescaled,
    /// The mean of the control variates is that of an anchor one sd away.
    StaleAnchor,
    /// The prior is scaled up with the sums.
    PriorScaled,
}

struct Planted<'a>(Minibatch<'a>, Bug);

impl LogDensity for Planted<'_> {
    fn bounds(&self) -> &[Bound] {
        self.0.bounds()
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        self.block_evaluator(0)
    }

    fn block_evaluator(&self, block: u64) -> Box<dyn Evaluate + '_> {
        Box::new(Wrong(self.0.block_evaluator(block), self.1))
    }
}

struct Wrong<'a>(Box<dyn Evaluate + 'a>, Bug);

impl Evaluate for Wrong<'_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.0.log_density(positions, log_density);
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.0.gradient(positions, gradient);
        let scale = PRECISION.sqrt().recip();
        for lane in 0..LANES {
            let prior = scale * -PRIOR * (centre() + scale * positions[0][lane] - 1.0);
            let slope = &mut gradient[0][lane];
            *slope = match self.1 {
                Bug::NotRescaled => prior + (*slope - prior) * BATCH as f64 / ROWS as f64,
                Bug::StaleAnchor => *slope + 1.0,
                Bug::PriorScaled => *slope + prior * (ROWS as f64 / BATCH as f64 - 1.0),
            };
        }
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        self.gradient(positions, gradient);
        log_density.fill(f64::NAN);
    }

    fn ask_for(&mut self, lanes: usize) {
        self.0.ask_for(lanes);
    }
}

#[test]
fn planted_bugs_are_caught() {
    let model = location();
    for bug in [Bug::NotRescaled, Bug::StaleAnchor, Bug::PriorScaled] {
        let z = sgld(&Planted(whitened(&model, ControlVariates::Mode, Batching::Uniform), bug));
        let (mean, variance) = scores(&z, 2.0 / (2.0 - 0.3));
        assert!(mean.abs() > 8.0 || variance.abs() > 8.0, "bug {}: {mean:.1} and {variance:.1}", bug as usize);
    }
}

/// The variance of sghmc on a unit Gaussian: see its file.
fn hamiltonian(h: f64, friction: f64) -> f64 {
    1.0 / (1.0 - h * h / (2.0 * (2.0 - h * friction)))
}

#[test]
fn friction_and_thermostats_take_out_the_gradient_noise() {
    let model = location();
    let target = whitened(&model, ControlVariates::None, Batching::Uniform);
    let (h, v) = (0.3, noise());
    let right = hamiltonian(h, 1.0 + 0.5 * h * v);
    let sghmc = |noise: f64| draws(&target, &Sghmc::new(1.0, vec![noise], Level::detect()), h, 60);
    assert_law(&sghmc(v), right);
    // Told of no noise, it is too hot: the momentum gets h²V more than friction 1 takes.
    let hot = hamiltonian(h, 1.0) * (1.0 + 0.5 * h * v);
    assert_law(&sghmc(0.0), hot);
    // The thermostat is not told either.
    let z = draws(&target, &Sgnht::new(1.0, 10.0, vec![0.0], Level::detect()), h, 60);
    assert_law(&z, thermostat_variance(1.0, h, v));
    assert!(scores(&z, hot).1 < -4.0);
}

/// Thermostats at a step so large and gradients so noisy that the bias shows: 10 % of the variance, 20 standard errors.
#[test]
fn thermostats_have_the_variance_of_theory_where_it_is_far_from_that_of_the_target() {
    /// −z and Gaussian noise of variance 10.
    struct Noisy(BlockRng);
    impl Evaluate for Noisy {
        fn log_density(&mut self, _: &Block, log_density: &mut Lanes) {
            log_density.fill(f64::NAN);
        }
        fn gradient(&mut self, z: &Block, gradient: &mut Block) {
            self.0.fill_normal(&mut gradient[0]);
            gradient[0].iter_mut().zip(z[0].iter()).for_each(|(slope, z)| *slope = 10.0_f64.sqrt() * *slope - z);
        }
        fn log_density_and_gradient(&mut self, z: &Block, log_density: &mut Lanes, gradient: &mut Block) {
            self.gradient(z, gradient);
            log_density.fill(f64::NAN);
        }
    }
    struct Target(Vec<Bound>);
    impl LogDensity for Target {
        fn bounds(&self) -> &[Bound] {
            &self.0
        }
        fn evaluator(&self) -> Box<dyn Evaluate + '_> {
            self.block_evaluator(0)
        }
        fn block_evaluator(&self, block: u64) -> Box<dyn Evaluate + '_> {
            Box::new(Noisy(BlockRng::new(8, block, Purpose::Batch)))
        }
    }
    let target = Target(vec![Bound::new("z", f64::NEG_INFINITY, f64::INFINITY)]);
    let variance = thermostat_variance(1.0, 0.4, 10.0);
    // Of a simulation in another language: 4000 chains of 3000 steps, inertia 10.
    assert!((variance - 1.0999).abs() < 0.002, "{variance}");
    let z = |noise: f64| draws(&target, &Sgnht::new(1.0, 10.0, vec![noise], Level::detect()), 0.4, 60);
    assert_law(&z(10.0), variance);
    assert!(scores(&z(10.0), 1.0).1 > 4.0);
    // Without noise the draws are too narrow.
    assert!((thermostat_variance(1.0, 0.4, 0.0) - 0.98).abs() < 0.002);
}

/// sgld with saga on a Gaussian: z′ = (1 − ε)z + ε(N/Λ)(mean of a over the batch − mean of a) + noise of variance 2ε, a the place where
/// each row was last seen; the second moments E z², E za, E aᵣaₛ at their fixed point.
fn saga_variance(e: f64, n: f64, b: f64, precision: f64) -> f64 {
    let k = n / precision;
    // Probabilities that a row is in the batch, and that two are.
    let (one, two) = (b / n, b * (b - 1.0) / (n * (n - 1.0)));
    let (mut zz, mut za, mut ab) = (1.0, 0.0, 0.0);
    for _ in 0..20_000 {
        // E a² = E z², as each a was a z.
        let spread = zz - ab;
        let next = (1.0 - e) * (1.0 - e) * zz + e * e * k * k * (1.0 - b / n) / b * spread + 2.0 * e;
        let cross = one * (1.0 - e) * zz + (1.0 - one) * ((1.0 - e) * za - e * k * spread / n);
        ab = two * zz + 2.0 * (one - two) * za + (1.0 - 2.0 * one + two) * ab;
        (zz, za) = (next, cross);
    }
    zz
}

#[test]
fn saga_has_the_law_of_its_table() {
    const SMALL: usize = 2;
    // A weak prior and small batches, so that what is left of the noise is an eighth of the variance.
    let table = Table::from_columns(vec![("y".to_string(), values())]).unwrap();
    let text = "mu in (-inf, inf); log_density = -4*mu^2/2 + sum(-hypot(y - mu, 1)^2/2)";
    let model = Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap();
    let precision = ROWS as f64 + 4.0;
    let mut coordinates = Coordinates::new(model.bounds(), model.level());
    coordinates.metric = Metric::diagonal(vec![values().iter().sum::<f64>() / precision], &[precision.sqrt().recip()]);
    let target = Minibatch::new(&model, coordinates, SMALL, Batching::Uniform, ControlVariates::Saga, 11);
    assert_eq!(target.memory(100), 100 * ROWS * 8);
    let e = 0.5;
    let settings = Chaining { warmup: 2000, draws: 10, thin: 12, step_size: e, fixed_step_size: true, seed: 3, ..Chaining::default() };
    let starts = Population::new(1, 1024);
    let kernel = Sgld::new(target.bounds(), Guard::None);
    let z = sample_untuned(&target, &kernel, &settings, &starts, None, &Control::default()).unwrap().draws.column(0).to_vec();
    let variance = saga_variance(e, ROWS as f64, SMALL as f64, precision);
    assert_law(&z, variance);
    // Of entries that are not replaced, at the centre, the gradient's noise is none; of none at all it is that of the data.
    assert!(scores(&z, 2.0 / (2.0 - e)).1 > 6.0, "{variance}");
    // E aᵣaₛ is small, so entries are nearly independent: the noise is k²(1 − B/N)/B. 256 squares of pairs: √(2/256) = 9 %.
    let noise = target.noise().variance[0] / (ROWS as f64 / precision).powi(2) * SMALL as f64 / (1.0 - SMALL as f64 / ROWS as f64);
    assert!((noise - 1.0).abs() < 4.0 * 0.09, "{noise}");
}

#[test]
fn batches_are_drawn_until_a_target_holds_and_the_draws_of_a_looser_one_are_a_prefix() {
    let until = |target: &str| sample(&location(), &Sampling { until: targets(target).unwrap(), ..by(Sampler::Lm, BATCH) }).unwrap();
    let (loose, strict) = (until("ess>200"), until("ess>3000"));
    for run in [&loose, &strict] {
        assert!(run.complete && run.until.iter().all(|target| target.met), "{:?}", run.until);
    }
    let (few, many) = (loose.draws.draws(), strict.draws.draws());
    assert!(few < many, "{few} {many}");
    for (short, long) in loose.draws.by_chain(0).iter().zip(strict.draws.by_chain(0)) {
        assert_eq!(short[..], long[..few]);
    }
}

#[test]
fn tables_of_gradients_that_would_not_fit_or_serve_are_refused() {
    let model = location();
    let batch = Batch { control_variates: Some(ControlVariates::Saga), batching: Some(Batching::Shuffled), ..Batch::of(BATCH) };
    let refused = sample(&model, &Sampling { batch: Some(batch), ..by(Sampler::Sgld, BATCH) }).unwrap_err();
    assert!(refused.kind == ErrorKind::Setting && refused.message.contains("saga"), "{refused}");
    let batch = Batch { control_variates: Some(ControlVariates::Saga), ..Batch::of(BATCH) };
    let refused = sample(&model, &Sampling { chains: Some(1_000_000), batch: Some(batch), ..by(Sampler::Sgld, BATCH) }).unwrap_err();
    assert!(refused.kind == ErrorKind::Setting && refused.message.contains("GiB"), "{refused}");
    assert!(refused.hint.as_deref().is_some_and(|hint| hint.contains("svrg")), "{refused:?}");
}

/// Gathers, groups, transforms and two tables.
fn two_tables() -> Model {
    let column = |name: &str, rows: usize, f: &dyn Fn(usize) -> f64| (name.to_string(), (0..rows).map(f).collect::<Vec<f64>>());
    let first = Table::from_columns(vec![
        column("y", 300, &|row| f64::from(u8::from((row as f64 * 0.9).sin() > 0.2))),
        column("x", 300, &|row| (row as f64 * 1.3).cos()),
        column("g", 300, &|row| (row % 3 + 1) as f64),
    ]);
    let second = Table::from_columns(vec![column("w", 90, &|row| 1.5 + (row as f64 * 0.4).sin())]);
    let text = "a[3] in (-inf, inf); b in (0, 4); s in (0, inf)
        log_density = sum(normal_lpdf(a | 0, 1)) - s + sum(bernoulli_logit_lpmf(y | a[g] + b*x)) + sum(student_t_lpdf(w | 4, b, s))/2";
    let data = Data::new(vec![first.unwrap(), second.unwrap()]);
    Model::with_data(text.parse().unwrap(), None, &[], &data).unwrap()
}

fn place(model: &Model) -> Coordinates {
    let mut coordinates = Coordinates::new(model.bounds(), model.level());
    coordinates.metric = Metric::diagonal(vec![0.1, -0.2, 0.3, 0.2, 0.1], &[0.1, 0.2, 0.1, 0.3, 0.1]);
    coordinates
}

#[test]
fn estimates_of_the_gradient_have_no_bias() {
    const ROUNDS: usize = 60;
    let model = two_tables();
    let z: Vec<Lanes> = (0..5).map(|variable| Lanes::splat(0.4 * f64::from(variable) - 0.7)).collect();
    let gradient = |batch, batching, control, rounds| -> Vec<Vec<f64>> {
        let target = Minibatch::new(&model, place(&model), batch, batching, control, 5);
        let mut evaluator = target.evaluator();
        let mut gradient = z.clone();
        let mut columns = vec![Vec::new(); 5];
        for _ in 0..rounds {
            evaluator.gradient(&z, &mut gradient);
            columns.iter_mut().zip(&gradient).for_each(|(column, row)| column.extend_from_slice(&row[..]));
        }
        columns
    };
    let exact = gradient(1000, Batching::Uniform, ControlVariates::None, 1);
    for batching in [Batching::Uniform, Batching::Shuffled] {
        for control in [ControlVariates::None, ControlVariates::Mode, ControlVariates::Svrg, ControlVariates::Saga] {
            // Rows not yet shown in an epoch are those of old entries.
            if batching == Batching::Shuffled && control == ControlVariates::Saga {
                continue;
            }
            for (variable, column) in gradient(32, batching, control, ROUNDS).iter().enumerate() {
                let n = column.len() as f64;
                let mean = column.iter().sum::<f64>() / n;
                let sd = (column.iter().map(|g| (g - mean) * (g - mean)).sum::<f64>() / n).sqrt();
                // Shuffled batches of one epoch make up for each other, so the error is at most that of independent ones.
                let error = (mean - exact[variable][0]).abs();
                assert!(error <= 4.5 * sd / n.sqrt() + 1e-9, "{batching:?}, {control:?}, {variable}: {mean} for {}", exact[variable][0]);
            }
        }
    }
    // Where the anchor is, and where it is renewed after an epoch of ten steps, nothing of the noise is left.
    let exact_at = |z: &[Lanes]| {
        let mut gradient = z.to_vec();
        Minibatch::new(&model, place(&model), 1000, Batching::Uniform, ControlVariates::None, 5).evaluator().gradient(z, &mut gradient);
        gradient
    };
    let close = |found: &[Lanes], exact: &[Lanes]| found.iter().zip(exact).all(|(a, b)| (a[9] - b[9]).abs() < 1e-9 * (1.0 + b[9].abs()));
    let (centre, mut gradient) = (vec![Lanes::default(); 5], z.clone());
    Minibatch::new(&model, place(&model), 32, Batching::Uniform, ControlVariates::Mode, 5).evaluator().gradient(&centre, &mut gradient);
    assert!(close(&gradient, &exact_at(&centre)));
    let renewed = Minibatch::new(&model, place(&model), 32, Batching::Uniform, ControlVariates::Svrg, 5);
    assert_eq!(renewed.steps_per_epoch(), 10);
    let mut evaluator = renewed.evaluator();
    for step in 0..=20 {
        let here = if step == 0 { &centre } else { &z };
        evaluator.gradient(here, &mut gradient);
        assert_eq!(close(&gradient, &exact_at(here)), step == 0 || step >= 10, "{step}");
    }
    // Batches of all rows are the gradient of the model, by differences of its log density.
    let target = Minibatch::new(&model, place(&model), 1000, Batching::Uniform, ControlVariates::None, 5);
    let mut evaluator = target.evaluator();
    for variable in 0..5 {
        let (mut ahead, mut behind) = (Lanes::default(), Lanes::default());
        for (reach, value) in [(1e-4, &mut ahead), (-1e-4, &mut behind)] {
            let mut moved = z.clone();
            moved[variable].iter_mut().for_each(|z| *z += reach);
            evaluator.log_density(&moved, value);
        }
        let difference = (ahead[0] - behind[0]) / 2e-4;
        assert!((difference - exact[variable][0]).abs() < 1e-5 * (1.0 + difference.abs()), "{variable}: {difference}");
    }
}

fn example(name: &str) -> Model {
    let folder = format!("{}/examples/models/{name}", env!("CARGO_MANIFEST_DIR"));
    #[allow(clippy::disallowed_methods, reason = "tests read files")]
    let read = |ending: &str| std::fs::read(format!("{folder}.{ending}")).unwrap();
    let text = String::from_utf8(read("lgv")).unwrap();
    let table = Table::from_csv(name, &read("csv")[..]).unwrap();
    Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap()
}

fn by(sampler: Sampler, rows: usize) -> Sampling {
    Sampling { sampler, batch: Some(Batch::of(rows)), seed: 4, ..Sampling::default() }
}

/// Means within a tenth of a posterior sd of a long exact run, but for Monte Carlo error.
#[track_caller]
fn compare(name: &str, sampler: Sampler, settings: Sampling) -> Run {
    let model = example(name);
    let exact = sample(&model, &Sampling { sampler: Sampler::Auto, seed: 9, ..Sampling::default() }).unwrap();
    // A chain in a minor mode of a mixture would make it no measure.
    assert_ne!(exact.verdict.trust, Trust::No, "{}", exact.verdict.because);
    let run = sample(&model, &settings).unwrap();
    for (found, right) in run.variables.iter().zip(&exact.variables) {
        let miss = (found.mean - right.mean).abs();
        let allowed = 0.1 * right.sd + 3.0 * found.mcse_mean.hypot(right.mcse_mean);
        assert!(miss < allowed, "{name}, {sampler}, {}: {} for {} ± {}", found.bound.name, found.mean, right.mean, right.sd);
        assert!((found.sd / right.sd - 1.0).abs() < 0.25, "{name}, {sampler}, {}: sd {} for {}", found.bound.name, found.sd, right.sd);
    }
    run
}

#[test]
fn logistic_regression_by_every_kernel_has_the_means_of_an_exact_run() {
    for sampler in [Sampler::Sgld, Sampler::Lm, Sampler::Sghmc, Sampler::Sgnht] {
        let run = compare("logistic", sampler, by(sampler, 64));
        let figures = run.batches().unwrap();
        assert!(
            figures.is_mode && !figures.learned && figures.control_variates == ControlVariates::Mode && figures.noise.1 < 0.2,
            "{figures:?}"
        );
        assert_ne!(run.verdict.trust, Trust::No, "{sampler}: {}", run.verdict.because);
        assert!(run.verdict.warnings.iter().any(|warning| warning.kind() == "step_bias"));
    }
}

/// Its joint mode is far from where the mass is, with scales a third of those there.
#[test]
fn a_hierarchy_by_batches_has_the_means_of_an_exact_run() {
    let run = compare("hierarchical", Sampler::Sgld, by(Sampler::Sgld, 64));
    assert!(run.batches().unwrap().learned);
}

#[test]
fn poisson_regression_and_a_mixture_have_the_means_of_an_exact_run() {
    compare("poisson", Sampler::Sgld, by(Sampler::Sgld, 64));
    compare("mixture", Sampler::Sgld, Sampling { thin: Some(10), step_size: Some(0.1), ..by(Sampler::Sgld, 100) });
}

/// The share of draws above 0, its error from the chains' shares, and the run.
fn share_above(model: &Model, settings: &Sampling) -> (f64, f64, Run) {
    let run = sample(model, settings).unwrap();
    let shares: Vec<f64> =
        run.draws.by_chain(0).iter().map(|chain| chain.iter().filter(|x| **x > 0.0).count() as f64 / chain.len() as f64).collect();
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let sd = (shares.iter().map(|share| (share - mean) * (share - mean)).sum::<f64>() / (n - 1.0)).sqrt();
    (mean, sd / n.sqrt(), run)
}

#[test]
fn replicas_give_far_modes_their_weights() {
    let text = "exp(-(x - 6)^2/2) + 3*exp(-(x + 6)^2/2)";
    let model = Model::new(text, langevin::density::Meaning::Density, &[]).unwrap();
    for sampler in [Sampler::Sgld, Sampler::Lm] {
        let settings = Sampling { sampler, rungs: Some(6), step_size: Some(0.1), draws: Some(400), seed: 6, ..Sampling::default() };
        let (share, error, run) = share_above(&model, &settings);
        // Modes of one width have one bias, which moves no weight.
        assert!(error < 0.02 && (share - 0.25).abs() < 4.0 * error, "{sampler}: {share} ± {error}");
        let found = run.batches().unwrap().replicas.as_ref().unwrap();
        assert!(found.replicas.temperatures.len() == 6 && found.lowest() > 0.2, "{found:?}");
        // One temperature stays where it began.
        assert!(run.draws.by_chain(0).iter().filter(|chain| chain.iter().any(|x| *x > 0.0) && chain.iter().any(|x| *x < 0.0)).count() > 48);
    }
}

#[test]
fn replicas_over_batches_give_the_signs_of_a_parameter_their_weights() {
    // Two modes of μ, one width and 12 sds apart, that the data cannot tell; e^(2·0.5·tanh) of the prior can.
    let table = Table::from_columns(vec![("y".to_string(), values())]).unwrap();
    let text = "mu in (-inf, inf); log_density = 0.5*tanh(9*mu) + sum(-hypot(y - abs(mu), 1)^2/2)";
    let model = Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap();
    let settings = Sampling { rungs: Some(6), step_size: Some(0.1), draws: Some(200), ..by(Sampler::Sgld, 100) };
    let (share, error, run) = share_above(&model, &settings);
    let (mean, n) = (values().iter().sum::<f64>() / ROWS as f64, ROWS as f64);
    let (mut above, mut all) = (0.0, 0.0);
    for cell in -20_000..20_000 {
        let mu = (f64::from(cell) + 0.5) * 1e-4;
        let mass = (0.5 * (9.0 * mu).tanh() - n * (mu.abs() - mean).powi(2) / 2.0).exp();
        all += mass;
        above += if mu > 0.0 { mass } else { 0.0 };
    }
    assert!(error < 0.03 && (share - above / all).abs() < 4.0 * error, "{share} ± {error} for {}", above / all);
    let found = run.batches().unwrap().replicas.as_ref().unwrap();
    assert!(found.replicas.every == 4 && found.lowest() > 0.1, "{found:?}");
}

#[test]
fn draws_are_the_same_on_any_number_of_threads() {
    let model = example("logistic");
    let draws = |threads, batching| {
        let batch = Batch { batching, ..Batch::of(32) };
        let settings = Sampling { chains: Some(600), draws: Some(3), threads, batch: Some(batch), ..by(Sampler::Sgld, 32) };
        let run = sample(&model, &settings).unwrap();
        run.draws.columns().iter().flatten().map(|x| x.to_bits()).collect::<Vec<u64>>()
    };
    for batching in [Batching::Uniform, Batching::Shuffled].map(Some) {
        let one = draws(1, batching);
        assert!(one == draws(2, batching) && one == draws(3, batching), "{batching:?}");
    }
}

#[test]
fn half_the_step_size_tells_the_bias() {
    let model = location();
    let batch = Batch { check_bias: true, control_variates: Some(ControlVariates::None), ..Batch::of(BATCH) };
    let settings = Sampling { step_size: Some(0.6), thin: Some(1), batch: Some(batch), ..by(Sampler::Sgld, BATCH) };
    let run = sample(&model, &settings).unwrap();
    let figures = run.batches().unwrap();
    let (sd, error) = figures.bias.as_ref().unwrap().sd[0];
    // Richardson of the known sds at ε and ε/2, in units of the latter.
    let theory = |e: f64| ((2.0 + e * noise()) / (2.0 - e)).sqrt();
    let expected = 2.0 * (theory(0.6) - theory(0.3)) / theory(0.3);
    assert!((sd - expected).abs() < 4.0 * error, "{sd} ± {error} for {expected}");
    assert!(run.verdict.warnings.iter().any(|warning| warning.kind() == "measured_bias"));
    assert_ne!(run.verdict.trust, Trust::Yes);
}

#[test]
fn what_cannot_be_batched_is_refused_or_said() {
    let model = |body: &str| {
        let table = Table::from_columns(vec![("y".to_string(), values())]).unwrap();
        let text = format!("mu in (-inf, inf); s in (0.1, 9); log_density = -mu^2 - s + {body}");
        Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap()
    };
    let refused = |body: &str, settings: Sampling| sample(&model(body), &settings).unwrap_err();
    let plain = by(Sampler::Sgld, BATCH);
    let inside = refused("-log(sum(exp(y*mu)))", plain.clone());
    assert!(inside.kind == ErrorKind::Unsupported && inside.message.contains("log(") && inside.message.contains("not linear"), "{inside}");
    let product = refused("-sum(tanh(y*mu)^2)*sum(cosh(y - mu))", plain.clone());
    assert!(product.kind == ErrorKind::Unsupported && product.message.contains("multiplied"), "{product}");
    // A factor that depends on a parameter is linear all the same.
    assert!(model("-sum(cosh(y - mu))/s").check_batches().is_ok());
    assert_eq!(refused("-sum(cosh(y - mu))", by(Sampler::Nuts, BATCH)).kind, ErrorKind::Setting);
    assert_eq!(refused("-sum(cosh(y - mu))", Sampling { steps: Some(10), ..plain.clone() }).kind, ErrorKind::Setting);
    // Its mean is where the mode is, but what is subtracted is not taken there.
    let shared = |control_variates| Batch { batching: Some(Batching::Shared), control_variates, ..Batch::of(BATCH) };
    let settings = Sampling { batch: Some(shared(Some(ControlVariates::Svrg))), ..plain.clone() };
    assert_eq!(sample(&location(), &settings).unwrap_err().hint.as_deref(), Some("--batching uniform"));
    // Not normal.
    let settings = Sampling { batch: Some(shared(None)), ..plain.clone() };
    assert!(refused("-sum(cosh(y - mu))", settings.clone()).message.contains("nearly normal"));
    assert!(sample(&location(), &settings).is_ok());
    // Sums over the data are all that is left of a Gaussian: said, and sampled by the exact gradient.
    let run = sample(&model("sum(normal_lpdf(y | mu, s))"), &plain).unwrap();
    assert!(run.verdict.warnings.iter().any(|warning| warning.kind() == "nothing_to_batch"));
    assert_eq!(run.batches().unwrap().noise, (0.0, 0.0));
}

#[test]
fn kernels_that_correct_the_noise_of_batches_are_refused_without_it() {
    let model = Model::new("exp(-x^2/2 - (y - x)^2)", langevin::density::Meaning::Density, &[]).unwrap();
    for sampler in [Sampler::Sghmc, Sampler::Sgnht] {
        let error = sample(&model, &Sampling { sampler, ..Sampling::default() }).unwrap_err();
        assert!(error.message.contains("gradients from a few rows") && error.hint.unwrap().contains("--batch"), "{}", error.message);
    }
}
