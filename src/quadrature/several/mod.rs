//! Z in several dimensions: factors that share no variable one by one, Gaussian variables exactly, what is left by iterated integrals
//! or cubature.

mod cubature;
mod gaussian;
mod nested;
mod split;

use gaussian::Conditional;
use split::{Block, Variables, blocks};

use super::certify::certify_boxes;
use super::{CERTIFY, Certificate, Integral, Reference, Tolerance, certified, reference};
use crate::density::{LogDensity, Model};
use crate::enclosure::Interval;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Graph, NodeId, Unary};

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
const GLANCE: usize = 400_000;
const GLANCE_ERROR: f64 = 1e-6;
/// Whole laws of variables that were integrated out, at a glance; of others the moments.
const GLANCE_LAWS: usize = 4;
/// The same of a cubature, whose estimates are wide.
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
}

/// A factor of the density, or a set of variables integrated out of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Numbers of the variables.
    pub variables: Vec<usize>,
    /// How its integral was found.
    pub method: &'static str,
}

/// The law of one variable.
#[derive(Debug, Clone)]
pub enum Marginal {
    /// Its distribution function.
    Reference(Box<Reference>),
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// The density does not depend on it.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Known by two moments.
    Moments {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// It was integrated out.
    Unknown,
}

impl Marginal {
    /// The mean; `None` if it is not known, or undefined.
    pub fn mean(&self) -> Option<f64> {
        match self {
            Marginal::Reference(reference) => reference.mean,
            Marginal::Normal { mean, .. } | Marginal::Moments { mean, .. } => Some(*mean),
            Marginal::Uniform { low, high } => Some(0.5 * (low + high)),
            Marginal::Unknown => None,
        }
    }

    /// The standard deviation; `None` if it is not known, or undefined.
    pub fn sd(&self) -> Option<f64> {
        match self {
            Marginal::Reference(reference) => reference.sd,
            Marginal::Normal { sd, .. } | Marginal::Moments { sd, .. } => Some(*sd),
            Marginal::Uniform { low, high } => Some((high - low) / 12_f64.sqrt()),
            Marginal::Unknown => None,
        }
    }

    /// The probabilities of values up to each of `xs`, in ascending order; `None` if they are not known.
    pub fn cdf(&self, xs: &[f64]) -> Option<Vec<f64>> {
        match self {
            Marginal::Reference(reference) => {
                let mut out = vec![0.0; xs.len()];
                reference.cdf_batch(xs, &mut out);
                Some(out)
            }
            Marginal::Normal { mean, sd } => {
                Some(xs.iter().map(|x| 0.5 * crate::math::erfc((mean - x) / (sd * std::f64::consts::SQRT_2))).collect())
            }
            Marginal::Uniform { low, high } => Some(xs.iter().map(|x| ((x - low) / (high - low)).clamp(0.0, 1.0)).collect()),
            Marginal::Moments { .. } | Marginal::Unknown => None,
        }
    }

    /// The value that a draw stays below with probability `p`.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        match self {
            Marginal::Reference(reference) => Some(reference.quantile(p)),
            Marginal::Normal { mean, sd } => Some(mean + sd * standard_normal(p)),
            Marginal::Uniform { low, high } => Some(low + p * (high - low)),
            Marginal::Moments { .. } | Marginal::Unknown => None,
        }
    }
}

/// The quantile of the standard normal law, by Newton's method on log Φ.
fn standard_normal(p: f64) -> f64 {
    if p > 0.5 {
        return -standard_normal(1.0 - p);
    }
    // Φ(x) = erfc(−x/√2)/2.
    let mut x = -(-2.0 * p.ln()).max(0.0).sqrt() * 0.5;
    for _ in 0..60 {
        let z = -x / std::f64::consts::SQRT_2;
        let log = crate::math::log_erfc(z) - std::f64::consts::LN_2;
        // d log Φ/dx = φ/Φ = √(2/π)/erfcx(−x/√2).
        let slope = (2.0 / std::f64::consts::PI).sqrt() / crate::math::erfcx(z);
        let step = (p.ln() - log) / slope;
        x += step;
        if step.abs() < 1e-15 * x.abs().max(1e-3) {
            break;
        }
    }
    x
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
    let found = taken_apart(model, Tolerance { relative: GLANCE_ERROR, evaluations: GLANCE }, None)?;
    if !found.integral.converged {
        return Err(Error::new(ErrorKind::Unsupported, "Z takes more evaluations than a run spends on it").hint("langevin integrate"));
    }
    Ok(found)
}

fn taken_apart(model: &Model, tolerance: Tolerance, relative: Option<f64>) -> Result<Evidence> {
    let all: Vec<usize> = (0..model.dimension()).collect();
    if let [variable] = all[..] {
        // Nothing to split: the formula as typed has the best proof.
        let found = line(model, tolerance, relative)?;
        let parts = vec![Part { variables: vec![variable], method: found.integral.method }];
        return Ok(Evidence { integral: found.integral.clone(), parts, marginals: vec![Marginal::Reference(Box::new(found))] });
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
        conditional_laws: 0,
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
        None => reference(model, tolerance),
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
    /// Whole laws of such variables found so far.
    conditional_laws: usize,
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
            self.marginals[variable] = Marginal::Uniform { low: bound.low, high: bound.high };
        }
        if pieces.len() > 1 {
            open.extend(pieces.into_iter().rev());
            return Ok(());
        }
        let Some(piece) = pieces.into_iter().next() else { return Ok(()) };
        // One variable alone has the one-dimensional rule, with its quantiles and its proof.
        if piece.variables.len() > 1
            && let Some(eliminated) = gaussian::eliminate(self.model, graph, &piece)?
        {
            let variables = eliminated.laws.iter().map(|law| law.variable).collect();
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
        match piece.variables[..] {
            [variable] => {
                self.alone.push((variable, piece.log_density));
                self.single(&part, variable)
            }
            _ => self.coupled(&part, &piece.variables),
        }
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
        self.marginals[variable] = Marginal::Reference(Box::new(found));
        Ok(())
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
        let dimension = variables.len();
        if cubature::DIMENSIONS.contains(&dimension) {
            let wanted = if self.relative.is_some() { CUBATURE_ERROR } else { GLANCE_CUBATURE };
            let found = cubature::cubature(part, self.tolerance.relative.max(wanted), self.allowed(CUBATURE))?;
            self.converged &= found.relative_error <= 10.0 * wanted;
            self.evaluations += found.evaluations;
            self.settle(part, found.log_value, found.relative_error);
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
        let tolerance = Tolerance { relative: self.tolerance.relative.max(1e-10), evaluations: self.allowed(EVALUATIONS) };
        let [first, second] = [[0, 1], [1, 0]].map(|order| nested::nested(part, &order, tolerance));
        let (first, second) = (first?, second?);
        // Two orders are two rules: where they differ by more than they say, the difference is the error.
        let gap = (first.outer.integral.log_value - second.outer.integral.log_value).abs();
        let better = if first.relative_error <= second.relative_error { &first } else { &second };
        let error = if gap > first.relative_error + second.relative_error { gap } else { better.relative_error };
        self.converged &= error <= 1e3 * tolerance.relative && better.outer.integral.converged;
        self.evaluations += first.evaluations + second.evaluations;
        self.note(&better.outer.integral);
        self.settle(part, better.outer.integral.log_value, error);
        self.parts.push(Part { variables: variables.to_vec(), method: "iterated adaptive Gauss-Kronrod" });
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
        Evidence { integral, parts: self.parts, marginals: self.marginals }
    }
}
