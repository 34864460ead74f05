//! `calibration.toml`: what it holds, and what is refused.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::clusters::ClusterTail;
use super::levels::USUAL;
use super::stays::StaysCalibration;
use crate::checksum::sha256_hex;
use crate::preprocess::Light;
use crate::score::{BlockRule, DeployedScore, Distribution, MAX_SURPRISE, Weights, quantile};

pub(super) const FORMAT_VERSION: u32 = 3;

/// The least number of scored frames that a calibration is made from.
pub const MIN_FRAMES: usize = 200;

/// Variance of the error in a block, on the scale of squared grey levels from 0 to 1: 128
/// levels of 255.
const ODD_ERROR: f64 = 0.25;
/// Nobody is in the picture for less.
const ODD_FOR_MS: f64 = 2000.0;
/// A smoothed score does not quite reach what is possible.
const HIGHEST_SHARE: f64 = 0.75;

/// Why there is no calibration.
#[derive(Debug, Error)]
pub enum CalibrationError {
    #[error("{frames} scored frames are too few for a calibration: give at least {MIN_FRAMES}")]
    TooShort { frames: usize },
    #[error(
        "the {term} never varies in this footage: is the picture frozen, or are all frames equal?"
    )]
    Constant { term: &'static str },
    #[error("{0}")]
    Invalid(String),
    #[error(
        "this calibration was made for another model ({found}…, the bundle's is {expected}…): \
         run `normwatch calibrate` again"
    )]
    OtherModel { found: String, expected: String },
    #[error(
        "this calibration was made with another mask: run `normwatch calibrate` again with the \
         mask of the site file"
    )]
    OtherMask,
    #[error(
        "this calibration was made with other weights of zones: put them back, or run `normwatch \
         calibrate` again with `--config` and the site file"
    )]
    OtherZones,
    #[error(
        "this calibration was made when the bundle's manifest said something else in [input], \
         [memory] or [score]: put the manifest back, or run `normwatch calibrate` again"
    )]
    OtherConditions,
}

/// What the calibration was made from.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FootageSummary {
    pub description: String,
    pub clips: usize,
    /// Scored frames.
    pub frames: usize,
    pub duration_s: f64,
    /// Mean of the pictures', to which later ones are brought; they stay as
    /// they are without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<Light>,
}

/// `calibration.toml`: the distributions of every score term in normal footage.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    pub format_version: u32,
    /// Identity of the graphs and the memory that it belongs to.
    pub model_sha256: String,
    /// Identity of the mask that it was made with.
    pub mask_sha256: String,
    /// Identity of the weights of zones that it was made with; older calibrations do not
    /// tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones_sha256: Option<String>,
    /// Identity of what the bundle's manifest said of frames, memory and score; older
    /// calibrations do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions_sha256: Option<String>,
    /// Quantiles of the PSNR in dB, evenly spaced from 0 to 1.
    pub psnr_db: Vec<f64>,
    /// Quantiles of the deployed score, evenly spaced from 0 to 1.
    pub score: Vec<f64>,
    pub footage: FootageSummary,
    /// How the block term was computed, and has to be.
    pub block: BlockRule,
    pub weights: Weights,
    /// Of the worst block's smoothed relative error.
    pub block_ratio: Distribution,
    /// Of the smoothed distance.
    pub memory_distance: Distribution,
    /// Of the view term; `None` for a bundle without a usual view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_ratio: Option<Distribution>,
    /// Of the motion term; `None` for a bundle without a motion memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion: Option<Distribution>,
    /// Of what stays, with its background; older calibrations have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stays: Option<StaysCalibration>,
    /// Declustered peaks of the deployed score, by how long it lasts, shortest
    /// first; the first is 0 ms.
    pub clusters: Vec<ClusterTail>,
}

impl Calibration {
    /// Reads a calibration and checks its values.
    ///
    /// # Errors
    /// [`CalibrationError::Invalid`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, CalibrationError> {
        let calibration: Self =
            toml::from_str(text).map_err(|e| CalibrationError::Invalid(e.to_string()))?;
        calibration.check().map_err(CalibrationError::Invalid)?;
        Ok(calibration)
    }

    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a calibration is plain data")
    }

    /// By which others name it: the checksum of its values as [`Calibration::to_toml`]
    /// writes them.
    pub fn sha256(&self) -> String {
        sha256_hex(self.to_toml().as_bytes())
    }

    /// Refuses to serve another model, another mask, other zones or other conditions.
    ///
    /// # Errors
    /// Which of them differs.
    pub fn check_identity(
        &self,
        model: &str,
        (mask, zones): (&str, &str),
        conditions: &str,
    ) -> Result<(), CalibrationError> {
        if self.model_sha256 != model {
            let short = |s: &str| s.chars().take(12).collect();
            return Err(CalibrationError::OtherModel {
                found: short(&self.model_sha256),
                expected: short(model),
            });
        }
        if self.mask_sha256 != mask {
            return Err(CalibrationError::OtherMask);
        }
        if self.zones_sha256.as_ref().is_some_and(|own| own != zones) {
            return Err(CalibrationError::OtherZones);
        }
        if self.conditions_sha256.as_ref().is_some_and(|own| own != conditions) {
            return Err(CalibrationError::OtherConditions);
        }
        Ok(())
    }

    /// What scores frames by it.
    pub fn scorer(&self) -> DeployedScore {
        let (block, memory) = (self.block_ratio.clone(), self.memory_distance.clone());
        DeployedScore::new(block, memory, self.weights)
            .with_view(self.view_ratio.clone())
            .with_motion(self.motion.clone())
    }

    /// The score of what no normal picture has: for two seconds a block that is nothing
    /// like its prediction, without texture to excuse it, and as far from the memory as
    /// the farthest that is normal, and so from the usual view, and that moves as what hurries most.
    /// Every level has to be below it.
    pub fn oddity(&self) -> f64 {
        let floor = f64::from(self.block.texture_floor);
        let ratio = if floor.is_finite() { ODD_ERROR / floor } else { ODD_ERROR };
        let time_constant_ms = f64::from(self.block.smoothing_ms);
        let seen = 1.0 - (-ODD_FOR_MS / time_constant_ms).exp();
        let farthest = self.memory_distance.quantile(1.0);
        let largest = |term: &Option<Distribution>| term.as_ref().map(|term| term.quantile(1.0));
        let others = (largest(&self.view_ratio), largest(&self.motion));
        f64::from(self.scorer().of(ratio * seen, farthest, others).score)
    }

    /// The highest level that an alarm may begin at: well below what is possible, and
    /// below what is odd.
    pub fn highest_enter_level(&self) -> f64 {
        HIGHEST_SHARE * self.oddity().min(f64::from(MAX_SURPRISE))
    }

    /// The score that the share `probability` of normal frames stays below.
    pub fn score_quantile(&self, probability: f64) -> f64 {
        quantile(&self.score, probability)
    }

    /// The tail of the scores that last `min_duration_ms`, or as long as the
    /// footage tells.
    pub fn clusters_lasting(&self, min_duration_ms: u32) -> &ClusterTail {
        let covered = |tail: &&ClusterTail| tail.min_duration_ms <= min_duration_ms;
        self.clusters.iter().rfind(covered).unwrap_or(&self.clusters[0])
    }

    /// # Errors
    /// One sentence about a value that is out of range, or about levels that nothing
    /// could reach.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.format_version != FORMAT_VERSION {
            return Err(format!(
                "format version {}, but this program reads version {FORMAT_VERSION}: run \
                 `normwatch calibrate` again",
                self.format_version
            ));
        }
        if let Some(light) = self.footage.light {
            light.check().map_err(|e| format!("[footage.light] {e}"))?;
        }
        self.block.check().map_err(|e| format!("[block] {e}"))?;
        self.block_ratio.check().map_err(|e| format!("[block_ratio] {e}"))?;
        self.memory_distance.check().map_err(|e| format!("[memory_distance] {e}"))?;
        let view_ratio = self.view_ratio.as_ref().map_or(Ok(()), Distribution::check);
        view_ratio.map_err(|e| format!("[view_ratio] {e}"))?;
        let motion = self.motion.as_ref().map_or(Ok(()), Distribution::check);
        motion.map_err(|e| format!("[motion] {e}"))?;
        self.weights.check().map_err(|e| format!("[weights] {e}"))?;
        let scores = 0.0..=f64::from(MAX_SURPRISE);
        let are_scores = self.score.iter().all(|score| scores.contains(score));
        if self.score.len() < 2 || !self.score.is_sorted() || !are_scores {
            return Err(format!(
                "`score` must be at least two ascending numbers from 0 to {MAX_SURPRISE}"
            ));
        }
        if !self.psnr_db.iter().all(|psnr| psnr.is_finite()) {
            return Err("`psnr_db` must be numbers".into());
        }
        if !(0.0..=1e9).contains(&self.footage.duration_s) {
            return Err("`footage.duration_s` must be between 0 and a billion".into());
        }
        let (highest, usual) = (self.highest_enter_level(), self.score_quantile(USUAL));
        if highest <= usual {
            return Err(format!(
                "with it nothing could ever be an alarm: what is plainly odd would score {:.2}, \
                 and normal footage reaches {usual:.2}; run `normwatch calibrate` again, with \
                 footage of normal days alone",
                self.oddity()
            ));
        }
        self.stays.as_ref().map_or(Ok(()), StaysCalibration::check)?;
        if !self.clusters.iter().all(ClusterTail::is_sound) {
            return Err("[[clusters]] does not describe a tail".into());
        }
        let durations = self.clusters.iter().map(|c| c.min_duration_ms);
        if durations.clone().next() != Some(0) || !durations.is_sorted() {
            return Err("[[clusters]] must begin with 0 ms, followed by longer durations".into());
        }
        Ok(())
    }
}
