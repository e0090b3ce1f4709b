//! Drawing until the draws are good enough: targets for ESS, Monte Carlo error and R-hat, and how far draws are from them.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use super::summary::VariableSummary;
use crate::density::Bound;
use crate::diagnostics::{Convergence, RHAT_WANTED};
use crate::error::{Error, ErrorKind, Result};
use crate::sampler::Draws;
use crate::syntax::suggest;

/// What a target is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The smaller of bulk and tail ESS; above the target.
    Ess,
    /// The Monte Carlo standard error of the mean, in units of the variable; below the target.
    Mcse,
    /// R-hat as the report gives it; below the target.
    Rhat,
}

impl Measure {
    const ALL: [Measure; 3] = [Measure::Ess, Measure::Mcse, Measure::Rhat];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Ess => "ess",
            Measure::Mcse => "mcse",
            Measure::Rhat => "rhat",
        }
    }

    /// The figure of one variable.
    fn of(self, chains: &[&[f64]]) -> f64 {
        let found = Convergence::new(chains);
        match self {
            Measure::Ess => {
                let (bulk, tail) = (found.ess_bulk(), found.ess_tail());
                if bulk.is_nan() || bulk < tail { bulk } else { tail }
            }
            Measure::Mcse => found.mcse_mean(),
            Measure::Rhat => found.disagreement().rhat,
        }
    }

    /// Of how many times as many draws `found` would be `wanted`: ESS grows like their number n, the error falls like 1/√n, R-hat − 1
    /// like 1/n. One or less where the target is met; NaN where nothing is known.
    fn growth(self, found: f64, wanted: f64) -> f64 {
        match self {
            Measure::Ess => wanted / found,
            Measure::Mcse => (found / wanted) * (found / wanted),
            Measure::Rhat => (found - 1.0) / (wanted - 1.0),
        }
    }
}

/// A bound on a figure, of one variable or of all: `ess>1000`, `mcse(x)<0.01`, `rhat<1.01`.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The figure.
    pub measure: Measure,
    /// The variable; without one, all.
    pub variable: Option<String>,
    /// The bound: ESS lies above, the others below.
    pub value: f64,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.measure == Measure::Ess { '>' } else { '<' };
        match &self.variable {
            Some(name) => write!(f, "{}({name}){sign}{}", self.measure.name(), self.value),
            None => write!(f, "{}{sign}{}", self.measure.name(), self.value),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(text: &str) -> Result<Target> {
        let refuse = |cause: &str| {
            Error::new(ErrorKind::Setting, format!("--until `{text}`: {cause}"))
                .hint("ess>1000, mcse<0.01 or rhat<1.01; of one variable mcse(x)<0.01; several with commas between them")
        };
        let place = text.find(['<', '>']).ok_or_else(|| refuse("no `<` or `>` in it"))?;
        let (left, sign, right) = (text[..place].trim(), &text[place..=place], text[place + 1..].trim_start_matches('=').trim());
        let (name, variable) = match left.split_once('(') {
            Some((name, rest)) => {
                let variable = rest.strip_suffix(')').map(str::trim).filter(|variable| !variable.is_empty());
                (name.trim(), Some(variable.ok_or_else(|| refuse("the name of a variable belongs in the brackets"))?.to_string()))
            }
            None => (left, None),
        };
        let measure = Measure::ALL.into_iter().find(|measure| measure.name() == name).ok_or_else(|| {
            let near = suggest(name, Measure::ALL.iter().map(|measure| measure.name()));
            refuse(&format!("unknown figure `{name}`{}", near.map_or(String::new(), |near| format!(", did you mean `{near}`?"))))
        })?;
        if (sign == ">") != (measure == Measure::Ess) {
            return Err(refuse(if measure == Measure::Ess { "ess is good when it is large" } else { "this is good when it is small" }));
        }
        let value: f64 = right.parse().map_err(|_| refuse(&format!("`{right}` is no number")))?;
        let least = if measure == Measure::Rhat { 1.0 } else { 0.0 };
        if !(value.is_finite() && value > least) {
            return Err(refuse(&format!("no number of draws reaches {value}; it must be above {least}")));
        }
        Ok(Target { measure, variable, value })
    }
}

/// Several targets with commas between them; a comma in the brackets of a name, as in `mcse(W[1,2])<0.1`, is the name's own.
///
/// # Errors
/// Kind `setting`.
pub fn targets(text: &str) -> Result<Vec<Target>> {
    let (mut depth, mut from, mut found) = (0_usize, 0, Vec::new());
    for (place, character) in text.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(text[from..place].trim().parse()?);
                from = place + 1;
            }
            _ => {}
        }
    }
    found.push(text[from..].trim().parse()?);
    Ok(found)
}

/// How far draws came to a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The target.
    pub target: Target,
    /// The variable that is farthest from it.
    pub variable: String,
    /// Its figure.
    pub found: f64,
    /// Whether the target is met.
    pub met: bool,
    /// Of how many times as many draws it would be met, about; NaN where nothing is known.
    pub growth: f64,
}

impl Progress {
    /// The figure `found` of `variable` against a target.
    pub(super) fn of(target: &Target, variable: &str, found: f64) -> Progress {
        let growth = target.measure.growth(found, target.value);
        Progress { target: target.clone(), variable: variable.to_string(), found, met: growth < 1.0, growth }
    }
}

/// Refuses a target for a variable that there is none of.
pub(super) fn check(targets: &[Target], bounds: &[Bound]) -> Result<()> {
    for name in targets.iter().filter_map(|target| target.variable.as_ref()) {
        if !bounds.iter().any(|bound| bound.name == *name) {
            let names = || bounds.iter().map(|bound| bound.name.as_str());
            let hint = match suggest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the variables are {}", names().take(8).collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::new(ErrorKind::Setting, format!("--until names `{name}`, which is no variable that is sampled")).hint(hint));
        }
    }
    Ok(())
}

/// Where the draws are with each target.
pub(super) fn progress(targets: &[Target], bounds: &[Bound], draws: &Draws) -> Vec<Progress> {
    let of = |target: &Target| {
        let asked = |variable: &usize| target.variable.as_ref().is_none_or(|name| bounds[*variable].name == *name);
        let found = (0..draws.dimension())
            .filter(asked)
            .map(|variable| Progress::of(target, &bounds[variable].name, target.measure.of(&draws.by_chain(variable))));
        let rank = |one: &Progress| if one.growth.is_nan() { f64::INFINITY } else { one.growth };
        found.max_by(|a, b| rank(a).total_cmp(&rank(b)))
    };
    targets.iter().filter_map(of).collect()
}

/// Of how many times as many draws all targets would be met; 1 or less if they are, NaN if nothing is known.
pub(super) fn growth(progress: &[Progress]) -> f64 {
    let worst = progress.iter().filter(|one| !one.met).map(|one| one.growth.max(1.0 + f64::EPSILON));
    match progress.iter().any(|one| one.growth.is_nan()) {
        true => f64::NAN,
        // A little more, as estimates waver.
        false => worst.fold(0.0, |most, growth| f64::max(most, 1.05 * growth)),
    }
}

/// ESS that is enough where nobody says: it gives every mean to 3 % of its standard deviation.
const ESS_ENOUGH: f64 = 1000.0;

/// Of how many times as many draws there would be enough of them where nobody says how many: ESS above [`ESS_ENOUGH`], chains that agree, and
/// none that keeps to a place of its own.
fn usual_growth(variables: &[VariableSummary]) -> f64 {
    // R-hat wavers, and a round for a few draws more costs as much as they.
    const MARGIN: f64 = 1.25;
    let growth = |variable: &VariableSummary| {
        let rhat = variable.rhat_growth * if variable.rhat_growth > 1.0 { MARGIN } else { 1.0 };
        let ess = Measure::Ess.growth(variable.ess_bulk.min(variable.ess_tail), ESS_ENOUGH);
        let apart = if variable.apart > 0 { 2.0 } else { 0.0 };
        [ess, rhat, apart]
    };
    // `max` would hide a NaN.
    variables.iter().flat_map(growth).fold(0.0, |most, growth| if growth > most || growth.is_nan() { growth } else { most })
}

/// [`usual_growth`] of what is known after these draws; 1 where more of the same are no help: it would take far more than `most`, or chains
/// disagree after all of their draws as they did after the first half.
fn growth_within(variables: &[VariableSummary], draws: &Draws, most: usize) -> f64 {
    /// Times the most.
    const HOPELESS: f64 = 5.0;
    let growth = usual_growth(variables);
    let loudest = variables.iter().map(|variable| Measure::Rhat.growth(variable.rhat, RHAT_WANTED)).fold(growth, f64::max);
    if loudest * draws.draws() as f64 > HOPELESS * most as f64 || growth > 1.0 && stands_still(variables, draws) { 1.0 } else { growth }
}

/// Whether chains that disagree by modes about a variable did so as much after half of their draws: R-hat − 1 of chains that mix falls like 1/n, and
/// that of chains which never leave their modes stays.
fn stands_still(variables: &[VariableSummary], draws: &Draws) -> bool {
    /// Between the half of chains that mix and the whole of those that do not.
    const LEFT: f64 = 0.8;
    /// Where a tenth of the chains stand in a mode of their own: their normal scores have the variance 0.34 between the modes and 0.66 within.
    /// Below, the first draws of chains that are merely slow say the same.
    const STANDING: f64 = 1.2;
    let rank = |variable: &VariableSummary| if variable.rhat.is_nan() { f64::NEG_INFINITY } else { variable.rhat };
    let Some(worst) = (0..variables.len()).max_by(|&a, &b| rank(&variables[a]).total_cmp(&rank(&variables[b]))) else { return false };
    let chains = draws.by_chain(worst);
    let halves: Vec<&[f64]> = chains.iter().map(|chain| &chain[..chain.len() / 2]).collect();
    let [early, late] = [&halves, &chains].map(|chains| Convergence::new(chains).rhat());
    late > STANDING && late - 1.0 > LEFT * (early - 1.0)
}

/// The figures after each round of draws, of which the last are most often those of the run.
#[derive(Default)]
pub(super) struct Judged(RefCell<Option<(usize, Vec<VariableSummary>)>>);

impl Judged {
    /// [`growth_within`] of the figures of these draws, which it keeps.
    pub(super) fn growth(&self, variables: Vec<VariableSummary>, draws: &Draws, most: usize) -> f64 {
        let growth = growth_within(&variables, draws, most);
        self.0.replace(Some((draws.draws(), variables)));
        growth
    }

    /// The figures if the last round ended after so many draws.
    pub(super) fn after(self, draws: usize) -> Option<Vec<VariableSummary>> {
        self.0.into_inner().filter(|(known, _)| *known == draws).map(|(_, variables)| variables)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_draws_they_were_made_of() {
        let judged = || {
            let judged = Judged::default();
            judged.growth(Vec::new(), &Draws::from_columns(vec![vec![0.0; 40]], 1), 400);
            judged
        };
        assert!(judged().after(40).is_some() && judged().after(80).is_none() && Judged::default().after(40).is_none());
    }

    #[test]
    fn targets_read_back_and_nonsense_is_refused_with_the_way_out() {
        let found = targets("ess>1000, mcse(W[1,2]) <= 0.01,rhat<1.01").expect("three");
        let shown: Vec<String> = found.iter().map(Target::to_string).collect();
        assert_eq!(shown, ["ess>1000", "mcse(W[1,2])<0.01", "rhat<1.01"]);
        for (text, cause) in [
            ("", "no `<` or `>`"),
            ("ess", "no `<` or `>`"),
            ("ess<1000", "large"),
            ("mcse>0.1", "small"),
            ("ess>many", "no number"),
            ("ess>inf", "above 0"),
            ("rhat<1", "above 1"),
            ("mcse<-1", "above 0"),
            ("mcse()<1", "name of a variable"),
            ("rhatt<1.01", "did you mean `rhat`"),
            ("ess>10,", "no `<` or `>`"),
        ] {
            let error = targets(text).expect_err(text);
            assert!(error.message.contains(cause), "{text}: {error}");
            assert!(error.hint.is_some_and(|hint| hint.contains("ess>1000")), "{text}");
        }
    }

    #[test]
    fn the_growth_is_what_the_law_of_each_figure_asks_for() {
        assert_eq!(Measure::Ess.growth(250.0, 1000.0), 4.0);
        assert_eq!(Measure::Mcse.growth(0.02, 0.01), 4.0);
        assert!((Measure::Rhat.growth(1.04, 1.01) - 4.0).abs() < 1e-9);
        let one = |growth: f64| Progress {
            target: "ess>1".parse().expect("a target"),
            variable: "x".into(),
            found: 0.0,
            met: growth < 1.0,
            growth,
        };
        assert_eq!(growth(&[one(0.5), one(2.0)]), 2.1);
        assert!(growth(&[one(0.5), one(0.9)]) <= 1.0);
        assert!(growth(&[one(1.0)]) > 1.0 && growth(&[one(0.5), one(f64::NAN)]).is_nan());
    }
}
