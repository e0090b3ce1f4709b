//! Symbolic gradients against known answers (`tests/data/gradients.json`: value and gradient with 32 digits), and Hessians against
//! differences of gradients.

use crate::common::{assert_close, data, number};
use langevin::density::{Declaration, LogDensity, Meaning, Model};
use langevin::math::Lanes;
use langevin::syntax::Formula;
use langevin::{gradient, graph};

/// What the answers' file demands: relative error, on the larger of |gᵢ| and a thousandth of the largest component.
const WANTED: f64 = 1e-12;

struct Entry {
    id: String,
    model: Model,
    points: Vec<Point>,
}

struct Point {
    at: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

fn numbers(list: &serde_json::Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(number).collect()
}

fn entries() -> Vec<Entry> {
    let file = data("gradients");
    let entries: Vec<Entry> = file["gradients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let id = entry["id"].as_str().unwrap().to_string();
            let ranges: Vec<Declaration> = entry["vars"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| Declaration::named(name.as_str().unwrap(), f64::NEG_INFINITY, f64::INFINITY))
                .collect();
            // As a log density, so that the formula is differentiated as typed.
            let model = Model::new(entry["formula"].as_str().unwrap(), Meaning::LogDensity, &ranges);
            let points = entry["points"]
                .as_array()
                .unwrap()
                .iter()
                .map(|point| Point { at: numbers(&point["x"]), value: number(&point["value"]), gradient: numbers(&point["grad"]) })
                .collect();
            Entry { model: model.unwrap_or_else(|error| panic!("{id}: {error}")), id, points }
        })
        .collect();
    assert_eq!(entries.len(), 28);
    entries
}

fn check_gradient(label: &str, found: &[f64], expected: &[f64]) {
    let largest = expected.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
    assert_eq!(found.len(), expected.len(), "{label}");
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        assert_close(&format!("{label} component {i}"), found, expected, WANTED * 1e-3 * largest, WANTED);
    }
}

#[test]
fn every_known_gradient_is_right_by_definition() {
    for Entry { id, model, points } in entries() {
        for point in points {
            let label = format!("{id} at {:?}", point.at);
            let value = model.graph().eval(&[model.typed()], &point.at)[0];
            assert_close(&label, value, point.value, 0.0, WANTED);
            check_gradient(&label, &model.graph().eval(model.gradient_nodes(), &point.at), &point.gradient);
        }
    }
}

#[test]
fn every_known_gradient_is_right_by_the_evaluator_that_samplers_use() {
    for Entry { id, model, points } in entries() {
        let mut evaluator = model.evaluator();
        let dimension = model.dimension();
        // The points share a block, so that a mix-up of lanes would show.
        let mut positions = vec![Lanes::default(); dimension];
        for (variable, row) in positions.iter_mut().enumerate() {
            for lane in 0..row.len() {
                row[lane] = points[lane % points.len()].at[variable];
            }
        }
        let mut value = Lanes::default();
        let mut gradient = vec![Lanes::default(); dimension];
        evaluator.log_density(&positions, &mut value);
        evaluator.gradient(&positions, &mut gradient);
        for lane in 0..value.len() {
            let point = &points[lane % points.len()];
            let label = format!("{id} lane {lane}");
            assert_close(&label, value[lane], point.value, 0.0, WANTED);
            let found: Vec<f64> = gradient.iter().map(|row| row[lane]).collect();
            check_gradient(&label, &found, &point.gradient);
        }
    }
}

/// The gradient of log p for a formula that is a density: log's derivative is g/p.
#[test]
fn gradients_of_the_logarithm_are_the_quotient() {
    let mut positive = 0;
    for entry in data("gradients")["gradients"].as_array().unwrap() {
        let names: Vec<&str> = entry["vars"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let ranges: Vec<Declaration> = names.iter().map(|name| Declaration::named(*name, f64::NEG_INFINITY, f64::INFINITY)).collect();
        let Ok(model) = Model::new(entry["formula"].as_str().unwrap(), Meaning::Density, &ranges) else { continue };
        for point in entry["points"].as_array().unwrap() {
            let (value, gradient) = (number(&point["value"]), numbers(&point["grad"]));
            if value > 0.0 {
                positive += 1;
                let expected: Vec<f64> = gradient.iter().map(|g| g / value).collect();
                let label = format!("log of {}", entry["id"]);
                check_gradient(&label, &model.graph().eval(model.gradient_nodes(), &numbers(&point["x"])), &expected);
            }
        }
    }
    assert!(positive > 30, "{positive} points only");
}

#[test]
fn hessians_are_symmetric_and_the_differences_of_gradients() {
    for Entry { id, model, points } in entries() {
        let typed = model.typed();
        let (graph, first) = model.gradient_of(typed).unwrap();
        let (graph, rows) = model.hessian_in(graph, typed).unwrap();
        for Point { at, .. } in points {
            let row = |row: &[graph::NodeId]| graph.eval(row, &at);
            let hessian: Vec<Vec<f64>> = rows.iter().map(|nodes| row(nodes)).collect();
            let scale = hessian.iter().flatten().fold(1.0, |largest: f64, h| largest.max(h.abs()));
            for i in 0..at.len() {
                // Central differences at h and 2h: their combination is of fourth order, and a tenth of their distance bounds its error.
                let step = 2e-5 * at[i].abs().max(1.0);
                let slope = |step: f64| -> Vec<f64> {
                    let shifted = |sign: f64| {
                        let mut at = at.clone();
                        at[i] += sign * step;
                        graph.eval(&first, &at)
                    };
                    shifted(1.0).iter().zip(shifted(-1.0)).map(|(above, below)| (above - below) / (2.0 * step)).collect()
                };
                let (near, far, here) = (slope(step), slope(2.0 * step), row(&first));
                for j in 0..at.len() {
                    assert_eq!(hessian[i][j].to_bits(), hessian[j][i].to_bits(), "{id}: not symmetric");
                    let rounding = 1e-15 * here[j].abs().max(1.0) / step;
                    let error = 0.1 * (near[j] - far[j]).abs() + 4.0 * rounding;
                    let difference = (4.0 * near[j] - far[j]) / 3.0;
                    assert_close(&format!("{id} Hessian {i},{j} at {at:?}"), hessian[i][j], difference, error + 1e-10 * scale, 0.0);
                }
            }
        }
    }
}

/// Both triangles computed by themselves, which `hessian` does not do.
#[test]
fn mixed_derivatives_do_not_depend_on_the_order() {
    for (text, at) in [("x^3*sin(y*z) + exp(x*y)/z", [0.7, -1.2, 0.4]), ("log(x^2+y^2+1)*tanh(x-z)", [0.3, 0.8, -0.5])] {
        let formula: Formula = text.parse().unwrap();
        let mut lowered = graph::lower(&formula, &[]).unwrap();
        let count = lowered.variables.len() as u32;
        let variables: Vec<_> = (0..count).map(|variable| lowered.graph.variable(variable)).collect();
        let first = gradient::gradient(&mut lowered.graph, lowered.root, &variables).unwrap();
        let second: Vec<Vec<f64>> = first
            .iter()
            .map(|&derivative| {
                let row = gradient::gradient(&mut lowered.graph, derivative, &variables).unwrap();
                lowered.graph.eval(&row, &at)
            })
            .collect();
        for (i, row) in second.iter().enumerate() {
            for (j, column) in second.iter().enumerate().take(i) {
                assert_close(text, row[j], column[i], 1e-14, 1e-12);
            }
        }
    }
}
