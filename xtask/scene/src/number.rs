//! Arithmetic that gives the same bits on every machine: seeded streams,
//! trigonometry from a polynomial, lattice noise and three-vectors.
//!
//! Only IEEE basic operations and square roots are used, never the platform's
//! libm, so that a scene can be named by its parameters and its hash.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A point or direction in metres: along the path, across it, up.
pub type Vec3 = [f64; 3];

/// Linear-light reflectance or radiance: red, green, blue.
pub type Colour = [f32; 3];

/// What a random stream is for. Each concern draws from its own stream, so
/// that changing how one is drawn leaves the others as they were.
#[derive(Clone, Copy, Debug)]
pub enum Concern {
    /// Viewpoint, sun and the layout of the place.
    Place = 1,
    /// Foliage of trees and shrubs.
    Foliage = 2,
    /// Arrival times of the walkers.
    Arrivals = 3,
    /// Body, clothes and route of one walker.
    Walker = 4,
    /// Choice and timing of the anomalies.
    Events = 5,
    /// Shape of one anomaly.
    Event = 6,
    /// Slow changes of light.
    Light = 7,
    /// Sensor noise of one frame.
    Noise = 8,
    /// Movement of the camera mount.
    Shake = 9,
    /// Changes to footage in an evaluation.
    Perturbation = 10,
    /// Another viewpoint on the same place.
    Camera = 11,
    /// Rain and snow.
    Weather = 12,
    /// Insects before the lens.
    Moth = 13,
}

/// A seeded stream of random numbers for one concern.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Opens the stream of `concern` at `seed`; `clip` and `index` select one
    /// of many independent streams of that concern.
    pub fn new(seed: u64, concern: Concern, clip: u64, index: u64) -> Self {
        let mut key = [0; 32];
        for (slot, word) in key.chunks_exact_mut(8).zip([seed, concern as u64, clip, index]) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// A number in `[low, high)`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// -1 or 1.
    pub fn sign(&mut self) -> f64 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// One of `items`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[(self.unit() * items.len() as f64) as usize]
    }

    /// A nearly Gaussian number, cut at three standard deviations.
    pub fn normal(&mut self, mean: f64, sigma: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.unit()).sum();
        mean + sigma * (sum - 6.0).clamp(-3.0, 3.0)
    }

    /// A nearly Gaussian number of unit variance from eight bytes, for bulk use.
    pub fn grain(&mut self) -> f32 {
        let sum: u32 = self.0.next_u64().to_le_bytes().iter().map(|&b| u32::from(b)).sum();
        (sum as f32 - 1020.0) / 209.02
    }
}

/// Sine of an angle in turns.
pub fn sin_turns(turns: f64) -> f64 {
    let r = turns - (turns + 0.5).floor();
    let folded = if r > 0.25 {
        0.5 - r
    } else if r < -0.25 {
        -0.5 - r
    } else {
        r
    };
    let a = folded * std::f64::consts::TAU;
    let s = a * a;
    let tail = 1.0 - s / 110.0 * (1.0 - s / 156.0);
    a * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0 * tail))))
}

/// Cosine of an angle in turns.
pub fn cos_turns(turns: f64) -> f64 {
    sin_turns(turns + 0.25)
}

/// Sine and cosine of an angle in radians.
pub fn sin_cos(rad: f64) -> (f64, f64) {
    let turns = rad / std::f64::consts::TAU;
    (sin_turns(turns), cos_turns(turns))
}

/// Rises smoothly from 0 at `low` to 1 at `high`.
pub fn smoothstep(low: f64, high: f64, x: f64) -> f64 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Hash of a lattice point, in `[0, 1)`.
pub fn hash2(x: i64, y: i64, salt: u64) -> f64 {
    let mut h = (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ (y as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
        ^ salt.wrapping_mul(0x1656_67B1_9E37_79F9);
    h = (h ^ (h >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    h = (h ^ (h >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((h ^ (h >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
}

/// Value noise in `[0, 1)` with features one unit wide.
pub fn noise2(x: f64, y: f64, salt: u64) -> f64 {
    let (ix, iy) = (x.floor(), y.floor());
    let (tx, ty) = (smoothstep(0.0, 1.0, x - ix), smoothstep(0.0, 1.0, y - iy));
    let (ix, iy) = (ix as i64, iy as i64);
    let top = mix(hash2(ix, iy, salt), hash2(ix + 1, iy, salt), tx);
    let bottom = mix(hash2(ix, iy + 1, salt), hash2(ix + 1, iy + 1, salt), tx);
    mix(top, bottom, ty)
}

/// Four octaves of value noise, in `[0, 1)`.
pub fn fractal2(x: f64, y: f64, salt: u64) -> f64 {
    let octave = |k: u32| {
        let scale = f64::from(1 << k);
        noise2(x * scale, y * scale, salt + u64::from(k)) / scale
    };
    (0..4).map(octave).sum::<f64>() / 1.875
}

pub fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

pub fn add(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub fn sub(a: Vec3, b: Vec3) -> Vec3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub fn scale(a: Vec3, k: f64) -> Vec3 {
    [a[0] * k, a[1] * k, a[2] * k]
}

pub fn dot(a: Vec3, b: Vec3) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub fn unit(a: Vec3) -> Vec3 {
    scale(a, 1.0 / dot(a, a).sqrt().max(1e-9))
}

/// Distance between two points on the ground, in metres.
pub fn gap_m(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
    (dx * dx + dy * dy).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomial_sine_agrees_with_libm() {
        for k in -400..400 {
            let turns = f64::from(k) * 0.0137;
            let expected = (turns * std::f64::consts::TAU).sin();
            assert!((sin_turns(turns) - expected).abs() < 1e-7, "at {turns}");
        }
    }

    #[test]
    fn streams_of_different_concerns_differ() {
        let first = |concern, clip| Stream::new(1, concern, clip, 0).unit();
        assert_eq!(first(Concern::Noise, 1), first(Concern::Noise, 1));
        assert_ne!(first(Concern::Noise, 1), first(Concern::Light, 1));
        assert_ne!(first(Concern::Noise, 1), first(Concern::Noise, 2));
    }

    #[test]
    fn grain_has_unit_variance() {
        let mut stream = Stream::new(3, Concern::Noise, 0, 0);
        let n = 20_000;
        let power: f32 = (0..n).map(|_| stream.grain().powi(2)).sum();
        assert!((power / n as f32 - 1.0).abs() < 0.05);
    }
}
