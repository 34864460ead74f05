//! The bundles that a board has learnt, and which of them watches.
//!
//! Each is a folder `gen-N`, made by rename; the link `current` names the one that
//! watches, and is replaced by rename, too.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::LearnError;
use crate::fs::write_atomically;
use crate::model::{Manifest, Precision};

const PREFIX: &str = "gen-";
const CURRENT: &str = "current";
const PINNED: &str = "pinned";

/// Bundles that are kept, the current and the pinned one among them.
const KEPT: usize = 2;

/// One bundle that was learnt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generation {
    pub number: u32,
    pub folder: PathBuf,
    pub preset: String,
    pub precision: Precision,
    /// Whether it has levels, without which it cannot watch.
    pub calibrated: bool,
    pub current: bool,
    pub pinned: bool,
}

/// The bundles in a learning's folder.
#[derive(Clone, Debug)]
pub struct Generations {
    folder: PathBuf,
}

impl Generations {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// Where the bundle of this number lies.
    pub fn path(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{PREFIX}{number}"))
    }

    /// What a site file names as its `bundle`.
    pub fn current_path(&self) -> PathBuf {
        self.folder.join(CURRENT)
    }

    /// All that are whole, oldest first.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn list(&self) -> Result<Vec<Generation>, LearnError> {
        let (current, pinned) = (self.current(), self.pinned());
        let mut found: Vec<Generation> = self
            .numbers()?
            .into_iter()
            .filter_map(|number| {
                let folder = self.path(number);
                let text = fs::read_to_string(folder.join("manifest.toml")).ok()?;
                let manifest = Manifest::parse(&text).ok()?;
                let of_calibration = |name: &String| name.starts_with("calibration");
                Some(Generation {
                    number,
                    folder,
                    preset: manifest.preset.clone(),
                    precision: manifest.precision,
                    calibrated: manifest.files.keys().any(of_calibration),
                    current: current == Some(number),
                    pinned: pinned == Some(number),
                })
            })
            .collect();
        found.sort_by_key(|generation| generation.number);
        Ok(found)
    }

    fn numbers(&self) -> Result<Vec<u32>, LearnError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(LearnError::file(&self.folder)(error)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(LearnError::file(&self.folder))?.file_name();
            numbers.extend(number_of(Path::new(&name)));
        }
        Ok(numbers)
    }

    /// The one that watches.
    pub fn current(&self) -> Option<u32> {
        number_of(&fs::read_link(self.current_path()).ok()?)
    }

    /// The settled bundles before the one that `bundle` links to, newest first, each with
    /// its number. None where `bundle` is not the link of a learning.
    pub fn older_than_current(bundle: &Path) -> Vec<(u32, PathBuf)> {
        let is_link = bundle.file_name().is_some_and(|name| name == CURRENT);
        let Some(folder) = bundle.parent().filter(|_| is_link) else { return Vec::new() };
        let all = Self::new(folder);
        let Some(current) = all.current() else { return Vec::new() };
        let listed = all.list().unwrap_or_default().into_iter().rev();
        let older = listed.filter(|other| other.number < current && other.calibrated);
        older.map(|generation| (generation.number, generation.folder)).collect()
    }

    /// The one that is to stay, if any.
    pub fn pinned(&self) -> Option<u32> {
        fs::read_to_string(self.folder.join(PINNED)).ok()?.trim().parse().ok()
    }

    /// The number of a bundle that comes next.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn next(&self) -> Result<u32, LearnError> {
        Ok(self.numbers()?.into_iter().max().unwrap_or(0) + 1)
    }

    /// Makes a finished bundle the generation of this number.
    ///
    /// # Errors
    /// The file system's.
    pub fn adopt(&self, draft: &Path, number: u32) -> Result<(), LearnError> {
        let path = self.path(number);
        // Its files are on the disk before its name is.
        let synced = File::open(draft).and_then(|file| Ok(rustix::fs::syncfs(file)?));
        synced.map_err(LearnError::file(draft))?;
        fs::rename(draft, &path).map_err(LearnError::file(&path))?;
        self.sync()
    }

    /// Lets this generation watch from the next start of the service on.
    ///
    /// # Errors
    /// No such bundle, one without levels, or another that is pinned.
    pub fn switch_to(&self, number: u32) -> Result<(), LearnError> {
        self.take(number)?;
        if let Some(pinned) = self.pinned().filter(|pinned| *pinned != number) {
            return Err(LearnError::Generation(format!(
                "generation {pinned} is pinned: run `normwatch bundle pin --release` first"
            )));
        }
        self.link(number)
    }

    /// Goes back to the newest one before the current one.
    ///
    /// # Errors
    /// There is none, or the current one is pinned.
    pub fn rollback(&self) -> Result<u32, LearnError> {
        let Some(current) = self.current() else {
            return Err(LearnError::Generation(format!(
                "{} names no bundle yet, so there is nothing to go back from",
                self.current_path().display()
            )));
        };
        let older = |generation: &Generation| generation.number < current && generation.calibrated;
        let Some(before) = self.list()?.into_iter().rfind(older) else {
            return Err(LearnError::Generation(format!(
                "there is no bundle before generation {current}: it is the oldest one here"
            )));
        };
        self.switch_to(before.number)?;
        Ok(before.number)
    }

    /// Lets this generation watch, and keeps it: no learning replaces or removes it.
    ///
    /// # Errors
    /// No such bundle, or one without levels.
    pub fn pin(&self, number: u32) -> Result<(), LearnError> {
        self.take(number)?;
        let path = self.folder.join(PINNED);
        write_atomically(&path, format!("{number}\n").as_bytes())
            .map_err(LearnError::file(&path))?;
        self.link(number)
    }

    /// Ends what [`Generations::pin`] began; what watches stays.
    ///
    /// # Errors
    /// The file system's.
    pub fn release(&self) -> Result<(), LearnError> {
        let path = self.folder.join(PINNED);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(LearnError::file(&path)(error))
            }
            _ => self.sync(),
        }
    }

    /// Removes the oldest until two are left; never the current, the pinned or the newest
    /// one.
    ///
    /// # Errors
    /// The file system's.
    pub fn prune(&self) -> Result<Vec<u32>, LearnError> {
        let all = self.list()?;
        let newest = all.last().map(|generation| generation.number);
        let mut surplus = all.len().saturating_sub(KEPT);
        let mut removed = Vec::new();
        for generation in &all {
            let stays =
                generation.current || generation.pinned || Some(generation.number) == newest;
            if surplus == 0 || stays {
                continue;
            }
            fs::remove_dir_all(&generation.folder).map_err(LearnError::file(&generation.folder))?;
            surplus -= 1;
            removed.push(generation.number);
        }
        Ok(removed)
    }

    fn take(&self, number: u32) -> Result<Generation, LearnError> {
        let all = self.list()?;
        let Some(found) = all.iter().find(|generation| generation.number == number) else {
            let numbers: Vec<String> = all.iter().map(|g| g.number.to_string()).collect();
            let there = match numbers.is_empty() {
                true => "no bundle was learnt here yet".into(),
                false => format!("there are: {}", numbers.join(", ")),
            };
            return Err(LearnError::Generation(format!(
                "there is no generation {number}: {there}"
            )));
        };
        if !found.calibrated {
            return Err(LearnError::Generation(format!(
                "generation {number} has not settled, so it has no levels: run `normwatch learn` \
                 to its end first"
            )));
        }
        Ok(found.clone())
    }

    fn link(&self, number: u32) -> Result<(), LearnError> {
        let (part, path) = (self.folder.join("current.part"), self.current_path());
        let linked = remove_if_there(&part)
            .and_then(|()| symlink(format!("{PREFIX}{number}"), &part))
            .and_then(|()| fs::rename(&part, &path));
        linked.map_err(LearnError::file(&path))?;
        self.sync()
    }

    fn sync(&self) -> Result<(), LearnError> {
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(LearnError::file(&self.folder))
    }
}

fn number_of(name: &Path) -> Option<u32> {
    name.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests;
