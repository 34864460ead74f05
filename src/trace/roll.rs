//! From what the state machine is told to stretches of the trace.

use super::chunk::Chunk;
use crate::alarm::{AlarmConfig, Input};
use crate::calibrate::{Budget, Calibration};

/// The largest budget that alarms are counted for, in alarms a day.
pub(super) const LARGEST_BUDGET: f64 = 100.0;

/// A stretch is put away after so long, or once it is so large.
const LONGEST_MS: u64 = 15 * 60 * 1000;
const LARGEST_BYTES: usize = 64 * 1024;

/// How a calibration's scores are to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Two traces with the same one were scored alike.
    pub(super) id: u64,
    /// No budget's exit level is below it.
    pub(super) floor: f32,
    /// How long a score must be low until an alarm ends.
    pub(super) hold_ms: u64,
}

impl Scale {
    /// Of scores by this calibration, for an alarm of this kind.
    pub fn new(calibration: &Calibration, alarm: &AlarmConfig) -> Self {
        let min_duration_ms = alarm.min_duration_ms;
        let largest = Budget { alarms_per_day: LARGEST_BUDGET, min_duration_ms };
        let digits = calibration.sha256();
        let of_calibration = digits.get(..16).and_then(|d| u64::from_str_radix(d, 16).ok());
        Self {
            id: of_calibration.unwrap_or_default() ^ u64::from(min_duration_ms),
            floor: largest.levels(calibration).exit_level,
            hold_ms: u64::from(alarm.hold_ms),
        }
    }
}

/// The stretch that is being written.
#[derive(Clone, Debug)]
pub(super) struct Roll {
    scale: Scale,
    chunk: Chunk,
    armed: bool,
    /// Scores that matter to no budget, from and to.
    quiet: Option<(u64, u64)>,
    /// When such scores began, since something was last told that does matter.
    quiet_since_ms: Option<u64>,
    /// Whether no alarm can be ending any more: then one moment of quiet is like another.
    is_over: bool,
}

impl Roll {
    /// A machine begins.
    pub fn new(run: u64, scale: Scale, now_ms: u64, armed: bool) -> Self {
        let chunk = Chunk::begin(run, scale.id, now_ms, armed, true);
        Self { scale, chunk, armed, quiet: None, quiet_since_ms: None, is_over: false }
    }

    pub fn tell(&mut self, now_ms: u64, input: Input) {
        match input {
            Input::Tick | Input::Levels { .. } => {}
            Input::Score(score) if score < self.scale.floor => {
                if let (true, Some((_, last_ms))) = (self.is_over, &mut self.quiet) {
                    *last_ms = now_ms;
                    return;
                }
                // While an alarm may be ending, each quiet moment counts.
                self.end_quiet();
                self.quiet = Some((now_ms, now_ms));
                let since_ms = *self.quiet_since_ms.get_or_insert(now_ms);
                self.is_over = now_ms - since_ms >= self.scale.hold_ms;
            }
            input => {
                self.end_quiet();
                self.chunk.tell(now_ms, input);
                (self.quiet_since_ms, self.is_over) = (None, false);
                self.armed = match input {
                    Input::Arm => true,
                    Input::Disarm => false,
                    _ => self.armed,
                };
            }
        }
    }

    fn end_quiet(&mut self) {
        if let Some((first_ms, last_ms)) = self.quiet.take() {
            self.chunk.quiet(first_ms, last_ms);
        }
    }

    /// Whether the stretch should be put away.
    pub fn is_due(&self, now_ms: u64) -> bool {
        let lasted_ms = now_ms.saturating_sub(self.chunk.begin_ms);
        lasted_ms >= LONGEST_MS || self.chunk.bytes() >= LARGEST_BYTES
    }

    /// The stretch so far, dated by how far the date is ahead of the run's clock.
    pub fn so_far(&self, ahead_ms: Option<u64>) -> Chunk {
        let mut roll = self.clone();
        roll.end_quiet();
        let begin_ms = roll.chunk.begin_ms;
        roll.chunk.unix_ms = ahead_ms.map_or(0, |ahead_ms| begin_ms + ahead_ms);
        roll.chunk
    }

    /// The same, and begins the next one; `None` if nothing was told.
    pub fn cut(&mut self, ahead_ms: Option<u64>) -> Option<Chunk> {
        let done = self.so_far(ahead_ms);
        let Chunk { run, scale, end_ms, .. } = done;
        self.quiet = None;
        let fresh = done.is_empty() && done.fresh;
        self.chunk = Chunk::begin(run, scale, end_ms, self.armed, fresh);
        (!done.is_empty()).then_some(done)
    }
}
