//! The service manager: systemd, or whoever else reads `$NOTIFY_SOCKET`.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;

use super::watchdog::Watchdog;

/// The service manager behind `$NOTIFY_SOCKET` (sd_notify(3)); without that
/// variable every message goes nowhere.
#[derive(Clone, Copy, Debug)]
pub struct ServiceManager {
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Reads from the environment whether a watchdog is wanted.
    pub fn from_environment() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled().filter(|period| !period.is_zero()) }
    }

    /// Whether `WatchdogSec` is set for this process.
    pub fn has_watchdog(&self) -> bool {
        self.watchdog.is_some()
    }

    /// The run begins: lines held, bundle loaded.
    pub fn ready(&self, status: &str) {
        notify(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    pub fn status(&self, status: &str) {
        notify(&[NotifyState::Status(status)]);
    }

    pub fn stopping(&self) {
        notify(&[NotifyState::Stopping, NotifyState::Status("stopping; the lines are safe")]);
    }
}

impl Watchdog for ServiceManager {
    fn name(&self) -> &str {
        "the service manager's watchdog"
    }

    /// A third of `WatchdogSec`, so that a lost turn does no harm.
    fn interval_ms(&self) -> u64 {
        self.watchdog.map_or(u64::MAX, |period| (period.as_millis() as u64 / 3).max(1))
    }

    fn feed(&mut self) -> io::Result<()> {
        sd_notify::notify(&[NotifyState::Watchdog])
    }

    /// Nothing to do: the service manager watches running services only.
    fn disarm(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        log::warn!("the service manager cannot be told how it goes: {error}");
    }
}
