//! One posterior by nuts-rs or mini-mcmc, with gradients written by hand: seconds of warm-up and sampling to stdout, draws `[chain][draw][variable]` as raw
//! doubles to a file.
//!
//! `peers diagonal|low-rank|mini-mcmc schools|gaussian|logistic CHAINS WARMUP DRAWS FILE [TABLE]`

use std::collections::HashMap;
use std::time::Instant;

use mini_mcmc::core::ChainRunner;
use mini_mcmc::distributions::ManualGradientTarget;
use mini_mcmc::nuts::ManualNUTS;
use nuts_rs::rand::{RngExt, SeedableRng};
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, LowRankNutsSettings, Settings};

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl LogpError for Never {
    fn is_recoverable(&self) -> bool {
        false
    }
}

#[derive(Clone)]
enum Posterior {
    Schools,
    Gaussian,
    /// Columns of the table, each times ±1 by the outcome, so that the log likelihood is −Σ log(1 + exp(−row·β)).
    Logistic {
        signed: Vec<Vec<f64>>,
        at: Vec<f64>,
        weight: Vec<f64>,
    },
}

const Y: [f64; 8] = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
const SE: [f64; 8] = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];

impl HasDims for Posterior {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_string(), self.dim() as u64)])
    }
}

impl CpuLogpFunc for Posterior {
    type LogpError = Never;
    type ExpandedVector = Vec<f64>;
    type FlowParameters = ();

    fn dim(&self) -> usize {
        match self {
            Posterior::Schools | Posterior::Gaussian => 10,
            Posterior::Logistic { signed, .. } => signed.len(),
        }
    }

    fn logp(&mut self, p: &[f64], gradient: &mut [f64]) -> Result<f64, Never> {
        Ok(match self {
            Posterior::Schools => schools(p, gradient),
            Posterior::Gaussian => gaussian(p, gradient),
            Posterior::Logistic { signed, at, weight } => logistic(p, gradient, signed, at, weight),
        })
    }

    fn expand_vector<R: nuts_rs::rand::Rng + ?Sized>(&mut self, _: &mut R, position: &[f64]) -> Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}

impl ManualGradientTarget<f64> for Posterior {
    fn unnorm_logp_and_grad_into(&self, p: &[f64], gradient: &mut [f64]) -> f64 {
        match self {
            Posterior::Schools => schools(p, gradient),
            Posterior::Gaussian => gaussian(p, gradient),
            Posterior::Logistic { signed, at, .. } => logistic(p, gradient, signed, &mut vec![0.0; at.len()], &mut vec![0.0; at.len()]),
        }
    }
}

/// μ, log τ, then the eight standardised effects.
fn schools(p: &[f64], gradient: &mut [f64]) -> f64 {
    let (mu, log_tau, eta) = (p[0], p[1], &p[2..]);
    let tau = log_tau.exp();
    let squared = tau * tau / 25.0;
    let mut value = -mu * mu / 50.0 - squared.ln_1p() + log_tau;
    gradient[0] = -mu / 25.0;
    gradient[1] = 1.0 - 2.0 * squared / (1.0 + squared);
    for i in 0..8 {
        let residual = (Y[i] - mu - tau * eta[i]) / SE[i];
        value -= 0.5 * (eta[i] * eta[i] + residual * residual);
        gradient[0] += residual / SE[i];
        gradient[1] += residual / SE[i] * tau * eta[i];
        gradient[2 + i] = residual / SE[i] * tau - eta[i];
    }
    value
}

/// Stationary, of autocorrelation 0.95.
fn gaussian(p: &[f64], gradient: &mut [f64]) -> f64 {
    const RHO: f64 = 0.95;
    let precision = 1.0 / (1.0 - RHO * RHO);
    let mut value = -0.5 * p[0] * p[0];
    gradient[0] = -p[0];
    for i in 1..p.len() {
        let step = p[i] - RHO * p[i - 1];
        value -= 0.5 * precision * step * step;
        gradient[i] = -precision * step;
        gradient[i - 1] += RHO * precision * step;
    }
    value
}

fn logistic(p: &[f64], gradient: &mut [f64], signed: &[Vec<f64>], at: &mut [f64], weight: &mut [f64]) -> f64 {
    at.fill(0.0);
    for (column, p) in signed.iter().zip(p) {
        at.iter_mut().zip(column).for_each(|(at, x)| *at += x * p);
    }
    let mut value = -0.5 * p.iter().map(|p| p * p).sum::<f64>();
    for (weight, at) in weight.iter_mut().zip(&*at) {
        let small = (-at.abs()).exp();
        value -= (-at).max(0.0) + small.ln_1p();
        *weight = if *at > 0.0 { small } else { 1.0 } / (1.0 + small);
    }
    for ((gradient, column), p) in gradient.iter_mut().zip(signed).zip(p) {
        // Eight sums, which the compiler keeps in vector registers.
        let mut sums = [0.0; 8];
        for (x, w) in column.chunks_exact(8).zip(weight.chunks_exact(8)) {
            (0..8).for_each(|i| sums[i] += x[i] * w[i]);
        }
        let rest = column.chunks_exact(8).remainder().iter().zip(weight.chunks_exact(8).remainder());
        *gradient = sums.iter().sum::<f64>() + rest.map(|(x, w)| x * w).sum::<f64>() - p;
    }
    value
}

fn posterior(name: &str, table: Option<&str>) -> Posterior {
    match (name, table) {
        ("schools", _) => Posterior::Schools,
        ("gaussian", _) => Posterior::Gaussian,
        ("logistic", Some(path)) => {
            let text = std::fs::read_to_string(path).expect("a table");
            let rows: Vec<Vec<f64>> =
                text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect()).collect();
            let signed = (1..rows[0].len()).map(|column| rows.iter().map(|row| row[column] * (2.0 * row[0] - 1.0)).collect()).collect();
            Posterior::Logistic { signed, at: vec![0.0; rows.len()], weight: vec![0.0; rows.len()] }
        }
        _ => panic!("schools, gaussian, or logistic and its table"),
    }
}

/// Draws of `nuts-rs`, warm-up included.
fn chain(settings: impl Settings, posterior: Posterior, seed: u64, steps: usize) -> Vec<Box<[f64]>> {
    let mut rng = rand::rngs::SmallRng::seed_from_u64(seed);
    let start = start(&posterior, &mut rng);
    let mut chain = settings.new_chain(seed, CpuMath::new(posterior), &mut rng).expect("settings");
    chain.set_position(&start).expect("a place to begin");
    (0..steps).map(|_| chain.draw().expect("a draw").0).collect()
}

/// nuts-rs refuses a place where an entry of the gradient is 0.
fn start(posterior: &Posterior, rng: &mut rand::rngs::SmallRng) -> Vec<f64> {
    (0..posterior.dim()).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// `[chain][draw][variable]`.
fn mini_mcmc(posterior: Posterior, chains: usize, warmup: usize, draws: usize) -> Vec<f64> {
    let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
    let starts = (0..chains).map(|_| start(&posterior, &mut rng)).collect();
    let mut sampler = ManualNUTS::new(posterior, starts, 0.8, warmup).set_seed(1);
    sampler.run(draws, warmup).expect("draws").iter().copied().collect()
}

fn nuts_rs(low_rank: bool, posterior: &Posterior, chains: usize, warmup: usize, draws: usize) -> Vec<f64> {
    let results: Vec<Vec<Box<[f64]>>> = std::thread::scope(|scope| {
        let run = |seed: u64| {
            let posterior = posterior.clone();
            move || match low_rank {
                true => chain(LowRankNutsSettings { num_tune: warmup as u64, ..Default::default() }, posterior, seed, warmup + draws),
                false => chain(DiagNutsSettings { num_tune: warmup as u64, ..Default::default() }, posterior, seed, warmup + draws),
            }
        };
        let threads: Vec<_> = (0..chains as u64).map(|seed| scope.spawn(run(seed))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a chain")).collect()
    });
    results.iter().flat_map(|chain| &chain[warmup..]).flatten().copied().collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |at: usize| -> usize { arguments[at].parse().expect("a number") };
    let (chains, warmup, draws) = (number(3), number(4), number(5));
    let posterior = posterior(&arguments[2], arguments.get(7).map(String::as_str));
    let began = Instant::now();
    let found = match arguments[1].as_str() {
        "mini-mcmc" => mini_mcmc(posterior, chains, warmup, draws),
        metric => nuts_rs(metric == "low-rank", &posterior, chains, warmup, draws),
    };
    println!("{}", began.elapsed().as_secs_f64());
    let bytes: Vec<u8> = found.iter().flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(&arguments[6], bytes).expect("a file");
}
