//! Isokinetic dynamics, which all microcanonical kernels share: the direction of a motion of unit speed, which the gradient turns.
//!
//! Robnik, De Luca, Silverstein & Seljak (2023), "Microcanonical Hamiltonian Monte Carlo"; Robnik & Seljak (2023), "Fluctuation without
//! dissipation: microcanonical Langevin Monte Carlo". The momentum is a point on the unit sphere. What the dynamics conserve is
//! −log p plus the kinetic part, (d − 1) times the logarithm of the momentum's length before it is scaled back to the sphere.

use super::lanewise::{Point, Sweep, add_scaled, dot, each, map, select_row};
use crate::density::Evaluate;
use crate::math::{Lanes, exp, log1p};
use crate::random::{BlockRng, fill_normal};
use crate::stored::stored;

/// The directions of a block of chains, `[variable][lane]`, each of length 1.
#[derive(Debug, Clone)]
pub(in crate::sampler) struct Directions {
    unit: Vec<Lanes>,
    /// The kinetic part since it was last set to 0.
    pub(in crate::sampler) kinetic: Lanes,
    rows: Rows,
}

#[derive(Debug, Clone, Default)]
struct Rows {
    noise: Lanes,
    size: Lanes,
    along: Lanes,
    scale: Lanes,
    turn: Lanes,
    decay: Lanes,
    weight: Lanes,
    step: Lanes,
}

stored!(Directions { unit, kinetic });

impl Directions {
    /// Those of a block in so many dimensions, not yet drawn.
    pub(in crate::sampler) fn new(dimension: usize) -> Directions {
        Directions { unit: vec![Lanes::default(); dimension], kinetic: Lanes::default(), rows: Rows::default() }
    }

    /// Draws all of them anew, uniform on the sphere.
    pub(in crate::sampler) fn renew(&mut self, over: Sweep, noise: &mut BlockRng) {
        for row in &mut self.unit {
            fill_normal(over.level, noise, row);
        }
        self.normalise(over);
    }

    /// Forgets a part: u ← (u + ν·ξ)/|u + ν·ξ| with ξ normal (Robnik & Seljak 2023, eq. 17). Uniform directions stay uniform.
    pub(in crate::sampler) fn refresh(&mut self, over: Sweep, amount: f64, noise: &mut BlockRng) {
        let Directions { unit, rows: Rows { noise: row, .. }, .. } = self;
        for u in unit.iter_mut() {
            fill_normal(over.level, noise, row);
            each(over, |lane| u[lane] = amount.mul_add(row[lane], u[lane]));
        }
        self.normalise(over);
    }

    /// Draws those of the lanes where `mask` is not 0 anew.
    pub(in crate::sampler) fn renew_where(&mut self, over: Sweep, mask: &Lanes, noise: &mut BlockRng) {
        for u in &mut self.unit {
            fill_normal(over.level, noise, &mut self.rows.noise);
            select_row(over, mask, u, &self.rows.noise);
        }
        self.normalise(over);
    }

    /// Half a turn, a move by ε, half a turn.
    pub(in crate::sampler) fn leapfrog(&mut self, over: Sweep, point: &mut Point, epsilon: f64, evaluate: &mut dyn Evaluate) {
        self.turn(over, point, 0.5 * epsilon);
        self.rows.step = Lanes::splat(epsilon);
        add_scaled(over, &mut point.position, &self.rows.step, &self.unit);
        point.evaluate(evaluate);
        self.turn(over, point, 0.5 * epsilon);
    }

    /// Turns the direction u towards the gradient for a time: with δ = time·|g|/(d − 1), e = g/|g| and c = e·u,
    /// u ← (u + e·(sinh δ + c(cosh δ − 1)))/(cosh δ + c·sinh δ); the kinetic part grows by (d − 1)·log of the denominator.
    fn turn(&mut self, over: Sweep, point: &Point, time: f64) {
        let Directions { unit, kinetic, rows } = self;
        let others = unit.len() as f64 - 1.0;
        dot(over, &point.gradient, &point.gradient, &mut rows.size);
        dot(over, &point.gradient, unit, &mut rows.along);
        let Rows { size, along, scale, turn, decay, weight, .. } = rows;
        // e^−δ: everything over e^δ, so that a steep gradient does not overflow.
        each(over, |lane| {
            size[lane] = size[lane].sqrt();
            decay[lane] = -time * size[lane] / others.max(1.0);
            kinetic[lane] -= others * decay[lane];
        });
        map(over, decay, exp);
        each(over, |lane| {
            let z = decay[lane];
            let squared = z * z;
            // At a stationary point nothing turns.
            let inverse = if size[lane] > 0.0 { 1.0 / size[lane] } else { 0.0 };
            let cosine = along[lane] * inverse;
            // 2·e^−δ times numerator and denominator.
            scale[lane] = 2.0 * z;
            turn[lane] = ((1.0 - squared) + cosine * (1.0 - z) * (1.0 - z)) * inverse;
            weight[lane] = 0.5 * ((1.0 + cosine) + (1.0 - cosine) * squared) - 1.0;
        });
        map(over, weight, log1p);
        each(over, |lane| kinetic[lane] = others.mul_add(weight[lane], kinetic[lane]));
        for (u, slope) in unit.iter_mut().zip(&point.gradient) {
            each(over, |lane| u[lane] = scale[lane].mul_add(u[lane], turn[lane] * slope[lane]));
        }
        self.normalise(over);
    }

    /// Scales to unit length.
    fn normalise(&mut self, over: Sweep) {
        let Directions { unit, rows: Rows { noise: row, .. }, .. } = self;
        dot(over, unit, unit, row);
        each(over, |lane| row[lane] = 1.0 / row[lane].sqrt());
        for u in unit.iter_mut() {
            each(over, |lane| u[lane] *= row[lane]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{LANES, Level};
    use crate::random::Purpose;

    /// u·u′ = (1 + ν·ξ·u)/|u + ν·ξ|, in many dimensions 1/√(1 + ν²d): with ν = √((e^(2a) − 1)/d) it is e^−a.
    #[test]
    fn a_refreshment_keeps_the_share_of_the_direction_that_it_says() {
        const DIMENSION: usize = 400;
        let mut directions = Directions::new(DIMENSION);
        let mut noise = BlockRng::new(1, 0, Purpose::Noise);
        directions.renew(Level::detect().into(), &mut noise);
        let before = directions.unit.clone();
        directions.refresh(Level::detect().into(), (((2.0_f64 * 0.5).exp() - 1.0) / DIMENSION as f64).sqrt(), &mut noise);
        let mut kept = Lanes::default();
        dot(Level::detect(), &before, &directions.unit, &mut kept);
        let mean = kept.iter().sum::<f64>() / LANES as f64;
        // One lane's u·u′ varies by 1/√d = 0.05, the mean of 256 by 0.003.
        assert!((mean - (-0.5_f64).exp()).abs() < 0.012, "{mean}");
    }
}
