//! The draws of blocks, as they come, and of all of them chain by chain.

use super::draws::Draws;
use crate::error::Result;
use crate::math::Lanes;
use crate::sampler::kernels::StepInfo;
use crate::stored::{Archive, Stored, foreign};

/// What each draw's step did, chain by chain as the draws.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statistics {
    /// Acceptance probability.
    pub acceptance: Vec<f64>,
    /// Energy, −log p and the kinetic part.
    pub energy: Vec<f64>,
    /// 1 where the trajectory diverged, else 0.
    pub divergent: Vec<f64>,
}

/// The draws of one block, `[variable][draw][lane in use]`.
#[derive(Debug, Clone)]
pub(in crate::sampler) struct Record {
    /// The variables, then acceptance, energy, divergence.
    columns: Vec<Vec<f64>>,
    active: usize,
    pub(in crate::sampler) draws: usize,
}

impl Record {
    pub(in crate::sampler) fn new(dimension: usize, active: usize) -> Record {
        Record { columns: vec![Vec::new(); dimension + 3], active, draws: 0 }
    }

    /// Sets aside what so many more draws need.
    pub(in crate::sampler) fn reserve(&mut self, draws: usize) {
        self.columns.iter_mut().for_each(|column| column.reserve_exact(draws * self.active));
    }

    /// Adds a draw.
    pub(in crate::sampler) fn add(&mut self, positions: &[Lanes], info: &StepInfo) {
        let rows = positions.iter().chain([&info.acceptance, &info.energy, &info.divergent]);
        for (column, row) in self.columns.iter_mut().zip(rows) {
            column.extend_from_slice(&row[..self.active]);
        }
        self.draws += 1;
    }
}

impl Stored for Record {
    fn pass(&mut self, archive: &mut Archive<'_>) -> Result<()> {
        self.draws.pass(archive)?;
        let length = self.draws.checked_mul(self.active);
        for column in &mut self.columns {
            archive.list(column)?;
            if Some(column.len()) != length {
                return Err(foreign("not as many numbers as draws"));
            }
        }
        Ok(())
    }
}

/// Records as one, chain by chain; as many draws as every record has.
pub(in crate::sampler) fn gathered<'r>(records: impl Iterator<Item = &'r Record> + Clone) -> (Draws, Statistics) {
    let draws = records.clone().map(|record| record.draws).min().unwrap_or(0);
    let chains: usize = records.clone().map(|record| record.active).sum();
    let gather = |number: usize| -> Vec<f64> {
        let mut column = Vec::with_capacity(chains * draws);
        for Record { columns, active, .. } in records.clone() {
            for lane in 0..*active {
                column.extend((0..draws).map(|draw| columns[number][draw * active + lane]));
            }
        }
        column
    };
    let dimension = records.clone().next().map_or(0, |record| record.columns.len() - 3);
    let columns = (0..dimension).map(gather).collect();
    let [acceptance, energy, divergent] = [0, 1, 2].map(|number| if chains == 0 { Vec::new() } else { gather(dimension + number) });
    (Draws::from_columns(columns, chains), Statistics { acceptance, energy, divergent })
}
