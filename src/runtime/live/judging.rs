//! The judging thread: admits frames, runs the network, drives the lines.

use std::thread;
use std::time::Duration;

use super::capture::Note;
use super::queue::{Consumer, Producer};
use super::{LiveOptions, RunError};
use crate::alarm::Input;
use crate::clock::Clock;
use crate::output::{Event, EventSink};
use crate::runtime::histogram::Histogram;
use crate::runtime::monitor::Monitor;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::slots::SlotPool;
use crate::runtime::step::Step;
use embedded_hal::digital::OutputPin;

/// Longest time between two looks at the clock.
const TICK_MS: u64 = 50;

/// How often the lines are driven whatever they show: a line that cannot be
/// driven any more has to be known before an alarm needs it.
const REDRIVE_MS: u64 = 1000;

/// Inputs that are taken in one turn.
const INPUTS: usize = 16;

/// The judging thread's ends of the queues.
pub(super) struct JudgingQueues {
    pub filled: Consumer<usize>,
    pub free: Producer<usize>,
    pub notes: Consumer<Note>,
}

/// What the judging thread counts; see [`super::LiveStats`].
#[derive(Debug, Default)]
pub(super) struct JudgingStats {
    pub judged: u64,
    pub overtaken: u64,
    pub passed_over: u64,
    pub latency: Histogram,
}

/// The judging thread, which drives the lines.
pub(super) struct Judging<'a, A: OutputPin, F: OutputPin, S> {
    options: LiveOptions,
    pool: &'a SlotPool,
    queues: JudgingQueues,
    monitor: &'a mut Monitor<A, F, S>,
    clock: &'a dyn Clock,
    shutdown: &'a Shutdown,
    /// The pace so far, and the frames since one was judged.
    every: u32,
    turn: u64,
    /// When the lines were last driven whatever they showed.
    driven_ms: u64,
    stats: JudgingStats,
}

/// However this thread ends, in order or in a panic: the lines are safe before
/// anybody waits for the capture thread, which may be in the middle of a read.
impl<A: OutputPin, F: OutputPin, S> Drop for Judging<'_, A, F, S> {
    fn drop(&mut self) {
        self.monitor.make_safe_unlogged();
        self.options.progress.judging_ended();
        self.shutdown.request();
    }
}

impl<'a, A: OutputPin, F: OutputPin, S: EventSink> Judging<'a, A, F, S> {
    pub(super) fn new(
        options: LiveOptions,
        pool: &'a SlotPool,
        queues: JudgingQueues,
        monitor: &'a mut Monitor<A, F, S>,
        clock: &'a dyn Clock,
        shutdown: &'a Shutdown,
    ) -> Self {
        Self {
            options,
            pool,
            queues,
            monitor,
            clock,
            shutdown,
            every: 1,
            turn: 0,
            driven_ms: 0,
            stats: JudgingStats::default(),
        }
    }

    /// Judges until shutdown is requested or the capture thread has ended and
    /// nothing is left of it.
    pub(super) fn run(
        &mut self,
        capture_lives: &dyn Fn() -> bool,
        inputs: &mut impl FnMut() -> Option<Input>,
        each: &mut impl FnMut(&Step, &Monitor<A, F, S>),
    ) -> Result<(), RunError> {
        let mut ended = None;
        while !self.shutdown.is_requested() {
            self.options.progress.judging(self.clock.monotonic_ms());
            while let Some(note) = self.queues.notes.dequeue() {
                if let Note::End(error) = note {
                    ended = Some(error);
                } else {
                    self.handle(note);
                }
            }
            let admitted = self.admit_all();
            if admitted > 0 {
                if self.is_due(admitted) {
                    self.judge(each)?;
                }
            } else if let Some(error) = ended {
                return error.map_or(Ok(()), |e| Err(RunError::Source(e)));
            } else if !capture_lives() && self.has_nothing_left() {
                return Ok(());
            } else {
                thread::park_timeout(Duration::from_millis(TICK_MS));
            }
            self.serve_the_lines(inputs);
        }
        Ok(())
    }

    /// Makes the lines safe, asks the capture thread to end, and gives the counts.
    pub(super) fn finish(mut self) -> JudgingStats {
        std::mem::take(&mut self.stats)
    }

    fn has_nothing_left(&self) -> bool {
        self.queues.notes.is_empty() && self.queues.filled.is_empty()
    }

    /// What is due by the clock and from outside, with or without a new frame.
    fn serve_the_lines(&mut self, inputs: &mut impl FnMut() -> Option<Input>) {
        let now_ms = self.clock.monotonic_ms();
        if self.options.progress.take_lines_touched() || now_ms - self.driven_ms >= REDRIVE_MS {
            self.driven_ms = now_ms;
            self.monitor.redrive(now_ms);
        }
        for input in std::iter::from_fn(&mut *inputs).take(INPUTS) {
            self.monitor.input(now_ms, input);
        }
        self.monitor.impair(now_ms, self.options.impairments.now());
        self.monitor.tick(now_ms);
    }

    /// Frames admitted.
    fn admit_all(&mut self) -> u64 {
        let mut admitted = 0;
        while let Some(slot) = self.queues.filled.dequeue() {
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
        let every = self.options.pace.every();
        if every != self.every {
            self.every = every;
            let time_ms = self.clock.monotonic_ms();
            self.monitor.record(&Event::Pace { time_ms, judge_every: every });
        }
        self.turn += admitted;
        let due = self.turn >= u64::from(every);
        self.stats.passed_over += u64::from(!due);
        due
    }

    fn judge(&mut self, each: &mut impl FnMut(&Step, &Monitor<A, F, S>)) -> Result<(), RunError> {
        // The turn stays due where the window is not full yet.
        let Some(step) = self.monitor.judge(self.pool, self.clock)? else { return Ok(()) };
        self.turn = 0;
        self.stats.judged += 1;
        self.options.progress.judged();
        if let Some(score) = &step.score {
            let now_ns = self.clock.monotonic_ns();
            self.stats.latency.add(now_ns.saturating_sub(score.timestamp_ns));
        }
        each(&step, self.monitor);
        Ok(())
    }

    fn give_back(&mut self, freed: &[usize]) {
        for &slot in freed {
            self.queues.free.enqueue(slot).expect("the queue holds every slot");
        }
    }

    fn handle(&mut self, note: Note) {
        let now_ms = self.clock.monotonic_ms();
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
