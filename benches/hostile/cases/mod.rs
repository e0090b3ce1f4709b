//! The densities, by kind; each names the draws that are its truth.

mod coupled;
mod improper;
mod jumps;
mod line;
mod mixtures;
mod shapes;
mod spellings;
mod tails;
mod walls;

use crate::case::Case;

/// Every density.
pub(crate) fn all() -> Vec<Case> {
    let kinds = [
        mixtures::cases(),
        spellings::cases(),
        shapes::cases(),
        tails::cases(),
        walls::cases(),
        jumps::cases(),
        coupled::cases(),
        line::cases(),
        improper::cases(),
    ];
    let cases: Vec<Case> = kinds.into_iter().flatten().collect();
    for (at, case) in cases.iter().enumerate() {
        assert!(cases[..at].iter().all(|other| other.name != case.name), "two cases are called `{}`", case.name);
    }
    cases
}

/// The declaration of a vector over the whole line.
fn free(dimension: usize) -> String {
    format!("x[{dimension}] in (-inf, inf)")
}
