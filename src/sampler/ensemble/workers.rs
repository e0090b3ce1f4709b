//! Threads for blocks of chains and for variables; what is computed never depends on which thread does it.

use crate::error::Result;
#[cfg(feature = "parallel")]
use crate::error::{Error, ErrorKind};

/// Threads that wait for work.
pub(in crate::sampler) struct Workers {
    #[cfg(feature = "parallel")]
    threads: Threads,
}

#[cfg(feature = "parallel")]
enum Threads {
    /// The one that asks.
    Alone,
    /// Those of the pool that it belongs to: that of [`on_threads`], or the machine's.
    Present,
    Own(rayon::ThreadPool),
}

/// More take longer to start than a run.
#[cfg(feature = "parallel")]
const MOST: usize = 1024;

#[cfg(feature = "parallel")]
fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    if threads > MOST {
        return Err(
            Error::new(ErrorKind::Setting, format!("{threads} threads are too many")).hint("--threads of 1024 at most, or 0 for all")
        );
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::new(ErrorKind::Resources, format!("cannot start {threads} threads: {error}")).hint("fewer --threads"))
}

/// As many threads as the machine has, or as many as it gives: half as many, and half again, down to the one that asks.
#[cfg(feature = "parallel")]
fn all() -> &'static rayon::ThreadPool {
    static ALL: std::sync::OnceLock<rayon::ThreadPool> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let started = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().ok();
        let half = std::thread::available_parallelism().map_or(1, usize::from) / 2;
        let fewer = std::iter::successors(Some(half), |threads| Some(threads / 2)).take_while(|threads| *threads > 0);
        // 0 is what rayon takes for all.
        std::iter::once(0).chain(fewer).find_map(started).unwrap_or_else(alone)
    })
}

#[cfg(feature = "parallel")]
fn alone() -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    pool.expect("no thread is started")
}

/// Runs `body` on one of so many threads, which are those that it shares work with; 0 are as many as the machine has. Their stacks are those
/// of `std::thread`.
///
/// # Errors
/// Kind `setting` for more threads than 1024, `resources` if they cannot be started.
#[cfg(feature = "parallel")]
pub fn on_threads<T: Send>(threads: usize, body: impl FnOnce() -> T + Send) -> Result<T> {
    if threads == 0 && rayon::current_thread_index().is_none() {
        return Ok(all().install(body));
    }
    if threads == 0 || threads == rayon::current_num_threads() {
        return Ok(body());
    }
    Ok(pool(threads)?.install(body))
}

/// Runs `body`, on the one thread there is.
///
/// # Errors
/// None.
#[cfg(not(feature = "parallel"))]
pub fn on_threads<T: Send>(_threads: usize, body: impl FnOnce() -> T + Send) -> Result<T> {
    Ok(body())
}

impl Workers {
    /// For so many blocks; 0 threads are those that are there.
    ///
    /// # Errors
    /// Kind `setting` for more threads than 1024, `resources` if they cannot be started.
    #[cfg(feature = "parallel")]
    pub(in crate::sampler) fn new(threads: usize, blocks: usize) -> Result<Workers> {
        let threads = match threads {
            1 => Threads::Alone,
            _ if blocks <= 1 => Threads::Alone,
            0 => Threads::Present,
            _ if threads == rayon::current_num_threads() => Threads::Present,
            _ => Threads::Own(pool(threads)?),
        };
        Ok(Workers { threads })
    }

    #[cfg(not(feature = "parallel"))]
    pub(in crate::sampler) fn new(_threads: usize, _blocks: usize) -> Result<Workers> {
        Ok(Workers {})
    }

    /// How many items it takes at the same time.
    pub(in crate::sampler) fn at_once(&self) -> usize {
        #[cfg(feature = "parallel")]
        return match &self.threads {
            Threads::Alone => 1,
            Threads::Present => rayon::current_num_threads(),
            Threads::Own(pool) => pool.current_num_threads(),
        };
        #[cfg(not(feature = "parallel"))]
        1
    }

    /// Runs `body` on every item.
    #[cfg(feature = "parallel")]
    pub(in crate::sampler) fn each<T: Send>(&self, items: &mut [T], body: impl Fn(&mut T) + Send + Sync) {
        use rayon::prelude::*;
        match &self.threads {
            Threads::Alone => items.iter_mut().for_each(body),
            Threads::Present if rayon::current_thread_index().is_some() => items.par_iter_mut().with_max_len(1).for_each(body),
            Threads::Present => all().install(|| items.par_iter_mut().with_max_len(1).for_each(body)),
            Threads::Own(pool) => pool.install(|| items.par_iter_mut().with_max_len(1).for_each(body)),
        }
    }

    #[cfg(not(feature = "parallel"))]
    pub(in crate::sampler) fn each<T: Send>(&self, items: &mut [T], body: impl Fn(&mut T) + Send + Sync) {
        items.iter_mut().for_each(body);
    }

    /// Runs `body` on so many neighbouring items `together`, and on what belongs to them.
    #[cfg(feature = "parallel")]
    pub(in crate::sampler) fn each_with<T: Send, X: Send>(
        &self,
        items: &mut [T],
        together: usize,
        beside: &mut [X],
        body: impl Fn(&mut [T], &mut X) + Send + Sync,
    ) {
        use rayon::prelude::*;
        let shared = |items: &mut [T], beside: &mut [X]| {
            items.par_chunks_mut(together).zip(beside).with_max_len(1).for_each(|(items, beside)| body(items, beside));
        };
        match &self.threads {
            Threads::Alone => items.chunks_mut(together).zip(beside).for_each(|(items, beside)| body(items, beside)),
            Threads::Present => shared(items, beside),
            Threads::Own(pool) => pool.install(|| shared(items, beside)),
        }
    }

    #[cfg(not(feature = "parallel"))]
    pub(in crate::sampler) fn each_with<T: Send, X: Send>(
        &self,
        items: &mut [T],
        together: usize,
        beside: &mut [X],
        body: impl Fn(&mut [T], &mut X) + Send + Sync,
    ) {
        items.chunks_mut(together).zip(beside).for_each(|(items, beside)| body(items, beside));
    }
}

/// `of` each number below `count`, in order, on so many threads; 0 are those that are there. On one where threads cannot be started.
pub(crate) fn parallel_map<T: Send>(threads: usize, count: usize, of: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    let mut results: Vec<(usize, Option<T>)> = (0..count).map(|index| (index, None)).collect();
    match Workers::new(threads, count) {
        Ok(workers) => workers.each(&mut results, |(index, result)| *result = Some(of(*index))),
        Err(_) => results.iter_mut().for_each(|(index, result)| *result = Some(of(*index))),
    }
    results.into_iter().filter_map(|(_, result)| result).collect()
}

#[cfg(all(test, feature = "parallel"))]
mod tests {
    use super::*;

    #[test]
    fn so_many_threads_are_all_that_there_are() {
        // As passes over rows ask, which are told of no number.
        let seen = || rayon::current_num_threads();
        assert_eq!((on_threads(1, seen), on_threads(3, seen)), (Ok(1), Ok(3)));
        let inside = on_threads(3, || {
            let mut seen_by = vec![0; 8];
            Workers::new(0, 8).unwrap().each(&mut seen_by, |item| *item = seen());
            assert!(matches!(Workers::new(3, 8).unwrap().threads, Threads::Present));
            seen_by
        });
        assert_eq!(inside, Ok(vec![3; 8]));
        assert!([0, 1, 3].map(|threads| on_threads(threads, rayon::current_thread_index)).iter().all(|at| matches!(at, Ok(Some(_)))));
        assert!(on_threads(MOST + 1, seen).is_err() && Workers::new(usize::MAX, 8).is_err());
    }
}
