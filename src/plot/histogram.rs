//! One variable: bars exactly on their bins, as a density, under the exact curve; still, or frame by frame.

use super::axis::{number, whole};
use super::gif::Stage;
use super::panel::{self, Key, Panel, Room};
use super::raster::{Raster, Stencil};
use super::scene::{Anchor, Color, Point, Rect, Scene, Shape};
use super::style::{DRAWS, EXACT, INK, MUTED, PAPER, Type};
use super::text::{self, Weight};
use super::{Size, nothing};
use crate::{Error, ErrorKind, Result};

/// A normalised density at points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// Where, ascending; the same place twice makes a jump.
    pub x: Vec<f64>,
    /// The density there; infinite at a singularity, NaN where it is not known.
    pub density: Vec<f64>,
}

/// A histogram of draws of one variable.
#[derive(Debug, Clone)]
pub struct Histogram1d<'a> {
    /// The headline.
    pub title: &'a str,
    /// What the figures say, in a line or two below the headline.
    pub caption: &'a str,
    /// The name under the axis.
    pub variable: &'a str,
    /// Left end of the view.
    pub low: f64,
    /// Right end of the view.
    pub high: f64,
    /// The draws; those outside the view count in the total but are not drawn, and NaN is left out.
    pub draws: &'a [f64],
    /// The exact density.
    pub curve: Option<&'a Curve>,
    /// How many bins; chosen from the draws if absent.
    pub bins: Option<usize>,
}

/// The chains at one step, counted in bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame1d {
    /// Steps done.
    pub step: usize,
    /// The step size that led here.
    pub step_size: f64,
    /// Chains in each bin of [`Animation1d::edges`].
    pub counts: Vec<u32>,
}

/// The chains of one variable converging.
#[derive(Debug, Clone)]
pub struct Animation1d<'a> {
    /// The headline.
    pub title: &'a str,
    /// The name under the axis.
    pub variable: &'a str,
    /// Ends of the bins, ascending; the first and the last are the ends of the view.
    pub edges: &'a [f64],
    /// The exact density.
    pub curve: Option<&'a Curve>,
    /// How many chains there are, those outside the bins included.
    pub chains: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// The frames in order of time.
    pub frames: &'a [Frame1d],
}

impl Histogram1d<'_> {
    pub(super) fn scene(&self, size: Size) -> Result<Scene> {
        let (low, high) = view(self.low, self.high)?;
        let counted: Vec<f64> = self.draws.iter().copied().filter(|draw| !draw.is_nan()).collect();
        let curve = self.curve.filter(|curve| !curve.x.is_empty());
        if counted.is_empty() && curve.is_none() {
            return Err(nothing("no draws and no curve"));
        }
        let bins = self.bins.unwrap_or_else(|| bin_count(&counted, low, high)).clamp(1, 4 * size.width);
        let edges = equal_edges(low, high, bins);
        let outside = counted.iter().filter(|draw| !(low..=high).contains(*draw)).count();
        let heights = density_of(&counted, &edges);
        let tallest = heights.iter().fold(0.0, |tallest: f64, height| tallest.max(*height));
        let curve_top = curve.map_or(0.0, |curve| usual_top(curve, low, high));
        let top = if curve_top > 0.0 && tallest > 3.0 * curve_top { 1.5 * curve_top } else { shared_top(curve, (low, high), tallest) };
        let mut legend = Vec::new();
        if !counted.is_empty() {
            let beyond = if outside > 0 { format!(" ({} outside the view)", whole(outside)) } else { String::new() };
            legend.push((Key::Area(DRAWS), format!("{} draws{beyond}", whole(counted.len()))));
        }
        let chart = Chart::new(size, (self.title, self.caption, self.variable), (low, high), 1.1 * top, curve, legend);
        let mut scene = chart.under.clone();
        scene.shapes.extend(chart.bars(&edges, &heights));
        scene.shapes.extend(chart.separators(&edges, &heights));
        scene.shapes.extend(chart.over);
        Ok(scene)
    }
}

impl<'a> Animation1d<'a> {
    pub(super) fn stage(&'a self, size: Size) -> Result<Box<dyn Stage + 'a>> {
        let (Some(&low), Some(&high)) = (self.edges.first(), self.edges.last()) else { return Err(nothing("no bins")) };
        if self.frames.is_empty() {
            return Err(nothing("no frames"));
        }
        let ascending = self.edges.windows(2).all(|pair| pair[0] < pair[1]) && (high - low).is_finite() && low < high;
        if !ascending || self.frames.iter().any(|frame| frame.counts.len() + 1 != self.edges.len()) {
            return Err(Error::new(ErrorKind::Setting, "an animation needs ascending edges and one count per bin in each frame"));
        }
        let curve = self.curve.filter(|curve| !curve.x.is_empty());
        let top = 1.08 * self.top(curve, (low, high));
        let keys = vec![(Key::Area(DRAWS), format!("{} chains", whole(self.chains)))];
        let chart = Chart::new(size, (self.title, panel::CLOCK, self.variable), (low, high), top, curve, keys);
        let base = Raster::of(&chart.under);
        let over = Stencil::of(&chart.over, size.width, size.height);
        Ok(Box::new(Stage1d { animation: self, chart, base, over }))
    }

    /// The height for the curve and the bars once they have settled: those of the second half of the frames, and any
    /// earlier ones that are not far above.
    fn top(&self, curve: Option<&Curve>, view: (f64, f64)) -> f64 {
        let tallest = |frame: &Frame1d| heights(&frame.counts, self.edges, self.chains).into_iter().fold(0.0, f64::max);
        let tops: Vec<f64> = self.frames.iter().map(tallest).collect();
        let settled = tops[tops.len() / 2..].iter().copied().fold(0.0, f64::max);
        let curve_top = curve.map_or(0.0, |curve| usual_top(curve, view.0, view.1));
        // A run that never settles must not flatten the exact curve.
        let settled = if curve_top > 0.0 { settled.min(2.0 * curve_top) } else { settled };
        let usual = shared_top(curve, view, settled);
        tops.into_iter().filter(|&top| top <= 1.25 * usual).fold(usual, f64::max)
    }
}

struct Stage1d<'a> {
    animation: &'a Animation1d<'a>,
    chart: Chart,
    base: Raster,
    over: Stencil,
}

impl Stage for Stage1d<'_> {
    fn frames(&self) -> usize {
        self.animation.frames.len()
    }

    fn canvas(&self) -> Raster {
        self.base.clone()
    }

    fn draw(&self, frame: usize, canvas: &mut Raster) {
        let (frame, chart) = (&self.animation.frames[frame], &self.chart);
        canvas.rgb.copy_from_slice(&self.base.rgb);
        canvas.draw(&chart.bars(self.animation.edges, &heights(&frame.counts, self.animation.edges, self.animation.chains)));
        canvas.stamp(&self.over);
        let size = (canvas.width, canvas.height);
        canvas.draw(&panel::clock(
            size,
            &chart.kind,
            (chart.kind.margin, chart.caption),
            (frame.step, self.animation.steps),
            frame.step_size,
        ));
    }
}

/// Everything of a chart but its bars: what lies under them and what lies over them.
struct Chart {
    under: Scene,
    over: Vec<Shape>,
    panel: Panel,
    kind: Type,
    /// Baseline of the caption.
    caption: f64,
}

impl Chart {
    fn new(
        size: Size,
        words: (&str, &str, &str),
        view: (f64, f64),
        top: f64,
        curve: Option<&Curve>,
        mut keys: Vec<(Key, String)>,
    ) -> Chart {
        let kind = Type::of(size);
        let mut under = Scene::new(size.width, size.height);
        let below_header = panel::header(&mut under, &kind, words.0, words.1);
        let row = below_header + 1.5 * kind.text;
        let chart_top = row + 0.75 * kind.text;
        let place = |left: f64| {
            let (right, bottom) = (size.width as f64 - kind.margin, size.height as f64 - 0.35 * kind.margin - 3.3 * kind.text);
            let area = Rect { left, top: chart_top, width: right - left, height: (bottom - chart_top).max(20.0) };
            Panel::new(area, view, (0.0, top))
        };
        let panel = place(kind.margin + place(kind.margin).y_label_width(&kind) + 0.5 * kind.text);
        panel.grid(&mut under, &kind);
        panel.y_labels(&mut under, &kind, false, Room::Free);
        under.text("density", (kind.margin, row), Anchor::Start, (kind.text, Weight::Regular), MUTED);
        let mut over = Scene::new(size.width, size.height);
        panel.x_axis(&mut over, &kind, words.2, Room::Free);
        if let Some(curve) = curve {
            let pieces = panel.line(&curve.x, &curve.density);
            for (width, color) in [(kind.curve + 2.0 * kind.hair, PAPER), (kind.curve, EXACT)] {
                over.shapes.extend(pieces.iter().map(|points| Shape::Line { points: points.clone(), width, color }));
            }
            over.shapes.extend(beyond(&panel, &kind, curve, top));
            keys.push((Key::Line(EXACT), String::from("exact density")));
        }
        panel::legend(&mut under, &kind, &keys, panel.area.right(), row);
        Chart { under, over: over.shapes, panel, kind, caption: below_header - 0.5 * kind.text }
    }

    /// Pale lines between bars that are wide enough to be told apart.
    fn separators(&self, edges: &[f64], heights: &[f64]) -> Vec<Shape> {
        let (panel, hair) = (&self.panel, self.kind.hair);
        if panel.area.width / (heights.len() as f64) < 8.0 * hair {
            return Vec::new();
        }
        let between = |(edge, pair): (&f64, &[f64])| {
            let top = panel.y.pixel(pair[0].min(pair[1])).max(panel.area.top);
            let rect = Rect { left: (panel.x.pixel(*edge) - 0.5 * hair).round(), top, width: hair, height: panel.area.bottom() - top };
            Shape::Rect { rect, color: PAPER.alpha(0.45) }
        };
        edges[1..].iter().zip(heights.windows(2)).map(between).collect()
    }

    /// The bars, the tallest marked with its height if it does not fit.
    fn bars(&self, edges: &[f64], heights: &[f64]) -> Vec<Shape> {
        let panel = &self.panel;
        let pixels: Vec<f64> = edges.iter().map(|&edge| panel.x.pixel(edge)).collect();
        let tops: Vec<f64> = heights.iter().map(|&height| panel.y.pixel(height).max(panel.area.top)).collect();
        let tall: Vec<usize> = (0..heights.len()).filter(|&bar| heights[bar] > panel.y.high()).collect();
        let mut shapes = vec![Shape::Bars { edges: pixels.clone(), tops, base: panel.area.bottom(), color: DRAWS }];
        // A break near the top says that a bar goes on.
        let (slant, y) = (0.25 * self.kind.text, panel.area.top + 1.3 * self.kind.text);
        for &bar in &tall {
            let (left, right) = (pixels[bar], pixels[bar + 1]);
            for y in [y, y + 0.5 * self.kind.text] {
                let points = vec![(left - 1.0, y + slant), (right + 1.0, y - slant)];
                shapes.push(Shape::Line { points, width: 2.0 * self.kind.hair, color: PAPER });
            }
        }
        if let Some(&tallest) = tall.iter().max_by(|&&a, &&b| heights[a].total_cmp(&heights[b])) {
            let label = format!("↑ {}", number(heights[tallest]));
            let ends = (pixels[tall[0]], pixels[tall[tall.len() - 1] + 1]);
            shapes.push(beside(panel, &self.kind, label, ends, 0, INK));
        }
        shapes
    }
}

/// A remark on a line from the top of the chart, right of `ends.1` or, where that would not fit, left of `ends.0`.
fn beside(panel: &Panel, kind: &Type, label: String, ends: (f64, f64), line: usize, color: Color) -> Shape {
    let room = text::width(&label, kind.text, Weight::Regular) + 0.5 * kind.text;
    let y = panel.area.top + (1.0 + 1.3 * line as f64) * kind.text;
    let (at, anchor): (Point, Anchor) = if ends.1 + room < panel.area.right() {
        ((ends.1 + 0.5 * kind.text, y), Anchor::Start)
    } else {
        ((ends.0 - 0.5 * kind.text, y), Anchor::End)
    };
    Shape::Text { text: label, at, anchor, size: kind.text, weight: Weight::Regular, color }
}

/// Says how high the curve goes where the chart cuts it.
fn beyond(panel: &Panel, kind: &Type, curve: &Curve, top: f64) -> Option<Shape> {
    let inside = curve.x.iter().zip(&curve.density).filter(|(x, density)| (panel.x.low()..=panel.x.high()).contains(*x) && **density > top);
    let (x, density) = inside.max_by(|a, b| a.1.total_cmp(b.1))?;
    let at = panel.x.pixel(*x);
    Some(beside(panel, kind, format!("exact curve ↑ {}", number(*density)), (at - kind.text, at + kind.text), 1, EXACT))
}

/// A range that can be drawn: a single value gets some room on both sides.
pub(super) fn view(low: f64, high: f64) -> Result<(f64, f64)> {
    if !(low.is_finite() && high.is_finite() && low <= high && (high - low).is_finite()) {
        return Err(Error::new(ErrorKind::Setting, format!("a view from {low} to {high} cannot be drawn")));
    }
    let room = if high - low > 1e-12 * low.abs().max(high.abs()) { 0.0 } else { 0.5 * low.abs().max(1.0) };
    Ok((low - room, high + room))
}

/// Bins of half the width of Freedman & Diaconis (1981), half because the exact curve beside them shows what is noise.
fn bin_count(draws: &[f64], low: f64, high: f64) -> usize {
    let mut sorted: Vec<f64> = draws.iter().copied().filter(|draw| (low..=high).contains(draw)).collect();
    if sorted.len() < 4 {
        return 50;
    }
    sorted.sort_by(f64::total_cmp);
    let spread = sorted[sorted.len() * 3 / 4] - sorted[sorted.len() / 4];
    let width = spread / (sorted.len() as f64).cbrt();
    if width > 0.0 { ((high - low) / width).round().clamp(20.0, 120.0) as usize } else { 50 }
}

/// The ends of `bins` bins of one width.
pub(super) fn equal_edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    (0..=bins).map(|i| low + (high - low) * (i as f64 / bins as f64)).collect()
}

/// The density of draws in bins of one width; draws outside count in the total, NaN does not.
pub(super) fn density_of(draws: &[f64], edges: &[f64]) -> Vec<f64> {
    let (low, high, bins) = (edges[0], edges[edges.len() - 1], edges.len() - 1);
    let mut counts = vec![0_u32; bins];
    for &draw in draws.iter().filter(|draw| (low..=high).contains(*draw)) {
        let bin = ((draw - low) / (high - low) * bins as f64) as usize;
        counts[bin.min(bins - 1)] += 1;
    }
    heights(&counts, edges, draws.iter().filter(|draw| !draw.is_nan()).count())
}

/// Counts as a density: count / (total · width).
fn heights(counts: &[u32], edges: &[f64], total: usize) -> Vec<f64> {
    let height = |(&count, pair): (&u32, &[f64])| f64::from(count) / (total.max(1) as f64 * (pair[1] - pair[0]));
    counts.iter().zip(edges.windows(2)).map(height).collect()
}

/// The height that the curve keeps below on 98 % of the view, or its maximum if that is not much more.
fn usual_top(curve: &Curve, low: f64, high: f64) -> f64 {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (x, y) in curve.x.windows(2).zip(curve.density.windows(2)) {
        let width = x[1].min(high) - x[0].max(low);
        if width >= 0.0 && y[0].max(y[1]).is_finite() {
            steps.push((y[0].max(y[1]), width));
        }
    }
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let most = steps.last().map_or(0.0, |step| step.0);
    let limit = 0.98 * steps.iter().map(|step| step.1).sum::<f64>();
    let mut sum = 0.0;
    let usual = steps
        .iter()
        .find(|step| {
            sum += step.1;
            sum >= limit
        })
        .map_or(most, |step| step.0);
    if most <= 3.0 * usual || usual <= 0.0 { most } else { 1.5 * usual }
}

/// The height of a chart for ordinary bars and the curve. A needle or a singularity of the curve may leave the chart, for
/// its bars show the same mass at a height that can be read.
fn shared_top(curve: Option<&Curve>, view: (f64, f64), tallest: f64) -> f64 {
    let Some(curve) = curve else { return if tallest > 0.0 { tallest.min(1e300) } else { 1.0 } };
    let inside = curve.x.iter().zip(&curve.density).filter(|(x, _)| (view.0..=view.1).contains(*x));
    let most = inside.map(|(_, &density)| density).filter(|density| !density.is_nan()).fold(0.0, f64::max);
    let top = if most <= 2.0 * tallest { most.max(tallest) } else { tallest.max(usual_top(curve, view.0, view.1).min(most)) };
    if top > 0.0 { top.min(1e300) } else { 1.0 }
}
