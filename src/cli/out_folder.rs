//! The folder that a command writes its results into.

use std::path::{Path, PathBuf};

use super::error::Error;
use crate::replay::PlayResult;

/// A folder that exists, made if need be.
pub(super) fn make_folder(path: &Path) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(path).map_err(Error::file(path))?;
    Ok(path.to_path_buf())
}

/// # Errors
/// Events of a replay that the log at `path` could not take.
pub(super) fn whole_log(result: &PlayResult, path: &Path) -> Result<(), Error> {
    match result.events_dropped {
        0 => Ok(()),
        lost => Err(Error::file(path)(std::io::Error::other(format!("{lost} events were lost")))),
    }
}
