//! Recorded footage through the live pipeline, and what came of it.
//!
//! Used by `replay`, `demo`, `calibrate` and the toolchain's `eval`: the same monitor, window and
//! score as a live run, at the speed of the machine.

mod calibration;
mod clip;
mod error;
mod footage;
mod labels;
mod play;
mod summary;
mod trace;

pub use calibration::{
    DEFAULT_BLOCK_WEIGHT, DEFAULT_MOTION_WEIGHT, DEFAULT_VIEW_WEIGHT, calibrate_bundle,
    usual_weights,
};
pub use clip::{ClipResult, replay_clip};
pub use error::PlayError;
pub use footage::{Clip, list_footage};
pub use labels::{Labels, LabelsError};
pub use play::{OpenClip, PlayOptions, PlayResult, Playing, play, play_from};
pub use summary::{AucSummary, ClipSummary, ScoreColumns, paper_auc, score_columns, summarise};
pub use trace::{ClipTrace, Moment, term_sample};
