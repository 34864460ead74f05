//! One picture of a camera, to look at.

use crate::capture::{FrameSource, SourceError, SourceErrorKind};
use crate::output::encode_for_people;
use crate::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use crate::runtime::Shutdown;

/// So many frames are taken, and the last one is shown: by then the exposure has settled.
const FRAMES: usize = 10;
const MOST_FAILURES: usize = 30;
const JPEG_QUALITY: u8 = 90;
/// Wider ones are made smaller: they are for people.
const WIDEST_PX: usize = 1920;

/// One picture of a camera.
pub struct Still {
    spec: InputSpec,
    /// R, G, B.
    planes: Vec<u8>,
    /// What it is of, in the source's words.
    pub described: String,
}

impl Still {
    /// Takes a few frames, and keeps the last.
    ///
    /// # Errors
    /// The source's; one that gives none.
    pub fn take(source: &mut dyn FrameSource, shutdown: &Shutdown) -> Result<Self, SourceError> {
        let (mut still, mut failures) = (None, 0);
        let mut maker: Option<Preprocessor> = None;
        let mut seen = 0;
        while seen < FRAMES && !shutdown.is_requested() {
            let failure = match source.next_frame() {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    let maker = maker.get_or_insert_with(|| {
                        Preprocessor::new(spec(frame.width_px, frame.height_px))
                    });
                    let mut planes = vec![0; maker.spec().frame_len()];
                    match maker.process(&frame, &mut planes) {
                        Ok(()) => {
                            still = Some((maker.spec(), planes));
                            seen += 1;
                            continue;
                        }
                        Err(error) => SourceError::frame_skipped(error.to_string()),
                    }
                }
                Err(error) => error,
            };
            match failure.kind() {
                SourceErrorKind::Settling => {}
                SourceErrorKind::FrameSkipped if failures < MOST_FAILURES => failures += 1,
                _ => return Err(failure.of(source.describe())),
            }
        }
        let described = source.describe();
        let (spec, planes) = still.ok_or_else(|| {
            SourceError::disconnected("it gave no picture: is it the right one?").of(&described)
        })?;
        Ok(Self { spec, planes, described })
    }

    /// Width and height.
    pub fn size_px(&self) -> (usize, usize) {
        (self.spec.width_px, self.spec.height_px)
    }

    /// Its brightness, row by row.
    pub fn grey(&self) -> Vec<u8> {
        let count = self.spec.width_px * self.spec.height_px;
        let plane = |i: usize| self.planes[i * count..(i + 1) * count].iter();
        let colours = plane(0).zip(plane(1)).zip(plane(2));
        colours
            .map(|((r, g), b)| {
                let sum = 299 * u32::from(*r) + 587 * u32::from(*g) + 114 * u32::from(*b);
                (sum / 1000) as u8
            })
            .collect()
    }

    /// # Errors
    /// The encoder's.
    pub fn jpeg(&self) -> Result<Vec<u8>, String> {
        encode_for_people(self.spec, &self.planes, JPEG_QUALITY)
    }
}

fn spec(width_px: u32, height_px: u32) -> InputSpec {
    let (width, height) = (width_px as usize, height_px as usize);
    let shown = width.min(WIDEST_PX);
    let height_px = (height * shown / width.max(1)).max(1);
    InputSpec {
        width_px: shown.max(1),
        height_px,
        channels: Channels::Rgb,
        resize: Resize::Area,
        relight: false,
    }
}
