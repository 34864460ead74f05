//! Why a JPEG is refused.

use crate::capture::jpeg_header::JpegHeaderError;

/// A JPEG that the network will not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JpegError {
    #[error(transparent)]
    Header(#[from] JpegHeaderError),
    /// Something was lost on the way, or a bit fell over.
    #[error("damaged JPEG ({0})")]
    Damaged(&'static str),
    /// As some cameras write them, or damage.
    #[error("damaged JPEG, unless eight in a row are like it (bytes left over, or no end)")]
    Odd,
    /// Perhaps whole, but of a kind that cameras do not make.
    #[error("a JPEG {0} cannot be read")]
    Unsupported(&'static str),
}

pub(super) fn damaged<T>(what: &'static str) -> Result<T, JpegError> {
    Err(JpegError::Damaged(what))
}
