//! The problems: four formulas as a user types them, and how their chains start and step.

use langevin::density::{Declaration, Meaning, Model};
use langevin::sampler::Start;

/// One density, and the settings that every contender samples it with.
pub(crate) struct Problem {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) formula: &'static str,
    pub(crate) meaning: Meaning,
    pub(crate) range: Option<&'static str>,
    pub(crate) dimension: usize,
    pub(crate) start: Start,
    pub(crate) step_size: f64,
}

impl Problem {
    pub(crate) fn model(&self) -> Model {
        let range = self.range.map(|range| range.parse::<Declaration>().expect("a range"));
        Model::new(self.formula, self.meaning, range.as_slice()).expect("a model")
    }
}

/// All of them, cheapest first.
pub(crate) const PROBLEMS: [Problem; 4] = [QUARTIC, RING, BANANA, DENSE];

const QUARTIC: Problem = Problem {
    name: "quartic",
    about: "1 variable, bounded; the formula is p, so the gradient is p'/p",
    formula: "(x-0.4)^4 - (x-0.2)^2 + 0.6",
    meaning: Meaning::Density,
    range: Some("-0.7,1.5"),
    dimension: 1,
    start: Start::Uniform { low: -0.7, high: 1.5 },
    step_size: 1e-3,
};

const BANANA: Problem = Problem {
    name: "banana",
    about: "10 variables; Rosenbrock's function with softplus and log terms",
    formula: "-sum(i in 1..9, 5*(x[i+1] - x[i]^2)^2 + 0.05*(1 - x[i])^2)
              - sum(i in 1..10, 0.1*log(1 + exp(x[i])) + 0.1*log(1 + x[i]^2))",
    meaning: Meaning::LogDensity,
    range: None,
    dimension: 10,
    start: Start::Normal { mean: 0.5, sd: 0.2 },
    step_size: 1e-3,
};

const RING: Problem = Problem {
    name: "ring",
    about: "2 variables; 8 normals of scale 0.5 around a circle of radius 2",
    formula: "sum(k in 1..8, exp(-((x - 2*cos(k*pi/4))^2 + (y - 2*sin(k*pi/4))^2)/(2*0.5^2)))",
    meaning: Meaning::Density,
    range: None,
    dimension: 2,
    start: Start::Normal { mean: 0.0, sd: 2.0 },
    step_size: 0.01,
};

const DENSE: Problem = Problem {
    name: "dense",
    about: "50 variables; a normal with every entry of its precision exp(-|i-j|/4) written out",
    formula: "-0.5*sum(i in 1..50, sum(j in 1..50, exp(-abs(i - j)/4)*x[i]*x[j]))",
    meaning: Meaning::LogDensity,
    range: None,
    dimension: 50,
    start: Start::Normal { mean: 0.0, sd: 1.0 },
    step_size: 0.02,
};

/// Scale of [`RING`]'s normals.
pub(crate) const SCALE: f64 = 0.5;

/// Centres of [`RING`]'s normals; the second four are opposite the first.
pub(crate) fn centres() -> [[f64; 2]; 8] {
    std::array::from_fn(|k| {
        let angle = k as f64 * std::f64::consts::FRAC_PI_4;
        [2.0 * angle.cos(), 2.0 * angle.sin()]
    })
}

/// The precision matrix of [`DENSE`].
pub(crate) fn precision() -> Box<[[f64; 50]; 50]> {
    Box::new(std::array::from_fn(|i| std::array::from_fn(|j| (-(i.abs_diff(j) as f64) / 4.0).exp())))
}
