//! An anomaly in front of the camera raises the alarm line.

use std::time::Duration;

use anyhow::Result;

use super::site::Site;
use super::{EVENTS, PATIENCE};
use crate::running::{Board, Line};

/// vivid's test patterns: red is normal here, white is like nothing that was
/// ever seen.
pub const NORMAL: &str = "board-hand control $camera test-pattern 7";
pub const ANOMALY: &str = "board-hand control $camera test-pattern 6";

/// A picture unlike the normal ones raises the line, and its end drops it.
///
/// # Errors
/// The line does not follow.
pub fn raise(board: &mut Board) -> Result<()> {
    Site::default().start(board, "")?;
    board.succeeds(ANOMALY, PATIENCE)?;
    board.wait_level(Line::Alarm, true, PATIENCE)?;
    board.succeeds(NORMAL, PATIENCE)?;
    board.wait_level(Line::Alarm, false, PATIENCE)?;
    board.succeeds(&format!("cat {EVENTS}"), PATIENCE)?;
    Site::stop(board)?;
    board.wait_level(Line::Fault, false, Duration::from_secs(5))
}

/// A latched alarm outlasts its cause, until the input says that it was seen.
///
/// # Errors
/// The line falls too early, or not at all.
pub fn acknowledge(board: &mut Board) -> Result<()> {
    Site { latch: true, ..Site::default() }.start(board, "")?;
    board.succeeds(ANOMALY, PATIENCE)?;
    board.wait_level(Line::Alarm, true, PATIENCE)?;
    board.succeeds(NORMAL, PATIENCE)?;
    board.keeps_level(Line::Alarm, true, Duration::from_secs(4))?;
    board.succeeds("echo pull-up >$lines/sim_gpio2/pull", PATIENCE)?;
    board.wait_level(Line::Alarm, false, PATIENCE)?;
    board.succeeds("echo pull-down >$lines/sim_gpio2/pull", PATIENCE)?;
    Site::stop(board)
}
