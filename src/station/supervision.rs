//! Who watches over a site's run: the supervisor, and the watchdogs that it feeds.

use std::path::Path;

use super::lines::SpareLines;
use crate::config::{HardwareWatchdogUse, Site};
use crate::health::{
    Departure, Fed, HardwareWatchdog, Progress, ProgressLimits, ServiceManager, Supervisor,
    SupervisorLimits, WatchdogInfo, WatchdogOpenError,
};
use crate::runtime::Shutdown;

/// What opening a camera may take beyond its read timeout.
const OPENING_MS: u64 = 30_000;

/// Granted to the judging thread to notice a stale score by itself.
const GRACE_MS: u64 = 200;

/// Ends the process.
pub(super) type Leave = Box<dyn FnMut() + Send>;

/// The supervisor of a site's run, with the hardware watchdog running from
/// here on.
///
/// `stale_ms` is the age at which a score no longer vouches for anything. `leave`
/// is called when the judging thread hangs and `shutdown` has it end.
pub(super) fn start(
    site: &Site,
    progress: Progress,
    stale_ms: u64,
    spare: SpareLines,
    shutdown: &Shutdown,
    leave: Option<Leave>,
) -> Result<Supervisor<'static>, WatchdogOpenError> {
    let stall_ms = u64::from(site.watchdog.stall_s) * 1000;
    let reading_ms = u64::from(site.camera.read_timeout_ms) + stall_ms;
    let limits = SupervisorLimits {
        vouch_ms: stale_ms + GRACE_MS,
        feeding: ProgressLimits {
            judging_ms: stall_ms,
            reading_ms,
            opening_ms: reading_ms + OPENING_MS,
        },
    };
    let service = ServiceManager::from_environment();
    let mut watchdogs = Vec::new();
    watchdogs.extend(hardware(site)?.map(|device| Fed::new(Box::new(device))));
    if service.has_watchdog() {
        watchdogs.push(Fed::new(Box::new(service.clone())));
    }
    let SpareLines { mut fault, mut both } = spare;
    let mut failing = false;
    let supervisor = Supervisor::new(progress, limits, service, watchdogs, move || {
        let result = fault.set_safe();
        if let (Err(error), false) = (&result, failing) {
            log::error!("the fault line cannot be dropped, and is tried again: {error}");
        }
        failing = result.is_err();
        !failing
    });
    let Some(leave) = leave else { return Ok(supervisor) };
    let shutdown = shutdown.clone();
    Ok(supervisor.departing(Departure {
        asked: Box::new(move || shutdown.urges()),
        // Both are tried, whether or not the first obeys.
        make_safe: Box::new(move || both.each_mut().map(|l| l.set_safe().is_ok()) == [true; 2]),
        leave,
    }))
}

fn hardware(site: &Site) -> Result<Option<HardwareWatchdog>, WatchdogOpenError> {
    let Some(section) = &site.board.watchdog else { return Ok(None) };
    let policy = site.watchdog.hardware;
    if policy == HardwareWatchdogUse::Off {
        return Ok(None);
    }
    let info = WatchdogInfo::read(Path::new("/"), &section.device);
    match HardwareWatchdog::open(&section.device) {
        Ok(device) => {
            announce(&section.device, &info);
            Ok(Some(device))
        }
        Err(error) if policy == HardwareWatchdogUse::Required => Err(error),
        Err(error) => {
            log::warn!("{error}; going on without it");
            Ok(None)
        }
    }
}

fn announce(device: &Path, info: &WatchdogInfo) {
    let identity = info.identity.as_deref().unwrap_or("unknown hardware");
    let timeout = match info.timeout_s {
        Some(seconds) => format!("{seconds} s"),
        None => "its own time".into(),
    };
    log::info!(
        "{} ({identity}) resets the machine {timeout} after the last sign of progress",
        device.display()
    );
    if info.last_reset {
        log::warn!("the machine was last started by its watchdog");
    }
    if info.no_way_out {
        log::warn!("this watchdog cannot be stopped again: the machine is reset after this run");
    }
}
