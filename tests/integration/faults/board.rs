//! A board that sleeps, gets hot, or loses a contact.

use std::cell::Cell;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use embedded_hal::digital::PinState;
use normwatch::alarm::{Input, Polarity};
use normwatch::capture::{Frame, FrameSource, SourceError};
use normwatch::clock::{Clock, SystemClock};
use normwatch::gpio::{Contact, LevelSource, Panel, PinError};
use normwatch::health::{Progress, Thermometer, ZONES};
use normwatch::output::Event;
use normwatch::runtime::{Impairment, Shutdown, ThermalPace};
use normwatch_faults::{took, took_and_again};

use crate::live::scene::{Camera, Run, Then, camera};

/// The machine's clock, which counts the time that the machine was suspended.
#[derive(Default)]
struct Suspended(AtomicU64);

impl Clock for Suspended {
    fn monotonic_ns(&self) -> u64 {
        SystemClock.monotonic_ns() + self.0.load(Ordering::Relaxed)
    }

    fn wall_ns(&self) -> u64 {
        SystemClock.wall_ns() + self.0.load(Ordering::Relaxed)
    }
}

/// A camera that stamps its frames by that clock.
struct Stamped(Camera, Arc<Suspended>);

impl FrameSource for Stamped {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let now = self.1.clone();
        let frame = self.0.next_frame()?;
        Ok(frame.map(|frame| Frame { timestamp_ns: now.monotonic_ns(), ..frame }))
    }

    fn describe(&self) -> String {
        "a camera that was suspended, too".into()
    }
}

/// When something began, and how long it took until it was seen.
#[derive(Default)]
struct Course {
    struck: Cell<Option<Instant>>,
    reacted: Cell<Option<std::time::Duration>>,
}

impl Course {
    fn strike(&self) {
        self.struck.set(Some(Instant::now()));
    }

    /// Notes the first time that it is so; whether it was.
    fn reacts(&self, is_so: bool) -> bool {
        if let (Some(since), None, true) = (self.struck.get(), self.reacted.get(), is_so) {
            self.reacted.set(Some(since.elapsed()));
        }
        self.reacted.get().is_some()
    }
}

#[test]
fn a_suspended_machine_vouches_for_nothing_until_it_has_seen_enough_again() {
    let mut run = Run::new(false);
    let (fault, clock, shutdown) =
        (run.fault.clone(), Arc::new(Suspended::default()), Shutdown::new());
    let (course, stop, driver) = (Course::default(), shutdown.clone(), clock.clone());
    let open = move || {
        let camera = Camera { left: u64::MAX, then: Then::End, next: 0, pixels: vec![0; 32 * 32] };
        Ok(Box::new(Stamped(camera, driver.clone())) as Box<dyn FrameSource + Send>)
    };
    let inputs = || {
        course.reacts(fault.is_high() == Some(false));
        None
    };
    let each = |judged: u64| match (course.struck.get(), course.reacted.get()) {
        (None, _) if judged == 20 => {
            clock.0.store(3_600_000_000_000, Ordering::Relaxed);
            course.strike();
        }
        (Some(since), Some(reacted)) if fault.is_high() == Some(true) => {
            took_and_again("suspended", reacted, since.elapsed());
            stop.request();
        }
        _ => assert!(judged < 1000, "the fault line does not follow"),
    };
    let how = (Progress::new(clock.monotonic_ms()), false);
    run.go_by(clock.clone(), how, open, &shutdown, inputs, each).unwrap();
    assert_eq!(run.count(|e| matches!(e, Event::Gap { .. })), 1, "no window reaches over it");
}

#[test]
fn a_board_that_is_too_hot_judges_fewer_and_one_without_a_reading_all() {
    let mut run = Run::new(false);
    let root = tempfile::tempdir().unwrap();
    let zone = root.path().join(ZONES).join("thermal_zone0/temp");
    fs::create_dir_all(zone.parent().unwrap()).unwrap();
    fs::write(&zone, "50000\n").unwrap();
    let thermometer = Thermometer::new(root.path(), &[]);
    let (mut thermal, pace) = (ThermalPace::new(80.0), run.pace.clone());
    let (events, shutdown) = (run.events.clone(), Shutdown::new());
    let (hot, cured) = (Course::default(), Course::default());
    let paced = |every: u32| {
        let is_it =
            |e: &Event| matches!(e, Event::Pace { judge_every, .. } if *judge_every == every);
        events.0.lock().unwrap().iter().any(is_it)
    };
    let end = shutdown.clone();
    let inputs = || {
        // The sensor is gone for more than a minute of this clock.
        let ahead_ms = if cured.struck.get().is_some() { 120_000 } else { 0 };
        let now_ms = SystemClock.monotonic_ms() + ahead_ms;
        thermal.step(now_ms, thermometer.hottest_c()).iter().for_each(|every| pace.set(*every));
        if hot.reacts(paced(2)) && cured.struck.get().is_none() {
            fs::remove_file(&zone).unwrap();
            cured.strike();
        }
        if cured.reacts(paced(1)) {
            end.request();
        }
        None
    };
    let each = |judged: u64| {
        assert!(judged < 5000, "the pace does not follow");
        if judged == 20 {
            fs::write(&zone, "95000\n").unwrap();
            hot.strike();
        }
    };
    let how = (Progress::new(SystemClock.monotonic_ms()), false);
    let open = || camera(u64::MAX, Then::End);
    run.go_by(Arc::new(SystemClock), how, open, &shutdown, inputs, each).unwrap();
    took("too-hot", hot.reacted.get().unwrap());
    took("thermometer-gone", cured.reacted.get().unwrap());
    let dropped = run.count(|e| matches!(e, Event::Line { line: "fault", active: false, .. }));
    assert_eq!(dropped, 1, "at the end of the run");
}

/// A contact whose chip goes and comes back.
struct Wire(Arc<AtomicU64>);

const GONE: u64 = 1;

impl LevelSource for Wire {
    fn next_level(&mut self) -> Result<PinState, PinError> {
        match self.0.load(Ordering::Relaxed) {
            GONE => Err(PinError::new("gone")),
            _ => Ok(PinState::Low),
        }
    }
}

/// The arm contact says disarmed, the motion sensor nothing; then nobody knows.
#[test]
fn contacts_that_cannot_be_read_count_as_what_is_safe() {
    let mut run = Run::new(false);
    let wire = Arc::<AtomicU64>::default();
    let contact = || Contact::new(Box::new(Wire(wire.clone())), Polarity::ActiveHigh, 0);
    let mut panel = Panel::new(None, Some(contact()), Some(contact()));
    let (fault, impairments) = (run.fault.clone(), run.impairments.clone());
    let (lost, told, shutdown) = (Course::default(), Cell::new(Vec::new()), Shutdown::new());
    let (back, stop) = (Cell::new(None::<Instant>), shutdown.clone());
    let inputs = || {
        let input = panel.next(SystemClock.monotonic_ms());
        impairments.set(Impairment::ArmLost, panel.is_arm_lost());
        told.set(told.take().into_iter().chain(input).collect());
        if lost.reacts(fault.is_high() == Some(false)) && back.get().is_none() {
            wire.store(0, Ordering::Relaxed);
            back.set(Some(Instant::now()));
        }
        input
    };
    let each = |judged: u64| match back.get() {
        None if judged == 20 => {
            wire.store(GONE, Ordering::Relaxed);
            lost.strike();
        }
        Some(since) if fault.is_high() == Some(true) => {
            took_and_again("contacts-gone", lost.reacted.get().unwrap(), since.elapsed());
            stop.request();
        }
        _ => assert!(judged < 1000, "the fault line does not follow"),
    };
    let how = (Progress::new(SystemClock.monotonic_ms()), false);
    let open = || camera(u64::MAX, Then::End);
    run.go_by(Arc::new(SystemClock), how, open, &shutdown, inputs, each).unwrap();
    let told = told.take();
    let safe = [Input::Arm, Input::Motion(true)];
    assert_eq!(told[..2], [Input::Disarm, Input::Motion(false)], "{told:?}");
    assert_eq!(told[2..4], safe, "{told:?}");
}
