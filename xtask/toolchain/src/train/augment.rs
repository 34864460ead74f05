//! Changes to windows that a training sees: mirroring, light, intruders.

use normwatch::model::InputSection;
use rand::{Rng, RngExt};

use super::window::WindowShape;

/// Changes to the training windows; all off as published.
#[derive(Clone, Copy, Debug, Default)]
pub struct Augmentation {
    /// Mirrors every second window.
    pub flip: bool,
    /// Largest relative change of contrast, and of brightness as a share of
    /// half the range.
    pub light_changes: Option<f64>,
    /// Share of windows whose input shows an intruder that the target does not.
    pub pseudo_anomalies: Option<f64>,
    /// Share of windows that are played too fast, and whose queries must not
    /// belong to the memory.
    pub skip_frames: Option<f64>,
}

impl Augmentation {
    /// Mirrors and lights a whole window: frames and target alike.
    pub fn change(&self, window: &mut [u8], shape: &WindowShape, rng: &mut impl Rng) {
        if self.flip && rng.random_bool(0.5) {
            window.chunks_exact_mut(shape.input.width_px).for_each(<[u8]>::reverse);
        }
        if let Some(largest) = self.light_changes {
            let contrast = 1.0 + rng.random_range(-largest..=largest);
            let brightness = 127.5 * rng.random_range(-largest..=largest);
            let changed =
                |value: u8| (f64::from(value) - 127.5) * contrast + 127.5 + brightness + 0.5;
            let table: Vec<u8> = (0..=255).map(|value| changed(value) as u8).collect();
            window.iter_mut().for_each(|value| *value = table[usize::from(*value)]);
        }
    }

    /// Pastes an intruder into the input frames of one window, of the share of
    /// windows that is asked for.
    pub fn intrude(
        &self,
        inputs: &mut [u8],
        surroundings: &[u8],
        shape: &WindowShape,
        rng: &mut impl Rng,
    ) {
        let Some(share) = self.pseudo_anomalies else { return };
        if rng.random_bool(share) {
            let mut intruder = Intruder::cut(surroundings, &shape.input, rng);
            inputs.chunks_exact_mut(shape.frame_len()).for_each(|frame| intruder.paste(frame));
        }
    }
}

/// A patch from another time and place of the same footage, mirrored and
/// inverted, that roams through the picture: the camera's own grain, but a
/// shape that it never saw.
#[derive(Clone, Debug)]
pub struct Intruder {
    size_px: [usize; 2],
    rows: usize,
    columns: usize,
    /// Planar, as the frames are.
    pixels: Vec<u8>,
    /// Share of the patch in the blend: faint to full.
    strength: f64,
    place: [f64; 2],
    step: [f64; 2],
}

impl Intruder {
    /// Sides are an eighth of the picture's, more or less; speeds are 1.5 to
    /// 4 % of its width a frame.
    pub fn cut(frames: &[u8], input: &InputSection, rng: &mut impl Rng) -> Self {
        let (height, width) = (input.height_px, input.width_px);
        let side = |of: usize, rng: &mut dyn Rng| {
            (of as f64 * rng.random_range(0.08..0.15)).round().max(2.0) as usize
        };
        let (rows, columns) = (side(height, rng), side(width, rng));
        let frame = rng.random_range(0..frames.len() / input.spec().frame_len());
        let frame = &frames[frame * input.spec().frame_len()..][..input.spec().frame_len()];
        let (top, left) =
            (rng.random_range(0..height - rows), rng.random_range(0..width - columns));
        let mut pixels = Vec::with_capacity(input.channels.planes() * rows * columns);
        for plane in frame.chunks_exact(height * width) {
            for row in plane.chunks_exact(width).skip(top).take(rows) {
                pixels.extend(row[left..left + columns].iter().rev().map(|value| 255 - value));
            }
        }
        let space = [(height - rows) as f64, (width - columns) as f64];
        let speed = width as f64 * rng.random_range(0.015..0.04);
        Self {
            size_px: [height, width],
            rows,
            columns,
            pixels,
            strength: rng.random_range(0.25..1.0),
            place: space.map(|space| space * rng.random::<f64>()),
            step: [
                height as f64 * rng.random_range(-0.008..0.008),
                if rng.random_bool(0.5) { speed } else { -speed },
            ],
        }
    }

    /// Blends the patch into a frame and moves on, turning at the edges.
    pub fn paste(&mut self, frame: &mut [u8]) {
        let [height, width] = self.size_px;
        let [top, left] = self.place.map(|place| place as usize);
        let patch = self.pixels.chunks_exact(self.rows * self.columns);
        for (plane, patch) in frame.chunks_exact_mut(height * width).zip(patch) {
            let rows = plane.chunks_exact_mut(width).skip(top);
            for (row, patch) in rows.zip(patch.chunks_exact(self.columns)) {
                for (value, &new) in row[left..].iter_mut().zip(patch) {
                    let (old, new) = (f64::from(*value), f64::from(new));
                    *value = (old + self.strength * (new - old)).round() as u8;
                }
            }
        }
        let space = [(height - self.rows) as f64, (width - self.columns) as f64];
        for ((place, step), space) in self.place.iter_mut().zip(&mut self.step).zip(space) {
            *place += *step;
            if *place < 0.0 || *place > space {
                *step = -*step;
                *place = place.clamp(0.0, space);
            }
        }
    }
}
