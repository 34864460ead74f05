//! What a person at a terminal sees while the pipeline runs.
//!
//! [`LiveView`] paints frame, score and line levels in place; [`PlainView`]
//! prints lines, for pipes, logs and dumb terminals. Both are a [`View`].

mod gauges;
mod grid;
mod live;
mod picture;
mod plain;
mod screen;
#[cfg(test)]
mod tests;
mod view;

pub use live::LiveView;
pub use picture::drawn;
pub use plain::PlainView;
pub use screen::{Colours, TerminalSize, supports_live_view};
pub use view::{Heat, LiveState, Picture, View};
