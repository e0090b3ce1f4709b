//! Properties of random formulas: gradients, tapes, logarithms and substitution agree with what they stand for.
//!
//! The generator is deterministic, so a failure repeats; the shrunken formula is in the message.

use std::cell::Cell;

use crate::common::dual::{Dual, Forward, Unfit};
use crate::common::formulas::{VARIABLES, call, coordinate, formula, position, positive_formula, with_definitions};
use langevin::density::{Declaration, Meaning, Model};
use langevin::error::ErrorKind;
use langevin::gradient::{gradient, hessian};
use langevin::graph::{Binary, Graph, Lowered, NodeId, Unary, VariableName, lower, substitute};
use langevin::math::{LANES, Lanes, Level};
use langevin::syntax::{Formula, Function};
use langevin::tape::{Evaluator, Rounding, Tape};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Relative agreement demanded of two ways to the same number, on the scale of what was added up on the way.
const WANTED: f64 = 1e-12;

/// A runner that draws the same cases every time.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn declared() -> Vec<VariableName> {
    VARIABLES.iter().map(|name| VariableName::scalar(*name)).collect()
}

/// `text` as a graph over x, y and z, with its gradient.
fn compile(text: &str) -> Result<(Formula, Lowered, Vec<NodeId>), TestCaseError> {
    let refused = |error: langevin::Error| TestCaseError::fail(format!("{text}: {error}"));
    let formula: Formula = text.parse().map_err(refused)?;
    let mut lowered = lower(&formula, &declared()).map_err(refused)?;
    let variables: Vec<NodeId> = (0..3).map(|variable| lowered.graph.variable(variable)).collect();
    let slopes = gradient(&mut lowered.graph, lowered.root, &variables).map_err(refused)?;
    Ok((formula, lowered, slopes))
}

/// The same number, or both NaN: which NaN is left to the processor.
fn same_bits(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// The value of `roots` at a position, by a tape that fuses.
fn fused(graph: &Graph, roots: &[NodeId], at: [f64; 3]) -> Vec<f64> {
    let tape = Tape::compile(graph, roots, 3, Rounding::Fused);
    let mut outputs = vec![Lanes::default(); roots.len()];
    Evaluator::new(&tape).run(&tape, &at.map(Lanes::splat), &mut outputs);
    outputs.iter().map(|row| row[0]).collect()
}

#[derive(Default)]
struct Counts {
    compared: Cell<u32>,
    unfit: Cell<u32>,
}

impl Counts {
    fn add(cell: &Cell<u32>) {
        cell.set(cell.get() + 1);
    }

    /// A property that hardly ever applies shows nothing.
    fn assert_share(&self, least: f64) {
        let (compared, unfit) = (f64::from(self.compared.get()), f64::from(self.unfit.get()));
        assert!(compared >= least * (compared + unfit), "compared {compared}, unfit {unfit}");
    }
}

/// Central differences at h and 2h combined to fourth order, with the error that their distance and rounding allow.
fn difference(at: &dyn Fn(f64) -> f64, step: f64, scale: f64) -> (f64, f64) {
    let slope = |step: f64| (at(step) - at(-step)) / (2.0 * step);
    let (near, far) = (slope(step), slope(2.0 * step));
    ((4.0 * near - far) / 3.0, 0.5 * (near - far).abs() + 40.0 * f64::EPSILON * scale / step)
}

fn check_gradient(text: &str, at: [f64; 3], counts: &Counts, against_differences: bool) -> Result<(), TestCaseError> {
    let (formula, lowered, slopes) = compile(text)?;
    let (dual, branches) = match Forward::eval(formula.ast(), at) {
        Ok(found) => found,
        Err(Unfit::Range | Unfit::Kink) => {
            Counts::add(&counts.unfit);
            return Ok(());
        }
    };
    let mut roots = vec![lowered.root];
    roots.extend(&slopes);
    let found = fused(&lowered.graph, &roots, at);
    // Errors along the way are bounded by ε times the scale; a relative 1e-12 of the scale leaves room for every operation twice.
    // Subnormal numbers have fewer digits to agree in.
    let close = |found: f64, expected: f64, scale: f64| (found - expected).abs() <= WANTED * scale.max(expected.abs()) + f64::MIN_POSITIVE;
    prop_assert!(close(found[0], dual.value, dual.scale), "value {} instead of {} at {at:?}", found[0], dual.value);
    for i in 0..3 {
        let (found, expected, scale) = (found[i + 1], dual.slope[i], dual.slope_scale[i]);
        prop_assert!(close(found, expected, scale), "d/d{}: {found:e}, not {expected:e}, scale {scale:e}, at {at:?}", VARIABLES[i]);
    }
    if !against_differences {
        Counts::add(&counts.compared);
        return Ok(());
    }
    for i in 0..3 {
        let step = 1e-4;
        let shifted = |by: f64| {
            let mut position = at;
            position[i] += by;
            position
        };
        let same_piece = [-2.0, -1.0, 1.0, 2.0]
            .iter()
            .all(|h| Forward::eval(formula.ast(), shifted(h * step)).is_ok_and(|(_, other)| other == branches));
        if !same_piece {
            Counts::add(&counts.unfit);
            continue;
        }
        let value = |by: f64| lowered.graph.eval(&[lowered.root], &shifted(by))[0];
        let (slope, error) = difference(&value, step, dual.scale);
        // Where the two differences disagree by more, the formula is too steep for this step to say anything: a pole may be near.
        if error > 1e-3 * slope.abs().max(1e-6) {
            Counts::add(&counts.unfit);
            continue;
        }
        Counts::add(&counts.compared);
        let found = found[i + 1];
        prop_assert!(
            (found - slope).abs() <= error + 1e-9 * dual.slope_scale[i],
            "d/d{}: {found:e}, difference {slope:e} ± {error:.1e} at {at:?}",
            VARIABLES[i]
        );
    }
    Ok(())
}

#[test]
fn gradients_agree_with_forward_mode_duals() {
    let counts = Counts::default();
    runner(20_000).run(&(with_definitions(4), position()), |(text, at)| check_gradient(&text, at, &counts, false)).unwrap();
    counts.assert_share(0.5);
}

#[test]
fn gradients_agree_with_central_differences() {
    let counts = Counts::default();
    runner(5000).run(&(with_definitions(3), position()), |(text, at)| check_gradient(&text, at, &counts, true)).unwrap();
    counts.assert_share(0.4);
}

/// Each function by itself with simple arguments, so that none escapes by chance.
#[test]
fn every_function_is_differentiated_right() {
    for &function in Function::ALL {
        let counts = Counts::default();
        let text = call(function, "x", "y", "z*x");
        runner(200).run(&position(), |at| check_gradient(&text, at, &counts, true)).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(counts.compared.get() > 100, "{text} was hardly looked at");
    }
}

/// The second derivatives by the same route: the gradient's graph is a formula like any other.
#[test]
fn hessians_agree_with_differences_of_dual_gradients() {
    let counts = Counts::default();
    runner(1500)
        .run(&(formula(2), position()), |(text, at)| {
            let (formula, mut lowered, _) = compile(&text)?;
            let variables: Vec<NodeId> = (0..3).map(|variable| lowered.graph.variable(variable)).collect();
            let rows = hessian(&mut lowered.graph, lowered.root, &variables).unwrap();
            let Ok((dual, branches)) = Forward::eval(formula.ast(), at) else { return Ok(()) };
            for i in 0..3 {
                let shifted = |by: f64| {
                    let mut position = at;
                    position[i] += by;
                    Forward::eval(formula.ast(), position).ok().filter(|(_, other)| *other == branches).map(|(dual, _)| dual)
                };
                let step = 1e-4;
                if [-2.0, -1.0, 1.0, 2.0].iter().any(|h| shifted(h * step).is_none()) {
                    Counts::add(&counts.unfit);
                    continue;
                }
                for (j, &second) in rows[i].iter().enumerate() {
                    let slope = |by: f64| shifted(by).map_or(f64::NAN, |dual: Dual| dual.slope[j]);
                    let (expected, error) = difference(&slope, step, dual.slope_scale[j]);
                    if error > 1e-4 * expected.abs().max(1e-2) {
                        Counts::add(&counts.unfit);
                        continue;
                    }
                    Counts::add(&counts.compared);
                    let found = lowered.graph.eval(&[second], &at)[0];
                    prop_assert!(
                        (found - expected).abs() <= error + 1e-8 * expected.abs().max(1e-2),
                        "{i},{j}: {found:e}, not {expected:e} ± {error:.1e} at {at:?}"
                    );
                }
            }
            Ok(())
        })
        .unwrap();
    counts.assert_share(0.4);
}

/// Fails unless the tape of `roots` as written gives the bits of `Graph::eval` at each of `points` at every SIMD level, and the fused
/// tape the same bits at every level.
fn check_tape(graph: &Graph, roots: &[NodeId], points: &[[f64; 3]]) -> Result<(), String> {
    let written = Tape::compile(graph, roots, 3, Rounding::AsWritten);
    let expected: Vec<Vec<f64>> = points.iter().map(|point| graph.eval(roots, point)).collect();
    let fused = Tape::compile(graph, roots, 3, Rounding::Fused);
    let widest = run_tape(&fused, Level::detect(), points);
    for level in Level::available() {
        compare(points, &run_tape(&written, level, points), &expected).map_err(|error| format!("{level}, {error}"))?;
        compare(points, &run_tape(&fused, level, points), &widest).map_err(|error| format!("{level}, fused, {error}"))?;
    }
    Ok(())
}

/// The outputs of a tape at each point.
fn run_tape(tape: &Tape, level: Level, points: &[[f64; 3]]) -> Vec<Vec<f64>> {
    let mut evaluator = Evaluator::with_level(tape, level);
    let mut found = Vec::with_capacity(points.len());
    for chunk in points.chunks(LANES) {
        let mut inputs = vec![Lanes::default(); 3];
        for (lane, point) in chunk.iter().enumerate() {
            for (row, x) in inputs.iter_mut().zip(point) {
                row[lane] = *x;
            }
        }
        let mut outputs = vec![Lanes::splat(-7.0); tape.outputs()];
        // Twice, as registers must not remember.
        evaluator.run(tape, &inputs, &mut outputs);
        evaluator.run(tape, &inputs, &mut outputs);
        found.extend((0..chunk.len()).map(|lane| outputs.iter().map(|row| row[lane]).collect::<Vec<f64>>()));
    }
    found
}

fn compare(points: &[[f64; 3]], found: &[Vec<f64>], expected: &[Vec<f64>]) -> Result<(), String> {
    for ((point, found), expected) in points.iter().zip(found).zip(expected) {
        for (output, (&found, &expected)) in found.iter().zip(expected).enumerate() {
            if !same_bits(found, expected) {
                return Err(format!("output {output}: {found:e}, not {expected:e}, at {point:?}"));
            }
        }
    }
    Ok(())
}

/// Points that expose what an operator does at its edges.
const SPICY: [f64; 26] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    2.5,
    -2.5,
    2.0,
    -3.0,
    1e-300,
    -1e-300,
    1e300,
    -1e300,
    5e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    0.1,
    710.0,
    -745.2,
    4503599627370497.5,
    1e22,
];

/// Positions of spicy coordinates: every one in each place, beside varying others.
fn spicy_points() -> Vec<[f64; 3]> {
    let n = SPICY.len();
    (0..n * n).map(|k| [SPICY[k % n], SPICY[k / n], SPICY[(k * 7 + k / n) % n]]).collect()
}

#[test]
fn tapes_agree_bit_for_bit_with_the_definition() {
    let points: Vec<[f64; 3]> = {
        let mut points = spicy_points();
        let mut state = 1_u64;
        let mut next = || {
            // Knuth's MMIX generator: any spread of ordinary points will do.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 * 6.0 - 3.0
        };
        points.truncate(LANES + 100);
        points.extend((0..LANES - 100).map(|_| [next(), next(), next()]));
        points
    };
    runner(1500)
        .run(&with_definitions(4), |text| {
            let (_, lowered, slopes) = compile(&text)?;
            let mut roots = vec![lowered.root];
            roots.extend(slopes);
            check_tape(&lowered.graph, &roots, &points).map_err(TestCaseError::fail)
        })
        .unwrap();
}

#[test]
fn every_unary_operator_is_its_definition_at_spicy_points() {
    let points: Vec<[f64; 3]> = SPICY.iter().map(|&x| [x, 0.0, 0.0]).collect();
    for &op in Unary::ALL {
        let mut graph = Graph::new();
        let x = graph.variable(0);
        let root = graph.unary(op, x);
        for &x in &SPICY {
            let (found, expected) = (graph.eval(&[root], &[x, 0.0, 0.0])[0], op.eval(x));
            assert!(same_bits(found, expected), "{}({x:e}): {found:e}, not {expected:e}", op.name());
        }
        check_tape(&graph, &[root], &points).unwrap_or_else(|error| panic!("{}: {error}", op.name()));
        let slopes = gradient(&mut graph, root, &[x]).unwrap();
        check_tape(&graph, &slopes, &points).unwrap_or_else(|error| panic!("gradient of {}: {error}", op.name()));
    }
}

#[test]
fn every_binary_operator_is_its_definition_at_spicy_points() {
    let points = spicy_points();
    for &op in Binary::ALL {
        let mut graph = Graph::new();
        let (x, y) = (graph.variable(0), graph.variable(1));
        let root = graph.binary(op, x, y);
        for point in &points {
            let (found, expected) = (graph.eval(&[root], point)[0], op.eval(point[0], point[1]));
            assert!(same_bits(found, expected), "{} at {point:?}: {found:e}, not {expected:e}", op.name());
        }
        let slopes = gradient(&mut graph, root, &[x, y]).unwrap();
        let mut roots = vec![root];
        roots.extend(slopes);
        check_tape(&graph, &roots, &points).unwrap_or_else(|error| panic!("{}: {error}", op.name()));
    }
}

/// A constant operand is folded into the instruction, or simplified away. Simplification may change the last bit and the sign of a
/// zero, and knows real numbers only, so results far from overflow and underflow are compared.
#[test]
fn every_binary_operator_with_a_constant_is_its_definition() {
    for &op in Binary::ALL {
        for &constant in &SPICY {
            for left in [false, true] {
                let mut graph = Graph::new();
                let (x, number) = (graph.variable(0), graph.constant(constant));
                let root = if left { graph.binary(op, number, x) } else { graph.binary(op, x, number) };
                let slopes = gradient(&mut graph, root, &[x]).unwrap();
                let points: Vec<[f64; 3]> = SPICY.iter().map(|&x| [x, 0.0, 0.0]).collect();
                let label = format!("{} with {constant:e} {}", op.name(), if left { "left" } else { "right" });
                check_tape(&graph, &[root, slopes[0]], &points).unwrap_or_else(|error| panic!("{label}: {error}"));
                for &x in SPICY.iter().filter(|x| x.is_finite()) {
                    let expected = if left { op.eval(constant, x) } else { op.eval(x, constant) };
                    let found = graph.eval(&[root], &[x])[0];
                    let ordinary = expected == 0.0 || (1e-290..1e290).contains(&expected.abs());
                    if constant.is_finite() && ordinary {
                        let close = (found - expected).abs() <= 1e-13 * expected.abs();
                        assert!(found == expected || close, "{label} at {x:e}: {found:e}, not {expected:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn powers_polygammas_choices_and_log_sums_are_their_definitions() {
    let points = spicy_points();
    let mut graph = Graph::new();
    let [x, y, z] = [0, 1, 2].map(|variable| graph.variable(variable));
    let mut roots: Vec<NodeId> = [-64, -7, -3, -2, -1, 0, 1, 2, 3, 4, 5, 9, 31, 64].map(|n| graph.power(x, n)).to_vec();
    roots.extend([1, 2, 3].map(|n| graph.polygamma(n, x)));
    roots.push(graph.select(x, y, z));
    roots.push(graph.log_sum_exp(&[x, y, z]));
    roots.push(graph.log_sum_exp(&[x, x]));
    for &root in &roots.clone() {
        roots.extend(gradient(&mut graph, root, &[x, y, z]).unwrap());
    }
    check_tape(&graph, &roots, &points).unwrap();
}

/// Points away from every kink, jump and pole of every operator, in the domain of some.
const PLAIN: [f64; 12] = [0.3, -0.3, 0.7, -0.7, 1.3, -1.3, 2.2, -2.2, 3.4, -3.4, 7.7, -7.7];

/// Fails unless the gradient at a plain point is the central difference, where there is one.
fn check_slope(label: &str, graph: &Graph, root: NodeId, slopes: &[NodeId], at: [f64; 3]) -> bool {
    let mut compared = false;
    for (i, &slope) in slopes.iter().enumerate() {
        let value = |by: f64| {
            let mut at = at;
            at[i] += by;
            graph.eval(&[root], &at)[0]
        };
        let step = 1e-3 * at[i].abs();
        let (expected, error) = difference(&value, step, value(0.0).abs().max(1e-3));
        if !expected.is_finite() {
            continue;
        }
        compared = true;
        let found = graph.eval(&[slope], &at)[0];
        assert!(
            (found - expected).abs() <= error + 1e-8 * expected.abs(),
            "{label} at {at:?}: {found:e}, difference {expected:e} ± {error:.1e}"
        );
    }
    compared
}

#[test]
fn every_operator_has_the_slope_of_its_differences() {
    for &op in Unary::ALL {
        let mut graph = Graph::new();
        let x = graph.variable(0);
        let root = graph.unary(op, x);
        let slopes = gradient(&mut graph, root, &[x]).unwrap();
        let compared = PLAIN.iter().filter(|&&x| check_slope(op.name(), &graph, root, &slopes, [x, 0.0, 0.0])).count();
        assert!(compared >= 2, "{} was compared at {compared} points", op.name());
    }
    for &op in Binary::ALL {
        let mut graph = Graph::new();
        let (x, y) = (graph.variable(0), graph.variable(1));
        let root = graph.binary(op, x, y);
        let slopes = gradient(&mut graph, root, &[x, y]).unwrap();
        let mut compared = 0;
        for &x in &PLAIN {
            // Never a whole multiple of x, where mod jumps, nor a tie.
            for y in PLAIN.map(|y| 1.129 * y) {
                compared += u32::from(check_slope(op.name(), &graph, root, &slopes, [x, y, 0.0]));
            }
        }
        assert!(compared >= 20, "{} was compared at {compared} points", op.name());
    }
}

/// Value and slope of a formula of x alone, by definition and by tape.
#[track_caller]
fn check_line(text: &str, facts: &[(f64, f64, f64)]) {
    let (_, lowered, slopes) = compile(text).unwrap();
    let roots = [lowered.root, slopes[0]];
    let points: Vec<[f64; 3]> = facts.iter().map(|fact| [fact.0, 0.0, 0.0]).collect();
    check_tape(&lowered.graph, &roots, &points).unwrap();
    for &(x, value, slope) in facts {
        let found = lowered.graph.eval(&roots, &[x, 0.0, 0.0]);
        let close = |found: f64, expected: f64| found == expected || (found - expected).abs() <= 1e-15 * expected.abs();
        assert!(close(found[0], value) && close(found[1], slope), "{text} at {x}: {found:?}, not {value}, {slope}");
    }
}

#[test]
fn a_branch_not_taken_never_leaks() {
    let ln2 = 2_f64.ln();
    check_line("if(x > 0, log(x), -1)", &[(-1.0, -1.0, 0.0), (0.0, -1.0, 0.0), (2.0, ln2, 0.5)]);
    check_line("if(x <= 0, -1, log(x))", &[(-1.0, -1.0, 0.0), (0.0, -1.0, 0.0), (2.0, ln2, 0.5)]);
    check_line("if(x > 0, sqrt(x), 3*x)", &[(-1.0, -3.0, 3.0), (0.0, 0.0, 3.0), (4.0, 2.0, 0.25)]);
    check_line("if(x == 0, 1, sin(x)/x)", &[(0.0, 1.0, 0.0)]);
    check_line("x*if(x > 0, 1/x, 2)", &[(-1.0, -2.0, 2.0), (0.0, 0.0, 2.0)]);
    check_line("if(x > 0, if(x > 1, log(x - 1), 5), x)", &[(-1.0, -1.0, 1.0), (0.5, 5.0, 0.0), (1.0, 5.0, 0.0), (2.0, 0.0, 1.0)]);
    check_line("exp(if(abs(x) < 1, log(1 - x^2), -inf))", &[(2.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]);
    check_line("if(x > 0, x^0.5, 0) + if(x < 0, (-x)^0.5, 0)", &[(0.0, 0.0, 0.0), (4.0, 2.0, 0.25), (-4.0, 2.0, -0.25)]);
    check_line("if(x < 700, exp(x), 1) - if(x < 700, exp(x), 0)", &[(800.0, 1.0, 0.0)]);
}

#[test]
fn the_argument_that_loses_never_leaks_its_slope() {
    // At 0 the loser's slope is infinite; at the others it is finite and must not be added.
    check_line("max(sqrt(x), 2)", &[(0.0, 2.0, 0.0), (1.0, 2.0, 0.0), (9.0, 3.0, 1.0 / 6.0)]);
    check_line("min(1/x, 3)", &[(0.0, 3.0, 0.0), (0.1, 3.0, 0.0), (2.0, 0.5, -0.25)]);
    check_line("max(log(x), -5)", &[(0.0, -5.0, 0.0), (1.0, 0.0, 1.0)]);
    check_line("max(-1, min(1, x^3))", &[(0.5, 0.125, 0.75), (2.0, 1.0, 0.0), (-2.0, -1.0, 0.0)]);
    check_line("clamp(cbrt(x), 1, 2)", &[(0.0, 1.0, 0.0)]);
    // Ties take the first argument's.
    check_line("max(x, -x)", &[(0.0, 0.0, 1.0)]);
    check_line("min(x, -x)", &[(0.0, 0.0, 1.0)]);
    check_line("max(-x, x)", &[(0.0, 0.0, -1.0)]);
}

/// A NaN that *is* the value shows: guards must not hide a mistake.
#[test]
fn a_nan_operand_of_min_and_max_shows() {
    for text in ["max(log(x), -5)", "min(log(x), -5)", "max(-5, log(x))", "min(-5, log(x))"] {
        let (_, lowered, _) = compile(text).unwrap();
        assert!(lowered.graph.eval(&[lowered.root], &[-1.0, 0.0, 0.0])[0].is_nan(), "{text}");
    }
}

/// Random guards around random hostile branches.
#[test]
fn guarded_poison_never_leaks() {
    const POISON: [&str; 8] =
        ["log(x)", "sqrt(x)", "x^0.37", "1/max(x, 0)", "lgamma(x)*log(x)", "acosh(x + 1)", "log(log1p(x))", "exp(1/x^3)/x"];
    let case = (formula(2), proptest::sample::select(&POISON[..]), formula(2), coordinate(), position());
    let counts = Counts::default();
    runner(3000)
        .run(&case, |(a, poison, b, _, [x, y, z])| {
            let at = [-x.abs(), y, z];
            let text = format!("({a}) + 2*if(x > 0, ({poison})*({b}), {b})");
            let clean = format!("({a}) + 2*({b})");
            let (_, poisoned, slopes) = compile(&text)?;
            let (formula, _, _) = compile(&clean)?;
            let Ok((dual, _)) = Forward::eval(formula.ast(), at) else { return Ok(()) };
            Counts::add(&counts.compared);
            let value = poisoned.graph.eval(&[poisoned.root], &at)[0];
            prop_assert!((value - dual.value).abs() <= WANTED * dual.scale, "{value} instead of {} at {at:?}", dual.value);
            let found = poisoned.graph.eval(&slopes, &at);
            for i in 0..3 {
                prop_assert!(
                    (found[i] - dual.slope[i]).abs() <= WANTED * dual.slope_scale[i],
                    "d/d{}: {} instead of {} at {at:?}",
                    VARIABLES[i],
                    found[i],
                    dual.slope[i]
                );
            }
            Ok(())
        })
        .unwrap();
    assert!(counts.compared.get() > 1500);
}

#[test]
fn the_log_density_is_the_logarithm_of_the_density() {
    let ranges: Vec<Declaration> = VARIABLES.iter().map(|name| Declaration::named(*name, f64::NEG_INFINITY, f64::INFINITY)).collect();
    let counts = Counts::default();
    runner(4000)
        .run(&(positive_formula(3), position()), |(text, at)| {
            let model = match Model::new(&text, Meaning::Density, &ranges) {
                Ok(model) => model,
                // A constant that is 0 as a double is no density.
                Err(error) if error.kind == ErrorKind::ZeroDensity => {
                    Counts::add(&counts.unfit);
                    return Ok(());
                }
                Err(error) => return Err(TestCaseError::fail(format!("{text}: {error}"))),
            };
            let Ok((dual, _)) = Forward::eval(model.formula().ast(), at) else {
                Counts::add(&counts.unfit);
                return Ok(());
            };
            // Unrepresentable values are what the logarithm is for; no comparison there.
            if dual.value < 1e-90 || dual.scale > 1e3 * dual.value {
                Counts::add(&counts.unfit);
                return Ok(());
            }
            Counts::add(&counts.compared);
            let log = dual.value.ln();
            let mut roots = vec![model.log_density_node()];
            roots.extend(model.gradient_nodes());
            let found = model.graph().eval(&roots, &at);
            let allowed = WANTED * (1.0 + log.abs() + dual.scale / dual.value);
            prop_assert!((found[0] - log).abs() <= allowed, "log p {} instead of {log} at {at:?}", found[0]);
            for i in 0..3 {
                let expected = dual.slope[i] / dual.value;
                let scale = (dual.slope_scale[i] + dual.slope[i].abs() * dual.scale / dual.value) / dual.value;
                prop_assert!(
                    // A subnormal slope may have been rounded to zero on the way.
                    (found[i + 1] - expected).abs() <= (WANTED * scale.max(expected.abs())).max(f64::MIN_POSITIVE),
                    "d/d{}: {} instead of {expected} at {at:?}",
                    VARIABLES[i],
                    found[i + 1]
                );
            }
            Ok(())
        })
        .unwrap();
    counts.assert_share(0.5);
}

#[test]
fn log_densities_stay_finite_where_the_density_underflows() {
    for (text, at, expected) in [
        ("exp(-1000 - x^2)", 2.0, -1004.0),
        ("exp(-(x-100)^2/2) + exp(-(x+100)^2/2)", 0.0, -5000.0 + 2_f64.ln()),
        ("exp(-x^2)^3*exp(-x)", 100.0, -30100.0),
        ("exp(x^2)/exp(2*x^2)", 100.0, -10000.0),
        ("sqrt(exp(-x^2))", 100.0, -5000.0),
    ] {
        let model = Model::new(text, Meaning::Density, &[]).unwrap();
        let found = model.graph().eval(&[model.log_density_node()], &[at])[0];
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{text}: {found}");
    }
}

/// Each factor is a double, their product is not; its logarithm is.
#[test]
fn constant_factors_never_overflow_each_other() {
    let log = 200.0 * 10_f64.ln();
    for (text, expected) in [
        ("1e-200*exp(-x^2)*1e-200", -2.0 * log - 1.0),
        ("1e200*exp(-x^2)*1e200", 2.0 * log - 1.0),
        ("exp(-x^2)/1e200/1e200", -2.0 * log - 1.0),
        ("exp(-x^2)/1e-200/1e-200", 2.0 * log - 1.0),
        ("1e-200*x^2/1e200", -2.0 * log),
    ] {
        let model = Model::new(text, Meaning::Density, &[]).unwrap_or_else(|error| panic!("{text}: {error}"));
        let found = model.graph().eval(&[model.log_density_node()], &[1.0])[0];
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{text}: {found}, not {expected}");
    }
}

#[test]
fn substitution_is_evaluation_at_the_substituted_point() {
    let counts = Counts::default();
    runner(4000)
        .run(&(formula(3), formula(2), position()), |(text, inner, at)| {
            let (outer, lowered, _) = compile(&text)?;
            let (replacement, _, _) = compile(&inner)?;
            let mut graph = lowered.graph;
            let by = graft(&mut graph, &inner);
            let x = graph.variable(0);
            let image = substitute(&mut graph, lowered.root, x, by);
            let Ok((point, _)) = Forward::eval(replacement.ast(), at) else { return Ok(()) };
            let moved = [point.value, at[1], at[2]];
            let Ok((expected, _)) = Forward::eval(outer.ast(), moved) else {
                Counts::add(&counts.unfit);
                return Ok(());
            };
            // The point itself is known to its scale; what that does to the value is the slope's business.
            let allowed = WANTED * (expected.scale + expected.slope_scale[0] * point.scale);
            let near = [-1.0, 1.0].iter().all(|sign| {
                let moved = [point.value + sign * 1e-10 * point.scale, at[1], at[2]];
                Forward::eval(outer.ast(), moved).is_ok_and(|(other, _)| (other.value - expected.value).abs() <= 1e3 * allowed)
            });
            if !near {
                Counts::add(&counts.unfit);
                return Ok(());
            }
            Counts::add(&counts.compared);
            let found = graph.eval(&[image], &at)[0];
            prop_assert!(
                (found - expected.value).abs() <= allowed,
                "{found:e} instead of {:e} at {at:?}, x = {}",
                expected.value,
                point.value
            );
            Ok(())
        })
        .unwrap();
    counts.assert_share(0.5);
}

/// The root of `text` inside `graph`, by way of its own graph's nodes.
fn graft(graph: &mut Graph, text: &str) -> NodeId {
    use langevin::graph::Node;
    let (_, lowered, _) = compile(text).unwrap();
    let mut images = std::collections::HashMap::new();
    for id in lowered.graph.order(&[lowered.root]) {
        let of = |id: NodeId| images[&id];
        let image = match lowered.graph.node(id) {
            Node::Constant(bits) => graph.constant(f64::from_bits(bits)),
            Node::Variable(variable) => graph.variable(variable),
            Node::Unary(op, a) => graph.unary(op, of(a)),
            Node::Binary(op, a, b) => graph.binary(op, of(a), of(b)),
            Node::Power(a, n) => graph.power(of(a), n),
            Node::Polygamma(n, a) => graph.polygamma(n, of(a)),
            Node::Select(c, a, b) => graph.select(of(c), of(a), of(b)),
            Node::LogSumExp(list) => {
                let operands: Vec<NodeId> = lowered.graph.list(list).iter().map(|&operand| of(operand)).collect();
                graph.log_sum_exp(&operands)
            }
            Node::Column(_) | Node::Gather(..) | Node::RowSum(_) | Node::GroupSum(..) => unreachable!("no data"),
        };
        images.insert(id, image);
    }
    images[&lowered.root]
}
