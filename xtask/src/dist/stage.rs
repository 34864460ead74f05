//! A folder laid out as the package will be unpacked, and the time that its files
//! carry.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use normwatch_host::shell;

/// A folder that is laid out as the package will be unpacked. Removed with all
/// that is in it when dropped.
pub struct Stage(PathBuf);

impl Stage {
    /// An empty stage at `folder`; what was there is removed.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        make_folder(folder)?;
        Ok(Self(folder.to_path_buf()))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, given from the stage's root, with these permissions.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>, mode: u32) -> Result<()> {
        let path = self.0.join(file);
        for folder in path.ancestors().skip(1).take_while(|folder| *folder != self.0) {
            make_folder(folder)?;
        }
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        Ok(())
    }

    /// Writes a file compressed, without name and time in it.
    ///
    /// # Errors
    /// It cannot be written, or `gzip` is missing.
    pub fn write_gzipped(&self, file: &str, text: &str) -> Result<()> {
        self.write(file, text, 0o644)?;
        let path = self.0.join(file);
        shell::run("gzip", &["-9n", &path.to_string_lossy()], &[])
    }

    /// Copies a file.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn copy(&self, from: &Path, file: &str, mode: u32) -> Result<()> {
        let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.write(file, bytes, mode)
    }

    /// Files below `folder`, from the stage's root, sorted.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn files(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        let mut waiting = vec![self.0.join(folder)];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    waiting.push(path);
                    continue;
                }
                let Some(file) = path.strip_prefix(&self.0)?.to_str() else {
                    bail!("{} is not named in UTF-8", path.display());
                };
                found.push((file.to_string(), fs::metadata(&path)?.len()));
            }
        }
        found.sort();
        Ok(found)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Seconds since 1970 that stand for the time of the build:
/// `$SOURCE_DATE_EPOCH`, else the time of the last commit.
///
/// # Errors
/// Neither is there.
pub fn source_date_epoch() -> Result<u64> {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let text = given.or_else(|| shell::output("git", &["log", "-1", "--format=%ct"]));
    let Some(text) = text else {
        bail!("no commit to take the time from: set SOURCE_DATE_EPOCH to seconds since 1970");
    };
    let epoch = text.trim().parse();
    ensure!(epoch.is_ok(), "SOURCE_DATE_EPOCH is not a number: {text}");
    Ok(epoch?)
}

/// A time in the form that `date` gives it, in UTC.
///
/// # Errors
/// `date` fails.
pub fn date(epoch: u64, format: &str) -> Result<String> {
    let text = shell::output("date", &["-u", "-d", &format!("@{epoch}"), &format!("+{format}")]);
    Ok(text.context("`date` fails: GNU coreutils are needed")?.trim().to_string())
}
