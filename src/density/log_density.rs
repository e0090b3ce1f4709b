//! The trait that samplers, quadrature and plots see: a log density over blocks of positions.

use super::{Bound, End, Landmarks};
use crate::math::{Block, LANES, Lanes, Level};

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
        Box::new(FromFnEvaluator { function: &self.function, position: vec![0.0; dimension], gradient: vec![0.0; dimension] })
    }
}

struct FromFnEvaluator<'a, F> {
    function: &'a F,
    position: Vec<f64>,
    gradient: Vec<f64>,
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
        for lane in 0..LANES {
            log_density[lane] = self.lane(positions, lane);
        }
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        for lane in 0..LANES {
            self.lane(positions, lane);
            for (row, value) in gradient.iter_mut().zip(&self.gradient) {
                row[lane] = *value;
            }
        }
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        for lane in 0..LANES {
            log_density[lane] = self.lane(positions, lane);
            for (row, value) in gradient.iter_mut().zip(&self.gradient) {
                row[lane] = *value;
            }
        }
    }
}
