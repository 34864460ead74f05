//! The event log of a live run, written by a thread of its own.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::capped_file::CappedFile;
use super::events::{Event, EventSink, dated_line};
use crate::clock::Clock;
use crate::writer::{Work, Writer};

/// Events that may wait for the thread.
const ROOM: usize = 512;

/// Lines that the thread keeps while the file cannot be written.
const BACKLOG: usize = 512;

const RETRY: Duration = Duration::from_secs(1);

/// How long the end of a run waits for its last events.
const LAST_EVENTS: Duration = Duration::from_secs(2);

/// Takes the events of a live run, dates them, and has a thread append them to a
/// file. Nobody who records an event waits for a disk. A file that cannot be
/// opened or written is tried again every second; what has no room meanwhile is
/// lost and counted. Alarms are on the disk once they are written.
///
/// A clone writes to the same file, behind what was recorded before.
#[derive(Clone)]
pub struct EventWriter {
    writer: Writer<Dated>,
    lines: Arc<Lines>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Dated {
    unix_ms: u64,
    event: Event,
}

/// What became of the lines.
#[derive(Debug, Default)]
struct Lines {
    kept: AtomicU64,
    lost: AtomicU64,
}

impl EventWriter {
    /// Starts the thread, which opens the file when the first event comes.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(path: &Path, max_bytes: u64, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let lines = Arc::<Lines>::default();
        let work = Appending {
            file: CappedFile::new(path, max_bytes),
            lines: lines.clone(),
            backlog: VecDeque::new(),
            sync_due: false,
            failed: None,
        };
        Ok(Self { writer: Writer::start("events", ROOM, work)?, lines, clock })
    }
}

impl EventSink for EventWriter {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        let unix_ms = self.clock.wall_ns() / 1_000_000;
        match self.writer.put(Dated { unix_ms, event: event.clone() }) {
            true => Ok(()),
            false => Err(io::Error::other("its disk does not keep up")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush(LAST_EVENTS);
        Ok(())
    }

    fn lost(&self) -> u64 {
        let Lines { kept, lost } = &*self.lines;
        self.writer.waiting() + kept.load(Ordering::Acquire) + lost.load(Ordering::Acquire)
    }
}

/// Dropped in a panic too, it waits for the last events.
impl Drop for EventWriter {
    fn drop(&mut self) {
        self.writer.flush(LAST_EVENTS);
    }
}

/// The thread's own.
struct Appending {
    file: CappedFile,
    lines: Arc<Lines>,
    backlog: VecDeque<Line>,
    /// Lines that are written and must yet reach the disk.
    sync_due: bool,
    /// When the file last refused.
    failed: Option<Instant>,
}

struct Line {
    text: Vec<u8>,
    /// The disk must have it before a power cut.
    sync: bool,
}

impl Work<Dated> for Appending {
    fn write(&mut self, Dated { unix_ms, event }: Dated, _: u64) {
        let Ok(text) = dated_line(unix_ms, &event) else {
            self.lines.lost.fetch_add(1, Ordering::AcqRel);
            return;
        };
        if self.backlog.len() == BACKLOG {
            self.backlog.pop_front();
            self.lines.lost.fetch_add(1, Ordering::AcqRel);
        }
        self.backlog.push_back(Line { text, sync: event.is_weighty() });
        self.count_kept();
        self.append(matches!(event, Event::Stop { .. }));
    }

    fn idle(&mut self) {
        self.append(false);
    }
}

impl Appending {
    /// Appends what it keeps, in order, unless the file refused a moment ago.
    fn append(&mut self, at_once: bool) {
        if !at_once && self.failed.is_some_and(|at| at.elapsed() < RETRY) {
            return;
        }
        let result = self.append_all();
        self.count_kept();
        let path = self.file.path().display();
        match (result, self.failed) {
            (Err(error), failed) => {
                if failed.is_none() {
                    log::warn!(
                        "the event log {path} cannot be written: {error}; the watch goes on, and \
                         the log is tried again"
                    );
                }
                self.failed = Some(Instant::now());
            }
            (Ok(()), Some(_)) => {
                log::info!("the event log {path} is written again");
                self.failed = None;
            }
            (Ok(()), None) => {}
        }
    }

    fn count_kept(&self) {
        self.lines.kept.store(self.backlog.len() as u64, Ordering::Release);
    }

    fn append_all(&mut self) -> io::Result<()> {
        while let Some(line) = self.backlog.front() {
            self.file.append(&line.text)?;
            self.sync_due |= line.sync;
            self.backlog.pop_front();
        }
        if self.sync_due {
            self.file.sync()?;
            self.sync_due = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;
    use crate::clock::SimulatedClock;

    fn start(path: &Path) -> EventWriter {
        EventWriter::start(path, 1 << 20, Arc::new(SimulatedClock::new(0))).unwrap()
    }

    #[test]
    fn a_file_that_comes_later_gets_all_that_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("later/events.jsonl");
        let mut writer = start(&path);
        for time_ms in 0..3 {
            writer.record(&Event::Sighted { time_ms }).unwrap();
        }
        writer.flush().unwrap();
        assert_eq!(writer.lost(), 3, "so far");
        fs::create_dir(folder.path().join("later")).unwrap();
        let begun = Instant::now();
        while writer.lost() > 0 && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(20));
        }
        let text = fs::read_to_string(&path).unwrap();
        let times: Vec<_> = text.lines().map(|line| line.contains("\"time_ms\":")).collect();
        assert_eq!(times, [true; 3], "{text}");
    }

    #[test]
    fn what_is_kept_for_a_file_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("never/events.jsonl");
        let mut log = super::super::events::EventLog::new(Some(start(&path)));
        for time_ms in 0..3000 {
            log.record(&Event::Sighted { time_ms });
        }
        log.flush();
        assert_eq!(log.dropped(), 3000);
        fs::create_dir(folder.path().join("never")).unwrap();
        log.record(&Event::Stop { time_ms: 1, reason: "end".into() });
        log.flush();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), BACKLOG);
        assert_eq!(log.dropped(), 3001 - BACKLOG as u64);
        assert!(text.ends_with("\"reason\":\"end\"}\n"), "{text}");
    }
}
