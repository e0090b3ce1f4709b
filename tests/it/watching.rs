//! How chains went, and when they are enough: pictures by double ending, `--show`, `--until`, `compare`.
#![allow(clippy::disallowed_methods, reason = "tests write files")]

use crate::common::{document, langevin, number, stderr, stdout};
use langevin::density::{Meaning, Model};
use langevin::run::{Contender, Run, Sampler, Sampling, Truth, compare, sample, targets};

/// A correlated normal in two variables: variances 1 and 1.25, quadrature knows all of it.
const NORMAL: &str = "x^2/2 + (y - x/2)^2/2";

fn model(energy: &str) -> Model {
    Model::new(energy, Meaning::Energy, &[]).unwrap()
}

fn run(energy: &str, settings: Sampling) -> Run {
    sample(&model(energy), &settings).unwrap()
}

fn settings(sampler: Sampler, until: &str) -> Sampling {
    Sampling { sampler, chains: Some(6), until: targets(until).unwrap(), seed: 4, threads: 1, ..Sampling::default() }
}

/// The arguments of a quick run of chains.
fn chains<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ["sample", "--energy", NORMAL, "--sampler", "nuts", "--chains", "4", "--seed", "1"].iter().chain(more).copied().collect()
}

#[test]
fn draws_of_a_looser_target_are_a_prefix_of_those_of_a_stricter() {
    for sampler in [Sampler::Nuts, Sampler::Rwm] {
        let loose = run(NORMAL, settings(sampler, "ess>300"));
        let strict = run(NORMAL, settings(sampler, "ess>1500"));
        let (few, many) = (loose.draws.draws(), strict.draws.draws());
        assert!(few < many, "{sampler}: {few} {many}");
        for variable in 0..2 {
            for (short, long) in loose.draws.by_chain(variable).iter().zip(strict.draws.by_chain(variable)) {
                assert_eq!(short[..], long[..few], "{sampler}");
            }
        }
        // And of a run that was told how many to draw.
        let told = run(NORMAL, Sampling { draws: Some(many), until: Vec::new(), ..settings(sampler, "ess>1") });
        assert_eq!(told.draws, strict.draws, "{sampler}");
    }
    let column = |until: &str| run("x^2/2", settings(Sampler::Exact, until).clone()).draws.column(0).to_vec();
    let all = Sampling { chains: None, ..settings(Sampler::Exact, "mcse<0.02") };
    let more = run("x^2/2", all).draws.column(0).to_vec();
    let few = column("mcse<10");
    assert!(few.len() == 6 && more.len() > 2000 && more[..6] == few[..], "{} {}", few.len(), more.len());
}

#[test]
fn a_run_ends_when_all_targets_hold_for_all_variables_and_says_so() {
    let found = run(NORMAL, settings(Sampler::Nuts, "ess>800,mcse(y)<0.05,rhat<1.05"));
    assert_eq!(found.until.len(), 3);
    assert!(found.complete && found.until.iter().all(|target| target.met), "{:?}", found.until);
    for variable in &found.variables {
        assert!(variable.ess_bulk.min(variable.ess_tail) > 800.0 && variable.rhat < 1.05, "{variable:?}");
    }
    assert!(found.variables[1].mcse_mean < 0.05);
    // Rounds grow as is needed: not far beyond the target, by any number of draws.
    assert!(found.until[0].found < 4.0 * 800.0, "{:?}", found.until[0]);
}

#[test]
fn a_target_out_of_reach_is_a_doubt_that_names_the_flag() {
    let found = run(NORMAL, Sampling { draws: Some(150), ..settings(Sampler::Nuts, "ess>1e6") });
    assert_eq!(found.draws.draws(), 150);
    assert!(found.complete && !found.until[0].met);
    let warning = found.verdict.warnings.iter().find(|warning| warning.kind() == "target_missed").unwrap().to_string();
    assert!(warning.contains("raise --draws to ") && warning.contains("150 draws"), "{warning}");
    assert_ne!(found.verdict.trust.name(), "yes");
}

/// Nobody says how many: forty draws of each chain where that is enough, more where it is not, no more of what does not help.
#[test]
fn draws_are_as_many_as_it_takes() {
    let draws = |energy: &str| {
        let found = run(energy, Sampling { sampler: Sampler::Mams, seed: 4, ..Sampling::default() });
        (found.draws.draws(), found)
    };
    let (easy, _) = draws("x^2/2 + (y - x/2)^2");
    assert_eq!(easy, 40);
    let (bent, found) = draws("x^2/200 + (y + 0.03*x^2 - 3)^2/2");
    assert!(bent > 40 && bent < 400, "{bent}");
    assert!(found.variables.iter().all(|variable| variable.rhat < 1.01 && variable.ess_bulk.min(variable.ess_tail) > 1000.0));
    // Two modes that no chain crosses between: ten times as many draws would not mix them.
    let (apart, _) = draws("-log(exp(-((x-9)^2 + y^2)/2) + exp(-((x+9)^2 + y^2)/2))");
    assert_eq!(apart, 40);
}

#[test]
fn targets_are_refused_where_they_make_no_sense() {
    for (arguments, cause) in [
        (&["--until", "ess<5"][..], "large"),
        (&["--until", "mcse(z)<1"], "`z`"),
        (&["--until", "mcse<1", "--sampler", "sgld"], "--sampler nuts"),
        (&["--until", "rhat<1.01", "--sampler", "exact"], "no R-hat"),
    ] {
        let output = langevin(&[&["sample", "--density", "exp(-x^2)"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(cause), "{arguments:?}: {}", stderr(&output));
    }
    // Without a sampler the one that can draw on is taken; the document has the target.
    let found = document(&langevin(&["sample", "--density", "exp(-x^2)", "--seed", "1", "--until", "mcse<0.01", "--json"]));
    assert_eq!(found["run"]["sampler"], "exact");
    assert_eq!(found["until"][0]["target"], "mcse<0.01");
    assert_eq!(found["until"][0]["met"], true);
    assert!(number(&found["variables"][0]["mcse_mean"]) < 0.01);
}

#[test]
fn the_ending_before_the_last_names_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let names = ["trace", "ranks", "autocorrelation", "running", "pairs"];
    let paths: Vec<String> = names.iter().flat_map(|name| [path(&format!("a.{name}.png")), path(&format!("a.{name}.svg"))]).collect();
    let csv = path("a.csv");
    let mut arguments = chains(&["-o", &csv, "--quiet"]);
    paths.iter().for_each(|path| arguments.extend(["-o", path]));
    assert_eq!(langevin(&arguments).status.code(), Some(0));
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        assert!(bytes.starts_with(if path.ends_with("png") { b"\x89PNG" } else { b"<svg" }), "{path}");
    }
    // The same pictures from the draws alone, but for headline and caption.
    for name in names {
        let again = path(&format!("b.{name}.svg"));
        assert_eq!(langevin(&["diagnose", &csv, "-o", &again]).status.code(), Some(0));
        let shapes = |path: &str| {
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().filter(|line| line.starts_with("<polyline") || line.starts_with("<polygon")).count()
        };
        assert_eq!(shapes(&again), shapes(&path(&format!("a.{name}.svg"))), "{name}");
    }
    let plain = path("run.v2.png");
    assert_eq!(langevin(&["sample", "--density", "exp(-x^2)", "--seed", "1", "-o", &plain]).status.code(), Some(0));
}

#[test]
fn a_population_has_no_trace_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["trace.png", "ranks.svg", "autocorrelation.png", "running.svg"] {
        let path = folder.path().join(format!("x.{ending}"));
        let output = langevin(&["sample", "--density", "exp(-x^2)", "--sampler", "sgld", "--seed", "1", "-o", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("one draw a chain") && stderr(&output).contains("--sampler nuts"), "{}", stderr(&output));
        assert!(!path.exists() && output.stdout.is_empty());
    }
    let path = folder.path().join("x.gif");
    let output = langevin(&["diagnose", "no-such.csv", "-o", path.to_str().unwrap()]);
    assert!(output.status.code() == Some(2) && stderr(&output).contains(".trace.png"), "{}", stderr(&output));
}

#[test]
fn show_fits_the_terminal_and_holds_no_escape_codes() {
    let output = langevin(&chains(&["--show"]));
    let text = stdout(&output);
    let drawn: Vec<&str> = text.lines().filter(|line| line.chars().any(|c| ('\u{2801}'..='\u{28FF}').contains(&c))).collect();
    // Two variables: nine lines of histogram and two for each of four chains.
    assert!(drawn.len() >= 2 * (4 + 4) && drawn.len() <= 2 * (9 + 8), "{text}");
    assert!(drawn.iter().all(|line| line.chars().count() <= 80) && !text.contains('\u{1b}'), "{text}");
    let exact = stdout(&langevin(&["sample", "--density", "exp(-x^2)", "--seed", "1", "--show"]));
    assert!(exact.contains("the line is the exact density") && !exact.contains("draws 1 to"), "{exact}");
    assert!(!stdout(&langevin(&chains(&[]))).contains('\u{28FF}'));
}

#[test]
fn compare_has_a_row_for_each_sampler_and_says_why_one_cannot() {
    let output = langevin(&["compare", "--samplers", "exact,nuts,mams,sgld", "--density", "exp(-x^2/2)", "--seed", "1"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{name}: {text}"));
    assert!(["exact", "nuts", "sgld"].iter().all(|name| row(name).ends_with("yes") && row(name).chars().count() <= 80), "{text}");
    assert!(row("mams").contains("cannot: mams turns a direction"), "{text}");
    let found =
        document(&langevin(&["compare", "--samplers", "nuts,exact,rwm", "--energy", "x^4 + y^4 + z^4 - x*y*z", "--seed", "1", "--json"]));
    assert_eq!(found["truth"]["kind"], "quadrature");
    let rows = found["samplers"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["sampler"].as_str().unwrap()).collect::<Vec<_>>(), ["nuts", "exact", "rwm"]);
    assert_eq!(rows[1]["error"]["kind"], "unsupported");
    for row in [&rows[0], &rows[2]] {
        let (ess, seconds, rate) = (number(&row["ess_bulk"]), number(&row["seconds"]), number(&row["ess_per_second"]));
        assert!((ess / seconds / rate - 1.0).abs() < 1e-9);
        // Errors in sd: about 1/√ESS; five of them.
        assert!(number(&row["error"]) < 5.0 / ess.sqrt(), "{row:#}");
    }
    for wrong in [&["--samplers", "nuts,nutz"][..], &["--samplers", "nuts,nuts"], &["--sampler", "nuts"], &["-o", "x.trace.png"]] {
        assert_eq!(langevin(&[&["compare", "--density", "exp(-x^2)"], wrong].concat()).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn without_quadrature_errors_are_against_the_pooled_exact_samplers() {
    // Eight variables in one factor that is not Gaussian: more than cubature takes.
    let energy = "x[8] in (-inf, inf); sum(x^4) - 0.5*sum(i in 1..7, x[i]^2*x[i+1]^2)";
    let model = Model::new(energy, Meaning::Energy, &[]).unwrap();
    let contend = |sampler| {
        let settings = Sampling { sampler, seed: 2, threads: 1, ..Sampling::default() };
        Contender { sampler, run: sample(&model, &settings), seconds: 1.0 }
    };
    let comparison = compare(&model, vec![contend(Sampler::Nuts), contend(Sampler::Sgld)]);
    let Truth::Pooled { samplers, moments } = &comparison.truth else { panic!("{:?}", comparison.truth) };
    assert_eq!((samplers.as_slice(), moments.len()), (&[Sampler::Nuts][..], 8));
    assert!(comparison.truth.describe().contains("pooled draws of nuts"));
    let errors: Vec<f64> = comparison.standings.iter().map(|standing| standing.as_ref().unwrap().error).collect();
    // The pool is the one exact sampler: its own error is rounding, that of 4096 independent draws some 1/64.
    assert!(errors[0] < 1e-9 && errors[1] > 1e-4 && errors[1] < 0.1, "{errors:?}");
}
