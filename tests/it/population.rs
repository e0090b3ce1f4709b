//! The annealed population: the coordinates it steps in, how long it runs, its verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use langevin::density::{Bound, Boundary, Declaration, FromFn, Meaning, Model};
use langevin::error::ErrorKind;
use langevin::run::{Init, Run, Sampler, Sampling, Trust, sample, sample_density};
use langevin::sampler::{Control, MetricKind};

const SAMPLERS: [Sampler; 3] = [Sampler::Sgld, Sampler::Lm, Sampler::Underdamped];
/// A correlation of 0.95 between scales of 200 and 0.05.
const STRETCHED: &str = "exp(-((x/200)^2 - 1.9*(x/200)*(20*y) + (20*y)^2)/0.195)";

fn run(formula: &str, ranges: &[&str], settings: Sampling) -> Run {
    let ranges: Vec<Declaration> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    sample(&Model::new(formula, Meaning::Density, &ranges).unwrap(), &settings).unwrap()
}

fn metric(run: &Run) -> String {
    run.plan().unwrap().metric.describe()
}

#[track_caller]
fn check_moments(run: &Run, exact: &[(f64, f64)]) {
    for (variable, (mean, sd)) in run.variables.iter().zip(exact) {
        // The standard deviation of 4096 draws is known to a ninetieth.
        assert!((variable.mean - mean).abs() < 4.0 * sd / 64.0, "{variable:?}");
        assert!((variable.sd / sd - 1.0).abs() < 4.0 / 90.0, "{variable:?}");
    }
}

#[test]
fn scales_and_correlations_are_learned_and_cost_few_steps() {
    for sampler in SAMPLERS {
        let found = run(STRETCHED, &[], Sampling { sampler, seed: 1, ..Sampling::default() });
        assert_eq!((found.verdict.trust, metric(&found).as_str()), (Trust::Yes, "dense"), "{sampler}: {:?}", found.verdict);
        assert!(found.plan().unwrap().annealing.steps < 1000, "{:?}", found.plan());
        check_moments(&found, &[(0.0, 200.0), (0.0, 0.05)]);
    }
}

#[test]
fn a_metric_keeps_to_the_ends_of_its_variables() {
    let settings = Sampling { sampler: Sampler::Sgld, seed: 2, ..Sampling::default() };
    let found = run("exp(-1000*x - y^2/2e6)*(1 + x*y)", &["x=0,0.002", "y=0,inf"], settings);
    assert_eq!(metric(&found), "diagonal");
    let (x, y) = (found.draws.column(0), found.draws.column(1));
    assert!(x.iter().all(|x| (0.0..=0.002).contains(x)) && y.iter().all(|y| *y >= 0.0));
    assert!(found.variables.iter().all(|variable| variable.atoms == (0.0, 0.0)));
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    // What is put on an end is there to the last bit.
    let ends = ["x=-0.0011,0.0007", "y=-70,110", "z=-0.3,1.3"];
    let bounds: Vec<Declaration> = ends.iter().map(|range| range.parse().unwrap()).collect();
    let model =
        Model::new("exp(-1e6*x^2 - y^2/1e4 - z^2)", Meaning::Density, &bounds).unwrap().with_boundary(None, Boundary::Clamp).unwrap();
    let found = sample(&model, &Sampling { sampler: Sampler::Sgld, seed: 2, ..Sampling::default() }).unwrap();
    assert_eq!(metric(&found), "diagonal");
    for variable in &found.variables {
        assert!(variable.atoms.0 > 0.0 && variable.atoms.1 > 0.0, "{variable:?}");
    }
}

#[test]
fn steps_are_in_the_variables_where_no_metric_is_worth_it_or_someone_says_how_long_they_are() {
    let open = Sampling { sampler: Sampler::Sgld, seed: 3, chains: Some(512), ..Sampling::default() };
    let plain = "identity";
    // Bent: what is straightened is as wide across the ridge as along it.
    assert_eq!(metric(&run("exp(-x^2/200 - (y + 0.03*x^2 - 3)^2/2)", &[], open.clone())), plain);
    assert_eq!(metric(&run(STRETCHED, &[], Sampling { step_size: Some(1e-3), steps: Some(100), ..open.clone() })), plain);
    assert_eq!(metric(&run(STRETCHED, &[], Sampling { metric: MetricKind::Identity, steps: Some(100), ..open.clone() })), plain);
    assert_eq!(metric(&run(STRETCHED, &[], Sampling { sampler: Sampler::Psgld, steps: Some(100), ..open.clone() })), plain);
    let asked_for = Sampling { step_size: Some(0.3), metric: MetricKind::Diagonal, ..open };
    assert_eq!(metric(&run(STRETCHED, &[], asked_for.clone())), "diagonal");
    // Nothing is learned where nothing can be gained.
    let round = run("exp(-x^2/2 - y^2/3)", &[], Sampling { metric: MetricKind::Auto, step_size: None, ..asked_for.clone() });
    assert_eq!((metric(&round).as_str(), round.gradients), (plain, round.chain_steps));
    // One that cannot be had is refused.
    let far = "1/((1 + x^2)*(1 + y^2))";
    for (formula, sampler) in [(far, Sampler::Sgld), (STRETCHED, Sampler::Psgld)] {
        let model = Model::new(formula, Meaning::Density, &[]).unwrap();
        let error = sample(&model, &Sampling { sampler, ..asked_for.clone() }).unwrap_err();
        assert!(error.kind == ErrorKind::Setting && error.message.contains("metric") && error.hint.is_some(), "{error:?}");
    }
}

#[test]
fn a_point_to_begin_at_is_one_of_the_variables() {
    let settings =
        Sampling { sampler: Sampler::Sgld, seed: 4, init: Init::Point(vec![300.0, -0.05]), steps: Some(1), ..Sampling::default() };
    let found = run(STRETCHED, &[], settings);
    assert_eq!(metric(&found), "dense");
    let model = Model::new(STRETCHED, Meaning::Density, &[]).unwrap();
    for point in [vec![], vec![1.0; 3]] {
        let error = sample(&model, &Sampling { init: Init::Point(point), ..Sampling::default() }).unwrap_err();
        assert!(error.message.contains("numbers for 2 variables"), "{error:?}");
    }
    // One step of √(2ε), ε = ½, or less.
    assert!(found.draws.column(0).iter().all(|x| (x - 300.0).abs() < 6.0 * 200.0), "{:?}", found.variables);
    assert!((found.variables[0].mean - 300.0).abs() < 200.0 && found.variables[0].sd > 20.0, "{:?}", found.variables);
}

#[test]
fn a_run_that_remembers_its_start_is_made_again_longer() {
    // Between the wells p is e⁻⁴ of its height: chains cross, and no width says how seldom.
    let formula = "exp(-4*(x^2 - 1)^2 - (y - x)^2)";
    let settings = Sampling { sampler: Sampler::Sgld, seed: 5, ..Sampling::default() };
    let found = run(formula, &[], settings.clone());
    let plan = found.plan().unwrap();
    let taken = plan.annealing.chains * plan.annealing.steps;
    assert!(found.chain_steps > taken as u64, "{plan:?}");
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    let first = (found.chain_steps - taken as u64) as usize / plan.annealing.chains;
    let first = run(formula, &[], Sampling { steps: Some(first), ..settings });
    assert!(first.verdict.warnings.iter().any(|warning| warning.kind() == "remembers_start"), "{:?}", first.verdict);
}

#[test]
fn of_a_run_made_again_that_is_ended_early_the_one_before_is_kept() {
    let bounds = ["x", "y"].map(|name| Bound::new(name, f64::NEG_INFINITY, f64::INFINITY)).to_vec();
    let wells = |x: &[f64], slope: &mut [f64]| {
        let (well, gap) = (x[0] * x[0] - 1.0, x[1] - x[0]);
        (slope[0], slope[1]) = (-16.0 * x[0] * well + 2.0 * gap, -2.0 * gap);
        -4.0 * well * well - gap * gap
    };
    let settings = Sampling { sampler: Sampler::Sgld, seed: 5, ..Sampling::default() };
    let steps = |run: &Run| run.plan().unwrap().annealing.steps;
    let whole = sample_density(&FromFn::new(bounds.clone(), wells), &settings, &Control::default()).unwrap();
    assert!(whole.complete);
    // The steps that are wanted are others once the longer run has begun.
    let (control, first) = (Arc::new(Control::default()), AtomicU64::new(0));
    let seen = Arc::clone(&control);
    let density = FromFn::new(bounds, move |x, slope| {
        let wanted = seen.chain_steps_wanted.load(Relaxed);
        if first.compare_exchange(0, wanted, Relaxed, Relaxed).is_err_and(|known| known != wanted) {
            seen.stop.store(true, Relaxed);
        }
        wells(x, slope)
    });
    let ended = sample_density(&density, &settings, &control).unwrap();
    assert!(!ended.complete && steps(&ended) < steps(&whole), "{} {}", steps(&ended), steps(&whole));
    let kinds: Vec<&str> = ended.verdict.warnings.iter().map(|warning| warning.kind()).collect();
    assert!(kinds.contains(&"remembers_start") && !kinds.contains(&"incomplete"), "{kinds:?}");
    // Those of the run that was ended are counted too.
    assert!(ended.chain_steps > (ended.draws.draws() * steps(&ended)) as u64);
}

#[test]
fn a_tail_that_no_draw_reaches_is_not_trusted() {
    for (sampler, seed) in [(Sampler::Underdamped, 1), (Sampler::Underdamped, 2), (Sampler::Lm, 1)] {
        let found = run("1/((1 + x^2)*(1 + y^2)*(1 + z^2))", &[], Sampling { sampler, seed, ..Sampling::default() });
        let kinds: Vec<_> = found.verdict.warnings.iter().map(|warning| warning.kind()).collect();
        assert!(found.verdict.trust == Trust::No && kinds.contains(&"tail_cut"), "{sampler}: {kinds:?}");
    }
    let exact = run("1/(1 + x^2)", &[], Sampling { sampler: Sampler::Exact, seed: 1, ..Sampling::default() });
    assert_eq!(exact.verdict.trust, Trust::Yes, "{:?}", exact.verdict);
}
