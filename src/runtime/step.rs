//! What the monitor says of one judged frame.

use super::analyser::FrameScore;
use super::slow_view::SlowState;
use crate::alarm::{State, Transitions};

/// What one judged frame did.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// `None` when the network returned something that is not a number.
    pub score: Option<FrameScore>,
    pub state: State,
    pub transitions: Transitions,
    /// What lasts for longer than the network sees.
    pub slow: SlowState,
}
