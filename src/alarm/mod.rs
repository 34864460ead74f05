//! From scores to an electrical level: the part that must never be wrong.
//!
//! This room knows no clock, does no I/O and never allocates; times and scores
//! come in as arguments. It builds with `core` and `heapless` alone, so the
//! same code can sit on a microcontroller beside the camera.

mod lasting;
mod line;
mod machine;
mod outputs;
mod pattern;

pub use lasting::{Lasting, LastingChange, LastingTimes, Sign};
pub use line::{Line, Polarity};
pub use machine::{AlarmConfig, AlarmMachine, Input, Levels, State, Transition, Transitions};
pub use outputs::{AlarmOutputs, LastingLine, OutputError};
pub use pattern::Pattern;
