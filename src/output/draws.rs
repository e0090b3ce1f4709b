//! Draws as tidy CSV: `chain,draw,…variables`, one row a draw, no comments, numbers that read back to the same bits. Draws of a run that
//! was stopped have one column more, [`INCOMPLETE`], which is 1 in every row.

use std::fmt::Write as _;
use std::io;

use crate::run::INCOMPLETE;
use crate::sampler::Draws;

/// Writes the draws; chains and draws are counted from 1. `complete` is whether every draw asked for was made.
///
/// # Errors
/// Those of `out`.
pub fn write_csv(names: &[String], draws: &Draws, complete: bool, out: &mut dyn io::Write) -> io::Result<()> {
    let mut line = String::from("chain,draw");
    for name in names {
        line.push(',');
        // Elements of matrices have a comma in their names.
        if name.contains(',') { line.push_str(&format!("\"{name}\"")) } else { line.push_str(name) }
    }
    let mark = if complete { String::new() } else { format!(",{INCOMPLETE}") };
    writeln!(out, "{line}{mark}")?;
    let mark = if complete { "" } else { ",1" };
    for row in 0..draws.chains() * draws.draws() {
        line.clear();
        // Into a string nothing fails.
        let _ = write!(line, "{},{}", row / draws.draws() + 1, row % draws.draws() + 1);
        for column in draws.columns() {
            line.push(',');
            push(&mut line, column[row]);
        }
        writeln!(out, "{line}{mark}")?;
    }
    Ok(())
}

/// The shortest text that reads back to the same double.
fn push(line: &mut String, value: f64) {
    if value.is_finite() {
        let _ = write!(line, "{value:?}");
    } else if value.is_nan() {
        line.push_str("NaN");
    } else {
        line.push_str(if value > 0.0 { "inf" } else { "-inf" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_back_to_the_same_bits() {
        let values = vec![0.1, -1e-300, f64::MAX, f64::INFINITY, f64::NAN];
        let mut bytes = Vec::new();
        write_csv(&["x".into()], &Draws::from_columns(vec![values.clone()], values.len()), true, &mut bytes).expect("memory");
        let text = String::from_utf8(bytes).expect("text");
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("chain,draw,x"));
        for (chain, (line, value)) in lines.zip(values).enumerate() {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells[0], (chain + 1).to_string());
            let read: f64 = cells[2].parse().expect("a number");
            assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()), "{line}");
        }
    }
}
