//! Recorded footage through the live pipeline, and what came of it.
//!
//! Used by `replay`, `demo`, `calibrate` and the toolchain's `eval`: the same monitor, window and
//! score as a live run, at the speed of the machine.

mod footage;
mod labels;
mod play;
mod summary;
mod trace;

pub use footage::{Clip, list_footage};
pub use labels::Labels;
pub use play::{
    DEFAULT_MIN_DURATION_MS, NO_LEVELS, OpenClip, PlayOptions, PlayResult, Playing, default_alarm,
    play, play_from,
};
pub use summary::{AucSummary, ClipSummary, ScoreColumns, paper_auc, score_columns, summarise};
pub use trace::{ClipTrace, Moment};
