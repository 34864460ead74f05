//! `[load]`: when the program computes less than it could.

use std::ops::RangeInclusive;

use super::reader::Section;

/// What a motion gate's limit may be, in grey levels of 255.
pub const MOTION_GATE_LEVELS: RangeInclusive<f64> = 0.5..=50.0;

/// `[load]`: when the program computes less than it could.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadSection {
    /// The network rests while no part of the picture changes by more than so
    /// many of 255 grey levels, see [`MOTION_GATE_LEVELS`]; never by default.
    pub motion_gate_levels: Option<f32>,
    /// At this temperature fewer frames are judged, in °C: 30 to 110; never by
    /// default.
    pub back_off_at_c: Option<f32>,
}

impl LoadSection {
    pub(super) fn read(section: Option<Section<'_>>) -> Self {
        let Some(mut section) = section else { return Self::default() };
        let mut real = |key, range| {
            section.optional(key).and_then(|item| item.real(range)).map(|value| value as f32)
        };
        Self {
            motion_gate_levels: real("motion_gate_levels", MOTION_GATE_LEVELS),
            back_off_at_c: real("back_off_at_c", 30.0..=110.0),
        }
    }
}
