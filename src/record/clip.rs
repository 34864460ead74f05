//! One clip: pictures without a gap between them.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::RecordError;
use super::library::{ClipEntry, Library};
use crate::fs::write_by_rename;

/// Clips of fewer frames are removed: no window of the model fits into them.
const MIN_FRAMES: u64 = 5;

/// Pictures that a power cut may cost.
const SYNC_EVERY: u64 = 600;

/// The clip that is being written.
#[derive(Debug)]
pub(super) struct Clip {
    folder: PathBuf,
    frames: u64,
    cost_bytes: u64,
    start_unix_s: u64,
    last_ns: u64,
}

impl Clip {
    pub fn begin(library: &mut Library, start_unix_s: u64) -> Result<Self, RecordError> {
        let folder = library.new_clip()?;
        Ok(Self { folder, frames: 0, cost_bytes: 0, start_unix_s, last_ns: 0 })
    }

    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Whether a frame of this time follows the last one without a gap.
    pub fn goes_on_at(&self, timestamp_ns: u64, max_step_ns: u64) -> bool {
        self.frames == 0
            || timestamp_ns > self.last_ns && timestamp_ns - self.last_ns <= max_step_ns
    }

    /// Writes the next picture. A picture that cannot be written leaves
    /// nothing behind.
    pub fn add(
        &mut self,
        library: &mut Library,
        extension: &str,
        bytes: &[u8],
        timestamp_ns: u64,
    ) -> Result<(), RecordError> {
        let path = self.folder.join(format!("{:06}.{extension}", self.frames));
        write_by_rename(&path, bytes).map_err(RecordError::file(&path))?;
        self.frames += 1;
        if self.frames.is_multiple_of(SYNC_EVERY) {
            sync(&self.folder);
        }
        self.last_ns = timestamp_ns;
        let cost_bytes = Library::cost_bytes(bytes.len());
        self.cost_bytes += cost_bytes;
        library.charge(cost_bytes);
        Ok(())
    }

    /// Enters the clip into the recording, or removes it if it is too short.
    /// Returns its frames, 0 if it was removed.
    pub fn finish(self, library: &mut Library) -> Result<u64, RecordError> {
        if self.frames < MIN_FRAMES {
            fs::remove_dir_all(&self.folder).map_err(RecordError::file(&self.folder))?;
            library.refund(self.cost_bytes);
            return Ok(0);
        }
        sync(&self.folder);
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (frames, start_unix_s) = (self.frames, self.start_unix_s);
        library.finish_clip(ClipEntry { name, frames, start_unix_s })?;
        Ok(frames)
    }
}

/// Pictures are not synced one by one, which would wear a card out.
fn sync(folder: &Path) {
    let synced = fs::File::open(folder).and_then(|file| Ok(rustix::fs::syncfs(file)?));
    if let Err(error) = synced {
        log::warn!("{}: cannot be synced: {error}", folder.display());
    }
}
