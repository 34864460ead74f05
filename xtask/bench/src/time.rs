//! What one prediction takes: time on the clock, and of all cores.

use rustix::time::{ClockId, clock_gettime};

/// Of one prediction, or the medians of some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    pub wall_ms: f64,
    /// Of all threads of the process.
    pub cpu_ms: f64,
}

/// CPU time of this process so far.
pub(super) fn cpu_ms() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
