//! A gradient to paste into a paper.

use langevin::gradient::gradient;
use langevin::graph::lower;
use langevin::graph::print::{Language, expression};

fn main() -> langevin::Result<()> {
    let mut lowered = lower(&"log(1 + exp(-y*(a*x + b)))".parse()?, &[])?;
    let names: Vec<String> = lowered.variables.iter().map(ToString::to_string).collect();
    let wrt: Vec<_> = (0..names.len() as u32).map(|variable| lowered.graph.variable(variable)).collect();
    let slopes = gradient(&mut lowered.graph, lowered.root, &wrt)?;

    for (name, slope) in names.iter().zip(&slopes) {
        println!("\\partial_{{{name}}} f = {}", expression(&lowered.graph, *slope, &names, Language::Latex));
    }
    let by_b = expression(&lowered.graph, slopes[3], &names, Language::Text);
    assert_eq!((names[3].as_str(), by_b.as_str()), ("b", "-y*sigmoid(-y*(a*x + b))"));
    Ok(())
}
