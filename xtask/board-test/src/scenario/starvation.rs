//! A network that hangs starves the hardware watchdog, which resets the machine.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::PATIENCE;
use super::site::Site;
use crate::running::{Board, Line};

/// The watchdog's heartbeat, as the driver is loaded with in `initramfs`.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Frames that are judged before the judging thread hangs: at ten a second more
/// than two heartbeats.
const HEALTHY_FRAMES: u32 = 250;

/// The watchdog is fed as long as frames are judged. When the judging thread
/// hangs, the fault line drops, the machine is reset, and it starts again with
/// its lines safe.
///
/// # Errors
/// The reset comes too early, or not at all.
pub fn starve(board: &mut Board) -> Result<()> {
    let site = Site { watchdog: true, ..Site::default() };
    site.start(board, &format!("--fault-injection stall-inference:{HEALTHY_FRAMES}"))?;
    let early = board.emulator.qmp.event("WATCHDOG", HEARTBEAT + HEARTBEAT / 2)?;
    ensure!(early.is_none(), "the watchdog bit although the program was well");
    board.holds("the watchdog is fed: no reset within one and a half heartbeats");
    board.wait_for(
        "the judging thread hangs",
        &format!("grep -q 'fault injection' {}", super::LOG),
        PATIENCE,
    )?;
    board.wait_level(Line::Fault, false, HEARTBEAT)?;
    // The watchdog's own clock does not wait for a starved emulator.
    let event = board.emulator.qmp.event("WATCHDOG", PATIENCE)?;
    let event = event.context("the watchdog does not bite")?;
    board.holds(&format!("the emulator reports WATCHDOG {event}"));
    board.wait_ready()?;
    board.wait_level(Line::Fault, false, Duration::from_secs(5))?;
    board.wait_level(Line::Alarm, false, Duration::from_secs(5))
}
