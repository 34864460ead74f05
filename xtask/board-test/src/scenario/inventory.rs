//! The program finds what the board is made of, and reads every format that its
//! camera offers.

use anyhow::{Context, Result, ensure};

use super::PATIENCE;
use super::site::{SITE, Site};
use crate::arch::Arch;
use crate::running::Board;

/// The formats that vivid and normwatch have in common, and one that it lacks.
const FORMATS: [&str; 6] = ["grey", "nv12", "i420", "yuyv", "uyvy", "rgb24"];
const LACKING: &str = "mjpeg";

/// Exit code for a camera that cannot be used.
const CAMERA_REFUSED: i32 = 4;

/// `normwatch doctor` names what the board is made of.
///
/// # Errors
/// Something is missing in what it prints.
pub fn doctor(board: &mut Board) -> Result<()> {
    Site::default().write(board)?;
    let text =
        board.run("normwatch doctor --board virtual | grep -v '(not read here)'", PATIENCE)?.text;
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
        let frames = recorded(&text).with_context(|| format!("{format}: no count of frames"))?;
        ensure!(frames > 0, "{format}: no frame in two seconds");
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

/// The number of frames in what `record --json` printed, after any warnings;
/// those included that a slow emulator left too far apart for training.
fn recorded(text: &str) -> Option<u64> {
    let json = &text[text.find('{')?..];
    let summary = serde_json::from_str::<serde_json::Value>(json).ok()?;
    Some(summary["frames"].as_u64()? + summary["discarded"].as_u64()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_before_the_summary_are_passed_over() {
        assert_eq!(recorded("warn: gaps\n{ \"frames\": 14, \"discarded\": 2 }\n"), Some(16));
        assert_eq!(recorded("error: no camera"), None);
    }
}
