//! The order of work: plan, look for peaks the plan missed, refine until Z, the inside of the panels and the moments are known.

use super::Tolerance;
use super::adapt::{Panel, measure, refine, stuck, totals};
use super::chart::Chart;
use super::ends::Stub;
use super::peaks::peaks;
use super::probe::Probe;
use super::rule::N;
use super::scale::{Grain, plan};
use crate::error::{Error, ErrorKind, Result, plain};

/// Error allowed to a distribution function inside a panel, relative to Z.
const INNER: f64 = 2e-11;
/// Error allowed to the second moment, relative to it.
const MOMENT: f64 = 1e-9;
/// Error by the rounding of log p that still counts as converged, relative to Z.
const ROUNDING: f64 = 1e-8;
/// Rounds of planning, each with the peaks that the one before revealed.
const ROUNDS: usize = 4;

/// Panels that cover the range, and what they sum to.
pub(super) struct Solved {
    pub(super) panels: Vec<Panel>,
    pub(super) stubs: Vec<Stub>,
    /// Masses and errors below are in units of exp(`reference`).
    pub(super) reference: f64,
    pub(super) mass: f64,
    pub(super) error: f64,
    pub(super) converged: bool,
    /// None if undefined or infinite.
    pub(super) mean: Option<f64>,
    /// None if undefined or infinite.
    pub(super) sd: Option<f64>,
    pub(super) notes: Vec<String>,
}

/// What is wanted of a line beside its integral.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wanted {
    /// Nothing.
    Mass,
    /// The distribution function inside every panel, and moments.
    Everything,
}

/// Integrates the line behind `probe`. Errors: `NotIntegrated`, `NoMass`, `Domain`, `Overflow`.
pub(super) fn solve(probe: &mut Probe, tolerance: Tolerance, wanted: Wanted, grain: Grain) -> Result<Solved> {
    let mut landmarks: Vec<f64> = probe.landmarks().to_vec();
    let mut largest = f64::NEG_INFINITY;
    let (mut panels, mut stubs, mut moments);
    let relative = tolerance.relative.max(1e-14);
    let budget = tolerance.evaluations;
    let mut converged;
    let mut round = 0;
    loop {
        let start = plan(probe, &landmarks, grain)?;
        (panels, stubs, moments) = (start.panels, start.stubs, start.moments);
        measure(probe, &mut panels, &mut largest);
        let mut found = peaks(probe, &panels, &landmarks);
        round += 1;
        let last = round >= ROUNDS;
        converged = false;
        if found.is_empty() || last {
            let goal = |panels: &[Panel], reference: f64| relative * total(panels, &stubs, reference);
            converged = refine(probe, &mut panels, &mut largest, budget, &|panel| panel.error, &goal);
            // A pole that no landmark named is where bisection ends.
            found = if converged { Vec::new() } else { stuck(&panels).into_iter().collect() };
        }
        if found.is_empty() || last {
            break;
        }
        landmarks.extend(found);
    }
    refuse_nothing(probe, &panels, &stubs)?;

    // The distribution function inside a panel, and then the moments, need no less; each usually holds already.
    let (reference, mass, _) = totals(&panels);
    let unit = reference + (mass + beyond(&stubs, reference)).ln();
    let inner = |panel: &Panel| if panel.scaled(panel.inner_error, unit) > INNER { panel.inner_error } else { 0.0 };
    if wanted == Wanted::Everything {
        refine(probe, &mut panels, &mut largest, budget, &inner, &|_, _| 0.0);
    }
    let [low, high] = moments;
    let (mut mean, mut sd) = match (low >= 1, high >= 1) {
        (true, true) => (None, Some(f64::INFINITY)),
        (true, false) => (Some(f64::INFINITY), Some(f64::INFINITY)),
        (false, true) => (Some(f64::NEG_INFINITY), Some(f64::INFINITY)),
        (false, false) => (None, None),
    };
    let moments = low.min(high);
    if moments >= 1 && wanted == Wanted::Everything {
        let Spread { center, variance, unit } = Spread::of(&panels, &stubs);
        if moments >= 2 && variance > 0.0 && variance.is_finite() {
            let weight = |x: f64| ((x - center) / unit).powi(2) / variance;
            refine(probe, &mut panels, &mut largest, budget, &|panel| panel.weighted_error(weight), &|panels, reference| {
                MOMENT * total(panels, &stubs, reference)
            });
        }
        let Spread { center, variance, unit } = Spread::of(&panels, &stubs);
        mean = center.is_finite().then_some(center);
        if moments >= 2 && variance.is_finite() {
            sd = Some(variance.max(0.0).sqrt() * unit);
        }
    }

    let (reference, mass, error) = totals(&panels);
    let mass = mass + beyond(&stubs, reference);
    let outside: f64 = stubs.iter().map(|stub| (stub.log_mass - reference).exp() * stub.relative_error).sum();
    if !mass.is_finite() || !reference.is_finite() {
        return Err(Error::new(ErrorKind::Overflow, "the density overflows even as a logarithm"));
    }
    let rounding: f64 = panels.iter().map(|panel| panel.scaled(panel.rounding, reference)).sum();
    let rounding = rounding.max(roundings(probe, &panels, reference)) + misplaced(&panels, reference);
    converged &= outside <= relative * mass && rounding <= ROUNDING * mass;
    let notes = notes(probe, &stubs, reference, mass, outside, converged, moments);
    Ok(Solved { panels, stubs, reference, mass, error: error + outside + rounding, converged, mean, sd, notes })
}

/// Error of the mass by all roundings of the formula, where an enclosure tells: as much as at the highest nodes of the heaviest panels.
fn roundings(probe: &mut Probe, panels: &[Panel], reference: f64) -> f64 {
    const MOST: usize = 200;
    // Beside a symbolic end x itself has no digits, and is not what was evaluated.
    let told = panels.iter().filter(|panel| panel.chart.end().is_none() && panel.mass > 0.0);
    let mut heaviest: Vec<(f64, &Panel)> = told.map(|panel| (panel.scaled(panel.mass, reference), panel)).collect();
    heaviest.sort_by(|a, b| b.0.total_cmp(&a.0));
    heaviest.truncate(MOST);
    let doubt = |(mass, panel): (f64, &Panel)| Some(mass * probe.doubt(panel.highest())?.min(1.0));
    heaviest.into_iter().filter_map(doubt).sum()
}

/// Error of the mass by the rounding of places: a jump is where its double is. Near a pole panels measure from it.
fn misplaced(panels: &[Panel], reference: f64) -> f64 {
    let direct = panels.iter().filter(|panel| panel.chart == Chart::Direct && panel.mass > 0.0);
    let ends = direct.flat_map(|panel| [0, N - 1].map(|i| (panel.node(i), panel.scaled(panel.values[i], reference))));
    let mut ends: Vec<(f64, f64)> = ends.collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    ends.windows(2).map(|pair| (pair[1].1 - pair[0].1).abs() * f64::EPSILON * pair[0].0.abs()).sum()
}

/// Mass of the stubs in units of exp(`reference`).
fn beyond(stubs: &[Stub], reference: f64) -> f64 {
    stubs.iter().map(|stub| (stub.log_mass - reference).exp()).sum()
}

/// All mass in units of exp(`reference`).
fn total(panels: &[Panel], stubs: &[Stub], reference: f64) -> f64 {
    panels.iter().map(|panel| panel.scaled(panel.mass, reference)).sum::<f64>() + beyond(stubs, reference)
}

fn refuse_nothing(probe: &Probe, panels: &[Panel], stubs: &[Stub]) -> Result<()> {
    let (low, high, evaluations) = (plain(probe.low()), plain(probe.high()), probe.evaluations);
    if probe.defined == 0 {
        let message = format!("the density is undefined at each of the {evaluations} points tried between {low} and {high}");
        return Err(Error::new(ErrorKind::Domain, message).hint("check the domain of its logarithms, roots and powers on this range"));
    }
    if stubs.is_empty() && panels.iter().all(|panel| panel.mass == 0.0) {
        let message = format!("no mass found: the density is 0 at each of the {evaluations} points tried between {low} and {high}");
        return Err(Error::new(ErrorKind::NoMass, message).hint("narrow the range to where the density is positive"));
    }
    Ok(())
}

/// Mean and variance by the nodes: the variance about the mean, so that it keeps its digits far from 0.
struct Spread {
    center: f64,
    /// In units of `unit`².
    variance: f64,
    /// A power of two about as large as the distances that count: their squares may leave the doubles.
    unit: f64,
}

impl Spread {
    fn of(panels: &[Panel], stubs: &[Stub]) -> Spread {
        let (reference, mass, _) = totals(panels);
        // Measured from the heaviest panel, not from 0.
        let log_mass = |panel: &Panel| panel.scale + panel.mass.ln();
        let heaviest = panels.iter().max_by(|a, b| log_mass(a).total_cmp(&log_mass(b)));
        let most = heaviest.map_or(f64::NEG_INFINITY, log_mass);
        let origin = heaviest.map_or(0.0, |panel| panel.chart.x(panel.node(N / 2)));
        let heavy = panels.iter().filter(|panel| log_mass(panel) > most - 40.0);
        let nodes = heavy.flat_map(|panel| (0..N).filter(|&i| panel.values[i] > 1e-18).map(|i| panel.chart.x(panel.node(i))));
        let farthest = nodes.map(|x| (x - origin).abs()).fold(0.0, f64::max);
        let unit = if farthest > 0.0 && farthest.is_finite() { farthest.log2().floor().clamp(-1022.0, 1023.0).exp2() } else { 1.0 };
        let about = |center: f64, power: i32| {
            let weight = |x: f64| ((x - center) / unit).powi(power);
            let inside: f64 =
                panels.iter().filter(|panel| panel.mass > 0.0).map(|panel| panel.scaled(panel.integral(weight), reference)).sum();
            // A stub at a finite point sits at that point; one at infinity only exists where these moments do not.
            let outside = stubs.iter().filter(|stub| stub.inward);
            inside + outside.map(|stub| (stub.log_mass - reference).exp() * weight(stub.chart.x(stub.start))).sum::<f64>()
        };
        let mass = mass + beyond(stubs, reference);
        let center = origin + about(origin, 1) / mass * unit;
        Spread { center, variance: about(center, 2) / mass, unit }
    }
}

fn notes(probe: &Probe, stubs: &[Stub], reference: f64, mass: f64, outside: f64, converged: bool, moments: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(x) = probe.non_finite_at {
        notes.push(format!(
            "the density has no finite value at {} of {} points, among them x = {}",
            probe.non_finite,
            probe.evaluations,
            plain(x)
        ));
    }
    let beyond: f64 = stubs.iter().map(|stub| (stub.log_mass - reference).exp()).sum::<f64>() / mass;
    if beyond > 1e-12 {
        notes.push(format!(
            "{beyond:.1e} of the mass lies beyond what doubles can resolve and is extrapolated by the power law measured there"
        ));
    }
    if !converged {
        let cause =
            if outside > 0.0 { "the extrapolated part is the least certain" } else { "more evaluations or more landmarks may help" };
        notes.push(format!("the wanted tolerance was not reached; {cause}"));
    }
    match moments {
        0 => notes.push("the tails are so heavy that the mean is infinite or undefined".to_string()),
        1 => notes.push("the tails are so heavy that the variance is infinite".to_string()),
        _ => {}
    }
    notes
}
