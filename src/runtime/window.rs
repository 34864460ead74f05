//! The frames that the model sees at once, and where the footage has gaps.

use heapless::Deque;

pub use crate::model::MAX_PAST_FRAMES;

const MAX_FRAMES: usize = MAX_PAST_FRAMES + 1;

/// A frame that comes later than this many periods after its predecessor
/// leaves a gap: the motion between them is not what the model was trained on.
pub const MAX_STEP_PERIODS: f64 = 1.75;

/// The frames since the oldest one that the model sees, as slot indices, evenly
/// spaced in time.
#[derive(Debug)]
pub struct Window {
    frames: Deque<(usize, u64), MAX_FRAMES>,
    wanted: usize,
    spacing: usize,
    max_step_ns: u64,
}

/// Slots that a push sets free.
pub type Freed = heapless::Vec<usize, MAX_FRAMES>;

impl Window {
    /// A window of `past` frames, each `spacing` frames after the one before,
    /// and the one to be judged; of that one alone where `spacing` is 0.
    ///
    /// # Panics
    /// When `past` times `spacing` is more than [`MAX_PAST_FRAMES`].
    pub fn new(past: usize, spacing: usize, period_ns: u64) -> Self {
        let span = past * spacing;
        assert!(span <= MAX_PAST_FRAMES, "a window of {span} frames");
        let max_step_ns = (period_ns as f64 * MAX_STEP_PERIODS) as u64;
        Self { frames: Deque::new(), wanted: span + 1, spacing: spacing.max(1), max_step_ns }
    }

    /// Takes the newest frame. Returns the slots that are no longer needed,
    /// and whether the footage had a gap before this frame, in which case all
    /// former frames are among them.
    pub fn push(&mut self, slot: usize, timestamp_ns: u64) -> (Freed, bool) {
        let mut freed = Freed::new();
        let gap = self.frames.back().is_some_and(|&(_, before_ns)| {
            timestamp_ns <= before_ns || timestamp_ns - before_ns > self.max_step_ns
        });
        if gap {
            freed = self.clear();
        }
        if self.frames.len() == self.wanted {
            freed.extend(self.frames.pop_front().map(|(old, _)| old));
        }
        let _ = self.frames.push_back((slot, timestamp_ns));
        (freed, gap)
    }

    /// Lets go of every frame.
    pub fn clear(&mut self) -> Freed {
        let mut freed = Freed::new();
        while let Some((slot, _)) = self.frames.pop_front() {
            let _ = freed.push(slot);
        }
        freed
    }

    pub fn is_full(&self) -> bool {
        self.frames.len() == self.wanted
    }

    /// Slot indices of the frames that the model sees, oldest first; the one
    /// to be judged is the last.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.frames.iter().step_by(self.spacing).map(|&(slot, _)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_then_slides() {
        let mut window = Window::new(4, 1, 100);
        for i in 0..5 {
            assert!(!window.is_full());
            assert_eq!(window.push(i, i as u64 * 100), (Freed::new(), false));
        }
        assert!(window.is_full());
        let (freed, gap) = window.push(5, 500);
        assert_eq!((freed.as_slice(), gap), (&[0][..], false));
        assert!(window.slots().eq(1..=5));
    }

    #[test]
    fn spaced_frames_end_with_the_newest() {
        let mut window = Window::new(2, 3, 100);
        (0..7).for_each(|i| assert_eq!(window.push(i, i as u64 * 100).0, Freed::new()));
        assert!(window.is_full() && window.slots().eq([0, 3, 6]));
        assert_eq!(window.push(7, 700).0.as_slice(), [0]);
        assert!(window.slots().eq([1, 4, 7]));
    }

    #[test]
    fn a_frame_that_is_reconstructed_is_alone() {
        let mut window = Window::new(1, 0, 100);
        assert_eq!(window.push(3, 0), (Freed::new(), false));
        assert!(window.is_full() && window.slots().eq([3]));
        assert_eq!(window.push(4, 100).0.as_slice(), [3]);
        assert!(window.is_full() && window.slots().eq([4]));
        let (freed, gap) = window.push(5, 900);
        assert!(gap && freed.as_slice() == [4] && window.is_full());
    }

    #[test]
    fn a_gap_or_a_step_back_starts_again() {
        for next_ns in [300, 100, 50] {
            let mut window = Window::new(1, 1, 100);
            window.push(0, 0);
            window.push(1, 100);
            let (freed, gap) = window.push(2, next_ns);
            assert!(gap && freed.as_slice() == [0, 1] && !window.is_full());
        }
        let mut window = Window::new(1, 1, 100);
        window.push(0, 0);
        assert!(!window.push(1, 174).1, "jitter is not a gap");
    }
}
