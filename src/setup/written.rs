//! The site file, written whole, with the old one kept beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::error::SetupError;
use crate::fs::{write_atomically, write_atomically_like};

/// The service reads it as a user of its own; secrets are in files of their own.
const MODE: u32 = 0o644;

/// Whether the site file could be written, before anything is asked.
///
/// # Errors
/// Its folder is not there or may not be written.
pub fn can_write(file: &Path) -> Result<(), SetupError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let writes = Access::WRITE_OK | Access::EXEC_OK;
    access(folder.unwrap_or(Path::new(".")), writes)
        .map_err(|error| SetupError::Unwritable { file: file.to_path_buf(), error: error.into() })
}

/// Writes the site file. One that is there is kept beside it first; returned is where.
/// The same text is not written again.
///
/// # Errors
/// The file system's; the site file is then as it was.
pub fn write(file: &Path, text: &str) -> Result<Option<PathBuf>, SetupError> {
    let old = match fs::read(file) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(SetupError::file(file)(error)),
    };
    let Some(old) = old else {
        write_atomically(file, text.as_bytes()).map_err(SetupError::file(file))?;
        let readable = fs::Permissions::from_mode(MODE);
        fs::set_permissions(file, readable).map_err(SetupError::file(file))?;
        return Ok(None);
    };
    if old == text.as_bytes() {
        return Ok(None);
    }
    let kept = free_name(file);
    write_atomically_like(&kept, &old, file).map_err(SetupError::file(&kept))?;
    write_atomically(file, text.as_bytes()).map_err(SetupError::file(file))?;
    Ok(Some(kept))
}

/// `site.toml.old`, `site.toml.old2` and so on: what was kept before stays.
fn free_name(file: &Path) -> PathBuf {
    let name = |number: usize| {
        let mut name = file.file_name().unwrap_or_default().to_os_string();
        name.push(if number < 2 { ".old".into() } else { format!(".old{number}") });
        file.with_file_name(name)
    };
    let mut numbers = 1..;
    let free = numbers.find(|number| name(*number).symlink_metadata().is_err());
    name(free.unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_was_there_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.toml");
        assert_eq!(write(&file, "1").unwrap(), None);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, MODE);
        let first = write(&file, "2").unwrap().unwrap();
        assert_eq!(write(&file, "2").unwrap(), None, "nothing changed");
        let second = write(&file, "3").unwrap().unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!([read(&first), read(&second), read(&file)], ["1", "2", "3"]);
        assert!(second.ends_with("site.toml.old2"), "{}", second.display());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let file = Path::new("/nowhere/at/all/site.toml");
        let error = can_write(file).unwrap_err().to_string();
        assert!(error.contains("sudo"), "{error}");
        let error = write(file, "").unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/at/all/site.toml: "), "{error}");
    }
}
