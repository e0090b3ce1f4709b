//! What chains do from their starts to their draws: an annealed population, chains that warm up, replicas, a ladder, batches of rows.

mod adapt;
mod anneal;
mod chains;
mod film;
mod minibatch;
mod replicas;
mod schedule;
mod tempering;

pub use anneal::{Annealed, Annealing, anneal};
pub use chains::{Arrival, Chained, Chaining, Known, Rounds, arrive, sample_chains, sample_rounds, sample_untuned};
pub use film::{Film, FilmPlan, Shot};
pub use minibatch::{Batching, ControlVariates, Minibatch, Noise};
pub use replicas::{Exchanged, Replicas, sample_replicas};
pub use schedule::{Schedule, Shape};
pub use tempering::{Ladder, Tempered, sample_tempered};
