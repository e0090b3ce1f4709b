//! Known densities from text to Z, moments and quantiles (`tests/data/densities.json`, 25 digits), and texts that must be refused
//! (`tests/data/invalid.json`), through the program.

use std::time::Duration;

use crate::common::{assert_close, data, document, finish, langevin_with, number, spawn, stderr};
use langevin::density::{Declaration, Meaning, Model};
use langevin::quadrature::{Reference, Tolerance, reference};
use serde_json::Value;

/// Relative error demanded of Z and of probabilities.
const WANTED: f64 = 1e-9;

fn solve(entry: &Value) -> Reference {
    let id = entry["id"].as_str().unwrap();
    let range: Declaration = format!("{},{}", entry["low"].as_str().unwrap(), entry["high"].as_str().unwrap()).parse().unwrap();
    let model = Model::new(entry["formula"].as_str().unwrap(), Meaning::Density, &[range]).unwrap_or_else(|error| panic!("{id}: {error}"));
    reference(&model, Tolerance::default()).unwrap_or_else(|error| panic!("{id}: {error}"))
}

#[test]
fn every_known_density_is_integrated_right_and_says_so() {
    let file = data("densities");
    let densities = file["densities"].as_array().unwrap();
    assert_eq!(densities.len(), 35);
    let mut failures = Vec::new();
    for entry in densities {
        let id = entry["id"].as_str().unwrap();
        let found = solve(entry);
        let integral = &found.integral;
        let mut fail = |what: String| failures.push(format!("{id}: {what}"));
        let miss = (integral.log_value - number(&entry["log_Z"])).abs();
        if miss.is_nan() || miss > WANTED.max(integral.relative_error) {
            fail(format!("log Z off by {miss:.1e}, reported {:.1e}", integral.relative_error));
        }
        if integral.relative_error > WANTED && integral.converged {
            fail(format!("converged with an error of {:.1e}", integral.relative_error));
        }
        let (mean, sd) = (number(&entry["mean"]), number(&entry["sd"]));
        // A mean is known to a part of the spread, not of itself; without a finite spread, of itself.
        let scale = if sd.is_finite() { sd } else { mean.abs() };
        for (name, found, exact, unit) in [("mean", found.mean, mean, scale), ("sd", found.sd, sd, sd)] {
            let right = match found {
                None => exact.is_nan(),
                Some(found) => found == exact || (found - exact).abs() <= 10.0 * WANTED * unit,
            };
            if !right {
                fail(format!("{name} {found:?}, not {exact}"));
            }
        }
        for (p, q) in entry["quantiles"].as_object().unwrap() {
            let (p, exact): (f64, f64) = (p.parse().unwrap(), number(q));
            let own = found.quantile(p);
            // What the miss is worth in probability; a unit in the last place of the quantile is no miss.
            let worth = (own - exact).abs() / number(&entry["quantile_dq_dp"][p.to_string()]);
            if worth > WANTED && (own - exact).abs() > 2e-15 * exact.abs() {
                fail(format!("quantile {p}: {own}, not {exact}; probability off by {worth:.1e}"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Entries that may be refused or answered right in log space, with log Z worked by hand from the file's `may_accept_if`.
const HONEST: [(&str, f64); 5] = [
    // log(√π·10^±999) = ±999·log 10 + log(π)/2.
    ("num_1e999", 2_300.854_872_843_976_4),
    ("num_1e-999", -2_299.710_142_958_127),
    // 1/(1e308 + 1).
    ("num_huge_exponent", -709.196_208_642_166_1),
    ("big_5k_abs_nest", -std::f64::consts::LN_2),
    // log 250000.5.
    ("big_1mb_sum", 12.429_218_196_842_383),
];

/// The formula of an entry of `invalid.json`.
fn formula(input: &Value) -> Vec<u8> {
    if let Some(text) = input["formula"].as_str() {
        return text.into();
    }
    if let Some(text) = input["formula_b64"].as_str() {
        return decode(text);
    }
    let recipe = &input["formula_gen"];
    let text = |key: &str| recipe[key].as_str().unwrap_or_default().to_string();
    let count = |key: &str| recipe[key].as_u64().unwrap_or(0) as usize;
    [text("head"), text("unit").repeat(count("count")), text("mid"), text("unit2").repeat(count("count2")), text("tail")].concat().into()
}

/// RFC 4648, section 4.
fn decode(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> =
        text.bytes().filter_map(|byte| ALPHABET.iter().position(|&digit| digit == byte)).map(|digit| digit as u32).collect();
    digits
        .chunks(4)
        .flat_map(|group| {
            let bits = group.iter().enumerate().fold(0, |bits, (place, digit)| bits | digit << (18 - 6 * place));
            bits.to_be_bytes()[1..group.len()].to_vec()
        })
        .collect()
}

/// The flags that give an entry's ranges.
fn ranges(id: &str, input: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    if let Some(names) = input["vars"].as_array() {
        let ends = |name: &Value, at: usize| format!("{}={},{}", text(name), text(&input["low"][at]), text(&input["high"][at]));
        return names.iter().enumerate().map(|(at, name)| ends(name, at)).collect();
    }
    // Where a name or a call is in question, only a declared x shows it.
    let name = if id.starts_with("nam") || id.starts_with("ari") { "x=" } else { "" };
    vec![format!("{name}{},{}", text(&input["low"]), text(&input["high"]))]
}

/// The program's exit code and document for an entry.
fn ask(entry: &Value) -> (i32, Value) {
    let (id, input) = (entry["id"].as_str().unwrap(), &entry["input"]);
    let ranges = ranges(id, input);
    // Several variables are checked, as there is no integral to compare.
    let mut arguments = vec![if ranges.len() > 1 { "check" } else { "integrate" }, "--density", "-", "--json"];
    for range in &ranges {
        arguments.extend(["--range", range]);
    }
    let output = finish(spawn(&arguments), &formula(input), Duration::from_secs(10));
    let code = output.status.code().unwrap_or_else(|| panic!("{id} ended by a signal: {}", stderr(&output)));
    assert_ne!(code, 70, "{id}: {}", stderr(&output));
    (code, document(&output))
}

/// The kind of refusal in a document of `integrate` or `check`.
fn kind(document: &Value) -> Option<&str> {
    document["error"]["kind"].as_str().or_else(|| document["problems"][0]["kind"].as_str())
}

#[test]
fn what_is_no_density_is_refused_with_an_accepted_kind() {
    let file = data("invalid");
    let entries = file["invalid"].as_array().unwrap();
    assert_eq!(entries.len(), 40);
    let mut failures = Vec::new();
    for entry in entries {
        let id = entry["id"].as_str().unwrap();
        let (code, document) = ask(entry);
        let accepted = entry["accept_kinds"].as_array().unwrap();
        let refused = matches!(code, 2 | 4) && kind(&document).is_some_and(|kind| accepted.iter().any(|accepted| accepted == kind));
        let log_value = number(&document["normalizer"]["log_value"]);
        let honest = HONEST.iter().any(|(entry, exact)| *entry == id && (log_value - exact).abs() <= WANTED * exact.abs());
        if !refused && !honest {
            failures.push(format!("{id}: code {code}, kind {:?}, not of {accepted:?}", kind(&document)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn densities_that_look_wrong_are_accepted_and_right() {
    let file = data("invalid");
    let entries = file["valid_traps"].as_array().unwrap();
    assert_eq!(entries.len(), 10);
    for entry in entries {
        let id = entry["id"].as_str().unwrap();
        let (code, document) = ask(entry);
        assert_eq!(code, 0, "{id}: {document}");
        assert_close(id, number(&document["normalizer"]["value"]), number(&entry["Z"]), 0.0, WANTED);
    }
}

/// The issue's own figure: Z of the classic within 1e-13.
#[test]
fn the_classic_integral_has_thirteen_digits() {
    let output = langevin_with(&["integrate", "--density", "-", "--range", "-0.7,1.5", "--json"], b"(x-0.4)^4 - (x-0.2)^2 + 0.6");
    let document = document(&output);
    assert_close("Z", number(&document["normalizer"]["value"]), 0.9888706666666667, 1e-13, 0.0);
}
