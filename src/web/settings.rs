//! The budget that somebody applied on the page, in a file of the program's own.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::tuning::BUDGETS;
use crate::fs::write_atomically;

/// Name of the file.
const FILE: &str = "settings.json";

/// No settings are longer.
const LONGEST_BYTES: u64 = 64 * 1024;

/// Budgets that can be gone back to.
const REMEMBERED: usize = 20;

/// A budget, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    pub alarms_per_day: f64,
    /// Milliseconds since 1970-01-01 UTC, as the board believed.
    pub since_unix_ms: u64,
}

/// Settings that outlast a run. Copies share them.
#[derive(Clone, Debug)]
pub struct Settings {
    file: Option<PathBuf>,
    /// Held for moments only: whoever looks never waits for a disk.
    state: Arc<Mutex<State>>,
    /// Held by whoever changes it, until it is stored.
    changing: Arc<Mutex<()>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    /// Another one after each change.
    version: u64,
    /// What the site file says.
    site_alarms_per_day: f64,
    /// Instead of that, the newest last.
    applied: Vec<Applied>,
}

/// What is in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InForce {
    pub version: u64,
    pub alarms_per_day: f64,
    /// `None` for the site file's own.
    pub since_unix_ms: Option<u64>,
}

/// Why nothing was changed.
#[derive(Debug)]
pub(super) enum Refused {
    /// Somebody else changed it meanwhile.
    Conflict,
    /// Nothing was applied that could be undone.
    Nothing,
    NotStored(io::Error),
}

impl Settings {
    /// In memory alone.
    pub fn fleeting(alarms_per_day: f64) -> Self {
        let state = State { version: 1, site_alarms_per_day: alarms_per_day, applied: Vec::new() };
        Self { file: None, state: Arc::new(Mutex::new(state)), changing: Arc::default() }
    }

    /// Those of a folder, for a site file that says so much. Where the site file has
    /// changed since, it counts. What cannot be read counts as nothing, and is told.
    pub fn open(folder: &Path, alarms_per_day: f64) -> Self {
        let settings = Self { file: Some(folder.join(FILE)), ..Self::fleeting(alarms_per_day) };
        let file = folder.join(FILE);
        match read(&file) {
            Ok(None) => {}
            Ok(Some(state)) if state.site_alarms_per_day != alarms_per_day => {
                log::info!("the budget of the site file has changed: what the page had is dropped");
                settings.lock().version = state.version + 1;
            }
            Ok(Some(state)) => *settings.lock() = state,
            Err(error) => {
                log::warn!("{}: {error}; the site file's budget counts", file.display());
            }
        }
        settings
    }

    pub fn in_force(&self) -> InForce {
        let state = self.lock();
        let last = state.applied.last();
        InForce {
            version: state.version,
            alarms_per_day: last.map_or(state.site_alarms_per_day, |last| last.alarms_per_day),
            since_unix_ms: last.map(|last| last.since_unix_ms),
        }
    }

    /// Puts a budget in force, for whoever knows the version; `next` learns of it once it
    /// is stored, before anybody else can change it.
    pub(super) fn apply(
        &self,
        version: u64,
        applied: Applied,
        next: impl FnOnce(f64),
    ) -> Result<(), Refused> {
        self.change(version, next, |state| {
            state.applied.push(applied);
            if state.applied.len() > REMEMBERED {
                state.applied.remove(0);
            }
            true
        })
    }

    /// Goes back to the budget before.
    pub(super) fn undo(&self, version: u64, next: impl FnOnce(f64)) -> Result<(), Refused> {
        self.change(version, next, |state| state.applied.pop().is_some())
    }

    fn change(
        &self,
        version: u64,
        next: impl FnOnce(f64),
        change: impl FnOnce(&mut State) -> bool,
    ) -> Result<(), Refused> {
        self.change_by(write, version, next, change)
    }

    fn change_by(
        &self,
        write: impl FnOnce(&Path, &State) -> io::Result<()>,
        version: u64,
        next: impl FnOnce(f64),
        change: impl FnOnce(&mut State) -> bool,
    ) -> Result<(), Refused> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = self.lock().clone();
        if changed.version != version {
            return Err(Refused::Conflict);
        }
        changed.version += 1;
        if !change(&mut changed) {
            return Err(Refused::Nothing);
        }
        if let Some(file) = &self.file {
            write(file, &changed).map_err(Refused::NotStored)?;
        }
        let last = changed.applied.last().map(|last| last.alarms_per_day);
        let alarms_per_day = last.unwrap_or(changed.site_alarms_per_day);
        *self.lock() = changed;
        next(alarms_per_day);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> io::Result<Option<State>> {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(about) if !about.is_file() || about.len() > LONGEST_BYTES => {
            return Err(io::Error::other("these are not settings"));
        }
        Ok(_) => {}
    }
    let state: State = serde_json::from_slice(&fs::read(file)?)?;
    if !state.applied.iter().all(|applied| BUDGETS.contains(&applied.alarms_per_day)) {
        return Err(io::Error::other("a budget is not 0.01 to 100 alarms a day"));
    }
    Ok(Some(state))
}

fn write(file: &Path, state: &State) -> io::Result<()> {
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    write_atomically(file, &serde_json::to_vec(state)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(alarms_per_day: f64) -> Applied {
        Applied { alarms_per_day, since_unix_ms: 7 }
    }

    #[test]
    fn a_budget_outlasts_the_run_until_it_is_undone_or_the_site_file_says_otherwise() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("page");
        let settings = Settings::open(&folder, 1.0);
        let site = InForce { version: 1, alarms_per_day: 1.0, since_unix_ms: None };
        assert_eq!(settings.in_force(), site);
        let mut told = Vec::new();
        settings.apply(1, applied(0.5), |budget| told.push(budget)).unwrap();
        settings.apply(2, applied(0.2), |budget| told.push(budget)).unwrap();
        let again = Settings::open(&folder, 1.0);
        let now = InForce { version: 3, alarms_per_day: 0.2, since_unix_ms: Some(7) };
        assert_eq!(again.in_force(), now);
        again.undo(3, |budget| told.push(budget)).unwrap();
        again.undo(4, |budget| told.push(budget)).unwrap();
        assert!(matches!(again.undo(5, |_| ()), Err(Refused::Nothing)));
        assert_eq!(told, [0.5, 0.2, 0.5, 1.0]);
        again.apply(5, applied(3.0), |_| ()).unwrap();
        let edited = Settings::open(&folder, 2.0).in_force();
        assert_eq!(edited, InForce { version: 7, alarms_per_day: 2.0, since_unix_ms: None });
    }

    #[test]
    fn of_two_who_change_it_the_later_one_is_told() {
        let settings = Settings::fleeting(1.0);
        settings.apply(1, applied(0.5), |_| ()).unwrap();
        let late = settings.apply(1, applied(9.0), |_| panic!("it was applied"));
        assert!(matches!(late, Err(Refused::Conflict)));
        assert_eq!(settings.in_force().alarms_per_day, 0.5);
    }

    #[test]
    fn a_disk_that_hangs_keeps_nobody_who_looks() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::open(folder.path(), 1.0);
        let (looker, seen) = (settings.clone(), std::sync::mpsc::channel());
        let written = settings.change_by(
            |_, _| {
                // While it is being stored, another thread looks.
                let tell = seen.0;
                std::thread::spawn(move || tell.send(looker.in_force()));
                let looked = seen.1.recv_timeout(std::time::Duration::from_secs(60));
                assert_eq!(looked.expect("it waits for the disk").alarms_per_day, 1.0);
                Ok(())
            },
            1,
            |_| (),
            |state| {
                state.applied.push(applied(0.5));
                true
            },
        );
        assert!(written.is_ok());
        assert_eq!(settings.in_force().alarms_per_day, 0.5);
    }

    #[test]
    fn what_cannot_be_stored_is_not_applied_and_what_is_damaged_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for wrong in [
            "",
            "{}",
            "{\"version\":1,\"site_alarms_per_day\":1.0,\"applied\":[{\"alarms_per_day\":1e9,\
             \"since_unix_ms\":1}]}",
        ] {
            fs::write(&file, wrong).unwrap();
            assert_eq!(Settings::open(folder.path(), 1.0).in_force().alarms_per_day, 1.0);
        }
        fs::remove_file(&file).unwrap();
        fs::create_dir_all(file.join("in the way")).unwrap();
        let settings = Settings::open(folder.path(), 1.0);
        let refused = settings.apply(1, applied(0.5), |_| panic!("it was applied"));
        assert!(matches!(refused, Err(Refused::NotStored(_))));
        assert_eq!(settings.in_force().alarms_per_day, 1.0);
    }
}
