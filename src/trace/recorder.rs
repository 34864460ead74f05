//! How the trace is handed what the state machine is told.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::chunk::Chunk;
use super::disk::Disk;
use super::recount::{Recount, recount};
use super::roll::{Roll, Scale};
use super::shelf::{Limits, Shelf};
use crate::alarm::{AlarmConfig, Input};
use crate::clock::{Clock, EARLIEST_UNIX_S};
use crate::writer::{Work, Writer};

/// Inputs that may wait for the thread: a minute of them.
const ROOM: usize = 2048;

/// How long the end of a run waits for the last stretch.
const LAST_STRETCH: Duration = Duration::from_secs(2);

/// Memory, and the same on the disk, for each day.
const BYTES_A_DAY: usize = 600_000;

const DAY_MS: u64 = 86_400_000;

/// What is kept, and where.
#[derive(Clone, Debug)]
pub struct TraceOptions {
    /// `None` keeps it in memory alone.
    pub folder: Option<PathBuf>,
    /// Of recording, 1 to 31; hours without a run do not count.
    pub days: u32,
    pub scale: Scale,
}

/// The scores of the last days. Copies share it. Whoever tells it something never waits.
#[derive(Clone)]
pub struct Trace {
    writer: Option<Writer<Note>>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Clone, Copy)]
enum Note {
    Begin { now_ms: u64, armed: bool },
    Tell { now_ms: u64, input: Input },
    Store,
}

/// What viewers and the thread share.
struct Kept {
    scale: Scale,
    shelf: Shelf,
    roll: Option<Roll>,
    run: u64,
    lost: u64,
    /// `None` for footage, which has no date.
    clock: Option<Arc<dyn Clock>>,
}

impl Trace {
    /// Of a live run: a thread keeps it. What is in the folder is read now; the thread
    /// adds to it every quarter of an hour, and at the end.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(options: TraceOptions, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let TraceOptions { folder, days, scale } = options;
        let mut kept = Kept::new(scale, days, Some(clock));
        let disk = folder.map(|folder| {
            let (disk, chunks) = Disk::open(&folder);
            for (file, chunk) in chunks {
                kept.shelf.push(file, chunk);
            }
            disk
        });
        let kept = Arc::new(Mutex::new(kept));
        let writer = Writer::start("trace", ROOM, Working { disk, kept: kept.clone() })?;
        Ok(Self { writer: Some(writer), kept })
    }

    /// Of footage: nothing is dropped, and nothing is stored.
    pub fn of_footage(scale: Scale) -> Self {
        Self { writer: None, kept: Arc::new(Mutex::new(Kept::new(scale, 31, None))) }
    }

    /// A state machine begins.
    pub fn begin(&self, now_ms: u64, armed: bool) {
        self.put(Note::Begin { now_ms, armed });
    }

    /// It was told this. `now_ms` is its own time, which never goes back.
    pub fn tell(&self, now_ms: u64, input: Input) {
        self.put(Note::Tell { now_ms, input });
    }

    /// Has the last stretch stored; waits two seconds at most.
    pub fn end(&self) {
        self.put(Note::Store);
        self.writer.iter().for_each(|writer| {
            writer.flush(LAST_STRETCH);
        });
    }

    /// What an alarm of this kind would have raised.
    pub fn recount(&self, alarm: &AlarmConfig) -> Recount {
        let (chunks, scale, lost) = {
            let kept = self.lock();
            let mut chunks = kept.shelf.chunks();
            chunks.extend(kept.roll.as_ref().map(|roll| Arc::new(roll.so_far(kept.ahead_ms()))));
            (chunks, kept.scale.id, kept.lost)
        };
        Recount { lost, ..recount(&chunks, alarm, scale) }
    }

    fn put(&self, note: Note) {
        match &self.writer {
            Some(writer) => {
                writer.put(note);
            }
            None => {
                let mut kept = self.lock();
                if let Some(chunk) = kept.take(note) {
                    kept.put_away(0, chunk);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl Kept {
    fn new(scale: Scale, days: u32, clock: Option<Arc<dyn Clock>>) -> Self {
        let max_ms = u64::from(days) * DAY_MS;
        let max_bytes = days as usize * BYTES_A_DAY;
        let run = clock.as_ref().map_or(0, |clock| clock.wall_ns());
        let shelf = Shelf::new(Limits { max_bytes, max_ms });
        Self { scale, shelf, roll: None, run, lost: 0, clock }
    }

    /// Today's date; `None` on a board that does not know it, and in a replay.
    fn today_ms(&self) -> Option<u64> {
        let unix_ms = self.clock.as_ref()?.wall_ns() / 1_000_000;
        (unix_ms >= EARLIEST_UNIX_S * 1000).then_some(unix_ms)
    }

    /// By how much the date is ahead of the run's clock.
    fn ahead_ms(&self) -> Option<u64> {
        Some(self.today_ms()?.saturating_sub(self.clock.as_ref()?.monotonic_ms()))
    }

    /// The stretch that is to be put away, if there is one.
    fn take(&mut self, note: Note) -> Option<Chunk> {
        let ahead_ms = self.ahead_ms();
        match note {
            Note::Begin { now_ms, armed } => {
                self.run = self.run.wrapping_add(1);
                let next = Roll::new(self.run, self.scale, now_ms, armed);
                self.roll.replace(next).and_then(|mut former| former.cut(ahead_ms))
            }
            Note::Tell { now_ms, input } => {
                let roll = self.roll.as_mut()?;
                roll.tell(now_ms, input);
                if roll.is_due(now_ms) { roll.cut(ahead_ms) } else { None }
            }
            Note::Store => self.roll.as_mut()?.cut(ahead_ms),
        }
    }

    /// The oldest file that is still needed.
    fn put_away(&mut self, file: u64, chunk: Chunk) -> u64 {
        self.shelf.push(file, chunk)
    }
}

/// The thread's own.
struct Working {
    disk: Option<Disk>,
    kept: Arc<Mutex<Kept>>,
}

impl Work<Note> for Working {
    fn write(&mut self, note: Note, lost: u64) {
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let done = {
            let mut kept = lock();
            kept.lost += lost;
            if lost > 0
                && let Note::Tell { now_ms, .. } = note
            {
                kept.take(Note::Tell { now_ms, input: Input::Gap });
            }
            kept.take(note)
        };
        let Some(chunk) = done else { return };
        let file = self.disk.as_mut().map_or(0, |disk| disk.append(&chunk));
        let oldest = lock().put_away(file, chunk);
        self.disk.iter().for_each(|disk| disk.remove_before(oldest));
    }
}

#[cfg(test)]
mod tests;
