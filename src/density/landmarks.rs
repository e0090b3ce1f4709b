//! What a formula itself says about where something happens: centres, kinks, jumps, poles, frequencies.

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// An end of the range of the only variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The lower end.
    Low,
    /// The upper end.
    High,
}

/// Points worth looking at, for each variable.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Landmarks {
    /// `[variable]`: where a sub-expression that is linear or quadratic in this variable alone vanishes or turns, ascending.
    pub points: Vec<Vec<f64>>,
    /// The largest angular frequency of a sine or cosine of a linear argument.
    pub frequency: f64,
}

/// So many points for each variable at most: each costs a graded set of panels.
const POINT_LIMIT: usize = 1_000;

/// Jumps of a step function on either side of 0: e⁻⁶⁴ is nothing beside 1.
const STEPS: i32 = 64;

/// A polynomial a + b·v + c·v² in one variable v, or in its logarithm or exponential.
#[derive(Clone, Copy)]
struct Form {
    argument: Option<Argument>,
    constant: f64,
    linear: f64,
    quadratic: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Argument {
    Plain(u32),
    Log(u32),
    Exp(u32),
}

/// The landmarks of `roots`, in the variables `0..dimension`; along the line through `fixed.1` in variable `fixed.0` if one is given.
pub(super) fn landmarks(graph: &Graph, roots: &[NodeId], dimension: usize, fixed: Option<(usize, &[f64])>) -> Landmarks {
    let mut found = Landmarks { points: vec![Vec::new(); dimension], frequency: 0.0 };
    let mut forms: Vec<Option<Form>> = vec![None; graph.len()];
    for id in graph.order(roots) {
        let form = form(graph, id, &forms, fixed);
        forms[id.index()] = form;
        if let Some(form) = form {
            form.mark(&mut found);
        }
        match graph.node(id) {
            Node::Unary(Unary::Sin | Unary::Cos | Unary::Tan, x) => {
                if let Some(Form { linear, quadratic: 0.0, argument: Some(Argument::Plain(_)), .. }) = forms[x.index()] {
                    found.frequency = found.frequency.max(linear.abs());
                }
            }
            Node::Unary(op @ (Unary::Floor | Unary::Ceil | Unary::Round), x) => {
                forms[x.index()].iter().for_each(|form| form.mark_steps(1.0, if op == Unary::Round { 0.5 } else { 0.0 }, &mut found));
            }
            Node::Binary(Binary::Mod, x, period) => {
                if let (Some(form), Some(period)) = (forms[x.index()], graph.number(period)) {
                    form.mark_steps(period, 0.0, &mut found);
                }
            }
            Node::Binary(op, a, b) if is_choice(op) => {
                for (size, limit) in [(a, b), (b, a)] {
                    if let (Node::Unary(Unary::Abs, x), Some(limit)) = (graph.node(size), graph.number(limit))
                        && let Some(form) = forms[x.index()]
                    {
                        [-limit, limit].into_iter().for_each(|limit| Form { constant: form.constant - limit, ..form }.mark(&mut found));
                    }
                }
                if let (Some(a), Some(b)) = (forms[a.index()], forms[b.index()])
                    && let Some(difference) = a.plus(b, -1.0)
                {
                    difference.mark(&mut found);
                }
            }
            _ => {}
        }
    }
    for points in &mut found.points {
        points.retain(|point| point.is_finite());
        // −0 and 0 are one place.
        points.iter_mut().for_each(|point| *point += 0.0);
        points.sort_by(f64::total_cmp);
        points.dedup();
        points.truncate(POINT_LIMIT);
    }
    found
}

fn is_choice(op: Binary) -> bool {
    matches!(op, Binary::Min | Binary::Max | Binary::Less | Binary::LessEqual | Binary::Equal | Binary::NotEqual)
}

impl Form {
    fn number(constant: f64) -> Form {
        Form { argument: None, constant, linear: 0.0, quadratic: 0.0 }
    }

    fn of(argument: Argument) -> Form {
        Form { argument: Some(argument), constant: 0.0, linear: 1.0, quadratic: 0.0 }
    }

    fn scaled(self, factor: f64) -> Form {
        Form { constant: self.constant * factor, linear: self.linear * factor, quadratic: self.quadratic * factor, ..self }
    }

    fn plus(self, other: Form, sign: f64) -> Option<Form> {
        let argument = match (self.argument, other.argument) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b),
        };
        Some(Form {
            argument,
            constant: self.constant + sign * other.constant,
            linear: self.linear + sign * other.linear,
            quadratic: self.quadratic + sign * other.quadratic,
        })
    }

    fn times(self, other: Form) -> Option<Form> {
        match (self.argument, other.argument) {
            (None, _) => Some(other.scaled(self.constant)),
            (_, None) => Some(self.scaled(other.constant)),
            (Some(a), Some(b)) if a == b && self.quadratic == 0.0 && other.quadratic == 0.0 => Some(Form {
                argument: self.argument,
                constant: self.constant * other.constant,
                linear: self.constant * other.linear + self.linear * other.constant,
                quadratic: self.linear * other.linear,
            }),
            _ => None,
        }
    }

    /// The jumps of a step function of a linear form: where the form is `first` + k·`period`, for the k about 0.
    fn mark_steps(self, period: f64, first: f64, found: &mut Landmarks) {
        if self.linear != 0.0 && self.quadratic == 0.0 {
            (-STEPS..=STEPS).for_each(|k| Form { constant: self.constant - first - f64::from(k) * period, ..self }.mark(found));
        }
    }

    /// Roots and turning point, put back from the argument to the variable.
    fn mark(self, found: &mut Landmarks) {
        let Some(argument) = self.argument else { return };
        let Form { constant, linear, quadratic, .. } = self;
        let mut points = Vec::new();
        if quadratic == 0.0 {
            points.push(-constant / linear);
        } else {
            let turn = -linear / (2.0 * quadratic);
            points.push(turn);
            let discriminant = linear * linear - 4.0 * quadratic * constant;
            if discriminant > 0.0 {
                // The root of larger size first, the other by Vieta: no cancellation.
                let q = -0.5 * (linear + discriminant.sqrt().copysign(if linear == 0.0 { 1.0 } else { linear }));
                points.extend([q / quadratic, constant / q]);
            }
        }
        let (variable, points): (u32, Vec<f64>) = match argument {
            Argument::Plain(variable) => (variable, points),
            Argument::Log(variable) => (variable, points.into_iter().map(crate::math::exp).collect()),
            Argument::Exp(variable) => (variable, points.into_iter().map(crate::math::log).collect()),
        };
        if let Some(list) = found.points.get_mut(variable as usize) {
            list.extend(points);
        }
    }
}

fn form(graph: &Graph, id: NodeId, forms: &[Option<Form>], fixed: Option<(usize, &[f64])>) -> Option<Form> {
    let of = |id: NodeId| forms[id.index()];
    match graph.node(id) {
        Node::Constant(bits) => Some(Form::number(f64::from_bits(bits))),
        Node::Variable(variable) => Some(match fixed {
            Some((along, position)) if variable as usize != along => Form::number(position[variable as usize]),
            _ => Form::of(Argument::Plain(variable)),
        }),
        Node::Unary(Unary::Negate, x) => Some(of(x)?.scaled(-1.0)),
        Node::Unary(op @ (Unary::Log | Unary::Exp), x) => match of(x)? {
            // Only of the bare variable, up to a scale: log(s·x) = log s + log x.
            Form { argument: Some(Argument::Plain(variable)), constant: 0.0, linear, quadratic: 0.0 } if linear > 0.0 => Some(match op {
                Unary::Log => Form { constant: crate::math::log(linear), ..Form::of(Argument::Log(variable)) },
                _ if linear == 1.0 => Form::of(Argument::Exp(variable)),
                _ => return None,
            }),
            _ => None,
        },
        Node::Binary(Binary::Add, a, b) => of(a)?.plus(of(b)?, 1.0),
        Node::Binary(Binary::Subtract, a, b) => of(a)?.plus(of(b)?, -1.0),
        Node::Binary(Binary::Multiply, a, b) => of(a)?.times(of(b)?),
        Node::Binary(Binary::Divide, a, b) => Some(of(a)?.scaled(1.0 / graph.number(b)?)),
        Node::Power(a, 2) => of(a)?.times(of(a)?),
        _ => None,
    }
}
