//! What lasts for longer than the network sees: things that stay, and a camera
//! that was turned.

use std::path::Path;

use normwatch::alarm::{LastingLine, Levels, Line, Pattern, Polarity};
use normwatch::calibrate::{BackgroundFootage, Calibration};
use normwatch::capture::{Frame, FrameSource, PixelFormat, SourceError};
use normwatch::gpio::{SimulatedLine, SimulatedLines};
use normwatch::model::Bundle;
use normwatch::output::{EventLog, JsonLines};
use normwatch::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use normwatch::replay::{PlayError, list_footage, replay_clip};
use normwatch::runtime::{Intake, Pipeline, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::Mask;

const SIDE: usize = 128;
const FPS: u64 = 10;

type Picture = Vec<u8>;

/// The demonstration's walkway, as the model sees it.
fn walkway(count: usize) -> Vec<Picture> {
    let clips = list_footage("models/walkway-clip".as_ref()).unwrap();
    let mut source = clips[0].open(FPS as f64).unwrap();
    let spec = InputSpec {
        width_px: SIDE,
        height_px: SIDE,
        channels: Channels::Luma,
        resize: Resize::Bilinear,
        relight: false,
    };
    let mut preprocessor = Preprocessor::new(spec);
    let pictures = (0..count).map(|_| {
        let frame = source.next_frame().unwrap().unwrap();
        let mut out = vec![0; spec.frame_len()];
        preprocessor.process(&frame, &mut out).unwrap();
        out
    });
    pictures.collect()
}

struct Pictures {
    pictures: Vec<Picture>,
    next: usize,
}

impl FrameSource for Pictures {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let Some(data) = self.pictures.get(self.next) else { return Ok(None) };
        let sequence = self.next as u64;
        self.next += 1;
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: SIDE as u32,
            height_px: SIDE as u32,
            stride_bytes: SIDE,
            data,
            timestamp_ns: sequence * 1_000_000_000 / FPS,
            sequence,
        }))
    }

    fn describe(&self) -> String {
        "pictures".into()
    }
}

/// By frame, whether the alarm line and the fault line are high; and the events.
struct Watched {
    lines: Vec<(bool, bool)>,
    /// The same for the lines of changes and of tampering.
    own: Vec<(bool, bool)>,
    events: Vec<serde_json::Value>,
}

impl Watched {
    /// First and last frame with the line as it should not be.
    fn span(&self, bad: impl Fn(&(bool, bool)) -> bool) -> Option<(usize, usize)> {
        span(&self.lines, bad)
    }

    fn of(&self, event: &str) -> Vec<&serde_json::Value> {
        self.events.iter().filter(|e| e["event"] == event).collect()
    }
}

fn span(lines: &[(bool, bool)], bad: impl Fn(&(bool, bool)) -> bool) -> Option<(usize, usize)> {
    let first = lines.iter().position(&bad)?;
    Some((first, lines.iter().rposition(&bad)?))
}

fn watch(
    calibration: &Calibration,
    bundle: &Bundle,
    levels: Levels,
    pictures: Vec<Picture>,
) -> Watched {
    watch_with(SlowViewOptions::default(), calibration, bundle, levels, pictures)
}

fn watch_with(
    slow: SlowViewOptions,
    calibration: &Calibration,
    bundle: &Bundle,
    levels: Levels,
    pictures: Vec<Picture>,
) -> Watched {
    let pipeline = Pipeline {
        bundle,
        mask: &Mask::everything(SIDE, SIDE),
        scoring: &Scoring::deployed(calibration.clone()),
        update: UpdatePolicy::Frozen,
        alarm: default_alarm(levels),
        stabilise: true,
        motion_gate_levels: None,
        slow,
        stale_ms: 2000,
        log_lines: true,
    };
    let (lines, mut outputs) = SimulatedLines::new(Pattern::Steady);
    let lasting = LastingLine::ALL.map(|which| (which, SimulatedLine::new()));
    let ends = lasting.each_ref().map(|(_, (end, _))| end.clone());
    for (which, (_, pin)) in lasting {
        let line = Line::new(pin, Polarity::ActiveHigh, false);
        outputs = outputs.with_lasting(which, line, Pattern::Steady).unwrap();
    }
    let is_high = |line: &SimulatedLine| line.is_high() == Some(true);
    let mut monitor = pipeline.monitor(outputs, EventLog::new(Some(JsonLines(Vec::new()))), 0);
    let source = Pictures { pictures, next: 0 };
    let mut intake = Intake::new(Box::new(source), pipeline.intake());
    let (mut shown, mut own) = (vec![(false, true); 4], vec![(false, false); 4]);
    replay_clip(&mut intake, &mut monitor, &pipeline.slots(), |_, _, _, _| {
        shown.push((is_high(&lines.alarm), is_high(&lines.fault)));
        own.push((is_high(&ends[0]), is_high(&ends[1])));
        Ok::<_, PlayError>(())
    })
    .unwrap();
    let log = monitor.into_log().into_inner().unwrap().0;
    let lines = String::from_utf8(log).unwrap();
    let events = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Watched { lines: shown, own, events }
}

fn bundle() -> Bundle {
    Bundle::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/walkway-edge")).unwrap()
}

/// The bundle's calibration, with a background of these pictures.
fn calibration(bundle: &Bundle, pictures: &[Picture]) -> Calibration {
    let mut calibration = Calibration::parse(&bundle.calibration_text().unwrap().unwrap()).unwrap();
    let mut footage = BackgroundFootage::new(SIDE, SIDE).unwrap();
    for (number, picture) in pictures.iter().enumerate() {
        footage.see(picture, number as u64 * 1_000_000_000 / FPS);
    }
    calibration.stays = Some(footage.learn(&Mask::everything(SIDE, SIDE)).unwrap().0);
    calibration
}

fn turned(picture: &Picture) -> Picture {
    let row = |row: &[u8]| row.iter().cycle().skip(45).take(SIDE).copied().collect::<Vec<u8>>();
    picture.chunks_exact(SIDE).flat_map(row).collect()
}

fn with_a_thing(mut picture: Picture) -> Picture {
    for y in 96..112 {
        for x in 20..34 {
            picture[y * SIDE + x] = if (x / 4 + y / 5) % 2 == 0 { 25 } else { 215 };
        }
    }
    picture
}

#[test]
fn a_thing_that_stays_is_an_event_and_the_alarm_line_until_it_goes() {
    let (bundle, pictures) = (bundle(), walkway(700));
    let calibration = calibration(&bundle, &pictures[..450]);
    let (came, went) = (120, 500);
    let scene = |(number, picture): (usize, Picture)| {
        if (came..went).contains(&number) { with_a_thing(picture) } else { picture }
    };
    let scene: Vec<Picture> = pictures.into_iter().enumerate().map(scene).collect();
    let never = Levels { enter: f32::INFINITY, exit: f32::INFINITY };
    let watched = watch(&calibration, &bundle, never, scene.clone());
    let (first, last) = watched.span(|(alarm, _)| *alarm).expect("no alarm");
    assert_eq!(span(&watched.own, |(changed, _)| *changed), Some((first, last)), "its own line");
    assert_eq!(span(&watched.own, |(_, tampered)| *tampered), None);
    assert!((came + 195..came + 215).contains(&first), "begins at {first}");
    assert!((went + 10..went + 60).contains(&last), "ends at {last}");
    let events = watched.of("changed");
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!((&events[0]["phase"], &events[1]["phase"]), (&"begin".into(), &"end".into()));
    let since_ms = events[0]["since_ms"].as_u64().unwrap();
    assert!((since_ms as i64 - 100 * came as i64).abs() <= 1000, "since {since_ms} ms");
    let px = |key: &str| events[0][key].as_u64().unwrap();
    assert!((12..=24).contains(&px("x_px")) && (88..=100).contains(&px("y_px")), "{:?}", events[0]);
    assert!(watched.of("tampered").is_empty());
    assert_eq!(watched.span(|(_, fault)| !fault).map(|(first, _)| first > 4), None);
    let alone = SlowViewOptions { alarm: false, ..SlowViewOptions::default() };
    let watched = watch_with(alone, &calibration, &bundle, never, scene);
    assert_eq!(watched.span(|(alarm, _)| *alarm), None, "the alarm line is left alone");
    assert_eq!(span(&watched.own, |(changed, _)| *changed), Some((first, last)));
}

#[test]
fn a_turned_camera_is_a_fault_within_five_seconds_and_no_alarm() {
    let (bundle, pictures) = (bundle(), walkway(420));
    let calibration = calibration(&bundle, &pictures[..300]);
    let (from, to) = (320, 390);
    let turn = |(number, picture): (usize, Picture)| {
        if (from..to).contains(&number) { turned(&picture) } else { picture }
    };
    let scene: Vec<Picture> = pictures.into_iter().enumerate().map(turn).collect();
    let levels = Levels { enter: 6.0, exit: 3.0 };
    let watched = watch(&calibration, &bundle, levels, scene.clone());
    let (first, last) = watched.span(|(_, fault)| !fault).expect("no fault");
    assert!((from + 25..from + 50).contains(&first), "falls at {first}");
    assert!((to + 15..to + 30).contains(&last), "until {last}");
    assert_eq!(span(&watched.own, |(_, tampered)| *tampered), Some((first, last)), "its own line");
    assert_eq!(span(&watched.own, |(changed, _)| *changed), None);
    let raised = |watched: &Watched| -> bool {
        watched.lines[from..to]
            .iter()
            .zip(&watched.lines[from - 1..])
            .any(|(now, before)| now.0 && !before.0)
    };
    assert!(!raised(&watched), "an alarm");
    assert_eq!(watched.of("tampered").len(), 2);
    assert!(watched.of("changed").is_empty());

    let blind = Calibration { stays: None, ..calibration };
    let watched = watch(&blind, &bundle, levels, scene);
    assert!(raised(&watched), "without a background it is an alarm");
    assert!(watched.of("tampered").is_empty());
}

#[test]
fn half_a_lorry_and_other_light_are_no_tampering() {
    let (bundle, pictures) = (bundle(), walkway(400));
    let calibration = calibration(&bundle, &pictures[..300]);
    let change = |(number, mut picture): (usize, Picture)| {
        let lorry = (320..340).contains(&number);
        for (index, level) in picture.iter_mut().enumerate() {
            let (x, y) = (index % SIDE, index / SIDE);
            if lorry && (20..115).contains(&x) && (20..108).contains(&y) {
                *level = 180 + (x % 7) as u8;
            } else if number >= 350 {
                let infrared = 220.0 - 0.7 * f32::from(*level);
                *level =
                    if number < 375 { (0.5 * f32::from(*level)) as u8 } else { infrared as u8 };
            }
        }
        picture
    };
    let scene: Vec<Picture> = pictures.into_iter().enumerate().map(change).collect();
    let never = Levels { enter: f32::INFINITY, exit: f32::INFINITY };
    let watched = watch(&calibration, &bundle, never, scene);
    assert!(watched.of("tampered").is_empty() && watched.of("changed").is_empty());
}
