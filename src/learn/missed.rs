//! Times that held something that should have been an alarm: nothing of them is normal.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::LearnError;
use super::place::LearnPlace;
use crate::fs::write_atomically;

/// No list is longer; with one more, the oldest is dropped.
pub const MOST_MISSED: usize = 256;
const LONGEST_BYTES: u64 = 64 * 1024;

/// A clip is dated when its last picture was taken, and is shorter than this.
const AROUND_S: u64 = 5;

/// A time of which nothing is taken as normal, in seconds since 1970-01-01 UTC, as the
/// board believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missed {
    /// Never given twice.
    pub number: u32,
    pub from_unix_s: u64,
    pub to_unix_s: u64,
}

/// All of them, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissedTimes {
    given: u32,
    times: Vec<Missed>,
}

impl MissedTimes {
    /// What is in the folder of a learning; nothing where nobody has said anything.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged: what is in it must not become normal.
    pub fn read(place: &LearnPlace) -> Result<Self, LearnError> {
        let file = file(place);
        let read = || -> io::Result<Self> {
            match fs::metadata(&file) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
                Err(error) => return Err(error),
                Ok(about) if about.len() > LONGEST_BYTES => {
                    return Err(io::Error::other("this is not a list of times"));
                }
                Ok(_) => {}
            }
            let missed: Self = serde_json::from_slice(&fs::read(&file)?)?;
            let is_sound = missed.times.iter().all(|time| time.from_unix_s <= time.to_unix_s);
            is_sound
                .then_some(missed)
                .ok_or_else(|| io::Error::other("a time ends before it begins"))
        };
        read().map_err(LearnError::file(&file))
    }

    /// # Errors
    /// The file system's; the old file is then there.
    pub fn write(&self, place: &LearnPlace) -> Result<(), LearnError> {
        let file = file(place);
        let write = || {
            fs::create_dir_all(place.folder())?;
            write_atomically(&file, &serde_json::to_vec(self)?)
        };
        write().map_err(LearnError::file(&file))
    }

    pub fn times(&self) -> &[Missed] {
        &self.times
    }

    /// Adds a time; gives its number, and the oldest one where there was no room.
    pub fn add(&mut self, from_unix_s: u64, to_unix_s: u64) -> (u32, Option<Missed>) {
        let dropped = (self.times.len() >= MOST_MISSED).then(|| self.times.remove(0));
        self.given += 1;
        self.times.push(Missed { number: self.given, from_unix_s, to_unix_s });
        (self.given, dropped)
    }

    /// Takes back the one of that number, or all; how many that were.
    pub fn revoke(&mut self, number: Option<u32>) -> usize {
        let before = self.times.len();
        self.times.retain(|time| number.is_some_and(|number| number != time.number));
        before - self.times.len()
    }

    /// Whether a clip of that time is of one of them.
    pub(super) fn holds(&self, unix_s: u64) -> bool {
        self.times.iter().any(|time| {
            (time.from_unix_s..=time.to_unix_s.saturating_add(AROUND_S)).contains(&unix_s)
        })
    }
}

fn file(place: &LearnPlace) -> PathBuf {
    place.folder().join("missed.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_bounded_and_revocable() {
        let folder = tempfile::tempdir().unwrap();
        let place = LearnPlace::new(&folder.path().join("learnt"));
        let mut missed = MissedTimes::read(&place).unwrap();
        assert_eq!(missed.add(1000, 1600), (1, None));
        missed.write(&place).unwrap();
        let mut missed = MissedTimes::read(&place).unwrap();
        for (unix_s, holds) in [(999, false), (1000, true), (1605, true), (1606, false)] {
            assert_eq!(missed.holds(unix_s), holds, "{unix_s}");
        }
        (1..MOST_MISSED).for_each(|n| assert_eq!(missed.add(5000, 5001).0 as usize, n + 1));
        assert_eq!(missed.add(6000, 6001).1.map(|time| time.number), Some(1));
        assert_eq!((missed.revoke(Some(2)), missed.revoke(Some(2))), (1, 0));
        assert_eq!(missed.revoke(None), MOST_MISSED - 1);
        assert!(!missed.holds(6000));
        fs::write(file(&place), "[]").unwrap();
        assert!(matches!(MissedTimes::read(&place), Err(LearnError::File { .. })));
    }
}
