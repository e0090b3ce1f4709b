//! What kernels are made of: loops over lanes, a point with its density, the Metropolis test.

use super::StepInfo;
use crate::density::Evaluate;
use crate::math::{LANES, Lanes, Level, Work, dispatch, exp, log1p};
use crate::random::{BlockRng, fill_uniform};
use crate::stored::stored;

/// The lanes that loops go over, and the SIMD level that they are compiled for: a level alone is all lanes.
#[derive(Debug, Clone, Copy)]
pub(in crate::sampler) struct Sweep {
    pub(in crate::sampler) level: Level,
    lanes: usize,
}

impl Sweep {
    /// The first `lanes` lanes and a few more: whole vectors.
    pub(in crate::sampler) fn of(level: Level, lanes: usize) -> Sweep {
        Sweep { level, lanes: lanes.next_multiple_of(TILE).min(LANES) }
    }
}

impl From<Level> for Sweep {
    fn from(level: Level) -> Sweep {
        Sweep { level, lanes: LANES }
    }
}

/// Lanes that a loop takes at a time.
const TILE: usize = 32;

/// Runs `body` for each lane of a sweep.
#[inline(always)]
pub(in crate::sampler) fn each<F: FnMut(usize)>(over: impl Into<Sweep>, body: F) {
    let Sweep { level, lanes } = over.into();
    // A count that the compiler knows makes better code.
    if lanes == LANES { dispatch(level, Each(body)) } else { dispatch(level, EachOf(lanes, body)) }
}

struct Each<F>(F);
struct EachOf<F>(usize, F);

impl<F: FnMut(usize)> Work for Each<F> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for lane in 0..LANES {
            (self.0)(lane);
        }
    }
}

impl<F: FnMut(usize)> Work for EachOf<F> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        for lane in 0..self.0.min(LANES) {
            (self.1)(lane);
        }
    }
}

/// Copies the rows of `from`, the lanes of a sweep.
pub(in crate::sampler) fn copy(over: impl Into<Sweep>, to: &mut [Lanes], from: &[Lanes]) {
    let Sweep { lanes, .. } = over.into();
    to.iter_mut().zip(from).for_each(|(to, from)| to[..lanes].copy_from_slice(&from[..lanes]));
}

/// Σᵢ aᵢbᵢ over the rows.
pub(in crate::sampler) fn dot(over: impl Into<Sweep> + Copy, a: &[Lanes], b: &[Lanes], out: &mut Lanes) {
    *out = Lanes::default();
    for (a, b) in a.iter().zip(b) {
        each(over, |lane| out[lane] = a[lane].mul_add(b[lane], out[lane]));
    }
}

/// y ← y + s·x, s a lane each.
pub(in crate::sampler) fn add_scaled(over: impl Into<Sweep> + Copy, y: &mut [Lanes], s: &Lanes, x: &[Lanes]) {
    for (y, x) in y.iter_mut().zip(x) {
        each(over, |lane| y[lane] = s[lane].mul_add(x[lane], y[lane]));
    }
}

/// y ← y + Σᵢ wᵢ·xᵢ, one after the other; the sums stay in registers.
pub(in crate::sampler) fn add_combination<'a>(
    over: impl Into<Sweep>,
    y: &mut Lanes,
    terms: impl Iterator<Item = (f64, &'a Lanes)> + Clone,
) {
    let Sweep { level, lanes } = over.into();
    dispatch(level, Combination { y, terms, lanes });
}

struct Combination<'y, T> {
    y: &'y mut Lanes,
    terms: T,
    lanes: usize,
}

impl<'a, T: Iterator<Item = (f64, &'a Lanes)> + Clone> Work for Combination<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (tile, y) in self.y.as_chunks_mut::<TILE>().0.iter_mut().enumerate().take(self.lanes.div_ceil(TILE)) {
            let mut sums = *y;
            for (weight, x) in self.terms.clone() {
                let x = &x.as_chunks::<TILE>().0[tile];
                for lane in 0..TILE {
                    sums[lane] = weight.mul_add(x[lane], sums[lane]);
                }
            }
            *y = sums;
        }
    }
}

/// Whether x is beyond [low, high] in any lane.
pub(in crate::sampler) fn any_beyond(level: Level, x: &Lanes, low: f64, high: f64) -> bool {
    struct Beyond<'a>(&'a Lanes, f64, f64);
    impl Work for Beyond<'_> {
        type Output = bool;
        #[inline(always)]
        fn run(self) -> bool {
            // A fold without a branch in it vectorises.
            self.0.iter().fold(false, |any, x| any | (*x < self.1) | (*x > self.2))
        }
    }
    dispatch(level, Beyond(x, low, high))
}

/// Takes `from` where `mask` is not 0.
pub(in crate::sampler) fn select(over: impl Into<Sweep> + Copy, mask: &Lanes, to: &mut [Lanes], from: &[Lanes]) {
    for (to, from) in to.iter_mut().zip(from) {
        select_row(over, mask, to, from);
    }
}

/// [`select`] for one row.
pub(in crate::sampler) fn select_row(over: impl Into<Sweep>, mask: &Lanes, to: &mut Lanes, from: &Lanes) {
    each(over, |lane| to[lane] = if mask[lane] == 0.0 { to[lane] } else { from[lane] });
}

/// x ← f(x), for f of `math`: in the body of [`each`] a function so large may stay a call, compiled for no level.
pub(in crate::sampler) fn map<F: Fn(f64) -> f64>(over: impl Into<Sweep>, x: &mut Lanes, f: F) {
    struct Map<'a, F>(&'a mut [f64], F);
    impl<F: Fn(f64) -> f64> Work for Map<'_, F> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            for x in self.0 {
                *x = (self.1)(*x);
            }
        }
    }
    let Sweep { level, lanes } = over.into();
    dispatch(level, Map(&mut x[..lanes], f));
}

/// log(eᵃ + eᵇ), written over a.
pub(in crate::sampler) fn log_add_exp(over: impl Into<Sweep> + Copy, a: &mut Lanes, b: &Lanes) {
    // e of the difference, then how far the sum is above the larger.
    let mut above = Lanes::default();
    each(over, |lane| above[lane] = if a[lane] > b[lane] { b[lane] - a[lane] } else { a[lane] - b[lane] });
    map(over, &mut above, exp);
    map(over, &mut above, log1p);
    each(over, |lane| {
        let (high, low) = if a[lane] > b[lane] { (a[lane], b[lane]) } else { (b[lane], a[lane]) };
        // −∞ + −∞ is −∞, not NaN.
        a[lane] = if low == f64::NEG_INFINITY { high } else { high + above[lane] };
    });
}

/// Positions with the log density and its gradient there.
#[derive(Debug, Clone)]
pub struct Point {
    /// `[variable][lane]`.
    pub position: Vec<Lanes>,
    /// ∇ log p there.
    pub gradient: Vec<Lanes>,
    /// log p there.
    pub log_density: Lanes,
}

stored!(Point { position, gradient, log_density });

impl Point {
    /// The point at `position`.
    pub(in crate::sampler) fn new(position: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> Point {
        let mut point = Point { gradient: position.clone(), position, log_density: Lanes::default() };
        point.evaluate(evaluate);
        point
    }

    /// `from`, into the memory of `self`.
    pub(in crate::sampler) fn copy_from(&mut self, over: impl Into<Sweep> + Copy, from: &Point) {
        copy(over, &mut self.position, &from.position);
        copy(over, &mut self.gradient, &from.gradient);
        self.log_density = from.log_density;
    }

    /// Evaluates at the position. A density that is not finite there counts as 0: a pole is no place for a chain.
    pub(in crate::sampler) fn evaluate(&mut self, evaluate: &mut dyn Evaluate) {
        evaluate.log_density_and_gradient(&self.position, &mut self.log_density, &mut self.gradient);
        self.empty_poles();
    }

    /// [`evaluate`](Point::evaluate) without the gradient, which stays that of another place.
    pub(in crate::sampler) fn evaluate_log_density(&mut self, evaluate: &mut dyn Evaluate) {
        evaluate.log_density(&self.position, &mut self.log_density);
        self.empty_poles();
    }

    fn empty_poles(&mut self) {
        for value in self.log_density.iter_mut() {
            *value = if value.is_finite() { *value } else { f64::NEG_INFINITY };
        }
    }

    /// The Metropolis test: goes to `proposal` in the lanes where log u < `log_ratio`, and writes acceptance and energy. A ratio that is
    /// not a number is no acceptance. `log_ratio` is left as the mask of the lanes that moved.
    pub(in crate::sampler) fn metropolis(
        &mut self,
        over: impl Into<Sweep> + Copy,
        proposal: &Point,
        log_ratio: &mut Lanes,
        uniform: &mut Lanes,
        noise: &mut BlockRng,
        info: &mut StepInfo,
    ) {
        fill_uniform(over.into().level, noise, uniform);
        let acceptance = &mut info.acceptance;
        // A comparison with NaN is false: what is not a number counts as −∞.
        each(over, |lane| {
            let known = log_ratio[lane] > f64::NEG_INFINITY;
            let falls = if log_ratio[lane] < 0.0 { log_ratio[lane] } else { 0.0 };
            acceptance[lane] = if known { falls } else { f64::NEG_INFINITY };
        });
        map(over, acceptance, exp);
        each(over, |lane| {
            log_ratio[lane] = if uniform[lane] < acceptance[lane] { 1.0 } else { 0.0 };
        });
        select(over, log_ratio, &mut self.position, &proposal.position);
        select(over, log_ratio, &mut self.gradient, &proposal.gradient);
        select_row(over, log_ratio, &mut self.log_density, &proposal.log_density);
        let energy = &mut info.energy;
        each(over, |lane| energy[lane] = -self.log_density[lane]);
    }
}
