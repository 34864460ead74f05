//! Debouncing of inputs whose chip cannot do it.

use embedded_hal::digital::PinState;

/// Lets a level through once it has stood for a while. Contacts bounce for
/// some milliseconds; so do long wires beside motors.
#[derive(Clone, Copy, Debug)]
pub struct Debouncer {
    period_ms: u64,
    settled: Option<PinState>,
    candidate: Option<(PinState, u64)>,
}

impl Debouncer {
    /// With a period of 0 every level passes at once.
    pub fn new(period_ms: u32) -> Self {
        Self { period_ms: period_ms.into(), settled: None, candidate: None }
    }

    /// Takes what the pin shows at `now_ms` and gives what it means: the level
    /// that last stood long enough. The very first level counts at once.
    pub fn settle(&mut self, now_ms: u64, level: PinState) -> PinState {
        let settled = *self.settled.get_or_insert(level);
        if level == settled {
            self.candidate = None;
            return settled;
        }
        let since_ms = match self.candidate {
            Some((candidate, since_ms)) if candidate == level => since_ms,
            _ => now_ms,
        };
        if now_ms.saturating_sub(since_ms) >= self.period_ms {
            self.candidate = None;
            self.settled = Some(level);
            return level;
        }
        self.candidate = Some((level, since_ms));
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_level_that_stands_passes() {
        let mut debouncer = Debouncer::new(50);
        let (low, high) = (PinState::Low, PinState::High);
        for (now_ms, level, expected) in [
            (0, low, low),
            (10, high, low),
            (20, low, low),
            (30, high, low),
            (79, high, low),
            (80, high, high),
            (90, low, high),
            (139, low, high),
            (200, low, low),
        ] {
            assert_eq!(debouncer.settle(now_ms, level), expected, "at {now_ms} ms");
        }
    }

    #[test]
    fn without_a_period_everything_passes() {
        let mut debouncer = Debouncer::new(0);
        for level in [PinState::High, PinState::Low, PinState::High] {
            assert_eq!(debouncer.settle(0, level), level);
        }
    }
}
