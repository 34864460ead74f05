//! The power is cut at each byte that the page writes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use normwatch::alarm::{AlarmConfig, Input, Levels};
use normwatch::calibrate::Calibration;
use normwatch::clock::SimulatedClock;
use normwatch::runtime::default_alarm;
use normwatch::trace::{Scale, Trace, TraceOptions};
use normwatch::web::Settings;
use normwatch_faults::took;

use crate::common::Bench;

const OLD: &str = "{\"version\":2,\"site_alarms_per_day\":1.0,\"applied\":\
    [{\"alarms_per_day\":0.5,\"since_unix_ms\":7}]}";
const NEW: &str = "{\"version\":3,\"site_alarms_per_day\":1.0,\"applied\":\
    [{\"alarms_per_day\":0.5,\"since_unix_ms\":7},{\"alarms_per_day\":9.0,\"since_unix_ms\":8}]}";

/// A budget is written beside the old one, which then is replaced. A file system may bring
/// back less of it than that.
#[test]
fn a_budget_that_was_cut_is_the_old_the_new_or_the_site_files() {
    let folder = tempfile::tempdir().unwrap();
    let in_force = |settings: &str, part: Option<&str>| {
        fs::write(folder.path().join("settings.json"), settings).unwrap();
        let beside = folder.path().join("settings.json.part");
        part.map_or_else(
            || drop(fs::remove_file(&beside)),
            |part| fs::write(&beside, part).unwrap(),
        );
        let begun = Instant::now();
        let in_force = Settings::open(folder.path(), 1.0).in_force().alarms_per_day;
        (in_force, begun.elapsed())
    };
    let mut longest = Duration::ZERO;
    for cut in 0..=NEW.len() {
        let (budget, took) = in_force(OLD, Some(&NEW[..cut]));
        assert_eq!(budget, 0.5, "cut at {cut}, before the new one took its place");
        let (budget, after) = in_force(&NEW[..cut], None);
        let whole = cut == NEW.len();
        assert_eq!(budget, if whole { 9.0 } else { 1.0 }, "cut at {cut}, and not brought back");
        longest = longest.max(took).max(after);
    }
    took("page-budget-cut", longest);
}

fn alarm() -> AlarmConfig {
    AlarmConfig { min_duration_ms: 0, ..default_alarm(Levels { enter: 6.0, exit: 5.0 }) }
}

/// Of a run that begins at this date: no two have the same.
fn trace(folder: &Path, scale: Scale, wall_ns: u64) -> Trace {
    let options = TraceOptions { folder: Some(folder.into()), days: 7, scale };
    Trace::start(options, Arc::new(SimulatedClock::new(wall_ns))).unwrap()
}

/// Waits until so much is stored.
fn await_ms(folder: &Path, scale: Scale, watched_ms: u64) {
    let begun = Instant::now();
    loop {
        let stored = trace(folder, scale, 0).recount(&alarm());
        if stored.watched_ms == watched_ms {
            return;
        }
        assert!(begun.elapsed().as_secs() < 60, "{watched_ms} ms are not stored: {stored:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const RUN_MS: u64 = 9900;

/// A run of so long with one alarm.
fn run(trace: &Trace) {
    trace.begin(0, true);
    for n in 0..100 {
        trace.tell(n * 100, Input::Score(if (50..60).contains(&n) { 9.0 } else { 0.1 }));
    }
    trace.end();
}

fn the_only_file(folder: &Path) -> std::path::PathBuf {
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn scores_that_were_cut_are_left_out_and_the_next_ones_kept() {
    let bench = Bench::calibrated();
    let calibration = Calibration::parse(&bench.calibration()).unwrap();
    let scale = Scale::new(&calibration, &alarm());
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    let told = trace(&first, scale, 1);
    run(&told);
    await_ms(&first, scale, RUN_MS);
    let bytes = fs::read(the_only_file(&first)).unwrap();
    assert!(bytes.len() > 100, "{} bytes", bytes.len());
    let mut longest = Duration::ZERO;
    for cut in 0..=bytes.len() {
        let folder = folder.path().join(cut.to_string());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("00000001.trace"), &bytes[..cut]).unwrap();
        let begun = Instant::now();
        let again = trace(&folder, scale, 2);
        longest = longest.max(begun.elapsed());
        let kept = again.recount(&alarm());
        let kept_ms = if cut == bytes.len() { RUN_MS } else { 0 };
        assert_eq!(kept.watched_ms, kept_ms, "cut at {cut}");
        if cut % 50 == 0 {
            run(&again);
            await_ms(&folder, scale, kept_ms + RUN_MS);
        }
    }
    took("page-scores-cut", longest);
}
