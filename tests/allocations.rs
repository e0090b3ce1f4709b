//! The run loop allocates nothing: twice the steps cost not one allocation more.
//!
//! This file is a crate of its own with one test, as the allocator counts for the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use langevin::density::{LogDensity, Meaning, Model};
use langevin::sampler::{Annealing, Chaining, Control, Guard, Nuts, Schedule, Sgld, Start, anneal, population, sample_chains};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of a run of so many steps.
fn count(model: &Model, guard: Guard, steps: usize) -> usize {
    let settings = Annealing {
        chains: 600,
        steps,
        step_size: Schedule::geometric(0.1, 0.01),
        temperature: Schedule::constant(1.0),
        starts: vec![Start::Uniform { low: 0.1, high: 0.9 }; model.dimension()],
        seed: 1,
        threads: 1,
    };
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    anneal(model, &Sgld::new(model.bounds(), guard), &settings, None, &Control::default()).unwrap();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// Allocations of chains of so many steps a draw.
fn count_of_chains(model: &Model, thin: usize) -> usize {
    let starts = population(&vec![Start::Uniform { low: 0.1, high: 0.9 }; model.dimension()], model, 1, 300);
    let settings = Chaining { warmup: 40, draws: 5, thin, threads: 1, ..Chaining::default() };
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    sample_chains(model, &Nuts::new(model.level()), &settings, &starts, &Control::default()).unwrap();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn steps_allocate_nothing() {
    let banana = Model::new("exp(-x^2/2 - (y - x^2)^2/2)", Meaning::Density, &[]).unwrap();
    count_of_chains(&banana, 1);
    assert_eq!(count_of_chains(&banana, 2), count_of_chains(&banana, 6), "a step of a chain allocates");
    for formula in
        ["(x-0.4)^4 - (x-0.2)^2 + 0.6", "exp(-sum(i in 1..10, (x[i] - x[1]/i)^2)) + exp(-x[2]^2)", "if(x > 0.5, gamma(x), max(x, 0))"]
    {
        let model = Model::new(formula, Meaning::Density, &[]).unwrap();
        for guard in [Guard::None, Guard::Refuse] {
            count(&model, guard, 100);
            let (short, long) = (count(&model, guard, 100), count(&model, guard, 200));
            assert_eq!(short, long, "{formula}: a step allocates");
        }
    }
}
