//! The capture side: a source's frames, thinned and preprocessed.

use std::time::Instant;

use super::rate::RateControl;
use super::slots::Slot;
use crate::capture::{FrameSource, SourceError, SourceErrorKind};
use crate::event::{PictureRing, WindowRing};
use crate::preprocess::{InputSpec, Light, Preprocessor};

/// What became of one frame of the source.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// The slot holds it.
    Frame,
    /// Too soon after the last one for the model's rate.
    Thinned,
    /// The source passed it over on purpose; all is well.
    Settling,
    /// It could not be used; the footage goes on.
    Skipped { sequence: u64, reason: String },
    /// There are no more.
    End,
}

/// Frames that did not reach a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IntakeCounts {
    pub taken: u64,
    pub thinned: u64,
    pub skipped: u64,
    /// Frames that the source itself lost, by its sequence numbers.
    pub missed: u64,
    /// Frames that reached a slot and were moved back, because the camera had
    /// swayed.
    pub steadied: u64,
}

/// How a source's frames become the model's.
#[derive(Clone, Copy, Debug)]
pub struct IntakeOptions {
    pub spec: InputSpec,
    /// Frames are thinned to one every so often.
    pub period_ns: u64,
    /// Whether pictures of a swaying camera are moved back, see
    /// [`Preprocessor::steadied`].
    pub stabilise: bool,
    /// The light that pictures are brought to, see [`Preprocessor::evened`]; they
    /// stay as they are without it.
    pub usual_light: Option<Light>,
}

/// The capture side: source, rate control and preprocessing.
pub struct Intake {
    source: Box<dyn FrameSource + Send>,
    preprocessor: Preprocessor,
    pictures: Option<PictureRing>,
    windows: Option<WindowRing>,
    rate: RateControl,
    next_sequence: u64,
    counts: IntakeCounts,
    capture_ns: u64,
    preprocess_ns: u64,
}

impl Intake {
    pub fn new(source: Box<dyn FrameSource + Send>, options: IntakeOptions) -> Self {
        let IntakeOptions { spec, period_ns, stabilise, usual_light } = options;
        Self {
            source,
            preprocessor: Preprocessor::new(spec).steadied(stabilise).evened(usual_light),
            pictures: None,
            windows: None,
            rate: RateControl::new(period_ns),
            next_sequence: 0,
            counts: IntakeCounts::default(),
            capture_ns: 0,
            preprocess_ns: 0,
        }
    }

    /// Goes on with the view that another opening of the same camera has learnt.
    #[must_use]
    pub fn following(mut self, before: Option<Preprocessor>) -> Self {
        if let Some(before) = before {
            self.preprocessor.follow(before);
        }
        self
    }

    /// Keeps pictures for events, as the camera gave them.
    #[must_use]
    pub fn keeping(mut self, pictures: Option<PictureRing>) -> Self {
        self.pictures = pictures;
        self
    }

    /// Keeps the frames themselves for events.
    #[must_use]
    pub fn keeping_windows(mut self, windows: Option<WindowRing>) -> Self {
        self.windows = windows;
        self
    }

    /// Lets go of the source; what was learnt of its view is left.
    pub fn close(self) -> Preprocessor {
        self.preprocessor
    }

    pub fn counts(&self) -> IntakeCounts {
        self.counts
    }

    /// Time that the last frame took to arrive and to be preprocessed.
    pub fn last_stage_ns(&self) -> (u64, u64) {
        (self.capture_ns, self.preprocess_ns)
    }

    /// Reads one frame of the source into `slot`.
    ///
    /// # Errors
    /// The source's, when the next frame will not be better.
    pub fn take(&mut self, slot: &mut Slot) -> Result<Taken, SourceError> {
        self.next(Some(slot))
    }

    /// Reads one frame of the source and forgets it.
    ///
    /// # Errors
    /// As [`Intake::take`].
    pub fn discard(&mut self) -> Result<Taken, SourceError> {
        self.next(None)
    }

    fn next(&mut self, slot: Option<&mut Slot>) -> Result<Taken, SourceError> {
        let start = Instant::now();
        let frame = match self.source.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(Taken::End),
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => {
                let sequence = self.next_sequence;
                self.next_sequence += 1;
                self.counts.skipped += 1;
                return Ok(Taken::Skipped { sequence, reason: error.to_string() });
            }
            Err(error) if error.kind() == SourceErrorKind::Settling => return Ok(Taken::Settling),
            Err(error) => return Err(error),
        };
        let arrived = Instant::now();
        self.capture_ns = (arrived - start).as_nanos() as u64;
        self.counts.missed += frame.sequence.saturating_sub(self.next_sequence);
        self.next_sequence = frame.sequence + 1;
        let before = self.rate.clone();
        if !self.rate.accepts(frame.timestamp_ns) {
            self.counts.thinned += 1;
            return Ok(Taken::Thinned);
        }
        if let Some(slot) = slot {
            (slot.timestamp_ns, slot.sequence) = (frame.timestamp_ns, frame.sequence);
            if let Err(error) = self.preprocessor.process(&frame, &mut slot.data) {
                // A damaged frame has not had its turn: the next one may have it.
                self.rate = before;
                self.counts.skipped += 1;
                return Ok(Taken::Skipped { sequence: frame.sequence, reason: error.to_string() });
            }
            if let Some(pictures) = &self.pictures {
                pictures.keep(&frame);
            }
            if let Some(windows) = &self.windows {
                windows.keep(&slot.data, slot.timestamp_ns);
            }
            slot.edges = self.preprocessor.edges();
            slot.light = self.preprocessor.light();
            self.counts.steadied += u64::from(!slot.edges.is_none());
            self.preprocess_ns = arrived.elapsed().as_nanos() as u64;
            self.counts.taken += 1;
        }
        Ok(Taken::Frame)
    }
}

impl std::ops::AddAssign for IntakeCounts {
    fn add_assign(&mut self, other: Self) {
        self.taken += other.taken;
        self.thinned += other.thinned;
        self.skipped += other.skipped;
        self.missed += other.missed;
        self.steadied += other.steadied;
    }
}
