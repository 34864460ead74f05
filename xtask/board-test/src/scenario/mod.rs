//! What is done with the board, one file each, in this order.

mod anomaly;
mod calibration;
mod camera;
mod death;
mod inventory;
mod lines;
mod site;
mod starvation;

use std::time::Duration;

use anyhow::Result;

use super::running::Board;

/// Everything that the emulated processor has to compute for is waited for this
/// long at most, not counting what the emulator waits for a processor itself:
/// some thirty times what an idle host needs.
const PATIENCE: Duration = Duration::from_secs(90);

/// The guest's memory of what the program said.
const LOG: &str = "/run/normwatch.log";
const EVENTS: &str = "/run/events.jsonl";
const BUNDLE: &str = "/var/lib/normwatch/bundle";

/// All steps.
///
/// # Errors
/// The first that does not hold.
pub fn play(board: &mut Board) -> Result<()> {
    board.step("doctor finds the board's parts", inventory::doctor)?;
    board.step("the camera is recorded in every format", inventory::formats)?;
    board.step("a bundle is calibrated on the camera", calibration::calibrate)?;
    board.step("an anomaly raises the alarm line", anomaly::raise)?;
    board.step("an alarm waits for its acknowledgement", anomaly::acknowledge)?;
    board.step("the camera is unplugged and comes back", camera::unplug)?;
    board.step("the camera comes back under another number", camera::renumber)?;
    board.step("the camera fails", camera::fail)?;
    board.step("a line is held by somebody else", lines::stolen)?;
    board.step("the program is ended in an alarm", death::terminate)?;
    board.step("the program is killed in an alarm", death::kill)?;
    board.step("a hung network starves the watchdog", starvation::starve)
}
