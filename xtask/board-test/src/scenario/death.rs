//! Both lines are safe after the program ends, however it ends.

use std::time::Duration;

use anyhow::Result;

use super::PATIENCE;
use super::anomaly::{ANOMALY, NORMAL};
use super::site::Site;
use crate::running::{Board, Line};

/// SIGTERM during an alarm: exit code 0, and both lines safe.
///
/// # Errors
/// A line stays.
pub fn terminate(board: &mut Board) -> Result<()> {
    alarm(board)?;
    Site::stop(board)?;
    safe(board)
}

/// SIGKILL during an alarm: nothing in the program can react any more, and both
/// lines are safe all the same.
///
/// # Errors
/// A line stays.
pub fn kill(board: &mut Board) -> Result<()> {
    alarm(board)?;
    board.run("kill -KILL $watcher; wait $watcher", PATIENCE)?;
    safe(board)
}

fn alarm(board: &mut Board) -> Result<()> {
    Site::default().start(board, "")?;
    board.succeeds(ANOMALY, PATIENCE)?;
    board.wait_level(Line::Alarm, true, PATIENCE)?;
    board.wait_level(Line::Fault, true, PATIENCE)
}

fn safe(board: &mut Board) -> Result<()> {
    board.wait_level(Line::Alarm, false, Duration::from_secs(5))?;
    board.wait_level(Line::Fault, false, Duration::from_secs(5))?;
    board.succeeds(NORMAL, PATIENCE)?;
    Ok(())
}
