//! A run as people read it: tables for the terminal, 80 columns.

use super::Elapsed;
use crate::density::{Bound, Model};
use crate::report::integrate::normalizer;
use crate::report::lines::{Paint, wrap};
use crate::report::model::{headed, interval, range};
use crate::report::numbers::{count, error, fixed, percent, probability, short, time};
use crate::report::{BASINS, ROWS, verdict};
use crate::run::{BatchFigures, ChainFigures, Derived, Fit, Measure, Method, Progress, QUANTILES, ReplicaFigures, Run};
use crate::sampler::{Batching, Chaining, ControlVariates, Ladder};

/// The report of a run.
pub fn text(model: &Model, run: &Run, derived: Option<&Derived>, elapsed: Elapsed, paint: Paint) -> String {
    let variables = derived.map_or(&run.variables, |derived| &derived.variables);
    // What a boundary does is a matter of the unadjusted samplers; the others are exact at any.
    let bounds: &dyn Fn(&Bound) -> String = if run.plan().is_some() { &range } else { &interval };
    let mut lines = vec![headed(model, bounds, paint)];
    lines.extend(method(run));
    lines.push(String::new());
    let width = variables.iter().take(ROWS).map(|variable| variable.bound.name.chars().count()).max().unwrap_or(1).max(5);
    let heads: Vec<String> = QUANTILES.iter().map(|p| format!("{:>8}", format!("{:.0}%", 100.0 * p))).collect();
    lines.push(paint.dim(&format!(
        "  {:width$} {:>9} {:>7} {:>8}{}  {:>5} {:>5}",
        "",
        "mean",
        "mcse",
        "sd",
        heads.concat(),
        "ess",
        "rhat"
    )));
    for variable in variables.iter().take(ROWS) {
        let rhat = fixed(variable.rhat, 3);
        lines.push(format!(
            "  {:width$} {:>9} {:>7} {:>8}{}  {:>5} {:>5}",
            variable.bound.name,
            short(variable.mean),
            error(variable.mcse_mean),
            short(variable.sd),
            quantiles(&variable.quantiles),
            count(variable.ess_bulk),
            rhat
        ));
        if let Some(fit) = run.fits.iter().find(|fit| fit.name == variable.bound.name) {
            lines.push(paint.dim(&exact(fit, width)));
        }
    }
    if variables.len() > ROWS {
        lines.push(paint.dim(&format!("  … and {} more (all in --json)", variables.len() - ROWS)));
    }
    lines.push(String::new());
    if let Some(integral) = run.normalizer() {
        lines.extend(wrap(&format!("Z       {}", normalizer(&integral)), 10));
    }
    let several = run.variables.len() > 1;
    for fit in run.fits.iter().filter(|fit| !fit.ks.is_nan()).take(ROWS) {
        let name = if several { format!("`{}` ", fit.name) } else { String::new() };
        lines.push(format!(
            "  fit     {name}KS distance {}, p = {}; Wasserstein-1 {}",
            fixed(fit.ks, 4),
            probability(fit.ks_p),
            short(fit.wasserstein1)
        ));
        for (index, basin) in fit.basins.iter().take(BASINS).enumerate() {
            let label = if index == 0 { "basins" } else { "" };
            let range = format!("[{}, {}]", short(basin.low), short(basin.high));
            lines
                .push(format!("  {label:7} {range:<20} {:.4} of the draws, exactly {:.4} (z = {:+.1})", basin.found, basin.exact, basin.z));
        }
        if fit.basins.len() > BASINS {
            lines.push(format!("          … and {} more", fit.basins.len() - BASINS));
        }
    }
    if let Some(chains) = run.chains() {
        lines.push(format!("  chains  {}", chain_figures(run, chains)));
        lines.extend(chains.ladder.as_ref().map(|found| format!("  ladder  {}", ladder(found))));
    }
    lines.extend(run.until.iter().filter(|target| target.met).map(until));
    if let Some(figures) = run.batches() {
        lines.extend(batch_figures(run, figures));
    }
    let rate = run.chain_steps as f64 / elapsed.sampling.max(1e-9);
    let (steps, sampling, rest) = (count(run.chain_steps as f64), time(elapsed.sampling), time(elapsed.total - elapsed.sampling));
    lines.push(format!("  speed   {steps} chain-steps in {sampling} ({}/s), figures and checks {rest}", count(rate)));
    lines.push(String::new());
    lines.extend(verdict::text(&run.verdict, paint));
    lines.join("\n")
}

/// What the row of a variable would show of the exact law.
fn exact(fit: &Fit, width: usize) -> String {
    let spread = fit.quantiles[4] - fit.quantiles[0];
    // A mean this small beside the spread is a zero and its error; that of a cubature is larger.
    let zero = if spread.is_nan() { 1e-6 * fit.sd.unwrap_or(0.0) } else { 1e-9 * spread };
    let shown = |value: Option<f64>| value.map_or("-".to_string(), |value| short(if value.abs() < zero { 0.0 } else { value }));
    let quantiles = if spread.is_nan() { String::new() } else { quantiles(&fit.quantiles) };
    format!("  {:width$} {:>9} {:>7} {:>8}{quantiles}", "exact", shown(fit.mean), "", shown(fit.sd))
}

/// What was chosen and why.
pub fn plan(run: &Run) -> String {
    let stein = run.discrepancy.map(|found| {
        let (value, p, draws) = (short(found.value), probability(found.p_value), found.draws);
        format!("\n  stein   kernel discrepancy {value} over {draws} draws, z = {:+.1}, p = {p}", found.z)
    });
    let stein = stein.unwrap_or_default();
    let Some(plan) = run.plan() else {
        return format!("  chosen  {}: {}{stein}", run.sampler, run.why.as_deref().unwrap_or("asked for"));
    };
    let proved = plan.stable_step_size.map(|step| format!(", steps stable below {} (proved)", short(step))).unwrap_or_default();
    let starts: Vec<String> = plan.annealing.starts.iter().take(4).map(|start| format!("{start:?}")).collect();
    format!(
        "  chosen  slowest relaxation time {}, curvature {}, diffusion time {}{proved}\n  begin   {}{stein}",
        short(plan.relaxation_time),
        short(plan.curvature),
        short(plan.annealing.step_size.total(plan.annealing.steps)),
        starts.join(", ")
    )
}

/// Acceptance, divergences, gradients, weight of the draws a gradient.
fn chain_figures(run: &Run, chains: &ChainFigures) -> String {
    let ess = run.variables.iter().map(|variable| variable.ess_bulk).fold(f64::INFINITY, f64::min);
    let gradients = run.gradients - chains.warmup_gradients;
    let mut parts = vec![format!("accepted {}", fixed(chains.acceptance, 2))];
    if chains.e_bfmi.is_finite() {
        parts.push(format!("E-BFMI {}", fixed(chains.e_bfmi, 2)));
    }
    parts.push(format!("divergences {}", chains.divergences));
    parts.push(format!("gradients {} (ESS {} a 1000)", count(gradients as f64), count(1000.0 * ess / gradients.max(1) as f64)));
    parts.join(", ")
}

/// A target that is met; one that is not is a warning.
fn until(progress: &Progress) -> String {
    let found = match progress.target.measure {
        Measure::Ess => count(progress.found),
        Measure::Mcse => error(progress.found),
        Measure::Rhat => fixed(progress.found, 3),
    };
    format!("  until   {}: {} of `{}` is {found}", progress.target, progress.target.measure.name(), progress.variable)
}

/// The size of batches, the gradient's noise, the bias that half the step size shows.
fn batch_figures(run: &Run, figures: &BatchFigures) -> Vec<String> {
    let mut lines = Vec::new();
    let sizes: Vec<String> = figures.tables.iter().map(|(rows, size)| format!("{size} of {rows}")).collect();
    if !sizes.is_empty() {
        let how = match figures.batching {
            Batching::Uniform => "",
            Batching::Shared => " for all chains of a block",
            Batching::Shuffled => " in shuffled epochs",
        };
        let control = match figures.control_variates {
            ControlVariates::None => "no control variates",
            ControlVariates::Mode if figures.learned => "control variates at the mean",
            ControlVariates::Mode => "control variates at the mode",
            ControlVariates::Svrg => "control variates where the chain was (svrg)",
            ControlVariates::Saga => "control variates where each row was last seen (saga)",
        };
        let text = format!(
            "batch   {} rows{how}, {control}; {} epochs a chain; {} gradients over all rows before",
            sizes.join(" and "),
            short(figures.epochs),
            figures.full_gradients
        );
        lines.extend(wrap(&text, 10));
        let (mean, worst) = figures.noise;
        lines.push(format!("  noise   {} of the injected noise, at most {}", percent(mean), percent(worst)));
    }
    if let Some(ReplicaFigures { replicas, acceptance }) = &figures.replicas {
        let hottest = replicas.temperatures.last().copied().unwrap_or(1.0);
        let mean = acceptance.iter().sum::<f64>() / acceptance.len().max(1) as f64;
        let steps = if replicas.every == 1 { "every step".to_string() } else { format!("every {} steps", replicas.every) };
        let text = format!(
            "rungs   {} temperatures up to {}, swaps over all rows {steps}, accepted {} of the time (lowest {})",
            replicas.temperatures.len(),
            short(hottest),
            fixed(mean, 2),
            fixed(acceptance.iter().copied().fold(f64::INFINITY, f64::min), 2)
        );
        lines.extend(wrap(&text, 10));
    }
    if let Some((bias, (variable, is_sd, value, error))) = figures.bias.as_ref().and_then(|bias| Some((bias, bias.worst()?))) {
        let largest = |list: &[(f64, f64)]| list.iter().map(|(bias, _)| bias.abs()).fold(0.0, f64::max);
        let what = if is_sd { "sd" } else { "mean" };
        let text = format!(
            "bias    by half the step, in posterior sds: means up to {}, sds up to {}; largest {what} of {}, {value:+.3} ± {}",
            fixed(largest(&bias.mean), 3),
            fixed(largest(&bias.sd), 3),
            run.variables[variable].bound.name,
            fixed(error, 3)
        );
        lines.extend(wrap(&text, 10));
    }
    lines
}

/// Rungs, barrier, swaps, round trips.
fn ladder(ladder: &Ladder) -> String {
    format!(
        "{} rungs, barrier {}, swaps {} (lowest {}), {} round trips a system",
        ladder.inverse_temperatures.len(),
        fixed(ladder.barrier, 2),
        fixed(ladder.mean_acceptance(), 2),
        fixed(ladder.lowest_acceptance(), 2),
        fixed(ladder.round_trips, 1)
    )
}

fn method(run: &Run) -> Vec<String> {
    let how = match &run.method {
        Method::Population { plan, .. } => {
            let annealing = &plan.annealing;
            let step = &annealing.step_size;
            let sizes = if step.first == step.last {
                short(step.first)
            } else {
                format!("{} to {} ({})", short(step.first), short(step.last), step.shape)
            };
            let metric = match plan.metric.describe().as_str() {
                "identity" => String::new(),
                metric => format!(", {metric} metric"),
            };
            format!("{}, {}, step size {sizes}{metric}", run.sampler, run.shape())
        }
        Method::Chains(chains) => {
            let Chaining { warmup, thin, .. } = chains.settings;
            let thin = if thin > 1 { format!(" every {thin} steps") } else { String::new() };
            format!(
                "{}, {}{thin} after {warmup} of warm-up, step size {}, {} metric",
                run.sampler,
                run.shape(),
                short(chains.step_size),
                chains.metric
            )
        }
        Method::Batches(figures) => {
            let Chaining { warmup, thin, step_size, .. } = figures.settings;
            let thin = if thin > 1 { format!(" every {thin} steps") } else { String::new() };
            let metric = if figures.dense { "dense" } else { "diagonal" };
            format!(
                "{}, {}{thin} after {warmup} of warm-up, step size {}, {metric} metric of {}",
                run.sampler,
                run.shape(),
                short(step_size),
                match (figures.learned, figures.is_mode) {
                    (true, _) => "a no-U-turn warm-up, as the mode misleads",
                    (false, true) => "the mode",
                    (false, false) => "the best place found",
                }
            )
        }
        Method::Independent => format!("{}, {}", run.sampler, run.shape()),
    };
    let mut lines = vec![format!("{how}, seed {}", run.seed)];
    if let Some(why) = &run.why {
        lines.extend(wrap(&format!("chosen  {why}"), 10));
    }
    lines
}

/// Five columns; what is nothing beside their spread is printed as 0.
fn quantiles(values: &[f64; 5]) -> String {
    let spread = values[4] - values[0];
    let settled = |value: f64| if value.abs() < 1e-9 * spread { 0.0 } else { value };
    values.iter().map(|value| format!(" {:>7}", short(settled(*value)))).collect()
}
