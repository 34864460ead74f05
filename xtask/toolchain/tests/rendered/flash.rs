//! What events write to the flash: nothing while nothing happens, and a few pictures of
//! each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use normwatch::clock::SystemClock;
use normwatch::config::AlarmSection;
use normwatch::event::{Destinations, PictureRing, Quota, ReplayedEvents, Setup, Store};
use normwatch::output::{Both, EventSink, EventWriter};
use normwatch_scene::params::{AnomalyKind, SceneParams};

use super::footage::{LEAD_IN_S, bundle, calibration, options, play, scene};

/// Every file below a folder, with its size and when it was written last.
type Written = BTreeMap<PathBuf, (u64, SystemTime)>;

fn written(folder: &Path) -> Written {
    let (mut files, mut folders) = (Written::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let known = entry.metadata().unwrap();
            match known.is_dir() {
                true => folders.push(entry.path()),
                false => {
                    files.insert(entry.path(), (known.len(), known.modified().unwrap()));
                }
            }
        }
    }
    files
}

fn bytes(files: &Written) -> u64 {
    files.values().map(|(bytes, _)| bytes).sum()
}

/// The files of log and events once the watch has begun, and when the clip is over.
fn watch(params: &SceneParams) -> (Written, Written) {
    let (folder, bundle) = (tempfile::tempdir().unwrap(), bundle());
    let usual = AlarmSection::default();
    let mut options = options(&bundle, calibration(&bundle), usual.min_duration_ms);
    let pictures = PictureRing::new(64_000_000);
    options.pictures = Some(pictures.clone());
    let input = bundle.manifest().input;
    let setup = Setup {
        site: "yard".into(),
        alarms_per_day: Some(1.0),
        hold_ms: options.alarm.hold_ms,
        calibration_sha256: options.scoring.calibration_sha256(),
        model_px: (input.width_px, input.height_px),
        zones: Vec::new(),
    };
    let quota = Quota { max_bytes: 500_000_000, max_count: 1000 };
    let store = Some(Store::new(&folder.path().join("events"), quota));
    let to = Destinations { pictures: Some(pictures), store, ..Destinations::default() };
    let events = ReplayedEvents::new(setup, to);
    let log = folder.path().join("events.jsonl");
    let mut log = EventWriter::start(&log, 10_000_000, Arc::new(SystemClock)).unwrap();
    let sink = Both(Some(log.clone()), Some(events.clone()));
    let (mut begun, exit) = (None, options.alarm.levels.exit);
    play(params, 301, (&bundle, &options), Some(sink), &mut |playing| {
        let score = playing.step.score.as_ref().unwrap();
        events.judged(&score.sample(playing.error_map, exit).unwrap());
        if begun.is_none() && score.sequence >= u64::from((LEAD_IN_S - 4) * params.fps) {
            log.flush().unwrap();
            begun = Some(written(folder.path()));
        }
    });
    assert_eq!(events.finish(), 0, "all are stored");
    log.flush().unwrap();
    (begun.unwrap(), written(folder.path()))
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let (begun, over) = watch(&scene(40, 0.0, &[]));
    assert!(begun.keys().all(|file| file.ends_with("events.jsonl")), "{begun:?}");
    println!("the start of a watch: {} bytes of the log", bytes(&begun));
    println!("36 seconds without an event: {} bytes", bytes(&over) - bytes(&begun));
    assert_eq!(begun, over, "not a byte, and no file again");
}

/// `cargo test -p normwatch-toolchain --test rendered -- flash --nocapture` shows what it
/// prints.
#[test]
fn three_events_write_their_pictures_and_a_few_lines() {
    let kinds = [AnomalyKind::Cyclist, AnomalyKind::Cart, AnomalyKind::Cyclist];
    let params = SceneParams { width_px: 640, height_px: 360, ..scene(60, 0.0, &kinds) };
    let (begun, over) = watch(&params);
    let of = |name: &str| -> Written {
        let files = over.iter().filter(|(file, _)| file.to_str().unwrap().ends_with(name));
        files.map(|(file, known)| (file.clone(), *known)).collect()
    };
    let (pictures, texts, log) = (of(".jpg"), of("/event.json"), of("/events.jsonl"));
    println!("three events at 640x360, {} bytes in all:", bytes(&over) - bytes(&begun));
    println!("  {} pictures, {} bytes", pictures.len(), bytes(&pictures));
    println!("  {} texts, {} bytes", texts.len(), bytes(&texts));
    println!("  the log, {} bytes", bytes(&log) - bytes(&begun));
    assert_eq!((texts.len(), log.len()), (3, 1), "{over:?}");
    assert_eq!(over.len(), pictures.len() + texts.len() + log.len(), "nothing else: {over:?}");
    assert!((6..=12).contains(&pictures.len()), "{over:?}");
    assert!(bytes(&over) - bytes(&begun) < 3 * 500_000, "{over:?}");
}
