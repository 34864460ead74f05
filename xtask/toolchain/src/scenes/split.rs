//! Divides a scene's normal footage in time: what is learnt from, and what
//! only the calibration sees.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use normwatch::capture::FolderSource;
use normwatch::replay::{Clip, list_footage};

/// Both parts as folders of clips, the earlier two thirds and the last third.
#[derive(Debug)]
pub struct Split {
    pub training: PathBuf,
    pub calibration: PathBuf,
    /// Frames of each.
    pub training_frames: usize,
    pub calibration_frames: usize,
}

/// Where a number of frames, in clips of these lengths, is cut: so many frames
/// of each clip are for the training.
pub fn cut(lengths: &[usize]) -> Vec<usize> {
    let total: usize = lengths.iter().sum();
    let mut left = total * 2 / 3;
    let take = |&length: &usize| {
        let taken = length.min(left);
        left -= taken;
        taken
    };
    lengths.iter().map(take).collect()
}

impl Split {
    /// Makes both folders under `folder`, from links to the clips' files. A
    /// clip in which the cut lies is in both.
    ///
    /// # Errors
    /// The file system's.
    pub fn make(clips: &[Clip], folder: &Path) -> Result<Self> {
        let unmade = || format!("{} cannot be made", folder.display());
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(unmade)?;
        }
        let mut split = Self {
            training: folder.join("training"),
            calibration: folder.join("calibration"),
            training_frames: 0,
            calibration_frames: 0,
        };
        let lengths: Vec<usize> = clips.iter().map(|clip| clip.len().unwrap_or(0)).collect();
        for ((clip, taken), length) in clips.iter().zip(cut(&lengths)).zip(lengths) {
            let parts = [(&split.training, 0..taken), (&split.calibration, taken..length)];
            for (part, frames) in parts {
                link(clip, frames, &part.join(&clip.name)).with_context(unmade)?;
            }
            split.training_frames += taken;
            split.calibration_frames += length - taken;
        }
        Ok(split)
    }

    /// The clips that only the calibration sees.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn calibration_clips(&self) -> Result<Vec<Clip>> {
        Ok(list_footage(&self.calibration)?)
    }

    /// The clips that are learnt from.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn training_clips(&self) -> Result<Vec<Clip>> {
        Ok(list_footage(&self.training)?)
    }
}

fn link(clip: &Clip, frames: std::ops::Range<usize>, folder: &Path) -> Result<()> {
    if frames.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let source = FolderSource::open(&clip.path, 1.0)?;
    for frame in frames {
        let file = source.frame_path(frame as u64).context("a frame went away")?;
        let name = file.file_name().context("a file without a name")?;
        let original = fs::canonicalize(file).with_context(|| file.display().to_string())?;
        std::os::unix::fs::symlink(original, folder.join(name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thirds_of_the_time_are_for_the_training() {
        assert_eq!(cut(&[300]), [200]);
        assert_eq!(cut(&[100, 100, 100]), [100, 100, 0]);
        assert_eq!(cut(&[90, 60, 150]), [90, 60, 50]);
        assert_eq!(cut(&[7]), [4]);
        assert_eq!(cut(&[]), [0; 0]);
    }

    #[test]
    fn no_frame_is_in_both_parts() {
        let bench = tempfile::tempdir().unwrap();
        let clip = bench.path().join("clip");
        fs::create_dir(&clip).unwrap();
        for frame in 0..12 {
            fs::write(clip.join(format!("{frame}.png")), frame.to_string()).unwrap();
        }
        let clips = list_footage(&clip).unwrap();
        let folder = bench.path().join("split");
        for _ in 0..2 {
            let split = Split::make(&clips, &folder).unwrap();
            assert_eq!((split.training_frames, split.calibration_frames), (8, 4));
            let contents = |clips: Vec<Clip>| -> Vec<String> {
                let source = FolderSource::open(&clips[0].path, 1.0).unwrap();
                let files = (0..source.len() as u64).map(|i| source.frame_path(i).unwrap());
                files.map(|file| fs::read_to_string(file).unwrap()).collect()
            };
            let training = contents(split.training_clips().unwrap());
            assert_eq!(training, ["0", "1", "2", "3", "4", "5", "6", "7"]);
            let calibration = contents(split.calibration_clips().unwrap());
            assert_eq!(calibration, ["8", "9", "10", "11"], "in natural order");
        }
    }
}
