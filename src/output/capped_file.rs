//! A log file that does not outgrow its disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is appended to until it reaches a size, then moved aside to
/// `NAME.1` (replacing the former one) and begun again: never more than twice
/// `max_bytes` on the disk.
///
/// Whole lines are kept together, provided that each `write` ends one or the
/// caller flushes after it.
#[derive(Debug)]
pub struct CappedFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    max_bytes: u64,
}

impl CappedFile {
    /// Opens or creates the file, keeping what is in it.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(path: &Path, max_bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { path: path.to_path_buf(), file, bytes, max_bytes })
    }

    fn turn_over(&mut self) -> io::Result<()> {
        let mut aside = self.path.clone().into_os_string();
        aside.push(".1");
        match fs::rename(&self.path, aside) {
            // A former turn got as far as here, and a full disk no further.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed?,
        }
        *self = Self::open(&self.path, self.max_bytes)?;
        Ok(())
    }
}

impl Write for CappedFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && self.bytes + data.len() as u64 > self.max_bytes {
            self.turn_over()?;
        }
        let written = self.file.write(data)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_where_a_full_disk_stopped_it_between_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = CappedFile::open(&path, 8).unwrap();
        file.write_all(b"first\n").unwrap();
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        file.write_all(b"second\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second\n");
        assert_eq!(fs::read(folder.path().join("log.1")).unwrap(), b"first\n");
    }

    #[test]
    fn keeps_the_last_lines_within_the_cap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        fs::write(&path, "old\n").unwrap();
        let mut file = CappedFile::open(&path, 20).unwrap();
        for i in 0..10 {
            writeln!(file, "{}", format_args!("line {i}")).unwrap();
        }
        let now = fs::read_to_string(&path).unwrap();
        let aside = fs::read_to_string(folder.path().join("events.jsonl.1")).unwrap();
        assert!(now.len() <= 20 && aside.len() <= 20, "{now:?} {aside:?}");
        assert!(now.ends_with("line 9\n"), "{now:?}");
    }
}
