use anyhow::Result;

use super::PATIENCE;
use super::site::{Site, wait_event};
use crate::board::running::{Board, Line};

const BLIND: &str = "\"event\":\"blind\"";
const SIGHTED: &str = "\"event\":\"sighted\"";

/// Taken from its driver and given back: the program says that it is blind,
/// its fault line drops, and both recover.
///
/// # Errors
/// It does not.
pub fn unplug(board: &mut Board) -> Result<()> {
    Site::default().start(board, "")?;
    board.succeeds("echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind", PATIENCE)?;
    lost(board, 1)?;
    board.succeeds("echo vivid.0 >/sys/bus/platform/drivers/vivid/bind", PATIENCE)?;
    found(board, 1)
}

/// Its module is loaded anew and gets another device node, as a re-plugged
/// camera may.
///
/// # Errors
/// The program does not find it again.
pub fn renumber(board: &mut Board) -> Result<()> {
    board.succeeds("echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind", PATIENCE)?;
    lost(board, 2)?;
    board.succeeds("rmmod vivid", PATIENCE)?;
    board.succeeds("load_camera vid_cap_nr=7; ls -l /dev/video*", PATIENCE)?;
    board.succeeds("test -e /dev/video7 && test ! -e /dev/video0", PATIENCE)?;
    found(board, 2)?;
    Site::stop(board)?;
    board.succeeds("rmmod vivid && load_camera; ls -l /dev/video*", PATIENCE)?;
    Ok(())
}

/// What vivid can be told to do wrong.
///
/// # Errors
/// The program does not get over it.
pub fn fail(board: &mut Board) -> Result<()> {
    Site::default().start(board, "")?;
    board.transcript.say("    the driver gives up on the stream (POLLERR):");
    control(board, "queue-error")?;
    lost(board, 1)?;
    found(board, 1)?;
    board.transcript.say("    and once more, with the next start refused:");
    control(board, "start-error")?;
    control(board, "queue-error")?;
    lost(board, 2)?;
    found(board, 2)?;
    board.transcript.say("    no frame arrives any more, without any error:");
    control(board, "dropped-percent 100")?;
    lost(board, 3)?;
    control(board, "dropped-percent 0")?;
    found(board, 3)?;
    board.transcript.say("    a frame is marked as broken: it is skipped, the camera kept:");
    control(board, "buffer-error")?;
    wait_event(board, "the broken frame was skipped", "\"event\":\"skip\"", 1)?;
    board.wait_level(Line::Fault, true, PATIENCE)?;
    Site::stop(board)
}

fn control(board: &mut Board, control: &str) -> Result<()> {
    board.succeeds(&format!("board-hand control $camera {control}"), PATIENCE)?;
    Ok(())
}

/// The program says that it is blind, and no longer vouches for anything.
fn lost(board: &mut Board, times: u32) -> Result<()> {
    wait_event(board, "the program says that it is blind", BLIND, times)?;
    board.wait_level(Line::Fault, false, PATIENCE)
}

fn found(board: &mut Board, times: u32) -> Result<()> {
    wait_event(board, "the program sees again", SIGHTED, times)?;
    board.wait_level(Line::Fault, true, PATIENCE)
}
