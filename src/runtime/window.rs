use heapless::Deque;

/// The most past frames that a model may ask for.
pub const MAX_PAST_FRAMES: usize = 15;

const MAX_FRAMES: usize = MAX_PAST_FRAMES + 1;

/// A frame that comes later than this many periods after its predecessor
/// leaves a gap: the motion between them is not what the model was trained on.
pub const MAX_STEP_PERIODS: f64 = 1.75;

/// The last t + 1 frames, as slot indices, evenly spaced in time.
#[derive(Debug)]
pub struct Window {
    frames: Deque<(usize, u64), MAX_FRAMES>,
    wanted: usize,
    max_step_ns: u64,
}

/// Slots that a push sets free.
pub type Freed = heapless::Vec<usize, MAX_FRAMES>;

impl Window {
    /// A window of `past` frames and the one to be judged.
    ///
    /// # Panics
    /// When `past` is 0 or more than [`MAX_PAST_FRAMES`].
    pub fn new(past: usize, period_ns: u64) -> Self {
        assert!((1..=MAX_PAST_FRAMES).contains(&past), "a window of {past} frames");
        let max_step_ns = (period_ns as f64 * MAX_STEP_PERIODS) as u64;
        Self { frames: Deque::new(), wanted: past + 1, max_step_ns }
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

    /// Slot indices, oldest first.
    pub fn slots(&self) -> impl Iterator<Item = usize> + '_ {
        self.frames.iter().map(|&(slot, _)| slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_then_slides() {
        let mut window = Window::new(4, 100);
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
    fn a_gap_or_a_step_back_starts_anew() {
        for next_ns in [300, 100, 50] {
            let mut window = Window::new(1, 100);
            window.push(0, 0);
            window.push(1, 100);
            let (freed, gap) = window.push(2, next_ns);
            assert!(gap && freed.as_slice() == [0, 1] && !window.is_full());
        }
        let mut window = Window::new(1, 100);
        window.push(0, 0);
        assert!(!window.push(1, 174).1, "jitter is no gap");
    }
}
