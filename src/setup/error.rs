//! Why a setup came to nothing.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::capture::SourceError;
use crate::config::ConfigError;
use crate::gpio::{LineError, PinError};

/// Why a setup came to nothing. The site file is then as it was.
#[derive(Debug, Error)]
pub enum SetupError {
    /// A file of answers lacks one that has no usual value.
    #[error("{}: `{key}` is not answered: {question}; add `{key} = …`", file.display())]
    Unanswered { file: PathBuf, key: &'static str, question: String },
    /// An answer of a file, which nobody can be asked for again.
    #[error("{}: `{key} = {answer}`: {why}", file.display())]
    Refused { file: PathBuf, key: &'static str, answer: String, why: String },
    /// A file of answers that is none.
    #[error("{}: {what}", file.display())]
    Answers { file: PathBuf, what: String },
    /// The input ended.
    #[error(
        "the input ended before `{key}` was answered: nothing was written. Without a terminal, give \
         the answers in a file: `--answers FILE`"
    )]
    Ended { key: &'static str },
    #[error("stopped: nothing was written")]
    Stopped,
    /// The site file is there, and may not be replaced.
    #[error(
        "{} is there already, and nothing was written: give --force to replace it, or `replace = \
         true` among the answers; the old one is kept beside it",
        file.display()
    )]
    Exists { file: PathBuf },
    #[error("there is not a board file in: {}; name the folder of one in NORMWATCH_DATA", folders.join(", "))]
    NoBoards { folders: Vec<String> },
    #[error("{} names no line: add a [[gpio.line]] to it", file.display())]
    NoLines { file: PathBuf },
    #[error(transparent)]
    Camera(#[from] SourceError),
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("GPIO line `{line}` cannot be driven: {error}")]
    Pin { line: String, error: PinError },
    /// What was answered does not go together.
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    /// Nobody would be allowed to write what was answered.
    #[error("{}: {error}: run it with `sudo`, or name another file with --config", file.display())]
    Unwritable { file: PathBuf, error: io::Error },
    #[error("{0}")]
    Picture(String),
}

impl SetupError {
    /// An I/O error with the file's name.
    pub(super) fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_path_buf();
        |error| Self::File { file, error }
    }
}
