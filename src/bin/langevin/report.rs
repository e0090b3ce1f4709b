//! Results as people read them: tables for the terminal, 80 columns.

use langevin::density::{Bound, LogDensity, Model};
use langevin::output::Elapsed;
use langevin::quadrature::{Evidence, Integral, Marginal, Reference};
use langevin::run::{
    BatchFigures, ChainFigures, Derived, DrawsSummary, Fit, Measure, Method, Progress, QUANTILES, ReplicaFigures, Run, Trust, Verdict,
    Warning, Weight,
};
use langevin::sampler::{Batching, Chaining, ControlVariates, Draws, Ladder};
use langevin::syntax::Noncentered;

/// Escape codes, or nothing.
#[derive(Clone, Copy)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(crate) fn trust(self, trust: Trust) -> String {
        let code = match trust {
            Trust::Yes => "1;32",
            Trust::No => "1;31",
            Trust::Unknown => "1;33",
        };
        self.with(code, trust.name())
    }
}

/// Variables shown of a large model.
const ROWS: usize = 24;
/// Basins shown of an oscillating density.
const BASINS: usize = 6;

/// The report of a run.
pub(crate) fn run(model: &Model, run: &Run, derived: Option<&Derived>, elapsed: Elapsed, paint: Paint) -> String {
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
        let rhat = if variable.rhat.is_nan() { "-".to_string() } else { format!("{:.3}", variable.rhat) };
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
            "  fit     {name}KS distance {:.4}, p = {}; Wasserstein-1 {}",
            fit.ks,
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
    lines.extend(verdict(&run.verdict, paint));
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

/// The verdict and its warnings.
fn verdict(verdict: &Verdict, paint: Paint) -> Vec<String> {
    let head = wrap(&format!("trust   {}", verdict.because), 10);
    let head = head.into_iter().map(|line| line.replacen("trust   ", &format!("trust   {} - ", paint.trust(verdict.trust)), 1));
    head.chain(verdict.warnings.iter().flat_map(self::warning)).collect()
}

/// The report on draws whose density is not known.
pub(crate) fn diagnosis(variables: &[DrawsSummary], draws: &Draws, judged: &Verdict, paint: Paint) -> String {
    let mut lines = vec![draws.shape(), String::new()];
    let width = variables.iter().take(ROWS).map(|variable| variable.name.chars().count()).max().unwrap_or(1).max(5);
    lines.push(paint.dim(&format!(
        "  {:width$} {:>9} {:>7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6}",
        "", "mean", "mcse", "sd", "mcse", "5%", "50%", "95%", "bulk", "tail", "rhat"
    )));
    for variable in variables.iter().take(ROWS) {
        let [low, _, middle, _, high] = variable.quantiles;
        let rhat = if variable.rhat.is_nan() { "-".to_string() } else { format!("{:.3}", variable.rhat) };
        lines.push(format!(
            "  {:width$} {:>9} {:>7} {:>8} {:>7} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6}",
            variable.name,
            short(variable.mean),
            error(variable.mcse_mean),
            short(variable.sd),
            error(variable.mcse_sd),
            short(low),
            short(middle),
            short(high),
            count(variable.ess_bulk),
            count(variable.ess_tail),
            rhat
        ));
    }
    if variables.len() > ROWS {
        lines.push(paint.dim(&format!("  … and {} more (all in --json)", variables.len() - ROWS)));
    }
    lines.push(String::new());
    lines.extend(verdict(judged, paint));
    lines.join("\n")
}

/// What was chosen and why.
pub(crate) fn plan(run: &Run) -> String {
    let stein = run.discrepancy.map(|found| {
        let (value, p, draws) = (short(found.value), probability(found.p_value), found.draws);
        format!("\n  stein   kernel discrepancy {value} over {draws} draws, z = {:+.1}, p = {p}", found.z)
    });
    let stein = stein.unwrap_or_default();
    let Some(plan) = run.plan() else {
        return format!("  chosen  {}: {}{stein}", run.sampler, run.why.unwrap_or("asked for"));
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
    let mut parts = vec![format!("accepted {:.2}", chains.acceptance)];
    if chains.e_bfmi.is_finite() {
        parts.push(format!("E-BFMI {:.2}", chains.e_bfmi));
    }
    parts.push(format!("divergences {}", chains.divergences));
    parts.push(format!("gradients {} (ESS {:.0} a 1000)", count(gradients as f64), 1000.0 * ess / gradients.max(1) as f64));
    parts.join(", ")
}

/// A target that is met; one that is not is a warning.
fn until(progress: &Progress) -> String {
    let found = match progress.target.measure {
        Measure::Ess => count(progress.found),
        Measure::Mcse => error(progress.found),
        Measure::Rhat => format!("{:.3}", progress.found),
    };
    format!("  until   {}: {} of `{}` is {found}", progress.target, progress.target.measure.name(), progress.variable)
}

/// Hierarchies with their non-centred forms, to paste.
pub(crate) fn hierarchies(found: &[Noncentered]) -> Vec<String> {
    let Some(first) = found.first() else { return Vec::new() };
    let more = if found.len() > 1 { format!(" (and {} more)", found.len() - 1) } else { String::new() };
    let text = format!(
        "note    the scale of `{}` in {} is a parameter: a funnel{more}; --noncenter samples the non-centred form instead:",
        first.name, first.term
    );
    let mut lines = wrap(&text, 10);
    for found in found.iter().take(4) {
        let parts = found.declaration.iter().chain([&found.definition, &found.prior]);
        lines.extend(parts.map(|part| format!("            {part}")));
    }
    lines
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
            "rungs   {} temperatures up to {}, swaps over all rows {steps}, accepted {mean:.2} of the time (lowest {:.2})",
            replicas.temperatures.len(),
            short(hottest),
            acceptance.iter().copied().fold(f64::INFINITY, f64::min)
        );
        lines.extend(wrap(&text, 10));
    }
    if let Some((bias, (variable, is_sd, value, error))) = figures.bias.as_ref().and_then(|bias| Some((bias, bias.worst()?))) {
        let largest = |list: &[(f64, f64)]| list.iter().map(|(bias, _)| bias.abs()).fold(0.0, f64::max);
        let what = if is_sd { "sd" } else { "mean" };
        let text = format!(
            "bias    by half the step, in posterior sds: means up to {:.3}, sds up to {:.3}; largest {what} of {}, {value:+.3} ± {error:.3}",
            largest(&bias.mean),
            largest(&bias.sd),
            run.variables[variable].bound.name
        );
        lines.extend(wrap(&text, 10));
    }
    lines
}

fn percent(share: f64) -> String {
    format!("{} %", short((1e4 * share).round() / 1e2))
}

/// Rungs, barrier, swaps, round trips.
fn ladder(ladder: &Ladder) -> String {
    format!(
        "{} rungs, barrier {:.2}, swaps {:.2} (lowest {:.2}), {:.1} round trips a system",
        ladder.inverse_temperatures.len(),
        ladder.barrier,
        ladder.mean_acceptance(),
        ladder.lowest_acceptance(),
        ladder.round_trips
    )
}

fn warning(warning: &Warning) -> Vec<String> {
    let label = match warning.weight() {
        Weight::Failure => "wrong",
        Weight::Doubt => "doubt",
        Weight::Note => "note",
    };
    wrap(&format!("{label:7} {warning}"), 10)
}

pub(crate) fn headline(model: &Model, paint: Paint) -> String {
    headed(model, &range, paint)
}

fn headed(model: &Model, bound: &dyn Fn(&Bound) -> String, paint: Paint) -> String {
    let formula = model.formula().value();
    let formula = if formula.chars().count() > 200 { formula.chars().take(199).chain(['…']).collect() } else { formula };
    let bounds: Vec<String> = model.bounds().iter().take(4).map(bound).collect();
    let more = if model.bounds().len() > 4 { format!(", … {} variables", model.bounds().len()) } else { String::new() };
    format!("{} {}\n{}", paint.bold(model.meaning().name()), formula, paint.dim(&format!("{}{more}", bounds.join(", "))))
}

/// `x in [0, 1] reflect`.
pub(crate) fn range(bound: &Bound) -> String {
    let ends = interval(bound);
    if bound.low.is_finite() || bound.high.is_finite() { format!("{ends} {}", bound.boundary) } else { ends }
}

/// `x in [0, 1]`.
fn interval(bound: &Bound) -> String {
    let (open, close) = (if bound.low.is_finite() { '[' } else { '(' }, if bound.high.is_finite() { ']' } else { ')' });
    format!("{} in {open}{}, {}{close}", bound.name, short(bound.low), short(bound.high))
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
    if let Some(why) = run.why {
        lines.extend(wrap(&format!("chosen  {why}"), 10));
    }
    lines
}

/// `0.988870666667 ± 3e-16`, and its logarithm, and how.
pub(crate) fn normalizer(integral: &Integral) -> String {
    let Integral { value, log_value, relative_error, evaluations, method, .. } = integral;
    let relative = format!("{relative_error:.0e}");
    let doubt = if integral.converged { "" } else { ", not converged" };
    let how = format!("{method}, {evaluations} evaluations{doubt}");
    if *value > 0.0 && value.is_finite() {
        // Of an estimate one digit more than is certain; and what is an error of Z relative to it is one of log Z as it stands.
        let (of_value, of_log) = match *relative_error {
            rough if rough > 1e-6 => (0.1 * rough, 0.1 * rough / log_value.abs()),
            exact => (exact, exact),
        };
        format!("{} ± {:.0e}  (log Z {}; {how})", digits(*value, of_value), integral.error, digits(*log_value, of_log))
    } else {
        format!(
            "exp({}), outside doubles; relative error {relative}  ({how})",
            digits(*log_value, *relative_error / log_value.abs().max(1.0))
        )
    }
}

/// A double as it is, to the last digit.
fn plain(x: f64) -> String {
    if (1e-4..1e7).contains(&x.abs()) { x.to_string() } else { format!("{x:e}") }
}

/// `proved: between 0.98887 and …`, if bounds were looked for.
pub(crate) fn proof(integral: &Integral) -> Option<String> {
    let proof = integral.proof.as_ref()?;
    let (low, high) = proof.value_bounds();
    let width = proof.relative_width();
    if !width.is_finite() {
        return Some(format!("nothing: {}", proof.reason.as_deref().unwrap_or("no bounds were found")));
    }
    let fits = low >= f64::MIN_POSITIVE && high.is_finite();
    let (low, high) = if fits { (low, high) } else { proof.log_bounds() };
    let shown = |end: f64| if fits { plain(end) } else { format!("exp({end})") };
    let doubt = proof.reason.as_ref().map_or(String::new(), |reason| format!("; {reason}"));
    Some(format!("{} to {}, within {width:.0e}{doubt}", shown(low), shown(high)))
}

/// The report of an integral in any number of variables.
pub(crate) fn evidence(model: &Model, found: &Evidence, paint: Paint) -> String {
    if let [Marginal::Reference(reference)] = &found.marginals[..] {
        return integral(model, reference, paint);
    }
    let mut lines = vec![headline(model, paint), String::new()];
    lines.extend(wrap(&format!("Z       {}", normalizer(&found.integral)), 10));
    lines.extend(proof(&found.integral).into_iter().flat_map(|proof| wrap(&format!("proved  {proof}"), 10)));
    lines.extend(parts(model, found));
    lines.push(String::new());
    let width = model.bounds().iter().take(ROWS).map(|bound| bound.name.chars().count()).max().unwrap_or(1).max(5);
    let heads: Vec<String> = QUANTILES.iter().map(|p| format!("{:>9}", format!("{:.0}%", 100.0 * p))).collect();
    lines.push(paint.dim(&format!("  {:width$} {:>10} {:>10}{}", "", "mean", "sd", heads.concat())));
    for (bound, marginal) in model.bounds().iter().zip(&found.marginals).take(ROWS) {
        // A mean this small beside the spread is a zero and its rounding.
        let spread = marginal.sd().unwrap_or(0.0);
        let shown =
            |value: Option<f64>| value.map_or("-".to_string(), |value| short(if value.abs() < 1e-9 * spread { 0.0 } else { value }));
        let quantiles: Vec<String> = QUANTILES.iter().map(|&p| format!("{:>9}", shown(marginal.quantile(p)))).collect();
        lines.push(format!("  {:width$} {:>10} {:>10}{}", bound.name, shown(marginal.mean()), shown(marginal.sd()), quantiles.concat()));
    }
    if model.bounds().len() > ROWS {
        lines.push(paint.dim(&format!("  … and {} more (all in --json)", model.bounds().len() - ROWS)));
    }
    lines.extend(found.integral.notes.iter().flat_map(|note| wrap(&format!("note    {note}"), 10)));
    lines.join("\n")
}

/// By which factors Z was found, those of one method together.
pub(crate) fn parts(model: &Model, found: &Evidence) -> Vec<String> {
    let mut methods: Vec<(&str, Vec<String>)> = Vec::new();
    for part in &found.parts {
        let names: Vec<&str> = part.variables.iter().map(|&variable| model.bounds()[variable].name.as_str()).collect();
        let names = if names.len() > 1 { format!("({})", names.join(", ")) } else { names.concat() };
        match methods.iter_mut().find(|(method, _)| *method == part.method) {
            Some((_, list)) => list.push(names),
            None => methods.push((part.method, vec![names])),
        }
    }
    let line = |(method, names): (&str, Vec<String>)| {
        let more = if names.len() > 8 { format!(" and {} more", names.len() - 8) } else { String::new() };
        let names: Vec<String> = names.into_iter().take(8).collect();
        wrap(&format!("by      {}{more}: {method}", names.join(", ")), 10)
    };
    methods.into_iter().flat_map(line).collect()
}

/// The report of an integral.
fn integral(model: &Model, reference: &Reference, paint: Paint) -> String {
    let mut lines = vec![headline(model, paint), String::new()];
    lines.push(format!("  Z       {}", normalizer(&reference.integral)));
    lines.extend(proof(&reference.integral).into_iter().flat_map(|proof| wrap(&format!("proved  {proof}"), 10)));
    // A mean or quantile this small beside the spread is a zero and its rounding.
    let spread = reference.quantile(0.95) - reference.quantile(0.05);
    let settled = |value: f64| if value.abs() < 1e-11 * spread { 0.0 } else { value };
    let quantile = |p: f64| if (reference.cdf(0.0) - p).abs() < 1e-9 { settled(reference.quantile(p)) } else { reference.quantile(p) };
    let or = |value: Option<f64>, otherwise: &str| value.map_or(otherwise.to_string(), |value| digits(settled(value), 1e-12));
    lines.push(format!("  mean    {}", or(reference.mean, "undefined")));
    lines.push(format!("  sd      {}", or(reference.sd, "undefined")));
    for p in QUANTILES {
        lines.push(format!("  {:<7} {}", format!("{:.0} %", 100.0 * p), digits(quantile(p), 1e-10)));
    }
    let basins = reference.basins();
    if basins.len() > 1 {
        for (index, basin) in basins.iter().take(BASINS).enumerate() {
            let label = if index == 0 { "basins" } else { "" };
            lines.push(format!(
                "  {label:7} [{}, {}] holds {:.6}, peak at {}",
                short(basin.low),
                short(basin.high),
                basin.mass,
                short(basin.peak)
            ));
        }
        if basins.len() > BASINS {
            lines.push(format!("          … and {} more", basins.len() - BASINS));
        }
    }
    for note in &reference.integral.notes {
        lines.extend(wrap(&format!("note    {note}"), 10));
    }
    lines.join("\n")
}

/// Five columns; what is nothing beside their spread is printed as 0.
fn quantiles(values: &[f64; 5]) -> String {
    let spread = values[4] - values[0];
    let settled = |value: f64| if value.abs() < 1e-9 * spread { 0.0 } else { value };
    values.iter().map(|value| format!(" {:>7}", short(settled(*value)))).collect()
}

/// A position, name by name.
pub(crate) fn place(names: &[String], position: &[f64]) -> String {
    names.iter().zip(position).map(|(name, x)| format!("{name} = {}", short(*x))).collect::<Vec<_>>().join(", ")
}

/// [`short()`], rounded up: for what nothing exceeds.
pub(crate) fn short_above(bound: f64) -> String {
    let text = short(bound);
    // Beyond what the bound itself was rounded by.
    if text.parse::<f64>().is_ok_and(|shown| shown < bound - 1e-12 * bound.abs()) { short(bound + 1e-4 * bound.abs()) } else { text }
}

/// Four significant digits in at most eight columns.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}").replace("NaN", "nan");
    }
    let size = value.abs();
    let text = if !(1e-3..1e5).contains(&size) {
        let text = format!("{value:.2e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'));
    } else if size >= 1000.0 {
        format!("{value:.1}")
    } else if size >= 100.0 {
        format!("{value:.2}")
    } else if size >= 10.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.4}")
    };
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A standard error: two significant digits.
fn error(value: f64) -> String {
    match value {
        _ if !value.is_finite() => "-".into(),
        _ if value >= 10.0 => format!("{value:.0}"),
        _ if value >= 1.0 => format!("{value:.1}"),
        _ if value >= 0.1 => format!("{value:.2}"),
        _ if value >= 0.01 => format!("{value:.3}"),
        _ if value >= 0.001 => format!("{value:.4}"),
        _ => format!("{value:.0e}"),
    }
}

/// As many digits as the relative error warrants, at most 15.
pub(crate) fn digits(value: f64, relative_error: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return format!("{value}").replace("NaN", "nan");
    }
    let significant = (-relative_error.max(1e-16).log10()).floor().clamp(2.0, 15.0) as i32;
    let magnitude = value.abs().log10().floor() as i32;
    if !(-5..16).contains(&magnitude) {
        let text = format!("{value:.*e}", (significant - 1) as usize);
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{exponent}");
    }
    let decimals = (significant - 1 - magnitude).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

fn probability(p: f64) -> String {
    if p >= 1e-3 {
        format!("{p:.3}")
    } else if p > 0.0 {
        format!("{p:.0e}")
    } else {
        "0".into()
    }
}

/// A count with its unit: 8.2 M.
pub(crate) fn count(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{:.1} G", v / 1e9),
        v if v >= 1e6 => format!("{:.1} M", v / 1e6),
        v if v >= 1e5 => format!("{:.0} k", v / 1e3),
        v => format!("{v:.0}"),
    }
}

pub(crate) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.0} ms", 1e3 * seconds) } else { format!("{seconds:.1} s") }
}

/// Lines of 80 columns; all but the first are indented by `indent`, the first by two.
pub(crate) fn wrap(text: &str, indent: usize) -> Vec<String> {
    let mut lines = vec![String::from(" ")];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("one line at least");
        if line.chars().count() + 1 + word.chars().count() > 80 && line.trim() != "" {
            lines.push(" ".repeat(indent) + word);
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}
