//! The threads of a live run, with a scripted camera and simulated lines.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use normwatch::Error;
use normwatch::alarm::{AlarmConfig, AlarmOutputs, Levels, Line, Pattern, Polarity};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::clock::{Clock, SystemClock};
use normwatch::model::Bundle;
use normwatch::output::{Event, EventLog, EventSink, SimulatedLine, SimulatedPin};
use normwatch::runtime::{
    Analyser, LiveOptions, LiveStats, Monitor, MonitorOptions, Pace, Progress, Scoring, Shutdown,
    UpdatePolicy, run_live,
};
use normwatch::score::Mask;

const PERIOD_MS: u64 = 10;

/// What the camera does after its frames.
#[derive(Clone, Copy)]
enum Then {
    End,
    Lose,
    Panic,
}

struct Camera {
    left: u64,
    then: Then,
    next: u64,
    pixels: Vec<u8>,
}

impl FrameSource for Camera {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.left == 0 {
            return match self.then {
                Then::End => Ok(None),
                Then::Lose => Err(SourceError::disconnected("unplugged")),
                Then::Panic => panic!("on purpose"),
            };
        }
        thread::sleep(Duration::from_millis(PERIOD_MS));
        self.left -= 1;
        let sequence = self.next;
        self.next += 1;
        self.pixels.iter_mut().enumerate().for_each(|(i, p)| *p = (i as u64 * 7 + sequence) as u8);
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: 32,
            height_px: 32,
            stride_bytes: 32,
            data: &self.pixels,
            timestamp_ns: SystemClock.monotonic_ns(),
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "a scripted camera".into()
    }
}

fn camera(frames: u64, then: Then) -> Result<Box<dyn FrameSource + Send>, SourceError> {
    Ok(Box::new(Camera { left: frames, then, next: 0, pixels: vec![0; 32 * 32] }))
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Event>>>, bool);

impl EventSink for Kept {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        if self.1 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}

type TestMonitor = Monitor<SimulatedPin, SimulatedPin, Kept>;

struct Run {
    alarm: SimulatedLine,
    fault: SimulatedLine,
    monitor: TestMonitor,
    events: Kept,
    pace: Pace,
}

impl Run {
    fn new(disk_full: bool) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/tiny-paper");
        let bundle = Bundle::load(&path).unwrap();
        let scoring = Scoring::new(None, &bundle);
        let mask = Mask::everything(32, 32);
        let analyser = Analyser::new(&bundle, mask, &scoring, UpdatePolicy::Frozen);
        let (alarm, alarm_pin) = SimulatedLine::new();
        let (fault, fault_pin) = SimulatedLine::new();
        let line = |pin| Line::new(pin, Polarity::ActiveHigh, false);
        let outputs =
            AlarmOutputs::new(line(alarm_pin), Pattern::Steady, line(fault_pin), Pattern::Steady)
                .unwrap();
        let alarm_config = AlarmConfig {
            levels: Levels { enter: 1e9, exit: 1e9 },
            min_duration_ms: 0,
            hold_ms: 0,
            cooldown_ms: 0,
            warm_up_ms: 0,
            latch: false,
            armed_at_start: true,
        };
        // A period with room for a loaded machine's jitter.
        let options = MonitorOptions {
            past_frames: 4,
            frame_spacing: 1,
            period_ns: 50 * PERIOD_MS * 1_000_000,
            alarm: alarm_config,
            stale_ms: 2000,
            log_lines: true,
        };
        let events = Kept(Arc::default(), disk_full);
        let now_ms = SystemClock.monotonic_ns() / 1_000_000;
        let log = EventLog::new(Some(events.clone()));
        let monitor = Monitor::new(options, analyser, outputs, log, now_ms);
        Self { alarm, fault, monitor, events, pace: Pace::default() }
    }

    fn go(
        &mut self,
        end_is_loss: bool,
        open: &mut (dyn FnMut() -> Result<Box<dyn FrameSource + Send>, SourceError> + Send),
        shutdown: &Shutdown,
        each: impl FnMut(u64),
    ) -> Result<LiveStats, Error> {
        let progress = Progress::new(SystemClock.monotonic_ns() / 1_000_000);
        self.go_with(progress, end_is_loss, open, shutdown, each)
    }

    fn go_with(
        &mut self,
        progress: Progress,
        end_is_loss: bool,
        open: &mut (dyn FnMut() -> Result<Box<dyn FrameSource + Send>, SourceError> + Send),
        shutdown: &Shutdown,
        mut each: impl FnMut(u64),
    ) -> Result<LiveStats, Error> {
        let options = LiveOptions {
            spec: normwatch::preprocess::InputSpec {
                width_px: 32,
                height_px: 32,
                channels: normwatch::preprocess::Channels::Luma,
                resize: normwatch::preprocess::Resize::Bilinear,
            },
            period_ns: 1,
            past_frames: 4,
            end_is_loss,
            stabilise: false,
            usual_light: None,
            progress,
            pace: self.pace.clone(),
        };
        let mut judged = 0;
        let result = run_live(
            options,
            open,
            &mut self.monitor,
            &SystemClock,
            shutdown,
            || None,
            |_, _| {
                judged += 1;
                each(judged);
            },
        );
        assert_eq!(self.alarm.is_high(), Some(false), "the alarm line is not safe");
        assert_eq!(self.fault.is_high(), Some(false), "the fault line is not safe");
        result
    }

    fn count(&self, kind: fn(&Event) -> bool) -> usize {
        self.events.0.lock().unwrap().iter().filter(|event| kind(event)).count()
    }
}

#[test]
fn a_run_judges_what_came_and_ends_safe() {
    let mut run = Run::new(false);
    let fault = run.fault.clone();
    let mut energised = false;
    let mut open = || camera(60, Then::End);
    let stats =
        run.go(false, &mut open, &Shutdown::new(), |_| energised |= fault.is_high() == Some(true));
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
    let (shutdown, mut opened, mut dropped) = (Shutdown::new(), 0, false);
    let mut open = || {
        opened += 1;
        dropped |= opened == 2 && fault.is_high() == Some(false);
        camera(20, Then::Lose)
    };
    let stop = shutdown.clone();
    let stats = run.go(true, &mut open, &shutdown, |judged| {
        if judged > 20 {
            stop.request();
        }
    });
    assert!(stats.unwrap().reopened >= 1);
    assert!(dropped, "the fault line stayed energised while the camera was gone");
    assert!(run.count(|e| matches!(e, Event::Blind { .. })) >= 1);
    assert!(run.count(|e| matches!(e, Event::Sighted { .. })) >= 2);
}

#[test]
fn a_camera_that_cannot_work_ends_the_run() {
    let mut run = Run::new(false);
    let mut open = || Err(SourceError::fatal("no such camera"));
    let error = run.go(true, &mut open, &Shutdown::new(), |_| {}).unwrap_err();
    assert!(error.to_string().contains("no such camera"));
    assert_eq!(error.exit_code(), 4);
}

#[test]
fn a_capture_thread_that_panics_ends_the_run() {
    let mut run = Run::new(false);
    let error = run.go(true, &mut || camera(8, Then::Panic), &Shutdown::new(), |_| {}).unwrap_err();
    assert_eq!(error.exit_code(), 1, "{error}");
}

#[test]
fn a_judging_thread_that_panics_leaves_the_lines_safe_and_ends() {
    let mut run = Run::new(false);
    let (alarm, fault) = (run.alarm.clone(), run.fault.clone());
    let mut open = || camera(u64::MAX, Then::End);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = run.go(true, &mut open, &Shutdown::new(), |judged| {
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
    let mut open = || camera(u64::MAX, Then::End);
    let each = |judged: u64| match (judged, writes) {
        (20, None) => {
            writes = Some(fault.writes());
            touched.touch_lines();
        }
        (40.., Some(before)) => {
            assert!(fault.writes() > before, "the fault line was not driven again");
            stop.request();
        }
        _ => {}
    };
    run.go_with(progress, false, &mut open, &shutdown, each).unwrap();
}

#[test]
fn shutdown_is_heeded_soon() {
    let mut run = Run::new(false);
    let shutdown = Shutdown::new();
    let from_outside = shutdown.clone();
    let asked = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        from_outside.request();
        Instant::now()
    });
    run.go(true, &mut || camera(u64::MAX, Then::End), &shutdown, |_| {}).unwrap();
    assert!(asked.join().unwrap().elapsed() < Duration::from_secs(1));
}

#[test]
fn a_hot_board_judges_fewer_frames_and_stays_healthy() {
    let mut run = Run::new(false);
    run.pace.set(4);
    let (fault, mut energised) = (run.fault.clone(), 0);
    let stats = run
        .go(false, &mut || camera(100, Then::End), &Shutdown::new(), |_| {
            energised += u32::from(fault.is_high() == Some(true));
        })
        .unwrap();
    let LiveStats { judged, passed_over, overtaken, .. } = stats;
    assert!(judged > 0 && passed_over >= 3 * (judged - 1), "{judged} of {passed_over}");
    // Of the four that fill the window, three are passed over for the pace.
    let total = judged + passed_over + overtaken;
    assert!((99..=100).contains(&total), "{total}");
    assert_eq!(run.count(|e| matches!(e, Event::Pace { judge_every: 4, .. })), 1);
    assert!(energised + 1 >= judged as u32, "the fault line dropped for a slower pace");
}

#[test]
fn a_full_disk_stops_nothing() {
    let mut run = Run::new(true);
    let stats = run.go(false, &mut || camera(30, Then::End), &Shutdown::new(), |_| {}).unwrap();
    assert!(stats.judged > 0);
    assert!(run.monitor.into_log().dropped() > 0);
}

#[test]
fn a_slow_network_loses_judgements_and_nothing_queues() {
    let mut run = Run::new(false);
    let slow = |_| thread::sleep(Duration::from_millis(60));
    let stats = run.go(false, &mut || camera(120, Then::End), &Shutdown::new(), slow).unwrap();
    assert!(stats.overtaken > 0, "{stats:?}");
    assert!(stats.judged < 60, "{}", stats.judged);
    let p99_ms = stats.latency.quantile_ns(0.99) / 1_000_000;
    assert!(p99_ms < 1000, "{p99_ms} ms");
}
