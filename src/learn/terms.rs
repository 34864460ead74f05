//! The score terms of a settling network, frame by frame, in one file that only grows.
//!
//! Each record carries a checksum: what a power cut leaves of the last ones is cut off.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::error::LearnError;
use crate::calibrate::TermSample;
use crate::preprocess::Light;

const RECORD: usize = 60;
/// Records that are written together: ten seconds.
const WRITTEN_AT_ONCE: usize = 100;
/// Set in the time of the first record of a clip.
const FIRST: u64 = 1 << 63;

/// A file of score terms.
#[derive(Debug)]
pub(super) struct Terms {
    path: PathBuf,
    file: File,
    unwritten: Vec<u8>,
    count: u64,
    begins: bool,
}

impl Terms {
    /// Opens the file at `path`, or begins it, and cuts off what is damaged.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(path: &Path) -> Result<Self, LearnError> {
        let at = |error| LearnError::file(path)(error);
        let whole = Self::count_whole(path)?;
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(at)?;
        file.set_len(whole * RECORD as u64).map_err(at)?;
        let path = path.to_path_buf();
        Ok(Self { path, file, unwritten: Vec::new(), count: whole, begins: true })
    }

    fn count_whole(path: &Path) -> Result<u64, LearnError> {
        let mut count = 0;
        each(path, &mut |_| count += 1)?;
        Ok(count)
    }

    /// Frames so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What comes next does not follow from what was.
    pub fn begin_clip(&mut self) {
        self.begins = true;
    }

    /// # Errors
    /// The file system's.
    pub fn push(&mut self, sample: &TermSample) -> Result<(), LearnError> {
        let first = if std::mem::take(&mut self.begins) { FIRST } else { 0 };
        self.unwritten.extend(encode(sample, first));
        self.count += 1;
        if self.unwritten.len() >= RECORD * WRITTEN_AT_ONCE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), LearnError> {
        let written = self.file.write_all(&self.unwritten);
        self.unwritten.clear();
        written.map_err(LearnError::file(&self.path))
    }

    /// Waits until all of it is on the disk.
    ///
    /// # Errors
    /// The file system's.
    pub fn sync(&mut self) -> Result<(), LearnError> {
        self.write()?;
        self.file.sync_data().map_err(LearnError::file(&self.path))
    }

    /// All of it, clip by clip.
    ///
    /// # Errors
    /// The file system's.
    pub fn clips(&mut self) -> Result<Vec<Vec<TermSample>>, LearnError> {
        self.write()?;
        let mut clips: Vec<Vec<TermSample>> = Vec::new();
        each(&self.path, &mut |(is_first, sample)| match clips.last_mut() {
            Some(clip) if !is_first => clip.push(sample),
            _ => clips.push(vec![sample]),
        })?;
        Ok(clips)
    }
}

/// Hands out the whole records at the beginning of the file.
fn each(path: &Path, with: &mut dyn FnMut((bool, TermSample))) -> Result<(), LearnError> {
    let mut file = match File::open(path) {
        Ok(file) => std::io::BufReader::new(file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(LearnError::file(path)(error)),
    };
    let mut record = [0; RECORD];
    loop {
        match file.read_exact(&mut record) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(LearnError::file(path)(error)),
        }
        let Some(read) = decode(&record) else { return Ok(()) };
        with(read);
    }
}

fn encode(sample: &TermSample, first: u64) -> [u8; RECORD] {
    let TermSample { timestamp_ns, light, psnr_db, block_ratio, distance, .. } = *sample;
    let mut record = [0; RECORD];
    record[..8].copy_from_slice(&(timestamp_ns & !FIRST | first).to_le_bytes());
    record[8..12].copy_from_slice(&light.mean.to_le_bytes());
    record[12..16].copy_from_slice(&light.spread.to_le_bytes());
    let [view, motion] = [sample.view_ratio, sample.motion].map(|term| term.unwrap_or(f64::NAN));
    let terms = [psnr_db, block_ratio, distance, view, motion];
    for (index, term) in terms.into_iter().enumerate() {
        record[16 + 8 * index..24 + 8 * index].copy_from_slice(&term.to_le_bytes());
    }
    let checksum = checksum(&record[..RECORD - 4]);
    record[RECORD - 4..].copy_from_slice(&checksum.to_le_bytes());
    record
}

fn decode(record: &[u8; RECORD]) -> Option<(bool, TermSample)> {
    let word = |at: usize| Some(u32::from_le_bytes(*record.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u64::from_le_bytes(*record.get(at..)?.first_chunk()?));
    if checksum(&record[..RECORD - 4]) != word(RECORD - 4)? {
        return None;
    }
    let (time, term) = (long(0)?, |index: usize| long(16 + 8 * index).map(f64::from_bits));
    let sample = TermSample {
        timestamp_ns: time & !FIRST,
        light: Light { mean: f32::from_bits(word(8)?), spread: f32::from_bits(word(12)?) },
        psnr_db: term(0)?,
        block_ratio: term(1)?,
        distance: term(2)?,
        view_ratio: term(3).filter(|view| !view.is_nan()),
        motion: term(4).filter(|motion| !motion.is_nan()),
    };
    Some((time & FIRST != 0, sample))
}

/// FNV-1a; that of nothing but zeros is not zero.
fn checksum(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0x811c_9dc5, |hash: u32, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(n: u64) -> TermSample {
        TermSample {
            timestamp_ns: n * 100_000_000,
            light: Light { mean: 0.25, spread: 0.125 },
            psnr_db: 30.0 + n as f64,
            block_ratio: 0.5 / (n + 1) as f64,
            distance: 0.75,
            view_ratio: n.is_multiple_of(2).then_some(n as f64),
            motion: n.is_multiple_of(3).then_some(0.5),
        }
    }

    #[test]
    fn terms_go_on_after_a_restart_as_another_clip() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("terms");
        let mut terms = Terms::open(&path).unwrap();
        (0..250).for_each(|n| terms.push(&sample(n)).unwrap());
        terms.sync().unwrap();
        let mut terms = Terms::open(&path).unwrap();
        assert_eq!(terms.count(), 250);
        (0..3).for_each(|n| terms.push(&sample(n)).unwrap());
        terms.begin_clip();
        terms.push(&sample(9)).unwrap();
        let clips = terms.clips().unwrap();
        assert_eq!(clips.iter().map(Vec::len).collect::<Vec<_>>(), [250, 3, 1]);
        assert_eq!((clips[0][249], clips[2][0]), (sample(249), sample(9)));
    }

    /// Wherever a power cut ends the file, and with zeros or without.
    #[test]
    fn what_a_power_cut_leaves_of_a_record_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("terms");
        let mut terms = Terms::open(&path).unwrap();
        (0..4).for_each(|n| terms.push(&sample(n)).unwrap());
        terms.sync().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            for zeros in [0, 3, 2 * RECORD] {
                let mut bytes = whole[..cut].to_vec();
                bytes.resize(cut + zeros, 0);
                std::fs::write(&path, &bytes).unwrap();
                let mut terms = Terms::open(&path).unwrap();
                let kept = terms.count() as usize;
                // Zeros may be what a record ends with.
                assert!(kept == cut / RECORD || kept == cut / RECORD + 1, "{cut} {zeros}: {kept}");
                terms.push(&sample(7)).unwrap();
                let clips = terms.clips().unwrap();
                let read: Vec<TermSample> = clips.concat();
                let wanted = (0..kept as u64).map(sample).chain([sample(7)]);
                assert_eq!(read, wanted.collect::<Vec<_>>(), "{cut} {zeros}");
            }
        }
    }
}
