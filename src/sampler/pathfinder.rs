//! Where chains begin and in which metric: climbs from scattered places, and the normal law along them that is most like the density.
//!
//! Pathfinder (Zhang, Carpenter, Gelman & Vehtari 2022, "Pathfinder: parallel quasi-Newton variational inference"): each place of an L-BFGS
//! climb suggests a normal law, its curvature known from the steps before; the law with the largest evidence lower bound is kept, which is
//! most often on the way up and not at the mode. All climbs go side by side, a lane each.

use super::{Coordinates, DENSE_LIMIT, InCoordinates, Metric, Population, initial_positions};
use crate::density::{Evaluate, LogDensity};
use crate::error::Result;
use crate::math::{LANES, Lanes, exp, log};
use crate::random::{BlockRng, Purpose};

/// Climbs.
const PATHS: usize = 32;
/// Draws that estimate the evidence lower bound of a place.
const TRIALS: usize = LANES / PATHS;
/// Steps that a climb remembers (Zhang et al., section 5: 6).
const MEMORY: usize = 6;
/// Evaluations of each climb at most.
const ROUNDS: usize = 200;
/// The gain in log p that a step must promise, else the climb has ended.
const GAIN: f64 = 1e-6;
/// How far below the best evidence lower bound that of a path may lie: e^−10 of the mass is nobody's concern.
const BEHIND: f64 = 10.0;

/// Places that follow the density roughly, and a metric in which it is roughly a unit Gaussian.
#[derive(Debug, Clone)]
pub struct Paths {
    /// One position a chain.
    pub starts: Population,
    /// Where the climbs ended whose normal laws are worth keeping, the best one first.
    pub ends: Population,
    /// The coordinates of the best normal law.
    pub coordinates: Coordinates,
    /// Gradients or values of one chain that this took.
    pub gradients: u64,
}

/// Climbs to `density` from scattered places; where `chains` may begin then.
///
/// # Errors
/// Kind `zero_density` if no place has a finite log density.
pub fn pathfinder(density: &dyn LogDensity, seed: u64, chains: usize) -> Result<Option<Paths>> {
    let scattered = initial_positions(density, seed, PATHS)?;
    let mut search = Search::new(density, seed);
    let mut paths = search.begin(&scattered);
    for _ in 0..ROUNDS {
        if !search.advance(&mut paths) {
            break;
        }
    }
    let mut kept: Vec<Path> = paths.into_iter().filter(|path| path.best.is_some()).collect();
    let bound = |path: &Path| path.best.as_ref().map_or(f64::NEG_INFINITY, |best| best.evidence);
    kept.sort_by(|a, b| bound(b).total_cmp(&bound(a)));
    let Some(best) = kept.first().map(bound) else { return Ok(None) };
    kept.retain(|path| bound(path) > best - BEHIND);
    let Some(starts) = search.starts(&kept, chains) else { return Ok(None) };
    let mut coordinates = Coordinates::new(density.bounds(), density.level());
    let ends = search.constrained(kept.iter().map(|path| &path.place.u));
    if let Some(law) = kept.first().and_then(|path| path.best.as_ref()) {
        coordinates.metric = law.metric();
    }
    Ok(Some(Paths { starts, ends, coordinates, gradients: search.gradients }))
}

/// A place with log p and its gradient, unconstrained.
#[derive(Debug, Clone)]
struct Place {
    u: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

/// A step of a climb and what it changed in the gradient of −log p.
#[derive(Debug, Clone)]
struct Secant {
    step: Vec<f64>,
    change: Vec<f64>,
    /// B·step with B the curvature that was known before.
    curved: Vec<f64>,
    /// stepᵀ·change and stepᵀ·B·step.
    along: f64,
    before: f64,
}

/// What a climb knows of the curvature: the inverse Hessian of −log p is diag(spread), updated by each secant (BFGS).
#[derive(Debug, Clone)]
struct Known {
    spread: Vec<f64>,
    secants: Vec<Secant>,
}

/// A normal law, unconstrained.
#[derive(Debug, Clone)]
struct Normal {
    centre: Vec<f64>,
    known: Known,
    /// The evidence lower bound, E[log p − log q].
    evidence: f64,
}

/// One climb.
#[derive(Debug, Clone)]
struct Path {
    place: Place,
    spread: Vec<f64>,
    memory: Vec<(Vec<f64>, Vec<f64>)>,
    direction: Vec<f64>,
    slope: f64,
    length: f64,
    is_climbing: bool,
    best: Option<Normal>,
}

impl Known {
    fn new(spread: Vec<f64>, memory: &[(Vec<f64>, Vec<f64>)]) -> Known {
        let mut known = Known { spread, secants: Vec::with_capacity(memory.len()) };
        for (step, change) in memory {
            let curved = known.times(step);
            let (along, before) = (dot(step, change), dot(step, &curved));
            known.secants.push(Secant { step: step.clone(), change: change.clone(), curved, along, before });
        }
        known
    }

    /// The Hessian of −log p times a vector.
    fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut product: Vec<f64> = v.iter().zip(&self.spread).map(|(v, spread)| v / spread).collect();
        for Secant { change, curved, along, before, .. } in &self.secants {
            let (of_change, of_curved) = (dot(change, v) / along, dot(curved, v) / before);
            for ((product, change), curved) in product.iter_mut().zip(change).zip(curved) {
                *product += of_change * change - of_curved * curved;
            }
        }
        product
    }

    /// The inverse of the Hessian times a vector (the two-loop recursion; Nocedal & Wright 2006, algorithm 7.4).
    fn solve(&self, v: &[f64]) -> Vec<f64> {
        let mut solved = v.to_vec();
        let mut weights = Vec::with_capacity(self.secants.len());
        for Secant { step, change, along, .. } in self.secants.iter().rev() {
            let weight = dot(step, &solved) / along;
            solved.iter_mut().zip(change).for_each(|(x, y)| *x -= weight * y);
            weights.push(weight);
        }
        solved.iter_mut().zip(&self.spread).for_each(|(x, spread)| *x *= spread);
        for (Secant { step, change, along, .. }, weight) in self.secants.iter().zip(weights.iter().rev()) {
            let back = dot(change, &solved) / along;
            solved.iter_mut().zip(step).for_each(|(x, s)| *x += (weight - back) * s);
        }
        solved
    }

    /// log |det| of the inverse Hessian: an update multiplies it by sᵀBs/sᵀy.
    fn log_volume(&self) -> f64 {
        self.spread.iter().map(|spread| log(*spread)).sum::<f64>() + self.secants.iter().map(|s| log(s.before / s.along)).sum::<f64>()
    }

    /// A draw with the inverse Hessian as its covariance, from as many normals as there are variables, and one more a secant: with V = I − ρysᵀ
    /// an update is VᵀHV + ρssᵀ, the covariance of Vᵀx + √ρ·s·ξ.
    fn draw(&self, normal: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut x: Vec<f64> = self.spread.iter().enumerate().map(|(i, spread)| spread.sqrt() * normal(i)).collect();
        for (k, Secant { step, change, along, .. }) in self.secants.iter().enumerate() {
            let factor = along.sqrt().recip() * normal(self.spread.len() + k) - dot(change, &x) / along;
            x.iter_mut().zip(step).for_each(|(x, s)| *x += factor * s);
        }
        x
    }
}

impl Normal {
    /// The law that a place suggests: its mean is a Newton step away (Zhang et al., equation 11).
    fn at(place: &Place, known: Known) -> Normal {
        let step = known.solve(&place.gradient);
        let centre = place.u.iter().zip(step).map(|(u, step)| u + step).collect();
        Normal { centre, known, evidence: f64::NEG_INFINITY }
    }

    /// A draw from the law and its log density there, but for d/2·log 2π.
    fn draw(&self, normal: impl Fn(usize) -> f64) -> (Vec<f64>, f64) {
        let apart = self.known.draw(normal);
        let log_density = -0.5 * (dot(&apart, &self.known.times(&apart)) + self.known.log_volume());
        (self.centre.iter().zip(apart).map(|(centre, apart)| centre + apart).collect(), log_density)
    }

    /// The covariance where it can be kept, else the scales.
    fn metric(&self) -> Metric {
        let dimension = self.centre.len();
        let column = |i: usize| {
            let mut unit = vec![0.0; dimension];
            unit[i] = 1.0;
            self.known.solve(&unit)
        };
        let covariance: Vec<Vec<f64>> = (0..dimension).map(column).collect();
        let dense = (dimension <= DENSE_LIMIT).then(|| Metric::dense(self.centre.clone(), &lower(&covariance))).flatten();
        dense.unwrap_or_else(|| {
            let scales: Vec<f64> = (0..dimension).map(|i| covariance[i][i].max(f64::MIN_POSITIVE).sqrt()).collect();
            Metric::diagonal(self.centre.clone(), &scales)
        })
    }
}

fn lower(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    matrix.iter().enumerate().map(|(i, row)| row[..=i].to_vec()).collect()
}

impl Path {
    fn new(place: Place) -> Path {
        let dimension = place.u.len();
        let mut path = Path {
            spread: vec![1.0; dimension],
            memory: Vec::with_capacity(MEMORY),
            direction: Vec::new(),
            slope: 0.0,
            length: 1.0,
            is_climbing: true,
            best: None,
            place,
        };
        path.turn();
        path
    }

    /// Points uphill from where the climb is, or ends it.
    fn turn(&mut self) {
        let known = Known::new(self.spread.clone(), &self.memory);
        self.direction = known.solve(&self.place.gradient);
        self.slope = dot(&self.direction, &self.place.gradient);
        if !(self.slope.is_finite() && self.slope > 0.0) {
            self.memory.clear();
            self.spread.fill(1.0);
            self.direction.clone_from(&self.place.gradient);
            self.slope = dot(&self.direction, &self.direction);
        }
        // The first step knows no scale.
        self.length = if self.memory.is_empty() { self.slope.sqrt().recip().min(1.0) } else { 1.0 };
        self.is_climbing = self.slope.is_finite() && self.slope > GAIN;
    }

    fn trial(&self) -> impl Iterator<Item = f64> + '_ {
        self.place.u.iter().zip(&self.direction).map(|(u, d)| self.length.mul_add(*d, *u))
    }

    /// Takes the step to `next` if it gains enough (Armijo's rule); else the next trial is shorter. Whether it was taken.
    fn take(&mut self, next: Place) -> bool {
        let is_finite = next.value.is_finite() && next.gradient.iter().all(|slope| slope.is_finite());
        if !is_finite || next.value < self.place.value + 1e-4 * self.length * self.slope {
            self.length *= if is_finite { 0.4 } else { 0.1 };
            self.is_climbing = self.length > 1e-12;
            return false;
        }
        let step: Vec<f64> = next.u.iter().zip(&self.place.u).map(|(a, b)| a - b).collect();
        let change: Vec<f64> = self.place.gradient.iter().zip(&next.gradient).map(|(a, b)| a - b).collect();
        // Zhang et al., algorithm 3: pairs that show hardly any curvature are left out.
        if dot(&step, &change) > 1e-12 * dot(&change, &change) {
            self.respread(&step, &change);
            if self.memory.len() == MEMORY {
                self.memory.remove(0);
            }
            self.memory.push((step, change));
        }
        self.place = next;
        true
    }

    /// The diagonal of the inverse Hessian after a step (Gilbert & Lemaréchal 1989; Zhang et al., algorithm 3).
    fn respread(&mut self, step: &[f64], change: &[f64]) {
        let a: f64 = change.iter().zip(&self.spread).map(|(y, spread)| y * y * spread).sum();
        let b = dot(step, change);
        let c: f64 = step.iter().zip(&self.spread).map(|(s, spread)| s * s / spread).sum();
        for ((spread, s), y) in self.spread.iter_mut().zip(step).zip(change) {
            let inverse = a / (b * *spread) + y * y / b - a * s * s / (b * c * *spread * *spread);
            if inverse.is_finite() && inverse > 0.0 {
                *spread = inverse.recip();
            }
        }
    }
}

struct Search<'a> {
    evaluate: Box<dyn Evaluate + 'a>,
    coordinates: Coordinates,
    scratch: Vec<Lanes>,
    position: Vec<Lanes>,
    gradient: Vec<Lanes>,
    value: Lanes,
    /// A row a variable and one more a secant.
    normals: Vec<Lanes>,
    rng: BlockRng,
    gradients: u64,
}

impl<'a> Search<'a> {
    fn new(density: &'a dyn LogDensity, seed: u64) -> Self {
        let dimension = density.dimension();
        let rows = |count: usize| vec![Lanes::default(); count];
        let mut search = Search {
            evaluate: density.evaluator(),
            coordinates: Coordinates::new(density.bounds(), density.level()),
            scratch: rows(2 * dimension),
            position: rows(dimension),
            gradient: rows(dimension),
            value: Lanes::default(),
            normals: rows(dimension + MEMORY),
            rng: BlockRng::new(seed, 0, Purpose::Proposal),
            gradients: 0,
        };
        search.renew_normals();
        search
    }

    fn renew_normals(&mut self) {
        let Search { normals, rng, .. } = self;
        normals.iter_mut().for_each(|row| rng.fill_normal(row));
    }

    fn set(&mut self, lane: usize, u: impl Iterator<Item = f64>) {
        self.position.iter_mut().zip(u).for_each(|(row, u)| row[lane] = u);
    }

    /// log p in the first `lanes` lanes of `position`; its gradient too, if asked for.
    fn evaluate(&mut self, lanes: usize, gradient_too: bool) {
        self.evaluate.ask_for(lanes);
        let Search { evaluate, coordinates, scratch, position, gradient, value, .. } = self;
        let mut evaluate = InCoordinates { inner: &mut **evaluate, coordinates, scratch, active: lanes };
        if gradient_too {
            evaluate.log_density_and_gradient(position, value, gradient);
        } else {
            evaluate.log_density(position, value);
        }
        self.gradients += lanes as u64;
    }

    fn place(&self, lane: usize) -> Place {
        let of = |rows: &[Lanes]| rows.iter().map(|row| row[lane]).collect();
        Place { u: of(&self.position), value: self.value[lane], gradient: of(&self.gradient) }
    }

    fn begin(&mut self, starts: &Population) -> Vec<Path> {
        for chain in 0..starts.chains() {
            let transforms = self.coordinates.transforms.clone();
            let u = transforms.iter().zip(starts.position(chain)).map(|(transform, x)| transform.coordinate(x));
            self.set(chain, u);
        }
        self.evaluate(starts.chains(), true);
        (0..starts.chains()).map(|lane| Path::new(self.place(lane))).collect()
    }

    /// A trial of every path that still climbs; whether there was one.
    fn advance(&mut self, paths: &mut [Path]) -> bool {
        let mut climbing: Vec<&mut Path> = paths.iter_mut().filter(|path| path.is_climbing).collect();
        if climbing.is_empty() {
            return false;
        }
        for (lane, path) in climbing.iter().enumerate() {
            self.set(lane, path.trial());
        }
        self.evaluate(climbing.len(), true);
        let mut taken = Vec::with_capacity(climbing.len());
        for (lane, path) in climbing.iter_mut().enumerate() {
            if path.take(self.place(lane)) {
                path.turn();
                taken.push(lane);
            }
        }
        let mut laws: Vec<(usize, Normal)> = Vec::with_capacity(taken.len());
        for lane in taken {
            let path = &climbing[lane];
            laws.push((lane, Normal::at(&path.place, Known::new(path.spread.clone(), &path.memory))));
        }
        self.weigh(&mut laws);
        for (lane, law) in laws {
            let path = &mut climbing[lane];
            if law.evidence.is_finite() && path.best.as_ref().is_none_or(|best| law.evidence > best.evidence) {
                path.best = Some(law);
            }
        }
        true
    }

    /// The evidence lower bound of each law.
    fn weigh(&mut self, laws: &mut [(usize, Normal)]) {
        let mut log_q = [0.0; LANES];
        for (at, (_, law)) in laws.iter().enumerate() {
            for (lane, log_q) in log_q.iter_mut().enumerate().skip(at * TRIALS).take(TRIALS) {
                let (u, density) = law.draw(|row| self.normals[row][lane]);
                *log_q = density;
                self.set(lane, u.into_iter());
            }
        }
        self.evaluate(laws.len() * TRIALS, false);
        for (at, (_, law)) in laws.iter_mut().enumerate() {
            let lanes = at * TRIALS..(at + 1) * TRIALS;
            law.evidence = lanes.map(|lane| self.value[lane] - log_q[lane]).sum::<f64>() / TRIALS as f64;
            if law.evidence.is_nan() {
                law.evidence = f64::NEG_INFINITY;
            }
        }
    }

    /// `chains` of the draws from the laws of `paths`, by their weights p/q to a power: the one at which they weigh as much as half of them.
    fn starts(&mut self, paths: &[Path], chains: usize) -> Option<Population> {
        let laws: Vec<&Normal> = paths.iter().filter_map(|path| path.best.as_ref()).collect();
        let wanted = (2 * chains).div_ceil(LANES) * LANES;
        let (mut places, mut weights) = (Vec::with_capacity(wanted), Vec::with_capacity(wanted));
        for block in 0..wanted / LANES {
            self.renew_normals();
            let mut log_q = [0.0; LANES];
            for (lane, log_q) in log_q.iter_mut().enumerate() {
                let (u, density) = laws[(block * LANES + lane) % laws.len()].draw(|row| self.normals[row][lane]);
                *log_q = density;
                self.set(lane, u.into_iter());
            }
            self.evaluate(LANES, true);
            for (lane, log_q) in log_q.iter().enumerate() {
                let place = self.place(lane);
                if place.value.is_finite() && place.gradient.iter().all(|slope| slope.is_finite()) {
                    weights.push(place.value - log_q);
                    places.push(place.u);
                }
            }
        }
        let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if places.is_empty() {
            return None;
        }
        let powered = |power: f64| weights.iter().map(|w| exp(power * (w - largest))).collect::<Vec<f64>>();
        let share = |w: &[f64]| w.iter().sum::<f64>().powi(2) / (w.len() as f64 * w.iter().map(|w| w * w).sum::<f64>());
        let mut power = 1.0;
        while share(&powered(power)) < 0.5 && power > 1e-6 {
            power *= 0.8;
        }
        let weights = powered(power);
        let mut uniform = Lanes::default();
        self.rng.fill_uniform(&mut uniform);
        let chosen = super::nearly_normal::systematic(&weights, weights.iter().sum(), chains, uniform[0]);
        Some(self.constrained(chosen.iter().map(|&place| &places[place])))
    }

    /// The places as positions.
    fn constrained<'p>(&mut self, places: impl ExactSizeIterator<Item = &'p Vec<f64>>) -> Population {
        let dimension = self.position.len();
        let mut population = Population::new(dimension, places.len());
        let places: Vec<&Vec<f64>> = places.collect();
        for (block, places) in places.chunks(LANES).enumerate() {
            let mut rows: Vec<Lanes> = (0..dimension).map(|i| Lanes::splat(places[0][i])).collect();
            for (lane, place) in places.iter().enumerate() {
                rows.iter_mut().zip(*place).for_each(|(row, u)| row[lane] = *u);
            }
            self.coordinates.constrain(&mut rows);
            population.store(block, &rows);
        }
        population
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Meaning, Model};

    fn found(formula: &str) -> Paths {
        let model = Model::new(formula, Meaning::LogDensity, &[]).unwrap();
        pathfinder(&model, 1, 256).unwrap().unwrap()
    }

    #[test]
    fn what_is_known_of_a_curvature_is_one_matrix_however_it_is_asked() {
        // Steps and changes of A = (3 1; 1 2).
        let memory = [(vec![1.0, 0.5], vec![3.5, 2.0]), (vec![-0.3, 1.0], vec![0.1, 1.7])];
        let known = Known::new(vec![0.5, 0.7], &memory);
        let v = [0.8, -1.1];
        let back = known.solve(&known.times(&v));
        assert!((back[0] - v[0]).abs() < 1e-12 && (back[1] - v[1]).abs() < 1e-12, "{back:?}");
        // The last secant holds.
        let change = known.times(&memory[1].0);
        assert!((change[0] - 0.1).abs() < 1e-12 && (change[1] - 1.7).abs() < 1e-12, "{change:?}");
        let columns = [known.solve(&[1.0, 0.0]), known.solve(&[0.0, 1.0])];
        let determinant = columns[0][0] * columns[1][1] - columns[0][1] * columns[1][0];
        assert!((known.log_volume() - determinant.ln()).abs() < 1e-12);
        // The factor of `draw` times its transpose.
        let factor: Vec<Vec<f64>> = (0..4).map(|one| known.draw(|row| f64::from(u8::from(row == one)))).collect();
        for (i, j) in [(0, 0), (0, 1), (1, 1)] {
            let entry: f64 = factor.iter().map(|column| column[i] * column[j]).sum();
            assert!((entry - columns[i][j]).abs() < 1e-12, "{i} {j}: {entry}");
        }
    }

    #[test]
    fn a_gaussian_is_found_with_its_scales_and_starts_follow_it() {
        let found = found("-((a-300)/40)^2/2 - (b+2)^2/2e-4 - (a-300)*(b+2)/8");
        // (1/1600, 1/8; 1/8, 1e4): the correlation is −0.05.
        let scales = found.coordinates.metric.scales();
        assert!((scales[0] / 40.0 - 1.0).abs() < 0.2 && (scales[1] / 0.01 - 1.0).abs() < 0.2, "{scales:?}");
        let mean = |column: &[f64]| column.iter().sum::<f64>() / column.len() as f64;
        // Of 256 draws, each twice as likely as not an own one: an error of 40·√(2/256) = 3.5.
        assert!((mean(found.starts.column(0)) - 300.0).abs() < 14.0, "{}", mean(found.starts.column(0)));
    }

    #[test]
    fn starts_of_a_funnel_are_in_its_body_and_not_at_its_mode_far_down_the_neck() {
        // Neal's funnel in ten variables: v is normal with sd 3, and the mode is at v = −40.5.
        let found = found("-v^2/18 - 9*v/2 - (a^2 + b^2 + c^2 + d^2 + f^2 + g^2 + h^2 + p^2 + q^2)*exp(-v)/2");
        let v = found.starts.column(0);
        let inside = v.iter().filter(|v| v.abs() < 9.0).count();
        assert!(inside > v.len() / 2, "{inside} of {}", v.len());
    }
}
