//! The exact distribution that draws are compared with: distribution function, quantiles, density, basins, from the panels of Z.

use super::Integral;
use super::adapt::Panel;
use super::chart::Chart;
use super::ends::Stub;
use super::probe::Probe;
use super::rule::{KRONROD, N, legendre, series};
use super::solve::Solved;

/// Neighbouring peaks are two if the density between them falls below this part of the lower one.
const NECK: f64 = 0.5;
/// A peak with less mass than this belongs to its neighbour.
const BASIN_MASS: f64 = 1e-6;

/// A density integrated: Z, moments, and everything a distribution function gives.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Z and how far to trust it.
    pub integral: Integral,
    /// The mean; infinite if one tail is too heavy for it, None if both are.
    pub mean: Option<f64>,
    /// The standard deviation; infinite if a tail is too heavy for it, None if the mean is undefined.
    pub sd: Option<f64>,
    /// The point of highest density among the nodes, a pole included.
    pub mode: f64,
    /// How far probabilities may be off: the relative error of Z, or more where Z is known better than where its mass lies.
    pub(crate) law_error: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pieces: Vec<Piece>,
}

/// The range around one peak.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basin {
    /// The neck toward lower x, or the end of the range.
    pub low: f64,
    /// The neck toward higher x, or the end of the range.
    pub high: f64,
    /// The point of highest density between them, among the nodes.
    pub peak: f64,
    /// Probability.
    pub mass: f64,
}

/// A stretch of x on which the distribution function is one formula.
#[derive(Debug, Clone)]
struct Piece {
    x_low: f64,
    x_high: f64,
    /// Probability to the left of the piece.
    before: f64,
    mass: f64,
    law: Law,
}

#[derive(Debug, Clone)]
enum Law {
    /// Legendre series of the probability density in u on [low, high].
    Series { chart: Chart, low: f64, high: f64, coefficients: Box<[f64; N]>, nodes: Box<[f64; N]> },
    /// The probability falls by exp(-rate) per unit of log-distance.
    Power(Stub),
}

impl Reference {
    pub(super) fn new(probe: &Probe, solved: Solved) -> Reference {
        let log_value = solved.reference + solved.mass.ln();
        let mut pieces: Vec<Piece> =
            solved.panels.iter().filter(|panel| panel.mass > 0.0).map(|panel| Piece::of_panel(panel, log_value)).collect();
        pieces.extend(solved.stubs.iter().map(|stub| Piece::of_stub(stub, log_value)));
        pieces.sort_by(|a, b| a.x_low.total_cmp(&b.x_low).then(a.x_high.total_cmp(&b.x_high)));
        let mut before = 0.0;
        for piece in &mut pieces {
            piece.before = before;
            before += piece.mass;
        }
        let relative_error = solved.error / solved.mass;
        let value = log_value.exp();
        let mut notes = solved.notes;
        if value < f64::MIN_POSITIVE || value == f64::INFINITY {
            notes.push("Z itself does not fit a double; its logarithm does".to_string());
        }
        let integral = Integral {
            value,
            log_value,
            error: relative_error * value,
            relative_error,
            evaluations: probe.evaluations,
            converged: solved.converged,
            certified: false,
            proof: None,
            method: "adaptive Gauss-Kronrod",
            non_finite: probe.non_finite,
            non_finite_at: probe.non_finite_at,
            notes,
        };
        let mut reference = Reference {
            integral,
            mean: solved.mean,
            sd: solved.sd,
            mode: f64::NAN,
            law_error: relative_error,
            low: probe.low(),
            high: probe.high(),
            pieces,
        };
        let highest = reference.nodes().into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        reference.mode = highest.map_or(f64::NAN, |node| node.0);
        reference
    }

    /// Whether the value is no more than a guess: its error is as large, or a thousandth of it is extrapolated and uncertain.
    pub(super) fn is_guess(&self) -> bool {
        const GUESSED: f64 = 1e-3;
        let beyond: f64 = self.pieces.iter().filter(|piece| matches!(piece.law, Law::Power(_))).map(|piece| piece.mass).sum();
        let error = self.integral.relative_error;
        error.is_nan() || error > 1.0 || beyond > GUESSED && error > GUESSED
    }

    /// Probability of values up to `x`; NaN for NaN.
    pub fn cdf(&self, x: f64) -> f64 {
        let mut out = [0.0];
        self.cdf_batch(&[x], &mut out);
        out[0]
    }

    /// Probabilities of values up to each of `xs`, which are quickest in ascending order.
    ///
    /// `out` has the length of `xs`.
    pub fn cdf_batch(&self, xs: &[f64], out: &mut [f64]) {
        let mut at = 0;
        for (&x, out) in xs.iter().zip(out) {
            if !self.pieces.get(at).is_some_and(|piece| piece.x_low <= x && x < piece.x_high) {
                at = self.pieces.partition_point(|piece| piece.x_high <= x);
            }
            *out = match self.pieces.get(at) {
                _ if x.is_nan() => f64::NAN,
                None => 1.0,
                Some(_) if x <= self.low => 0.0,
                Some(_) if x >= self.high => 1.0,
                Some(piece) => (piece.before + piece.up_to(x)).clamp(0.0, 1.0),
            };
        }
    }

    /// Probability of values between `low` and `high`.
    pub fn mass(&self, low: f64, high: f64) -> f64 {
        (self.cdf(high) - self.cdf(low)).max(0.0)
    }

    /// The value that a draw stays below with probability `p`; the ends of the range outside (0, 1), NaN for NaN.
    pub fn quantile(&self, p: f64) -> f64 {
        if p.is_nan() {
            return f64::NAN;
        }
        if p <= 0.0 {
            return self.low;
        }
        if p >= 1.0 {
            return self.high;
        }
        let at = self.pieces.partition_point(|piece| piece.before + piece.mass < p).min(self.pieces.len() - 1);
        let piece = &self.pieces[at];
        piece.point((p - piece.before).min(piece.mass).max(0.0)).max(self.low).min(self.high)
    }

    /// The normalised density at `x`, from the panels: 0 outside the range and at a pole's own point inf.
    pub fn pdf(&self, x: f64) -> f64 {
        let at = self.pieces.partition_point(|piece| piece.x_high < x);
        self.pieces.get(at).filter(|piece| piece.x_low <= x).map_or(0.0, |piece| piece.density(x))
    }

    /// The range that holds all but `tail` of the probability at each end; `1e-9` gives what a picture should show.
    pub fn effective_range(&self, tail: f64) -> (f64, f64) {
        (self.quantile(tail), self.quantile(1.0 - tail))
    }

    /// The stretches between clear necks of the density, in ascending order; one if there is one peak.
    ///
    /// A neck is where the density falls below half of the lower of the peaks beside it; peaks with less than a millionth of the probability
    /// are merged into their neighbour.
    pub fn basins(&self) -> Vec<Basin> {
        let nodes = self.nodes();
        let mut necks: Vec<f64> = Vec::new();
        let mut peaks: Vec<f64> = Vec::new();
        // A peak is confirmed when the density has fallen by the factor, a neck when it has risen by it.
        let (mut peak, mut valley) = ((f64::NAN, f64::NEG_INFINITY), None::<(f64, f64)>);
        let fall = NECK.ln();
        for &(x, log_density) in &nodes {
            match valley {
                None => {
                    if log_density > peak.1 {
                        peak = (x, log_density);
                    } else if log_density < peak.1 + fall {
                        valley = Some((x, log_density));
                    }
                }
                Some(lowest) => {
                    if log_density < lowest.1 {
                        valley = Some((x, log_density));
                    } else if log_density > lowest.1 - fall {
                        peaks.push(peak.0);
                        necks.push(self.lowest_near(lowest.0, &nodes));
                        (peak, valley) = ((x, log_density), None);
                    }
                }
            }
        }
        peaks.push(peak.0);
        self.merge(&necks, &peaks)
    }

    /// Joins basins lighter than [`BASIN_MASS`] to the neighbour across the higher of their two necks.
    fn merge(&self, necks: &[f64], peaks: &[f64]) -> Vec<Basin> {
        let mut basins: Vec<Basin> = Vec::new();
        for (k, &peak) in peaks.iter().enumerate() {
            let low = if k == 0 { self.low } else { necks[k - 1] };
            let high = necks.get(k).copied().unwrap_or(self.high);
            let next = Basin { low, high, peak, mass: self.mass(low, high) };
            match basins.last_mut() {
                Some(last) if next.mass < BASIN_MASS || last.mass < BASIN_MASS => {
                    let peak = if last.mass < next.mass { next.peak } else { last.peak };
                    *last = Basin { low: last.low, high, peak, mass: last.mass + next.mass };
                }
                _ => basins.push(next),
            }
        }
        basins
    }

    /// The lowest point of the density around the node at `x`, by golden sections between its neighbours.
    fn lowest_near(&self, x: f64, nodes: &[(f64, f64)]) -> f64 {
        let at = nodes.partition_point(|node| node.0 < x);
        let (Some(before), Some(after)) = (at.checked_sub(1).and_then(|k| nodes.get(k)), nodes.get(at + 1)) else { return x };
        let (mut low, mut high) = (before.0, after.0);
        let golden = 0.5 * (5.0f64.sqrt() - 1.0);
        for _ in 0..40 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if self.pdf(left) < self.pdf(right) { high = right } else { low = left }
        }
        0.5 * (low + high)
    }

    /// A high quantile (99 % of the probability) of |d² log p / dx²|, by second differences at the nodes: what bounds a stable step of
    /// Langevin dynamics.
    pub fn curvature(&self) -> f64 {
        let mut weighted: Vec<(f64, f64)> = Vec::new();
        for piece in &self.pieces {
            let Law::Series { chart, low, high, nodes, .. } = &piece.law else { continue };
            let half = 0.5 * (high - low);
            let log: [(f64, f64); N] = std::array::from_fn(|i| {
                let u = low + half * (1.0 + super::rule::NODES[i]);
                (chart.x(u), nodes[i].ln() - chart.log_jacobian(u))
            });
            for i in 1..N - 1 {
                let (left, right) = (log[i].0 - log[i - 1].0, log[i + 1].0 - log[i].0);
                let bend = 2.0 * ((log[i + 1].1 - log[i].1) / right - (log[i].1 - log[i - 1].1) / left) / (left + right);
                if bend.is_finite() {
                    weighted.push((bend.abs(), nodes[i] * half * KRONROD[i]));
                }
            }
        }
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let enough = 0.99 * weighted.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut sum = 0.0;
        let reached = weighted.iter().find(|(_, weight)| {
            sum += weight;
            sum >= enough
        });
        reached.map_or(0.0, |(bend, _)| *bend)
    }

    /// Points and two weights of each, for expectations: E f ≈ Σ w·f(x), the second rule of lower degree.
    pub(super) fn rule(&self) -> Vec<(f64, [f64; 2])> {
        let mut points = Vec::with_capacity(self.pieces.len() * N);
        for piece in &self.pieces {
            let Law::Series { chart, low, high, nodes, .. } = &piece.law else { continue };
            let half = 0.5 * (high - low);
            let point = |i: usize| {
                let mass = half * nodes[i];
                (chart.x(low + half * (1.0 + super::rule::NODES[i])), [mass * KRONROD[i], mass * super::rule::GAUSS[i]])
            };
            points.extend((0..N).map(point));
        }
        points
    }

    /// (x, logarithm of the normalised density) at every node, ascending.
    pub(super) fn nodes(&self) -> Vec<(f64, f64)> {
        let mut nodes = Vec::with_capacity(self.pieces.len() * N);
        for piece in &self.pieces {
            let Law::Series { chart, low, high, nodes: values, .. } = &piece.law else { continue };
            let log = |i: usize| {
                let u = low + 0.5 * (high - low) * (1.0 + super::rule::NODES[i]);
                (chart.x(u), values[i].ln() - chart.log_jacobian(u))
            };
            if chart.increasing() { nodes.extend((0..N).map(log)) } else { nodes.extend((0..N).rev().map(log)) }
        }
        nodes
    }
}

impl Piece {
    fn of_panel(panel: &Panel, log_z: f64) -> Piece {
        let unit = (panel.scale - log_z).exp();
        let values = panel.values.map(|value| value * unit);
        let (a, b) = (panel.chart.x(panel.low), panel.chart.x(panel.high));
        let law = Law::Series {
            chart: panel.chart,
            low: panel.low,
            high: panel.high,
            coefficients: Box::new(legendre(&values)),
            nodes: Box::new(values),
        };
        Piece { x_low: a.min(b), x_high: a.max(b), before: 0.0, mass: panel.mass * unit, law }
    }

    fn of_stub(stub: &Stub, log_z: f64) -> Piece {
        let edge = stub.chart.x(stub.start);
        let far = match stub.chart {
            Chart::Log { anchor, .. } if stub.inward => anchor,
            Chart::Log { side, .. } => side * f64::INFINITY,
            Chart::Direct | Chart::LogLog { .. } => edge,
        };
        Piece { x_low: edge.min(far), x_high: edge.max(far), before: 0.0, mass: (stub.log_mass - log_z).exp(), law: Law::Power(*stub) }
    }

    /// Probability between the piece's lower x and `x` inside it.
    fn up_to(&self, x: f64) -> f64 {
        let part = match &self.law {
            Law::Series { chart, low, high, coefficients, .. } => {
                let half = 0.5 * (high - low);
                let xi = ((chart.u(x) - low) / half - 1.0).clamp(-1.0, 1.0);
                let integral = half * series(coefficients, xi).1;
                if chart.increasing() { integral } else { self.mass - integral }
            }
            Law::Power(stub) => {
                let beyond = self.mass * (-stub.rate * (stub.chart.u(x) - stub.start).abs()).exp();
                if stub.outer_is_high() { self.mass - beyond } else { beyond }
            }
        };
        part.min(self.mass).max(0.0)
    }

    /// The x with probability `part` between the piece's lower x and it.
    fn point(&self, part: f64) -> f64 {
        match &self.law {
            Law::Series { chart, low, high, coefficients, .. } => {
                let half = 0.5 * (high - low);
                let target = if chart.increasing() { part } else { self.mass - part } / half;
                chart.x(low + half * (1.0 + solve_series(coefficients, target)))
            }
            Law::Power(stub) => {
                let beyond = if stub.outer_is_high() { self.mass - part } else { part };
                let tau = (self.mass / beyond).ln().max(0.0) / stub.rate;
                stub.chart.x(if stub.inward { stub.start - tau } else { stub.start + tau })
            }
        }
    }

    fn density(&self, x: f64) -> f64 {
        match &self.law {
            Law::Series { chart, low, high, coefficients, .. } => {
                let u = chart.u(x).clamp(*low, *high);
                let xi = ((u - low) / (0.5 * (high - low)) - 1.0).clamp(-1.0, 1.0);
                series(coefficients, xi).0.max(0.0) / chart.log_jacobian(u).exp()
            }
            Law::Power(stub) => {
                let s = stub.chart.u(x);
                self.mass * stub.rate * (-stub.rate * (s - stub.start).abs()).exp() / s.exp()
            }
        }
    }
}

impl Stub {
    /// Whether the stub's far side is toward higher x.
    fn outer_is_high(&self) -> bool {
        self.chart.increasing() != self.inward
    }
}

/// The xi in [-1, 1] up to which a series integrates to `target`: Newton steps kept inside a shrinking bracket.
fn solve_series(coefficients: &[f64; N], target: f64) -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    let mut xi = 0.0;
    for _ in 0..80 {
        let (value, integral) = series(coefficients, xi);
        let miss = integral - target;
        if miss == 0.0 || high - low < 4.0 * f64::EPSILON {
            break;
        }
        if miss > 0.0 {
            high = xi
        } else {
            low = xi
        }
        let newton = xi - miss / value;
        xi = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
    }
    xi
}
