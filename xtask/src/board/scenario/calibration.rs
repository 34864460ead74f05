use anyhow::Result;

use super::anomaly::NORMAL;
use super::{BUNDLE, PATIENCE};
use crate::board::running::Board;

/// Seconds of normal footage: a calibration wants 200 judged frames, ten a
/// second.
const FOOTAGE_S: u32 = 24;

/// Normal footage is recorded from the camera, and the bundle learns from it
/// which scores are usual.
///
/// # Errors
/// The camera or the footage will not do.
pub fn calibrate(board: &mut Board) -> Result<()> {
    board.succeeds(NORMAL, PATIENCE)?;
    board.succeeds(
        &format!(
            "normwatch record --device $camera --for-s {FOOTAGE_S} --fps 10 --out /tmp/normal"
        ),
        PATIENCE,
    )?;
    let calibrate = format!("normwatch calibrate --bundle {BUNDLE} --frames /tmp/normal");
    board.succeeds(&format!("{calibrate} --alarms-per-day 10"), PATIENCE)?;
    board.succeeds("rm -r /tmp/normal", PATIENCE)?;
    Ok(())
}
