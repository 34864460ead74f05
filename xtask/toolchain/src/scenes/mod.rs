//! `scenes`: one training and one judgement for each scene of a folder, and a
//! table over all of them.
//!
//! [`scene`] reads what a scene says of itself, [`split`] divides its normal
//! footage, [`mod@make`] trains, [`mod@judge`] measures, [`mod@run`] goes from scene to
//! scene.

mod judge;
mod make;
mod page;
mod pool;
mod rate;
mod results;
mod run;
mod scene;
mod split;
mod table;
#[cfg(test)]
mod tests;

pub use run::run;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::net::Preset;
use rate::GivenRate;

/// Train and judge on every scene of a folder.
///
/// A scene is a folder in the layout of `eval`: training/frames/CLIP/*.jpg
/// (normal footage of one camera), testing/frames/CLIP/*.jpg and
/// testing/labels.json ({"CLIP": [0, 1, …]}). For each, a network is trained on
/// the first two thirds of the training part and calibrated on the last third,
/// which it never saw; the test part judges it, beside two predictors that
/// learn nothing. A scene whose labels are all 0 counts for false alarms only.
///
/// One table comes of it, and in --out scenes.html, scenes.json, and for each
/// scene its RUN, its bundles and a page with curves. A scene that cannot be
/// judged is named with the reason, the others are judged, and the command
/// fails. What is in --out already is kept: the same command goes on where a
/// stopped one was. docs/guide/evaluation.md explains every figure.
#[derive(Args, Clone, Debug)]
pub struct ScenesArgs {
    /// The folder of scenes, or a single scene.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Network and training to start from.
    #[arg(long, value_enum, default_value = "nano")]
    pub preset: Preset,

    /// Time for the training of each scene [default: the length that `train`
    /// has].
    #[arg(long)]
    pub minutes: Option<f64>,

    /// Folder for report and bundles [default: out/scenes/, and in it a folder
    /// named after preset, minutes and seed].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Only these scenes.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub only: Vec<String>,

    /// Frames a second of the footage, of all scenes that do not say it
    /// themselves (recording.toml or scene.toml) or with NAME=RATE of one
    /// [default: the preset's]. The bundle's rate is the scene's.
    #[arg(long, value_name = "[NAME=]RATE", value_delimiter = ',')]
    pub fps: Vec<GivenRate>,

    /// Equal seeds, data and flags give equal weights, unless the time decides
    /// how long a training is.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// The bundle that is judged.
    #[arg(long, value_enum, default_value_t = Judged::Int8)]
    pub precision: Judged,

    /// Judge the bundles that are in --out already.
    #[arg(long)]
    pub skip_training: bool,

    /// Print all figures as JSON instead of tables.
    #[arg(long)]
    pub json: bool,

    /// Threads of the judgement. The figures do not depend on it.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,

    /// More flags for `train`, as in `-- --skip-frames 0.25`.
    #[arg(last = true, value_name = "TRAIN_FLAG")]
    pub train: Vec<String>,
}

/// What is made of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Judged {
    /// As the training left it.
    F32,
    /// Quantised, with the footage that it was trained on.
    Int8,
}

impl Judged {
    /// Also the bundle's folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int8 => "int8",
        }
    }
}
