//! Coils of a relay on the network, by Modbus TCP: the alarm's, and one that is on while
//! all is well.
//!
//! One thread writes what the lines tell, reads it back and writes it again each second.
//! It looks at a [`Signals`] and nobody waits for it; that the relay is lost is for
//! whoever drives the fault line to ask.

mod driver;
mod frame;
mod link;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::ModbusSection;
use crate::event::OutletCounts;
use crate::health::Signals;
use driver::Driver;

/// Times of the output, in milliseconds. Tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// To open a connection to one address. Looking up a name takes what it takes.
    pub connect_ms: u64,
    /// For the whole of an answer.
    pub answer_ms: u64,
    /// From one look at what the lines tell to the next.
    pub look_ms: u64,
    /// A coil is written again so often, whether or not anything has changed.
    pub again_ms: u64,
    /// The shortest and the longest pause after a failure.
    pub pause_ms: (u64, u64),
    /// Unconfirmed for so long, the relay counts as lost.
    pub lost_ms: u64,
    /// What the end waits for the last write.
    pub end_ms: u64,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            connect_ms: 2000,
            answer_ms: 1000,
            look_ms: 20,
            again_ms: 1000,
            pause_ms: (250, 5000),
            lost_ms: 3000,
            end_ms: 2500,
        }
    }
}

/// What the thread lets others know.
#[derive(Debug)]
struct Known {
    /// When the coils were last known to be right, on the clock that never jumps.
    confirmed_ms: AtomicU64,
    confirmed_unix_ms: AtomicU64,
    confirmed: AtomicU64,
    failed: AtomicU64,
    ending: AtomicBool,
}

/// The output while it runs.
#[derive(Debug)]
pub struct Relay {
    watch: RelayWatch,
    /// Disconnects when the thread ends.
    ended: Receiver<()>,
    end: Duration,
}

/// What is known of the relay. Copies share it.
#[derive(Clone)]
pub struct RelayWatch {
    known: Arc<Known>,
    clock: Arc<dyn Clock>,
    lost_ms: u64,
}

impl std::fmt::Debug for RelayWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.known.fmt(f)
    }
}

/// Starts the output's thread.
///
/// # Errors
/// The thread could not be started.
pub fn start(
    section: &ModbusSection,
    signals: Signals,
    clock: Arc<dyn Clock>,
) -> io::Result<Relay> {
    start_with(section, signals, clock, Waits::default())
}

/// [`start`] with other waits than the usual ones.
///
/// # Errors
/// The thread could not be started.
pub fn start_with(
    section: &ModbusSection,
    signals: Signals,
    clock: Arc<dyn Clock>,
    waits: Waits,
) -> io::Result<Relay> {
    let known = Arc::new(Known {
        confirmed_ms: AtomicU64::new(clock.monotonic_ms()),
        confirmed_unix_ms: AtomicU64::new(0),
        confirmed: AtomicU64::new(0),
        failed: AtomicU64::new(0),
        ending: AtomicBool::new(false),
    });
    let (alive, ended) = sync_channel::<()>(0);
    let driver = Driver::new(section.clone(), signals, clock.clone(), waits, known.clone());
    let body = move || {
        let _alive = alive;
        driver.run();
    };
    thread::Builder::new().name("modbus".into()).spawn(body)?;
    let watch = RelayWatch { known, clock, lost_ms: waits.lost_ms };
    Ok(Relay { watch, ended, end: Duration::from_millis(waits.end_ms) })
}

impl Relay {
    pub fn watch(&self) -> RelayWatch {
        self.watch.clone()
    }

    /// Switches the coils off and waits a moment for it. Returns whether the thread has
    /// ended; else it is left behind.
    pub fn end(self) -> bool {
        self.watch.known.ending.store(true, Ordering::Release);
        self.ended.recv_timeout(self.end) == Err(RecvTimeoutError::Disconnected)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.watch.known.ending.store(true, Ordering::Release);
    }
}

impl RelayWatch {
    /// Whether nobody knows what the coils show.
    pub fn is_lost(&self) -> bool {
        let confirmed_ms = self.known.confirmed_ms.load(Ordering::Acquire);
        self.clock.monotonic_ms().saturating_sub(confirmed_ms) > self.lost_ms
    }

    /// How often the coils were written and read back, and how often that failed.
    pub fn counts(&self) -> OutletCounts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        OutletCounts {
            name: "modbus".into(),
            sent: load(&self.known.confirmed),
            failed: load(&self.known.failed),
            dropped: 0,
            last_sent_unix_ms: Some(load(&self.known.confirmed_unix_ms)).filter(|ms| *ms > 0),
        }
    }
}
