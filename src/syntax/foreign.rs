//! Texts of other languages, given by mistake: which one, and how ours says it.

use crate::error::{Error, ErrorKind, Span};

/// What begins a line of another language, what it is, and the way out.
const LINES: &[(&[&str], &str, &str)] = &[
    (
        &[
            "parameters {",
            "parameters{",
            "transformed parameters",
            "data {",
            "data{",
            "transformed data",
            "generated quantities",
            "functions {",
        ],
        "a Stan program",
        "declare `mu in (-inf, inf)`, keep `y ~ normal(mu, sigma)`, give data as --data FILE",
    ),
    (
        &["model {", "model{"],
        "a Stan or BUGS program",
        "declare `mu in (-inf, inf)`, keep `y ~ normal(mu, sigma)`, give data as --data FILE",
    ),
    (
        &["real<", "real ", "vector<", "vector[", "matrix[", "matrix<", "int<", "int ", "array[", "simplex["],
        "a declaration of Stan",
        "write sigma in (0, inf) or theta[8] in (-inf, inf); data need no declaration",
    ),
    (&["target +=", "target+="], "Stan's way to add to a log density", "write log_density = a + b + ..., or y ~ normal(mu, sigma)"),
    (&["for (", "for("], "a loop", "write sum(i in 1..n, ...), or an indexed definition h[i in 1..n] = ..."),
    (
        &["import ", "from ", "with pm", "def ", "numpyro.", "@", "model = pm"],
        "a program for Python or Julia",
        "declare `mu in (-inf, inf)` and write `y ~ normal(mu, sigma)` or log_density = ...",
    ),
    (&["brm(", "bf(", "lm(", "glm(", "stan_glm(", "library("], "a formula for R", "write the mean out: y ~ normal(a + b*x, sigma)"),
    (&["{\"", "[{"], "JSON", "write a formula such as exp(-x^2/2); data are given as --data FILE.json"),
];

/// Marks of another language anywhere in a line.
const MARKS: &[(&str, &str, &str)] = &[
    (" <- ", "an assignment of R", "write name = ..."),
    ("pm.Normal", "PyMC", "write `y ~ normal(mu, sigma)` or log_density = ..."),
    ("pm.Half", "PyMC", "write `y ~ normal(mu, sigma)` or log_density = ..."),
    ("numpyro.", "NumPyro", "write `y ~ normal(mu, sigma)` or log_density = ..."),
    (":=", "an assignment of another language", "write name = ..."),
    ("<lower", "a bound of Stan's", "write sigma in (0, inf)"),
];

/// The error for a text that could not be read because it is in another language.
pub(super) fn recognised(source: &str) -> Option<Error> {
    let mut start = 0;
    let mut marked = None;
    for line in source.split('\n') {
        let code = line.split('#').next().unwrap_or(line);
        let text = code.trim();
        let offset = start + (code.len() - code.trim_start().len());
        start += line.len() + 1;
        let tell = |what: &str, at: usize, length: usize, hint: &str| {
            Error::new(ErrorKind::Syntax, format!("this is {what}, not a formula of ours")).at(Span::new(at, at + length)).hint(hint)
        };
        for (begins, what, hint) in LINES {
            if let Some(begin) = begins.iter().find(|begin| text.starts_with(**begin)) {
                return Some(tell(what, offset, begin.trim_end().len(), hint));
            }
        }
        if marked.is_none() {
            let mark = MARKS.iter().find_map(|(mark, what, hint)| text.find(mark).map(|at| (at, mark, what, hint)));
            marked = mark.map(|(at, mark, what, hint)| tell(what, offset + at, mark.len(), hint));
        }
    }
    marked
}
