//! Why a live run failed.

use std::io;

use thiserror::Error;

use crate::capture::SourceError;
use crate::health::SupervisorError;
use crate::model::NetworkError;

/// Why a live run ended otherwise than by shutdown or the end of its footage.
/// The lines are safe then, too.
#[derive(Debug, Error)]
pub enum RunError {
    /// The camera cannot work as it is configured.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The run was not begun: no thread for the camera.
    #[error("cannot start the capture thread: {0}")]
    CaptureThread(io::Error),
    /// The capture thread panicked.
    #[error("capture panicked")]
    CapturePanicked,
    /// The run was not begun: no thread for the supervisor.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
}

impl RunError {
    /// Whether the program itself is sound, so that watchdogs may be disarmed: it
    /// is the site that needs attention, and a restart or a reset of the board
    /// would not help.
    pub fn is_orderly(&self) -> bool {
        matches!(self, Self::Source(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_site_that_needs_attention_disarms_the_watchdogs() {
        let gone = || io::Error::other("no thread");
        for (error, disarms) in [
            (RunError::Source(SourceError::fatal("no such camera")), true),
            (RunError::Network(NetworkError::Unusable("torn".into())), false),
            (RunError::CaptureThread(gone()), false),
            (RunError::CapturePanicked, false),
            (RunError::Supervisor(SupervisorError(gone())), false),
        ] {
            assert_eq!(error.is_orderly(), disarms, "{error:?}");
        }
    }
}
