//! Events that somebody called normal, on their way into the store.
//!
//! A store may be in use, and a training that was interrupted goes on with the clips that it
//! began with. So what is fed back waits beside it, each event in a folder of its own, until
//! the next observation ends.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::LearnError;
use super::place::LearnPlace;
use super::sketch::Sketcher;
use super::store::{Offered, Store};
use crate::capture::{FolderSource, FrameSource, SourceError};
use crate::event::{Archived, DESCRIPTION, Situation, WINDOWS, Windows};
use crate::model::InputSection;
use crate::runtime::MAX_STEP_PERIODS;

/// Pictures of a clip, as of those that are observed.
const CLIP_FRAMES: usize = 16;
/// Events that wait at most; with one more, the oldest is dropped.
const MOST_EVENTS: usize = 256;
const PART: &str = ".part";
/// The pictures of an event, in its folder.
const PICTURES: &str = "pictures";

/// What waits for the next learning.
#[derive(Clone, Debug)]
pub struct FedBack {
    folder: PathBuf,
}

/// Why an event has nothing that could be learnt from.
#[derive(Debug)]
pub enum Unfit {
    /// The frames were not kept: `[learn]` was not in the site file then.
    NotKept,
    /// Their size is another than the one that is learnt.
    OtherSize { found: (usize, usize), wanted: (usize, usize) },
    /// Too few in a row.
    TooShort,
}

impl FedBack {
    /// Touches nothing yet.
    pub fn new(place: &LearnPlace) -> Self {
        Self { folder: place.folder().join("fed-back") }
    }

    /// Puts the frames of an event here, whole or not at all; gives in how many clips they
    /// will be, or why there are none.
    ///
    /// # Errors
    /// The file system's.
    pub fn put(
        &self,
        event: &Archived,
        input: &InputSection,
    ) -> Result<Result<usize, Unfit>, LearnError> {
        let Some(windows) = &event.situation.windows else { return Ok(Err(Unfit::NotKept)) };
        let (found, wanted) =
            ((windows.width_px, windows.height_px), (input.width_px, input.height_px));
        if found != wanted {
            return Ok(Err(Unfit::OtherSize { found, wanted }));
        }
        let clips = clips_of(windows, input).len();
        if clips == 0 {
            return Ok(Err(Unfit::TooShort));
        }
        let (part, path) = (self.folder.join(PART), self.folder.join(&event.situation.id));
        let pictures = part.join(PICTURES);
        let put = (|| {
            remove_all(&part)?;
            fs::create_dir_all(&pictures)?;
            for (name, to) in [(WINDOWS, &pictures), (DESCRIPTION, &part)] {
                fs::copy(event.folder.join(name), to.join(name))?;
            }
            remove_all(&path)?;
            fs::rename(&part, &path)?;
            self.keep_few()
        })();
        put.map_err(LearnError::file(&path))?;
        Ok(Ok(clips))
    }

    /// Takes an event back; whether it still waited.
    ///
    /// # Errors
    /// The file system's.
    pub fn take_back(&self, id: &str) -> Result<bool, LearnError> {
        let path = self.folder.join(id);
        let waited = path.is_dir();
        remove_all(&path).map_err(LearnError::file(&path))?;
        Ok(waited)
    }

    /// Puts everything into the store that will be learnt from; how many clips that was.
    /// What is damaged is told and left out. Nothing waits any more then.
    ///
    /// # Errors
    /// What the store says; what is not in it then goes on waiting.
    pub(super) fn put_into(
        &self,
        store: &mut Store,
        input: &InputSection,
    ) -> Result<usize, LearnError> {
        let mut sketcher = Sketcher::new(input.spec());
        let mut count = 0;
        for path in self.waiting().map_err(LearnError::file(&self.folder))? {
            match read(&path, input) {
                Ok((situation, clips)) => {
                    let unix_s = situation.begin.unix_ms.unwrap_or_default() / 1000;
                    let hour = (unix_s / 3600 % 24) as u8;
                    for clip in clips {
                        let sketch = sketcher.sketch(clip.iter().map(Vec::as_slice), hour);
                        // A full disk makes the store smaller, and so room: an event whose
                        // clips are in it by half would be counted twice later.
                        let mut put = store.add(&clip, sketch.clone(), unix_s)?;
                        if let Offered::DiskFull { max_bytes } = put {
                            log::warn!("the disk is full: the store holds {max_bytes} bytes now");
                            store.sync();
                            put = store.add(&clip, sketch, unix_s)?;
                        }
                        if let Offered::DiskFull { .. } = put {
                            log::warn!("the disk is full: {} goes on waiting", path.display());
                            return Ok(count);
                        }
                        count += 1;
                    }
                    store.sync();
                }
                Err(what) => log::warn!("{}: {what}; it is not learnt", path.display()),
            }
            remove_all(&path).map_err(LearnError::file(&path))?;
        }
        Ok(count)
    }

    /// Folders of events, by their names, of which the oldest is the first.
    fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.join(DESCRIPTION).is_file() && !path.ends_with(PART) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn keep_few(&self) -> io::Result<()> {
        let waiting = self.waiting()?;
        for path in waiting.iter().take(waiting.len().saturating_sub(MOST_EVENTS)) {
            log::warn!("{}: there is no room for it any more", path.display());
            fs::remove_dir_all(path)?;
        }
        Ok(())
    }
}

/// Frames of each clip, planar u8.
type Clips = Vec<Vec<Vec<u8>>>;

/// The frames of an event as clips: each so many in a row, without a gap.
fn read(path: &Path, input: &InputSection) -> Result<(Situation, Clips), String> {
    let text = fs::read(path.join(DESCRIPTION)).map_err(|error| error.to_string())?;
    let situation: Situation = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    let windows = situation.windows.clone().ok_or("it has no frames")?;
    let source = |error: SourceError| error.to_string();
    let mut pictures = FolderSource::open(path.join(PICTURES), input.fps).map_err(source)?;
    let whole = pictures.next_frame().map_err(source)?.ok_or("it has no picture")?;
    let length = windows.width_px * windows.height_px;
    let fits = (windows.width_px, windows.height_px) == (input.width_px, input.height_px)
        && whole.data.len() == length * windows.times_ms.len();
    if !fits {
        return Err("its frames have another size".into());
    }
    let frames: Vec<&[u8]> = whole.data.chunks_exact(length).collect();
    let clips = clips_of(&windows, input).into_iter();
    let clips = clips.map(|at| frames[at].iter().map(|frame| frame.to_vec()).collect()).collect();
    Ok((situation, clips))
}

/// Runs of frames without a gap, cut into clips of the usual length.
fn clips_of(windows: &Windows, input: &InputSection) -> Vec<std::ops::Range<usize>> {
    let longest_ms = MAX_STEP_PERIODS * 1000.0 / input.fps;
    let (mut clips, mut begin) = (Vec::new(), 0);
    for (at, time_ms) in windows.times_ms.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| windows.times_ms[before]);
        if before.is_some_and(|before| time_ms.saturating_sub(before) as f64 > longest_ms) {
            begin = at;
        }
        if at + 1 - begin == CLIP_FRAMES {
            clips.push(begin..at + 1);
            begin = at + 1;
        }
    }
    clips
}

fn remove_all(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
