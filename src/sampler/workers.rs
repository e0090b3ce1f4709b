//! Threads for blocks of chains and for variables; what is computed never depends on which thread does it.

use crate::error::Result;
#[cfg(feature = "parallel")]
use crate::error::{Error, ErrorKind};

/// Threads that wait for work.
pub(super) struct Workers {
    #[cfg(feature = "parallel")]
    pool: Option<rayon::ThreadPool>,
}

impl Workers {
    /// For so many blocks; 0 threads are as many as the machine has.
    ///
    /// # Errors
    /// Kind `setting` if the threads cannot be started.
    #[cfg(feature = "parallel")]
    pub(super) fn new(threads: usize, blocks: usize) -> Result<Workers> {
        if threads == 1 || blocks <= 1 {
            return Ok(Workers { pool: None });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| Error::new(ErrorKind::Setting, format!("cannot start {threads} threads: {error}")).hint("fewer --threads"))?;
        Ok(Workers { pool: Some(pool) })
    }

    #[cfg(not(feature = "parallel"))]
    pub(super) fn new(_threads: usize, _blocks: usize) -> Result<Workers> {
        Ok(Workers {})
    }

    /// Runs `body` on every item.
    #[cfg(feature = "parallel")]
    pub(super) fn each<T: Send>(&self, items: &mut [T], body: impl Fn(&mut T) + Send + Sync) {
        use rayon::prelude::*;
        match &self.pool {
            Some(pool) => pool.install(|| items.par_iter_mut().with_max_len(1).for_each(body)),
            None => items.iter_mut().for_each(body),
        }
    }

    #[cfg(not(feature = "parallel"))]
    pub(super) fn each<T: Send>(&self, items: &mut [T], body: impl Fn(&mut T) + Send + Sync) {
        items.iter_mut().for_each(body);
    }
}

/// `of` each number below `count`, in order, on so many threads; 0 are as many as the machine has. On one where threads cannot be started.
pub(crate) fn parallel_map<T: Send>(threads: usize, count: usize, of: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    let mut results: Vec<(usize, Option<T>)> = (0..count).map(|index| (index, None)).collect();
    match Workers::new(threads, count) {
        Ok(workers) => workers.each(&mut results, |(index, result)| *result = Some(of(*index))),
        Err(_) => results.iter_mut().for_each(|(index, result)| *result = Some(of(*index))),
    }
    results.into_iter().filter_map(|(_, result)| result).collect()
}
