//! Pictures of a brighter or darker hour, brought to the usual level.

/// The light is taken to be the mean of about so many pictures.
const MEMORY: f32 = 64.0;
/// Nothing changes until the light is off by this share.
const LEAST_CHANGE: f32 = 0.08;
/// Beyond this factor up or down it is dusk, or a hand before the lens.
const LARGEST_GAIN: f32 = 2.0;

/// Multiplies pictures so that they are, over some seconds, as bright as those
/// that the levels were learnt from.
#[derive(Clone, Debug)]
pub(super) struct Light {
    usual_level: f32,
    seen_level: f32,
    /// Pictures seen, up to [`MEMORY`].
    seen: f32,
    gain: f32,
    table: [u8; 256],
}

impl Light {
    /// `usual_level` is a mean grey level from 0 to 1.
    pub fn new(usual_level: f32) -> Self {
        Self { usual_level, seen_level: 0.0, seen: 0.0, gain: 1.0, table: table(1.0) }
    }

    pub fn forget(&mut self) {
        *self = Self::new(self.usual_level);
    }

    /// Brings a picture of mean grey level `level` to the usual light.
    pub fn even(&mut self, level: f32, picture: &mut [u8]) {
        self.seen = (self.seen + 1.0).min(MEMORY);
        self.seen_level += (level - self.seen_level) / self.seen;
        let least = self.usual_level / LARGEST_GAIN;
        let most = self.usual_level * LARGEST_GAIN;
        let needed = self.usual_level / self.seen_level.clamp(least, most);
        if (needed / self.gain - 1.0).abs() > LEAST_CHANGE {
            log::debug!("the light is {:.2} of the usual", 1.0 / needed);
            (self.gain, self.table) = (needed, table(needed));
        }
        if self.gain != 1.0 {
            picture.iter_mut().for_each(|level| *level = self.table[usize::from(*level)]);
        }
    }
}

/// The grey level that each one becomes.
fn table(gain: f32) -> [u8; 256] {
    std::array::from_fn(|level| (level as f32 * gain).round().min(255.0) as u8)
}

/// Mean grey level of a picture, from 0 to 1.
pub(super) fn mean_level(picture: &[u8]) -> f32 {
    let sum: u64 = picture.iter().map(|&level| u64::from(level)).sum();
    (sum as f64 / picture.len() as f64 / 255.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evened(light: &mut Light, level: u8) -> u8 {
        let mut picture = [level; 4];
        light.even(mean_level(&picture), &mut picture);
        picture[0]
    }

    #[test]
    fn what_is_close_to_usual_stays() {
        let mut light = Light::new(100.0 / 255.0);
        for level in [100, 107, 94, 100] {
            assert_eq!(evened(&mut light, level), level);
        }
    }

    #[test]
    fn another_light_is_evened_and_a_moment_is_not() {
        let mut light = Light::new(100.0 / 255.0);
        assert_eq!(evened(&mut light, 70), 100);
        (0..100).for_each(|_| assert_eq!(evened(&mut light, 70), 100));
        assert_eq!(evened(&mut light, 100), 143, "a flash is seen as one");
        light.forget();
        assert_eq!(evened(&mut light, 130), 100);
    }

    #[test]
    fn the_dark_stays_dark() {
        let mut light = Light::new(100.0 / 255.0);
        assert_eq!(evened(&mut light, 0), 0);
        assert_eq!(evened(&mut light, 20), 40);
        light.forget();
        assert_eq!(evened(&mut light, 255), 128);
    }
}
