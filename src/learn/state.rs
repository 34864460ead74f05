//! How far a learning is: one small file, replaced in one rename.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

use super::coverage::Coverage;
use super::error::LearnError;
use super::place::LearnPlace;
use super::verdict::Verdict;
use crate::fs::write_atomically;
use crate::model::Precision;

const FORMAT_VERSION: u32 = 1;

/// What is being done, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The camera is looked at, and what is worth it is stored.
    #[default]
    Observe,
    /// A network learns from the store.
    Train,
    /// A bundle is made of it and tried.
    Prove,
    /// The new network judges, and its levels are found.
    Settle,
    /// There is a bundle to watch with.
    Watch,
}

impl Phase {
    pub const ALL: [Self; 5] = [Self::Observe, Self::Train, Self::Prove, Self::Settle, Self::Watch];

    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Train => "train",
            Self::Prove => "prove",
            Self::Settle => "settle",
            Self::Watch => "watch",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// `state.toml`: how far a learning is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    format_version: u32,
    pub phase: Phase,
    /// Of the bundle that is being learnt, from 1.
    pub generation: u32,
    /// As the site file had them when it began.
    pub preset: String,
    pub precision: Precision,
    /// When it began, by the calendar; for people to read.
    pub begun_unix_s: u64,
    /// Time that was seen of the camera, in seconds; one that is lost is not seen.
    pub observed_s: f64,
    /// Time that the training has run.
    pub trained_s: f64,
    /// Time that the new network has judged.
    pub settled_s: f64,
    /// How long each of these is to take, as it was asked for last.
    pub observe_for_s: f64,
    pub train_for_s: f64,
    pub settle_for_s: f64,
    /// How often the camera was lost.
    pub losses: u64,
    pub clips: usize,
    pub store_bytes: u64,
    /// What went wrong last, until something went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    #[serde(default)]
    pub coverage: Coverage,
    /// What the levels are good for, once there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

impl State {
    /// A learning that begins.
    pub fn begin(generation: u32, preset: &str, precision: Precision, begun_unix_s: u64) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            phase: Phase::Observe,
            generation,
            preset: preset.into(),
            precision,
            begun_unix_s,
            observed_s: 0.0,
            trained_s: 0.0,
            settled_s: 0.0,
            observe_for_s: 0.0,
            train_for_s: 0.0,
            settle_for_s: 0.0,
            losses: 0,
            clips: 0,
            store_bytes: 0,
            last_error: None,
            coverage: Coverage::default(),
            verdict: None,
        }
    }

    /// Reads the state of a learning; `None` where none has begun.
    ///
    /// # Errors
    /// A file that cannot be read, or that no version of this program wrote.
    pub fn load(place: &LearnPlace) -> Result<Option<Self>, LearnError> {
        let path = place.state_file();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => String::from("?"),
            Err(error) => return Err(LearnError::File { file: path, error }),
        };
        let refuse = |what: String| {
            LearnError::Folder(format!(
                "{}: {what}: remove this file to begin the learning again; the pictures and the \
                 bundles beside it stay",
                path.display()
            ))
        };
        let state: Self = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        if state.format_version != FORMAT_VERSION {
            let version = state.format_version;
            return Err(refuse(format!(
                "format version {version}, but this program reads version {FORMAT_VERSION}"
            )));
        }
        let times = [state.observed_s, state.trained_s, state.settled_s];
        if times.iter().any(|s| !(0.0..=1e9).contains(s)) || state.generation == 0 {
            return Err(refuse("a time or the generation is out of range".into()));
        }
        Ok(Some(state))
    }

    /// Replaces the file, in one rename that is on the disk when this returns.
    ///
    /// # Errors
    /// The file system's; the old state then stands.
    pub fn save(&self, place: &LearnPlace) -> Result<(), LearnError> {
        let path = place.state_file();
        let text = toml::to_string(self).map_err(|error| {
            LearnError::Encoding(format!("the state cannot be written: {error}"))
        })?;
        write_atomically(&path, text.as_bytes()).map_err(LearnError::file(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> (tempfile::TempDir, LearnPlace, State) {
        let folder = tempfile::tempdir().unwrap();
        let place = LearnPlace::new(folder.path());
        let state = State::begin(1, "nano", Precision::F32, 1_700_000_000);
        (folder, place, state)
    }

    #[test]
    fn a_state_comes_back_as_it_was() {
        let (_folder, place, mut state) = begun();
        assert_eq!(State::load(&place).unwrap(), None);
        for phase in Phase::ALL {
            state.phase = phase;
            state.observed_s += 12.5;
            state.last_error = Some(format!("`{phase}` = \"?\"\nanother line"));
            state.save(&place).unwrap();
            assert_eq!(State::load(&place).unwrap().as_ref(), Some(&state));
        }
    }

    /// What a power cut leaves beside the file is not read, and the file is whole at
    /// every moment: the old text, or the new one.
    #[test]
    fn a_cut_within_a_write_leaves_the_old_state() {
        let (folder, place, state) = begun();
        state.save(&place).unwrap();
        let text = std::fs::read(place.state_file()).unwrap();
        for cut in 0..text.len() {
            std::fs::write(folder.path().join("state.toml.part"), &text[..cut]).unwrap();
            assert_eq!(State::load(&place).unwrap().as_ref(), Some(&state));
        }
    }

    #[test]
    fn a_damaged_state_is_refused_with_a_remedy() {
        let (_folder, place, state) = begun();
        state.save(&place).unwrap();
        let text = std::fs::read_to_string(place.state_file()).unwrap();
        let changed = [
            text.replace("generation = 1", "generation = 0"),
            text.replace("format_version = 1", "format_version = 2"),
            text.replace("observed_s = 0.0", "observed_s = nan"),
            text.replace("observe", "sleep"),
            text[..text.len() / 2].into(),
            String::new(),
        ];
        for text in changed {
            std::fs::write(place.state_file(), &text).unwrap();
            let error = State::load(&place).unwrap_err().to_string();
            assert!(error.contains("remove this file to begin"), "{text}: {error}");
        }
        std::fs::write(place.state_file(), [0xff, 0xfe]).unwrap();
        assert!(State::load(&place).unwrap_err().to_string().contains("remove this file"));
    }
}
