//! What keeps a run from being well though its scores come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// One thing that a score does not vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impairment {
    /// Nobody would make the lines safe if this process were killed.
    NoGuard,
    /// The arm contact cannot be read.
    ArmLost,
    /// Nobody knows what the coils of the relay on the network show.
    RelayLost,
}

impl Impairment {
    pub const ALL: [Self; 3] = [Self::NoGuard, Self::ArmLost, Self::RelayLost];

    /// For the event log.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoGuard => "guard",
            Self::ArmLost => "arm",
            Self::RelayLost => "relay",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Which impairments there are. Clones share them: whoever learns of one sets it,
/// the thread that drives the lines looks at them.
#[derive(Clone, Debug, Default)]
pub struct Impairments(Arc<AtomicU8>);

impl Impairments {
    pub fn set(&self, what: Impairment, present: bool) {
        match present {
            true => self.0.fetch_or(what.bit(), Ordering::AcqRel),
            false => self.0.fetch_and(!what.bit(), Ordering::AcqRel),
        };
    }

    /// As they are now.
    pub fn now(&self) -> Impaired {
        Impaired(self.0.load(Ordering::Acquire))
    }
}

/// Impairments at one moment; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impaired(u8);

impl Impaired {
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    pub fn has(self, what: Impairment) -> bool {
        self.0 & what.bit() != 0
    }
}
