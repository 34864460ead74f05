//! `train`: normal footage to a RUN.

mod args;
mod augment;
mod backend;
mod command;
mod console;
mod cpu;
mod footage;
mod learner;
mod memory;
mod model;
mod network;
mod optimiser;
mod outliers;
mod plan;
mod random;
mod report;
mod resume;
mod samples;
mod session;
mod state;
mod validate;

pub use args::TrainArgs;
pub use command::run;

#[cfg(test)]
mod exactness_tests;
#[cfg(test)]
mod session_tests;
