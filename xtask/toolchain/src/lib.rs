//! Footage to a bundle, and the proof that the bundle is good: trains,
//! imports, exports, quantises, verifies and measures networks.
//!
//! A footage folder becomes a RUN ([`run`]: arrays beside a description), a RUN
//! becomes a bundle ([`bundle`]). [`net`] describes the network once; trainer
//! and ONNX graphs are made from that description.

pub mod bundle;
pub mod cli;
mod eval;
mod export;
#[cfg(test)]
mod fixture;
mod import;
mod invocation;
pub mod net;
pub mod onnx;
#[cfg(test)]
mod onnx_check;
mod quantize;
pub mod run;
mod scenes;
mod sign;
mod train;
mod verify;
mod workers;

pub use quantize::{QuantizeArgs, quantise};
