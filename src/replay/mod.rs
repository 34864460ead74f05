//! Recorded footage through the live pipeline, and what came of it.
//!
//! Used by `replay`, `demo` and `calibrate`: the same monitor, window and
//! score as a live run, at the speed of the machine.

mod footage;
mod labels;
mod play;
mod summary;
mod trace;

pub use footage::{Clip, list_footage};
pub use labels::Labels;
pub use play::{PlayOptions, PlayResult, Playing, play};
pub use summary::{AucSummary, ClipSummary, paper_auc, summarise};
pub use trace::{ClipTrace, Moment};
