//! Bounds on Z that are proved: the range in panels with enclosed integrals, split until the bounds are as close as asked.
//!
//! Moore, Kearfott & Cloud (2009), chapter 9, for the panels. Toward singular points and infinity a germ bounds what is left, or proves
//! that it diverges. Assumes of floating point only that our elementary functions err by at most two units in the last place.

mod boxes;
mod integrand;
mod panel;

use std::cmp::Ordering;
use std::collections::BinaryHeap;

pub(super) use boxes::certify_boxes;
use integrand::{Integrand, Place};
use panel::Panel;

use super::refuse::infinite_at;
use super::{CERTIFY, Reference};
use crate::density::{LogDensity, Model};
use crate::enclosure::{Interval, Mass};
use crate::error::{Error, ErrorKind, Result, plain};

/// Series evaluated before the work ends with what is known.
const MOST_SERIES: usize = 60_000;
/// Operations on series before it ends, unless bounds are wanted closer than they are by default: about a second.
const BY_DEFAULT: usize = 1_500_000;
/// Splits of panels without finite bounds before that place is given up.
const MOST_UNBOUNDED: usize = 400;
/// From here on the tails of an infinite range begin, at the nearest.
const FAR: f64 = 16.0;
/// Factor by which the first split of a stub brings it nearer.
const NEARER: f64 = 16.0;

/// Bounds on Z.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// The bounds are in units of exp(`log_unit`), exactly.
    pub log_unit: f64,
    /// Z in those units lies between these.
    pub bounds: Interval,
    /// Interval Taylor series evaluated.
    pub series: usize,
    /// Ends of the panels in x itself: where the density asked for care.
    pub(super) knots: Vec<f64>,
    /// Why the bounds are not as close as they were asked to be.
    pub reason: Option<String>,
}

impl Certificate {
    /// Of the empty product.
    pub(super) fn one() -> Certificate {
        Certificate { log_unit: 0.0, bounds: Interval::ONE, series: 0, knots: Vec::new(), reason: None }
    }

    /// Of the product of two integrals over different variables.
    pub(super) fn times(self, other: &Certificate) -> Certificate {
        Certificate {
            // Whole numbers, or 0: their sum is exact.
            log_unit: self.log_unit + other.log_unit,
            bounds: self.bounds * other.bounds,
            series: self.series + other.series,
            knots: Vec::new(),
            reason: self.reason.or_else(|| other.reason.clone()),
        }
    }

    /// Of the integral times exp(`log_factor`), which is known to ± `slack`.
    pub(super) fn times_exp(self, log_factor: f64, slack: f64) -> Certificate {
        let whole = log_factor.round();
        let rest = log_factor - whole;
        let factor = Interval::new((rest - slack).exp().next_down(), (rest + slack).exp().next_up());
        Certificate { log_unit: self.log_unit + whole, bounds: self.bounds * factor, ..self }
    }

    /// Half the width of the bounds relative to their middle.
    pub fn relative_width(&self) -> f64 {
        0.5 * self.bounds.width() / self.bounds.middle().abs()
    }

    /// Whether the bounds hold a value, by its logarithm, give or take its own roundings.
    pub(super) fn holds(&self, log_value: f64, rounding: f64) -> bool {
        let value = (log_value - self.log_unit).exp();
        let slack = value * (rounding + 4.0 * f64::EPSILON * log_value.abs());
        self.bounds.low <= value + slack && value - slack <= self.bounds.high
    }

    /// The bounds on Z itself; 0 or infinite where Z leaves the doubles.
    pub fn value_bounds(&self) -> (f64, f64) {
        if self.log_unit == 0.0 {
            return (self.bounds.low, self.bounds.high);
        }
        let (low, high) = self.log_bounds();
        let outward = |log: f64, sign: f64| log.exp() * (1.0 + sign * 4e-16);
        (outward(low, -1.0), outward(high, 1.0))
    }

    /// log of the bounds, for a Z of any size.
    pub fn log_bounds(&self) -> (f64, f64) {
        let log = |x: f64| self.log_unit + x.max(0.0).ln();
        (log(self.bounds.low).next_down(), log(self.bounds.high).next_up())
    }
}

/// Proves bounds on ∫p of the only variable, `relative` apart, by what an estimate says of where the mass is.
///
/// # Errors
/// `InfiniteZ` where the integral is proved to diverge.
///
/// ```
/// use langevin::density::{Meaning, Model};
/// use langevin::quadrature::certify;
/// let model = Model::new("1/(1+x^2)", Meaning::Density, &[])?;
/// let found = certify(&model, None, 1e-9)?;
/// assert!(found.bounds.contains(std::f64::consts::PI) && found.bounds.width() < 1e-8);
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn certify(model: &Model, estimate: Option<&Reference>, relative: f64) -> Result<Certificate> {
    let [bound] = model.bounds() else {
        return Err(Error::new(ErrorKind::Unsupported, "bounds on Z are proved for one variable"));
    };
    let landmarks = model.landmarks();
    let inside = |x: &f64| bound.low < *x && *x < bound.high;
    let mut points: Vec<f64> = landmarks.points.first().into_iter().flatten().copied().filter(inside).collect();
    points.extend([bound.low, bound.high].into_iter().filter(|end| end.is_finite()));
    points.sort_by(f64::total_cmp);
    points.dedup();
    let mut quantiles =
        estimate.map_or(Vec::new(), |reference| [1e-4, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0 - 1e-4].map(|p| reference.quantile(p)).to_vec());
    let unit = unit_of(&quantiles);
    quantiles.iter_mut().chain(&mut points).for_each(|x| *x /= unit);
    // Of ∫p in that variable.
    let log_size = estimate.map_or(0.0, |reference| reference.integral.log_value - unit.ln());
    let integrand = Integrand::new(model, log_size, &points, unit);
    let mut work = Work { integrand, items: Vec::new(), heap: BinaryHeap::new(), fixed: Interval::ZERO, stuck: None };
    work.begin(bound.low / unit, bound.high / unit, &points, &quantiles)?;
    let mut found = work.refine(relative)?;
    found.knots.iter_mut().for_each(|x| *x *= unit);
    found.bounds = found.bounds * Interval::point(unit);
    Ok(found)
}

/// A power of two about as large as the density is wide where that is far from 1, so that powers of x stay within the doubles.
fn unit_of(quantiles: &[f64]) -> f64 {
    const FAR: f64 = 60.0;
    // The larger of two neighbours, as one may be 0; the smaller of those, as a heavy tail reaches far.
    let inner = quantiles.get(2..5).unwrap_or(&[]);
    let size = inner.windows(2).map(|pair| pair[0].abs().max(pair[1].abs())).fold(f64::INFINITY, f64::min);
    let exponent = size.log2().floor();
    if exponent.is_finite() && exponent.abs() > FAR { exponent.clamp(-1000.0, 1000.0).exp2() } else { 1.0 }
}

/// A panel, or what lies beyond the last one toward a singular point or infinity.
#[derive(Debug, Clone, Copy)]
enum Item {
    Panel(Panel),
    /// From `edge` (a distance, or |x|) on; how often it was split.
    Stub {
        place: Place,
        edge: f64,
        splits: i32,
        bounds: Interval,
    },
}

impl Item {
    fn bounds(&self) -> Interval {
        match self {
            Item::Panel(panel) => panel.bounds,
            Item::Stub { bounds, .. } => *bounds,
        }
    }
}

struct Work {
    integrand: Integrand,
    items: Vec<Item>,
    heap: BinaryHeap<Worst>,
    /// What no splitting changes: slivers that rounding leaves between panels.
    fixed: Interval,
    /// Where no bound was found.
    stuck: Option<f64>,
}

impl Work {
    fn begin(&mut self, low: f64, high: f64, points: &[f64], quantiles: &[f64]) -> Result<()> {
        let finite = quantiles.iter().chain(points).filter(|x| x.is_finite());
        let far = finite.fold(FAR, |most, x| most.max(1.1 * x.abs()));
        let (start, end) = (low.max(-far), high.min(far));
        let mut edges: Vec<f64> = points.iter().copied().chain([start, end]).collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        for (is_infinite, sign) in [(low == f64::NEG_INFINITY, -1.0), (high == f64::INFINITY, 1.0)] {
            if is_infinite {
                self.stub(Place::Far(sign), far, 0)?;
            }
        }
        for pair in edges.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let from = self.side(a, 1.0, b - a, points.contains(&a))?;
            let to = self.side(b, -1.0, b - a, points.contains(&b))?;
            let mut cuts: Vec<f64> = quantiles.iter().copied().filter(|x| from < *x && *x < to).chain([from, to]).collect();
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            for pair in cuts.windows(2) {
                self.panel(Place::Direct, pair[0], pair[1]);
            }
        }
        Ok(())
    }

    /// Looks at one side of a point; where the density is not bounded there, panels in the distance from it. Returns from where on x itself
    /// serves.
    fn side(&mut self, anchor: f64, sign: f64, gap: f64, known: bool) -> Result<f64> {
        let near = anchor + sign * 1e-3 * gap;
        let beside = Interval::new(anchor.min(near), anchor.max(near));
        let series = self.integrand.series(Place::Direct, beside);
        if !known || series.is_total() && series.range().is_finite() {
            return Ok(anchor);
        }
        let edge = anchor + sign * 0.5 * gap;
        let distance = (edge - anchor).abs();
        let place = Place::Near(self.integrand.add_side(anchor, sign));
        let first = distance.min(crate::enclosure::LARGEST_REACH);
        self.stub(place, first, 0)?;
        if first < distance {
            self.panel(place, first, distance);
        }
        // The distance was rounded: the sliver it misses.
        let miss = (Interval::point(edge) - Interval::point(anchor)).abs() - Interval::point(distance);
        if !miss.is_zero() {
            let around = self.integrand.series(Place::Direct, Interval::new(edge.next_down(), edge.next_up())).range();
            self.fixed = self.fixed + around * miss.hull(Interval::ZERO).hull(-miss);
        }
        Ok(edge)
    }

    fn panel(&mut self, place: Place, low: f64, high: f64) {
        let panel = Panel::new(&mut self.integrand, place, low, high);
        self.push(Item::Panel(panel));
    }

    fn stub(&mut self, place: Place, edge: f64, splits: i32) -> Result<()> {
        let (reach, weight) = match place {
            Place::Far(_) => (1.0 / edge, -2.0),
            _ => (edge, 0.0),
        };
        let germ = self.integrand.germ(place, reach);
        let bounds = match germ.mass(weight) {
            Mass::Within(bounds) => bounds,
            Mass::Unknown => Interval::ALL,
            Mass::Infinite => {
                let power = germ.power().map_or(f64::INFINITY, |(power, _)| power);
                return Err(match place {
                    Place::Near(side) => infinite_at(self.integrand.sides[side].anchor, -power),
                    Place::Far(sign) => infinite_at(sign * f64::INFINITY, power),
                    Place::Direct => unreachable!("a stub lies near a point or far out"),
                });
            }
        };
        self.push(Item::Stub { place, edge, splits, bounds });
        Ok(())
    }

    fn push(&mut self, item: Item) {
        let width = item.bounds().width();
        self.heap.push(Worst { width: if width.is_nan() { f64::INFINITY } else { width }, at: self.items.len() });
        self.items.push(item);
    }

    /// Splits what is least known until the bounds are close.
    fn refine(mut self, relative: f64) -> Result<Certificate> {
        let mut total = self.total();
        let mut unbounded = 0;
        let mut since = 0;
        let most = if relative >= CERTIFY { MOST_SERIES.min(BY_DEFAULT / self.integrand.operations()) } else { MOST_SERIES };
        while self.integrand.series < most {
            // Sums of changes drift; now and then, and before the end, everything is added up anew.
            let (low, high) = (total.low, total.high);
            let goal = |total: Interval| 2.0 * relative * total.low.abs().min(total.high.abs());
            if since > 64 || high - low <= goal(total) {
                total = self.total();
                since = 0;
                if total.is_finite() && !total.contains(0.0) && total.width() <= goal(total) {
                    break;
                }
            }
            since += 1;
            let Some(worst) = self.heap.pop() else { break };
            if worst.width == 0.0 {
                break;
            }
            if worst.width.is_infinite() {
                unbounded += 1;
                if unbounded > MOST_UNBOUNDED {
                    self.stuck = Some(self.place_of(worst.at));
                    break;
                }
            }
            let old = self.items[worst.at].bounds();
            let before = self.items.len();
            let item = std::mem::replace(
                &mut self.items[worst.at],
                Item::Stub { place: Place::Direct, edge: 0.0, splits: 0, bounds: Interval::ZERO },
            );
            if !self.split(item)? {
                // Too small to split: it stays as it is.
                self.items[worst.at] = item;
                if worst.width.is_infinite() {
                    self.stuck = Some(self.place_of(worst.at));
                    break;
                }
                continue;
            }
            if total.is_finite() && old.is_finite() {
                let new = self.items[before..].iter().fold(Interval::ZERO, |sum, item| sum + item.bounds());
                total = Interval::new(total.low - old.low + new.low, total.high - old.high + new.high);
            } else {
                since = 65;
            }
        }
        let bounds = self.total();
        let close = bounds.is_finite() && bounds.width() <= 2.0 * relative * bounds.low.abs().min(bounds.high.abs());
        let reason = match (close, self.stuck) {
            (true, _) => None,
            (false, Some(x)) => Some(format!("no bound was found near x = {}", plain(x))),
            (false, None) => Some("the bounds stayed too far apart within the work allowed".to_string()),
        };
        // The panels with anything to speak of in them.
        const LIGHT: f64 = 1e-12;
        let direct = self.items.iter().filter_map(|item| match item {
            Item::Panel(panel)
                if panel.place == Place::Direct && (panel.bounds.high.is_nan() || panel.bounds.high > LIGHT * bounds.high) =>
            {
                Some([panel.low, panel.high])
            }
            _ => None,
        });
        let mut knots: Vec<f64> = direct.flatten().collect();
        knots.sort_by(f64::total_cmp);
        knots.dedup();
        Ok(Certificate { log_unit: self.integrand.log_unit, bounds, series: self.integrand.series, knots, reason })
    }

    fn split(&mut self, item: Item) -> Result<bool> {
        match item {
            Item::Panel(panel) => {
                let middle = panel.middle();
                if !(panel.low < middle && middle < panel.high) {
                    return Ok(false);
                }
                self.panel(panel.place, panel.low, middle);
                self.panel(panel.place, middle, panel.high);
            }
            Item::Stub { place, edge, splits, .. } => {
                // Each time twice as far, in the logarithm.
                let step = NEARER.powi(1 << splits.min(8));
                let (next, low, high) = match place {
                    Place::Far(_) => (edge * step, edge, edge * step),
                    _ => (edge / step, edge / step, edge),
                };
                if !(next > 1e-280 && next < 1e280) {
                    return Ok(false);
                }
                self.stub(place, next, splits + 1)?;
                self.panel(place, low, high);
            }
        }
        Ok(true)
    }

    fn place_of(&self, at: usize) -> f64 {
        match &self.items[at] {
            Item::Panel(panel) => panel.x(&self.integrand),
            Item::Stub { place, .. } => match place {
                Place::Near(side) => self.integrand.sides[*side].anchor,
                Place::Far(sign) => sign * f64::INFINITY,
                Place::Direct => f64::NAN,
            },
        }
    }

    fn total(&self) -> Interval {
        self.items.iter().fold(self.fixed, |sum, item| sum + item.bounds())
    }
}

/// The widest first.
struct Worst {
    width: f64,
    at: usize,
}

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        self.width.total_cmp(&other.width).then(other.at.cmp(&self.at))
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Worst {}
