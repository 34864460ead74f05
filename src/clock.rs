//! Time behind a trait, so that tests decide what time it is.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

/// 2026-01-01, in seconds since 1970-01-01 UTC. No machine that runs this program has an
/// earlier date: a clock that shows one was not set since the start.
pub const EARLIEST_UNIX_S: u64 = 1_767_225_600;

/// Where the program takes its time from.
pub trait Clock: Send + Sync {
    /// Nanoseconds since an arbitrary start, never backwards, counting the
    /// time that the machine was suspended.
    fn monotonic_ns(&self) -> u64;

    /// [`Clock::monotonic_ns`] in whole milliseconds, rounded down.
    fn monotonic_ms(&self) -> u64 {
        self.monotonic_ns() / 1_000_000
    }

    /// Nanoseconds since 1970-01-01 UTC. May jump; for people to read, and for hours of the
    /// day.
    fn wall_ns(&self) -> u64;
}

/// The machine's clocks: `CLOCK_BOOTTIME` and `CLOCK_REALTIME`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn monotonic_ns(&self) -> u64 {
        read_ns(ClockId::Boottime)
    }

    fn wall_ns(&self) -> u64 {
        read_ns(ClockId::Realtime)
    }
}

fn read_ns(id: ClockId) -> u64 {
    let now = clock_gettime(id);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct SimulatedClock {
    monotonic_ns: AtomicU64,
    wall_offset_ns: u64,
}

impl SimulatedClock {
    /// Starts at zero monotonic; wall time runs `wall_offset_ns` ahead of it.
    pub fn new(wall_offset_ns: u64) -> Self {
        Self { monotonic_ns: AtomicU64::new(0), wall_offset_ns }
    }

    pub fn advance_ms(&self, by_ms: u64) {
        self.monotonic_ns.fetch_add(by_ms * 1_000_000, Ordering::Relaxed);
    }

    /// Moves to an instant; an earlier one than now is ignored.
    pub fn set_monotonic_ns(&self, to_ns: u64) {
        self.monotonic_ns.fetch_max(to_ns, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn monotonic_ns(&self) -> u64 {
        self.monotonic_ns.load(Ordering::Relaxed)
    }

    fn wall_ns(&self) -> u64 {
        self.monotonic_ns() + self.wall_offset_ns
    }
}

/// The time of recorded footage: that of the frame that was last shown, with no
/// date. Unlike other clocks it follows footage that jumps back.
#[derive(Debug, Default)]
pub struct FrameClock {
    timestamp_ns: AtomicU64,
}

impl FrameClock {
    /// Moves to a frame's timestamp.
    pub fn show(&self, timestamp_ns: u64) {
        self.timestamp_ns.store(timestamp_ns, Ordering::Relaxed);
    }
}

impl Clock for FrameClock {
    fn monotonic_ns(&self) -> u64 {
        self.timestamp_ns.load(Ordering::Relaxed)
    }

    fn wall_ns(&self) -> u64 {
        self.monotonic_ns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_clock_moves_forward() {
        let (a, b) = (SystemClock.monotonic_ns(), SystemClock.monotonic_ns());
        assert!(b >= a && a > 0);
        assert!(SystemClock.wall_ns() > 1_600_000_000_000_000_000);
    }

    #[test]
    fn simulated_clock_never_goes_back() {
        let clock = SimulatedClock::new(7);
        clock.advance_ms(2);
        clock.set_monotonic_ns(1);
        assert_eq!((clock.monotonic_ns(), clock.monotonic_ms()), (2_000_000, 2));
        assert_eq!(clock.wall_ns(), 2_000_007);
    }

    #[test]
    fn a_frame_clock_stands_at_its_frame_and_follows_it_back() {
        let clock = FrameClock::default();
        assert_eq!(clock.monotonic_ms(), 0);
        for (timestamp_ns, ms) in [(100_999_999, 100), (40_000_000, 40)] {
            clock.show(timestamp_ns);
            assert_eq!((clock.monotonic_ns(), clock.monotonic_ms()), (timestamp_ns, ms));
        }
    }
}
