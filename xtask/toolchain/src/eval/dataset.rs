//! A labelled data set on disk, checked before anything is computed.

use anyhow::{Context, Result, bail, ensure};
use normwatch::capture::{FolderSource, FrameSource};
use normwatch::replay::{Clip, Labels, list_footage};
use std::path::{Path, PathBuf};

/// Training clips, test clips and their truth.
#[derive(Debug)]
pub struct Dataset {
    pub path: PathBuf,
    /// Normal footage; empty when it is not needed and not there.
    pub training: Vec<Clip>,
    pub testing: Vec<TestClip>,
    pub labels: Labels,
}

/// One test clip with its truth.
#[derive(Clone, Debug)]
pub struct TestClip {
    pub clip: Clip,
    /// By frame: abnormal?
    pub truth: Vec<bool>,
    masks: Masks,
}

#[derive(Clone, Debug)]
enum Masks {
    /// The data set has none.
    Unknown,
    /// One image a frame.
    Folder(PathBuf),
    /// No folder, and no abnormal frame either: nothing is set, in the size of
    /// the other clips' masks.
    Empty { size_px: (usize, usize) },
}

/// Which pixels of a frame are abnormal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PixelMask {
    pub set: Vec<bool>,
    pub width_px: usize,
    pub height_px: usize,
}

impl Dataset {
    /// Opens `path`: `training/frames/CLIP/*`, `testing/frames/CLIP/*`,
    /// `testing/labels.json`, and, if they are there, `testing/masks/CLIP/*`.
    ///
    /// # Errors
    /// What is missing or does not fit, by file or clip.
    pub fn open(path: &Path, needs_training: bool) -> Result<Self> {
        ensure!(path.is_dir(), "{}: there is no such folder", path.display());
        let testing = path.join("testing");
        let clips = list_footage(&testing.join("frames")).with_context(|| layout(path))?;
        let training_dir = path.join("training").join("frames");
        let training = if needs_training || training_dir.is_dir() {
            list_footage(&training_dir).with_context(|| {
                format!(
                    "the levels come from training footage, which this data set lacks; \
                     {}, or give --calibration bundle",
                    layout(path)
                )
            })?
        } else {
            Vec::new()
        };
        let labels = Labels::read(&testing.join("labels.json")).with_context(|| {
            format!("there is no evaluation without the truth: {}", layout(path))
        })?;
        let masks_dir = testing.join("masks");
        let has_masks = masks_dir.is_dir();
        let mut testing = Vec::new();
        for clip in clips {
            let frames = clip.len().context("test clips must be folders of images")?;
            let truth = labels.clip(&clip.name, frames)?.to_vec();
            let folder = masks_dir.join(&clip.name);
            let masks = if !has_masks {
                Masks::Unknown
            } else if folder.is_dir() {
                check_count(&clip.name, &folder, frames)?;
                Masks::Folder(folder)
            } else if truth.contains(&true) {
                bail!(
                    "clip `{}` has abnormal frames but no masks: {} is missing (a data set has \
                     masks for all its abnormal clips, or no folder `masks` at all)",
                    clip.name,
                    folder.display()
                );
            } else {
                Masks::Empty { size_px: (0, 0) }
            };
            testing.push(TestClip { clip, truth, masks });
        }
        settle_empty_masks(&mut testing)?;
        Ok(Self { path: path.to_path_buf(), training, testing, labels })
    }
}

impl TestClip {
    /// Opens the masks of this clip; `None` when the data set has none.
    ///
    /// # Errors
    /// The folder cannot be listed.
    pub fn masks(&self) -> Result<Option<MaskReader>> {
        Ok(match &self.masks {
            Masks::Unknown => None,
            Masks::Folder(folder) => {
                Some(MaskReader::Folder(Box::new(FolderSource::open(folder, 1.0)?)))
            }
            Masks::Empty { size_px } => Some(MaskReader::Empty(*size_px)),
        })
    }
}

/// Reads the masks of one clip.
pub enum MaskReader {
    Folder(Box<FolderSource>),
    Empty((usize, usize)),
}

impl MaskReader {
    /// The mask of a frame: every pixel that is not black is abnormal.
    ///
    /// # Errors
    /// The file that is not a PNG.
    pub fn read(&mut self, frame: u64) -> Result<PixelMask> {
        let source = match self {
            Self::Folder(source) => source,
            Self::Empty((width_px, height_px)) => {
                let (width_px, height_px) = (*width_px, *height_px);
                return Ok(PixelMask {
                    set: vec![false; width_px * height_px],
                    width_px,
                    height_px,
                });
            }
        };
        let path = source.frame_path(frame).map(Path::to_path_buf).unwrap_or_default();
        source.seek(frame);
        let image = source.next_frame()?.context("no such mask")?;
        let (width_px, height_px) = (image.width_px as usize, image.height_px as usize);
        ensure!(
            image.stride_bytes >= width_px,
            "{}: a mask must be a PNG: lossy compression moves its edges",
            path.display()
        );
        let per_pixel = image.stride_bytes / width_px;
        let set = image.data.chunks_exact(per_pixel).map(|p| p.iter().any(|&v| v > 0)).collect();
        Ok(PixelMask { set, width_px, height_px })
    }
}

impl PixelMask {
    /// x, y, width and height of the set pixels' bounds.
    pub fn bounds(&self) -> Option<[usize; 4]> {
        let set = || self.set.iter().enumerate().filter(|(_, set)| **set).map(|(i, _)| i);
        let (left, right) =
            (set().map(|i| i % self.width_px).min()?, set().map(|i| i % self.width_px).max()?);
        let (top, bottom) = (set().next()? / self.width_px, set().next_back()? / self.width_px);
        Some([left, top, right - left + 1, bottom - top + 1])
    }
}

fn check_count(clip: &str, folder: &Path, frames: usize) -> Result<()> {
    let masks = FolderSource::open(folder, 1.0)?.len();
    ensure!(
        masks == frames,
        "clip `{clip}` has {frames} frames but {masks} masks in {}: one mask a frame, all black \
         where nothing is abnormal",
        folder.display()
    );
    Ok(())
}

fn settle_empty_masks(clips: &mut [TestClip]) -> Result<()> {
    let with_folder = clips.iter().find(|clip| matches!(clip.masks, Masks::Folder(_)));
    let Some(reference) = with_folder.cloned() else { return Ok(()) };
    let mask = reference.masks()?.context("a clip with masks")?.read(0)?;
    for clip in clips {
        if let Masks::Empty { size_px } = &mut clip.masks {
            *size_px = (mask.width_px, mask.height_px);
        }
    }
    Ok(())
}

fn layout(path: &Path) -> String {
    format!(
        "{} should hold training/frames/CLIP/*.jpg, testing/frames/CLIP/*.jpg and \
         testing/labels.json, {{\"CLIP\": [0, 1, …]}}",
        path.display()
    )
}

/// How many frames the clips hold, where that is known.
pub fn total_frames<'a>(clips: impl IntoIterator<Item = &'a Clip>) -> u64 {
    clips.into_iter().filter_map(Clip::len).sum::<usize>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_a_mask() {
        let mut set = vec![false; 20];
        let mask = |set: &[bool]| PixelMask { set: set.to_vec(), width_px: 5, height_px: 4 };
        assert_eq!(mask(&set).bounds(), None);
        for i in [7, 16] {
            set[i] = true;
        }
        assert_eq!(mask(&set).bounds(), Some([1, 1, 2, 3]));
    }
}
