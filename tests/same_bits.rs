//! The same seed gives the same bits on every thread count and at every SIMD level, for formulas that use every function.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/formulas.rs"]
#[allow(dead_code, reason = "other tests generate formulas; here only calls are made")]
mod formulas;

use formulas::call;
use langevin::density::{LogDensity, Meaning, Model};
use langevin::math::Level;
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
