//! The alarm line is on time, whatever becomes of those who are told: every output fails
//! at once, and the thread that judges does not notice.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use normwatch::alarm::{Levels, Pattern};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::clock::{Clock, SystemClock};
use normwatch::config::{Site, load_site};
use normwatch::event::{
    ClockQuality, Destinations, EventRecorder, InForce, Kind, Moment, Notice, Outlet, Phase, Quota,
    SCHEMA, Setup, Situation, Store,
};
use normwatch::gpio::SimulatedLines;
use normwatch::health::{Signal, Signals, Vitals};
use normwatch::model::Bundle;
use normwatch::output::{Both, Event, EventLog, EventSink, EventWriter};
use normwatch::replay::{PlayError, replay_clip};
use normwatch::runtime::{Intake, Pipeline, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::Mask;
use normwatch::{modbus, mqtt, notify};

const SIDE: usize = 32;
const FRAMES: u64 = 600;
/// With and without outputs in turn, so that whatever else the machine does meets both.
const ROUNDS: usize = 3;
/// A machine that is busy with other things takes so much more now and then.
pub const SLACK: Duration = Duration::from_millis(250);

/// Everything that can be told, and nobody who listens.
struct Failing {
    outlets: Vec<Arc<dyn Outlet>>,
    signals: Signals,
    relay: modbus::Relay,
    mqtt: mqtt::Mqtt,
    /// Connections are taken by the kernel, and nobody answers.
    _silent: TcpListener,
    _folder: tempfile::TempDir,
}

impl Failing {
    fn new() -> Self {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path(), port, dripping());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let told = notify::outlets(&site.output, clock.clone()).unwrap();
        let mut outlets: Vec<Arc<dyn Outlet>> = told.into_iter().map(Arc::from).collect();
        let identity = mqtt::Identity {
            site: "yard".into(),
            board: "simulated".into(),
            version: "0".into(),
            learns: false,
        };
        let section = site.output.mqtt.as_ref().unwrap();
        let mqtt = mqtt::start(section, &identity, Vitals::default(), clock.clone()).unwrap();
        outlets.push(Arc::new(mqtt.outlet()));
        let signals = Signals::default();
        let section = site.output.modbus.as_ref().unwrap();
        let relay = modbus::start(section, signals.clone(), clock).unwrap();
        Self { outlets, signals, relay, mqtt, _silent: silent, _folder: folder }
    }
}

/// A server that answers a letter a second, and never comes to the end of its first line.
fn dripping() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            thread::spawn(move || {
                let line = b"HTTP/1.1 200 ".iter().chain(std::iter::repeat(&b'O'));
                for letter in line {
                    if peer.write_all(&[*letter]).is_err() {
                        return;
                    }
                    thread::sleep(Duration::from_secs(1));
                }
            });
        }
    });
    port
}

fn site(folder: &Path, port: u16, dripping: u16) -> Site {
    crate::common::write_secret(&folder.join("token"), "0123456789:secret\n");
    let text = format!(
        "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
         path = \"frames\"\n[output.alarm]\nline = \"ALARM\"\n\
         [[output.hook]]\nname = \"hangs\"\ncommand = [\"/bin/sleep\", \"600\"]\n\
         [[output.hook]]\nname = \"absent\"\ncommand = [\"/nowhere/tell\"]\n\
         [[output.webhook]]\nname = \"silent\"\nurl = \"http://127.0.0.1:{port}/\"\n\
         [[output.webhook]]\nname = \"drips\"\nurl = \"http://127.0.0.1:{dripping}/\"\n\
         [output.ntfy]\nserver = \"http://127.0.0.1:{port}\"\ntopic = \"t\"\n\
         [output.telegram]\nserver = \"http://127.0.0.1:{port}\"\ntoken_file = \"token\"\n\
         chat_id = \"1\"\n\
         [output.mqtt]\nhost = \"127.0.0.1\"\nport = {port}\n\
         [output.modbus]\nhost = \"127.0.0.1\"\nport = {port}\ncoil = 0\nfault_coil = 1\n"
    );
    let file = folder.join("site.toml");
    std::fs::write(&file, text).unwrap();
    let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
    load_site(&file, &[boards]).unwrap_or_else(|e| panic!("{e}"))
}

struct Frames {
    pixels: Vec<u8>,
    next: u64,
}

impl FrameSource for Frames {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let sequence = self.next;
        if sequence == FRAMES {
            return Ok(None);
        }
        self.next += 1;
        self.pixels.iter_mut().enumerate().for_each(|(i, p)| *p = (i as u64 * 7 + sequence) as u8);
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

type Sink = Both<EventWriter, EventRecorder>;

/// A log and a folder that cannot be written, and these outlets.
fn sink(outlets: Vec<Arc<dyn Outlet>>) -> Sink {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let nowhere = Path::new("/dev/null");
    let writer = EventWriter::start(&nowhere.join("events.jsonl"), 1 << 20, clock.clone()).unwrap();
    let setup = Setup {
        hold_ms: 1000,
        site: "yard".into(),
        alarms_per_day: None,
        calibration_sha256: None,
        model_px: (SIDE, SIDE),
        zones: Vec::new(),
    };
    let store = Store::new(&nowhere.join("events"), Quota { max_bytes: 1 << 20, max_count: 10 });
    let to = Destinations { store: Some(store), outlets, ..Destinations::default() };
    Both(Some(writer), Some(EventRecorder::start(setup, to, clock).unwrap()))
}

/// How long each frame takes from the camera to the lines and the log, an event
/// beginning or ending with each.
fn times(mut told: Option<Sink>, signals: &Signals) -> Vec<Duration> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/tiny-paper");
    let bundle = Bundle::load(&path).unwrap();
    let pipeline = Pipeline {
        bundle: &bundle,
        mask: &Mask::everything(SIDE, SIDE),
        scoring: &Scoring::new(None, &bundle),
        update: UpdatePolicy::Frozen,
        alarm: default_alarm(Levels { enter: 2.0, exit: 1.0 }),
        stabilise: false,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        stale_ms: 2000,
        log_lines: true,
    };
    let (_, outputs) = SimulatedLines::new(Pattern::Steady);
    let log = EventLog::new(told.as_ref().map(|Both(a, b)| Both(a.clone(), b.clone())));
    let mut monitor = pipeline.monitor(outputs, log, 0);
    monitor.signal_to(signals.clone());
    let source = Frames { pixels: vec![0; SIDE * SIDE], next: 0 };
    let mut intake = Intake::new(Box::new(source), pipeline.intake());
    let (mut times, mut last) = (Vec::with_capacity(FRAMES as usize), Instant::now());
    replay_clip(&mut intake, &mut monitor, &pipeline.slots(), |_, _, _, sequence| {
        let time_ms = sequence * 100;
        let event = match sequence % 2 {
            0 => Event::Blind { time_ms, reason: "on purpose".into() },
            _ => Event::Sighted { time_ms },
        };
        // What finds no room is lost, and counted.
        told.iter_mut().for_each(|sink| drop(sink.record(&event)));
        signals.set(Signal { alarm: sequence % 2 == 0, well: true }, time_ms);
        times.push(last.elapsed());
        last = Instant::now();
        Ok::<_, PlayError>(())
    })
    .unwrap();
    times
}

pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

/// `cargo xtask latency` shows what it prints.
#[test]
fn the_line_is_on_time_while_every_output_fails() {
    let failing = Failing::new();
    let (mut none, mut all) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        none.extend(times(None, &Signals::default()));
        all.extend(times(Some(sink(failing.outlets.clone())), &failing.signals));
    }
    for (what, times) in [("none", &mut none), ("all, each of which fails", &mut all)] {
        times.sort_unstable();
        println!(
            "outputs: {what}: of {} frames one takes {:?} at the median, {:?} at the 99th \
             percentile",
            times.len(),
            percentile(times, 50),
            percentile(times, 99)
        );
    }
    let ms = |times: &[Duration]| percentile(times, 99).as_secs_f64() * 1e3;
    println!("outputs: the 99th percentiles differ by {:+.3} ms", ms(&all) - ms(&none));
    assert!(all.len() as u64 > ROUNDS as u64 * FRAMES / 2);
    // Whoever waited for one answer would wait for seconds, and more than one frame in
    // a hundred would.
    let (without, with) = (percentile(&none, 99), percentile(&all, 99));
    assert!(with <= without + SLACK, "{with:?} with all outputs failing, {without:?} without");
    let counts: Vec<_> = failing.outlets.iter().map(|outlet| outlet.counts()).collect();
    assert!(counts.iter().all(|counts| counts.sent == 0), "{counts:?}");
    assert_eq!(counts.len(), 7, "{counts:?}");
    assert_eq!(failing.relay.watch().counts().sent, 0);
    drop(failing.mqtt);
}

fn notice(number: u64) -> Notice {
    let clock = ClockQuality::Unsynchronised;
    let situation = Situation {
        schema: SCHEMA.into(),
        id: number.to_string(),
        site: "yard".into(),
        kind: Kind::Blind,
        reason: "on purpose".into(),
        zones: Vec::new(),
        begin: Moment { time_ms: number, unix_ms: None, clock, frame: None },
        peak: None,
        end: None,
        duration_ms: None,
        in_force: InForce { alarms_per_day: None, enter_level: 2.0, exit_level: 1.0 },
        model_sha256: String::new(),
        calibration_sha256: None,
        trace: Vec::new(),
        heat: None,
        pictures: Vec::new(),
        traits: None,
        quieted: None,
        windows: None,
    };
    Notice { phase: Phase::Begin, situation: Arc::new(situation), picture: None }
}

/// Nor do outputs wait for each other: all is told from one thread.
#[test]
fn nobody_who_tells_an_output_waits_for_its_answer() {
    const NOTICES: u64 = 2000;
    let failing = Failing::new();
    let begun = Instant::now();
    for number in 0..NOTICES {
        let notice = notice(number);
        failing.outlets.iter().for_each(|outlet| outlet.tell(&notice));
    }
    // One answer that was waited for by each would take hours.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    for outlet in &failing.outlets {
        let counts = outlet.counts();
        assert!(counts.dropped >= NOTICES - 400, "what finds no room is counted: {counts:?}");
    }
}
