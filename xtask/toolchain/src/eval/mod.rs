//! `eval`: bundles on a labelled data set, by two protocols, beside
//! predictors that learn nothing.
//!
//! Footage goes through the runtime's own pipeline; what is added here is the
//! comparison with the truth.

pub mod bundle;
pub mod calibration;
pub mod dataset;
mod detection;
pub mod floors;
mod measure;
pub mod metrics;
mod perturb;
mod pixels;
pub mod report;
pub mod results;
mod run;
pub mod table;
#[cfg(test)]
mod tests;
pub mod watch;

pub use run::run;

use clap::{Args, ValueEnum};
use normwatch::model::MemoryUpdate;
use std::path::PathBuf;

/// Measure bundles on labelled footage, beside trivial predictors.
///
/// The data set holds training/frames/CLIP/*.jpg (normal footage),
/// testing/frames/CLIP/*.jpg, testing/labels.json ({"CLIP": [0, 1, …]}), and
/// may hold testing/masks/CLIP/*.png, one black image a frame with the abnormal
/// pixels set. `scene` makes such folders.
///
/// The protocol `paper` is the literature's: each test clip is min-max
/// normalised by its own minimum and maximum, which no live system can know.
/// The protocol `deployed` is causal: every score and every level comes from
/// training footage and from the past. Several bundles make a table side by
/// side. docs/guide/evaluation.md explains every figure.
#[derive(Args, Debug, Clone)]
pub struct EvalArgs {
    /// Model bundles.
    #[arg(required = true, value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,

    /// The labelled data set.
    #[arg(long, value_name = "DIR")]
    pub dataset: PathBuf,

    #[arg(long, value_enum, default_value_t = Protocol::Both)]
    pub protocol: Protocol,

    /// Whether the memory learns during the test. If so, it goes from clip to
    /// clip, in order, in one thread.
    #[arg(long, value_enum, default_value_t = MemoryUpdate::Frozen)]
    pub update: MemoryUpdate,

    /// λ of the paper's score, the weight of the PSNR [default: the bundle's].
    #[arg(long)]
    pub lambda: Option<f64>,

    /// False alarms a day that the levels are set for.
    #[arg(long, default_value_t = 1.0)]
    pub alarms_per_day: f64,

    /// What the causal score and its levels are calibrated on.
    #[arg(long, value_enum, default_value_t = CalibrateOn::Training)]
    pub calibration: CalibrateOn,

    /// Also measure with changed test frames: light=+30%, light=-30%, noise=8
    /// (σ in 8-bit levels), jpeg=40 (quality), shake=2 (pixels), or `standard`
    /// for all of these. Repeat for several. Calibration stays as it is.
    #[arg(long, value_name = "CHANGE")]
    pub perturb: Vec<perturb::Choice>,

    /// Judge the pictures as they come, without moving back those of a swaying
    /// camera, and without evening the light.
    #[arg(long)]
    pub no_stabilise: bool,

    /// Let the network rest in test frames while no part of the picture changes
    /// by more than so many of 255 grey levels.
    #[arg(long, value_name = "LEVELS")]
    pub motion_gate: Option<f32>,

    /// Seed of noise and shake.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Frames a second of the footage [default: the model's].
    #[arg(long)]
    pub fps: Option<f64>,

    /// Print all figures as JSON instead of tables.
    #[arg(long)]
    pub json: bool,

    /// Write all figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// Write a page to this file: curves, score over time, and the frames that
    /// the first bundle is most wrong about.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Threads. The figures do not depend on it.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
}

/// How frames are scored and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Each clip normalised by its own extremes, as the literature has it.
    Paper,
    /// Causal, with levels from training footage.
    Deployed,
    Both,
}

/// Footage behind the levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CalibrateOn {
    /// The data set's training clips, calibrated now as `normwatch calibrate`
    /// does, memory frozen.
    Training,
    /// The bundle's own calibration.
    Bundle,
}
