//! The configuration as its users meet it: files in, a site or explanations out.

#![cfg(feature = "config")]

mod boards;
mod bundle_keys;
mod files;
mod lines;
mod modbus;
mod mqtt;
mod notify;
mod problems;
mod reference;
mod rtsp;
mod schema;
mod shipped;
mod zones;

use std::fs;
use std::path::{Path, PathBuf};

use normwatch::alarm::{Pattern, Polarity};
use normwatch::config::{
    CameraSource, ConfigError, GpioDriver, HardwareWatchdogUse, InputBias, InputSection,
    LoadSection, Site, load_site,
};
use normwatch::model::MemoryUpdate;
use tempfile::TempDir;

const MINIMAL: &str = include_str!("../fixtures/config/minimal.toml");

fn boards() -> Vec<PathBuf> {
    vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("boards")]
}

/// Files in a temporary folder, the first of which is the site.
struct Workplace(TempDir);

impl Workplace {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str, board_dirs: &[PathBuf]) -> Result<Site, ConfigError> {
        load_site(&self.path(name), board_dirs)
    }
}

fn load_text(text: &str) -> Result<Site, ConfigError> {
    Workplace::new(&[("site.toml", text.as_bytes())]).load("site.toml", &boards())
}

/// [`MINIMAL`] with one of its lines, from 1, replaced; line 8 appends.
fn edited(line: usize, text: &str) -> String {
    let mut lines: Vec<&str> = MINIMAL.lines().collect();
    lines.resize(lines.len().max(line), "");
    lines[line - 1] = text;
    lines.join("\n") + "\n"
}

/// Each problem as `line:column problem`, with the suggestion behind a `?`.
fn shorthand(error: &ConfigError) -> Vec<String> {
    let problems = error.diagnostics.iter().map(|d| {
        let place = match (d.line, d.column) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            _ => "-".into(),
        };
        let meant = d.suggestion.as_ref().map(|s| format!(" ?{s}")).unwrap_or_default();
        format!("{place} {}{meant}", d.problem)
    });
    problems.collect()
}

fn assert_problems(text: &str, expected: &[&str]) {
    let error = load_text(text).expect_err(text);
    assert_eq!(shorthand(&error), expected, "\n{text}\n{error}");
    for diagnostic in &error.diagnostics {
        assert!(!diagnostic.remedy.is_empty(), "{diagnostic}");
    }
}

#[test]
fn a_minimal_site_takes_the_defaults() {
    let place = Workplace::new(&[("site.toml", MINIMAL.as_bytes())]);
    let site = place.load("site.toml", &boards()).unwrap();
    assert_eq!(site.board.name, "simulated");
    assert_eq!(site.board.gpio.driver, GpioDriver::Simulated);
    assert_eq!(site.bundle, place.path("bundle"));
    let frames = CameraSource::Folder { path: place.path("frames"), repeat: false };
    assert_eq!(site.camera.source, frames);
    assert_eq!(site.camera.read_timeout_ms, 3000);
    assert_eq!(site.budget.alarms_per_day, 1.0);
    assert_eq!((site.alarm.min_duration_ms, site.alarm.hold_ms), (500, 2000));
    assert_eq!((site.alarm.cooldown_ms, site.alarm.warm_up_ms), (5000, 2000));
    assert!(site.alarm.armed_at_start && !site.alarm.latch);
    assert_eq!(site.memory.update, MemoryUpdate::Frozen);
    assert_eq!(site.load, LoadSection::default());
    assert_eq!((site.calibration, site.masks.len()), (None, 0));
    assert_eq!(site.output.alarm.pattern, Pattern::Steady);
    assert_eq!(site.output.alarm.polarity, Polarity::ActiveHigh);
    assert!(!site.output.alarm.safe_active);
    assert_eq!((site.output.fault, site.output.events), (None, None));
    assert_eq!(site.watchdog.hardware, HardwareWatchdogUse::IfPresent);
    assert_eq!(site.watchdog.stall_s, 10);
    assert_eq!(site.input, InputSection::default());
}

#[test]
fn threads_are_the_sites_or_else_the_boards() {
    let site = |first: &str| load_text(&edited(1, first)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(site("board = \"simulated\"").threads, 1);
    assert_eq!(site("board = \"simulated\"\nthreads = 3").threads, 3);
    let board = "description = 'x'\ninherits = 'simulated'\n[recommended]\nthreads = 4\n";
    let text = edited(1, "board = \"./own.toml\"");
    let place = Workplace::new(&[("site.toml", text.as_bytes()), ("own.toml", board.as_bytes())]);
    assert_eq!(place.load("site.toml", &boards()).unwrap_or_else(|e| panic!("{e}")).threads, 4);
    let text = edited(1, "board = \"simulated\"\nthreads = 65");
    assert_problems(&text, &["2:11 `threads` is 65, out of range"]);
}

#[test]
fn inputs_take_the_defaults() {
    let inputs = "[input.acknowledge]\nline = 'ACK'\nactive = 'low'\nbias = 'pull-up'\n\
                  [input.pir]\nline = 'FAULT'\n";
    let site = load_text(&edited(8, inputs)).unwrap_or_else(|e| panic!("{e}"));
    let button = site.input.acknowledge.unwrap();
    assert_eq!((button.polarity, button.bias), (Polarity::ActiveLow, InputBias::PullUp));
    assert_eq!(button.debounce_ms, 50);
    let pir = site.input.pir.unwrap();
    assert_eq!((pir.contact.line.as_str(), pir.within_ms), ("FAULT", 10_000));
    assert_eq!(pir.contact.bias, InputBias::AsIs);
    assert_eq!(site.input.arm, None);
}

#[cfg(all(feature = "runtime", not(feature = "v4l2")))]
#[test]
fn a_build_without_cameras_says_so() {
    let text = edited(4, "source = 'v4l2'").replace("path = \"frames\"", "");
    assert_problems(&text, &["4:10 `camera.source` = \"v4l2\" is not in this build"]);
}

#[test]
fn pictures_are_held_still_unless_told_otherwise() {
    assert!(load_text(&edited(4, "source = 'folder'")).unwrap().camera.stabilise);
    let text = edited(4, "source = 'folder'\nstabilise = false");
    assert!(!load_text(&text).unwrap().camera.stabilise);
}

#[cfg(any(feature = "v4l2", not(feature = "runtime")))]
#[test]
fn a_camera_needs_no_key_but_its_source() {
    use normwatch::capture::{ControlValue, PixelFormat};

    let text = edited(4, "source = 'v4l2'").replace("path = \"frames\"", "");
    let CameraSource::V4l2(camera) = load_text(&text).unwrap().camera.source else {
        panic!("{text}")
    };
    assert_eq!((camera.device, camera.format, camera.size_px), (None, None, None));
    assert_eq!((camera.fps, camera.settle_frames, camera.controls.len()), (None, 5, 0));
    let keys = "device = 'HD Webcam'\nformat = 'mjpeg'\nwidth_px = 640\nheight_px = 480\nfps = 15\n\
        settle_frames = 30\n[camera.controls]\nexposure_us = 20000\nauto_focus = false\n\
        power_line_hz = 'auto'\nbrightness = -3";
    let text = edited(4, "source = 'v4l2'").replace("path = \"frames\"", keys);
    let CameraSource::V4l2(camera) = load_text(&text).unwrap().camera.source else {
        panic!("{text}")
    };
    assert_eq!((camera.device.as_deref(), camera.fps), (Some("HD Webcam"), Some(15.0)));
    assert_eq!((camera.format, camera.size_px), (Some(PixelFormat::Mjpeg), Some((640, 480))));
    let values: Vec<_> = camera.controls.iter().map(|set| (&*set.name, &set.value)).collect();
    let auto = ControlValue::Word("auto".into());
    assert_eq!(
        values,
        [
            ("exposure_us", &ControlValue::Whole(20_000)),
            ("auto_focus", &ControlValue::Flag(false)),
            ("power_line_hz", &auto),
            ("brightness", &ControlValue::Whole(-3)),
        ]
    );
}
