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

/// Watches over the two threads of a live run and does the three things that a
/// hung thread cannot do itself: it drops the fault line, lets the watchdogs
/// starve, and says so.
pub struct Supervisor<'a> {
    progress: Progress,
    limits: SupervisorLimits,
    service: ServiceManager,
    watchdogs: Vec<Fed>,
    drop_fault_line: Box<dyn FnMut() -> bool + Send + 'a>,
    line_dropped: bool,
    stalled: bool,
    status_ms: Option<u64>,
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
            line_dropped: false,
            stalled: false,
            status_ms: None,
        }
    }

    /// Looks at the signs once and acts on them.
    pub fn step(&mut self, now_ms: u64) {
        self.guard_fault_line(now_ms);
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
        if stall.is_none() {
            self.watchdogs.iter_mut().for_each(|fed| fed.feed_if_due(now_ms));
        }
        if self.status_ms.is_none_or(|at| now_ms.saturating_sub(at) >= STATUS_INTERVAL_MS) {
            self.status_ms = Some(now_ms);
            self.service.status(&self.status(now_ms, stall));
        }
    }

    /// Ends the watch after a run that ended by itself. Watchdogs that are not
    /// disarmed go on: either somebody starts the program again in time, or the
    /// board is reset.
    fn finish(mut self, disarm: bool) {
        self.service.stopping();
        if disarm {
            self.watchdogs.iter_mut().for_each(Fed::disarm);
        }
    }

    fn guard_fault_line(&mut self, now_ms: u64) {
        let silent = self.progress.judging_for_ms(now_ms) > self.limits.vouch_ms;
        if silent && !self.line_dropped {
            self.line_dropped = (self.drop_fault_line)();
            self.progress.touch_lines();
        }
        self.line_dropped &= silent;
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
            Capturing::Reading => format!("watching, {judged} frames judged"),
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
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::super::watchdog::fake::{FakeWatchdog, Told};
    use super::*;
    use crate::clock::SimulatedClock;

    #[derive(Clone, Copy, Debug)]
    enum WorkError {
        NoCamera,
        Panicked,
        NoSupervisor,
    }

    impl From<SupervisorError> for WorkError {
        fn from(_: SupervisorError) -> Self {
            Self::NoSupervisor
        }
    }

    const LIMITS: SupervisorLimits = SupervisorLimits {
        vouch_ms: 1000,
        feeding: ProgressLimits { judging_ms: 5000, reading_ms: 8000, opening_ms: 20_000 },
    };

    struct Scene {
        progress: Progress,
        fake: FakeWatchdog,
        drops: AtomicU32,
        /// How often the line refuses at first.
        refusals: u32,
    }

    impl Scene {
        fn new() -> Self {
            Self {
                progress: Progress::new(0),
                fake: FakeWatchdog::default(),
                drops: AtomicU32::new(0),
                refusals: 0,
            }
        }

        fn supervisor(&self) -> Supervisor<'_> {
            Supervisor::new(
                self.progress.clone(),
                LIMITS,
                ServiceManager::from_environment(),
                vec![Fed::new(Box::new(self.fake.clone()))],
                || self.drops.fetch_add(1, Ordering::Relaxed) >= self.refusals,
            )
        }
    }

    #[test]
    fn a_hung_judging_thread_loses_the_line_first_and_the_food_later() {
        let scene = Scene::new();
        let mut supervisor = scene.supervisor();
        for now_ms in (0..=30_000).step_by(100) {
            scene.progress.frame(now_ms);
            if now_ms <= 2000 {
                scene.progress.judging(now_ms);
            }
            supervisor.step(now_ms);
            let drops = scene.drops.load(Ordering::Relaxed);
            assert_eq!(drops, u32::from(now_ms > 3000), "at {now_ms} ms");
        }
        assert_eq!(scene.fake.feedings(), 8, "fed at 0, 1, … 7 s and starved from 7.1 s on");
        assert!(scene.progress.take_lines_touched());
    }

    #[test]
    fn a_line_that_refuses_is_dropped_again_until_it_obeys() {
        let scene = Scene { refusals: 3, ..Scene::new() };
        let mut supervisor = scene.supervisor();
        scene.progress.judging(0);
        (0..=6000).step_by(100).for_each(|now_ms| supervisor.step(now_ms));
        assert_eq!(scene.drops.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn a_hung_camera_starves_the_watchdogs_though_the_rest_goes_on() {
        let scene = Scene::new();
        let mut supervisor = scene.supervisor();
        scene.progress.frame(0);
        for now_ms in (0..=30_000).step_by(100) {
            scene.progress.judging(now_ms);
            supervisor.step(now_ms);
        }
        assert_eq!(scene.fake.feedings(), 9);
        assert_eq!(scene.drops.load(Ordering::Relaxed), 0, "the judging thread does that itself");
    }

    #[test]
    fn a_lost_camera_is_no_reason_to_starve() {
        let scene = Scene::new();
        let mut supervisor = scene.supervisor();
        for now_ms in (0..=30_000).step_by(100) {
            let until_ms = now_ms / 10_000 * 10_000 + 10_000;
            scene.progress.capturing(now_ms / 10_000 * 10_000, Capturing::Waiting { until_ms });
            scene.progress.judging(now_ms);
            supervisor.step(now_ms);
        }
        assert_eq!(scene.fake.feedings(), 31);
    }

    #[test]
    fn progress_feeds_again() {
        let scene = Scene::new();
        let mut supervisor = scene.supervisor();
        scene.progress.frame(0);
        supervisor.step(6000);
        assert_eq!(scene.fake.feedings(), 0);
        scene.progress.judging(6100);
        supervisor.step(6100);
        assert_eq!(scene.fake.feedings(), 1);
    }

    #[test]
    fn only_an_end_in_order_disarms() {
        for (outcome, disarmed) in
            [(Ok(()), true), (Err(WorkError::NoCamera), true), (Err(WorkError::Panicked), false)]
        {
            let scene = Scene::new();
            let is_orderly = |error: &WorkError| matches!(error, WorkError::NoCamera);
            let clock = SimulatedClock::new(0);
            let result = supervise(scene.supervisor(), &clock, is_orderly, || outcome);
            assert_eq!(result.is_ok(), outcome.is_ok());
            let told = scene.fake.told.lock().unwrap().contains(&Told::Disarmed);
            assert_eq!(told, disarmed, "{outcome:?}");
        }
    }

    #[test]
    fn a_panic_of_the_work_ends_the_supervision_and_disarms_nothing() {
        let scene = Scene::new();
        let clock = SimulatedClock::new(0);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let work = || -> Result<(), WorkError> { panic!("on purpose") };
            supervise(scene.supervisor(), &clock, |_| true, work)
        }));
        assert!(panicked.is_err());
        assert!(!scene.fake.told.lock().unwrap().contains(&Told::Disarmed));
    }
}
