//! Singular ends and tails: does the integral exist there, which moments do, and how much lies beyond the last panel?
//!
//! In the log-distance s from an end the integrand is p·exp(s); along the way out, tau = |s|, its logarithm L(tau) falls linearly for a
//! power law and like -b·log tau for 1/(x |log x|^b). The integral converges exactly if L falls at least like -b·log tau with b > 1.

use super::chart::Chart;
use super::probe::Probe;

/// How far symbolic ends are followed, in log-distance. At 2^20 the rounding of log p, about tau itself, is still 1e-10.
pub(super) const SYMBOLIC_REACH: f64 = 1_048_576.0;
/// How far doubles reach toward 0 and infinity, in log-distance.
pub(super) const NUMERIC_REACH: f64 = 708.0;
/// A density whose b is within this of 1 counts as not integrable.
const CRITICAL_MARGIN: f64 = 0.02;

/// A way toward a singular point or to infinity, in log-distance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Maps log-distance s to x.
    pub(super) chart: Chart,
    /// s where the way starts.
    pub(super) start: f64,
    /// Largest tau = |s - start| it can be followed to.
    pub(super) reach: f64,
    /// Toward the anchor (s falls) or to infinity (s grows).
    pub(super) inward: bool,
    /// Change of L that roundings alone can make.
    pub(super) noise: f64,
}

/// L at tau, a factor of two apart, at the end of a way.
#[derive(Debug, Clone)]
pub(super) struct Decay {
    tau: Vec<f64>,
    level: Vec<f64>,
    /// The tau next to the end of the way and L there; `level` holds envelopes.
    edge: (f64, f64),
    noise: f64,
}

/// How many halvings of the reach a law is measured over: two slopes and how they change.
const OCTAVES: i32 = 2;
/// How many neighbours an envelope is taken of, and how far apart relative to tau.
const NEIGHBOURS: usize = 7;
const SPACING: f64 = 0.0049;

/// The behaviour of the integrand along a way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Tail {
    /// 0, or falling faster than any power of the distance.
    Negligible,
    /// exp(-rate·tau), a power of the distance; `drift` is the relative change of the rate over the last octave.
    Power { rate: f64, drift: f64 },
    /// tau^-b, a power of the logarithm of the distance, b > 1.
    LogPower { b: f64, drift: f64 },
    /// Not integrable; the integrand behaves like distance^-exponent (exponent >= 1 toward a point, <= 1 to infinity).
    Divergent { exponent: f64 },
}

impl Way {
    /// s at `tau`.
    pub(super) fn at(&self, tau: f64) -> f64 {
        if self.inward { self.start - tau } else { self.start + tau }
    }

    /// Samples L up to the reach. Each level is the largest of a few neighbours, so that an oscillation shows its envelope.
    pub(super) fn decay(&self, probe: &mut Probe) -> Decay {
        let tau: Vec<f64> = (0..=OCTAVES).rev().map(|octave| self.reach * 0.5f64.powi(octave)).collect();
        let near: Vec<f64> = tau.iter().flat_map(|tau| (0..NEIGHBOURS).map(move |k| tau * (1.0 - SPACING * k as f64))).collect();
        let level = self.levels(probe, &near);
        let edge = level[level.len() - NEIGHBOURS];
        let highest = |group: &[(f64, f64)]| group.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).expect("a group has neighbours");
        let (tau, level) = level.chunks_exact(NEIGHBOURS).map(highest).unzip();
        Decay { tau, level, edge, noise: self.noise }
    }

    /// L close to each tau, with the tau that rounding x made of it; -inf where it has no value.
    fn levels(&self, probe: &mut Probe, taus: &[f64]) -> Vec<(f64, f64)> {
        let points: Vec<_> = taus.iter().map(|&tau| (self.chart, self.at(tau))).collect();
        let samples = probe.sample(&points);
        let at = samples.iter().zip(&points).map(|(sample, (_, s))| (s - sample.shift, sample.log_density + s - sample.shift));
        at.map(|(s, level)| ((s - self.start).abs(), if level.is_nan() { f64::NEG_INFINITY } else { level })).collect()
    }

    /// The way cut where log p stops having values although it was falling like a power: x^2 overflows long before 1/(1+x^2) is too small
    /// to matter, and that is no fact about the density.
    pub(super) fn within_doubles(mut self, probe: &mut Probe) -> Way {
        const STEPS: usize = 64;
        let tau = |k: usize| self.reach.powf((k + 1) as f64 / STEPS as f64);
        if self.levels(probe, &[self.reach])[0].1.is_finite() {
            return self;
        }
        let level = self.levels(probe, &(0..STEPS).map(tau).collect::<Vec<f64>>());
        let Some(last) = level.iter().rposition(|level| level.1.is_finite()) else { return self };
        if last + 1 == STEPS || last < 4 {
            return self;
        }
        // The edge itself: an exponential falls only just before it.
        let (mut inside, mut outside) = (tau(last), tau(last + 1));
        while outside - inside > 1e-4 * inside {
            let middle = 0.5 * (inside + outside);
            if self.levels(probe, &[middle])[0].1.is_finite() { inside = middle } else { outside = middle }
        }
        let near = self.levels(probe, &[inside * 0.995, inside]);
        let late = (near[1].1 - near[0].1) / (near[1].0 - near[0].0);
        let before = last / 2 + 1;
        let early = (level[before].1 - level[before - 1].1) / (tau(before) - tau(before - 1));
        if (late - early).abs() <= 0.2 * early.abs().max(0.1) {
            self.reach = inside;
        }
        self
    }
}

impl Decay {
    /// Classifies the integrand multiplied by distance^`moment`; `negligible` is a level too small to matter.
    pub(super) fn tail(&self, moment: f64, negligible: f64, inward: bool) -> Tail {
        let n = self.tau.len();
        let level = |k: usize| self.level[n - 1 - k] + moment * self.tau[n - 1 - k];
        let last_rate = |k: usize| (level(k + 1) - level(k)) / (self.tau[n - 1 - k] - self.tau[n - 2 - k]);
        if level(0) == f64::NEG_INFINITY || level(0) < negligible && level(0) < level(1) - self.noise {
            return Tail::Negligible;
        }
        let (rate, before) = (last_rate(0), last_rate(1));
        let exponent = if inward { 1.0 - rate } else { 1.0 + rate };
        if level(1) - level(0) <= self.noise || !rate.is_finite() {
            return Tail::Divergent { exponent };
        }
        // dL/dlog(tau) over the last two octaves: doubling for an exponential, constant for a power of tau.
        let steepness = |k: usize| (level(k + 1) - level(k)) / (self.tau[n - 1 - k] / self.tau[n - 2 - k]).ln();
        let (b, b_before) = (steepness(0), steepness(1));
        let drift = ((rate - before) / rate).abs();
        // A slow power law must be steady, or the wobble of an oscillation would pass for one.
        if b > 1.6 * b_before && b_before > 0.0 && (b > 5.0 || drift < 0.1) || b > 50.0 {
            return Tail::Power { rate, drift };
        }
        // Removes the first-order effect of measuring tau from a shifted origin.
        let limit = 2.0 * b - b_before;
        if b.min(limit) <= 1.0 + CRITICAL_MARGIN {
            return Tail::Divergent { exponent: 1.0 };
        }
        Tail::LogPower { b: limit, drift: ((b - b_before) / (b.min(limit) - 1.0)).abs() }
    }
}

/// Mass beyond the last panel of a way, by the law measured there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stub {
    /// Chart of the way.
    pub(super) chart: Chart,
    /// s where it starts.
    pub(super) start: f64,
    /// Toward the anchor or to infinity.
    pub(super) inward: bool,
    /// Logarithm of the mass.
    pub(super) log_mass: f64,
    /// Estimated error relative to the mass.
    pub(super) relative_error: f64,
    /// The mass falls like exp(-rate·tau) with the way inside the stub.
    pub(super) rate: f64,
}

impl Stub {
    /// The mass beyond the reach of `way`.
    pub(super) fn beyond(way: &Way, decay: &Decay, tail: Tail) -> Option<Stub> {
        let tau = way.reach;
        let (near, level) = decay.edge;
        let (last, envelope) = (decay.tau[decay.tau.len() - 1], decay.level[decay.level.len() - 1]);
        let (log_mass, relative_error, rate) = match tail {
            Tail::Negligible | Tail::Divergent { .. } => return None,
            // A level off the line by drift·rate·tau betrays an anchor that is not quite the singular point.
            Tail::Power { rate, drift } => (level - rate * (tau - near) - rate.ln(), drift * (2.0 + 2.0 * rate * tau), rate),
            Tail::LogPower { b, drift } => (level + tau.ln() - (b - 1.0).ln(), 2.0 * drift, (b - 1.0) / tau),
        };
        // An envelope off the law by more than roundings is an oscillation.
        let wobble = match tail {
            Tail::LogPower { b, .. } => envelope - level - b * (near / last).ln(),
            _ => envelope - level - rate * (near - last),
        };
        // The law itself comes of differences between a few levels, each rounded to a part in 2^53 of its terms, about tau.
        let law = match tail {
            Tail::LogPower { b, .. } => 1.0 + 8.0 / (b - 1.0),
            _ => 1.0 + 4.0 / (rate * tau),
        };
        let relative_error = relative_error + 2.0 * wobble.abs() + law * f64::EPSILON * level.abs().max(tau);
        Some(Stub { chart: way.chart, start: way.at(tau), inward: way.inward, log_mass, relative_error, rate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decay(level: impl Fn(f64) -> f64) -> Decay {
        to(5.4 * 2f64.powi(7), level)
    }

    fn to(reach: f64, level: impl Fn(f64) -> f64) -> Decay {
        let tau: Vec<f64> = (0..8).rev().map(|k| reach * 0.5f64.powi(k)).collect();
        Decay { level: tau.iter().map(|&tau| level(tau)).collect(), edge: (tau[7], level(tau[7])), tau, noise: 1e-9 }
    }

    #[test]
    fn tails_are_told_apart() {
        assert!(matches!(decay(|t| -0.01 * t).tail(0.0, -500.0, true), Tail::Power { rate, .. } if (rate - 0.01).abs() < 1e-12));
        assert!(matches!(decay(|t| -2.0 * t.ln()).tail(0.0, -500.0, true), Tail::LogPower { b, .. } if (b - 2.0).abs() < 1e-12));
        assert!(matches!(decay(|t| -t.ln()).tail(0.0, -500.0, true), Tail::Divergent { .. }), "1/(x log x)");
        assert!(matches!(decay(|t| -(t + 1.5).ln()).tail(0.0, -500.0, true), Tail::Divergent { .. }), "1/(x log(x/5))");
        let late = to(36.0, |t| -(t - 2.0).max(0.1).ln());
        assert!(matches!(late.tail(0.0, -500.0, true), Tail::Divergent { .. }), "1/(x log(7 x)), a few decades only");
        assert!(matches!(decay(|_| 3.0).tail(0.0, -500.0, true), Tail::Divergent { exponent } if exponent == 1.0), "1/x");
        assert!(matches!(decay(|t| t).tail(0.0, -500.0, true), Tail::Divergent { exponent } if exponent == 2.0), "1/x^2 at 0");
        assert!(matches!(decay(|t| t - t.exp()).tail(0.0, -500.0, false), Tail::Negligible), "exp(-x)");
        assert!(matches!(decay(|t| -t).tail(1.0, -500.0, false), Tail::Divergent { .. }), "the mean of a Cauchy density");
        assert!(matches!(decay(|t| -1.5 * t).tail(1.0, -500.0, false), Tail::Power { .. }), "the mean of x^-2.5");
    }
}
