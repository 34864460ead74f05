//! The flag that ends a run.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::capture::Wake;
use crate::clock::{Clock, SystemClock};

/// A flag that a signal or the program itself raises once.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    requested: Arc<AtomicBool>,
    urges: Arc<AtomicU32>,
    purpose: Arc<AtomicU8>,
    wake: Wake,
}

const SLICE_MS: u64 = 20;

/// What an end is for.
const UNKNOWN: u8 = 0;
const AGAIN: u8 = 1;
const END: u8 = 2;

impl Shutdown {
    /// A flag that only [`Shutdown::request`] and [`Shutdown::urge`] raise.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag that SIGINT, SIGTERM and SIGHUP raise; a second signal ends the
    /// process the hard way.
    ///
    /// # Errors
    /// The handlers could not be installed.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let flag = &shutdown.requested;
            signal_hook::flag::register_conditional_default(signal, flag.clone())?;
            signal_hook::flag::register(signal, flag.clone())?;
            // Behind the flag: whoever is woken must see it.
            signal_hook::low_level::pipe::register(signal, shutdown.wake.raiser()?)?;
        }
        Ok(shutdown)
    }

    pub fn request(&self) {
        self.requested.store(true, Ordering::Release);
        self.wake.raise();
    }

    /// What ends the waits of a source once the flag is raised.
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// Requests the end in the name of somebody outside, whose patience counts:
    /// see [`Shutdown::urges`].
    pub fn urge(&self) {
        self.purpose.store(END, Ordering::Release);
        self.ask();
    }

    fn ask(&self) {
        self.urges.fetch_add(1, Ordering::AcqRel);
        self.request();
    }

    /// [`Shutdown::urge`], because the run is to begin again at once. Whoever wants it to
    /// end, before or after, has the last word.
    pub fn urge_to_reload(&self) {
        let order = Ordering::AcqRel;
        let _ = self.purpose.compare_exchange(UNKNOWN, AGAIN, order, Ordering::Acquire);
        self.ask();
    }

    /// Whether the run that ends is to begin again at once.
    pub fn is_to_reload(&self) -> bool {
        self.purpose.load(Ordering::Acquire) == AGAIN
    }

    /// How often somebody outside has asked for the end.
    pub fn urges(&self) -> u32 {
        self.urges.load(Ordering::Acquire)
    }

    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Acquire)
    }

    /// Sleeps, but no longer than until the flag is raised. Returns whether it
    /// is. A machine that is suspended meanwhile, or starved, does not make it
    /// longer: it ends at a time of the clock that supervises it.
    pub fn sleep_ms(&self, ms: u64) -> bool {
        self.sleep_by(&SystemClock, ms, thread::sleep)
    }

    fn sleep_by(&self, clock: &dyn Clock, ms: u64, nap: impl Fn(Duration)) -> bool {
        let until_ms = clock.monotonic_ms().saturating_add(ms);
        while !self.is_requested() {
            let left_ms = until_ms.saturating_sub(clock.monotonic_ms());
            if left_ms == 0 {
                break;
            }
            nap(Duration::from_millis(left_ms.min(SLICE_MS)));
        }
        self.is_requested()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::clock::SimulatedClock;

    #[test]
    fn a_suspended_machine_does_not_sleep_on() {
        let (clock, naps) = (SimulatedClock::new(0), Cell::new(0));
        let nap = |nap: Duration| {
            naps.set(naps.get() + 1);
            let suspended_ms = if naps.get() == 3 { 60_000 } else { 0 };
            clock.advance_ms(nap.as_millis() as u64 + suspended_ms);
        };
        assert!(!Shutdown::new().sleep_by(&clock, 30_000, nap));
        assert_eq!(naps.get(), 3);
    }

    #[test]
    fn whoever_wants_an_end_has_the_last_word() {
        let [both, other, alone] = [(); 3].map(|()| Shutdown::new());
        both.urge_to_reload();
        both.urge();
        other.urge();
        other.urge_to_reload();
        alone.urge_to_reload();
        assert!(both.is_requested() && other.is_requested() && alone.is_requested());
        assert_eq!([both, other, alone].map(|s| s.is_to_reload()), [false, false, true]);
    }

    #[test]
    fn a_request_ends_a_sleep() {
        let (clock, shutdown) = (SimulatedClock::new(0), Shutdown::new());
        let nap = |nap: Duration| {
            clock.advance_ms(nap.as_millis() as u64);
            if clock.monotonic_ms() >= 100 {
                shutdown.urge();
            }
        };
        assert!(shutdown.sleep_by(&clock, 30_000, nap));
        assert_eq!((clock.monotonic_ms(), shutdown.urges()), (100, 1));
    }
}
