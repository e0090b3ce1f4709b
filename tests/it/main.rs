//! What is true of the whole, one module a subject. One binary, as each more is linked with the whole library.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

mod architecture;
mod arrays;
mod certified;
mod checkpoints;
mod cli;
mod convergence;
mod distributions;
mod evidence;
mod example_models;
mod files;
mod geweke;
mod gradients;
mod hostile_text;
mod integrals;
mod kernels;
mod language;
mod limits;
mod math;
mod minibatch;
mod models;
mod noise;
mod population;
mod posteriors;
mod print;
mod proof;
mod properties;
mod quadrature;
mod readme;
mod reference;
mod same_bits;
mod signals;
mod symbols;
mod tables;
mod tempering;
mod theory;
mod verdict;
mod watching;
