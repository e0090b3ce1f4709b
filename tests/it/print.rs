//! Generated Rust, C and Python compile, run, and agree with the graph they were printed from.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use langevin::gradient::gradient;
use langevin::graph::print::{Language, expression, program};
use langevin::graph::{Graph, NodeId, lower};

/// Formulas that use every operator between them, and points of their domains.
const CASES: &[(&str, &[[f64; 2]])] = &[
    ("(x-0.4)^4 - (x-0.2)^2 + 0.6 + 0*y", &[[0.3, 1.0], [-0.7, 2.0]]),
    ("exp(-x^2/2)*sin(3*y) + cos(x*y) + tan(x/3)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("log(1 + x^2) + log1p(y^2) + expm1(x) + log10(2 + y^2) + log(3 + x^2, 2)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("sqrt(1 + x^2) + cbrt(2 + y) + abs(x - y) + sign(x)*y", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("min(x, y) + max(x^2, y) + clamp(x*y, -0.5, 0.5)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("floor(3*x)*y + ceil(2*y)*x + round(5*x) + mod(x, 0.7)*y", &[[0.31, 1.13], [-1.27, 0.41]]),
    ("asin(x/2) + acos(y/2) + atan(x*y) + atan2(y, x + 3)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("sinh(x) + cosh(y) + tanh(x*y) + asinh(x) + acosh(2 + y^2) + atanh(x/3)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("erf(x) + erfc(y) + erfcx(x + 1) + log_erfc(3*y)", &[[0.3, 1.1], [-1.2, 2.4]]),
    ("normal_cdf(x) + normal_cdf(y, 1, 2) + hypot(x, y)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("gamma(2 + x) + lgamma(3 + y) + digamma(2 + x*y) + lbeta(3 + x, 2 + y)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("digamma(0.5 + y^2)*x + polygamma(2, 1 + x^2)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("sigmoid(x) + logit(sigmoid(y)) + softplus(x*y) + logsumexp(x, y, 2*x) + log1m_exp(-1 - x^2)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("if(x > 0 and not (y > 2), x^2*y, y^3) + (x < y or x == 3 ? y : x)", &[[0.3, 1.1], [-1.2, 0.4]]),
    ("x^2.5*0 + (2 + x)^y + 2^x + (3 + y)^(-2) + (x*y)^3", &[[0.3, 1.1], [1.2, 0.4]]),
    ("if(x != 1, 1, 0)*y + (x >= y)*x", &[[0.3, 1.1], [-1.2, 0.4]]),
];

struct Printed {
    graph: Graph,
    roots: Vec<NodeId>,
    names: Vec<String>,
}

fn printed(formula: &str) -> Printed {
    let declared = ["x", "y"].map(langevin::graph::VariableName::scalar);
    let mut lowered = lower(&formula.parse().expect(formula), &declared).expect(formula);
    let wrt = [0, 1].map(|variable| lowered.graph.variable(variable));
    let mut roots = vec![lowered.root];
    roots.extend(gradient(&mut lowered.graph, lowered.root, &wrt).expect(formula));
    Printed { graph: lowered.graph, roots, names: vec!["x".into(), "y".into()] }
}

/// The generated function of each case, in a module, prefix or class of its own, and a main that prints every result in a line.
fn source(language: Language) -> String {
    let mut text = String::new();
    let mut main = String::new();
    for (index, (formula, points)) in CASES.iter().enumerate() {
        let Printed { graph, roots, names } = printed(formula);
        let outputs: Vec<(String, NodeId)> = ["value", "x", "y"].map(String::from).into_iter().zip(roots).collect();
        let code = program(&graph, &outputs, &names, language);
        match language {
            Language::Rust => {
                writeln!(text, "mod case{index} {{\n{code}\n}}").expect("memory");
                for [x, y] in *points {
                    writeln!(main, "    let mut g = [0.0; 2]; let v = case{index}::value_and_gradient(&[{x:?}, {y:?}], &mut g); println!(\"{{v:e}} {{:e}} {{:e}}\", g[0], g[1]);").expect("memory");
                }
            }
            Language::C => {
                // One file a case would mean sixteen compilations; prefixes keep the helpers apart.
                let mut code = code.replace("#include <math.h>\n", "");
                for name in [
                    "value_and_gradient",
                    "sign",
                    "modulo",
                    "sigmoid",
                    "softplus",
                    "log1m_exp",
                    "log_sum_exp",
                    "erfcx",
                    "log_erfc",
                    "digamma",
                    "polygamma",
                ] {
                    code = code
                        .replace(&format!(" {name}("), &format!(" {name}_{index}("))
                        .replace(&format!("({name}("), &format!("({name}_{index}("))
                        .replace(&format!("-{name}("), &format!("-{name}_{index}("));
                }
                text.push_str(&code);
                for [x, y] in *points {
                    writeln!(main, "    {{ const double p[2] = {{{x:?}, {y:?}}}; double g[2]; const double v = value_and_gradient_{index}(p, g); printf(\"%.17e %.17e %.17e\\n\", v, g[0], g[1]); }}").expect("memory");
                }
            }
            _ => {
                text.push_str(&code);
                for [x, y] in *points {
                    writeln!(text, "v, g = value_and_gradient([{x:?}, {y:?}]); print(v, *g)").expect("memory");
                }
            }
        }
    }
    match language {
        Language::Rust => format!("{text}\nfn main() {{\n{main}}}\n"),
        Language::C => format!("#include <math.h>\n#include <stdio.h>\n{text}\nint main(void) {{\n{main}    return 0;\n}}\n"),
        _ => text,
    }
}

/// Runs a command; `None` if its program is not on this machine.
fn run(program: &str, arguments: &[&Path], flags: &[&str]) -> Option<String> {
    let output = match Command::new(program).args(flags).args(arguments).output() {
        Ok(output) => output,
        Err(_) => return None,
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("numbers"))
}

fn check(language: Language, run_it: impl Fn(&Path, &Path) -> Option<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let ending = match language {
        Language::Rust => "rs",
        Language::C => "c",
        _ => "py",
    };
    let file = folder.path().join(format!("generated.{ending}"));
    langevin::output::AtomicFile::write(&file, source(language).as_bytes()).expect("written");
    let Some(output) = run_it(&file, &folder.path().join("generated")) else {
        eprintln!("SKIPPED: no {language} on this machine");
        return;
    };
    let mut lines = output.lines();
    for (formula, points) in CASES {
        let Printed { graph, roots, .. } = printed(formula);
        for point in *points {
            let line = lines.next().expect("a line for each point");
            let found: Vec<f64> = line.split_whitespace().map(|number| number.parse().expect("a number")).collect();
            let expected = graph.eval(&roots, point);
            let largest = expected.iter().fold(1e-3_f64, |largest, value| largest.max(value.abs()));
            for (found, expected) in found.iter().zip(&expected) {
                // Helper functions are good to about 1e-14; sums of a dozen of them to 1e-12 of the largest.
                assert!((found - expected).abs() <= 1e-12 * largest, "{language}: {formula} at {point:?}: {found:e}, not {expected:e}");
            }
        }
    }
}

#[test]
fn generated_rust_agrees_with_the_graph() {
    check(Language::Rust, |file, program| {
        run("rustc", &[file, Path::new("-o"), program], &["--edition=2021", "-O", "-Awarnings"]).expect("whoever runs this has rustc");
        run(program.to_str().expect("a plain path"), &[], &[])
    });
}

#[test]
fn generated_c_agrees_with_the_graph() {
    check(Language::C, |file, program| {
        run("cc", &[file, Path::new("-o"), program, Path::new("-lm")], &["-std=c99", "-O1", "-Wall", "-Werror", "-Wno-unused-function"])?;
        run(program.to_str().expect("a plain path"), &[], &[])
    });
}

#[test]
fn generated_python_agrees_with_the_graph() {
    check(Language::Python, |file, _| run("python3", &[file], &[]));
}

#[test]
fn gradients_read_as_a_person_would_write_them() {
    for (formula, expected) in [
        ("x^2", "2*x"),
        ("(x-0.4)^4 - (x-0.2)^2 + 0.6", "4*(x - 0.4)^3 - 2*(x - 0.2)"),
        ("exp(-x^2/2)", "-x*exp(-x^2/2)"),
        ("log(1 + exp(x))", "sigmoid(x)"),
        ("1/(1 + x^2)", "-2*x/(x^2 + 1)^2"),
        ("tanh(3*x - 1)", "3/cosh(3*x - 1)^2"),
        ("max(x, 1 - x)", "if(x < 1 - x, -1, 1)"),
        ("if(x > 0, log(x), -x^2)", "if(0 < x, 1/x, -2*x)"),
        ("sqrt(1 + x^2)", "x/sqrt(x^2 + 1)"),
        ("x*y", "y"),
        ("sin(x)^2", "2*sin(x)*cos(x)"),
        ("x^x", "x*x^(x - 1) + if(x == 0, 0, x^x*log(x))"),
    ] {
        let Printed { graph, roots, names } = printed(formula);
        assert_eq!(expression(&graph, roots[1], &names, Language::Text), expected, "{formula}");
    }
}

#[test]
fn printed_text_reads_back_to_the_same_values() {
    for (formula, points) in CASES {
        let Printed { graph, roots, names } = printed(formula);
        for &root in &roots {
            let text = expression(&graph, root, &names, Language::Text);
            let again = printed(&text);
            for point in *points {
                let (one, other) = (graph.eval(&[root], point)[0], again.graph.eval(&[again.roots[0]], point)[0]);
                // Parsing may regroup a product of constants: a few units in the last place.
                assert!((one - other).abs() <= 1e-14 * one.abs().max(1e-3), "{text}: {one:e}, then {other:e}");
            }
        }
    }
}

#[test]
fn long_chains_print_in_time_and_length_in_proportion() {
    let mut graph = Graph::new();
    let x = graph.variable(0);
    let mut chain = x;
    for step in 0..50_000 {
        let sine = graph.unary(langevin::graph::Unary::Sin, chain);
        let offset = graph.constant(f64::from(step));
        chain = graph.add(sine, offset);
    }
    let text = expression(&graph, chain, &["x".into()], Language::Text);
    assert!(text.len() < 3_000_000, "{}", text.len());
}
