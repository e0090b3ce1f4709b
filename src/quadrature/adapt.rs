//! Globally adaptive Gauss–Kronrod quadrature over panels, worst panels first, many at a time.
//!
//! Piessens, de Doncker-Kapenga, Überhuber & Kahaner (1983), "QUADPACK": the error formula. Batching follows the idea of QuadGK.jl.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::chart::Chart;
use super::probe::{Probe, Sample};
use super::rule::{GAUSS, KRONROD, N, NODES, derivative, last_coefficients};

/// Least and most panels split in one batch.
const BATCH: (usize, usize) = (8, 512);
/// Panels that are NaN throughout are split this often before they are given up.
const UNDEFINED_DEPTH: u16 = 8;
/// Panels whose error is noise are split this often to make sure.
const STALLED: u16 = 4;

/// One interval of a chart and the integral over it; all sums are in units of exp(`scale`).
#[derive(Debug, Clone)]
pub(super) struct Panel {
    pub(super) chart: Chart,
    /// Ends in the chart's u.
    pub(super) low: f64,
    pub(super) high: f64,
    depth: u16,
    /// How many times in a row splitting changed neither mass nor error: the noise of the integrand is reached.
    stalled: u16,
    /// Logarithm of the largest integrand at the nodes; -inf for an empty panel.
    pub(super) scale: f64,
    /// The Kronrod sum.
    pub(super) mass: f64,
    /// Estimated error of `mass`.
    pub(super) error: f64,
    /// Error of `mass` because log p is rounded to one part in 2^53, an absolute error of the exponent; no splitting reduces it.
    pub(super) rounding: f64,
    /// Estimated error of integrals from `low` to points inside, by the polynomial through the nodes.
    pub(super) inner_error: f64,
    /// The integrand at the nodes.
    pub(super) values: [f64; N],
    /// No node gave a number: the mass is unknown, not 0.
    pub(super) undefined: bool,
}

impl Panel {
    pub(super) fn new(chart: Chart, low: f64, high: f64) -> Self {
        Panel {
            chart,
            low,
            high,
            depth: 0,
            scale: f64::NEG_INFINITY,
            mass: 0.0,
            error: 0.0,
            rounding: 0.0,
            stalled: 0,
            inner_error: 0.0,
            values: [0.0; N],
            undefined: false,
        }
    }

    pub(super) fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }

    /// u at node `i`.
    pub(super) fn node(&self, i: usize) -> f64 {
        self.low + self.half_width() * (1.0 + NODES[i])
    }

    /// The node where the integrand is highest.
    pub(super) fn highest(&self) -> f64 {
        let at = (0..N).max_by(|&a, &b| self.values[a].total_cmp(&self.values[b])).unwrap_or(N / 2);
        self.chart.x(self.node(at))
    }

    /// `amount` in units of exp(`reference`).
    pub(super) fn scaled(&self, amount: f64, reference: f64) -> f64 {
        if amount == 0.0 { 0.0 } else { amount * (self.scale - reference).exp() }
    }

    /// Whether halves can still be told apart in doubles.
    fn splittable(&self) -> bool {
        if self.stalled >= STALLED || self.undefined && self.depth >= UNDEFINED_DEPTH {
            return false;
        }
        self.half_width() > 64.0 * f64::EPSILON * self.low.abs().max(self.high.abs()) && self.half_width() > 1e-290
    }

    fn halves(&self) -> [Panel; 2] {
        let middle = self.low + self.half_width();
        let half = |low, high| Panel { depth: self.depth + 1, ..Panel::new(self.chart, low, high) };
        [half(self.low, middle), half(middle, self.high)]
    }

    /// Error estimate of the integral of the values times `weight(x)`.
    pub(super) fn weighted_error(&self, weight: impl Fn(f64) -> f64) -> f64 {
        let weigh = |i: usize| if self.values[i] > 0.0 { self.values[i] * weight(self.chart.x(self.node(i))) } else { 0.0 };
        let weighted = std::array::from_fn(weigh);
        estimate(&weighted, self.half_width()).1
    }

    /// Integral of the values times `weight(x)`.
    pub(super) fn integral(&self, weight: impl Fn(f64) -> f64) -> f64 {
        let nodes = self.values.iter().zip(&KRONROD).enumerate().filter(|(_, (value, _))| **value > 0.0);
        self.half_width() * nodes.map(|(i, (value, rule))| value * rule * weight(self.chart.x(self.node(i)))).sum::<f64>()
    }

    /// Takes the samples at the nodes (log p of x, and by how much u was missed) and integrates.
    fn fill(&mut self, samples: &[Sample], largest_log_density: f64) {
        let logs = self.corrected(samples);
        self.scale = logs.iter().copied().filter(|log| !log.is_nan()).fold(f64::NEG_INFINITY, f64::max);
        self.undefined = logs.iter().all(|log| log.is_nan());
        if self.undefined {
            // Nothing is known here: as much as the highest density met, over the whole width, may be missing.
            let width = (self.chart.x(self.high) - self.chart.x(self.low)).abs();
            self.scale = largest_log_density;
            self.error = width.min(f64::MAX);
            return;
        }
        if self.scale == f64::NEG_INFINITY {
            return;
        }
        let half = self.half_width();
        let mut unknown = 0.0;
        for i in 0..N {
            self.values[i] = if logs[i].is_nan() {
                let before = logs[..i].iter().rev().find(|log| !log.is_nan());
                let after = logs[i..].iter().find(|log| !log.is_nan());
                let near = [before, after].into_iter().flatten().map(|log| (log - self.scale).exp()).fold(0.0, f64::max);
                unknown += KRONROD[i] * near;
                near
            } else {
                (logs[i] - self.scale).exp()
            };
        }
        let (mass, error) = estimate(&self.values, half);
        let tail = last_coefficients(&self.values).map(f64::abs);
        let (leading, last) = (tail[0].max(tail[1]), tail[4].max(tail[5]));
        // A series that no longer falls is that of a singularity, or of noise: the error formula, made for smooth integrands, is too bold.
        let rough = difference(&self.values, half).max(half * tail.iter().copied().fold(0.0, f64::max));
        let rough = if last > 0.05 * leading { rough } else { 0.0 };
        let matters = samples.iter().zip(&self.values).filter(|(_, value)| **value > 1e-18);
        let size = matters.map(|(sample, _)| sample.log_density.abs()).filter(|size| size.is_finite()).fold(0.0, f64::max);
        self.mass = mass;
        self.rounding = mass * f64::EPSILON * size;
        self.error = error.max(rough);
        if rough <= 4.0 * self.rounding {
            self.rounding += rough;
            self.error = error;
        }
        self.error += unknown * half;
        self.inner_error = half * last / 20.0;
    }

    /// Log-integrand at the nodes: each sample moved to its node along the local slope of log p, plus the log-Jacobian.
    fn corrected(&self, samples: &[Sample]) -> [f64; N] {
        let mut shifts = [0.0; N];
        for (i, shift) in shifts.iter_mut().enumerate() {
            *shift = match self.chart {
                Chart::Direct => self.half_width() * (1.0 + NODES[i]) - (self.node(i) - self.low),
                _ => samples[i].shift,
            };
        }
        let logs: [f64; N] = std::array::from_fn(|i| samples[i].log_density);
        let half = self.half_width();
        // Below this a shift moves even exp(-50) by less than a rounding.
        let matters = shifts.iter().any(|shift| shift.abs() > 1e-15 * half);
        let slopes = if matters { derivative(&logs) } else { None };
        std::array::from_fn(|i| {
            let mut log = logs[i];
            if matters && shifts[i] != 0.0 {
                let moved = match &slopes {
                    Some(slopes) => slopes[i] / half * shifts[i],
                    None => {
                        let (before, after) = (i.saturating_sub(1), (i + 1).min(N - 1));
                        (logs[after] - logs[before]) / (self.node(after) - self.node(before)) * shifts[i]
                    }
                };
                if moved.abs() < 0.1 {
                    log += moved;
                }
            }
            log + self.chart.log_jacobian(self.node(i))
        })
    }
}

/// The node where the density is highest in the panel that errs most, if that panel is too small to split: perhaps a pole.
pub(super) fn stuck(panels: &[Panel]) -> Option<f64> {
    let log_error = |panel: &&Panel| panel.error.ln() + panel.scale;
    let worst = panels.iter().max_by(|a, b| log_error(a).total_cmp(&log_error(b)))?;
    let width = (worst.chart.x(worst.high) - worst.chart.x(worst.low)).abs();
    let x = worst.highest();
    (!worst.undefined && worst.chart == Chart::Direct && width < 1e-9 * x.abs().max(1e-9)).then_some(x)
}

/// Kronrod sum of node values over half-width `half` and QUADPACK's estimate of its error.
fn estimate(values: &[f64; N], half: f64) -> (f64, f64) {
    let sum: f64 = values.iter().zip(&KRONROD).map(|(v, w)| v * w).sum();
    let magnitude = half * values.iter().zip(&KRONROD).map(|(v, w)| v.abs() * w).sum::<f64>();
    let mean = 0.5 * sum;
    let spread = half * values.iter().zip(&KRONROD).map(|(v, w)| (v - mean).abs() * w).sum::<f64>();
    let mut error = difference(values, half);
    if spread > 0.0 && error > 0.0 {
        error = spread * (200.0 * error / spread).powf(1.5).min(1.0);
    }
    (half * sum, error.max(50.0 * f64::EPSILON * magnitude))
}

/// Kronrod minus Gauss, without sign.
fn difference(values: &[f64; N], half: f64) -> f64 {
    half * values.iter().zip(KRONROD.iter().zip(&GAUSS)).map(|(v, (k, g))| v * (k - g)).sum::<f64>().abs()
}

/// Evaluates the integrand on every panel, in one batch.
pub(super) fn measure(probe: &mut Probe, panels: &mut [Panel], largest: &mut f64) {
    let points: Vec<_> = panels.iter().flat_map(|panel| (0..N).map(|i| (panel.chart, panel.node(i)))).collect();
    let mut samples = probe.sample(&points);
    nudge(probe, panels, &mut samples);
    let finite = samples.iter().map(|sample| sample.log_density).filter(|log| !log.is_nan());
    *largest = finite.fold(*largest, f64::max);
    for (panel, samples) in panels.iter_mut().zip(samples.chunks_exact(N)) {
        panel.fill(samples, *largest);
    }
}

/// Looks once more beside nodes without a value: a removable 0/0 or a pole is a single point, and the next one will do.
fn nudge(probe: &mut Probe, panels: &[Panel], samples: &mut [Sample]) {
    let bad: Vec<usize> = (0..samples.len()).filter(|&at| samples[at].log_density.is_nan()).collect();
    if bad.is_empty() {
        return;
    }
    probe.non_finite += bad.len();
    let (panel, node) = (&panels[bad[0] / N], bad[0] % N);
    probe.non_finite_at.get_or_insert(panel.chart.x(panel.node(node)));
    let beside: Vec<_> = bad
        .iter()
        .map(|&at| {
            let panel = &panels[at / N];
            let toward = if NODES[at % N] > 0.0 { -1.0 } else { 1.0 };
            (panel.chart, panel.node(at % N) + toward * 1e-7 * panel.half_width())
        })
        .collect();
    for (at, sample) in bad.into_iter().zip(probe.sample(&beside)) {
        samples[at].log_density = sample.log_density;
    }
}

/// Sum of masses and of errors in units of exp(the returned reference), the largest scale of any panel.
pub(super) fn totals(panels: &[Panel]) -> (f64, f64, f64) {
    let reference = panels.iter().map(|panel| panel.scale).fold(f64::NEG_INFINITY, f64::max);
    let sum = |amount: fn(&Panel) -> f64| panels.iter().map(|panel| panel.scaled(amount(panel), reference)).sum();
    (reference, sum(|panel| panel.mass), sum(|panel| panel.error))
}

/// Splits panels, those with the largest `error_of` first, until the errors sum to at most `goal(panels)`, both in units of exp(the
/// panel's own scale) and exp(the reference handed to `goal`). Returns whether the goal was met within the evaluations.
pub(super) fn refine(
    probe: &mut Probe,
    panels: &mut Vec<Panel>,
    largest: &mut f64,
    evaluations: usize,
    error_of: &dyn Fn(&Panel) -> f64,
    goal: &dyn Fn(&[Panel], f64) -> f64,
) -> bool {
    let mut errors: Vec<f64> = panels.iter().map(error_of).collect();
    let mut heap: BinaryHeap<Worst> = (0..panels.len()).filter_map(|at| Worst::of(&panels[at], errors[at], at)).collect();
    loop {
        let (reference, _, _) = totals(panels);
        let allowed = goal(panels, reference);
        let mut total: f64 = panels.iter().zip(&errors).map(|(panel, &error)| panel.scaled(error, reference)).sum();
        if total <= allowed {
            return true;
        }
        let settled = panels.iter().zip(&errors).filter(|(panel, _)| !panel.splittable());
        let settled: f64 = settled.map(|(panel, &error)| panel.scaled(error, reference)).sum();
        if settled > allowed && total - settled < 0.1 * settled {
            return false;
        }
        let batch = (panels.len() / 8).clamp(BATCH.0, BATCH.1);
        let mut chosen = Vec::with_capacity(batch);
        while chosen.len() < batch && total > 0.5 * allowed {
            let Some(worst) = heap.pop() else { break };
            total -= panels[worst.at].scaled(errors[worst.at], reference);
            chosen.push(worst.at);
        }
        if chosen.is_empty() || probe.evaluations + 2 * N * chosen.len() > evaluations {
            return false;
        }
        let mut children: Vec<Panel> = chosen.iter().flat_map(|&at| panels[at].halves()).collect();
        measure(probe, &mut children, largest);
        for (&at, pair) in chosen.iter().zip(children.chunks_exact_mut(2)) {
            let (parent, old) = (&panels[at], errors[at]);
            let sum = |amount: &dyn Fn(&Panel) -> f64| pair.iter().map(|half| half.scaled(amount(half), parent.scale)).sum::<f64>();
            let (mass, error) = (sum(&|half| half.mass), sum(error_of));
            let change = (mass - parent.mass).abs();
            // A power singularity |x|^p loses 1 - 2^-(1+p) of its error at each split and moves the mass; noise does neither.
            let stuck = error > 0.35 * old && change < 1e-6 * mass || error > 0.6 * old && change < 1e-3 * mass;
            let stalled = if stuck { parent.stalled + 1 } else { 0 };
            pair.iter_mut().for_each(|half| half.stalled = stalled);
        }
        let mut children = children.into_iter();
        for &at in &chosen {
            panels[at] = children.next().expect("two halves of each panel");
            errors[at] = error_of(&panels[at]);
            panels.push(children.next().expect("two halves of each panel"));
            errors.push(error_of(&panels[panels.len() - 1]));
            heap.extend([at, panels.len() - 1].into_iter().filter_map(|at| Worst::of(&panels[at], errors[at], at)));
        }
    }
}

/// A panel in the heap, by the logarithm of its error, which no change of reference alters.
struct Worst {
    log_error: f64,
    at: usize,
}

impl Worst {
    fn of(panel: &Panel, error: f64, at: usize) -> Option<Worst> {
        (error > 0.0 && panel.splittable()).then(|| Worst { log_error: error.ln() + panel.scale, at })
    }
}

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        self.log_error.total_cmp(&other.log_error).then(other.at.cmp(&self.at))
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
