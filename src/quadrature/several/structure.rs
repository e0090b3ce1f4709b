//! Factors whose formula shows what they are made of: mixtures part by part, functions of a quadratic form by their radius, shifted and
//! scaled variables by what is shifted.

use super::joint::{Factor, Joint};
use super::marginal::mixed;
use super::split::Block;
use super::{Budget, Evidence, Marginal, Part, Statistic, Work, elliptic, mixture, reference, shifted, taken_apart_within};
use crate::density::Model;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::Graph;
use crate::quadrature::Tolerance;

impl Work<'_> {
    /// A mixture part by part, each as a density of its own; whether all of them could be done.
    pub(super) fn mixture(&mut self, graph: &mut Graph, piece: &Block, whole: &Model) -> Result<bool> {
        let Some(parts) = mixture::parts(self.model, graph, piece.log_density).filter(|parts| parts.len() <= self.budget.parts) else {
            return Ok(false);
        };
        let budget = Budget { parts: self.budget.parts / parts.len(), ..self.budget };
        let tolerance = Tolerance { evaluations: self.tolerance.evaluations / parts.len(), ..self.tolerance };
        let mut found: Vec<Evidence> = Vec::with_capacity(parts.len());
        for part in parts {
            let part = self.model.part(graph, part, &piece.variables)?;
            match taken_apart_within(&part, tolerance, None, budget) {
                Ok(evidence) if evidence.integral.converged => found.push(evidence),
                // All parts are positive: one that diverges is enough.
                Err(error) if error.kind == ErrorKind::InfiniteZ => return Err(error),
                _ => return Ok(false),
            }
        }
        let top = found.iter().map(|part| part.integral.log_value).fold(f64::NEG_INFINITY, f64::max);
        let masses: Vec<f64> = found.iter().map(|part| (part.integral.log_value - top).exp()).collect();
        let total: f64 = masses.iter().sum();
        let weights: Vec<f64> = masses.iter().map(|mass| mass / total).collect();
        self.evaluations += found.iter().map(|part| part.integral.evaluations).sum::<usize>();
        let relative_error = found.iter().zip(&weights).map(|(part, weight)| weight * part.integral.relative_error).sum();
        self.settle(whole, top + total.ln(), relative_error);
        for (at, &variable) in piece.variables.iter().enumerate() {
            let laws = found.iter().zip(&weights).map(|(part, weight)| (*weight, part.marginals[at].clone())).collect();
            self.marginals[variable] = mixed(laws);
        }
        let joints: Option<Vec<Joint>> = found.into_iter().map(|part| part.joint).collect();
        let up_to = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        match joints {
            Some(parts) => self.draw_by(Factor::Mixture { variables: piece.variables.clone(), up_to: up_to.collect(), parts }),
            None => self.factors = None,
        }
        self.parts.push(Part { variables: piece.variables.clone(), method: "part by part" });
        Ok(true)
    }

    /// A function of a quadratic form by its radius; whether it is one.
    pub(super) fn elliptic(&mut self, graph: &mut Graph, block: &Block, constant: f64, piece: &Block, whole: &Model) -> Result<bool> {
        let mut found = elliptic::elliptic(self.model, graph, piece.log_density, &piece.variables);
        if found.is_none() && block.variables.len() == piece.variables.len() {
            // As typed: taking a sum apart may have hidden the form.
            let known = graph.constant(constant);
            let typed = graph.subtract(block.log_density, known);
            found = elliptic::elliptic(self.model, graph, typed, &piece.variables);
        }
        let Some(found) = found else { return Ok(false) };
        let radius = reference(&found.radius, self.tolerance).map_err(|error| match error.kind {
            ErrorKind::InfiniteZ => Error::new(error.kind, format!("the integral diverges far from the middle: {}", error.message)),
            _ => error,
        })?;
        self.evaluations += radius.integral.evaluations;
        self.converged &= radius.integral.converged;
        self.settle(whole, found.log_factor + radius.integral.log_value, radius.integral.relative_error);
        let moments = radius.mean.zip(radius.sd).filter(|(mean, sd)| mean.is_finite() && sd.is_finite());
        for (at, &variable) in piece.variables.iter().enumerate() {
            // A coordinate of a direction has the variance 1/d.
            let width = found.spread[at].iter().map(|entry| entry * entry).sum::<f64>().sqrt() / (piece.variables.len() as f64).sqrt();
            if let Some((mean, sd)) = moments {
                self.marginals[variable] = Marginal::Moments { mean: found.centre[at], sd: width * mean.hypot(sd) };
            }
        }
        let name = format!("distance of {} variables from their middle", piece.variables.len());
        self.statistics.push(Statistic { name, value: self.model.program_in(graph, &[found.distance]), law: radius.clone() });
        let (variables, radius) = (piece.variables.clone(), Box::new(radius));
        self.draw_by(Factor::Elliptic { variables, centre: found.centre, spread: found.spread, radius });
        self.parts.push(Part { variables: piece.variables.clone(), method: "radius of a quadratic form" });
        Ok(true)
    }

    /// A variable that is a shifted and scaled copy of one by itself; what is left if there is one.
    pub(super) fn shifted(&mut self, graph: &mut Graph, piece: &Block) -> Result<Option<Block>> {
        let Some(found) = shifted::shifted(self.model, graph, piece) else { return Ok(None) };
        let base = self.model.part(graph, found.base, &[found.variable])?;
        let law = match reference(&base, self.tolerance) {
            Ok(law) if law.integral.converged => law,
            // What is left is positive somewhere.
            Err(error) if error.kind == ErrorKind::InfiniteZ => return Err(error),
            _ => return Ok(None),
        };
        self.log_value += law.integral.log_value;
        self.relative_error += law.integral.relative_error;
        self.evaluations += law.integral.evaluations;
        self.proof = None;
        let program = self.model.program_in(graph, &[found.location, found.scale]);
        self.normal.push(Factor::Shifted { variable: found.variable, program, law: Box::new(law) });
        self.parts.push(Part { variables: vec![found.variable], method: "shifted and scaled" });
        Ok(Some(found.block))
    }
}
