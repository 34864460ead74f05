//! The scores of the last days, kept small, so that alarms can be counted again for any
//! budget.
//!
//! What the alarm's state machine was told is kept: scores that could matter to some
//! budget one by one, and the others as stretches of quiet. Told again to the same
//! machine at other levels, it raises what it would have raised.

mod chunk;
mod disk;
mod recorder;
mod recount;
mod roll;
mod shelf;

pub use recorder::{Trace, TraceOptions};
pub use recount::{Raised, Recount};
pub use roll::Scale;
