//! The entries in force, kept up to date while a site is watched.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use super::known::{FILE, KnownError, KnownNormal};
use super::quiet::Quiet;

/// Somebody who says that an alarm was normal expects no other one soon.
const LOOK: Duration = Duration::from_millis(500);

/// What is in force next, on its way to the thread that judges. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct InForce(Arc<Mutex<Option<Box<Quiet>>>>);

impl InForce {
    /// From now on these count.
    pub fn put(&self, quiet: Quiet) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(quiet));
    }

    /// What has been put since the last call. Never waits, allocates nothing.
    pub fn take(&self) -> Option<Box<Quiet>> {
        self.0.try_lock().ok()?.take()
    }
}

/// Looks at the file of a folder of events from a thread of its own, since a disk may hang,
/// and puts into force what holds for this network and calibration, as soon as it changes.
/// The thread ends once `alive` is let go.
///
/// # Errors
/// The thread could not be started.
pub fn watch(
    folder: &Path,
    (model_sha256, calibration_sha256): (String, Option<String>),
    in_force: InForce,
    alive: &Arc<()>,
) -> io::Result<()> {
    let (folder, alive) = (folder.to_path_buf(), Arc::downgrade(alive));
    let mut looked = Looked::default();
    let body = move || {
        while alive.strong_count() > 0 {
            if let Some(known) = looked.look(&folder) {
                let quiet = Quiet::of(known, &model_sha256, calibration_sha256.as_deref());
                tell(&folder, &quiet);
                in_force.put(quiet);
            }
            thread::sleep(LOOK);
        }
    };
    thread::Builder::new().name("known-normal".into()).spawn(body).map(drop)
}

/// By which a file is known to be another one: when it was written, how long it is.
type Stamp = Option<(SystemTime, u64)>;

/// What was seen last of a file.
#[derive(Default)]
struct Looked {
    stamp: Option<Stamp>,
    /// The last look could not read it, which was told.
    failed: bool,
}

impl Looked {
    /// What the file holds, if it has changed; nothing where it is damaged, which is told.
    /// What cannot be read now is tried again at the next look.
    fn look(&mut self, folder: &Path) -> Option<KnownNormal> {
        let stamp = stamp(&folder.join(FILE));
        if self.stamp.replace(stamp) == Some(stamp) && !self.failed {
            return None;
        }
        let known = KnownNormal::read(folder);
        let failed = matches!(known, Err(KnownError::File { .. }));
        if failed && self.failed {
            return None;
        }
        self.failed = failed;
        Some(known.inspect_err(|error| log::warn!("{error}")).unwrap_or_default())
    }
}

fn stamp(file: &PathBuf) -> Stamp {
    let about = std::fs::symlink_metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn tell(folder: &Path, quiet: &Quiet) {
    if quiet.others() > 0 {
        log::warn!(
            "{}: {} entries are of another bundle or calibration, and quiet nothing",
            folder.join(FILE).display(),
            quiet.others()
        );
    }
    if !quiet.is_empty() {
        log::info!(
            "{} alarms were said to be normal here: what is like them is not raised",
            quiet.len()
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::super::known::tests::anomaly;
    use super::*;

    /// What comes into force next, within a busy machine's time.
    fn next(in_force: &InForce) -> usize {
        let begun = Instant::now();
        loop {
            if let Some(quiet) = in_force.take() {
                return quiet.len();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing came into force");
            thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn what_is_said_and_revoked_counts_at_once_and_what_is_damaged_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (in_force, alive) = (InForce::default(), Arc::new(()));
        let of = ("model".to_owned(), Some("calibration".to_owned()));
        watch(folder.path(), of, in_force.clone(), &alive).unwrap();
        assert_eq!(next(&in_force), 0);
        let mut known = KnownNormal::default();
        for count in 1..3 {
            known.add(&anomaly(&format!("e{count}"), &[(1, 1)]), 7).unwrap();
            known.write(folder.path(), None).unwrap();
            assert_eq!(next(&in_force), count);
        }
        known.revoke(1).unwrap();
        known.write(folder.path(), None).unwrap();
        assert_eq!(next(&in_force), 1);
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(next(&in_force), 0);
    }
}
