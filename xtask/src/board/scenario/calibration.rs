use anyhow::Result;

use super::site::{SITE, Site};
use super::{BUNDLE, PATIENCE};
use crate::board::running::Board;

/// Minutes of normal footage: a calibration wants 200 judged frames, ten a
/// second, and an emulated camera misses some.
const MINUTES: f64 = 0.55;

/// Normal life in front of the camera: red, green, blue and now and then black,
/// which the fixture's network predicts worse and worse. White is not among
/// them. Without vivid's text: it shows the time, and would let scores drift.
const LIFE: &str = "(while :; do for pattern in 7 8 9 5; do board-hand control $camera \
                    test-pattern $pattern; sleep 1.5; done; done) >/dev/null 2>&1 & life=$!";

/// Normal footage is recorded from the camera, and the bundle learns from it
/// which scores are usual. The fixture's memory knows moving blobs alone and says
/// nothing about this camera, so it has no weight.
///
/// # Errors
/// The camera or the footage will not do.
pub fn calibrate(board: &mut Board) -> Result<()> {
    Site::default().write_quietly(board)?;
    board.succeeds(LIFE, PATIENCE)?;
    board.succeeds(
        &format!("normwatch -q record --config {SITE} --minutes {MINUTES} --out /tmp/normal"),
        PATIENCE,
    )?;
    board.succeeds("kill $life; wait $life; true", PATIENCE)?;
    let calibrate = format!("normwatch calibrate --bundle {BUNDLE} --frames /tmp/normal");
    board.succeeds(&format!("{calibrate} --alarms-per-day 1 --weight-memory 0"), PATIENCE)?;
    board.succeeds("rm -r /tmp/normal", PATIENCE)?;
    board.succeeds(&format!("normwatch check --config {SITE}"), PATIENCE)?;
    Ok(())
}
