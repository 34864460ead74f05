//! Situations: what an alarm was about, with its proof, and who is told of it.
//!
//! The lines of the event log and the judged frames between them become a
//! [`Situation`], which goes from begin to end. A thread of its own gives it
//! pictures out of a [`PictureRing`], puts it into a folder, and tells [`Outlet`]s.

mod archive;
mod assembler;
mod cause;
mod date;
mod desk;
mod encode;
mod explanation;
mod notice;
mod open;
mod reason;
mod recorder;
mod ring;
mod sample;
mod setup;
mod situation;
mod store;
mod traits;
mod turn;
mod window_ring;

pub use archive::{ArchiveError, Archived, LAST, REVIEW, Review, read_all, read_one, write_review};
pub use date::{Utc, clock_quality};
pub use desk::Destinations;
pub use encode::picture_for_message;
pub use explanation::{explain, when};
pub use notice::{MESSAGE_PICTURE_BYTES, Notice, Outlet, OutletCounts, Phase};
pub use recorder::{EventRecorder, ReplayedEvents};
pub use ring::{PictureRing, RawPicture};
pub use sample::{HEAT_SIDE, Sample, heat_grid};
pub use setup::{Date, Setup};
pub use situation::{
    Cause, ClockQuality, Heat, InForce, Kind, Moment, Peak, Picture, Place, SCHEMA, Situation,
    TracePoint,
};
pub use store::{DESCRIPTION, Quota, Store};
pub use traits::{Embedding, Oddness, Traits};
pub use window_ring::{WINDOWS, WindowRing, Windows};
