//! Model to facts: what is proved about a density over all of its range, and what was only looked at.

mod blame;
mod curvature;
mod holes;
mod inspect;
mod line;
mod overflow;
mod search;
mod sign;
mod support;
mod symmetry;

pub use blame::{Blame, blame};
pub use curvature::{Smoothness, curvature, smoothness};
pub use inspect::{Inspection, Sign, Undefined, Witness, inspect};
pub use line::{Feature, FeatureKind, Line, Mode, line};
pub use support::{Inferred, inferred};
pub use symmetry::{Symmetry, symmetries};

use crate::density::Bound;
use crate::enclosure::Interval;

/// The ranges of the variables as a box.
fn cell_of(bounds: &[Bound]) -> Vec<Interval> {
    bounds.iter().map(|bound| Interval::new(bound.low, bound.high)).collect()
}
