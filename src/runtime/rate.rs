//! A camera's frame rate, thinned to the model's.

use super::window::MAX_STEP_PERIODS;

/// Thins a camera's frames down to the rate that the model was trained at.
///
/// A network that saw ten frames a second takes thirty for slow motion, so a
/// faster camera is thinned by timestamps; a slower one is passed through (and
/// its gaps are seen by the window).
#[derive(Clone, Debug)]
pub struct RateControl {
    period_ns: u64,
    /// A longer step may become a gap by the camera's jitter.
    longest_step_ns: u64,
    known: Option<Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    seen_ns: u64,
    accepted_ns: u64,
    due_ns: u64,
}

impl RateControl {
    pub fn new(period_ns: u64) -> Self {
        let longest_step_ns = (0.9 * MAX_STEP_PERIODS * period_ns as f64) as u64;
        Self { period_ns, longest_step_ns, known: None }
    }

    /// Whether the frame at `timestamp_ns` is one for the model. A frame may
    /// come up to a quarter of a period early; or earlier, where waiting for the
    /// camera's next one would leave a gap in the window.
    pub fn accepts(&mut self, timestamp_ns: u64) -> bool {
        let next_ns = match &mut self.known {
            Some(known) if timestamp_ns >= known.seen_ns => {
                let next_frame_ns = 2 * timestamp_ns - known.seen_ns;
                let gap_threatens = next_frame_ns - known.accepted_ns > self.longest_step_ns;
                let early = timestamp_ns + self.period_ns / 4 < known.due_ns;
                if early && !gap_threatens {
                    known.seen_ns = timestamp_ns;
                    return false;
                }
                let late = timestamp_ns >= known.due_ns + self.period_ns / 2;
                if early || late { timestamp_ns } else { known.due_ns }
            }
            _ => timestamp_ns,
        };
        let due_ns = next_ns + self.period_ns;
        self.known = Some(Known { seen_ns: timestamp_ns, accepted_ns: timestamp_ns, due_ns });
        true
    }

    /// Takes the next frame whatever its time, after a reopened source.
    pub fn reset(&mut self) {
        self.known = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::window::Window;

    /// Up to 12 frames a second all pass: without one of them there would be a step
    /// of two periods of the camera, a gap.
    #[test]
    fn no_camera_is_thinned_into_gaps() {
        for tenths in 62..=600_u64 {
            let step_ns = 10_000_000_000 / tenths;
            // Jitter of 3 % of the model's period.
            let times =
                (0..tenths * 10).map(|i| 1_000_000_000 + i * step_ns + i * 7919 % 3_000_000);
            let mut rate = RateControl::new(100_000_000);
            let mut window = Window::new(4, 1, 100_000_000);
            let mut taken = 0;
            for (slot, time_ns) in times.filter(|&t| rate.accepts(t)).enumerate() {
                assert!(!window.push(slot, time_ns).1, "{} frames a second", tenths as f64 / 10.0);
                taken += 1;
            }
            let sound = match tenths {
                ..=120 => taken == tenths * 10,
                121..=130 => (900..=1300).contains(&taken),
                _ => (950..=1010).contains(&taken),
            };
            assert!(sound, "{taken} of {} in 100 s", tenths * 10);
        }
    }

    fn accepted(period_ms: u64, times_ms: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut rate = RateControl::new(period_ms * 1_000_000);
        times_ms.filter(|t| rate.accepts(t * 1_000_000)).collect()
    }

    #[test]
    fn thirty_becomes_ten() {
        let kept = accepted(100, (0..30).map(|i| i * 1000 / 30));
        assert_eq!(kept.len(), 10);
        assert!(kept.windows(2).all(|w| (90..=110).contains(&(w[1] - w[0]))), "{kept:?}");
    }

    #[test]
    fn twenty_five_becomes_ten_on_average() {
        let kept = accepted(100, (0..250).map(|i| i * 40));
        assert!((99..=101).contains(&kept.len()), "{}", kept.len());
    }

    #[test]
    fn the_trained_rate_and_slower_pass_whole() {
        assert_eq!(accepted(100, (0..50).map(|i| i * 100 + i % 3)).len(), 50);
        assert_eq!(accepted(100, (0..50).map(|i| i * 200)).len(), 50);
    }
}
