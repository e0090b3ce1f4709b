//! What users build: a formula, what it means, where its variables may be.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::declare::{declare, label};
use super::jumps::{self, Jumps};
use super::landmarks::landmarks;
use super::logarithm::logarithm;
use super::{Bound, Boundary, Declaration, End, Evaluate, Landmarks, LogDensity};
use crate::data::Data;
use crate::enclosure::{Interval, ranges};
use crate::error::{Error, ErrorKind, Result, plain};
use crate::gradient::{gradient, hessian};
use crate::graph::{Binary, Graph, Node, NodeId, Origin, Unary, VariableName, extract, substitute};
use crate::math::{Block, LANES, Lanes, Level};
use crate::syntax::{Formula, Function, Meaning};
use crate::tape::{Evaluator, Program, ProgramEvaluator, Rounding, Tape};

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
    defined: Vec<(VariableName, NodeId)>,
    transformed: Vec<(VariableName, NodeId)>,
    /// For each variable whether the data depend on it; empty without data.
    reached: Vec<bool>,
    hidden_columns: Vec<String>,
    /// What was left out of the data.
    notes: Vec<String>,
    origins: Vec<Origin>,
    /// What is sampled in the place of which parameter, by name.
    pub(super) replaced: Vec<(String, String)>,
    landmarks: Landmarks,
    /// Found when first asked for.
    jumps: OnceLock<Jumps>,
    tapes: Tapes,
}

/// What evaluates the log density and its gradient, and how.
#[derive(Debug, Clone)]
struct Tapes {
    value: Program,
    gradient: Program,
    /// Value, then gradient, in one program; compiled when first asked for.
    joint: OnceLock<Program>,
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
        Model::with_data(formula, Some(meaning), declarations, &Data::default())
    }

    /// A model whose text may say itself what its value means and where its parameters may be, and may use the columns of `data`.
    ///
    /// ```
    /// use langevin::data::{Data, Table};
    /// use langevin::density::{LogDensity, Model};
    /// let table = Table::from_csv("schools.csv", "school,y,se\n1,28,15\n2,8,10\n".as_bytes())?;
    /// let text = "theta[2] in (-inf, inf); log_density = sum(-(y - theta[school])^2/(2*se^2))";
    /// let model = Model::with_data(text.parse()?, None, &[], &Data::new(vec![table]))?;
    /// assert_eq!(model.dimension(), 2);
    /// # Ok::<(), langevin::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Model::new`], and kinds `data`, `setting` if the meaning is said nowhere or in two ways.
    pub fn with_data(formula: Formula, meaning: Option<Meaning>, declarations: &[Declaration], data: &Data) -> Result<Model> {
        let meaning = one_meaning(&formula, meaning)?;
        let (lowered, bounds) = declare(&formula, declarations, data)?;
        let (mut graph, typed) = (lowered.graph, lowered.root);
        let ends: Vec<Interval> = bounds.iter().map(|bound| Interval::new(bound.low, bound.high)).collect();
        let log_density = match meaning {
            Meaning::Density => logarithm(&mut graph, typed, &ends),
            Meaning::LogDensity => typed,
            Meaning::Energy => graph.negate(typed),
        };
        let log_density = graph.add(log_density, lowered.log_jacobian);
        graph.check_size()?;
        if let (Meaning::Density, Some(value)) = (meaning, graph.number(typed).filter(|value| *value < 0.0)) {
            return Err(Error::new(ErrorKind::NegativeDensity, format!("the density is {} everywhere", plain(value))));
        }
        refuse_constant(&graph, log_density)?;
        let positions: Vec<NodeId> = (0..bounds.len() as u32).map(|variable| graph.variable(variable)).collect();
        let gradient = gradient(&mut graph, log_density, &positions)?;
        let landmarks = landmarks(&graph, &[typed, log_density], bounds.len(), None);
        let (level, rounding) = (Level::detect(), Rounding::default());
        let compile = |outputs: &[NodeId]| Program::compile(&graph, outputs, bounds.len(), rounding);
        let tapes = Tapes { value: compile(&[log_density]), gradient: compile(&gradient), joint: OnceLock::new(), level, rounding };
        let named = |(variable, node): (VariableName, NodeId)| match label(&variable, &lowered.labels) {
            Some(name) => (VariableName::scalar(name), node),
            None => (variable, node),
        };
        let [defined, transformed] = [lowered.defined, lowered.transformed].map(|list| list.into_iter().map(named).collect());
        let reached = lowered.reached;
        let is_constant = |name: &String| crate::syntax::CONSTANTS.iter().any(|(constant, _)| constant == name);
        let hidden_columns = data.names().into_iter().filter(is_constant).collect();
        Ok(Model {
            formula,
            meaning,
            bounds,
            graph,
            typed,
            log_density,
            gradient,
            defined,
            transformed,
            reached,
            hidden_columns,
            notes: data.notes().to_vec(),
            origins: lowered.origins,
            replaced: Vec::new(),
            landmarks,
            jumps: OnceLock::new(),
            tapes,
        })
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
        let compile = |outputs: &[NodeId]| Program::compile(&self.graph, outputs, self.bounds.len(), rounding);
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

    /// Which nodes the expressions of the formula became, operands first.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
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

    /// What computes log p.
    pub fn value_program(&self) -> &Program {
        &self.tapes.value
    }

    /// What computes the gradient alone; root logarithms are not in it.
    pub fn gradient_program(&self) -> &Program {
        &self.tapes.gradient
    }

    /// log p and, in the rows after it, the gradient; work that both need is done once.
    fn joint(&self) -> &Program {
        self.tapes.joint.get_or_init(|| {
            let outputs: Vec<NodeId> = std::iter::once(self.log_density).chain(self.gradient.iter().copied()).collect();
            Program::compile(&self.graph, &outputs, self.bounds.len(), self.tapes.rounding)
        })
    }

    /// Definitions as expressions of the variables, elements one by one; those that vary with the rows of data are not among them.
    pub fn defined(&self) -> &[(VariableName, NodeId)] {
        &self.defined
    }

    /// What computes some of the model's expressions.
    pub fn program_of(&self, nodes: &[NodeId]) -> Program {
        self.program_in(&self.graph, nodes)
    }

    /// What computes nodes of `graph`, which grew from the model's.
    pub(crate) fn program_in(&self, graph: &Graph, nodes: &[NodeId]) -> Program {
        Program::compile(graph, nodes, self.bounds.len(), self.tapes.rounding)
    }

    /// Parameters on sets with a name (simplex, ordered, …) as expressions of the variables.
    pub fn transformed(&self) -> &[(VariableName, NodeId)] {
        &self.transformed
    }

    /// The names of the variables, in order.
    pub fn names(&self) -> Vec<String> {
        self.bounds.iter().map(|bound| bound.name.clone()).collect()
    }

    /// The range that interval evaluation finds for the formula as typed: a non-negative lower end proves the density's sign.
    pub fn typed_range(&self) -> Interval {
        let ends: Vec<Interval> = self.bounds.iter().map(|bound| Interval::new(bound.low, bound.high)).collect();
        ranges(&self.graph, self.typed, &ends)[self.typed.index()]
    }

    /// What was left out of the data, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Which variables are below a sum over rows, or share a summand of the log density with one that is, or with one that shares one.
    fn reached_by_way_of_others(&self) -> Vec<bool> {
        if self.reached.iter().all(|reached| *reached) {
            return self.reached.clone();
        }
        // Each variable points to another of its kind, and the first of a kind to itself.
        let mut kind: Vec<usize> = (0..self.bounds.len()).collect();
        let first = |kind: &[usize], mut variable: usize| {
            while kind[variable] != variable {
                variable = kind[variable];
            }
            variable
        };
        let (mut seen, mut stack) = (HashSet::new(), vec![self.log_density]);
        while let Some(id) = stack.pop() {
            match self.graph.node(id) {
                Node::Binary(Binary::Add | Binary::Subtract, left, right) => {
                    stack.extend([left, right].into_iter().filter(|id| seen.insert(*id)))
                }
                _ => {
                    let order = self.graph.order(&[id]).into_iter();
                    let mut variables =
                        order.filter_map(|id| if let Node::Variable(v) = self.graph.node(id) { Some(v as usize) } else { None });
                    let Some(one) = variables.next() else { continue };
                    for other in variables {
                        let (one, other) = (first(&kind, one), first(&kind, other));
                        kind[other.max(one)] = other.min(one);
                    }
                }
            }
        }
        let mut is_reached = vec![false; kind.len()];
        (0..kind.len()).filter(|&v| self.reached.get(v) == Some(&true)).for_each(|v| is_reached[first(&kind, v)] = true);
        (0..kind.len()).map(|v| is_reached[first(&kind, v)]).collect()
    }

    /// What is odd about the model without being wrong: a kind for tools, a sentence for people.
    pub fn oddities(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let reached = self.reached_by_way_of_others();
        let mut used = vec![false; self.bounds.len()];
        for id in self.graph.order(&[self.log_density]) {
            if let Node::Variable(variable) = self.graph.node(id) {
                used[variable as usize] = true;
            }
        }
        for (variable, bound) in self.bounds.iter().enumerate() {
            let name = &bound.name;
            if !used[variable] && bound.is_finite() {
                found.push(("unused_parameter", format!("`{name}` is used nowhere: it is uniform over its range")));
            } else if !used[variable] {
                let message = format!("`{name}` is used nowhere and its range is infinite: the density has no finite integral");
                found.push(("flat_direction", message));
            } else if reached.get(variable) == Some(&false) {
                found.push(("out_of_reach", format!("no sum over the data depends on `{name}`: the data say nothing about it")));
            }
        }
        for bound in &self.bounds {
            if let Some(call) = self.looks_like_a_call(&bound.name) {
                found.push((
                    "looks_like_a_call",
                    format!("`{}` is read as the name of a variable; the function is written {call}", bound.name),
                ));
            }
        }
        found.extend(self.notes.iter().map(|note| ("dropped_rows", note.clone())));
        for column in &self.hidden_columns {
            let message = format!(
                "the column `{column}` is hidden by the constant of that name; give its table a name: --data d=FILE, then d.{column}"
            );
            found.push(("hidden_column", message));
        }
        found
    }

    /// `sin(x)`, for a variable that nobody declares and that is called `sinx`.
    fn looks_like_a_call(&self, name: &str) -> Option<String> {
        if self.formula.ast().parameters().any(|parameter| parameter.name == name) {
            return None;
        }
        let is_argument = |rest: &str| {
            let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            letters.chars().count() == 1 && letters.chars().all(char::is_alphabetic)
        };
        let names = Function::ALL.iter().flat_map(|function| function.names());
        names.filter(|function| function.len() >= 3).find_map(|function| {
            let rest = name.strip_prefix(function).filter(|rest| is_argument(rest))?;
            Some(format!("{function}({rest})"))
        })
    }

    /// The functions in the formula that make the density jump from one positive value to another: a gradient sees nothing of it.
    pub fn jumps(&self) -> &[&'static str] {
        &self.steps().functions
    }

    /// Whether the density jumps to 0 somewhere inside its ranges.
    pub fn has_edges(&self) -> bool {
        self.steps().has_edges
    }

    /// Whether the density was seen to jump, to 0 or to another value; over many rows nobody looks.
    pub fn is_seen_to_jump(&self) -> bool {
        self.rows() <= jumps::ROWS && (!self.jumps().is_empty() || self.has_edges())
    }

    fn steps(&self) -> &Jumps {
        self.jumps.get_or_init(|| jumps::jumps(&self.graph, self.log_density, &self.bounds, self.rows()))
    }

    /// What computes the formula as typed.
    pub fn typed_program(&self) -> Program {
        Program::compile(&self.graph, &[self.typed], self.bounds.len(), self.tapes.rounding)
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

    /// A factor of the density as a model of its own: `log_density`, a node of `graph`, which is this model's or grew from it, in
    /// `variables` alone. There must be no sums over rows.
    ///
    /// # Errors
    /// Kind `too_long`.
    pub(crate) fn part(&self, graph: &Graph, log_density: NodeId, variables: &[usize]) -> Result<Model> {
        let bounds: Vec<Bound> = variables.iter().map(|&variable| self.bounds[variable].clone()).collect();
        let numbers: Vec<u32> = variables.iter().map(|&variable| variable as u32).collect();
        self.in_variables(graph, log_density, &numbers, bounds)
    }

    /// A log density of its own, `log_density` of `graph` as a function of the variables of these numbers, in these ranges.
    ///
    /// # Errors
    /// Kind `too_long`.
    pub(crate) fn in_variables(&self, graph: &Graph, log_density: NodeId, numbers: &[u32], bounds: Vec<Bound>) -> Result<Model> {
        let mut source = graph.clone();
        let leaves = numbers.iter().zip(0..).map(|(&variable, place)| (source.variable(variable), place)).collect();
        let (mut graph, roots) = extract(&source, &[log_density], &leaves);
        let log_density = roots[0];
        let positions = positions(&mut graph, bounds.len());
        let gradient = gradient(&mut graph, log_density, &positions)?;
        let landmarks = landmarks(&graph, &[log_density], bounds.len(), None);
        let compile = |outputs: &[NodeId]| Program::compile(&graph, outputs, bounds.len(), self.tapes.rounding);
        let (value, gradient_program) = (compile(&[log_density]), compile(&gradient));
        let tapes =
            Tapes { value, gradient: gradient_program, joint: OnceLock::new(), level: self.tapes.level, rounding: self.tapes.rounding };
        Ok(Model {
            formula: self.formula.clone(),
            meaning: Meaning::LogDensity,
            bounds,
            graph,
            typed: log_density,
            log_density,
            gradient,
            defined: Vec::new(),
            transformed: Vec::new(),
            reached: Vec::new(),
            hidden_columns: Vec::new(),
            notes: Vec::new(),
            origins: Vec::new(),
            replaced: Vec::new(),
            landmarks,
            jumps: OnceLock::new(),
            tapes,
        })
    }

    /// Landmarks of one variable, the others being where `position` says; and the highest frequency.
    pub(crate) fn landmarks_along(&self, variable: usize, position: &[f64]) -> (Vec<f64>, f64) {
        let found = landmarks(&self.graph, &[self.typed, self.log_density], self.bounds.len(), Some((variable, position)));
        (found.points.into_iter().nth(variable).unwrap_or_default(), found.frequency)
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
        // First x = at ∓ d, so that 1 − x is d to the last digit; then d = e⁻ᵗ at a finite end and eᵗ at an infinite one, variable 0
        // playing t.
        let distance = graph.variable(1);
        let position = if at.is_finite() {
            let at = graph.constant(at);
            if outward < 0.0 { graph.add(at, distance) } else { graph.subtract(at, distance) }
        } else if outward < 0.0 {
            graph.negate(distance)
        } else {
            distance
        };
        let root = substitute(&mut graph, self.log_density, x, position);
        let exponent = if at.is_finite() { graph.negate(x) } else { x };
        let size = graph.unary(Unary::Exp, exponent);
        let root = substitute(&mut graph, root, distance, size);
        Tape::compile(&graph, &[root], 1, self.tapes.rounding)
    }
}

impl LogDensity for Model {
    fn bounds(&self) -> &[Bound] {
        &self.bounds
    }

    fn evaluator(&self) -> Box<dyn Evaluate + '_> {
        let evaluator = |program| ProgramEvaluator::new(program, self.tapes.level);
        Box::new(ModelEvaluator {
            model: self,
            value: evaluator(&self.tapes.value),
            gradient: evaluator(&self.tapes.gradient),
            joint: None,
            asked: LANES,
        })
    }

    fn landmarks(&self) -> Landmarks {
        self.landmarks.clone()
    }

    fn level(&self) -> Level {
        self.tapes.level
    }

    fn rows(&self) -> usize {
        let rows = |program: &Program| program.loops().iter().map(|&(_, rows)| rows).sum();
        // A sum over rows may leave none to its gradient.
        match rows(&self.tapes.gradient) {
            0 => rows(&self.tapes.value),
            rows => rows,
        }
    }

    fn operations(&self) -> usize {
        self.tapes.gradient.tape().len()
    }

    fn near_end(&self, end: End) -> Option<Box<dyn Evaluate + '_>> {
        // A variable below a sum over rows cannot be replaced without adding up anew.
        if self.bounds.len() != 1 || !self.tapes.value.loops().is_empty() {
            return None;
        }
        let tape = self.end_tape(end);
        let evaluator = Evaluator::with_level(&tape, self.tapes.level);
        Some(Box::new(EndEvaluator { tape, evaluator }))
    }
}

struct ModelEvaluator<'a> {
    model: &'a Model,
    value: ProgramEvaluator,
    gradient: ProgramEvaluator,
    /// Scratch space of the joint program and the rows it writes, once asked for.
    joint: Option<(ProgramEvaluator, Vec<Lanes>)>,
    asked: usize,
}

impl Evaluate for ModelEvaluator<'_> {
    fn log_density(&mut self, positions: &Block, log_density: &mut Lanes) {
        self.value.run(&self.model.tapes.value, positions, std::slice::from_mut(log_density));
    }

    fn gradient(&mut self, positions: &Block, gradient: &mut Block) {
        self.gradient.run(&self.model.tapes.gradient, positions, gradient);
    }

    fn log_density_and_gradient(&mut self, positions: &Block, log_density: &mut Lanes, gradient: &mut Block) {
        let program = self.model.joint();
        let (evaluator, rows) = self.joint.get_or_insert_with(|| {
            let mut evaluator = ProgramEvaluator::new(program, self.model.tapes.level);
            evaluator.ask_for(self.asked);
            (evaluator, vec![Lanes::default(); self.model.bounds.len() + 1])
        });
        evaluator.run(program, positions, rows);
        *log_density = rows[0];
        gradient.copy_from_slice(&rows[1..]);
    }

    fn ask_for(&mut self, lanes: usize) {
        self.value.ask_for(lanes);
        self.gradient.ask_for(lanes);
        if let Some((joint, _)) = &mut self.joint {
            joint.ask_for(lanes);
        }
        self.asked = lanes;
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

/// What the value means: by the text, by a flag, or by both if they agree.
fn one_meaning(formula: &Formula, flag: Option<Meaning>) -> Result<Meaning> {
    match (formula.ast().meaning(), flag) {
        (Some(text), Some(flag)) if text != flag => {
            let message = format!("the text says `{} =`, and the flag is --{}", text.word(), flag.name());
            Err(Error::new(ErrorKind::Setting, message).hint("drop one of the two, or give the text as --model"))
        }
        (None, None) => {
            let error = Error::new(ErrorKind::Setting, "nothing says what the last expression means");
            let error = error.at(formula.ast().span(formula.ast().root()));
            Err(error.hint("begin its line with `log_density =`, `density =` or `energy =`"))
        }
        (text, flag) => Ok(text.or(flag).expect("one of them is there")),
    }
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
