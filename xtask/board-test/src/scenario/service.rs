//! What the board has learnt watches its camera.

use std::time::Duration;

use anyhow::Result;

use super::site::SITE;
use super::{LOG, PATIENCE};
use crate::running::{Board, Line};

/// Noise: nothing that was learnt looks or moves like it.
const ANOMALY: &str = "board-hand control $camera test-pattern 21";

const EVENTS: &str = "/var/lib/normwatch/events.jsonl";

/// The service is armed: normal life leaves the alarm line alone, an anomaly raises it.
///
/// # Errors
/// A line does not follow.
pub fn watch(board: &mut Board) -> Result<()> {
    board.succeeds(&format!("normwatch check --config {SITE}"), PATIENCE)?;
    board.succeeds(&format!("normwatch run --config {SITE} >{LOG} 2>&1 & watcher=$!"), PATIENCE)?;
    board.wait_level(Line::Fault, true, PATIENCE)?;
    board.keeps_level(Line::Alarm, false, Duration::from_secs(30))?;
    board.says("an anomaly:");
    board.succeeds(&format!("kill $life; wait $life; {ANOMALY}"), PATIENCE)?;
    board.wait_level(Line::Alarm, true, PATIENCE)?;
    board.succeeds(super::learn::LIFE, PATIENCE)?;
    board.wait_level(Line::Alarm, false, PATIENCE)?;
    board.succeeds("kill -TERM $watcher && wait $watcher", PATIENCE)?;
    board.succeeds(&format!("cat {LOG}; cat {EVENTS}"), PATIENCE)?;
    board.wait_level(Line::Fault, false, Duration::from_secs(5))
}
