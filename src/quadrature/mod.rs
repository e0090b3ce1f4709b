//! One-dimensional integrals of a density given by its logarithm: Z, moments, quantiles, and how fast Langevin dynamics mixes.
//!
//! A range is cut where the formula says that something happens (`scale`), singular ends and tails are measured and integrated in the
//! logarithm of the distance (`ends`), the rest is globally adaptive Gauss–Kronrod quadrature (`rule`, `adapt`), and the panels that
//! result are the CDF (`reference`).

mod adapt;
mod certify;
mod chart;
mod ends;
mod of_density;
mod peaks;
mod probe;
mod reference;
mod refuse;
mod relaxation;
mod rule;
mod scale;
mod several;
mod solve;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

pub use certify::{Certificate, certify};
pub use of_density::{certified, reference};
pub use reference::{Basin, Reference};
pub use several::{Evidence, Joint, Marginal, Part, Statistic, evidence, evidence_at_a_glance, visible_parts};

pub use crate::density::End;
use crate::error::{Error, ErrorKind, Result, plain};
use probe::Enclosure;
use scale::Grain;

/// log p at a batch of points: fills the second slice with log p of the first; -inf where p = 0, NaN where undefined, +inf at a pole.
pub type LogDensityLine<'a> = dyn FnMut(&[f64], &mut [f64]) + 'a;

/// log p near an end of the range, in the logarithm t of the distance, computed so that no digits are lost to rounding x:
/// log p(low + exp(-t)), log p(high - exp(-t)) at finite ends, log p(∓exp(t)) at infinite ones, for a batch of t.
pub type NearEnd<'a> = dyn FnMut(End, &[f64], &mut [f64]) + 'a;

/// A density on a line, and what its formula tells about it.
pub struct Line<'a> {
    /// Lower end of the range, or -inf.
    pub low: f64,
    /// Upper end of the range, or inf.
    pub high: f64,
    /// The logarithm of the density, up to a constant.
    pub log_density: &'a mut LogDensityLine<'a>,
    /// Points where the formula itself says something happens: centres of peaks, kinks, jumps, singularities. Order, repetitions and
    /// points outside the range do not matter.
    pub landmarks: &'a [f64],
    /// Highest angular frequency of a sine or cosine of an affine argument, 0 if there is none: how finely to start.
    pub frequency: f64,
    /// The density near its ends in log-distance, where the formula allows it.
    pub near_end: Option<&'a mut NearEnd<'a>>,
}

/// How close proved bounds on Z are asked to be where nobody says.
pub const CERTIFY: f64 = 1e-9;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Wanted error of Z, relative to Z.
    pub relative: f64,
    /// Most evaluations of log p.
    pub evaluations: usize,
}

impl Default for Tolerance {
    fn default() -> Self {
        Tolerance { relative: 1e-10, evaluations: 2_000_000 }
    }
}

/// The normalising constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Integral {
    /// Z; 0 or inf where only its logarithm is representable.
    pub value: f64,
    /// log Z.
    pub log_value: f64,
    /// Bound on |value - Z|, estimated; where `value` is 0 or inf only `relative_error` means anything.
    pub error: f64,
    /// The same relative to Z.
    pub relative_error: f64,
    /// Points at which log p was evaluated.
    pub evaluations: usize,
    /// Whether the wanted tolerance was reached.
    pub converged: bool,
    /// Whether Z is proved to lie within bounds as close as was asked.
    pub certified: bool,
    /// The proved bounds, if they were looked for.
    pub proof: Option<Certificate>,
    /// How the value was found.
    pub method: &'static str,
    /// Nodes of the rule where log p was NaN or +inf; each was tried once more close by.
    pub non_finite: usize,
    /// One of the points where that happened.
    pub non_finite_at: Option<f64>,
    /// What a reader of the value should know, one sentence each.
    pub notes: Vec<String>,
}

/// Integrates the density, and keeps what the distribution function, quantiles and moments need.
///
/// Z is accumulated as exp(log p - M) with M the largest log p met, so a density of any height has its log Z.
///
/// # Errors
/// `NotIntegrated` naming the place and the behaviour there when the integral seems to diverge; `NoMass` when the density is 0 at every point
/// tried; `Domain` when it is undefined at every point tried; the `Bounds…` kinds when the ends make no range.
///
/// ```
/// use langevin::quadrature::{Line, Tolerance, integrate};
/// let mut log_density = |x: &[f64], out: &mut [f64]| x.iter().zip(out).for_each(|(x, out)| *out = -x * x / 2.0);
/// let line = Line {
///     low: f64::NEG_INFINITY,
///     high: f64::INFINITY,
///     log_density: &mut log_density,
///     landmarks: &[0.0],
///     frequency: 0.0,
///     near_end: None,
/// };
/// let normal = integrate(line, Tolerance::default()).unwrap();
/// assert!((normal.integral.value - (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-12);
/// assert!((normal.quantile(0.975) - 1.959963984540054).abs() < 1e-9);
/// ```
pub fn integrate(line: Line, tolerance: Tolerance) -> Result<Reference> {
    integrate_from(Grain::Fine, line, None, tolerance)
}

/// [`integrate`] from first panels of that grain, with an enclosure of log p at points where there is one.
fn integrate_from<'a>(grain: Grain, line: Line<'a>, enclosure: Option<&'a mut Enclosure<'a>>, tolerance: Tolerance) -> Result<Reference> {
    check_range(line.low, line.high)?;
    let mut probe = probe::Probe::new(line, enclosure);
    let solved = solve::solve(&mut probe, tolerance, solve::Wanted::Everything, grain)?;
    Ok(Reference::new(&probe, solved))
}

/// Only the logarithm of the integral, its relative error and the points it took.
fn mass(line: Line, tolerance: Tolerance) -> Result<(f64, f64, usize)> {
    let mut probe = probe::Probe::new(line, None);
    let solved = solve::solve(&mut probe, tolerance, solve::Wanted::Mass, Grain::Fine)?;
    Ok((solved.reference + solved.mass.ln(), solved.error / solved.mass, probe.evaluations))
}

fn check_range(low: f64, high: f64) -> Result<()> {
    if low.is_nan() || high.is_nan() {
        return Err(Error::new(ErrorKind::BoundsNan, "a bound of the range is not a number"));
    }
    if low > high {
        return Err(Error::new(ErrorKind::BoundsReversed, format!("the range runs backwards: {} is above {}", plain(low), plain(high))));
    }
    if low == high {
        return Err(Error::new(ErrorKind::BoundsEmpty, format!("the range from {} to {} is empty", plain(low), plain(high))));
    }
    Ok(())
}
