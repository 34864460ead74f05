//! The stretches in a folder: a few files, each only ever added to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::chunk::Chunk;

/// A further file begins beyond it, so that old ones can go.
const LARGEST_FILE: u64 = 256 * 1024;

/// No file of ours is larger.
const READ_AT_MOST: u64 = 1 << 20;

const ENDING: &str = ".trace";

/// The files of a folder.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    number: u64,
    file: Option<(File, u64)>,
    is_failing: bool,
}

impl Disk {
    /// Reads what is there, the oldest first, each stretch with the number of its file. A
    /// file that was cut by a power failure loses its end, and is not added to.
    pub fn open(folder: &Path) -> (Self, Vec<(u64, Chunk)>) {
        let mut kept = Vec::new();
        let numbers = numbers(folder).unwrap_or_default();
        for &number in &numbers {
            let path = path_of(folder, number);
            match read(&path) {
                Ok(bytes) => {
                    let mut rest = bytes.as_slice();
                    kept.extend(
                        std::iter::from_fn(|| Chunk::take_from(&mut rest)).map(|c| (number, c)),
                    );
                    if !rest.is_empty() {
                        let path = path.display();
                        log::warn!("{path} ends in the middle: what is before that is kept");
                    }
                }
                Err(error) => log::warn!("{}: {error}; it is left out", path.display()),
            }
        }
        let number = numbers.last().map_or(1, |last| last + 1);
        let disk = Self { folder: folder.to_path_buf(), number, file: None, is_failing: false };
        (disk, kept)
    }

    /// Adds a stretch, and waits for the disk. Returns the number of its file. What fails
    /// is told once, and the next stretch is tried again.
    pub fn append(&mut self, chunk: &Chunk) -> u64 {
        match self.try_append(&chunk.to_bytes()) {
            Ok(()) => self.is_failing = false,
            Err(error) => {
                self.begin_another();
                // A file of that number is there that was not seen at the start.
                self.number += u64::from(error.kind() == io::ErrorKind::AlreadyExists);
                if !self.is_failing {
                    let folder = self.folder.display();
                    log::warn!(
                        "{folder}: the trace cannot be stored: {error}; it is kept in memory"
                    );
                }
                self.is_failing = true;
            }
        }
        self.number
    }

    fn try_append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.as_ref().is_some_and(|(_, size)| *size >= LARGEST_FILE) {
            self.begin_another();
        }
        if self.file.is_none() {
            fs::create_dir_all(&self.folder)?;
            let path = path_of(&self.folder, self.number);
            let file = OpenOptions::new().append(true).create_new(true).mode(0o640).open(path)?;
            self.file = Some((file, 0));
        }
        let Some((file, size)) = &mut self.file else { return Ok(()) };
        file.write_all(bytes)?;
        *size += bytes.len() as u64;
        file.sync_data()
    }

    fn begin_another(&mut self) {
        self.number += u64::from(self.file.take().is_some());
    }

    /// Removes the files before that one.
    pub fn remove_before(&self, oldest: u64) {
        for number in numbers(&self.folder).unwrap_or_default() {
            if number < oldest {
                let _ = fs::remove_file(path_of(&self.folder, number));
            }
        }
    }
}

fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}{ENDING}"))
}

/// In order.
fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name()));
    let names: Vec<_> = names.collect::<io::Result<_>>()?;
    let number = |name: &std::ffi::OsString| name.to_str()?.strip_suffix(ENDING)?.parse().ok();
    let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(READ_AT_MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
