//! The machine that the program runs on, as a setup meets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::click::click;
use super::error::SetupError;
use super::machine::{Facts, FoundCamera, Machine, TestedLine};
use super::still::Still;
use crate::alarm::Line;
use crate::clock::{Clock, SystemClock};
use crate::config::{CameraSection, Site, load_boards, load_site};
use crate::doctor;
use crate::gpio::BoardLines;
#[cfg(feature = "gpio")]
use crate::gpio::GuardKeeper;
use crate::runtime::Shutdown;
use crate::station::{Camera, Needs, Plan};

const ROOT: &str = "/";

/// What a still is taken at.
const STILL: Needs = Needs { size_px: (640, 480), fps: 10.0, luma: false };

/// This machine.
pub struct Here<'a> {
    pub board_dirs: &'a [PathBuf],
    pub shutdown: &'a Shutdown,
}

impl Machine for Here<'_> {
    fn facts(&self, file: &Path) -> Facts {
        Facts {
            machine: doctor::Machine::read(Path::new(ROOT)),
            boards: load_boards(self.board_dirs),
            cameras: cameras(),
            systemd_feeds: systemd_feeds(Path::new(ROOT)),
            neighbours: neighbours(file, self.board_dirs),
        }
    }

    fn still(&self, camera: &CameraSection) -> Result<Still, SetupError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mut camera = Camera::new(camera, STILL, clock).woken_by(self.shutdown.wake());
        let still = camera.open().and_then(|mut source| Still::take(&mut source, self.shutdown));
        if self.shutdown.is_requested() {
            return Err(SetupError::Stopped);
        }
        Ok(still?)
    }

    fn click(&self, tested: TestedLine<'_>, tell: &mut dyn FnMut(bool)) -> Result<(), SetupError> {
        let TestedLine { board, line, polarity, safe_active } = tested;
        let lines = BoardLines::new(board);
        let safe = polarity.level(safe_active);
        let pin = lines.output(line, safe)?;
        // A process that is killed meanwhile leaves the line to its guard.
        #[cfg(feature = "gpio")]
        let _guard = lines.guarded(line, safe).and_then(|guarded| {
            let program = std::env::current_exe().ok()?;
            Some(GuardKeeper::start(program, vec![guarded]))
        });
        let switched = Line::new(pin, polarity, safe_active);
        click(switched, safe_active, self.shutdown, tell)
            .map_err(|error| SetupError::Pin { line: line.into(), error })?;
        if self.shutdown.is_requested() { Err(SetupError::Stopped) } else { Ok(()) }
    }

    fn watches(&self, site: &Site) -> Result<String, String> {
        let plan = Plan::load(site).map_err(|error| error.to_string())?;
        let manifest = plan.bundle.manifest();
        let input = manifest.input;
        Ok(format!(
            "{}: {}×{} px at {} a second",
            manifest.name, input.width_px, input.height_px, input.fps
        ))
    }
}

#[cfg(not(feature = "v4l2"))]
fn cameras() -> Vec<FoundCamera> {
    Vec::new()
}

/// Those that deliver something that this program reads, or say why they do not.
#[cfg(feature = "v4l2")]
fn cameras() -> Vec<FoundCamera> {
    let reports = crate::capture::v4l2::survey().into_iter();
    let reads = |report: &crate::capture::v4l2::CameraReport| {
        report.problem.is_some() || report.formats.iter().any(|format| format.name.is_some())
    };
    reports
        .filter(reads)
        .map(|report| {
            let by = |kind: &str| report.links.iter().find(|link| link.starts_with(kind));
            let link = by("/dev/v4l/by-id").or_else(|| by("/dev/v4l/by-path"));
            FoundCamera {
                device: link.unwrap_or(&report.node).display().to_string(),
                name: if report.card.is_empty() { "a camera".into() } else { report.card },
                problem: report.problem,
            }
        })
        .collect()
}

/// Folders whose files set systemd's manager up, those that count less first.
const MANAGER: [&str; 4] = ["lib", "usr/lib", "run", "etc"];

/// Whether systemd's manager is set up to feed the hardware watchdog. A file's name counts
/// where it is; of all files, the last name has the last word.
fn systemd_feeds(root: &Path) -> bool {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in MANAGER {
        let folder = root.join(folder).join("systemd/system.conf.d");
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        for file in entries.map(|entry| entry.path()) {
            files.retain(|before| before.file_name() != file.file_name());
            files.push(file);
        }
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "conf"));
    files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    let main = root.join("etc/systemd/system.conf");
    let texts = std::iter::once(main).chain(files).filter_map(|file| fs::read_to_string(file).ok());
    let mut feeds = false;
    for text in texts {
        let settings = text.lines().filter_map(|line| line.split_once('='));
        for (_, value) in settings.filter(|(key, _)| key.trim() == "RuntimeWatchdogSec") {
            let value = value.trim();
            feeds = !matches!(value, "" | "0" | "off" | "infinity" | "0s");
        }
    }
    feeds
}

/// The other site files of a folder, those that are in order.
fn neighbours(file: &Path, board_dirs: &[PathBuf]) -> Vec<Site> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|other| {
        other.extension().is_some_and(|ending| ending == "toml")
            && other.file_name() != file.file_name()
    });
    files.sort();
    files.iter().filter_map(|other| load_site(other, board_dirs).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_feeds_the_watchdog_stands_in_the_managers_files() {
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(!systemd_feeds(root.path()));
        put("etc/systemd/system.conf", "[Manager]\n#RuntimeWatchdogSec=30\n");
        assert!(!systemd_feeds(root.path()), "a comment");
        let name = "systemd/system.conf.d/40-rpi-enable-watchdog.conf";
        put(&format!("usr/lib/{name}"), "[Manager]\nRuntimeWatchdogSec=1m\n");
        assert!(systemd_feeds(root.path()));
        put("etc/systemd/system.conf.d/50-mine.conf", "[Manager]\nRuntimeWatchdogSec=off\n");
        assert!(!systemd_feeds(root.path()), "a later name");
        put("etc/systemd/system.conf.d/50-mine.conf", "[Manager]\nRuntimeWatchdogSec = 30\n");
        assert!(systemd_feeds(root.path()), "blanks do not count");
        put("etc/systemd/system.conf.d/50-mine.conf", "");
        assert!(systemd_feeds(root.path()));
        put(&format!("etc/{name}"), "");
        assert!(!systemd_feeds(root.path()), "a file of that name in /etc hides the other");
    }
}
