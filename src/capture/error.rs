//! What can go wrong with a source, sorted by what to do about it.

use std::fmt;

/// A source's failure: whose it is, a kind to act on, and words to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    source: Option<String>,
    kind: SourceErrorKind,
    what: String,
}

/// What the caller of [`FrameSource::next_frame`](super::FrameSource::next_frame)
/// should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// This frame is unreadable, the next may be fine: count it and ask again.
    FrameSkipped,
    /// A frame that is passed over on purpose, as the first ones of a camera are:
    /// all is well, ask again.
    Settling,
    /// The source is gone: drop it, wait, open it again.
    Disconnected,
    /// The configuration is wrong: opening again will not help.
    Fatal,
}

impl SourceError {
    /// `what` says what is wrong and what helps; [`SourceError::of`] adds whose
    /// failure it is.
    pub fn new(kind: SourceErrorKind, what: impl Into<String>) -> Self {
        Self { source: None, kind, what: what.into() }
    }

    pub fn frame_skipped(what: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::FrameSkipped, what)
    }

    pub fn disconnected(what: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Disconnected, what)
    }

    pub fn fatal(what: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Fatal, what)
    }

    /// Names the source: a file, a command, a camera. A name that is there
    /// already stays behind the new one, as that of a video's decoder behind
    /// the video's.
    #[must_use]
    pub fn of(self, source: impl fmt::Display) -> Self {
        let what = match self.source {
            Some(inner) => format!("{inner}: {}", self.what),
            None => self.what,
        };
        Self { source: Some(source.to_string()), what, ..self }
    }

    /// The same failure, where something else is to be done about it.
    #[must_use]
    pub fn with_kind(self, kind: SourceErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// The same failure in other words.
    #[must_use]
    pub(super) fn retold(self, tell: impl FnOnce(&str) -> String) -> Self {
        Self { what: tell(&self.what), ..self }
    }

    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_before_the_failure_the_outer_one_first() {
        let error = SourceError::disconnected("no frame for 5 ms");
        assert_eq!(error.to_string(), "no frame for 5 ms");
        let error = error.of("`ffmpeg`");
        assert_eq!(error.to_string(), "`ffmpeg`: no frame for 5 ms");
        let error = error.of("clip.mp4").with_kind(SourceErrorKind::Fatal);
        assert_eq!(error.to_string(), "clip.mp4: `ffmpeg`: no frame for 5 ms");
        assert_eq!(error.kind(), SourceErrorKind::Fatal);
    }
}
