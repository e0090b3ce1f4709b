//! Charts: the variable a panel is integrated in, and its map to x.

use super::End;

/// How the variable of integration u becomes x.
///
/// The logarithmic charts put structure of every scale near a point, and every power-law tail, within reach of a few panels: under
/// |x - anchor| = exp(s) a power law becomes an exponential in s, and under s = ±exp(u) a power of s becomes one in turn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Chart {
    /// x = u.
    Direct,
    /// x = anchor + side·exp(u).
    Log {
        /// The point distances are measured from; 0 for an infinite end.
        anchor: f64,
        /// +1 to the right of the anchor, -1 to the left.
        side: f64,
        /// The end of the range whose symbolic log-distance form evaluates this chart, where there is one.
        end: Option<End>,
    },
    /// x = anchor + side·exp(s), s = -exp(u) toward the anchor (`inward`) or s = exp(u) toward infinity.
    LogLog {
        /// As for `Log`.
        anchor: f64,
        /// As for `Log`.
        side: f64,
        /// Toward the anchor, not toward infinity.
        inward: bool,
        /// As for `Log`.
        end: Option<End>,
    },
}

impl Chart {
    /// Log-distance from the anchor at `u`; NaN for the direct chart.
    pub(super) fn log_distance(self, u: f64) -> f64 {
        match self {
            Chart::Direct => f64::NAN,
            Chart::Log { .. } => u,
            Chart::LogLog { inward: true, .. } => -u.exp(),
            Chart::LogLog { inward: false, .. } => u.exp(),
        }
    }

    /// The point x at `u`, rounded: distances too small to tell apart from the anchor give the anchor.
    pub(super) fn x(self, u: f64) -> f64 {
        match self {
            Chart::Direct => u,
            Chart::Log { anchor, side, .. } | Chart::LogLog { anchor, side, .. } => anchor + side * self.log_distance(u).exp(),
        }
    }

    /// The u whose point is `x`; ±infinity at the anchor.
    pub(super) fn u(self, x: f64) -> f64 {
        match self {
            Chart::Direct => x,
            Chart::Log { anchor, side, .. } => ((x - anchor) * side).max(0.0).ln(),
            Chart::LogLog { anchor, side, inward, .. } => {
                let s = ((x - anchor) * side).max(0.0).ln();
                (if inward { -s } else { s }).max(0.0).ln()
            }
        }
    }

    /// log |dx/du| at `u`.
    pub(super) fn log_jacobian(self, u: f64) -> f64 {
        match self {
            Chart::Direct => 0.0,
            Chart::Log { .. } => u,
            Chart::LogLog { .. } => self.log_distance(u) + u,
        }
    }

    /// Whether x grows with u.
    pub(super) fn increasing(self) -> bool {
        match self {
            Chart::Direct => true,
            Chart::Log { side, .. } => side > 0.0,
            Chart::LogLog { side, inward, .. } => (side > 0.0) != inward,
        }
    }

    /// The end whose symbolic form evaluates this chart.
    pub(super) fn end(self) -> Option<End> {
        match self {
            Chart::Direct => None,
            Chart::Log { end, .. } | Chart::LogLog { end, .. } => end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_inverts_its_map_and_knows_its_slope() {
        let log = Chart::Log { anchor: 0.3, side: -1.0, end: None };
        let inward = Chart::LogLog { anchor: 0.0, side: 1.0, inward: true, end: None };
        let outward = Chart::LogLog { anchor: 0.0, side: -1.0, inward: false, end: None };
        for (chart, u) in [(Chart::Direct, 0.7), (log, -2.0), (inward, 1.3), (outward, 2.1)] {
            let x = chart.x(u);
            assert!((chart.u(x) - u).abs() < 1e-14, "{chart:?}");
            let slope = (chart.x(u + 1e-5) - chart.x(u - 1e-5)) / 2e-5;
            assert!((slope.abs().ln() - chart.log_jacobian(u)).abs() < 1e-7, "{chart:?}");
            assert_eq!(slope > 0.0, chart.increasing(), "{chart:?}");
        }
    }
}
