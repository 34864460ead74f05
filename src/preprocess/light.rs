//! Pictures of a brighter or darker hour, brought to the usual light.

use serde::{Deserialize, Serialize};

/// The light is taken to be the mean of about so many pictures.
const MEMORY: f32 = 64.0;
/// Nothing changes until the light is off by this share.
const LEAST_CHANGE: f32 = 0.08;
/// Beyond this factor up or down it is dusk, or a hand before the lens.
const LARGEST_GAIN: f32 = 2.0;
/// Light changes contrast as it changes brightness. A picture that is still so
/// many times too flat or too rich is another picture: a blinded lens. One that is being
/// evened may be a little more so, or a view at the limit would flicker.
const LARGEST_DISTORTION: f32 = 1.5;
const LARGEST_DISTORTION_EVENED: f32 = 1.7;
/// From one picture to the next the factor changes by no more than this share: a step
/// would be a change of the whole picture.
const LARGEST_STEP: f32 = 0.05;
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
    /// Of all levels of a picture.
    pub fn of(picture: &[u8]) -> Self {
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
        Err("`mean` and `spread` must be between 0 and 1".into())
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
    /// What the gain moves to.
    wanted: f32,
    gain: f32,
    table: [u8; 256],
}

impl Evener {
    pub fn new(usual: Light) -> Self {
        let (seen, table) = (Light::default(), table(1.0));
        Self { usual, seen, count: 0.0, wanted: 1.0, gain: 1.0, table }
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
        if (needed / self.wanted - 1.0).abs() > LEAST_CHANGE {
            log::debug!("the light is {:.2} of the usual", 1.0 / needed);
            self.wanted = needed;
        }
        if self.gain != self.wanted {
            let (least, most) =
                (self.gain / (1.0 + LARGEST_STEP), self.gain * (1.0 + LARGEST_STEP));
            // The first picture has none before it.
            let is_first = self.count == 1.0;
            self.gain = if is_first { self.wanted } else { self.wanted.clamp(least, most) };
            self.table = table(self.gain);
        }
        if self.gain != 1.0 {
            picture.iter_mut().for_each(|level| *level = self.table[usize::from(*level)]);
        }
    }

    fn needed(&self) -> f32 {
        let (least, most) = (self.usual.mean / LARGEST_GAIN, self.usual.mean * LARGEST_GAIN);
        let gain = self.usual.mean / self.seen.mean.clamp(least, most);
        let distortion = self.seen.spread * gain / self.usual.spread;
        let is_evened = self.wanted != 1.0;
        let largest = if is_evened { LARGEST_DISTORTION_EVENED } else { LARGEST_DISTORTION };
        let alike = (1.0 / largest..=largest).contains(&distortion);
        if self.usual.spread >= LEAST_SPREAD && alike { gain } else { 1.0 }
    }
}

/// The grey level that each one becomes.
fn table(gain: f32) -> [u8; 256] {
    std::array::from_fn(|level| (level as f32 * gain).round().min(255.0) as u8)
}

#[cfg(test)]
mod tests;
