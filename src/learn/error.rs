//! Why a learning cannot go on.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::calibrate::CalibrationError;
use crate::capture::SourceError;
use crate::model::{BundleError, NetworkError};
use crate::replay::PlayError;
use crate::station::StationError;

/// Why a learning ended early. Whatever the reason: what was learnt before stays, the
/// bundle that watches stays, and the same command goes on.
#[derive(Debug, Error)]
pub enum LearnError {
    /// The camera or the footage cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file or folder of the learning cannot be read or written.
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    /// Another process is learning in the same folder.
    #[error(
        "{} is in use by another `normwatch learn`: wait for it, or stop it first",
        folder.display()
    )]
    Busy { folder: PathBuf },
    /// The folder's contents do not fit the site file, or each other; the text says
    /// what to do.
    #[error("{0}")]
    Folder(String),
    /// The camera has shown too little to learn from; the text says what to do.
    #[error("{0}")]
    TooLittle(String),
    /// A command of the toolchain failed.
    #[error("`{command}` failed: {said}; the bundle that was there before stays")]
    Toolchain { command: String, said: String, code: Option<u8> },
    /// No such bundle, or not one that may be taken.
    #[error("{0}")]
    Generation(String),
    /// The bundle that was learnt was refused.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The network failed while it settled.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// What was judged makes no calibration.
    #[error("what the new network has judged makes no calibration: {0}")]
    Calibration(#[from] CalibrationError),
    /// The site's view of the picture does not fit.
    #[error(transparent)]
    Station(#[from] StationError),
    /// A picture or a state cannot be encoded: a defect of the program.
    #[error("{0}")]
    Encoding(String),
}

impl LearnError {
    /// An I/O error with the file's name.
    pub(super) fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_path_buf();
        |error| Self::File { file, error }
    }
}

impl From<PlayError> for LearnError {
    fn from(error: PlayError) -> Self {
        match error {
            PlayError::Source(error) => Self::Source(error),
            PlayError::Network(error) => Self::Network(error),
        }
    }
}
