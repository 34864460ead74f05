//! `train`: normal footage to a RUN.
//!
//! [`session`] runs the plan, [`learner`] makes a step of losses and memory,
//! and an [`engine`] does the network's arithmetic: [`cpu`] on the runtime's
//! own kernels, `device` on burn (feature `burn`).

mod adam;
mod args;
mod augment;
mod backend;
mod batches;
mod command;
mod console;
mod cpu;
#[cfg(feature = "burn")]
mod device;
mod engine;
mod footage;
mod learner;
mod loss;
mod memory;
mod motion;
mod motion_head;
mod motion_memory;
mod moving_cells;
mod outliers;
mod plan;
mod random;
mod reading;
mod report;
mod resume;
mod samples;
mod session;
mod state;
mod validate;
mod view;
mod window;

pub use args::TrainArgs;
pub use command::{run, train};
pub use footage::recorded_fps;
