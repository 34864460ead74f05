use anyhow::Result;

use super::site::{SITE, Site};
use super::{BUNDLE, PATIENCE};
use crate::board::running::Board;

/// Minutes of normal footage: a calibration wants 200 judged frames, ten a
/// second, and an emulated camera misses some.
const MINUTES: f64 = 0.55;

/// Normal footage is recorded from the camera, and the bundle learns from it
/// which scores are usual.
///
/// # Errors
/// The camera or the footage will not do.
pub fn calibrate(board: &mut Board) -> Result<()> {
    Site::default().write_quietly(board)?;
    board.succeeds(
        &format!("normwatch -q record --config {SITE} --minutes {MINUTES} --out /tmp/normal"),
        PATIENCE,
    )?;
    let calibrate = format!("normwatch calibrate --bundle {BUNDLE} --frames /tmp/normal");
    board.succeeds(&format!("{calibrate} --alarms-per-day 0.01"), PATIENCE)?;
    board.succeeds("rm -r /tmp/normal", PATIENCE)?;
    board.succeeds(&format!("normwatch check --config {SITE}"), PATIENCE)?;
    Ok(())
}
