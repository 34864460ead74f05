//! What the page orders, on its way to the thread that judges.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::alarm::Input;
use crate::clock::Clock;

/// The page's side and the judging thread's: copies share it.
#[derive(Clone)]
pub struct Orders {
    waiting: Arc<Waiting>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Waiting {
    /// The last of each kind counts: levels, arming, acknowledgement.
    inputs: Mutex<[Option<Input>; 3]>,
    /// When a snooze ends, on the clock that never jumps; 0 without one.
    until_ms: AtomicU64,
}

impl Orders {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { waiting: Arc::default(), clock }
    }

    pub(super) fn give(&self, input: Input) {
        let kind = match input {
            Input::Levels { .. } => 0,
            Input::Arm | Input::Disarm => {
                self.forget_snooze();
                1
            }
            _ => 2,
        };
        self.lock()[kind] = Some(input);
    }

    /// Disarms for so long.
    pub(super) fn snooze(&self, for_ms: u64) {
        let mut inputs = self.lock();
        inputs[1] = Some(Input::Disarm);
        let until_ms = self.clock.monotonic_ms().saturating_add(for_ms).max(1);
        self.waiting.until_ms.store(until_ms, Ordering::Release);
    }

    /// Somebody else armed or disarmed: that counts.
    pub fn forget_snooze(&self) {
        self.waiting.until_ms.store(0, Ordering::Release);
    }

    /// Whether it is disarmed for a while only.
    pub fn is_snoozing(&self) -> bool {
        self.snoozes_for_ms().is_some()
    }

    /// How long the snooze goes on; `None` without one.
    pub(super) fn snoozes_for_ms(&self) -> Option<u64> {
        let until_ms = self.waiting.until_ms.load(Ordering::Acquire);
        (until_ms > 0).then(|| until_ms.saturating_sub(self.clock.monotonic_ms()))
    }

    /// The next one that is due. Never waits.
    pub fn next(&self) -> Option<Input> {
        let mut inputs = self.waiting.inputs.try_lock().ok()?;
        if let Some(input) = inputs.iter_mut().find_map(Option::take) {
            return Some(input);
        }
        let until_ms = self.waiting.until_ms.load(Ordering::Acquire);
        if until_ms == 0 || self.clock.monotonic_ms() < until_ms {
            return None;
        }
        self.forget_snooze();
        Some(Input::Arm)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, [Option<Input>; 3]> {
        self.waiting.inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Orders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orders").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;

    #[test]
    fn a_snooze_arms_again_when_its_time_has_come_unless_somebody_else_did() {
        let clock = Arc::new(SimulatedClock::new(0));
        let orders = Orders::new(clock.clone());
        orders.snooze(60_000);
        assert_eq!((orders.next(), orders.next()), (Some(Input::Disarm), None));
        clock.advance_ms(59_999);
        assert_eq!((orders.next(), orders.snoozes_for_ms()), (None, Some(1)));
        clock.advance_ms(1);
        assert_eq!((orders.next(), orders.next()), (Some(Input::Arm), None));
        assert_eq!(orders.snoozes_for_ms(), None);
        orders.snooze(1000);
        orders.give(Input::Disarm);
        clock.advance_ms(5000);
        assert_eq!((orders.next(), orders.next()), (Some(Input::Disarm), None));
    }

    #[test]
    fn the_last_order_of_each_kind_counts() {
        let orders = Orders::new(Arc::new(SimulatedClock::new(0)));
        for input in [Input::Arm, Input::Acknowledge, Input::Disarm] {
            orders.give(input);
        }
        let all: Vec<_> = std::iter::from_fn(|| orders.next()).collect();
        assert_eq!(all, [Input::Disarm, Input::Acknowledge]);
    }
}
