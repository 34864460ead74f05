//! The frames of the last seconds, as the model sees them: what a learning needs of an event.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::output::ImageFormat;
use crate::preprocess::{Channels, InputSpec};

/// Name of the file beside `event.json`.
pub const WINDOWS: &str = "windows.png";

/// Frames that are kept: about five seconds at ten a second.
const FRAMES: usize = 48;

/// The frames of an event at the model's size, one below the other in one picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Name of the file.
    pub file: String,
    /// Of one frame.
    pub width_px: usize,
    pub height_px: usize,
    /// When each was taken, the oldest first.
    pub times_ms: Vec<u64>,
}

/// Keeps the last frames of one plane. Copies share it. It allocates nothing once it is
/// made, and whoever puts a frame in waits for nobody but one who copies them out.
#[derive(Clone, Debug)]
pub struct WindowRing(Arc<Mutex<Ring>>);

#[derive(Debug)]
struct Ring {
    spec: InputSpec,
    frames: Vec<(u64, Vec<u8>)>,
    /// Frames that are there, and the place of the next one.
    len: usize,
    next: usize,
}

impl WindowRing {
    /// For frames of that form; `None` for those with colours, of which no learning is made.
    pub fn new(spec: InputSpec) -> Option<Self> {
        if spec.channels != Channels::Luma {
            return None;
        }
        let frames = (0..FRAMES).map(|_| (0, vec![0; spec.frame_len()])).collect();
        Some(Self(Arc::new(Mutex::new(Ring { spec, frames, len: 0, next: 0 }))))
    }

    /// Copies a frame; one of another length is passed over.
    pub fn keep(&self, frame: &[u8], time_ns: u64) {
        let mut ring = self.lock();
        let last = (ring.next + FRAMES - 1) % FRAMES;
        if ring.len > 0 && time_ns <= ring.frames[last].0 {
            // Other footage begins.
            ring.len = 0;
        }
        let next = ring.next;
        let slot = &mut ring.frames[next];
        if slot.1.len() != frame.len() {
            return;
        }
        slot.1.copy_from_slice(frame);
        slot.0 = time_ns;
        ring.next = (next + 1) % FRAMES;
        ring.len = (ring.len + 1).min(FRAMES);
    }

    /// All frames as a PNG, and what is in it; `None` while there are none.
    pub(super) fn picture(&self) -> Option<(Windows, Vec<u8>)> {
        // Whoever captures waits for this lock: nothing grows while it is held.
        let mut times_ms = Vec::with_capacity(FRAMES);
        let mut pixels = Vec::with_capacity(FRAMES * self.lock().spec.frame_len());
        let ring = self.lock();
        let first = (ring.next + FRAMES - ring.len) % FRAMES;
        let kept = (0..ring.len).map(|at| &ring.frames[(first + at) % FRAMES]);
        for (time_ns, frame) in kept {
            times_ms.push(time_ns / 1_000_000);
            pixels.extend_from_slice(frame);
        }
        let spec = ring.spec;
        drop(ring);
        let InputSpec { width_px, height_px, .. } = spec;
        let whole = InputSpec { height_px: height_px * times_ms.len(), ..spec };
        let mut png = Vec::new();
        if times_ms.is_empty() || ImageFormat::Png.encode(whole, &pixels, &mut png).is_err() {
            return None;
        }
        Some((Windows { file: WINDOWS.into(), width_px, height_px, times_ms }, png))
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::Resize;

    fn spec(channels: Channels) -> InputSpec {
        InputSpec { width_px: 4, height_px: 3, channels, resize: Resize::Bilinear, relight: false }
    }

    #[test]
    fn the_last_frames_are_kept_and_other_footage_begins_again() {
        assert!(WindowRing::new(spec(Channels::Rgb)).is_none());
        let ring = WindowRing::new(spec(Channels::Luma)).unwrap();
        assert!(ring.picture().is_none());
        for n in 0..100_u64 {
            ring.keep(&[n as u8; 12], n * 100_000_000);
        }
        let (windows, png) = ring.picture().unwrap();
        assert_eq!(windows.times_ms.len(), FRAMES);
        assert_eq!((windows.times_ms[0], windows.times_ms[FRAMES - 1]), (5200, 9900));
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; 12 * FRAMES];
        reader.next_frame(&mut pixels).unwrap();
        assert!(pixels.chunks(12).zip(52..).all(|(frame, n)| frame == [n; 12]));
        ring.keep(&[1; 12], 5);
        ring.keep(&[1; 13], 6);
        assert_eq!(ring.picture().unwrap().0.times_ms, [0]);
    }
}
