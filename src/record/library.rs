//! The recording's folder: its header, its clips, and how full it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::RecordError;
use crate::fs::write_atomically;
use crate::output::ImageFormat;
use crate::preprocess::Channels;

const FILE: &str = "recording.toml";
const CLIP: &str = "clip-";

/// File systems give out space in blocks of this.
const BLOCK_BYTES: u64 = 4096;

/// What is the same for all clips of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Frames a second.
    pub fps: f64,
    pub width_px: usize,
    pub height_px: usize,
    pub channels: Channels,
    pub image: ImageFormat,
}

/// `recording.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingFile {
    #[serde(flatten)]
    pub header: Header,
    /// What the source said of itself when it was last opened.
    pub camera: String,
    /// When the recording began, by the machine's calendar clock, in seconds
    /// since 1970 UTC. Machines without a battery for it may be wrong.
    pub start_unix_s: u64,
    /// Finished clips, in order.
    #[serde(default, rename = "clip")]
    pub clips: Vec<ClipEntry>,
}

/// `[[clip]]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipEntry {
    pub name: String,
    pub frames: u64,
    pub start_unix_s: u64,
}

/// A folder that is being recorded into.
#[derive(Debug)]
pub(super) struct Library {
    folder: PathBuf,
    file: RecordingFile,
    next_clip: u64,
    used_bytes: u64,
}

impl Library {
    /// Begins a recording, or goes on with one of the same header.
    ///
    /// # Errors
    /// A folder with anything else in it, a recording with another header, and
    /// what the file system says.
    pub fn open(
        folder: &Path,
        header: Header,
        camera: &str,
        start_unix_s: u64,
    ) -> Result<Self, RecordError> {
        fs::create_dir_all(folder).map_err(RecordError::file(folder))?;
        let path = folder.join(FILE);
        let file = match fs::read_to_string(&path) {
            Ok(text) => going_on(&path, &text, header)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                refuse_foreign(folder)?;
                let camera = camera.to_string();
                RecordingFile { header, camera, start_unix_s, clips: Vec::new() }
            }
            Err(error) => return Err(RecordError::File { file: path, error }),
        };
        let (next_clip, used_bytes) = take_stock(folder).map_err(RecordError::file(folder))?;
        let mut library = Self { folder: folder.to_path_buf(), file, next_clip, used_bytes };
        library.file.camera = camera.to_string();
        library.save()?;
        Ok(library)
    }

    pub fn used_bytes(&self) -> u64 {
        self.used_bytes
    }

    /// What a file of so many bytes takes.
    pub fn cost_bytes(bytes: usize) -> u64 {
        (bytes as u64).next_multiple_of(BLOCK_BYTES)
    }

    pub fn charge(&mut self, bytes: u64) {
        self.used_bytes += bytes;
    }

    pub fn refund(&mut self, bytes: u64) {
        self.used_bytes = self.used_bytes.saturating_sub(bytes);
    }

    /// A new folder for a clip.
    pub fn new_clip(&mut self) -> Result<PathBuf, RecordError> {
        let path = self.folder.join(format!("{CLIP}{:04}", self.next_clip));
        fs::create_dir(&path).map_err(RecordError::file(&path))?;
        self.next_clip += 1;
        Ok(path)
    }

    /// Enters a finished clip.
    pub fn finish_clip(&mut self, clip: ClipEntry) -> Result<(), RecordError> {
        self.file.clips.push(clip);
        self.save()
    }

    fn save(&self) -> Result<(), RecordError> {
        let path = self.folder.join(FILE);
        let text = toml::to_string(&self.file)
            .map_err(|error| RecordError::Encoding(format!("{FILE} cannot be written: {error}")))?;
        write_atomically(&path, text.as_bytes()).map_err(RecordError::file(&path))
    }
}

fn going_on(path: &Path, text: &str, header: Header) -> Result<RecordingFile, RecordError> {
    let path = path.display();
    let file: RecordingFile = toml::from_str(text).map_err(|error| {
        RecordError::Folder(format!("{path}: {error}: record into another folder"))
    })?;
    if file.header == header {
        return Ok(file);
    }
    let describe = |header: &Header| {
        let Header { fps, width_px, height_px, channels, image } = header;
        format!("{width_px}x{height_px} {channels:?} {image:?} at {fps} fps").to_lowercase()
    };
    Err(RecordError::Folder(format!(
        "{path} is a recording of {}, this would be {}: record into another folder",
        describe(&file.header),
        describe(&header)
    )))
}

fn refuse_foreign(folder: &Path) -> Result<(), RecordError> {
    let mut entries = fs::read_dir(folder).map_err(RecordError::file(folder))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(RecordError::Folder(format!(
            "{} holds something that is not a recording: name a new or empty folder",
            folder.display()
        ))),
    }
}

/// The number of the next clip, and the bytes of all files; removes what an
/// interrupted run left half written.
fn take_stock(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut next, mut used_bytes) = (1, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(CLIP)?.parse::<u64>().ok());
        let Some(number) = number else { continue };
        next = next.max(number + 1);
        for picture in fs::read_dir(entry.path())? {
            let path = picture?.path();
            let bytes = usize::try_from(path.metadata()?.len()).unwrap_or(0);
            let is_part = path.extension().is_some_and(|extension| extension == "part");
            // A power cut leaves names of pictures that never reached the disk.
            if is_part || bytes == 0 && path.is_file() {
                fs::remove_file(path)?;
            } else {
                used_bytes += Library::cost_bytes(bytes);
            }
        }
    }
    Ok((next, used_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_power_cut_has_left_is_no_picture() {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join(format!("{CLIP}0003"));
        fs::create_dir(&clip).unwrap();
        for (name, bytes) in
            [("000000.png", &b"picture"[..]), ("000001.png", b""), ("x.part", b"p")]
        {
            fs::write(clip.join(name), bytes).unwrap();
        }
        assert_eq!(take_stock(folder.path()).unwrap(), (4, BLOCK_BYTES));
        assert!(!clip.join("000001.png").exists() && !clip.join("x.part").exists());
    }
}
