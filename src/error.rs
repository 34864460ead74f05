//! One error for the commands, and what the shell is told.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::calibrate::CalibrationError;
use crate::capture::SourceError;
use crate::gpio::LineError;
use crate::health::WatchdogOpenError;
use crate::model::{BundleError, NetworkError};

/// Why a command ended without its result.
#[derive(Debug, Error)]
pub enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Config(String),
    #[error("{0}")]
    Bundle(#[from] BundleError),
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("{}: {error}", file.display())]
    Calibration { file: PathBuf, error: CalibrationError },
    #[error("{0}")]
    Network(#[from] NetworkError),
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: std::io::Error },
    #[error("{0}")]
    Line(#[from] LineError),
    #[error("{0}")]
    Watchdog(#[from] WatchdogOpenError),
    /// The demonstration ran, and its alarms were not where the truth is.
    #[error("{0}")]
    Verdict(String),
    /// The doctor's verdict on the machine.
    #[error("{0}")]
    Unfit(String),
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// An I/O error with the file's name.
    pub fn file(file: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.to_path_buf();
        |error| Self::File { file, error }
    }

    /// The process's exit code, as the README lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Internal(_) | Self::Network(_) => 1,
            Self::Usage(_) | Self::Config(_) => 2,
            Self::Bundle(_) | Self::Calibration { .. } => 3,
            Self::Source(_) => 4,
            Self::File { .. } => 5,
            Self::Verdict(_) => 6,
            Self::Line(_) | Self::Watchdog(_) => 7,
            Self::Unfit(_) => 8,
        }
    }
}
