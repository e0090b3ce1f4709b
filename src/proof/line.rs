//! The course of a density of one variable from end to end: where it rises and falls, so all of its modes; where it kinks, jumps,
//! vanishes or is infinite.
//!
//! Each piece of the range is cut until the slope of log p has one sign over it, or until the piece is a point for all practical purposes.

use super::cell_of;
use crate::density::{LogDensity, Meaning, Model};
use crate::enclosure::{Form, Interval};

/// Pieces looked at before the rest stays unknown.
const MOST: usize = 6_000;
/// … and operators over them.
const WORK: usize = 1_500_000;
/// Pieces this thin, relative to the range and to their distance from 0, are points.
const THIN: f64 = 1e-10;
/// An infinite range is followed out to here.
const FARTHEST: f64 = 1e30;
/// From here on the tails of an infinite range begin, at the nearest.
const FAR: f64 = 16.0;

/// The whole course.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The modes, ascending.
    pub modes: Vec<Mode>,
    /// Whether these are proved to be all; pairs of modes closer than 10⁻¹⁰ of the range count as one.
    pub is_complete: bool,
    /// Whether the density is constant wherever it is positive.
    pub is_flat: bool,
    /// Points where the density is not smooth, ascending.
    pub features: Vec<Feature>,
    /// Parts of the range where the density is zero: proved.
    pub zero: Vec<(f64, f64)>,
}

/// A place where the density is locally largest, between two ends that are mostly very close; a plateau from end to end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// Not left of it.
    pub low: f64,
    /// Not right of it.
    pub high: f64,
    /// The simplest number between; of a plateau the middle.
    pub position: f64,
}

/// A point where something happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feature {
    /// Where.
    pub position: f64,
    /// What.
    pub kind: FeatureKind,
}

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// The slope may jump.
    Kink,
    /// The density may jump.
    Jump,
    /// The density reaches zero.
    Zero,
    /// The density may be infinite.
    Pole,
}

/// What is known of the slope over a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Course {
    Rising,
    Falling,
    Flat,
    /// The density is zero.
    Zero,
    /// Nothing; beside it what may be wrong with the density there.
    Unknown(Option<FeatureKind>),
}

struct Piece {
    range: Interval,
    course: Course,
}

/// Follows the density of the only variable of `model`; nothing for more variables or with data.
pub fn line(model: &Model) -> Option<Line> {
    let [bound] = model.bounds() else { return None };
    if model.rows() > 0 {
        return None;
    }
    let ends = cell_of(model.bounds())[0];
    let landmarks = model.landmarks();
    let inside = |x: &f64| bound.low < *x && *x < bound.high;
    let mut cuts: Vec<f64> = landmarks.points.first().into_iter().flatten().copied().filter(inside).collect();
    let far = cuts.iter().fold(FAR, |far, x| far.max(1.1 * x.abs()));
    cuts.extend([-far, far].into_iter().filter(inside));
    cuts.extend([ends.low, ends.high]);
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    // log p tells more far out, p itself where it is small beside its neighbourhood.
    let mut courses = vec![Pair {
        value: Form::new(model.graph(), model.log_density_node()),
        slope: Form::new(model.graph(), model.gradient_nodes()[0]),
    }];
    if model.meaning() == Meaning::Density
        && let Ok((graph, slope)) = model.gradient_of(model.typed())
    {
        courses.push(Pair { value: Form::new(&graph, model.typed()), slope: Form::new(&graph, slope[0]) });
    }
    let mut work =
        Work { courses, scale: if ends.is_finite() { ends.width() } else { 0.0 }, looked: 0, pieces: Vec::new(), features: Vec::new() };
    for &cut in cuts.iter().filter(|cut| cut.is_finite()) {
        let reach = 0.25 * thin(Interval::point(cut), work.scale);
        work.look_at(Interval::new((cut - reach).max(ends.low), (cut + reach).min(ends.high)), cut);
    }
    for pair in cuts.windows(2) {
        work.follow(Interval::new(pair[0], pair[1]));
    }
    Some(work.summary(ends))
}

/// A function that rises where the density does, and its derivative as an expression.
struct Pair {
    value: Form,
    slope: Form,
}

struct Work {
    courses: Vec<Pair>,
    scale: f64,
    looked: usize,
    pieces: Vec<Piece>,
    features: Vec<Feature>,
}

impl Work {
    /// What happens in a piece as thin as a point: log p tells.
    fn look_at(&mut self, range: Interval, position: f64) {
        if let Course::Unknown(Some(kind)) = self.courses[0].course(range, true) {
            self.features.push(Feature { position, kind });
        }
    }

    /// Cuts a piece from left to right until each part is known or thin.
    fn follow(&mut self, piece: Interval) {
        let mut open = vec![piece];
        while let Some(range) = open.pop() {
            let course = self.course(range);
            let middle = range.middle();
            let Course::Unknown(_) = course else {
                self.push(range, course);
                continue;
            };
            let is_thin = range.is_finite() && range.width() <= thin(range, self.scale);
            let is_far = !range.is_finite() && range.abs().low > FARTHEST;
            self.looked += 1;
            let is_spent = self.looked > MOST || self.work() > WORK;
            if is_thin || is_far || is_spent || !(range.low < middle && middle < range.high) {
                self.push(range, course);
                continue;
            }
            if let Some([first, root, last]) = self.isolate(range) {
                for part in [first, root, last] {
                    if part.low < part.high {
                        let course = if part == root { Course::Unknown(None) } else { self.slope_at(part.middle()) };
                        self.push(part, course);
                    }
                }
                continue;
            }
            open.push(Interval::new(middle, range.high));
            open.push(Interval::new(range.low, middle));
        }
    }

    fn push(&mut self, range: Interval, course: Course) {
        match self.pieces.last_mut() {
            Some(last) if last.course == course => last.range.high = range.high,
            _ => self.pieces.push(Piece { range, course }),
        }
    }

    fn course(&mut self, range: Interval) -> Course {
        let mut first = Course::Unknown(None);
        for (number, pair) in self.courses.iter_mut().enumerate() {
            let course = pair.course(range, number == 0);
            if !matches!(course, Course::Unknown(_)) {
                return course;
            }
            if number == 0 {
                first = course;
            }
        }
        first
    }

    fn isolate(&mut self, range: Interval) -> Option<[Interval; 3]> {
        let scale = self.scale;
        self.courses.iter_mut().find_map(|pair| pair.isolate(range, scale))
    }

    fn slope_at(&mut self, x: f64) -> Course {
        let known = self.courses.iter_mut().map(|pair| pair.slope_at(x)).find(|course| !matches!(course, Course::Unknown(_)));
        known.unwrap_or(Course::Unknown(None))
    }

    fn work(&self) -> usize {
        self.courses.iter().map(|pair| pair.value.work + pair.slope.work).sum()
    }

    fn summary(mut self, ends: Interval) -> Line {
        let mut found = Line { modes: Vec::new(), is_complete: true, is_flat: false, features: Vec::new(), zero: Vec::new() };
        let mut pieces = joined(std::mem::take(&mut self.pieces));
        let last = pieces.len().saturating_sub(1);
        for piece in &mut pieces[1..last.max(1)] {
            // A jump goes up or down as a slope does.
            if piece.course == Course::Unknown(Some(FeatureKind::Jump))
                && self.is_point(piece.range)
                && let Some(course) = self.jump(piece.range)
            {
                piece.course = course;
                found.features.push(Feature { position: tidy(piece.range), kind: FeatureKind::Jump });
            }
        }
        found.is_flat = pieces.iter().all(|piece| matches!(piece.course, Course::Flat | Course::Zero))
            && pieces.iter().any(|piece| piece.course == Course::Flat);
        for (index, piece) in pieces.iter().enumerate() {
            let Interval { low, high } = piece.range;
            let before = index.checked_sub(1).map(|index| pieces[index].course);
            let after = pieces.get(index + 1).map(|piece| piece.course);
            // A density that does not reach on is highest where it ends: beyond a finite end it is zero.
            let rises =
                matches!(before, Some(Course::Rising)) || matches!(before, Some(Course::Zero)) || before.is_none() && low.is_finite();
            let falls =
                matches!(after, Some(Course::Falling)) || matches!(after, Some(Course::Zero)) || after.is_none() && high.is_finite();
            match piece.course {
                Course::Zero => found.zero.push((low, high)),
                Course::Falling if before.is_none() && low.is_finite() || matches!(before, Some(Course::Zero)) => {
                    found.modes.push(Mode { low, high: low, position: low });
                }
                Course::Falling if matches!(before, Some(Course::Rising)) => found.modes.push(Mode { low, high: low, position: low }),
                Course::Rising if after.is_none() && high.is_finite() || matches!(after, Some(Course::Zero)) => {
                    found.modes.push(Mode { low: high, high, position: high });
                }
                Course::Flat if rises && falls && !found.is_flat => found.modes.push(Mode { low, high, position: piece.range.middle() }),
                Course::Unknown(feature) => {
                    let is_turn = matches!((before, after), (Some(Course::Falling), Some(Course::Rising)));
                    let is_edge = before.is_none() || after.is_none();
                    let at_end = [ends.low, ends.high].into_iter().find(|end| piece.range.contains(*end));
                    let position = at_end.unwrap_or(tidy(piece.range));
                    if !self.is_point(piece.range) {
                        found.is_complete = false;
                    } else if rises && falls {
                        found.modes.push(Mode { low, high, position });
                    } else if !is_turn && !is_edge && matches!(feature, None | Some(FeatureKind::Jump)) {
                        // A pair of modes could hide, or nothing.
                        found.is_complete = false;
                    }
                    if let Some(kind) = feature.filter(|_| self.is_point(piece.range)) {
                        found.features.push(Feature { position, kind });
                    } else if is_turn && self.is_point(piece.range) {
                        self.look_at(piece.range, position);
                    }
                }
                _ => {}
            }
        }
        found.features.append(&mut self.features);
        found.features.sort_by(|a, b| a.position.total_cmp(&b.position));
        found.features.dedup_by(|b, a| self.is_point(Interval::new(a.position, b.position)));
        found
    }

    /// Whether a piece is so thin that nobody would call it anything but a point.
    fn is_point(&self, range: Interval) -> bool {
        range.is_finite() && range.width() <= (1e-6 * self.scale).max(1e-6 * range.size()).max(1e-9)
    }

    /// Whether the density right of a piece is larger than left of it, or smaller.
    fn jump(&mut self, range: Interval) -> Option<Course> {
        let [left, right] = [range.low, range.high].map(|x| self.courses[0].value.natural(&[Interval::point(x)]).range);
        if right.low > left.high {
            Some(Course::Rising)
        } else if right.high < left.low {
            Some(Course::Falling)
        } else {
            None
        }
    }
}

impl Pair {
    fn course(&mut self, range: Interval, is_logarithm: bool) -> Course {
        let known = self.value.over(&[range]);
        let value = known.value;
        let nothing = if is_logarithm { f64::NEG_INFINITY } else { 0.0 };
        if value.range.low == nothing && value.range.high == nothing && !value.partial {
            return Course::Zero;
        }
        // By the derivative of the steps and by the derivative as an expression, which may simplify.
        let mut slope = Interval::ALL;
        let expression = self.slope.natural(&[range]);
        if !value.is_continuous() {
            // Nothing follows from a slope.
        } else if expression.is_continuous() {
            // A continuous function whose derivative is continuous where it exists has it everywhere.
            slope = expression.range.meet(known.jet.first(0).unwrap_or(Interval::ALL));
        } else if let Some(first) = known.jet.first(0) {
            slope = first;
        }
        if value.is_continuous()
            && known.jet.is_smooth()
            && range.is_finite()
            && let Some(second) = known.jet.second(0, 0)
        {
            let middle = Interval::point(range.middle());
            let at = self.slope.natural(&[middle]);
            slope = if at.partial { slope } else { slope.meet(at.range + second * (range - middle)) };
        }
        match Course::of(slope) {
            Some(Course::Flat) if !is_logarithm && value.range.low <= 0.0 => Course::Unknown(None),
            Some(course) => course,
            None if known.jet.first(0).is_some_and(|first| first.is_finite()) => Course::Unknown(None),
            // 0/0 or the like may be removable.
            None if value.partial => Course::Unknown(None),
            None => Course::Unknown(Some(match value.range {
                Interval { high: f64::INFINITY, .. } => FeatureKind::Pole,
                Interval { low: f64::NEG_INFINITY, .. } => FeatureKind::Zero,
                _ if value.jumps => FeatureKind::Jump,
                _ => FeatureKind::Kink,
            })),
        }
    }

    fn slope_at(&mut self, x: f64) -> Course {
        let slope = self.slope.natural(&[Interval::point(x)]);
        if slope.partial || slope.range.contains(0.0) && !slope.range.is_zero() {
            return Course::Unknown(None);
        }
        Course::of(slope.range).unwrap_or(Course::Unknown(None))
    }

    /// Where the curvature has one sign the slope has at most one root: what is left of it, around it, and right of it.
    fn isolate(&mut self, range: Interval, scale: f64) -> Option<[Interval; 3]> {
        if !range.is_finite() {
            return None;
        }
        let jet = self.value.jet(&[range]);
        let second = jet.second(0, 0).filter(|_| jet.is_smooth() && !jet.value.partial)?;
        if !(second.is_positive() || second.is_negative()) {
            return None;
        }
        let (mut low, mut high) = (range.low, range.high);
        let (left, right) = (self.slope_at(low), self.slope_at(high));
        let is_known = |course: Course| matches!(course, Course::Rising | Course::Falling);
        if !is_known(left) || !is_known(right) || left == right {
            return None;
        }
        loop {
            let middle = Interval::new(low, high).middle();
            if !(low < middle && middle < high) {
                break;
            }
            match self.slope_at(middle) {
                course if course == left => low = middle,
                course if course == right => high = middle,
                _ => {
                    // Rounding hides the sign here: outward until it shows.
                    let first = 1e-3 * thin(Interval::point(middle), scale);
                    let mut outward = |sign: f64, end: f64, beyond: Course| {
                        let (mut at, mut step) = (middle, sign * first);
                        while at != end && self.slope_at(at) != beyond {
                            at = if sign < 0.0 { (at + step).max(end) } else { (at + step).min(end) };
                            step *= 2.0;
                        }
                        at
                    };
                    (low, high) = (outward(-1.0, low, left), outward(1.0, high, right));
                    break;
                }
            }
        }
        Some([Interval::new(range.low, low), Interval::new(low, high), Interval::new(high, range.high)])
    }
}

impl Course {
    /// By the range of the slope; that of an exponential which underflows is 0 at one end, and its sign is still told.
    fn of(slope: Interval) -> Option<Course> {
        match slope {
            slope if slope.is_zero() => Some(Course::Flat),
            slope if slope.is_nonnegative() => Some(Course::Rising),
            slope if slope.is_nonpositive() => Some(Course::Falling),
            _ => None,
        }
    }
}

/// How wide a piece may be and count as a point.
fn thin(range: Interval, scale: f64) -> f64 {
    (THIN * scale).max(THIN * range.size()).max(1e-13)
}

/// Neighbours that say the same, and thin unknown pieces side by side, as one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if last.course == piece.course => last.range.high = piece.range.high,
            Some(Piece { range, course: Course::Unknown(feature) }) if matches!(piece.course, Course::Unknown(_)) => {
                range.high = piece.range.high;
                if let Course::Unknown(Some(other)) = piece.course {
                    // The graver of the two.
                    *feature = Some(feature.map_or(other, |feature| graver(feature, other)));
                }
            }
            _ => joined.push(piece),
        }
    }
    joined
}

fn graver(a: FeatureKind, b: FeatureKind) -> FeatureKind {
    let order = [FeatureKind::Kink, FeatureKind::Jump, FeatureKind::Zero, FeatureKind::Pole];
    let rank = |kind: FeatureKind| order.iter().position(|known| *known == kind);
    if rank(a) >= rank(b) { a } else { b }
}

/// The number with the fewest digits in a thin range.
fn tidy(range: Interval) -> f64 {
    if range.contains(0.0) {
        return 0.0;
    }
    (0..=16)
        .map(|digits| format!("{:.digits$e}", range.middle()))
        .filter_map(|text| text.parse::<f64>().ok())
        .find(|x| range.contains(*x))
        .unwrap_or(range.middle())
}
