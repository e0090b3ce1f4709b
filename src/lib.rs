//! Type a density, get samples you can believe.
//!
//! The folders are the pipeline, and this page is the tour: one formula from text to picture.
//!
//! **Syntax.** Text becomes a tree with a place for each expression; [`syntax`].
//!
//! ```
//! use langevin::syntax::Formula;
//! let formula: Formula = "exp(-(x - 1)^2/2) + exp(-(x + 1)^2/2)".parse()?;
//! assert_eq!(formula.free_names()[0].name, "x");
//! let mistake = "exp(-sine(x)^2)".parse::<Formula>().unwrap_err();
//! assert_eq!(mistake.hint.as_deref(), Some("did you mean `sin`?"));
//! # Ok::<(), langevin::Error>(())
//! ```
//!
//! **Graph and gradient.** The tree becomes a [`graph`] of shared nodes; a reverse sweep adds its [`gradient`] as nodes of the same graph.
//!
//! ```
//! use langevin::graph::{lower, print::{Language, expression}};
//! use langevin::gradient::gradient;
//! let mut lowered = lower(&"log(1 + exp(x))".parse()?, &[])?;
//! let x = lowered.graph.variable(0);
//! let slope = gradient(&mut lowered.graph, lowered.root, &[x])?[0];
//! assert_eq!(expression(&lowered.graph, slope, &["x".into()], Language::Text), "sigmoid(x)");
//! # Ok::<(), langevin::Error>(())
//! ```
//!
//! **Density.** A [`density::Model`] is a formula, what it means, and where its variables may be. Its logarithm is an expression, so a
//! density that underflows as a number is ordinary here.
//!
//! ```
//! use langevin::density::{Meaning, Model};
//! let model = Model::new("exp(-1000 - x^2)", Meaning::Density, &["-3,3".parse()?])?;
//! # Ok::<(), langevin::Error>(())
//! ```
//!
//! **Quadrature.** Where there is one variable, [`quadrature`] knows Z, moments and quantiles: the truth that draws are compared with.
//!
//! ```
//! # use langevin::density::{Meaning, Model};
//! use langevin::quadrature::{Tolerance, reference};
//! let classic = Model::new("(x-0.4)^4 - (x-0.2)^2 + 0.6", Meaning::Density, &["-0.7,1.5".parse()?])?;
//! let exact = reference(&classic, Tolerance::default())?;
//! assert!((exact.integral.value - 0.9888706666666667).abs() < 1e-13);
//! # Ok::<(), langevin::Error>(())
//! ```
//!
//! **Proofs.** [`enclosure`] bounds a formula over whole boxes; from that come bounds on Z that hold whatever the rule did not look at, and
//! in [`proof`] the sign, the modes and the curvature over the whole range.
//!
//! ```
//! # use langevin::density::{Meaning, Model};
//! use langevin::quadrature::{CERTIFY, Tolerance, certified};
//! let needle = Model::new("1 + exp(-((x - 0.123)*1e6)^2)", Meaning::Density, &["0,1".parse()?])?;
//! let exact = certified(&needle, Tolerance::default(), CERTIFY)?;
//! let (low, high) = exact.integral.proof.as_ref().map(|proof| proof.value_bounds()).unwrap_or_default();
//! assert!(low > 1.0000017 && high < 1.0000018);
//! # Ok::<(), langevin::Error>(())
//! ```
//!
//! **Run.** [`run::sample`] plans an annealed Langevin population from the problem, runs it ([`sampler`] on [`tape`]s of lanes, with
//! noise from [`random`]), compares ([`diagnostics`]) and judges.
//!
//! ```
//! # use langevin::density::{Meaning, Model};
//! use langevin::run::{Sampling, Trust, sample};
//! let classic = Model::new("(x-0.4)^4 - (x-0.2)^2 + 0.6", Meaning::Density, &["-0.7,1.5".parse()?])?;
//! let run = sample(&classic, &Sampling { seed: 1, ..Sampling::default() })?;
//! assert_eq!(run.verdict.trust, Trust::Yes);
//! assert!(run.fits[0].ks_p > 0.01);
//! # Ok::<(), langevin::Error>(())
//! ```
//!
//! **Report, output and plot.** [`report`] makes text and JSON of answers, [`output`] writes draws and files, [`plot`] makes pictures and
//! animations (feature `plot`).
#![warn(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]
#![cfg_attr(not(feature = "plot"), allow(rustdoc::broken_intra_doc_links, reason = "the plot module is a feature"))]

pub mod data;
pub mod density;
pub mod diagnostics;
pub mod enclosure;
pub mod error;
pub mod gradient;
pub mod graph;
pub mod math;
pub mod output;
#[cfg(feature = "plot")]
pub mod plot;
pub mod proof;
pub mod quadrature;
pub mod random;
pub mod report;
pub mod run;
pub mod sampler;
pub mod stored;
pub mod syntax;
pub mod tape;

pub use error::{Error, ErrorKind, Result, Span};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
