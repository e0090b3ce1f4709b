//! The draws of a few chains in order, the marginal of all beside them.

use super::super::axis::whole;
use super::super::histogram::{density_of, equal_edges};
use super::super::panel::{self, Key, Panel};
use super::super::scene::{Point, Rect, Shape};
use super::super::style::{AXIS, CHAINS, DRAWS, EXACT, PAPER};
use super::{Canvas, Shown, range, weight_of};
use crate::diagnostics::{Convergence, mean_and_sd};

pub(super) fn draw(canvas: &mut Canvas, shown: &[&Shown]) {
    let kind = canvas.kind;
    let traced = traced(shown);
    let all = shown.first().map_or(0, |shown| shown.chains().len());
    let mut keys: Vec<(Key, String)> =
        traced.iter().zip(CHAINS).map(|(chain, color)| (Key::Line(color), format!("chain {}", whole(chain + 1)))).collect();
    if all > traced.len() {
        keys.push((Key::Area(DRAWS), format!("all {} chains", whole(all))));
    } else {
        keys.push((Key::Area(DRAWS), "all draws".into()));
    }
    if shown.iter().any(|shown| shown.column.curve.is_some()) {
        keys.push((Key::Line(EXACT), "exact density".into()));
    }
    let row = canvas.top + kind.text;
    panel::legend(&mut canvas.scene, &kind, &keys, canvas.size.width as f64 - kind.margin, row);
    canvas.top = row + 0.5 * kind.text;
    let views: Vec<(f64, f64)> = shown.iter().map(|shown| range(shown.chains().iter().copied().flatten(), 0.03)).collect();
    let unit = Rect { left: 0.0, top: 0.0, width: 200.0, height: 200.0 };
    let label = views.iter().map(|view| Panel::new(unit, (0.0, 1.0), *view).y_label_width(&kind)).fold(0.0, f64::max);
    let space = canvas.space(kind.margin + label + 0.5 * kind.text);
    let (head, gap, rows) = (1.9 * kind.text, 0.7 * kind.text, shown.len());
    let height = ((space.height - gap * (rows - 1) as f64) / rows as f64 - head).max(8.0);
    let (main, beside) = (0.78 * space.width, 0.2 * space.width);
    for (index, (shown, view)) in shown.iter().zip(views).enumerate() {
        let top = space.top + index as f64 * (height + head + gap) + head;
        let area = Rect { left: space.left, top, width: main, height };
        let draws = shown.chains()[0].len();
        let panel = Panel::new(area, (1.0, draws as f64), view);
        canvas.heading(&panel.area, shown.column.name, &figures(shown));
        canvas.axes(&panel, "draw", index + 1 == rows);
        let x: Vec<f64> = (1..=draws).map(|draw| draw as f64).collect();
        let width = kind.curve * if draws > 400 { 0.34 } else { 0.5 };
        // The first chain last, so that it lies on top.
        for (&chain, color) in traced.iter().zip(CHAINS).rev() {
            for points in panel.line(&x, shown.chains()[chain]) {
                canvas.scene.line(points, width, color.alpha(0.85));
            }
        }
        let area = Rect { left: space.right() - beside, top, width: beside, height };
        marginal(canvas, shown, &Panel::new(area, (0.0, 1.0), view));
    }
}

/// `R-hat 1.002 · ESS 812 of 4,000`.
fn figures(shown: &Shown) -> String {
    let value = Convergence::new(shown.chains()).disagreement().rhat;
    if value.is_nan() { weight_of(shown) } else { format!("R-hat {value:.3} · {}", weight_of(shown)) }
}

/// Up to four chains: those of the lowest and the highest mean of the variable that weighs least, and two between. A chain that sits
/// apart is among them.
fn traced(shown: &[&Shown]) -> Vec<usize> {
    let rank = |ess: f64| if ess.is_nan() { f64::NEG_INFINITY } else { ess };
    let Some(worst) = shown.iter().min_by(|a, b| rank(a.ess).total_cmp(&rank(b.ess))) else { return Vec::new() };
    let means: Vec<f64> = worst.chains().iter().map(|chain| mean_and_sd(chain).0).collect();
    let mut order: Vec<usize> = (0..means.len()).collect();
    order.sort_by(|&a, &b| means[a].total_cmp(&means[b]));
    let count = means.len().min(CHAINS.len());
    let mut chosen: Vec<usize> = (0..count).map(|pick| order[pick * (order.len() - 1) / (count - 1).max(1)]).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// The marginal, its axis along the trace's.
fn marginal(canvas: &mut Canvas, shown: &Shown, panel: &Panel) {
    let kind = canvas.kind;
    let (low, high) = (panel.y.low(), panel.y.high());
    let bins = (panel.area.height / 4.0).clamp(8.0, 50.0) as usize;
    let edges = equal_edges(low, high, bins);
    let heights = density_of(&shown.chains().concat(), &edges);
    let tallest = heights.iter().fold(f64::MIN_POSITIVE, |top: f64, height| top.max(*height));
    let curve = shown.column.curve;
    let peak = curve.map_or(0.0, |curve| curve.density.iter().copied().filter(|density| density.is_finite()).fold(0.0, f64::max));
    // A pole or a needle of the curve may leave the chart.
    let top = 1.05 * tallest.max(peak.min(1.6 * tallest));
    let reach = |density: f64| panel.area.left + (density / top * panel.area.width).min(panel.area.width);
    canvas.scene.rect(panel.area.left, panel.area.top, kind.hair, panel.area.height, AXIS);
    for (pair, height) in edges.windows(2).zip(&heights) {
        let (bottom, top) = (panel.y.pixel(pair[0]).round(), panel.y.pixel(pair[1]).round());
        canvas.scene.rect(panel.area.left + kind.hair, top, (reach(*height) - panel.area.left - kind.hair).max(0.0), bottom - top, DRAWS);
    }
    if let Some(curve) = curve {
        let inside = curve.x.iter().zip(&curve.density).filter(|(x, density)| (low..=high).contains(*x) && !density.is_nan());
        let points: Vec<Point> = inside.map(|(&x, &density)| (reach(density), panel.y.pixel(x))).collect();
        for (width, color) in [(0.6 * kind.curve + 2.0 * kind.hair, PAPER), (0.6 * kind.curve, EXACT)] {
            canvas.scene.shapes.push(Shape::Line { points: points.clone(), width, color });
        }
    }
}
