//! Samplers side by side: the marginals that they drew over each other, and what a second of each is worth.

use super::axis::{number, whole};
use super::histogram::{density_of, equal_edges};
use super::of_run::{curve, title};
use super::panel::{self, Key, Panel, Room};
use super::scene::{Anchor, Color, Point, Rect, Scene, Shape};
use super::style::{AXIS, EXACT, GRID, INK, MUTED, PAPER, Type, WRONG};
use super::text::{self, Weight};
use super::{Curve, Figure, Picture, Size, nothing};
use crate::Result;
use crate::density::{LogDensity, Model};
use crate::diagnostics::{quantile, sorted};
use crate::run::{Comparison, Trust, Truth, view};

/// Samplers told apart; more begin again.
const COLORS: [Color; 8] = [
    Color::rgb(0x1D4477),
    Color::rgb(0x45A3DC),
    Color::rgb(0x0A7F66),
    Color::rgb(0x8A86C9),
    Color::rgb(0x6FBF9B),
    Color::rgb(0x5F6B7A),
    Color::rgb(0x9C6B98),
    Color::rgb(0x2BB5B8),
];
const BINS: usize = 60;

/// One sampler's draws of one variable, and what they are worth.
#[derive(Debug, Clone)]
pub struct Competitor<'a> {
    /// The sampler.
    pub name: &'a str,
    /// Its draws of the variable that is shown.
    pub draws: &'a [f64],
    /// Effective draws a second.
    pub rate: f64,
    /// Whether its draws are not to be trusted.
    pub distrusted: bool,
}

/// Samplers on one density.
#[derive(Debug, Clone)]
pub struct Contest<'a> {
    /// The headline.
    pub title: &'a str,
    /// What the figures say, in a line or two below the headline.
    pub caption: &'a str,
    /// The variable that is shown.
    pub variable: &'a str,
    /// Its exact density.
    pub curve: Option<&'a Curve>,
    /// The range that is shown of it.
    pub view: (f64, f64),
    /// The samplers.
    pub competitors: Vec<Competitor<'a>>,
}

/// A comparison as a picture: the variable of the largest error.
///
/// # Errors
/// Kind `setting` if no sampler ran.
pub fn comparison_plot(model: &Model, comparison: &Comparison, picture: Picture) -> Result<Vec<u8>> {
    let ran = comparison.contenders.iter().zip(&comparison.standings);
    let ran: Vec<_> = ran.filter_map(|(contender, standing)| Some((contender.run.as_ref().ok()?, standing.as_ref()?))).collect();
    let worst = ran.iter().filter(|(_, standing)| standing.error.is_finite()).max_by(|a, b| a.1.error.total_cmp(&b.1.error));
    let variable = worst.and_then(|(_, standing)| model.bounds().iter().position(|bound| bound.name == standing.worst)).unwrap_or(0);
    let bound = &model.bounds()[variable];
    let exact = match &comparison.truth {
        Truth::Exact(reference) => {
            let (low, high) = view(bound.low, bound.high, reference);
            Some((curve(reference, low, high), (low, high)))
        }
        _ => None,
    };
    let all: Vec<f64> = ran.iter().flat_map(|(run, _)| run.draws.column(variable)).copied().filter(|x| x.is_finite()).collect();
    if all.is_empty() {
        return Err(nothing("no sampler ran on this density"));
    }
    let ordered = sorted(&all);
    let [low, high] = [0.002, 0.998].map(|p| quantile(&ordered, p));
    let room = 0.05 * (high - low);
    let seen = exact.as_ref().map_or(((low - room).max(bound.low), (high + room).min(bound.high)), |(_, seen)| *seen);
    let competitors = ran
        .iter()
        .map(|(run, standing)| Competitor {
            name: run.sampler.name(),
            draws: run.draws.column(variable),
            rate: standing.ess_per_second,
            distrusted: run.verdict.trust == Trust::No,
        })
        .collect();
    let caption = match (model.dimension(), &exact) {
        (1, _) => "the draws of each sampler; effective draws (smallest bulk ESS) a second, warm-up included".to_string(),
        (count, _) => format!(
            "the draws of `{}`, of {count} variables the one of the largest error; effective draws (smallest bulk ESS) a second, warm-up included",
            bound.name
        ),
    };
    let (title, curve) = (title(model), exact.as_ref().map(|(curve, _)| curve));
    picture.of(&Figure::Contest(Contest { title: &title, caption: &caption, variable: &bound.name, curve, view: seen, competitors }))
}

impl Contest<'_> {
    pub(super) fn scene(&self, size: Size) -> Result<Scene> {
        if self.competitors.is_empty() {
            return Err(nothing("no sampler ran"));
        }
        let kind = Type::of(size);
        let mut scene = Scene::new(size.width, size.height);
        let top = panel::header(&mut scene, &kind, self.title, self.caption) + 2.2 * kind.text;
        let bottom = size.height as f64 - 0.35 * kind.margin - 3.3 * kind.text;
        let (left, right) = (kind.margin, size.width as f64 - kind.margin);
        let middle = left + 0.56 * (right - left);
        self.marginals(&mut scene, &kind, Rect { left, top, width: middle - left, height: (bottom - top).max(20.0) });
        let gap = 2.4 * kind.text;
        self.rates(
            &mut scene,
            &kind,
            Rect { left: middle + gap, top, width: (right - middle - gap).max(40.0), height: (bottom - top).max(20.0) },
        );
        Ok(scene)
    }

    /// Outlines of the histograms over each other, the exact curve on top.
    fn marginals(&self, scene: &mut Scene, kind: &Type, area: Rect) {
        let (low, high) = super::histogram::view(self.view.0, self.view.1).unwrap_or((0.0, 1.0));
        let edges = equal_edges(low, high, BINS);
        let outlines: Vec<Vec<f64>> = self.competitors.iter().map(|one| density_of(one.draws, &edges)).collect();
        let inside = |curve: &Curve| curve.density.iter().copied().filter(|density| density.is_finite()).fold(0.0, f64::max);
        let tallest = outlines.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
        // A sampler that sits in one place must not flatten the others.
        let mut tops: Vec<f64> = outlines.iter().map(|outline| outline.iter().copied().fold(0.0, f64::max)).collect();
        tops.sort_by(f64::total_cmp);
        let usual = 1.6 * tops[tops.len() / 2];
        let top = 1.08 * tallest.min(usual.max(f64::MIN_POSITIVE)).max(self.curve.map_or(0.0, |curve| inside(curve).min(2.0 * usual)));
        let place = |left: f64| Panel::new(Rect { left, width: area.right() - left, ..area }, (low, high), (0.0, top));
        let panel = place(area.left + place(area.left).y_label_width(kind) + 0.5 * kind.text);
        panel.grid(scene, kind);
        panel.y_labels(scene, kind, false, Room::Free);
        scene.text("density", (area.left, area.top - 0.9 * kind.text), Anchor::Start, (kind.text, Weight::Regular), MUTED);
        for (outline, color) in outlines.iter().zip(COLORS.iter().cycle()) {
            let x: Vec<f64> = edges.windows(2).flat_map(|pair| [pair[0], pair[1]]).collect();
            let y: Vec<f64> = outline.iter().flat_map(|height| [*height; 2]).collect();
            for points in panel.line(&x, &y) {
                scene.line(points, 0.5 * kind.curve, color.alpha(0.9));
            }
        }
        if let Some(curve) = self.curve {
            for (width, color) in [(0.8 * kind.curve + 2.0 * kind.hair, PAPER), (0.8 * kind.curve, EXACT)] {
                for points in panel.line(&curve.x, &curve.density) {
                    scene.shapes.push(Shape::Line { points, width, color });
                }
            }
            panel::legend(scene, kind, &[(Key::Line(EXACT), "exact density".into())], panel.area.right(), area.top - 0.9 * kind.text);
        }
        panel.x_axis(scene, kind, self.variable, Room::Free);
    }

    /// One row a sampler: its name, a dot at its rate on an axis of powers of ten, the rate in figures.
    fn rates(&self, scene: &mut Scene, kind: &Type, area: Rect) {
        let font = |weight| (kind.text, weight);
        let names = self.competitors.iter().map(|one| text::width(one.name, kind.text, Weight::Bold)).fold(0.0, f64::max);
        let rate = |rate: f64| if rate < 10.0 { number(rate) } else { whole(rate.round() as usize) };
        let figures: Vec<String> =
            self.competitors.iter().map(|one| rate(one.rate) + if one.distrusted { " · trust: no" } else { "" }).collect();
        let widest = figures.iter().map(|figure| text::width(figure, kind.text, Weight::Regular)).fold(0.0, f64::max);
        let left = area.left + names + 2.2 * kind.text;
        let right = (area.right() - widest - 0.8 * kind.text).max(left + 20.0);
        let rates = || self.competitors.iter().map(|one| one.rate).filter(|rate| *rate > 0.0 && rate.is_finite());
        let (least, most) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
        let (from, to) =
            if least > most { (0.0, 1.0) } else { (least.log10().floor(), most.log10().ceil().max(least.log10().floor() + 1.0)) };
        let panel = Panel::new(Rect { left, width: right - left, ..area }, (from, to), (0.0, 1.0));
        scene.text("ESS per second", (area.left, area.top - 0.9 * kind.text), Anchor::Start, font(Weight::Regular), MUTED);
        let powers: Vec<i32> = (from as i32..=to as i32).collect();
        let stride = powers.len().div_ceil(5);
        for power in powers.iter().step_by(stride) {
            let x = panel.x.pixel(f64::from(*power)).round();
            scene.rect(x, panel.area.top, kind.hair, panel.area.height, GRID);
            let label = match power {
                0..=3 => 10_u32.pow(power.unsigned_abs()).to_string(),
                _ => super::axis::scientific(10_f64.powi(*power), 0).replace("1×", ""),
            };
            scene.text(label, (x, panel.area.bottom() + 1.4 * kind.text), Anchor::Middle, font(Weight::Regular), MUTED);
        }
        scene.rect(panel.area.left, panel.area.bottom() - kind.hair, panel.area.width, kind.hair, AXIS);
        let step = panel.area.height / self.competitors.len() as f64;
        for (index, (one, color)) in self.competitors.iter().zip(COLORS.iter().cycle()).enumerate() {
            let y = panel.area.top + (index as f64 + 0.5) * step;
            let baseline = y + 0.36 * kind.text;
            scene.line(vec![(area.left, y), (area.left + 1.2 * kind.text, y)], kind.curve, *color);
            scene.text(one.name, (area.left + 1.7 * kind.text, baseline), Anchor::Start, font(Weight::Bold), INK);
            let ink = if one.distrusted { WRONG } else { INK };
            scene.text(figures[index].clone(), (area.right(), baseline), Anchor::End, font(Weight::Regular), ink);
            if one.rate > 0.0 && one.rate.is_finite() {
                let at: Point = (panel.x.pixel(one.rate.log10()), y);
                scene.line(vec![(panel.area.left, y), at], 0.35 * kind.curve, color.alpha(0.6));
                scene.shapes.push(Shape::Dots { centres: vec![at], radius: 0.42 * kind.text, color: *color });
            }
        }
    }
}
