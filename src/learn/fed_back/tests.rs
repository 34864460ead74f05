use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::config::Preset;
use crate::event::{ClockQuality, InForce, Kind, Moment, SCHEMA};
use crate::learn::place::input_of;
use crate::output::ImageFormat;
use crate::preprocess::InputSpec;

/// An event of so many frames, a gap after the twentieth, in its folder.
fn event(folder: &Path, id: &str, frames: usize) -> Archived {
    let input = input_of(Preset::Nano);
    let spec = input.spec();
    let (width_px, height_px) = (spec.width_px, spec.height_px);
    let pixels: Vec<u8> = (0..frames).flat_map(|n| vec![n as u8; width_px * height_px]).collect();
    let whole = InputSpec { height_px: height_px * frames, ..spec };
    let mut png = Vec::new();
    ImageFormat::Png.encode(whole, &pixels, &mut png).unwrap();
    let time_ms = |n: u64| 100 * n + if n < 20 { 0 } else { 500 };
    let times_ms = (0..frames as u64).map(time_ms).collect();
    let clock = ClockQuality::Synchronised;
    let situation = Situation {
        schema: SCHEMA.into(),
        id: id.into(),
        site: "yard".into(),
        kind: Kind::Anomaly,
        reason: String::new(),
        zones: Vec::new(),
        begin: Moment { time_ms: 0, unix_ms: Some(7_200_000), clock, frame: None },
        peak: None,
        end: None,
        duration_ms: None,
        in_force: InForce { alarms_per_day: None, enter_level: 4.0, exit_level: 3.0 },
        model_sha256: String::new(),
        calibration_sha256: None,
        trace: Vec::new(),
        heat: None,
        pictures: Vec::new(),
        traits: None,
        quieted: None,
        windows: Some(Windows { file: WINDOWS.into(), width_px, height_px, times_ms }),
    };
    let folder = folder.join(id);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(WINDOWS), png).unwrap();
    fs::write(folder.join(DESCRIPTION), serde_json::to_vec(&situation).unwrap()).unwrap();
    Archived { folder, situation, review: None }
}

#[test]
fn what_was_normal_waits_and_is_in_the_store_for_the_next_learning() {
    let folder = tempfile::tempdir().unwrap();
    let (events, place) = (folder.path().join("events"), LearnPlace::new(folder.path()));
    let (back, input) = (FedBack::new(&place), input_of(Preset::Nano));
    let mut store = Store::open(&place.observed(), input, 1 << 24).unwrap();
    assert_eq!(back.put_into(&mut store, &input).unwrap(), 0);
    for id in ["a", "b", "c"] {
        assert_eq!(back.put(&event(&events, id, 48), &input).unwrap().unwrap(), 2, "of 16 each");
    }
    assert!(back.take_back("b").unwrap() && !back.take_back("b").unwrap());
    fs::write(folder.path().join("fed-back/c/event.json"), "{").unwrap();
    assert_eq!(back.put_into(&mut store, &input).unwrap(), 2, "what is damaged is left out");
    assert_eq!(store.clips(), 2);
    assert_eq!(back.put_into(&mut store, &input).unwrap(), 0, "once");
    let mut clip = FolderSource::open(place.observed().join("clip-000002"), 10.0).unwrap();
    assert_eq!(clip.next_frame().unwrap().unwrap().data[0], 20, "behind the gap");
    assert_eq!(Store::open(&place.observed(), input, 1 << 24).unwrap().clips(), 2);
}

#[test]
fn a_disk_that_fills_up_in_the_middle_of_an_event_counts_no_clip_of_it_twice() {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let folder = tempfile::tempdir().unwrap();
    let (events, place) = (folder.path().join("events"), LearnPlace::new(folder.path()));
    let (back, input) = (FedBack::new(&place), input_of(Preset::Nano));
    let mut store = Store::open(&place.observed(), input, 64 << 20).unwrap();
    for id in 0..40 {
        assert!(back.put(&event(&events, &format!("a{id:02}"), 48), &input).unwrap().is_ok());
    }
    assert_eq!(back.put_into(&mut store, &input).unwrap(), 80);
    assert!(back.put(&event(&events, "b", 48), &input).unwrap().is_ok());
    // Full within the second of its two clips of seventeen files each.
    store.write = |path, bytes| match WRITTEN.fetch_add(1, Ordering::Relaxed) {
        20 => Err(ErrorKind::StorageFull.into()),
        _ => fs::write(path, bytes),
    };
    let before = store.clips();
    assert_eq!(back.put_into(&mut store, &input).unwrap(), 2);
    assert!(store.clips() < before, "the store is smaller: {}", store.clips());
    assert_eq!(back.put_into(&mut store, &input).unwrap(), 0, "nothing waits any more");
}

#[test]
fn an_event_without_fitting_frames_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let back = FedBack::new(&LearnPlace::new(folder.path()));
    let (nano, edge) = (input_of(Preset::Nano), input_of(Preset::Edge));
    let mut event = event(folder.path(), "a", 15);
    assert!(matches!(back.put(&event, &nano).unwrap(), Err(Unfit::TooShort)));
    let other = back.put(&event, &edge).unwrap();
    assert!(matches!(other, Err(Unfit::OtherSize { found: (96, 96), wanted: (128, 128) })));
    event.situation.windows = None;
    assert!(matches!(back.put(&event, &nano).unwrap(), Err(Unfit::NotKept)));
    assert!(!folder.path().join("fed-back").exists());
}
