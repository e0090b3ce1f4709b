//! Densities without a finite integral: whatever is drawn of them is wrong.

use crate::case::Case;

pub(crate) fn cases() -> Vec<Case> {
    let texts = [
        ("flat in y", "x in (-inf, inf); y in (-inf, inf); density = exp(-x^2) + 0*y"),
        ("ridge", "x in (-inf, inf); y in (-inf, inf); density = exp(-(x - y)^2)"),
        ("ridge of 5", "x[5] in (-inf, inf); log_density = -sum(x)^2 - sum(i in 2..5, x[i]^2 * 0)"),
        ("slow tail in 2", "x in (-inf, inf); y in (-inf, inf); density = 1/(1 + x^2 + y^2)"),
        ("slow tail in 5", "x[5] in (-inf, inf); log_density = -2*log1p(sum(x^2))"),
        ("pole in 1", "x in (0, 1); density = 1/x"),
        ("pole in 2", "x in (0, 1); y in (0, 1); density = 1/(x*y)"),
        ("cross", "x in (-inf, inf); y in (-inf, inf); log_density = -x^2*y^2"),
        ("hinge", "x in (-inf, inf); y in (-inf, inf); log_density = -softplus(x) - y^2"),
        ("up", "x in (-inf, inf); y in (-inf, inf); log_density = x*y - x^2/2 - y^2/4"),
        ("scale without a prior", "mu in (-inf, inf); s in (0, inf); log_density = normal_lpdf(0.5 | mu, s)"),
        ("Cauchy on a half power", "x in (0, inf); density = 1/sqrt(1 + x)"),
        ("far shelf", "x in (-inf, inf); y in (-inf, inf); density = exp(-x^2 - y^2) + 1e-6*exp(-x^2)"),
    ];
    texts.map(|(name, text)| Case::improper(format!("improper {name}"), text)).into()
}
