//! The library: typed text, compiled to a tape, run by `anneal`.

use langevin::density::{LogDensity, Model};
use langevin::math::{Lanes, Level};
use langevin::sampler::{Annealing, Control, Guard, Population, Schedule, Sgld, Start, anneal};

use crate::contender::{Contender, Run};

/// The engine at one SIMD level, as users get it.
pub(crate) struct Ours {
    model: Model,
    start: Start,
}

impl Ours {
    pub(crate) fn new(model: &Model, start: Start, level: Level) -> Self {
        Ours { model: model.clone().with_level(level), start }
    }
}

impl Contender for Ours {
    fn name(&self) -> String {
        format!("langevin, {}", self.model.level())
    }

    fn gradient(&self, position: &[f64]) -> Vec<f64> {
        let block: Vec<Lanes> = position.iter().map(|&x| Lanes::splat(x)).collect();
        let mut gradient = block.clone();
        self.model.evaluator().gradient(&block, &mut gradient);
        gradient.iter().map(|row| row[0]).collect()
    }

    fn run(&self, run: &Run) -> Population {
        let settings = Annealing {
            chains: run.starts.chains(),
            steps: run.steps,
            step_size: Schedule::constant(run.step_size),
            temperature: Schedule::constant(1.0),
            starts: vec![self.start; self.model.dimension()],
            seed: run.seed,
            threads: 1,
        };
        let kernel = Sgld::new(self.model.bounds(), Guard::None).with_level(self.model.level());
        anneal(&self.model, &kernel, &settings, None, &Control::default()).expect("settings that make a run").draws
    }
}
