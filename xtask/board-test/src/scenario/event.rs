//! The alarm of the step before is an event with its proof, and the program explains it.

use std::fs;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::site::SITE;
use super::{EVENT_FOLDER, PATIENCE};
use crate::running::Board;

/// What is in the folder of an event.
const FILES: [&str; 4] = ["before.jpg", "event.json", "onset.jpg", "peak.jpg"];

/// Where what the guest hands over lies in it.
const ARCHIVE: &str = "/tmp/event.zip";

/// There is one event, whole, with its pictures and its heat; `list` and `explain` print
/// it. All of it is handed over to the host for people to look at.
///
/// # Errors
/// Something of it is missing, or is not told.
pub fn explain(board: &mut Board) -> Result<()> {
    let list = board.succeeds(&format!("normwatch events list --config {SITE}"), PATIENCE)?;
    let events: Vec<&str> = list.lines().filter(|line| line.contains(" anomaly ")).collect();
    let [event] = events[..] else {
        anyhow::bail!("`events list` does not print one anomaly");
    };
    ensure!(!event.contains("goes on"), "the event has no end");
    let id = event.split_whitespace().next().unwrap_or_default();
    board.holds(&format!("`events list` prints the anomaly {id}, and how long it was"));
    let files = board.succeeds(&format!("ls {EVENT_FOLDER}/{id}"), PATIENCE)?;
    for file in FILES {
        ensure!(files.split_whitespace().any(|found| found == file), "there is no {file}");
    }
    for picture in FILES.iter().filter(|file| file.ends_with(".jpg")) {
        let begin = format!("head -c 2 {EVENT_FOLDER}/{id}/{picture} | od -An -tx1");
        ensure!(board.look(&begin)?.trim() == "ff d8", "{picture} is not a JPEG");
    }
    let text = board.look(&format!("cat {EVENT_FOLDER}/{id}/event.json"))?;
    let record: serde_json::Value = serde_json::from_str(&text).context("event.json")?;
    let heat = record["heat"]["cells"].as_array().map_or(0, Vec::len);
    ensure!(heat > 0, "event.json has no heat");
    ensure!(record["end"].is_object(), "event.json has no end");
    board.holds(&format!("its folder has the pictures, and its record a heat of {heat} cells"));
    let explained =
        board.succeeds(&format!("normwatch events explain last --config {SITE}"), PATIENCE)?;
    for told in ["An alarm begins at", "peak.jpg", id] {
        ensure!(explained.contains(told), "`events explain` does not say `{told}`");
    }
    board.holds("`events explain` says how odd it was, and where the proof lies");
    hand_over(board)
}

fn hand_over(board: &mut Board) -> Result<()> {
    let export = format!("normwatch events export last --out {ARCHIVE} --config {SITE}");
    board.succeeds(&export, PATIENCE)?;
    let text: String = board.look(&format!("base64 {ARCHIVE}"))?.split_whitespace().collect();
    let bytes = STANDARD.decode(text).context("the archive does not come over whole")?;
    let file = board.out.join("event.zip");
    fs::write(&file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;
    board.holds(&format!("the archive of {} bytes is in {}", bytes.len(), file.display()));
    board.succeeds(&format!("rm {ARCHIVE}"), PATIENCE)?;
    Ok(())
}
