//! Reading events back.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::situation::Situation;
use super::store::DESCRIPTION;
use crate::fs::write_atomically_like;

/// Name of the file that says what somebody thinks of an event.
pub const REVIEW: &str = "review.json";

/// No description is longer.
const LONGEST_BYTES: u64 = 4 << 20;

/// Stands for the newest event.
pub const LAST: &str = "last";

/// Why an event cannot be read.
#[derive(Debug, Error)]
pub enum ArchiveError {
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    #[error("{}: there is no event in it yet", folder.display())]
    Empty { folder: PathBuf },
    #[error("{}: there is no event `{id}`: `normwatch events list` has their names", folder.display())]
    Unknown { folder: PathBuf, id: String },
}

/// What somebody thinks of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Milliseconds since 1970-01-01 UTC.
    pub unix_ms: u64,
    /// What was seen is normal here: the alarm was false.
    pub normal: Option<bool>,
}

/// An event of a folder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Archived {
    pub folder: PathBuf,
    pub situation: Situation,
    pub review: Option<Review>,
}

/// The events of a folder, the oldest first. What is damaged is left out and told.
///
/// # Errors
/// The folder cannot be read. One that is not there has no events.
pub fn read_all(folder: &Path) -> Result<Vec<Archived>, ArchiveError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(in_file(folder))?,
    };
    let mut events = Vec::new();
    for entry in entries {
        let path = entry.map_err(in_file(folder))?.path();
        if !path.join(DESCRIPTION).is_file() {
            continue;
        }
        match read(&path) {
            Ok(event) => events.push(event),
            Err(error) => log::warn!("{error}; the event is left out"),
        }
    }
    events.sort_by_key(|event| {
        let begin = event.situation.begin;
        (begin.unix_ms, event.situation.site.clone(), begin.time_ms, event.situation.id.clone())
    });
    Ok(events)
}

/// The event of that name, or the newest one for [`LAST`].
///
/// # Errors
/// There is no such event, or it cannot be read.
pub fn read_one(folder: &Path, id: &str) -> Result<Archived, ArchiveError> {
    if id == LAST {
        let last = read_all(folder)?.pop();
        return last.ok_or_else(|| ArchiveError::Empty { folder: folder.to_path_buf() });
    }
    let path = folder.join(id);
    if id.contains(['/', '\0']) || id.starts_with('.') || !path.join(DESCRIPTION).is_file() {
        return Err(ArchiveError::Unknown { folder: folder.to_path_buf(), id: id.into() });
    }
    read(&path)
}

/// Writes what somebody thinks of an event, in the place of what was thought before.
///
/// # Errors
/// The file system's.
pub fn write_review(event: &Archived, review: Review) -> Result<(), ArchiveError> {
    let file = event.folder.join(REVIEW);
    let text = serde_json::to_vec(&review).map_err(|e| in_file(&file)(e.into()))?;
    write_atomically_like(&file, &text, &event.folder.join(DESCRIPTION)).map_err(in_file(&file))
}

fn read(folder: &Path) -> Result<Archived, ArchiveError> {
    let situation = json(&folder.join(DESCRIPTION))?;
    let file = folder.join(REVIEW);
    let review = if file.is_file() { Some(json(&file)?) } else { None };
    Ok(Archived { folder: folder.to_path_buf(), situation, review })
}

fn json<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, ArchiveError> {
    let read = || {
        if fs::metadata(file)?.len() > LONGEST_BYTES {
            return Err(io::Error::other("it is too long for an event"));
        }
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    };
    read().map_err(in_file(file))
}

fn in_file(file: &Path) -> impl Fn(io::Error) -> ArchiveError + '_ {
    |error| ArchiveError::File { file: file.to_path_buf(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::situation::tests::situation;
    use crate::event::store::{Quota, Store};

    #[test]
    fn events_are_read_back_in_order_and_damaged_ones_left_out() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_all(&folder.path().join("none")).unwrap().is_empty());
        assert!(matches!(read_one(folder.path(), LAST), Err(ArchiveError::Empty { .. })));
        let store = Store::new(folder.path(), Quota { max_bytes: 1 << 20, max_count: 9 });
        for (id, time_ms) in [("b", 1), ("a", 2), ("torn", 3)] {
            let mut event = situation(id);
            event.begin.time_ms = time_ms;
            store.begin(&event, &[]).unwrap();
        }
        fs::write(folder.path().join("torn").join(DESCRIPTION), "{\"schema\":").unwrap();
        let ids = |events: Vec<Archived>| -> Vec<String> {
            events.into_iter().map(|event| event.situation.id).collect()
        };
        assert_eq!(ids(read_all(folder.path()).unwrap()), ["b", "a"]);
        assert_eq!(read_one(folder.path(), LAST).unwrap().situation.id, "a");
        for wrong in ["c", "../b", ".", "", "torn/"] {
            let error = read_one(folder.path(), wrong).unwrap_err();
            assert!(matches!(error, ArchiveError::Unknown { .. }), "{wrong}: {error}");
        }
        assert!(matches!(read_one(folder.path(), "torn"), Err(ArchiveError::File { .. })));
    }

    #[test]
    fn what_somebody_thinks_is_kept_with_the_event() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), Quota { max_bytes: 1 << 20, max_count: 9 });
        store.begin(&situation("a"), &[]).unwrap();
        for normal in [None, Some(true), Some(false)] {
            let event = read_one(folder.path(), "a").unwrap();
            let review = Review { unix_ms: 7, normal };
            write_review(&event, review).unwrap();
            assert_eq!(read_one(folder.path(), "a").unwrap().review, Some(review));
        }
    }
}
