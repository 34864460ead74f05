//! The folder of events: one folder each, whole or not there, and never too many.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::situation::Situation;
use crate::fs::write_atomically;

/// Name of the description in the folder of an event.
pub const DESCRIPTION: &str = "event.json";

/// A folder whose name begins so is not whole yet.
const UNFINISHED: &str = ".new-";

/// How much a folder of events may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub max_bytes: u64,
    pub max_count: usize,
}

/// The folder that events are written to, by one thread. Nothing is written while
/// nothing happens.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    quota: Quota,
}

/// A file of an event: its name, and what it holds.
pub(super) type NamedFile = (String, Vec<u8>);

impl Store {
    /// Touches nothing yet.
    pub fn new(folder: &Path, quota: Quota) -> Self {
        Self { folder: folder.to_path_buf(), quota }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes all events, and nothing else.
    ///
    /// # Errors
    /// The file system's.
    pub fn clear(&self) -> io::Result<()> {
        if !self.folder.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(&self.folder)? {
            let folder = entry?.path();
            if folder.join(DESCRIPTION).is_file() {
                fs::remove_dir_all(folder)?;
            }
        }
        Ok(())
    }

    /// Whether there is an event of that name.
    pub fn has(&self, id: &str) -> bool {
        self.folder.join(id).exists()
    }

    /// Puts an event that has begun into a folder of its own, which is there whole or
    /// not at all, also after a power cut. Makes room first.
    ///
    /// # Errors
    /// The file system's.
    pub(super) fn begin(&self, situation: &Situation, files: &[NamedFile]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        self.keep_quota()?;
        let unfinished = self.folder.join(format!("{UNFINISHED}{}", situation.id));
        let written = fs::create_dir_all(&unfinished)
            .and_then(|()| write_all(&unfinished, situation, files))
            .and_then(|()| fs::rename(&unfinished, self.folder.join(&situation.id)));
        if written.is_err() {
            let _ = fs::remove_dir_all(&unfinished);
        }
        written.and_then(|()| sync(&self.folder))
    }

    /// Adds what is known at the end of an event. One that could not be begun is put
    /// there now.
    ///
    /// # Errors
    /// The file system's; what was there of the event still is.
    pub(super) fn end(&self, situation: &Situation, files: &[NamedFile]) -> io::Result<()> {
        let folder = self.folder.join(&situation.id);
        if !folder.is_dir() {
            return self.begin(situation, files);
        }
        write_all(&folder, situation, files)?;
        self.keep_quota()
    }

    /// Removes what was never finished, and the oldest events until the rest fits; the
    /// newest one always stays.
    fn keep_quota(&self) -> io::Result<()> {
        let mut events = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_dir_all(entry.path())?;
            } else if entry.path().join(DESCRIPTION).is_file() {
                events.push(Stored::of(&entry.path())?);
            }
        }
        events.sort();
        let mut bytes: u64 = events.iter().map(|event| event.bytes).sum();
        let mut count = events.len();
        for event in events.iter().take(events.len().saturating_sub(1)) {
            if bytes <= self.quota.max_bytes && count < self.quota.max_count {
                break;
            }
            fs::remove_dir_all(&event.folder)?;
            bytes -= event.bytes;
            count -= 1;
        }
        Ok(())
    }
}

/// An event on the disk; the oldest sorts first, by when it was written: a clock that
/// jumped does not make an event old.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stored {
    written: SystemTime,
    folder: PathBuf,
    bytes: u64,
}

impl Stored {
    fn of(folder: &Path) -> io::Result<Self> {
        let written = fs::metadata(folder.join(DESCRIPTION))?.modified()?;
        let mut bytes = 0;
        for entry in fs::read_dir(folder)? {
            bytes += entry?.metadata()?.len();
        }
        Ok(Self { written, folder: folder.to_path_buf(), bytes })
    }
}

fn write_all(folder: &Path, situation: &Situation, files: &[NamedFile]) -> io::Result<()> {
    for (name, bytes) in files {
        write_atomically(&folder.join(name), bytes)?;
    }
    let mut text = serde_json::to_vec_pretty(situation)?;
    text.push(b'\n');
    write_atomically(&folder.join(DESCRIPTION), &text)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::situation::tests::situation;

    fn ids(store: &Store) -> Vec<String> {
        let entries = fs::read_dir(store.folder()).unwrap();
        let mut ids: Vec<_> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        ids.sort();
        ids
    }

    fn file(name: &str, bytes: usize) -> NamedFile {
        (name.to_owned(), vec![7; bytes])
    }

    #[test]
    fn an_event_is_there_from_its_begin_and_gets_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let quota = Quota { max_bytes: 1 << 20, max_count: 9 };
        let store = Store::new(&folder.path().join("events"), quota);
        let mut event = situation("a");
        store.begin(&event, &[file("onset.jpg", 5)]).unwrap();
        assert!(store.has("a") && !store.has("b"));
        event.duration_ms = Some(5);
        store.end(&event, &[file("peak.jpg", 6)]).unwrap();
        let there = store.folder().join("a");
        let text = fs::read_to_string(there.join(DESCRIPTION)).unwrap();
        assert_eq!(serde_json::from_str::<Situation>(&text).unwrap(), event);
        assert_eq!(fs::read(there.join("onset.jpg")).unwrap(), [7; 5]);
        assert_eq!(fs::read(there.join("peak.jpg")).unwrap(), [7; 6]);
        store.end(&situation("b"), &[]).unwrap();
        assert_eq!(ids(&store), ["a", "b"], "one that could not be begun");
    }

    #[test]
    fn the_oldest_go_first_and_the_newest_stays_whatever_it_takes() {
        let folder = tempfile::tempdir().unwrap();
        let by_count = Store::new(folder.path(), Quota { max_bytes: 1 << 30, max_count: 3 });
        for id in ["z", "y", "x", "w", "v"] {
            by_count.begin(&situation(id), &[file("onset.jpg", 5)]).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(15));
        }
        assert_eq!(ids(&by_count), ["v", "w", "x"]);
        let by_bytes = Store::new(folder.path(), Quota { max_bytes: 10, max_count: 30 });
        by_bytes.begin(&situation("u"), &[file("onset.jpg", 5000)]).unwrap();
        by_bytes.end(&situation("u"), &[]).unwrap();
        assert_eq!(ids(&by_bytes), ["u"]);
    }

    #[test]
    fn half_an_event_of_a_power_cut_is_cleared_away_and_strangers_are_left() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".new-cut")).unwrap();
        fs::write(folder.path().join(".new-cut/onset.jpg"), "half").unwrap();
        fs::create_dir(folder.path().join("holiday")).unwrap();
        let store = Store::new(folder.path(), Quota { max_bytes: 0, max_count: 1 });
        store.begin(&situation("a"), &[]).unwrap();
        assert_eq!(ids(&store), ["a", "holiday"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let store = Store::new(&folder.path().join("file"), Quota { max_bytes: 1, max_count: 1 });
        assert!(store.begin(&situation("a"), &[]).is_err());
        assert!(store.end(&situation("a"), &[]).is_err());
    }
}
