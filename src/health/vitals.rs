//! The figures of a run as it goes, for whoever shows or sends them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::alarm::State;
use crate::calibrate::Drift;
use crate::clock::Clock;

/// The most stages that are told.
pub const STAGES: usize = 8;

/// The figures of a run at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub state: State,
    /// Whether the FAULT line is held active: all is well.
    pub well: bool,
    /// A frame of the camera has come of late.
    pub camera_up: bool,
    /// Armed, and nothing is raised, suspected or there that was not: a moment in which the
    /// watch may begin again.
    pub calm: bool,
    /// Of the last judged frame, in −log10 p; `None` before the first.
    pub score: Option<f32>,
    /// When it was given, milliseconds since 1970-01-01 UTC.
    pub score_unix_ms: Option<u64>,
    /// The same on the clock that never jumps.
    pub score_ms: Option<u64>,
    pub enter_level: f32,
    pub exit_level: f32,
    /// Frames with a score since the start.
    pub judged: u64,
    /// Of these, without the network because nothing moved.
    pub rested: u64,
    /// Alarms that have begun since the start.
    pub alarms: u64,
    pub temperature_c: Option<f32>,
    /// One frame in so many is judged.
    pub judge_every: u32,
    /// False alarms a day that are accepted.
    pub alarms_per_day: Option<f64>,
    /// How far the board is with learning its camera, in a word.
    pub learning: Option<&'static str>,
    /// How much of that phase is done, 0 to 1.
    pub learning_share: Option<f32>,
    /// How the scores of the last day compare with the calibration's; once a day of them
    /// was seen.
    pub drift: Option<Drift>,
    /// Stages of a frame's way, each with its median and its 99 % point in ms.
    pub stages: [Option<(&'static str, [f32; 2])>; STAGES],
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            state: State::WarmUp,
            well: false,
            camera_up: false,
            calm: false,
            score: None,
            score_unix_ms: None,
            score_ms: None,
            enter_level: f32::INFINITY,
            exit_level: f32::INFINITY,
            judged: 0,
            rested: 0,
            alarms: 0,
            temperature_c: None,
            judge_every: 1,
            alarms_per_day: None,
            learning: None,
            learning_share: None,
            drift: None,
            stages: [None; STAGES],
        }
    }
}

/// A [`Reading`] that the judging thread keeps up to date and others look at. Copies
/// share it.
#[derive(Clone, Default)]
pub struct Vitals {
    reading: Arc<Mutex<Reading>>,
    /// A score that is older than so many milliseconds vouches for nothing.
    stale: Option<(Arc<dyn Clock>, u64)>,
}

impl Vitals {
    /// Of a run whose scores are stale after so long: a thread that hangs tells nobody.
    pub fn watched(clock: Arc<dyn Clock>, stale_ms: u64) -> Self {
        Self { stale: Some((clock, stale_ms)), ..Self::default() }
    }

    /// Changes the reading, unless somebody looks at it this very moment: the next
    /// change brings it up to date. Never waits, allocates nothing.
    pub fn note(&self, change: impl FnOnce(&mut Reading)) {
        if let Ok(mut reading) = self.reading.try_lock() {
            change(&mut reading);
        }
    }

    /// The reading as it is now.
    pub fn read(&self) -> Reading {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let (Some((clock, stale_ms)), Some(score_ms)) = (&self.stale, reading.score_ms) {
            reading.well &= clock.monotonic_ms().saturating_sub(score_ms) <= *stale_ms;
        }
        reading
    }
}

impl std::fmt::Debug for Vitals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Vitals").field(&self.read()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;

    #[test]
    fn copies_share_a_reading_and_a_reader_keeps_nobody() {
        let vitals = Vitals::default();
        vitals.clone().note(|reading| reading.judged = 7);
        assert_eq!(vitals.read().judged, 7);
        let held = vitals.reading.lock().unwrap();
        vitals.note(|reading| reading.judged = 8);
        drop(held);
        assert_eq!(vitals.read().judged, 7);
    }

    #[test]
    fn an_old_score_vouches_for_nothing() {
        let clock = Arc::new(SimulatedClock::new(0));
        let vitals = Vitals::watched(clock.clone(), 1000);
        vitals.note(|reading| (reading.well, reading.score_ms) = (true, Some(0)));
        clock.advance_ms(1000);
        assert!(vitals.read().well);
        clock.advance_ms(1);
        assert!(!vitals.read().well);
    }
}
