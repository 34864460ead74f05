//! A bounded store of short clips of a camera, at the model's size and without loss.
//!
//! It is a recording like any other, so that whatever takes footage takes it. A clip
//! comes into being by rename, with all its pictures: what a power cut interrupts leaves
//! no trace after the next start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::LearnError;
use super::shelf::Shelf;
use super::sketch::Sketch;
use crate::fs::write_atomically;
use crate::model::InputSection;
use crate::output::ImageFormat;
use crate::record::{Header, RecordingFile};

const RECORDING: &str = "recording.toml";
const SKETCH: &str = "clip.toml";
const CLIP: &str = "clip-";
const PART: &str = "part";

/// File systems give out space in blocks of this.
const BLOCK_BYTES: u64 = 4096;

/// A store that may hold no more cannot be learnt from.
const LEAST_BYTES: u64 = 1 << 20;

/// `clip.toml`, beside the pictures of a clip.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClipFile {
    frames: usize,
    /// Of the pictures: another sum is a damaged clip.
    bytes: u64,
    start_unix_s: u64,
    sketch: Sketch,
}

/// What became of a clip that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    Kept,
    /// The store has enough of its like.
    Known,
    /// The disk is full; the store has made itself smaller, to this size.
    DiskFull {
        max_bytes: u64,
    },
}

type Write = fn(&Path, &[u8]) -> io::Result<()>;

/// Clips of one camera.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    input: InputSection,
    max_bytes: u64,
    shelf: Shelf,
    next: u64,
    /// Clips that were found damaged, and removed.
    dropped: usize,
    encoded: Vec<Vec<u8>>,
    pub(super) write: Write,
}

impl Store {
    /// Opens the store in `folder`, or begins one. What an interrupted run has left is
    /// removed; where the store is larger than `max_bytes`, its most redundant clips are.
    ///
    /// # Errors
    /// A store of other pictures, and what the file system says.
    pub fn open(folder: &Path, input: InputSection, max_bytes: u64) -> Result<Self, LearnError> {
        fs::create_dir_all(folder).map_err(LearnError::file(folder))?;
        let mut store = Self {
            folder: folder.to_path_buf(),
            input,
            max_bytes,
            shelf: Shelf::default(),
            next: 1,
            dropped: 0,
            encoded: Vec::new(),
            write: |path, bytes| fs::write(path, bytes),
        };
        store.check_header()?;
        store.take_stock()?;
        store.keep_within(max_bytes)?;
        Ok(store)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn clips(&self) -> usize {
        self.shelf.len()
    }

    pub fn bytes(&self) -> u64 {
        self.shelf.bytes()
    }

    /// Clips that were damaged, as by a power cut, and are gone.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// Clips in which something moves.
    pub fn moving(&self) -> usize {
        self.shelf.sketches().filter(|sketch| sketch.is_moving()).count()
    }

    /// Clips of which none shows the same as another, counted up to `most`.
    pub fn distinct(&self, most: usize) -> usize {
        self.shelf.distinct(most)
    }

    /// Takes a clip of consecutive pictures, planar u8, if it is worth it.
    ///
    /// # Errors
    /// A disk that has no room for the smallest store, and what else the file system
    /// says. The store is whole then.
    pub fn offer(
        &mut self,
        frames: &[Vec<u8>],
        sketch: Sketch,
        start_unix_s: u64,
    ) -> Result<Offered, LearnError> {
        let usual = self.shelf.bytes() / self.shelf.len().max(1) as u64;
        let is_full = self.shelf.bytes() + usual > self.max_bytes;
        if !self.shelf.wants(&sketch, is_full) {
            return Ok(Offered::Known);
        }
        self.add(frames, sketch, start_unix_s)
    }

    /// Takes a clip, whatever is here already.
    ///
    /// # Errors
    /// As [`Store::offer`].
    pub fn add(
        &mut self,
        frames: &[Vec<u8>],
        sketch: Sketch,
        start_unix_s: u64,
    ) -> Result<Offered, LearnError> {
        let file = self.encode(frames, sketch.clone(), start_unix_s)?;
        match self.write_clip(&file) {
            Ok(bytes) => self.shelf.put(self.next, bytes, sketch),
            Err((_, error)) if is_disk_full(&error) => return self.shrink(error),
            Err((file, error)) => return Err(LearnError::File { file, error }),
        }
        self.next += 1;
        self.keep_within(self.max_bytes)?;
        Ok(Offered::Kept)
    }

    /// Removes the clips of some times; how many that were.
    ///
    /// # Errors
    /// The file system's.
    pub fn remove_of(&mut self, is_of: impl Fn(u64) -> bool) -> Result<usize, LearnError> {
        let mut removed = 0;
        for number in self.shelf.numbers() {
            let path = self.clip(number);
            let text = fs::read_to_string(path.join(SKETCH)).unwrap_or_default();
            let clip: Option<ClipFile> = toml::from_str(&text).ok();
            // Nobody knows of when a damaged one is.
            if clip.is_none_or(|clip| is_of(clip.start_unix_s)) {
                fs::remove_dir_all(&path).map_err(LearnError::file(&path))?;
                self.shelf.take(number);
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Waits until what was stored is on the disk.
    pub fn sync(&self) {
        let synced = fs::File::open(&self.folder).and_then(|f| Ok(rustix::fs::syncfs(f)?));
        if let Err(error) = synced {
            log::warn!("{}: cannot be synced: {error}", self.folder.display());
        }
    }

    fn encode(
        &mut self,
        frames: &[Vec<u8>],
        sketch: Sketch,
        start_unix_s: u64,
    ) -> Result<ClipFile, LearnError> {
        self.encoded.resize(frames.len(), Vec::new());
        for (frame, out) in frames.iter().zip(&mut self.encoded) {
            ImageFormat::Png.encode(self.input.spec(), frame, out).map_err(LearnError::Encoding)?;
        }
        let bytes = self.encoded.iter().map(|bytes| bytes.len() as u64).sum();
        Ok(ClipFile { frames: frames.len(), bytes, start_unix_s, sketch })
    }

    /// Gives what the clip takes on the disk.
    fn write_clip(&self, file: &ClipFile) -> Result<u64, (PathBuf, io::Error)> {
        let (part, path) = (self.folder.join(PART), self.clip(self.next));
        let text = toml::to_string(file).unwrap_or_default();
        let write =
            |path: PathBuf, bytes: &[u8]| (self.write)(&path, bytes).map_err(|error| (path, error));
        let written = (|| {
            fs::create_dir(&part).map_err(|error| (part.clone(), error))?;
            for (index, bytes) in self.encoded.iter().enumerate() {
                write(part.join(format!("{index:06}.png")), bytes)?;
            }
            write(part.join(SKETCH), text.as_bytes())?;
            fs::rename(&part, &path).map_err(|error| (path.clone(), error))
        })();
        if let Err(error) = written {
            let _ = fs::remove_dir_all(&part);
            return Err(error);
        }
        Ok(cost_bytes(self.encoded.iter().map(|bytes| bytes.len() as u64)))
    }

    fn shrink(&mut self, error: io::Error) -> Result<Offered, LearnError> {
        let max_bytes = self.shelf.bytes() / 10 * 9;
        if max_bytes < LEAST_BYTES.min(self.max_bytes) {
            return Err(LearnError::file(&self.folder)(error));
        }
        self.max_bytes = max_bytes;
        self.keep_within(max_bytes)?;
        Ok(Offered::DiskFull { max_bytes })
    }

    fn keep_within(&mut self, max_bytes: u64) -> Result<(), LearnError> {
        while self.shelf.bytes() > max_bytes {
            let Some(number) = self.shelf.take_most_redundant() else { break };
            let path = self.clip(number);
            fs::remove_dir_all(&path).map_err(LearnError::file(&path))?;
        }
        Ok(())
    }

    fn clip(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{CLIP}{number:06}"))
    }

    /// Begins `recording.toml`, or refuses pictures of another kind.
    fn check_header(&self) -> Result<(), LearnError> {
        let InputSection { fps, width_px, height_px, channels, .. } = self.input;
        let image = ImageFormat::Png;
        let header = Header { fps, width_px, height_px, channels, image };
        let path = self.folder.join(RECORDING);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let found: Option<RecordingFile> = toml::from_str(&text).ok();
                if found.as_ref().is_some_and(|found| found.header == header) {
                    return Ok(());
                }
                let of = |h: &Header| format!("{}x{} at {} fps", h.width_px, h.height_px, h.fps);
                let found = found.map_or("something else".into(), |found| of(&found.header));
                Err(LearnError::Folder(format!(
                    "{} holds pictures of {found}, and this would be {}: put `learn.preset` back, \
                     or name another `learn.folder`",
                    self.folder.display(),
                    of(&header)
                )))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = RecordingFile {
                    header,
                    camera: "learning".into(),
                    start_unix_s: 0,
                    clips: Vec::new(),
                };
                let text =
                    toml::to_string(&file).map_err(|e| LearnError::Encoding(e.to_string()))?;
                write_atomically(&path, text.as_bytes()).map_err(LearnError::file(&path))
            }
            Err(error) => Err(LearnError::File { file: path, error }),
        }
    }

    /// Reads what is there, oldest first, and removes what is damaged.
    fn take_stock(&mut self) -> Result<(), LearnError> {
        let folder = self.folder.clone();
        let at = |error| LearnError::file(&folder)(error);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&folder).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match name.strip_prefix(CLIP).and_then(|number| number.parse::<u64>().ok()) {
                Some(number) => numbers.push(number),
                None if name == PART => fs::remove_dir_all(entry.path()).map_err(at)?,
                None => {}
            }
        }
        numbers.sort_unstable();
        for number in numbers {
            self.next = number + 1;
            let path = self.clip(number);
            match read_clip(&path) {
                Some((bytes, sketch)) => self.shelf.put(number, bytes, sketch),
                None => {
                    fs::remove_dir_all(&path).map_err(LearnError::file(&path))?;
                    self.dropped += 1;
                }
            }
        }
        Ok(())
    }
}

/// What a clip takes on the disk and what it is like; `None` where something of it is
/// missing.
fn read_clip(path: &Path) -> Option<(u64, Sketch)> {
    let text = fs::read_to_string(path.join(SKETCH)).ok()?;
    let file: ClipFile = toml::from_str(&text).ok().filter(|f: &ClipFile| f.sketch.is_sound())?;
    let size = |index| fs::metadata(path.join(format!("{index:06}.png"))).ok().map(|m| m.len());
    let sizes: Vec<u64> = (0..file.frames).map(size).collect::<Option<_>>()?;
    (sizes.iter().sum::<u64>() == file.bytes).then(|| (cost_bytes(sizes.into_iter()), file.sketch))
}

/// Of pictures of so many bytes, their `clip.toml` and their folder.
fn cost_bytes(pictures: impl Iterator<Item = u64>) -> u64 {
    pictures.map(|bytes| bytes.next_multiple_of(BLOCK_BYTES)).sum::<u64>() + 2 * BLOCK_BYTES
}

/// Whether a write failed because nothing more fits.
fn is_disk_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

#[cfg(test)]
mod tests;
