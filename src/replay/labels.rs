use std::collections::BTreeMap;
use std::path::Path;

use crate::Error;

/// The truth: for each clip, whether each frame is abnormal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<String, Vec<bool>>);

impl Labels {
    /// Reads `{"clip": [0, 1, …], …}`.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        let raw: BTreeMap<String, Vec<u8>> = serde_json::from_str(&text).map_err(|e| {
            Error::Usage(format!(
                "{}: {e}; labels look like {{\"01\": [0, 0, 1, …]}}, one number a frame",
                path.display()
            ))
        })?;
        if let Some((clip, _)) = raw.iter().find(|(_, labels)| labels.iter().any(|&l| l > 1)) {
            return Err(Error::Usage(format!(
                "{}: clip `{clip}` has a label that is neither 0 nor 1",
                path.display()
            )));
        }
        let labels = raw.into_iter().map(|(c, l)| (c, l.iter().map(|&l| l == 1).collect()));
        Ok(Self(labels.collect()))
    }

    /// Labels of a clip, checked against its number of frames.
    ///
    /// # Errors
    /// No such clip, or another number of frames.
    pub fn clip(&self, clip: &str, frames: usize) -> Result<&[bool], Error> {
        let Some(labels) = self.0.get(clip) else {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            return Err(Error::Usage(format!(
                "the labels have no clip `{clip}`; they have: {}",
                known.join(", ")
            )));
        };
        if labels.len() != frames {
            return Err(Error::Usage(format!(
                "clip `{clip}` has {frames} frames but {} labels",
                labels.len()
            )));
        }
        Ok(labels)
    }
}
