//! The evaluator: each instruction is one loop over the lanes, which the compiler vectorises.

use super::compile::{Action, Source, Tape};
use crate::graph::{Binary, Unary, max, min, powi, select, truth};
use crate::math::{self, Block, LANES, Lanes, Level, Work, dispatch};

/// One thread's scratch space for one tape.
#[derive(Debug, Clone)]
pub struct Evaluator {
    // `None` only while an instruction writes to the register.
    registers: Vec<Option<Box<Lanes>>>,
    level: Level,
}

impl Evaluator {
    /// Scratch space for `tape`, for this machine's widest vectors.
    pub fn new(tape: &Tape) -> Self {
        Evaluator::with_level(tape, Level::detect())
    }

    /// Scratch space for `tape` at a given SIMD level; the results are the same bits at each.
    pub fn with_level(tape: &Tape, level: Level) -> Self {
        Evaluator { registers: vec![Some(Box::default()); tape.registers], level }
    }

    /// Evaluates `tape` at `inputs`, `[variable][lane]`, into `outputs`, `[expression][lane]`. Allocates nothing.
    ///
    /// # Panics
    /// If `inputs` or `outputs` has fewer rows than the tape, or `self` was made for another tape.
    pub fn run(&mut self, tape: &Tape, inputs: &Block, outputs: &mut Block) {
        assert!(inputs.len() >= tape.inputs() && outputs.len() >= tape.outputs.len(), "a row for each variable and expression");
        assert_eq!(self.registers.len(), tape.registers, "an evaluator belongs to one tape");
        dispatch(self.level, Run { tape, inputs, outputs, registers: &mut self.registers });
    }
}

struct Run<'a> {
    tape: &'a Tape,
    inputs: &'a Block,
    outputs: &'a mut Block,
    registers: &'a mut [Option<Box<Lanes>>],
}

impl Work for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Run { tape, inputs, outputs, registers } = self;
        for instruction in &tape.instructions {
            let mut target = registers[instruction.target as usize].take().expect("a register is in place between instructions");
            let lanes = |source: Source| -> &Lanes {
                match source {
                    Source::Input(row) => &inputs[row as usize],
                    Source::Register(register) => registers[register as usize].as_deref().expect("a target is no source"),
                }
            };
            let out = &mut *target;
            match &instruction.action {
                Action::Constant(value) => *out = Lanes::splat(*value),
                Action::Unary(op, a) => unary(*op, out, lanes(*a)),
                Action::Binary(op, a, b) => binary(*op, out, lanes(*a), lanes(*b)),
                Action::BinaryRight(op, a, b) => binary_right(*op, out, lanes(*a), *b),
                Action::BinaryLeft(op, a, b) => binary_left(*op, out, *a, lanes(*b)),
                Action::Power(a, n) => power(out, lanes(*a), *n),
                Action::Polygamma(n, a) => map(out, lanes(*a), |x| math::polygamma(*n, x)),
                Action::Select(c, a, b) => {
                    let (c, a, b) = (lanes(*c), lanes(*a), lanes(*b));
                    for lane in 0..LANES {
                        out[lane] = select(c[lane], a[lane], b[lane]);
                    }
                }
                Action::LogSumExp(operands) => {
                    let mut largest = Lanes::splat(f64::NEG_INFINITY);
                    for &operand in operands {
                        let x = lanes(operand);
                        for lane in 0..LANES {
                            largest[lane] = max(largest[lane], x[lane]);
                        }
                    }
                    let mut total = Lanes::splat(0.0);
                    for &operand in operands {
                        let x = lanes(operand);
                        for lane in 0..LANES {
                            total[lane] += math::exp(x[lane] - largest[lane]);
                        }
                    }
                    for lane in 0..LANES {
                        let sum = largest[lane] + math::log(total[lane]);
                        out[lane] = if largest[lane].is_finite() { sum } else { largest[lane] };
                    }
                }
            }
            registers[instruction.target as usize] = Some(target);
        }
        for (row, source) in outputs.iter_mut().zip(&tape.outputs) {
            *row = match *source {
                Source::Input(input) => inputs[input as usize],
                Source::Register(register) => **registers[register as usize].as_ref().expect("every target was put back"),
            };
        }
    }
}

#[inline(always)]
fn map(out: &mut Lanes, a: &Lanes, f: impl Fn(f64) -> f64) {
    for lane in 0..LANES {
        out[lane] = f(a[lane]);
    }
}

#[inline(always)]
fn unary(op: Unary, out: &mut Lanes, a: &Lanes) {
    // One loop an arm, the operator's definition inlined into it: a call through `Unary::eval` would not vectorise.
    macro_rules! arms {
        ($($variant:ident => $f:expr,)*) => {
            match op { $(Unary::$variant => map(out, a, $f),)* }
        };
    }
    arms! {
        Negate => |x| -x,
        Abs => |x| x.abs(),
        Sign => math::sign,
        Floor => |x| x.floor(),
        Ceil => |x| x.ceil(),
        Round => |x| x.round(),
        Not => |x| truth(x == 0.0),
        Sqrt => |x| x.sqrt(),
        Cbrt => math::cbrt,
        Exp => math::exp,
        Expm1 => math::expm1,
        Log => math::log,
        Log1p => math::log1p,
        Log1mExp => math::log1m_exp,
        Sin => math::sin,
        Cos => math::cos,
        Tan => math::tan,
        Asin => math::asin,
        Acos => math::acos,
        Atan => math::atan,
        Sinh => math::sinh,
        Cosh => math::cosh,
        Tanh => math::tanh,
        Asinh => math::asinh,
        Acosh => math::acosh,
        Atanh => math::atanh,
        Erf => math::erf,
        Erfc => math::erfc,
        Erfcx => math::erfcx,
        LogErfc => math::log_erfc,
        Gamma => math::gamma,
        Lgamma => math::lgamma,
        Digamma => math::digamma,
        Sigmoid => math::sigmoid,
        Softplus => math::softplus,
    }
}

#[inline(always)]
fn binary(op: Binary, out: &mut Lanes, a: &Lanes, b: &Lanes) {
    lanewise(op, out, |lane| a[lane], |lane| b[lane]);
}

#[inline(always)]
fn binary_right(op: Binary, out: &mut Lanes, a: &Lanes, b: f64) {
    lanewise(op, out, |lane| a[lane], |_| b);
}

#[inline(always)]
fn binary_left(op: Binary, out: &mut Lanes, a: f64, b: &Lanes) {
    lanewise(op, out, |_| a, |lane| b[lane]);
}

#[inline(always)]
fn lanewise(op: Binary, out: &mut Lanes, a: impl Fn(usize) -> f64, b: impl Fn(usize) -> f64) {
    macro_rules! arms {
        ($($variant:ident => $f:expr,)*) => {
            match op {
                $(Binary::$variant => {
                    let f = $f;
                    for lane in 0..LANES {
                        out[lane] = f(a(lane), b(lane));
                    }
                })*
            }
        };
    }
    arms! {
        Add => |x: f64, y: f64| x + y,
        Subtract => |x: f64, y: f64| x - y,
        Multiply => |x: f64, y: f64| x * y,
        Divide => |x: f64, y: f64| x / y,
        Pow => math::pow,
        Min => min,
        Max => max,
        Mod => math::modulo,
        Atan2 => math::atan2,
        Hypot => math::hypot,
        Less => |x, y| truth(x < y),
        LessEqual => |x, y| truth(x <= y),
        Equal => |x, y| truth(x == y),
        NotEqual => |x, y| truth(x != y),
        And => |x, y| truth(x != 0.0 && y != 0.0),
        Or => |x, y| truth(x != 0.0 || y != 0.0),
    }
}

#[inline(always)]
fn power(out: &mut Lanes, a: &Lanes, n: i32) {
    // Loops of fixed shape vectorise; each multiplies in the order of `powi`.
    match n {
        2 => map(out, a, |x| powi(x, 2)),
        3 => map(out, a, |x| powi(x, 3)),
        4 => map(out, a, |x| powi(x, 4)),
        _ => {
            let mut square = *a;
            *out = Lanes::splat(1.0);
            let mut left = n.unsigned_abs();
            while left > 0 {
                if left & 1 == 1 {
                    for lane in 0..LANES {
                        out[lane] *= square[lane];
                    }
                }
                for lane in 0..LANES {
                    square[lane] *= square[lane];
                }
                left >>= 1;
            }
            if n < 0 {
                for lane in 0..LANES {
                    out[lane] = 1.0 / out[lane];
                }
            }
        }
    }
}
