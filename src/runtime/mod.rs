//! What keeps the rooms in step: slots, window, threads, clock, shutdown.
//!
//! [`Monitor`] is the one road from a preprocessed frame to a line level. A
//! replay walks it in a loop, a live run walks it in a thread of its own; both
//! give the same scores for the same frames.

mod analyser;
mod back_off;
mod histogram;
mod intake;
mod live;
mod monitor;
mod motion_gate;
mod progress;
mod rate;
mod replay;
mod shutdown;
mod sight;
mod slots;
mod window;

pub use analyser::{Analyser, FrameScore, Scoring, UpdatePolicy};
pub use back_off::{BackOff, Pace};
pub use histogram::{Histogram, Stage, StageRow, StageTimes};
pub use intake::{Intake, IntakeCounts, Taken};
pub use live::{LiveOptions, LiveStats, OpenSource, run_live};
pub use monitor::{Monitor, MonitorOptions, Step};
pub use motion_gate::MotionGate;
pub use progress::{Capturing, Progress, ProgressLimits, Stall};
pub use rate::RateControl;
pub use replay::{ClipResult, replay_clip};
pub use shutdown::Shutdown;
pub use slots::{Slot, SlotPool};
pub use window::{MAX_PAST_FRAMES, MAX_STEP_PERIODS, Window};
