//! A camera whose frames have to be judged: one that is too fast for the board, or too
//! slow for the network, would be looked at for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::capture::{Frame, FrameSource, SourceError};
use crate::runtime::Shutdown;

/// A minute's frames without a score.
const MOST_UNJUDGED: u64 = 600;

/// Frames since the last one that was judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Unjudged(Arc<AtomicU64>);

impl Unjudged {
    /// A frame was judged.
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Ends when the program is to end, or when nothing can be judged.
pub(super) struct Guarded {
    pub source: Box<dyn FrameSource + Send>,
    pub shutdown: Shutdown,
    pub unjudged: Unjudged,
}

impl FrameSource for Guarded {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        if self.shutdown.is_requested() {
            return Err(SourceError::disconnected("asked to end"));
        }
        if self.unjudged.0.load(Ordering::Relaxed) >= MOST_UNJUDGED {
            self.unjudged.reset();
            return Err(SourceError::fatal(format!(
                "none of {MOST_UNJUDGED} pictures in a row could be judged: the network needs \
                 them without a gap, at its own rate; either the camera is slower, or this board \
                 computes fewer: see `normwatch bench`, and try `preset = \"nano\"` or another \
                 `precision` in `[learn]`"
            )));
        }
        let frame = self.source.next_frame()?;
        if frame.is_some() {
            self.unjudged.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(frame)
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{PixelFormat, SourceErrorKind};

    struct Endless;

    impl FrameSource for Endless {
        fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
            Ok(Some(Frame {
                format: PixelFormat::Grey,
                width_px: 1,
                height_px: 1,
                stride_bytes: 1,
                data: &[0],
                timestamp_ns: 0,
                sequence: 0,
            }))
        }

        fn describe(&self) -> String {
            "endless".into()
        }
    }

    #[test]
    fn frames_that_nobody_judges_are_not_looked_at_for_ever() {
        let (shutdown, unjudged) = (Shutdown::new(), Unjudged::default());
        let mut guarded = Guarded {
            source: Box::new(Endless),
            shutdown: shutdown.clone(),
            unjudged: unjudged.clone(),
        };
        for _ in 0..MOST_UNJUDGED {
            assert!(guarded.next_frame().is_ok());
        }
        let error = guarded.next_frame().unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Fatal);
        assert!(error.to_string().contains("normwatch bench"), "{error}");
        for _ in 0..3 * MOST_UNJUDGED {
            assert!(guarded.next_frame().is_ok(), "what is judged goes on");
            unjudged.reset();
        }
        shutdown.request();
        assert!(guarded.next_frame().is_err());
    }
}
