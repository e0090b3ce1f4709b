//! Whether a density is negative anywhere: from the tree where it tells, else by branch and bound with second-order forms.

use super::search::{Bounds, Least, Objective, least, middle, widest};
use crate::enclosure::{Form, Interval};
use crate::graph::{Binary, Graph, Node, NodeId};

/// Work for one factor: operators over boxes, weighed as [`Form::work`] does.
const WORK: usize = 600_000;
/// A value this small beside the largest one met counts as a touch of zero.
const TOUCH: f64 = 1e-12;

/// The sign of an expression over a box.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found {
    /// Nowhere negative.
    Nonnegative,
    /// Nowhere below −`depth`, and that close to zero near `place`.
    Touches { depth: f64, place: Vec<f64> },
    /// Proved negative at a point.
    Negative(Vec<f64>),
    /// The work allowed did not decide it.
    Open,
}

/// The sign of `root` over `cell`. Of a product and a quotient each factor is asked alone.
pub(super) fn sign(graph: &Graph, root: NodeId, cell: &[Interval]) -> Found {
    let factors = factors(graph, root);
    if factors.len() > 1 {
        let mut negative = false;
        let is_decided = factors.iter().all(|&factor| {
            if one_sign(graph, factor, cell, 1.0) {
                return true;
            }
            negative = !negative;
            one_sign(graph, factor, cell, -1.0)
        });
        if is_decided && !negative {
            return Found::Nonnegative;
        }
    }
    let mut objective = Value::new(graph, root, 1.0);
    let found = least(cell.to_vec(), &mut objective);
    objective.verdict(&found, cell)
}

/// Whether `sign`·`node` is nowhere negative.
fn one_sign(graph: &Graph, node: NodeId, cell: &[Interval], sign: f64) -> bool {
    let mut objective = Value::new(graph, node, sign);
    let found = least(cell.to_vec(), &mut objective);
    objective.verdict(&found, cell) == Found::Nonnegative
}

/// The factors of a product, those below a fraction bar too: their signs multiply to that of the value.
fn factors(graph: &Graph, root: NodeId) -> Vec<NodeId> {
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match graph.node(node) {
            Node::Binary(Binary::Multiply | Binary::Divide, a, b) => open.extend([a, b]),
            _ => found.push(node),
        }
    }
    found
}

/// The value of an expression, or its negative.
struct Value {
    form: Form,
    sign: f64,
    /// The largest size met.
    top: f64,
}

impl Value {
    fn new(graph: &Graph, root: NodeId, sign: f64) -> Value {
        Value { form: Form::new(graph, root), sign, top: 0.0 }
    }

    fn touch(&self) -> f64 {
        TOUCH * self.top
    }

    fn verdict(&self, found: &Least, cell: &[Interval]) -> Found {
        match &found.seen {
            _ if found.lower >= 0.0 => Found::Nonnegative,
            Some((value, place)) if value.high < 0.0 => Found::Negative(place.clone()),
            _ if self.top > 0.0 && found.lower >= -self.touch() => {
                let place = middle(&found.cell);
                debug_assert!(place.len() == cell.len());
                Found::Touches { depth: -found.lower, place }
            }
            _ => Found::Open,
        }
    }
}

impl Objective for Value {
    fn over(&mut self, cell: &[Interval]) -> Bounds {
        let signed = |x: Interval| if self.sign < 0.0 { -x } else { x };
        let natural = self.form.natural(cell);
        if signed(natural.range).is_nonnegative() {
            return Bounds { range: signed(natural.range), seen: None, cut: widest(cell) };
        }
        let known = self.form.over(cell);
        let seen = known.middle.filter(|value| !value.partial && value.range.is_finite());
        if let Some(value) = seen {
            self.top = self.top.max(value.range.size());
        }
        // Where the value changes most along a side, if that is known.
        let change = |side: usize| known.jet.first(side).map(|slope| slope.size() * cell[side].width()).filter(|change| change.is_finite());
        let steepest = (0..cell.len()).filter_map(|side| change(side).map(|change| (side, change))).max_by(|a, b| a.1.total_cmp(&b.1));
        let cut = match steepest {
            Some((side, change)) if change > 0.0 && known.middle.is_some() => side,
            _ => widest(cell),
        };
        Bounds { range: signed(known.value.range), seen: seen.map(|value| (signed(value.range), middle(cell))), cut }
    }

    fn is_enough(&self, found: &Least) -> bool {
        // A touch is believed when a tenth of the work did not tell it from a small minimum.
        let touches = self.top > 0.0 && found.lower >= -self.touch() && self.form.work > WORK / 10;
        found.lower >= 0.0 || found.upper() < 0.0 || touches || self.form.work > WORK
    }
}
