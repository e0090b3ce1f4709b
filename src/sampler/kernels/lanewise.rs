//! What kernels are made of: loops over lanes, a point with its density, the Metropolis test.

use super::StepInfo;
use crate::density::Evaluate;
use crate::math::{LANES, Lanes, Level, Work, dispatch, exp, log1p};
use crate::random::{BlockRng, fill_uniform};

/// Runs `body` for every lane, compiled for `level`.
#[inline(always)]
pub(in crate::sampler) fn each<F: FnMut(usize)>(level: Level, body: F) {
    dispatch(level, Each(body));
}

/// Runs `body` for the first `lanes` lanes, compiled for `level`.
#[inline(always)]
pub(in crate::sampler) fn each_of<F: FnMut(usize)>(level: Level, lanes: usize, body: F) {
    dispatch(level, EachOf(lanes.min(LANES), body));
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
        for lane in 0..self.0 {
            (self.1)(lane);
        }
    }
}

/// Σᵢ aᵢbᵢ over the rows.
pub(in crate::sampler) fn dot(level: Level, a: &[Lanes], b: &[Lanes], out: &mut Lanes) {
    *out = Lanes::default();
    for (a, b) in a.iter().zip(b) {
        each(level, |lane| out[lane] = a[lane].mul_add(b[lane], out[lane]));
    }
}

/// y ← y + s·x, s a lane each.
pub(in crate::sampler) fn add_scaled(level: Level, y: &mut [Lanes], s: &Lanes, x: &[Lanes]) {
    for (y, x) in y.iter_mut().zip(x) {
        each(level, |lane| y[lane] = s[lane].mul_add(x[lane], y[lane]));
    }
}

/// y ← y + Σᵢ wᵢ·xᵢ in the first `lanes` lanes, one after the other; the sums stay in registers.
pub(in crate::sampler) fn add_combination<'a>(
    level: Level,
    lanes: usize,
    y: &mut Lanes,
    terms: impl Iterator<Item = (f64, &'a Lanes)> + Clone,
) {
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
        const TILE: usize = 32;
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
pub(in crate::sampler) fn select(level: Level, mask: &Lanes, to: &mut [Lanes], from: &[Lanes]) {
    for (to, from) in to.iter_mut().zip(from) {
        select_row(level, mask, to, from);
    }
}

/// [`select`] for one row.
pub(in crate::sampler) fn select_row(level: Level, mask: &Lanes, to: &mut Lanes, from: &Lanes) {
    each(level, |lane| to[lane] = if mask[lane] == 0.0 { to[lane] } else { from[lane] });
}

/// x ← f(x) in every lane, for f of `math`: in the body of [`each`] a function so large may stay a call, compiled for no level.
pub(in crate::sampler) fn map<F: Fn(f64) -> f64>(level: Level, x: &mut Lanes, f: F) {
    struct Map<'a, F>(&'a mut Lanes, F);
    impl<F: Fn(f64) -> f64> Work for Map<'_, F> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            for lane in 0..LANES {
                self.0[lane] = (self.1)(self.0[lane]);
            }
        }
    }
    dispatch(level, Map(x, f));
}

/// log(eᵃ + eᵇ), written over a.
pub(in crate::sampler) fn log_add_exp(level: Level, a: &mut Lanes, b: &Lanes) {
    // e of the difference, then how far the sum is above the larger.
    let mut above = Lanes::default();
    each(level, |lane| above[lane] = if a[lane] > b[lane] { b[lane] - a[lane] } else { a[lane] - b[lane] });
    map(level, &mut above, exp);
    map(level, &mut above, log1p);
    each(level, |lane| {
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

impl Point {
    /// The point at `position`.
    pub(in crate::sampler) fn new(position: Vec<Lanes>, evaluate: &mut dyn Evaluate) -> Point {
        let mut point = Point { gradient: position.clone(), position, log_density: Lanes::default() };
        point.evaluate(evaluate);
        point
    }

    /// `from`, into the memory of `self`.
    pub(in crate::sampler) fn copy_from(&mut self, from: &Point) {
        self.position.copy_from_slice(&from.position);
        self.gradient.copy_from_slice(&from.gradient);
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
        level: Level,
        proposal: &Point,
        log_ratio: &mut Lanes,
        uniform: &mut Lanes,
        noise: &mut BlockRng,
        info: &mut StepInfo,
    ) {
        fill_uniform(level, noise, uniform);
        let acceptance = &mut info.acceptance;
        // A comparison with NaN is false: what is not a number counts as −∞.
        each(level, |lane| {
            let known = log_ratio[lane] > f64::NEG_INFINITY;
            let falls = if log_ratio[lane] < 0.0 { log_ratio[lane] } else { 0.0 };
            acceptance[lane] = if known { falls } else { f64::NEG_INFINITY };
        });
        map(level, acceptance, exp);
        each(level, |lane| {
            log_ratio[lane] = if uniform[lane] < acceptance[lane] { 1.0 } else { 0.0 };
        });
        select(level, log_ratio, &mut self.position, &proposal.position);
        select(level, log_ratio, &mut self.gradient, &proposal.gradient);
        select_row(level, log_ratio, &mut self.log_density, &proposal.log_density);
        let energy = &mut info.energy;
        each(level, |lane| energy[lane] = -self.log_density[lane]);
    }
}
