//! Writing files so that a power cut loses nothing that was there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes `bytes` beside `path`, syncs, and renames over it.
///
/// # Errors
/// The file system's; the old file is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, |part| write_synced(part, bytes))?;
    match path.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Writes `bytes` beside `path` and renames over it, without waiting for the
/// disk: whole or absent unless the power fails.
///
/// # Errors
/// The file system's; the old file is then untouched.
pub fn write_by_rename(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, |part| fs::write(part, bytes))
}

/// Lets `write` fill a file beside `path`, which then takes its place.
fn replace(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = write(&part).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
