//! Iterated integrals: each variable by the one-dimensional rule, the inner integral being the density of the outer one.
//!
//! Every line has the landmarks of its own formula, the other variables being numbers on it, so a ridge or a far mode is looked for
//! where it is on that line.

use crate::density::{Evaluate, LogDensity, Model};
use crate::error::{Error, ErrorKind, Result, plain};
use crate::math::{LANES, Lanes};
use crate::quadrature::{Line, Reference, Tolerance, integrate, mass};

/// What the iterated integral found: the law of the outermost variable, whose Z is that of all.
pub(super) struct Nested {
    pub(super) outer: Reference,
    pub(super) relative_error: f64,
    pub(super) evaluations: usize,
}

/// The integral over the variables of `model` in `order`, the outermost first.
///
/// # Errors
/// Those of [`integrate`] for the outermost variable; `NotIntegrated` if inner integrals seem to diverge on more than a point where there is mass.
pub(super) fn nested(model: &Model, order: &[usize], tolerance: Tolerance) -> Result<Nested> {
    let mut lines = Lines::new(model, order, tolerance);
    let variable = order[0];
    let bound = &model.bounds()[variable];
    let (points, frequency) = landmarks(model, variable, &lines.middle(), true);
    let mut evaluate = |x: &[f64], out: &mut [f64]| lines.inner(0, x, out);
    let line = Line { low: bound.low, high: bound.high, log_density: &mut evaluate, landmarks: &points, frequency, near_end: None };
    let outer = integrate(line, Tolerance { evaluations: 50_000, ..tolerance });
    if let Some(error) = lines.failed {
        return Err(error);
    }
    let (diverged, evaluations, doubts) = (lines.diverged, lines.evaluations, lines.doubts);
    // Single points may be poles.
    let outside = if diverged.len() > 3 { outer.as_ref().map_or(1.0, |outer| beyond(outer, &diverged)) } else { 0.0 };
    if outside > NOT_SEEN {
        let (name, at) = (&model.bounds()[order[1]].name, plain(diverged[0]));
        let message = format!("the integral over `{name}` could not be found, at {} = {at} for one: it seems to diverge", bound.name);
        return Err(Error::new(ErrorKind::NotIntegrated, message).hint("restrict the ranges, or add a factor that falls off faster"));
    }
    let outer = outer?;
    // Those that matter: not e⁻⁴⁰ of the largest.
    let top = doubts.iter().map(|(log_mass, _)| *log_mass).fold(f64::NEG_INFINITY, f64::max);
    let matter = doubts.iter().filter(|(log_mass, _)| *log_mass > top - 40.0);
    let relative_error = outer.integral.relative_error + outside + matter.map(|(_, error)| *error).fold(0.0, f64::max);
    Ok(Nested { outer, relative_error, evaluations })
}

/// Draws of variable `order[1]` of a density of two variables given those of `order[0]`: the quantiles of their lines at `uniform`. NaN
/// where a line has no integral.
pub(super) fn draw_given(model: &Model, order: [usize; 2], given: &Lanes, uniform: &Lanes, out: &mut Lanes) {
    let tolerance = Tolerance { relative: 1e-7, evaluations: 20_000 };
    let mut lines = Lines::new(model, &order, tolerance);
    let bound = &model.bounds()[order[1]];
    for lane in 0..LANES {
        lines.position[order[0]] = given[lane];
        let (points, frequency) = landmarks(model, order[1], &lines.position, false);
        let mut evaluate = |x: &[f64], out: &mut [f64]| lines.inner(1, x, out);
        let line = Line { low: bound.low, high: bound.high, log_density: &mut evaluate, landmarks: &points, frequency, near_end: None };
        out[lane] = integrate(line, tolerance).map_or(f64::NAN, |law| law.quantile(uniform[lane]));
    }
}

/// Inner integrals that no rule finds are passed over where the outer law has less mass than this: too far out for doubles.
const NOT_SEEN: f64 = 1e-8;

/// The mass of the outer law from the innermost of `places` on either side outward, or of the lighter part where they lie inside.
fn beyond(outer: &Reference, places: &[f64]) -> f64 {
    let sides = places.iter().map(|&x| outer.cdf(x)).map(|below| if below < 0.5 { (below, 0.0) } else { (0.0, 1.0 - below) });
    let (low, high) = sides.fold((0.0, 0.0), |most: (f64, f64), (low, high)| (most.0.max(low), most.1.max(high)));
    low + high
}

/// Landmarks of a line; without a position those of the formula in any of its lines through the middle.
fn landmarks(model: &Model, variable: usize, position: &[f64], outermost: bool) -> (Vec<f64>, f64) {
    let (mut points, frequency) = model.landmarks_along(variable, position);
    if outermost {
        points.extend(model.landmarks().points.get(variable).into_iter().flatten());
        points.sort_by(f64::total_cmp);
        points.dedup();
    }
    (points, frequency)
}

struct Lines<'a> {
    model: &'a Model,
    evaluator: Box<dyn Evaluate + 'a>,
    order: &'a [usize],
    position: Vec<f64>,
    tolerance: Tolerance,
    evaluations: usize,
    budget: usize,
    /// The inner integrals' logarithms and relative errors.
    doubts: Vec<(f64, f64)>,
    diverged: Vec<f64>,
    failed: Option<Error>,
}

impl<'a> Lines<'a> {
    fn new(model: &'a Model, order: &'a [usize], tolerance: Tolerance) -> Lines<'a> {
        Lines {
            model,
            evaluator: model.evaluator(),
            order,
            position: vec![0.0; model.dimension()],
            tolerance,
            evaluations: 0,
            budget: tolerance.evaluations,
            doubts: Vec::new(),
            diverged: Vec::new(),
            failed: None,
        }
    }

    /// A point inside every range.
    fn middle(&self) -> Vec<f64> {
        let middle = |low: f64, high: f64| match (low.is_finite(), high.is_finite()) {
            (true, true) => 0.5 * (low + high),
            (true, false) => low + 1.0,
            (false, true) => high - 1.0,
            (false, false) => 0.0,
        };
        self.model.bounds().iter().map(|bound| middle(bound.low, bound.high)).collect()
    }

    /// log ∫ over the variables inside level `level`, at each value of that level's variable.
    fn inner(&mut self, level: usize, xs: &[f64], out: &mut [f64]) {
        let variable = self.order[level];
        if level + 1 == self.order.len() {
            self.evaluations += xs.len();
            let mut block: Vec<Lanes> = self.position.iter().map(|&x| Lanes::splat(x)).collect();
            let mut value = Lanes::default();
            for (xs, out) in xs.chunks(LANES).zip(out.chunks_mut(LANES)) {
                block[variable][..xs.len()].copy_from_slice(xs);
                block[variable][xs.len()..].fill(xs[0]);
                self.evaluator.ask_for(xs.len());
                self.evaluator.log_density(&block, &mut value);
                out.copy_from_slice(&value[..out.len()]);
            }
            return;
        }
        for (&x, out) in xs.iter().zip(out) {
            self.position[variable] = x;
            *out = self.line(level + 1);
        }
    }

    /// log p on this line at a few points of every scale, the largest.
    fn height(&mut self, level: usize) -> f64 {
        let bound = &self.model.bounds()[self.order[level]];
        let inside = |x: f64| x > bound.low && x < bound.high;
        let steps = (-8..=8).flat_map(|k| [10_f64.powi(k), -(10_f64.powi(k))]);
        let xs: Vec<f64> = steps.chain(self.position.iter().copied()).filter(|&x| inside(x)).collect();
        let mut out = vec![f64::NEG_INFINITY; xs.len()];
        if level + 1 == self.order.len() && !xs.is_empty() {
            self.inner(level, &xs, &mut out);
        }
        out.into_iter().fold(f64::NEG_INFINITY, f64::max)
    }

    fn line(&mut self, level: usize) -> f64 {
        if self.failed.is_some() || self.evaluations > self.budget {
            self.failed.get_or_insert_with(|| {
                Error::new(ErrorKind::Unsupported, "the iterated integral needs more evaluations than are allowed")
                    .hint("`langevin sample` serves any number of variables")
            });
            return f64::NEG_INFINITY;
        }
        let variable = self.order[level];
        let (low, high) = (self.model.bounds()[variable].low, self.model.bounds()[variable].high);
        let (points, frequency) = landmarks(self.model, variable, &self.position, false);
        let place = self.position[self.order[0]];
        let tolerance = self.tolerance;
        let mut evaluate = |x: &[f64], out: &mut [f64]| self.inner(level, x, out);
        let line = Line { low, high, log_density: &mut evaluate, landmarks: &points, frequency, near_end: None };
        match mass(line, Tolerance { evaluations: 20_000, ..tolerance }) {
            Ok((log_mass, relative_error, _)) => {
                self.doubts.push((log_mass, relative_error));
                log_mass
            }
            Err(error) if error.kind == ErrorKind::NoMass => f64::NEG_INFINITY,
            Err(error) if error.kind == ErrorKind::NotIntegrated => {
                // Far out, where log p has more digits before the point than behind it, a tail looks flat: what counts is the height.
                let level = self.height(level);
                let top = self.doubts.iter().map(|(log_mass, _)| *log_mass).fold(f64::NEG_INFINITY, f64::max);
                if level < top - 1e3 {
                    return f64::NEG_INFINITY;
                }
                if !self.diverged.contains(&place) {
                    self.diverged.push(place);
                }
                f64::INFINITY
            }
            // Undefined on the whole line.
            Err(_) => f64::NAN,
        }
    }
}
