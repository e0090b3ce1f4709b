//! Joint tests: parameters and data drawn in turn, which leaves both as the prior has them if and only if the kernel keeps the posterior.
//!
//! Geweke (2004), "Getting it right: joint distribution tests of posterior simulators". Every lane begins with an exact draw of both, so
//! each is exact after any number of turns, the lanes are independent, and a z-test needs no autocorrelation.

use langevin::density::{Bound, Evaluate};
use langevin::math::{Block, LANES, Lanes, Level};
use langevin::random::{BlockRng, Purpose, fill_normal};
use langevin::sampler::{Barker, Guard, Hmc, Kernel, Lm, Mala, Mams, Nuts, Parameters, Pcn, Rwm, StepInfo};

/// Data of each lane.
const DATA: usize = 3;
/// Turns: data, then a few steps of the kernel.
const TURNS: usize = 25;
/// Blocks of lanes.
const BLOCKS: u64 = 24;

/// Location m and log variance s, both standard normal, and y ~ N(m, eˢ), a data set of its own in each lane.
struct Posterior {
    data: Vec<Lanes>,
}

impl Evaluate for Posterior {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        for lane in 0..LANES {
            let (m, s) = (positions[0][lane], positions[1][lane]);
            let squares: f64 = self.data.iter().map(|y| (y[lane] - m).powi(2)).sum();
            log_density[lane] = -0.5 * (m * m + s * s + squares * (-s).exp() + DATA as f64 * s);
        }
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        for lane in 0..LANES {
            let (m, s) = (positions[0][lane], positions[1][lane]);
            let sum: f64 = self.data.iter().map(|y| y[lane] - m).sum();
            let squares: f64 = self.data.iter().map(|y| (y[lane] - m).powi(2)).sum();
            gradient[0][lane] = sum * (-s).exp() - m;
            gradient[1][lane] = 0.5 * (squares * (-s).exp() - DATA as f64) - s;
        }
    }
}

impl Posterior {
    fn draw(&mut self, position: &[Lanes], noise: &mut BlockRng) {
        for y in &mut self.data {
            fill_normal(Level::detect(), noise, y);
            for lane in 0..LANES {
                y[lane] = position[0][lane] + (0.5 * position[1][lane]).exp() * y[lane];
            }
        }
    }
}

/// The largest |z| of first and second moments: m, m², s, s², ms, and y − m over its deviation, all known under the prior.
fn largest_z<K: Kernel>(kernel: &K, step_size: f64, steps: usize) -> f64 {
    let mut probes: Vec<(f64, Vec<f64>)> = vec![(0.0, Vec::new()); 6];
    let means = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    for block in 0..BLOCKS {
        let mut noise = BlockRng::new(20_041, block, Purpose::Noise);
        let mut turns = BlockRng::new(20_041, block, Purpose::Proposal);
        let mut position = vec![Lanes::default(); 2];
        position.iter_mut().for_each(|row| fill_normal(Level::detect(), &mut turns, row));
        let mut posterior = Posterior { data: vec![Lanes::default(); DATA] };
        posterior.draw(&position, &mut turns);
        for _ in 0..TURNS {
            let mut state = kernel.init(position.clone(), &mut posterior);
            for _ in 0..steps {
                kernel.step(&mut state, &mut posterior, &mut noise, Parameters::new(step_size), &mut StepInfo::default());
            }
            position.clone_from_slice(kernel.positions(&state));
            posterior.draw(&position, &mut turns);
        }
        for (lane, (&m, &s)) in position[0].iter().zip(position[1].iter()).enumerate() {
            // The posterior's data go with its parameters: E (y − m)²e⁻ˢ = 1.
            let spread = (posterior.data[0][lane] - m).powi(2) * (-s).exp();
            for (probe, value) in probes.iter_mut().zip([m, m * m, s, s * s, m * s, spread]) {
                probe.1.push(value);
            }
        }
    }
    let z = probes.iter().zip(means).map(|((_, values), mean)| {
        let n = values.len() as f64;
        let average = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - average).powi(2)).sum::<f64>() / n;
        ((average - mean) / (variance / n).sqrt()).abs()
    });
    z.fold(0.0, |most: f64, z| if z.is_nan() { f64::INFINITY } else { most.max(z) })
}

/// Of six z the largest is beyond 4.5 once in 25,000 correct runs.
const MOST: f64 = 4.5;

#[test]
fn exact_kernels_keep_the_joint_law() {
    let level = Level::detect();
    // Steps long enough that a missing or wrong acceptance would show.
    for (name, z) in [
        ("rwm", largest_z(&Rwm { level }, 1.0, 4)),
        ("pcn", largest_z(&Pcn { level }, 1.0, 4)),
        ("mala", largest_z(&Mala { level }, 0.7, 2)),
        ("barker", largest_z(&Barker { level }, 1.0, 2)),
        ("hmc", largest_z(&Hmc { level }, 0.6, 1)),
        ("nuts", largest_z(&Nuts::new(level), 0.6, 1)),
        ("mams", largest_z(&Mams { level }, 0.8, 2)),
    ] {
        assert!(z < MOST, "{name}: |z| = {z:.1}");
    }
}

/// A kernel whose every step sees the tilted log density.
struct Skewed<K>(K);

impl<K: Kernel> Kernel for Skewed<K> {
    type State = K::State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> K::State {
        self.0.init(positions, evaluate)
    }

    fn step(&self, state: &mut K::State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        self.0.step(state, &mut Tilted(evaluate), noise, parameters, info);
    }

    fn positions<'a>(&self, state: &'a K::State) -> &'a [Lanes] {
        self.0.positions(state)
    }
}

/// A log density that forgets half of the data's log-determinant, as a lost Jacobian does; its gradient is the right one.
struct Tilted<'a>(&'a mut dyn Evaluate);

impl Evaluate for Tilted<'_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.0.log_density(positions, log_density);
        log_density.iter_mut().zip(positions[1].iter()).for_each(|(log, s)| *log += 0.5 * s);
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.0.gradient(positions, gradient);
    }
}

#[test]
fn planted_bugs_break_the_joint_law() {
    let level = Level::detect();
    let lost = largest_z(&Skewed(Nuts::new(level)), 0.6, 1);
    assert!(lost > 2.0 * MOST, "a lost Jacobian: |z| = {lost:.1}");
    let lost = largest_z(&Skewed(Mala { level }), 0.7, 2);
    assert!(lost > 2.0 * MOST, "a lost Jacobian in mala: |z| = {lost:.1}");
    // Leimkuhler–Matthews has no Metropolis test: at a step as long as these its bias shows.
    let bounds: Vec<Bound> = ["m", "s"].map(|name| Bound::new(name, f64::NEG_INFINITY, f64::INFINITY)).into();
    let biased = largest_z(&Lm::new(&bounds, Guard::None), 0.3, 4);
    assert!(biased > 2.0 * MOST, "no Metropolis test: |z| = {biased:.1}");
}
