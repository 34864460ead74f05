//! Conditions that training footage need not have: a sun that turns, fog, rain
//! and snow.

use super::number::{Colour, Concern, Stream, Vec3, sin_cos, sin_turns};
use super::params::SceneParams;
use super::place::{OVERSAMPLE, Place};
use super::raster::{Canvas, Haze};

/// The sun moves in steps of this size, so that shadows are not cast again for
/// every frame; a lamp's shadow moves by about two centimetres in one.
const STEP_DEG: f64 = 0.25;

/// Fog of strength 1 hides half of what is this far away.
const HALF_SIGHT_M: f64 = 14.0;

/// Background that is neither ground nor fixture counts as this far away.
const FAR_M: f32 = 60.0;

/// Radiance of the air, relative to the sky's usual light.
const AIR: Colour = [0.42, 0.44, 0.46];

/// Drops and flakes of strength 1 in a picture of 320×180.
const DROPS: f64 = 260.0;
const FLAKES: f64 = 320.0;

/// Where the sun stands over the time of a clip.
#[derive(Clone, Debug)]
pub struct SunPath {
    start: Vec3,
    deg_per_s: f64,
}

impl SunPath {
    pub fn new(start: Vec3, params: &SceneParams) -> Self {
        Self { start, deg_per_s: params.sun_turn_deg / f64::from(params.seconds.max(1)) }
    }

    /// Number of the step at `t_s`; 0 is where the sun stands by default.
    pub fn step(&self, t_s: f64) -> i64 {
        (self.deg_per_s * t_s / STEP_DEG).floor() as i64
    }

    /// Direction to the sun, turned about the vertical.
    pub fn to_sun(&self, step: i64) -> Vec3 {
        if step == 0 {
            return self.start;
        }
        let (sin, cos) = sin_cos((step as f64 * STEP_DEG).to_radians());
        let [u, v, z] = self.start;
        [u * cos - v * sin, u * sin + v * cos, z]
    }
}

/// The weather of one clip.
pub struct Weather {
    fog: f64,
    rain: f64,
    seed: u64,
    clip: u64,
    /// Share of the air in front of the background, per pixel; empty without
    /// fog.
    veil: Vec<f32>,
    flakes: Vec<Flake>,
}

/// A flake of snow: where it is at the start, in parts of the picture, and how
/// it falls.
#[derive(Clone, Debug)]
struct Flake {
    at: [f64; 2],
    fall_per_s: f64,
    sway: f64,
    period_s: f64,
    radius_px: f64,
    cover: f32,
}

impl Weather {
    pub fn new(place: &Place, params: &SceneParams, clip: u64) -> Self {
        let SceneParams { seed, fog, rain, .. } = *params;
        let pixels = place.occluders_m().len();
        let veil = if fog > 0.0 {
            (0..pixels).map(|i| share(fog, place.depth_m(i).min(FAR_M))).collect()
        } else {
            Vec::new()
        };
        let mut stream = Stream::new(seed, Concern::Weather, clip, u64::MAX);
        let count = (FLAKES * params.snow * area(place.view.width, place.view.height)) as usize;
        let flakes = (0..count).map(|_| Flake::new(&mut stream, place.view.width)).collect();
        Self { fog, rain, seed, clip, veil, flakes }
    }

    /// Sun and sky through the clouds that fog, rain and snow come with.
    pub fn daylight(&self, sun: f32, sky: f32) -> (f32, f32) {
        let cloud = self.fog.max(self.rain).max(if self.flakes.is_empty() { 0.0 } else { 0.8 });
        if cloud == 0.0 {
            return (sun, sky);
        }
        (sun * (1.0 - 0.85 * cloud as f32), sky * (1.0 + 0.35 * cloud as f32))
    }

    /// Puts the air in front of the empty place.
    pub fn veil(&self, canvas: &mut Canvas, sky: f32) {
        let air = AIR.map(|c| c * sky);
        for (pixel, &share) in canvas.rgb.iter_mut().zip(&self.veil) {
            *pixel = Haze { share, air }.over(*pixel);
        }
    }

    /// The air in front of something at a distance.
    pub fn haze(&self, depth_m: f32, sky: f32) -> Option<Haze> {
        (self.fog > 0.0)
            .then(|| Haze { share: share(self.fog, depth_m), air: AIR.map(|c| c * sky) })
    }

    /// Draws what falls in front of everything. The mask stays as it is.
    pub fn fall(&self, canvas: &mut Canvas, t_s: f64, frame: u32, sky: f32) {
        if self.rain > 0.0 {
            self.drops(canvas, frame, sky);
        }
        for flake in &self.flakes {
            flake.draw(canvas, t_s, sky);
        }
    }

    /// Rain is too fast for a drop to be seen twice.
    fn drops(&self, canvas: &mut Canvas, frame: u32, sky: f32) {
        let mut stream = Stream::new(self.seed, Concern::Weather, self.clip, u64::from(frame));
        let (width, height) = (canvas.width, canvas.height);
        let count = (DROPS * self.rain * area(width, height)) as usize;
        let unit_px = width as f64 / 320.0;
        for _ in 0..count {
            let (x, y) = (stream.unit() * width as f64, stream.unit() * height as f64);
            let length = unit_px * stream.range(5.0, 16.0);
            let slant = stream.range(0.08, 0.16);
            let cover = stream.range(0.08, 0.26) as f32;
            for k in 0..length as usize {
                let (px, py) = (x + slant * k as f64, y + k as f64);
                mix(canvas, px as usize, py as usize, cover, sky);
            }
        }
    }
}

impl Flake {
    fn new(stream: &mut Stream, width: usize) -> Self {
        let near = stream.unit();
        Self {
            at: [stream.unit(), stream.unit()],
            fall_per_s: 0.12 + 0.5 * near + stream.range(-0.03, 0.03),
            sway: stream.range(0.004, 0.02),
            period_s: stream.range(1.5, 4.0),
            radius_px: (0.5 + 1.1 * near * near) * width as f64 / 320.0,
            cover: stream.range(0.35, 0.8) as f32,
        }
    }

    fn draw(&self, canvas: &mut Canvas, t_s: f64, sky: f32) {
        let (width, height) = (canvas.width as f64, canvas.height as f64);
        let sway = self.sway * sin_turns(t_s / self.period_s + self.at[1]);
        let x = (self.at[0] + sway).rem_euclid(1.0) * width;
        let y = (self.at[1] + self.fall_per_s * t_s).rem_euclid(1.0) * height;
        let reach = self.radius_px + 1.0;
        for py in (y - reach).max(0.0) as usize..=(y + reach) as usize {
            for px in (x - reach).max(0.0) as usize..=(x + reach) as usize {
                let (dx, dy) = (px as f64 + 0.5 - x, py as f64 + 0.5 - y);
                let inside = (self.radius_px + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
                mix(canvas, px, py, self.cover * inside as f32, sky);
            }
        }
    }
}

/// Puts a share of bright water into a pixel; outside the picture nothing.
fn mix(canvas: &mut Canvas, x: usize, y: usize, cover: f32, sky: f32) {
    if x < canvas.width && y < canvas.height {
        let pixel = &mut canvas.rgb[y * canvas.width + x];
        *pixel = Haze { share: cover, air: [0.62 * sky, 0.64 * sky, 0.66 * sky] }.over(*pixel);
    }
}

/// The share that fog of this strength hides at a distance: 1 − 2^(−d/half).
fn share(fog: f64, depth_m: f32) -> f32 {
    let halvings = fog * f64::from(depth_m) / HALF_SIGHT_M;
    let whole = halvings.floor();
    let part = halvings - whole;
    // 2^-x on 0..1 to 4e-4, from basic operations: libm differs by machine.
    let fraction = 1.0 - part * (0.6924 - part * (0.2352 - part * 0.0428));
    let powers = (0..whole.min(60.0) as u32).fold(1.0, |power, _| power * 0.5);
    (1.0 - fraction * powers) as f32
}

/// Size of a super-sampled canvas relative to a picture of 320×180.
fn area(width: usize, height: usize) -> f64 {
    (width * height) as f64 / (320 * 180 * OVERSAMPLE * OVERSAMPLE) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fog_halves_sight_at_the_stated_distance() {
        for (depth_m, expected) in [(0.0, 0.0), (7.0, 0.2929), (14.0, 0.5), (28.0, 0.75)] {
            let got = share(1.0, depth_m);
            assert!((got - expected).abs() < 1e-3, "{depth_m} m: {got}");
        }
        assert!((share(0.5, 28.0) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn the_sun_turns_by_the_stated_angle_and_keeps_its_height() {
        let params = SceneParams { sun_turn_deg: 90.0, seconds: 60, ..SceneParams::default() };
        let path = SunPath::new([0.6, 0.0, 0.8], &params);
        assert_eq!((path.step(0.0), path.to_sun(0)), (0, [0.6, 0.0, 0.8]));
        let [u, v, z] = path.to_sun(path.step(60.0));
        assert!(u.abs() < 1e-6 && (v - 0.6).abs() < 1e-6 && z == 0.8);
        let still = SunPath::new([0.6, 0.0, 0.8], &SceneParams::default());
        assert_eq!(still.step(1e6), 0);
    }
}
