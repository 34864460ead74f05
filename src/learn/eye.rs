//! A camera that is opened again after every loss, for as long as a phase looks.

use crate::capture::{FrameSource, Reopening, SourceError, SourceErrorKind};
use crate::clock::Clock;
use crate::runtime::{OpenSource, Shutdown};

use super::error::LearnError;

/// A camera that was open for so long has recovered: its next loss begins with the
/// shortest pause.
const RECOVERED_MS: u64 = 30_000;

/// Why a phase no longer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// As long as it was to.
    Enough,
    /// The footage has no more.
    Footage,
    /// The program is to end.
    Stopped,
}

/// What a phase does with the camera.
pub(super) trait Look {
    /// Looks through one opening of the camera, until a reason to end.
    ///
    /// # Errors
    /// [`LearnError::Source`] when the camera is lost; it is opened again then.
    fn look(&mut self, source: Box<dyn FrameSource + Send>) -> Result<Seen, LearnError>;

    /// Whether any opening has given a frame.
    fn has_seen(&self) -> bool;

    /// The camera is lost, and will be opened again.
    fn lost(&mut self, why: &SourceError);
}

/// A site's camera.
pub(super) struct Eye<'a, 'o> {
    pub open: &'a mut OpenSource<'o>,
    pub clock: &'a dyn Clock,
    pub shutdown: &'a Shutdown,
}

impl Eye<'_, '_> {
    /// # Errors
    /// A camera that cannot be opened and never could, and whatever else `look` ends
    /// with.
    pub fn keep_open(&mut self, look: &mut dyn Look) -> Result<Seen, LearnError> {
        let mut reopening = Reopening::default();
        loop {
            if self.shutdown.is_requested() {
                return Ok(Seen::Stopped);
            }
            let begun_ms = self.clock.monotonic_ms();
            let opened = (self.open)().map_err(LearnError::from);
            let loss = match opened.and_then(|source| look.look(source)) {
                Err(LearnError::Source(error)) => error,
                ended => return ended,
            };
            if self.shutdown.is_requested() {
                return Ok(Seen::Stopped);
            }
            if loss.kind() == SourceErrorKind::Fatal && !look.has_seen() {
                return Err(loss.into());
            }
            if self.clock.monotonic_ms().saturating_sub(begun_ms) >= RECOVERED_MS {
                reopening.reset();
            }
            log::warn!("camera lost: {loss}");
            look.lost(&loss);
            if self.shutdown.sleep_ms(reopening.next_pause_ms(self.clock)) {
                return Ok(Seen::Stopped);
            }
        }
    }
}
