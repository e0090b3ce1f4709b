//! Draws as pictures of a kind that is asked for: how the chains went, or pairs of variables.

use super::of_run::{caption, curve, title};
use super::{ChainColumn, ChainPlot, Chains, Curve, Figure, Pairs};
use crate::density::{LogDensity, Model};
use crate::error::Result;
use crate::run::{Derived, Run, view};
use crate::sampler::Draws;

/// A picture that draws of several variables may be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawsPlot {
    /// How the chains went.
    Chains(ChainPlot),
    /// Each variable with each, divergences marked.
    Pairs,
}

impl DrawsPlot {
    /// The plot called `name`: `trace`, `ranks`, `autocorrelation`, `running` or `pairs`.
    pub fn named(name: &str) -> Option<DrawsPlot> {
        match name {
            "pairs" => Some(DrawsPlot::Pairs),
            _ => ChainPlot::ALL.into_iter().find(|plot| plot.name() == name).map(DrawsPlot::Chains),
        }
    }
}

/// The containers of a still picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Pixels.
    Png,
    /// Shapes.
    Svg,
}

impl Picture {
    /// The figure in this container, at the size that suits it.
    ///
    /// # Errors
    /// Kind `setting` if there is nothing to draw.
    pub fn of(self, figure: &Figure) -> Result<Vec<u8>> {
        match self {
            Picture::Png => figure.png(figure.default_size()),
            Picture::Svg => figure.svg(figure.default_size()).map(String::into_bytes),
        }
    }
}

/// A picture of a run, of what is reported of it; the exact density and mean are in it where they are known.
///
/// # Errors
/// Kind `setting` if the chains of the run have one draw each and the picture needs more, or if there is nothing to draw.
pub fn run_plot(model: &Model, run: &Run, derived: Option<&Derived>, plot: DrawsPlot, picture: Picture) -> Result<Vec<u8>> {
    let (names, draws) = match derived {
        Some(derived) => (derived.names.clone(), &derived.draws),
        None => (model.names(), &run.draws),
    };
    // The exact law is that of the only variable.
    let bound = &model.bounds()[0];
    let exact = run.reference.as_ref().map(|reference| {
        let (low, high) = view(bound.low, bound.high, reference);
        (bound.name.as_str(), curve(reference, low, high), reference.mean)
    });
    let exact = exact.as_ref().map(|(name, curve, mean)| (*name, curve, *mean));
    let source = format!("a run of {}", run.sampler);
    drawn(Words { title: &title(model), caption: &caption(run), source: &source }, &names, draws, exact, run.divergent(), (plot, picture))
}

/// A picture of draws of any origin, `title` above it.
///
/// # Errors
/// As for [`run_plot`].
pub fn draws_plot(title: &str, names: &[String], draws: &Draws, plot: DrawsPlot, picture: Picture) -> Result<Vec<u8>> {
    drawn(Words { title, caption: &draws.shape(), source: title }, names, draws, None, &[], (plot, picture))
}

/// What is written on the picture, and what an error calls the draws.
struct Words<'a> {
    title: &'a str,
    caption: &'a str,
    source: &'a str,
}

fn drawn(
    words: Words,
    names: &[String],
    draws: &Draws,
    exact: Option<(&str, &Curve, Option<f64>)>,
    marked: &[usize],
    (plot, picture): (DrawsPlot, Picture),
) -> Result<Vec<u8>> {
    let Words { title, caption, source } = words;
    match plot {
        DrawsPlot::Pairs => {
            let variables = names.iter().map(String::as_str).collect();
            let columns = draws.columns().iter().map(Vec::as_slice).collect();
            picture.of(&Figure::Pairs(Pairs { title, caption, variables, draws: columns, marked }))
        }
        DrawsPlot::Chains(plot) if draws.draws() == 1 => Err(plot.refusal(source)),
        DrawsPlot::Chains(plot) => {
            let columns = names.iter().enumerate().map(|(variable, name)| {
                let known = exact.filter(|(of, ..)| of == name);
                let (curve, mean) = (known.map(|(_, curve, _)| curve), known.and_then(|(.., mean)| mean));
                ChainColumn { name, chains: draws.by_chain(variable), curve, mean }
            });
            let columns = columns.collect();
            picture.of(&Figure::Chains(Chains { plot, title, caption, columns }))
        }
    }
}
