use std::thread;
use std::time::Duration;

use embedded_hal::digital::OutputPin;
use heapless::spsc::{Consumer, Producer};

use super::LiveStats;
use super::capture::Note;
use crate::Error;
use crate::alarm::Input;
use crate::clock::Clock;
use crate::output::{Event, EventSink};
use crate::runtime::back_off::Pace;
use crate::runtime::monitor::{Monitor, Step};
use crate::runtime::progress::Progress;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::slots::SlotPool;

/// Longest time between two looks at the clock.
const TICK_MS: u64 = 50;

/// How often the lines are driven anew: a line that cannot be driven any more has
/// to be known before an alarm needs it.
const REDRIVE_MS: u64 = 1000;

/// Inputs that are taken in one turn.
const INPUTS: usize = 16;

/// The judging thread, which drives the lines.
pub(super) struct Watch<'a, A: OutputPin, F: OutputPin, S> {
    pub(super) pool: &'a SlotPool,
    pub(super) filled: Consumer<'a, usize>,
    pub(super) free: Producer<'a, usize>,
    pub(super) notes: Consumer<'a, Note>,
    pub(super) monitor: &'a mut Monitor<A, F, S>,
    pub(super) clock: &'a dyn Clock,
    pub(super) progress: Progress,
    pub(super) pace: Pace,
    /// The pace so far, and the frames since one was judged.
    pub(super) every: u32,
    pub(super) turn: u64,
    /// When the lines were last driven whatever they showed.
    pub(super) driven_ms: u64,
    pub(super) shutdown: &'a Shutdown,
    pub(super) stats: LiveStats,
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
    pub(super) fn run(
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
            let admitted = self.admit_all();
            if admitted > 0 {
                if self.is_due(admitted) {
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
            if self.progress.take_lines_touched() || now_ms - self.driven_ms >= REDRIVE_MS {
                self.driven_ms = now_ms;
                self.monitor.redrive(now_ms);
            }
            for input in std::iter::from_fn(&mut *inputs).take(INPUTS) {
                self.monitor.input(now_ms, input);
            }
            self.monitor.tick(now_ms);
        }
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ns() / 1_000_000
    }

    /// Frames admitted.
    fn admit_all(&mut self) -> u64 {
        let mut admitted = 0;
        while let Some(slot) = self.filled.dequeue() {
            let freed = self.monitor.admit(self.pool, slot);
            self.give_back(&freed);
            admitted += 1;
        }
        self.stats.overtaken += u64::saturating_sub(admitted, 1);
        admitted
    }

    /// Whether the pace has the newest of so many new frames judged. Those that
    /// came in while the network was busy count too: the pace is one in so many
    /// of the camera's.
    fn is_due(&mut self, admitted: u64) -> bool {
        let every = self.pace.every();
        if every != self.every {
            self.every = every;
            let time_ms = self.now_ms();
            self.monitor.record(&Event::Pace { time_ms, judge_every: every });
        }
        self.turn += admitted;
        let due = self.turn >= u64::from(every);
        self.stats.passed_over += u64::from(!due);
        due
    }

    fn judge(&mut self, each: &mut impl FnMut(&Step, &Monitor<A, F, S>)) -> Result<(), Error> {
        // The turn stays due where the window is not full yet.
        let Some(step) = self.monitor.judge(self.pool, Some(self.clock))? else { return Ok(()) };
        self.turn = 0;
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
