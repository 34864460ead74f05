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
    pub(super) turn: u32,
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
