//! The 21-point Gauss–Kronrod rule, and the Legendre series through its nodes.
//!
//! Kronrod (1965), "Nodes and Weights of Quadrature Formulas"; computed to 60 digits from the Stieltjes polynomial of degree 11 and
//! checked there to integrate every polynomial of degree 31.

use std::sync::OnceLock;

/// Number of nodes of the rule.
pub(super) const N: usize = 21;

/// Nodes on [-1, 1], ascending; those with an odd index are the ten Gauss nodes.
pub(super) const NODES: [f64; N] = [
    -0.9956571630258081,
    -0.9739065285171717,
    -0.9301574913557082,
    -0.8650633666889845,
    -0.7808177265864169,
    -0.6794095682990244,
    -0.5627571346686047,
    -0.4333953941292472,
    -0.2943928627014602,
    -0.14887433898163122,
    0.0,
    0.14887433898163122,
    0.2943928627014602,
    0.4333953941292472,
    0.5627571346686047,
    0.6794095682990244,
    0.7808177265864169,
    0.8650633666889845,
    0.9301574913557082,
    0.9739065285171717,
    0.9956571630258081,
];

/// Weights of the 21-point rule, exact to degree 31.
pub(super) const KRONROD: [f64; N] = [
    0.011694638867371874,
    0.032558162307964725,
    0.054755896574351995,
    0.07503967481091996,
    0.0931254545836976,
    0.10938715880229764,
    0.12349197626206584,
    0.13470921731147334,
    0.14277593857706009,
    0.14773910490133849,
    0.1494455540029169,
    0.14773910490133849,
    0.14277593857706009,
    0.13470921731147334,
    0.12349197626206584,
    0.10938715880229764,
    0.0931254545836976,
    0.07503967481091996,
    0.054755896574351995,
    0.032558162307964725,
    0.011694638867371874,
];

/// Weights of the 10-point Gauss rule at the same nodes (0 where it has none), exact to degree 19.
pub(super) const GAUSS: [f64; N] = [
    0.0,
    0.06667134430868814,
    0.0,
    0.1494513491505806,
    0.0,
    0.21908636251598204,
    0.0,
    0.26926671930999635,
    0.0,
    0.29552422471475287,
    0.0,
    0.29552422471475287,
    0.0,
    0.26926671930999635,
    0.0,
    0.21908636251598204,
    0.0,
    0.1494513491505806,
    0.0,
    0.06667134430868814,
    0.0,
];

/// Legendre coefficients of the polynomial of degree 20 through `values` at [`NODES`].
pub(super) fn legendre(values: &[f64; N]) -> [f64; N] {
    let rows = transform();
    std::array::from_fn(|degree| dot(&rows[degree], values))
}

/// The coefficients of degree 15 to 20: how fast the series decays.
pub(super) fn last_coefficients(values: &[f64; N]) -> [f64; 6] {
    let rows = transform();
    std::array::from_fn(|k| dot(&rows[N - 6 + k], values))
}

/// Value at `xi` in [-1, 1] and integral from -1 to `xi` of a Legendre series.
pub(super) fn series(coefficients: &[f64; N], xi: f64) -> (f64, f64) {
    // The integral of P_n is (P_{n+1} - P_{n-1}) / (2n + 1), which vanishes at -1.
    let (mut before, mut here) = (1.0, xi);
    let mut value = coefficients[0];
    let mut integral = coefficients[0] * (xi + 1.0);
    for (n, &coefficient) in coefficients.iter().enumerate().skip(1) {
        let order = n as f64;
        let after = ((2.0 * order + 1.0) * xi * here - order * before) / (order + 1.0);
        value += coefficient * here;
        integral += coefficient * (after - before) / (2.0 * order + 1.0);
        (before, here) = (here, after);
    }
    (value, integral)
}

/// Derivative at [`NODES`] of the polynomial through `values`; None if the values are not close to a polynomial of that degree.
pub(super) fn derivative(values: &[f64; N]) -> Option<[f64; N]> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let coefficients = legendre(values);
    let size = |range: std::ops::Range<usize>| coefficients[range].iter().fold(0.0, |most: f64, c| most.max(c.abs()));
    if size(18..N) > 1e-3 * size(1..N) {
        return None;
    }
    // P'_k is the sum of (2n + 1) P_n over n < k of the other parity.
    let mut slopes = [0.0; N + 2];
    for n in (0..N - 1).rev() {
        slopes[n] = slopes[n + 2] + coefficients[n + 1];
    }
    let series_of: [f64; N] = std::array::from_fn(|n| (2 * n + 1) as f64 * slopes[n]);
    Some(NODES.map(|xi| series(&series_of, xi).0))
}

fn dot(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The inverse of the matrix P_j(x_i), by Gauss–Jordan elimination with row pivots, once.
fn transform() -> &'static [[f64; N]; N] {
    static TRANSFORM: OnceLock<Box<[[f64; N]; N]>> = OnceLock::new();
    TRANSFORM.get_or_init(|| {
        let mut matrix = [[0.0; 2 * N]; N];
        for (i, (row, &x)) in matrix.iter_mut().zip(&NODES).enumerate() {
            let (mut before, mut here) = (1.0, x);
            for (j, entry) in row[..N].iter_mut().enumerate() {
                *entry = before;
                let order = (j + 1) as f64;
                (before, here) = (here, ((2.0 * order + 1.0) * x * here - order * before) / (order + 1.0));
            }
            row[N + i] = 1.0;
        }
        for column in 0..N {
            let pivot =
                (column..N).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs())).expect("a column has rows");
            matrix.swap(column, pivot);
            let scale = 1.0 / matrix[column][column];
            matrix[column].iter_mut().for_each(|entry| *entry *= scale);
            let row = matrix[column];
            for (i, other) in matrix.iter_mut().enumerate() {
                let factor = other[column];
                if i != column && factor != 0.0 {
                    other.iter_mut().zip(row).for_each(|(entry, pivot)| *entry -= factor * pivot);
                }
            }
        }
        Box::new(std::array::from_fn(|i| std::array::from_fn(|j| matrix[i][N + j])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(weights: &[f64; N], f: impl Fn(f64) -> f64) -> f64 {
        NODES.iter().zip(weights).map(|(&x, w)| w * f(x)).sum()
    }

    #[test]
    fn kronrod_is_exact_to_degree_31_and_gauss_to_19() {
        for degree in (0..=31).step_by(1) {
            let exact = if degree % 2 == 0 { 2.0 / (degree as f64 + 1.0) } else { 0.0 };
            assert!((rule(&KRONROD, |x| x.powi(degree)) - exact).abs() < 1e-15, "Kronrod, degree {degree}");
            if degree <= 19 {
                assert!((rule(&GAUSS, |x| x.powi(degree)) - exact).abs() < 1e-15, "Gauss, degree {degree}");
            }
        }
        assert!((rule(&GAUSS, |x| x.powi(20)) - 2.0 / 21.0).abs() > 1e-7, "degree 20 is beyond Gauss");
    }

    #[test]
    fn legendre_series_gives_value_and_running_integral() {
        let coefficients = legendre(&NODES.map(f64::exp));
        for k in 0..=20 {
            let xi = -1.0 + 0.1 * k as f64;
            let (value, integral) = series(&coefficients, xi);
            assert!((value - xi.exp()).abs() < 1e-13, "value at {xi}");
            assert!((integral - (xi.exp() - (-1.0f64).exp())).abs() < 1e-14, "integral to {xi}");
        }
        let slopes = derivative(&NODES.map(|x| (2.0 * x).sin())).expect("smooth");
        assert!(slopes.iter().zip(&NODES).all(|(slope, x)| (slope - 2.0 * (2.0 * x).cos()).abs() < 1e-12), "{slopes:?}");
        assert_eq!(derivative(&NODES.map(|x| if x < 0.3 { 0.0 } else { f64::NEG_INFINITY })), None);
    }
}
