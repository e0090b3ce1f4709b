//! For tests: which streams a thread has used, so that one that is used twice is seen.

use std::cell::RefCell;

use super::Purpose;

/// Seed, block and purpose.
pub(crate) type Name = (u64, u64, Purpose);

thread_local! {
    static USED: RefCell<Vec<Name>> = const { RefCell::new(Vec::new()) };
}

/// Writes down the first use of a stream.
pub(super) fn enter(unused: &mut Option<Name>) {
    if let Some(name) = unused.take() {
        USED.with_borrow_mut(|used| used.push(name));
    }
}

/// The streams that `body` uses on this thread, in the order of their first use.
pub(crate) fn used_by(body: impl FnOnce()) -> Vec<Name> {
    USED.with_borrow_mut(Vec::clear);
    body();
    USED.take()
}
