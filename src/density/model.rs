//! What users build: a formula, what it means, where its variables may be.

use std::sync::OnceLock;

use super::landmarks::landmarks;
use super::logarithm::logarithm;
use super::{Bound, Boundary, Declaration, End, Evaluate, Landmarks, LogDensity};
use crate::error::{Error, ErrorKind, Result};
use crate::gradient::{gradient, hessian};
use crate::graph::{Graph, Node, NodeId, Range, Unary, VariableName, lower, ranges, substitute};
use crate::math::{Block, Lanes, Level};
use crate::syntax::{Formula, suggest};
use crate::tape::{Evaluator, Rounding, Tape};

/// What the number that a formula computes is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A density p, up to its normaliser.
    Density,
    /// log p, up to a constant.
    LogDensity,
    /// −log p, up to a constant.
    Energy,
}

impl Meaning {
    /// Its name: that of the flag.
    pub fn name(self) -> &'static str {
        match self {
            Meaning::Density => "density",
            Meaning::LogDensity => "log-density",
            Meaning::Energy => "energy",
        }
    }
}

/// A density ready to sample and integrate.
///
/// ```
/// use langevin::density::{Declaration, LogDensity, Meaning, Model};
/// let model = Model::new("exp(-x^2/2)", Meaning::Density, &["-8,8".parse()?])?;
/// assert_eq!(model.bounds()[0].high, 8.0);
/// # Ok::<(), langevin::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Model {
    formula: Formula,
    meaning: Meaning,
    bounds: Vec<Bound>,
    graph: Graph,
    typed: NodeId,
    log_density: NodeId,
    gradient: Vec<NodeId>,
    landmarks: Landmarks,
    tapes: Tapes,
}

/// What evaluates the log density and its gradient, and how.
#[derive(Debug, Clone)]
struct Tapes {
    value: Tape,
    gradient: Tape,
    /// Value, then gradient, in one tape; compiled when first asked for.
    joint: OnceLock<Tape>,
    level: Level,
    rounding: Rounding,
}

impl Model {
    /// Parses and compiles `formula`. Without declarations every variable ranges over (−∞, ∞). One declaration without a name is for
    /// the only variable. As soon as a declaration has a name, every variable must be declared: a name typed wrong is then caught.
    ///
    /// # Errors
    /// Those of the language, of the ranges, and `zero_density`, `domain` or `overflow` for a constant that is no density.
    pub fn new(formula: &str, meaning: Meaning, declarations: &[Declaration]) -> Result<Model> {
        Model::from_formula(formula.parse()?, meaning, declarations)
    }

    /// [`Model::new`] for a formula that is parsed already.
    ///
    /// # Errors
    /// As [`Model::new`].
    pub fn from_formula(formula: Formula, meaning: Meaning, declarations: &[Declaration]) -> Result<Model> {
        let bounds = declare(&formula, declarations)?;
        let variables: Vec<VariableName> = bounds.iter().map(|(variable, _)| variable.clone()).collect();
        let bounds: Vec<Bound> = bounds.into_iter().map(|(_, bound)| bound).collect();
        let lowered = lower(&formula, &variables)?;
        let (mut graph, typed) = (lowered.graph, lowered.root);
        let ends: Vec<Range> = bounds.iter().map(|bound| Range::new(bound.low, bound.high)).collect();
        let log_density = match meaning {
            Meaning::Density => logarithm(&mut graph, typed, &ends),
            Meaning::LogDensity => typed,
            Meaning::Energy => graph.negate(typed),
        };
        graph.check_size()?;
        if let (Meaning::Density, Some(value)) = (meaning, graph.number(typed).filter(|value| *value < 0.0)) {
            return Err(Error::new(ErrorKind::NegativeDensity, format!("the density is {value} everywhere")));
        }
        refuse_constant(&graph, log_density)?;
        let positions: Vec<NodeId> = (0..bounds.len() as u32).map(|variable| graph.variable(variable)).collect();
        let gradient = gradient(&mut graph, log_density, &positions)?;
        let landmarks = landmarks(&graph, &[typed, log_density], bounds.len());
        let (level, rounding) = (Level::detect(), Rounding::default());
        let value_tape = Tape::compile(&graph, &[log_density], bounds.len(), rounding);
        let gradient_tape = Tape::compile(&graph, &gradient, bounds.len(), rounding);
        let tapes = Tapes { value: value_tape, gradient: gradient_tape, joint: OnceLock::new(), level, rounding };
        Ok(Model { formula, meaning, bounds, graph, typed, log_density, gradient, landmarks, tapes })
    }

    /// The same model evaluated at a SIMD level; results are the same bits at each.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Model {
        self.tapes.level = level;
        self
    }

    /// The same model with its tapes rounded otherwise.
    #[must_use]
    pub fn with_rounding(mut self, rounding: Rounding) -> Model {
        let compile = |outputs: &[NodeId]| Tape::compile(&self.graph, outputs, self.bounds.len(), rounding);
        self.tapes = Tapes {
            value: compile(&[self.log_density]),
            gradient: compile(&self.gradient),
            joint: OnceLock::new(),
            level: self.tapes.level,
            rounding,
        };
        self
    }

    /// The same model with another boundary for the variable `name`, or for all of them.
    ///
    /// # Errors
    /// Kind `unknown_name`; `setting` if the range cannot have this boundary.
    pub fn with_boundary(mut self, name: Option<&str>, boundary: Boundary) -> Result<Model> {
        let mut found = false;
        for bound in &mut self.bounds {
            if name.is_none_or(|name| bound.name == name || bound.name.split('[').next() == Some(name)) {
                bound.boundary = boundary;
                bound.check()?;
                found = true;
            }
        }
        match name {
            Some(name) if !found => Err(Error::new(ErrorKind::UnknownName, format!("no variable is called `{name}`"))),
            _ => Ok(self),
        }
    }

    /// The formula as parsed.
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// What the formula's value means.
    pub fn meaning(&self) -> Meaning {
        self.meaning
    }

    /// The graph that holds all of the model's expressions; variable number i is `bounds()[i]`.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The formula's value as typed.
    pub fn typed(&self) -> NodeId {
        self.typed
    }

    /// log p as an expression.
    pub fn log_density_node(&self) -> NodeId {
        self.log_density
    }

    /// ∂ log p/∂xᵢ as expressions.
    pub fn gradient_nodes(&self) -> &[NodeId] {
        &self.gradient
    }

    /// The tape of log p.
    pub fn value_tape(&self) -> &Tape {
        &self.tapes.value
    }

    /// The tape of the gradient alone; root logarithms are not in it.
    pub fn gradient_tape(&self) -> &Tape {
        &self.tapes.gradient
    }

    /// The tape of log p and, in the rows after it, the gradient; work that both need is done once.
    pub fn joint_tape(&self) -> &Tape {
        self.tapes.joint.get_or_init(|| {
            let outputs: Vec<NodeId> = std::iter::once(self.log_density).chain(self.gradient.iter().copied()).collect();
            Tape::compile(&self.graph, &outputs, self.bounds.len(), self.tapes.rounding)
        })
    }

    /// The names of the variables, in order.
    pub fn names(&self) -> Vec<String> {
        self.bounds.iter().map(|bound| bound.name.clone()).collect()
    }

    /// The range that interval evaluation finds for the formula as typed: a non-negative lower end proves the density's sign.
    pub fn typed_range(&self) -> Range {
        let ends: Vec<Range> = self.bounds.iter().map(|bound| Range::new(bound.low, bound.high)).collect();
        ranges(&self.graph, self.typed, &ends)[self.typed.index()]
    }

    /// The functions in the formula that jump: their gradient is zero almost everywhere and misses the jumps.
    pub fn jumps(&self) -> Vec<&'static str> {
        let mut found = Vec::new();
        for id in self.graph.order(&[self.log_density]) {
            if let Node::Unary(op @ (Unary::Floor | Unary::Ceil | Unary::Round | Unary::Sign), _) = self.graph.node(id)
                && !found.contains(&op.name())
            {
                found.push(op.name());
            }
        }
        found
    }

    /// A tape for the formula as typed.
    pub fn typed_tape(&self) -> Tape {
        Tape::compile(&self.graph, &[self.typed], self.bounds.len(), self.tapes.rounding)
    }

    /// A copy of the graph extended by the gradient of `root`, one of its nodes, and that gradient.
    ///
    /// # Errors
    /// Kind `too_long`.
    pub fn gradient_of(&self, root: NodeId) -> Result<(Graph, Vec<NodeId>)> {
        let mut graph = self.graph.clone();
        let positions = positions(&mut graph, self.bounds.len());
        let derivatives = gradient(&mut graph, root, &positions)?;
        Ok((graph, derivatives))
    }

    /// `graph`, a copy of the model's, extended by the Hessian of `root`, and its rows.
    ///
    /// # Errors
    /// Kind `too_long`.
    pub fn hessian_in(&self, mut graph: Graph, root: NodeId) -> Result<(Graph, Vec<Vec<NodeId>>)> {
        let positions = positions(&mut graph, self.bounds.len());
        let rows = hessian(&mut graph, root, &positions)?;
        Ok((graph, rows))
    }

    /// The tape of log p in log-distance from an end of the only variable.
    fn end_tape(&self, end: End) -> Tape {
        let mut graph = self.graph.clone();
        let x = graph.variable(0);
        let bound = &self.bounds[0];
        let (at, outward) = match end {
            End::Low => (bound.low, -1.0),
            End::High => (bound.high, 1.0),
        };
        // Variable 0 now plays t: x = at ∓ e⁻ᵗ at a finite end, ±eᵗ at an infinite one.
        let position = if at.is_finite() {
            let exponent = graph.negate(x);
            let distance = graph.unary(Unary::Exp, exponent);
            let at = graph.constant(at);
            if outward < 0.0 { graph.add(at, distance) } else { graph.subtract(at, distance) }
        } else {
            let size = graph.unary(Unary::Exp, x);
            if outward < 0.0 { graph.negate(size) } else { size }
        };
        let root = substitute(&mut graph, self.log_density, x, position);
        Tape::compile(&graph, &[root], 1, self.tapes.rounding)
    }
}

impl LogDensity for Model {
    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        let evaluator = |tape| Evaluator::with_level(tape, self.tapes.level);
        Box::new(ModelEvaluator {
            model: self,
            value: evaluator(&self.tapes.value),
            gradient: evaluator(&self.tapes.gradient),
            joint: None,
        })
    }

    fn landmarks(&self) -> Landmarks {
        self.landmarks.clone()
    }

    fn level(&self) -> Level {
        self.tapes.level
    }

    fn near_end(&self, end: End) -> Option<Box<dyn Evaluate + '_>> {
        if self.bounds.len() != 1 {
            return None;
        }
        let tape = self.end_tape(end);
        let evaluator = Evaluator::with_level(&tape, self.tapes.level);
        Some(Box::new(EndEvaluator { tape, evaluator }))
    }
}

struct ModelEvaluator<'a> {
    model: &'a Model,
    value: Evaluator,
    gradient: Evaluator,
    /// Scratch space of the joint tape and the rows it writes, once asked for.
    joint: Option<(Evaluator, Vec<Lanes>)>,
}

impl Evaluate for ModelEvaluator<'_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.value.run(&self.model.tapes.value, positions, std::slice::from_mut(log_density));
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.gradient.run(&self.model.tapes.gradient, positions, gradient);
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        let tape = self.model.joint_tape();
        let (evaluator, rows) = self.joint.get_or_insert_with(|| {
            (Evaluator::with_level(tape, self.model.tapes.level), vec![Lanes::default(); self.model.bounds.len() + 1])
        });
        evaluator.run(tape, positions, rows);
        *log_density = rows[0];
        gradient.copy_from_slice(&rows[1..]);
    }
}

struct EndEvaluator {
    tape: Tape,
    evaluator: Evaluator,
}

impl Evaluate for EndEvaluator {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.evaluator.run(&self.tape, positions, std::slice::from_mut(log_density));
    }

    fn gradient(&mut self, _positions: &Block, gradient: &mut Block) {
        // Only values are asked for near an end.
        gradient.fill(Lanes::splat(f64::NAN));
    }
}

fn positions(graph: &mut Graph, dimension: usize) -> Vec<NodeId> {
    (0..dimension as u32).map(|variable| graph.variable(variable)).collect()
}

/// A log density that is one number: flat (fine), or no density at all.
fn refuse_constant(graph: &Graph, log_density: NodeId) -> Result<()> {
    let refuse = |kind, message: &str| Err(Error::new(kind, message));
    match graph.number(log_density) {
        Some(value) if value.is_nan() => {
            refuse(ErrorKind::Domain, "the formula is undefined everywhere (0/0, or a logarithm of a negative number)")
        }
        Some(f64::NEG_INFINITY) => refuse(ErrorKind::ZeroDensity, "the density is zero everywhere"),
        Some(f64::INFINITY) => refuse(ErrorKind::Overflow, "the density is infinite everywhere"),
        _ => Ok(()),
    }
}

/// The variables in their final order, each with its range.
fn declare(formula: &Formula, declarations: &[Declaration]) -> Result<Vec<(VariableName, Bound)>> {
    let (named, unnamed): (Vec<&Declaration>, Vec<&Declaration>) = declarations.iter().partition(|declaration| declaration.name.is_some());
    // A first lowering finds the elements of vectors; the second, in the caller, numbers them in the final order.
    let lowered = lower(formula, &[])?;
    let mut variables = lowered.variables;
    if !unnamed.is_empty() {
        return declare_only(variables, &named, &unnamed);
    }
    if named.is_empty() {
        if variables.is_empty() {
            variables.push(VariableName { name: "x".into(), index: None });
        }
        let unbounded = |variable: &VariableName| Bound::new(variable.to_string(), f64::NEG_INFINITY, f64::INFINITY);
        return Ok(group_vectors(variables).into_iter().map(|variable| (variable.clone(), unbounded(&variable))).collect());
    }
    let mut declared: Vec<(VariableName, Bound)> = Vec::new();
    for declaration in &named {
        let name = declaration.name.as_deref().unwrap_or_default();
        let mut elements: Vec<VariableName> = variables
            .iter()
            .filter(|variable| variable.to_string() == name || (variable.index.is_some() && variable.name == name))
            .cloned()
            .collect();
        elements.sort();
        if elements.is_empty() {
            elements.push(parse_name(name));
        }
        for element in elements {
            if declared.iter().any(|(variable, _)| *variable == element) {
                return Err(Error::new(ErrorKind::Declaration, format!("`{element}` has two ranges")).hint("keep one --range for it"));
            }
            let bound = Bound::new(element.to_string(), declaration.low, declaration.high);
            bound.check()?;
            declared.push((element, bound));
        }
    }
    for (variable, span) in variables.iter().zip(&lowered.spans) {
        if !declared.iter().any(|(known, _)| known == variable) {
            let names: Vec<String> = declared.iter().map(|(known, _)| known.to_string()).collect();
            let unused = |name: &&str| !variables.iter().any(|variable| variable.to_string() == **name);
            let near = suggest(&variable.to_string(), names.iter().map(String::as_str).filter(unused));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("declare it: --range {variable}=-inf,inf"),
            };
            let error = Error::new(ErrorKind::UnknownName, format!("`{variable}` has no range, though other variables have")).hint(hint);
            return Err(match span {
                Some(span) => error.at(*span),
                None => error,
            });
        }
    }
    Ok(declared)
}

fn declare_only(variables: Vec<VariableName>, named: &[&Declaration], unnamed: &[&Declaration]) -> Result<Vec<(VariableName, Bound)>> {
    let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
    if unnamed.len() > 1 || !named.is_empty() || variables.len() > 1 {
        let example: Vec<String> = names.iter().take(2).map(|name| format!("--range {name}=0,1")).collect();
        return Err(Error::new(ErrorKind::BoundsMalformed, "a range without a name serves a formula of one variable")
            .hint(format!("name each range: {}", if example.is_empty() { "--range x=0,1".into() } else { example.join(" ") })));
    }
    let variable = variables.into_iter().next().unwrap_or(VariableName { name: "x".into(), index: None });
    let bound = Bound::new(variable.to_string(), unnamed[0].low, unnamed[0].high);
    bound.check()?;
    Ok(vec![(variable, bound)])
}

/// Elements of a vector stand together, ascending, where the vector first appears.
fn group_vectors(variables: Vec<VariableName>) -> Vec<VariableName> {
    let mut order: Vec<&str> = Vec::new();
    for variable in &variables {
        if !order.contains(&variable.name.as_str()) {
            order.push(&variable.name);
        }
    }
    let mut grouped = variables.clone();
    grouped.sort_by_key(|variable| (order.iter().position(|name| *name == variable.name), variable.index));
    grouped
}

fn parse_name(name: &str) -> VariableName {
    match name.split_once('[') {
        Some((stem, index)) => VariableName { name: stem.into(), index: index.trim_end_matches(']').parse().ok() },
        None => VariableName { name: name.into(), index: None },
    }
}
