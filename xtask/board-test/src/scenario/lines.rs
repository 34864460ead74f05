//! The program refuses to start with a line that another program holds.

use anyhow::{Result, ensure};

use super::PATIENCE;
use super::site::SITE;
use crate::running::Board;

/// Exit code for a line that cannot be had.
const LINE_REFUSED: i32 = 7;

/// Another program holds the alarm line: the error says which.
///
/// # Errors
/// The program starts all the same, or does not name the holder.
pub fn stolen(board: &mut Board) -> Result<()> {
    board.succeeds(
        "board-hand hold /dev/$chip 0 door-opener >/run/hold 2>&1 & thief=$!",
        PATIENCE,
    )?;
    board.wait_for("another program holds the line", "grep -q held /run/hold", PATIENCE)?;
    let output = board.run(&format!("normwatch run --config {SITE} --for-s 5"), PATIENCE)?;
    ensure!(output.status == LINE_REFUSED, "normwatch ended with exit code {}", output.status);
    ensure!(output.text.contains("door-opener"), "the error does not name who holds the line");
    board.holds("the error names who holds the line");
    board.succeeds("kill $thief; wait $thief; true", PATIENCE)?;
    Ok(())
}
