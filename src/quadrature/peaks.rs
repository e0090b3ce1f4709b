//! Needles that no landmark names, found among the nodes of the first panels.

use super::adapt::Panel;
use super::chart::Chart;
use super::probe::Probe;
use super::rule::N;
use super::scale::NEGLIGIBLE;

/// Sharp peaks at the nodes of `panels` that no landmark explains, each climbed on log p, which has a slope even where p underflows.
pub(super) fn peaks(probe: &mut Probe, panels: &[Panel], landmarks: &[f64]) -> Vec<f64> {
    const MOST: usize = 32;
    const SHARP: f64 = 3.0;
    let mut nodes: Vec<(f64, f64)> = Vec::with_capacity(panels.len() * N);
    // Panels near a singular end are graded already, and x has no digits left to tell their nodes apart.
    let known = |panel: &&Panel| panel.scale > f64::NEG_INFINITY && !panel.undefined && !matches!(panel.chart, Chart::LogLog { .. });
    for panel in panels.iter().filter(known) {
        nodes.extend((0..N).map(|i| {
            let u = panel.node(i);
            (panel.chart.x(u), panel.scale + panel.values[i].ln() - panel.chart.log_jacobian(u))
        }));
    }
    nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mass = |k: usize| nodes[k].1 + (nodes[k + 1].0 - nodes[k - 1].0).ln();
    let inner = 1..nodes.len().max(2) - 1;
    let heaviest = inner.clone().map(mass).fold(f64::NEG_INFINITY, f64::max);
    let mut found: Vec<usize> = inner
        .filter(|&k| nodes[k].1 - nodes[k - 1].1 > SHARP && nodes[k].1 - nodes[k + 1].1 > SHARP)
        .filter(|&k| mass(k) > heaviest - NEGLIGIBLE || nodes[k].1 > heaviest)
        .filter(|&k| !landmarks.iter().any(|&at| nodes[k - 1].0 < at && at < nodes[k + 1].0))
        .collect();
    if found.len() > MOST {
        // An oscillation, not a few needles.
        found.clear();
    }
    found.into_iter().map(|k| climb(probe, nodes[k - 1].0, nodes[k].0, nodes[k + 1].0)).collect()
}

/// The place of the maximum of log p between `low` and `high`, near enough that its neighbourhood can be graded.
fn climb(probe: &mut Probe, mut low: f64, mut best: f64, mut high: f64) -> f64 {
    const POINTS: usize = 9;
    for _ in 0..40 {
        let step = (high - low) / (POINTS + 1) as f64;
        let xs: Vec<f64> = (1..=POINTS).map(|k| low + step * k as f64).collect();
        let points: Vec<_> = xs.iter().map(|&x| (Chart::Direct, x)).collect();
        let logs: Vec<f64> = probe.sample(&points).iter().map(|sample| sample.log_density).collect();
        let top = (0..POINTS).filter(|&k| !logs[k].is_nan()).max_by(|&a, &b| logs[a].total_cmp(&logs[b]));
        let Some(top) = top else { break };
        best = xs[top];
        let drop = |k: usize| logs.get(k).map_or(f64::INFINITY, |log| logs[top] - log);
        if drop(top.wrapping_sub(1)) < 0.5 && drop(top + 1) < 0.5 || step <= 4.0 * f64::EPSILON * best.abs() {
            break;
        }
        (low, high) = (best - step, best + step);
    }
    best
}
