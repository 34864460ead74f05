//! The threads of a live run.

pub mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use normwatch::alarm::Pattern;
use normwatch::capture::{Frame, FrameSource, SourceError};
use normwatch::health::Progress;
use normwatch::output::Event;
use normwatch::runtime::{Impairment, LiveStats, RunError, Shutdown};
use normwatch_faults::{took, took_and_again};

use self::scene::{Camera, Run, Then, camera};

#[test]
fn a_run_judges_what_came_and_ends_safe() {
    let mut run = Run::new(false);
    let fault = run.fault.clone();
    let mut energised = false;
    let open = || camera(60, Then::End);
    let stats =
        run.go(false, open, &Shutdown::new(), |_| energised |= fault.is_high() == Some(true));
    let stats = stats.unwrap();
    assert_eq!(stats.counts.taken, 60);
    assert_eq!(stats.judged + stats.overtaken + 4, 60, "the first four fill the window");
    assert!(energised, "the fault line was never energised");
    assert_eq!(run.count(|e| matches!(e, Event::Stop { .. })), 1);
}

#[test]
fn a_lost_camera_is_reopened_and_the_fault_line_shows_it() {
    let mut run = Run::new(false);
    let fault = run.fault.clone();
    let (shutdown, mut opened) = (Shutdown::new(), 0);
    let dropped = Arc::<AtomicBool>::default();
    let seen = dropped.clone();
    let open = move || {
        opened += 1;
        seen.fetch_or(opened == 2 && fault.is_high() == Some(false), Ordering::Relaxed);
        camera(20, Then::Lose)
    };
    let stop = shutdown.clone();
    let stats = run.go(true, open, &shutdown, |judged| {
        if judged > 20 {
            stop.request();
        }
    });
    assert!(stats.unwrap().reopened >= 1);
    assert!(
        dropped.load(Ordering::Relaxed),
        "the fault line stayed energised while the camera was gone"
    );
    assert!(run.count(|e| matches!(e, Event::Blind { .. })) >= 1);
    assert!(run.count(|e| matches!(e, Event::Sighted { .. })) >= 2);
}

#[test]
fn a_camera_that_cannot_work_ends_the_run() {
    let mut run = Run::new(false);
    let open = || Err(SourceError::fatal("no such camera"));
    let error = run.go(true, open, &Shutdown::new(), |_| {}).unwrap_err();
    assert!(error.to_string().contains("no such camera"));
    assert!(matches!(error, RunError::Source(_)), "{error:?}");
}

#[test]
fn a_capture_thread_that_panics_ends_the_run() {
    let mut run = Run::new(false);
    let begun = Instant::now();
    let error = run.go(true, || camera(8, Then::Panic), &Shutdown::new(), |_| {}).unwrap_err();
    took("capture-panics", begun.elapsed());
    assert!(matches!(error, RunError::CapturePanicked), "{error:?}");
}

#[test]
fn a_judging_thread_that_panics_leaves_the_lines_safe_and_ends() {
    let mut run = Run::new(false);
    let (alarm, fault) = (run.alarm.clone(), run.fault.clone());
    let open = || camera(u64::MAX, Then::End);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = run.go(true, open, &Shutdown::new(), |judged| {
            if judged > 3 && fault.is_high() == Some(true) {
                panic!("on purpose");
            }
        });
    }));
    assert!(panicked.is_err());
    assert_eq!((alarm.is_high(), fault.is_high()), (Some(false), Some(false)));
}

#[test]
fn lines_that_somebody_else_drove_are_driven_again() {
    let mut run = Run::new(false);
    let fault = run.fault.clone();
    let progress = Progress::new(0);
    let (shutdown, mut writes) = (Shutdown::new(), None);
    let (stop, touched) = (shutdown.clone(), progress.clone());
    let open = || camera(u64::MAX, Then::End);
    let each = |judged: u64| match (judged, writes) {
        (20, None) => {
            writes = Some((fault.writes(), Instant::now()));
            touched.touch_lines();
        }
        (_, Some((before, since))) if fault.writes() > before => {
            took("line-touched", since.elapsed());
            stop.request();
        }
        _ => assert!(judged < 100, "the fault line was not driven again"),
    };
    run.go_with(progress, false, open, &shutdown, each).unwrap();
}

/// A score comes late by the camera's, the queue's and the network's time; the
/// pulse is for whoever waits at the line.
#[test]
fn a_pulse_lasts_as_long_as_it_should_however_late_the_score() {
    const PULSE_MS: u64 = 1000;
    let mut run = Run::alarmed(Pattern::Pulse { width_ms: PULSE_MS as u32 });
    let alarm = run.alarm.clone();
    let (begun, shutdown) = (Instant::now(), Shutdown::new());
    let (mut raised, stop) = (None, shutdown.clone());
    let open = || {
        let camera = Camera { left: u64::MAX, then: Then::End, next: 0, pixels: vec![0; 32 * 32] };
        Ok(Box::new(Late(camera)) as Box<dyn FrameSource + Send>)
    };
    run.go(false, open, &shutdown, |_| {
        let now_ms = begun.elapsed().as_millis() as u64;
        match (alarm.is_high(), raised) {
            (Some(true), None) => raised = Some(now_ms),
            (Some(false), Some(since_ms)) => {
                assert!(now_ms - since_ms >= PULSE_MS / 2, "{}", now_ms - since_ms);
                stop.request();
            }
            _ => assert!(now_ms < 20_000, "no pulse"),
        }
    })
    .unwrap();
    assert!(raised.is_some());
}

/// Damaged frames are signs of life, but of a camera that is as good as lost.
#[test]
fn a_camera_with_nothing_but_damaged_frames_is_opened_again() {
    let mut run = Run::new(false);
    let (shutdown, mut opened) = (Shutdown::new(), 0);
    let stop = shutdown.clone();
    let open = move || {
        opened += 1;
        if opened == 2 {
            stop.request();
        }
        Ok(Box::new(Damaged) as Box<dyn FrameSource + Send>)
    };
    let stats = run.go(false, open, &shutdown, |_| {}).unwrap();
    assert_eq!((stats.reopened, stats.judged), (1, 0));
    assert!(run.count(|e| matches!(e, Event::Blind { .. })) == 1);
}

struct Damaged;

impl FrameSource for Damaged {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        thread::sleep(Duration::from_millis(100));
        Err(SourceError::frame_skipped("damaged"))
    }

    fn describe(&self) -> String {
        "a damaged camera".into()
    }
}

/// A camera whose frames arrive one and a half seconds after their timestamps.
struct Late(Camera);

impl FrameSource for Late {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let frame = self.0.next_frame()?;
        Ok(frame.map(|frame| Frame { timestamp_ns: frame.timestamp_ns - 1_500_000_000, ..frame }))
    }

    fn describe(&self) -> String {
        "a late camera".into()
    }
}

#[test]
fn shutdown_is_obeyed_soon() {
    let mut run = Run::new(false);
    let shutdown = Shutdown::new();
    let from_outside = shutdown.clone();
    let asked = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        from_outside.request();
        Instant::now()
    });
    run.go(true, || camera(u64::MAX, Then::End), &shutdown, |_| {}).unwrap();
    assert!(asked.join().unwrap().elapsed() < Duration::from_secs(1));
}

#[test]
fn a_hot_board_judges_fewer_frames_and_stays_healthy() {
    let mut run = Run::new(false);
    run.pace.set(4);
    let stats = run.go(false, || camera(100, Then::End), &Shutdown::new(), |_| {}).unwrap();
    let LiveStats { judged, passed_over, overtaken, .. } = stats;
    assert!(judged > 0 && passed_over >= 3 * (judged - 1), "{judged} of {passed_over}");
    // Of the four that fill the window, three are passed over for the pace.
    let total = judged + passed_over + overtaken;
    assert!((99..=100).contains(&total), "{total}");
    assert_eq!(run.count(|e| matches!(e, Event::Pace { judge_every: 4, .. })), 1);
    let dropped = run.count(|e| matches!(e, Event::Line { line: "fault", active: false, .. }));
    assert_eq!(dropped, 1, "at the end of the run and not for a slower pace");
}

/// One in four of the camera's frames, and not of those that a slow network leaves.
#[test]
fn the_pace_counts_the_cameras_frames() {
    let mut run = Run::new(false);
    run.pace.set(4);
    let slow = |_| thread::sleep(Duration::from_millis(60));
    let stats = run.go(false, || camera(120, Then::End), &Shutdown::new(), slow).unwrap();
    let LiveStats { judged, passed_over, .. } = stats;
    assert!(judged > 2 && passed_over < 2 * judged, "{judged} of {passed_over}");
}

#[test]
fn a_full_disk_stops_nothing() {
    let mut run = Run::new(true);
    let stats = run.go(false, || camera(30, Then::End), &Shutdown::new(), |_| {}).unwrap();
    assert!(stats.judged > 0);
    assert!(run.monitor.into_log().dropped() > 0);
}

#[test]
fn a_slow_network_loses_judgements_and_nothing_queues() {
    let mut run = Run::new(false);
    let slow = |_| thread::sleep(Duration::from_millis(60));
    let stats = run.go(false, || camera(120, Then::End), &Shutdown::new(), slow).unwrap();
    assert!(stats.overtaken > 0, "{stats:?}");
    assert!(stats.judged < 60, "{}", stats.judged);
    let p99_ms = stats.latency.quantile_ns(0.99) / 1_000_000;
    assert!(p99_ms < 1000, "{p99_ms} ms");
}

/// A camera whose driver never comes back, and says so.
struct Hung(Camera, Arc<AtomicBool>);

impl FrameSource for Hung {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.0.left == 0 {
            self.1.store(true, Ordering::Release);
            loop {
                thread::park();
            }
        }
        self.0.next_frame()
    }

    fn describe(&self) -> String {
        "a camera that hangs".into()
    }
}

#[test]
fn a_camera_that_hangs_keeps_no_run_from_its_end() {
    let mut run = Run::new(false);
    let (shutdown, progress) = (Shutdown::new(), Progress::new(0));
    let hung = Arc::<AtomicBool>::default();
    let (driver, stop, ended) = (hung.clone(), shutdown.clone(), progress.clone());
    let open = move || {
        let camera = Camera { left: 20, then: Then::End, next: 0, pixels: vec![0; 32 * 32] };
        Ok(Box::new(Hung(camera, driver.clone())) as Box<dyn FrameSource + Send>)
    };
    let events = run.events.clone();
    let watching = thread::spawn(move || {
        while !hung.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(1));
        }
        stop.request();
        let asked = Instant::now();
        while ended.ended_in_order().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        let stop = |e: &Event| matches!(e, Event::Stop { .. });
        (asked, Instant::now(), events.0.lock().unwrap().iter().any(stop))
    });
    let stats = run.go_with(progress, true, open, &shutdown, |_| {}).unwrap();
    let returned = Instant::now();
    let (asked, ended, stop_event) = watching.join().unwrap();
    assert_eq!(stats.counts.taken, 0, "its counts are left with it");
    assert!(returned - asked < Duration::from_secs(10), "{:?}", returned - asked);
    assert!(stop_event && ended < returned, "the end was told before the camera was waited for");
    took("driver-hangs", ended - asked);
}

#[test]
fn what_a_score_does_not_vouch_for_drops_the_fault_line() {
    let mut run = Run::new(false);
    let (fault, impairments, shutdown) =
        (run.fault.clone(), run.impairments.clone(), Shutdown::new());
    let stop = shutdown.clone();
    let (mut gone, mut back) = (None, None);
    let each = |judged: u64| match (judged, gone, back) {
        (20, ..) => {
            impairments.set(Impairment::NoGuard, true);
            gone = Some(Instant::now());
        }
        (_, Some(since), None) if fault.is_high() == Some(false) => {
            back = Some((since.elapsed(), Instant::now()));
            impairments.set(Impairment::NoGuard, false);
        }
        (_, _, Some((reacted, since))) if fault.is_high() == Some(true) => {
            took_and_again("guard-gone", reacted, since.elapsed());
            stop.request();
        }
        _ => assert!(judged < 200, "the fault line does not follow"),
    };
    run.go(false, || camera(u64::MAX, Then::End), &shutdown, each).unwrap();
    assert_eq!(run.count(|e| matches!(e, Event::Fault { cause: "guard", .. })), 2);
}
