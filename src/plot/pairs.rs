//! Three or more variables: the first few, each by itself on the diagonal and each with each below it.

use super::axis::whole;
use super::contour::Field;
use super::histogram::{density_of, equal_edges};
use super::panel::{self, Key, Panel, Room};
use super::scene::{Anchor, Point, Rect, Scene, Shape};
use super::style::{DEEP, DRAWS, INK, MUTED, Type, WRONG, cool};
use super::text::{self, Weight};
use super::{Size, map, nothing};
use crate::{Error, ErrorKind, Result};

/// Variables shown.
const MOST: usize = 4;
/// Cells along a side of a smoothed density of draws.
const CELLS: usize = 64;
/// Masses at whose regions the shade changes.
const BANDS: [f64; 6] = [0.2, 0.4, 0.6, 0.8, 0.95, 0.99];
const BINS: usize = 40;

/// Draws of several variables, pair by pair.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    /// The headline.
    pub title: &'a str,
    /// What the figures say, in a line or two below the headline.
    pub caption: &'a str,
    /// The names, in the order of the columns of draws; the first four are shown.
    pub variables: Vec<&'a str>,
    /// The draws, one slice per variable, all of one length.
    pub draws: Vec<&'a [f64]>,
    /// Numbers of the draws to mark: those whose trajectory diverged.
    pub marked: &'a [usize],
}

impl Pairs<'_> {
    pub(super) fn scene(&self, size: Size) -> Result<Scene> {
        let shown = self.variables.len().min(MOST);
        let count = self.draws.first().map_or(0, |draws| draws.len());
        if shown == 0 || self.draws.len() != self.variables.len() || self.draws.iter().any(|draws| draws.len() != count) {
            return Err(Error::new(ErrorKind::Setting, "a figure of pairs needs one column of draws per variable, all of one length"));
        }
        let views = self.draws[..shown].iter().zip(&self.variables).map(|(draws, name)| view(draws, name)).collect::<Result<Vec<_>>>()?;
        let kind = Type::of(size);
        let kind = Type { text: kind.text * if shown > 2 { 0.86 } else { 1.0 }, ..kind };
        let mut scene = Scene::new(size.width, size.height);
        let hidden = self.variables.len() - shown;
        let rest =
            if hidden > 0 { format!(" · {} of {} variables shown", whole(shown), whole(self.variables.len())) } else { String::new() };
        let caption = [self.caption, &rest].concat();
        let top = panel::header(&mut scene, &kind, self.title, caption.trim_start_matches(" · ")) + 1.6 * kind.text;
        if shown > 1 && !self.marked.is_empty() {
            let keys = [(Key::Dot(WRONG), format!("{} divergences", whole(self.marked.len())))];
            panel::legend(&mut scene, &kind, &keys, size.width as f64 - kind.margin, top - 0.6 * kind.text);
        }
        let widest = (0..shown).map(|row| self.panel(row, 0, views[0], views[row], unit()).y_label_width(&kind)).fold(0.0, f64::max);
        let left = kind.margin + widest + 0.9 * kind.text;
        let whole_area = Rect {
            left,
            top,
            width: (size.width as f64 - kind.margin - left).max(40.0),
            height: (size.height as f64 - 0.35 * kind.margin - 3.3 * kind.text - top).max(40.0),
        };
        let gap = 0.7 * kind.text;
        let side = |length: f64| (length - gap * (shown - 1) as f64) / shown as f64;
        let cell = |row: usize, column: usize| Rect {
            left: whole_area.left + column as f64 * (side(whole_area.width) + gap),
            top: whole_area.top + row as f64 * (side(whole_area.height) + gap),
            width: side(whole_area.width).max(8.0),
            height: side(whole_area.height).max(8.0),
        };
        for row in 0..shown {
            for column in 0..=row {
                let panel = self.panel(row, column, views[column], views[row], cell(row, column));
                if row == column {
                    self.marginal(&mut scene, &kind, &panel, column);
                } else {
                    self.pair(&mut scene, &kind, &panel, (column, row));
                    map::frame(&mut scene, &panel, &kind);
                }
                let name = if row + 1 == shown { self.variables[column] } else { "" };
                axes(&mut scene, &kind, &panel, name, row + 1 == shown, column == 0 && row > 0);
            }
        }
        Ok(scene)
    }

    fn panel(&self, row: usize, column: usize, x: (f64, f64), y: (f64, f64), area: Rect) -> Panel {
        Panel::new(area, x, if row == column { (0.0, 1.0) } else { y })
    }

    /// The histogram of one variable, its name, mean and standard deviation.
    fn marginal(&self, scene: &mut Scene, kind: &Type, panel: &Panel, variable: usize) {
        let edges = equal_edges(panel.x.low(), panel.x.high(), BINS);
        let heights = density_of(self.draws[variable], &edges);
        let top = heights.iter().fold(f64::MIN_POSITIVE, |top: f64, height| top.max(*height)) * 1.35;
        let pixel = |height: &f64| panel.area.bottom() - height / top * panel.area.height;
        let tops = heights.iter().map(pixel).collect();
        let edges = edges.iter().map(|&edge| panel.x.pixel(edge)).collect();
        scene.shapes.push(Shape::Bars { edges, tops, base: panel.area.bottom(), color: DRAWS });
        let (mean, deviation) = moments(self.draws[variable]);
        let at = (panel.area.left, panel.area.top + kind.text);
        let room = panel.area.width;
        let name = text::fit(self.variables[variable], kind.text, Weight::Bold, 0.45 * room);
        let figures = super::axis::with_spread(mean, deviation);
        let used = text::width(&name, kind.text, Weight::Bold) + 0.8 * kind.text;
        scene.text(name, at, Anchor::Start, (kind.text, Weight::Bold), INK);
        if mean.is_finite() && used + text::width(&figures, kind.text, Weight::Regular) <= room {
            scene.text(figures, (panel.area.right(), at.1), Anchor::End, (kind.text, Weight::Regular), MUTED);
        }
    }

    /// The smoothed density of two variables, and the draws outside its 95 % region as dots.
    fn pair(&self, scene: &mut Scene, kind: &Type, panel: &Panel, variables: (usize, usize)) {
        let (xs, ys) = (self.draws[variables.0], self.draws[variables.1]);
        let cell = |value: f64, low: f64, high: f64| (value - low) / (high - low) * CELLS as f64;
        let places: Vec<Point> = xs
            .iter()
            .zip(ys)
            .map(|(&x, &y)| (cell(x, panel.x.low(), panel.x.high()), cell(y, panel.y.low(), panel.y.high())))
            .filter(|(x, y)| (0.0..CELLS as f64).contains(x) && (0.0..CELLS as f64).contains(y))
            .collect();
        let mut field = vec![0.0; CELLS * CELLS];
        places.iter().for_each(|place| field[place.1 as usize * CELLS + place.0 as usize] += 1.0);
        let field = smoothed(field, bandwidth(&places)).into_iter().map(f64::ln).collect::<Vec<_>>();
        let Some(field) = Field::new(CELLS, CELLS, &field) else { return };
        scene.shapes.push(map::shades(&field, panel, &BANDS, cool));
        let scale = |place: &Point| {
            let part = (place.0 / CELLS as f64, place.1 / CELLS as f64);
            (panel.area.left + part.0 * panel.area.width, panel.area.bottom() - part.1 * panel.area.height)
        };
        let rim = field.level(0.95);
        let lone: Vec<&Point> = places.iter().filter(|place| field.at(place.0, place.1) < rim).collect();
        let stride = lone.len().div_ceil(600).max(1);
        let centres = lone.into_iter().step_by(stride).map(scale).collect();
        scene.shapes.push(Shape::Dots { centres, radius: 0.11 * kind.text, color: DEEP.alpha(0.45) });
        for (mass, width) in [(0.5, 0.5), (0.95, 0.35)] {
            for line in field.lines(field.level(mass)) {
                scene.line(line.iter().map(scale).collect(), width * kind.curve, DEEP);
            }
        }
        self.marks(scene, kind, panel, (xs, ys));
    }

    /// The marked draws that are in view, over everything else.
    fn marks(&self, scene: &mut Scene, kind: &Type, panel: &Panel, (xs, ys): (&[f64], &[f64])) {
        let places = self.marked.iter().filter_map(|&draw| Some((*xs.get(draw)?, *ys.get(draw)?)));
        let inside = |x: f64, low: f64, high: f64| (low..=high).contains(&x);
        let centres: Vec<Point> = places
            .filter(|(x, y)| inside(*x, panel.x.low(), panel.x.high()) && inside(*y, panel.y.low(), panel.y.high()))
            .map(|(x, y)| (panel.x.pixel(x), panel.y.pixel(y)))
            .collect();
        if !centres.is_empty() {
            scene.shapes.push(Shape::Dots { centres, radius: 0.2 * kind.text, color: WRONG.alpha(0.8) });
        }
    }
}

fn unit() -> Rect {
    Rect { left: 0.0, top: 0.0, width: 200.0, height: 200.0 }
}

/// Axes at the outer sides only.
fn axes(scene: &mut Scene, kind: &Type, panel: &Panel, name: &str, below: bool, left: bool) {
    if below {
        panel.x_axis(scene, kind, name, Room::Inside);
    } else {
        panel.x_line(scene, kind);
    }
    if left {
        panel.y_labels(scene, kind, true, Room::Inside);
    }
}

/// The range that holds all but the most extreme draws: one in a thousand on each side, with some room.
fn view(draws: &[f64], name: &str) -> Result<(f64, f64)> {
    let mut sorted: Vec<f64> = draws.iter().copied().filter(|draw| draw.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else {
        return Err(nothing(&format!("no finite draw of {name}")));
    };
    let cut = sorted.len() / 1000;
    let (low, high) = (sorted[cut], sorted[sorted.len() - 1 - cut]);
    let room = 0.06 * (high - low);
    // Without room for heavy tails' sake a bounded variable still ends at its bound.
    let (low, high) = ((low - room).max(first - 0.5 * room), (high + room).min(last + 0.5 * room));
    super::histogram::view(low, high)
}

fn moments(draws: &[f64]) -> (f64, f64) {
    let finite = || draws.iter().copied().filter(|draw| draw.is_finite());
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    (mean, (finite().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)).sqrt())
}

/// Standard deviations of a Gaussian kernel in cells: Scott (1992), at least half a cell.
fn bandwidth(places: &[Point]) -> (f64, f64) {
    let shrink = (places.len().max(1) as f64).powf(-1.0 / 6.0);
    let along = |pick: fn(&Point) -> f64| (moments(&places.iter().map(pick).collect::<Vec<_>>()).1 * shrink).clamp(0.5, 8.0);
    (along(|place| place.0), along(|place| place.1))
}

/// A Gaussian blur, along rows and then along columns.
fn smoothed(field: Vec<f64>, bandwidth: (f64, f64)) -> Vec<f64> {
    let blur = |field: &[f64], width: f64, stride: usize, across: usize| {
        let reach = (4.0 * width).ceil() as usize;
        let kernel: Vec<f64> = (0..=reach).map(|i| (-0.5 * (i as f64 / width).powi(2)).exp()).collect();
        let mut blurred = vec![0.0; field.len()];
        for line in 0..CELLS {
            for at in 0..CELLS {
                let near = at.saturating_sub(reach)..(at + reach + 1).min(CELLS);
                let (sum, norm) = near.fold((0.0, 0.0), |(sum, norm), other| {
                    let weight = kernel[other.abs_diff(at)];
                    (sum + weight * field[line * across + other * stride], norm + weight)
                });
                blurred[line * across + at * stride] = sum / norm;
            }
        }
        blurred
    };
    let rows = blur(&field, bandwidth.0, 1, CELLS);
    blur(&rows, bandwidth.1, CELLS, 1)
}
