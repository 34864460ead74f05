//! The folder that downloads stay in.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Downloads and what is unpacked and built from them, outside the source tree
/// and keyed by version, so that one download serves every checkout.
pub struct Cache {
    root: PathBuf,
    /// Held while the cache is filled: two tests at once share one download.
    _lock: File,
}

impl Cache {
    /// Opens `$NORMWATCH_BOARD_CACHE`, or `normwatch/board` in the user's
    /// cache folder, and waits for whoever fills it.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open() -> Result<Cache> {
        let root = location()?;
        let make = || -> std::io::Result<File> {
            fs::create_dir_all(&root)?;
            let lock = File::create(root.join("lock"))?;
            lock.lock()?;
            Ok(lock)
        };
        let lock = make().with_context(|| {
            format!("cannot use {}: set NORMWATCH_BOARD_CACHE to a writable folder", root.display())
        })?;
        Ok(Cache { root, _lock: lock })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder `name`, filled by `fill` where it does not exist. It appears
    /// by rename, so that what exists is complete.
    ///
    /// # Errors
    /// Those of `fill`, and of the file system.
    pub fn folder(&self, name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        // A colon, as in Debian's epochs, ends a folder in a library path.
        let name = name.replace(':', "-");
        let folder = self.root.join(&name);
        if folder.is_dir() {
            return Ok(folder);
        }
        let unfinished = self.root.join(format!("{name}.unfinished"));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)
                .with_context(|| format!("cannot remove {}", unfinished.display()))?;
        }
        fs::create_dir_all(&unfinished)
            .with_context(|| format!("cannot make {}", unfinished.display()))?;
        fill(&unfinished)?;
        fs::rename(&unfinished, &folder)
            .with_context(|| format!("cannot rename {}", unfinished.display()))?;
        Ok(folder)
    }
}

fn location() -> Result<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let root = folder("NORMWATCH_BOARD_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("normwatch/board")))
        .or_else(|| Some(folder("HOME")?.join(".cache/normwatch/board")))
        .context("no folder for downloads: set NORMWATCH_BOARD_CACHE")?;
    ensure!(root.is_absolute(), "{} must be an absolute path", root.display());
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(root: &Path) -> Cache {
        Cache { root: root.to_path_buf(), _lock: File::create(root.join("lock")).unwrap() }
    }

    #[test]
    fn a_folder_is_filled_once() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path());
        let fill = |to: &Path| Ok(fs::write(to.join("file"), "1")?);
        let folder = cache.folder("qemu-7", fill).unwrap();
        assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "1");
        cache.folder("qemu-7", |_| anyhow::bail!("filled twice")).unwrap();
    }

    #[test]
    fn a_folder_that_could_not_be_filled_is_filled_again() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path());
        let fails = |to: &Path| {
            fs::write(to.join("half"), "")?;
            anyhow::bail!("no network")
        };
        assert!(cache.folder("kernel", fails).is_err());
        let folder = cache.folder("kernel", |_| Ok(())).unwrap();
        assert!(!folder.join("half").exists());
    }
}
