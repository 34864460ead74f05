//! What became of messages and connections, counted where others can look.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::OutletCounts;

/// The output's counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MqttCounts {
    /// Events that the broker acknowledged.
    pub sent: u64,
    /// Attempts that failed: to connect, and to have an event acknowledged.
    pub failed: u64,
    /// Events that were given up, or for which there was no room.
    pub dropped: u64,
    /// Milliseconds since 1970-01-01 UTC.
    pub last_sent_unix_ms: Option<u64>,
    /// Connections that a broker accepted.
    pub connected: u64,
    /// Messages that are larger than allowed, or that the broker does not take.
    pub refused: u64,
    /// Messages to a command's topic that were not obeyed.
    pub ignored: u64,
}

#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    /// 0 for never.
    last_sent_unix_ms: AtomicU64,
    connected: AtomicU64,
    refused: AtomicU64,
    ignored: AtomicU64,
}

/// Copies share the counters.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<Counters>);

impl Tally {
    pub fn sent(&self, unix_ms: u64) {
        self.0.last_sent_unix_ms.store(unix_ms, Ordering::Relaxed);
        self.0.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub fn failed(&self) {
        self.0.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub fn dropped(&self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub fn connected(&self) {
        self.0.connected.fetch_add(1, Ordering::Relaxed);
    }

    pub fn refused(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub fn ignored(&self) {
        self.0.ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub fn counts(&self) -> MqttCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        MqttCounts {
            sent: read(&self.0.sent),
            failed: read(&self.0.failed),
            dropped: read(&self.0.dropped),
            last_sent_unix_ms: Some(read(&self.0.last_sent_unix_ms)).filter(|at| *at > 0),
            connected: read(&self.0.connected),
            refused: read(&self.0.refused),
            ignored: read(&self.0.ignored),
        }
    }

    pub fn outlet_counts(&self) -> OutletCounts {
        let MqttCounts { sent, failed, dropped, last_sent_unix_ms, .. } = self.counts();
        OutletCounts { name: "mqtt".into(), sent, failed, dropped, last_sent_unix_ms }
    }
}
