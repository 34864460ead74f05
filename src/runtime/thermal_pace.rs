//! How many of the frames are judged, and how heat lowers that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Time from one step to the next: a processor needs some to cool down.
const STEP_MS: u64 = 10_000;
/// Below the limit by so much, a step is taken back.
const COOLER_C: f32 = 5.0;
/// At most so many frames to one that is judged.
pub const SLOWEST_PACE: u32 = 8;
/// Without a reading for so long nobody knows whether it is hot.
const UNKNOWN_MS: u64 = 60_000;

/// How many of the frames are judged: one in so many. Clones share it.
#[derive(Clone, Debug)]
pub struct Pace(Arc<AtomicU32>);

impl Default for Pace {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(1)))
    }
}

impl Pace {
    /// Judges one frame in `every`, at least 1; all of them at 1.
    pub fn set(&self, every: u32) {
        self.0.store(every.max(1), Ordering::Relaxed);
    }

    pub fn every(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Turns temperatures into a pace: at the limit every second frame is judged,
/// then every fourth, then every eighth, until it gets no hotter; cooler by 5 °C
/// and one step is taken back. Better fewer judgements of our own choosing than
/// a clock that the processor lowers for everybody.
#[derive(Clone, Debug)]
pub struct ThermalPace {
    limit_c: f32,
    every: u32,
    stepped_ms: Option<u64>,
    /// When there was a reading.
    read_ms: u64,
}

impl ThermalPace {
    pub fn new(limit_c: f32) -> Self {
        Self { limit_c, every: 1, stepped_ms: None, read_ms: 0 }
    }

    /// Takes a reading; gives the new pace where it changes. A missing reading
    /// changes nothing, unless they are missing for a minute: every frame is judged
    /// again then.
    pub fn step(&mut self, now_ms: u64, now_c: Option<f32>) -> Option<u32> {
        let now_c = now_c.filter(|now_c| now_c.is_finite());
        if now_c.is_some() {
            self.read_ms = now_ms;
        } else if self.every > 1 && now_ms.saturating_sub(self.read_ms) >= UNKNOWN_MS {
            (self.every, self.stepped_ms) = (1, None);
            return Some(1);
        }
        if self.stepped_ms.is_some_and(|at| now_ms.saturating_sub(at) < STEP_MS) {
            return None;
        }
        let now_c = now_c?;
        let every = match self.every {
            every if now_c >= self.limit_c => (2 * every).min(SLOWEST_PACE),
            every if now_c < self.limit_c - COOLER_C => (every / 2).max(1),
            every => every,
        };
        if every == self.every {
            return None;
        }
        (self.every, self.stepped_ms) = (every, Some(now_ms));
        Some(every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_slows_step_by_step_and_cool_air_hurries() {
        let mut pace = ThermalPace::new(80.0);
        let readings = [
            (0, 79.9, None),
            (5_000, 80.0, Some(2)),
            (14_000, 90.0, None),
            (15_000, 84.0, Some(4)),
            (25_000, 77.0, None),
            (30_000, 81.0, Some(8)),
            (60_000, 99.0, None),
            (70_000, 74.9, Some(4)),
            (79_000, 60.0, None),
            (80_000, 60.0, Some(2)),
            (90_000, 60.0, Some(1)),
            (100_000, 60.0, None),
        ];
        for (now_ms, now_c, expected) in readings {
            assert_eq!(pace.step(now_ms, Some(now_c)), expected, "at {now_ms} ms");
        }
    }

    #[test]
    fn a_lost_sensor_changes_nothing_for_a_minute() {
        let mut pace = ThermalPace::new(80.0);
        assert_eq!(pace.step(0, Some(85.0)), Some(2));
        assert_eq!(pace.step(20_000, None), None);
        assert_eq!(pace.step(30_000, Some(f32::NAN)), None);
        assert_eq!(pace.step(59_999, None), None);
        assert_eq!(pace.step(60_000, None), Some(1));
        assert_eq!(pace.step(62_000, None), None);
        assert_eq!(pace.step(64_000, Some(85.0)), Some(2), "the sensor is back");
    }
}
