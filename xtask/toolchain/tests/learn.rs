//! A board learns its own camera with the real toolchain, and is stopped in every phase.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::clock::{Clock, SimulatedClock};
use normwatch::config::{Preset, Site, load_site};
use normwatch::health::ServiceManager;
use normwatch::learn::{
    Course, CourseEnd, CourseOptions, Generations, LearnError, LearnPlace, Phase, State,
    TrainLength, input_of,
};
use normwatch::model::InputSection;
use normwatch::runtime::Shutdown;
use normwatch::station::Plan;
use normwatch_toolchain::net;

const SIDE: usize = 96;
const STEP_MS: u64 = 100;

/// Somebody walks over a ramp, at another height each time; every frame takes a tenth of
/// a second of the simulated clock.
struct Walkway {
    clock: Arc<SimulatedClock>,
    frame: Arc<AtomicU64>,
    /// Ends the program after so many frames.
    stop: Option<(u64, Shutdown)>,
    /// Is unplugged after so many.
    lose_after: Option<u64>,
    given: u64,
    pixels: Vec<u8>,
}

impl FrameSource for Walkway {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        self.given += 1;
        if let Some((after, shutdown)) = &self.stop
            && self.given > *after
        {
            shutdown.request();
        }
        if self.lose_after.is_some_and(|after| self.given > after) {
            return Err(SourceError::disconnected("unplugged"));
        }
        self.clock.advance_ms(STEP_MS);
        let t = self.frame.fetch_add(1, Ordering::Relaxed) as usize;
        let (walk, x0) = (t / 40, t % 40 * 3);
        let y0 = 10 + walk * 23 % 70;
        for (i, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = (i % SIDE, i / SIDE);
            let noise = (i * 7 + t * 13) % 5;
            let inside = x.abs_diff(x0) < 4 && y.abs_diff(y0) < 8;
            *pixel = if inside { 210 } else { (40 + x + y / 2 + noise) as u8 };
        }
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: SIDE as u32,
            height_px: SIDE as u32,
            stride_bytes: SIDE,
            data: &self.pixels,
            timestamp_ns: self.clock.monotonic_ns(),
            sequence: self.given - 1,
        }))
    }

    fn describe(&self) -> String {
        "a walkway".into()
    }
}

struct Board {
    folder: tempfile::TempDir,
    site: Site,
    clock: Arc<SimulatedClock>,
    frame: Arc<AtomicU64>,
}

/// How one call of `learn` goes.
struct Call {
    until: Option<Phase>,
    stop_after: Option<u64>,
    lose_after: Option<u64>,
    again: bool,
    toolchain: PathBuf,
}

impl Default for Call {
    fn default() -> Self {
        let toolchain = env!("CARGO_BIN_EXE_normwatch-toolchain").into();
        Self { until: None, stop_after: None, lose_after: None, again: false, toolchain }
    }
}

impl Board {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards");
        let site = "board = \"simulated\"\nbundle = \"learnt/current\"\n[learn]\n\
                    folder = \"learnt\"\narm_when_ready = true\n[camera]\nsource = \"pipe\"\n\
                    command = [\"false\"]\nformat = \"grey\"\nwidth_px = 96\nheight_px = 96\n\
                    [budget]\nalarms_per_day = 100\n[output.alarm]\nline = \"ALARM\"\n";
        let path = folder.path().join("site.toml");
        fs::write(&path, site).unwrap();
        let site = load_site(&path, &[boards]).unwrap_or_else(|e| panic!("{e}"));
        let clock = Arc::new(SimulatedClock::new(1_700_000_000_000_000_000));
        Self { folder, site, clock, frame: Arc::new(AtomicU64::new(0)) }
    }

    fn learnt(&self) -> PathBuf {
        self.folder.path().join("learnt")
    }

    fn state(&self) -> State {
        State::load(&LearnPlace::new(&self.learnt())).unwrap().unwrap()
    }

    fn generations(&self) -> Generations {
        Generations::new(&self.learnt())
    }

    fn learn(&self, call: Call) -> Result<CourseEnd, LearnError> {
        let shutdown = Shutdown::new();
        let section = self.site.learn.as_ref().unwrap();
        let course = Course {
            site: &self.site,
            section,
            options: CourseOptions {
                observe_s: 60.0,
                settle_s: 40.0,
                length: TrainLength::Steps(24),
                from: None,
                until: call.until,
                accept_calm: false,
                again: call.again,
            },
            toolchain: &call.toolchain,
            service: ServiceManager::from_environment(),
            clock: &*self.clock,
            shutdown: &shutdown,
        };
        let mut lose_after = call.lose_after;
        let mut open = || {
            Ok(Box::new(Walkway {
                clock: self.clock.clone(),
                frame: self.frame.clone(),
                stop: call.stop_after.map(|after| (after, shutdown.clone())),
                lose_after: lose_after.take(),
                given: 0,
                pixels: vec![0; SIDE * SIDE],
            }) as Box<dyn FrameSource + Send>)
        };
        course.run(&mut open).map(|(_, end)| end)
    }
}

fn until(phase: Phase) -> Call {
    Call { until: Some(phase), ..Call::default() }
}

#[test]
fn a_board_learns_its_camera_through_a_stop_in_every_phase() {
    let board = Board::new();
    let stopped = board.learn(Call { stop_after: Some(200), ..Call::default() }).unwrap();
    assert_eq!(stopped, CourseEnd::Stopped);
    let state = board.state();
    assert!(state.phase == Phase::Observe && state.clips > 5, "{state:?}");
    assert!((15.0..25.0).contains(&state.observed_s), "{state:?}");
    // Half a clip, as a power cut leaves it, and an unplugged camera.
    fs::create_dir(board.learnt().join("observed/part")).unwrap();
    fs::write(board.learnt().join("observed/part/000000.png"), "half").unwrap();
    let seen = board.learn(Call { lose_after: Some(100), ..until(Phase::Observe) }).unwrap();
    assert_eq!(seen, CourseEnd::Until(Phase::Observe));
    let state = board.state();
    assert!(state.phase == Phase::Train && state.losses == 1, "{state:?}");
    assert!((60.0..61.0).contains(&state.observed_s), "what was seen before counts: {state:?}");

    // A training that goes on where the last one stopped, or begins again.
    fs::create_dir(board.learnt().join("run-1")).unwrap();
    fs::write(board.learnt().join("run-1/run.toml"), "half").unwrap();
    assert_eq!(board.learn(until(Phase::Train)).unwrap(), CourseEnd::Until(Phase::Train));
    assert!(board.learnt().join("run-1/best.safetensors").is_file());
    // A draft that a power cut has left.
    fs::create_dir(board.learnt().join("draft-1-f32")).unwrap();
    assert_eq!(board.learn(until(Phase::Prove)).unwrap(), CourseEnd::Until(Phase::Prove));
    let proven = board.generations().list().unwrap();
    assert!(proven.len() == 1 && !proven[0].calibrated && !proven[0].current, "{proven:?}");
    assert_eq!(board.generations().current(), None, "nothing watches that has not settled");
    // The cut came between the bundle and the state.
    let mut state = board.state();
    state.phase = Phase::Prove;
    state.save(&LearnPlace::new(&board.learnt())).unwrap();

    let stopped = board.learn(Call { stop_after: Some(150), ..Call::default() }).unwrap();
    assert_eq!((stopped, board.state().phase), (CourseEnd::Stopped, Phase::Settle));
    let half = board.state().settled_s;
    assert!((10.0..20.0).contains(&half), "{half}");
    let lost = Call { lose_after: Some(100), ..Call::default() };
    assert_eq!(board.learn(lost).unwrap(), CourseEnd::Ready { armed: true });
    let state = board.state();
    assert_eq!(state.losses, 2, "the camera that was lost while it settled is back");
    assert!(state.phase == Phase::Watch && state.verdict.unwrap().is_supported(), "{state:?}");
    assert!(!board.learnt().join("terms-1.bin").exists());
    let plan = Plan::load(&board.site).unwrap();
    assert!(plan.budget.enter_level > plan.budget.exit_level, "{:?}", plan.budget);
    assert_eq!(board.learn(Call::default()).unwrap(), CourseEnd::Ready { armed: true });

    // What fails later leaves what watches.
    let again = Call { again: true, toolchain: "/bin/false".into(), ..Call::default() };
    let error = board.learn(again).unwrap_err();
    assert!(matches!(error, LearnError::Toolchain { code: Some(1), .. }), "{error}");
    let state = board.state();
    assert_eq!((state.phase, state.generation), (Phase::Train, 2));
    assert!(state.last_error.unwrap().contains("the bundle that was there before stays"));
    assert_eq!(board.generations().current(), Some(1));
    Plan::load(&board.site).unwrap();
}

/// The runtime tells the toolchain which frames to train for; they are the preset's.
#[test]
fn the_frames_that_are_stored_are_those_of_the_preset() {
    for (own, theirs) in [(Preset::Nano, net::Preset::Nano), (Preset::Edge, net::Preset::Edge)] {
        assert_eq!(own.name(), theirs.name());
        // What is stored is what the camera showed; the training relights it.
        let input = theirs.values().input;
        assert_eq!(input_of(own), InputSection { relight: false, ..input });
    }
}
