//! What is asked: a density, and what the caller set about the run.

use super::settings::Sampling;
use crate::density::{LogDensity, Model};
use crate::sampler::Control;

#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) density: &'a dyn LogDensity,
    /// The density again, if a formula says it: things can be proved of it then.
    pub(super) model: Option<&'a Model>,
    /// What has no value in places that a look at the density met.
    pub(super) wild: Option<&'a str>,
    pub(super) settings: &'a Sampling,
    pub(super) control: &'a Control,
}
