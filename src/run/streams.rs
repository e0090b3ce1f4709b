//! No stream of noise serves two stages of a run, whatever the run is.

use super::{Batch, Method, Run, Sampler, Sampling, sample};
use crate::data::{Data, Table};
use crate::density::Model;
use crate::random::ledger::used_by;
use crate::sampler::{Batches, Batching, ControlVariates, on_threads};

fn model(text: &str) -> Model {
    let rows = 30;
    let y = (0..rows).map(|row| (f64::from(row) * 0.7).sin() * 1.4).collect();
    let table = Table::from_columns(vec![("y".to_string(), y)]).unwrap();
    Model::with_data(text.parse().unwrap(), None, &[], &Data::new(vec![table])).unwrap()
}

/// Runs the model on one thread; no stream may be used twice.
fn check(text: &str, settings: &Sampling) -> Run {
    let settings = Sampling { seed: 3, threads: 1, ..settings.clone() };
    let model = model(text);
    let watched = || {
        let mut run = None;
        let used = used_by(|| run = Some(sample(&model, &settings).unwrap()));
        (run.unwrap(), used)
    };
    let (run, mut used) = on_threads(1, watched).unwrap();
    let count = used.len();
    used.sort_by_key(|&(seed, block, purpose)| (seed, block, purpose as u8));
    let twice: Vec<_> = used.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(twice.is_empty(), "{text}, {}: {twice:?} of {count}", run.sampler);
    assert!(count > 0);
    run
}

#[test]
fn no_stream_is_used_twice() {
    let short = Sampling { chains: Some(40), draws: Some(20), ..Sampling::default() };
    let normal = "x in (-inf, inf); y0 in (-inf, inf); log_density = -x^2/2 - (y0 - x)^2/0.08";
    let needs_no_batches = |sampler: &Sampler| sampler.facts().is_none_or(|facts| facts.batches != Batches::Needed);
    for sampler in Sampler::ALL.into_iter().filter(needs_no_batches) {
        let settings = match sampler {
            Sampler::Sgld | Sampler::Lm | Sampler::Psgld | Sampler::Underdamped => Sampling { chains: Some(600), ..Sampling::default() },
            Sampler::Exact => Sampling { draws: Some(700), ..Sampling::default() },
            _ => short.clone(),
        };
        check(if sampler == Sampler::Exact { "x in (0, 3); log_density = -x" } else { normal }, &Sampling { sampler, ..settings });
    }
    // A population that is large enough to approach, modes far apart, starts that a law of all rows gives.
    check(normal, &Sampling { sampler: Sampler::Nuts, chains: Some(256), draws: Some(5), ..Sampling::default() });
    check("x in (-inf, inf); y0 in (-inf, inf); log_density = log(exp(-(x-9)^2) + exp(-(x+9)^2)) - y0^2", &short);
    let rows = "mu in (-inf, inf); log_density = -(mu - 1)^2/2 + sum(-hypot(y - mu, 1)^3)";
    check(rows, &Sampling { sampler: Sampler::Auto, ..Sampling::default() });
}

#[test]
fn no_stream_is_used_twice_over_batches() {
    let short = Sampling { chains: Some(40), draws: Some(6), ..Sampling::default() };
    let near = "mu in (-inf, inf); log_density = -(mu - 1)^2/2 + sum(-hypot(y - mu, 1)^3)";
    let far = "mu in (-inf, inf); log_density = -(mu - 1)^6 - 0.001*mu^2 + sum(-0.01*hypot(y - mu, 1))";
    for sampler in [Sampler::Sgld, Sampler::Lm, Sampler::Sghmc, Sampler::Sgnht] {
        let batch = Batch { check_bias: true, ..Batch::of(5) };
        check(near, &Sampling { sampler, batch: Some(batch), ..short.clone() });
    }
    // Where the mode misleads, chains learn other coordinates first.
    let run = check(far, &Sampling { sampler: Sampler::Lm, batch: Some(Batch::of(5)), ..short.clone() });
    assert!(matches!(run.method, Method::Batches(figures) if figures.learned));
    for (batching, control_variates) in [(Batching::Uniform, ControlVariates::Saga), (Batching::Shuffled, ControlVariates::Svrg)] {
        let batch = Batch { batching: Some(batching), control_variates: Some(control_variates), ..Batch::of(5) };
        check(near, &Sampling { sampler: Sampler::Sgld, batch: Some(batch), ..short.clone() });
        check(near, &Sampling { sampler: Sampler::Lm, batch: Some(batch), rungs: Some(3), ..short.clone() });
    }
}
