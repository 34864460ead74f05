//! What keeps the rooms in step: slots, window, threads, shutdown.
//!
//! [`Monitor`] is the one road from a preprocessed frame to a line level, and
//! [`Pipeline`] puts it together. A replay walks it in a loop, a live run walks it
//! in a thread of its own; both give the same scores for the same frames.

mod analyser;
mod continuity;
mod histogram;
mod impairments;
mod intake;
mod large_and_short;
mod line_journal;
mod live;
mod monitor;
mod monitor_options;
mod motion_gate;
mod pipeline;
mod quieting;
mod rate;
mod sampling;
mod shutdown;
mod sight;
mod sight_journal;
mod slots;
mod slow_journal;
mod slow_view;
mod step;
mod thermal_pace;
mod traced_machine;
mod window;

pub use analyser::{Analyser, FrameScore, Scoring, UpdatePolicy};
pub use histogram::{Histogram, Stage, StageRow, StageTimes};
pub use impairments::{Impaired, Impairment, Impairments};
pub use intake::{Intake, IntakeCounts, IntakeOptions, Taken};
pub use live::{LiveOptions, LiveStats, OpenSource, RunError, run_live};
pub use monitor::Monitor;
pub use monitor_options::MonitorOptions;
pub use motion_gate::MotionGate;
pub use pipeline::{DEFAULT_MIN_DURATION_MS, NO_LEVELS, Pipeline, default_alarm};
pub use rate::RateControl;
pub use shutdown::Shutdown;
pub use slots::{Slot, SlotPool};
pub use slow_view::{SlowState, SlowStep, SlowView, SlowViewOptions, ViewChange};
pub use step::Step;
pub use thermal_pace::{Pace, SLOWEST_PACE, ThermalPace};
pub use window::{MAX_PAST_FRAMES, MAX_STEP_PERIODS, Window};
