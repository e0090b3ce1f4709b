//! Forward-mode derivatives of a syntax tree, by rules of their own: nothing of the graph, its simplifications or its reverse sweep
//! is used. Beside each number runs a bound on what rounding may have done to it, so that the comparison can ask for 1e-12 of what
//! the arithmetic can give: where terms cancel, no way of differentiating keeps twelve digits of the difference.

use std::collections::HashMap;

use langevin::graph::Unary;
use langevin::syntax::{Ast, BinaryOperator, Comparison, Expr, ExprId, Fold, Function, Subscript, UnaryOperator};

/// A value with its derivatives by x, y and z; the scales count the magnitudes that went through each, so that ε·scale bounds its
/// rounding error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dual {
    pub(crate) value: f64,
    pub(crate) scale: f64,
    pub(crate) slope: [f64; 3],
    pub(crate) slope_scale: [f64; 3],
}

/// Why a point is no place to compare at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// A value is not finite, or beyond what squares to a finite number.
    Range,
    /// A jump or a kink is within rounding.
    Kink,
}

type Result<T> = std::result::Result<T, Unfit>;

/// Values beyond these bounds are left aside: their squares must not overflow either.
const LARGEST: f64 = 1e100;
/// A branch is decided if what decides it is this many rounding errors from changing.
const MARGIN: f64 = 1e4;

impl Dual {
    pub(crate) fn constant(value: f64) -> Dual {
        // A constant's own error is half a unit in the last place, or none.
        Dual { value, scale: value.abs(), slope: [0.0; 3], slope_scale: [0.0; 3] }
    }

    fn variable(value: f64, index: usize) -> Dual {
        let mut dual = Dual::constant(value);
        dual.slope[index] = 1.0;
        dual.slope_scale[index] = 1.0;
        dual
    }

    fn checked(self) -> Result<Dual> {
        let numbers = self.slope.iter().chain(&self.slope_scale).chain([&self.value, &self.scale]);
        let fit = numbers.clone().all(|x| x.abs() < LARGEST) && (self.value == 0.0 || self.value.abs() > 1.0 / LARGEST);
        if fit { Ok(self) } else { Err(Unfit::Range) }
    }

    /// f(self), given f′ as a function. The change of f′ over the rounding error of the argument is part of the scale.
    fn map(self, value: f64, derivative: impl Fn(f64) -> f64) -> Result<Dual> {
        let d = derivative(self.value);
        // f″ from a difference wide enough for rounding not to matter, and from one as wide as the error of the argument may be: an
        // oscillation between them is then seen by one.
        let bend = [1e-5 * self.value.abs().max(1e-3), 1e3 * f64::EPSILON * self.scale]
            .map(|step| ((derivative(self.value + step) - derivative(self.value - step)) / (2.0 * step)).abs());
        let bend = if self.scale > 0.0 { bend[0].max(bend[1]) } else { bend[0] };
        if !bend.is_finite() {
            return Err(Unfit::Range);
        }
        let mut result = Dual {
            value,
            scale: value.abs() + (d.abs() + bend * f64::EPSILON * self.scale) * self.scale,
            slope: [0.0; 3],
            slope_scale: [0.0; 3],
        };
        for i in 0..3 {
            result.slope[i] = d * self.slope[i];
            result.slope_scale[i] = (d * self.slope[i]).abs() + d.abs() * self.slope_scale[i] + bend * self.scale * self.slope[i].abs();
        }
        result.checked()
    }

    /// f(a, b), given the two partial derivatives, as a sum of one-argument contributions.
    fn map2(a: Dual, b: Dual, value: f64, partials: impl Fn(f64, f64) -> (f64, f64)) -> Result<Dual> {
        let (da, db) = partials(a.value, b.value);
        let steps = [1e-5 * a.value.abs().max(1e-3), 1e-5 * b.value.abs().max(1e-3)];
        let over = |sa: f64, sb: f64| partials(a.value + sa * steps[0], b.value + sb * steps[1]);
        let difference = |plus: (f64, f64), minus: (f64, f64), step: f64| {
            (((plus.0 - minus.0) / (2.0 * step)).abs(), ((plus.1 - minus.1) / (2.0 * step)).abs())
        };
        let by_a = difference(over(1.0, 0.0), over(-1.0, 0.0), steps[0]);
        let by_b = difference(over(0.0, 1.0), over(0.0, -1.0), steps[1]);
        let mut result =
            Dual { value, scale: value.abs() + da.abs() * a.scale + db.abs() * b.scale, slope: [0.0; 3], slope_scale: [0.0; 3] };
        for i in 0..3 {
            let (p, q) = (da * a.slope[i], db * b.slope[i]);
            result.slope[i] = p + q;
            let drift_a = (by_a.0 * a.scale + by_b.0 * b.scale) * a.slope[i].abs();
            let drift_b = (by_a.1 * a.scale + by_b.1 * b.scale) * b.slope[i].abs();
            result.slope_scale[i] = p.abs() + q.abs() + da.abs() * a.slope_scale[i] + db.abs() * b.slope_scale[i] + drift_a + drift_b;
        }
        result.checked()
    }

    fn flat(value: f64) -> Dual {
        Dual::constant(value)
    }
}

/// The formula at a position: its value and gradient, and the branches that were taken on the way.
pub(crate) struct Forward<'a> {
    ast: &'a Ast,
    position: [f64; 3],
    scalars: HashMap<&'a str, Dual>,
    vectors: HashMap<&'a str, Vec<Dual>>,
    scopes: Vec<(&'a str, i64)>,
    /// Every decision, in order: two positions with the same ones are on the same smooth piece.
    pub(crate) branches: Vec<i64>,
}

impl<'a> Forward<'a> {
    /// The dual number of `ast` at `position` (x, y, z), and its branches.
    pub(crate) fn eval(ast: &'a Ast, position: [f64; 3]) -> Result<(Dual, Vec<i64>)> {
        let mut forward =
            Forward { ast, position, scalars: HashMap::new(), vectors: HashMap::new(), scopes: Vec::new(), branches: Vec::new() };
        for definition in ast.definitions() {
            match definition.ranges() {
                [] => {
                    let value = forward.expr(definition.body)?;
                    forward.scalars.insert(&definition.name, value);
                }
                [range, ..] => {
                    let (first, last) = (forward.index(range.first)?, forward.index(range.last)?);
                    assert_eq!(first, 1, "the tests define vectors from 1");
                    let mut elements = Vec::new();
                    for i in first..=last {
                        forward.scopes.push((&range.name, i));
                        elements.push(forward.expr(definition.body)?);
                        forward.scopes.pop();
                    }
                    forward.vectors.insert(&definition.name, elements);
                }
            }
        }
        let value = forward.expr(ast.root())?;
        Ok((value, forward.branches))
    }

    fn index(&mut self, id: ExprId) -> Result<i64> {
        Ok(self.expr(id)?.value as i64)
    }

    fn expr(&mut self, id: ExprId) -> Result<Dual> {
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Number(value) => Ok(Dual::constant(*value)),
            Expr::Name(name) => Ok(self.name(name)),
            Expr::Index { name, subscripts } => {
                let [Subscript::At(index)] = subscripts[..] else { panic!("vectors have one index") };
                let index = self.index(index)?;
                Ok(self.vectors[name.as_str()][index as usize - 1])
            }
            Expr::List(_) | Expr::Distribution { .. } | Expr::Apply { .. } => panic!("the tests have numbers and functions"),
            Expr::Unary { operator, operand } => {
                let a = self.expr(*operand)?;
                match operator {
                    UnaryOperator::Negate => a.map(-a.value, |_| -1.0),
                    UnaryOperator::Not => {
                        let truth = self.truth(a)?;
                        Ok(Dual::flat(f64::from(!truth)))
                    }
                }
            }
            Expr::Binary { operator, left, right } => {
                let (a, b) = (self.expr(*left)?, self.expr(*right)?);
                match operator {
                    BinaryOperator::Add => Dual::map2(a, b, a.value + b.value, |_, _| (1.0, 1.0)),
                    BinaryOperator::Subtract => Dual::map2(a, b, a.value - b.value, |_, _| (1.0, -1.0)),
                    BinaryOperator::Multiply => Dual::map2(a, b, a.value * b.value, |a, b| (b, a)),
                    BinaryOperator::Divide => Dual::map2(a, b, a.value / b.value, |a, b| (1.0 / b, -a / b / b)),
                    BinaryOperator::Power => self.power(a, b),
                    BinaryOperator::And | BinaryOperator::Or => {
                        let (p, q) = (self.truth(a)?, self.truth(b)?);
                        Ok(Dual::flat(f64::from(if *operator == BinaryOperator::And { p && q } else { p || q })))
                    }
                }
            }
            Expr::Comparison { first, rest } => {
                let mut left = self.expr(*first)?;
                let mut all = true;
                for (comparison, right) in rest {
                    let right = self.expr(*right)?;
                    all &= self.compare(*comparison, left, right)?;
                    left = right;
                }
                Ok(Dual::flat(f64::from(all)))
            }
            Expr::If { condition, then, otherwise } => {
                let condition = self.expr(*condition)?;
                // Only the branch that counts is looked at: what the other does must not matter.
                if self.truth(condition)? { self.expr(*then) } else { self.expr(*otherwise) }
            }
            Expr::Fold { fold, range, body } => {
                let (first, last) = (self.index(range.first)?, self.index(range.last)?);
                let mut total = Dual::constant(if *fold == Fold::Sum { 0.0 } else { 1.0 });
                for i in first..=last {
                    self.scopes.push((&range.name, i));
                    let term = self.expr(*body)?;
                    self.scopes.pop();
                    total = match fold {
                        Fold::Sum => Dual::map2(total, term, total.value + term.value, |_, _| (1.0, 1.0))?,
                        Fold::Product => Dual::map2(total, term, total.value * term.value, |a, b| (b, a))?,
                    };
                }
                Ok(total)
            }
            Expr::Call { function, arguments } => {
                let mut values = Vec::new();
                for &argument in arguments {
                    match ast.expr(argument) {
                        Expr::Name(name) if self.vectors.contains_key(name.as_str()) => {
                            values.push(self.vectors[name.as_str()].clone());
                        }
                        Expr::List(elements) => {
                            values.push(elements.iter().map(|&element| self.expr(element)).collect::<Result<Vec<Dual>>>()?);
                        }
                        _ => values.push(vec![self.expr(argument)?]),
                    }
                }
                self.call(*function, &values)
            }
        }
    }

    fn name(&self, name: &str) -> Dual {
        if let Some((_, value)) = self.scopes.iter().rev().find(|(known, _)| *known == name) {
            return Dual::constant(*value as f64);
        }
        if let Some(value) = self.scalars.get(name) {
            return *value;
        }
        match name {
            "pi" => Dual::constant(std::f64::consts::PI),
            "e" => Dual::constant(std::f64::consts::E),
            "x" => Dual::variable(self.position[0], 0),
            "y" => Dual::variable(self.position[1], 1),
            "z" => Dual::variable(self.position[2], 2),
            _ => panic!("the tests have no name {name}"),
        }
    }

    /// Notes which side of `edge` a value is on; unfit if rounding could decide.
    fn side(&mut self, value: Dual, edge: f64) -> Result<bool> {
        if (value.value - edge).abs() <= MARGIN * f64::EPSILON * value.scale {
            return Err(Unfit::Kink);
        }
        self.branches.push(i64::from(value.value > edge));
        Ok(value.value > edge)
    }

    fn truth(&mut self, value: Dual) -> Result<bool> {
        // Truth values are exactly 0 or 1; any other number must be clearly not 0.
        if value.slope == [0.0; 3] && (value.value == 0.0 || value.value == 1.0) {
            return Ok(value.value == 1.0);
        }
        self.side(value, 0.0).map(|_| true)
    }

    fn difference(a: Dual, b: Dual) -> Result<Dual> {
        Dual::map2(a, b, a.value - b.value, |_, _| (1.0, -1.0))
    }

    fn compare(&mut self, comparison: Comparison, a: Dual, b: Dual) -> Result<bool> {
        let above = Forward::difference(a, b).map_err(|_| Unfit::Kink).and_then(|difference| self.side(difference, 0.0))?;
        Ok(match comparison {
            Comparison::Less | Comparison::LessEqual => !above,
            Comparison::Greater | Comparison::GreaterEqual => above,
            Comparison::Equal => false,
            Comparison::NotEqual => true,
        })
    }

    fn larger(&mut self, a: Dual, b: Dual) -> Result<Dual> {
        Ok(if self.compare(Comparison::Greater, a, b)? { a } else { b })
    }

    fn smaller(&mut self, a: Dual, b: Dual) -> Result<Dual> {
        Ok(if self.compare(Comparison::Less, a, b)? { a } else { b })
    }

    /// A function that jumps where its value changes; unfit near a jump.
    fn step(&mut self, a: Dual, f: fn(f64) -> f64) -> Result<Dual> {
        let error = MARGIN * f64::EPSILON * a.scale;
        let value = f(a.value);
        if f(a.value - error) != value || f(a.value + error) != value {
            return Err(Unfit::Kink);
        }
        self.branches.push(value as i64);
        Ok(Dual::flat(value))
    }

    fn power(&mut self, a: Dual, b: Dual) -> Result<Dual> {
        let constant = b.slope_scale == [0.0; 3];
        let n = b.value;
        if constant && n == n.trunc() {
            return a.map(a.value.powf(n), |a| if n == 0.0 { 0.0 } else { n * a.powf(n - 1.0) });
        }
        let value = a.value.powf(n);
        if constant {
            return a.map(value, |a| n * a.powf(n - 1.0));
        }
        Dual::map2(a, b, value, |a, b| (b * a.powf(b - 1.0), a.powf(b) * a.ln()))
    }

    fn call(&mut self, function: Function, arguments: &[Vec<Dual>]) -> Result<Dual> {
        use std::f64::consts::{LN_2, LN_10, PI};
        let flat: Vec<Dual> = arguments.iter().flatten().copied().collect();
        let a = flat[0];
        let bell = |x: f64| 2.0 / PI.sqrt() * (-x * x).exp();
        let unary = |op: Unary, derivative: &dyn Fn(f64) -> f64| a.map(op.eval(a.value), derivative);
        let add = |a: Dual, b: Dual| Dual::map2(a, b, a.value + b.value, |_, _| (1.0, 1.0));
        let times = |a: Dual, b: Dual| Dual::map2(a, b, a.value * b.value, |a, b| (b, a));
        let over = |a: Dual, b: Dual| Dual::map2(a, b, a.value / b.value, |a, b| (1.0 / b, -a / b / b));
        match function {
            Function::Exp => unary(Unary::Exp, &|x| x.exp()),
            Function::Expm1 => unary(Unary::Expm1, &|x| x.exp()),
            Function::Log => {
                let top = unary(Unary::Log, &|x| 1.0 / x)?;
                match flat.get(1) {
                    None => Ok(top),
                    Some(base) => over(top, base.map(base.value.ln(), |x| 1.0 / x)?),
                }
            }
            Function::Log1p => unary(Unary::Log1p, &|x| 1.0 / (1.0 + x)),
            Function::Log1mExp => unary(Unary::Log1mExp, &|x| x.exp() / x.exp_m1()),
            Function::Log2 => a.map(a.value.log2(), |x| 1.0 / (x * LN_2)),
            Function::Log10 => a.map(a.value.log10(), |x| 1.0 / (x * LN_10)),
            Function::Sqrt => unary(Unary::Sqrt, &|x| 0.5 / x.sqrt()),
            Function::Cbrt => unary(Unary::Cbrt, &|x| 1.0 / (3.0 * x.cbrt() * x.cbrt())),
            Function::Abs => {
                let sign = if self.side(a, 0.0)? { 1.0 } else { -1.0 };
                a.map(a.value.abs(), |_| sign)
            }
            Function::Sign => self.step(a, |x| Unary::Sign.eval(x)),
            Function::Floor => self.step(a, f64::floor),
            Function::Ceil => self.step(a, f64::ceil),
            Function::Round => self.step(a, f64::round),
            Function::Min => flat[1..].iter().try_fold(a, |least, &b| self.smaller(least, b)),
            Function::Max => flat[1..].iter().try_fold(a, |most, &b| self.larger(most, b)),
            Function::Clamp => {
                let raised = self.larger(a, flat[1])?;
                self.smaller(raised, flat[2])
            }
            Function::Mod => {
                let ratio = over(a, flat[1])?;
                let whole = self.step(ratio, f64::floor)?.value;
                Dual::map2(a, flat[1], a.value - flat[1].value * whole, |_, _| (1.0, -whole))
            }
            // Where rounding moves the argument by a good part of the period, no digit is left to compare.
            Function::Sin | Function::Cos | Function::Tan if f64::EPSILON * a.scale > 1e-6 => Err(Unfit::Range),
            Function::Sin => unary(Unary::Sin, &f64::cos),
            Function::Cos => unary(Unary::Cos, &|x| -x.sin()),
            Function::Tan => unary(Unary::Tan, &|x| 1.0 / (x.cos() * x.cos())),
            Function::Asin => unary(Unary::Asin, &|x| 1.0 / (1.0 - x * x).sqrt()),
            Function::Acos => unary(Unary::Acos, &|x| -1.0 / (1.0 - x * x).sqrt()),
            Function::Atan => unary(Unary::Atan, &|x| 1.0 / (1.0 + x * x)),
            Function::Atan2 => Dual::map2(a, flat[1], a.value.atan2(flat[1].value), |y, x| (x / (x * x + y * y), -y / (x * x + y * y))),
            Function::Sinh => unary(Unary::Sinh, &f64::cosh),
            Function::Cosh => unary(Unary::Cosh, &f64::sinh),
            Function::Tanh => unary(Unary::Tanh, &|x| 1.0 / (x.cosh() * x.cosh())),
            Function::Asinh => unary(Unary::Asinh, &|x| 1.0 / x.hypot(1.0)),
            Function::Acosh => unary(Unary::Acosh, &|x| 1.0 / ((x - 1.0) * (x + 1.0)).sqrt()),
            Function::Atanh => unary(Unary::Atanh, &|x| 1.0 / ((1.0 - x) * (1.0 + x))),
            Function::Erf => unary(Unary::Erf, &bell),
            Function::Erfc => unary(Unary::Erfc, &|x| -bell(x)),
            // erfcx′ = 2x·erfcx − 2/√π, the two terms of one size in the tail.
            Function::Erfcx => unary(Unary::Erfcx, &|x| 2.0 * x * Unary::Erfcx.eval(x) - 2.0 / PI.sqrt()),
            Function::LogErfc => unary(Unary::LogErfc, &|x| -2.0 / PI.sqrt() / Unary::Erfcx.eval(x)),
            Function::NormalCdf => {
                let z = match flat[..] {
                    [x, mean, sd] => over(Forward::difference(x, mean)?, sd)?,
                    _ => a,
                };
                z.map(0.5 * Unary::Erfc.eval(-z.value / 2f64.sqrt()), |z| (-z * z / 2.0).exp() / (2.0 * PI).sqrt())
            }
            Function::Gamma => unary(Unary::Gamma, &|x| Unary::Gamma.eval(x) * Unary::Digamma.eval(x)),
            Function::Lgamma => unary(Unary::Lgamma, &|x| Unary::Digamma.eval(x)),
            Function::Digamma => unary(Unary::Digamma, &trigamma),
            Function::Polygamma => {
                let (order, x) = (a.value as u32, flat[1]);
                x.map(langevin::math::polygamma(order, x.value), |x| langevin::math::polygamma(order + 1, x))
            }
            Function::Beta | Function::Lbeta => {
                let b = flat[1];
                let lgamma = |a: Dual| a.map(Unary::Lgamma.eval(a.value), |x| Unary::Digamma.eval(x));
                let (top, under) = (add(lgamma(a)?, lgamma(b)?)?, lgamma(add(a, b)?)?);
                let log = Forward::difference(top, under)?;
                if function == Function::Lbeta { Ok(log) } else { log.map(log.value.exp(), f64::exp) }
            }
            Function::Sigmoid => unary(Unary::Sigmoid, &|x| 1.0 / (2.0 + x.exp() + (-x).exp())),
            Function::Logit => a.map((a.value / (1.0 - a.value)).ln(), |p| 1.0 / (p * (1.0 - p))).map(|dual| Dual {
                // Two logarithms are subtracted.
                scale: dual.scale + a.value.ln().abs() + (1.0 - a.value).ln().abs(),
                ..dual
            }),
            Function::Softplus => unary(Unary::Softplus, &|x| Unary::Sigmoid.eval(x)),
            Function::Logsumexp => log_sum_exp(&flat),
            Function::LogDiffExp => {
                let b = flat[1];
                let value = a.value + (-(b.value - a.value).exp()).ln_1p();
                Dual::map2(a, b, value, |a, b| (-1.0 / (b - a).exp_m1(), -1.0 / (a - b).exp_m1()))
            }
            Function::LogMix => {
                let (log_p, log_q) = (a.map(a.value.ln(), |p| 1.0 / p)?, a.map((-a.value).ln_1p(), |p| -1.0 / (1.0 - p))?);
                log_sum_exp(&[add(log_p, flat[1])?, add(log_q, flat[2])?])
            }
            Function::Lchoose => {
                let one = Dual::constant(1.0);
                let lgamma = |a: Dual| add(a, one)?.map(Unary::Lgamma.eval(a.value + 1.0), |x| Unary::Digamma.eval(x));
                let taken = add(lgamma(flat[1])?, lgamma(Forward::difference(a, flat[1])?)?)?;
                Forward::difference(lgamma(a)?, taken)
            }
            Function::Total => Ok(a),
            Function::Softmax | Function::LogSoftmax | Function::IsMissing | Function::Levels => panic!("the tests have numbers"),
            Function::Ode
            | Function::Transpose
            | Function::Diag
            | Function::Cholesky
            | Function::Solve
            | Function::Inverse
            | Function::LogDet
            | Function::GpExpQuadCov
            | Function::Rep
            | Function::Append
            | Function::Head
            | Function::Tail
            | Function::Cumsum
            | Function::Length => panic!("the tests have numbers"),
            Function::Hypot => hypot(&[a, flat[1]]),
            Function::Norm => hypot(&flat),
            Function::Sum => flat[1..].iter().try_fold(a, |total, &b| add(total, b)),
            Function::Product => flat[1..].iter().try_fold(a, |product, &b| times(product, b)),
            Function::Mean => {
                let total = flat[1..].iter().try_fold(a, |total, &b| add(total, b))?;
                over(total, Dual::constant(flat.len() as f64))
            }
            Function::Sd => {
                let n = flat.len() as f64;
                let total = flat[1..].iter().try_fold(a, |total, &b| add(total, b))?;
                let mean = over(total, Dual::constant(n))?;
                let mut squares = Dual::constant(0.0);
                for &x in &flat {
                    let centred = Forward::difference(x, mean)?;
                    squares = add(squares, times(centred, centred)?)?;
                }
                let variance = over(squares, Dual::constant(n - 1.0))?;
                variance.map(variance.value.sqrt(), |x| 0.5 / x.sqrt())
            }
            Function::Dot => arguments[0]
                .iter()
                .zip(&arguments[1])
                .try_fold(Dual::constant(0.0), |total, (a, b)| add(total, Dual::map2(*a, *b, a.value * b.value, |a, b| (b, a))?)),
        }
    }
}

/// log Σexp(a), its slopes the softmax-weighted mean of a′; weights too small for a double are zero.
fn log_sum_exp(operands: &[Dual]) -> Result<Dual> {
    let largest = operands.iter().map(|a| a.value).fold(f64::NEG_INFINITY, f64::max);
    let value = largest + operands.iter().map(|a| (a.value - largest).exp()).sum::<f64>().ln();
    let weight = |a: &Dual| (a.value - value).exp();
    let error = value.abs() + operands.iter().map(|a| weight(a) * a.scale).sum::<f64>();
    let mut result = Dual { value, scale: error, slope: [0.0; 3], slope_scale: [0.0; 3] };
    for a in operands {
        for i in 0..3 {
            result.slope[i] += weight(a) * a.slope[i];
            // A weight errs by what its exponent errs by.
            let relative = 1.0 + a.scale + error;
            result.slope_scale[i] += weight(a) * (a.slope[i].abs() * relative + a.slope_scale[i]);
        }
    }
    result.checked()
}

/// √Σa², its slopes Σ a·a′/√Σa².
fn hypot(operands: &[Dual]) -> Result<Dual> {
    let mut total = Dual::constant(0.0);
    for a in operands {
        let square = a.map(a.value * a.value, |a| 2.0 * a)?;
        total = Dual::map2(total, square, total.value + square.value, |_, _| (1.0, 1.0))?;
    }
    // At the origin the norm has a kink.
    if total.value <= 1e-30 * total.scale { Err(Unfit::Kink) } else { total.map(total.value.sqrt(), |x| 0.5 / x.sqrt()) }
}

/// ψ′ for positive arguments: its recurrence up to 20, then the asymptotic series (Abramowitz & Stegun 6.4.12).
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 20.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let (r, s) = (1.0 / x, 1.0 / (x * x));
    sum + r + s / 2.0 + r * s * (1.0 / 6.0 + s * (-1.0 / 30.0 + s * (1.0 / 42.0 + s * (-1.0 / 30.0 + s * 5.0 / 66.0))))
}
