//! A password file: read at each connection, kept nowhere, told to nobody.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A password has so many bytes at most.
const LONGEST: u64 = 1024;

const OTHERS: u32 = 0o007;

/// The first line of a password file.
///
/// # Errors
/// It cannot be read, everybody may read it, it is empty or too long.
pub fn password(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let refuse = |problem: &str| Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    if !metadata.is_file() {
        return refuse("it is not a regular file");
    }
    if metadata.mode() & OTHERS != 0 {
        return refuse("everybody may use it: take that away with `chmod o= FILE`");
    }
    let mut text = Vec::new();
    file.take(LONGEST + 2).read_to_end(&mut text)?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.len() {
        0 => refuse("its first line is empty"),
        length if length as u64 > LONGEST => refuse("its first line has more than 1024 bytes"),
        _ => Ok(line.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_a_file_that_is_not_everybodys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let read = |text: &[u8], mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            password(&path).map_err(|error| error.to_string())
        };
        assert_eq!(read(b"s3cret\r\nnote\n", 0o600).unwrap(), b"s3cret");
        assert_eq!(read(b"s3cret", 0o640).unwrap(), b"s3cret");
        assert!(read(b"s3cret", 0o644).unwrap_err().contains("chmod o="));
        assert!(read(b"\n", 0o600).unwrap_err().contains("empty"));
        assert!(read(&[b'x'; 1025], 0o600).unwrap_err().contains("1024"));
        assert_eq!(read(&[b'x'; 1024], 0o600).unwrap().len(), 1024);
        assert!(password(folder.path()).is_err());
        assert!(password(&folder.path().join("none")).is_err());
    }
}
