//! A logistic regression over a million rows: value and gradient, against a loop by hand over the same memory.
//!
//! `cargo bench --bench rows`. Prints milliseconds for one evaluation and the ratio, on one thread and on all.

#![allow(clippy::disallowed_methods, reason = "a bench watches the clock")]

use std::hint::black_box;
use std::time::Instant;

use langevin::data::{Data, Table};
use langevin::density::{LogDensity, Model};
use langevin::math::{Lanes, Level, Work, dispatch};
use langevin::random::{BlockRng, Purpose};

const ROWS: usize = 1_000_000;
const PREDICTORS: usize = 20;
const REPEATS: usize = 15;

fn main() {
    let mut rng = BlockRng::new(1, 0, Purpose::Noise);
    let mut normal = || {
        let mut values = Vec::with_capacity(ROWS + 256);
        while values.len() < ROWS {
            let mut row = Lanes::default();
            rng.fill_normal(&mut row);
            values.extend_from_slice(&row[..]);
        }
        values.truncate(ROWS);
        values
    };
    let x: Vec<Vec<f64>> = (0..PREDICTORS).map(|_| normal()).collect();
    let y: Vec<f64> = normal().iter().zip(&x[0]).map(|(noise, x)| f64::from(*noise + x > 0.0)).collect();
    let beta: Vec<f64> = (0..PREDICTORS).map(|j| 0.05 * j as f64 - 0.4).collect();
    let mut columns = vec![("y".to_string(), y.clone())];
    columns.extend(x.iter().zip(1..).map(|(column, j)| (format!("x{j}"), column.clone())));
    let text = format!("b[{PREDICTORS}] in (-inf, inf); eta = dot(b, x); log_density = sum(y*eta - softplus(eta))");
    let data = Data::new(vec![Table::from_columns(columns).expect("columns of one length")]);
    let begin = Instant::now();
    let model = Model::with_data(text.parse().expect("a formula"), None, &[], &data).expect("a model");
    println!("{ROWS} rows, {PREDICTORS} predictors; compiled with its data in {:.0} ms", begin.elapsed().as_secs_f64() * 1e3);
    let position: Vec<Lanes> = beta.iter().map(|&b| Lanes::splat(b)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let ours = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut evaluator = model.evaluator();
            evaluator.ask_for(1);
            let (mut value, mut gradient) = (Lanes::default(), vec![Lanes::default(); PREDICTORS]);
            best(|| {
                evaluator.log_density_and_gradient(&position, &mut value, &mut gradient);
                black_box((&value, &gradient));
            })
        })
    };
    let mut by_hand = (0.0, vec![0.0; PREDICTORS]);
    let hand = best(|| by_hand = dispatch(Level::detect(), ByHand { x: &x, y: &y, beta: &beta }));
    let one = ours(1);
    let all = ours(threads);
    let mut evaluator = model.evaluator();
    evaluator.ask_for(1);
    let mut gradient = vec![Lanes::default(); PREDICTORS];
    evaluator.gradient(&position, &mut gradient);
    for (ours, hand) in gradient.iter().zip(&by_hand.1) {
        assert!((ours[0] - hand).abs() <= 1e-9 * (1.0 + hand.abs()), "{} and {hand}", ours[0]);
    }
    println!("by hand, {}          {hand:7.1} ms", Level::detect());
    println!("langevin, 1 thread       {one:7.1} ms   {:.2} times by hand", one / hand);
    println!("langevin, {threads} threads      {all:7.1} ms   {:.2} times 1 thread", one / all);
}

/// The shortest of some runs, in milliseconds.
fn best(mut run: impl FnMut()) -> f64 {
    (0..REPEATS)
        .map(|_| {
            let begin = Instant::now();
            run();
            begin.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

/// What a person would write for this model alone: one pass over the rows in blocks that stay in the first-level cache, value and
/// gradient together, with the library's elementary functions.
struct ByHand<'a> {
    x: &'a [Vec<f64>],
    y: &'a [f64],
    beta: &'a [f64],
}

impl Work for ByHand<'_> {
    type Output = (f64, Vec<f64>);

    #[inline(always)]
    fn run(self) -> Self::Output {
        const BLOCK: usize = 64;
        let ByHand { x, y, beta } = self;
        let mut value = [0.0; BLOCK];
        let mut gradient = vec![[0.0; 16]; x.len()];
        let (mut eta, mut rest) = ([0.0; BLOCK], [0.0; BLOCK]);
        for from in (0..y.len() / BLOCK * BLOCK).step_by(BLOCK) {
            eta.fill(0.0);
            for (b, column) in beta.iter().zip(x) {
                let column: &[f64; BLOCK] = column[from..from + BLOCK].try_into().expect("a block");
                for lane in 0..BLOCK {
                    eta[lane] = b.mul_add(column[lane], eta[lane]);
                }
            }
            let y: &[f64; BLOCK] = y[from..from + BLOCK].try_into().expect("a block");
            for lane in 0..BLOCK {
                value[lane] += y[lane] * eta[lane] - langevin::math::softplus(eta[lane]);
                rest[lane] = y[lane] - langevin::math::sigmoid(eta[lane]);
            }
            for (sum, column) in gradient.iter_mut().zip(x) {
                let column: &[f64; BLOCK] = column[from..from + BLOCK].try_into().expect("a block");
                for part in 0..BLOCK / 16 {
                    for lane in 0..16 {
                        sum[lane] = column[16 * part + lane].mul_add(rest[16 * part + lane], sum[lane]);
                    }
                }
            }
        }
        (value.iter().sum(), gradient.iter().map(|sum| sum.iter().sum()).collect())
    }
}
