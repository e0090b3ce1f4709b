//! Two variables: the exact density as a map with contours, the draws on it, the marginals beside it.

use super::axis::whole;
use super::contour::Field;
use super::panel::{self, Key, Panel, Room};
use super::scene::{Anchor, Color, Point, Rect, Scene, Shape};
use super::style::{DOT, DRAWS, EXACT, INK, PAPER, Type, warm};
use super::text::Weight;
use super::{Size, nothing};
use crate::{Error, ErrorKind, Result};

/// Masses at whose highest-density regions the map changes its shade.
const BANDS: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];
/// Masses whose regions get a line.
const CONTOURS: [f64; 3] = [0.5, 0.8, 0.95];
/// Pixels of the picture per dot: more dots hide each other, and the map.
const PIXELS_PER_DOT: usize = 480;

/// A density on a grid of equal cells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DensityGrid {
    /// Cells along the first variable, at least two.
    pub columns: usize,
    /// Cells along the second variable, at least two.
    pub rows: usize,
    /// Outer edges of the first and the last column.
    pub x: (f64, f64),
    /// Outer edges of the first and the last row.
    pub y: (f64, f64),
    /// The log density at the centres of the cells, up to a constant: rows of `columns`, the second variable ascending.
    /// −∞ where there is no mass; NaN counts as −∞.
    pub log_density: Vec<f64>,
}

/// Draws of two variables on the exact density.
#[derive(Debug, Clone)]
pub struct Map2d<'a> {
    /// The headline.
    pub title: &'a str,
    /// What the figures say, in a line or two below the headline.
    pub caption: &'a str,
    /// The names along the axes.
    pub variables: [&'a str; 2],
    /// The exact density; its ranges are the view.
    pub grid: &'a DensityGrid,
    /// The draws; those outside the view are not drawn, and of many, only some evenly chosen ones are.
    pub draws: &'a [[f64; 2]],
}

impl Map2d<'_> {
    pub(super) fn scene(&self, size: Size) -> Result<Scene> {
        let inside =
            |draw: &&[f64; 2]| (self.grid.x.0..=self.grid.x.1).contains(&draw[0]) && (self.grid.y.0..=self.grid.y.1).contains(&draw[1]);
        let seen: Vec<[f64; 2]> = self.draws.iter().filter(inside).copied().collect();
        let dots = seen.len().min(size.width * size.height / PIXELS_PER_DOT);
        let shown: Vec<[f64; 2]> = (0..dots).map(|i| seen[i * seen.len() / dots]).collect();
        let mut keys = Vec::new();
        if !self.draws.is_empty() {
            let remark = match (seen.len() - shown.len(), self.draws.len() - seen.len()) {
                (0, 0) => String::new(),
                (0, beyond) => format!(" ({} outside the view)", whole(beyond)),
                _ => format!(" ({} shown)", whole(shown.len())),
            };
            keys.push((Key::Dot(DOT), format!("{} draws{remark}", whole(self.draws.len()))));
        }
        let Chart { mut scene, panel, kind, .. } = chart(size, (self.title, self.caption), self.variables, self.grid, keys, true)?;
        let centres: Vec<Point> = shown.iter().map(|draw| (panel.x.pixel(draw[0]), panel.y.pixel(draw[1]))).collect();
        let crowd = (centres.len() as f64 / 1000.0).clamp(0.25, 4.0);
        let radius = 0.165 * kind.text / crowd.powf(0.15);
        scene.shapes.push(Shape::Dots { centres, radius, color: DOT.alpha(0.62 / crowd.powf(0.25)) });
        self.marginals(&mut scene, &panel, &kind, &seen);
        Ok(scene)
    }

    /// Histograms of the draws with the exact marginal densities, above the map and to its right.
    fn marginals(&self, scene: &mut Scene, panel: &Panel, kind: &Type, seen: &[[f64; 2]]) {
        let depth = marginal_depth(scene) - 0.8 * kind.text;
        let grid = self.grid;
        let cell = |at: usize| grid.log_density[at];
        let highest = grid.log_density.iter().copied().filter(|value| value.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        let weight = |at: usize| {
            let weight = (cell(at).min(highest) - highest).exp();
            if weight.is_nan() { 0.0 } else { weight }
        };
        for axis in 0..2 {
            let (count, range) = if axis == 0 { (grid.columns, grid.x) } else { (grid.rows, grid.y) };
            let mut exact = vec![0.0; count];
            for at in 0..grid.log_density.len() {
                exact[if axis == 0 { at % grid.columns } else { at / grid.columns }] += weight(at);
            }
            let width = (range.1 - range.0) / count as f64;
            let total: f64 = exact.iter().sum::<f64>() * width;
            exact.iter_mut().for_each(|mass| *mass /= total);
            let bins = 50;
            let mut bars = vec![0.0; bins];
            let share = bins as f64 / ((range.1 - range.0) * seen.len().max(1) as f64);
            for draw in seen {
                bars[(((draw[axis] - range.0) / (range.1 - range.0) * bins as f64) as usize).min(bins - 1)] += share;
            }
            let top = exact.iter().chain(&bars).fold(0.0, |top: f64, height| top.max(*height)) * 1.05;
            // Across the map's edge, from its frame outwards.
            let place = |along: f64, height: f64| match axis {
                0 => (panel.x.pixel(along), panel.area.top - kind.hair - height / top * depth),
                _ => (panel.area.right() + kind.hair + height / top * depth, panel.y.pixel(along)),
            };
            let edge = |bin: usize| range.0 + (range.1 - range.0) * (bin as f64 / bins as f64);
            for (bin, &height) in bars.iter().enumerate() {
                let ((x0, y0), (x1, y1)) = (place(edge(bin), 0.0), place(edge(bin + 1), height));
                let (left, right) = (x0.min(x1).round(), x0.max(x1));
                let (top, bottom) = (y0.min(y1), y0.max(y1).round());
                let rect = if axis == 0 {
                    Rect { left, top, width: right.round() - left, height: bottom - top }
                } else {
                    Rect { left, top: top.round(), width: right - left, height: bottom - top.round() }
                };
                scene.shapes.push(Shape::Rect { rect, color: DRAWS });
            }
            let line: Vec<Point> = exact.iter().enumerate().map(|(i, &height)| place(range.0 + width * (i as f64 + 0.5), height)).collect();
            for (width, color) in [(0.7 * kind.curve + 2.0 * kind.hair, PAPER), (0.7 * kind.curve, EXACT)] {
                scene.shapes.push(Shape::Line { points: line.clone(), width, color });
            }
        }
    }
}

/// Room above the map and to its right.
fn marginal_depth(scene: &Scene) -> f64 {
    0.13 * scene.width.min(scene.height) as f64
}

/// A map without draws.
pub(super) struct Chart {
    pub(super) scene: Scene,
    pub(super) panel: Panel,
    pub(super) kind: Type,
    /// Where the clock of an animation starts.
    pub(super) clock: Point,
}

/// The map with its axes and contours: everything but draws.
pub(super) fn chart(
    size: Size,
    words: (&str, &str),
    variables: [&str; 2],
    grid: &DensityGrid,
    mut keys: Vec<(Key, String)>,
    marginals: bool,
) -> Result<Chart> {
    let field = checked(grid)?;
    let kind = Type::of(size);
    let mut scene = Scene::new(size.width, size.height);
    let row = panel::header(&mut scene, &kind, words.0, words.1) + 1.5 * kind.text;
    let depth = if marginals { marginal_depth(&scene) } else { 0.0 };
    let place = |left: f64| {
        let (right, bottom) = (size.width as f64 - kind.margin - depth, size.height as f64 - 0.35 * kind.margin - 3.3 * kind.text);
        let top = row + 0.75 * kind.text + depth;
        let area = Rect { left, top, width: (right - left).max(20.0), height: (bottom - top).max(20.0) };
        Panel::new(area, grid.x, grid.y)
    };
    let panel = place(kind.margin + place(kind.margin).y_label_width(&kind) + 0.9 * kind.text);
    scene.shapes.push(shades(&field, &panel, &BANDS, warm));
    let (columns, rows) = (grid.columns as f64, grid.rows as f64);
    for (index, mass) in CONTOURS.into_iter().enumerate() {
        for line in field.lines(field.level(mass)) {
            let pixel = |point: Point| {
                (panel.area.left + point.0 / columns * panel.area.width, panel.area.bottom() - point.1 / rows * panel.area.height)
            };
            let width = kind.curve * [0.62, 0.48, 0.36][index];
            scene.line(line.into_iter().map(pixel).collect(), width, EXACT);
        }
    }
    frame(&mut scene, &panel, &kind);
    panel.x_axis(&mut scene, &kind, variables[0], Room::Free);
    panel.y_labels(&mut scene, &kind, true, Room::Free);
    let at = (kind.margin, if marginals { panel.area.top - 0.6 * kind.text } else { row });
    scene.text(
        super::text::fit(variables[1], kind.text, Weight::Bold, 0.3 * size.width as f64),
        at,
        Anchor::Start,
        (kind.text, Weight::Bold),
        INK,
    );
    keys.push((Key::Line(EXACT), String::from("exact: 50, 80, 95 % of the mass")));
    panel::legend(&mut scene, &kind, &keys, size.width as f64 - kind.margin, row);
    Ok(Chart { scene, panel, kind, clock: (kind.margin, row - 2.0 * kind.text) })
}

/// A hair line around a chart.
pub(super) fn frame(scene: &mut Scene, panel: &Panel, kind: &Type) {
    let (area, hair, color) = (panel.area, kind.hair, Color::rgb(0xC9D1DA));
    scene.rect(area.left - hair, area.top - hair, area.width + 2.0 * hair, hair, color);
    scene.rect(area.left - hair, area.top, hair, area.height, color);
    scene.rect(area.right(), area.top, hair, area.height, color);
}

/// The area of a chart in the shades of the regions, each pixel the mean of four.
pub(super) fn shades(field: &Field, panel: &Panel, bands: &[f64], ramp: fn(f64) -> [u8; 3]) -> Shape {
    let levels: Vec<f64> = bands.iter().map(|&mass| field.level(mass)).collect();
    let plateau = levels[0] == levels[levels.len() - 2];
    let band = |value: f64| levels.iter().position(|&level| value >= level).unwrap_or(bands.len());
    let shade = |value: f64| match band(value) {
        // On a flat density all levels are one, and the darkest shade would say too much.
        0 if plateau => bands.len() / 2,
        band => band,
    };
    let colors: Vec<[u8; 3]> = (0..=bands.len()).map(|band| ramp(1.0 - band as f64 / bands.len() as f64)).collect();
    let (columns, rows) = (panel.area.width as usize, panel.area.height as usize);
    let mut pixels = Vec::with_capacity(columns * rows);
    let cell = |at: f64, pixels: usize, cells: usize| at / pixels as f64 * cells as f64;
    for row in 0..rows {
        for column in 0..columns {
            let mut sum = [0_u16; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let x = cell(column as f64 + dx, columns, field.columns);
                let y = field.rows as f64 - cell(row as f64 + dy, rows, field.rows);
                let color = colors[shade(field.at(x, y))];
                (0..3).for_each(|i| sum[i] += u16::from(color[i]));
            }
            pixels.push(sum.map(|sum| ((sum + 2) / 4) as u8));
        }
    }
    Shape::Image { at: (panel.area.left as usize, panel.area.top as usize), columns, pixels }
}

fn checked(grid: &DensityGrid) -> Result<Field> {
    let range = |(low, high): (f64, f64)| low < high && (high - low).is_finite();
    let cells = grid.columns >= 2 && grid.rows >= 2 && grid.columns.checked_mul(grid.rows) == Some(grid.log_density.len());
    if !cells || !range(grid.x) || !range(grid.y) {
        return Err(Error::new(ErrorKind::Setting, "a density map needs ascending ranges and at least two by two cells, all filled"));
    }
    Field::new(grid.columns, grid.rows, &grid.log_density).ok_or_else(|| nothing("the density is zero on the whole grid"))
}
