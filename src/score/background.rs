//! What a fixed camera usually shows: the picture by place, how much each place
//! varies, and which parts of it have structure and detail to be known by.

/// Pictures are reduced by a whole factor until neither side is longer.
const LONGEST_PX: usize = 160;
/// A shorter side has too few places to tell one from another.
const SHORTEST_PX: usize = 32;
/// From one place to the next, in pixels of the reduced picture.
const PLACE_PX: usize = 4;
/// The picture's structure is known by so many parts across and down.
pub(super) const PARTS: usize = 8;

/// The sizes that belong to a model's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// Of the model's input, in pixels.
    frame_px: (usize, usize),
    /// So many model pixels across and down become one.
    factor: usize,
}

impl Reduction {
    /// `None` where the input is too small.
    pub fn new(width_px: usize, height_px: usize) -> Option<Self> {
        let factor = width_px.max(height_px).div_ceil(LONGEST_PX).max(1);
        let reduction = Self { frame_px: (width_px, height_px), factor };
        (reduction.width_px().min(reduction.height_px()) >= SHORTEST_PX).then_some(reduction)
    }

    /// Of the reduced picture.
    pub fn width_px(&self) -> usize {
        self.frame_px.0 / self.factor
    }

    /// Of the reduced picture.
    pub fn height_px(&self) -> usize {
        self.frame_px.1 / self.factor
    }

    /// Pixels of the reduced picture.
    pub fn pixels(&self) -> usize {
        self.width_px() * self.height_px()
    }

    /// Places across and down.
    pub fn places(&self) -> (usize, usize) {
        (self.width_px() / PLACE_PX, self.height_px() / PLACE_PX)
    }

    /// Centre of a place in the reduced picture.
    pub(super) fn centre(&self, (column, row): (usize, usize)) -> (usize, usize) {
        (column * PLACE_PX + PLACE_PX / 2, row * PLACE_PX + PLACE_PX / 2)
    }

    /// Side of a place in model pixels.
    pub(super) fn place_px(&self) -> usize {
        PLACE_PX * self.factor
    }

    /// Writes the mean grey of a frame (planar u8), reduced, into `out`.
    ///
    /// # Panics
    /// When a length is not the frame's or [`Reduction::pixels`].
    pub fn reduce(&self, frame: &[u8], out: &mut [u8]) {
        let plane = self.frame_px.0 * self.frame_px.1;
        assert!(
            !frame.is_empty() && frame.len().is_multiple_of(plane) && out.len() == self.pixels(),
            "frame does not fit the reduction"
        );
        if self.factor == 1 && frame.len() == plane {
            out.copy_from_slice(frame);
            return;
        }
        let (width, factor) = (self.width_px(), self.factor);
        let count = (factor * factor * frame.len() / plane) as u32;
        for (y, row) in out.chunks_exact_mut(width).enumerate() {
            for (x, out) in row.iter_mut().enumerate() {
                let mut sum = 0;
                for plane in frame.chunks_exact(plane) {
                    for line in plane.chunks_exact(self.frame_px.0).skip(y * factor).take(factor) {
                        let run = &line[x * factor..(x + 1) * factor];
                        sum += run.iter().map(|&level| u32::from(level)).sum::<u32>();
                    }
                }
                *out = ((sum + count / 2) / count) as u8;
            }
        }
    }
}

/// What the camera usually shows, reduced; learnt from normal footage.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    pub reduction: Reduction,
    /// The median picture, row by row.
    pub picture: Vec<u8>,
    /// By place: the difference from the picture that four fifths of normal
    /// footage stay below.
    pub spread: Vec<f32>,
    /// By part, row by row: how well the structure of nearly all normal pictures
    /// agrees with the picture's, up to 1; 0 where there is none to agree with.
    pub structure: Vec<f32>,
    /// By part: how much fine detail nearly all normal pictures have for their
    /// coarse contrast; 0 where there is none.
    pub detail: Vec<f32>,
}

impl Background {
    /// # Errors
    /// One sentence about what does not fit together.
    pub fn check(&self) -> Result<(), String> {
        let (columns, rows) = self.reduction.places();
        let fits = self.picture.len() == self.reduction.pixels()
            && self.spread.len() == columns * rows
            && self.structure.len() == PARTS * PARTS
            && self.detail.len() == PARTS * PARTS;
        if !fits {
            return Err("the arrays are not of the size that the model's input asks for".into());
        }
        let values = self.spread.iter().chain(&self.structure).chain(&self.detail);
        if !values.clone().all(|value| value.is_finite() && *value >= 0.0) {
            return Err("an array holds what is not a number of at least 0".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_frame_becomes_the_mean_of_its_pixels_and_planes() {
        let reduction = Reduction::new(256, 256).unwrap();
        assert_eq!((reduction.width_px(), reduction.places()), (128, (32, 32)));
        let frame: Vec<u8> = (0..3 * 256 * 256).map(|i| (10 * (i / (256 * 256))) as u8).collect();
        let mut out = vec![0; reduction.pixels()];
        reduction.reduce(&frame, &mut out);
        assert!(out.iter().all(|&level| level == 10));
        assert_eq!(Reduction::new(31, 64), None);
    }
}
