//! R-hat, effective sample sizes and Monte Carlo errors against ArviZ's, on fifty stored draw sets (tests/data/convergence.py).

use langevin::diagnostics::{Convergence, e_bfmi};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

#[test]
fn figures_are_those_of_arviz() {
    let sets: Vec<Value> = serde_json::from_str(include_str!("../data/convergence.json")).unwrap();
    assert_eq!(sets.len(), 50);
    for (index, set) in sets.iter().enumerate() {
        let chains: Vec<Vec<f64>> =
            set["draws"].as_array().unwrap().iter().map(|chain| chain.as_array().unwrap().iter().map(number).collect()).collect();
        let slices: Vec<&[f64]> = chains.iter().map(Vec::as_slice).collect();
        let found = Convergence::new(&slices);
        let mut figures = vec![
            ("rhat", found.rhat(), number(&set["rhat"])),
            ("ess_bulk", found.ess_bulk(), number(&set["ess_bulk"])),
            ("ess_tail", found.ess_tail(), number(&set["ess_tail"])),
            ("ess_mean", found.ess_mean(), number(&set["ess_mean"])),
            ("mcse_mean", found.mcse_mean(), number(&set["mcse_mean"])),
            ("mcse_sd", found.mcse_sd(), number(&set["mcse_sd"])),
            ("mcse_median", found.mcse_quantile(0.5), number(&set["mcse_median"])),
            ("mcse_q95", found.mcse_quantile(0.95), number(&set["mcse_q95"])),
        ];
        for (chain, expected) in chains.iter().zip(set["bfmi"].as_array().unwrap()) {
            figures.push(("bfmi", e_bfmi(chain), number(expected)));
        }
        for (name, found, expected) in figures {
            let close = (found - expected).abs() <= 1e-9 * (1.0 + expected.abs()) || (found.is_nan() && expected.is_nan());
            assert!(close, "set {index}, {name}: {found} instead of {expected}");
        }
    }
}
