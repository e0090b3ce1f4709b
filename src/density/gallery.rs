//! Named densities, each with a reason to be there.

use super::{Declaration, Meaning, Model};
use crate::error::Result;

/// A density of the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Why it is worth a look, one sentence.
    pub about: &'static str,
    /// The formula.
    pub formula: &'static str,
    /// What the formula means.
    pub meaning: Meaning,
    /// The ranges, as on the command line.
    pub ranges: &'static [&'static str],
    /// Further flags that belong to it.
    pub flags: &'static [&'static str],
}

impl Entry {
    /// The entry called `name`.
    pub fn named(name: &str) -> Option<&'static Entry> {
        GALLERY.iter().find(|entry| entry.name == name)
    }

    /// The model.
    ///
    /// # Errors
    /// None for the entries of [`GALLERY`]; the tests build each.
    pub fn model(&self) -> Result<Model> {
        let declarations: Vec<Declaration> = self.ranges.iter().map(|range| range.parse()).collect::<Result<_>>()?;
        Model::new(self.formula, self.meaning, &declarations)
    }
}

/// The gallery, simplest first.
pub const GALLERY: &[Entry] = &[
    Entry {
        name: "classic",
        about: "the example every tutorial clamps: its settings pile false mass on both ends, and the report shows it",
        formula: "(x-0.4)^4 - (x-0.2)^2 + 0.6",
        meaning: Meaning::Density,
        ranges: &["-0.7,1.5"],
        flags: &[
            "--init=0.4",
            "--chains=5000",
            "--steps=500",
            "--schedule=geometric",
            "--step-size=0.01",
            "--final-step-size=1e-5",
            "--boundary=clamp",
        ],
    },
    Entry {
        name: "neck",
        about: "the same density left to the defaults: two basins joined by a neck where p is 0.0096",
        formula: "(x-0.4)^4 - (x-0.2)^2 + 0.6",
        meaning: Meaning::Density,
        ranges: &["-0.7,1.5"],
        flags: &[],
    },
    Entry {
        name: "normal",
        about: "the standard normal, where every bias of a step size is known in closed form",
        formula: "exp(-x^2/2)",
        meaning: Meaning::Density,
        ranges: &[],
        flags: &[],
    },
    Entry {
        name: "double-well",
        about: "two wells and a barrier: how long a chain needs to cross is Kramers' question",
        formula: "3*(x^2 - 1)^2 - 0.3*x",
        meaning: Meaning::Energy,
        ranges: &[],
        flags: &[],
    },
    Entry {
        name: "far-apart",
        about: "two Gaussians no Langevin chain can cross between: the verdict has to be no",
        formula: "exp(-(x-12)^2/2) + exp(-(x+12)^2/2)",
        meaning: Meaning::Density,
        ranges: &[],
        flags: &[],
    },
    Entry {
        name: "cauchy",
        about: "no mean, no variance: quantiles are all there is",
        formula: "1/(1 + x^2)",
        meaning: Meaning::Density,
        ranges: &[],
        flags: &[],
    },
    Entry {
        name: "triangle",
        about: "a kink in the middle, zeros at both ends, and a gradient that jumps",
        formula: "max(0, 1 - abs(x))",
        meaning: Meaning::Density,
        ranges: &["-1,1"],
        flags: &[],
    },
    Entry {
        name: "compass",
        about: "an angle: the range wraps, so nothing piles up where 2*pi meets 0",
        formula: "2*cos(x - 1) + cos(3*x)",
        meaning: Meaning::LogDensity,
        ranges: &["0,2*pi"],
        flags: &["--boundary=wrap"],
    },
    Entry {
        name: "gumbel",
        about: "the law of extremes: one tail exponential, the other doubly so",
        formula: "-x - exp(-x)",
        meaning: Meaning::LogDensity,
        ranges: &[],
        flags: &[],
    },
    Entry {
        name: "banana",
        about: "a curved ridge: the two variables have little correlation and much dependence",
        formula: "x^2/8 + (y - x^2/4 + 1)^2",
        meaning: Meaning::Energy,
        ranges: &["x=-inf,inf", "y=-inf,inf"],
        flags: &[],
    },
    Entry {
        name: "ring",
        about: "all the mass on a circle, none in the middle where the mean is",
        formula: "8*(sqrt(x^2 + y^2) - 2)^2",
        meaning: Meaning::Energy,
        ranges: &["x=-4,4", "y=-4,4"],
        flags: &[],
    },
    Entry {
        name: "eight",
        about: "eight Gaussians on a circle: a start in one of them finds its neighbours last",
        formula: "sum(k in 1..8, exp(-((x - 2*cos(k*pi/4))^2 + (y - 2*sin(k*pi/4))^2)/0.18))",
        meaning: Meaning::Density,
        ranges: &["x=-4,4", "y=-4,4"],
        flags: &[],
    },
    Entry {
        name: "eggs",
        about: "twenty-five modes in a box, all alike by symmetry",
        formula: "(2 + cos(2*x)*cos(2*y))^4",
        meaning: Meaning::Density,
        ranges: &["x=-5,5", "y=-5,5"],
        flags: &[],
    },
    Entry {
        name: "funnel",
        about: "Neal's funnel: the scale of y changes by e^3, and no single step size fits",
        formula: "x^2/6 + x/2 + y^2*exp(-x)/2",
        meaning: Meaning::Energy,
        ranges: &["x=-inf,inf", "y=-inf,inf"],
        flags: &[],
    },
];
