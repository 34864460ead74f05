//! The supervisor: signs of progress in, food for watchdogs out.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::progress::{Capturing, Progress, ProgressLimits, Stall};
use super::service::ServiceManager;
use super::watchdog::Fed;
use crate::clock::Clock;

/// Longest time between two looks at the signs of progress.
const TICK_MS: u64 = 100;

const STATUS_INTERVAL_MS: u64 = 2000;

/// Frames that come for so long without one being judged are worth a word.
const UNJUDGED_MS: u64 = 10_000;

/// How long a judging thread that was asked to end may take to.
const PATIENCE_MS: u64 = 5000;

/// The same when it was asked more than once.
const URGED_PATIENCE_MS: u64 = 1000;

/// The supervisor's thread could not be started.
#[derive(Debug, Error)]
#[error("cannot start the supervisor: {0}")]
pub struct SupervisorError(pub io::Error);

/// When a silent thread is acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupervisorLimits {
    /// A judging thread silent for this long no longer vouches for anything:
    /// the fault line is dropped in its place.
    pub vouch_ms: u64,
    /// Beyond these nothing is fed.
    pub feeding: ProgressLimits,
}

/// How to leave when a thread that hangs was asked to end.
pub struct Departure<'a> {
    /// How often somebody outside has asked for the end.
    pub asked: Box<dyn Fn() -> u32 + Send + 'a>,
    /// Drives all lines to their safe levels, whoever else drives them, and says
    /// whether they obeyed.
    pub make_safe: Box<dyn FnMut() -> bool + Send + 'a>,
    /// Ends the process.
    pub leave: Box<dyn FnMut() + Send + 'a>,
}

/// Watches over the two threads of a live run and does the things that a hung
/// thread cannot do itself: it drops the fault line, lets the watchdogs starve,
/// says so, and ends the process when it is asked to.
///
/// Nothing that it does waits for anybody.
pub struct Supervisor<'a> {
    progress: Progress,
    limits: SupervisorLimits,
    service: ServiceManager,
    watchdogs: Vec<Fed>,
    drop_fault_line: Box<dyn FnMut() -> bool + Send + 'a>,
    departure: Option<Departure<'a>>,
    asked_ms: Option<u64>,
    line_dropped: bool,
    stalled: bool,
    announced: bool,
    finished: bool,
    status_ms: Option<u64>,
    /// How many frames were judged, and since when no more.
    judged: (u64, u64),
}

impl<'a> Supervisor<'a> {
    /// `drop_fault_line` drives the fault line to its safe level, whoever
    /// else drives it, and says whether it obeyed; it is tried again until it
    /// does.
    pub fn new(
        progress: Progress,
        limits: SupervisorLimits,
        service: ServiceManager,
        watchdogs: Vec<Fed>,
        drop_fault_line: impl FnMut() -> bool + Send + 'a,
    ) -> Self {
        Self {
            progress,
            limits,
            service,
            watchdogs,
            drop_fault_line: Box::new(drop_fault_line),
            departure: None,
            asked_ms: None,
            line_dropped: false,
            stalled: false,
            announced: false,
            finished: false,
            status_ms: None,
            judged: (0, 0),
        }
    }

    /// Leaves in this way when the judging thread was asked to end and hangs.
    pub fn departing(mut self, departure: Departure<'a>) -> Self {
        self.departure = Some(departure);
        self
    }

    /// Looks at the signs once and acts on them.
    pub fn step(&mut self, now_ms: u64) {
        if let Some(in_order) = self.progress.ended_in_order() {
            self.finish(in_order);
        }
        if self.finished {
            return;
        }
        let obeyed = self.guard_fault_line(now_ms);
        self.leave_if_asked(now_ms);
        self.note_judged(now_ms);
        let stall = self.progress.stall(now_ms, &self.limits.feeding);
        match stall {
            Some(stall) if !self.stalled => {
                log::error!("{}; the watchdogs are not fed any more", describe(stall));
            }
            None if self.stalled => log::warn!("there is progress again"),
            _ => {}
        }
        if self.stalled != stall.is_some() {
            self.stalled = stall.is_some();
            self.status_ms = None;
        }
        if self.status_ms.is_none_or(|at| now_ms.saturating_sub(at) >= STATUS_INTERVAL_MS) {
            self.status_ms = Some(now_ms);
            let status = self.status(now_ms, stall);
            match self.announced {
                true => self.service.status(&status),
                // Until it is heard: a service that is never ready is killed.
                false => self.announced = self.service.ready(&status),
            }
        }
        // A line that a hung thread keeps from everybody is for the watchdogs, too.
        if stall.is_none() && obeyed {
            self.watchdogs.iter_mut().for_each(|fed| fed.feed_if_due(now_ms));
        }
    }

    /// Ends the watch over a run that ended by itself, once. Watchdogs that are not
    /// disarmed go on: either somebody starts the program again in time, or the
    /// board is reset.
    fn finish(&mut self, disarm: bool) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        self.service.stopping();
        if disarm {
            // Disarmed at its close: a short one must not wait for the process to end.
            self.watchdogs.drain(..).for_each(|mut fed| fed.disarm());
        }
    }

    /// Whether the fault line shows what it must.
    fn guard_fault_line(&mut self, now_ms: u64) -> bool {
        let silent = self.progress.judging_for_ms(now_ms) > self.limits.vouch_ms;
        if silent && !self.line_dropped {
            self.line_dropped = (self.drop_fault_line)();
            self.progress.touch_lines();
        }
        self.line_dropped &= silent;
        self.line_dropped || !silent
    }

    fn leave_if_asked(&mut self, now_ms: u64) {
        let Some(departure) = &mut self.departure else { return };
        let asked = (departure.asked)();
        if asked == 0 {
            return;
        }
        let asked_ms = *self.asked_ms.get_or_insert(now_ms);
        let patience_ms = if asked > 1 { URGED_PATIENCE_MS } else { PATIENCE_MS };
        if now_ms.saturating_sub(asked_ms) < patience_ms || !(departure.make_safe)() {
            return;
        }
        log::error!("asked to end, but the judging thread hangs: left with safe lines");
        self.finish(true);
        if let Some(departure) = &mut self.departure {
            (departure.leave)();
        }
    }

    fn note_judged(&mut self, now_ms: u64) {
        let judged = self.progress.frames_judged();
        if judged != self.judged.0 || self.progress.doing() != Capturing::Reading {
            self.judged = (judged, now_ms);
        }
    }

    fn status(&self, now_ms: u64, stall: Option<Stall>) -> String {
        if let Some(stall) = stall {
            return describe(stall);
        }
        let judged = self.progress.frames_judged();
        match self.progress.doing() {
            Capturing::Opening => "opening the camera".into(),
            Capturing::Waiting { until_ms } => format!(
                "blind: the camera is lost, and opened again in {} s",
                until_ms.saturating_sub(now_ms).div_ceil(1000)
            ),
            Capturing::Reading => {
                let unjudged_ms = now_ms.saturating_sub(self.judged.1);
                match unjudged_ms < UNJUDGED_MS {
                    true => format!("watching, {judged} frames judged"),
                    false => format!("blind: no frame was judged for {} s", unjudged_ms / 1000),
                }
            }
            Capturing::Ended => format!("the footage has ended, {judged} frames judged"),
        }
    }
}

/// Runs `work` with a supervisor beside it, in a thread of its own that ends
/// with the work, in a panic too. The watchdogs are disarmed after success, and
/// after an error of which `is_orderly` says that neither the program nor the
/// network has failed.
///
/// # Errors
/// The work's own. A [`SupervisorError`] if the thread could not be started: the
/// work was then not begun, and nothing is disarmed.
pub fn supervise<T, E: From<SupervisorError>>(
    mut supervisor: Supervisor<'_>,
    clock: &dyn Clock,
    is_orderly: impl FnOnce(&E) -> bool,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let ended = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        let watch = || {
            while !ended.load(Ordering::Acquire) {
                supervisor.step(clock.monotonic_ms());
                thread::park_timeout(Duration::from_millis(TICK_MS));
            }
        };
        let handle = thread::Builder::new()
            .name("supervisor".into())
            .spawn_scoped(scope, watch)
            .map_err(SupervisorError)?;
        let _end = EndOnDrop { ended: &ended, thread: handle.thread().clone() };
        Ok(work())
    });
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            supervisor.finish(false);
            return Err(E::from(error));
        }
    };
    supervisor.finish(outcome.as_ref().map_or_else(is_orderly, |_| true));
    outcome
}

struct EndOnDrop<'a> {
    ended: &'a AtomicBool,
    thread: thread::Thread,
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

fn describe(stall: Stall) -> String {
    let seconds = |ms: u64| ms as f64 / 1000.0;
    match stall {
        Stall::Judging { for_ms } => {
            format!("no progress: network and lines have hung for {:.1} s", seconds(for_ms))
        }
        Stall::Capture { doing: Capturing::Opening, for_ms } => {
            format!("no progress: opening the camera has hung for {:.1} s", seconds(for_ms))
        }
        Stall::Capture { for_ms, .. } => {
            format!("no progress: reading the camera has hung for {:.1} s", seconds(for_ms))
        }
    }
}

#[cfg(test)]
mod tests;
