//! Writing files so that a power cut loses nothing that was there, and opening them so that
//! nobody waits.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

/// Opens a file to read it, and never waits: a FIFO, a device and a folder are refused.
///
/// # Errors
/// The file system's, or [`ErrorKind::InvalidInput`] for what is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let check = |about: fs::Metadata| match about.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
    };
    // Opening a device may do something, as with a watchdog.
    check(fs::metadata(path)?)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    // Something else may lie there by now.
    check(file.metadata()?)?;
    Ok(file)
}

/// Who holds a folder holds it so long at most: it changes one small file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Holds a folder, until the value is dropped, for one change of a file in it: what two
/// programs read, change and write at the same moment is lost by neither.
///
/// # Errors
/// The file system's, or [`ErrorKind::TimedOut`] where somebody has held it for ten seconds.
pub fn hold(folder: &Path) -> io::Result<File> {
    let (held, begun) = (File::open(folder)?, Instant::now());
    loop {
        match held.try_lock() {
            Ok(()) => return Ok(held),
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let what = "another program holds this folder: end it, and say it again";
                return Err(io::Error::new(ErrorKind::TimedOut, what));
            }
            // A network's file system may not know locks of folders: then as without.
            Err(TryLockError::Error(error)) => {
                log::debug!("{}: not held: {error}", folder.display());
                return Ok(held);
            }
        }
    }
}

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
    fn what_is_not_a_regular_file_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        for path in [&fifo, folder.path(), Path::new("/dev/zero")] {
            let kind = open_regular(path).map(drop).map_err(|error| error.kind());
            assert_eq!(kind, Err(ErrorKind::InvalidInput), "{}", path.display());
        }
        let file = folder.path().join("file");
        fs::write(&file, "text").unwrap();
        assert!(open_regular(&file).is_ok());
        assert_eq!(
            open_regular(&folder.path().join("none")).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }

    #[test]
    fn who_holds_a_folder_is_alone_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let counted = folder.path().join("count");
        fs::write(&counted, "0").unwrap();
        let count = || {
            for _ in 0..25 {
                let _held = hold(folder.path()).unwrap();
                let before: u32 = fs::read_to_string(&counted).unwrap().parse().unwrap();
                thread::yield_now();
                write_by_rename(&counted, (before + 1).to_string().as_bytes()).unwrap();
            }
        };
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(count))));
        assert_eq!(fs::read_to_string(&counted).unwrap(), "100");
    }

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
