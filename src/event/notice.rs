//! What outputs are told of an event.

use std::sync::Arc;

use super::situation::Situation;

/// Which of an event's two moments it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Begin,
    End,
}

impl Phase {
    pub fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::End => "end",
        }
    }
}

/// An event that has begun or ended, as outputs are told of it.
#[derive(Clone, Debug)]
pub struct Notice {
    pub phase: Phase,
    pub situation: Arc<Situation>,
    /// A JPEG for messages, at most 640 px wide and [`MESSAGE_PICTURE_BYTES`] long: the
    /// onset at the begin, the peak at the end.
    pub picture: Option<Arc<[u8]>>,
}

/// The most bytes that the picture of a message has.
pub const MESSAGE_PICTURE_BYTES: usize = 100_000;

/// Somebody who is told of events: a hook, a message service, a broker.
pub trait Outlet: Send + Sync {
    /// Takes a notice and never waits: what finds no room is counted and dropped.
    fn tell(&self, notice: &Notice);

    /// What became of the notices so far.
    fn counts(&self) -> OutletCounts;

    /// Whether it shows the picture of a notice; where nobody does none is made.
    fn wants_picture(&self) -> bool {
        true
    }

    /// The program ends: delivers what can be delivered at once, and waits for two seconds
    /// at most, which all outlets share.
    fn end(&self) {}
}

/// What became of the notices that an outlet was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutletCounts {
    /// `mqtt`, `hook:NAME`, `webhook:NAME`, …
    pub name: String,
    pub sent: u64,
    /// Attempts that failed, also those that were tried again.
    pub failed: u64,
    /// Given up, or without room.
    pub dropped: u64,
    /// When one last arrived, milliseconds since 1970-01-01 UTC.
    pub last_sent_unix_ms: Option<u64>,
}
