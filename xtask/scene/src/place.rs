//! One place, rendered once: background, occluders and static shadows.

use super::fixture::{Fixture, furnish};
use super::ground::Ground;
use super::number::{Colour, Concern, Stream, Vec3, dot, sin_cos, unit};
use super::raster::{Brush, Canvas, Ground as Catcher, Light};
use super::view::{Mount, View};

/// Super-sampling factor of the renderer.
pub const OVERSAMPLE: usize = 2;
const TAPS: usize = 3;
const SUN: Colour = [1.30, 1.23, 1.10];
const SKY: Colour = [0.40, 0.43, 0.48];

/// The unchanging part of a scene, in super-sampled pixels.
pub struct Place {
    pub view: View,
    pub to_sun: Vec3,
    pub fixtures: Vec<Fixture>,
    /// Background under skylight alone, and what full sun adds.
    sky_part: Vec<Colour>,
    sun_part: Vec<Colour>,
    /// Position of each pixel on the ground; NaN where it is hidden.
    ground_at: Vec<[f32; 2]>,
    /// Distance of fixtures, infinite where there is none.
    occluders_m: Vec<f32>,
    /// Static shadow on the ground, 1 where no sunlight arrives.
    shade: Vec<f32>,
}

impl Place {
    /// Builds the place of `seed` as camera number `camera` sees it, for
    /// pictures of the given size.
    pub fn new(seed: u64, camera: u32, width_px: u32, height_px: u32) -> Self {
        let mut stream = Stream::new(seed, Concern::Place, 0, 0);
        let yaw_side = stream.sign();
        let mount = Mount {
            height_m: stream.range(4.6, 5.6),
            pitch_rad: stream.range(0.36, 0.42),
            yaw_rad: yaw_side * stream.range(0.22, 0.42),
            target: [0.0, stream.range(0.6, 1.2)],
            focal: stream.range(0.92, 1.04),
        };
        let (width, height) = (width_px as usize * OVERSAMPLE, height_px as usize * OVERSAMPLE);
        let home = View::new(width, height, mount);
        let ground = materials(seed, yaw_side, &mut stream);
        let (su, cu) = sin_cos(stream.range(0.25, 0.95));
        let elevation = stream.range(0.62, 0.95);
        let (se, ce) = sin_cos(elevation);
        let to_sun = unit([cu * ce * stream.sign(), -su * ce, se]);
        let fixtures = furnish(seed, &home, &mut stream);
        let view = if camera == 0 {
            home
        } else {
            View::new(width, height, other_mount(mount, seed, camera))
        };
        let mut place = Self {
            view,
            to_sun,
            fixtures,
            sky_part: Vec::new(),
            sun_part: Vec::new(),
            ground_at: Vec::new(),
            occluders_m: vec![f32::INFINITY; width * height],
            shade: vec![0.0; width * height],
        };
        place.lay(&ground);
        place.erect();
        place
    }

    /// The light of a moment when the sun stands at `to_sun` and has `sun`, the
    /// sky `sky` of its usual strength.
    pub fn light(&self, to_sun: Vec3, sun: f32, sky: f32) -> Light {
        Light { to_sun, sun: SUN.map(|c| c * sun), sky: SKY.map(|c| c * sky) }
    }

    /// The ground, for casting shadows on it.
    pub fn catcher(&self) -> Catcher<'_> {
        Catcher { view: &self.view, at: &self.ground_at }
    }

    /// Distance of what stands in front, per pixel, in metres.
    pub fn occluders_m(&self) -> &[f32] {
        &self.occluders_m
    }

    /// The shadows of all that stands still.
    pub fn still_shade(&self) -> &[f32] {
        &self.shade
    }

    /// Those shadows as they fall when the sun stands at `to_sun`. What casts
    /// them keeps its own shading.
    pub fn shade_at(&self, to_sun: Vec3) -> Vec<f32> {
        let mut shade = vec![0.0; self.shade.len()];
        for part in self.fixtures.iter().flat_map(|f| &f.parts) {
            self.catcher().cast(part, to_sun, &mut shade);
        }
        shade
    }

    /// Distance of the background in a pixel, in metres; infinite for what is
    /// neither ground nor a fixture.
    pub fn depth_m(&self, pixel: usize) -> f32 {
        let [u, v] = self.ground_at[pixel];
        if u.is_nan() {
            return self.occluders_m[pixel];
        }
        self.view.depth_m([f64::from(u), f64::from(v), 0.0]) as f32
    }

    /// Fills `canvas` with the empty place; `still` holds its shadows, `shade`
    /// moving ones.
    pub fn backdrop(&self, canvas: &mut Canvas, still: &[f32], shade: &[f32], sun: f32, sky: f32) {
        canvas.mask.fill(0.0);
        for (i, pixel) in canvas.rgb.iter_mut().enumerate() {
            let lit = sun * (1.0 - still[i].max(shade[i]));
            let (a, b) = (&self.sky_part[i], &self.sun_part[i]);
            *pixel = std::array::from_fn(|c| a[c] * sky + b[c] * lit);
        }
    }

    /// Share of the sunlight that reaches somebody who stands at `at` while
    /// the place has the shadows `still`.
    pub fn lit(&self, still: &[f32], at: [f64; 2]) -> f32 {
        let Some(p) = self.view.project([at[0], at[1], 0.0]) else { return 1.0 };
        let reach = (0.35 * p.px_per_m) as i64;
        let (x, y) = (p.x as i64, p.y as i64);
        let mut sum = 0.0;
        let mut count = 0;
        for dy in -reach / 2..=reach / 2 {
            for dx in -reach..=reach {
                let (x, y) = (x + dx, y + dy);
                let inside = (0..self.view.width as i64).contains(&x)
                    && (0..self.view.height as i64).contains(&y);
                if inside {
                    sum += still[y as usize * self.view.width + x as usize];
                    count += 1;
                }
            }
        }
        if count == 0 { 1.0 } else { 1.0 - sum / count as f32 }
    }

    fn lay(&mut self, ground: &Ground) {
        let eye = self.view.eye();
        let share = 1.0 / (TAPS * TAPS) as f32;
        for y in 0..self.view.height {
            for x in 0..self.view.width {
                let (mut sky, mut sun) = ([0.0; 3], [0.0; 3]);
                for tap in 0..TAPS * TAPS {
                    let sx = x as f64 + ((tap % TAPS) as f64 + 0.5) / TAPS as f64;
                    let sy = y as f64 + ((tap / TAPS) as f64 + 0.5) / TAPS as f64;
                    let hit = ground.hit(eye, self.view.ray(sx, sy));
                    let direct = dot(hit.normal, self.to_sun).max(0.0) as f32;
                    let open = (0.68 + 0.32 * hit.normal[2]) as f32;
                    for c in 0..3 {
                        sky[c] += hit.albedo[c] * SKY[c] * open * share;
                        sun[c] += hit.albedo[c] * SUN[c] * direct * share;
                    }
                }
                self.sky_part.push(sky);
                self.sun_part.push(sun);
                let centre = ground.hit(eye, self.view.ray(x as f64 + 0.5, y as f64 + 0.5));
                let at = centre.ground.unwrap_or([f64::NAN; 2]);
                self.ground_at.push(at.map(|v| v as f32));
            }
        }
    }

    fn erect(&mut self) {
        let mut fixtures = self.fixtures.clone();
        let depth_m = |f: &Fixture| self.view.depth_m([f.at[0], f.at[1], 0.0]);
        fixtures.sort_by(|a, b| depth_m(b).total_cmp(&depth_m(a)));
        let catcher = Catcher { view: &self.view, at: &self.ground_at };
        for part in fixtures.iter().flat_map(|f| &f.parts) {
            catcher.cast(part, self.to_sun, &mut self.shade);
        }
        let open = vec![f32::INFINITY; self.occluders_m.len()];
        let lights = [self.light(self.to_sun, 0.0, 1.0), self.light(self.to_sun, 1.0, 0.0)];
        let mut layers = lights.map(|light| {
            let mut canvas = Canvas::new(self.view.width, self.view.height);
            let part = if light.sun[0] == 0.0 { &self.sky_part } else { &self.sun_part };
            canvas.rgb.copy_from_slice(part);
            (canvas, light)
        });
        for fixture in &mut fixtures {
            let depth_m = self.view.depth_m([fixture.at[0], fixture.at[1], 0.0]) as f32;
            for (canvas, light) in &mut layers {
                let (view, light) = (&self.view, *light);
                let (lit, mark, occluders_m, haze) = (1.0, 1.0, &open[..], None);
                let brush = Brush { view, light, lit, mark, depth_m, occluders_m, haze };
                canvas.mask.fill(0.0);
                canvas.draw(&mut fixture.parts, &brush);
            }
            for (i, &cover) in layers[0].0.mask.iter().enumerate() {
                self.shade[i] *= 1.0 - cover;
                if cover >= 0.5 {
                    self.occluders_m[i] = depth_m;
                    self.ground_at[i] = [f32::NAN; 2];
                }
            }
        }
        let [(sky, _), (sun, _)] = layers;
        self.sky_part = sky.rgb;
        self.sun_part = sun.rgb;
    }
}

/// The mount of another camera: up to a metre higher or lower, turned and
/// tilted, with its eye on another part of the path.
fn other_mount(home: Mount, seed: u64, camera: u32) -> Mount {
    let mut stream = Stream::new(seed, Concern::Camera, u64::from(camera), 0);
    Mount {
        height_m: home.height_m + stream.range(-1.0, 1.0),
        pitch_rad: home.pitch_rad + stream.range(-0.05, 0.08),
        yaw_rad: home.yaw_rad + stream.sign() * stream.range(0.08, 0.25),
        target: [stream.range(-1.5, 1.5), home.target[1] + stream.range(-0.4, 0.4)],
        focal: home.focal * stream.range(0.9, 1.15),
    }
}

fn materials(seed: u64, yaw_side: f64, stream: &mut Stream) -> Ground {
    let warmth = stream.range(-0.03, 0.03) as f32;
    let paving = stream.range(0.26, 0.36) as f32;
    let plaster = stream.range(0.30, 0.48) as f32;
    Ground {
        salt: seed.wrapping_mul(0x5851_F42D_4C95_7F2D),
        slab_m: stream.pick(&[[0.88, 0.44], [0.6, 0.6], [1.1, 0.55]]),
        paving: [paving + warmth, paving, paving - warmth],
        grass: stream.pick(&[[0.10, 0.155, 0.055], [0.13, 0.16, 0.07], [0.085, 0.14, 0.06]]),
        plaster: [plaster + 0.03, plaster, plaster - 0.05],
        front_m: stream.range(8.9, 9.8),
        corner_m: stream.range(-1.5, 1.5) - yaw_side * 1.0,
        extends: stream.sign(),
    }
}
