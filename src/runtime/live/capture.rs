//! The capture thread of a live run.

use std::thread::Thread;

use heapless::spsc::{Consumer, Producer};

use super::{LiveOptions, LiveStats, OpenSource};
use crate::capture::{Reopening, SourceError, SourceErrorKind, Starvation};
use crate::clock::Clock;
use crate::runtime::intake::{Intake, Taken};
use crate::runtime::progress::Capturing;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::slots::SlotPool;

const NOTE_RETRY_MS: u64 = 10;
/// A camera that gives nothing but damaged frames for so long is opened again.
const UNUSABLE_MS: u64 = 5000;

/// What the capture thread has to say beside frames.
pub(super) enum Note {
    Skipped { sequence: u64, reason: String },
    Lost(String),
    Opened,
    End(Option<SourceError>),
}

/// The capture thread: reads every frame, and opens the camera again after a
/// loss.
pub(super) struct Capture<'a> {
    pub(super) options: LiveOptions,
    pub(super) pool: &'a SlotPool,
    pub(super) filled: Producer<'a, usize>,
    pub(super) free: Consumer<'a, usize>,
    pub(super) notes: Producer<'a, Note>,
    pub(super) listener: Thread,
    pub(super) shutdown: &'a Shutdown,
    pub(super) clock: &'a dyn Clock,
    pub(super) spare: Option<usize>,
    pub(super) stats: LiveStats,
}

impl Capture<'_> {
    pub(super) fn run(mut self, open: &mut OpenSource<'_>) -> LiveStats {
        let mut reopening = Reopening::default();
        while !self.shutdown.is_requested() {
            self.doing(Capturing::Opening);
            let ended = open().and_then(|source| {
                log::info!("capturing from {}", source.describe());
                let LiveOptions { spec, period_ns, stabilise, usual_light, .. } = self.options;
                let intake = Intake::new(source, spec, period_ns);
                let mut intake = intake.steadied(stabilise).evened(usual_light);
                let end = self.frames(&mut intake, &mut reopening);
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
            let pause_ms = reopening.next_pause_ms(self.clock);
            self.doing(Capturing::Waiting { until_ms: self.now_ms() + pause_ms });
            self.shutdown.sleep_ms(pause_ms);
            self.stats.reopened += 1;
        }
        self.doing(Capturing::Ended);
        self.stats
    }

    fn frames(
        &mut self,
        intake: &mut Intake,
        reopening: &mut Reopening,
    ) -> Result<(), SourceError> {
        let mut first = true;
        let mut starvation = Starvation::new(UNUSABLE_MS, self.now_ms());
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
                    starvation.starve(&reason, self.now_ms())?;
                    self.tell(Note::Skipped { sequence, reason });
                    continue;
                }
                Taken::Frame => starvation.feed(self.now_ms()),
            }
            if std::mem::take(&mut first) {
                reopening.reset();
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

    /// A skipped frame may go unmentioned when too many are at once; what becomes
    /// of the camera waits until it is heard.
    fn tell(&mut self, mut note: Note) {
        while let Err(refused) = self.notes.enqueue(note) {
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
        self.clock.monotonic_ns() / 1_000_000
    }

    fn doing(&self, what: Capturing) {
        self.options.progress.capturing(self.now_ms(), what);
    }
}
