//! The no-U-turn sampler, every lane with a tree of its own, all trees grown leaf by leaf together.
//!
//! Hoffman & Gelman (2014); multinomial weights, biased progressive sampling and the generalised criterion of Betancourt (2017),
//! appendix A. The recursion is unrolled as in Phan, Pradhan & Jankowiak (2019): the left ends of the subtrees that a leaf closes wait
//! on a stack whose height is the number of ones in the leaf's number, the same for all lanes. A lane whose tree is done stands still.
//! The step size of a trajectory is mostly near what was tuned to the mean of all chains and now and then a quarter of it, for those
//! in a narrow place; one for all lanes, as a lane with shorter steps would keep the others waiting. It is tuned to an acceptance of 0.9,
//! not to the usual 0.8: quartic tails and the neck of a hierarchy diverge ten to thirty times less often, for a fifth more gradients.

use super::hmc::{DIVERGENCE, leapfrog};
use super::lanewise::{Point, Sweep, copy, dot, each, log_add_exp, map, select, select_row};
use super::{Kernel, Parameters, Pointed, StepInfo, Tuning};
use crate::density::Evaluate;
use crate::math::{Lanes, Level, exp, log};
use crate::random::{BlockRng, fill_normal, fill_uniform};
use crate::sampler::facts::Facts;
use crate::stored::stored;

/// The mean acceptance that its step size is tuned to.
const ACCEPTANCE: f64 = 0.9;

/// The kernel.
#[derive(Debug, Clone, Copy)]
pub struct Nuts {
    /// The SIMD level of its loops.
    pub level: Level,
    /// Doublings at most: 2^depth − 1 leapfrogs.
    pub depth: usize,
}

impl Nuts {
    /// What is known of it before it runs.
    pub const FACTS: Facts = Facts {
        name: "nuts",
        summary: "the no-U-turn sampler: Hamiltonian trajectories that end where they turn back",
        resamples_momentum: true,
        target_acceptance: Some(ACCEPTANCE),
        ..Facts::CHAINS
    };

    /// With Stan's depth of 10.
    pub fn new(level: Level) -> Self {
        Nuts { level, depth: 10 }
    }
}

/// One end of a trajectory.
#[derive(Debug, Clone)]
struct Phase {
    point: Point,
    momentum: Vec<Lanes>,
}

/// What may become the next state, with its energy.
#[derive(Debug, Clone)]
struct Candidate {
    point: Point,
    energy: Lanes,
}

/// Where a block is, and scratch space.
#[derive(Debug, Clone)]
pub struct State {
    point: Point,
    left: Phase,
    right: Phase,
    moving: Phase,
    candidate: Candidate,
    subtree_candidate: Candidate,
    /// Σ of momenta of the trajectory and of the subtree.
    momentum_sum: Vec<Lanes>,
    subtree_sum: Vec<Lanes>,
    /// Momentum and Σ at the left ends of open subtrees, `[height][variable]`.
    open: Vec<(Vec<Lanes>, Vec<Lanes>)>,
    scratch: Vec<Lanes>,
    rows: Rows,
}

/// One number a lane, each.
#[derive(Debug, Clone, Default)]
struct Rows {
    start_energy: Lanes,
    log_weight: Lanes,
    subtree_log_weight: Lanes,
    /// 1 while the trajectory still doubles, and while the subtree still grows.
    going: Lanes,
    growing: Lanes,
    /// That of this trajectory.
    step_size: f64,
    step: Lanes,
    half: Lanes,
    uniform: Lanes,
    row: Lanes,
    change: Lanes,
    turned: Lanes,
    acceptance: Lanes,
}

stored!(State { point });

impl Kernel for Nuts {
    type State = State;

    fn init(&self, positions: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> State {
        let rows = positions.clone();
        let point = Point::new(positions, evaluate);
        let phase = Phase { point: point.clone(), momentum: rows.clone() };
        let candidate = Candidate { point: point.clone(), energy: Lanes::default() };
        State {
            left: phase.clone(),
            right: phase.clone(),
            moving: phase,
            candidate: candidate.clone(),
            subtree_candidate: candidate,
            momentum_sum: rows.clone(),
            subtree_sum: rows.clone(),
            open: vec![(rows.clone(), rows.clone()); self.depth.max(1)],
            scratch: rows,
            rows: Rows::default(),
            point,
        }
    }

    fn step(&self, state: &mut State, evaluate: &mut dyn Evaluate, noise: &mut BlockRng, parameters: Parameters, info: &mut StepInfo) {
        let over = Sweep::of(self.level, evaluate.lanes());
        begin(over, state, noise, parameters.step_size, info);
        for depth in 0..self.depth {
            turn_around(over, state, noise);
            for leaf in 0..1_usize << depth {
                leapfrog(over, &mut state.moving.point, &mut state.moving.momentum, &state.rows.step, &state.rows.half, evaluate);
                weigh(over, state, noise, info);
                close_subtrees(over, state, leaf);
                if state.rows.growing.iter().all(|growing| *growing == 0.0) {
                    break;
                }
            }
            join(over, state, noise);
            if state.rows.going.iter().all(|going| *going == 0.0) {
                break;
            }
        }
        let Rows { acceptance, .. } = &state.rows;
        let (mean, gradients) = (&mut info.acceptance, &info.gradients);
        each(over, |lane| mean[lane] = acceptance[lane] / if gradients[lane] > 0.0 { gradients[lane] } else { 1.0 });
        info.energy = state.candidate.energy;
        state.point.copy_from(over, &state.candidate.point);
    }

    fn positions<'a>(&self, state: &'a State) -> &'a [Lanes] {
        &state.point.position
    }

    fn tuning(&self) -> Tuning {
        Tuning::Acceptance(ACCEPTANCE)
    }
}

impl Pointed for Nuts {
    fn point<'a>(&self, state: &'a State) -> &'a Point {
        &state.point
    }
}

impl Nuts {
    /// Moves every lane to `positions`.
    pub(in crate::sampler) fn place(&self, state: &mut State, positions: &[Lanes], evaluate: &mut dyn Evaluate) {
        state.point.position.copy_from_slice(positions);
        state.point.evaluate(evaluate);
    }
}

/// A fresh momentum, and a trajectory of one point.
fn begin(over: Sweep, state: &mut State, noise: &mut BlockRng, step_size: f64, info: &mut StepInfo) {
    let State { point, left, right, candidate, momentum_sum, rows, .. } = state;
    left.point.copy_from(over, point);
    for momentum in &mut left.momentum {
        fill_normal(over.level, noise, momentum);
    }
    dot(over, &left.momentum, &left.momentum, &mut rows.row);
    let (start_energy, row) = (&mut rows.start_energy, &rows.row);
    each(over, |lane| start_energy[lane] = 0.5 * row[lane] - point.log_density[lane]);
    right.point.copy_from(over, &left.point);
    copy(over, &mut right.momentum, &left.momentum);
    copy(over, momentum_sum, &left.momentum);
    candidate.point.copy_from(over, point);
    candidate.energy = rows.start_energy;
    fill_uniform(over.level, noise, &mut rows.uniform);
    let square = rows.uniform[0] * rows.uniform[0];
    rows.step_size = step_size * (1.0 - 0.75 * (square * square));
    rows.log_weight = Lanes::default();
    rows.acceptance = Lanes::default();
    let going = &mut rows.going;
    // Idle lanes, and none else, begin where the density is 0.
    each(over, |lane| going[lane] = f64::from(u8::from(point.log_density[lane] > f64::NEG_INFINITY)));
    info.gradients = Lanes::default();
    info.divergent = Lanes::default();
}

/// Draws the direction of the next doubling and begins an empty subtree there.
fn turn_around(over: Sweep, state: &mut State, noise: &mut BlockRng) {
    let State { left, right, moving, subtree_sum, rows, .. } = state;
    fill_uniform(over.level, noise, &mut rows.uniform);
    let Rows { uniform, growing, going, step_size, step, half, turned, .. } = rows;
    each(over, |lane| {
        let forward = uniform[lane] < 0.5;
        turned[lane] = f64::from(u8::from(forward));
        step[lane] = going[lane] * if forward { *step_size } else { -*step_size };
        half[lane] = 0.5 * step[lane];
        growing[lane] = going[lane];
    });
    moving.point.copy_from(over, &left.point);
    copy(over, &mut moving.momentum, &left.momentum);
    select(over, turned, &mut moving.point.position, &right.point.position);
    select(over, turned, &mut moving.point.gradient, &right.point.gradient);
    select_row(over, turned, &mut moving.point.log_density, &right.point.log_density);
    select(over, turned, &mut moving.momentum, &right.momentum);
    subtree_sum.fill(Lanes::default());
    rows.subtree_log_weight = Lanes::splat(f64::NEG_INFINITY);
}

/// Adds the leaf at the moving end to its subtree: its weight, its momentum, perhaps itself as the subtree's candidate.
fn weigh(over: Sweep, state: &mut State, noise: &mut BlockRng, info: &mut StepInfo) {
    let State { moving, subtree_candidate, subtree_sum, rows, .. } = state;
    dot(over, &moving.momentum, &moving.momentum, &mut rows.row);
    fill_uniform(over.level, noise, &mut rows.uniform);
    let Rows { start_energy, row, change, growing, acceptance, step, half, .. } = rows;
    let (divergent, gradients) = (&mut info.divergent, &mut info.gradients);
    each(over, |lane| {
        row[lane] = start_energy[lane] - (0.5 * row[lane] - moving.point.log_density[lane]);
        change[lane] = row[lane];
    });
    map(over, change, exp);
    each(over, |lane| {
        gradients[lane] += growing[lane];
        let fall = row[lane];
        // A fall that is not a number is no weight at all.
        let known = fall > f64::NEG_INFINITY;
        let weight = if fall < 0.0 { change[lane] } else { 1.0 };
        acceptance[lane] += if known { growing[lane] * weight } else { 0.0 };
        let sane = fall > -DIVERGENCE;
        divergent[lane] = if sane { divergent[lane] } else { divergent[lane].max(growing[lane]) };
        growing[lane] = if sane { growing[lane] } else { 0.0 };
        // A lane that stands still adds nothing.
        change[lane] = if growing[lane] == 0.0 { f64::NEG_INFINITY } else { fall };
        step[lane] *= growing[lane];
        half[lane] *= growing[lane];
    });
    log_add_exp(over, &mut rows.subtree_log_weight, &rows.change);
    let Rows { change, subtree_log_weight, uniform, turned, start_energy, growing, .. } = rows;
    each(over, |lane| {
        let chosen = (change[lane] > f64::NEG_INFINITY) & (log(uniform[lane]) < change[lane] - subtree_log_weight[lane]);
        turned[lane] = f64::from(u8::from(chosen));
    });
    select(over, turned, &mut subtree_candidate.point.position, &moving.point.position);
    select(over, turned, &mut subtree_candidate.point.gradient, &moving.point.gradient);
    select_row(over, turned, &mut subtree_candidate.point.log_density, &moving.point.log_density);
    let energy = &mut subtree_candidate.energy;
    each(over, |lane| energy[lane] = if turned[lane] == 0.0 { energy[lane] } else { start_energy[lane] - change[lane] });
    for (sum, momentum) in subtree_sum.iter_mut().zip(&moving.momentum) {
        each(over, |lane| sum[lane] += if growing[lane] == 0.0 { 0.0 } else { momentum[lane] });
    }
}

/// The criterion on every subtree that leaf number `leaf` completes; an even leaf opens one instead.
fn close_subtrees(over: Sweep, state: &mut State, leaf: usize) {
    let State { moving, subtree_sum, open, scratch, rows, .. } = state;
    let top = (leaf >> 1).count_ones() as usize;
    if leaf.is_multiple_of(2) {
        if let Some((momentum, sum)) = open.get_mut(top) {
            copy(over, momentum, &moving.momentum);
            copy(over, sum, subtree_sum);
        }
        return;
    }
    let closed = leaf.trailing_ones() as usize;
    for height in (top + 1 - closed..=top).rev() {
        let (momentum, sum) = &open[height];
        for (((between, whole), before), first) in scratch.iter_mut().zip(subtree_sum.iter()).zip(sum).zip(momentum) {
            each(over, |lane| between[lane] = whole[lane] - before[lane] + first[lane]);
        }
        has_turned(over, scratch, momentum, &moving.momentum, rows);
        let Rows { turned, growing, step, half, .. } = rows;
        each(over, |lane| {
            growing[lane] = if turned[lane] == 0.0 { growing[lane] } else { 0.0 };
            step[lane] *= growing[lane];
            half[lane] *= growing[lane];
        });
    }
}

/// Joins the complete subtrees to their trajectories, perhaps with their candidates; ends the trajectories that failed or turned.
fn join(over: Sweep, state: &mut State, noise: &mut BlockRng) {
    let State { left, right, moving, candidate, subtree_candidate, momentum_sum, subtree_sum, rows, .. } = state;
    fill_uniform(over.level, noise, &mut rows.uniform);
    let Rows { uniform, growing, going, log_weight, subtree_log_weight, turned, step, .. } = &mut *rows;
    each(over, |lane| {
        going[lane] = growing[lane];
        let chosen = (growing[lane] != 0.0) & (log(uniform[lane]) < subtree_log_weight[lane] - log_weight[lane]);
        turned[lane] = f64::from(u8::from(chosen));
    });
    select(over, turned, &mut candidate.point.position, &subtree_candidate.point.position);
    select(over, turned, &mut candidate.point.gradient, &subtree_candidate.point.gradient);
    select_row(over, turned, &mut candidate.point.log_density, &subtree_candidate.point.log_density);
    select_row(over, turned, &mut candidate.energy, &subtree_candidate.energy);
    each(over, |lane| turned[lane] = f64::from(u8::from(step[lane] > 0.0)));
    replace(over, turned, right, moving);
    each(over, |lane| turned[lane] = f64::from(u8::from(step[lane] < 0.0)));
    replace(over, turned, left, moving);
    for (sum, part) in momentum_sum.iter_mut().zip(subtree_sum.iter()) {
        each(over, |lane| sum[lane] += if going[lane] == 0.0 { 0.0 } else { part[lane] });
    }
    log_add_exp(over, &mut rows.log_weight, &rows.subtree_log_weight);
    has_turned(over, momentum_sum, &left.momentum, &right.momentum, rows);
    let Rows { turned, going, .. } = rows;
    each(over, |lane| going[lane] = if turned[lane] == 0.0 { going[lane] } else { 0.0 });
}

/// Writes to `rows.turned` whether Σp, the momenta at the two ends counted half, points against the momentum at either end. Halves, as
/// the sum then approximates the way between the ends by the trapezoidal rule, and two leaves half an orbit apart are no turn.
fn has_turned(over: Sweep, sum: &[Lanes], first: &[Lanes], last: &[Lanes], rows: &mut Rows) {
    let Rows { turned, row, change, .. } = rows;
    (*row, *change) = (Lanes::default(), Lanes::default());
    for ((sum, first), last) in sum.iter().zip(first).zip(last) {
        each(over, |lane| {
            let way = sum[lane] - 0.5 * (first[lane] + last[lane]);
            row[lane] = way.mul_add(first[lane], row[lane]);
            change[lane] = way.mul_add(last[lane], change[lane]);
        });
    }
    // A product that is not a number ends the tree too.
    each(over, |lane| turned[lane] = f64::from(u8::from(!((row[lane] > 0.0) & (change[lane] > 0.0)))));
}

/// Takes position, gradient and momentum of `from` where `mask` is not 0.
fn replace(over: Sweep, mask: &Lanes, to: &mut Phase, from: &Phase) {
    select(over, mask, &mut to.point.position, &from.point.position);
    select(over, mask, &mut to.point.gradient, &from.point.gradient);
    select_row(over, mask, &mut to.point.log_density, &from.point.log_density);
    select(over, mask, &mut to.momentum, &from.momentum);
}
