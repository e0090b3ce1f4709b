//! One block of chains: where it is, its noise, what its steps met, the record of its draws.

use super::coordinates::{Coordinates, InCoordinates};
use super::record::Record;
use crate::density::{Evaluate, LogDensity};
use crate::error::Result;
use crate::math::Lanes;
use crate::random::{BlockRng, Purpose};
use crate::sampler::kernels::{Kernel, Parameters, StepInfo};
use crate::stored::{Archive, Stored};

/// One block of chains and all it needs.
pub(in crate::sampler) struct Block<'a, S> {
    /// Names its streams.
    pub(in crate::sampler) number: u64,
    evaluate: Option<Box<dyn Evaluate + 'a>>,
    noise: BlockRng,
    pub(in crate::sampler) state: Option<S>,
    /// Where the block waits between stages, and a row of scratch each.
    pub(in crate::sampler) waits_at: Vec<Lanes>,
    pub(in crate::sampler) scratch: Vec<Lanes>,
    pub(in crate::sampler) info: StepInfo,
    pub(in crate::sampler) gradients: u64,
    /// Steps since the stage began.
    pub(in crate::sampler) taken: usize,
    /// Times that of the steps.
    pub(in crate::sampler) temperature: f64,
    /// Lanes in use.
    pub(in crate::sampler) active: usize,
    pub(in crate::sampler) record: Record,
}

/// How a block sees the density.
#[derive(Clone, Copy)]
pub(in crate::sampler) enum Seen<'c> {
    /// By the variables: kernels meet their ends.
    Bare,
    /// In coordinates without ends.
    In(&'c Coordinates),
}

impl<'a, S> Block<'a, S> {
    /// At `waits_at`; no state yet.
    pub(super) fn new(seed: u64, number: u64, waits_at: Vec<Lanes>, temperature: f64, active: usize) -> Block<'a, S> {
        let dimension = waits_at.len();
        Block {
            number,
            evaluate: None,
            noise: BlockRng::new(seed, number, Purpose::Noise).for_lanes(active),
            state: None,
            scratch: vec![Lanes::default(); 2 * dimension],
            waits_at,
            info: StepInfo::default(),
            gradients: 0,
            taken: 0,
            temperature,
            active,
            record: Record::new(dimension, active),
        }
    }

    /// Gives it an evaluator, an idle one if there is one.
    pub(super) fn equip(&mut self, density: &'a dyn LogDensity, idle: impl FnOnce() -> Option<Box<dyn Evaluate + 'a>>) {
        if self.evaluate.is_none() {
            let mut evaluate = idle().unwrap_or_else(|| density.block_evaluator(self.number));
            evaluate.ask_for(self.active);
            self.evaluate = Some(evaluate);
        }
    }

    /// Takes the evaluator away.
    pub(super) fn unequip(&mut self) -> Option<Box<dyn Evaluate + 'a>> {
        self.evaluate.take()
    }

    /// `body` with the density as the kernel sees it, and with what it may change.
    fn with<T>(&mut self, seen: Seen, body: impl FnOnce(&mut dyn Evaluate, Changing<'_, S>) -> T) -> Option<T> {
        let Block { evaluate, noise, state, scratch, info, active, .. } = self;
        let changing = Changing { noise, state, info };
        let inner = &mut **evaluate.as_mut()?;
        Some(match seen {
            Seen::Bare => body(inner, changing),
            Seen::In(coordinates) => body(&mut InCoordinates { inner, coordinates, scratch, active: *active }, changing),
        })
    }

    /// Places the state where the block waits.
    pub(super) fn settle<K: Kernel<State = S>>(&mut self, kernel: &K, seen: Seen) {
        let mut positions = self.waits_at.clone();
        if let Seen::In(coordinates) = seen {
            coordinates.whitened(&self.waits_at, &mut positions);
        }
        self.with(seen, |evaluate, Changing { state, .. }| *state = Some(kernel.init(positions, evaluate)));
    }

    pub(super) fn step<K: Kernel<State = S>>(&mut self, kernel: &K, seen: Seen, parameters: Parameters) {
        let parameters = Parameters { temperature: parameters.temperature * self.temperature, ..parameters };
        self.with(seen, |evaluate, Changing { noise, state, info }| {
            if let Some(state) = state {
                kernel.step(state, evaluate, noise, parameters, info);
            }
        });
        self.taken += 1;
    }

    /// log p at `positions`, as the kernel sees it.
    pub(in crate::sampler) fn log_density(&mut self, seen: Seen, positions: &[Lanes], out: &mut Lanes) {
        self.with(seen, |evaluate, _| evaluate.log_density(positions, out));
    }

    /// log p where the chains are, as the kernel sees it.
    pub(in crate::sampler) fn log_density_here<K: Kernel<State = S>>(&mut self, kernel: &K, seen: Seen, out: &mut Lanes) {
        self.with(seen, |evaluate, Changing { state, .. }| {
            if let Some(state) = state {
                evaluate.log_density(kernel.positions(state), out);
            }
        });
    }

    /// Adds what the last step took.
    pub(in crate::sampler) fn count_gradients(&mut self) {
        self.gradients += self.info.gradients[..self.active].iter().sum::<f64>() as u64;
    }

    /// Writes where the state is to `waits_at`, in unconstrained variables, or in the variables themselves.
    pub(in crate::sampler) fn locate<K: Kernel<State = S>>(&mut self, kernel: &K, seen: Seen) {
        match (&self.state, seen) {
            (Some(state), Seen::In(coordinates)) => coordinates.unconstrained(kernel.positions(state), &mut self.waits_at),
            (Some(state), Seen::Bare) => self.waits_at.copy_from_slice(kernel.positions(state)),
            (None, _) => {}
        }
    }

    /// Records where the chains are, and what the last step did.
    pub(in crate::sampler) fn record<K: Kernel<State = S>>(&mut self, kernel: &K, seen: Seen) {
        self.locate(kernel, seen);
        if let Seen::In(coordinates) = seen {
            coordinates.constrain(&mut self.waits_at);
        }
        self.record.add(&self.waits_at, &self.info);
    }

    /// The block, without its state, for another kernel.
    pub(super) fn hand_over<T>(self) -> Block<'a, T> {
        let Block { number, evaluate, noise, waits_at, scratch, info, gradients, temperature, active, record, .. } = self;
        Block { number, evaluate, noise, state: None, waits_at, scratch, info, gradients, taken: 0, temperature, active, record }
    }
}

/// What a kernel changes of a block.
struct Changing<'b, S> {
    noise: &'b mut BlockRng,
    state: &'b mut Option<S>,
    info: &'b mut StepInfo,
}

impl<S: Stored> Stored for Block<'_, S> {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let Block { number, evaluate, noise, state, waits_at, info, gradients, taken, temperature, active, record, .. } = self;
        archive.expect(*number, "another block")?;
        archive.expect(*active as u64, "another number of chains")?;
        archive.expect(temperature.to_bits(), "another temperature")?;
        archive.all(&mut [noise, waits_at, info, gradients, taken])?;
        record.pass(archive)?;
        archive.expect(u64::from(state.is_some()), "chains that have not begun")?;
        state.as_mut().map_or(Ok(()), |state| state.pass(archive))?;
        evaluate.as_mut().map_or(Ok(()), |evaluate| evaluate.pass(archive))
    }
}
