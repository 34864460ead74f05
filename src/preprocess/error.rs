//! Why a frame cannot be used.

/// A frame that the network will not see. Each concerns one frame only: the
/// caller counts it and goes on to the next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PreprocessError {
    #[error("short frame: {found_bytes} of {expected_bytes} bytes")]
    ShortFrame { expected_bytes: usize, found_bytes: usize },
    /// Sizes as width and height in pixels.
    #[error("frame size changed from {}x{} to {}x{}", from.0, from.1, to.0, to.1)]
    SizeChanged { from: (u32, u32), to: (u32, u32) },
    #[error("a row stride of {stride_bytes} bytes is less than the {row_bytes} bytes of a row")]
    NarrowStride { stride_bytes: usize, row_bytes: usize },
    #[error("{0}")]
    Undecodable(String),
    /// The caller's buffer does not fit its own [`InputSpec`](super::input::InputSpec).
    #[error("the output takes {expected_bytes} bytes, not {found_bytes}")]
    WrongOutput { expected_bytes: usize, found_bytes: usize },
}
