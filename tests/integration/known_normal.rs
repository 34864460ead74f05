//! "That was normal": the same again is told and not raised, and nothing else is quiet.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use normwatch::alarm::{AlarmConfig, Levels, Pattern};
use normwatch::calibrate::Calibration;
use normwatch::event::{
    Destinations, Kind, Quota, ReplayedEvents, Setup, Situation, Store, read_all,
};
use normwatch::feedback::{InForce, KnownNormal, Quiet};
use normwatch::gpio::SimulatedLines;
use normwatch::model::Bundle;
use normwatch::output::{Both, Event, EventLog, EventSink};
use normwatch::replay::{PlayError, list_footage, replay_clip};
use normwatch::runtime::{Intake, Pipeline, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::Mask;
use serde_json::Value;

use crate::common::{Bench, SIDE_PX, json, picture, stderr, write_png};

const FPS: f64 = 10.0;
/// The frames in which something flickers.
const ODD: std::ops::Range<usize> = 40..70;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Event>>>);

impl EventSink for Kept {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}

struct Ground {
    bench: Bench,
    bundle: Bundle,
    calibration: Calibration,
}

/// What came of a clip.
struct Played {
    /// The highest score of the frames before something flickers, and of the others.
    peaks: [f32; 2],
    /// Frames at which the alarm line was high.
    alarmed: usize,
    quieted: Vec<Event>,
    events: Vec<Situation>,
}

impl Ground {
    fn new() -> Self {
        let bench = Bench::calibrated();
        let bundle = Bundle::load(&bench.path("bundle")).unwrap();
        let calibration = Calibration::parse(&bench.calibration()).unwrap();
        Self { bench, bundle, calibration }
    }

    /// A normal clip in which a square flickers, so strongly.
    fn clip(&self, name: &str, corners: &[(usize, usize)], strength: u8) {
        let folder = self.bench.path(name).join("a");
        fs::create_dir_all(&folder).unwrap();
        for frame in 0..100 {
            let mut pixels = picture(frame + 10, 2 + frame * 7 % 5, false);
            let is_odd = ODD.contains(&frame) && frame % 2 == 0;
            for &(x, y) in corners.iter().filter(|_| is_odd) {
                for at in (0..16).map(|at| (y + at / 4) * SIDE_PX + x + at % 4) {
                    pixels[at] = pixels[at].saturating_add(strength);
                }
            }
            write_png(&folder.join(format!("{frame:04}.png")), &pixels, SIDE_PX);
        }
    }

    fn play(&self, name: &str, alarm: AlarmConfig, known: &KnownNormal) -> Played {
        let scoring = Scoring::deployed(self.calibration.clone());
        let mask = Mask::everything(SIDE_PX, SIDE_PX);
        let pipeline = Pipeline {
            bundle: &self.bundle,
            mask: &mask,
            scoring: &scoring,
            update: UpdatePolicy::Frozen,
            alarm,
            stabilise: false,
            motion_gate_levels: None,
            slow: SlowViewOptions::default(),
            stale_ms: 2000,
            log_lines: true,
        };
        let folder = self.bench.path("events");
        let store = Store::new(&folder, Quota { max_bytes: 1 << 30, max_count: 100 });
        store.clear().unwrap();
        let setup = Setup {
            site: name.into(),
            alarms_per_day: None,
            hold_ms: alarm.hold_ms,
            calibration_sha256: scoring.calibration_sha256(),
            model_px: (SIDE_PX, SIDE_PX),
            zones: Vec::new(),
        };
        let to = Destinations { store: Some(store), ..Destinations::default() };
        let (events, kept) = (ReplayedEvents::new(setup, to), Kept::default());
        let log = EventLog::new(Some(Both(Some(kept.clone()), Some(events.clone()))));
        let (lines, outputs) = SimulatedLines::new(Pattern::Steady);
        let mut monitor = pipeline.monitor(outputs, log, 0);
        let in_force = InForce::default();
        let calibration = scoring.calibration_sha256();
        let model = self.bundle.model_sha256();
        in_force.put(Quiet::of(known.clone(), model, calibration.as_deref()));
        monitor.keep_quiet(in_force);
        let clip = list_footage(&self.bench.path(name)).unwrap().remove(0);
        let mut intake = Intake::new(clip.open(FPS).unwrap(), pipeline.intake());
        let (mut peaks, mut alarmed) = ([0.0_f32; 2], 0);
        replay_clip(&mut intake, &mut monitor, &pipeline.slots(), |step, monitor, _, frame| {
            let score = step.score.unwrap();
            let whole = score.surprise.unwrap().score;
            let peak = &mut peaks[usize::from(frame as usize >= ODD.start)];
            *peak = peak.max(whole);
            alarmed += usize::from(lines.alarm.is_high() == Some(true));
            let map = monitor.analyser().error_map();
            let sample = score.sample(map, alarm.levels.exit).unwrap();
            events.judged(&sample);
            Ok::<_, PlayError>(())
        })
        .unwrap();
        events.finish();
        let mut quieted = kept.0.lock().unwrap().clone();
        quieted.retain(|event| matches!(event, Event::Quieted { .. }));
        let events = read_all(&folder).unwrap();
        let events = events.into_iter().map(|event| event.situation).collect();
        Played { peaks, alarmed, quieted, events }
    }
}

/// As strong as what is dismissed, and stronger.
const WEAK: u8 = 40;
const STRONG: u8 = 160;
const HERE: (usize, usize) = (3, 3);
const THERE: (usize, usize) = (24, 22);

impl Ground {
    /// With clips of something here, there, in both places, and here but stronger; and
    /// an alarm that each of them raises.
    fn with_clips() -> (Self, AlarmConfig) {
        let ground = Self::new();
        ground.clip("here", &[HERE], WEAK);
        ground.clip("there", &[THERE], WEAK);
        ground.clip("both", &[HERE, THERE], WEAK);
        ground.clip("strong", &[HERE], STRONG);
        let never = default_alarm(Levels { enter: f32::INFINITY, exit: f32::INFINITY });
        let peaks = |name: &str| ground.play(name, never, &KnownNormal::default()).peaks;
        let [usual, here] = peaks("here");
        let (there, strong) = (peaks("there")[1], peaks("strong")[1]);
        let least = here.min(there);
        let levels = Levels { enter: 0.8 * least, exit: 0.6 * least };
        assert!(usual < levels.exit, "{usual} {least}");
        assert!(strong > 1.2 * here + 0.1, "{strong} {here}");
        (ground, AlarmConfig { min_duration_ms: 100, ..default_alarm(levels) })
    }

    /// What is known once the alarm of a clip was dismissed.
    fn dismissed(&self, name: &str, alarm: AlarmConfig) -> KnownNormal {
        let played = self.play(name, alarm, &KnownNormal::default());
        assert!(played.alarmed > 0 && played.quieted.is_empty(), "{name}");
        assert_eq!(played.events.len(), 1, "{:?}", played.events);
        let mut known = KnownNormal::default();
        known.add(&played.events[0], 7).unwrap();
        known
    }
}

#[test]
fn the_same_again_is_told_and_not_raised_until_it_is_revoked() {
    let (ground, alarm) = Ground::with_clips();
    let mut known = ground.dismissed("here", alarm);
    let again = ground.play("here", alarm, &known);
    assert_eq!(again.alarmed, 0, "{:?}", again.quieted);
    let phases = again.quieted.iter().map(|event| match event {
        Event::Quieted { phase, known, .. } => (*phase, *known),
        other => panic!("{other:?}"),
    });
    assert_eq!(phases.collect::<Vec<_>>(), [("begin", 1), ("end", 1)]);
    let [event] = &again.events[..] else { panic!("{:?}", again.events) };
    assert_eq!((event.kind, event.quieted), (Kind::Anomaly, Some(1)));
    assert!(event.is_over() && event.peak.is_some(), "{event:?}");
    assert!(event.reason.contains("known as normal (entry 1)"), "{}", event.reason);
    assert!(known.add(event, 8).is_err(), "it was quiet already");
    known.revoke(1).unwrap();
    let raised = ground.play("here", alarm, &known);
    assert!(raised.alarmed > 0 && raised.quieted.is_empty());
    assert_eq!(raised.events[0].quieted, None);
}

#[test]
fn another_place_a_stronger_one_and_something_beside_it_are_raised() {
    let (ground, alarm) = Ground::with_clips();
    let known = ground.dismissed("here", alarm);
    let usual = ground.play("there", alarm, &KnownNormal::default()).alarmed;
    for name in ["there", "strong", "both"] {
        let played = ground.play(name, alarm, &known);
        assert!(played.alarmed > 0, "{name} is quiet: {:?}", played.quieted);
        assert_eq!(played.events[0].quieted.is_some(), !played.quieted.is_empty(), "{name}");
    }
    assert_eq!(ground.play("there", alarm, &known).alarmed, usual, "as if nothing were known");
    let mut both = known;
    let there = ground.play("there", alarm, &KnownNormal::default());
    both.add(&there.events[0], 8).unwrap();
    assert_eq!(ground.play("both", alarm, &both).alarmed, 0, "two entries explain it together");
}

/// The demonstration's clip, watched once as a site that also learns: the lines of its log and
/// its events. A busy machine leaves frames out, and then it is not the same again.
fn watch(bench: &Bench) -> (Vec<Value>, Vec<Value>) {
    let events = || {
        let listed = bench.run(&["events", "list", "--config", "site.toml", "--json"]);
        let Value::Array(events) = json(&listed.stdout) else { panic!("{}", stderr(&listed)) };
        events
    };
    let (before, patience) = (events(), Instant::now() + Duration::from_secs(300));
    loop {
        let _ = fs::remove_file(bench.path("events.jsonl"));
        let done = bench.run(&["run", "--config", "site.toml", "--json"]);
        assert!(done.status.success(), "{}", stderr(&done));
        let left_out = ["overtaken", "passed_over", "dropped", "skipped", "missed"]
            .map(|key| json(&done.stdout)[key].as_u64().unwrap());
        if left_out == [0; 5] {
            let log = fs::read_to_string(bench.path("events.jsonl")).unwrap();
            return (log.lines().map(|line| json(line.as_bytes())).collect(), events());
        }
        assert!(Instant::now() < patience, "too busy to judge every frame: {left_out:?}");
        for event in events().into_iter().filter(|event| !before.contains(event)) {
            fs::remove_dir_all(bench.path(event["folder"].as_str().unwrap())).unwrap();
        }
    }
}

fn raised(log: &[Value]) -> bool {
    log.iter().any(|event| event["to"] == "alarm")
}

#[test]
fn a_dismissed_alarm_of_a_site_is_quiet_and_learnt_until_it_is_revoked() {
    let bench = Bench::new();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let mut frames: Vec<_> =
        fs::read_dir(models.join("walkway-clip/frames/204")).unwrap().collect();
    frames.sort_by_key(|entry| entry.as_ref().unwrap().path());
    fs::create_dir_all(bench.path("test/a")).unwrap();
    for entry in &frames[130..200] {
        let path = entry.as_ref().unwrap().path();
        fs::copy(&path, bench.path("test/a").join(path.file_name().unwrap())).unwrap();
    }
    let site = format!(
        "board = \"simulated\"\nbundle = \"{}\"\n[learn]\nfolder = \"learnt\"\npreset = \"edge\"\n\
         [camera]\nsource = \"folder\"\npath = \"test/a\"\n[alarm]\nwarm_up_ms = 0\n\
         [output.alarm]\nline = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n\
         [output.events]\npath = \"events.jsonl\"\nfolder = \"kept\"\n",
        models.join("walkway-edge").display()
    );
    fs::write(bench.path("site.toml"), site).unwrap();
    let normal = |args: &[&str]| {
        let done = bench.run(&[&["normal", "--config", "site.toml"], args].concat());
        (done.status.code(), format!("{}{}", String::from_utf8_lossy(&done.stdout), stderr(&done)))
    };
    assert_eq!(normal(&["--last"]).0, Some(2), "there is none yet");
    let (log, events) = watch(&bench);
    assert!(raised(&log) && events[0]["situation"]["windows"].is_object(), "{events:?}");
    let (code, said) = normal(&["--last"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("by entry 1") && said.contains("the next learning takes"), "{said}");
    let listed = normal(&["--list"]).1;
    assert!(listed.contains(events[0]["situation"]["id"].as_str().unwrap()), "{listed}");
    assert!(bench.path("learnt/fed-back").is_dir());

    let (log, events) = watch(&bench);
    assert!(!raised(&log), "{log:?}");
    assert!(log.iter().any(|event| event["event"] == "quieted"), "{log:?}");
    assert_eq!(events[1]["situation"]["quieted"], 1, "{events:?}");

    let (code, said) = normal(&["--revoke", "1"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nor learnt"), "{said}");
    assert_eq!(normal(&["--revoke", "1"]).0, Some(2));
    assert!(raised(&watch(&bench).0), "what was revoked is raised again");

    fs::write(bench.path("kept/known-normal.json"), "{").unwrap();
    let (code, said) = normal(&["--list"]);
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("nothing is quieted; remove the file"), "{said}");
}
