//! What an epoch came to, on the terminal and in log.jsonl.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use normwatch::fs::write_atomically;
use serde::{Deserialize, Serialize};

use crate::run::Validation;

const LOG: &str = "log.jsonl";

/// One line of log.jsonl. Losses are means over the epoch, in [−1, 1] units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    pub epoch: usize,
    pub epochs: usize,
    /// Training time so far, validations included.
    pub seconds: f64,
    pub pixel: f64,
    pub compact: f64,
    pub separate: f64,
    /// Where there were outliers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<f64>,
    pub held_out: Validation,
    /// Of the settled items, over a sample of the training footage.
    pub queries_per_item: Vec<usize>,
    /// Whether this epoch's is the best checkpoint so far.
    pub best: bool,
}

impl fmt::Display for EpochReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "epoch {} of {}: loss {:.5} pixel, {:.2e} compact, {:.4} separate",
            self.epoch, self.epochs, self.pixel, self.compact, self.separate
        )?;
        if let Some(contrast) = self.contrast {
            write!(f, ", {contrast:.4} contrast")?;
        }
        write!(f, "; held out {:.5}", self.held_out.pixel)?;
        if let Some(last_frame) = self.held_out.last_frame_pixel {
            write!(f, " (last frame {last_frame:.5})")?;
        }
        write!(f, ", pasted AUC {:.2} %", 100.0 * self.held_out.pasted_auc)?;
        f.write_str(if self.best { ", best so far" } else { "" })
    }
}

/// Appends a line to the log.
///
/// # Errors
/// The file system's.
pub fn append(run: &Path, report: &EpochReport) -> Result<()> {
    let path = run.join(LOG);
    let mut line = serde_json::to_string(report)?;
    line.push('\n');
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))
}

/// Drops the lines of epochs after `epoch`: a killed training may have written
/// one that it is about to repeat.
///
/// # Errors
/// The file system's.
pub fn forget_after(run: &Path, epoch: usize) -> Result<()> {
    let path = run.join(LOG);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
    let done = |line: &&str| {
        serde_json::from_str::<EpochReport>(line).is_ok_and(|report| report.epoch <= epoch)
    };
    let kept: String = text.lines().filter(done).flat_map(|line| [line, "\n"]).collect();
    write_atomically(&path, kept.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}
