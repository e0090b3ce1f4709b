//! Soundness: the value at 256 bits lies in every enclosure, for random formulas, boxes and points.

use astro_float::{BigFloat, Consts, RoundingMode};
use rand::RngExt as _;

use super::code::Enclosing;
use super::functions::{self, Enclosed};
use super::jet::Jet;
use super::{Code, Form, Germ, Homogeneous, Interval, Series, TERMS, Taylor};
use crate::graph::{Binary, Graph, Node, NodeId, Unary, powi};
use crate::random::{Purpose, Stream};

/// Formulas tried; SOUNDNESS in the environment sets another number, and other dice.
fn formulas() -> usize {
    std::env::var("SOUNDNESS").map_or(6_000, |number| number.parse().unwrap())
}

const BITS: usize = 256;
/// For what cancels: enough for e⁻⁶⁰⁰ beside 1.
const WIDE: usize = 1280;
const ROUND: RoundingMode = RoundingMode::ToEven;

/// Operators that the oracle knows: those it has, and those that are sums and quotients of them.
const UNARY: &[Unary] = &[
    Unary::Negate,
    Unary::Abs,
    Unary::Sqrt,
    Unary::Cbrt,
    Unary::Exp,
    Unary::Expm1,
    Unary::Log,
    Unary::Log1p,
    Unary::Log1mExp,
    Unary::Sin,
    Unary::Cos,
    Unary::Tan,
    Unary::Asin,
    Unary::Acos,
    Unary::Atan,
    Unary::Sinh,
    Unary::Cosh,
    Unary::Tanh,
    Unary::Asinh,
    Unary::Acosh,
    Unary::Atanh,
    Unary::Sigmoid,
    Unary::Softplus,
    Unary::Floor,
];
const BINARY: &[Binary] =
    &[Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Divide, Binary::Pow, Binary::Min, Binary::Max, Binary::Hypot, Binary::Atan2];

/// Values of `graph` at one point to 256 bits.
struct Oracle {
    consts: Consts,
}

impl Oracle {
    fn number(x: f64) -> BigFloat {
        // Its reading of subnormal numbers is not theirs.
        const UP: f64 = 1.267_650_600_228_229_4e30;
        if x.abs() < f64::MIN_POSITIVE {
            return BigFloat::from_f64(x * UP, BITS).div(&BigFloat::from_f64(UP, BITS), BITS, ROUND);
        }
        BigFloat::from_f64(x, BITS)
    }

    fn unary(&mut self, op: Unary, x: &BigFloat) -> Option<BigFloat> {
        let (one, cc) = (Oracle::number(1.0), &mut self.consts);
        let exp = |x: &BigFloat, cc: &mut Consts| x.exp(WIDE, ROUND, cc);
        if matches!(op, Unary::Expm1 | Unary::Log1p | Unary::Log1mExp | Unary::Sigmoid | Unary::Softplus) && x.abs() > Oracle::number(600.0)
        {
            return None;
        }
        if matches!(op, Unary::Sin | Unary::Cos | Unary::Tan) && is_far(x) {
            return None;
        }
        let value = match op {
            Unary::Negate => x.neg(),
            Unary::Abs => x.abs(),
            Unary::Sqrt => x.sqrt(BITS, ROUND),
            Unary::Cbrt => x.cbrt(BITS, ROUND),
            Unary::Exp => x.exp(BITS, ROUND, cc),
            Unary::Expm1 => exp(x, cc).sub(&one, WIDE, ROUND),
            Unary::Log => x.ln(BITS, ROUND, cc),
            Unary::Log1p => one.add(x, WIDE, ROUND).ln(BITS, ROUND, cc),
            Unary::Log1mExp => one.sub(&exp(x, cc), WIDE, ROUND).ln(BITS, ROUND, cc),
            Unary::Sin => x.sin(BITS, ROUND, cc),
            Unary::Cos => x.cos(BITS, ROUND, cc),
            Unary::Tan => x.tan(BITS, ROUND, cc),
            Unary::Asin => x.asin(BITS, ROUND, cc),
            Unary::Acos => x.acos(BITS, ROUND, cc),
            Unary::Atan => x.atan(BITS, ROUND, cc),
            Unary::Sinh => x.sinh(BITS, ROUND, cc),
            Unary::Cosh => x.cosh(BITS, ROUND, cc),
            Unary::Tanh => x.tanh(BITS, ROUND, cc),
            Unary::Asinh => x.asinh(BITS, ROUND, cc),
            Unary::Acosh => x.acosh(BITS, ROUND, cc),
            Unary::Atanh => x.atanh(BITS, ROUND, cc),
            Unary::Sigmoid => one.div(&one.add(&exp(&x.neg(), cc), BITS, ROUND), BITS, ROUND),
            Unary::Softplus => one.add(&exp(x, cc), WIDE, ROUND).ln(BITS, ROUND, cc),
            Unary::Floor => x.floor(),
            _ => return None,
        };
        (!value.is_nan() && !value.is_inf()).then_some(value)
    }

    fn binary(&mut self, op: Binary, a: &BigFloat, b: &BigFloat) -> Option<BigFloat> {
        let value = match op {
            Binary::Add => a.add(b, BITS, ROUND),
            Binary::Subtract => a.sub(b, BITS, ROUND),
            Binary::Multiply => a.mul(b, BITS, ROUND),
            Binary::Divide => a.div(b, BITS, ROUND),
            // Its own power never ends where the value is a number of few digits.
            Binary::Pow if a.is_positive() && !a.is_zero() && !is_far(b) => {
                let log = a.ln(WIDE, ROUND, &mut self.consts).mul(b, WIDE, ROUND);
                let mut value = log.exp(WIDE, ROUND, &mut self.consts);
                value.set_precision(BITS, ROUND).ok()?;
                value
            }
            Binary::Min => {
                if b < a {
                    b.clone()
                } else {
                    a.clone()
                }
            }
            Binary::Max => {
                if b > a {
                    b.clone()
                } else {
                    a.clone()
                }
            }
            Binary::Hypot => a.mul(a, BITS, ROUND).add(&b.mul(b, BITS, ROUND), BITS, ROUND).sqrt(BITS, ROUND),
            // The right half plane.
            Binary::Atan2 if b.is_positive() && !b.is_zero() => a.div(b, BITS, ROUND).atan(BITS, ROUND, &mut self.consts),
            _ => return None,
        };
        (!value.is_nan() && !value.is_inf()).then_some(value)
    }

    fn eval(&mut self, graph: &Graph, root: NodeId, position: &[f64]) -> Option<BigFloat> {
        let mut values: Vec<Option<BigFloat>> = vec![None; root.index() + 1];
        for id in graph.order(&[root]) {
            let of = |id: NodeId| values[id.index()].clone();
            let value = match graph.node(id) {
                Node::Constant(bits) if f64::from_bits(bits).is_finite() => Oracle::number(f64::from_bits(bits)),
                Node::Variable(variable) => Oracle::number(position[variable as usize]),
                Node::Unary(op, a) => self.unary(op, &of(a)?)?,
                Node::Binary(op, a, b) => self.binary(op, &of(a)?, &of(b)?)?,
                Node::Power(a, n) => {
                    let a = of(a)?;
                    let power = a.abs().powi(n.unsigned_abs() as usize, BITS, ROUND);
                    let power = if n % 2 != 0 && a.is_negative() { power.neg() } else { power };
                    let power = if n < 0 { Oracle::number(1.0).div(&power, BITS, ROUND) } else { power };
                    if power.is_inf() || power.is_nan() {
                        return None;
                    }
                    power
                }
                Node::LogSumExp(list) => {
                    let mut sum = Oracle::number(0.0);
                    for &operand in graph.list(list) {
                        sum = sum.add(&of(operand)?.exp(BITS, ROUND, &mut self.consts), WIDE, ROUND);
                    }
                    self.unary(Unary::Log, &sum)?
                }
                _ => return None,
            };
            values[id.index()] = Some(value);
        }
        values[root.index()].clone()
    }
}

/// Where a sine or a power takes it minutes, as it needs thousands of digits of π or of a logarithm.
fn is_far(x: &BigFloat) -> bool {
    x.exponent().is_some_and(|exponent| exponent.abs() > 500 && !x.is_zero())
}

fn holds(range: Interval, value: &BigFloat) -> bool {
    let above = !(range.low.is_finite()) || Oracle::number(range.low) <= *value;
    let below = !(range.high.is_finite()) || *value <= Oracle::number(range.high);
    above && below
}

/// A random formula: constants are doubles, so that the oracle and the enclosure mean the same ones.
fn formula(rng: &mut Stream, dimension: u32) -> (Graph, NodeId) {
    let mut graph = Graph::new();
    let mut nodes: Vec<NodeId> = (0..dimension).rev().map(|variable| graph.variable(variable)).collect();
    nodes.extend([graph.constant(f64::from(rng.random_range(-4..5))), graph.constant(rng.random_range(-3.0..3.0))]);
    for _ in 0..rng.random_range(1..9) {
        let pick = |rng: &mut Stream| nodes[if rng.random_bool(0.6) { nodes.len() - 1 } else { rng.random_range(0..nodes.len()) }];
        let (a, b) = (pick(rng), pick(rng));
        let node = match rng.random_range(0..8) {
            0..3 => graph.unary(UNARY[rng.random_range(0..UNARY.len())], a),
            3..6 => graph.binary(BINARY[rng.random_range(0..BINARY.len())], a, b),
            6 => graph.power(a, rng.random_range(-3..6)),
            _ => graph.log_sum_exp(&[a, b]),
        };
        nodes.push(node);
    }
    (graph, nodes[nodes.len() - 1])
}

fn dice(stream: u64) -> Stream {
    Stream::new(20_261 + formulas() as u64, stream, Purpose::Noise)
}

#[test]
fn intervals_and_series_hold_the_value_of_random_formulas() {
    let mut rng = dice(0);
    let mut oracle = Oracle { consts: Consts::new().unwrap() };
    let (mut ranges, mut series) = (Vec::new(), Vec::new());
    let (mut compared, mut smooth) = (0, 0);
    for _ in 0..formulas() {
        let (graph, root) = formula(&mut rng, 1);
        let width = 10_f64.powi(rng.random_range(-6..2));
        let low: f64 = rng.random_range(-4.0..4.0);
        let (middle, high) = (low + width * rng.random::<f64>(), low + width);
        let x = (low + width * rng.random::<f64>()).clamp(low, high);
        let code = Code::new(&graph, &[root]);
        code.ranges(&[Interval::new(low, high)], &mut ranges);
        let found = ranges[code.root(0)];
        let Some(value) = oracle.eval(&graph, root, &[x]) else { continue };
        compared += 1;
        let shown = || format!("{} at {x} on [{low}, {high}]", shown_as(&graph, root));
        assert!(holds(found.range, &value) && !found.nowhere, "{}: {value} is not in {found:?}", shown());
        code.run(&[Taylor::variable(Interval::new(low, high))], &[], &mut series);
        let over = series[code.root(0)].clone();
        assert!(holds(over.range(), &value), "{}: {value} is not in {:?}", shown(), over.range());
        code.run(&[Taylor::variable(Interval::point(middle))], &[], &mut series);
        let at = &series[code.root(0)];
        // Taylor's theorem for every degree.
        let step = Interval::point(x) - Interval::point(middle);
        let (mut sum, mut power) = (Interval::ZERO, Interval::ONE);
        for k in 0..TERMS {
            let (Some(rest), Some(next)) = (over.coefficient(k), at.coefficient(k)) else { break };
            if !over.is_total() || !at.is_total() {
                break;
            }
            assert!(holds(sum + rest * power, &value), "{}, degree {k}: {value} is not in {:?}", shown(), sum + rest * power);
            sum = sum + next * power;
            power = power * step;
            smooth += 1;
        }
    }
    assert!(compared > formulas() / 2 && smooth > 4 * formulas(), "only {compared} values, {smooth} remainders");
}

/// Taylor's theorem for every degree, in D variables.
fn series_hold_the_value<const D: usize, const M: usize, const N: usize>(stream: u64) {
    let mut rng = dice(stream);
    let mut oracle = Oracle { consts: Consts::new().unwrap() };
    let mut series: Vec<Series<Homogeneous<D, M>, N>> = Vec::new();
    let mut smooth = 0;
    for _ in 0..formulas() {
        let (graph, root) = formula(&mut rng, D as u32);
        let width = 10_f64.powi(rng.random_range(-5..2));
        let low: [f64; D] = std::array::from_fn(|_| rng.random_range(-4.0..4.0));
        let mut inside = || low.map(|low| (low + width * rng.random::<f64>()).clamp(low, low + width));
        let (x, a) = (inside(), inside());
        let Some(value) = oracle.eval(&graph, root, &x) else { continue };
        let code = Code::new(&graph, &[root]);
        let mut run = |sides: [Interval; D]| {
            let inputs: [_; D] = std::array::from_fn(|i| Series::along(sides[i], Homogeneous::variable(i)));
            code.run(&inputs, &[], &mut series);
            series[code.root(0)].clone()
        };
        let (over, at) = (run(low.map(|low| Interval::new(low, low + width))), run(a.map(Interval::point)));
        if !over.is_total() || !at.is_total() {
            continue;
        }
        let step: [Interval; D] = std::array::from_fn(|i| Interval::point(x[i]) - Interval::point(a[i]));
        let term = |part: Homogeneous<D, M>| {
            part.monomials().fold(Interval::ZERO, |sum, (exponents, coefficient)| {
                sum + (0..D).fold(coefficient, |product, i| product * step[i].powi(exponents[i] as i32))
            })
        };
        let mut sum = Interval::ZERO;
        for k in 0..N {
            let (Some(rest), Some(next)) = (over.coefficient(k), at.coefficient(k)) else { break };
            let found = sum + term(rest);
            let shown = shown_as(&graph, root);
            assert!(holds(found, &value), "{shown} at {x:?} about {a:?}, degree {k}: {value} is not in {found:?}");
            sum = sum + term(next);
            smooth += 1;
        }
    }
    assert!(smooth > formulas(), "only {smooth} remainders");
}

#[test]
fn series_of_two_and_three_variables_hold_the_value_of_random_formulas() {
    series_hold_the_value::<2, 7, 7>(5);
    series_hold_the_value::<3, 15, 5>(6);
}

/// Jets by their definition: the mean value theorem in each variable and Taylor's theorem of order two hold with the derivatives over the
/// box, wherever in it the two points lie.
#[test]
fn jets_and_second_order_forms_hold_the_value_of_random_formulas() {
    let mut rng = dice(4);
    let mut oracle = Oracle { consts: Consts::new().unwrap() };
    let mut jets = Vec::new();
    let (mut compared, mut smooth) = (0, 0);
    for _ in 0..formulas() {
        let (graph, root) = formula(&mut rng, 2);
        let width = 10_f64.powi(rng.random_range(-5..2));
        let low: [f64; 2] = [rng.random_range(-4.0..4.0), rng.random_range(-4.0..4.0)];
        let cell = low.map(|low| Interval::new(low, low + width));
        let mut inside = || low.map(|low| (low + width * rng.random::<f64>()).clamp(low, low + width));
        let (x, a) = (inside(), inside());
        let Some(value) = oracle.eval(&graph, root, &x) else { continue };
        compared += 1;
        let shown = || format!("{} at {x:?} in {cell:?}", shown_as(&graph, root));
        let over = Form::new(&graph, root).over(&cell);
        assert!(holds(over.value.range, &value), "{}: {value} is not in {:?}", shown(), over.value.range);
        let code = Code::new(&graph, &[root]);
        code.run(&Jet::variables(&a.map(Interval::point)), &[], &mut jets);
        let at = jets[code.root(0)].clone();
        if !over.jet.is_smooth() || over.value.partial || !at.is_smooth() {
            continue;
        }
        smooth += 1;
        let d = [0, 1].map(|i| Interval::point(x[i]) - Interval::point(a[i]));
        let slopes = |jet: &Jet| [jet.first(0).unwrap(), jet.first(1).unwrap()];
        let along = |slopes: [Interval; 2]| slopes[0] * d[0] + slopes[1] * d[1];
        let first = at.value.range + along(slopes(&over.jet));
        assert!(holds(first, &value), "{}, first order about {a:?}: {value} is not in {first:?}", shown());
        let bend = |i, j| over.jet.second(i, j).unwrap();
        let bent = (bend(0, 0) * d[0].square() + bend(1, 1) * d[1].square()).halved() + bend(0, 1) * d[0] * d[1];
        let second = at.value.range + along(slopes(&at)) + bent;
        assert!(holds(second, &value), "{}, second order about {a:?}: {value} is not in {second:?}", shown());
    }
    assert!(compared > formulas() / 2 && smooth > formulas() / 4, "only {compared} values, {smooth} of them smooth");
}

#[test]
fn germs_hold_the_value_down_to_the_point() {
    let mut rng = dice(1);
    let mut oracle = Oracle { consts: Consts::new().unwrap() };
    let mut germs = Vec::new();
    let mut known = 0;
    for _ in 0..formulas() {
        let (graph, root) = formula(&mut rng, 1);
        let reach = 0.06 * 10_f64.powi(-rng.random_range(0..4));
        let d = reach * 10_f64.powf(-rng.random_range(0.0..12.0));
        let sign = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        for far in [false, true] {
            let (input, x) = if far { (Germ::far(sign, reach), sign / d) } else { (Germ::distance(reach), d) };
            // 1/d rounds: the distance that x really has.
            let d = if far { 1.0 / x.abs() } else { d };
            let code = Code::new(&graph, &[root]);
            code.run(&[input], &[], &mut germs);
            let Some(found) = germs[code.root(0)].at(d) else { continue };
            let Some(value) = oracle.eval(&graph, root, &[x]) else { continue };
            known += 1;
            assert!(holds(found, &value), "{} at {x}: {value} is not in {found:?} by {:?}", shown_as(&graph, root), germs[code.root(0)]);
        }
    }
    assert!(known > formulas() / 2, "only {known} germs were known");
}

/// Whether some point betrays `range` as no enclosure of `op`.
fn is_caught(op: Unary, range: impl Fn(Interval) -> Interval) -> bool {
    let mut rng = dice(2);
    let mut oracle = Oracle { consts: Consts::new().unwrap() };
    (0..4000).any(|_| {
        let low: f64 = rng.random_range(-4.0..4.0);
        let high = low + 10_f64.powi(rng.random_range(-6..1));
        let x = [low, high, rng.random_range(low..=high)][rng.random_range(0..3)];
        oracle.unary(op, &Oracle::number(x)).is_some_and(|value| !holds(range(Interval::new(low, high)), &value))
    })
}

#[test]
fn an_unsound_operator_is_caught() {
    for op in UNARY {
        assert!(!is_caught(*op, |x| functions::unary(*op, x).range), "{}", op.name());
    }
    // The ends alone, without the extremum between them; rounded to nearest; a domain clipped too far.
    assert!(is_caught(Unary::Sin, |x| Interval::new(x.low.sin().min(x.high.sin()), x.low.sin().max(x.high.sin()))));
    assert!(is_caught(Unary::Exp, |x| Interval::new(Unary::Exp.eval(x.low).next_up(), Unary::Exp.eval(x.high))));
    assert!(is_caught(Unary::Sqrt, |x| Interval::new(x.low.max(0.1).sqrt(), x.high.max(0.1).sqrt().next_up())));
}

/// The functions that the oracle lacks, against our own at points: their accuracy is tested in `tests/it/math.rs`.
#[test]
fn special_functions_hold_their_values_and_slopes() {
    let mut rng = dice(3);
    let close =
        |range: Interval, value: f64| range.low <= value + 1e-12 * value.abs() + 1e-15 && value - 1e-12 * value.abs() - 1e-15 <= range.high;
    for op in [Unary::Erf, Unary::Erfc, Unary::Erfcx, Unary::LogErfc, Unary::Gamma, Unary::Lgamma, Unary::Digamma] {
        for _ in 0..2000 {
            let low: f64 = if matches!(op, Unary::Gamma | Unary::Lgamma | Unary::Digamma) {
                rng.random_range(0.5..6.0)
            } else {
                rng.random_range(-4.0..4.0)
            };
            let high = low + 10_f64.powi(rng.random_range(-5..-1));
            let (x, middle) = (rng.random_range(low..=high), rng.random_range(low..=high));
            let value = op.eval(x);
            let over = Taylor::unary(op, &Taylor::variable(Interval::new(low, high)));
            let at = Taylor::unary(op, &Taylor::variable(Interval::point(middle)));
            let (mut sum, mut power) = (Interval::ZERO, Interval::ONE);
            for k in 0..TERMS {
                let (Some(rest), Some(next)) = (over.coefficient(k), at.coefficient(k)) else { break };
                assert!(close(sum + rest * power, value), "{} at {x} on [{low}, {high}], degree {k}", op.name());
                sum = sum + next * power;
                power = power * (Interval::point(x) - Interval::point(middle));
            }
            assert!(over.terms() == TERMS && (sum.middle() - value).abs() <= 1e-6 * (1.0 + value.abs()), "{} near {middle}", op.name());
        }
    }
}

#[test]
fn a_zero_proved_stays_a_zero() {
    let x = Enclosed::from(Interval::ONE);
    let cube = Enclosed::power(&x, 3);
    assert!(Enclosed::binary(Binary::Subtract, &cube, &x).range.is_zero());
    assert!(functions::unary(Unary::Log, Interval::ONE).range.is_zero());
    assert_eq!(powi(3.0, 3), 27.0);
    assert_eq!(Interval::point(3.0).powi(3), Interval::point(27.0));
    // (x³ − 1)/(x − 1) over a box with the removable point inside: about 3, as one root is known.
    let mut graph = Graph::new();
    let (x, one) = (graph.variable(0), graph.constant(1.0));
    let (cube, under) = (graph.power(x, 3), graph.subtract(x, one));
    let over = graph.subtract(cube, one);
    let root = graph.divide(over, under);
    let code = Code::new(&graph, &[root]);
    let mut values = Vec::new();
    code.ranges(&[Interval::ONE], &mut values);
    let zeros: Vec<u32> = values.iter().map(|value| u32::from(value.range.is_zero())).collect();
    let mut series = Vec::new();
    code.run(&[Taylor::variable(Interval::new(0.9, 1.1))], &zeros, &mut series);
    let range = series[code.root(0)].range();
    assert!(range.contains(2.71) && range.contains(3.31) && range.width() < 1.3, "{range:?}");
}

fn shown_as(graph: &Graph, root: NodeId) -> String {
    crate::graph::print::expression(graph, root, &["x".to_string(), "y".to_string()], crate::graph::print::Language::Text)
}
