//! A run as a picture: which figure serves it, and what the figure says.

use super::{Animation, Animation1d, Animation2d, Curve, DensityGrid, Figure, Frame1d, Frame2d, Histogram1d, Map2d, Pairs, Size};
use crate::density::{LogDensity, Meaning, Model};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};
use crate::quadrature::Reference;
use crate::run::{Run, view};

/// Cells of a density map a side.
const CELLS: usize = 200;
/// Points of an exact curve.
const POINTS: usize = 1200;

/// The run as PNG: histogram with the exact curve, map with exact contours, or pairs, by the number of variables.
///
/// # Errors
/// Kind `setting` if there is nothing to draw.
pub fn run_png(model: &Model, run: &Run) -> Result<Vec<u8>> {
    with_figure(model, run, |figure| figure.png(figure.default_size()))
}

/// The run as SVG.
///
/// # Errors
/// Kind `setting` if there is nothing to draw.
pub fn run_svg(model: &Model, run: &Run) -> Result<String> {
    with_figure(model, run, |figure| figure.svg(figure.default_size()))
}

/// The chains of the run converging, as GIF; the run must have kept frames ([`Sampling::frames`](crate::run::Sampling::frames)).
///
/// # Errors
/// Kind `setting` without frames.
pub fn run_gif(model: &Model, run: &Run) -> Result<Vec<u8>> {
    let (Some(film), Some(plan)) = (run.film(), run.plan()) else {
        return Err(Error::new(ErrorKind::Setting, "the run kept no frames for an animation")
            .hint("a population does: --sampler sgld, with Sampling::frames set"));
    };
    let annealing = &plan.annealing;
    let title = title(model);
    let mut bytes = Vec::new();
    // The step size under a frame is that of the step that led to it.
    let step_size = |step: usize| annealing.step_size.at(step.saturating_sub(1), annealing.steps);
    if let Some(reference) = &run.reference {
        let (low, high) = (film.edges()[0], *film.edges().last().unwrap_or(&1.0));
        let curve = curve(reference, low, high);
        let frames: Vec<Frame1d> = (0..film.steps().len())
            .map(|frame| Frame1d { step: film.steps()[frame], step_size: step_size(film.steps()[frame]), counts: film.counts(frame) })
            .collect();
        let animation = Animation1d {
            title: &title,
            variable: &model.bounds()[0].name,
            edges: film.edges(),
            curve: Some(&curve),
            chains: annealing.chains,
            steps: annealing.steps,
            frames: &frames,
        };
        Animation::Histogram(animation).gif(Size::ANIMATION, &mut bytes, None)?;
        return Ok(bytes);
    }
    let names = pair_names(model)?;
    let positions: Vec<Vec<[f32; 2]>> = (0..film.steps().len()).map(|frame| film.positions(frame)).collect();
    let grid = grid(model, run)?;
    let frames: Vec<Frame2d> = positions
        .iter()
        .zip(film.steps())
        .map(|(positions, step)| Frame2d { step: *step, step_size: step_size(*step), positions })
        .collect();
    let animation = Animation2d { title: &title, variables: [&names[0], &names[1]], grid: &grid, steps: annealing.steps, frames };
    Animation::Particles(animation).gif(Size::ANIMATION, &mut bytes, None)?;
    Ok(bytes)
}

fn with_figure<T>(model: &Model, run: &Run, draw: impl Fn(&Figure) -> Result<T>) -> Result<T> {
    let (title, draws, caption) = (title(model), &run.draws, caption(run));
    match (&run.reference, model.dimension()) {
        (Some(reference), _) => {
            let bound = &model.bounds()[0];
            let (low, high) = view(bound.low, bound.high, reference);
            let curve = curve(reference, low, high);
            let variable = &bound.name;
            let draws = draws.column(0);
            draw(&Figure::Histogram(Histogram1d {
                title: &title,
                caption: &caption,
                variable,
                low,
                high,
                draws,
                curve: Some(&curve),
                bins: None,
            }))
        }
        (None, 2) => {
            let names = pair_names(model)?;
            let pairs: Vec<[f64; 2]> = draws.column(0).iter().zip(draws.column(1)).map(|(x, y)| [*x, *y]).collect();
            let grid = grid(model, run)?;
            draw(&Figure::Map(Map2d { title: &title, caption: &caption, variables: [&names[0], &names[1]], grid: &grid, draws: &pairs }))
        }
        _ => {
            let variables = model.bounds().iter().map(|bound| bound.name.as_str()).collect();
            let columns = draws.columns().iter().map(Vec::as_slice).collect();
            draw(&Figure::Pairs(Pairs { title: &title, caption: &caption, variables, draws: columns, marked: run.divergent() }))
        }
    }
}

/// What ran, Z and the fit where they are known, and the verdict.
pub(super) fn caption(run: &Run) -> String {
    let mut caption = match run.plan() {
        Some(_) => run.shape(),
        None => format!("{}, {}", run.sampler, run.shape()),
    };
    if let (Some(reference), Some(fit)) = (&run.reference, run.fits.first()) {
        let z = reference.integral.value;
        let normalizer = if z.is_normal() { format!("Z = {z:.6}") } else { format!("log Z = {:.4}", reference.integral.log_value) };
        let p = if fit.ks_p >= 0.001 { format!("{:.2}", fit.ks_p) } else { format!("{:.0e}", fit.ks_p) };
        caption = format!("{caption} · {normalizer} · Kolmogorov–Smirnov p = {p}");
    }
    format!("{caption} · trust: {}", run.verdict.trust.name())
}

/// `p(x) ∝ …`, `log p(x) = …` or `-log p(x) = …`: a formula as typed, of a model its value.
pub(super) fn title(model: &Model) -> String {
    let names = model.names();
    let variables = if names.len() > 3 { format!("{}, …, {}", names[0], names[names.len() - 1]) } else { names.join(", ") };
    let formula = model.formula();
    let formula = if formula.is_model() { formula.value() } else { formula.source().split_whitespace().collect::<Vec<_>>().join(" ") };
    match model.meaning() {
        Meaning::Density => format!("p({variables}) ∝ {formula}"),
        Meaning::LogDensity => format!("log p({variables}) = {formula}"),
        Meaning::Energy => format!("-log p({variables}) = {formula}"),
    }
}

fn pair_names(model: &Model) -> Result<[String; 2]> {
    match model.bounds() {
        [x, y] => Ok([x.name.clone(), y.name.clone()]),
        bounds => Err(Error::new(ErrorKind::Unsupported, format!("an animation shows one or two variables, not {}", bounds.len()))
            .hint("write a .png or .svg: it shows pairs")),
    }
}

/// The exact density: evenly spaced points and as many at equal steps of the distribution function, so that no peak is missed.
pub(super) fn curve(reference: &Reference, low: f64, high: f64) -> Curve {
    let (from, to) = (reference.cdf(low), reference.cdf(high));
    let share = |index: usize| index as f64 / (POINTS - 1) as f64;
    let mut x: Vec<f64> = (0..POINTS).map(|index| low + (high - low) * share(index)).collect();
    x.extend((0..POINTS).map(|index| reference.quantile(from + (to - from) * share(index))).filter(|x| *x > low && *x < high));
    x.sort_by(f64::total_cmp);
    x.dedup();
    // The exact density ends with the range: its last value there is the limit from inside.
    let inset = 1e-9 * (high - low);
    let density = x.iter().map(|x| reference.pdf(x.clamp(low + inset, high - inset))).collect();
    Curve { x, density }
}

/// log p on a grid around the draws: their range without the outermost thousandth, with a margin, inside the bounds.
fn grid(model: &Model, run: &Run) -> Result<DensityGrid> {
    let window = |variable: usize| {
        let bound = &model.bounds()[variable];
        let sorted = crate::diagnostics::sorted(run.draws.column(variable));
        let [low, high] = [0.001, 0.999].map(|p| crate::diagnostics::quantile(&sorted, p));
        let margin = (0.12 * (high - low)).max(1e-9 * high.abs().max(1.0));
        // A finite range that is not much wider is shown whole.
        let whole = bound.is_finite() && bound.high - bound.low < 2.5 * (high - low);
        if whole { (bound.low, bound.high) } else { ((low - margin).max(bound.low), (high + margin).min(bound.high)) }
    };
    let (x, y) = (window(0), window(1));
    if !(x.1 > x.0 && y.1 > y.0) {
        return Err(Error::new(ErrorKind::Setting, "the draws span no area to draw"));
    }
    let centre = |(low, high): (f64, f64), index: usize| low + (high - low) * (index as f64 + 0.5) / CELLS as f64;
    let mut evaluate = model.evaluator();
    let mut block = [Lanes::default(); 2];
    let mut value = Lanes::default();
    let mut log_density = Vec::with_capacity(CELLS * CELLS);
    let cells: Vec<usize> = (0..CELLS * CELLS).collect();
    for chunk in cells.chunks(LANES) {
        for lane in 0..LANES {
            let cell = chunk[lane.min(chunk.len() - 1)];
            block[0][lane] = centre(x, cell % CELLS);
            block[1][lane] = centre(y, cell / CELLS);
        }
        evaluate.log_density(&block, &mut value);
        log_density.extend_from_slice(&value[..chunk.len()]);
    }
    Ok(DensityGrid { columns: CELLS, rows: CELLS, x, y, log_density })
}
