//! Control variates that each row has for itself, where a chain last saw it: SAGA.

use super::Minibatch;
use super::estimator::{Estimator, derivatives};
use crate::density::{BatchGradient, LogDensity};
use crate::math::{Block, Lanes};
use crate::sampler::kernels::lanewise::each;
use crate::stored::stored;
use crate::tape::{Batches, Terms};

/// The gradients by u of the rows of each table where each chain last saw them.
pub(super) struct Seen {
    tables: Vec<SeenTable>,
    /// dx/du where the chains are.
    derivative: Vec<Lanes>,
    /// What the rows of the batches add to the estimates.
    added: Vec<Lanes>,
}

struct SeenTable {
    /// `[lane][row][variable]`.
    gradients: Vec<f64>,
    /// Their sums over the rows, `[variable][lane]`.
    sums: Vec<Lanes>,
}

stored!(Seen { tables });
stored!(SeenTable { gradients, sums });

impl Seen {
    /// The shape, for so many chains.
    pub(super) fn unseen(batches: &Batches, dimension: usize, chains: usize) -> Seen {
        let rows = || vec![Lanes::default(); dimension];
        let table = |table| SeenTable { gradients: vec![0.0; chains * batches.rows(table) * dimension], sums: rows() };
        Seen { tables: (0..batches.len()).map(table).collect(), derivative: rows(), added: rows() }
    }

    /// As if each of so many chains had seen all rows at the centre of the coordinates.
    fn at_centre(owner: &Minibatch, batched: &mut BatchGradient, chains: usize) -> Seen {
        let dimension = owner.bounds.len();
        let rows = || vec![Lanes::default(); dimension];
        let (mut u, mut rest) = (rows(), rows());
        owner.coordinates.unconstrained(&rows(), &mut u);
        let derivative = derivatives(&owner.coordinates, &u, owner.model.level());
        owner.coordinates.constrain(&mut u);
        let all = owner.model.batches(usize::MAX, 1);
        let mut tables: Vec<Vec<f64>> = (0..all.len()).map(|table| vec![0.0; all.rows(table) * dimension]).collect();
        batched.terms(&u, &all, 1, &mut rest, &mut |Terms { table, rows, terms, .. }| {
            for (at, &row) in rows.iter().enumerate() {
                for variable in 0..dimension {
                    tables[table][row as usize * dimension + variable] = derivative[variable][0] * terms[variable][at];
                }
            }
        });
        let table = |one: Vec<f64>| {
            let sum = |variable: usize| one.iter().skip(variable).step_by(dimension).sum::<f64>();
            SeenTable { sums: (0..dimension).map(|variable| Lanes::splat(sum(variable))).collect(), gradients: one.repeat(chains) }
        };
        Seen { tables: tables.into_iter().map(table).collect(), derivative, added: rows() }
    }
}

impl Estimator<'_> {
    /// The gradient by u where the chains are by Dubey et al. (2016), algorithm 1: G = rest + Σ α + N/B·Σ (g − α) over the batch, with α
    /// each row's gradient where it was last seen; then α = g.
    pub(super) fn saga(&mut self, gradient: &mut Block) {
        let Estimator { owner, level, active, batched: Some(batched), batches, u, x, row, seen, .. } = self else { return };
        let Seen { tables, derivative, added } = seen.get_or_insert_with(|| Seen::at_centre(owner, batched, *active));
        for ((transform, u), out) in owner.coordinates.transforms.iter().zip(&*u).zip(&mut *derivative) {
            each(*level, |lane| out[lane] = transform.derivative(u[lane]));
        }
        added.fill(Lanes::default());
        batched.terms(x, batches, *active, gradient, &mut |Terms { lane, table, rows, terms }| {
            let SeenTable { gradients, sums } = &mut tables[table];
            let (all, size) = (batches.rows(table), batches.size(table));
            let scale = all as f64 / size as f64;
            let dimension = terms.len();
            for (at, &row) in rows.iter().enumerate() {
                let known = &mut gradients[(lane * all + row as usize) * dimension..][..dimension];
                for (variable, known) in known.iter_mut().enumerate() {
                    let now = derivative[variable][lane] * terms[variable][at];
                    let change = now - std::mem::replace(known, now);
                    sums[variable][lane] += change;
                    // Once it is in the sum.
                    added[variable][lane] += (scale - 1.0) * change;
                }
            }
        });
        for (variable, (transform, slope)) in owner.coordinates.transforms.iter().zip(&mut *gradient).enumerate() {
            slope[*active..].fill(0.0);
            transform.pull_back(*level, &u[variable][..], &mut row[..], &mut slope[..]);
            for sums in tables.iter().map(|table| &table.sums[variable]) {
                each(*level, |lane| slope[lane] += if lane < *active { sums[lane] } else { 0.0 });
            }
            each(*level, |lane| slope[lane] += added[variable][lane]);
        }
    }
}
