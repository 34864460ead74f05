//! The board's hardware watchdog, `/dev/watchdog*`.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{major, minor};
use serde::Serialize;
use thiserror::Error;

use super::watchdog::Watchdog;
use crate::access;

/// Far below any hardware's timeout.
const INTERVAL_MS: u64 = 1000;

/// `WDIOF_CARDRESET` of the kernel's `watchdog.h`.
const CARD_RESET: u32 = 0x20;

/// Number of `/dev/watchdog`, which is of the class of miscellaneous devices.
const LEGACY: &str = "10:130";

/// What `/sys/class/watchdog` says about a device, without opening it: opening
/// a watchdog starts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WatchdogInfo {
    /// The driver's name for the hardware.
    pub identity: Option<String>,
    /// The machine is reset this long after the last feeding.
    pub timeout_s: Option<u32>,
    /// Once started it cannot be stopped, not even by an orderly end.
    pub no_way_out: bool,
    /// The last start of this machine was the watchdog's doing.
    pub last_reset: bool,
    /// Somebody has it open.
    pub active: bool,
}

impl WatchdogInfo {
    /// Reads below `root`, which is `/` but in tests. Kernels without
    /// `CONFIG_WATCHDOG_SYSFS` tell nothing.
    pub fn read(root: &Path, device: &Path) -> Self {
        let name = device.file_name().unwrap_or_default().to_string_lossy();
        // `/dev/watchdog` is the first device under its old name.
        let name = if name == "watchdog" { "watchdog0" } else { &*name };
        let folder = root.join("sys/class/watchdog").join(name);
        let read = |key: &str| {
            fs::read_to_string(folder.join(key)).ok().map(|text| text.trim().to_owned())
        };
        let number = |key| read(key).and_then(|text| text.parse::<u32>().ok());
        Self {
            identity: read("identity"),
            timeout_s: number("timeout"),
            no_way_out: number("nowayout") == Some(1),
            last_reset: number("bootstatus").is_some_and(|bits| bits & CARD_RESET != 0),
            active: read("state").as_deref() == Some("active"),
        }
    }
}

/// Why there is no hardware watchdog.
#[derive(Debug, Error)]
pub enum WatchdogOpenError {
    #[error(
        "the watchdog {} is not there: load its driver (`modprobe softdog` for a stand-in in \
         software) or correct `watchdog.device` in the board file", .0.display()
    )]
    Absent(PathBuf),
    #[error(
        "the watchdog {} is held by somebody else, often systemd: set `RuntimeWatchdogSec=off` in \
         /etc/systemd/system.conf, or `hardware = \"off\"` under [watchdog] in the site file",
        .0.display()
    )]
    Busy(PathBuf),
    #[error(
        "the watchdog {} may not be opened: {}", .0.display(), access::remedy(Path::new("/"), .0)
    )]
    Denied(PathBuf),
    #[error(
        "{} is not a watchdog, and is not written to: correct `watchdog.device` in the board file",
        .0.display()
    )]
    NotOne(PathBuf),
    #[error("the watchdog {} cannot be opened: {error}", path.display())]
    Other { path: PathBuf, error: io::Error },
}

/// A running `/dev/watchdog*`: any byte written feeds it, and `V` before the
/// close stops it (the kernel's "magic close"). Dropped in any other way it
/// goes on and resets the machine after its timeout.
#[derive(Debug)]
pub struct HardwareWatchdog {
    name: String,
    file: File,
}

impl HardwareWatchdog {
    /// Opens the device, which starts it. An empty file may stand in for one.
    ///
    /// # Errors
    /// It is absent, something else, held, or not ours to open.
    pub fn open(device: &Path) -> Result<Self, WatchdogOpenError> {
        if fs::metadata(device).is_ok_and(|node| !may_be_watchdog(Path::new("/"), &node)) {
            return Err(WatchdogOpenError::NotOne(device.into()));
        }
        let opened = OpenOptions::new().write(true).open(device);
        let file = opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => WatchdogOpenError::Absent(device.into()),
            io::ErrorKind::ResourceBusy => WatchdogOpenError::Busy(device.into()),
            io::ErrorKind::PermissionDenied => WatchdogOpenError::Denied(device.into()),
            _ => WatchdogOpenError::Other { path: device.into(), error },
        })?;
        Ok(Self { name: format!("the watchdog {}", device.display()), file })
    }
}

/// Feeding writes bytes that would spoil anything else.
fn may_be_watchdog(root: &Path, node: &Metadata) -> bool {
    if !node.file_type().is_char_device() {
        return node.is_file() && node.len() == 0;
    }
    let number = format!("{}:{}", major(node.rdev()), minor(node.rdev()));
    // Without that class the kernel tells nothing.
    let Ok(known) = root.join("sys/class/watchdog").read_dir() else { return true };
    let mut numbers =
        known.flatten().filter_map(|entry| fs::read_to_string(entry.path().join("dev")).ok());
    number == LEGACY || numbers.any(|known| known.trim() == number)
}

impl Watchdog for HardwareWatchdog {
    fn name(&self) -> &str {
        &self.name
    }

    fn interval_ms(&self) -> u64 {
        INTERVAL_MS
    }

    fn feed(&mut self) -> io::Result<()> {
        self.file.write_all(b"\0")
    }

    fn disarm(&mut self) -> io::Result<()> {
        self.file.write_all(b"V")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeding_writes_and_disarming_ends_with_a_v() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("watchdog0");
        fs::write(&device, "").unwrap();
        let mut watchdog = HardwareWatchdog::open(&device).unwrap();
        watchdog.feed().unwrap();
        watchdog.feed().unwrap();
        assert_eq!(fs::read(&device).unwrap(), b"\0\0");
        watchdog.disarm().unwrap();
        drop(watchdog);
        assert_eq!(fs::read(&device).unwrap(), b"\0\0V");
    }

    #[test]
    fn what_is_not_a_watchdog_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious.txt");
        fs::write(&precious, "precious").unwrap();
        for other in [&*precious, folder.path()] {
            let error = HardwareWatchdog::open(other).unwrap_err();
            assert!(matches!(error, WatchdogOpenError::NotOne(_)), "{error}");
        }
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
        let class = folder.path().join("sys/class/watchdog/watchdog0");
        let null = fs::metadata("/dev/null").unwrap();
        assert!(may_be_watchdog(folder.path(), &null), "nobody can tell");
        fs::create_dir_all(&class).unwrap();
        fs::write(class.join("dev"), "250:0\n").unwrap();
        assert!(!may_be_watchdog(folder.path(), &null));
        fs::write(class.join("dev"), "1:3\n").unwrap();
        assert!(may_be_watchdog(folder.path(), &null));
    }

    #[test]
    fn an_absent_device_is_named() {
        let error = HardwareWatchdog::open(Path::new("/nowhere/watchdog7")).unwrap_err();
        assert!(matches!(error, WatchdogOpenError::Absent(_)));
        assert!(error.to_string().contains("/nowhere/watchdog7"), "{error}");
    }

    #[test]
    fn sysfs_tells_what_opening_would_start() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sys/class/watchdog/watchdog0");
        fs::create_dir_all(&folder).unwrap();
        for (key, text) in [
            ("identity", "i6300ESB timer\n"),
            ("timeout", "30\n"),
            ("nowayout", "0\n"),
            ("bootstatus", "32\n"),
            ("state", "inactive\n"),
        ] {
            fs::write(folder.join(key), text).unwrap();
        }
        for device in ["/dev/watchdog", "/dev/watchdog0"] {
            let info = WatchdogInfo::read(root.path(), Path::new(device));
            assert_eq!(info.identity.as_deref(), Some("i6300ESB timer"));
            assert_eq!((info.timeout_s, info.no_way_out), (Some(30), false));
            assert!(info.last_reset && !info.active);
        }
        let other = WatchdogInfo::read(root.path(), Path::new("/dev/watchdog1"));
        assert_eq!(other, WatchdogInfo::default());
    }
}
