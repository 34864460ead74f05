//! What signals do to `run`: they end it in order, acknowledge, or do nothing.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use super::logger;
use super::reload::Reload;
use crate::runtime::Shutdown;

/// Signals that say that the program itself is broken, and two that nobody can
/// take. They are left alone: whoever sends SIGABRT, as a service manager's watchdog
/// does, wants an end without order, and the guard makes the lines safe.
const LEFT_ALONE: [Signal; 9] = [
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGSEGV,
    Signal::SIGSYS,
    Signal::SIGTRAP,
    Signal::SIGKILL,
    Signal::SIGSTOP,
];

/// Real-time signals have no names. A C library keeps the first ones for itself.
const REAL_TIME: std::ops::RangeInclusive<i32> = 34..=64;

/// Signals that are held back from this thread and from those that it starts,
/// so that none of them does what the system does with it: ends the process
/// with its lines as they are. A program that is started meanwhile holds them back,
/// too, so nobody starts one before [`listen`].
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

/// Those that ask for the end, also of a run that understands SIGHUP as a reload.
const ENDS: [i32; 3] = [SIGINT, SIGQUIT, SIGTERM];

/// The last moments before a process becomes a program again: who asks for the end then is
/// heard by no thread any more, and would be forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Handover {
    is_asked_to_end: Arc<AtomicBool>,
    has_begun: Arc<AtomicBool>,
}

impl Handover {
    /// The flag is raised before the other is looked at, and [`Handover::begin`] does it the
    /// other way round: one of both sees the other.
    fn listen(&self) -> io::Result<()> {
        for signal in ENDS {
            flag::register(signal, self.is_asked_to_end.clone())?;
            flag::register_conditional_shutdown(signal, 0, self.has_begun.clone())?;
        }
        Ok(())
    }

    /// From here on who asks for the end ends the process at once, in whichever thread:
    /// nothing may be left to make safe. Returns whether nobody has asked before.
    pub fn begin(&self) -> bool {
        self.has_begun.store(true, Ordering::SeqCst);
        !self.is_asked_to_end.load(Ordering::SeqCst)
    }
}

const NOTHING_HELD: u8 = 0;
const LINES_HELD: u8 = 1;
const ENDING: u8 = 2;

/// Whether there are lines to make safe before the process may end. Until then a
/// read of the bundle may wait for a disk for ever, and keeps nobody.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding(Arc<AtomicU8>);

impl Holding {
    /// Lines are held from here on: signals end the run in order. Does not return
    /// when one has ended the process meanwhile.
    pub fn begin(&self) {
        if self.leave_for(LINES_HELD) {
            return;
        }
        loop {
            thread::park();
        }
    }

    /// Whether the process may end at once; it must then.
    fn may_end(&self) -> bool {
        self.leave_for(ENDING)
    }

    fn leave_for(&self, state: u8) -> bool {
        let ordering = Ordering::AcqRel;
        self.0.compare_exchange(NOTHING_HELD, state, ordering, Ordering::Acquire).is_ok()
    }
}

/// Takes every signal, in a thread of its own: SIGINT, SIGTERM, SIGHUP and SIGQUIT
/// ask for the end, or are the end before lines are held; SIGHUP does what `reload` says
/// instead, where there is one; SIGUSR1 raises `acknowledged`, and the others do nothing. From here on this thread holds none
/// back: programs that it starts get them as usual.
///
/// # Errors
/// A signal that cannot be taken, or a thread that cannot be started.
pub(super) fn listen(
    shutdown: Shutdown,
    acknowledged: Arc<AtomicBool>,
    holding: Holding,
    reload: Option<(Reload, Handover)>,
) -> io::Result<()> {
    let (reload, handover) = reload.unzip();
    handover.map_or(Ok(()), |handover| handover.listen())?;
    let taken = Signal::iterator().filter(|signal| !LEFT_ALONE.contains(signal));
    let mut signals = Signals::new(taken.map(|signal| signal as i32))?;
    for signal in REAL_TIME {
        let _ = signals.add_signal(signal);
    }
    let body = move || {
        for signal in signals.forever() {
            match (signal, &reload) {
                (SIGHUP, Some(reload)) => reload.begin(&shutdown, || true),
                (SIGINT | SIGTERM | SIGHUP | SIGQUIT, _) => {
                    shutdown.urge();
                    if holding.may_end() {
                        log::warn!("asked to end before anything was switched on");
                        logger::flush();
                        process::exit(0);
                    }
                }
                (SIGUSR1, _) => acknowledged.store(true, Ordering::Release),
                _ => {}
            }
        }
    };
    thread::Builder::new().name("signals".into()).spawn(body)?;
    SigSet::all().thread_unblock()?;
    Ok(())
}
