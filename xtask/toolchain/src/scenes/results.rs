//! What came of all scenes, as it becomes JSON.

use std::path::PathBuf;

use serde::Serialize;

use super::rate::RateSource;
use crate::eval::results::{AlarmResult, Floor, Ranking};

/// False alarms a day, most first.
pub const BUDGETS: [f64; 3] = [240.0, 24.0, 1.0];

/// All of it.
#[derive(Debug, Serialize)]
pub struct Results {
    pub data: PathBuf,
    pub preset: &'static str,
    /// Training time of each scene; none where the flags say its length.
    pub minutes: Option<f64>,
    pub seed: u64,
    pub precision: &'static str,
    pub train_flags: Vec<String>,
    pub machine: String,
    pub scenes: Vec<SceneResult>,
    /// Over all of these, by budget.
    pub pooled: Vec<Pooled>,
    pub not_judged: Vec<NotJudged>,
}

/// One scene.
#[derive(Clone, Debug, Serialize)]
pub struct SceneResult {
    pub scene: String,
    pub bundle: PathBuf,
    pub model_sha256: String,
    pub fps: f64,
    pub fps_from: RateSource,
    pub width_px: usize,
    pub height_px: usize,
    /// No colour in the training footage.
    pub grey: bool,
    pub training_frames: usize,
    /// Scored frames of the part that only the calibration saw.
    pub calibration_frames: usize,
    /// Scored frames of the test part, and how many of them are abnormal.
    pub test_frames: usize,
    pub abnormal_frames: usize,
    pub training: Option<TrainingResult>,
    pub held_out: HeldOutLoss,
    /// Of the deployed score and of its parts.
    pub score: Ranking,
    pub block: Ranking,
    pub psnr: Ranking,
    /// "Last frame" and "mean background"; empty where nothing is abnormal.
    pub floors: Vec<Floor>,
    /// Frame AUC of the score less the better floor's block AUC.
    pub above_floors: Option<f64>,
    /// One for each budget.
    pub alarms: Vec<AlarmResult>,
    pub notes: Vec<String>,
}

/// What the RUN says of its training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrainingResult {
    /// Of the checkpoint that was chosen.
    pub epoch: usize,
    pub pasted_auc: f64,
}

/// Mean squared error on the calibration's footage, of numbers within −1..=1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HeldOutLoss {
    pub frames: usize,
    pub network: f64,
    /// Of "the next frame is the last one" on the same frames.
    pub last_frame: f64,
    /// The one divided by the other.
    pub share: Option<f64>,
}

/// Alarms over the test parts of all scenes at one budget.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pooled {
    pub alarms_per_day: f64,
    pub scenes: usize,
    pub events: usize,
    pub caught: usize,
    pub caught_promptly: usize,
    pub median_delay_s: Option<f64>,
    pub normal_h: f64,
    pub false_alarms: usize,
    /// What the budget allows in that time.
    pub expected: f64,
    pub false_alarms_per_hour: Option<f64>,
}

/// A scene that could not be judged.
#[derive(Clone, Debug, Serialize)]
pub struct NotJudged {
    pub scene: String,
    pub why: String,
}
