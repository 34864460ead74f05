//! Where notices of events go in, without ever waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::tally::Tally;
use crate::event::{Kind, Notice, Outlet, OutletCounts, Phase};

/// Notices that wait for the output's thread, each with its picture. The thread takes
/// them at once unless it is looking up a name.
const ROOM: usize = 16;

/// What lasts, whether or not there was room for its notice. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct Lasting(Arc<Flags>);

#[derive(Debug, Default)]
pub struct Flags {
    pub tampered: AtomicBool,
    pub changed: AtomicBool,
}

impl std::ops::Deref for Lasting {
    type Target = Flags;

    fn deref(&self) -> &Flags {
        &self.0
    }
}

/// The way into the output for events. Copies share it.
#[derive(Clone, Debug)]
pub struct MqttOutlet {
    notices: SyncSender<Notice>,
    lasting: Lasting,
    tally: Tally,
}

impl MqttOutlet {
    /// An outlet, and where its notices come out.
    pub(super) fn new(tally: Tally) -> (Self, (Receiver<Notice>, Lasting)) {
        let (notices, out) = sync_channel(ROOM);
        let lasting = Lasting::default();
        (Self { notices, lasting: lasting.clone(), tally }, (out, lasting))
    }
}

impl Outlet for MqttOutlet {
    fn tell(&self, notice: &Notice) {
        let begins = notice.phase == Phase::Begin;
        match notice.situation.kind {
            Kind::Tampered => self.lasting.tampered.store(begins, Ordering::Relaxed),
            Kind::Changed => self.lasting.changed.store(begins, Ordering::Relaxed),
            Kind::Anomaly | Kind::Blind | Kind::Fault => {}
        }
        if self.notices.try_send(notice.clone()).is_err() {
            self.tally.dropped();
        }
    }

    fn counts(&self) -> OutletCounts {
        self.tally.outlet_counts()
    }
}
