//! What those who look at the page cost the thread that judges.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use normwatch::alarm::{Levels, Pattern};
use normwatch::calibrate::Calibration;
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::event::PictureRing;
use normwatch::gpio::SimulatedLines;
use normwatch::health::Vitals;
use normwatch::model::Bundle;
use normwatch::output::{EventLog, JsonLines};
use normwatch::replay::{PlayError, replay_clip};
use normwatch::runtime::{Intake, Pipeline, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::Mask;
use normwatch::trace::{Scale, Trace};
use normwatch::web;

use crate::common::Bench;
use crate::latency::{SLACK, percentile};

/// Who look at the same time.
const VIEWERS: [usize; 3] = [0, 1, 8];
/// By turns, so that whatever else the machine does meets all of them.
const ROUNDS: usize = 5;
const TURN: Duration = Duration::from_secs(1);
const SIDE: usize = 320;
const LEVELS: Levels = Levels { enter: 2.0, exit: 1.0 };

/// Frames as fast as they are taken, until a turn is over.
struct Frames {
    pixels: Vec<u8>,
    next: u64,
    end: Instant,
    given: Arc<Mutex<Instant>>,
}

impl FrameSource for Frames {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if Instant::now() >= self.end {
            return Ok(None);
        }
        let sequence = self.next;
        self.next += 1;
        let row = sequence as usize % SIDE * SIDE;
        self.pixels[row..row + SIDE].fill((sequence * 7) as u8);
        *self.given.lock().unwrap() = Instant::now();
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: SIDE as u32,
            height_px: SIDE as u32,
            stride_bytes: SIDE,
            data: &self.pixels,
            timestamp_ns: sequence * 100_000_000,
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "made up".into()
    }
}

/// A page in this process, and what it is told.
struct Page {
    address: SocketAddr,
    vitals: Vitals,
    history: web::History,
    pictures: PictureRing,
}

impl Page {
    fn serve(calibration: &Calibration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let alarm = default_alarm(LEVELS);
        let page = Self {
            address,
            vitals: Vitals::default(),
            history: web::History::default(),
            pictures: PictureRing::new(8 << 20),
        };
        let trace = Trace::of_footage(Scale::new(calibration, &alarm));
        let shown = web::PageOptions {
            pictures: Some(page.pictures.clone()),
            history: page.history.clone(),
            events: None,
            masks: Vec::new(),
            zones: Vec::new(),
            tuning: web::Tuning { trace, calibration: calibration.clone(), alarm },
            alarms_per_day: 1.0,
            is_of_site: false,
            control: None,
        };
        let options =
            web::WebOptions { listen: address, token: None, names: Vec::new(), page: Some(shown) };
        let (identity, vitals) = (web::Identity::default(), page.vitals.clone());
        web::serve_on(listener, options, identity, vitals, Arc::new(Vec::new)).unwrap();
        page
    }

    /// As many viewers, half of them of numbers and half of pictures, once they look.
    fn viewers(&self, count: usize) -> Vec<(TcpStream, JoinHandle<()>)> {
        (0..count).map(|index| self.viewer(["state.stream", "frame.mjpg"][index % 2])).collect()
    }

    fn viewer(&self, path: &str) -> (TcpStream, JoinHandle<()>) {
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < Duration::from_secs(60), "no place is free");
            let mut stream = TcpStream::connect(self.address).unwrap();
            write!(stream, "GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            let mut status = [0; 12];
            stream.read_exact(&mut status).unwrap();
            if status.ends_with(b"200") {
                let mut own = stream.try_clone().unwrap();
                let reads = move || while own.read(&mut [0; 65536]).is_ok_and(|count| count > 0) {};
                return (stream, thread::spawn(reads));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// How long each frame of a turn takes from the camera to the lines.
fn turn(page: &Page, bundle: &Bundle, scoring: &Scoring) -> Vec<Duration> {
    let pipeline = Pipeline {
        bundle,
        mask: &Mask::everything(32, 32),
        scoring,
        update: UpdatePolicy::Frozen,
        alarm: default_alarm(LEVELS),
        stabilise: false,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        stale_ms: 2000,
        log_lines: false,
    };
    let (_, outputs) = SimulatedLines::new(Pattern::Steady);
    let mut monitor = pipeline.monitor(outputs, EventLog::<JsonLines<Vec<u8>>>::new(None), 0);
    let given = Arc::new(Mutex::new(Instant::now()));
    let source = Frames {
        pixels: vec![0; SIDE * SIDE],
        next: 0,
        end: Instant::now() + TURN,
        given: given.clone(),
    };
    let pictures = Some(page.pictures.clone());
    let mut intake = Intake::new(Box::new(source), pipeline.intake()).keeping(pictures);
    let mut times = Vec::new();
    replay_clip(&mut intake, &mut monitor, &pipeline.slots(), |step, monitor, _, _| {
        if let Some(score) = &step.score
            && let Some(sample) = score.sample(monitor.analyser().error_map(), f32::NEG_INFINITY)
        {
            page.history.judged(sample);
        }
        page.vitals.note(|reading| reading.judged += 1);
        times.push(given.lock().unwrap().elapsed());
        Ok::<_, PlayError>(())
    })
    .unwrap();
    times
}

/// `cargo xtask latency` shows what it prints.
#[test]
fn the_line_is_on_time_whoever_looks() {
    let bench = Bench::calibrated();
    let bundle = Bundle::load(&bench.path("bundle")).unwrap();
    let calibration = Calibration::parse(&bench.calibration()).unwrap();
    let page = Page::serve(&calibration);
    let scoring = Scoring::new(Some(calibration), &bundle);
    let mut times = VIEWERS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (count, times) in VIEWERS.into_iter().zip(&mut times) {
            let viewers = page.viewers(count);
            times.extend(turn(&page, &bundle, &scoring));
            for (stream, reads) in viewers {
                stream.shutdown(Shutdown::Both).unwrap();
                reads.join().unwrap();
            }
        }
    }
    let seconds = TURN.as_secs_f64() * ROUNDS as f64;
    for (count, times) in VIEWERS.into_iter().zip(&mut times) {
        times.sort_unstable();
        println!(
            "viewers: {count}: {:.0} judged frames a second; a frame takes {:?} to the lines at \
             the median, {:?} at the 99th percentile",
            times.len() as f64 / seconds,
            percentile(times, 50),
            percentile(times, 99)
        );
    }
    let [none, .., all] = times.each_ref().map(|times| percentile(times, 99));
    assert!(all <= none + SLACK, "{all:?} with eight viewers, {none:?} without");
}
