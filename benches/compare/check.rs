//! What is timed is right: gradients agree with the library's, and populations are drawn from one law.

use langevin::sampler::Population;

use crate::contender::{Contender, Run};

/// Compares every contender's gradient with that of the first.
///
/// # Panics
/// If they differ by more than rounding.
pub(crate) fn gradients(contenders: &[Box<dyn Contender + '_>], positions: &Population) {
    for chain in 0..8 {
        let position = positions.position(chain * positions.chains() / 8);
        let expected = contenders[0].gradient(&position);
        for contender in contenders {
            for (found, expected) in contender.gradient(&position).iter().zip(&expected) {
                let error = (found - expected).abs();
                assert!(error <= 1e-10 * expected.abs().max(1.0), "{}: {found} is not {expected} at {position:?}", contender.name());
            }
        }
    }
}

/// Compares means and spreads after a short run with those of the first contender, in standard errors of their difference.
///
/// # Panics
/// If they differ by more than 5: of a few hundred comparisons none should by chance.
pub(crate) fn laws(contenders: &[Box<dyn Contender + '_>], run: &Run) {
    let draws = contenders[0].run(run);
    let centre: Vec<f64> = draws.columns().iter().map(|column| column.iter().sum::<f64>() / column.len() as f64).collect();
    let expected = moments(&draws, &centre);
    for contender in &contenders[1..] {
        // Other noise than the first contender's, so that the two are independent.
        let found = moments(&contender.run(&Run { seed: run.seed + 1, ..*run }), &centre);
        for ((found, found_error), (expected, expected_error)) in found.into_iter().zip(&expected) {
            let z = (found - expected) / found_error.hypot(*expected_error);
            assert!(z.abs() < 5.0, "{}: a moment of {found} is not {expected}, z = {z}", contender.name());
        }
    }
}

/// Mean and standard error of x − centre and of its square, for each variable.
fn moments(draws: &Population, centre: &[f64]) -> Vec<(f64, f64)> {
    let count = draws.chains() as f64;
    let mean_and_error = |values: &mut dyn Iterator<Item = f64>| {
        let (sum, squares) = values.fold((0.0, 0.0), |(sum, squares), value| (sum + value, squares + value * value));
        let mean = sum / count;
        (mean, ((squares / count - mean * mean) / count).sqrt())
    };
    let both = |(column, centre): (&Vec<f64>, &f64)| {
        let from_centre = || column.iter().map(|x| x - centre);
        [mean_and_error(&mut from_centre()), mean_and_error(&mut from_centre().map(|x| x * x))]
    };
    draws.columns().iter().zip(centre).flat_map(both).collect()
}
