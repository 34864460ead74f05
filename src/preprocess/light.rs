//! Pictures of a brighter or darker hour, brought to the usual light.

use serde::{Deserialize, Serialize};

/// The light is taken to be the mean of about so many pictures.
const MEMORY: f32 = 64.0;
/// Nothing changes until the light is off by this share.
const LEAST_CHANGE: f32 = 0.08;
/// Beyond this factor up or down it is dusk, or a hand before the lens.
const LARGEST_GAIN: f32 = 2.0;
/// Light changes contrast as it changes brightness. A picture that is still so
/// many times too flat or too rich is another picture: a blinded lens.
const LARGEST_DISTORTION: f32 = 1.6;
/// A view with less contrast has nothing but its brightness to be known by.
const LEAST_SPREAD: f32 = 0.02;

/// How bright a picture is, and how much contrast it has: mean and standard
/// deviation of its grey levels, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Light {
    pub mean: f32,
    pub spread: f32,
}

impl Light {
    pub(super) fn of(picture: &[u8]) -> Self {
        let (mut sum, mut squares) = (0u64, 0u64);
        for &level in picture {
            sum += u64::from(level);
            squares += u64::from(level) * u64::from(level);
        }
        let count = picture.len() as f64;
        let mean = sum as f64 / count;
        let variance = (squares as f64 / count - mean * mean).max(0.0);
        Self { mean: (mean / 255.0) as f32, spread: (variance.sqrt() / 255.0) as f32 }
    }

    /// The mean of as many pictures' light; dark without any.
    pub fn mean_of(lights: impl IntoIterator<Item = Self>) -> Self {
        let (mut mean, mut spread, mut count) = (0.0, 0.0, 0.0f64);
        for light in lights {
            mean += f64::from(light.mean);
            spread += f64::from(light.spread);
            count += 1.0;
        }
        let share = 1.0 / count.max(1.0);
        Self { mean: (mean * share) as f32, spread: (spread * share) as f32 }
    }

    /// # Errors
    /// One sentence about a value out of range.
    pub fn check(&self) -> Result<(), String> {
        let within = |value: f32| (0.0..=1.0).contains(&value);
        if within(self.mean) && within(self.spread) {
            return Ok(());
        }
        Err("`mean` and `spread` lie between 0 and 1".into())
    }
}

/// Multiplies pictures so that they are, over some seconds, as bright as those
/// that the levels were learnt from.
#[derive(Clone, Debug)]
pub(super) struct Evener {
    usual: Light,
    seen: Light,
    /// Pictures seen, up to [`MEMORY`].
    count: f32,
    gain: f32,
    table: [u8; 256],
}

impl Evener {
    pub fn new(usual: Light) -> Self {
        Self { usual, seen: Light::default(), count: 0.0, gain: 1.0, table: table(1.0) }
    }

    pub fn forget(&mut self) {
        *self = Self::new(self.usual);
    }

    /// Brings a picture, whose own light is `light`, to the usual one.
    pub fn even(&mut self, light: Light, picture: &mut [u8]) {
        self.count = (self.count + 1.0).min(MEMORY);
        self.seen.mean += (light.mean - self.seen.mean) / self.count;
        self.seen.spread += (light.spread - self.seen.spread) / self.count;
        let needed = self.needed();
        if (needed / self.gain - 1.0).abs() > LEAST_CHANGE {
            log::debug!("the light is {:.2} of the usual", 1.0 / needed);
            (self.gain, self.table) = (needed, table(needed));
        }
        if self.gain != 1.0 {
            picture.iter_mut().for_each(|level| *level = self.table[usize::from(*level)]);
        }
    }

    fn needed(&self) -> f32 {
        let (least, most) = (self.usual.mean / LARGEST_GAIN, self.usual.mean * LARGEST_GAIN);
        let gain = self.usual.mean / self.seen.mean.clamp(least, most);
        let distortion = self.seen.spread * gain / self.usual.spread;
        let alike = (1.0 / LARGEST_DISTORTION..=LARGEST_DISTORTION).contains(&distortion);
        if self.usual.spread >= LEAST_SPREAD && alike { gain } else { 1.0 }
    }
}

/// The grey level that each one becomes.
fn table(gain: f32) -> [u8; 256] {
    std::array::from_fn(|level| (level as f32 * gain).round().min(255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of two grey levels, 0.6 and 1.4 times `level`, evened; its mean.
    fn evened(evener: &mut Evener, level: u8) -> u8 {
        with_contrast(evener, level, 0.4)
    }

    fn with_contrast(evener: &mut Evener, level: u8, contrast: f32) -> u8 {
        let at = |factor: f32| (f32::from(level) * factor).round().min(255.0) as u8;
        let mut picture = [at(1.0 - contrast), at(1.0 + contrast)];
        evener.even(Light::of(&picture), &mut picture);
        ((u16::from(picture[0]) + u16::from(picture[1])) / 2) as u8
    }

    fn usual() -> Evener {
        Evener::new(Light::of(&[60, 140]))
    }

    #[test]
    fn light_of_a_picture() {
        let light = Light::of(&[0, 255, 0, 255]);
        assert_eq!((light.mean, light.spread), (0.5, 0.5));
        assert_eq!(Light::mean_of([light, Light::default()]), Light { mean: 0.25, spread: 0.25 });
        assert!(Light { mean: f32::NAN, spread: 0.1 }.check().is_err());
    }

    #[test]
    fn what_is_close_to_usual_stays() {
        let mut evener = usual();
        for level in [100, 105, 95, 100] {
            assert_eq!(evened(&mut evener, level), level);
        }
    }

    #[test]
    fn another_light_is_evened_and_a_moment_is_not() {
        let mut evener = usual();
        assert_eq!(evened(&mut evener, 70), 100);
        (0..100).for_each(|_| assert_eq!(evened(&mut evener, 70), 100));
        assert_eq!(evened(&mut evener, 100), 143, "a flash is seen as one");
        evener.forget();
        assert_eq!(evened(&mut evener, 130), 100);
    }

    #[test]
    fn the_dark_stays_dark() {
        let mut evener = usual();
        assert_eq!(evened(&mut evener, 0), 0);
        assert_eq!(evened(&mut evener, 20), 20, "not even twice as much would do");
        evener.forget();
        assert_eq!(evened(&mut evener, 60), 100);
    }

    #[test]
    fn a_blinded_lens_is_not_evened() {
        let mut evener = usual();
        assert_eq!(with_contrast(&mut evener, 150, 0.1), 150);
        evener.forget();
        assert_eq!(with_contrast(&mut evener, 150, 0.4), 100);
        let mut flat = Evener::new(Light::of(&[100, 101]));
        assert_eq!(with_contrast(&mut flat, 70, 0.0), 70);
    }
}
