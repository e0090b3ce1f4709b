//! `langevin gradient`.

use std::process::ExitCode;

use langevin::density::{LogDensity, Model};
use langevin::error::{Error, ErrorKind};
use langevin::graph::print::{Language, expression, program};
use langevin::graph::{Graph, NodeId, constant};
use langevin::output::{SCHEMA, number};
use langevin::proof::blame;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::{Gradient, Notation};
use crate::exit::Failure;
use crate::input;
use crate::terminal::{Talk, print};

pub(crate) fn run(arguments: &Gradient, talk: Talk) -> Outcome {
    let positional = arguments.formula.as_ref();
    let model =
        if arguments.log { input::model(&arguments.density, positional) } else { input::expression_model(&arguments.density, positional) }?;
    let names = model.names();
    let root = if arguments.log { model.log_density_node() } else { model.typed() };
    let about = |error| Failure::of(error, model.formula().source());
    let (graph, derivatives) = model.gradient_of(root).map_err(about)?;
    let (graph, hessian) = if arguments.hessian { model.hessian_in(graph, root).map_err(about)? } else { (graph, Vec::new()) };
    let point = if arguments.at.is_empty() { None } else { Some(point(&model, &arguments.at)?) };
    let blamed = point.as_deref().and_then(|point| blame(&model, point));
    let answer = Answer { graph, root, derivatives, hessian, names };
    if talk.json || arguments.to == Notation::Json {
        let mut document = answer.json(&model, point.as_deref());
        if let Some(found) = &blamed {
            document["blame"] = json!({
                "expression": found.expression,
                "value": number(found.value),
                "inputs": found.inputs.iter().map(|(text, value)| (text.clone(), number(*value))).collect::<Map<_, _>>(),
                "row": found.row,
                "span": found.span.map_or(Value::Null, |span| json!({ "start": span.start, "end": span.end })),
                "hint": found.fix,
            });
        }
        print(&format!("{document:#}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = match point {
        Some(point) => answer.values(&point),
        None => answer.written(arguments.to),
    };
    print(&text)?;
    if let Some(found) = blamed {
        let note = Error { span: found.span, ..Error::new(ErrorKind::Domain, found.to_string()).hint(found.fix) };
        talk.say(note.render(model.formula().source()).replacen("error:", "note:", 1));
    }
    Ok(ExitCode::SUCCESS)
}

struct Answer {
    graph: Graph,
    root: NodeId,
    derivatives: Vec<NodeId>,
    hessian: Vec<Vec<NodeId>>,
    names: Vec<String>,
}

impl Answer {
    /// The entries of the Hessian on and above the diagonal, as (row, column, node).
    fn second(&self) -> impl Iterator<Item = (usize, usize, NodeId)> + '_ {
        self.hessian.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().skip(i).map(move |(j, node)| (i, j, *node)))
    }

    fn written(&self, notation: Notation) -> String {
        let language = match notation {
            Notation::Text | Notation::Json => Language::Text,
            Notation::Latex => Language::Latex,
            Notation::Rust => Language::Rust,
            Notation::C => Language::C,
            Notation::Python => Language::Python,
        };
        if !matches!(language, Language::Text | Language::Latex) {
            let mut outputs = vec![("value".to_string(), self.root)];
            outputs.extend(self.names.iter().cloned().zip(self.derivatives.iter().copied()));
            outputs.extend(self.second().map(|(i, j, node)| (format!("{}_{}", self.names[i], self.names[j]), node)));
            return program(&self.graph, &outputs, &self.names, language);
        }
        let show = |node| expression(&self.graph, node, &self.names, language);
        // The only derivative needs no label: what is printed can be pasted.
        if let ([derivative], true) = (&self.derivatives[..], self.hessian.is_empty()) {
            return show(*derivative);
        }
        let mut lines = Vec::new();
        for (name, derivative) in self.names.iter().zip(&self.derivatives) {
            lines.push(match language {
                Language::Latex => format!("\\partial_{{{}}} &= {} \\\\", latex_name(&self.graph, &self.names, name), show(*derivative)),
                _ => format!("d/d{name}: {}", show(*derivative)),
            });
        }
        for (i, j, node) in self.second() {
            lines.push(match language {
                Language::Latex => {
                    let [a, b] = [i, j].map(|index| latex_name(&self.graph, &self.names, &self.names[index]));
                    format!("\\partial_{{{a}}} \\partial_{{{b}}} &= {} \\\\", show(node))
                }
                _ => format!("d2/d{} d{}: {}", self.names[i], self.names[j], show(node)),
            });
        }
        lines.join("\n")
    }

    fn values(&self, point: &[f64]) -> String {
        let mut roots = vec![self.root];
        roots.extend(&self.derivatives);
        let second: Vec<(usize, usize, NodeId)> = self.second().collect();
        roots.extend(second.iter().map(|(_, _, node)| *node));
        let values = self.graph.eval(&roots, point);
        let mut lines = vec![format!("value: {:?}", values[0])];
        lines.extend(self.names.iter().zip(&values[1..]).map(|(name, value)| format!("d/d{name}: {value:?}")));
        let rest = &values[1 + self.names.len()..];
        lines.extend(second.iter().zip(rest).map(|((i, j, _), value)| format!("d2/d{} d{}: {value:?}", self.names[*i], self.names[*j])));
        lines.join("\n")
    }

    fn json(&self, model: &Model, point: Option<&[f64]>) -> Value {
        let show = |node| Value::from(expression(&self.graph, node, &self.names, Language::Text));
        let by_name = |value: &dyn Fn(usize) -> Value| -> Map<String, Value> {
            self.names.iter().enumerate().map(|(index, name)| (name.clone(), value(index))).collect()
        };
        let mut document = json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "formula": model.formula().source(),
            "expressions": by_name(&|index| show(self.derivatives[index])),
        });
        let rows = |value: &dyn Fn(NodeId) -> Value| -> Value {
            self.hessian.iter().map(|row| row.iter().map(|node| value(*node)).collect::<Vec<_>>()).collect::<Vec<_>>().into()
        };
        if !self.hessian.is_empty() {
            document["hessian_expressions"] = rows(&show);
        }
        if let Some(point) = point {
            let value = |node| number(self.graph.eval(&[node], point)[0]);
            document["at"] = by_name(&|index| number(point[index])).into();
            document["value"] = value(self.root);
            document["gradient"] = by_name(&|index| value(self.derivatives[index])).into();
            if !self.hessian.is_empty() {
                document["hessian"] = rows(&value);
            }
        }
        document
    }
}

fn latex_name(graph: &Graph, names: &[String], name: &str) -> String {
    let mut graph = graph.clone();
    let index = names.iter().position(|known| known == name).unwrap_or(0);
    let variable = graph.variable(index as u32);
    expression(&graph, variable, names, Language::Latex)
}

/// The point of `--at x=0.3,y=1`, a value for each variable.
fn point(model: &Model, at: &[String]) -> Result<Vec<f64>, Failure> {
    let mut values: Vec<Option<f64>> = vec![None; model.dimension()];
    for piece in at.iter().flat_map(|text| text.split(',')) {
        let refuse =
            |cause: String| Error::new(ErrorKind::Setting, format!("--at {piece}: {cause}")).hint("write --at x=0.3 or --at x=0.3,y=1");
        let (name, text) = match piece.split_once('=') {
            Some((name, text)) => (Some(name.trim()), text),
            None if model.dimension() == 1 => (None, piece),
            None => return Err(refuse("which variable is this for?".into()).into()),
        };
        let index = match name {
            None => 0,
            Some(name) => match model.bounds().iter().position(|bound| bound.name == name) {
                Some(index) => index,
                None => return Err(Error::new(ErrorKind::UnknownName, format!("--at {piece}: no variable is called `{name}`")).into()),
            },
        };
        values[index] = Some(constant(text).map_err(|error| refuse(error.message))?);
    }
    model
        .bounds()
        .iter()
        .zip(values)
        .map(|(bound, value)| {
            value.ok_or_else(|| {
                Error::new(ErrorKind::Setting, format!("--at leaves `{}` open", bound.name)).hint(format!("add {}=…", bound.name)).into()
            })
        })
        .collect()
}
