//! A camera that one process has, and another one of the same board looks through.
//!
//! Whoever has the camera gives copies of its frames at a local socket, see [`Sharing`];
//! [`SharedCamera`] takes them. The one that has it never waits: who is slow is shown
//! fewer frames.

mod giver;
mod head;
mod taker;

pub use giver::Sharing;
pub use taker::SharedCamera;

#[cfg(test)]
mod tests;
