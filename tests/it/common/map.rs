//! A function of one variable over many points, compiled for a SIMD level; for tests and benches.

use langevin::math::{Level, Work, dispatch};

/// Writes f(x) for each of the points.
pub(crate) fn map<F: Fn(f64) -> f64>(level: Level, function: F, points: &[f64], values: &mut [f64]) {
    dispatch(level, Map { function, points, values });
}

struct Map<'a, F> {
    function: F,
    points: &'a [f64],
    values: &'a mut [f64],
}

impl<F: Fn(f64) -> f64> Work for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (value, &point) in self.values.iter_mut().zip(self.points) {
            *value = (self.function)(point);
        }
    }
}
