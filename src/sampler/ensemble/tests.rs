//! A run that is cut, kept as bytes and gone on with elsewhere is the run that was not; bytes that are no such run are refused.

use super::chains::{Crew, Ensemble, Pace, STRETCH, Steps};
use super::{Control, Coordinates, Population};
use crate::density::{Boundary, LogDensity, Meaning, Model};
use crate::error::ErrorKind;
use crate::math::Level;
use crate::random::{BlockRng, Purpose};
use crate::sampler::kernels::{
    Barker, Guard, Hmc, Kernel, Lm, Mala, Mams, Mclmc, Nuts, Parameters, Pcn, Psgld, Rwm, Sghmc, Sgld, Sgnht, Underdamped,
};

/// As many chains as fill one block and a part of another.
const CHAINS: usize = 300;
const STEPS: usize = 5;

fn model(level: Level) -> Model {
    let text = "exp(-x^2/2 - (y - x^2)^2/2)";
    Model::new(text, Meaning::Density, &[]).unwrap().with_level(level)
}

fn starts() -> Population {
    Population::from_columns(vec![(0..CHAINS).map(|chain| (chain as f64 * 0.37).sin()).collect(); 2])
}

fn begun<'a, K: Kernel>(density: &'a Model, kernel: &K, is_bare: bool, crew: &Crew) -> Ensemble<'a, K::State> {
    let mut ensemble = if is_bare {
        Ensemble::in_variables(density, 7, &starts(), &[1.0, 2.0]).with_few_evaluators()
    } else {
        Ensemble::new(density, 7, &starts(), Coordinates::new(density.bounds(), density.level()))
    };
    ensemble.settle(crew, kernel);
    ensemble
}

/// Cut after each number of steps, gone on with by other threads and at another level.
fn check<K: Kernel>(name: &str, kernel: impl Fn(Level) -> K, is_bare: bool) {
    let control = Control::default();
    let (here, elsewhere) = (Crew::new(1, 4, &control).unwrap(), Crew::new(3, 4, &control).unwrap());
    let levels = [Level::detect(), Level::Baseline];
    let ([model, other], [kernel, plain]) = (levels.map(model), levels.map(kernel));
    let parameters = Parameters::new(0.1);
    let mut whole = begun(&model, &kernel, is_bare, &here);
    whole.draw(&here, &kernel, STEPS, parameters);
    let wanted = whole.to_bytes().unwrap();
    for cut in 0..=STEPS {
        let mut first = begun(&model, &kernel, is_bare, &here);
        first.draw(&here, &kernel, cut, parameters);
        let bytes = first.to_bytes().unwrap();
        let mut rest = begun(&other, &plain, is_bare, &elsewhere);
        rest.read_bytes(&bytes).unwrap();
        assert!(rest.to_bytes().unwrap() == bytes, "{name}: what is read is not what was written");
        rest.draw(&elsewhere, &plain, STEPS - cut, parameters);
        assert!(rest.to_bytes().unwrap() == wanted, "{name}: cut after {cut} steps");
        assert!(rest.draws() == whole.draws(), "{name}: draws");
    }
}

#[test]
fn a_run_that_is_cut_is_the_run_that_is_not() {
    let bounds = model(Level::Baseline).bounds().to_vec();
    let flat = || vec![0.1; 2];
    check("rwm", |level| Rwm { level }, false);
    check("pcn", |level| Pcn { level }, false);
    check("mala", |level| Mala { level }, false);
    check("barker", |level| Barker { level }, false);
    check("hmc", |level| Hmc { level }, false);
    check("nuts", Nuts::new, false);
    check("mams", |level| Mams { level }, false);
    check("mclmc", |level| Mclmc { level }, false);
    check("sghmc", |level| Sghmc::new(1.0, flat(), level), false);
    check("sgnht", |level| Sgnht::new(1.0, 10.0, flat(), level), false);
    for guard in [Guard::None, Guard::Refuse] {
        check("sgld", |level| Sgld::new(&bounds, guard).with_level(level), true);
        check("lm", |level| Lm::new(&bounds, guard).with_level(level), true);
        check("psgld", |level| Psgld::new(&bounds, guard, 1.0).with_level(level), true);
        check("underdamped", |level| Underdamped::new(&bounds, guard, 1.0).with_level(level), true);
    }
    assert!(bounds.iter().all(|bound| bound.boundary == Boundary::Reflect));
}

#[test]
fn a_schedule_goes_on_where_it_was_cut() {
    let (control, model) = (Control::default(), model(Level::detect()));
    let crew = Crew::new(1, 2, &control).unwrap();
    let kernel = Sgld::new(model.bounds(), Guard::None);
    let schedule = |from: usize, row: &mut [Parameters; STRETCH]| {
        (from..).zip(row).for_each(|(step, parameters)| *parameters = Parameters::new(0.1 / (1.0 + step as f64)));
    };
    let run = |parts: &[usize]| {
        let mut ensemble = begun(&model, &kernel, true, &crew);
        for &part in parts {
            let mut beside = vec![(); ensemble.groups()];
            ensemble.advance(&crew, &kernel, Steps::More(part), Pace::Scheduled(&schedule), &mut beside, |_, _, ()| {});
        }
        ensemble.to_bytes().unwrap()
    };
    let wanted = run(&[150]);
    assert!([[1, 149], [64, 86], [149, 1]].iter().all(|parts| run(parts) == wanted));
}

#[test]
fn bytes_of_nothing_are_refused() {
    let (control, model) = (Control::default(), model(Level::detect()));
    let crew = Crew::new(1, 2, &control).unwrap();
    let kernel = Mclmc { level: Level::detect() };
    let mut ensemble = begun(&model, &kernel, false, &crew);
    ensemble.draw(&crew, &kernel, 2, Parameters::new(0.1));
    let bytes = ensemble.to_bytes().unwrap();
    let mut refused = |bytes: &[u8]| ensemble.read_bytes(bytes).is_err_and(|error| error.kind == ErrorKind::Data);
    // Ended early, gone on, of another run.
    assert!((0..bytes.len()).step_by(313).all(|end| refused(&bytes[..end])));
    assert!(refused(&[&bytes[..], &[0]].concat()) && refused(b"") && refused(&[0xFF; 4096]));
    for word in 0..6 {
        let mut other = bytes.clone();
        other[8 * word] ^= 1;
        assert!(refused(&other), "word {word} of the head");
    }
    // Whatever is changed, it is refused or another run: reading and going on end well.
    let mut dice = BlockRng::new(1, 0, Purpose::Proposal);
    let mut uniform = crate::math::Lanes::default();
    dice.fill_uniform(&mut uniform);
    for pair in uniform.chunks_exact(4) {
        let mut other = bytes.clone();
        let at = (pair[0] * pair[1] * other.len() as f64) as usize;
        other[at..].iter_mut().take(1 + (pair[2] * 9.0) as usize).for_each(|byte| *byte = (pair[3] * 256.0) as u8);
        if ensemble.read_bytes(&other).is_ok() {
            ensemble.draw(&crew, &kernel, 1, Parameters::new(0.1));
        }
    }
}
