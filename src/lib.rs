//! Learns what one fixed camera usually sees, predicts each next frame, and
//! switches a GPIO line when it sees something else.
//!
//! The rooms lie along the data's way: [`capture`] → [`preprocess`] → [`model`]
//! → [`score`] → [`alarm`] → [`output`], kept in step by [`runtime`]; each may
//! know those before it; the network itself runs on `kernel`, which knows none.
//! With the feature `runtime` off, only [`alarm`] is there: `no_std`, no
//! allocation; with `kernel` alone, the convolution kernels too; with `config`
//! alone, the site and board files and the few types of the rooms that they name.

#![cfg_attr(not(any(feature = "config", feature = "kernel")), no_std)]
#![deny(unsafe_code)]

pub mod alarm;

#[cfg(feature = "runtime")]
mod access;
#[cfg(feature = "runtime")]
pub mod calibrate;
#[cfg(feature = "runtime")]
pub mod capture;
#[cfg(feature = "runtime")]
pub mod checksum;
#[cfg(feature = "runtime")]
pub mod cli;
#[cfg(feature = "runtime")]
pub mod clock;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "runtime")]
pub mod doctor;
#[cfg(feature = "runtime")]
pub mod event;
#[cfg(feature = "runtime")]
pub mod feedback;
#[cfg(feature = "runtime")]
pub mod fs;
#[cfg(feature = "runtime")]
pub mod gpio;
#[cfg(feature = "runtime")]
pub mod health;
#[cfg(feature = "kernel")]
pub mod kernel;
#[cfg(feature = "runtime")]
pub mod learn;
#[cfg(feature = "modbus")]
pub mod modbus;
#[cfg(feature = "runtime")]
pub mod model;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "runtime")]
pub mod notify;
#[cfg(feature = "runtime")]
pub mod output;
#[cfg(feature = "runtime")]
pub mod preprocess;
#[cfg(feature = "runtime")]
pub mod record;
#[cfg(feature = "runtime")]
pub mod replay;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "runtime")]
pub mod score;
#[cfg(feature = "runtime")]
mod secret;
#[cfg(feature = "runtime")]
pub mod setup;
#[cfg(feature = "config")]
pub mod signature;
#[cfg(feature = "runtime")]
pub mod station;
#[cfg(feature = "runtime")]
pub mod trace;
#[cfg(feature = "web-server")]
pub mod web;
#[cfg(feature = "runtime")]
mod writer;

// What stands in a configuration is defined in the rooms' own files. Without
// the rooms, these files alone are built: they need no tract and no system.

/// The types of the room `capture` that a configuration names, with their files.
#[cfg(all(feature = "config", not(feature = "runtime")))]
pub mod capture {
    mod format;
    mod pipe_options;
    mod v4l2_options;

    pub use format::{PixelFormat, UnknownPixelFormat};
    pub use pipe_options::{PipeCommand, PipeContent, PipeInput, PipeOptions, Timestamps};
    pub use v4l2_options::{ControlSetting, ControlValue, V4l2Options};
}

/// The types of the room `model` that a configuration names.
#[cfg(all(feature = "config", not(feature = "runtime")))]
pub mod model {
    mod learning;
    mod precision;

    pub use learning::{MemoryUpdate, Normaliser};
    pub use precision::Precision;
}

/// The types of the room `score` that a configuration names.
#[cfg(all(feature = "config", not(feature = "runtime")))]
pub mod score {
    mod polygon;

    pub use polygon::{MaskMode, Polygon};
}
