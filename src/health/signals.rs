//! What the lines tell at this moment, for outputs that are not lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::clock::Clock;

const ALARM: u8 = 1;
const WELL: u8 = 2;

/// What there is to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signal {
    /// The alarm line is wanted active, whatever its pattern does at this moment.
    pub alarm: bool,
    /// The fault line is held active: all is well.
    pub well: bool,
}

/// A [`Signal`] that the judging thread keeps up to date and others look at. Copies
/// share it; nobody waits for anybody.
#[derive(Clone, Default)]
pub struct Signals {
    shared: Arc<(AtomicU8, AtomicU64)>,
    /// A signal that is older than so many milliseconds does not say that all is well.
    stale: Option<(Arc<dyn Clock>, u64)>,
}

impl Signals {
    /// Of a judging thread that speaks so often while it does not hang.
    pub fn watched(clock: Arc<dyn Clock>, stale_ms: u64) -> Self {
        Self { stale: Some((clock, stale_ms)), ..Self::default() }
    }

    /// What the lines are to tell from now on.
    pub fn set(&self, signal: Signal, now_ms: u64) {
        let bits = (u8::from(signal.alarm) * ALARM) | (u8::from(signal.well) * WELL);
        self.shared.1.store(now_ms, Ordering::Release);
        self.shared.0.store(bits, Ordering::Release);
    }

    /// As it is now: an alarm stays one, however old it is.
    pub fn now(&self) -> Signal {
        let bits = self.shared.0.load(Ordering::Acquire);
        let set_ms = self.shared.1.load(Ordering::Acquire);
        let is_fresh = self.stale.as_ref().is_none_or(|(clock, stale_ms)| {
            clock.monotonic_ms().saturating_sub(set_ms) <= *stale_ms
        });
        Signal { alarm: bits & ALARM != 0, well: bits & WELL != 0 && is_fresh }
    }
}

impl std::fmt::Debug for Signals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signals").field(&self.now()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;

    #[test]
    fn a_thread_that_hangs_is_not_well_and_its_alarm_stays() {
        let clock = Arc::new(SimulatedClock::new(0));
        let signals = Signals::watched(clock.clone(), 1000);
        assert_eq!(signals.now(), Signal::default());
        signals.clone().set(Signal { alarm: true, well: true }, 0);
        clock.advance_ms(1000);
        assert_eq!(signals.now(), Signal { alarm: true, well: true });
        clock.advance_ms(1);
        assert_eq!(signals.now(), Signal { alarm: true, well: false });
    }
}
