//! Evaluating log p through charts: in batches, counted, and with the roundings of x known.

use super::chart::Chart;
use super::{End, Line};
use crate::enclosure::Interval;

/// The line under integration and the account of its evaluations.
pub(super) struct Probe<'a> {
    line: Line<'a>,
    /// Points evaluated so far.
    pub(super) evaluations: usize,
    /// Nodes of panels where log p was NaN or +inf.
    pub(super) non_finite: usize,
    /// The first point where that happened.
    pub(super) non_finite_at: Option<f64>,
    /// Points where log p was a number or -inf.
    pub(super) defined: usize,
    /// The enclosure of log p at a point, where there is one.
    enclosure: Option<&'a mut Enclosure<'a>>,
    x: Vec<f64>,
    out: Vec<f64>,
}

/// Bounds on log p at a point that hold whatever the roundings.
pub(super) type Enclosure<'a> = dyn FnMut(f64) -> Interval + 'a;

/// log p at one point of a chart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// log p where it was evaluated: finite, -inf, or NaN for anything else.
    pub(super) log_density: f64,
    /// Wanted minus evaluated u: x is rounded to a double, and near an anchor that is a step in u worth correcting.
    pub(super) shift: f64,
}

impl<'a> Probe<'a> {
    pub(super) fn new(mut line: Line<'a>, enclosure: Option<&'a mut Enclosure<'a>>) -> Self {
        // Ends so far out that their distance overflows are as good as infinite.
        line.low = if line.low < -1e300 { f64::NEG_INFINITY } else { line.low };
        line.high = if line.high > 1e300 { f64::INFINITY } else { line.high };
        let (x, out) = (Vec::new(), Vec::new());
        Probe { line, evaluations: 0, non_finite: 0, non_finite_at: None, defined: 0, enclosure, x, out }
    }

    pub(super) fn low(&self) -> f64 {
        self.line.low
    }

    pub(super) fn high(&self) -> f64 {
        self.line.high
    }

    pub(super) fn frequency(&self) -> f64 {
        if self.line.frequency.is_finite() { self.line.frequency.abs() } else { 0.0 }
    }

    pub(super) fn landmarks(&self) -> &'a [f64] {
        self.line.landmarks
    }

    /// `end` where the line has a symbolic form near its ends.
    pub(super) fn symbolic(&self, end: End) -> Option<End> {
        self.line.near_end.as_ref().map(|_| end)
    }

    /// How far apart bounds on log p at `x` are that hold whatever the roundings; `None` where nothing is known.
    pub(super) fn doubt(&mut self, x: f64) -> Option<f64> {
        Some(self.enclosure.as_mut()?(x)).filter(|log| log.is_finite()).map(Interval::width)
    }

    /// Whether the roundings of its operations leave p at `x` six digits, as far as anybody knows, or log p is below `negligible` whatever they are.
    pub(super) fn has_digits(&mut self, x: f64, negligible: f64) -> bool {
        const DOUBT: f64 = 1e-6;
        self.enclosure.as_mut().is_none_or(|enclosure| {
            let log = enclosure(x);
            // An enclosure that is not bounded above says nothing.
            log.high == f64::INFINITY || log.high <= negligible || log.high - log.low <= DOUBT
        })
    }

    /// log p at every point, each a chart and its u.
    pub(super) fn sample(&mut self, points: &[(Chart, f64)]) -> Vec<Sample> {
        let mut samples = vec![Sample { log_density: f64::NAN, shift: 0.0 }; points.len()];
        self.sample_direct(points, &mut samples);
        for end in [End::Low, End::High] {
            self.sample_near(end, points, &mut samples);
        }
        self.evaluations += points.len();
        for sample in &mut samples {
            if sample.log_density.is_nan() || sample.log_density == f64::INFINITY {
                sample.log_density = f64::NAN;
            } else {
                self.defined += 1;
            }
        }
        samples
    }

    fn sample_direct(&mut self, points: &[(Chart, f64)], samples: &mut [Sample]) {
        self.x.clear();
        for (&(chart, u), sample) in points.iter().zip(samples.iter_mut()) {
            if chart.end().is_some() {
                continue;
            }
            let mut x = chart.x(u);
            if let Chart::Log { anchor, side, .. } | Chart::LogLog { anchor, side, .. } = chart
                && x == anchor
            {
                x = if side > 0.0 { anchor.next_up() } else { anchor.next_down() };
            }
            x = x.clamp(self.line.low, self.line.high);
            // Far out x overflows long before log p has to: the largest double stands in.
            x = x.clamp(f64::MIN, f64::MAX);
            if let Chart::Log { .. } = chart {
                sample.shift = u - chart.u(x);
            }
            self.x.push(x);
        }
        if self.x.is_empty() {
            return;
        }
        self.out.clear();
        self.out.resize(self.x.len(), f64::NAN);
        (self.line.log_density)(&self.x, &mut self.out);
        let direct = points.iter().zip(samples).filter(|((chart, _), _)| chart.end().is_none());
        for ((_, sample), &value) in direct.zip(&self.out) {
            sample.log_density = value;
        }
    }

    fn sample_near(&mut self, end: End, points: &[(Chart, f64)], samples: &mut [Sample]) {
        let Some(near_end) = self.line.near_end.as_mut() else { return };
        let finite = match end {
            End::Low => self.line.low.is_finite(),
            End::High => self.line.high.is_finite(),
        };
        let here = |chart: &Chart| chart.end() == Some(end);
        self.x.clear();
        let distances = points.iter().filter(|(chart, _)| here(chart)).map(|&(chart, u)| chart.log_distance(u));
        self.x.extend(distances.map(|s| if finite { -s } else { s }));
        if self.x.is_empty() {
            return;
        }
        self.out.clear();
        self.out.resize(self.x.len(), f64::NAN);
        near_end(end, &self.x, &mut self.out);
        let there = points.iter().zip(samples).filter(|((chart, _), _)| here(chart));
        for ((_, sample), &value) in there.zip(&self.out) {
            sample.log_density = value;
        }
    }
}
