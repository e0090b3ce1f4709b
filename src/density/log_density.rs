//! The trait that samplers, quadrature and plots see: a log density over blocks of positions.

use super::{Bound, End, Landmarks};
use crate::error::Result;
use crate::math::{Block, LANES, Lanes, Level};
use crate::stored::Archive;

/// An unnormalised log density. A formula is one implementation; a closure ([`FromFn`]) is another.
pub trait LogDensity: Send + Sync {
    /// The variables, in order, with their ranges; the dimension is their number.
    fn bounds(&self) -> &[Bound];

    /// One thread's evaluator.
    fn evaluator(&self) -> Box<dyn Evaluate + '_>;

    /// One thread's evaluator for block number `block` of the chains; another only where evaluations draw random numbers.
    fn block_evaluator(&self, block: u64) -> Box<dyn Evaluate + '_> {
        let _ = block;
        self.evaluator()
    }

    /// Where quadrature should look first; only what an expression can tell.
    fn landmarks(&self) -> Landmarks {
        Landmarks::default()
    }

    /// For one variable: log p as a function of the log-distance t from an end, computed without loss of digits: x = end ± e⁻ᵗ
    /// at a finite end, x = ±eᵗ at an infinite one. `None` if only values at plain positions are known.
    fn near_end(&self, end: End) -> Option<Box<dyn Evaluate + '_>> {
        let _ = end;
        None
    }

    /// The SIMD level at which it is evaluated; kernels step at the same.
    fn level(&self) -> Level {
        Level::detect()
    }

    /// How many rows of data an evaluation goes through for each chain; 0 if a block of chains costs little more than one chain.
    fn rows(&self) -> usize {
        0
    }

    /// How many operations a gradient takes, rows of data left out; 0 if nobody knows.
    fn operations(&self) -> usize {
        0
    }

    /// How many variables there are.
    fn dimension(&self) -> usize {
        self.bounds().len()
    }
}

/// Evaluates a log density over blocks; total: −∞ outside the support, NaN where undefined, never a panic.
///
/// `positions` and `gradient` are `[variable][lane]`, `log_density` has one value a lane. All lanes are evaluated unless [`ask_for`](Evaluate::ask_for)
/// says otherwise.
pub trait Evaluate: Send {
    /// log p.
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes);

    /// ∇ log p.
    fn gradient(&mut self, positions: &Block, gradient: &mut Block);

    /// log p and ∇ log p; what can share work between the two does.
    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        self.log_density(positions, log_density);
        self.gradient(positions, gradient);
    }

    /// From now on only the first `lanes` lanes are asked for; what the others hold means nothing. Idle lanes
    /// are then left out where that saves work.
    fn ask_for(&mut self, lanes: usize) {
        let _ = lanes;
    }

    /// The lanes that are asked for, as far as it knows.
    fn lanes(&self) -> usize {
        LANES
    }

    /// What it remembers of the calls before, in or out; most remember nothing.
    ///
    /// # Errors
    /// Kind `data` if the bytes are those of another evaluator.
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        let _ = archive;
        Ok(())
    }

    /// log p at any number of points of one variable.
    fn line(&mut self, x: &[f64], log_density: &mut [f64]) {
        let mut position = Lanes::default();
        let mut value = Lanes::default();
        for (x, out) in x.chunks(LANES).zip(log_density.chunks_mut(LANES)) {
            position[..x.len()].copy_from_slice(x);
            // Idle lanes repeat a point in use, so that they cannot raise a fault of their own.
            position[x.len()..].fill(x[0]);
            self.ask_for(x.len());
            self.log_density(std::slice::from_ref(&position), &mut value);
            out.copy_from_slice(&value[..out.len()]);
        }
        self.ask_for(LANES);
    }
}

/// A log density given by a function of one position.
///
/// ```
/// use langevin::density::{Bound, FromFn};
/// // log p = −(x² + y²)/2; the function also writes the gradient.
/// let normal = FromFn::new(
///     vec![Bound::new("x", f64::NEG_INFINITY, f64::INFINITY), Bound::new("y", f64::NEG_INFINITY, f64::INFINITY)],
///     |position, gradient| {
///         gradient[0] = -position[0];
///         gradient[1] = -position[1];
///         -(position[0] * position[0] + position[1] * position[1]) / 2.0
///     },
/// );
/// # use langevin::density::LogDensity;
/// assert_eq!(normal.dimension(), 2);
/// ```
pub struct FromFn<F> {
    bounds: Vec<Bound>,
    function: F,
}

impl<F: Fn(&[f64], &mut [f64]) -> f64 + Send + Sync> FromFn<F> {
    /// `function(position, gradient)` returns log p and writes its gradient; both slices have one entry a variable.
    pub fn new(bounds: Vec<Bound>, function: F) -> Self {
        FromFn { bounds, function }
    }
}

impl<F: Fn(&[f64], &mut [f64]) -> f64 + Send + Sync> LogDensity for FromFn<F> {
    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        let dimension = self.bounds.len();
        let numbers = || vec![0.0; dimension];
        Box::new(FromFnEvaluator { function: &self.function, position: numbers(), gradient: numbers(), lanes: LANES })
    }
}

struct FromFnEvaluator<'a, F> {
    function: &'a F,
    position: Vec<f64>,
    gradient: Vec<f64>,
    /// Lanes that are asked for.
    lanes: usize,
}

impl<F: Fn(&[f64], &mut [f64]) -> f64> FromFnEvaluator<'_, F> {
    fn lane(&mut self, positions: &Block, lane: usize) -> f64 {
        for (coordinate, row) in self.position.iter_mut().zip(positions) {
            *coordinate = row[lane];
        }
        (self.function)(&self.position, &mut self.gradient)
    }
}

impl<F: Fn(&[f64], &mut [f64]) -> f64 + Sync> Evaluate for FromFnEvaluator<'_, F> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        for lane in 0..self.lanes {
            log_density[lane] = self.lane(positions, lane);
        }
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        for lane in 0..self.lanes {
            self.lane(positions, lane);
            for (row, value) in gradient.iter_mut().zip(&self.gradient) {
                row[lane] = *value;
            }
        }
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        for lane in 0..self.lanes {
            log_density[lane] = self.lane(positions, lane);
            for (row, value) in gradient.iter_mut().zip(&self.gradient) {
                row[lane] = *value;
            }
        }
    }

    fn ask_for(&mut self, lanes: usize) {
        self.lanes = lanes.min(LANES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_function_is_called_for_the_lanes_that_are_asked_for() {
        let calls = AtomicUsize::new(0);
        let density = FromFn::new(vec![Bound::new("x", f64::NEG_INFINITY, f64::INFINITY)], |x, gradient| {
            calls.fetch_add(1, Ordering::Relaxed);
            gradient[0] = -x[0];
            -0.5 * x[0] * x[0]
        });
        let mut evaluate = density.evaluator();
        let (positions, mut value, mut gradient) = ([Lanes::splat(3.0)], Lanes::default(), [Lanes::default()]);
        evaluate.log_density(&positions, &mut value);
        assert_eq!(calls.swap(0, Ordering::Relaxed), LANES);
        evaluate.ask_for(4);
        evaluate.log_density(&positions, &mut value);
        evaluate.gradient(&positions, &mut gradient);
        evaluate.log_density_and_gradient(&positions, &mut value, &mut gradient);
        assert_eq!((calls.swap(0, Ordering::Relaxed), value[3], gradient[0][3]), (12, -4.5, -3.0));
    }
}
