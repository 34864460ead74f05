//! A log file that does not outgrow its disk, whatever happens to it.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FlockOperation, OFlags, access, flock};
use rustix::io::Errno;

/// A file that whole lines are appended to until it reaches a size; then it is
/// moved aside to `NAME.1` (replacing the former one) and begun again: never more
/// than twice `max_bytes` on the disk.
///
/// It is opened when it is first needed, and again when it was removed or
/// replaced. Only a regular file of nobody else's is written. A line is there
/// whole or not at all: half a line that a full disk or a power cut left is ended
/// before the next one.
#[derive(Debug)]
pub struct CappedFile {
    path: PathBuf,
    max_bytes: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
    /// The file ends in the middle of a line.
    torn: bool,
}

impl CappedFile {
    /// Opens nothing yet.
    pub fn new(path: &Path, max_bytes: u64) -> Self {
        Self { path: path.to_path_buf(), max_bytes, open: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it could be written now, as far as can be told without doing so.
    /// That another process writes it is no objection.
    ///
    /// # Errors
    /// What writing it would end with.
    pub fn probe(path: &Path) -> io::Result<()> {
        match open_regular(path, false) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                Ok(access(folder.unwrap_or(Path::new(".")), Access::WRITE_OK | Access::EXEC_OK)?)
            }
            opened => opened.map(drop),
        }
    }

    /// Appends one line, which ends with a newline.
    ///
    /// # Errors
    /// The file system's, or a path that is not a regular file, or one that another
    /// process writes. Nothing of the line is there then, or half of it.
    pub fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|open| !open.is_at(&self.path)) {
            log::warn!("the event log {} was removed or replaced", self.path.display());
            self.open = None;
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.path)?,
        };
        if open.bytes > 0 && open.bytes + line.len() as u64 > self.max_bytes {
            open.end_torn_line();
            fs::rename(&self.path, self.aside())?;
            open = Open::at(&self.path)?;
        }
        // Whatever failed, the next line begins with a fresh look at the file.
        open.append(line)?;
        self.open = Some(open);
        Ok(())
    }

    /// Waits until the disk has all that was appended.
    ///
    /// # Errors
    /// The file system's.
    pub fn sync(&mut self) -> io::Result<()> {
        self.open.as_ref().map_or(Ok(()), |open| open.file.sync_data())
    }

    fn aside(&self) -> PathBuf {
        let mut aside = self.path.clone().into_os_string();
        aside.push(".1");
        aside.into()
    }
}

impl Open {
    fn at(path: &Path) -> io::Result<Self> {
        let mut file = open_regular(path, true)?;
        // A file system without locks refuses otherwise.
        if flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK) {
            return Err(io::Error::other("another process, perhaps another normwatch, writes it"));
        }
        let bytes = file.metadata()?.len();
        let torn = bytes > 0 && last_byte(&mut file)? != b'\n';
        Ok(Self { file, bytes, torn })
    }

    /// Whether this is still the file of that name.
    fn is_at(&self, path: &Path) -> bool {
        let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let there = fs::symlink_metadata(path).map(identity);
        let ours = self.file.metadata().map(identity);
        matches!((there, ours), (Ok(there), Ok(ours)) if there == ours)
    }

    /// Both files in a row, as a reader joins them, are whole lines.
    fn end_torn_line(&mut self) {
        if self.torn {
            // On a full disk it stays torn: that is no reason to keep the next line.
            let _ = self.file.write_all(b"\n");
        }
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let ended = if self.torn { [b"\n", line].concat() } else { line.to_vec() };
        if let Err(error) = self.file.write_all(&ended) {
            // Where this is refused as well, the half line is ended later.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += ended.len() as u64;
        self.torn = false;
        Ok(())
    }
}

/// Opens a regular file for appending. Never waits for a reader, follows no link,
/// and opens no device, because opening a watchdog starts it.
fn open_regular(path: &Path, create: bool) -> io::Result<File> {
    let wrong = |what: &str| Err(io::Error::other(format!("is {what}, not a regular file")));
    if let Some(what) = fs::symlink_metadata(path).ok().and_then(|m| odd_kind(m.file_type())) {
        return wrong(what);
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(create).mode(0o640);
    let file = options.custom_flags(flags.bits() as i32).open(path)?;
    match odd_kind(file.metadata()?.file_type()) {
        Some(what) => wrong(what),
        None => Ok(file),
    }
}

fn odd_kind(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        return None;
    }
    Some(match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_symlink() => "a symbolic link",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    })
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}

#[cfg(test)]
mod tests;
