//! One outlet: a thread that delivers its notices, behind a queue that never waits.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::channel::{Channel, Outcome, is_wanted};
use super::ending::Ending;
use super::queue::{Next, Queue, Waiting};
use crate::clock::Clock;
use crate::config::NoticeFilter;
use crate::event::{Notice, Outlet, OutletCounts};

/// Notices that may wait for one outlet.
const ROOM: u64 = 100;

/// A thread whose notices wait for a later moment looks at the clock so often.
const LOOK: Duration = Duration::from_millis(500);

const POLL_EVERY: Duration = Duration::from_millis(2);

/// Beyond the deadline that all share, so that a thread can say that it gave up.
const GRACE: Duration = Duration::from_millis(200);

/// An outlet with a thread of its own.
pub(super) struct Delivery {
    name: String,
    about: NoticeFilter,
    counts: Arc<Counts>,
    ending: Arc<Ending>,
    /// `None` once the program ends.
    queue: Option<SyncSender<Notice>>,
    thread: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    /// Handed over and neither sent nor dropped.
    waiting: AtomicU64,
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// 0 for never.
    last_sent_unix_ms: AtomicU64,
}

impl Counts {
    fn drops(&self, count: u64) {
        self.waiting.fetch_sub(count, Ordering::AcqRel);
        self.dropped.fetch_add(count, Ordering::AcqRel);
    }
}

impl Delivery {
    /// Starts the thread.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(
        channel: Box<dyn Channel>,
        pauses_ms: Vec<u64>,
        clock: Arc<dyn Clock>,
        ending: Arc<Ending>,
    ) -> io::Result<Self> {
        let (name, about) = (channel.name(), channel.about().clone());
        let (queue, arrivals) = sync_channel(ROOM as usize);
        let counts = Arc::new(Counts::default());
        let worker = Worker {
            name: name.clone(),
            channel,
            arrivals,
            queue: Queue::new(pauses_ms),
            counts: counts.clone(),
            clock,
            ending: ending.clone(),
            is_failing: false,
            is_held: false,
            is_closed: false,
        };
        let thread = thread::Builder::new().name("notify".into()).spawn(move || worker.run())?;
        ending.wakes(thread.thread().clone());
        Ok(Self { name, about, counts, ending, queue: Some(queue), thread })
    }
}

impl Outlet for Delivery {
    fn tell(&self, notice: &Notice) {
        if !is_wanted(&self.about, notice) {
            return;
        }
        let has_room = self.counts.waiting.fetch_add(1, Ordering::AcqRel) < ROOM;
        let queue = self.queue.as_ref().filter(|_| has_room);
        if queue.is_some_and(|queue| queue.try_send(notice.clone()).is_ok()) {
            self.thread.thread().unpark();
        } else {
            self.counts.drops(1);
        }
    }

    fn counts(&self) -> OutletCounts {
        let last = self.counts.last_sent_unix_ms.load(Ordering::Acquire);
        OutletCounts {
            name: self.name.clone(),
            sent: self.counts.sent.load(Ordering::Acquire),
            failed: self.counts.failed.load(Ordering::Acquire),
            dropped: self.counts.dropped.load(Ordering::Acquire),
            last_sent_unix_ms: (last > 0).then_some(last),
        }
    }

    /// Waits until what waits was tried once more, but no longer than the moment that
    /// all outlets share. A request that hangs is left behind.
    fn end(&self) {
        let deadline = self.ending.ask() + GRACE;
        while !self.thread.is_finished() && Instant::now() < deadline {
            thread::sleep(POLL_EVERY);
        }
        let waiting = self.counts.waiting.load(Ordering::Acquire);
        if waiting > 0 {
            log::warn!("{}: left behind at the end with {waiting} notices", self.name);
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.queue = None;
        if !self.ending.is_asked() {
            self.end();
        }
    }
}

struct Worker {
    name: String,
    channel: Box<dyn Channel>,
    arrivals: Receiver<Notice>,
    queue: Queue,
    counts: Arc<Counts>,
    clock: Arc<dyn Clock>,
    ending: Arc<Ending>,
    /// The last attempt failed, and the log says so.
    is_failing: bool,
    is_held: bool,
    is_closed: bool,
}

impl Worker {
    fn run(mut self) {
        loop {
            let is_over = self.take_in();
            if self.ending.is_asked() || is_over {
                return self.end();
            }
            match self.queue.next(self.clock.monotonic_ms()) {
                Next::Try(waiting) => self.attempt(waiting),
                Next::At(due_ms) => {
                    let left_ms = due_ms.saturating_sub(self.clock.monotonic_ms());
                    thread::park_timeout(LOOK.min(Duration::from_millis(left_ms)));
                }
                Next::Nothing => thread::park(),
            }
        }
    }

    /// Takes in what has come; `true` if nothing more can come.
    fn take_in(&mut self) -> bool {
        loop {
            match self.arrivals.try_recv() {
                Ok(_) if self.is_closed => self.counts.drops(1),
                Ok(notice) => self.queue.push(notice, self.clock.monotonic_ms()),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn attempt(&mut self, waiting: Waiting) {
        let outcome = self.channel.attempt(&waiting.notice, &self.ending);
        let now_ms = self.clock.monotonic_ms();
        if !matches!(outcome, Outcome::Held(..)) {
            self.is_held = false;
        }
        match outcome {
            Outcome::Arrived(_) => self.arrived(now_ms),
            Outcome::Failed(why) => self.failed(waiting, &why, now_ms, 0),
            Outcome::Slowed(why, pause) => {
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                self.queue.rest(now_ms, pause_ms);
                self.failed(waiting, &why, now_ms, pause_ms);
            }
            Outcome::Held(why, pause) => {
                if !std::mem::replace(&mut self.is_held, true) {
                    log::warn!("{}: notices wait: {why}", self.name);
                }
                self.queue.held(waiting, now_ms, pause.as_millis() as u64);
            }
            Outcome::Refused(why) => {
                let id = &waiting.notice.situation.id;
                log::warn!("{}: event {id} is not told: {why}", self.name);
                self.counts.failed.fetch_add(1, Ordering::AcqRel);
                self.counts.drops(1);
            }
            Outcome::Closed(why) => {
                log::error!(
                    "{}: nothing more is sent there until the next start: {why}",
                    self.name
                );
                self.counts.failed.fetch_add(1, Ordering::AcqRel);
                self.is_closed = true;
                self.counts.drops(1 + self.queue.clear());
            }
        }
    }

    fn arrived(&mut self, now_ms: u64) {
        self.counts.waiting.fetch_sub(1, Ordering::AcqRel);
        self.counts.sent.fetch_add(1, Ordering::AcqRel);
        let unix_ms = self.clock.wall_ns() / 1_000_000;
        self.counts.last_sent_unix_ms.store(unix_ms, Ordering::Release);
        if std::mem::take(&mut self.is_failing) {
            log::info!("{}: notices arrive again", self.name);
            self.queue.answered(now_ms);
        }
    }

    fn failed(&mut self, waiting: Waiting, why: &str, now_ms: u64, at_least_ms: u64) {
        self.counts.failed.fetch_add(1, Ordering::AcqRel);
        let id = waiting.notice.situation.id.clone();
        match self.queue.failed(waiting, now_ms, at_least_ms) {
            Some(pause_ms) if !self.is_failing => {
                let pause_s = pause_ms.div_ceil(1000);
                log::warn!("{}: {why}; tried again in {pause_s} s", self.name);
            }
            Some(pause_ms) => {
                log::debug!("{}: event {id}: {why}; again in {pause_ms} ms", self.name);
            }
            None => {
                log::error!("{}: event {id} was given up: {why}", self.name);
                self.counts.drops(1);
            }
        }
        self.is_failing = true;
    }

    /// Tries once what was never tried, while there is time; the rest is dropped.
    fn end(&mut self) {
        let mut untold = 0;
        while let Next::Try(waiting) = self.queue.next(self.clock.monotonic_ms()) {
            if waiting.tries > 0 || self.ending.left_of(LOOK).is_zero() {
                untold += 1;
            } else {
                self.attempt(waiting);
            }
        }
        untold += self.queue.clear();
        self.counts.drops(untold);
        if untold > 0 {
            log::warn!("{}: {untold} notices were not delivered before the end", self.name);
        }
    }
}
