//! The capture thread: reads every frame, and opens the camera again after a
//! loss.

use std::sync::Arc;
use std::thread::{self, Thread};

use super::queue::{Consumer, Producer};
use super::{LiveOptions, OpenSource};
use crate::capture::{Reopening, SourceError, SourceErrorKind, Starvation};
use crate::clock::Clock;
use crate::health::Capturing;
use crate::runtime::intake::{Intake, IntakeCounts, Taken};
use crate::runtime::shutdown::Shutdown;
use crate::runtime::slots::SlotPool;

const NOTE_RETRY_MS: u64 = 10;
/// A camera that has delivered for so long has recovered: its next loss begins with
/// the shortest pause.
const RECOVERED_MS: u64 = 30_000;
/// A camera that gives nothing but damaged frames for so long is opened again.
const UNUSABLE_MS: u64 = 5000;

/// What the capture thread has to say beside frames.
pub(super) enum Note {
    Skipped { sequence: u64, reason: String },
    Lost(String),
    Opened,
    End(Option<SourceError>),
}

/// The capture thread's ends of the queues.
pub(super) struct CaptureQueues {
    pub filled: Producer<usize>,
    pub free: Consumer<usize>,
    pub notes: Producer<Note>,
}

/// What the capture thread counts; see [`super::LiveStats`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CaptureStats {
    pub counts: IntakeCounts,
    pub dropped: u64,
    pub reopened: u64,
}

/// The capture thread. It borrows nothing: one that hangs in a driver is left
/// behind.
pub(super) struct Capture {
    options: LiveOptions,
    pool: Arc<SlotPool>,
    queues: CaptureQueues,
    listener: Thread,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
    spare: Option<usize>,
    /// A frame has come in this run: what is configured can work.
    has_worked: bool,
    stats: CaptureStats,
}

impl Capture {
    /// To be made by the thread that judges, which is woken by each frame.
    pub(super) fn new(
        options: LiveOptions,
        pool: Arc<SlotPool>,
        queues: CaptureQueues,
        clock: Arc<dyn Clock>,
        shutdown: Shutdown,
    ) -> Self {
        let (listener, stats) = (thread::current(), CaptureStats::default());
        Self {
            options,
            pool,
            queues,
            listener,
            clock,
            shutdown,
            spare: None,
            has_worked: false,
            stats,
        }
    }

    pub(super) fn run(mut self, open: &mut OpenSource<'_>) -> CaptureStats {
        let mut reopening = Reopening::default();
        let mut view = None;
        while !self.shutdown.is_requested() {
            self.report(Capturing::Opening);
            let ended = open().and_then(|source| {
                log::info!("capturing from {}", source.describe());
                let mut intake = Intake::new(source, self.options.intake)
                    .following(view.take())
                    .keeping(self.options.pictures.clone())
                    .keeping_windows(self.options.windows.clone());
                let end = self.frames(&mut intake, &mut reopening);
                self.stats.counts += intake.counts();
                view = Some(intake.close());
                end
            });
            if self.shutdown.is_requested() {
                break;
            }
            let loss = match ended {
                Ok(()) if !self.options.end_is_loss => {
                    self.notify(Note::End(None));
                    break;
                }
                Ok(()) => "the source ended".to_owned(),
                Err(error) if error.kind() == SourceErrorKind::Fatal && !self.may_recover() => {
                    self.notify(Note::End(Some(error)));
                    break;
                }
                Err(error) => error.to_string(),
            };
            self.notify(Note::Lost(loss));
            let pause_ms = reopening.next_pause_ms(&*self.clock);
            self.report(Capturing::Waiting { until_ms: self.now_ms() + pause_ms });
            self.shutdown.sleep_ms(pause_ms);
            self.stats.reopened += 1;
        }
        self.report(Capturing::Ended);
        self.stats
    }

    /// Whether opening again may help against an error that is said to be final: a
    /// camera that has worked was configured well. A recording stays what it is.
    fn may_recover(&self) -> bool {
        self.has_worked && self.options.end_is_loss
    }

    fn frames(
        &mut self,
        intake: &mut Intake,
        reopening: &mut Reopening,
    ) -> Result<(), SourceError> {
        let mut first_ms = None;
        let mut starvation = Starvation::new(UNUSABLE_MS, self.now_ms());
        self.report(Capturing::Reading);
        while !self.shutdown.is_requested() {
            self.spare = self.spare.or_else(|| self.queues.free.dequeue());
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
                Taken::Settling => {
                    starvation.feed(self.now_ms());
                    continue;
                }
                Taken::Skipped { sequence, reason } => {
                    starvation.starve(&reason, self.now_ms())?;
                    self.notify(Note::Skipped { sequence, reason });
                    continue;
                }
                Taken::Frame => starvation.feed(self.now_ms()),
            }
            match first_ms {
                None => {
                    first_ms = Some(self.now_ms());
                    self.has_worked = true;
                    self.notify(Note::Opened);
                }
                Some(first_ms) if self.now_ms().saturating_sub(first_ms) >= RECOVERED_MS => {
                    reopening.reset();
                }
                Some(_) => {}
            }
            match self.spare.take() {
                Some(slot) => {
                    self.queues.filled.enqueue(slot).expect("the queue holds every slot");
                    self.listener.unpark();
                }
                None => self.stats.dropped += 1,
            }
        }
        Ok(())
    }

    /// A skipped frame may go unmentioned when too many are at once; what becomes
    /// of the camera waits until it is heard.
    fn notify(&mut self, mut note: Note) {
        while let Err(refused) = self.queues.notes.enqueue(note) {
            if matches!(refused, Note::Skipped { .. }) {
                log::warn!("a note of a skipped frame was lost: too many at once");
                break;
            }
            note = refused;
            self.listener.unpark();
            if self.shutdown.sleep_ms(NOTE_RETRY_MS) {
                break;
            }
        }
        self.listener.unpark();
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }

    fn report(&self, what: Capturing) {
        self.options.progress.capturing(self.now_ms(), what);
    }
}
