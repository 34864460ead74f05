//! Events as entries of systemd's journal with fields of their own, so that it can be
//! asked for them.

use std::fmt::Write;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::words::sentence;
use crate::event::{Kind, Notice, Outlet, OutletCounts, Phase};

/// Where journald takes entries in its own form.
const SOCKET: &str = "/run/systemd/journal/socket";

/// Syslog's numbers.
const ERROR: u8 = 3;
const WARNING: u8 = 4;
const INFO: u8 = 6;

/// An outlet that is there where standard error is the journal. Nothing waits: what
/// journald has no room for is counted and dropped.
#[derive(Debug)]
pub struct Journal {
    from: UnixDatagram,
    to: PathBuf,
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl Journal {
    /// `None` where messages do not go to the journal.
    pub fn of_this_process() -> Option<Self> {
        let stream = std::env::var("JOURNAL_STREAM").ok()?;
        let stderr = rustix::fs::fstat(io::stderr()).ok()?;
        if stream != format!("{}:{}", stderr.st_dev, stderr.st_ino) {
            return None;
        }
        Self::at(Path::new(SOCKET))
            .inspect_err(|e| log::warn!("no fields in the journal: {e}"))
            .ok()
    }

    fn at(to: &Path) -> io::Result<Self> {
        let from = UnixDatagram::unbound()?;
        from.set_nonblocking(true)?;
        let (sent, dropped) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { from, to: to.into(), sent, dropped })
    }
}

impl Outlet for Journal {
    fn tell(&self, notice: &Notice) {
        let count = match self.from.send_to(entry(notice).as_bytes(), &self.to) {
            Ok(_) => &self.sent,
            Err(_) => &self.dropped,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn counts(&self) -> OutletCounts {
        OutletCounts {
            name: "journal".into(),
            sent: self.sent.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            ..OutletCounts::default()
        }
    }

    fn wants_picture(&self) -> bool {
        false
    }
}

/// `journalctl MESSAGE_ID=…` shows all entries of a kind, whatever else they say.
fn message_id(kind: Kind) -> &'static str {
    match kind {
        Kind::Anomaly => "6e6f726d776174636800616e6f6d6101",
        Kind::Changed => "6e6f726d7761746368006368616e6702",
        Kind::Tampered => "6e6f726d77617463680074616d706503",
        Kind::Blind => "6e6f726d776174636800626c696e6404",
        Kind::Fault => "6e6f726d7761746368006661756c7405",
    }
}

fn priority(notice: &Notice) -> u8 {
    match (notice.phase, notice.situation.kind) {
        (Phase::End, _) => INFO,
        (Phase::Begin, Kind::Anomaly | Kind::Changed) => WARNING,
        (Phase::Begin, Kind::Tampered | Kind::Blind | Kind::Fault) => ERROR,
    }
}

/// One `FIELD=value` a line. A value has one line, because more would be another field.
fn entry(notice: &Notice) -> String {
    let situation = &notice.situation;
    let mut entry = String::new();
    let mut field = |name: &str, value: &str| {
        let value = value.replace(char::is_control, " ");
        let _ = writeln!(entry, "{name}={value}");
    };
    field("MESSAGE", &sentence(notice));
    field("MESSAGE_ID", message_id(situation.kind));
    field("PRIORITY", &priority(notice).to_string());
    field("SYSLOG_IDENTIFIER", "normwatch");
    field("NORMWATCH_EVENT_ID", &situation.id);
    field("NORMWATCH_SITE", &situation.site);
    field("NORMWATCH_KIND", situation.kind.name());
    field("NORMWATCH_PHASE", notice.phase.name());
    field("NORMWATCH_ZONES", &situation.zones.join(","));
    if let Some(peak) = situation.peak {
        field("NORMWATCH_SCORE", &format!("{:.3}", peak.score));
    }
    if let Some(duration_ms) = situation.duration_ms {
        field("NORMWATCH_DURATION_MS", &duration_ms.to_string());
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::super::example::notice;
    use super::*;
    use std::sync::Arc;

    #[test]
    fn an_event_is_an_entry_with_fields_and_no_value_makes_another_field() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let journald = UnixDatagram::bind(&socket).unwrap();
        let journal = Journal::at(&socket).unwrap();
        let mut told = notice("e1", Phase::Begin);
        let situation = Arc::make_mut(&mut told.situation);
        situation.zones = vec!["gate\nPRIORITY=0".into(), "yard".into()];
        journal.tell(&told);
        let mut bytes = [0; 4096];
        let length = journald.recv(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            lines.find(|(field, _)| *field == name).map(|(_, value)| value.to_owned())
        };
        assert_eq!(value("NORMWATCH_EVENT_ID").as_deref(), Some("e1"));
        assert_eq!(value("NORMWATCH_PHASE").as_deref(), Some("begin"));
        assert_eq!(value("NORMWATCH_ZONES").as_deref(), Some("gate PRIORITY=0,yard"));
        assert_eq!(value("MESSAGE_ID").unwrap(), message_id(told.situation.kind));
        assert!(value("MESSAGE").unwrap().contains(": "), "{text}");
        let names = text.lines().map(|line| line.split_once('=').unwrap().0);
        let is_field = |name: &str| {
            name.len() <= 64 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        };
        assert!(names.clone().all(is_field) && names.count() >= 9, "{text}");
        assert_eq!(text.matches("\nPRIORITY=").count(), 1);
        assert!(text.ends_with('\n'));
        drop(journald);
        std::fs::remove_file(&socket).unwrap();
        journal.tell(&told);
        let counts = journal.counts();
        assert_eq!((counts.sent, counts.dropped, journal.wants_picture()), (1, 1, false));
    }

    #[test]
    fn every_kind_has_an_id_of_its_own() {
        let ids = Kind::ALL.map(message_id);
        assert!(ids.iter().all(|id| id.len() == 32 && u128::from_str_radix(id, 16).is_ok()));
        let mut different = ids.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), ids.len());
    }
}
