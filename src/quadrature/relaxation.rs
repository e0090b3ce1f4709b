//! How long Langevin dynamics takes to forget its start: the slowest relaxation time of dX = ∇log p dt + √2 dW with reflecting ends.
//!
//! The generator on a grid is a birth–death process with masses m_i and conductances k_i = 1 / ∫ dx/p between neighbouring cell centres
//! (Scharfetter–Gummel; Latorre, Metzner, Hartmann & Schütte 2011, "A structure-preserving numerical discretization of reversible
//! diffusions").

use super::Reference;

/// Cells of the grid.
const CELLS: usize = 600;
/// Probability left out at each end.
const TAIL: f64 = 1e-7;
/// Points of the midpoint rule for ∫ dx/p between two centres.
const BETWEEN: usize = 8;

impl Reference {
    /// The slowest relaxation time, in the time of dX = ∇log p dt + √2 dW: with step size ε that is `relaxation_time() / ε` steps.
    ///
    /// Infinite where a stretch without density separates the mass, or where necks are beyond double precision.
    pub fn relaxation_time(&self) -> f64 {
        let edges = self.cells();
        if edges.len() < 3 {
            return 0.0;
        }
        let mut below = vec![0.0; edges.len()];
        self.cdf_batch(&edges, &mut below);
        // A neck can hold less than the rounding of the distribution function.
        let cell = |(x, f): (&[f64], &[f64])| (f[1] - f[0]).max(self.pdf(0.5 * (x[0] + x[1])) * (x[1] - x[0]) * 1e-3);
        let masses: Vec<f64> = edges.windows(2).zip(below.windows(2)).map(cell).collect();
        if masses.iter().any(|&mass| mass <= 0.0) {
            return f64::INFINITY;
        }
        let centres: Vec<f64> = edges.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
        let conductances: Vec<f64> = centres.windows(2).map(|pair| self.conductance(pair[0], pair[1])).collect();
        if conductances.iter().any(|&conductance| conductance.is_nan() || conductance <= 0.0) {
            return f64::INFINITY;
        }
        1.0 / second_eigenvalue(&masses, &conductances)
    }

    /// 1 / ∫ dx/p from `low` to `high`.
    fn conductance(&self, low: f64, high: f64) -> f64 {
        let step = (high - low) / BETWEEN as f64;
        let resistance: f64 = (0..BETWEEN).map(|k| step / self.pdf(low + step * (k as f64 + 0.5))).sum();
        1.0 / resistance
    }

    /// Edges of cells: half of equal probability, so that every mode is resolved, half of equal width, so that every neck is.
    fn cells(&self) -> Vec<f64> {
        let half = CELLS / 2;
        let (low, high) = self.effective_range(TAIL);
        let mut edges: Vec<f64> = (0..=half).map(|k| low + (high - low) * (k as f64 / half as f64)).collect();
        edges.extend((1..half).map(|k| self.quantile(TAIL + (1.0 - 2.0 * TAIL) * (k as f64 / half as f64))));
        edges.sort_by(f64::total_cmp);
        edges.dedup_by(|b, a| *b - *a <= 1e-12 * (high - low));
        edges
    }
}

/// The smallest positive eigenvalue of the generator with these masses and conductances.
///
/// Inverse iteration: with reflecting ends -Lg = f is solved by two running sums (the flux, then the potential), which keeps every digit
/// of eigenvalues that are exponentially small; a Sturm count would lose those below rounding.
fn second_eigenvalue(masses: &[f64], conductances: &[f64]) -> f64 {
    let n = masses.len();
    let total: f64 = masses.iter().sum();
    let center = |f: &mut [f64]| {
        let mean = f.iter().zip(masses).map(|(f, mass)| f * mass).sum::<f64>() / total;
        f.iter_mut().for_each(|f| *f -= mean);
    };
    let norm = |f: &[f64]| f.iter().zip(masses).map(|(f, mass)| f * f * mass).sum::<f64>().sqrt();
    // Neither even nor odd, so that no symmetry hides the slowest mode from it.
    let mut before = 0.0;
    let mut f: Vec<f64> = masses
        .iter()
        .map(|mass| {
            before += mass / total;
            before + 0.4 * (7.0 * before).sin()
        })
        .collect();
    let mut time = 0.0;
    for _ in 0..500 {
        center(&mut f);
        let size = norm(&f);
        f.iter_mut().for_each(|f| *f /= size);
        // The flux through a face is what is on its left, or minus what is on its right: the lighter side has the digits.
        let mut right = vec![0.0; n + 1];
        for k in (0..n).rev() {
            right[k] = right[k + 1] + masses[k] * f[k];
        }
        let (mut left, mut weight) = (0.0, 0.0);
        let mut g = vec![0.0; n];
        for k in 0..n - 1 {
            left += masses[k] * f[k];
            weight += masses[k];
            let flux = if weight < 0.5 * total { left } else { -right[k + 1] };
            g[k + 1] = g[k] - flux / conductances[k];
        }
        center(&mut g);
        g.iter_mut().for_each(|g| *g = -*g);
        let next = norm(&g);
        f = g;
        if (next - time).abs() <= 1e-9 * next {
            return 1.0 / next;
        }
        time = next;
    }
    1.0 / time
}
