//! A density whose law is known: its text, and draws of it that no sampler under test had a hand in.

use langevin::random::Stream;
use rand_distr::{Distribution, Exp1, StandardNormal, StandardUniform};

/// The truth's dice.
pub(crate) type Dice = Stream;
/// One exact draw, an entry a variable.
pub(crate) type Draw = Box<dyn Fn(&mut Dice) -> Vec<f64> + Sync + Send>;
/// Something that a draw is or is not.
pub(crate) type Event = (String, Box<dyn Fn(&[f64]) -> bool + Sync + Send>);

/// A density and what is known of it.
pub(crate) struct Case {
    /// Kind and number, or kind and what it is.
    pub(crate) name: String,
    /// A model as a text of the language.
    pub(crate) text: String,
    /// Exact draws; `None` if there is no law: the integral diverges.
    pub(crate) draw: Option<Draw>,
    /// Events whose probabilities draws must have, beside those of every case.
    pub(crate) events: Vec<Event>,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        text: impl Into<String>,
        draw: impl Fn(&mut Dice) -> Vec<f64> + Sync + Send + 'static,
    ) -> Case {
        Case { name: name.into(), text: text.into(), draw: Some(Box::new(draw)), events: Vec::new() }
    }

    /// A density without a finite integral.
    pub(crate) fn improper(name: impl Into<String>, text: impl Into<String>) -> Case {
        Case { name: name.into(), text: text.into(), draw: None, events: Vec::new() }
    }

    pub(crate) fn event(mut self, name: impl Into<String>, is: impl Fn(&[f64]) -> bool + Sync + Send + 'static) -> Case {
        self.events.push((name.into(), Box::new(is)));
        self
    }
}

pub(crate) fn uniform(dice: &mut Dice) -> f64 {
    StandardUniform.sample(dice)
}

pub(crate) fn normal(dice: &mut Dice) -> f64 {
    StandardNormal.sample(dice)
}

pub(crate) fn exponential(dice: &mut Dice) -> f64 {
    Exp1.sample(dice)
}

/// So many independent draws of one variable.
pub(crate) fn many(
    dimension: usize,
    one: impl Fn(&mut Dice) -> f64 + Sync + Send + 'static,
) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send {
    move |dice| (0..dimension).map(|_| one(dice)).collect()
}

/// A point of the unit sphere.
pub(crate) fn direction(dice: &mut Dice, dimension: usize) -> Vec<f64> {
    let x: Vec<f64> = (0..dimension).map(|_| normal(dice)).collect();
    let size = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    x.into_iter().map(|x| x / size).collect()
}

/// Which part a draw with these weights belongs to.
pub(crate) fn pick(dice: &mut Dice, weights: &[f64]) -> usize {
    let mut left = uniform(dice) * weights.iter().sum::<f64>();
    weights
        .iter()
        .position(|weight| {
            left -= weight;
            left < 0.0
        })
        .unwrap_or(weights.len() - 1)
}

/// Draws from a box by rejection: `density` is at most `most` in it, and 0 or nearly so outside.
pub(crate) fn rejected(
    low: Vec<f64>,
    high: Vec<f64>,
    most: f64,
    density: impl Fn(&[f64]) -> f64 + Sync + Send + 'static,
) -> impl Fn(&mut Dice) -> Vec<f64> + Sync + Send {
    move |dice| loop {
        let x: Vec<f64> = low.iter().zip(&high).map(|(low, high)| low + (high - low) * uniform(dice)).collect();
        let p = density(&x);
        assert!(p <= most * (1.0 + 1e-9), "the bound {most} is below {p} at {x:?}");
        if uniform(dice) * most < p {
            return x;
        }
    }
}

/// Draws of one variable by the sums of its density over cells that grow by the power `stretch` away from `from`.
pub(crate) fn tabled(low: f64, high: f64, stretch: i32, density: impl Fn(f64) -> f64) -> impl Fn(&mut Dice) -> f64 + Sync + Send {
    const CELLS: usize = 400_000;
    let edge = move |cell: f64| low + (high - low) * (cell / CELLS as f64).powi(stretch);
    let mut sums = Vec::with_capacity(CELLS + 1);
    sums.push(0.0);
    for cell in 0..CELLS {
        let (a, b) = (edge(cell as f64), edge(cell as f64 + 1.0));
        let mass = density(0.5 * (a + b)) * (b - a);
        sums.push(sums[cell] + mass);
    }
    move |dice| {
        let target = uniform(dice) * sums[CELLS];
        let cell = sums.partition_point(|sum| *sum <= target).clamp(1, CELLS) - 1;
        edge(cell as f64 + uniform(dice))
    }
}
