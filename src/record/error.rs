//! Why a recording failed.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::capture::SourceError;

/// Why [`record`](super::record) failed. What was recorded before is whole,
/// whatever the reason.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The source cannot be opened at first, or has gone for good.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The folder is not a recording that can go on; the text says why, and what
    /// to do instead.
    #[error("{0}")]
    Folder(String),
    /// A file or folder of the recording cannot be read or written, as when the
    /// disk is full.
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    /// The encoder or the writer of `recording.toml` refuses its input: a defect
    /// of the program.
    #[error("{0}")]
    Encoding(String),
}

impl RecordError {
    /// An I/O error with the file's name.
    pub(super) fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_path_buf();
        |error| Self::File { file, error }
    }
}
