//! What signals do to `run`: they end it in order, acknowledge, or do nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};

use crate::runtime::Shutdown;

/// Signals that say that the program itself is broken. They are left alone:
/// whoever sends SIGABRT, as a service manager's watchdog does, wants an end
/// without order, and the guard makes the lines safe.
const CRASHES: [Signal; 7] = [
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGSEGV,
    Signal::SIGSYS,
    Signal::SIGTRAP,
];

/// Signals that are held back from this thread and from those that it starts,
/// so that none of them does what the system does with it: ends the process
/// with its lines as they are. What it starts with `exec` is not affected.
pub(super) struct Held(SigSet);

impl Held {
    /// Holds back all that can be.
    pub fn all() -> Self {
        let all = SigSet::all();
        let _ = all.thread_block();
        Self(all)
    }

    /// Lets go of them; those that came meanwhile take effect.
    pub fn let_go(self) {
        let _ = self.0.thread_unblock();
    }
}

/// Takes every signal that is held back, in a thread of its own: SIGINT, SIGTERM,
/// SIGHUP and SIGQUIT ask for the end, SIGUSR1 raises `acknowledged`, and the
/// others do nothing.
///
/// To be called before other threads start, by a thread that holds all back.
///
/// # Errors
/// The thread could not be started.
pub(super) fn listen(shutdown: Shutdown, acknowledged: Arc<AtomicBool>) -> io::Result<()> {
    CRASHES.into_iter().collect::<SigSet>().thread_unblock()?;
    // Those without a name, the real-time signals, are held back for ever.
    let taken: SigSet = Signal::iterator().filter(|signal| !CRASHES.contains(signal)).collect();
    let body = move || {
        loop {
            match taken.wait() {
                Ok(Signal::SIGINT | Signal::SIGTERM | Signal::SIGHUP | Signal::SIGQUIT) => {
                    shutdown.urge();
                }
                Ok(Signal::SIGUSR1) => acknowledged.store(true, Ordering::Release),
                Ok(_) | Err(_) => {}
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body).map(drop)
}
