//! What a view shows of a run, and what every view can do.

use std::io;

/// Anything that follows a run and closes with a few words about it.
pub trait View {
    /// Shows the present state.
    ///
    /// # Errors
    /// The terminal's own.
    fn draw(&mut self, state: &LiveState) -> io::Result<()>;

    /// Leaves the terminal as it was, with `summary` below what was shown. Its
    /// line breaks are kept.
    ///
    /// # Errors
    /// The terminal's own.
    fn finish(&mut self, summary: &str) -> io::Result<()>;
}

/// One moment of a run.
#[derive(Clone, Copy, Debug)]
pub struct LiveState<'a> {
    /// What is being played, in a few words.
    pub title: &'a str,
    pub frame: Picture<'a>,
    /// Error to tint the frame with.
    pub heat: Option<Heat<'a>>,
    /// In −log10 p; `None` while there is none.
    pub score: Option<f32>,
    pub enter_level: f32,
    pub exit_level: f32,
    /// The last scores, oldest first.
    pub history: &'a [Option<f32>],
    /// The alarm machine's state by its name in the event log.
    pub state: &'a str,
    /// Whether the state holds the alarm output active.
    pub alarm_active: bool,
    /// Electrical level, high or low; `None` when it is not known.
    pub alarm_line_high: Option<bool>,
    /// Electrical level, high or low; `None` when it is not known.
    pub fault_line_high: Option<bool>,
    /// Counted from 0.
    pub frame_number: u64,
    pub frame_total: Option<u64>,
    /// Position in the footage.
    pub time_s: f64,
    pub fps: f64,
    pub ms_per_frame: f64,
    /// Whether this frame is truly abnormal, where somebody has said so.
    pub truth: Option<bool>,
}

/// Grey pixels row by row. One whose buffer is shorter than its size says is
/// not shown.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    pub grey: &'a [u8],
    pub width_px: usize,
    pub height_px: usize,
}

impl Picture<'_> {
    pub(super) fn is_whole(&self) -> bool {
        covers(self.grey.len(), self.width_px, self.height_px)
    }
}

/// Squared error row by row at its own resolution, stretched over the frame.
#[derive(Clone, Copy, Debug)]
pub struct Heat<'a> {
    pub error: &'a [f32],
    pub width_px: usize,
    pub height_px: usize,
    /// The error that gets the brightest colour.
    pub full_scale: f32,
}

impl Heat<'_> {
    pub(super) fn is_whole(&self) -> bool {
        covers(self.error.len(), self.width_px, self.height_px)
    }
}

fn covers(values: usize, width_px: usize, height_px: usize) -> bool {
    width_px.checked_mul(height_px).is_some_and(|pixels| pixels > 0 && pixels <= values)
}
