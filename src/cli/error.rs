//! One error for the commands, and what the shell is told.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::calibrate::CalibrationError;
use crate::capture::SourceError;
use crate::gpio::LineError;
use crate::model::{BundleError, NetworkError};
use crate::record::RecordError;
use crate::replay::{LabelsError, PlayError};
use crate::runtime::RunError;
use crate::station::{LevelsError, StationError};

/// Why a command ended without its result. The rooms' own errors are shown as
/// they are; their exit codes are decided here.
#[derive(Debug, Error)]
pub(super) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Config(String),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{}: {error}", file.display())]
    Calibration { file: PathBuf, error: CalibrationError },
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: std::io::Error },
    #[error(transparent)]
    Line(#[from] LineError),
    #[error(transparent)]
    Levels(#[from] LevelsError),
    #[error(transparent)]
    Station(#[from] StationError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Play(#[from] PlayError),
    #[error(transparent)]
    Labels(#[from] LabelsError),
    /// The demonstration ran, and its alarms were not where the truth is.
    #[error("{0}")]
    Verdict(String),
    /// The doctor's verdict on the machine.
    #[error("{0}")]
    Unfit(String),
    #[error("{0}")]
    Internal(String),
}

/// The process's exit codes, as the README lists them.
mod code {
    pub const INTERNAL: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const BUNDLE: u8 = 3;
    pub const SOURCE: u8 = 4;
    pub const FILE: u8 = 5;
    pub const VERDICT: u8 = 6;
    pub const LINE: u8 = 7;
    pub const UNFIT: u8 = 8;
}

impl Error {
    /// An I/O error with the file's name.
    pub fn file(file: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.to_path_buf();
        |error| Self::File { file, error }
    }

    /// A signal's handler could not be installed.
    pub fn signals(error: std::io::Error) -> Self {
        Self::Internal(format!("cannot install the signal handlers: {error}"))
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Internal(_) | Self::Network(_) => code::INTERNAL,
            Self::Usage(_) | Self::Config(_) => code::USAGE,
            Self::Bundle(_) | Self::Calibration { .. } => code::BUNDLE,
            Self::Source(_) => code::SOURCE,
            Self::File { .. } => code::FILE,
            Self::Verdict(_) => code::VERDICT,
            Self::Line(_) => code::LINE,
            Self::Unfit(_) => code::UNFIT,
            Self::Levels(error) => of_levels(error),
            Self::Station(error) => of_station(error),
            Self::Record(error) => of_recording(error),
            Self::Play(PlayError::Source(_)) => code::SOURCE,
            Self::Play(PlayError::Network(_)) => code::INTERNAL,
            Self::Labels(LabelsError::File { .. }) => code::FILE,
            Self::Labels(_) => code::USAGE,
        }
    }
}

fn of_levels(error: &LevelsError) -> u8 {
    match error {
        LevelsError::Bundle(_) | LevelsError::Calibration { .. } => code::BUNDLE,
        LevelsError::File { .. } => code::FILE,
        LevelsError::Absent { .. } | LevelsError::Budget { .. } => code::USAGE,
    }
}

fn of_station(error: &StationError) -> u8 {
    match error {
        StationError::Bundle(_) => code::BUNDLE,
        StationError::Levels(error) => of_levels(error),
        StationError::Mask { .. } | StationError::TooSlow { .. } => code::USAGE,
        StationError::Line(_) | StationError::Watchdog(_) => code::LINE,
        StationError::LineRefused(_) => code::INTERNAL,
        StationError::File { .. } => code::FILE,
        StationError::Run(error) => of_run(error),
    }
}

fn of_run(error: &RunError) -> u8 {
    match error {
        RunError::Source(_) => code::SOURCE,
        RunError::Network(_)
        | RunError::CaptureThread(_)
        | RunError::CapturePanicked
        | RunError::Supervisor(_) => code::INTERNAL,
    }
}

fn of_recording(error: &RecordError) -> u8 {
    match error {
        RecordError::Source(_) => code::SOURCE,
        RecordError::Folder(_) => code::USAGE,
        RecordError::File { .. } => code::FILE,
        RecordError::Encoding(_) => code::INTERNAL,
    }
}
