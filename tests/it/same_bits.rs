//! The same seed gives the same bits on every thread count and at every SIMD level, for formulas that use every function.

use crate::common::formulas::call;
use langevin::data::{Data, Table};
use langevin::density::{Evaluate, LogDensity, Meaning, Model};
use langevin::math::{LANES, Lanes, Level};
use langevin::sampler::{Annealing, Control, Guard, Schedule, Sgld, Start, anneal};
use langevin::syntax::Function;

/// Each between −1 and 1 or so near the origin, of every kind: bounded, smooth, with kinks, in one and in three dimensions.
const FORMULAS: &[&str] = &[
    "(x-0.4)^4 - (x-0.2)^2 + 0.6",
    "exp(-x^2/2)",
    "exp(-(x-3)^2/2) + exp(-(x+3)^2/2)",
    "1/(1 + x^2)",
    "exp(-abs(x))",
    "if(x > 0, exp(-x), exp(3*x))",
    "exp(-(x^2 + (y - x^2)^2*5)/2)",
    "exp(-hypot(x, y)^2)*(2 + cos(3*atan2(y, x)))",
    "exp(-sum(i in 1..3, (v[i] - v[1]/i)^2))",
    "exp(-x^2)*(1.5 + sin(5*x))",
    "(1 + x^2/3)^(-2)",
    "exp(-x^2 - y^4)/(1 + exp(x*y))",
    "exp(-(3*x)^4 + 2*x^3 - x)",
    "max(1 - x^2, 0.1)*exp(-x^2)",
    "exp(-x^2)*(x > -1)*(x < 2) + 1e-9",
    "2^(-x^2)",
    "exp(-x^2/2)*Phi(3*x)",
    "exp(-1000 - x^2)",
    "sqrt(x^2 + 1)^(-3)",
    "exp(-mod(x, 2)^2 - x^2)",
];

/// Draws as bits.
fn draws(model: &Model, level: Level, threads: usize, chains: usize, steps: usize) -> Vec<u64> {
    let model = model.clone().with_level(level);
    let settings = Annealing {
        chains,
        steps,
        step_size: Schedule::geometric(0.02, 0.001),
        temperature: Schedule::constant(1.0),
        starts: vec![Start::Uniform { low: 0.1, high: 0.9 }; model.dimension()],
        seed: 11,
        threads,
    };
    let kernel = Sgld::new(model.bounds(), Guard::Refuse).with_level(level);
    let annealed = anneal(&model, &kernel, &settings, None, &Control::default()).unwrap();
    annealed.draws.columns().iter().flatten().map(|x| x.to_bits()).collect()
}

/// A density around a function of the language, so that all of its values matter.
fn around(function: Function) -> String {
    format!("exp(-x^2 - y^2 - z^2)*(1.1 + tanh({}))", call(function, "x", "(y + 0.2)", "(z - 0.3)"))
}

#[test]
fn draws_do_not_depend_on_threads_or_vector_width() {
    let every: Vec<String> =
        Function::ALL.iter().map(|&function| around(function)).chain(FORMULAS.iter().map(|text| (*text).into())).collect();
    assert!(every.len() >= 60, "only {} formulas are compared", every.len());
    for formula in &every {
        let model = Model::new(formula, Meaning::Density, &[]).unwrap();
        let expected = draws(&model, Level::detect(), 1, 600, 40);
        for level in Level::available() {
            assert!(draws(&model, level, 1, 600, 40) == expected, "{formula}: {level}");
        }
        for threads in [2, 3, 8] {
            assert!(draws(&model, Level::detect(), threads, 600, 40) == expected, "{formula}: {threads} threads");
        }
    }
}

/// Sums over rows of each kind: a linear predictor with an intercept, elements by an index, sums by groups.
fn rows(count: usize) -> Model {
    let column = |j: usize| (0..count).map(|row| ((7 * row + 131 * j) as f64).sin()).collect::<Vec<f64>>();
    let mut columns = vec![
        ("y".to_string(), column(9).iter().map(|x| f64::from(*x > 0.0)).collect()),
        ("group".to_string(), (0..count).map(|row| (row % 3 + 1) as f64).collect()),
    ];
    columns.extend((1..=4).map(|j| (format!("x{j}"), column(j))));
    let text = "a in (-inf, inf); b[4] in (-inf, inf); g[3] in (-inf, inf)
        eta = a + dot(b, x) + g[group]
        log_density = sum(bernoulli_logit_lpmf(y | eta)) - norm(b)^2 - norm(g)^2 - sum(log1p((x1 - a*x2)^2))";
    let data = Data::new(vec![Table::from_columns(columns).unwrap()]);
    Model::with_data(text.parse().unwrap(), None, &[], &data).unwrap()
}

/// The value and gradient of the first `lanes` lanes, as bits, `[lane][…]`.
fn values(evaluator: &mut dyn Evaluate, position: &[Lanes], lanes: usize) -> Vec<Vec<u64>> {
    let (mut value, mut gradient) = (Lanes::default(), position.to_vec());
    evaluator.ask_for(lanes);
    evaluator.log_density_and_gradient(position, &mut value, &mut gradient);
    // What nobody asked for raises no fault.
    assert!([&value].into_iter().chain(&gradient).all(|row| row[lanes..].iter().all(|x| *x == 0.0)));
    (0..lanes).map(|lane| [&value].into_iter().chain(&gradient).map(|row| row[lane].to_bits()).collect()).collect()
}

fn places(dimension: usize, shift: f64) -> Vec<Lanes> {
    (0..dimension).map(|i| Lanes(std::array::from_fn(|lane| (shift + (5 * lane + i) as f64).cos()))).collect()
}

#[test]
fn lanes_do_not_depend_on_how_many_are_asked_for() {
    let text = "-x^2/2 - exp(y - x) + log1p(y^2)*sin(x*y)";
    let model = Model::new(text, Meaning::LogDensity, &[]).unwrap();
    let position = places(2, 0.3);
    let all = values(&mut *model.evaluator(), &position, LANES);
    for lanes in [1, 2, 63, 64, 65, 200] {
        assert!(values(&mut *model.evaluator(), &position, lanes) == all[..lanes], "{lanes}");
    }
}

#[test]
fn sums_over_rows_do_not_depend_on_threads_vector_width_or_the_other_chains() {
    for count in [20, 300, 17_000] {
        let model = rows(count);
        let position = places(model.dimension(), 0.0);
        let alone: Vec<Vec<u64>> = (0..7)
            .map(|lane| {
                let position: Vec<Lanes> = position.iter().map(|row| Lanes::splat(row[lane])).collect();
                values(&mut *model.evaluator(), &position, 1).remove(0)
            })
            .collect();
        for level in Level::available() {
            let model = model.clone().with_level(level);
            for lanes in 1..=alone.len() {
                assert!(values(&mut *model.evaluator(), &position, lanes) == alone[..lanes], "{count} rows, {level}, {lanes} chains");
            }
        }
        #[cfg(feature = "parallel")]
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| values(&mut *model.evaluator(), &position, alone.len()));
            assert!(found == alone, "{count} rows, {threads} threads");
        }
    }
}

#[test]
fn a_chain_that_stood_still_has_the_value_it_had_and_one_that_moved_a_new_one() {
    let model = rows(300);
    let mut evaluator = model.evaluator();
    let mut position = places(model.dimension(), 0.0);
    values(&mut *evaluator, &position, 5);
    for round in 0..20 {
        // One coordinate of some lanes; then other numbers of lanes are asked for, of which some were never evaluated.
        let moved = places(model.dimension(), round as f64);
        for lane in (0..9).filter(|lane| (lane + round) % 3 == 0) {
            position[round % 8][lane] = moved[round % 8][lane];
        }
        let lanes = [5, 9, 3, 8][round % 4];
        assert!(values(&mut *evaluator, &position, lanes) == values(&mut *model.evaluator(), &position, lanes), "round {round}");
    }
}

#[test]
fn lanes_of_a_long_program_that_stood_still_have_the_values_they_had() {
    let text = "-x^2 - sum(i in 1..60, sin(i*x)^2/i + exp(-cos(i*y)*x/i)*log1p(y^2*i))";
    let model = Model::new(text, Meaning::LogDensity, &[]).unwrap();
    let mut evaluator = model.evaluator();
    let mut position = places(2, 0.0);
    // Few lanes move, none, nearly all; and others are asked for.
    for (round, (lanes, every)) in [(LANES, 1), (LANES, 50), (LANES, 1000), (130, 7), (200, 9), (LANES, 3), (64, 2)].into_iter().enumerate()
    {
        let moved = places(2, 0.1 * round as f64);
        for lane in (round..LANES).step_by(every) {
            position[round % 2][lane] = if lane == 150 { f64::NAN } else { moved[round % 2][lane] };
        }
        assert!(values(&mut *evaluator, &position, lanes) == values(&mut *model.evaluator(), &position, lanes), "round {round}");
    }
}
