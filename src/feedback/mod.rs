//! What somebody said of events: "that was normal".
//!
//! An entry says where and how a dismissed alarm was odd, and how much so. What is like it
//! is told and not raised, from now on. Entries are few, listed and revocable, lie in one
//! file of the program's own, and hold for the network and the calibration of which their
//! scores are. A file that is damaged quiets nothing.

mod known;
mod quiet;
mod watch;

pub use known::{Added, FILE, Known, KnownError, KnownNormal, MOST_ENTRIES};
pub use quiet::{Judged, MOST_AT_ONCE, Quiet};
pub use watch::{InForce, watch};
