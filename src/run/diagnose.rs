//! What draws say about themselves, whoever made them: no density is asked.

use super::judge::{Agreement, Verdict, judge_alone};
use super::summary::QUANTILES;
use crate::data::Table;
use crate::diagnostics::{Convergence, mean_and_sd, quantile};
use crate::error::{Error, ErrorKind, Result};
use crate::math::Numbers;
use crate::sampler::Draws;

/// The column that marks the draws of a run that was stopped.
pub const INCOMPLETE: &str = "incomplete";

/// The figures of one variable of draws.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawsSummary {
    /// Its name.
    pub name: String,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Monte Carlo standard error of the mean.
    pub mcse_mean: f64,
    /// Monte Carlo standard error of the standard deviation.
    pub mcse_sd: f64,
    /// Bulk ESS.
    pub ess_bulk: f64,
    /// Tail ESS.
    pub ess_tail: f64,
    /// Rank-normalised split R-hat; NaN for one chain.
    pub rhat: f64,
    /// At [`QUANTILES`].
    pub quantiles: [f64; 5],
}

/// The draws of a table with columns `chain` and `draw` and one for each variable, and the variables' names. Rows may come in any
/// order; chains are cut to the length of the shortest. Without a column `chain` all rows are one chain, in their order.
///
/// # Errors
/// Kind `data` if a cell is no number or there is no variable.
pub fn draws_of(table: &Table) -> Result<(Vec<String>, Draws)> {
    let column = |name: &str| table.columns().iter().find(|column| column.name() == name).map(|column| column.values()).transpose();
    let (chain, draw) = (column("chain")?, column("draw")?);
    let mut order: Vec<usize> = (0..table.rows()).collect();
    let key = |row: usize| {
        let of = |column: &Option<Numbers>| column.as_ref().map_or(0.0, |values| values[row]);
        (of(&chain), of(&draw))
    };
    order.sort_by(|&a, &b| key(a).0.total_cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1)));
    let chains: Vec<&[usize]> = order.chunk_by(|&a, &b| key(a).0 == key(b).0).collect();
    let length = chains.iter().map(|chain| chain.len()).min().unwrap_or(0);
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    for column in table.columns().iter().filter(|column| !["chain", "draw", INCOMPLETE].contains(&column.name())) {
        let values = column.values()?;
        names.push(column.header().to_string());
        columns.push(chains.iter().flat_map(|chain| &chain[..length]).map(|&row| values[row]).collect());
    }
    if names.is_empty() {
        return Err(Error::new(ErrorKind::Data, format!("{} has no column of a variable", table.source()))
            .hint("columns chain, draw and one for each variable, as `langevin sample -o FILE.csv` writes them"));
    }
    Ok((names, Draws::from_columns(columns, chains.len())))
}

/// Summarises draws and judges whether their chains agree. Agreement is not truth, as a mode that no chain saw leaves no trace; the
/// verdict's `because` says so.
pub fn diagnose(names: &[String], draws: &Draws) -> (Vec<DrawsSummary>, Verdict) {
    let mut warnings = Vec::new();
    let summarise = |(variable, name): (usize, &String)| {
        let (column, chains) = (draws.column(variable), draws.by_chain(variable));
        let (found, (mean, sd)) = (Convergence::new(&chains), mean_and_sd(column));
        DrawsSummary {
            name: name.clone(),
            mean,
            sd,
            mcse_mean: found.mcse_mean(),
            mcse_sd: found.mcse_sd(),
            ess_bulk: found.ess_bulk(),
            ess_tail: found.ess_tail(),
            rhat: found.disagreement().rhat,
            quantiles: QUANTILES.map(|p| quantile(found.ordered(), p)),
        }
    };
    let summaries: Vec<DrawsSummary> = names.iter().enumerate().map(summarise).collect();
    let agreements: Vec<Agreement> = summaries
        .iter()
        .enumerate()
        .map(|(variable, summary)| Agreement {
            variable: &summary.name,
            rhat: summary.rhat,
            ess: summary.ess_bulk.min(summary.ess_tail),
            apart: Convergence::new(&draws.by_chain(variable)).apart(),
        })
        .collect();
    judge_alone(draws, &agreements, &mut warnings);
    let worst = summaries.iter().map(|summary| summary.rhat).fold(f64::NAN, f64::max);
    let ess = summaries.iter().map(|summary| summary.ess_bulk.min(summary.ess_tail)).fold(f64::INFINITY, f64::min);
    let because = format!("do the chains agree? largest R-hat {worst:.3}, smallest ESS {ess:.0}; what no chain visited is not seen here");
    (summaries, Verdict::new(warnings, because))
}
