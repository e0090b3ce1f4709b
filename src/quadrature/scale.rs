//! Where the mass is: the first panels, graded around every landmark and end, and out along infinite ranges.

use super::End;
use super::adapt::Panel;
use super::chart::Chart;
use super::ends::{NUMERIC_REACH, SYMBOLIC_REACH, Stub, Tail, Way};
use super::probe::Probe;
use super::refuse::{seems_infinite, too_steep};
use crate::error::Result;

/// Ratio of neighbouring distances at which the neighbourhood of a landmark is probed, and of those that one panel spans where most mass is.
const STEP: f64 = 8.0;
/// Most panels that a frequency can ask for.
const MOST_PANELS: usize = 20_000;
/// How far in log-distance about an anchor is looked finely, and the step beyond, to the last double.
const NEAREST: f64 = 50.0;
const COARSE: f64 = 24.0;
/// By how much log p grows from one level to the next inward, at least, where it may have no limit.
const RISES: f64 = 0.1;
/// What rises faster than this power of 1/distance is no pole.
const STEEP: f64 = 200.0;
/// Integrands exp(-NEGLIGIBLE) times the largest are left out.
pub(super) const NEGLIGIBLE: f64 = 55.0;
/// Of more landmarks than this some are left to the adaptive rule.
const MOST_LANDMARKS: usize = 2_000;

/// How closely the first panels look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Grain {
    /// For what the formula tells of itself: a proof will follow, and say where anything was missed.
    Coarse,
    /// For peaks that no landmark names: nobody looks after these panels.
    Fine,
}

impl Grain {
    /// Panels of equal width that a finite range starts with at least.
    fn base_panels(self) -> f64 {
        match self {
            Grain::Coarse => 2.0,
            Grain::Fine => 14.0,
        }
    }

    /// Widest first panel in log-distance.
    fn widest(self) -> f64 {
        match self {
            Grain::Coarse => 40.0,
            Grain::Fine => 2.0 * STEP.ln(),
        }
    }

    /// Ratio of neighbouring distances at which the neighbourhood of a landmark is probed, on the way to another landmark.
    fn step(self) -> f64 {
        match self {
            Grain::Coarse => STEP * STEP,
            Grain::Fine => STEP,
        }
    }
}

/// What the adaptive rule starts from.
pub(super) struct Plan {
    pub(super) panels: Vec<Panel>,
    /// Masses beyond the last panels of singular ends and heavy tails.
    pub(super) stubs: Vec<Stub>,
    /// The highest of the first two moments that exists toward the lower and toward the upper end.
    pub(super) moments: [usize; 2],
}

/// Cuts the range at `landmarks` and sets up panels. Errors: `NotIntegrated`, `Overflow`.
pub(super) fn plan(probe: &mut Probe, landmarks: &[f64], grain: Grain) -> Result<Plan> {
    let range = Range { low: probe.low(), high: probe.high(), grain };
    let breaks = breakpoints(range, landmarks);
    let mut sides = sides(probe, range, &breaks);
    profile(probe, &mut sides);
    sides.iter_mut().for_each(|side| side.drop_noise(probe));
    let heights = Heights::of(&sides);
    let plan = Plan { panels: Vec::new(), stubs: Vec::new(), moments: [2; 2] };
    let mut build = Build { plan, heights, frequency: probe.frequency(), grain };
    for side in &mut sides {
        build.side(probe, side)?;
    }
    // Between the graded neighbourhoods: panels of equal width.
    for pair in breaks.windows(2) {
        let taken = |side: &Side| if side.graded { side.width } else { 0.0 };
        let of = |sign: f64, anchor: f64| sides.iter().find(|side| side.anchor == anchor && side.sign == sign).map_or(0.0, taken);
        let (low, high) = (pair[0] + of(1.0, pair[0]), pair[1] - of(-1.0, pair[1]));
        if high > low && high - low > 1e-12 * (pair[1] - pair[0]) {
            let count = ((high - low) / base_width(range, pair[0], pair[1])).ceil().clamp(1.0, 1e4);
            build.direct(low, high, count as usize);
        }
    }
    Ok(build.plan)
}

#[derive(Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
    grain: Grain,
}

impl Range {
    fn finite(self) -> bool {
        (self.high - self.low).is_finite()
    }
}

/// The finite ends and the landmarks between them, ascending; 0 joins them where the range has an infinite end and includes it.
fn breakpoints(range: Range, landmarks: &[f64]) -> Vec<f64> {
    let near = |a: f64, b: f64| (a - b).abs() <= 32.0 * f64::EPSILON * a.abs().min(b.abs());
    let inside = |at: &f64| range.low < *at && *at < range.high && !near(*at, range.low) && !near(*at, range.high);
    let mut breaks: Vec<f64> = landmarks.iter().copied().chain((!range.finite()).then_some(0.0)).filter(inside).collect();
    breaks.sort_by(f64::total_cmp);
    // Roots computed twice differ in the last digits, and nothing fits between them.
    breaks.dedup_by(|b, a| near(*a, *b));
    breaks.extend([range.low, range.high].into_iter().filter(|end| end.is_finite()));
    breaks.sort_by(f64::total_cmp);
    if breaks.len() > MOST_LANDMARKS {
        let last = breaks.len() - 1;
        breaks = (0..MOST_LANDMARKS).map(|k| breaks[k * last / (MOST_LANDMARKS - 1)]).collect();
    }
    breaks
}

fn base_width(range: Range, low: f64, high: f64) -> f64 {
    if range.finite() { (range.high - range.low) / range.grain.base_panels() } else { (high - low) / 4.0 }
}

/// One side of a breakpoint and what is seen there.
struct Side {
    anchor: f64,
    /// +1 to the right, -1 to the left.
    sign: f64,
    /// How far it extends; inf for the outer sides of an infinite range.
    width: f64,
    /// The end that the anchor is.
    end: Option<End>,
    /// (log-distance, log p), distances ascending.
    levels: Vec<(f64, f64)>,
    /// The smallest log-distance of those that lie close to each other.
    fine: f64,
    /// The log-distance beyond which p has lost its digits.
    digits: f64,
    /// Whether panels in log-distance cover it to its full width.
    graded: bool,
}

impl Side {
    fn chart(&self, probe: &Probe) -> Chart {
        Chart::Log { anchor: self.anchor, side: self.sign, end: self.end.and_then(|end| probe.symbolic(end)) }
    }

    /// The number of the level with most mass about it, and the logarithm of about that mass.
    fn heaviest_level(&self) -> Option<(usize, f64)> {
        let masses = self.levels.iter().map(|level| level.0 + level.1).enumerate();
        masses.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The log-distance with most mass about it.
    fn heaviest(&self) -> f64 {
        self.heaviest_level().map_or(0.0, |(k, _)| self.levels[k].0)
    }

    /// Leaves out the levels of an infinite side where p is what is left of a cancellation, as 1 − x/√(1 + x²) far out. Beyond e¹⁰⁰ an
    /// enclosure is wide because something overflows.
    fn drop_noise(&mut self, probe: &mut Probe) {
        const FARTHEST: f64 = 100.0;
        if self.width.is_finite() {
            return;
        }
        let near = self.levels.iter().take_while(|level| level.0 < FARTHEST);
        let most = near.map(|level| level.0 + level.1).fold(f64::NEG_INFINITY, f64::max);
        let (anchor, sign) = (self.anchor, self.sign);
        let mut has_digits = |s: f64| probe.has_digits(anchor + sign * s.exp(), most - 2.0 * NEGLIGIBLE - s);
        let lost = self.levels.windows(2).position(|pair| {
            let ((before, log_density), (s, _)) = (pair[0], pair[1]);
            let counts = before >= self.fine && s < FARTHEST && before + log_density > most - 2.0 * NEGLIGIBLE;
            // Close to a pole, distances have no digits yet: what is lost was there before.
            counts && !has_digits(s) && has_digits(before)
        });
        let Some(last) = lost else { return };
        let (mut known, mut noise) = (self.levels[last].0, self.levels[last + 1].0);
        while noise - known > 0.1 {
            let middle = 0.5 * (known + noise);
            if has_digits(middle) { known = middle } else { noise = middle }
        }
        self.levels.truncate(last + 1);
        self.digits = known;
    }

    /// Whether log p still grows inward of the innermost structure: toward a pole, or below what was looked at.
    fn rises_inward(&self, structured: usize) -> bool {
        let (inner, outer) = if structured == 0 { (0, 1) } else { (structured - 1, structured) };
        let is_deep = structured == 0 || self.levels[structured].0 <= self.fine;
        is_deep && self.levels.get(outer).is_some_and(|level| self.levels[inner].1 > level.1 + RISES)
    }

    /// The smallest log-distance that x can hold.
    fn floor(&self, probe: &Probe) -> f64 {
        if self.chart(probe).end().is_some() {
            f64::NEG_INFINITY
        } else if self.anchor == 0.0 {
            -NUMERIC_REACH
        } else {
            (64.0 * f64::EPSILON * self.anchor.abs()).ln()
        }
    }
}

fn sides(probe: &Probe, range: Range, breaks: &[f64]) -> Vec<Side> {
    let mut sides = Vec::with_capacity(2 * breaks.len());
    for (k, &anchor) in breaks.iter().enumerate() {
        for sign in [-1.0, 1.0] {
            let neighbour = if sign < 0.0 { k.checked_sub(1).map(|k| breaks[k]) } else { breaks.get(k + 1).copied() };
            let infinite = if sign < 0.0 { range.low == f64::NEG_INFINITY } else { range.high == f64::INFINITY };
            let width = match neighbour {
                Some(at) => (0.5 * (at - anchor).abs()).min(base_width(range, anchor.min(at), anchor.max(at))),
                None if infinite => f64::INFINITY,
                None => continue,
            };
            let end = match anchor {
                _ if anchor == range.low => Some(End::Low),
                _ if anchor == range.high => Some(End::High),
                _ => None,
            };
            sides.push(Side { anchor, sign, width, end, levels: Vec::new(), fine: 0.0, digits: f64::INFINITY, graded: false });
        }
    }
    for side in &mut sides {
        let floor = side.floor(probe).max(-NUMERIC_REACH);
        let (low, high, step) = if side.width.is_finite() {
            let top = side.width.ln();
            (top - NEAREST, top, range.grain.step().ln())
        } else {
            // The scale is unknown: around that of the anchor finely.
            let unit = side.anchor.abs().max(1.0).ln();
            (unit - 0.5 * NEAREST, unit + 0.5 * NEAREST, STEP.ln())
        };
        let mut levels: Vec<f64> = (0..).map(|k| high - step * k as f64).take_while(|&s| s >= low.max(floor)).collect();
        side.fine = levels.last().copied().unwrap_or(high);
        // Then coarsely, to the smallest distance and to the largest double.
        levels.extend((1..).map(|k| side.fine - COARSE * k as f64).take_while(|&s| s > floor));
        levels.push(floor);
        if side.width.is_infinite() {
            levels.extend((1..).map(|k| high + COARSE * k as f64).take_while(|&s| s < NUMERIC_REACH));
        }
        levels.sort_by(f64::total_cmp);
        levels.dedup_by(|b, a| *b - *a < 0.1);
        side.levels = levels.into_iter().map(|s| (s, f64::NAN)).collect();
    }
    sides
}

/// Evaluates log p at the levels of every side, in one batch; then once more, finely, about the heaviest level of each.
fn profile(probe: &mut Probe, sides: &mut [Side]) {
    let wanted: Vec<Vec<f64>> = sides.iter().map(|side| side.levels.iter().map(|level| level.0).collect()).collect();
    sides.iter_mut().for_each(|side| side.levels.clear());
    look(probe, sides, &wanted);
    let heaviest =
        sides.iter().map(Side::heaviest_level).map(|at| at.map_or(f64::NEG_INFINITY, |at| at.1)).fold(f64::NEG_INFINITY, f64::max);
    let between = |low: f64, high: f64| {
        let count = ((high - low) / STEP.ln()).ceil();
        (1..count as usize).map(move |k| low + (high - low) * k as f64 / count)
    };
    let wanted: Vec<Vec<f64>> = sides
        .iter()
        .map(|side| match side.heaviest_level() {
            Some((k, mass)) if mass >= heaviest - NEGLIGIBLE && (side.levels[k].0 < side.fine || side.width.is_infinite()) => {
                let near = &side.levels[k.saturating_sub(1)..(k + 2).min(side.levels.len())];
                near.windows(2).flat_map(|pair| between(pair[0].0, pair[1].0)).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    look(probe, sides, &wanted);
}

/// Adds levels at log-distances to each side.
fn look(probe: &mut Probe, sides: &mut [Side], wanted: &[Vec<f64>]) {
    let charts: Vec<Chart> = sides.iter().map(|side| side.chart(probe)).collect();
    let points: Vec<_> = wanted.iter().zip(&charts).flat_map(|(wanted, &chart)| wanted.iter().map(move |&s| (chart, s))).collect();
    let mut samples = probe.sample(&points).into_iter();
    for (side, wanted) in sides.iter_mut().zip(wanted) {
        let seen = wanted.iter().zip(&mut samples).map(|(s, sample)| (s - sample.shift, sample.log_density));
        // A single point without a value is passed over.
        side.levels.extend(seen.filter(|level| !level.1.is_nan()));
        side.levels.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
}

/// The largest things seen so far.
#[derive(Clone, Copy)]
struct Heights {
    /// Largest log p.
    density: f64,
    /// Largest log(p·distance), about the logarithm of the mass.
    mass: f64,
    /// The log-distance where that is, and from where.
    at: f64,
    anchor: f64,
}

impl Heights {
    fn of(sides: &[Side]) -> Heights {
        let mut heights = Heights { density: f64::NEG_INFINITY, mass: f64::NEG_INFINITY, at: 0.0, anchor: 0.0 };
        let levels = sides.iter().flat_map(|side| side.levels.iter().map(|level| (side.anchor, level)));
        for (anchor, &(s, log_density)) in levels {
            heights.density = heights.density.max(log_density);
            if log_density + s > heights.mass {
                (heights.mass, heights.at, heights.anchor) = (log_density + s, s, anchor);
            }
        }
        heights
    }
}

struct Build {
    plan: Plan,
    heights: Heights,
    frequency: f64,
    grain: Grain,
}

impl Build {
    /// Panels of one side, from its anchor outward; sets `graded`.
    fn side(&mut self, probe: &mut Probe, side: &mut Side) -> Result<()> {
        let chart = side.chart(probe);
        let Some(structured) = self.innermost_structure(side) else { return Ok(()) };
        let outer = if side.width.is_finite() { side.width.ln() } else { self.outer_reach(probe, side)? };
        side.graded = true;
        let graded_from = if side.rises_inward(structured) {
            self.singular(probe, side)?
        } else {
            // Smooth on that scale.
            let inner = (side.levels[structured].0 + STEP.ln()).min(outer);
            let edge = side.anchor + side.sign * inner.exp();
            self.direct(edge.min(side.anchor), edge.max(side.anchor), 1);
            inner
        };
        if outer > graded_from {
            self.graded(chart, graded_from, outer, side.heaviest());
        }
        Ok(())
    }

    /// The first level, from the anchor outward, above which p is not simply flat: moving out by one step from there changes p as if by a
    /// power of the distance below 2/3, or by more. A smooth p, or one with a kink or a jump at the anchor, has none.
    fn innermost_structure(&self, side: &Side) -> Option<usize> {
        let height = |k: usize| (side.levels[k].1 - self.heights.density).exp();
        let change = |k: usize| (height(k + 1) - height(k)).abs();
        let cells = side.levels.len().saturating_sub(1);
        let flat = |k: usize| (2.0 / 3.0 * (side.levels[k].0 - side.levels[k + 1].0)).exp();
        let structured = (0..cells).find(|&k| {
            let next = if k + 1 < cells {
                change(k + 1)
            } else if side.width.is_finite() {
                f64::INFINITY
            } else {
                0.0
            };
            let significant = change(k).ln() + self.heights.density + side.levels[k + 1].0 >= self.heights.mass - 30.0;
            significant && change(k) > flat(k) * next
        });
        // A density that is flat to the largest doubles has no structure, and a tail to judge all the same.
        let flat = !side.width.is_finite() && cells > 0 && height(cells) > 0.0;
        structured.or(flat.then_some(cells))
    }

    /// The anchor, where p is singular, and the panels that only logarithms of the log-distance serve; returns from where on the side is to
    /// be graded.
    fn singular(&mut self, probe: &mut Probe, side: &Side) -> Result<f64> {
        let chart = side.chart(probe);
        let exact = chart.end().is_some() || side.anchor == 0.0;
        // Where the bulk of this side begins.
        let level = |&(s, log_density): &(f64, f64)| log_density + s;
        let most = side.levels.iter().map(level).fold(f64::NEG_INFINITY, f64::max);
        let bulk = side.levels.iter().rposition(|at| level(at) >= most - 3.0).unwrap_or(0).max(6);
        let bulk = if side.width.is_finite() { usize::MAX } else { bulk };
        let start = side.levels[bulk.min(side.levels.len() - 1)].0;
        let (reach, noise) = match (chart.end(), exact) {
            (Some(_), _) => (SYMBOLIC_REACH, 1e-7),
            (None, true) => (NUMERIC_REACH + start, 1e-7),
            (None, false) => (start - (4096.0 * f64::EPSILON * side.anchor.abs()).ln(), 5e-4),
        };
        let way = Way { chart, start, reach, inward: true, noise }.within_doubles(probe);
        let decay = way.decay(probe);
        let tail = decay.tail(0.0, self.heights.mass - 2.0 * NEGLIGIBLE, true);
        match tail {
            // The flank of a needle whose top lies beside the anchor.
            Tail::Divergent { exponent } if exponent >= STEEP && !exact => {
                let stop = way.at(way.reach);
                let edge = side.anchor + side.sign * stop.exp();
                self.direct(edge.min(side.anchor), edge.max(side.anchor), 1);
                return Ok(stop);
            }
            Tail::Divergent { exponent } if exponent >= STEEP => return Err(too_steep(side.anchor)),
            Tail::Divergent { exponent } => return Err(seems_infinite(side.anchor, exponent)),
            _ => {}
        }
        let stop = self.far_edge(probe, &way, 0.0);
        if stop <= way.at(way.reach) {
            self.plan.stubs.extend(Stub::beyond(&way, &decay, tail));
        }
        let turn = start - 64.0;
        match chart {
            Chart::Log { anchor, side, end } if exact && stop < turn && turn < 0.0 => {
                let far = Chart::LogLog { anchor, side, inward: true, end };
                self.spread(far, (-turn).ln(), (-stop).ln(), 1.5);
                Ok(turn)
            }
            _ => Ok(stop),
        }
    }

    /// The log-distance to which an infinite side is covered in its own chart; what is beyond is set up here.
    fn outer_reach(&mut self, probe: &mut Probe, side: &Side) -> Result<f64> {
        let end = if side.sign < 0.0 { End::Low } else { End::High };
        let turn = side.anchor.abs().max(1.0).ln() + 60.0;
        let symbolic = probe.symbolic(end);
        let far = Chart::Log { anchor: 0.0, side: side.sign, end: symbolic };
        let reach = if symbolic.is_some() { SYMBOLIC_REACH } else { NUMERIC_REACH };
        let mut way = Way { chart: far, start: 0.0, reach, inward: false, noise: 1e-7 };
        if side.digits.is_finite() && (side.anchor - self.heights.anchor).abs() <= self.heights.at.exp() {
            // From behind the bulk, which lies about this anchor, to where p loses its digits.
            let start = (self.heights.at + 1.0).min(side.digits - 0.5);
            way = Way { chart: side.chart(probe), start, reach: side.digits - start, ..way };
        } else if side.digits.is_finite() {
            way.reach = (side.anchor.abs() + side.digits.exp()).ln();
        }
        let crit = |moment: f64, level: (f64, f64)| level.1 + level.0 + moment * (level.0 - self.heights.at).max(0.0);
        let mut moment = 2.0;
        let mut beyond = None;
        // Eleven orders of magnitude beyond the bulk, anything but a power of x has vanished.
        // What overflows is -inf from there on, and no fact about the density.
        let last = side.levels.iter().rfind(|level| level.1.is_finite()).map_or(0.0, |level| level.0);
        let far = (self.heights.at + 25.0).min(last - 40.0);
        let far_out = |level: &(f64, f64)| level.0 > far && crit(2.0, *level) >= self.heights.mass - 2.0 * NEGLIGIBLE;
        if side.levels.iter().any(far_out) {
            way = way.within_doubles(probe);
            let decay = way.decay(probe);
            let tail = |moment| decay.tail(moment, self.heights.mass - 400.0, false);
            if let Tail::Divergent { exponent } = tail(0.0) {
                return Err(seems_infinite(side.sign * f64::INFINITY, exponent));
            }
            moment = (1..=2).take_while(|&k| !matches!(tail(k as f64), Tail::Divergent { .. })).count() as f64;
            let toward = &mut self.plan.moments[usize::from(side.sign > 0.0)];
            *toward = (*toward).min(moment as usize);
            beyond = Some((tail(0.0), decay));
        }
        let near = side.levels.iter().rposition(|&level| crit(moment, level) >= self.heights.mass - NEGLIGIBLE);
        let near = near.unwrap_or(0);
        if side.levels.get(near + 1).is_some_and(|level| level.0 < turn) {
            let (mut kept, mut dropped) = (side.levels[near].0, side.levels[near + 1].0);
            let chart = side.chart(probe);
            for _ in 0..4 {
                let middle = 0.5 * (kept + dropped);
                let sample = probe.sample(&[(chart, middle)])[0];
                if crit(moment, (middle, sample.log_density)) >= self.heights.mass - NEGLIGIBLE { kept = middle } else { dropped = middle }
            }
            return Ok(dropped);
        }
        let stop = self.far_edge(probe, &way, moment);
        if stop > turn {
            let far = Chart::LogLog { anchor: 0.0, side: side.sign, inward: false, end: symbolic };
            self.spread(far, turn.ln(), stop.ln(), 1.5);
        }
        if stop >= way.at(way.reach)
            && let Some((tail, decay)) = beyond
        {
            self.plan.stubs.extend(Stub::beyond(&way, &decay, tail));
        }
        Ok(turn.min(stop.max(side.levels[0].0)))
    }

    /// The log-distance on `way` beyond which the integrand times distance^moment is negligible, or the end of its reach.
    fn far_edge(&self, probe: &mut Probe, way: &Way, moment: f64) -> f64 {
        // From the start, and from where most mass is: far out a factor of two may step over all of it.
        let bulk = (self.heights.at - way.start).abs();
        let steps = (0..60).map(|k| 8.0 * 2.0f64.powi(k)).flat_map(|tau| [tau, bulk + tau]);
        let mut taus: Vec<f64> = steps.chain([bulk]).filter(|&tau| tau < way.reach).chain([way.reach]).collect();
        taus.sort_by(f64::total_cmp);
        let points: Vec<_> = taus.iter().map(|&tau| (way.chart, way.at(tau))).collect();
        let samples = probe.sample(&points);
        let outward = if way.inward { 0.0 } else { moment };
        let matters = |k: usize| {
            let s = points[k].1;
            samples[k].log_density + s - samples[k].shift + outward * (s - self.heights.at).max(0.0) >= self.heights.mass - NEGLIGIBLE
        };
        let last = (0..taus.len()).rfind(|&k| matters(k)).map_or(0, |k| k + 1).min(taus.len() - 1);
        way.at(taus[last])
    }

    /// Panels in log-distance, from where most mass is downward and upward: the first a factor of 8, each up to three times as wide as the last.
    fn graded(&mut self, chart: Chart, low: f64, high: f64, heaviest: f64) {
        let bulk = heaviest.clamp(low, high);
        // However long the way is, a thousand panels suffice to begin with.
        let widest = self.grain.widest().max((high - low) / 1e3);
        for far in [low, high] {
            let mut from = bulk;
            let mut width = STEP.ln();
            while from != far {
                let to = if (far - from).abs() < 1.5 * width { far } else { from + width.copysign(far - from) };
                self.panel(chart, from.min(to), from.max(to));
                from = to;
                width = (3.0 * width).min(widest);
            }
        }
    }

    fn spread(&mut self, chart: Chart, low: f64, high: f64, width: f64) {
        let count = ((high - low) / width).ceil().clamp(1.0, 1e4) as usize;
        for k in 0..count {
            let edge = |k: usize| if k == count { high } else { low + (high - low) * (k as f64 / count as f64) };
            self.panel(chart, edge(k), edge(k + 1));
        }
    }

    fn direct(&mut self, low: f64, high: f64, count: usize) {
        self.spread(Chart::Direct, low, high, (high - low) / count as f64);
    }

    /// One panel, cut finer where it holds more than two periods of the formula's fastest oscillation.
    fn panel(&mut self, chart: Chart, low: f64, high: f64) {
        let (a, b) = (chart.x(low), chart.x(high));
        let pieces = ((b - a).abs() * self.frequency / (4.0 * std::f64::consts::PI)).ceil();
        if !(pieces > 1.0 && pieces + self.plan.panels.len() as f64 <= MOST_PANELS as f64) {
            self.plan.panels.push(Panel::new(chart, low, high));
            return;
        }
        let (a, b) = (a.min(b), a.max(b));
        let edge = |k: f64| a + (b - a) * (k / pieces);
        self.plan.panels.extend((0..pieces as usize).map(|k| Panel::new(Chart::Direct, edge(k as f64), edge(k as f64 + 1.0))));
    }
}
