//! Whether pictures still show anything.

use heapless::Deque;

use crate::preprocess::Light;

/// A picture with less than this share of the usual contrast shows nothing.
const LEAST_SHARE: f32 = 0.2;
/// A usual view with less contrast has none to lose.
const LEAST_SPREAD: f32 = 0.02;
const DULL_MS: u64 = 10_000;
/// No two pictures of a sensor are the same to the bit.
const STILL_MS: u64 = 30_000;
/// More than any driver's ring of buffers: stale ones come round and round.
const REMEMBERED: usize = 32;

/// Tells a camera that sees from one that only goes on giving pictures: covered,
/// fogged, blinded, or the same one for ever. Such pictures are easy to predict,
/// and no score says that anything is wrong.
#[derive(Clone, Debug)]
pub struct Sight {
    usual: Option<Light>,
    /// Of the last pictures, each once, the oldest first.
    seen: Deque<Light, REMEMBERED>,
    dull_since_ms: Option<u64>,
    still_since_ms: u64,
}

impl Sight {
    /// `usual` is the light of normal footage, if known.
    pub fn new(usual: Option<Light>) -> Self {
        let usual = usual.filter(|light| light.spread >= LEAST_SPREAD);
        Self { usual, seen: Deque::new(), dull_since_ms: None, still_since_ms: 0 }
    }

    /// Takes the light of the picture as the camera gave it; the reason, if
    /// nothing is seen.
    pub fn look(&mut self, light: Light, now_ms: u64) -> Option<&'static str> {
        if self.is_news(light) {
            self.still_since_ms = now_ms;
        }
        let dull = self.usual.is_some_and(|usual| light.spread < LEAST_SHARE * usual.spread);
        let dull_since_ms =
            dull.then(|| self.dull_since_ms.map_or(now_ms, |since_ms| since_ms.min(now_ms)));
        self.dull_since_ms = dull_since_ms;
        let dull_ms = dull_since_ms.map_or(0, |since_ms| now_ms - since_ms);
        if dull_ms >= DULL_MS {
            return Some("the picture has lost its contrast: the lens is covered, fogged or dark");
        }
        let still_ms = now_ms.saturating_sub(self.still_since_ms);
        (still_ms >= STILL_MS).then_some("the picture does not change by a single bit any more")
    }

    /// Whether no picture of late had this light to the bit. Two different ones of a
    /// sensor may, but not all of half a minute.
    fn is_news(&mut self, light: Light) -> bool {
        if self.seen.iter().any(|seen| *seen == light) {
            return false;
        }
        if self.seen.is_full() {
            self.seen.pop_front();
        }
        let _ = self.seen.push_back(light);
        true
    }

    /// The camera was lost: what comes next has no past.
    pub fn forget(&mut self) {
        *self = Self::new(self.usual);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Light = Light { mean: 0.4, spread: 0.1 };

    /// Seconds until something is said about pictures with this contrast.
    fn told_after_s(usual: Option<Light>, spread: impl Fn(u64) -> f32) -> Option<u64> {
        let mut sight = Sight::new(usual);
        let at = |i: u64| Light { mean: 0.4, spread: spread(i) };
        (0..1000).find(|&i| sight.look(at(i), i * 100).is_some()).map(|i| i / 10)
    }

    #[test]
    fn a_covered_lens_is_told_after_ten_seconds_and_a_dim_evening_never() {
        let noise = |i: u64| (i % 101) as f32 * 7e-6;
        assert_eq!(told_after_s(Some(USUAL), |i| 0.01 + noise(i)), Some(10));
        assert_eq!(told_after_s(Some(USUAL), |i| 0.03 + noise(i)), None);
        assert_eq!(told_after_s(None, |i| 0.01 + noise(i)), None);
        let flat = Light { spread: 0.01, ..USUAL };
        assert_eq!(told_after_s(Some(flat), |i| 0.001 + noise(i) / 10.0), None);
    }

    #[test]
    fn a_passing_truck_is_no_cover_and_a_frozen_picture_is_told() {
        let truck = |i: u64| if i % 100 < 90 { 0.001 + i as f32 * 1e-6 } else { 0.1 };
        assert_eq!(told_after_s(Some(USUAL), truck), None);
        assert_eq!(told_after_s(Some(USUAL), |_| 0.1), Some(30));
    }

    #[test]
    fn stale_buffers_that_come_round_and_round_are_told() {
        let ring = |buffers: u64| move |i: u64| 0.1 + (i % buffers) as f32 * 1e-3;
        for buffers in [1, 2, 4, 8, 32] {
            let last_new_s = (buffers - 1) / 10;
            assert_eq!(told_after_s(Some(USUAL), ring(buffers)), Some(30 + last_new_s));
        }
        assert_eq!(told_after_s(Some(USUAL), ring(33)), None);
    }

    #[test]
    fn a_camera_that_comes_back_begins_again() {
        let mut sight = Sight::new(Some(USUAL));
        let dark = Light { mean: 0.0, spread: 0.0 };
        (0..99).for_each(|i| assert_eq!(sight.look(dark, i * 100), None));
        sight.forget();
        (200..290).for_each(|i| assert_eq!(sight.look(dark, i * 100), None));
    }
}
