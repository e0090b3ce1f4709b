//! Autocorrelation by lag, with the band ±2/√n that independent draws keep to.

use super::super::panel::{Panel, Room};
use super::super::scene::Rect;
use super::super::style::{DEEP, INK, Type};
use super::{Canvas, Shown, blue, grid_areas, grid_of, weight_of};
use crate::diagnostics::autocorrelation;

/// Lags shown at most and at least.
const MOST: usize = 200;
const FEWEST: usize = 20;

pub(super) fn draw(canvas: &mut Canvas, shown: &[&Shown]) {
    let kind = canvas.kind;
    let curves: Vec<Vec<f64>> = shown.iter().map(|shown| curve(shown)).collect();
    // One axis for all, so that charts can be compared.
    let most = shown.iter().zip(&curves).map(|(shown, curve)| forgotten(curve, band(shown))).max().unwrap_or(FEWEST);
    let lowest = curves.iter().flatten().copied().filter(|rho| rho.is_finite()).fold(0.0, f64::min);
    let low = (1.15 * lowest).clamp(-1.0, -0.12);
    let label = Panel::new(unit(), (0.0, 1.0), (low, 1.05)).y_label_width(&kind) + 0.5 * kind.text;
    let (columns, rows) = grid_of(shown.len());
    let areas = grid_areas(canvas, shown.len(), label);
    for (index, (shown, curve)) in shown.iter().zip(&curves).enumerate() {
        let panel = Panel::new(areas[index], (-0.5, most as f64 + 0.5), (low, 1.05));
        canvas.heading(&panel.area, shown.column.name, &weight_of(shown));
        let band = band(shown);
        let (top, bottom) = (panel.y.pixel(band), panel.y.pixel(-band));
        canvas.axes(&panel, "", false);
        canvas.scene.rect(panel.area.left, top, panel.area.width, bottom - top, blue(0.2));
        stems(canvas, &panel, &kind, &curve[..curve.len().min(most + 1)]);
        let is_lowest = index / columns + 1 == rows || index + columns >= curves.len();
        panel.x_axis(&mut canvas.scene, &kind, if is_lowest { "lag, in draws" } else { "" }, Room::Free);
    }
}

fn unit() -> Rect {
    Rect { left: 0.0, top: 0.0, width: 200.0, height: 200.0 }
}

/// A bar from zero to each value, and the line of zero.
fn stems(canvas: &mut Canvas, panel: &Panel, kind: &Type, curve: &[f64]) {
    let zero = panel.y.pixel(0.0);
    let step = panel.area.width / (panel.x.high() - panel.x.low());
    let width = (0.62 * step).clamp(1.0, 14.0);
    for (lag, rho) in curve.iter().enumerate().filter(|(_, rho)| rho.is_finite()) {
        let (at, y) = (panel.x.pixel(lag as f64), panel.y.pixel(*rho));
        canvas.scene.rect(at - 0.5 * width, y.min(zero), width, (y - zero).abs(), DEEP);
    }
    canvas.scene.rect(panel.area.left, zero.round(), panel.area.width, kind.hair, INK);
}

fn curve(shown: &Shown) -> Vec<f64> {
    let draws = shown.chains().first().map_or(0, |chain| chain.len());
    autocorrelation(shown.chains(), MOST.min(draws - 1).min((draws / 2).max(FEWEST)))
}

/// Two standard errors of the autocorrelation of independent draws.
fn band(shown: &Shown) -> f64 {
    2.0 / (shown.total().max(1) as f64).sqrt()
}

/// Lags to show: twice those until the first inside the band.
fn forgotten(curve: &[f64], band: f64) -> usize {
    let first = curve.iter().position(|rho| *rho <= band).unwrap_or(curve.len());
    (2 * first).clamp(FEWEST, MOST).min(curve.len().saturating_sub(1)).max(1)
}
