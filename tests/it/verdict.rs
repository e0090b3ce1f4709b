//! The verdict on chains: yes where the draws are right, and never where they are known to be wrong.

use langevin::data::{Data, Table};
use langevin::density::{Declaration, Meaning, Model};
use langevin::run::{Init, Run, Sampler, Sampling, Trust, diagnose, draws_of, sample};
use langevin::sampler::Draws;

fn run(formula: &str, ranges: &[&str], settings: Sampling) -> Run {
    let ranges: Vec<Declaration> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    sample(&Model::new(formula, Meaning::Density, &ranges).unwrap(), &settings).unwrap()
}

fn by(sampler: Sampler, seed: u64) -> Sampling {
    Sampling { sampler, seed, ..Sampling::default() }
}

fn kinds(run: &Run) -> Vec<&'static str> {
    run.verdict.warnings.iter().map(|warning| warning.kind()).collect()
}

#[track_caller]
fn check_not_trusted(run: &Run, kind: &str) {
    assert_ne!(run.verdict.trust, Trust::Yes, "{:?}", run.variables);
    assert!(kinds(run).contains(&kind), "{kind} is not among {:?}", kinds(run));
}

#[test]
fn right_draws_are_trusted_and_right() {
    for sampler in [Sampler::Nuts, Sampler::Hmc, Sampler::Mams] {
        let found = run("exp(-(x^2 - 1.8*x*y + y^2)/0.38)", &[], by(sampler, 4));
        assert_eq!(found.verdict.trust, Trust::Yes, "{sampler}: {:?}", found.verdict);
        for variable in &found.variables {
            assert!(variable.mean.abs() < 4.0 * variable.mcse_mean, "{sampler}: {variable:?}");
            assert!((variable.sd - 1.0).abs() < 0.05 && variable.ess_bulk > 1000.0, "{sampler}: {variable:?}");
        }
    }
    // A wall where the density is not zero, and one where it has a pole.
    let found = run("x^-0.5*(1-x)*exp(-y)", &["x=0,1", "y=0,inf"], by(Sampler::Nuts, 4));
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    for (variable, mean) in found.variables.iter().zip([0.2, 1.0]) {
        assert!((variable.mean - mean).abs() < 4.0 * variable.mcse_mean, "{variable:?}");
    }
}

/// Chains without a Metropolis test say so, and how large the bias is.
#[test]
fn unadjusted_chains_say_that_they_are() {
    let found = run("exp(-(x^2 - 1.8*x*y + y^2)/0.38)", &[], by(Sampler::Mclmc, 4));
    assert_eq!((found.verdict.trust, kinds(&found).contains(&"unadjusted")), (Trust::Yes, true), "{:?}", found.verdict);
    assert!(!kinds(&run("exp(-x^2-y^2)", &[], by(Sampler::Mams, 4))).contains(&"unadjusted"));
}

#[test]
fn exact_draws_fit_and_need_a_recipe() {
    let found = run("(x-0.4)^4 - (x-0.2)^2 + 0.6", &["-0.7,1.5"], by(Sampler::Exact, 4));
    assert_eq!((found.sampler, found.verdict.trust), (Sampler::Exact, Trust::Yes));
    assert!(found.fits[0].ks_p > 1e-3);
    let apart = run("exp(-x^2-abs(y))", &[], by(Sampler::Auto, 4));
    assert_eq!((apart.sampler, apart.verdict.trust), (Sampler::Exact, Trust::Yes));
    let two = run("exp(-x^4-y^4+x*y)", &[], by(Sampler::Auto, 4));
    assert_eq!((two.sampler, two.verdict.trust), (Sampler::Exact, Trust::Yes));
    let three = Model::new("exp(-x^4-y^4-z^4+x*y*z)", Meaning::Density, &[]).unwrap();
    assert!(sample(&three, &by(Sampler::Exact, 4)).is_err());
    assert_eq!(sample(&three, &by(Sampler::Auto, 4)).unwrap().sampler, Sampler::Mams);
}

/// Of a pole at an end a twelfth of the mass is one double.
#[test]
fn draws_that_are_one_double_are_compared_as_such() {
    for seed in 1..=3 {
        let found = run("x^-0.95*(1-x)^-0.95", &["0,1"], by(Sampler::Auto, seed));
        assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    }
}

/// x given v has the sd exp(v/2), and v the sd 5: the draws' own sd is far too small, and the mean of the draws is right.
#[test]
fn means_of_exact_draws_are_measured_by_the_exact_spread() {
    let funnel = Model::new("normal_lpdf(v | 0, 5) + sum(normal_lpdf([x, y] | 0, exp(v/2)))", Meaning::LogDensity, &[]).unwrap();
    for seed in 11..=13 {
        let found = sample(&funnel, &by(Sampler::Auto, seed)).unwrap();
        assert_eq!((found.sampler, found.verdict.trust), (Sampler::Exact, Trust::Yes), "{:?}", found.verdict);
    }
}

#[test]
fn two_far_modes_that_chains_do_not_cross_are_not_trusted() {
    let two = "exp(-((x-12)^2 + y^2)/2) + exp(-((x+12)^2 + y^2)/2)";
    check_not_trusted(&run(two, &[], by(Sampler::Nuts, 4)), "rhat");
    let one_side = Sampling { init: Init::Point(vec![12.0, 0.0]), ..by(Sampler::Nuts, 4) };
    check_not_trusted(&run(two, &[], one_side), "missed_mode");
}

#[test]
fn a_mixture_with_the_weights_of_its_starts_is_not_trusted() {
    let four = "exp(-((x-5)^2+(y-5)^2)/2) + 2*exp(-((x+5)^2+(y-5)^2)) + 0.3*exp(-((x+5)^2+(y+5)^2)/2) + exp(-((x-5)^2+(y+5)^2)/4)";
    check_not_trusted(&run(four, &[], by(Sampler::Nuts, 4)), "rhat");
    // One variable: the exact law knows the weights.
    check_not_trusted(&run("exp(-(x-9)^2/2) + 3*exp(-(x+9)^2/2)", &[], by(Sampler::Nuts, 4)), "basin_mass");
}

#[test]
fn the_neck_of_a_funnel_is_missed_and_said_to_be() {
    let funnel = "exp(-v^2/18 - sum(i in 1..9, x[i]^2)*exp(-v)/2 - 4.5*v)";
    check_not_trusted(&run(funnel, &[], by(Sampler::Nuts, 4)), "divergences");
}

#[test]
fn a_tail_cut_short_is_not_trusted() {
    let short = Sampling { warmup: Some(100), draws: Some(50), thin: Some(1), ..by(Sampler::Rwm, 4) };
    assert_ne!(run("1/(1 + x^2)", &[], short).verdict.trust, Trust::Yes);
}

#[test]
fn a_step_too_long_leaves_chains_where_they_began() {
    let long = Sampling { step_size: Some(20.0), ..by(Sampler::Nuts, 4) };
    check_not_trusted(&run("exp(-x^2-y^2)", &[], long), "frozen");
}

/// Where quadrature knows the marginals of several variables, draws are held against them.
#[test]
fn several_variables_are_compared_with_their_exact_laws() {
    let found = run("exp(-(x^2 - 1.8*x*y + y^2)/0.38)", &[], by(Sampler::Nuts, 4));
    assert_eq!(found.fits.iter().map(|fit| fit.name.as_str()).collect::<Vec<_>>(), ["x", "y", "log density"]);
    assert!(found.fits.iter().all(|fit| fit.ks_p > 1e-3 && fit.sd.is_none_or(|sd| (sd - 1.0).abs() < 1e-12)), "{:?}", found.fits);
    // 2π·√(1 − 0.9²).
    assert!((found.normalizer().unwrap().value - 2.738_776_979_753_5).abs() < 1e-10);
    // Euler's variance at this step is 4/3.
    let coarse = Sampling { step_size: Some(0.5), final_step_size: Some(0.5), ..by(Sampler::Sgld, 4) };
    check_not_trusted(&run("exp(-(x^2 + y^2)/2)", &[], coarse), "fit");
}

/// Of a joint law that is wrong where each variable by itself is right, log p tells: the density jumps, and sgld sees nothing of that.
#[test]
fn a_wrong_joint_law_shows_beside_exact_draws() {
    let quadrants = "if(x*y > 0, 3, 1)";
    let fit = |sampler: Sampler| run(quadrants, &["x=-2,2", "y=-2,2"], by(sampler, 4)).fits.pop().expect("log p is compared");
    let (wrong, right) = (fit(Sampler::Sgld), fit(Sampler::Rwm));
    assert_eq!((wrong.name.as_str(), right.name.as_str()), ("log density", "log density"));
    // Half of the draws are where three quarters should be.
    assert!(wrong.ks > 0.2 && wrong.ks_p < 1e-6 && right.ks_p > 1e-3, "{wrong:?} {right:?}");
}

#[test]
fn of_variables_whose_moments_alone_are_known_the_means_are_compared() {
    let coupled = "exp(-(x^4 + y^4 + z^4) + x*y*z + x)";
    let found = run(coupled, &[], by(Sampler::Nuts, 4));
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", found.verdict);
    assert!(found.fits.len() == 3 && found.fits.iter().all(|fit| fit.ks.is_nan() && fit.z_mean.abs() < 4.0), "{:?}", found.fits);
    let begun = Sampling { init: Init::Point(vec![-1.0, 0.0, 0.0]), steps: Some(5), ..by(Sampler::Sgld, 4) };
    check_not_trusted(&run(coupled, &[], begun), "moments");
}

#[test]
fn a_density_of_several_variables_without_a_constant_is_refused() {
    let flat = Model::new("exp(-0.5*(x^2 - 2*x*y + y^2))", Meaning::Density, &[]).unwrap();
    assert_eq!(sample(&flat, &by(Sampler::Nuts, 4)).unwrap_err().kind.name(), "infinite_Z");
}

#[test]
fn settings_that_a_sampler_does_not_have_are_refused() {
    let model = Model::new("exp(-x^2)", Meaning::Density, &["-1,1".parse().unwrap()]).unwrap();
    for settings in [
        Sampling { steps: Some(10), ..by(Sampler::Nuts, 1) },
        Sampling { temperature: Some(2.0), ..by(Sampler::Nuts, 1) },
        Sampling { draws: Some(0), ..by(Sampler::Nuts, 1) },
        Sampling { target_acceptance: Some(1.5), ..by(Sampler::Nuts, 1) },
        Sampling { init: Init::Point(vec![3.0]), ..by(Sampler::Nuts, 1) },
        by(Sampler::Mams, 1),
        by(Sampler::Mclmc, 1),
    ] {
        assert!(sample(&model, &settings).is_err(), "{settings:?}");
    }
}

#[test]
fn draws_in_a_file_are_diagnosed_in_any_order_of_rows() {
    let found = run("exp(-x^2-y^2)", &[], Sampling { chains: Some(4), ..by(Sampler::Nuts, 4) });
    let mut rows: Vec<String> = Vec::new();
    for chain in 0..4 {
        for draw in 0..found.draws.draws() {
            let at = |variable: usize| found.draws.by_chain(variable)[chain][draw];
            rows.push(format!("{},{},{:?},{:?}\n", chain + 1, draw + 1, at(0), at(1)));
        }
    }
    rows.reverse();
    let table = Table::from_csv("draws.csv", format!("chain,draw,x,y\n{}", rows.concat()).as_bytes()).unwrap();
    let (names, draws) = draws_of(&table).unwrap();
    assert_eq!((names, &draws), (vec!["x".to_string(), "y".to_string()], &found.draws));
    let (summaries, verdict) = diagnose(&["x".into(), "y".into()], &draws);
    assert_eq!(verdict.trust, Trust::Yes, "{verdict:?}");
    assert_eq!(summaries[0].ess_bulk, found.variables[0].ess_bulk);
}

#[test]
fn draws_that_say_little_are_not_trusted() {
    let judge = |columns: Vec<Vec<f64>>, chains: usize| {
        let names: Vec<String> = (0..columns.len()).map(|i| format!("x{i}")).collect();
        diagnose(&names, &Draws::from_columns(columns, chains)).1.trust
    };
    assert_ne!(judge(vec![vec![1.0; 400]], 4), Trust::Yes, "chains that stand still");
    assert_ne!(judge(vec![(0..4000).map(|i| f64::from(i % 7)).collect()], 1), Trust::Yes, "one chain");
    assert_ne!(judge(vec![vec![1.0, 2.0]], 2), Trust::Yes, "one draw a chain");
    assert_ne!(judge(vec![vec![f64::NAN; 400]], 4), Trust::Yes, "no numbers");
}

/// Batting averages of Efron & Morris (1975): where `kappa` is large, the 18 abilities have so little room that the usual step stays where it is.
#[test]
fn chains_that_stuck_draw_again_with_shorter_steps() {
    let hits = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7];
    let text: String = std::iter::once("y\n".to_string()).chain(hits.iter().map(|y| format!("{y}\n"))).collect();
    let data = Data::new(vec![Table::from_csv("y.csv", text.as_bytes()).unwrap()]);
    let formula = "phi in (0, 1); kappa in (1, inf); theta[18] in (0, 1)\n\
                   kappa ~ pareto(1, 1.5)\ntheta ~ beta(phi*kappa, (1 - phi)*kappa)\ny ~ binomial(45, theta)";
    let model = Model::with_data(formula.parse().unwrap(), None, &[], &data).unwrap();
    let settings = |sampler| Sampling { sampler, seed: 1, ..Sampling::default() };
    let usual = sample(&model, &settings(Sampler::Mams)).unwrap();
    let found = sample(&model, &settings(Sampler::Auto)).unwrap();
    assert_ne!(usual.verdict.trust, Trust::Yes, "the test has its point only where the usual steps are stuck");
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", kinds(&found));
    assert!(found.why.is_some_and(|why| why.contains("shorter steps")));
}

/// The place of a change among rows of data: the density jumps wherever a row changes sides. With k rows before it the mean `m` is integrated
/// out by hand, which leaves exp(−2·S_k) for residuals of sum of squares S_k and standard deviation 0.5.
#[test]
fn a_change_between_rows_is_seen_to_jump_and_sampled() {
    const ROWS: usize = 40;
    let outcome = |t: usize| if t < 17 { 1.0 } else { 2.0 } + 0.3 * ((t * 7 % 5) as f64 - 2.0);
    let rows: String = (0..ROWS).map(|t| format!("{},{}\n", t as f64 / ROWS as f64, outcome(t))).collect();
    let data = Data::new(vec![Table::from_csv("y.csv", format!("t,y\n{rows}").as_bytes()).unwrap()]);
    let model = |text: &str| Model::with_data(text.parse().unwrap(), None, &[], &data).unwrap();
    let change = model("m in (-9, 9); tau in (0, 1)\ny ~ normal(if(t < tau, m, m + 1), 0.5)");
    assert_eq!(change.jumps(), ["if"]);
    let bent = model("m in (-9, 9); tau in (0, 1)\ny ~ normal(if(t < tau, m, m + 3*(t - tau)), 0.5)");
    assert!(bent.jumps().is_empty(), "a kink is no jump");
    let by_data = model("m in (-9, 9); tau in (0, 1)\ny ~ normal(if(t < 0.5, m, tau), 0.5)");
    assert!(by_data.jumps().is_empty(), "the data decide");
    let weight = |before: usize| {
        let rest: Vec<f64> = (0..ROWS).map(|t| outcome(t) - if t < before { 0.0 } else { 1.0 }).collect();
        let mean = rest.iter().sum::<f64>() / ROWS as f64;
        (-2.0 * rest.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>()).exp()
    };
    let mass: f64 = (1..=ROWS).map(weight).sum();
    let place = (1..=ROWS).map(|before| weight(before) * (before as f64 - 0.5) / ROWS as f64).sum::<f64>() / mass;
    let found = sample(&change, &by(Sampler::Auto, 1)).unwrap();
    assert_eq!(found.verdict.trust, Trust::Yes, "{:?}", kinds(&found));
    let tau = &found.variables[1];
    assert!((tau.mean - place).abs() < 4.0 * tau.mcse_mean, "{} ± {}, by hand {place}", tau.mean, tau.mcse_mean);
}
