//! One chain at a time with rand's fastest generator, and each gradient written out in scalar Rust: what people write in an afternoon.

use langevin::density::Bound;
use langevin::math::LANES;
use langevin::sampler::Population;
use rand::{SeedableRng, rngs::SmallRng};
use rand_distr::{Distribution, StandardNormal};

use crate::contender::{Contender, Run};
use crate::problems::{SCALE, centres, precision};

/// The contender for the problem called `problem`.
pub(crate) fn contender(problem: &str, bounds: &[Bound]) -> Box<dyn Contender> {
    let name = "scalar Rust";
    let bounds = bounds.to_vec();
    match problem {
        "quartic" => Box::new(Scalar { name, gradient: quartic, bounds }),
        "banana" => Box::new(Scalar { name, gradient: banana, bounds }),
        "ring" => {
            let centres = centres();
            Box::new(Scalar { name, gradient: move |x: &[f64; 2]| ring(&centres, x), bounds })
        }
        "dense" => {
            let precision = precision();
            Box::new(Scalar { name, gradient: move |x: &[f64; 50]| dense(&precision, x), bounds })
        }
        _ => unreachable!("the problems are known"),
    }
}

/// A contender made of a function that returns the gradient at one position.
pub(crate) struct Scalar<const D: usize, F> {
    pub(crate) name: &'static str,
    pub(crate) gradient: F,
    pub(crate) bounds: Vec<Bound>,
}

impl<const D: usize, F: Fn(&[f64; D]) -> [f64; D]> Contender for Scalar<D, F> {
    fn name(&self) -> String {
        format!("{}, SmallRng", self.name)
    }

    fn gradient(&self, position: &[f64]) -> Vec<f64> {
        (self.gradient)(position.try_into().expect("a position of the problem's dimension")).to_vec()
    }

    fn run(&self, run: &Run) -> Population {
        let ends: [(f64, f64); D] = std::array::from_fn(|i| (self.bounds[i].low, self.bounds[i].high));
        let spread = (2.0 * run.step_size).sqrt();
        let mut rng = SmallRng::seed_from_u64(run.seed);
        let mut chains: Vec<[f64; D]> =
            (0..run.starts.chains()).map(|chain| std::array::from_fn(|i| run.starts.column(i)[chain])).collect();
        // Steps of independent chains overlap in the processor, steps of one chain cannot: so all chains of a group take each step.
        for group in chains.chunks_mut(LANES) {
            for _ in 0..run.steps {
                for x in group.iter_mut() {
                    let gradient = (self.gradient)(x);
                    for i in 0..D {
                        let noise: f64 = StandardNormal.sample(&mut rng);
                        let (low, high) = ends[i];
                        let moved = x[i] + run.step_size * gradient[i] + spread * noise;
                        let moved = if moved < low { low + (low - moved) } else { moved };
                        x[i] = if moved > high { high - (moved - high) } else { moved };
                    }
                }
            }
        }
        Population::from_columns((0..D).map(|i| chains.iter().map(|x| x[i]).collect()).collect())
    }
}

fn quartic([x]: &[f64; 1]) -> [f64; 1] {
    let (a, b) = (x - 0.4, x - 0.2);
    let square = a * a;
    [(4.0 * a * square - 2.0 * b) / (square * square - b * b + 0.6)]
}

fn banana(x: &[f64; 10]) -> [f64; 10] {
    let mut gradient = [0.0; 10];
    for i in 0..9 {
        let bend = x[i + 1] - x[i] * x[i];
        gradient[i] += 20.0 * x[i] * bend + 0.1 * (1.0 - x[i]);
        gradient[i + 1] -= 10.0 * bend;
    }
    for i in 0..10 {
        gradient[i] -= 0.1 / (1.0 + (-x[i]).exp()) + 0.2 * x[i] / (1.0 + x[i] * x[i]);
    }
    gradient
}

fn ring(centres: &[[f64; 2]; 8], [x, y]: &[f64; 2]) -> [f64; 2] {
    let (mut total, mut pull) = (0.0, [0.0; 2]);
    for [u, v] in centres {
        let (dx, dy) = (u - x, v - y);
        let weight = (-(dx * dx + dy * dy) / (2.0 * SCALE * SCALE)).exp();
        total += weight;
        pull[0] += weight * dx;
        pull[1] += weight * dy;
    }
    let factor = 1.0 / (total * SCALE * SCALE);
    [pull[0] * factor, pull[1] * factor]
}

fn dense(precision: &[[f64; 50]; 50], x: &[f64; 50]) -> [f64; 50] {
    // By columns: the rows' sums do not wait for each other, so the compiler uses the vectors that every machine has.
    let mut gradient = [0.0; 50];
    for (column, x) in precision.iter().zip(x) {
        for (gradient, entry) in gradient.iter_mut().zip(column) {
            *gradient -= entry * x;
        }
    }
    gradient
}
