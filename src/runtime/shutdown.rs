//! The flag that ends a run.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

/// A flag that SIGINT, SIGTERM or the program itself raises once.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<AtomicBool>);

const SLICE_MS: u64 = 20;

impl Shutdown {
    /// A flag that only [`Shutdown::request`] raises.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag that the termination signals raise; a second signal ends the
    /// process the hard way.
    ///
    /// # Errors
    /// The handlers could not be installed.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, shutdown.0.clone())?;
            signal_hook::flag::register(signal, shutdown.0.clone())?;
        }
        Ok(shutdown)
    }

    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Sleeps, but no longer than until the flag is raised. Returns whether it
    /// is.
    pub fn sleep_ms(&self, ms: u64) -> bool {
        let mut left_ms = ms;
        while left_ms > 0 && !self.is_requested() {
            let slice_ms = left_ms.min(SLICE_MS);
            thread::sleep(Duration::from_millis(slice_ms));
            left_ms -= slice_ms;
        }
        self.is_requested()
    }
}
