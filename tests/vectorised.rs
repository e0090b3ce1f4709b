//! Every loop over lanes is vector code: an elementary function that stops vectorising gives the right numbers, several times slower.
//!
//! Two loops over the same compiled function are timed in turn, one of them through a barrier that keeps it scalar; only their ratio is
//! judged, with a wide margin: 4 or 8 lanes promise far more than what is asked for.

#![allow(clippy::disallowed_methods, reason = "two loops are timed against each other")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use langevin::graph::{Binary, Graph, Unary};
use langevin::math::{LANES, Lanes, Level, Work, dispatch};
use langevin::random::{BlockRng, Purpose, fill_normal};
use langevin::tape::{Evaluator, Rounding, Tape};

/// How much faster than scalar code the loop over lanes must be.
const LEAST: f64 = 1.5;
const ROUNDS: usize = 60;

/// One call a lane, each with its own barrier: no vectors.
struct Scalar<'a, F> {
    function: F,
    from: &'a Lanes,
    to: &'a mut Lanes,
}

impl<F: Fn(f64) -> f64> Work for Scalar<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for lane in 0..LANES {
            self.to[lane] = (self.function)(black_box(self.from[lane]));
        }
    }
}

/// The shortest of many times of each, in turn.
fn fastest(mut first: impl FnMut(), mut second: impl FnMut()) -> (Duration, Duration) {
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        first();
        let middle = Instant::now();
        second();
        best = (best.0.min(middle - start), best.1.min(middle.elapsed()));
    }
    best
}

/// Arguments at which every function is defined.
fn arguments() -> Lanes {
    let mut x = Lanes::default();
    for lane in 0..LANES {
        x[lane] = 0.01 + 0.98 * lane as f64 / LANES as f64;
    }
    x
}

/// How many times faster the tape's loop is than scalar code.
fn gain(tape: &Tape, scalar: impl Fn(f64) -> f64 + Copy) -> f64 {
    let x = arguments();
    let inputs = [x];
    let mut outputs = [Lanes::default()];
    let mut scalar_out = Lanes::default();
    let mut evaluator = Evaluator::new(tape);
    let (lanes, single) = fastest(
        || {
            for _ in 0..8 {
                evaluator.run(tape, black_box(&inputs), &mut outputs);
            }
        },
        || {
            for _ in 0..8 {
                dispatch(Level::detect(), Scalar { function: scalar, from: black_box(&x), to: &mut scalar_out });
            }
        },
    );
    single.as_secs_f64() / lanes.as_secs_f64()
}

macro_rules! functions {
    ($($variant:ident $function:ident)*) => {
        [$((stringify!($function), Unary::$variant, gain(&tape(|graph, x| graph.unary(Unary::$variant, x)), langevin::math::$function)),)*]
    };
}

fn tape(expression: impl Fn(&mut Graph, langevin::graph::NodeId) -> langevin::graph::NodeId) -> Tape {
    let mut graph = Graph::new();
    let x = graph.variable(0);
    let root = expression(&mut graph, x);
    Tape::compile(&graph, &[root], 1, Rounding::Fused)
}

#[test]
fn every_elementary_function_is_vector_code() {
    if Level::detect() == Level::Baseline {
        // Without fused instructions there is nothing to vectorise with.
        return;
    }
    let gains = functions! {
        Cbrt cbrt Exp exp Expm1 expm1 Log log Log1p log1p Log1mExp log1m_exp Sin sin Cos cos Tan tan Asin asin Acos acos Atan atan
        Sinh sinh Cosh cosh Tanh tanh Asinh asinh Acosh acosh Atanh atanh Erf erf Erfc erfc Erfcx erfcx LogErfc log_erfc
        Gamma gamma Lgamma lgamma Digamma digamma Sigmoid sigmoid Softplus softplus
    };
    let power = gain(
        &tape(|graph, x| {
            let exponent = graph.constant(1.3);
            graph.binary(Binary::Pow, x, exponent)
        }),
        |x| langevin::math::pow(x, 1.3),
    );
    for (name, gain) in gains.iter().map(|(name, _, gain)| (*name, *gain)).chain([("pow", power)]) {
        println!("{name}: {gain:.1} times scalar code");
        assert!(gain > LEAST, "{name} is only {gain:.2} times as fast as scalar code: it no longer vectorises");
    }
}

/// The work of a normal number: half a logarithm, a square root, a sine and a cosine, one at a time.
#[test]
fn noise_is_vector_code() {
    if Level::detect() == Level::Baseline {
        return;
    }
    let x = arguments();
    let (mut noise, mut out) = (Lanes::default(), Lanes::default());
    let mut rng = BlockRng::new(1, 0, Purpose::Noise);
    let scalar = |x: f64| {
        let size = (-2.0 * langevin::math::log(x)).sqrt();
        size * langevin::math::cos(x) + langevin::math::sin(x)
    };
    let (lanes, single) = fastest(
        || fill_normal(Level::detect(), &mut rng, &mut noise),
        || dispatch(Level::detect(), Scalar { function: scalar, from: black_box(&x), to: &mut out }),
    );
    let gain = single.as_secs_f64() / lanes.as_secs_f64();
    assert!(gain > LEAST, "normal numbers come only {gain:.2} times as fast as from scalar code");
}
