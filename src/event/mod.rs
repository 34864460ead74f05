//! Situations: what an alarm was about, with its proof, and who is told of it.

mod notice;
mod situation;

pub use notice::{MESSAGE_PICTURE_BYTES, Notice, Outlet, OutletCounts, Phase};
pub use situation::{
    Cause, ClockQuality, Heat, InForce, Kind, Moment, Peak, Picture, Place, SCHEMA, Situation,
    TracePoint,
};
