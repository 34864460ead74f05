//! What a report shows, as plain data.

use serde::Serialize;

/// All that a report shows, in the order in which it shows it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub title: String,
    pub verdict: Option<Verdict>,
    /// Label and value: bundle, footage, machine, time per frame …
    pub summary_rows: Vec<(String, String)>,
    /// Tables and curves over all clips, before the clips.
    pub sections: Vec<Section>,
    pub clips: Vec<ClipReport>,
    pub stage_times: Vec<StageRow>,
}

/// The run's outcome in one sentence.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub passed: bool,
    pub sentence: String,
}

/// What one stage of the pipeline cost per frame.
#[derive(Clone, Debug)]
pub struct StageRow {
    pub name: String,
    pub median_us: f64,
    pub p99_us: f64,
    /// Part of the whole frame time, 0 to 1.
    pub share: f64,
}

/// A heading with a table, curves, or both under it.
#[derive(Clone, Debug, Default)]
pub struct Section {
    pub title: String,
    /// One or two sentences under the heading; may be empty.
    pub note: String,
    /// Heads of the table's columns; the first column holds names, the others
    /// figures. No table without heads.
    pub columns: Vec<String>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
    /// Names of the axes of `curves`.
    pub axes: (String, String),
    pub curves: Vec<Curve>,
}

/// A line on the unit square.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    pub name: String,
    /// x and y, 0 to 1 each, in drawing order.
    pub points: Vec<(f64, f64)>,
}

/// One clip: its score over time and what was made of it.
#[derive(Clone, Debug, Default)]
pub struct ClipReport {
    pub name: String,
    /// Frames per second; anything but a positive number counts as 1.
    pub fps: f64,
    /// Per frame, in −log10 p. `None` and NaN mean that there was no score.
    pub scores: Vec<Option<f32>>,
    pub enter_level: f32,
    pub exit_level: f32,
    /// Per frame, whether it is truly abnormal; frames beyond its end are not.
    pub truth: Option<Vec<bool>>,
    pub alarms: Vec<Interval>,
    /// Named parts of the score, on the score's axis and per frame like it.
    pub terms: Vec<(String, Vec<Option<f32>>)>,
    pub stills: Vec<Still>,
}

/// A run of frames, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    pub first_frame: usize,
    pub last_frame: usize,
}

/// One frame with its error map, both row by row from the top left.
///
/// A still whose buffers do not match their sizes is shown as its caption.
#[derive(Clone, Debug, Default)]
pub struct Still {
    pub frame: usize,
    pub caption: String,
    pub grey: Vec<u8>,
    pub width_px: usize,
    pub height_px: usize,
    /// Squared error, at its own resolution; it is stretched over the frame.
    pub heat: Vec<f32>,
    pub heat_width_px: usize,
    pub heat_height_px: usize,
    /// x, y, width, height in pixels of the heat map.
    pub worst_block: Option<[usize; 4]>,
    /// x, y, width, height in pixels of the frame.
    pub truth_box: Option<[usize; 4]>,
}

impl ClipReport {
    pub(super) fn frames_per_second(&self) -> f64 {
        if self.fps.is_finite() && self.fps > 0.0 { self.fps } else { 1.0 }
    }

    /// How long so many frames last.
    pub(super) fn seconds(&self, frames: usize) -> f64 {
        frames as f64 / self.frames_per_second()
    }

    pub(super) fn duration_s(&self) -> f64 {
        self.seconds(self.scores.len())
    }
}

impl Interval {
    /// Number of frames; 0 when the ends are the wrong way round.
    pub fn frames(self) -> usize {
        self.last_frame.saturating_add(1).saturating_sub(self.first_frame)
    }

    /// Whether the frame is in it.
    pub fn contains(self, frame: usize) -> bool {
        (self.first_frame..=self.last_frame).contains(&frame)
    }

    /// Whether the two share a frame.
    pub fn overlaps(self, other: Self) -> bool {
        self.first_frame <= other.last_frame && other.first_frame <= self.last_frame
    }
}
