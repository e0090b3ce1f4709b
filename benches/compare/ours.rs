//! The library: typed text, compiled to a tape, run by `anneal`.

use langevin::density::{Bound, Evaluate, LogDensity, Model};
use langevin::math::{Block, LANES, Lanes, Level, Work, dispatch};
use langevin::random::BlockRng;
use langevin::sampler::{Annealing, Control, Guard, Kernel, Parameters, Population, Schedule, Sgld, Start, StepInfo, anneal};
use langevin::tape::Evaluator;

use crate::contender::{Contender, Run};

/// The engine at the machine's widest SIMD level, as users get it.
pub(crate) struct Ours<'a> {
    pub(crate) model: &'a Model,
    pub(crate) start: Start,
}

impl Contender for Ours<'_> {
    fn name(&self) -> String {
        format!("langevin, {}", Level::detect())
    }

    fn gradient(&self, position: &[f64]) -> Vec<f64> {
        gradient(self.model, position)
    }

    fn run(&self, run: &Run) -> Population {
        draws(self.model, &Sgld::new(self.model.bounds(), Guard::None), self.start, run)
    }
}

/// The engine at a narrower level. `Sgld` moves at the widest, so the move is `Plain`, which does the same less the counting of faults
/// and contacts; loop, tape and noise are the library's.
pub(crate) struct Narrow<'a> {
    pub(crate) model: &'a Model,
    pub(crate) start: Start,
    pub(crate) level: Level,
}

impl Contender for Narrow<'_> {
    fn name(&self) -> String {
        format!("langevin, {}", self.level)
    }

    fn gradient(&self, position: &[f64]) -> Vec<f64> {
        gradient(self, position)
    }

    fn run(&self, run: &Run) -> Population {
        draws(self, &Plain { bounds: self.model.bounds(), level: self.level }, self.start, run)
    }
}

fn gradient(density: &dyn LogDensity, position: &[f64]) -> Vec<f64> {
    let block: Vec<Lanes> = position.iter().map(|&x| Lanes::splat(x)).collect();
    let mut gradient = block.clone();
    density.evaluator().gradient(&block, &mut gradient);
    gradient.iter().map(|row| row[0]).collect()
}

fn draws<K: Kernel>(density: &dyn LogDensity, kernel: &K, start: Start, run: &Run) -> Population {
    let settings = Annealing {
        chains: run.starts.chains(),
        steps: run.steps,
        step_size: Schedule::constant(run.step_size),
        temperature: Schedule::constant(1.0),
        starts: vec![start; density.dimension()],
        seed: run.seed,
        threads: 1,
    };
    anneal(density, kernel, &settings, None, &Control::default()).expect("settings that make a run").draws
}

impl LogDensity for Narrow<'_> {
    fn bounds(&self) -> &[Bound] {
        self.model.bounds()
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        Box::new(NarrowEvaluator {
            model: self.model,
            value: Evaluator::with_level(self.model.value_tape(), self.level),
            gradient: Evaluator::with_level(self.model.gradient_tape(), self.level),
        })
    }
}

struct NarrowEvaluator<'a> {
    model: &'a Model,
    value: Evaluator,
    gradient: Evaluator,
}

impl Evaluate for NarrowEvaluator<'_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.value.run(self.model.value_tape(), positions, std::slice::from_mut(log_density));
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.gradient.run(self.model.gradient_tape(), positions, gradient);
    }
}

struct Plain<'a> {
    bounds: &'a [Bound],
    level: Level,
}

struct State {
    positions: Vec<Lanes>,
    gradient: Vec<Lanes>,
}

impl Kernel for Plain<'_> {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, _evaluate: &mut dyn Evaluate) -> State {
        State { gradient: positions.clone(), positions }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, _info: &mut StepInfo) {
        evaluate.gradient(&state.positions, &mut state.gradient);
        dispatch(self.level, Move { bounds: self.bounds, state, noise, parameters });
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.positions
    }
}

struct Move<'a> {
    bounds: &'a [Bound],
    state: &'a mut State,
    noise: &'a mut BlockRng,
    parameters: Parameters,
}

impl Work for Move<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Parameters { step_size, temperature } = self.parameters;
        let spread = (2.0 * step_size * temperature).sqrt();
        let State { positions, gradient } = self.state;
        let mut noise = Lanes::default();
        for ((row, gradient), &Bound { low, high, .. }) in positions.iter_mut().zip(gradient).zip(self.bounds) {
            self.noise.fill_normal(&mut noise);
            for lane in 0..LANES {
                let x = row[lane] + step_size * gradient[lane] + spread * noise[lane];
                let x = if x < low { low + (low - x) } else { x };
                row[lane] = if x > high { high - (x - high) } else { x };
            }
        }
    }
}
