//! Z in several dimensions: factors that share no variable one by one, Gaussian variables exactly, what is left by iterated integrals
//! or cubature.

mod conditions;
mod cubature;
mod elliptic;
mod gaussian;
mod joint;
mod marginal;
mod mixture;
mod nested;
mod shifted;
mod split;
mod structure;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;
mod tilted;

pub use joint::Joint;
pub use marginal::Marginal;
pub use mixture::visible_parts;

use gaussian::Conditional;
use joint::Factor;
use split::{Block, Variables, blocks};

use super::certify::certify_boxes;
use super::of_density::proved;
use super::{CERTIFY, Certificate, Integral, Reference, Tolerance, certified, reference};
use crate::density::{LogDensity, Model};
use crate::enclosure::Interval;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, NodeId, Unary};
use crate::tape::Program;

/// Evaluations allowed to an iterated integral.
const EVALUATIONS: usize = 20_000_000;
/// Evaluations allowed to a cubature.
const CUBATURE: usize = 8_000_000;
/// How close the proved bounds of two coupled variables are asked to be where nobody says, …
const PLANE: f64 = 1e-4;
/// … and those of three.
const SPACE: f64 = 1e-2;
/// Relative error wanted of a cubature.
const CUBATURE_ERROR: f64 = 1e-7;
/// Evaluations allowed at a glance, and the relative error asked for: far below what draws can tell.
const GLANCE: usize = 800_000;
const GLANCE_ERROR: f64 = 1e-6;
/// Operations that the lines of two variables may take at a glance, a third of a second: what they find draws, too.
const GLANCE_OPERATIONS: usize = 100_000_000;
/// Operations that a cubature may take at a glance: some seconds.
const GLANCE_CUBATURE_OPERATIONS: usize = 10_000_000_000;
/// Nodes that a search for variables to integrate out may pass, each once a variable, at a glance and else: a second of work, and ten. The last
/// of a hundred variables that hang together one by one would take a hundred times the first.
const GLANCE_VISITS: usize = 3_000_000;
const VISITS: usize = 30_000_000;
/// Whole laws of variables that were integrated out, at a glance; of others the moments.
const GLANCE_LAWS: usize = 4;
/// Relative error of the law of one of two variables from which draws may come: a million draws do not tell it.
const LINES: f64 = 1e-4;
/// A value of a cubature that may be off by more than this is none.
const GUESSED: f64 = 0.1;
/// Relative error asked of a cubature at a glance: its estimates are wide.
const GLANCE_CUBATURE: f64 = 1e-5;

/// The integral of a density of several variables.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Z and how far to trust it.
    pub integral: Integral,
    /// The factors it was computed by.
    pub parts: Vec<Part>,
    /// `[variable]`: its marginal law, where it is known.
    pub marginals: Vec<Marginal>,
    /// The law of all variables as a recipe for draws, where the structure of the density gives one.
    pub joint: Option<Joint>,
    /// Functions of the variables of which the laws are known.
    pub statistics: Vec<Statistic>,
}

/// A function of the variables that has a known law.
#[derive(Debug, Clone)]
pub struct Statistic {
    /// What it is.
    pub name: String,
    /// Computes it.
    pub value: Program,
    /// Its law.
    pub law: Reference,
}

/// A factor of the density, or a set of variables integrated out of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Numbers of the variables.
    pub variables: Vec<usize>,
    /// How its integral was found.
    pub method: &'static str,
}

/// Z of a density of any number of variables, as far as its structure allows.
///
/// # Errors
/// `setting` for a tolerance that is none; `infinite_Z`, `no_mass`, `domain`; `unsupported` if more than six variables stay coupled.
///
/// ```
/// use langevin::density::{Meaning, Model};
/// use langevin::quadrature::{Tolerance, evidence};
/// let model = Model::new("exp(-x^2/200 - 0.5*(y + 0.03*x^2 - 3)^2)", Meaning::Density, &[])?;
/// let found = evidence(&model, Tolerance::default(), 1e-9)?;
/// // A banana is a Gaussian, bent: Z = 2π·10.
/// assert!((found.integral.value - 62.83185307179586).abs() < 1e-9);
/// # Ok::<(), langevin::Error>(())
/// ```
pub fn evidence(model: &Model, tolerance: Tolerance, relative: f64) -> Result<Evidence> {
    if !(tolerance.relative > 0.0 && tolerance.relative < 1.0) {
        return Err(Error::new(ErrorKind::Setting, "--tolerance must lie between 0 and 1").hint("1e-10, say"));
    }
    if !(1e-14..1.0).contains(&relative) {
        return Err(Error::new(ErrorKind::Setting, "--certify must lie between 1e-14 and 1").hint("1e-12, say"));
    }
    taken_apart(model, tolerance, Some(relative))
}

/// [`evidence`] as the measure of draws: no proof, and little enough work to go unnoticed beside a run.
///
/// # Errors
/// As [`evidence`]; `unsupported` also where that little does not suffice.
pub fn evidence_at_a_glance(model: &Model) -> Result<Evidence> {
    let found = taken_apart(model, Tolerance { relative: GLANCE_ERROR, evaluations: GLANCE }, None);
    let found = match found {
        Ok(found) if !found.integral.converged => {
            Err(Error::new(ErrorKind::Unsupported, "Z takes more evaluations than a run spends on it").hint("langevin integrate"))
        }
        found => found,
    };
    match found {
        Err(error) if error.kind == ErrorKind::InfiniteZ => Err(error),
        Ok(found) if found.joint.is_some() || model.rows() > 0 => Ok(found),
        // Z and marginals are quadrature's where it has them; draws are those of the rejection.
        Ok(found) => Ok(Evidence { joint: tilted::tilted(model).and_then(|tilted| tilted.joint), ..found }),
        Err(error) if model.rows() > 0 => Err(error),
        Err(error) => tilted::tilted(model).ok_or(error),
    }
}

/// How much may be spent on the parts of mixtures within mixtures.
#[derive(Debug, Clone, Copy)]
struct Budget {
    /// Parts, all together.
    parts: usize,
    /// Whether only a recipe for draws is wanted: what has none is not integrated either.
    only_joint: bool,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { parts: 256, only_joint: false }
    }
}

fn taken_apart(model: &Model, tolerance: Tolerance, relative: Option<f64>) -> Result<Evidence> {
    taken_apart_within(model, tolerance, relative, Budget::default())
}

fn taken_apart_within(model: &Model, tolerance: Tolerance, relative: Option<f64>, budget: Budget) -> Result<Evidence> {
    let all: Vec<usize> = (0..model.dimension()).collect();
    if let [variable] = all[..] {
        // Nothing to split: the formula as typed has the best proof.
        let found = line(model, tolerance, relative)?;
        let parts = vec![Part { variables: vec![variable], method: found.integral.method }];
        let integral = found.integral.clone();
        let law = Marginal::Reference(Box::new(found));
        let joint = Some(Joint::new(1, vec![Factor::Alone { variable, law: law.clone() }]));
        return Ok(Evidence { integral, parts, marginals: vec![law], joint, statistics: Vec::new() });
    }
    let mut work = Work {
        model,
        tolerance,
        relative,
        log_value: 0.0,
        relative_error: 0.0,
        evaluations: 0,
        proof: Some(Certificate::one()),
        converged: true,
        notes: Vec::new(),
        parts: Vec::new(),
        marginals: vec![Marginal::Unknown; all.len()],
        conditional: Vec::new(),
        alone: Vec::new(),
        visits: 0,
        conditional_laws: 0,
        budget,
        factors: Some(Vec::new()),
        normal: Vec::new(),
        statistics: Vec::new(),
    };
    if model.rows() > 0 {
        work.coupled(model, &all)?;
    } else {
        let mut graph = model.graph().clone();
        let mut open = vec![Block { log_density: model.log_density_node(), variables: all }];
        while let Some(block) = open.pop() {
            work.block(&mut graph, &block, &mut open)?;
        }
        // Those integrated out last depend on the fewest others.
        let normal = std::mem::take(&mut work.normal).into_iter().rev();
        work.factors = work.factors.take().map(|factors| factors.into_iter().chain(normal).collect());
        for law in std::mem::take(&mut work.conditional).into_iter().rev() {
            work.marginals[law.variable] = work.marginal_of(&mut graph, &law);
        }
    }
    Ok(work.done())
}

/// One variable, with a proof if there is to be one.
fn line(model: &Model, tolerance: Tolerance, relative: Option<f64>) -> Result<Reference> {
    match relative {
        Some(relative) => certified(model, tolerance, relative),
        None => reference(model, tolerance).map_err(|error| proved(model, error)),
    }
}

/// Mean and standard deviation of a variable that is normal given `other`: E m, and E v + Var m, over the law of the other. `None` where
/// the rule cannot tell, or far tails decide.
fn moments_given(graph: &Graph, law: &Conditional, other: u32, reference: &Reference) -> Option<(f64, f64)> {
    const TAIL: f64 = 1e-12;
    const DOUBT: f64 = 1e-6;
    let mut position = vec![0.0; other as usize + 1];
    let far = [reference.quantile(TAIL), reference.quantile(1.0 - TAIL)];
    let (mut sums, mut doubts, mut tail) = ([0.0; 3], [0.0; 3], 0.0);
    let mode = reference.mode;
    position[other as usize] = mode;
    let center = graph.eval(&[law.mean], &position)[0];
    for (x, [weight, lower]) in reference.rule() {
        position[other as usize] = x;
        let [mean, variance] = graph.eval(&[law.mean, law.variance], &position)[..] else { return None };
        let mean = mean - center;
        for (k, term) in [1.0, mean, variance + mean * mean].into_iter().enumerate() {
            sums[k] += weight * term;
            doubts[k] += (weight - lower) * term;
        }
        if x < far[0] || x > far[1] {
            tail += weight * (variance + mean * mean);
        }
    }
    let sure = sums[2].is_finite() && tail <= DOUBT.sqrt() * sums[2] && doubts[2].abs() <= DOUBT * sums[2];
    let (mean, square) = (sums[1] / sums[0], sums[2] / sums[0]);
    sure.then(|| (center + mean, (square - mean * mean).max(0.0).sqrt()))
}

struct Work<'a> {
    model: &'a Model,
    tolerance: Tolerance,
    /// How close the proved bounds are to be; `None` for no proof.
    relative: Option<f64>,
    log_value: f64,
    relative_error: f64,
    evaluations: usize,
    /// Bounds on the product so far, while every factor has some.
    proof: Option<Certificate>,
    converged: bool,
    notes: Vec<String>,
    parts: Vec<Part>,
    marginals: Vec<Marginal>,
    /// Variables that were integrated out, and what is known of them given others.
    conditional: Vec<Conditional>,
    /// Variables that were left alone, and the logarithms of their densities.
    alone: Vec<(usize, NodeId)>,
    /// Nodes passed so far in search of variables to integrate out, each once a variable.
    visits: usize,
    /// Whole laws of such variables found so far.
    conditional_laws: usize,
    budget: Budget,
    /// The recipe for draws, as long as there is one, and what follows it: normal variables given others, in the order they left.
    factors: Option<Vec<Factor>>,
    normal: Vec<Factor>,
    statistics: Vec<Statistic>,
}

impl Work<'_> {
    /// Splits a factor, integrates something out of it, or does it as it is.
    fn block(&mut self, graph: &mut Graph, block: &Block, open: &mut Vec<Block>) -> Result<()> {
        let (pieces, constant, free) = blocks(graph, block.log_density, &block.variables);
        graph.check_size()?;
        self.log_value += constant;
        // The constant was rounded a few times on its way.
        self.proof = self.proof.take().map(|proof| proof.times_exp(constant, 1e-15 * (1.0 + constant.abs())));
        for variable in free {
            let bound = &self.model.bounds()[variable];
            if !bound.is_finite() {
                let message = format!("the integral diverges: the density does not depend on `{}`, whose range is infinite", bound.name);
                return Err(Error::new(ErrorKind::InfiniteZ, message).hint("give it two finite ends"));
            }
            self.log_value += (bound.high - bound.low).ln();
            let width = Interval::point(bound.high) - Interval::point(bound.low);
            self.proof = self.proof.take().map(|proof| Certificate { bounds: proof.bounds * width, ..proof });
            self.parts.push(Part { variables: vec![variable], method: "uniform" });
            let law = Marginal::Uniform { low: bound.low, high: bound.high };
            self.draw_by(Factor::Alone { variable, law: law.clone() });
            self.marginals[variable] = law;
        }
        if pieces.len() > 1 {
            open.extend(pieces.into_iter().rev());
            return Ok(());
        }
        let Some(piece) = pieces.into_iter().next() else { return Ok(()) };
        let can_search = self.visits < if self.relative.is_none() { GLANCE_VISITS } else { VISITS };
        // One variable alone has the one-dimensional rule, with its quantiles and its proof.
        if piece.variables.len() > 1 {
            self.visits += piece.variables.len() * graph.len();
        }
        if piece.variables.len() > 1
            && can_search
            && let Some(eliminated) = self.gaussian(graph, &piece)?
        {
            let variables: Vec<usize> = eliminated.laws.iter().map(|law| law.variable).collect();
            let mut nodes: Vec<NodeId> = eliminated.laws.iter().map(|law| law.mean).collect();
            if eliminated.spread.is_none() {
                nodes.extend(eliminated.laws.iter().map(|law| law.variance));
            }
            let program = self.model.program_in(graph, &nodes);
            self.normal.push(Factor::Normal { variables: variables.clone(), program, spread: eliminated.spread.clone() });
            self.parts.push(Part { variables, method: "Gaussian, exactly" });
            for law in &mut self.conditional {
                law.without(graph, &eliminated)?;
            }
            self.conditional.extend(&eliminated.laws);
            // Pivots and modes are rounded: exact to the last digits, but no proof.
            self.proof = None;
            self.relative_error += 1e-14 * self.parts.len() as f64;
            open.push(eliminated.block);
            return Ok(());
        }
        let part = self.model.part(graph, piece.log_density, &piece.variables)?;
        if piece.variables.len() > 1 && (self.mixture(graph, &piece, &part)? || self.elliptic(graph, block, constant, &piece, &part)?) {
            return Ok(());
        }
        // Of few variables there may be a proof instead.
        if piece.variables.len() > if self.relative.is_some() { 3 } else { 1 }
            && let Some(left) = self.shifted(graph, &piece)?
        {
            open.push(left);
            return Ok(());
        }
        match piece.variables[..] {
            [variable] => {
                self.alone.push((variable, piece.log_density));
                self.single(&part, variable)
            }
            _ => self.coupled(&part, &piece.variables),
        }
    }

    /// What is Gaussian in a piece, conditions that always hold aside.
    fn gaussian(&self, graph: &mut Graph, piece: &Block) -> Result<Option<gaussian::Eliminated>> {
        let log_density = conditions::without_vacuous(graph, piece.log_density, self.model.bounds());
        gaussian::eliminate(self.model, graph, &Block { log_density, variables: piece.variables.clone() })
    }

    fn single(&mut self, part: &Model, variable: usize) -> Result<()> {
        let found = line(part, self.tolerance, self.relative)?;
        self.log_value += found.integral.log_value;
        self.relative_error += found.integral.relative_error;
        self.evaluations += found.integral.evaluations;
        self.converged &= found.integral.converged;
        self.note(&found.integral);
        self.prove(found.integral.proof.clone());
        self.parts.push(Part { variables: vec![variable], method: found.integral.method });
        let law = Marginal::Reference(Box::new(found));
        self.draw_by(Factor::Alone { variable, law: law.clone() });
        self.marginals[variable] = law;
        Ok(())
    }

    fn draw_by(&mut self, factor: Factor) {
        if let Some(factors) = &mut self.factors {
            factors.push(factor);
        }
    }

    /// The law of a variable that is normal given others: where those are none, or one that is known by itself.
    fn marginal_of(&mut self, graph: &mut Graph, law: &Conditional) -> Marginal {
        let mut known = Variables::default();
        let mut others = known.of(graph, law.mean);
        others.extend(known.of(graph, law.variance));
        others.sort_unstable();
        others.dedup();
        match others[..] {
            [] => match (graph.number(law.mean), graph.number(law.variance)) {
                (Some(mean), Some(variance)) => Marginal::Normal { mean, sd: variance.sqrt() },
                _ => Marginal::Unknown,
            },
            [other] => {
                let moments = match &self.marginals[other as usize] {
                    Marginal::Reference(reference) => moments_given(graph, law, other, reference),
                    _ => None,
                };
                let Some((mean, sd)) = moments else { return Marginal::Unknown };
                self.law_given(graph, law, other as usize).unwrap_or(Marginal::Moments { mean, sd })
            }
            _ => Marginal::Unknown,
        }
    }

    /// The whole law of a variable that is normal given one other, as the outer one of their joint density; `None` if that takes too much.
    fn law_given(&mut self, graph: &mut Graph, law: &Conditional, other: usize) -> Option<Marginal> {
        let &(_, density) = self.alone.iter().find(|(variable, _)| *variable == other)?;
        if self.relative.is_none() && self.conditional_laws >= GLANCE_LAWS {
            return None;
        }
        self.conditional_laws += 1;
        // log N(y; m, v), without its constant.
        let y = graph.variable(law.variable as u32);
        let distance = graph.subtract(y, law.mean);
        let square = graph.power(distance, 2);
        let ratio = graph.divide(square, law.variance);
        let log = graph.unary(Unary::Log, law.variance);
        let twice = graph.add(ratio, log);
        let half = graph.constant(-0.5);
        let normal = graph.multiply(half, twice);
        let joint = graph.add(density, normal);
        graph.check_size().ok()?;
        let part = self.model.part(graph, joint, &[law.variable, other]).ok()?;
        let tolerance = Tolerance { relative: self.tolerance.relative.max(1e-9), evaluations: self.allowed(EVALUATIONS) };
        let found = nested::nested(&part, &[0, 1], tolerance).ok()?;
        found.outer.integral.converged.then(|| Marginal::Reference(Box::new(found.outer)))
    }

    /// Variables that no splitting parts: two by iterated integrals, each once as the outer one, whose marginal law that gives.
    fn coupled(&mut self, part: &Model, variables: &[usize]) -> Result<()> {
        let factors = self.factors.take();
        let dimension = variables.len();
        if self.budget.only_joint {
            return Err(Error::new(ErrorKind::Unsupported, "the variables stay coupled"));
        }
        if cubature::DIMENSIONS.contains(&dimension) {
            let wanted = if self.relative.is_some() { CUBATURE_ERROR } else { GLANCE_CUBATURE };
            let relative = self.tolerance.relative.max(wanted);
            let mut budget = self.allowed(CUBATURE);
            if self.relative.is_none() {
                budget = budget.min(GLANCE_CUBATURE_OPERATIONS / part.operations().max(1));
            }
            let found = cubature::cubature(part, relative, budget, 1.0)?;
            // Two charts are two rules: mass that one of them has between its points is the error.
            let wider = cubature::cubature(part, relative, budget / 2, cubature::STRETCH)?;
            let gap = (found.log_value - wider.log_value).exp_m1().abs();
            let error = found.relative_error.max(gap - wider.relative_error);
            if error > GUESSED {
                let message = "the integral could not be found: two ways to look at the same ranges give different values";
                return Err(Error::new(ErrorKind::Unsupported, message).hint("restrict the ranges to where the density matters"));
            }
            self.converged &= error <= 10.0 * wanted;
            self.evaluations += found.evaluations + wider.evaluations;
            self.settle(part, found.log_value, error);
            for (&variable, (mean, sd)) in variables.iter().zip(found.moments) {
                self.marginals[variable] = Marginal::Moments { mean, sd };
            }
            self.parts.push(Part { variables: variables.to_vec(), method: "adaptive Genz-Malik" });
            return Ok(());
        }
        if dimension != 2 {
            let names: Vec<&str> = variables.iter().take(6).map(|&variable| self.model.bounds()[variable].name.as_str()).collect();
            let more = if dimension > 6 { ", …" } else { "" };
            let message = format!("{dimension} variables stay coupled ({}{more}): too many for cubature", names.join(", "));
            return Err(Error::new(ErrorKind::Unsupported, message).hint("`langevin sample` serves any number of variables"));
        }
        let evaluations = match self.relative {
            Some(_) => EVALUATIONS,
            None => (GLANCE_OPERATIONS / part.operations().max(1)).clamp(self.tolerance.evaluations, 5 * self.tolerance.evaluations),
        };
        let tolerance = Tolerance { relative: self.tolerance.relative.max(1e-10), evaluations };
        let [first, second] = [[0, 1], [1, 0]].map(|order| nested::nested(part, &order, tolerance));
        let (first, second) = (first?, second?);
        // Two orders are two rules: where they differ by more than they say, the difference is the error.
        let gap = (first.outer.integral.log_value - second.outer.integral.log_value).abs();
        let order = if first.relative_error <= second.relative_error { [0, 1] } else { [1, 0] };
        let better = if order == [0, 1] { &first } else { &second };
        let error = if gap > first.relative_error + second.relative_error { gap } else { better.relative_error };
        self.converged &= error <= 1e3 * tolerance.relative && better.outer.integral.converged;
        self.evaluations += first.evaluations + second.evaluations;
        self.note(&better.outer.integral);
        self.settle(part, better.outer.integral.log_value, error);
        self.parts.push(Part { variables: variables.to_vec(), method: "iterated adaptive Gauss-Kronrod" });
        if let Some(mut factors) = factors.filter(|_| error <= LINES) {
            let (given, variable) = (variables[order[0]], variables[order[1]]);
            factors.push(Factor::Alone { variable: given, law: Marginal::Reference(Box::new(better.outer.clone())) });
            factors.push(Factor::Line { given, variable, order, density: Box::new(part.clone()) });
            self.factors = Some(factors);
        }
        for (&variable, found) in variables.iter().zip([first, second]) {
            self.marginals[variable] = Marginal::Reference(Box::new(found.outer));
        }
        Ok(())
    }

    /// Evaluations that a factor of several variables may take: at a glance no more than in all.
    fn allowed(&self, most: usize) -> usize {
        if self.relative.is_some() { most } else { self.tolerance.evaluations }
    }

    /// Takes the value of a factor that was found without a proof, and its proof if there can be one. Where the two disagree the proof
    /// wins.
    fn settle(&mut self, part: &Model, log_value: f64, relative_error: f64) {
        let goal = self.relative.and_then(|relative| match part.dimension() {
            _ if relative != CERTIFY => Some(relative),
            2 => Some(PLANE),
            3 => Some(SPACE),
            _ => None,
        });
        let proof = goal.filter(|_| part.dimension() <= 3).and_then(|goal| certify_boxes(part, log_value, goal));
        let (mut log_value, mut relative_error) = (log_value, relative_error);
        if let Some(proof) = proof.as_ref().filter(|proof| !proof.holds(log_value, relative_error)) {
            if proof.reason.is_none() {
                log_value = proof.log_unit + proof.bounds.middle().ln();
                relative_error = proof.relative_width();
                self.notes.push("the adaptive rule left the proved bounds: their middle stands in its place".to_string());
            } else {
                self.converged = false;
                self.notes.push("the adaptive rule and the proved bounds disagree".to_string());
            }
        }
        self.log_value += log_value;
        self.relative_error += relative_error;
        self.prove(proof);
    }

    /// Takes the proof of one more factor; without one there is none of the product.
    fn prove(&mut self, proof: Option<Certificate>) {
        self.proof = match (self.proof.take(), proof) {
            (Some(product), Some(proof)) => Some(product.times(&proof)),
            _ => None,
        };
    }

    fn note(&mut self, integral: &Integral) {
        for note in &integral.notes {
            if !self.notes.contains(note) && !note.starts_with("Z itself") {
                self.notes.push(note.clone());
            }
        }
    }

    fn done(self) -> Evidence {
        let value = self.log_value.exp();
        let mut notes = self.notes;
        if value < f64::MIN_POSITIVE || value == f64::INFINITY {
            notes.push("Z itself does not fit a double; its logarithm does".to_string());
        }
        let relative_error = self.relative_error.max(1e-15);
        let methods: Vec<&str> = self.parts.iter().map(|part| part.method).collect();
        let method = match methods[..] {
            [first, ref rest @ ..] if rest.iter().all(|method| *method == first) => first,
            _ => "by factors",
        };
        let integral = Integral {
            value,
            log_value: self.log_value,
            error: relative_error * value,
            relative_error,
            evaluations: self.evaluations,
            converged: self.converged,
            certified: self.proof.as_ref().is_some_and(|proof| proof.reason.is_none()),
            proof: self.proof,
            method,
            non_finite: 0,
            non_finite_at: None,
            notes,
        };
        let joint = self.factors.map(|factors| Joint::new(self.model.dimension(), factors));
        Evidence { integral, parts: self.parts, marginals: self.marginals, joint, statistics: self.statistics }
    }
}
