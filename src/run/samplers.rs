//! The samplers by name, and what stands for `auto`.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};
use crate::sampler::{
    Barker, Bias, Course, Facts, Hmc, Ladder, Lm, Mala, Mams, Mclmc, Nuts, Pcn, Psgld, Rwm, Sghmc, Sgld, Sgnht, Underdamped,
};

/// The samplers; [`Sampler::facts`] says what each is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs, reason = "the row of facts of each says it")]
pub enum Sampler {
    #[default]
    Sgld,
    Lm,
    Psgld,
    Underdamped,
    Exact,
    Rwm,
    Pcn,
    Mala,
    Barker,
    Hmc,
    Nuts,
    Mams,
    Mclmc,
    Sghmc,
    Sgnht,
    Tempering,
    /// Whichever suits the problem.
    Auto,
}

impl Sampler {
    /// Every sampler.
    pub const ALL: [Sampler; 17] = [
        Sampler::Sgld,
        Sampler::Lm,
        Sampler::Psgld,
        Sampler::Underdamped,
        Sampler::Exact,
        Sampler::Rwm,
        Sampler::Pcn,
        Sampler::Mala,
        Sampler::Barker,
        Sampler::Hmc,
        Sampler::Nuts,
        Sampler::Mams,
        Sampler::Mclmc,
        Sampler::Sghmc,
        Sampler::Sgnht,
        Sampler::Tempering,
        Sampler::Auto,
    ];

    /// What is known of it; `None` of `auto`, which stands for another.
    pub fn facts(self) -> Option<&'static Facts> {
        Some(match self {
            Sampler::Sgld => &Sgld::FACTS,
            Sampler::Lm => &Lm::FACTS,
            Sampler::Psgld => &Psgld::FACTS,
            Sampler::Underdamped => &Underdamped::FACTS,
            Sampler::Exact => &Facts::LAW,
            Sampler::Rwm => &Rwm::FACTS,
            Sampler::Pcn => &Pcn::FACTS,
            Sampler::Mala => &Mala::FACTS,
            Sampler::Barker => &Barker::FACTS,
            Sampler::Hmc => &Hmc::FACTS,
            Sampler::Nuts => &Nuts::FACTS,
            Sampler::Mams => &Mams::FACTS,
            Sampler::Mclmc => &Mclmc::FACTS,
            Sampler::Sghmc => &Sghmc::FACTS,
            Sampler::Sgnht => &Sgnht::FACTS,
            Sampler::Tempering => &Ladder::FACTS,
            Sampler::Auto => return None,
        })
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.facts().map_or("auto", |facts| facts.name)
    }

    /// What a run of it is; `None` of `auto`.
    pub fn course(self) -> Option<Course> {
        self.facts().map(|facts| facts.course)
    }

    /// Whether it runs chains with a warm-up, rather than an annealed population.
    pub fn is_chained(self) -> bool {
        matches!(self.course(), Some(Course::Chains | Course::Ladder))
    }

    /// Whether its draws follow the density exactly, in the limit of many.
    pub fn is_exact(self) -> bool {
        self.facts().is_some_and(|facts| facts.bias == Bias::None)
    }

    /// What stands for `auto` in a problem of so many variables, and why.
    pub(super) fn resolved(self, dimension: usize, has_law: bool, in_batches: bool) -> (Sampler, Option<&'static str>) {
        match self {
            Sampler::Auto if in_batches => (Sampler::Lm, Some("batches: a gradient a step as sgld, and no bias of the step on a Gaussian")),
            Sampler::Auto if dimension == 1 && has_law => {
                (Sampler::Exact, Some("one variable, so quadrature gives the distribution function and its inverse independent draws"))
            }
            Sampler::Auto if has_law => (Sampler::Exact, Some("the formula comes apart into laws that are known: independent draws")),
            Sampler::Auto if dimension == 1 => (Sampler::Nuts, Some("one variable without an exact law")),
            Sampler::Auto => (Sampler::Mams, Some("several variables: exact, and half the gradients of nuts for as many effective draws")),
            chosen => (chosen, None),
        }
    }
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Sampler {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Sampler::ALL.into_iter().find(|sampler| sampler.name() == text).ok_or_else(|| {
            let names = Sampler::ALL.map(Sampler::name);
            let hint = match crate::syntax::suggest(text, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => names.join(", "),
            };
            Error::new(ErrorKind::Setting, format!("unknown sampler `{text}`")).hint(hint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_variable_is_not_left_to_a_sampler_that_turns_directions() {
        let resolved = |dimension, has_reference| Sampler::Auto.resolved(dimension, has_reference, false).0;
        assert_eq!([resolved(1, true), resolved(1, false), resolved(2, false)], [Sampler::Exact, Sampler::Nuts, Sampler::Mams]);
    }
}
