//! Writes the archive that the kernel unpacks as its first file system.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const SYMBOLIC_LINK: u32 = 0o120_777;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// An archive in the `newc` format, as the kernel unpacks it at boot
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Folders are
/// added with what lies in them.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    folders: BTreeSet<String>,
    entries: u32,
}

impl Archive {
    /// A file that anybody may run, at `path`, which starts with no `/`.
    pub fn file(&mut self, path: &str, content: &[u8]) {
        self.parents(path);
        self.entry(path, PROGRAM, (0, 0), content);
    }

    /// A copy of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn copy(&mut self, path: &str, from: &Path) -> Result<()> {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.file(path, &content);
        Ok(())
    }

    /// A copy of a folder with all that is in it.
    ///
    /// # Errors
    /// Something in it cannot be read.
    pub fn copy_folder(&mut self, path: &str, from: &Path) -> Result<()> {
        let context = || format!("cannot read {}", from.display());
        for entry in fs::read_dir(from).with_context(context)? {
            let entry = entry.with_context(context)?;
            let inside = format!("{path}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.copy_folder(&inside, &entry.path())?;
            } else {
                self.copy(&inside, &entry.path())?;
            }
        }
        Ok(())
    }

    pub fn folder(&mut self, path: &str) {
        self.parents(path);
        if self.folders.insert(path.into()) {
            self.entry(path, DIRECTORY, (0, 0), &[]);
        }
    }

    pub fn link(&mut self, path: &str, target: &str) {
        self.parents(path);
        self.entry(path, SYMBOLIC_LINK, (0, 0), target.as_bytes());
    }

    pub fn character_device(&mut self, path: &str, major: u32, minor: u32) {
        self.parents(path);
        self.entry(path, CHARACTER_DEVICE, (major, minor), &[]);
    }

    /// The archive's bytes, complete.
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    fn parents(&mut self, path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, (major, minor): (u32, u32), content: &[u8]) {
        self.entries += 1;
        let name_bytes = path.len() as u32 + 1;
        let fields = [
            self.entries,
            mode,
            0,
            0,
            1,
            0,
            content.len() as u32,
            0,
            0,
            major,
            minor,
            name_bytes,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names, modes and contents, read back as the kernel does.
    fn read(bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut entries = Vec::new();
        let mut at = 0;
        loop {
            assert_eq!(&bytes[at..at + 6], b"070701");
            let field = |n: usize| {
                let hex = &bytes[at + 6 + 8 * n..at + 14 + 8 * n];
                u32::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap()
            };
            let (mode, size, name) = (field(1), field(6) as usize, field(11) as usize);
            let text = String::from_utf8(bytes[at + 110..at + 109 + name].to_vec()).unwrap();
            let start = (at + 110 + name).next_multiple_of(4);
            if text == "TRAILER!!!" {
                assert_eq!(start, bytes.len());
                return entries;
            }
            entries.push((text, mode, bytes[start..start + size].to_vec()));
            at = (start + size).next_multiple_of(4);
        }
    }

    #[test]
    fn an_archive_reads_back() {
        let mut archive = Archive::default();
        archive.file("etc/deep/a", b"12345");
        archive.file("etc/deep/b", b"");
        archive.link("bin/sh", "busybox");
        archive.character_device("dev/console", 5, 1);
        let entries = read(&archive.finish());
        let names: Vec<&str> = entries.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(
            names,
            ["etc", "etc/deep", "etc/deep/a", "etc/deep/b", "bin", "bin/sh", "dev", "dev/console"]
        );
        assert_eq!(entries[2], ("etc/deep/a".into(), PROGRAM, b"12345".to_vec()));
        assert_eq!(entries[5], ("bin/sh".into(), SYMBOLIC_LINK, b"busybox".to_vec()));
    }
}
