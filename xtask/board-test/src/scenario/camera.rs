//! The program gets over a camera that fails, goes away or changes its number.

use anyhow::Result;

use super::PATIENCE;
use super::site::{Site, count_events, wait_event};
use crate::running::{Board, Line};

const BLIND: &str = "\"event\":\"blind\"";
const SIGHTED: &str = "\"event\":\"sighted\"";
const SKIP: &str = "\"event\":\"skip\"";

const UNBIND: &str = "echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind";
const BIND: &str = "echo vivid.0 >/sys/bus/platform/drivers/vivid/bind";

/// Taken from its driver and given back: the program says that it is blind,
/// its fault line drops, and both recover.
///
/// # Errors
/// It does not.
pub fn unplug(board: &mut Board) -> Result<()> {
    Site::default().start(board, "")?;
    interrupted(board, &[UNBIND], &[BIND])
}

/// Its module is loaded again and gets another device node, as a re-plugged
/// camera may.
///
/// # Errors
/// The program does not find it again.
pub fn renumber(board: &mut Board) -> Result<()> {
    let elsewhere = [
        "within 20 rmmod vivid",
        "load_camera vid_cap_nr=7; ls -l /dev/video*",
        "test -e /dev/video7 && test ! -e /dev/video0",
    ];
    interrupted(board, &[UNBIND], &elsewhere)?;
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
    board.says("the driver gives up on the stream:");
    interrupted(board, &[&control("queue-error")], &[])?;
    board.says("and once more, with the next start refused:");
    interrupted(board, &[&control("start-error"), &control("queue-error")], &[])?;
    board.says("no frame arrives any more, without any error:");
    let (none, all) = (control("dropped-percent 100"), control("dropped-percent 0"));
    interrupted(board, &[&none], &[&all])?;
    board.says("a frame is marked as broken: it is skipped, and the camera kept:");
    let (blind, skipped) = (count_events(board, BLIND)?, count_events(board, SKIP)?);
    board.succeeds(&control("buffer-error"), PATIENCE)?;
    wait_event(board, "the broken frame was skipped", SKIP, skipped)?;
    anyhow::ensure!(count_events(board, BLIND)? == blind, "the camera was given up");
    board.wait_level(Line::Fault, true, PATIENCE)?;
    Site::stop(board)
}

fn control(name: &str) -> String {
    format!("board-hand control $camera {name}")
}

/// After `causes` the program no longer vouches for anything and says that it
/// is blind; after `cures` it sees and vouches again. No alarm comes of it.
fn interrupted(board: &mut Board, causes: &[&str], cures: &[&str]) -> Result<()> {
    let (blind, sighted) = (count_events(board, BLIND)?, count_events(board, SIGHTED)?);
    for cause in causes {
        board.succeeds(cause, PATIENCE)?;
    }
    board.wait_level(Line::Fault, false, PATIENCE)?;
    wait_event(board, "the program says that it is blind", BLIND, blind)?;
    for cure in cures {
        board.succeeds(cure, PATIENCE)?;
    }
    wait_event(board, "the program sees again", SIGHTED, sighted)?;
    board.wait_level(Line::Fault, true, PATIENCE)?;
    board.keeps_level(Line::Alarm, false, std::time::Duration::from_secs(1))
}
