//! A joint law as a recipe for independent draws: variable by variable, part by part, radius and direction, or by rejection.

use super::Marginal;
use super::nested::draw_given;
use crate::density::{LogDensity, Model};
use crate::math::{LANES, Lanes, Level};
use crate::quadrature::Reference;
use crate::random::{BlockRng, Purpose};
use crate::sampler::Population;
use crate::tape::{Program, ProgramEvaluator};

/// Blocks of proposals that a block of draws may take.
const PROPOSALS: usize = 1000;
/// Blocks of proposals that show how many are kept.
const TRIALS: usize = 40;

/// Blocks of proposals of which none is kept that end the trial: of a share worth keeping, 0.004, they would all be refused in a run of a
/// thousand (0.996^2048 = 3e−4).
const HOPELESS: usize = 8;

/// An exact joint law of some variables.
#[derive(Debug, Clone)]
pub struct Joint {
    dimension: usize,
    /// In the order of drawing: a factor may depend on the variables of those before it.
    factors: Vec<Factor>,
}

#[derive(Debug, Clone)]
pub(super) enum Factor {
    /// A variable by itself, whose distribution function is known.
    Alone { variable: usize, law: Marginal },
    /// Variables that are normal given others: expressions of the means, and a triangle of numbers or, of one variable, an expression of
    /// the variance behind the mean.
    Normal { variables: Vec<usize>, program: Program, spread: Option<Vec<Vec<f64>>> },
    /// A variable that is a shifted and scaled copy of one with a law of its own: expressions of the shift and the scale.
    Shifted { variable: usize, program: Program, law: Box<Reference> },
    /// A variable given another, by the line of their density through it: the other, the variable, and their order in the density.
    Line { given: usize, variable: usize, order: [usize; 2], density: Box<Model> },
    /// A mixture of laws of these variables, with the probabilities that a draw is of a part up to each.
    Mixture { variables: Vec<usize>, up_to: Vec<f64>, parts: Vec<Joint> },
    /// A law that depends on a quadratic form alone: centre + r·spread·(a direction).
    Elliptic { variables: Vec<usize>, centre: Vec<f64>, spread: Vec<Vec<f64>>, radius: Box<Reference> },
    /// A law times a factor of which the logarithm is at most `most`.
    Tilted { base: Box<Joint>, tilt: Box<Model>, most: f64 },
}

impl Joint {
    pub(super) fn new(dimension: usize, factors: Vec<Factor>) -> Joint {
        Joint { dimension, factors }
    }

    /// `count` independent draws. More draws begin with the same.
    pub fn draws(&self, count: usize, seed: u64) -> Population {
        let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(count); self.dimension];
        for block in 0..count.div_ceil(LANES) {
            let mut rng = BlockRng::new(seed, block as u64, Purpose::Noise);
            let rows = self.block(&mut rng);
            let active = (count - block * LANES).min(LANES);
            columns.iter_mut().zip(&rows).for_each(|(column, row)| column.extend_from_slice(&row[..active]));
        }
        Population::from_columns(columns)
    }

    /// The share of proposals that is kept, and of how many; 1 where nothing is refused.
    pub(crate) fn acceptance(&self) -> (f64, usize) {
        let mut rng = BlockRng::new(0, 0, Purpose::Proposal);
        let mut share = 1.0;
        for factor in &self.factors {
            if let Factor::Tilted { base, tilt, most } = factor {
                let mut kept = 0;
                for trial in 0..TRIALS {
                    kept += proposals(base, tilt, *most, &mut rng).1.iter().filter(|kept| **kept).count();
                    if kept == 0 && trial + 1 == HOPELESS {
                        break;
                    }
                }
                share *= kept as f64 / (TRIALS * LANES) as f64;
            }
        }
        (share, TRIALS * LANES)
    }

    /// A block of independent draws.
    fn block(&self, rng: &mut BlockRng) -> Vec<Lanes> {
        let mut rows = vec![Lanes::default(); self.dimension];
        for factor in &self.factors {
            factor.draw(rng, &mut rows);
        }
        rows
    }
}

impl Factor {
    fn draw(&self, rng: &mut BlockRng, rows: &mut [Lanes]) {
        match self {
            Factor::Alone { variable, law } => {
                let mut uniform = Lanes::default();
                rng.fill_uniform(&mut uniform);
                let row = &mut rows[*variable];
                row.iter_mut().zip(uniform.iter()).for_each(|(x, p)| *x = law.quantile(*p).unwrap_or(f64::NAN));
            }
            Factor::Normal { variables, program, spread } => {
                let mut values = vec![Lanes::default(); program.outputs()];
                ProgramEvaluator::new(program, Level::detect()).run(program, rows, &mut values);
                let noise = normals(rng, variables.len());
                for (at, &variable) in variables.iter().enumerate() {
                    for lane in 0..LANES {
                        let deviation = match spread {
                            Some(spread) => spread[at].iter().zip(&noise).map(|(weight, noise)| weight * noise[lane]).sum(),
                            None => values[1][lane].sqrt() * noise[0][lane],
                        };
                        rows[variable][lane] = values[at][lane] + deviation;
                    }
                }
            }
            Factor::Shifted { variable, program, law } => {
                let mut values = [Lanes::default(), Lanes::default()];
                ProgramEvaluator::new(program, Level::detect()).run(program, rows, &mut values);
                let mut uniform = Lanes::default();
                rng.fill_uniform(&mut uniform);
                let row = &mut rows[*variable];
                (0..LANES).for_each(|lane| row[lane] = values[1][lane].mul_add(law.quantile(uniform[lane]), values[0][lane]));
            }
            Factor::Line { given, variable, order, density } => {
                let (mut uniform, mut drawn) = (Lanes::default(), Lanes::default());
                rng.fill_uniform(&mut uniform);
                draw_given(density, *order, &rows[*given], &uniform, &mut drawn);
                rows[*variable] = drawn;
            }
            Factor::Mixture { variables, up_to, parts } => {
                let mut uniform = Lanes::default();
                rng.fill_uniform(&mut uniform);
                let picked: Vec<usize> = uniform.iter().map(|p| up_to.partition_point(|up_to| up_to <= p).min(parts.len() - 1)).collect();
                for (number, part) in parts.iter().enumerate().filter(|(number, _)| picked.contains(number)) {
                    let drawn = part.block(rng);
                    for (&variable, drawn) in variables.iter().zip(&drawn) {
                        for lane in (0..LANES).filter(|&lane| picked[lane] == number) {
                            rows[variable][lane] = drawn[lane];
                        }
                    }
                }
            }
            Factor::Elliptic { variables, centre, spread, radius } => {
                let mut uniform = Lanes::default();
                rng.fill_uniform(&mut uniform);
                let noise = normals(rng, variables.len());
                for lane in 0..LANES {
                    let size = noise.iter().map(|row| row[lane] * row[lane]).sum::<f64>().sqrt();
                    let reach = radius.quantile(uniform[lane]) / size;
                    for ((&variable, centre), spread) in variables.iter().zip(centre).zip(spread) {
                        let along: f64 = spread.iter().zip(&noise).map(|(weight, noise)| weight * noise[lane]).sum();
                        rows[variable][lane] = centre + reach * along;
                    }
                }
            }
            Factor::Tilted { base, tilt, most } => {
                let mut filled = 0;
                for _ in 0..PROPOSALS {
                    let (drawn, kept) = proposals(base, tilt, *most, rng);
                    for lane in (0..LANES).filter(|&lane| kept[lane]).take(LANES - filled) {
                        rows.iter_mut().zip(&drawn).for_each(|(row, drawn)| row[filled] = drawn[lane]);
                        filled += 1;
                    }
                    if filled == LANES {
                        return;
                    }
                }
                rows.iter_mut().for_each(|row| row[filled..].fill(f64::NAN));
            }
        }
    }
}

/// A block of draws of `base`, and which of them the tilt keeps.
fn proposals(base: &Joint, tilt: &Model, most: f64, rng: &mut BlockRng) -> (Vec<Lanes>, [bool; LANES]) {
    let drawn = base.block(rng);
    let (mut value, mut uniform) = (Lanes::default(), Lanes::default());
    tilt.evaluator().log_density(&drawn, &mut value);
    rng.fill_uniform(&mut uniform);
    let inside = |lane: usize| tilt.bounds().iter().zip(&drawn).all(|(bound, row)| row[lane] >= bound.low && row[lane] <= bound.high);
    (drawn.clone(), std::array::from_fn(|lane| uniform[lane].ln() < value[lane] - most && inside(lane)))
}

fn normals(rng: &mut BlockRng, count: usize) -> Vec<Lanes> {
    let mut rows = vec![Lanes::default(); count];
    rows.iter_mut().for_each(|row| rng.fill_normal(row));
    rows
}
