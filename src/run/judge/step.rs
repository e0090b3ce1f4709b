//! The bias that steps without a Metropolis test leave.

use super::{Case, Warning, Weight, percent};
use crate::run::drawn::{BiasCheck, Method, StepBias};
use crate::run::samplers::Sampler;

pub(super) fn judge(case: &Case, warnings: &mut Vec<Warning>) {
    if let (Sampler::Mclmc, Method::Chains(figures)) = (case.sampler, &case.drawn.method) {
        warnings.push(unadjusted(figures.step_size));
    }
    warnings.extend(case.drawn.step_bias.map(step_bias));
    let measured = case.drawn.method.batches().and_then(|figures| figures.bias.as_ref()).and_then(BiasCheck::worst);
    if let Some((variable, is_sd, bias, error)) = measured
        && bias.abs() > 0.1
        && bias.abs() > 3.0 * error
    {
        warnings.push(measured_bias(&case.figures.variables[variable].bound.name, is_sd, bias, error));
    }
}

/// Chains without a Metropolis test, with a step h in units of the learned metric.
fn unadjusted(step_size: f64) -> Warning {
    let share = percent(step_size * step_size / 12.0);
    let text = format!("no Metropolis test: a bias of second order in the step is left, {share} of the variances on a Gaussian");
    Warning::new("unadjusted", Weight::Note, text).advise("--sampler mams has none")
}

/// A share by which standard deviations may be off unnoticed: the Monte Carlo error of an sd, 1/√(2n), at the ESS of 400 that is wanted.
const SD_NOTICED: f64 = 0.035;

/// What the step and the gradient's noise do to a Gaussian.
fn step_bias(bias: StepBias) -> Warning {
    let StepBias { sd, noise, step_size } = bias;
    let weight = if sd > 0.5 {
        Weight::Failure
    } else if sd > SD_NOTICED || noise > 1.0 {
        Weight::Doubt
    } else {
        Weight::Note
    };
    let noisy =
        if noise > 0.0 { format!("; the gradient's noise is up to {} of the injected noise", percent(noise)) } else { String::new() };
    let text = format!("no Metropolis test: at step size {step_size:.3} a Gaussian's sds are off by {}{noisy}", percent(sd));
    let advice = if noise > 0.05 { "lower --step-size or raise --batch" } else { "lower --step-size for less" };
    Warning::new("step_bias", weight, text).advise(advice)
}

/// Half the step size gives other moments: the bias in posterior standard deviations, and its Monte Carlo standard error.
fn measured_bias(variable: &str, is_sd: bool, bias: f64, error: f64) -> Warning {
    let weight = if bias.abs() > 0.5 { Weight::Failure } else { Weight::Doubt };
    let figure = if is_sd { "sd" } else { "mean" };
    let text = format!("half the step size moves the {figure} of `{variable}`: its bias is {bias:+.2} ± {error:.2} posterior sds");
    Warning::new("measured_bias", weight, text).advise("lower --step-size")
}
