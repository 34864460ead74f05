//! How many requests may be at the disk at the same time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Requests that are answered at the same time; each is one thread.
pub(super) const WORKERS: usize = 8;

/// A disk may hang, and whoever asks of it waits: the other threads go on answering.
const AT_ONCE: usize = WORKERS - 2;

/// On a disk that works a turn comes sooner.
const PATIENCE: Duration = Duration::from_millis(200);

/// The turns that there are.
#[derive(Debug, Default)]
pub(super) struct Turns {
    taken: Mutex<usize>,
    given_back: Condvar,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// `None` where there is none for a moment, as while the disk hangs.
    pub fn take(&self) -> Option<Turn<'_>> {
        let none_left = |taken: &mut usize| *taken >= AT_ONCE;
        let waited = self.given_back.wait_timeout_while(self.lock(), PATIENCE, none_left);
        let (mut taken, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        *taken += 1;
        Some(Turn(self))
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.lock() -= 1;
        self.0.given_back.notify_one();
    }
}

/// Whether a disk is read or written for the answer; all others are given from memory.
pub(super) fn needs_disk(path: &str) -> bool {
    let orders = ["/order/review", "/order/budget", "/order/undo"];
    path.starts_with("/events/") || orders.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_hangs_leaves_threads_to_the_others() {
        let turns = Turns::default();
        let mut hung: Vec<_> = (0..AT_ONCE).map(|_| turns.take().unwrap()).collect();
        assert!(hung.len() < WORKERS);
        assert!(turns.take().is_none());
        hung.pop();
        assert!(turns.take().is_some());
    }
}
