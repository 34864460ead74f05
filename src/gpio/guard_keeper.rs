//! Sees to it that the lines have a guard for as long as they are held.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::guard::{GuardedLine, LineGuard};

const LOOK: Duration = Duration::from_secs(1);

/// A thread that starts a guard may wait for a disk for ever; nobody waits for it so.
const PATIENCE: Duration = Duration::from_secs(5);
const POLL_EVERY: Duration = Duration::from_millis(5);

/// Starts a [`LineGuard`] and another one whenever it has ended, in a thread of
/// its own: to start a process may wait for a disk.
///
/// Dropped in order it dismisses the guard; dropped in a panic, or while its thread
/// hangs, it leaves it to act once this process is gone.
#[derive(Debug)]
pub struct GuardKeeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stands: AtomicBool,
    ends: AtomicBool,
}

impl GuardKeeper {
    /// Starts `program`, which is this program, as guard of these lines.
    pub fn start(program: PathBuf, lines: Vec<GuardedLine>) -> Self {
        Self::starting(move || LineGuard::start(&program, &lines).map_err(|e| e.to_string()))
    }

    fn starting(start: impl Fn() -> Result<LineGuard, String> + Send + 'static) -> Self {
        let shared = Arc::<Shared>::default();
        let guard = start().inspect_err(|error| complain(error));
        shared.stands.store(guard.is_ok(), Ordering::Release);
        let keeping = shared.clone();
        let body = move || keep(&keeping, guard.ok(), start);
        let thread = thread::Builder::new().name("guard".into()).spawn(body);
        let thread = thread.inspect_err(|error| {
            shared.stands.store(false, Ordering::Release);
            complain(&error.to_string());
        });
        Self { shared, thread: thread.ok() }
    }

    /// Whether the lines had a guard at the last look, a second ago at most.
    pub fn stands(&self) -> bool {
        self.shared.stands.load(Ordering::Acquire)
    }
}

impl Drop for GuardKeeper {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        self.shared.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let begun = Instant::now();
            while !thread.is_finished() {
                if begun.elapsed() >= PATIENCE {
                    log::warn!("the guard of the GPIO lines is left behind: its thread hangs");
                    return;
                }
                thread::sleep(POLL_EVERY);
            }
            let _ = thread.join();
        }
    }
}

fn keep(
    shared: &Shared,
    mut guard: Option<LineGuard>,
    start: impl Fn() -> Result<LineGuard, String>,
) {
    let mut complained = guard.is_none();
    loop {
        thread::park_timeout(LOOK);
        if shared.ends.load(Ordering::Acquire) {
            return;
        }
        let ended = guard.as_mut().map(LineGuard::end);
        if let Some(None) = ended {
            complained = false;
            shared.stands.store(true, Ordering::Release);
            continue;
        }
        // It stands again when it is seen alive at the next look.
        shared.stands.store(false, Ordering::Release);
        if let Some(Some(how)) = ended {
            log::error!(
                "the process that guards the GPIO lines has ended ({how}): another is started"
            );
        }
        guard = match start() {
            Ok(guard) => Some(guard),
            Err(error) => {
                if !std::mem::replace(&mut complained, true) {
                    complain(&error);
                }
                None
            }
        };
    }
}

fn complain(error: &str) {
    log::warn!("no guard: a killed process leaves the lines as they are: {error}");
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal, kill_process};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    /// A guard that tells its process number and waits to be dismissed.
    const SCRIPT: &str = "#!/bin/sh\necho $$ >> \"$0.pids\"\nread word\n";

    fn keeper(program: &Path) -> GuardKeeper {
        let line = "/dev/null:0:low".parse::<GuardedLine>().unwrap();
        GuardKeeper::start(program.into(), vec![line])
    }

    fn pids(program: &Path) -> Vec<i32> {
        let text = fs::read_to_string(format!("{}.pids", program.display())).unwrap_or_default();
        text.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    fn wait_until(mut come: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !come() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not come");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// As a start does whose program lies on a disk that does not answer.
    #[test]
    fn a_start_that_hangs_keeps_nobody_from_the_end() {
        let starts = Arc::new(AtomicBool::new(false));
        let second = starts.clone();
        let keeper = GuardKeeper::starting(move || {
            if second.swap(true, Ordering::AcqRel) {
                thread::sleep(Duration::from_secs(3600));
            }
            Err("there is none".into())
        });
        thread::sleep(LOOK + Duration::from_millis(500));
        let begun = Instant::now();
        drop(keeper);
        assert!(begun.elapsed() < PATIENCE + Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_guard_that_ends_is_missed_and_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("guard");
        assert!(!keeper(&program).stands(), "there is no such program");
        fs::write(&program, SCRIPT).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let keeper = keeper(&program);
        assert!(keeper.stands());
        wait_until(|| pids(&program).len() == 1);
        kill_process(Pid::from_raw(pids(&program)[0]).unwrap(), Signal::KILL).unwrap();
        wait_until(|| !keeper.stands());
        wait_until(|| keeper.stands());
        wait_until(|| pids(&program).len() == 2);
        drop(keeper);
        let last = Pid::from_raw(pids(&program)[1]).unwrap();
        assert!(kill_process(last, Signal::CONT).is_err(), "the second was not dismissed");
    }
}
