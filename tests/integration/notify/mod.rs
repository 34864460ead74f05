//! Outlets against servers and programs that behave as bad ones do.

#[cfg(feature = "tls")]
mod encrypted;
mod hooks;
#[cfg(feature = "webhooks")]
mod messengers;
#[cfg(feature = "webhooks")]
pub mod scripted;
#[cfg(feature = "webhooks")]
mod secrecy;
#[cfg(feature = "webhooks")]
mod webhooks;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use normwatch::clock::{Clock, SystemClock};
use normwatch::config::{OutputSection, load_site};
use normwatch::event::{
    ClockQuality, InForce, Kind, Moment, Notice, Outlet, OutletCounts, Phase, SCHEMA, Situation,
};
use normwatch::notify::{Pace, outlets_with};
use tempfile::TempDir;

/// A folder with a site file that has these outputs.
struct Site {
    folder: TempDir,
    output: OutputSection,
}

const HEAD: &str = "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
    path = \"frames\"\n[output.alarm]\nline = \"ALARM\"\n";

impl Site {
    #[cfg(feature = "webhooks")]
    fn new(outputs: &str) -> Self {
        Self::with(&[], outputs)
    }

    /// With files beside the site file, each executable, and the text of the outputs.
    fn with(files: &[(&str, &str)], outputs: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        }
        let file = folder.path().join("site.toml");
        fs::write(&file, format!("{HEAD}{outputs}")).unwrap();
        let boards = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards");
        let site = load_site(&file, &[boards]).unwrap_or_else(|e| panic!("{e}"));
        Self { output: site.output, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn outlet(&self, pace: &Pace) -> Box<dyn Outlet> {
        self.outlet_at(pace, Arc::new(SystemClock))
    }

    fn outlet_at(&self, pace: &Pace, clock: Arc<dyn Clock>) -> Box<dyn Outlet> {
        let mut outlets = outlets_with(&self.output, clock, pace).unwrap();
        assert_eq!(outlets.len(), 1);
        outlets.remove(0)
    }
}

/// Four more attempts in quick succession.
fn quick() -> Pace {
    Pace { pauses_ms: vec![20, 40, 60, 80], request_ms: 2000 }
}

/// One attempt.
fn once() -> Pace {
    Pace { pauses_ms: Vec::new(), request_ms: 2000 }
}

fn notice(id: &str, phase: Phase) -> Notice {
    let clock = ClockQuality::Unsynchronised;
    let moment = |unix_ms| Moment { time_ms: 0, unix_ms: Some(unix_ms), clock, frame: None };
    let is_over = phase == Phase::End;
    let situation = Situation {
        schema: SCHEMA.into(),
        id: id.into(),
        site: "höfe".into(),
        kind: Kind::Anomaly,
        reason: "block at 0.62, 0.41".into(),
        zones: vec!["gate".into(), "path".into()],
        begin: moment(1_796_022_725_000),
        peak: None,
        end: is_over.then(|| moment(1_796_022_737_000)),
        duration_ms: is_over.then_some(12_000),
        in_force: InForce { alarms_per_day: Some(1.0), enter_level: 4.0, exit_level: 3.0 },
        model_sha256: "0".repeat(64),
        calibration_sha256: None,
        trace: Vec::new(),
        heat: None,
        pictures: Vec::new(),
        traits: None,
        quieted: None,
        windows: None,
    };
    let picture = Some(Arc::from(&b"\xff\xd8\xff\xe0 not quite a picture"[..]));
    Notice { phase, situation: Arc::new(situation), picture }
}

/// Waits until the counts are as wanted.
fn until(outlet: &dyn Outlet, what: &str, wanted: impl Fn(&OutletCounts) -> bool) -> OutletCounts {
    let begun = Instant::now();
    loop {
        let counts = outlet.counts();
        if wanted(&counts) {
            return counts;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: {counts:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
