//! The parts charts share: headline and caption, legend, grid and axes, lines cut at the edge of the chart.

use super::axis::{self, Scale};
use super::scene::{Anchor, Color, Point, Rect, Scene, Shape};
use super::style::{AXIS, DRAWS, GRID, INK, MUTED, Type};
use super::text::{self, Weight};

/// A caption that leaves a line free for the [`clock`].
pub(super) const CLOCK: &str = "\0clock";

/// Headline and caption at the top left; returns where the space below begins.
pub(super) fn header(scene: &mut Scene, kind: &Type, title: &str, caption: &str) -> f64 {
    let room = scene.width as f64 - 2.0 * kind.margin;
    let mut y = kind.margin * 0.65;
    let title = &one_line(title);
    if !title.is_empty() {
        y += kind.title * 0.95;
        // A long formula gets smaller before it gets cut.
        let size = (kind.title * room / text::width(title, kind.title, Weight::Bold)).clamp(0.72 * kind.title, kind.title);
        scene.text(text::fit(title, size, Weight::Bold, room), (kind.margin, y), Anchor::Start, (size, Weight::Bold), INK);
        y += kind.title * 0.25;
    }
    if caption == CLOCK {
        y += kind.text * 1.4;
        return y + kind.text * 0.5;
    }
    for line in text::wrap(&one_line(caption), kind.text, Weight::Regular, room, 2) {
        y += kind.text * 1.4;
        scene.text(line, (kind.margin, y), Anchor::Start, (kind.text, Weight::Regular), MUTED);
    }
    y + kind.text * 0.5
}

/// The beginning of a text that may hold line breaks or a whole model.
fn one_line(text: &str) -> String {
    let start: String = text.chars().take(1000).collect();
    start.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line below the headline of an animation: step and step size, each figure at a fixed place so that only digits move;
/// and along the foot of the picture, how much of the run is over.
pub(super) fn clock(size: (usize, usize), kind: &Type, at: Point, step: (usize, usize), step_size: f64) -> Vec<Shape> {
    let font = |weight| (kind.text, weight);
    let wide = |text: &str, weight| text::width(text, kind.text, weight);
    let (now, total) = (axis::whole(step.0), axis::whole(step.1.max(step.0)));
    let mut line = Scene::new(size.0, size.1);
    let (thick, part) = (3.0 * kind.hair, step.0 as f64 / step.1.max(step.0).max(1) as f64);
    line.rect(0.0, size.1 as f64 - thick, (part * size.0 as f64).round(), thick, DRAWS);
    let mut x = at.0;
    line.text("step ", (x, at.1), Anchor::Start, font(Weight::Regular), MUTED);
    x += wide("step ", Weight::Regular);
    line.text(now.clone(), (x, at.1), Anchor::Start, font(Weight::Bold), INK);
    line.text(format!(" of {total}"), (x + wide(&now, Weight::Bold), at.1), Anchor::Start, font(Weight::Regular), MUTED);
    x += wide(&total, Weight::Bold) + wide(&format!(" of {total}"), Weight::Regular) + 1.6 * kind.text;
    if step_size > 0.0 && step_size.is_finite() {
        line.text("step size ", (x, at.1), Anchor::Start, font(Weight::Regular), MUTED);
        x += wide("step size ", Weight::Regular);
        line.text(axis::scientific(step_size, 1), (x, at.1), Anchor::Start, font(Weight::Bold), INK);
    }
    line.shapes
}

/// How an entry of a legend is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Key {
    Area(Color),
    Line(Color),
    Dot(Color),
}

/// The entries of a legend in one row, ending at `right`, on the baseline `y`.
pub(super) fn legend(scene: &mut Scene, kind: &Type, entries: &[(Key, String)], right: f64, y: f64) {
    let (size, swatch, gap) = (kind.text, kind.text * 1.5, kind.text * 0.5);
    let mut x = right;
    for (key, label) in entries.iter().rev() {
        x -= text::width(label, size, Weight::Regular);
        scene.text(label.clone(), (x, y), Anchor::Start, (size, Weight::Regular), INK);
        x -= gap + swatch;
        let middle = y - 0.36 * size;
        match *key {
            Key::Area(color) => scene.rect(x, (middle - 0.4 * size).round(), swatch, (0.8 * size).round(), color),
            Key::Line(color) => scene.line(vec![(x, middle), (x + swatch, middle)], kind.curve, color),
            Key::Dot(color) => {
                scene.shapes.push(Shape::Dots { centres: vec![(x + 0.6 * swatch, middle)], radius: 0.28 * size, color });
            }
        }
        x -= 1.4 * size;
    }
}

/// Whether labels may reach beyond the ends of their axis, or would meet those of the chart next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    Inside,
}

/// The area of a chart and its two scales.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panel {
    pub(super) area: Rect,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Panel {
    /// A chart in `area`, which is moved to whole pixels so that hair lines stay sharp.
    pub(super) fn new(area: Rect, x: (f64, f64), y: (f64, f64)) -> Panel {
        let (left, top) = (area.left.round(), area.top.round());
        let (right, bottom) = (area.right().round().max(left + 1.0), area.bottom().round().max(top + 1.0));
        let area = Rect { left, top, width: right - left, height: bottom - top };
        Panel { area, x: Scale::new(x.0, x.1, left, right), y: Scale::new(y.0, y.1, bottom, top) }
    }

    /// Ticks of the horizontal axis that leave room between their labels.
    pub(super) fn x_ticks(&self, kind: &Type) -> Vec<axis::Tick> {
        let fits = |ticks: &Vec<axis::Tick>| {
            let labels: f64 = ticks.iter().map(|tick| text::width(&tick.label, kind.text, Weight::Regular) + 1.6 * kind.text).sum();
            labels <= self.area.width
        };
        let choices = (2..=9).rev().map(|most| axis::ticks(self.x.low(), self.x.high(), most));
        choices.into_iter().find(fits).unwrap_or_default()
    }

    /// Ticks of the vertical axis.
    pub(super) fn y_ticks(&self, kind: &Type) -> Vec<axis::Tick> {
        // Where a third label has room, two would often be one.
        let least = if self.area.height > 6.0 * kind.text { 3.0 } else { 2.0 };
        let most = (self.area.height / (3.6 * kind.text)).clamp(least, 7.0);
        axis::ticks(self.y.low(), self.y.high(), most as usize)
    }

    /// Horizontal grid lines.
    pub(super) fn grid(&self, scene: &mut Scene, kind: &Type) {
        for tick in self.y_ticks(kind) {
            let y = self.y.pixel(tick.value).round();
            scene.rect(self.area.left, y - kind.hair, self.area.width, kind.hair, GRID);
        }
    }

    /// The line at the foot of the chart.
    pub(super) fn x_line(&self, scene: &mut Scene, kind: &Type) {
        scene.rect(self.area.left, self.area.bottom() - kind.hair, self.area.width, kind.hair, AXIS);
    }

    /// The horizontal axis with ticks, labels and the variable's name below.
    pub(super) fn x_axis(&self, scene: &mut Scene, kind: &Type, variable: &str, room: Room) {
        let (bottom, tick_length) = (self.area.bottom(), (kind.text * 0.35).round());
        self.x_line(scene, kind);
        for tick in self.x_ticks(kind) {
            let x = self.x.pixel(tick.value).round().clamp(self.area.left, self.area.right() - kind.hair);
            let half = 0.5 * text::width(&tick.label, kind.text, Weight::Regular);
            if room == Room::Inside && (x - half < self.area.left || x + half > self.area.right()) {
                continue;
            }
            scene.rect(x, bottom, kind.hair, tick_length, AXIS);
            scene.text(tick.label, (x, bottom + tick_length + kind.text * 1.05), Anchor::Middle, (kind.text, Weight::Regular), MUTED);
        }
        let name = text::fit(variable, kind.text, Weight::Bold, self.area.width);
        let at = (self.area.left + 0.5 * self.area.width, bottom + tick_length + kind.text * 2.5);
        scene.text(name, at, Anchor::Middle, (kind.text, Weight::Bold), INK);
    }

    /// The labels of the vertical axis; with `ticks`, a short line at each.
    pub(super) fn y_labels(&self, scene: &mut Scene, kind: &Type, ticks: bool, room: Room) {
        let tick_length = if ticks { (kind.text * 0.35).round() } else { 0.0 };
        for tick in self.y_ticks(kind) {
            let y = self.y.pixel(tick.value).round();
            if room == Room::Inside && (y - 0.4 * kind.text < self.area.top || y + 0.4 * kind.text > self.area.bottom()) {
                continue;
            }
            if ticks {
                scene.rect(self.area.left - tick_length, y.min(self.area.bottom() - kind.hair), tick_length, kind.hair, AXIS);
            }
            let at = (self.area.left - tick_length - 0.5 * kind.text, y + 0.36 * kind.text);
            scene.text(tick.label, at, Anchor::End, (kind.text, Weight::Regular), MUTED);
        }
    }

    /// Width of the widest label of the vertical axis.
    pub(super) fn y_label_width(&self, kind: &Type) -> f64 {
        self.y_ticks(kind).iter().fold(0.0, |widest: f64, tick| widest.max(text::width(&tick.label, kind.text, Weight::Regular)))
    }

    /// A line through values, cut at the edges of the chart and broken where a value is NaN.
    pub(super) fn line(&self, x: &[f64], y: &[f64]) -> Vec<Vec<Point>> {
        // Far outside is far enough: infinite pixels have no direction.
        let far = |pixel: f64| pixel.clamp(-1e7, 1e7);
        let points = x.iter().zip(y).map(|(&x, &y)| (far(self.x.pixel(x)), far(self.y.pixel(y))));
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        let mut previous: Option<Point> = None;
        for point in thinned(points) {
            let segment =
                previous.filter(|from| !(from.0 + from.1 + point.0 + point.1).is_nan()).and_then(|from| clip(from, point, &self.area));
            if let Some((from, to)) = segment {
                match pieces.last_mut() {
                    Some(piece) if piece.last() == Some(&from) => piece.push(to),
                    _ => pieces.push(vec![from, to]),
                }
            }
            previous = Some(point);
        }
        pieces
    }
}

/// Of the points in one pixel column only the first, the lowest, the highest and the last (Jugel et al. 2014, "M4").
fn thinned(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut column: Vec<Point> = Vec::new();
    let mut flush = |column: &mut Vec<Point>| {
        let extreme =
            |best: fn(f64, f64) -> bool| (0..column.len()).reduce(|a, b| if best(column[b].1, column[a].1) { b } else { a }).unwrap_or(0);
        let mut chosen = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), column.len().saturating_sub(1)];
        chosen.sort_unstable();
        for (i, &index) in chosen.iter().enumerate() {
            if index < column.len() && (i == 0 || chosen[i - 1] != index) {
                kept.push(column[index]);
            }
        }
        column.clear();
    };
    for point in points {
        let nan = (point.0 + point.1).is_nan();
        if nan || column.first().is_some_and(|first| first.0.floor() != point.0.floor()) {
            flush(&mut column);
        }
        column.push(point);
        if nan {
            flush(&mut column);
        }
    }
    flush(&mut column);
    kept
}

/// The part of a segment inside a rectangle (Liang & Barsky 1984).
fn clip(from: Point, to: Point, area: &Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let sides = [(-dx, from.0 - area.left), (dx, area.right() - from.0), (-dy, from.1 - area.top), (dy, area.bottom() - from.1)];
    for (outward, distance) in sides {
        if outward == 0.0 {
            if distance < 0.0 {
                return None;
            }
        } else if outward < 0.0 {
            enter = enter.max(distance / outward);
        } else {
            leave = leave.min(distance / outward);
        }
    }
    let at = |part: f64| {
        if part == 0.0 {
            from
        } else if part == 1.0 {
            to
        } else {
            (from.0 + part * dx, from.1 + part * dy)
        }
    };
    (enter < leave).then(|| (at(enter), at(leave)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_the_edge_and_broken_at_a_nan() {
        let area = Rect { left: 0.0, top: 0.0, width: 100.0, height: 100.0 };
        let panel = Panel::new(area, (0.0, 10.0), (0.0, 1.0));
        let x = [0.0, 2.0, 4.0, 4.5, 5.0, 6.0, 8.0, 9.0];
        let pieces = panel.line(&x, &[0.5, 0.5, 2.5, 2.0, f64::NAN, 0.25, 0.25, f64::INFINITY]);
        assert_eq!(pieces[0], [(0.0, 50.0), (20.0, 50.0), (25.0, 0.0)]);
        assert_eq!(pieces[1][..2], [(60.0, 75.0), (80.0, 75.0)]);
        assert!(pieces.len() == 2 && pieces.iter().flatten().all(|p| (0.0..=100.0).contains(&p.0) && (0.0..=100.0).contains(&p.1)));
    }

    #[test]
    fn thinning_keeps_the_peak_of_a_needle() {
        let x: Vec<f64> = (0..=100_000).map(|i| i as f64 / 100_000.0).collect();
        let y: Vec<f64> = x.iter().map(|x| if *x == 0.5 { 0.9 } else { 0.1 }).collect();
        let area = Rect { left: 0.0, top: 0.0, width: 100.0, height: 100.0 };
        let pieces = Panel::new(area, (0.0, 1.0), (0.0, 1.0)).line(&x, &y);
        let points: Vec<Point> = pieces.concat();
        assert!(points.len() <= 404 && points.iter().any(|p| (p.1 - 10.0).abs() < 1e-9), "{}", points.len());
    }
}
