//! Writing files so that a power cut loses nothing that was there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

/// Writes `bytes` beside `path`, syncs, and renames over it. Mode, owner and group
/// are those of the file that was there.
///
/// # Errors
/// The file system's; the old file is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically_like(path, bytes, path)
}

/// The same for whoever may use the file `like`, if there is one.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_atomically_like(path: &Path, bytes: &[u8], like: &Path) -> io::Result<()> {
    replace(path, |part| write_synced(part, bytes, like))?;
    File::open(folder_of(path))?.sync_all()
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

fn write_synced(path: &Path, bytes: &[u8], like: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    if let Ok(usual) = fs::metadata(like) {
        // Without the right to give a file away, it stays the writer's.
        let _ = fchown(&file, Some(usual.uid()), Some(usual.gid()));
        file.set_permissions(fs::Permissions::from_mode(usual.mode() & 0o777))?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// The folder whose entry a rename changes; a bare name lies in the working one.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_lies_in_the_working_folder() {
        assert_eq!(folder_of(Path::new("cal.toml")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/cal.toml")), Path::new("a"));
        assert_eq!(folder_of(Path::new("/cal.toml")), Path::new("/"));
    }

    #[test]
    fn a_file_that_is_replaced_stays_for_those_who_could_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        for mode in [0o640, 0o666, 0o604] {
            fs::write(&path, "old").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            write_atomically(&path, b"new").unwrap();
            write_atomically_like(&other, b"beside", &path).unwrap();
            for file in [&path, &other] {
                assert_eq!(fs::metadata(file).unwrap().mode() & 0o777, mode);
            }
            assert_eq!(fs::read(&path).unwrap(), b"new");
            fs::remove_file(&other).unwrap();
        }
    }
}
