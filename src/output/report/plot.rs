//! Where things stand in the drawing of a clip.

use super::content::ClipReport;
use super::scale::{Scale, decimal_step};

pub(super) const WIDTH: f64 = 960.0;

/// The edges of the curves' ground.
pub(super) const LEFT: f64 = 70.0;
pub(super) const RIGHT: f64 = WIDTH - 84.0;
pub(super) const TOP: f64 = 26.0;
pub(super) const BOTTOM: f64 = TOP + 230.0;

/// A clip on its scales.
pub(super) struct Plot<'a> {
    pub(super) clip: &'a ClipReport,
    pub(super) time: Scale,
    pub(super) value: Scale,
    pub(super) value_step: f64,
}

impl<'a> Plot<'a> {
    /// Finds the scales that hold every curve and both levels.
    pub(super) fn new(clip: &'a ClipReport) -> Self {
        let known = || {
            let curves = clip.terms.iter().map(|(_, values)| values).chain([&clip.scores]);
            curves
                .flatten()
                .flatten()
                .copied()
                .chain([clip.enter_level, clip.exit_level])
                .filter(|v| v.is_finite())
        };
        let high = f64::from(known().fold(1.0, f32::max)) * 1.04;
        let low = f64::from(known().fold(0.0, f32::min));
        let step = decimal_step(high - low, 6);
        let from = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            clip,
            time: Scale { from: (0.0, clip.duration_s()), to: (LEFT, RIGHT) },
            value: Scale { from, to: (BOTTOM, TOP) },
            value_step: step,
        }
    }

    /// The abscissa of a frame's start.
    pub(super) fn x(&self, frame: usize) -> f64 {
        self.time.at(self.clip.seconds(frame))
    }

    /// The ordinate of a score or level.
    pub(super) fn y(&self, value: f32) -> f64 {
        self.value.at(f64::from(value))
    }
}
