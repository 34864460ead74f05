//! When a source that delivers nothing usable counts as lost, and how long a
//! lost one is left alone before it is opened again.

use super::SourceError;
use crate::clock::Clock;

const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 30_000;

/// The pauses before the openings of a lost source. The first is half a second,
/// each further one is twice as long, up to half a minute. Each is up to a
/// quarter longer or shorter than that, so that cameras that were lost together do not
/// come back together.
#[derive(Clone, Copy, Debug)]
pub struct Reopening {
    pause_ms: u64,
}

impl Default for Reopening {
    fn default() -> Self {
        Self { pause_ms: FIRST_PAUSE_MS }
    }
}

impl Reopening {
    /// How long to wait before the next opening; `clock` decides by how much
    /// the pause varies.
    pub fn next_pause_ms(&mut self, clock: &dyn Clock) -> u64 {
        let percent = 75 + clock.monotonic_ns() / 1000 % 51;
        let pause_ms = self.pause_ms * percent / 100;
        self.pause_ms = (self.pause_ms * 2).min(LONGEST_PAUSE_MS);
        pause_ms
    }

    /// The source delivers again: its next loss begins with the first pause.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Notices a source that delivers nothing but damaged frames.
#[derive(Clone, Copy, Debug)]
pub struct Starvation {
    limit_ms: u64,
    fed_ms: u64,
}

impl Starvation {
    /// A source that was opened at `now_ms` and may be without a usable frame
    /// for less than `limit_ms`. Every time is of one clock of the caller's.
    pub fn new(limit_ms: u64, now_ms: u64) -> Self {
        Self { limit_ms, fed_ms: now_ms }
    }

    /// A usable frame has come.
    pub fn feed(&mut self, now_ms: u64) {
        self.fed_ms = now_ms;
    }

    /// A damaged frame has come; `flaw` says what is wrong with it.
    ///
    /// # Errors
    /// [`Disconnected`](super::SourceErrorKind::Disconnected) once the limit is
    /// reached: the source is as good as lost.
    pub fn starve(&self, flaw: &str, now_ms: u64) -> Result<(), SourceError> {
        if now_ms.saturating_sub(self.fed_ms) < self.limit_ms {
            return Ok(());
        }
        let limit_ms = self.limit_ms;
        let what = format!("no usable frame for {limit_ms} ms, the last one: {flaw}");
        Err(SourceError::disconnected(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::SourceErrorKind;
    use crate::clock::SimulatedClock;

    #[test]
    fn pauses_grow_to_a_limit_and_start_over_when_frames_come() {
        let clock = SimulatedClock::new(0);
        clock.set_monotonic_ns(25_000);
        let mut reopening = Reopening::default();
        let pauses: Vec<u64> = (0..8).map(|_| reopening.next_pause_ms(&clock)).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        reopening.reset();
        assert_eq!(reopening.next_pause_ms(&clock), 500);
    }

    #[test]
    fn pauses_vary_by_a_quarter() {
        let clock = SimulatedClock::new(0);
        for us in 0..200 {
            clock.set_monotonic_ns(us * 1000);
            let mut reopening = Reopening::default();
            let pauses: Vec<u64> = (0..8).map(|_| reopening.next_pause_ms(&clock)).collect();
            assert!((375..=625).contains(&pauses[0]), "{pauses:?}");
            assert!((22_500..=37_500).contains(&pauses[7]), "{pauses:?}");
        }
    }

    #[test]
    fn a_source_starves_when_no_frame_is_usable_for_the_limit() {
        let mut starvation = Starvation::new(100, 1000);
        assert_eq!(starvation.starve("torn", 1099), Ok(()));
        starvation.feed(1050);
        assert_eq!(starvation.starve("torn", 1149), Ok(()));
        let error = starvation.starve("torn", 1150).unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Disconnected);
        assert_eq!(error.to_string(), "no usable frame for 100 ms, the last one: torn");
    }
}
