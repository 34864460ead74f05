//! The bundle is calibrated on footage that the program recorded itself.

use anyhow::{Context, Result, bail};

use super::site::{SITE, Site};
use super::{BUNDLE, PATIENCE};
use crate::running::Board;

/// Minutes of one recording.
const MINUTES: f64 = 0.3;

/// A calibration wants 200 judged frames, and the first four of a clip are not
/// judged. A slow emulator misses frames, and a gap begins a new clip.
const JUDGED_FRAMES: usize = 220;
const UNJUDGED_A_CLIP: usize = 4;
const MOST_RECORDINGS: usize = 8;

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
    record(board)?;
    board.succeeds("kill $life; wait $life; true", PATIENCE)?;
    let calibrate = format!("normwatch calibrate --bundle {BUNDLE} --frames /tmp/normal");
    board.succeeds(&format!("{calibrate} --alarms-per-day 1000 --weight-memory 0"), PATIENCE)?;
    board.succeeds("rm -r /tmp/normal", PATIENCE)?;
    board.succeeds(&format!("normwatch check --config {SITE}"), PATIENCE)?;
    Ok(())
}

fn record(board: &mut Board) -> Result<()> {
    let record = format!("normwatch -q record --config {SITE} --minutes {MINUTES}");
    for _ in 0..MOST_RECORDINGS {
        board.succeeds(&format!("{record} --out /tmp/normal"), PATIENCE)?;
        let frames = count(board, "find /tmp/normal -name '*.png'")?;
        let clips = count(board, "ls /tmp/normal")?;
        if frames.saturating_sub(clips * UNJUDGED_A_CLIP) >= JUDGED_FRAMES {
            board.holds(&format!("{frames} frames in {clips} clips"));
            return Ok(());
        }
    }
    bail!("{MOST_RECORDINGS} recordings hold too few frames: the emulator is too slow")
}

/// Number of lines that a command prints.
fn count(board: &mut Board, command: &str) -> Result<usize> {
    board.look(&format!("{command} | wc -l"))?.trim().parse().context("no number")
}
