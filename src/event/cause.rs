//! What a score is due to.

use serde::{Deserialize, Serialize};

/// What a score of a frame is due to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The prediction was wrong there.
    Prediction,
    /// It does not look like the usual view.
    View,
    /// It moves as normal footage does not.
    Motion,
}
