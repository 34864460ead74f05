//! What the events of a run have in common.

use super::situation::{ClockQuality, Moment, Place};
use crate::config::Zone;

/// What a run is, beside what its event log tells.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Name of the site; a replay's events have the name of their clip.
    pub site: String,
    pub alarms_per_day: Option<f64>,
    /// How long an alarm goes on below its exit level.
    pub hold_ms: u32,
    pub calibration_sha256: Option<String>,
    /// Width and height of the model's input.
    pub model_px: (usize, usize),
    pub zones: Vec<Zone>,
}

impl Setup {
    /// Names of the zones that hold the middle of a place.
    pub(super) fn zones_at(&self, place: Place) -> Vec<String> {
        let (x, y) = place.middle();
        let at = self.zones.iter().filter(|zone| zone.area.holds(x, y));
        at.map(|zone| zone.name.clone()).collect()
    }

    /// A rectangle of model pixels in shares of the picture.
    pub(super) fn place(&self, corner_px: (usize, usize), size_px: (usize, usize)) -> Place {
        let share = |px: usize, of: usize| px as f32 / of.max(1) as f32;
        let (width, height) = self.model_px;
        Place {
            x: share(corner_px.0, width),
            y: share(corner_px.1, height),
            width: share(size_px.0, width),
            height: share(size_px.1, height),
        }
    }
}

/// When something is told, as far as the board knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Milliseconds since 1970-01-01 UTC; `None` in a replay.
    pub unix_ms: Option<u64>,
    pub clock: ClockQuality,
}

/// When something was, and when it is said: it may have begun before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    pub time_ms: u64,
    pub said_ms: u64,
    pub frame: Option<u64>,
}

impl At {
    pub fn now(time_ms: u64, frame: Option<u64>) -> Self {
        Self { time_ms, said_ms: time_ms, frame }
    }

    pub fn since(self, time_ms: u64, frame: Option<u64>) -> Self {
        Self { time_ms, frame, ..self }
    }

    pub fn dated(self, said: Date) -> Moment {
        let ago_ms = self.said_ms.saturating_sub(self.time_ms);
        Moment {
            time_ms: self.time_ms,
            unix_ms: said.unix_ms.map(|unix_ms| unix_ms.saturating_sub(ago_ms)),
            clock: said.clock,
            frame: self.frame,
        }
    }
}
