//! What a monitor is told of its model, its site and its lines.

use crate::alarm::AlarmConfig;

/// Constants of a monitor.
#[derive(Clone, Copy, Debug)]
pub struct MonitorOptions {
    /// t of the model.
    pub past_frames: usize,
    /// From one frame that the model sees to the next; 1 for consecutive ones,
    /// 0 where it sees the judged frame alone.
    pub frame_spacing: usize,
    pub period_ns: u64,
    pub alarm: AlarmConfig,
    /// The fault line drops when the last score is older than this.
    pub stale_ms: u64,
    /// Whether level changes are events; those of a heartbeat never are.
    pub log_lines: bool,
}
