//! One error for the commands, and what the shell is told.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::calibrate::CalibrationError;
use crate::capture::SourceError;
use crate::config::ConfigError;
use crate::event::ArchiveError;
use crate::feedback::KnownError;
use crate::gpio::LineError;
use crate::learn::LearnError;
use crate::model::{BundleError, BundleErrorKind, NetworkError};
use crate::record::RecordError;
use crate::replay::{LabelsError, PlayError};
use crate::runtime::RunError;
use crate::setup::SetupError;
use crate::station::{LevelsError, StationError};

/// Why a command ended without its result. The rooms' own errors are shown as
/// they are; their exit codes are decided here.
#[derive(Debug, Error)]
pub(super) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Config(String),
    /// A configuration that cannot be read now.
    #[error("{0}")]
    Unread(String),
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
    Learn(#[from] LearnError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Play(#[from] PlayError),
    #[error(transparent)]
    Labels(#[from] LabelsError),
    #[error(transparent)]
    Events(#[from] ArchiveError),
    #[error(transparent)]
    Known(#[from] KnownError),
    /// The demonstration ran, and its alarms were not where the truth is.
    #[error("{0}")]
    Verdict(String),
    /// The doctor's verdict on the machine.
    #[error("{0}")]
    Unfit(String),
    /// Outputs that a test did not reach.
    #[error("{0}")]
    Unreached(String),
    #[error("{0}")]
    Internal(String),
}

/// The process's exit codes, as docs/ref/exit-codes.md lists them.
mod code {
    pub const INTERNAL: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const BUNDLE: u8 = 3;
    pub const SOURCE: u8 = 4;
    pub const FILE: u8 = 5;
    pub const VERDICT: u8 = 6;
    pub const LINE: u8 = 7;
    pub const UNFIT: u8 = 8;
    pub const UNREACHED: u8 = 9;
}

impl Error {
    /// An I/O error with the file's name.
    pub fn file(file: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let file = file.to_path_buf();
        |error| Self::File { file, error }
    }

    /// A configuration with problems, told as `text`.
    pub fn config(error: &ConfigError, text: String) -> Self {
        if error.is_unread() { Self::Unread(text) } else { Self::Config(text) }
    }

    /// Standard output cannot be written.
    pub fn output(error: std::io::Error) -> Self {
        Self::File { file: "standard output".into(), error }
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
            Self::Bundle(error) => of_bundle(error),
            Self::Calibration { .. } => code::BUNDLE,
            Self::Source(_) => code::SOURCE,
            Self::File { .. } | Self::Unread(_) => code::FILE,
            Self::Verdict(_) => code::VERDICT,
            Self::Line(_) => code::LINE,
            Self::Unfit(_) => code::UNFIT,
            Self::Events(ArchiveError::File { .. }) => code::FILE,
            Self::Events(_) => code::USAGE,
            Self::Known(KnownError::File { .. } | KnownError::Damaged { .. }) => code::FILE,
            Self::Known(_) => code::USAGE,
            Self::Unreached(_) => code::UNREACHED,
            Self::Levels(error) => of_levels(error),
            Self::Station(error) => of_station(error),
            Self::Record(error) => of_recording(error),
            Self::Learn(error) => of_learning(error),
            Self::Setup(error) => of_setup(error),
            Self::Play(PlayError::Source(_)) => code::SOURCE,
            Self::Play(PlayError::Network(_)) => code::INTERNAL,
            Self::Labels(LabelsError::File { .. }) => code::FILE,
            Self::Labels(_) => code::USAGE,
        }
    }
}

/// What was read and refused stays refused; what cannot be read may be there later.
fn of_bundle(error: &BundleError) -> u8 {
    match error.kind {
        BundleErrorKind::Io => code::FILE,
        BundleErrorKind::Refused => code::BUNDLE,
    }
}

fn of_levels(error: &LevelsError) -> u8 {
    match error {
        LevelsError::Bundle(error) => of_bundle(error),
        LevelsError::Calibration { .. } => code::BUNDLE,
        LevelsError::File { .. } => code::FILE,
        LevelsError::Absent { .. } | LevelsError::Budget { .. } => code::USAGE,
    }
}

fn of_station(error: &StationError) -> u8 {
    match error {
        StationError::Bundle(error) => of_bundle(error),
        StationError::Levels(error) => of_levels(error),
        StationError::Mask { .. } | StationError::TooSlow { .. } => code::USAGE,
        StationError::Line(_) | StationError::Watchdog(_) => code::LINE,
        StationError::LineRefused(_) | StationError::EventThread(_) => code::INTERNAL,
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

fn of_learning(error: &LearnError) -> u8 {
    match error {
        LearnError::Source(_) | LearnError::TooLittle(_) => code::SOURCE,
        LearnError::File { .. } | LearnError::Busy { .. } => code::FILE,
        LearnError::Folder(_) | LearnError::Generation(_) => code::USAGE,
        // The codes of both programs are the same ones.
        LearnError::Toolchain { code, .. } => code.unwrap_or(code::INTERNAL),
        LearnError::Bundle(error) => of_bundle(error),
        LearnError::Calibration(_) => code::BUNDLE,
        LearnError::Station(error) => of_station(error),
        LearnError::Network(_) | LearnError::Encoding(_) => code::INTERNAL,
    }
}

fn of_setup(error: &SetupError) -> u8 {
    match error {
        SetupError::Camera(_) => code::SOURCE,
        SetupError::Line(_) | SetupError::Pin { .. } => code::LINE,
        SetupError::File { .. } | SetupError::Unwritable { .. } => code::FILE,
        SetupError::Config(error) if error.is_unread() => code::FILE,
        SetupError::Picture(_) => code::INTERNAL,
        SetupError::Unanswered { .. }
        | SetupError::Refused { .. }
        | SetupError::Answers { .. }
        | SetupError::Ended { .. }
        | SetupError::Stopped
        | SetupError::Exists { .. }
        | SetupError::NoBoards { .. }
        | SetupError::NoLines { .. }
        | SetupError::Config(_) => code::USAGE,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::health::SupervisorError;

    fn is_said_as(error: impl Into<Error>, code: u8, said: &str) {
        let error = error.into();
        assert_eq!((error.exit_code(), error.to_string().as_str()), (code, said));
    }

    #[test]
    fn a_rooms_error_keeps_its_words_and_gets_a_code() {
        let gone = || SourceError::fatal("no such camera");
        is_said_as(StationError::Run(RunError::Source(gone())), 4, "no such camera");
        is_said_as(RecordError::Source(gone()), 4, "no such camera");
        is_said_as(PlayError::Source(gone()), 4, "no such camera");
        is_said_as(StationError::Run(RunError::CapturePanicked), 1, "capture panicked");
        let supervisor = SupervisorError(io::Error::other("no thread"));
        let no_run = StationError::Run(supervisor.into());
        is_said_as(no_run, 1, "cannot start the supervisor: no thread");
        let events = StationError::EventThread(io::Error::other("no thread"));
        is_said_as(
            events,
            1,
            "cannot start a thread that stores events or tells of them: no thread",
        );
        is_said_as(Error::output(io::Error::other("full")), 5, "standard output: full");
        is_said_as(LineError::Unknown { line: "X".into() }, 7, "the board has no GPIO line `X`");
    }

    #[test]
    fn a_file_is_named_whichever_room_missed_it() {
        let file = PathBuf::from("x");
        let error = || io::Error::other("full");
        is_said_as(RecordError::File { file: file.clone(), error: error() }, 5, "x: full");
        is_said_as(LabelsError::File { file: file.clone(), error: error() }, 5, "x: full");
        let levels = LevelsError::File { file, error: error() };
        is_said_as(StationError::Levels(levels), 5, "x: full");
    }

    #[test]
    fn what_the_user_can_put_right_is_code_2() {
        let labels = LabelsError::Length { clip: "a".into(), frames: 2, labels: 1 };
        is_said_as(labels, 2, "clip `a` has 2 frames but 1 labels");
        let budget = LevelsError::Budget { alarms_per_day: 0.0 };
        is_said_as(budget, 2, "0 alarms a day is not a budget: give a number above 0");
        let mask = StationError::Mask { site: "site.toml".into(), what: "nothing".into() };
        is_said_as(mask, 2, "site.toml: nothing");
        is_said_as(RecordError::Folder("another folder".into()), 2, "another folder");
    }
}
