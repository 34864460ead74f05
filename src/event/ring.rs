//! The pictures of the last seconds, as the camera gave them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::capture::{Frame, PixelFormat};

/// Pictures that are kept at most.
const SLOTS: usize = 13;
/// With fewer there is none from before an event.
const LEAST_SLOTS: usize = 3;
/// How far back the oldest one reaches.
const REACH_NS: u64 = 3_000_000_000;
/// A JPEG may grow so much over the first one, in quarters.
const JPEG_QUARTERS: usize = 6;

/// One picture, and when it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPicture {
    pub format: PixelFormat,
    pub width_px: u32,
    pub height_px: u32,
    pub stride_bytes: usize,
    pub bytes: Vec<u8>,
    pub time_ns: u64,
}

/// Keeps a picture every quarter of a second, for three seconds; fewer where the
/// memory that it may take is not enough. Copies share it.
///
/// A warm ring allocates nothing, and a thread that puts a picture in waits for
/// nobody but one who copies another out.
#[derive(Clone, Debug)]
pub struct PictureRing(Arc<Mutex<Ring>>);

#[derive(Debug)]
struct Ring {
    limit_bytes: usize,
    pictures: Vec<RawPicture>,
    /// Slots that fit into the limit, for pictures as the last one.
    slots: usize,
    /// Bytes of a picture that the slots were made for.
    made_for_bytes: usize,
    next: usize,
    last_ns: Option<u64>,
}

impl PictureRing {
    /// Takes at most about `limit_bytes` of memory.
    pub fn new(limit_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Ring {
            limit_bytes,
            pictures: Vec::new(),
            slots: 0,
            made_for_bytes: 0,
            next: 0,
            last_ns: None,
        })))
    }

    /// Copies the frame, if its turn has come.
    pub fn keep(&self, frame: &Frame<'_>) {
        self.lock().keep(frame);
    }

    /// The newest picture that is not later, or else the oldest there is.
    pub fn at_or_before(&self, time_ns: u64) -> Option<RawPicture> {
        let ring = self.lock();
        let kept = || ring.pictures.iter();
        let before = kept().filter(|picture| picture.time_ns <= time_ns);
        let found = before.max_by_key(|p| p.time_ns).or(kept().min_by_key(|p| p.time_ns));
        found.cloned()
    }

    /// When the newest picture was taken.
    pub fn newest_ns(&self) -> Option<u64> {
        self.lock().pictures.iter().map(|picture| picture.time_ns).max()
    }

    /// The picture that was taken nearest to that time.
    pub fn nearest(&self, time_ns: u64) -> Option<RawPicture> {
        let ring = self.lock();
        ring.pictures.iter().min_by_key(|picture| picture.time_ns.abs_diff(time_ns)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn keep(&mut self, frame: &Frame<'_>) {
        let now_ns = frame.timestamp_ns;
        if self.last_ns.is_some_and(|last_ns| now_ns <= last_ns) {
            // Other footage begins.
            self.pictures.clear();
            self.next = 0;
            self.last_ns = None;
        }
        let wanted_bytes = match frame.format {
            PixelFormat::Mjpeg => frame.data.len() / 4 * JPEG_QUARTERS + 4096,
            _ => frame.data.len(),
        };
        if frame.data.len() > self.made_for_bytes {
            self.make_slots(wanted_bytes);
        }
        if self.slots < LEAST_SLOTS || !self.is_due(now_ns) {
            return;
        }
        self.last_ns = Some(now_ns);
        if self.pictures.len() < self.slots {
            self.pictures.push(RawPicture {
                format: frame.format,
                width_px: 0,
                height_px: 0,
                stride_bytes: 0,
                bytes: Vec::with_capacity(self.made_for_bytes),
                time_ns: 0,
            });
            self.next = self.pictures.len() - 1;
        }
        let slot = &mut self.pictures[self.next];
        slot.bytes.clear();
        slot.bytes.extend_from_slice(frame.data);
        (slot.format, slot.stride_bytes) = (frame.format, frame.stride_bytes);
        (slot.width_px, slot.height_px) = (frame.width_px, frame.height_px);
        slot.time_ns = now_ns;
        self.next = (self.next + 1) % self.slots;
    }

    fn make_slots(&mut self, picture_bytes: usize) {
        self.pictures = Vec::with_capacity(SLOTS);
        self.next = 0;
        self.made_for_bytes = picture_bytes;
        self.slots = (self.limit_bytes / picture_bytes.max(1)).min(SLOTS);
        if self.slots < LEAST_SLOTS {
            log::warn!(
                "events have no pictures: one of this camera takes {} kB, and {LEAST_SLOTS} must \
                 fit into {} kB; raise memory_max_mb in [output.events], or take smaller pictures",
                picture_bytes / 1000,
                self.limit_bytes / 1000
            );
        }
    }

    fn is_due(&self, now_ns: u64) -> bool {
        let every_ns = REACH_NS / (self.slots as u64 - 1);
        // A little early is early enough: cameras jitter.
        self.last_ns.is_none_or(|last_ns| now_ns - last_ns >= every_ns / 8 * 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(data: &[u8], time_ms: u64) -> Frame<'_> {
        Frame {
            format: PixelFormat::Grey,
            width_px: 10,
            height_px: data.len() as u32 / 10,
            stride_bytes: 10,
            data,
            timestamp_ns: time_ms * 1_000_000,
            sequence: time_ms,
        }
    }

    fn times_ms(ring: &PictureRing) -> Vec<u64> {
        let mut times: Vec<_> =
            ring.lock().pictures.iter().map(|p| p.time_ns / 1_000_000).collect();
        times.sort_unstable();
        times
    }

    #[test]
    fn it_reaches_three_seconds_back_at_four_a_second() {
        let ring = PictureRing::new(1 << 20);
        (0..1000).for_each(|i| ring.keep(&frame(&[i as u8; 100], i * 40)));
        let times = times_ms(&ring);
        assert_eq!(times.len(), SLOTS);
        assert!(times[0] <= 39_960 - 2700 && times[SLOTS - 1] >= 39_960 - 250, "{times:?}");
        let picture = ring.at_or_before(38_000_000_000).unwrap();
        let at_ms = picture.time_ns / 1_000_000;
        assert!((37_700..=38_000).contains(&at_ms), "{at_ms}");
        assert_eq!(picture.bytes[0], (at_ms / 40) as u8, "its own bytes");
        assert_eq!(ring.at_or_before(0).unwrap().time_ns, times[0] * 1_000_000);
        assert_eq!(ring.nearest(u64::MAX).unwrap().time_ns, times[SLOTS - 1] * 1_000_000);
    }

    #[test]
    fn its_memory_is_bounded_and_too_little_is_none() {
        let ring = PictureRing::new(450);
        (0..100).for_each(|i| ring.keep(&frame(&[0; 100], i * 100)));
        assert_eq!(times_ms(&ring).len(), 4);
        let none = PictureRing::new(299);
        (0..100).for_each(|i| none.keep(&frame(&[0; 100], i * 100)));
        assert_eq!(none.nearest(0), None);
    }

    #[test]
    fn other_footage_begins_again() {
        let ring = PictureRing::new(1 << 20);
        (0..100).for_each(|i| ring.keep(&frame(&[1; 100], i * 100)));
        ring.keep(&frame(&[2; 100], 0));
        assert_eq!(times_ms(&ring), [0]);
        ring.keep(&frame(&[3; 400], 500));
        assert_eq!(times_ms(&ring), [500], "another size");
    }
}
