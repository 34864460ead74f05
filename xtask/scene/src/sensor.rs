//! From radiance to pixels: lens, exposure, noise, and the drift of daylight.

use super::number::{Concern, Stream, sin_turns, smoothstep};
use super::params::SceneParams;
use super::place::OVERSAMPLE;
use super::raster::Canvas;

/// Spread of the lens over super-sampled pixels.
const LENS: [f32; 4] = [0.125, 0.375, 0.375, 0.125];
const VIGNETTE: f32 = 0.20;

/// Slow changes of daylight and of exposure during one clip.
#[derive(Clone, Debug)]
pub struct Daylight {
    drift: f64,
    /// Brightness at the start, and what it gains in a second.
    level: [f64; 2],
    gain: [Wave; 3],
    cloud: [Wave; 2],
}

#[derive(Clone, Copy, Debug)]
struct Wave {
    period_s: f64,
    phase: f64,
    weight: f64,
}

impl Wave {
    fn new(stream: &mut Stream, periods_s: [f64; 2], weight: f64) -> Self {
        Self { period_s: stream.range(periods_s[0], periods_s[1]), phase: stream.unit(), weight }
    }

    fn at(&self, t_s: f64) -> f64 {
        self.weight * sin_turns(t_s / self.period_s + self.phase)
    }
}

/// Strength of sun and sky and the gain of the camera at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposure {
    pub sun: f32,
    pub sky: f32,
    pub gain: f32,
}

impl Daylight {
    /// Daylight that varies by about `light_drift`, relative to its mean, and
    /// has the brightness and the ramp of `params`.
    pub fn new(params: &SceneParams, clip: u64) -> Self {
        let mut stream = Stream::new(params.seed, Concern::Light, clip, 0);
        let level = 1.0 + params.light;
        let level = [level, level * params.light_ramp / f64::from(params.seconds.max(1))];
        let gain = [([20.0, 50.0], 0.2), ([60.0, 150.0], 0.35), ([180.0, 400.0], 0.45)]
            .map(|(periods_s, weight)| Wave::new(&mut stream, periods_s, weight));
        let cloud =
            [[35.0, 80.0], [90.0, 200.0]].map(|periods_s| Wave::new(&mut stream, periods_s, 0.5));
        Self { drift: params.light_drift, level, gain, cloud }
    }

    pub fn at(&self, t_s: f64) -> Exposure {
        let gain: f64 = self.gain.iter().map(|w| w.at(t_s)).sum();
        let cover = smoothstep(-0.1, 0.9, self.cloud.iter().map(|w| w.at(t_s)).sum());
        Exposure {
            sun: (1.0 - (4.0 * self.drift).min(0.9) * cover) as f32,
            sky: (1.0 + self.drift * cover) as f32,
            gain: ((1.0 + self.drift * gain) * (self.level[0] + self.level[1] * t_s)) as f32,
        }
    }
}

/// Movement of the mount in super-sampled pixels.
#[derive(Clone, Debug)]
pub struct Shake {
    amplitude_px: f64,
    waves: [[Wave; 3]; 2],
}

impl Shake {
    pub fn new(seed: u64, clip: u64, shake_px: f64) -> Self {
        let mut stream = Stream::new(seed, Concern::Shake, clip, 0);
        let waves = std::array::from_fn(|_| {
            [([0.25, 0.6], 0.25), ([0.8, 2.0], 0.35), ([3.0, 9.0], 0.4)]
                .map(|(periods_s, weight)| Wave::new(&mut stream, periods_s, weight))
        });
        Self { amplitude_px: shake_px * OVERSAMPLE as f64, waves }
    }

    fn at(&self, t_s: f64) -> [f64; 2] {
        let offset = |axis: &[Wave; 3]| axis.iter().map(|w| w.at(t_s)).sum::<f64>();
        [0, 1].map(|k| self.amplitude_px * offset(&self.waves[k]))
    }
}

/// Turns super-sampled canvases into pictures.
pub struct Sensor {
    width: usize,
    height: usize,
    colour: bool,
    noise_sigma: f32,
    vignette: Vec<f32>,
}

impl Sensor {
    pub fn new(params: &SceneParams) -> Self {
        let (width, height) = (params.width_px as usize, params.height_px as usize);
        let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
        let corner = cx * cx + cy * cy;
        let fall_off = |i: usize| {
            let (x, y) = ((i % width) as f32 + 0.5 - cx, (i / width) as f32 + 0.5 - cy);
            1.0 - VIGNETTE * (x * x + y * y) / corner
        };
        Self {
            width,
            height,
            colour: params.colour,
            noise_sigma: params.noise_sigma as f32,
            vignette: (0..width * height).map(fall_off).collect(),
        }
    }

    /// Interleaved 8-bit pixels of what `canvas` shows.
    pub fn expose(
        &self,
        canvas: &Canvas,
        shift_px: [f64; 2],
        gain: f32,
        mut noise: Stream,
    ) -> Vec<u8> {
        let planes: Vec<Vec<f32>> = if self.colour {
            let plane = |c: usize| canvas.rgb.iter().map(|p| p[c]).collect::<Vec<_>>();
            (0..3).map(|c| self.shrink(&plane(c), shift_px)).collect()
        } else {
            let luma = |p: &[f32; 3]| 0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2];
            let plane: Vec<f32> = canvas.rgb.iter().map(luma).collect();
            vec![self.shrink(&plane, shift_px)]
        };
        let mut pixels = Vec::with_capacity(self.width * self.height * planes.len());
        for (i, fall_off) in self.vignette.iter().enumerate() {
            for plane in &planes {
                let signal = plane[i] * fall_off * gain;
                let level = 255.0 * shoulder(signal).sqrt();
                let sigma = self.noise_sigma * (0.4 + 1.2 * level / 255.0).sqrt();
                let noisy = level + sigma * noise.grain();
                pixels.push((noisy + 0.5).clamp(0.0, 255.0) as u8);
            }
        }
        pixels
    }

    /// One byte per pixel, 1 where most of it is marked.
    pub fn mask(&self, canvas: &Canvas, shift_px: [f64; 2]) -> Vec<u8> {
        let shares = self.shrink(&canvas.mask, shift_px);
        shares.iter().map(|&share| u8::from(share >= 0.5)).collect()
    }

    fn shrink(&self, plane: &[f32], shift_px: [f64; 2]) -> Vec<f32> {
        let (wide, tall) = (self.width * OVERSAMPLE, self.height * OVERSAMPLE);
        let (across, dx) = taps(shift_px[0]);
        let mut rows = vec![0.0; self.width * tall];
        for (row, line) in rows.chunks_exact_mut(self.width).zip(plane.chunks_exact(wide)) {
            for (x, out) in row.iter_mut().enumerate() {
                *out = weigh(&across, (x * OVERSAMPLE) as i64 + dx, wide, |k| line[k]);
            }
        }
        let (down, dy) = taps(shift_px[1]);
        let mut picture = vec![0.0; self.width * self.height];
        for (y, line) in picture.chunks_exact_mut(self.width).enumerate() {
            let first = (y * OVERSAMPLE) as i64 + dy;
            for (k, weight) in down.iter().enumerate() {
                let from = (first + k as i64).clamp(0, tall as i64 - 1) as usize * self.width;
                for (out, value) in line.iter_mut().zip(&rows[from..from + self.width]) {
                    *out += weight * value;
                }
            }
        }
        picture
    }
}

/// Where the picture lies on the canvas at `t_s`.
pub fn shift_px(shake: &Shake, t_s: f64) -> [f64; 2] {
    if shake.amplitude_px == 0.0 { [0.0; 2] } else { shake.at(t_s) }
}

/// The lens's weights moved by a fraction of a pixel, and the first index.
fn taps(shift: f64) -> ([f32; 5], i64) {
    let whole = shift.floor();
    let part = (shift - whole) as f32;
    let lens = |k: i32| if (0..4).contains(&k) { LENS[k as usize] } else { 0.0 };
    let weights = std::array::from_fn(|k| {
        let k = k as i32;
        (1.0 - part) * lens(k) + part * lens(k - 1)
    });
    (weights, whole as i64 - 1)
}

fn weigh(weights: &[f32; 5], first: i64, size: usize, value: impl Fn(usize) -> f32) -> f32 {
    if first >= 0 && first + 5 <= size as i64 {
        let first = first as usize;
        return (0..5).map(|k| weights[k] * value(first + k)).sum();
    }
    let inside = |k: usize| (first + k as i64).clamp(0, size as i64 - 1) as usize;
    (0..5).map(|k| weights[k] * value(inside(k))).sum()
}

/// Compresses highlights above 0.75 instead of clipping them.
fn shoulder(signal: f32) -> f32 {
    let over = (signal - 0.75).max(0.0);
    signal.min(0.75) + over / (1.0 + 4.0 * over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_drift_means_constant_light() {
        let still = SceneParams { light_drift: 0.0, ..SceneParams::default() };
        let daylight = Daylight::new(&still, 1);
        assert_eq!(daylight.at(3.0), daylight.at(50.0));
    }

    #[test]
    fn light_and_ramp_set_the_gain() {
        let params = SceneParams {
            light_drift: 0.0,
            light: -0.5,
            light_ramp: 0.2,
            seconds: 100,
            ..SceneParams::default()
        };
        let daylight = Daylight::new(&params, 1);
        assert_eq!(daylight.at(0.0).gain, 0.5);
        assert!((daylight.at(100.0).gain - 0.6).abs() < 1e-6);
    }

    #[test]
    fn shifted_taps_keep_their_sum_and_centre() {
        for shift in [0.0, 0.25, -0.6, 3.4] {
            let (weights, first) = taps(shift);
            let sum: f32 = weights.iter().sum();
            let moment = |(k, w): (usize, &f32)| f64::from(*w) * (first as f64 + k as f64);
            let centre: f64 = weights.iter().enumerate().map(moment).sum();
            assert!((sum - 1.0).abs() < 1e-6);
            assert!((centre - 0.5 - shift).abs() < 1e-6);
        }
    }
}
