//! Adaptive cubature over boxes of three to six dimensions.
//!
//! Genz & Malik (1980), "Remarks on algorithm 006: an adaptive algorithm for numerical integration over an N-dimensional rectangular
//! region": a rule of degree 7 with one of degree 5 inside it; boxes are halved along the largest fourth difference. It starts from a
//! grid around the mass, not from one box, so that a symmetric integrand cannot fool it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::density::{Bound, LogDensity, Model};
use crate::error::{Error, ErrorKind, Result};
use crate::math::{LANES, Lanes};

/// Dimensions served.
pub(super) const DIMENSIONS: std::ops::RangeInclusive<usize> = 3..=6;
/// Boxes halved in one batch.
const BATCH: usize = 64;
/// Points of each round of the search for the mass, and rounds.
const SEARCH: usize = 4096;
const ROUNDS: usize = 8;
/// The grid starts with about so many boxes.
const GRID: f64 = 512.0;

/// How many times as wide as the mass that was found a second chart is: with room for a tail that the search did not see.
pub(super) const STRETCH: f64 = 4.0;

/// What the rule found.
pub(super) struct Cubature {
    pub(super) log_value: f64,
    pub(super) relative_error: f64,
    pub(super) evaluations: usize,
    /// Mean and standard deviation of each variable.
    pub(super) moments: Vec<(f64, f64)>,
}

/// Integrates the density of `model` until the relative error is `relative`, or `budget` evaluations are spent; infinite ranges are charted
/// `stretch` times as wide as the mass that was found.
///
/// # Errors
/// `NoMass` if no point has any; `Unsupported` where the density rises beyond the doubles.
pub(super) fn cubature(model: &Model, relative: f64, budget: usize, stretch: f64) -> Result<Cubature> {
    let axes = model.bounds().iter().map(Axis::of).collect();
    let mut points = Points { evaluator: model.evaluator(), evaluations: 0, axes };
    let top = points.search()?;
    points.axes.iter_mut().for_each(|axis| axis.scale *= if axis.low.is_finite() && axis.high.is_finite() { 1.0 } else { stretch });
    let dimension = points.axes.len();
    let rule = Rule::new(dimension);
    let mut regions = grid(dimension, &mut points, &rule, top);
    let mut heap: BinaryHeap<Worst> = (0..regions.len()).map(|at| Worst { error: regions[at].error, at }).collect();
    let sum = |regions: &[Region], of: fn(&Region) -> f64| regions.iter().map(of).sum::<f64>();
    let totals = |regions: &[Region]| (sum(regions, |region| region.sums[0]), sum(regions, |region| region.error));
    let (mut value, mut error) = totals(&regions);
    for round in 1.. {
        // Sums of changes drift; now and then everything is added up anew.
        if round % 64 == 0 || error <= relative * value {
            (value, error) = totals(&regions);
        }
        if !error.is_finite() {
            let message = "the integral could not be found: the density rises too steeply for cubature";
            return Err(Error::new(ErrorKind::Unsupported, message).hint("`langevin sample` needs no integral"));
        }
        if error <= relative * value || points.evaluations > budget {
            if value.is_nan() || value <= 0.0 {
                return Err(Error::new(ErrorKind::NoMass, "no mass found: the density is 0 at every point tried"));
            }
            let moment = |k: usize| regions.iter().map(|region| region.sums[k]).sum::<f64>() / value;
            let moments = (0..dimension).map(|i| {
                let mean = moment(1 + i);
                (points.axes[i].center + mean, (moment(1 + dimension + i) - mean * mean).max(0.0).sqrt())
            });
            return Ok(Cubature {
                log_value: top + value.ln(),
                relative_error: (error / value).max(1e-14),
                evaluations: points.evaluations,
                moments: moments.collect(),
            });
        }
        let mut children = Vec::with_capacity(2 * BATCH);
        let mut parents = Vec::with_capacity(BATCH);
        let mut left = error;
        while parents.len() < BATCH && left > 0.5 * relative * value {
            let Some(worst) = heap.pop() else { break };
            left -= worst.error;
            (value, error) = (value - regions[worst.at].sums[0], error - worst.error);
            children.extend(regions[worst.at].halves());
            parents.push(worst.at);
        }
        rule.measure(&mut points, &mut children, top);
        for child in &children {
            (value, error) = (value + child.sums[0], error + child.error);
        }
        let mut children = children.into_iter();
        for at in parents {
            for place in [at, regions.len()] {
                let Some(child) = children.next() else { break };
                heap.push(Worst { error: child.error, at: place });
                if place < regions.len() { regions[place] = child } else { regions.push(child) }
            }
        }
    }
    unreachable!("evaluations grow in every round")
}

/// A variable and its map from (−1, 1): affine on finite ranges, algebraic toward infinite ends.
struct Axis {
    low: f64,
    high: f64,
    center: f64,
    scale: f64,
}

impl Axis {
    fn of(bound: &Bound) -> Axis {
        let (low, high) = (bound.low, bound.high);
        let center = match (low.is_finite(), high.is_finite()) {
            (true, true) => 0.5 * (low + high),
            (true, false) => low,
            (false, true) => high,
            (false, false) => 0.0,
        };
        Axis { low, high, center, scale: if bound.is_finite() { 0.5 * (high - low) } else { 2.0 } }
    }

    /// The offset from the centre at t, and the logarithm of its slope.
    fn at(&self, t: f64) -> (f64, f64) {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => (self.scale * t, self.scale.ln()),
            (false, false) => {
                let rest = 1.0 - t * t;
                (self.scale * t / rest, (self.scale * (1.0 + t * t) / (rest * rest)).ln())
            }
            (low, _) => {
                // s·u/(1 − u) from the finite end, u from 0 to 1.
                let u = if low { 0.5 * (1.0 + t) } else { 0.5 * (1.0 - t) };
                let offset = self.scale * u / (1.0 - u);
                (if low { offset } else { -offset }, (0.5 * self.scale / ((1.0 - u) * (1.0 - u))).ln())
            }
        }
    }

    /// Moves centre and scale to where the mass is.
    fn settle(&mut self, mean: f64, sd: f64) {
        match (self.low.is_finite(), self.high.is_finite()) {
            (true, true) => {}
            (false, false) => (self.center, self.scale) = (mean, 2.0 * sd),
            _ => self.scale = (mean - self.center).abs() + sd,
        }
    }
}

struct Points<'a> {
    evaluator: Box<dyn crate::density::Evaluate + 'a>,
    evaluations: usize,
    axes: Vec<Axis>,
}

impl Points<'_> {
    /// log(p·slopes) at points t, and the offsets from the centres.
    fn evaluate(&mut self, ts: &[f64], offsets: &mut [f64], out: &mut [f64]) {
        let dimension = self.axes.len();
        let mut block = vec![Lanes::default(); dimension];
        let mut value = Lanes::default();
        let count = out.len();
        self.evaluations += count;
        for start in (0..count).step_by(LANES) {
            let here = (count - start).min(LANES);
            for lane in 0..LANES {
                let point = (start + lane.min(here - 1)) * dimension;
                for (i, axis) in self.axes.iter().enumerate() {
                    let (offset, log_slope) = axis.at(ts[point + i]);
                    block[i][lane] = axis.center + offset;
                    if lane < here {
                        offsets[point + i] = offset;
                        out[start + lane] = if i == 0 { log_slope } else { out[start + lane] + log_slope };
                    }
                }
            }
            self.evaluator.ask_for(here);
            self.evaluator.log_density(&block, &mut value);
            for lane in 0..here {
                let log = value[lane] + out[start + lane];
                out[start + lane] = if log.is_nan() { f64::NEG_INFINITY } else { log };
            }
        }
    }

    /// Centres and scales by a few rounds of importance sampling on an additive recurrence; returns the largest log(p·slopes) met.
    fn search(&mut self) -> Result<f64> {
        let dimension = self.axes.len();
        let mut top = f64::NEG_INFINITY;
        // Roberts (2018): powers of the root of φ^(d+1) = φ + 1.
        let mut ratio = 2.0_f64;
        for _ in 0..40 {
            ratio = (1.0 + ratio).powf(1.0 / (dimension as f64 + 1.0));
        }
        for round in 0..ROUNDS {
            let at = |n: usize, i: usize| {
                let u = (0.5 + ratio.powi(-(i as i32 + 1)) * (n + round * SEARCH + 1) as f64).fract();
                (2.0 * u - 1.0).clamp(-1.0 + 1e-6, 1.0 - 1e-6)
            };
            let ts: Vec<f64> = (0..SEARCH).flat_map(|n| (0..dimension).map(move |i| (n, i))).map(|(n, i)| at(n, i)).collect();
            let (mut offsets, mut logs) = (vec![0.0; ts.len()], vec![0.0; SEARCH]);
            self.evaluate(&ts, &mut offsets, &mut logs);
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if most == f64::NEG_INFINITY {
                if round + 1 == ROUNDS {
                    return Err(Error::new(
                        ErrorKind::NoMass,
                        format!("no mass found: the density is 0 at each of {} points", self.evaluations),
                    ));
                }
                // Nothing seen: look wider.
                self.axes.iter_mut().for_each(|axis| axis.scale *= if axis.low.is_finite() && axis.high.is_finite() { 1.0 } else { 10.0 });
                continue;
            }
            top = most;
            let weights: Vec<f64> = logs.iter().map(|log| (log - most).exp()).collect();
            let total: f64 = weights.iter().sum();
            // While one point has all the weight its place is known and the spread is not: half of the old one.
            let alone = weights.iter().map(|w| w * w).sum::<f64>() / (total * total) > 0.2;
            for (i, axis) in self.axes.iter_mut().enumerate() {
                let mean = weights.iter().enumerate().map(|(n, w)| w * offsets[n * dimension + i]).sum::<f64>() / total;
                let spread = |x: f64| (x - mean) * (x - mean);
                let variance = weights.iter().enumerate().map(|(n, w)| w * spread(offsets[n * dimension + i])).sum::<f64>() / total;
                let sd = if alone { variance.sqrt().max(0.25 * axis.scale) } else { variance.sqrt() };
                axis.settle(axis.center + mean, sd.max(1e-300));
            }
        }
        Ok(top)
    }
}

/// A box in t.
struct Region {
    center: Vec<f64>,
    half: Vec<f64>,
    /// ∫p, then ∫(x − c)p and ∫(x − c)²p of each variable, in units of exp(top).
    sums: Vec<f64>,
    error: f64,
    /// The axis to halve next.
    axis: usize,
}

impl Region {
    fn new(center: Vec<f64>, half: Vec<f64>) -> Region {
        Region { center, half, sums: Vec::new(), error: 0.0, axis: 0 }
    }

    fn halves(&self) -> [Region; 2] {
        [-0.5, 0.5].map(|side| {
            let (mut center, mut half) = (self.center.clone(), self.half.clone());
            center[self.axis] += side * half[self.axis];
            half[self.axis] *= 0.5;
            Region::new(center, half)
        })
    }
}

fn grid(dimension: usize, points: &mut Points, rule: &Rule, top: f64) -> Vec<Region> {
    let cuts = GRID.powf(1.0 / dimension as f64).round().max(2.0) as usize;
    let width = 1.0 / cuts as f64;
    let mut regions: Vec<Region> = (0..cuts.pow(dimension as u32))
        .map(|mut index| {
            let center = (0..dimension).map(|_| {
                let place = index % cuts;
                index /= cuts;
                (2 * place + 1) as f64 * width - 1.0
            });
            Region::new(center.collect(), vec![width; dimension])
        })
        .collect();
    rule.measure(points, &mut regions, top);
    regions
}

/// The nodes of the rule on (−1, 1)ᵈ with weights of degree 7 and 5, relative to the volume.
struct Rule {
    dimension: usize,
    nodes: Vec<f64>,
    weights: Vec<[f64; 2]>,
}

impl Rule {
    fn new(dimension: usize) -> Rule {
        let d = dimension as f64;
        let (near, far, corner) = ((9.0_f64 / 70.0).sqrt(), (9.0_f64 / 10.0).sqrt(), (9.0_f64 / 19.0).sqrt());
        let mut nodes = vec![0.0; dimension];
        let mut weights = vec![[(12_824.0 - 9120.0 * d + 400.0 * d * d) / 19_683.0, (729.0 - 950.0 * d + 50.0 * d * d) / 729.0]];
        let mut add = |node: Vec<f64>, weight: [f64; 2]| {
            nodes.extend(node);
            weights.push(weight);
        };
        // Two near and two far nodes on each axis, in this order: fourth differences come from them.
        for i in 0..dimension {
            for (distance, weight) in
                [(near, [980.0 / 6561.0, 245.0 / 486.0]), (far, [(1820.0 - 400.0 * d) / 19_683.0, (265.0 - 100.0 * d) / 1458.0])]
            {
                for sign in [-1.0, 1.0] {
                    let mut node = vec![0.0; dimension];
                    node[i] = sign * distance;
                    add(node, weight);
                }
            }
        }
        for i in 0..dimension {
            for j in i + 1..dimension {
                for (a, b) in [(-far, -far), (-far, far), (far, -far), (far, far)] {
                    let mut node = vec![0.0; dimension];
                    (node[i], node[j]) = (a, b);
                    add(node, [200.0 / 19_683.0, 25.0 / 729.0]);
                }
            }
        }
        for signs in 0..1_usize << dimension {
            let node = (0..dimension).map(|i| if signs >> i & 1 == 1 { corner } else { -corner }).collect();
            add(node, [6859.0 / 19_683.0 / 2_f64.powi(dimension as i32), 0.0]);
        }
        Rule { dimension, nodes, weights }
    }

    fn measure(&self, points: &mut Points, regions: &mut [Region], top: f64) {
        let (d, count) = (self.dimension, self.weights.len());
        let mut ts = Vec::with_capacity(regions.len() * count * d);
        for region in regions.iter() {
            for node in self.nodes.chunks_exact(d) {
                ts.extend(node.iter().zip(&region.center).zip(&region.half).map(|((node, center), half)| center + half * node));
            }
        }
        let (mut offsets, mut logs) = (vec![0.0; ts.len()], vec![0.0; regions.len() * count]);
        points.evaluate(&ts, &mut offsets, &mut logs);
        for (at, region) in regions.iter_mut().enumerate() {
            let volume: f64 = region.half.iter().map(|half| 2.0 * half).product();
            let values: Vec<f64> = logs[at * count..(at + 1) * count].iter().map(|log| (log - top).exp()).collect();
            let mut sums = vec![0.0; 1 + 2 * d];
            let mut fifth = 0.0;
            for (k, (value, weight)) in values.iter().zip(&self.weights).enumerate() {
                let share = volume * weight[0] * value;
                sums[0] += share;
                fifth += volume * weight[1] * value;
                for i in 0..d {
                    let offset = offsets[(at * count + k) * d + i];
                    if share != 0.0 {
                        sums[1 + i] += share * offset;
                        sums[1 + d + i] += share * offset * offset;
                    }
                }
            }
            region.error = (sums[0] - fifth).abs();
            region.sums = sums;
            let bend = |i: usize| {
                let [a, b, c, e] = [1, 2, 3, 4].map(|k| values[4 * i + k]);
                (a + b - 2.0 * values[0] - (c + e - 2.0 * values[0]) / 7.0).abs()
            };
            // At a tie the longest side.
            let key = |i: usize| (bend(i), region.half[i]);
            region.axis = (0..d).max_by(|&i, &j| key(i).partial_cmp(&key(j)).unwrap_or(Ordering::Equal)).unwrap_or(0);
        }
    }
}

/// The largest error first.
struct Worst {
    error: f64,
    at: usize,
}

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        self.error.total_cmp(&other.error).then(other.at.cmp(&self.at))
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Worst {}
