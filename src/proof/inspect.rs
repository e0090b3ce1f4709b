//! Looking at a density before using it: sign, holes and zeros, by thousands of well-placed points and by proof over the boxes between.
//!
//! A point proves nothing but a witness: "negative here" is certain, "nowhere negative" is not. What is proved over the whole range is
//! told apart in [`Sign`] and [`Undefined`].

use super::cell_of;
use super::holes::hole;
use super::overflow::is_overflow;
use super::sign::{Found, sign};
use crate::density::{LogDensity, Meaning, Model};
use crate::enclosure::{Form, Interval, ranges};
use crate::error::{Error, ErrorKind, Result, plain};
use crate::math::{LANES, Lanes};
use crate::tape::{Program, ProgramEvaluator, Rounding};

/// A point and the formula's value there.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// One entry a variable.
    pub position: Vec<f64>,
    /// The formula's value as typed.
    pub value: f64,
}

/// What is known about the density's sign.
#[derive(Debug, Clone, PartialEq)]
pub enum Sign {
    /// Nowhere negative, by interval evaluation or because a logarithm was given.
    Proved,
    /// Nowhere below −`depth`, which is tiny beside the density's largest value; it touches zero near `position`, one entry a variable.
    Touches {
        /// How far below zero is not excluded, in units of the density.
        depth: f64,
        /// Where.
        position: Vec<f64>,
    },
    /// Negative at a point.
    Refuted(Witness),
    /// No negative value was met.
    Unknown,
}

/// Where a formula has no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Undefined {
    /// A point without a value.
    pub position: Vec<f64>,
    /// A box around it that is proved to have no value anywhere, by its lower and upper ends; in one dimension the whole hole.
    pub hole: Option<Vec<(f64, f64)>>,
}

/// What was met.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// How many points were evaluated.
    pub points: usize,
    /// The sign.
    pub sign: Sign,
    /// A region where the formula is undefined.
    pub undefined: Option<Undefined>,
    /// Whether the formula had a value at any point.
    pub defined: bool,
    /// The share of points where the density is zero (its logarithm −∞).
    pub zero_share: f64,
    /// Whether the density was positive anywhere.
    pub positive: bool,
    /// Whether it is proved to be zero everywhere.
    pub zero_proved: bool,
}

impl Inspection {
    /// An error if the density cannot be used. A place without a value is none: it counts as one of zero density, and
    /// [`wild`](Self::wild) names it. A density typed as such is refused where a whole region of its range is proved to have no value.
    ///
    /// # Errors
    /// Kinds `negative_density`, `domain`, `zero_density`.
    pub fn refuse(&self, model: &Model) -> Result<()> {
        let names = model.names();
        let more = if names.len() > 6 { ", …" } else { "" };
        let place = |position: &[f64]| {
            let shown: Vec<String> = names.iter().zip(position).take(6).map(|(name, x)| format!("{name} = {}", plain(*x))).collect();
            format!("{}{more}", shown.join(", "))
        };
        let is_refused = |found: &&Undefined| !self.defined || (model.meaning() == Meaning::Density && found.hole.is_some());
        if let Some(Undefined { position, hole }) = self.undefined.as_ref().filter(is_refused) {
            let message = match hole {
                None => format!("the formula is undefined at each of {} points, such as {}", self.points, place(position)),
                Some(hole) => {
                    let side = |(name, (low, high)): (&String, &(f64, f64))| format!("{name} in ({}, {})", plain(*low), plain(*high));
                    let sides: Vec<String> = names.iter().zip(hole).take(6).map(side).collect();
                    format!("the formula is undefined for every {}{more}", sides.join(", "))
                }
            };
            let error = Error::new(ErrorKind::Domain, message);
            let error = match super::blame(model, position).and_then(|found| found.span) {
                Some(span) => error.at(span),
                None => error,
            };
            let supports: Vec<String> = super::inferred(model).iter().filter(|found| found.undefined).map(ToString::to_string).collect();
            return Err(match supports[..] {
                [] => error.hint("narrow the --range to where it is defined, or guard it: if(x > 0, …, 0)"),
                _ => error.hint(supports.join("; ")),
            });
        }
        if let Sign::Refuted(witness) = &self.sign {
            let message = format!("the density is negative: {} at {}", witness.value, place(&witness.position));
            return Err(Error::new(ErrorKind::NegativeDensity, message)
                .hint("narrow the --range, mend the formula, or pass it as --energy or --log-density"));
        }
        if self.zero_proved {
            return Err(Error::new(ErrorKind::ZeroDensity, "the density is zero everywhere in its range"));
        }
        Ok(())
    }

    /// What has no value in places that are taken as places of zero density, with the first such place.
    pub fn wild(&self, model: &Model) -> Option<String> {
        let Undefined { position, .. } = self.undefined.as_ref()?;
        Some(super::blame(model, position).map_or_else(|| "the formula is nan".to_string(), |found| found.to_string()))
    }
}

/// How many points cover the ranges, at most …
const COVER: usize = 16 * LANES;
/// … and how many points times rows of data, a fraction of a second's work, but not below a few points.
const ROWS: usize = 1 << 21;
const FEWEST: usize = 32;
/// Steps of the descent towards smaller values.
const DESCENT: usize = 80;

/// Looks at `model`: a covering of its ranges, its landmarks and their neighbourhoods, and a descent to where the value is smallest.
pub fn inspect(model: &Model) -> Inspection {
    let dimension = model.dimension();
    let typed = model.typed_program();
    let mut walker =
        Walker { program: &typed, evaluator: ProgramEvaluator::new(&typed, model.level()), value: Lanes::default(), points: 0 };
    let (cover, mut landmarks) = (cover(model), near_landmarks(model));
    landmarks.truncate(if model.rows() > 0 { cover.len() } else { landmarks.len() });
    let range = model.typed_range();
    let is_density = model.meaning() == Meaning::Density;
    let mut found = Inspection {
        points: 0,
        sign: if !is_density || range.is_nonnegative() { Sign::Proved } else { Sign::Unknown },
        undefined: None,
        defined: false,
        zero_share: 0.0,
        positive: false,
        zero_proved: is_density && range.low == 0.0 && range.high == 0.0,
    };
    let mut values: Vec<(f64, Vec<f64>)> = Vec::with_capacity(cover.len() + landmarks.len());
    for position in cover.iter().chain(&landmarks) {
        values.push((f64::NAN, position.clone()));
    }
    walker.evaluate(&mut values);
    for (value, position) in &values {
        if value.is_nan() {
            if found.undefined.is_none() && !is_overflow(model.graph(), model.typed(), position) && !walker.is_removable(position, model) {
                found.undefined = Some(Undefined { position: position.clone(), hole: None });
            }
            continue;
        }
        found.defined = true;
        found.positive |= !is_density || *value > 0.0;
    }
    let cell = cell_of(model.bounds());
    // A hole is looked for where points found one, and where the formula may have one that all points missed.
    let mut form = Form::new(model.graph(), model.typed());
    if let Some(hole) = hole(&mut form, &cell) {
        let inside = hole.iter().map(|side| side.middle()).collect();
        let position = found.undefined.map_or(inside, |undefined| undefined.position);
        found.undefined = Some(Undefined { position, hole: Some(hole.iter().map(|side| (side.low, side.high)).collect()) });
    }
    let is_holed = found.undefined.as_ref().is_some_and(|undefined| undefined.hole.is_some());
    if found.sign == Sign::Unknown && !is_holed {
        let mut negative: Vec<&(f64, Vec<f64>)> = values.iter().filter(|(value, _)| *value < 0.0).collect();
        negative.sort_by(|a, b| a.0.total_cmp(&b.0));
        let first = negative.into_iter().take(PROOFS).find(|(_, position)| is_negative(model, position)).cloned();
        if let Some((value, position)) = first.or_else(|| descend(model, &mut walker, &values, dimension)) {
            found.sign = Sign::Refuted(Witness { position, value });
        }
    }
    if found.sign == Sign::Unknown && !is_holed && model.rows() == 0 {
        found.sign = match sign(model.graph(), model.typed(), &cell) {
            Found::Nonnegative => Sign::Proved,
            Found::Touches { depth, place } => Sign::Touches { depth, position: place },
            Found::Negative(position) => Sign::Refuted(Witness { value: walker.value_at(&position), position }),
            Found::Open => Sign::Unknown,
        };
    }
    found.points = walker.points;
    // Whether it is zero is the logarithm's to say: a density that underflows far out is not.
    if model.log_density_node() != model.typed() {
        let program = model.value_program();
        let mut logarithm =
            Walker { program, evaluator: ProgramEvaluator::new(program, model.level()), value: Lanes::default(), points: 0 };
        logarithm.evaluate(&mut values);
    }
    let zeros = values.iter().filter(|(value, _)| *value == f64::NEG_INFINITY).count();
    let defined = values.iter().filter(|(value, _)| !value.is_nan()).count();
    found.zero_share = zeros as f64 / defined.max(1) as f64;
    // A range that underflowed is no proof by itself.
    found.zero_proved &= zeros == defined;
    found
}

/// How many negative values are tried for a proof.
const PROOFS: usize = 64;

/// Whether the formula's value at a point is proved negative: interval evaluation of the point leaves no room for rounding.
fn is_negative(model: &Model, position: &[f64]) -> bool {
    let point: Vec<Interval> = position.iter().map(|x| Interval::new(*x, *x)).collect();
    ranges(model.graph(), model.typed(), &point)[model.typed().index()].high < 0.0
}

struct Walker<'a> {
    program: &'a Program,
    evaluator: ProgramEvaluator,
    value: Lanes,
    points: usize,
}

impl Walker<'_> {
    fn evaluate(&mut self, points: &mut [(f64, Vec<f64>)]) {
        let dimension = self.program.inputs();
        let mut block = vec![Lanes::default(); dimension];
        self.points += points.len();
        for chunk in points.chunks_mut(LANES) {
            for (variable, row) in block.iter_mut().enumerate() {
                for lane in 0..LANES {
                    row[lane] = chunk[lane.min(chunk.len() - 1)].1[variable];
                }
            }
            self.evaluator.ask_for(chunk.len());
            self.evaluator.run(self.program, &block, std::slice::from_mut(&mut self.value));
            for (lane, point) in chunk.iter_mut().enumerate() {
                point.0 = self.value[lane];
            }
        }
    }

    fn value_at(&mut self, position: &[f64]) -> f64 {
        let mut point = [(f64::NAN, position.to_vec())];
        self.evaluate(&mut point);
        point[0].0
    }

    /// Whether the formula is defined on all sides of an undefined point, as sin(x)/x is around 0.
    fn is_removable(&mut self, position: &[f64], model: &Model) -> bool {
        let mut around = Vec::new();
        for (variable, bound) in model.bounds().iter().enumerate() {
            for sign in [-1.0, 1.0] {
                let mut near = position.to_vec();
                let width = if bound.is_finite() { bound.high - bound.low } else { near[variable].abs().max(1.0) };
                near[variable] += sign * 1e-7 * width;
                if near[variable] >= bound.low && near[variable] <= bound.high {
                    around.push((f64::NAN, near));
                }
            }
        }
        self.evaluate(&mut around);
        // In several dimensions a singular line leaves its own direction undefined: one defined neighbour is then enough.
        let undefined = around.iter().filter(|(value, _)| value.is_nan()).count();
        if model.dimension() == 1 { undefined == 0 } else { undefined < around.len() }
    }
}

/// A covering of the ranges by an additive recurrence (Roberts 2018: the generalised golden ratio), stretched over infinite ends.
fn cover(model: &Model) -> Vec<Vec<f64>> {
    let dimension = model.dimension();
    // The root of φ^(d+1) = φ + 1, by its own iteration.
    let mut ratio = 2.0_f64;
    for _ in 0..40 {
        ratio = crate::math::pow(1.0 + ratio, 1.0 / (dimension as f64 + 1.0));
    }
    let rows: usize = model.value_program().loops().iter().map(|&(_, rows)| rows).sum();
    (0..(ROWS / rows.max(1)).clamp(FEWEST, COVER))
        .map(|point| {
            let mut step = 1.0;
            let along = |bound: &crate::density::Bound| {
                step /= ratio;
                let u = (0.5 + step * (point as f64 + 1.0)).fract().clamp(1e-9, 1.0 - 1e-9);
                match (bound.low.is_finite(), bound.high.is_finite()) {
                    (true, true) => (bound.low + (bound.high - bound.low) * u).clamp(bound.low, bound.high),
                    (true, false) => bound.low + stretch(u),
                    (false, true) => bound.high - stretch(u),
                    (false, false) => stretch(u) - stretch(1.0 - u),
                }
            };
            model.bounds().iter().map(along).collect()
        })
        .collect()
}

/// (0, 1) onto (0, ∞): half below 1, a fair share at every scale up to a million.
fn stretch(u: f64) -> f64 {
    u / (1.0 - u)
}

/// The landmarks of each variable and points close to them, the other variables at their own first landmark.
fn near_landmarks(model: &Model) -> Vec<Vec<f64>> {
    let landmarks = model.landmarks();
    let home: Vec<f64> = model
        .bounds()
        .iter()
        .zip(&landmarks.points)
        .map(|(bound, points)| {
            let inside = points.iter().copied().find(|point| *point > bound.low && *point < bound.high);
            inside.unwrap_or(match (bound.low.is_finite(), bound.high.is_finite()) {
                (true, true) => 0.5 * (bound.low + bound.high),
                (true, false) => bound.low + 1.0,
                (false, true) => bound.high - 1.0,
                (false, false) => 0.0,
            })
        })
        .collect();
    let mut points = vec![home.clone()];
    for (variable, (bound, marks)) in model.bounds().iter().zip(&landmarks.points).enumerate() {
        let width = if bound.is_finite() { bound.high - bound.low } else { 1.0 };
        for mark in marks {
            for exponent in 0..=9 {
                for sign in [-1.0, 1.0] {
                    // The last pass, at distance zero, is the landmark itself.
                    let distance = if exponent == 9 { 0.0 } else { width * crate::math::pow(10.0, -f64::from(exponent)) };
                    let x = mark + sign * distance;
                    if x > bound.low && x < bound.high {
                        let mut point = home.clone();
                        point[variable] = x;
                        points.push(point);
                    }
                }
            }
        }
    }
    points
}

/// Walks downhill from the smallest values met; the first negative value found.
fn descend(model: &Model, walker: &mut Walker, values: &[(f64, Vec<f64>)], dimension: usize) -> Option<(f64, Vec<f64>)> {
    let (graph, derivatives) = model.gradient_of(model.typed()).ok()?;
    let slopes = Program::compile(&graph, &derivatives, dimension, Rounding::default());
    let mut evaluator = ProgramEvaluator::new(&slopes, model.level());
    let mut ordered: Vec<&(f64, Vec<f64>)> = values.iter().filter(|(value, _)| *value > 0.0).collect();
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Half from the bottom, half from everywhere: the bottom may be nothing but a tail.
    let stride = (ordered.len() / (LANES / 2)).max(1);
    let spread = ordered.iter().step_by(stride).take(LANES / 2);
    let mut points: Vec<(f64, Vec<f64>)> = ordered.iter().take(LANES / 2).chain(spread).map(|point| (*point).clone()).collect();
    if points.is_empty() {
        return None;
    }
    let mut reach: Vec<f64> = vec![0.05; points.len()];
    let scale: Vec<f64> = model.bounds().iter().map(|bound| if bound.is_finite() { bound.high - bound.low } else { 1.0 }).collect();
    let mut block = vec![Lanes::default(); dimension];
    let mut slope = vec![Lanes::default(); dimension];
    for _ in 0..DESCENT {
        for (variable, row) in block.iter_mut().enumerate() {
            for lane in 0..LANES {
                row[lane] = points[lane.min(points.len() - 1)].1[variable];
            }
        }
        evaluator.run(&slopes, &block, &mut slope);
        let mut trial = points.clone();
        for (lane, (_, position)) in trial.iter_mut().enumerate() {
            let size = (0..dimension)
                .map(|v| {
                    let s = slope[v][lane] * scale[v];
                    s * s
                })
                .sum::<f64>()
                .sqrt();
            for (variable, x) in position.iter_mut().enumerate() {
                let bound = &model.bounds()[variable];
                let move_by = reach[lane] * scale[variable] * slope[variable][lane] * scale[variable] / size;
                if move_by.is_finite() {
                    *x = (*x - move_by).clamp(bound.low, bound.high);
                }
            }
        }
        walker.evaluate(&mut trial);
        for lane in 0..points.len() {
            if trial[lane].0 < points[lane].0 {
                points[lane] = trial[lane].clone();
                reach[lane] *= 1.3;
            } else {
                reach[lane] *= 0.4;
            }
        }
        if let Some(negative) = points.iter().find(|(value, position)| *value < 0.0 && is_negative(model, position)) {
            return Some(negative.clone());
        }
    }
    None
}
