//! What a camera has shown so far: hours of the day, light, motion.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::sketch::Sketch;
use super::so_far::span;

/// Classes of light, from dark to bright.
const LIGHTS: usize = 8;

/// An hour or a class of light counts as seen after so many seconds.
const SEEN_S: f64 = 60.0;

/// Times that were seen, in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// By the hour of the day, 0 to 23.
    pub hours_s: [f64; 24],
    /// By mean grey level, in eighths of 256.
    pub lights_s: [f64; LIGHTS],
    pub moving_s: f64,
    pub seen_s: f64,
}

impl Coverage {
    /// Adds a clip of this length.
    pub fn see(&mut self, sketch: &Sketch, seconds: f64) {
        self.seen_s += seconds;
        self.hours_s[usize::from(sketch.hour) % 24] += seconds;
        self.lights_s[usize::from(sketch.light) * LIGHTS / 256] += seconds;
        if sketch.is_moving() {
            self.moving_s += seconds;
        }
    }

    /// Hours of the day that were seen for a minute at least.
    pub fn hours(&self) -> usize {
        self.hours_s.iter().filter(|&&s| s >= SEEN_S).count()
    }

    /// Classes of light that were seen for a minute at least, of 8.
    pub fn lights(&self) -> usize {
        self.lights_s.iter().filter(|&&s| s >= SEEN_S).count()
    }

    /// Share of the time in which something moved.
    pub fn moving_share(&self) -> f64 {
        if self.seen_s > 0.0 { self.moving_s / self.seen_s } else { 0.0 }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} seen, in {} of 24 hours of the day and {} of {LIGHTS} levels of light; \
             something moved {:.1} % of the time",
            span(self.seen_s),
            self.hours(),
            self.lights(),
            100.0 * self.moving_share()
        )
    }
}
