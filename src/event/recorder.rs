//! How events are handed to the thread that puts them together, or, in a replay, put
//! together at once.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::date::clock_quality;
use super::desk::{Desk, Destinations};
use super::sample::Sample;
use super::setup::{Date, Setup};
use super::situation::ClockQuality;
use crate::clock::Clock;
use crate::output::{Event, EventSink};
use crate::writer::{Work, Writer};

/// Lines and judged frames that may wait for the thread: a minute of them.
const ROOM: usize = 1024;

/// How long the end of a run waits for its last event.
const LAST_EVENT: Duration = Duration::from_secs(2);

/// Takes the lines of a live run's log and its judged frames, and has a thread make
/// events of them. Nobody who hands something over waits; what finds no room is lost
/// and counted. A clone hands to the same thread.
#[derive(Clone)]
pub struct EventRecorder {
    writer: Writer<Message>,
    lost: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

#[expect(clippy::large_enum_variant, reason = "no judged frame may cost an allocation")]
enum Message {
    Log(Box<Event>, u64),
    Judged(Sample),
}

impl EventRecorder {
    /// # Errors
    /// The thread could not be started.
    pub fn start(setup: Setup, to: Destinations, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let lost = Arc::<AtomicU64>::default();
        let work = Working { desk: Desk::new(setup, to), lost: lost.clone() };
        Ok(Self { writer: Writer::start("situations", ROOM, work)?, lost, clock })
    }

    /// Hands a judged frame over.
    pub fn judged(&self, sample: Sample) {
        self.put(Message::Judged(sample));
    }

    fn put(&self, message: Message) -> bool {
        let put = self.writer.put(message);
        if !put {
            self.lost.fetch_add(1, Ordering::AcqRel);
        }
        put
    }
}

impl EventSink for EventRecorder {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        let unix_ms = self.clock.wall_ns() / 1_000_000;
        match self.put(Message::Log(Box::new(event.clone()), unix_ms)) {
            true => Ok(()),
            false => Err(io::Error::other("its disk does not keep up")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush(LAST_EVENT);
        Ok(())
    }

    fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire)
    }
}

/// The thread's own.
struct Working {
    desk: Desk,
    lost: Arc<AtomicU64>,
}

impl Work<Message> for Working {
    fn write(&mut self, message: Message, _: u64) {
        match message {
            Message::Judged(sample) => self.desk.judged(&sample),
            Message::Log(event, unix_ms) => {
                let before = self.desk.lost();
                let clock = clock_quality(Path::new("/"), unix_ms);
                self.desk.log(&event, Date { unix_ms: Some(unix_ms), clock });
                self.lost.fetch_add(self.desk.lost() - before, Ordering::AcqRel);
            }
        }
    }
}

/// The same for footage: without a thread and without a date, so that the same
/// footage gives the same events. A clone hands to the same desk.
#[derive(Clone)]
pub struct ReplayedEvents(Rc<RefCell<Desk>>);

impl ReplayedEvents {
    pub fn new(setup: Setup, to: Destinations) -> Self {
        Self(Rc::new(RefCell::new(Desk::new(setup, to))))
    }

    pub fn judged(&self, sample: &Sample) {
        self.0.borrow_mut().judged(sample);
    }

    /// Ends what still goes on when the footage ends; how many events could not be
    /// stored.
    pub fn finish(&self) -> u64 {
        let mut desk = self.0.borrow_mut();
        desk.finish(UNDATED);
        desk.lost()
    }
}

const UNDATED: Date = Date { unix_ms: None, clock: ClockQuality::Footage };

impl EventSink for ReplayedEvents {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.borrow_mut().log(event, UNDATED);
        Ok(())
    }
}
