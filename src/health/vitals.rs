//! The figures of a run as it goes, for whoever shows or sends them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::alarm::State;

/// The figures of a run at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub state: State,
    /// Whether the FAULT line is held active: all is well.
    pub well: bool,
    /// A frame of the camera has come of late.
    pub camera_up: bool,
    /// Of the last judged frame, in −log10 p; `None` before the first.
    pub score: Option<f32>,
    /// When it was given, milliseconds since 1970-01-01 UTC.
    pub score_unix_ms: Option<u64>,
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
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            state: State::WarmUp,
            well: false,
            camera_up: false,
            score: None,
            score_unix_ms: None,
            enter_level: f32::INFINITY,
            exit_level: f32::INFINITY,
            judged: 0,
            rested: 0,
            alarms: 0,
            temperature_c: None,
            judge_every: 1,
        }
    }
}

/// A [`Reading`] that the judging thread keeps up to date and others look at. Copies
/// share it.
#[derive(Clone, Debug, Default)]
pub struct Vitals(Arc<Mutex<Reading>>);

impl Vitals {
    /// Changes the reading, unless somebody looks at it this very moment: the next
    /// change brings it up to date. Never waits, allocates nothing.
    pub fn note(&self, change: impl FnOnce(&mut Reading)) {
        if let Ok(mut reading) = self.0.try_lock() {
            change(&mut reading);
        }
    }

    /// The reading as it is now.
    pub fn read(&self) -> Reading {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_a_reading_and_a_reader_keeps_nobody() {
        let vitals = Vitals::default();
        vitals.clone().note(|reading| reading.judged = 7);
        assert_eq!(vitals.read().judged, 7);
        let held = vitals.0.lock().unwrap();
        vitals.note(|reading| reading.judged = 8);
        drop(held);
        assert_eq!(vitals.read().judged, 7);
    }
}
