//! The folder of a learning: what lies where, and who may work in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::LearnError;
use crate::config::Preset;
use crate::fs::hold;
use crate::model::InputSection;
use crate::preprocess::{Channels, Resize};

/// Frames a second that are learnt from, and watched later.
const FPS: f64 = 10.0;

/// The frames of a preset's network, as the toolchain is told to make it.
pub fn input_of(preset: Preset) -> InputSection {
    let side_px = match preset {
        Preset::Nano => 96,
        Preset::Edge => 128,
    };
    InputSection {
        width_px: side_px,
        height_px: side_px,
        channels: Channels::Luma,
        frames: 4,
        frame_spacing: 1,
        fps: FPS,
        resize: Resize::Bilinear,
        // What is observed is stored as the camera showed it; the training relights it.
        relight: false,
    }
}

/// The folder of a learning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnPlace {
    folder: PathBuf,
}

impl LearnPlace {
    /// Touches nothing yet.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the state stands.
    pub fn state_file(&self) -> PathBuf {
        self.folder.join("state.toml")
    }

    /// The pictures that the training learns from.
    pub fn observed(&self) -> PathBuf {
        self.folder.join("observed")
    }

    /// The training of a generation.
    pub fn run(&self, generation: u32) -> PathBuf {
        self.folder.join(format!("run-{generation}"))
    }

    /// The score terms of a generation's settling.
    pub fn terms(&self, generation: u32) -> PathBuf {
        self.folder.join(format!("terms-{generation}.bin"))
    }

    /// A bundle of this generation that is being made.
    pub fn draft(&self, generation: u32, kind: &str) -> PathBuf {
        self.folder.join(format!("draft-{generation}-{kind}"))
    }

    /// Makes the folder, and holds it for one change of a list in it; learners do not mind.
    ///
    /// # Errors
    /// The file system's.
    pub fn hold(&self) -> Result<File, LearnError> {
        let held = fs::create_dir_all(&self.folder).and_then(|()| hold(&self.folder));
        held.map_err(LearnError::file(&self.folder))
    }

    /// Makes the folder, and keeps other learners out of it.
    ///
    /// # Errors
    /// [`LearnError::Busy`] while another one is in it, and what the file system says.
    pub fn lock(&self) -> Result<LearnLock, LearnError> {
        fs::create_dir_all(&self.folder).map_err(LearnError::file(&self.folder))?;
        let path = self.folder.join("lock");
        let file = File::create(&path).map_err(LearnError::file(&path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(LearnLock(file)),
            Err(Errno::WOULDBLOCK) => Err(LearnError::Busy { folder: self.folder.clone() }),
            Err(error) => Err(LearnError::file(&path)(error.into())),
        }
    }
}

/// While it is held, nobody else learns in the folder. The system lets go of it with the
/// process, however that ends.
#[derive(Debug)]
pub struct LearnLock(#[expect(dead_code, reason = "what is open is locked")] File);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_learners_the_second_is_refused_until_the_first_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let place = LearnPlace::new(&folder.path().join("learnt"));
        let first = place.lock().unwrap();
        let refused = place.lock().unwrap_err();
        assert!(matches!(refused, LearnError::Busy { .. }), "{refused}");
        assert!(refused.to_string().contains("another `normwatch learn`"), "{refused}");
        drop(first);
        place.lock().unwrap();
    }
}
