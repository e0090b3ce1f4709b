//! The mean of the draws so far, a band of two Monte Carlo standard errors about it, and the exact mean.

use super::super::axis::with_spread;
use super::super::panel::{self, Key, Panel, Room};
use super::super::scene::{Point, Rect, Shape};
use super::super::style::{DEEP, EXACT, PAPER};
use super::{Canvas, Shown, blue, grid_areas, grid_of};
use crate::diagnostics::{RunningMean, running_mean};

/// Numbers of draws at which the mean is taken.
const POINTS: usize = 120;

pub(super) fn draw(canvas: &mut Canvas, shown: &[&Shown]) {
    let kind = canvas.kind;
    let curves: Vec<Vec<RunningMean>> = shown.iter().map(|shown| running_mean(shown.chains(), POINTS)).collect();
    let views: Vec<(f64, f64)> = shown.iter().zip(&curves).map(|(shown, curve)| view(curve, shown.column.mean)).collect();
    let mut keys = vec![(Key::Line(DEEP), "mean so far".into()), (Key::Area(blue(0.3)), "±2 MCSE".into())];
    if shown.iter().any(|shown| shown.column.mean.is_some()) {
        keys.push((Key::Line(EXACT), "exact mean".into()));
    }
    let row = canvas.top + kind.text;
    panel::legend(&mut canvas.scene, &kind, &keys, canvas.size.width as f64 - kind.margin, row);
    canvas.top = row + 0.3 * kind.text;
    let unit = Rect { left: 0.0, top: 0.0, width: 200.0, height: 200.0 };
    let label = views.iter().map(|view| Panel::new(unit, (0.0, 1.0), *view).y_label_width(&kind)).fold(0.0, f64::max) + 0.5 * kind.text;
    let (columns, rows) = grid_of(shown.len());
    let areas = grid_areas(canvas, shown.len(), label);
    for (index, (shown, curve)) in shown.iter().zip(&curves).enumerate() {
        let last = curve.last().map_or(1, |point| point.draws);
        let panel = Panel::new(areas[index], (0.0, last as f64), views[index]);
        let figures = curve.last().map_or(String::new(), |point| format!("mean {}", with_spread(point.mean, point.mcse)));
        canvas.heading(&panel.area, shown.column.name, &figures);
        canvas.axes(&panel, "", false);
        band(canvas, &panel, curve);
        let line = |canvas: &mut Canvas, x: &[f64], y: &[f64], width: f64, color| {
            panel.line(x, y).into_iter().for_each(|points| canvas.scene.line(points, width, color));
        };
        if let Some(mean) = shown.column.mean {
            let ends = [0.0, last as f64];
            line(canvas, &ends, &[mean; 2], 0.55 * kind.curve + 2.0 * kind.hair, PAPER);
            line(canvas, &ends, &[mean; 2], 0.55 * kind.curve, EXACT);
        }
        let x: Vec<f64> = curve.iter().map(|point| point.draws as f64).collect();
        let y: Vec<f64> = curve.iter().map(|point| point.mean).collect();
        line(canvas, &x, &y, 0.75 * kind.curve, DEEP);
        let is_lowest = index / columns + 1 == rows || index + columns >= curves.len();
        panel.x_axis(&mut canvas.scene, &kind, if is_lowest { "draws of each chain" } else { "" }, Room::Free);
    }
}

/// The band where it is known, cut at the edges of the chart.
fn band(canvas: &mut Canvas, panel: &Panel, curve: &[RunningMean]) {
    let known: Vec<&RunningMean> = curve.iter().filter(|point| point.mcse.is_finite() && point.mean.is_finite()).collect();
    let place = |point: &RunningMean, value: f64| -> Point {
        (panel.x.pixel(point.draws as f64), panel.y.pixel(value).clamp(panel.area.top, panel.area.bottom()))
    };
    let above = known.iter().map(|point| place(point, point.mean + 2.0 * point.mcse));
    let below = known.iter().rev().map(|point| place(point, point.mean - 2.0 * point.mcse));
    let points: Vec<Point> = above.chain(below).collect();
    if points.len() > 3 {
        canvas.scene.shapes.push(Shape::Area { points, color: blue(0.3) });
    }
}

/// What the mean does after the first tenth of the draws: before, it may be anywhere.
fn view(curve: &[RunningMean], exact: Option<f64>) -> (f64, f64) {
    let settled = &curve[curve.len() / 10..];
    let ends = settled.iter().flat_map(|point| {
        let reach = if point.mcse.is_finite() { 2.0 * point.mcse } else { 0.0 };
        [point.mean - reach, point.mean + reach]
    });
    let ends: Vec<f64> = ends.chain(exact).collect();
    super::range(ends.iter(), 0.12)
}
