//! A supervisor over threads that hang, lines that refuse and watchdogs that count.

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

#[test]
fn a_line_that_cannot_be_dropped_is_for_the_watchdogs() {
    let scene = Scene { refusals: u32::MAX, ..Scene::new() };
    let mut supervisor = scene.supervisor();
    scene.progress.frame(0);
    (0..=4000).step_by(100).for_each(|now_ms| supervisor.step(now_ms));
    assert_eq!(scene.fake.feedings(), 2, "fed at 0 and 1 s, while the silence was short");
}

/// When a supervisor leaves whose thread hangs, asked to end so often at 2 s.
fn left_after_ms(asked: u32, refusals: u32) -> Option<u64> {
    let scene = Scene::new();
    let (now, left, safe) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let departure = Departure {
        asked: Box::new(|| if now.load(Ordering::Relaxed) >= 2000 { asked } else { 0 }),
        make_safe: Box::new(|| safe.fetch_add(1, Ordering::Relaxed) >= refusals),
        leave: Box::new(|| left.store(now.load(Ordering::Relaxed), Ordering::Relaxed)),
    };
    let mut supervisor = scene.supervisor().departing(departure);
    for now_ms in (0..=20_000).step_by(100) {
        now.store(now_ms, Ordering::Relaxed);
        supervisor.step(now_ms.into());
        let disarmed = scene.fake.told.lock().unwrap().contains(&Told::Disarmed);
        assert_eq!(disarmed, left.load(Ordering::Relaxed) > 0, "at {now_ms} ms");
    }
    drop(supervisor);
    match left.into_inner() {
        0 => None,
        at_ms => Some(u64::from(at_ms) - 2000),
    }
}

#[test]
fn whoever_asks_a_hung_thread_to_end_gets_safe_lines_and_disarmed_watchdogs() {
    assert_eq!(left_after_ms(0, 0), None);
    assert_eq!(left_after_ms(1, 0), Some(PATIENCE_MS));
    assert_eq!(left_after_ms(2, 0), Some(URGED_PATIENCE_MS));
    assert_eq!(left_after_ms(2, 5), Some(URGED_PATIENCE_MS + 500), "not before the lines are safe");
}

#[test]
fn an_end_in_order_disarms_before_the_work_returns() {
    for in_order in [true, false] {
        let scene = Scene::new();
        let work = || -> Result<(), WorkError> {
            scene.progress.end(in_order);
            thread::sleep(Duration::from_millis(20 * TICK_MS));
            let disarmed = scene.fake.told.lock().unwrap().contains(&Told::Disarmed);
            assert_eq!(disarmed, in_order);
            Ok(())
        };
        supervise(scene.supervisor(), &SimulatedClock::new(0), |_| true, work).unwrap();
    }
}

#[test]
fn frames_that_are_not_judged_are_not_watched() {
    let scene = Scene::new();
    let mut supervisor = scene.supervisor();
    for now_ms in (0..=10_100).step_by(100) {
        scene.progress.frame(now_ms);
        supervisor.step(now_ms);
    }
    assert_eq!(supervisor.status(10_100, None), "blind: no frame was judged for 10 s");
    scene.progress.judged();
    supervisor.step(10_200);
    assert_eq!(supervisor.status(10_200, None), "watching, 1 frames judged");
}
