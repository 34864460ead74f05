//! Footage of a camera into a folder of clips, ready for training.
//!
//! A recording is a folder of clips, each a folder of numbered pictures that
//! follow one another without a gap at the model's rate, and a small
//! `recording.toml`. Pictures come into being by rename: whatever ends the
//! recording, none is half written.

mod clip;
mod error;
mod library;
mod session;

pub use error::RecordError;
pub use library::{Header, RecordingFile};
pub use session::{RecordEnd, RecordOptions, RecordStats, record};
