//! The service manager: systemd, or whoever else reads `$NOTIFY_SOCKET`.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use super::watchdog::Watchdog;
use crate::clock::{Clock, SystemClock};

/// The service manager behind `$NOTIFY_SOCKET` (sd_notify(3)); without that
/// variable every message goes nowhere.
///
/// No message waits: what a service manager that does not read has no room for is
/// not sent.
#[derive(Clone, Debug)]
pub struct ServiceManager {
    socket: Option<Arc<Socket>>,
    watchdog: Option<Duration>,
    is_to_reload: Option<Question>,
}

#[derive(Clone)]
struct Question(Arc<dyn Fn() -> bool + Send + Sync>);

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question")
    }
}

#[derive(Debug)]
struct Socket {
    from: UnixDatagram,
    to: SocketAddr,
}

impl ServiceManager {
    /// Reads from the environment where it listens and whether a watchdog is
    /// wanted.
    pub fn from_environment() -> Self {
        let path = env::var_os("NOTIFY_SOCKET").filter(|path| !path.is_empty());
        let socket = path.and_then(|path| {
            Socket::to(&path)
                .inspect_err(|e| log::warn!("the service manager cannot be told how it goes: {e}"))
                .ok()
        });
        Self { socket: socket.map(Arc::new), watchdog: watchdog_period(), is_to_reload: None }
    }

    /// Who knows at the end whether the run is to begin again.
    #[must_use]
    pub fn asking(self, is_to_reload: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { is_to_reload: Some(Question(Arc::new(is_to_reload))), ..self }
    }

    /// Whether `WatchdogSec` is set for this process.
    pub fn has_watchdog(&self) -> bool {
        self.watchdog.is_some()
    }

    /// The run begins: lines held, bundle loaded. Whether that was heard.
    pub fn ready(&self, status: &str) -> bool {
        self.send(&format!("READY=1\nSTATUS={status}")).is_ok()
    }

    pub fn status(&self, status: &str) {
        // Another follows within seconds.
        let _ = self.send(&format!("STATUS={status}"));
    }

    /// The run ends, or begins again: then [`ServiceManager::ready`] follows.
    pub fn stopping(&self) {
        if self.is_to_reload.as_ref().is_some_and(|asked| asked.0()) {
            let now_us = SystemClock.monotonic_ns() / 1000;
            let status = "STATUS=begins again with another site file; the lines are safe";
            let _ =
                self.send(&format!("RELOADING=1\nMONOTONIC_USEC={now_us}\nWATCHDOG=1\n{status}"));
            return;
        }
        let _ = self.send("STOPPING=1\nSTATUS=stopping; the lines are safe");
    }

    fn send(&self, message: &str) -> io::Result<()> {
        let Some(socket) = &self.socket else { return Ok(()) };
        socket.from.send_to_addr(message.as_bytes(), &socket.to).map(drop)
    }
}

impl Socket {
    fn to(path: &OsStr) -> io::Result<Self> {
        let to = match path.as_bytes() {
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(path)?,
        };
        let from = UnixDatagram::unbound()?;
        from.set_nonblocking(true)?;
        Ok(Self { from, to })
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
        self.send("WATCHDOG=1")
    }

    /// Nothing to do: the service manager watches running services only.
    fn disarm(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Of `$WATCHDOG_USEC`, if it is meant for this process.
fn watchdog_period() -> Option<Duration> {
    let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
    if number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(process::id())) {
        return None;
    }
    number("WATCHDOG_USEC").filter(|us| *us > 0).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_manager_that_does_not_read_keeps_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        let socket = Socket::to(path.as_os_str()).unwrap();
        let mut manager =
            ServiceManager { socket: Some(Arc::new(socket)), watchdog: None, is_to_reload: None };
        assert!(manager.ready("here"));
        let begun = Instant::now();
        let refused = (0..100_000).find_map(|_| manager.feed().err()).unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
        assert!(!manager.ready("again"));
        manager.status("nobody hears this");
        manager.stopping();
        assert!(begun.elapsed() < Duration::from_secs(5), "it waited");
        let mut message = [0; 64];
        let length = listener.recv(&mut message).unwrap();
        assert_eq!(&message[..length], b"READY=1\nSTATUS=here");
        manager.feed().unwrap();
    }

    #[test]
    fn who_begins_again_does_not_say_that_it_stops() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let listener = UnixDatagram::bind(&path).unwrap();
        for (again, word) in [(false, "STOPPING=1\n"), (true, "RELOADING=1\nMONOTONIC_USEC=")] {
            let socket = Some(Arc::new(Socket::to(path.as_os_str()).unwrap()));
            let manager = ServiceManager { socket, watchdog: None, is_to_reload: None };
            manager.asking(move || again).stopping();
            let mut message = [0; 200];
            let length = listener.recv(&mut message).unwrap();
            assert!(String::from_utf8_lossy(&message[..length]).starts_with(word));
        }
    }
}
