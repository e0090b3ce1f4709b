//! A model with its hierarchies non-centred.

use super::{Declaration, LogDensity, Model};
use crate::data::Data;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Node, NodeId, VariableName};
use crate::syntax::{Noncentered, Reach, noncenter};

impl Model {
    /// The hierarchies of the formula, parameters distributed by a scale that is a parameter itself, each with its non-centred form.
    pub fn hierarchies(&self) -> Vec<Noncentered> {
        noncenter(self.formula(), self.meaning(), &|name| self.reach(name)).map(|(_, done)| done).unwrap_or_default()
    }

    /// The same model with its hierarchies non-centred: θ = μ + τ·η, sampled in η. `data` are those that it was made with. Boundaries
    /// are those of a new model.
    ///
    /// ```
    /// use langevin::data::Data;
    /// use langevin::density::{LogDensity, Meaning, Model};
    /// let funnel = Model::new("normal_lpdf(v | 0, 3) + normal_lpdf(x | 0, exp(v/2))", Meaning::LogDensity, &[])?;
    /// let model = funnel.noncentered(&Data::default())?;
    /// assert_eq!(model.names(), ["v", "eta"]);
    /// # Ok::<(), langevin::Error>(())
    /// ```
    ///
    /// # Errors
    /// Kind `setting` if there is no hierarchy, else those of [`Model::with_data`].
    pub fn noncentered(&self, data: &Data) -> Result<Model> {
        let (formula, done) = noncenter(self.formula(), self.meaning(), &|name| self.reach(name))?;
        if done.is_empty() {
            let error =
                Error::new(ErrorKind::Setting, "there is nothing to non-centre: no parameter is distributed by a scale that is one");
            return Err(error.hint("such as normal_lpdf(theta | mu, tau), with theta in (-inf, inf) and tau a parameter"));
        }
        // Flags said where these may be, or nobody; all in their order, so that the variables keep it.
        let in_text = |stem: &str| self.formula().ast().parameters().any(|parameter| parameter.name == stem);
        let flags = self.bounds().iter().filter(|bound| !in_text(stem(&bound.name)));
        let declarations: Vec<Declaration> = flags
            .map(|bound| match done.iter().find(|hierarchy| hierarchy.name == stem(&bound.name)) {
                None => Declaration { name: Some(bound.name.clone()), low: bound.low, high: bound.high },
                Some(hierarchy) => {
                    let name = format!("{}{}", hierarchy.standard, &bound.name[hierarchy.name.len()..]);
                    let low = if hierarchy.exponential { f64::NEG_INFINITY } else { bound.low };
                    Declaration { name: Some(name), low, high: bound.high }
                }
            })
            .collect();
        let meaning = formula.ast().meaning().is_none().then_some(self.meaning());
        let mut model = Model::with_data(formula, meaning, &declarations, data)?;
        model.replaced = done.into_iter().map(|hierarchy| (hierarchy.standard, hierarchy.name)).collect();
        Ok(model)
    }

    /// What is sampled in the place of which parameter: `eta` for `theta`.
    pub fn replaced(&self) -> &[(String, String)] {
        &self.replaced
    }

    /// The variables of a name, elements one by one.
    pub fn variable_nodes(&self, name: &str) -> Vec<(VariableName, NodeId)> {
        let order = self.graph().order(&[self.log_density_node()]);
        let numbered = order.into_iter().filter_map(|id| match self.graph().node(id) {
            Node::Variable(variable) => Some((&self.bounds()[variable as usize].name, id)),
            _ => None,
        });
        let own = numbered.filter(|(variable, _)| stem(variable) == name);
        let mut found: Vec<(VariableName, NodeId)> = own
            .map(|(variable, id)| {
                let indices = variable.trim_start_matches(name).trim_matches(['[', ']']).split(',');
                (VariableName { name: name.into(), indices: indices.filter_map(|index| index.parse().ok()).collect() }, id)
            })
            .collect();
        found.sort();
        found
    }

    /// Where the variables of a name may be; `None` if it is no variable's.
    fn reach(&self, name: &str) -> Option<Reach> {
        let all = |bound: &super::Bound| bound.low == f64::NEG_INFINITY && bound.high == f64::INFINITY;
        let positive = |bound: &super::Bound| bound.low == 0.0 && bound.high == f64::INFINITY;
        let bounds: Vec<&super::Bound> = self.bounds().iter().filter(|bound| stem(&bound.name) == name).collect();
        let on_set = bounds.iter().any(|bound| bound.name.contains('~'));
        match bounds[..] {
            [] => None,
            _ if !on_set && bounds.iter().all(|bound| all(bound)) => Some(Reach::All),
            _ if !on_set && bounds.iter().all(|bound| positive(bound)) => Some(Reach::Positive),
            _ => Some(Reach::Other),
        }
    }
}

/// The name of which a variable is an element: `theta` of `theta[3]`.
pub(super) fn stem(name: &str) -> &str {
    name.split(['[', '~']).next().unwrap_or(name)
}
