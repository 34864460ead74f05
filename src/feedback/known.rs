//! The entries, and the file that they lie in.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::event::{Archived, Cause, DESCRIPTION, Embedding, Kind, Situation, Traits};
use crate::fs::write_atomically_like;
use crate::score::Cells;

/// Name of the file, in the folder of events.
pub const FILE: &str = "known-normal.json";

/// No file is longer.
const LONGEST_BYTES: u64 = 4 << 20;

/// With one more, the oldest is dropped.
pub const MOST_ENTRIES: usize = 256;

/// What was odd in a larger share of the picture is no thing of one place.
const MOST_SHARE: f32 = 0.25;

/// Scores are far below it, whatever their weights are.
const LARGEST_SCORE: f32 = 1000.0;
/// No motion memory's head comes near it.
const LARGEST: f32 = 1e6;
const MOST_WAYS: usize = 64;

/// Why nothing was added, or nothing can be read.
#[derive(Debug, Error)]
pub enum KnownError {
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    /// The file is damaged; the text says how.
    #[error(
        "{}: {what}: nothing is quieted; remove the file, and say again what is normal",
        file.display()
    )]
    Damaged { file: PathBuf, what: String },
    /// The event cannot be known again; the text says why, and what to do.
    #[error("{0}")]
    Event(String),
    #[error("there is no entry {0}: `normwatch normal --list` has their numbers")]
    Unknown(u32),
}

/// What is known as normal, of one event that was dismissed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Never given twice.
    pub number: u32,
    /// Name of the event.
    pub event: String,
    /// When it was dismissed, milliseconds since 1970-01-01 UTC, as the board believed.
    pub since_unix_ms: u64,
    /// Of which network and which calibration the scores are.
    pub model_sha256: String,
    pub calibration_sha256: Option<String>,
    pub causes: Vec<Cause>,
    /// The highest score of the event, in −log10 p.
    pub peak: f32,
    /// Where it was odd.
    pub cells: Cells,
    /// How it moved; empty where the bundle has no motion memory.
    pub motion: Vec<Embedding>,
}

impl Known {
    /// # Errors
    /// An event of another kind, one that is not over or was quiet already, one of an older
    /// version, and one that was odd in too much of the picture.
    fn of(situation: &Situation, number: u32, since_unix_ms: u64) -> Result<Self, KnownError> {
        let refused = |what: String| Err(KnownError::Event(format!("{}: {what}", situation.id)));
        if situation.kind != Kind::Anomaly {
            let what = match situation.kind {
                Kind::Changed => "what stays is usual once it is acknowledged",
                _ => "a camera that is turned, covered, blind or at fault is always told",
            };
            let kind = situation.kind.name();
            return refused(format!("it is `{kind}`, and only an anomaly can be normal: {what}"));
        }
        if !is_name(&situation.id) {
            return refused("no event is named like that".into());
        }
        if let Some(known) = situation.quieted {
            return refused(format!("it was not raised: it is known by entry {known}"));
        }
        if !situation.is_over() {
            return refused("it goes on: say so again when it is over".into());
        }
        let (Some(peak), Some(traits)) = (situation.peak, &situation.traits) else {
            return refused("an older version wrote it, and did not note where it was odd".into());
        };
        let Traits { cells, causes, motion } = traits.clone();
        if cells.share() > MOST_SHARE {
            return refused(format!(
                "it was odd in {:.0} % of the picture, and at most {:.0} % can be known as normal: \
                 learn again, or calibrate with footage of it",
                100.0 * cells.share(),
                100.0 * MOST_SHARE
            ));
        }
        let known = Self {
            number,
            event: situation.id.clone(),
            since_unix_ms,
            model_sha256: situation.model_sha256.clone(),
            calibration_sha256: situation.calibration_sha256.clone(),
            causes,
            peak: peak.score,
            cells,
            motion,
        };
        known.is_sound().then_some(known).ok_or_else(|| {
            KnownError::Event(format!("{}: it does not say where it was odd", situation.id))
        })
    }

    fn is_sound(&self) -> bool {
        let numbers = self.motion.as_flattened();
        self.number > 0
            && is_name(&self.event)
            && (0.0..=LARGEST_SCORE).contains(&self.peak)
            && !self.cells.is_empty()
            && self.cells.share() <= MOST_SHARE
            && !self.causes.is_empty()
            && self.causes.len() <= 3
            && self.motion.len() <= MOST_WAYS
            && numbers.iter().all(|value| value.abs() <= LARGEST)
    }
}

/// Whether this may name a folder: nothing that leads elsewhere.
fn is_name(event: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !event.is_empty() && event.bytes().all(is_plain)
}

/// What came of an event that was dismissed.
#[derive(Clone, Debug, PartialEq)]
pub struct Added {
    pub number: u32,
    /// The oldest entry, for which there was no room any more.
    pub dropped: Option<Known>,
}

/// All that is known as normal, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownNormal {
    /// Numbers so far.
    given: u32,
    entries: Vec<Known>,
}

impl KnownNormal {
    /// What is in the file of a folder of events; nothing where there is none.
    ///
    /// # Errors
    /// A file that cannot be read now, or is damaged.
    pub fn read(folder: &Path) -> Result<Self, KnownError> {
        let file = folder.join(FILE);
        let damaged = |what: String| KnownError::Damaged { file: file.clone(), what };
        let at = |error| KnownError::File { file: file.clone(), error };
        match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(at(error)),
            Ok(about) if !about.is_file() || about.len() > LONGEST_BYTES => {
                return Err(damaged("this is not a list of what is normal".into()));
            }
            Ok(_) => {}
        }
        let bytes = fs::read(&file).map_err(at)?;
        let known: Self = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
        let is_next = |pair: &[Known]| pair[0].number < pair[1].number;
        let is_sound = known.entries.len() <= MOST_ENTRIES
            && known.entries.iter().all(|known| known.is_sound())
            && known.entries.windows(2).all(is_next)
            && known.entries.last().is_none_or(|last| last.number <= known.given);
        is_sound.then_some(known).ok_or_else(|| damaged("an entry cannot be".into()))
    }

    /// Writes the file, whole or not at all, for whoever may read the events.
    ///
    /// # Errors
    /// The file system's; the old file is then there.
    pub fn write(&self, folder: &Path, like: Option<&Archived>) -> Result<(), KnownError> {
        let file = folder.join(FILE);
        let at = |error| KnownError::File { file: file.clone(), error };
        let text = serde_json::to_vec(self).map_err(|error| at(error.into()))?;
        let event = like.filter(|_| !file.exists()).map(|event| event.folder.join(DESCRIPTION));
        write_atomically_like(&file, &text, event.as_deref().unwrap_or(&file)).map_err(at)
    }

    pub fn entries(&self) -> &[Known] {
        &self.entries
    }

    /// Dismisses an event. What was known of the same event is replaced.
    ///
    /// # Errors
    /// [`KnownError::Event`] with the reason why it cannot be known again.
    pub fn add(&mut self, situation: &Situation, unix_ms: u64) -> Result<Added, KnownError> {
        let known = Known::of(situation, self.given + 1, unix_ms)?;
        self.entries.retain(|other| other.event != known.event);
        let dropped = (self.entries.len() >= MOST_ENTRIES).then(|| self.entries.remove(0));
        self.given += 1;
        self.entries.push(known);
        Ok(Added { number: self.given, dropped })
    }

    /// Takes an entry back.
    ///
    /// # Errors
    /// There is none of that number.
    pub fn revoke(&mut self, number: u32) -> Result<Known, KnownError> {
        let at = self.entries.iter().position(|known| known.number == number);
        at.map(|at| self.entries.remove(at)).ok_or(KnownError::Unknown(number))
    }

    /// Takes all back.
    pub fn revoke_all(&mut self) -> Vec<Known> {
        std::mem::take(&mut self.entries)
    }
}

#[cfg(test)]
pub(super) mod tests;
