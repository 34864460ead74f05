//! Who watches over a site's run: the supervisor, and the watchdogs that it feeds.

use std::path::Path;
use std::time::Duration;

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

/// So many times the self-test's run of the network is no hang, on a board that is hot
/// and busy.
const SLOW_RUNS: u32 = 4;

/// What the threads of a run do at their slowest while all is well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slowest {
    /// The age at which a score no longer vouches for anything.
    pub stale_ms: u64,
    /// One run of the network, as the self-test found it.
    pub network: Duration,
    /// The longest that a source waits beside its read timeout.
    pub pause_ms: u64,
}

/// Ends the process.
pub(super) type Leave = Box<dyn FnMut() + Send>;

/// The supervisor of a site's run, with the hardware watchdog running from
/// here on.
///
/// `leave` is called when the judging thread hangs and `shutdown` has it end.
pub(super) fn start(
    site: &Site,
    progress: Progress,
    slowest: Slowest,
    spare: SpareLines,
    shutdown: &Shutdown,
    leave: Option<Leave>,
) -> Result<Supervisor<'static>, WatchdogOpenError> {
    let stall_ms = u64::from(site.watchdog.stall_s) * 1000;
    let limits = limits(stall_ms, u64::from(site.camera.read_timeout_ms), slowest);
    let service = ServiceManager::from_environment().asking({
        let shutdown = shutdown.clone();
        move || shutdown.is_to_reload()
    });
    let mut watchdogs = Vec::new();
    watchdogs.extend(hardware(site)?.map(|device| Fed::new(Box::new(device))));
    if service.has_watchdog() {
        watchdogs.push(Fed::new(Box::new(service.clone())));
    }
    let SpareLines { mut fault, mut all } = spare;
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
        // Each is tried, whether or not the others obey.
        make_safe: Box::new(move || {
            all.iter_mut()
                .map(|line| line.set_safe().is_ok())
                .fold(true, |obeyed, one| obeyed & one)
        }),
        leave,
    }))
}

/// A thread is given its own slowest turn and what the site grants: whoever asks for a
/// short `stall_s` does not ask for resets of a board that does what it should.
fn limits(stall_ms: u64, read_timeout_ms: u64, slowest: Slowest) -> SupervisorLimits {
    let network_ms = (slowest.network * SLOW_RUNS).as_millis() as u64;
    let reading_ms = read_timeout_ms.max(slowest.pause_ms) + stall_ms;
    SupervisorLimits {
        vouch_ms: slowest.stale_ms + GRACE_MS,
        feeding: ProgressLimits {
            judging_ms: stall_ms.max(network_ms),
            reading_ms,
            opening_ms: reading_ms + OPENING_MS,
        },
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{Capturing, Stall};

    /// The shortest `stall_s` that `check` accepts, a network that needs longer, and a
    /// folder that is played at one frame in ten seconds.
    #[test]
    fn a_slow_turn_is_no_hang_and_a_hang_is_one() {
        let network = Duration::from_millis(1500);
        let slowest = Slowest { stale_ms: 100_000, network, pause_ms: 20_000 };
        let limits = limits(1000, 3000, slowest).feeding;
        let progress = Progress::new(0);
        progress.frame(0);
        progress.judging(0);
        assert_eq!(progress.stall(4500, &limits), None, "three times as slow as at the start");
        assert_eq!(progress.stall(6001, &limits), Some(Stall::Judging { for_ms: 6001 }));
        progress.judging(20_000);
        assert_eq!(progress.stall(20_000, &limits), None, "it waits for its next frame");
        progress.judging(21_001);
        let doing = Capturing::Reading;
        assert_eq!(progress.stall(21_001, &limits), Some(Stall::Capture { doing, for_ms: 21_001 }));
    }
}
