//! `run.toml`: everything that defines a training.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use normwatch::fs::write_atomically;
use normwatch::model::InputSection;
use serde::{Deserialize, Serialize};

use crate::net::{Network, NetworkSpec, Preset};

/// Version of the RUN folder that this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;
pub const RUN_FILE: &str = "run.toml";

/// `run.toml`: all that defines a training. Two trainings with equal files and
/// equal footage give equal weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    pub format_version: u32,
    pub preset: Preset,
    /// One sentence: the footage that it learnt from.
    pub training_data: String,
    pub network: NetworkSpec,
    pub input: InputSection,
    /// Absent in an imported RUN.
    pub training: Option<TrainingRecord>,
    /// Absent in an imported RUN.
    pub footage: Option<FootageRecord>,
}

/// `[training]`: the arguments that change the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecord {
    pub seed: u64,
    pub epochs: usize,
    pub steps_per_epoch: usize,
    /// The time that was given, if one was; epochs and steps are then what was
    /// expected of it.
    pub minutes: Option<f64>,
    pub batch: usize,
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Weight of the compactness loss.
    pub compact: f64,
    /// Weight of the separateness loss.
    pub separate: f64,
    /// How much more a pixel counts where something moves; none as published.
    pub motion_weight: Option<f64>,
    pub normaliser: UpdateNormaliser,
    /// Whether checkpoints hold settled items, or those of the last batch as
    /// published.
    pub settle_items: bool,
    /// Share of the old item that an update keeps; none as published.
    pub ema_memory: Option<f64>,
    /// Every second window is mirrored.
    pub flip: bool,
    /// Largest relative change of contrast and brightness of a window.
    pub light_changes: Option<f64>,
    /// Share of windows whose input shows a pasted anomaly that the target
    /// does not.
    pub pseudo_anomalies: Option<f64>,
    /// Share of windows that are played too fast, and whose moving queries are
    /// driven away from the memory.
    pub skip_frames: Option<f64>,
    /// Weight of the loss that drives them.
    pub contrast: Option<f64>,
    /// The RUN whose predictions are learnt beside the footage.
    pub teacher: Option<String>,
    /// Weight of the squared difference to the teacher's prediction.
    pub teacher_weight: Option<f64>,
    /// Share of the footage that only validation sees.
    pub held_out: f64,
    pub backend: String,
}

/// What divides the update weights of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateNormaliser {
    /// Their maximum over all queries, as the released code has it.
    Released,
    /// Their maximum over the item's own queries, the paper's equation 5.
    Paper,
}

/// How the learning rate falls to 0 along half a cosine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Once an epoch, as published.
    CosinePerEpoch,
    /// At every step.
    CosinePerStep,
    /// At every step, by the share of `minutes` that is over.
    CosineByTime,
}

/// `[footage]`: what was read, as the network takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FootageRecord {
    pub paths: Vec<String>,
    pub clips: usize,
    pub frames: usize,
    /// Unreadable frames, left out.
    pub skipped_frames: usize,
    /// Clips, or the parts of clips, that only validation sees.
    pub held_out: Vec<String>,
    /// SHA-256 over all preprocessed frames.
    pub sha256: String,
}

impl RunFile {
    /// # Errors
    /// No RUN there, one of another version, or a file that makes no sense.
    pub fn read(run: &Path) -> Result<Self> {
        let path = run.join(RUN_FILE);
        let text = fs::read_to_string(&path).with_context(|| {
            format!("{} is not a RUN: {} cannot be read", run.display(), path.display())
        })?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        match table.get("format_version").and_then(toml::Value::as_integer) {
            Some(version) if version == i64::from(FORMAT_VERSION) => {}
            Some(version) => bail!(
                "RUN format version {version}, but this program reads version {FORMAT_VERSION}: \
                 train again, or use the toolchain of the release that wrote it"
            ),
            None => bail!("no `format_version`"),
        }
        Ok(toml::from_str(text)?)
    }

    /// # Errors
    /// The file system's.
    pub fn write(&self, run: &Path) -> Result<()> {
        let path = run.join(RUN_FILE);
        let text = toml::to_string(self)?;
        write_atomically(&path, text.as_bytes())
            .map_err(|error| anyhow!("{} cannot be written: {error}", path.display()))
    }

    /// # Errors
    /// Values that make no network.
    pub fn network(&self) -> Result<Network> {
        Network::build(self.network, self.input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_file() -> RunFile {
        let values = Preset::Edge.values();
        RunFile {
            format_version: FORMAT_VERSION,
            preset: Preset::Edge,
            training_data: "A walkway.".into(),
            network: values.network,
            input: values.input,
            training: None,
            footage: None,
        }
    }

    #[test]
    fn comes_back_equal() {
        let folder = tempfile::tempdir().unwrap();
        run_file().write(folder.path()).unwrap();
        assert_eq!(RunFile::read(folder.path()).unwrap(), run_file());
    }

    #[test]
    fn another_version_and_a_missing_file_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = format!("{:#}", RunFile::read(folder.path()).unwrap_err());
        assert!(error.contains("is not a RUN"), "{error}");
        RunFile { format_version: 2, ..run_file() }.write(folder.path()).unwrap();
        let error = format!("{:#}", RunFile::read(folder.path()).unwrap_err());
        assert!(error.contains("version 2"), "{error}");
    }
}
