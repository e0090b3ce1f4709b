//! Pictures in the terminal, in 80 columns and readable without colour: histograms with the exact curve, traces of chains.

use super::braille::Dots;
use super::lines::Paint;
use super::numbers::short;
use crate::density::{LogDensity, Model};
use crate::diagnostics::{mean_and_sd, quantile, sorted};
use crate::quadrature::Reference;
use crate::run::{Derived, Run, view};
use crate::sampler::Draws;

/// Characters across and down of a histogram, and down of the trace of one chain.
const COLUMNS: usize = 76;
const ROWS: usize = 9;
const TRACE: usize = 2;
/// Variables shown, and chains of each.
const VARIABLES: usize = 3;
const CHAINS: usize = 4;
/// Characters that the number of a chain takes before its trace.
const LABEL: usize = 10;

/// A run of `model`, as it is reported.
pub fn run(model: &Model, run: &Run, derived: Option<&Derived>, paint: Paint) -> String {
    match derived {
        Some(derived) => draws(&derived.names, &derived.draws, None, paint),
        None => {
            let bound = &model.bounds()[0];
            let exact = run.reference.as_ref().map(|reference| (reference, view(bound.low, bound.high, reference)));
            draws(&model.names(), &run.draws, exact, paint)
        }
    }
}

/// Draws, and the exact law of the only variable with the range to show where it is known.
pub fn draws(names: &[String], draws: &Draws, exact: Option<(&Reference, (f64, f64))>, paint: Paint) -> String {
    let mut lines = Vec::new();
    for (variable, name) in names.iter().enumerate().take(VARIABLES) {
        lines.push(String::new());
        let seen = exact.map_or_else(|| range(draws.column(variable)), |(_, seen)| Some(seen));
        let Some(seen) = seen else {
            lines.push(format!("  {} has no finite draws", paint.bold(name)));
            continue;
        };
        let curve = if exact.is_some() { "; the line is the exact density, the dots are the draws" } else { "" };
        lines.push(format!("  {}{}", paint.bold(name), paint.dim(curve)));
        lines.extend(histogram(draws.column(variable), seen, exact.map(|(reference, _)| reference)));
        lines.push(paint.dim(&axis(seen)));
        if draws.draws() > 3 {
            lines.extend(traces(&draws.by_chain(variable), paint));
        }
    }
    if names.len() > VARIABLES {
        lines.push(paint.dim(&format!("  … and {} variables more", names.len() - VARIABLES)));
    }
    lines.join("\n")
}

/// All but the outermost thousandth of the finite draws, with some room.
fn range(column: &[f64]) -> Option<(f64, f64)> {
    let finite: Vec<f64> = column.iter().copied().filter(|x| x.is_finite()).collect();
    let ordered = sorted(&finite);
    let (low, high) = (quantile(&ordered, 0.001), quantile(&ordered, 0.999));
    let room = if high > low { 0.02 * (high - low) } else { 0.5 * low.abs().max(1.0) };
    let (low, high) = (low - room, high + room);
    (low < high && (high - low).is_finite()).then_some((low, high))
}

/// Bars of every other dot, so that a line through them can be seen.
fn histogram(column: &[f64], (low, high): (f64, f64), exact: Option<&Reference>) -> Vec<String> {
    let mut dots = Dots::new(COLUMNS, ROWS);
    let (width, height) = (dots.width(), dots.height());
    // A bar is a character wide: less shows more noise than law.
    let mut counts = vec![0_usize; COLUMNS];
    let bin = |x: f64| ((x - low) / (high - low) * COLUMNS as f64) as usize;
    column.iter().filter(|x| (low..=high).contains(*x)).for_each(|x| counts[bin(*x).min(COLUMNS - 1)] += 1);
    let total = column.iter().filter(|x| !x.is_nan()).count().max(1) as f64;
    let bars: Vec<f64> = counts.iter().map(|count| *count as f64 / total * COLUMNS as f64 / (high - low)).collect();
    let place = |dot: usize| low + (high - low) * (dot as f64 + 0.5) / width as f64;
    let curve: Vec<f64> = exact.map_or(Vec::new(), |reference| (0..width).map(|dot| reference.pdf(place(dot))).collect());
    let tallest = bars.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let peak = curve.iter().copied().filter(|density| density.is_finite()).fold(0.0, f64::max);
    let top = tallest.max(peak.min(1.5 * tallest));
    let level = |density: f64| (density / top * (height - 1) as f64).clamp(0.0, height as f64) as usize;
    for (bar, density) in bars.iter().enumerate().filter(|(_, density)| **density > 0.0) {
        for x in [2 * bar, 2 * bar + 1] {
            (0..=level(*density)).filter(|y| exact.is_none() || (x + y) % 2 == 0).for_each(|y| dots.set(x, y));
        }
    }
    for x in 0..curve.len() {
        let (here, next) = (level(curve[x]), level(curve[(x + 1).min(curve.len() - 1)]));
        // A gap around the line sets it off from the bars.
        (here.min(next).saturating_sub(2)..=here.max(next) + 2).for_each(|y| dots.clear(x, y));
    }
    for x in 0..curve.len() {
        let (here, next) = (level(curve[x]), level(curve[(x + 1).min(curve.len() - 1)]));
        let step = if next > here { next - 1 } else { here.min(next + 1) };
        dots.column(x, here, if here == next { here } else { step });
    }
    dots.lines().into_iter().map(|line| format!("  {line}")).collect()
}

/// The ends and the middle of the range under its place.
fn axis((low, high): (f64, f64)) -> String {
    let [left, middle, right] = [low, 0.5 * (low + high), high].map(|x| short(if x.abs() < 1e-9 * (high - low) { 0.0 } else { x }));
    let room = COLUMNS.saturating_sub(left.chars().count() + middle.chars().count() + right.chars().count());
    format!("  {left}{}{middle}{}{right}", " ".repeat(room / 2), " ".repeat(room - room / 2))
}

/// A strip for each of up to four chains, all to one scale: those of the lowest and the highest mean, and two between.
fn traces(chains: &[&[f64]], paint: Paint) -> Vec<String> {
    let Some((low, high)) = range(&chains.concat()) else { return Vec::new() };
    let means: Vec<f64> = chains.iter().map(|chain| mean_and_sd(chain).0).collect();
    let mut order: Vec<usize> = (0..chains.len()).collect();
    order.sort_by(|&a, &b| means[a].total_cmp(&means[b]));
    let count = chains.len().min(CHAINS);
    let mut chosen: Vec<usize> = (0..count).map(|pick| order[pick * (order.len() - 1) / (count - 1).max(1)]).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let draws = chains.first().map_or(0, |chain| chain.len());
    let of = if chains.len() > count {
        format!(" of {}, those of the lowest and the highest mean among them", chains.len())
    } else {
        String::new()
    };
    let mut lines = vec![paint.dim(&format!("  chains{of}: draws 1 to {draws}, from {} to {}", short(low), short(high)))];
    for chain in chosen {
        let mut dots = Dots::new(COLUMNS - LABEL, TRACE);
        let (width, height) = (dots.width(), dots.height());
        let level = |x: f64| ((x - low) / (high - low) * height as f64).clamp(0.0, height as f64 - 1.0) as usize;
        let mut before: Option<usize> = None;
        for x in 0..width {
            // The draws under this column of dots, one at least.
            let from = x * draws / width;
            let to = ((x + 1) * draws / width).max(from + 1).min(draws);
            let levels = || chains[chain][from..to].iter().filter(|x| !x.is_nan()).map(|x| level(*x));
            let (Some(least), Some(most)) = (levels().min(), levels().max()) else { continue };
            // Joined to the column before.
            let joined = before.map_or((least, most), |before| (least.min(before.min(most)), most.max(before.max(least))));
            dots.column(x, joined.0, joined.1);
            before = levels().next_back();
        }
        for (row, line) in dots.lines().into_iter().enumerate() {
            let label = if row == 0 { format!("{:>width$}", chain + 1, width = LABEL - 1) } else { " ".repeat(LABEL - 1) };
            lines.push(format!("  {} {line}", paint.dim(&label)));
        }
    }
    lines
}
