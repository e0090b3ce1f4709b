//! What is proved over a whole range: signs, holes, modes, curvature, symmetries. Each claim against what is known, and none too many.

use crate::common::data;
use langevin::density::{Declaration, LogDensity, Meaning, Model};
use langevin::error::ErrorKind;
use langevin::math::{Block, Lanes};
use langevin::proof::{FeatureKind, Line, Sign, Symmetry, inspect, line, smoothness, symmetries};

fn ranged(formula: &str, meaning: Meaning, ranges: &[&str]) -> Model {
    let ranges: Vec<Declaration> = ranges.iter().map(|range| range.parse().unwrap()).collect();
    Model::new(formula, meaning, &ranges).unwrap_or_else(|error| panic!("{formula}: {error}"))
}

fn density(formula: &str, ranges: &[&str]) -> Model {
    ranged(formula, Meaning::Density, ranges)
}

#[test]
fn densities_are_proved_non_negative() {
    let cases: &[(&str, &[&str])] = &[
        ("(x-0.4)^4 - (x-0.2)^2 + 0.6", &["-0.7,1.5"]),
        ("x^2 - x + 0.250000001", &["0,1"]),
        ("512*x^10-1280*x^8+1120*x^6-400*x^4+50*x^2-1+1.01", &["-1,1"]),
        ("exp(x) - 0.999999 - x", &["-1,1"]),
        ("(x^4 - x^2 + 0.3)*exp(-x^2)", &["-inf,inf"]),
        ("x^4 - x^2 + 0.3", &["-10,1000"]),
        ("(1 + 0.999*cos(50*x))/(1 + x^2)", &["-3,3"]),
        ("x^2 - 2*x*y + y^2 + 0.001", &["x=-2,2", "y=-2,2"]),
        ("x*y*z + 1.01", &["x=-1,1", "y=-1,1", "z=-1,1"]),
        ("x^4 + y^4 - x*y + 0.1251", &["x=-1,1", "y=-1,1"]),
        ("sin(x)*sin(x + 0.1) + 0.0026", &["0,6"]),
    ];
    for (formula, ranges) in cases {
        assert_eq!(inspect(&density(formula, ranges)).sign, Sign::Proved, "{formula}");
    }
}

#[test]
fn what_is_negative_somewhere_is_refuted_by_a_witness() {
    let cases: &[(&str, &[&str])] = &[
        ("(x-0.3)^2 - 1e-12", &["0,1"]),
        ("1 + 1.0000001*cos(5000*x)", &["0,1"]),
        ("1 - 1.0001*exp(-((x-0.123456)/1e-6)^2)", &["-10,10"]),
        ("x^2 + y^2 - 1e-6", &["x=-2,2", "y=-1,3"]),
        ("1 - 1.001*exp(-1e6*((x-0.377)^2 + (y-0.6123)^2))", &["x=-1,1", "y=-1,1"]),
        ("x*y*z + 0.999", &["x=-1,1", "y=-1,1", "z=-1,1"]),
        ("(x^4 - x^2 + 0.2499)*exp(-x^2)", &["-inf,inf"]),
    ];
    for (formula, ranges) in cases {
        let model = density(formula, ranges);
        let found = inspect(&model);
        let Sign::Refuted(witness) = &found.sign else { panic!("{formula}: {:?}", found.sign) };
        assert!(witness.value < 0.0, "{formula}: {witness:?}");
        for (x, bound) in witness.position.iter().zip(model.bounds()) {
            assert!(bound.low <= *x && *x <= bound.high, "{formula}: {witness:?}");
        }
        assert_eq!(found.refuse(&model).unwrap_err().kind, ErrorKind::NegativeDensity);
    }
}

#[test]
fn a_touch_of_zero_is_told_from_both() {
    for (formula, ranges, place) in
        [("x^4 - 4*x^3 + 6*x^2 - 4*x + 1", &["0,2"][..], &[1.0][..]), ("x^2 - 2*x*y + y^2", &["x=-1,1", "y=0.5,0.5000001"], &[0.5, 0.5])]
    {
        let sign = inspect(&density(formula, ranges)).sign;
        let Sign::Touches { depth, position } = &sign else { panic!("{formula}: {sign:?}") };
        assert!((0.0..=2e-11).contains(depth), "{formula}: {sign:?}");
        // A fourth-order touch is flat: 1e-12 is reached 1e-3 away.
        assert!(position.iter().zip(place).all(|(x, place)| (x - place).abs() < 2e-3), "{formula}: {sign:?}");
    }
}

#[test]
fn holes_are_found_however_thin_and_told_from_end_to_end() {
    for (formula, range, hole) in [
        ("sqrt((x-0.5)^2 - 1e-8)", "0,1", (0.4999, 0.5001)),
        ("sqrt(1 - x^2)", "-1,2", (1.0, 2.0)),
        ("log(x)^2", "-1,1", (-1.0, 0.0)),
        ("1 + asin(x)", "-0.5,3", (1.0, 3.0)),
        ("exp(-x^2)*sqrt(x + 5)", "-inf,inf", (f64::NEG_INFINITY, -5.0)),
    ] {
        let model = density(formula, &[range]);
        let found = inspect(&model);
        let undefined = found.undefined.clone().unwrap_or_else(|| panic!("{formula}: no hole"));
        let &[(low, high)] = &undefined.hole.unwrap()[..] else { panic!("{formula}: one variable") };
        // The search ends at pieces of 1e-9 of the range, or of the position.
        let is_close = |found: f64, known: f64| found == known || (found - known).abs() <= 1e-7 * known.abs().max(1.0);
        assert!(is_close(low, hole.0) && is_close(high, hole.1), "{formula}: {low} to {high}");
        let error = found.refuse(&model).unwrap_err();
        assert!(error.kind == ErrorKind::Domain && error.message.contains("every x in ("), "{error}");
    }
    let plane = density("sqrt((x-0.3)^2 + (y-0.7)^2 - 1e-4)", &["x=0,1", "y=0,1"]);
    let hole = inspect(&plane).undefined.unwrap().hole.unwrap();
    let farthest = |(low, high): (f64, f64), centre: f64| (low - centre).abs().max((high - centre).abs());
    assert!(farthest(hole[0], 0.3).hypot(farthest(hole[1], 0.7)) < 0.0101, "{hole:?}");
    // Removable points and edges are no holes.
    for (formula, range) in [("sin(x)/x", "-3,3"), ("sqrt(x)", "0,1"), ("sqrt(1-x^2)", "-1,1"), ("if(x > 0, sqrt(x), 0)", "-1,1")] {
        assert_eq!(inspect(&density(formula, &[range])).undefined, None, "{formula}");
    }
}

#[test]
fn a_wild_point_is_no_fault_of_the_model() {
    let model = |text: &str| langevin::density::Model::with_data(text.parse().unwrap(), None, &[], &Default::default()).unwrap();
    // Without a value on half of the plane, and where numbers overflow.
    for text in ["log_density = log(x + y) - x^2 - y^2", "log_density = -x^2 - y^2 + sqrt(1 - exp(x))", "energy = x^2 - log(x + y^3) + y^2"]
    {
        let model = model(text);
        let found = inspect(&model);
        assert!(found.refuse(&model).is_ok() && found.defined, "{text}");
        let what = found.wild(&model).unwrap();
        assert!(what.contains("is nan, as"), "{text}: {what}");
    }
    let nowhere = model("log_density = log(-1 - x^2 - y^2)");
    let found = inspect(&nowhere);
    let error = found.refuse(&nowhere).unwrap_err();
    assert!(error.kind == ErrorKind::Domain && error.span.is_some(), "{error}");
}

fn course(formula: &str, range: &str) -> Line {
    line(&density(formula, &[range])).unwrap()
}

#[test]
fn all_modes_are_found() {
    let third = 1.0 / 3.0;
    for (formula, range, modes) in [
        ("exp(-x^2/2)", "-inf,inf", &[0.0][..]),
        ("1/(1+(x-3)^2)", "-inf,inf", &[3.0]),
        ("exp(-(x^2-1)^2/0.1)", "-inf,inf", &[-1.0, 1.0]),
        ("exp(-abs(x - 1/3))", "-inf,inf", &[third]),
        ("x^2*exp(-x)", "0,inf", &[2.0]),
        ("exp(-x)", "0,inf", &[0.0]),
        ("x", "0,1", &[1.0]),
        ("abs(x-0.3)", "0,1", &[0.0, 1.0]),
        ("x^(-0.5)*(1-x)^(-0.3)", "0,1", &[0.0, 1.0]),
        ("if(x < 0.5, 1, 2)", "0,1", &[0.75]),
        ("exp(-abs(x)) + if(x > 3, 0.1*exp(-(x-3)), 0)", "-inf,inf", &[0.0, 3.0]),
        ("exp(-(x-2)^2) + exp(-((x-50)/0.001)^2)", "-inf,inf", &[2.0, 50.0]),
        ("sin(10*x)^2", "0,1", &[0.157_079_632_7, 0.471_238_898, std::f64::consts::FRAC_PI_4, 1.0]),
        ("max(0, 1 - x^2)", "-2,2", &[0.0]),
    ] {
        let found = course(formula, range);
        let places: Vec<f64> = found.modes.iter().map(|mode| mode.position).collect();
        assert!(found.is_complete, "{formula}: {found:?}");
        assert!(places.len() == modes.len() && places.iter().zip(modes).all(|(x, mode)| (x - mode).abs() < 1e-8), "{formula}: {places:?}");
        assert!(found.modes.iter().all(|mode| mode.low <= mode.position && mode.position <= mode.high), "{formula}: {found:?}");
    }
    assert!(course("3", "0,1").is_flat && course("3", "0,1").modes.is_empty());
}

/// A fine grid knows at least as many ups and downs as there are modes, and none beyond those that are proved to be all.
#[test]
fn no_grid_sees_a_mode_beyond_those_proved_to_be_all() {
    let mut complete = 0;
    for entry in data("densities")["densities"].as_array().unwrap() {
        let text = |key: &str| entry[key].as_str().unwrap();
        let model = density(text("formula"), &[&format!("{},{}", text("low"), text("high"))]);
        let found = line(&model).unwrap();
        if !found.is_complete {
            continue;
        }
        complete += 1;
        let bound = &model.bounds()[0];
        let (low, high) = (bound.low.max(-50.0), bound.high.min(50.0));
        let grid: Vec<f64> = (0..=200_000).map(|step| low + (high - low) * f64::from(step) / 200_000.0).collect();
        let mut value = vec![0.0; grid.len()];
        model.evaluator().line(&grid, &mut value);
        // Ups and downs of a few units in the last place are rounding.
        let rounding = |x: f64| 1e-13 * (1.0 + x.abs());
        for at in 1..grid.len() - 1 {
            let rises = value[at] > value[at - 1] + rounding(value[at]) && value[at] > value[at + 1] + rounding(value[at]);
            let step = 1.01 * (high - low) / 200_000.0;
            let is_known = found.modes.iter().any(|mode| mode.low - step <= grid[at] && grid[at] <= mode.high + step);
            assert!(!rises || is_known, "{}: a mode at {} is not among {:?}", text("id"), grid[at], found.modes);
        }
    }
    // The others are plateaus of rounding, or so oscillating that the work allowed ends.
    assert!(complete >= 30, "only {complete} of 35");
}

#[test]
fn kinks_jumps_zeros_and_poles_are_placed() {
    use FeatureKind::{Jump, Kink, Pole, Zero};
    for (formula, range, features) in [
        ("exp(-abs(x - 1))", "-inf,inf", &[(1.0, Kink)][..]),
        ("if(x < 0.5, 1, 2)", "0,1", &[(0.5, Jump)]),
        ("abs(x - 0.3)", "0,1", &[(0.3, Zero)]),
        ("x^(-0.5)*(1-x)^(-0.3)", "0,1", &[(0.0, Pole), (1.0, Pole)]),
        ("x*exp(-x)", "0,inf", &[(0.0, Zero)]),
        ("sin(x)^2", "1,7", &[(std::f64::consts::PI, Zero), (std::f64::consts::TAU, Zero)]),
        ("(sin(x)/x)^2", "-1,1", &[]),
        ("exp(-x^2)", "-inf,inf", &[]),
    ] {
        let found: Vec<(f64, FeatureKind)> =
            course(formula, range).features.iter().map(|feature| (feature.position, feature.kind)).collect();
        let is_same = found.len() == features.len() && found.iter().zip(features).all(|(a, b)| a.1 == b.1 && (a.0 - b.0).abs() < 1e-8);
        assert!(is_same, "{formula}: {found:?}");
    }
    assert_eq!(course("if(x > 0, exp(-x), 0)", "-1,5").zero, [(-1.0, 0.0)]);
}

#[test]
fn bounds_on_slope_and_curvature_hold_and_are_close() {
    // (density, range, |slope|, least and largest eigenvalue of −∇² log p): infinite where there is none.
    let inf = f64::INFINITY;
    for (formula, meaning, ranges, slope, least, most) in [
        ("x^2/2", Meaning::Energy, &["-inf,inf"][..], inf, 1.0, 1.0),
        ("1/(1+x^2)", Meaning::Density, &["-inf,inf"], 1.0, -0.25, 2.0),
        ("1/cosh(x)", Meaning::Density, &["-4,4"], 0.999_329, 0.001_34, 1.0),
        ("x^4/4", Meaning::Energy, &["-2,2"], 8.0, 0.0, 12.0),
        ("x^4", Meaning::Energy, &["-inf,inf"], inf, 0.0, inf),
        ("x^2/2+y^2/2+0.3*x*y", Meaning::Energy, &["x=-inf,inf", "y=-inf,inf"], inf, 0.7, 1.3),
        ("(1-x)^2+5*(y-x^2)^2", Meaning::Energy, &["x=-1,1", "y=0,1"], f64::hypot(24.0, 10.0), -18.0, 68.802_438),
    ] {
        let found = smoothness(&ranged(formula, meaning, ranges));
        for (name, bound, known, sign) in
            [("slope", found.slope, slope, 1.0), ("most", found.most_curved, most, 1.0), ("least", found.least_curved, least, -1.0)]
        {
            match bound {
                None => assert!(known.is_infinite(), "{formula}: no bound on {name}"),
                Some(bound) => {
                    assert!(sign * bound >= sign * known - 1e-12, "{formula}: {name} {bound} does not hold {known}");
                    // Wide of the truth by some per cent at most; near 0, by a little beside the curvature elsewhere.
                    assert!((bound - known).abs() <= 0.2 * known.abs().max(0.2), "{formula}: {name} {bound}, known {known}");
                }
            }
        }
    }
    assert!(smoothness(&ranged("x^2/2", Meaning::Energy, &[])).stable_step_size() == Some(2.0));
}

/// The bounds against the gradient itself at many points.
#[test]
fn no_point_is_steeper_than_the_bound() {
    for (formula, range) in [("(x-0.4)^4 - (x-0.2)^2 + 0.6", "-0.7,1.5"), ("exp(cos(3*x))", "-4,4"), ("1/(1+exp(-x))", "-6,6")] {
        let model = density(formula, &[range]);
        let slope = smoothness(&model).slope.unwrap();
        let (low, high) = (model.bounds()[0].low, model.bounds()[0].high);
        let mut largest = 0.0_f64;
        let mut evaluator = model.evaluator();
        for block in 0..200 {
            let mut x = Lanes::default();
            for (lane, x) in x.iter_mut().enumerate() {
                *x = low + (high - low) * ((block * langevin::math::LANES + lane) as f64 + 0.5) / (200 * langevin::math::LANES) as f64;
            }
            let mut gradient = [Lanes::default()];
            let positions: &Block = std::slice::from_ref(&x);
            evaluator.gradient(positions, &mut gradient);
            largest = gradient[0].iter().fold(largest, |largest, slope| largest.max(slope.abs()));
        }
        assert!(largest <= slope && slope < 1.03 * largest, "{formula}: {largest} and {slope}");
    }
}

#[test]
fn symmetries_are_read_off_the_expression() {
    let even = |variable, centre| Symmetry::Reflection { variable, centre };
    assert_eq!(symmetries(&density("exp(-x^4)*cos(x)^2", &[])), [even(0, 0.0)]);
    assert_eq!(symmetries(&density("exp(-(x-3)^2)", &[])), [even(0, 3.0)]);
    assert_eq!(symmetries(&density("exp(-x^3)", &["-1,1"])), []);
    // The range breaks the symmetry of the formula.
    assert_eq!(symmetries(&density("exp(-x^2)", &["-1,2"])), []);
    let plane = ranged("x^2 + y^2 + x*y", Meaning::Energy, &["x=-inf,inf", "y=-inf,inf"]);
    assert_eq!(symmetries(&plane), [Symmetry::Exchange(0, 1)]);
}

#[track_caller]
fn check_jumps(formula: &str, functions: &[&str], has_edges: bool) {
    let model = Model::new(formula, Meaning::LogDensity, &[]).unwrap();
    assert_eq!((model.jumps(), model.has_edges()), (functions, has_edges), "{formula}");
}

#[test]
fn jumps_of_every_kind_are_listed() {
    check_jumps("if(x > y, log(4), 0) - x^2/2 - y^2/2", &["if"], false);
    check_jumps("(x + y > 1) - x^2 - y^2", &["if"], false);
    check_jumps("(not (x > y)) - x^2 - y^2", &["if"], false);
    check_jumps("sign(x*y) - x^2 - y^2", &["sign"], false);
    check_jumps("-round(x)^2 - y^2", &["round"], false);
    check_jumps("floor(x) - x^2", &["floor"], false);
    check_jumps("ceil(x) - x^2", &["ceil"], false);
    check_jumps("mod(x, 1) - x^2", &["mod"], false);
    check_jumps("if(x^2 + y^2 < 1, -inf, -x^2 - y^2)", &[], true);
}

#[test]
fn kinks_are_no_jumps() {
    check_jumps("-if(abs(x) < 1, x^2/2, abs(x) - 0.5)", &[], false);
    check_jumps("-x*sign(x) - y^2", &[], false);
    check_jumps("-(mod(x, 1) - 0.5)^2 - x^2", &[], false);
    check_jumps("-max(x, -x) - min(y^2, 3*y^2)", &[], false);
}
