//! A density in the coordinates of a metric, for kernels that step in the variables themselves and meet their ends.

use super::coordinates::{Coordinates, InCoordinates};
use super::draws::Population;
use super::metric::Metric;
use crate::density::{Bound, Evaluate, LogDensity, Transform};
use crate::math::{Block, LANES, Lanes, Level};

/// log p of z, where x = centre + L·z. The ends of x are ends of z.
pub struct Whitened<'a> {
    density: &'a dyn LogDensity,
    coordinates: Coordinates,
    bounds: Vec<Bound>,
}

impl<'a> Whitened<'a> {
    /// `density` in the coordinates of `metric`, which mixes variables only if all are unbounded.
    pub fn new(density: &'a dyn LogDensity, metric: Metric) -> Whitened<'a> {
        let (centre, scales) = (metric.centre.clone(), metric.scales());
        let end = |end: f64, i: usize| if end.is_finite() { (end - centre[i]) / scales[i] } else { end };
        let seen = |(i, bound): (usize, &Bound)| Bound { low: end(bound.low, i), high: end(bound.high, i), ..bound.clone() };
        let bounds: Vec<Bound> = density.bounds().iter().enumerate().map(seen).collect();
        debug_assert!(metric.is_diagonal() || bounds.iter().all(|bound| bound.low == f64::NEG_INFINITY && bound.high == f64::INFINITY));
        let mut coordinates = Coordinates::new(&bounds, density.level());
        // The kernels keep to the ends.
        coordinates.transforms.fill(Transform::Identity);
        coordinates.metric = metric;
        Whitened { density, coordinates, bounds }
    }

    /// The coordinates.
    pub fn coordinates(&self) -> &Coordinates {
        &self.coordinates
    }

    /// z of a position.
    pub fn whiten(&self, position: &[f64]) -> Vec<f64> {
        let x: Vec<Lanes> = position.iter().map(|x| Lanes::splat(*x)).collect();
        let mut z = x.clone();
        self.coordinates.whitened(&x, &mut z);
        z.iter().map(|row| row[0]).collect()
    }

    /// The positions of a population of z.
    pub fn positions(&self, population: &Population) -> Population {
        let mut found = population.clone();
        for block in 0..population.blocks() {
            let z = population.block(block);
            let mut x = z.clone();
            self.coordinates.unconstrained(&z, &mut x);
            found.store(block, &x);
        }
        found
    }
}

impl LogDensity for Whitened<'_> {
    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        let scratch = vec![Lanes::default(); 2 * self.bounds.len()];
        Box::new(Evaluator { inner: self.density.evaluator(), coordinates: &self.coordinates, scratch, active: LANES })
    }

    fn level(&self) -> Level {
        self.density.level()
    }

    fn rows(&self) -> usize {
        self.density.rows()
    }

    fn operations(&self) -> usize {
        self.density.operations()
    }
}

struct Evaluator<'a> {
    inner: Box<dyn Evaluate + 'a>,
    coordinates: &'a Coordinates,
    scratch: Vec<Lanes>,
    active: usize,
}

impl<'a> Evaluator<'a> {
    fn seen(&mut self) -> InCoordinates<'_, 'a> {
        let Evaluator { inner, coordinates, scratch, active } = self;
        InCoordinates { inner: &mut **inner, coordinates, scratch, active: *active }
    }
}

impl Evaluate for Evaluator<'_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.seen().log_density(positions, log_density);
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.seen().gradient(positions, gradient);
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        self.seen().log_density_and_gradient(positions, log_density, gradient);
    }

    fn ask_for(&mut self, lanes: usize) {
        self.active = lanes;
        self.inner.ask_for(lanes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Boundary, FromFn};

    #[test]
    fn values_slopes_and_ends_are_those_of_the_variables() {
        let ends = |low: f64, high: f64| Bound { boundary: Boundary::Wrap, ..Bound::new("x", low, high) };
        let bounds = vec![ends(-1.0, 3.0), ends(f64::NEG_INFINITY, 0.5)];
        let density = FromFn::new(bounds, |x, slope| {
            (slope[0], slope[1]) = (2.0 * x[0] + x[1], x[0]);
            x[0] * x[0] + x[0] * x[1]
        });
        let seen = Whitened::new(&density, Metric::diagonal(vec![0.0; 2], &[4.0, 0.25]));
        let found: Vec<_> = seen.bounds().iter().map(|bound| (bound.low, bound.high, bound.boundary)).collect();
        assert_eq!(found, [(-0.25, 0.75, Boundary::Wrap), (f64::NEG_INFINITY, 2.0, Boundary::Wrap)]);
        let z = seen.whiten(&[2.0, -3.0]);
        assert_eq!(z, [0.5, -12.0]);
        let block: Vec<Lanes> = z.iter().map(|z| Lanes::splat(*z)).collect();
        let (mut value, mut slope) = (Lanes::default(), block.clone());
        seen.evaluator().log_density_and_gradient(&block, &mut value, &mut slope);
        assert_eq!((value[0], slope[0][0], slope[1][0]), (-2.0, 4.0, 0.5));
        slope.iter_mut().for_each(|row| row.fill(0.0));
        seen.evaluator().gradient(&block, &mut slope);
        assert_eq!((slope[0][0], slope[1][0]), (4.0, 0.5));
        let one = Population::from_columns(vec![vec![0.5], vec![-12.0]]);
        assert_eq!(seen.positions(&one).position(0), [2.0, -3.0]);
    }
}
