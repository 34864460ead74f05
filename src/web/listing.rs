//! What a thread of its own sees in the folder of events: whoever polls never waits for a
//! disk.

use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::statvfs;

/// The folder is not looked at more often, however many ask.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a request for a list waits for a look that is under way.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one look has found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Another one when anything in the folder has changed.
    pub tag: u64,
    /// The list, or why there is none; the same as before where the tag is.
    pub list: Option<Result<Arc<str>, String>>,
    /// Of the disk that the folder lies on.
    pub space: Option<Space>,
}

/// The room of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Space {
    /// What whoever is not root may still fill.
    pub free_bytes: u64,
    pub bytes: u64,
}

impl Space {
    /// Of the disk that the folder lies on, or will; `None` where the file system does not say.
    pub fn of(folder: &Path) -> Option<Self> {
        // Of a relative path nothing is left in the end.
        let above = folder.ancestors().filter(|folder| !folder.as_os_str().is_empty());
        let told = above.chain([Path::new(".")]).find_map(|folder| statvfs(folder).ok())?;
        let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
        Some(Self { free_bytes: bytes(told.f_bavail), bytes: bytes(told.f_blocks) })
    }
}

/// What is known, and how old it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub found: Found,
    /// Since that look began; `None` before the first.
    pub age: Option<Duration>,
    /// How long the look that is under way has lasted; zero without one. On a disk that hangs
    /// it grows.
    pub looking_for: Duration,
}

/// A folder that is looked at while somebody asks. The thread ends with this, unless it
/// hangs.
#[derive(Debug)]
pub(super) struct Listing(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    found: Found,
    /// When the look that has found it began.
    looked: Option<Instant>,
    /// When the look that is under way did.
    looking: Option<Instant>,
    /// Looks that are over.
    done: u64,
    is_wanted: bool,
    /// Something was changed that the next look will find.
    is_stale: bool,
    is_over: bool,
}

impl Listing {
    /// `look` is told what was found before.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(mut look: impl FnMut(&Found) -> Found + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.lock().is_wanted = true;
        let own = shared.clone();
        let body = move || {
            while let Some(before) = own.next_look() {
                let found = look(&before);
                own.note(found);
            }
        };
        thread::Builder::new().name("web-events".into()).spawn(body)?;
        Ok(Self(shared))
    }

    /// What is known now; has the folder looked at. Never waits.
    pub fn known(&self) -> Known {
        let mut state = self.0.lock();
        state.is_wanted = true;
        self.0.changed.notify_all();
        state.known()
    }

    /// The same after a look, where one comes soon.
    pub fn looked_at(&self) -> Known {
        let mut state = self.0.lock();
        let hangs = state.looking.is_some_and(|since| since.elapsed() > PATIENCE);
        if !state.is_recent() && !hangs {
            // What a look that is under way finds is new enough, unless it began too early.
            let is_early = state.looking.is_some() && state.is_stale;
            state.is_wanted |= state.looking.is_none() || is_early;
            self.0.changed.notify_all();
            let enough = state.done + 1 + u64::from(is_early);
            let is_before = |state: &mut State| state.done < enough;
            let waited = self.0.changed.wait_timeout_while(state, PATIENCE, is_before);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.known()
    }

    /// Something was changed there: what is known is old.
    pub fn note_change(&self) {
        self.0.lock().is_stale = true;
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    /// Waits until it is time to look; `None` at the end.
    fn next_look(&self) -> Option<Found> {
        let mut state = self.lock();
        loop {
            if state.is_over {
                return None;
            }
            let early = state.looked.filter(|_| !state.is_stale);
            let pause = early.map_or(Duration::ZERO, |at| LOOK_EVERY.saturating_sub(at.elapsed()));
            if state.is_wanted && pause.is_zero() {
                break;
            }
            let pause = if state.is_wanted { pause } else { Duration::from_secs(3600) };
            let waited = self.changed.wait_timeout(state, pause);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        (state.is_wanted, state.is_stale) = (false, false);
        state.looking = Some(Instant::now());
        Some(state.found.clone())
    }

    fn note(&self, found: Found) {
        let mut state = self.lock();
        state.looked = state.looking.take();
        state.found = found;
        state.done += 1;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_recent(&self) -> bool {
        !self.is_stale && self.looked.is_some_and(|at| at.elapsed() < LOOK_EVERY)
    }

    fn known(&self) -> Known {
        Known {
            found: self.found.clone(),
            age: self.looked.map(|at| at.elapsed()),
            looking_for: self.looking.map_or(Duration::ZERO, |since| since.elapsed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn found(tag: u64) -> Found {
        Found { tag, list: Some(Ok(format!("list {tag}").into())), space: None }
    }

    /// What comes of it; fails where nothing does.
    fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = channel();
        thread::spawn(move || tell.send(work()));
        told.recv_timeout(Duration::from_secs(60)).expect("it waits for the disk")
    }

    fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(60), "never {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_disk_that_hangs_keeps_nobody_and_what_was_known_is_told_with_its_age() {
        let (go_on, waits) = channel::<()>();
        let listing = Arc::new(
            Listing::start(move |before| {
                if before.tag == 1 {
                    let _ = waits.recv();
                }
                found(before.tag + 1)
            })
            .unwrap(),
        );
        until("looked at", || listing.looked_at().found.tag == 1);
        until("looked at again", || !listing.known().looking_for.is_zero());
        for _ in 0..3 {
            let own = listing.clone();
            let known = in_time(move || {
                own.known();
                own.looked_at()
            });
            assert_eq!(known.found.list, Some(Ok("list 1".into())));
            assert!(known.age.unwrap() >= LOOK_EVERY && !known.looking_for.is_zero(), "{known:?}");
        }
        drop(go_on);
        until("looked at further", || listing.known().found.tag > 1);
    }

    #[test]
    fn nobody_looks_while_nobody_asks_and_seldom_while_many_do() {
        let listing = Listing::start(|before| found(before.tag + 1)).unwrap();
        let begun = Instant::now();
        until("looked at", || listing.looked_at().found.tag == 1);
        thread::sleep(LOOK_EVERY * 2);
        assert_eq!(listing.0.lock().done, 1, "nobody has asked");
        let asked = Instant::now();
        until("looked at", || listing.known().found.tag == 4);
        assert!(asked.elapsed() >= LOOK_EVERY * 2 && begun.elapsed() >= LOOK_EVERY * 4);
        listing.note_change();
        until("found", || listing.looked_at().found.tag > 4);
    }
}
