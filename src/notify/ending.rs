//! The end of the program, as all outlets share it: one moment for all of them.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long all outlets together keep a program that ends.
const PATIENCE: Duration = Duration::from_millis(1500);

/// When whoever delivers must have ended. The first who asks sets it for all.
#[derive(Debug, Default)]
pub(super) struct Ending {
    deadline: OnceLock<Instant>,
    threads: Mutex<Vec<Thread>>,
}

impl Ending {
    /// Wakes this thread when the end is asked for.
    pub fn wakes(&self, thread: Thread) {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
    }

    /// The program ends: all deliver what they can at once, and no longer than the
    /// moment that this returns.
    pub fn ask(&self) -> Instant {
        let deadline = *self.deadline.get_or_init(|| Instant::now() + PATIENCE);
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.iter().for_each(Thread::unpark);
        deadline
    }

    pub fn is_asked(&self) -> bool {
        self.deadline.get().is_some()
    }

    /// So much time, or what is left of it.
    pub fn left_of(&self, wanted: Duration) -> Duration {
        let left = self.deadline.get().map(|end| end.saturating_duration_since(Instant::now()));
        left.map_or(wanted, |left| left.min(wanted))
    }
}
