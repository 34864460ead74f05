use anyhow::{Context, Result, ensure};

use super::PATIENCE;
use super::site::{SITE, Site};
use crate::board::arch::Arch;
use crate::board::running::Board;

/// The formats that vivid and normwatch have in common, and one that it lacks.
const FORMATS: [&str; 6] = ["grey", "nv12", "i420", "yuyv", "uyvy", "rgb24"];
const LACKING: &str = "mjpeg";

/// Exit code for a camera that cannot be used.
const CAMERA_REFUSED: i32 = 4;

/// `normwatch doctor` names what the board is made of, and finds nothing in the
/// way of the site.
///
/// # Errors
/// Something is missing in what it prints.
pub fn doctor(board: &mut Board) -> Result<()> {
    Site::default().write(board)?;
    board.succeeds(&format!("normwatch check --config {SITE}"), PATIENCE)?;
    let text = board.run("normwatch doctor --board virtual", PATIENCE)?.text;
    let gpio = match board.arch {
        Arch::Aarch64 => &["normwatch-sim", "9030000.pl061"][..],
        Arch::X86_64 => &["normwatch-sim"],
    };
    for part in [&["vivid", "i6300ESB", "ALARM"], gpio].concat() {
        ensure!(text.contains(part), "doctor does not name {part}");
    }
    board.holds("camera, lines and watchdog are named");
    Ok(())
}

/// Every format that the camera offers and normwatch reads gives pictures, and
/// the error for another names those.
///
/// # Errors
/// A format does not.
pub fn formats(board: &mut Board) -> Result<()> {
    for format in FORMATS {
        Site { format: Some(format), ..Site::default() }.write_quietly(board)?;
        let text = board.succeeds(
            &format!(
                "normwatch -q record --config {SITE} --out /tmp/{format} --minutes 0.03 --json"
            ),
            PATIENCE,
        )?;
        let summary: serde_json::Value =
            serde_json::from_str(&text).context("record prints no JSON")?;
        let frames = summary["frames"].as_u64().unwrap_or(0);
        ensure!(frames >= 5, "{format}: {frames} frames in two seconds");
        board.holds(&format!("{format}: {frames} frames"));
    }
    board.succeeds("rm -r /tmp/*", PATIENCE)?;
    Site { format: Some(LACKING), ..Site::default() }.write_quietly(board)?;
    let refused = board.run(
        &format!("normwatch -q record --config {SITE} --out /tmp/none --minutes 0.03"),
        PATIENCE,
    )?;
    ensure!(
        refused.status == CAMERA_REFUSED && refused.text.contains("grey"),
        "{LACKING} is not refused with the formats that there are"
    );
    board.holds(&format!("{LACKING} is refused"));
    Ok(())
}
