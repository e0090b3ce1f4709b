//! Where the draws of each chain rank among all draws: flat if the chains have one law (Vehtari et al. 2021, section 4.2).

use super::super::axis::whole;
use super::super::panel::{Panel, Room};
use super::super::scene::{Anchor, Rect, Shape};
use super::super::style::{DRAWS, INK, WRONG};
use super::super::text::Weight;
use super::{Canvas, Shown, blue};
use crate::diagnostics::{Convergence, quantile, rank_counts, sorted};

/// Groups of chains side by side.
const GROUPS: usize = 4;

pub(super) fn draw(canvas: &mut Canvas, shown: &[&Shown]) {
    let kind = canvas.kind;
    let space = canvas.space(kind.margin);
    let (head, gap, between) = (1.9 * kind.text, 0.9 * kind.text, 1.2 * kind.text);
    let rows = shown.len();
    let height = ((space.height - gap * (rows - 1) as f64) / rows as f64 - head).max(8.0);
    for (row, shown) in shown.iter().enumerate() {
        let groups = groups(shown);
        let bins = (groups[0].1.len() / 10).clamp(4, 20);
        let counts = rank_counts(&groups.iter().map(|(_, draws)| draws.as_slice()).collect::<Vec<_>>(), bins);
        let width = (space.width - between * (groups.len() - 1) as f64) / groups.len() as f64;
        let top = space.top + row as f64 * (height + head + gap) + head;
        // The share of the draws of a group in a bin, in units of what it should be.
        let band = band(shown, groups[0].1.len(), bins);
        let share = |count: usize, group: usize| count as f64 * bins as f64 / groups[group].1.len().max(1) as f64;
        let tallest = counts.iter().enumerate().flat_map(|(group, counts)| counts.iter().map(move |count| (group, *count)));
        let tallest = tallest.map(|(group, count)| share(count, group)).fold(1.0 + band, f64::max);
        for (index, (name, _)) in groups.iter().enumerate() {
            let area = Rect { left: space.left + index as f64 * (width + between), top, width, height };
            let panel = Panel::new(area, (0.0, 1.0), (0.0, 1.06 * tallest));
            let (left_name, right) = if index == 0 { (shown.column.name, name.as_str()) } else { ("", name.as_str()) };
            canvas.heading(&panel.area, left_name, right);
            let (low, high) = (panel.y.pixel((1.0 - band).max(0.0)), panel.y.pixel(1.0 + band));
            canvas.scene.rect(panel.area.left, high, panel.area.width, low - high, blue(0.12));
            let edges: Vec<f64> = (0..=bins).map(|edge| panel.x.pixel(edge as f64 / bins as f64)).collect();
            for (bin, count) in counts[index].iter().enumerate() {
                let share = share(*count, index);
                // A bin beyond twice the band is no accident: one in thirty thousand.
                let color = if (share - 1.0).abs() > 2.0 * band { WRONG.alpha(0.55) } else { DRAWS };
                let (left, right) = (edges[bin].round(), edges[bin + 1].round());
                let top = panel.y.pixel(share);
                let rect = Rect { left, top, width: (right - left - kind.hair).max(1.0), height: panel.area.bottom() - top };
                canvas.scene.shapes.push(Shape::Rect { rect, color });
            }
            for edge in [low, high] {
                if edge < panel.area.bottom() - 1.0 {
                    canvas.scene.rect(panel.area.left, edge.round(), panel.area.width, kind.hair, blue(0.55));
                }
            }
            let y = panel.y.pixel(1.0);
            canvas.scene.line(vec![(panel.area.left, y), (panel.area.right(), y)], 0.5 * kind.curve, INK);
            if row + 1 == rows {
                panel.x_axis(&mut canvas.scene, &kind, "", Room::Inside);
            } else {
                panel.x_line(&mut canvas.scene, &kind);
            }
        }
    }
    let at = (space.left + 0.5 * space.width, space.bottom() + 0.35 * kind.text + 2.5 * kind.text);
    canvas.scene.text("rank among all draws", at, Anchor::Middle, (kind.text, Weight::Bold), INK);
}

/// Two standard errors of a bin's share, in units of the share: binomial, of as many draws as the group's weigh when they are asked
/// whether they are in the bin; the median over the bins.
fn band(shown: &Shown, draws: usize, bins: usize) -> f64 {
    let (chains, total) = (shown.chains(), shown.total() as f64);
    let ordered = sorted(&chains.concat());
    let weight = |bin: usize| {
        let [low, high] = [bin, bin + 1].map(|edge| quantile(&ordered, edge as f64 / bins as f64));
        let inside: Vec<Vec<f64>> =
            chains.iter().map(|chain| chain.iter().map(|x| f64::from(u8::from((low..high).contains(x)))).collect()).collect();
        Convergence::new(&inside.iter().map(Vec::as_slice).collect::<Vec<_>>()).ess_mean()
    };
    let weights: Vec<f64> = (0..bins).map(weight).filter(|ess| ess.is_finite()).collect();
    let weight = if weights.is_empty() { 1.0 } else { (quantile(&sorted(&weights), 0.5) / total).min(1.0) };
    2.0 * ((bins as f64 - 1.0) / (draws as f64 * weight).max(1.0)).sqrt()
}

/// Chains one by one, or pooled into a handful of groups of neighbours.
fn groups(shown: &Shown) -> Vec<(String, Vec<f64>)> {
    let chains = shown.chains();
    let count = chains.len().min(GROUPS);
    (0..count)
        .map(|group| {
            let (from, to) = (group * chains.len() / count, (group + 1) * chains.len() / count);
            let name = match to - from {
                1 => format!("chain {}", whole(to)),
                _ => format!("chains {} to {}", whole(from + 1), whole(to)),
            };
            (name, chains[from..to].concat())
        })
        .collect()
}
