//! What can go wrong with a source, sorted by what to do about it.

/// A source's failure: a kind to act on and a message to read.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct SourceError {
    kind: SourceErrorKind,
    message: String,
}

/// What the caller of [`FrameSource::next_frame`](super::FrameSource::next_frame)
/// should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// This frame is unreadable, the next may be fine: count it and ask again.
    FrameSkipped,
    /// The source is gone: drop it, wait, open it again.
    Disconnected,
    /// The configuration is wrong: opening again will not help.
    Fatal,
}

impl SourceError {
    /// The message names the file or command, what is wrong and the remedy.
    pub fn new(kind: SourceErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub fn frame_skipped(message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::FrameSkipped, message)
    }

    pub fn disconnected(message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Disconnected, message)
    }

    pub fn fatal(message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Fatal, message)
    }

    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }
}
