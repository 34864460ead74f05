//! What an event is told of a judged frame.

use super::analyser::{FrameScore, cause_of};
use crate::event::{Place, Sample, heat_grid};
use crate::score::{ErrorMap, Origin};

impl FrameScore {
    /// What an event is told of this frame, whose error is in `map`; `None` without a
    /// calibration. The heat is made where the score is at least `exit_level`.
    pub fn sample(&self, map: &ErrorMap, exit_level: f32) -> Option<Sample> {
        let surprise = self.surprise?;
        let block = self.place();
        let (width_px, height_px) = (map.width_px(), map.height_px());
        let share = |px: usize, of: usize| px as f32 / of as f32;
        let is_odd = surprise.score >= exit_level;
        Some(Sample {
            time_ms: self.timestamp_ns / 1_000_000,
            frame: self.sequence,
            score: surprise.score,
            place: Place {
                x: share(block.x_px, width_px),
                y: share(block.y_px, height_px),
                width: share(block.size_px, width_px),
                height: share(block.size_px, height_px),
            },
            cause: cause_of(surprise.origin),
            speed: self
                .motion
                .filter(|_| surprise.origin == Origin::Motion)
                .map(|motion| motion.speed),
            heat: is_odd.then(|| heat_grid(map.map(), width_px)),
            odd: self.odd,
        })
    }
}
