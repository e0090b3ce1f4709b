//! How curved a log density is: proved bounds on ∇ log p and its Hessian, and the step sizes that follow.

use super::cell_of;
use super::search::{Bounds, Least, Objective, least, middle, widest};
use crate::density::{LogDensity, Model};
use crate::enclosure::{Form, Interval, Jet};
use crate::graph::{Graph, NodeId};

/// Operators over boxes for each bound.
const WORK: usize = 150_000;
/// The bounds are close enough when this far apart, relatively.
const CLOSE: f64 = 0.02;
/// Hessians of more variables are not searched.
const MOST_VARIABLES: usize = 8;

/// Proved over all of the range; `None` where no bound was found, as of a density that has none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smoothness {
    /// |∇ log p| is nowhere larger.
    pub slope: Option<f64>,
    /// No eigenvalue of −∇² log p is larger: L, the Lipschitz constant of the drift if no eigenvalue is below −L either.
    pub most_curved: Option<f64>,
    /// No eigenvalue of −∇² log p is smaller; not negative: −log p is convex; positive: strongly so.
    pub least_curved: Option<f64>,
}

impl Smoothness {
    /// Whether −log p is proved to be convex.
    pub fn is_log_concave(&self) -> bool {
        self.least_curved.is_some_and(|least| least >= 0.0)
    }

    /// L: the drift ∇ log p changes at most L times as fast as the position.
    pub fn lipschitz(&self) -> Option<f64> {
        Some(self.most_curved?.abs().max(self.least_curved?.abs()))
    }

    /// The Euler step x + ε∇ log p + √(2ε)·noise is stable for ε < 2/L (Roberts & Tweedie 1996, section 3).
    pub fn stable_step_size(&self) -> Option<f64> {
        self.lipschitz().filter(|lipschitz| *lipschitz > 0.0).map(|lipschitz| 2.0 / lipschitz)
    }
}

/// Bounds the slope and the curvature of log p over the range of `model`; nothing is known of a sum over rows of data.
pub fn smoothness(model: &Model) -> Smoothness {
    let Some(search) = Search::of(model) else { return Smoothness { slope: None, most_curved: None, least_curved: None } };
    Smoothness {
        slope: search.bound(Quantity::Slope, f64::INFINITY).map(|square| (-square).max(0.0).sqrt().next_up()),
        most_curved: search.bound(Quantity::MostCurved, f64::INFINITY).map(|most| -most),
        least_curved: search.bound(Quantity::LeastCurved, f64::INFINITY),
    }
}

/// [`smoothness`] as far as [`lipschitz`](Smoothness::lipschitz) needs it: no slope, and the least curvature no closer than that it is not
/// the larger one.
pub fn curvature(model: &Model) -> Smoothness {
    let Some(search) = Search::of(model) else { return Smoothness { slope: None, most_curved: None, least_curved: None } };
    let most_curved = search.bound(Quantity::MostCurved, f64::INFINITY).map(|most| -most);
    let least_curved = most_curved.and_then(|most| search.bound(Quantity::LeastCurved, -most.abs()));
    Smoothness { slope: None, most_curved, least_curved }
}

/// The density ready for searches, one a quantity.
struct Search<'a> {
    model: &'a Model,
    cell: Vec<Interval>,
    /// In one dimension the first and second derivatives as expressions: far out they tell more than those of the steps.
    expressions: Vec<(Graph, NodeId)>,
}

impl<'a> Search<'a> {
    /// `None` where nothing is known.
    fn of(model: &'a Model) -> Option<Search<'a>> {
        let cell = cell_of(model.bounds());
        if cell.len() > MOST_VARIABLES || model.rows() > 0 {
            return None;
        }
        let mut expressions = Vec::new();
        if let (1, Ok((graph, rows))) = (cell.len(), model.hessian_in(model.graph().clone(), model.log_density_node())) {
            expressions = [model.gradient_nodes()[0], rows[0][0]].map(|node| (graph.clone(), node)).to_vec();
        }
        Some(Search { model, cell, expressions })
    }

    /// A lower bound on `quantity`, closely or at least `enough`.
    fn bound(&self, quantity: Quantity, enough: f64) -> Option<f64> {
        let form = Form::new(self.model.graph(), self.model.log_density_node());
        let order = if quantity == Quantity::Slope { 1 } else { 2 };
        let expressions = self.expressions.iter().take(order).map(|(graph, node)| Form::new(graph, *node)).collect();
        let found = least(self.cell.clone(), &mut Extreme { form, expressions, quantity, enough });
        Some(found.lower).filter(|lower| lower.is_finite())
    }
}

/// What is made as small as possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    /// −|∇|².
    Slope,
    /// Minus the largest eigenvalue of −∇².
    MostCurved,
    /// The smallest eigenvalue of −∇².
    LeastCurved,
}

impl Quantity {
    fn of(self, jet: &Jet, dimension: usize) -> Interval {
        match self {
            Quantity::Slope => -slope_squared(jet, dimension),
            Quantity::MostCurved => -eigenvalues(jet, dimension, true),
            Quantity::LeastCurved => eigenvalues(jet, dimension, false),
        }
    }

    /// From the first or second derivative in one dimension.
    fn of_derivative(self, derivative: Interval) -> Interval {
        match self {
            Quantity::Slope => -derivative.square(),
            Quantity::MostCurved => derivative,
            Quantity::LeastCurved => -derivative,
        }
    }
}

/// |∇|².
fn slope_squared(jet: &Jet, dimension: usize) -> Interval {
    let slope = |i| jet.first(i).unwrap_or(Interval::ALL);
    (0..dimension).fold(Interval::ZERO, |sum, i| sum + slope(i).square())
}

/// The largest or smallest eigenvalue of −∇², between a quotient of Rayleigh's, the diagonal, and Gershgorin's discs.
fn eigenvalues(jet: &Jet, dimension: usize, largest: bool) -> Interval {
    let entry = |i, j| jet.second(i, j).map_or(Interval::ALL, |second| -second);
    let mut outer: Option<f64> = None;
    let mut inner: Option<f64> = None;
    for i in 0..dimension {
        let radius = (0..dimension).filter(|&j| j != i).fold(Interval::ZERO, |sum, j| sum + entry(i, j).abs());
        let (disc, diagonal) =
            if largest { ((entry(i, i) + radius).high, entry(i, i).low) } else { ((entry(i, i) - radius).low, entry(i, i).high) };
        let wider = |a: f64, b: f64| if largest { a.max(b) } else { a.min(b) };
        outer = Some(outer.map_or(disc, |outer| wider(outer, disc)));
        inner = Some(inner.map_or(diagonal, |inner| wider(inner, diagonal)));
    }
    let (Some(outer), Some(inner)) = (outer, inner) else { return Interval::ALL };
    if dimension == 2 {
        // (a + d)/2 ± √((a − d)²/4 + b²), exactly.
        let (a, b, d) = (entry(0, 0), entry(0, 1), entry(1, 1));
        let root = ((a - d).halved().square() + b.square()).sqrt();
        let exact = if largest { (a + d).halved() + root } else { (a + d).halved() - root };
        return if largest {
            Interval::new(exact.low.max(inner), exact.high.min(outer))
        } else {
            Interval::new(exact.low.max(outer), exact.high.min(inner))
        };
    }
    if largest { Interval::new(inner, outer) } else { Interval::new(outer, inner) }
}

/// The search for one of them.
struct Extreme {
    form: Form,
    /// The derivatives up to the one in question, in one dimension.
    expressions: Vec<Form>,
    quantity: Quantity,
    /// A lower bound that nobody wants to be higher.
    enough: f64,
}

impl Objective for Extreme {
    fn over(&mut self, cell: &[Interval]) -> Bounds {
        let jet = self.form.jet(cell);
        let is_differentiable = jet.first(0).is_some() && !jet.value.partial;
        let mut range = if is_differentiable { self.quantity.of(&jet, cell.len()) } else { Interval::ALL };
        let derivatives: Vec<_> = self.expressions.iter_mut().map(|form| form.natural(cell)).collect();
        if let Some(last) = derivatives.last()
            && jet.value.is_continuous()
            && derivatives.iter().all(|derivative| derivative.is_continuous())
        {
            range = range.meet(self.quantity.of_derivative(last.range));
        }
        let cut = widest(cell);
        let place = middle(cell);
        let point: Vec<Interval> = place.iter().map(|&x| Interval::point(x)).collect();
        let at = self.form.jet(&point);
        // What this method can know at one point: closer than that, cutting does not get.
        let seen = (at.is_smooth() && !at.value.partial).then(|| (Interval::point(self.quantity.of(&at, cell.len()).low), place));
        Bounds { range, seen, cut }
    }

    fn is_enough(&self, found: &Least) -> bool {
        let gap = found.upper() - found.lower;
        let is_hopeless = found.lower == f64::NEG_INFINITY && self.form.work > WORK / 8;
        gap <= CLOSE * found.upper().abs() || found.lower >= self.enough || is_hopeless || self.form.work > WORK
    }
}
