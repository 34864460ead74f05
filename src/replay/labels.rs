//! The truth about footage, frame by frame.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The truth: for each clip, whether each frame is abnormal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, Vec<bool>>);

/// Why labels cannot be used.
#[derive(Debug, Error)]
pub enum LabelsError {
    /// The file cannot be read.
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    /// The file holds something else.
    #[error(
        "{}: {error}; labels look like {{\"01\": [0, 0, 1, …]}}, one number a frame",
        file.display()
    )]
    Malformed { file: PathBuf, error: serde_json::Error },
    #[error("{}: clip `{clip}` has a label that is neither 0 nor 1", file.display())]
    NotBinary { file: PathBuf, clip: String },
    #[error("the labels have no clip `{clip}`; they have: {}", known.join(", "))]
    NoClip { clip: String, known: Vec<String> },
    #[error("clip `{clip}` has {frames} frames but {labels} labels")]
    Length { clip: String, frames: usize, labels: usize },
}

impl Labels {
    /// Reads `{"clip": [0, 1, …], …}`.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, LabelsError> {
        let file = || path.to_path_buf();
        let text = std::fs::read_to_string(path)
            .map_err(|error| LabelsError::File { file: file(), error })?;
        let raw: BTreeMap<String, Vec<u8>> = serde_json::from_str(&text)
            .map_err(|error| LabelsError::Malformed { file: file(), error })?;
        if let Some((clip, _)) = raw.iter().find(|(_, labels)| labels.iter().any(|&l| l > 1)) {
            return Err(LabelsError::NotBinary { file: file(), clip: clip.clone() });
        }
        let labels = raw.into_iter().map(|(c, l)| (c, l.iter().map(|&l| l == 1).collect()));
        Ok(Self(labels.collect()))
    }

    /// Labels of a clip, checked against its number of frames.
    ///
    /// # Errors
    /// No such clip, or another number of frames.
    pub fn clip(&self, clip: &str, frames: usize) -> Result<&[bool], LabelsError> {
        let Some(labels) = self.0.get(clip) else {
            let known = self.0.keys().cloned().collect();
            return Err(LabelsError::NoClip { clip: clip.into(), known });
        };
        if labels.len() != frames {
            let labels = labels.len();
            return Err(LabelsError::Length { clip: clip.into(), frames, labels });
        }
        Ok(labels)
    }
}
