use std::thread::{self, Thread};
use std::time::Duration;

use embedded_hal::digital::OutputPin;
use heapless::spsc::{Consumer, Producer, Queue};

use super::back_off::Pace;
use super::histogram::Histogram;
use super::intake::{Intake, IntakeCounts, Taken};
use super::monitor::{Monitor, Step};
use super::progress::{Capturing, Progress};
use super::shutdown::Shutdown;
use super::slots::SlotPool;
use super::window::MAX_PAST_FRAMES;
use crate::Error;
use crate::alarm::Input;
use crate::capture::{FrameSource, SourceError, SourceErrorKind};
use crate::clock::Clock;
use crate::output::{Event, EventSink};
use crate::preprocess::{InputSpec, Light};

/// Frames that may wait for the network. They are admitted to the window in
/// order when it is free again, and only the newest is judged.
const WAITING_SLOTS: usize = 8;

const QUEUE: usize = MAX_PAST_FRAMES + WAITING_SLOTS + 4;

/// Longest time between two looks at the clock.
const TICK_MS: u64 = 50;

const FIRST_BACKOFF_MS: u64 = 500;
const MAX_BACKOFF_MS: u64 = 30_000;

/// Opens the camera; called again after every loss.
pub type OpenSource<'a> =
    dyn FnMut() -> Result<Box<dyn FrameSource + Send>, SourceError> + Send + 'a;

/// Constants of a live run, and where it shows its progress.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    pub spec: InputSpec,
    pub period_ns: u64,
    /// How many frames back the model sees.
    pub past_frames: usize,
    /// Whether the end of the footage is a lost camera, as for a camera's
    /// command, or the end of the run, as for a folder.
    pub end_is_loss: bool,
    /// Whether pictures of a swaying camera are moved back.
    pub stabilise: bool,
    /// The light that pictures are brought to.
    pub usual_light: Option<Light>,
    pub progress: Progress,
    /// How many of the frames are judged.
    pub pace: Pace,
}

/// What a live run came to.
#[derive(Clone, Debug, Default)]
pub struct LiveStats {
    pub counts: IntakeCounts,
    pub judged: u64,
    /// Frames that came in while the network was busy and were not judged.
    pub overtaken: u64,
    /// Frames that were not judged because of the pace.
    pub passed_over: u64,
    /// Frames lost because every slot was taken.
    pub dropped: u64,
    pub reopened: u64,
    /// From a frame's timestamp to the lines being driven for it.
    pub latency: Histogram,
}

enum Note {
    Skipped { sequence: u64, reason: String },
    Lost(String),
    Opened,
    End(Option<SourceError>),
}

/// A capture thread and this thread, coupled by queues of slot indices.
///
/// Returns when the footage ends or shutdown is requested, with the lines at
/// their safe levels. `inputs` is asked about once a tick for acknowledgements
/// and the like; `each` sees every judged frame.
///
/// # Errors
/// A camera that cannot be opened because of its configuration, or the
/// network's failure. The lines are safe then, too.
pub fn run_live<A, F, S>(
    options: LiveOptions,
    open: &mut OpenSource<'_>,
    monitor: &mut Monitor<A, F, S>,
    clock: &dyn Clock,
    shutdown: &Shutdown,
    mut inputs: impl FnMut() -> Option<Input>,
    mut each: impl FnMut(&Step, &Monitor<A, F, S>),
) -> Result<LiveStats, Error>
where
    A: OutputPin,
    F: OutputPin,
    S: EventSink,
{
    let slots = options.past_frames + 1 + WAITING_SLOTS + 1;
    let pool = SlotPool::new(slots, options.spec.frame_len());
    let mut filled = Queue::<usize, QUEUE>::new();
    let mut free = Queue::<usize, QUEUE>::new();
    let mut notes = Queue::<Note, 32>::new();
    (0..slots).for_each(|slot| free.enqueue(slot).expect("the queue holds every slot"));
    let (filled_in, filled_out) = filled.split();
    let (free_in, free_out) = free.split();
    let (notes_in, notes_out) = notes.split();
    let result: Result<LiveStats, Error> = thread::scope(|scope| {
        let capture = Capture {
            options: options.clone(),
            pool: &pool,
            filled: filled_in,
            free: free_out,
            notes: notes_in,
            listener: thread::current(),
            shutdown,
            clock,
            spare: None,
            stats: LiveStats::default(),
        };
        let handle = thread::Builder::new()
            .name("capture".into())
            .spawn_scoped(scope, move || capture.run(open))
            .map_err(|e| Error::Internal(format!("cannot start the capture thread: {e}")))?;
        let mut watch = Watch {
            pool: &pool,
            filled: filled_out,
            free: free_in,
            notes: notes_out,
            monitor,
            clock,
            progress: options.progress,
            pace: options.pace,
            every: 1,
            turn: 0,
            shutdown,
            stats: LiveStats::default(),
        };
        let outcome = watch.run(&|| !handle.is_finished(), &mut inputs, &mut each);
        let mut stats = std::mem::take(&mut watch.stats);
        drop(watch);
        let captured = handle.join().map_err(|_| Error::Internal("capture panicked".into()))?;
        outcome?;
        stats.counts = captured.counts;
        stats.dropped = captured.dropped;
        stats.reopened = captured.reopened;
        Ok(stats)
    });
    let reason = match &result {
        Ok(_) => "end of the run".to_owned(),
        Err(error) => error.to_string(),
    };
    let time_ms = clock.monotonic_ns() / 1_000_000;
    monitor.make_safe(time_ms);
    monitor.record(&Event::Stop { time_ms, reason });
    result
}

struct Capture<'a> {
    options: LiveOptions,
    pool: &'a SlotPool,
    filled: Producer<'a, usize>,
    free: Consumer<'a, usize>,
    notes: Producer<'a, Note>,
    listener: Thread,
    shutdown: &'a Shutdown,
    clock: &'a dyn Clock,
    spare: Option<usize>,
    stats: LiveStats,
}

impl Capture<'_> {
    fn run(mut self, open: &mut OpenSource<'_>) -> LiveStats {
        let mut backoff_ms = FIRST_BACKOFF_MS;
        while !self.shutdown.is_requested() {
            self.doing(Capturing::Opening);
            let ended = open().and_then(|source| {
                log::info!("capturing from {}", source.describe());
                let LiveOptions { spec, period_ns, stabilise, usual_light, .. } = self.options;
                let intake = Intake::new(source, spec, period_ns);
                let mut intake = intake.steadied(stabilise).evened(usual_light);
                let end = self.frames(&mut intake, &mut backoff_ms);
                self.stats.counts += intake.counts();
                end
            });
            let loss = match ended {
                Ok(()) if !self.options.end_is_loss => {
                    self.tell(Note::End(None));
                    break;
                }
                Ok(()) => "the source ended".to_owned(),
                Err(error) if error.kind() == SourceErrorKind::Fatal => {
                    self.tell(Note::End(Some(error)));
                    break;
                }
                Err(error) => error.to_string(),
            };
            self.tell(Note::Lost(loss));
            let pause_ms = self.jittered(backoff_ms);
            self.doing(Capturing::Waiting { until_ms: self.now_ms() + pause_ms });
            self.shutdown.sleep_ms(pause_ms);
            backoff_ms = (backoff_ms * 2).min(MAX_BACKOFF_MS);
            self.stats.reopened += 1;
        }
        self.doing(Capturing::Ended);
        self.stats
    }

    fn frames(&mut self, intake: &mut Intake, backoff_ms: &mut u64) -> Result<(), SourceError> {
        let mut first = true;
        self.doing(Capturing::Reading);
        while !self.shutdown.is_requested() {
            self.spare = self.spare.or_else(|| self.free.dequeue());
            // Without a free slot the frame is read all the same, so that the
            // camera's own queue never grows old.
            let taken = match self.spare {
                Some(slot) => intake.take(&mut self.pool.lock(slot))?,
                None => intake.discard()?,
            };
            self.options.progress.frame(self.now_ms());
            match taken {
                Taken::End => return Ok(()),
                Taken::Thinned => continue,
                Taken::Skipped { sequence, reason } => {
                    self.tell(Note::Skipped { sequence, reason });
                    continue;
                }
                Taken::Frame => {}
            }
            if std::mem::take(&mut first) {
                *backoff_ms = FIRST_BACKOFF_MS;
                self.tell(Note::Opened);
            }
            match self.spare.take() {
                Some(slot) => {
                    self.filled.enqueue(slot).expect("the queue holds every slot");
                    self.listener.unpark();
                }
                None => self.stats.dropped += 1,
            }
        }
        Ok(())
    }

    fn tell(&mut self, note: Note) {
        if self.notes.enqueue(note).is_err() {
            log::warn!("a note of the capture thread was lost: too many at once");
        }
        self.listener.unpark();
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ns() / 1_000_000
    }

    fn doing(&self, what: Capturing) {
        self.options.progress.capturing(self.now_ms(), what);
    }

    fn jittered(&self, ms: u64) -> u64 {
        ms * (75 + self.clock.monotonic_ns() / 1000 % 51) / 100
    }
}

struct Watch<'a, A: OutputPin, F: OutputPin, S> {
    pool: &'a SlotPool,
    filled: Consumer<'a, usize>,
    free: Producer<'a, usize>,
    notes: Consumer<'a, Note>,
    monitor: &'a mut Monitor<A, F, S>,
    clock: &'a dyn Clock,
    progress: Progress,
    pace: Pace,
    /// The pace so far, and the frames since one was judged.
    every: u32,
    turn: u32,
    shutdown: &'a Shutdown,
    stats: LiveStats,
}

/// However this thread ends, in order or in a panic: the lines are safe before
/// anybody waits for the capture thread, which may be in the middle of a read.
impl<A: OutputPin, F: OutputPin, S> Drop for Watch<'_, A, F, S> {
    fn drop(&mut self) {
        self.monitor.abandon();
        self.progress.judging_ended();
        self.shutdown.request();
    }
}

impl<A: OutputPin, F: OutputPin, S: EventSink> Watch<'_, A, F, S> {
    fn run(
        &mut self,
        capture_lives: &dyn Fn() -> bool,
        inputs: &mut impl FnMut() -> Option<Input>,
        each: &mut impl FnMut(&Step, &Monitor<A, F, S>),
    ) -> Result<(), Error> {
        let mut ended = None;
        while !self.shutdown.is_requested() {
            self.progress.judging(self.now_ms());
            while let Some(note) = self.notes.dequeue() {
                if let Note::End(error) = note {
                    ended = Some(error);
                } else {
                    self.heed(note);
                }
            }
            if self.admit_all() {
                if self.is_due() {
                    self.judge(each)?;
                }
            } else if let Some(error) = ended {
                return error.map_or(Ok(()), |e| Err(Error::Source(e)));
            } else if !capture_lives() && self.notes.is_empty() && self.filled.is_empty() {
                return Ok(());
            } else {
                thread::park_timeout(Duration::from_millis(TICK_MS));
            }
            let now_ms = self.now_ms();
            if self.progress.take_lines_touched() {
                self.monitor.redrive(now_ms);
            }
            match inputs() {
                Some(input) => self.monitor.input(now_ms, input),
                None => self.monitor.tick(now_ms),
            }
        }
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ns() / 1_000_000
    }

    fn admit_all(&mut self) -> bool {
        let mut admitted = 0;
        while let Some(slot) = self.filled.dequeue() {
            let freed = self.monitor.admit(self.pool, slot);
            self.give_back(&freed);
            admitted += 1;
        }
        self.stats.overtaken += u64::saturating_sub(admitted, 1);
        admitted > 0
    }

    /// Whether the pace has this frame judged.
    fn is_due(&mut self) -> bool {
        let every = self.pace.every();
        if every != self.every {
            self.every = every;
            let time_ms = self.now_ms();
            self.monitor.record(&Event::Pace { time_ms, judge_every: every });
        }
        self.turn += 1;
        let due = self.turn >= every;
        if due {
            self.turn = 0;
        } else {
            self.stats.passed_over += 1;
        }
        due
    }

    fn judge(&mut self, each: &mut impl FnMut(&Step, &Monitor<A, F, S>)) -> Result<(), Error> {
        let Some(step) = self.monitor.judge(self.pool)? else { return Ok(()) };
        self.stats.judged += 1;
        self.progress.judged();
        if let Some(score) = &step.score {
            let now_ns = self.clock.monotonic_ns();
            self.stats.latency.add(now_ns.saturating_sub(score.timestamp_ns));
        }
        each(&step, self.monitor);
        Ok(())
    }

    fn give_back(&mut self, freed: &[usize]) {
        for &slot in freed {
            self.free.enqueue(slot).expect("the queue holds every slot");
        }
    }

    fn heed(&mut self, note: Note) {
        let now_ms = self.now_ms();
        match note {
            Note::Skipped { sequence, reason } => {
                log::warn!("frame {sequence} skipped: {reason}");
                self.monitor.record(&Event::Skip { frame: sequence, reason });
            }
            Note::Lost(reason) => {
                log::error!("camera lost: {reason}");
                let freed = self.monitor.blind(now_ms, &reason);
                self.give_back(&freed);
            }
            Note::Opened => self.monitor.record(&Event::Sighted { time_ms: now_ms }),
            Note::End(_) => {}
        }
    }
}
