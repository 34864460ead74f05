//! Why recorded footage could not be played.

use thiserror::Error;

use crate::capture::SourceError;
use crate::model::NetworkError;

/// Why a replay ended before its footage did. An observer's own error type takes
/// it in by `From`.
#[derive(Debug, Error)]
pub enum PlayError {
    /// A clip cannot be opened, or not be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
}
