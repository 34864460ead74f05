//! A board that learns its own camera: observe, train, prove, settle, and a bundle to
//! watch with.
//!
//! Everything lies in one folder. The state file says how far the learning is; it is
//! replaced in one rename, and counts seconds that were seen, not the calendar: a power
//! cut or a clock that jumps costs a minute at most. Training is another program's work,
//! which is started as a child; nothing here trains.

mod child;
mod course;
mod coverage;
mod drift_file;
mod error;
mod eye;
mod fed_back;
mod generations;
mod guarded;
mod heat;
mod missed;
mod observe;
mod place;
mod settle;
mod shelf;
mod sketch;
mod so_far;
mod state;
mod status;
mod store;
mod terms;
mod train;
mod verdict;
mod watched;

pub use child::step_back;
pub use course::{Course, CourseEnd, CourseOptions};
pub use coverage::Coverage;
pub use error::LearnError;
pub use fed_back::{FedBack, Unfit};
pub use generations::{Generation, Generations};
pub use missed::{MOST_MISSED, Missed, MissedTimes};
pub use place::{LearnLock, LearnPlace, input_of};
pub use state::{Phase, State};
pub use status::Status;
pub use store::{Offered, Store};
pub use train::TrainLength;
pub use verdict::Verdict;
pub(crate) use watched::{is_same, tell_phase, watched_generation};
