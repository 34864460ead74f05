//! What the library and the program do together, in one binary: each links the
//! whole runtime. `config` and `allocations` are apart, since one is built
//! without the runtime and the other counts with an allocator of its own.

#![cfg(feature = "runtime")]

mod alarm;
mod bundle;
mod capture_folder;
mod capture_pipe;
mod common;
mod demo;
mod doctor;
mod events;
mod faults;
mod generated;
mod jpeg_truth;
mod known_normal;
mod lasting;
#[cfg(all(feature = "modbus", feature = "mqtt", feature = "webhooks"))]
mod latency;
mod learn;
mod live;
#[cfg(feature = "modbus")]
mod modbus;
mod motion_memory;
#[cfg(feature = "mqtt")]
mod mqtt;
mod notify;
#[cfg(feature = "webhooks")]
mod notify_command;
mod packaging;
#[cfg(feature = "web-server")]
mod page;
mod pipe_layout;
mod predicted_motion;
mod preprocess_formats;
mod preprocess_reference;
mod record;
mod reference;
mod replay;
mod rtsp;
mod run_command;
mod setup;
mod several;
mod stabiliser;
mod station;
mod survival;
mod usual_view;
mod video;
#[cfg(all(feature = "modbus", feature = "mqtt", feature = "webhooks", feature = "web-server"))]
mod viewers;
#[cfg(feature = "web-server")]
mod web;
mod write_log;
