//! What an evaluation found, as it becomes JSON.

use super::detection::{EventOutcome, Quiet};
use normwatch::calibrate::BudgetReport;
use serde::Serialize;
use std::path::PathBuf;

/// All of it.
#[derive(Debug, Serialize)]
pub struct Results {
    pub dataset: PathBuf,
    /// `frozen`, `released` or `paper`.
    pub memory_update: &'static str,
    /// Where the levels come from, in words.
    pub calibration: String,
    pub machine: String,
    pub floors: Vec<Floor>,
    pub bundles: Vec<BundleResult>,
}

/// Area under the ROC curve and average precision, 0 to 1; `None` when the
/// frames are all of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ranking {
    pub auc: Option<f64>,
    pub average_precision: Option<f64>,
}

/// A predictor that learns nothing, on the same frames.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Floor {
    /// `last frame` or `mean background`.
    pub predictor: &'static str,
    pub width_px: usize,
    pub height_px: usize,
    /// PSNR alone, each clip min-max normalised.
    pub paper: Ranking,
    /// PSNR alone, not normalised.
    pub psnr: Ranking,
    /// The worst block's error by the bundle's rule, not normalised.
    pub block: Ranking,
    pub pixel_auroc: Option<f64>,
}

/// One bundle.
#[derive(Debug, Serialize)]
pub struct BundleResult {
    pub bundle: PathBuf,
    pub name: String,
    pub precision: String,
    pub model_sha256: String,
    pub width_px: usize,
    pub height_px: usize,
    /// Frames with a score, and how many of them are abnormal.
    pub frames: usize,
    pub abnormal: usize,
    /// Frames for which the network did not run, because nothing moved.
    pub rested: usize,
    pub paper: Option<PaperResult>,
    pub deployed: Option<DeployedResult>,
    pub perturbed: Vec<PerturbedResult>,
}

/// The paper's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PaperResult {
    pub lambda: f64,
    pub combined: Ranking,
    /// With λ = 1, the figure that the floors stand beside.
    pub psnr_only: Ranking,
}

/// The causal protocol.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployedResult {
    pub psnr: Ranking,
    pub block: Ranking,
    pub distance: Ranking,
    pub score: Ranking,
    /// The same score with each clip min-max normalised, as the literature
    /// does: for comparison only.
    pub score_per_clip: Ranking,
    pub alarms: AlarmResult,
    /// Of the error map, and of its box filter as the score has it.
    pub pixel_auroc: Option<f64>,
    pub block_pixel_auroc: Option<f64>,
    pub localisation: Option<Localisation>,
}

/// What the state machine made of the score at one budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlarmResult {
    pub budget: BudgetReport,
    pub events: Vec<EventOutcome>,
    pub caught: usize,
    pub caught_share: Option<f64>,
    /// Of these, with a delay of at most 1.5 s.
    pub caught_promptly: usize,
    pub median_delay_s: Option<f64>,
    pub max_delay_s: Option<f64>,
    pub false_alarms: usize,
    /// Time labelled normal, and false alarms in an hour of it.
    pub normal_h: f64,
    pub false_alarms_per_hour: Option<f64>,
    pub quiet: Quiet,
}

/// Whether the reported block lies on the anomaly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Localisation {
    /// Abnormal frames, with a mask, during which the alarm was on.
    pub frames: usize,
    /// In which the worst block touches the mask.
    pub hits: usize,
    pub share: Option<f64>,
    /// The share that a block at a random place would reach.
    pub chance: Option<f64>,
}

/// One perturbation of the test frames; calibration and training stay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PerturbedResult {
    pub perturbation: String,
    pub deployed: DeployedResult,
    /// Of the score after smoothing: AUC on the plain frames less this one.
    pub auc_loss: Option<f64>,
    /// Of the worst block and of the PSNR alone.
    pub block_auc_loss: Option<f64>,
    pub psnr_auc_loss: Option<f64>,
    /// "Next frame = last frame" on the same frames, at the model's size.
    pub floor: Option<Floor>,
}
