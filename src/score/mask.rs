//! Which pixels of the model's input are watched, and how much they count.

use super::polygon::{MaskMode, Polygon};
use super::weighting::Weighting;
use crate::checksum::sha256_hex;

/// Which model pixels are watched, row by row, and how much what is seen there counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    watched: Vec<bool>,
    width_px: usize,
    weighting: Weighting,
}

impl Mask {
    /// Watches every pixel.
    pub fn everything(width_px: usize, height_px: usize) -> Self {
        let weighting = Weighting::default();
        Self { watched: vec![true; width_px * height_px], width_px, weighting }
    }

    /// The same, with zones that weigh.
    #[must_use]
    pub fn weighed_by(self, weighting: Weighting) -> Self {
        Self { weighting, ..self }
    }

    pub fn weighting(&self) -> &Weighting {
        &self.weighting
    }

    /// Whether what is seen counts nowhere, as far as it is known now.
    pub fn counts_nothing(&self) -> bool {
        let (width, height) = (self.width_px as f32, self.height_px() as f32);
        let watched = self.watched.iter().enumerate().filter(|(_, watched)| **watched);
        let middle = |at: usize| {
            let (x, y) = ((at % self.width_px) as f32, (at / self.width_px) as f32);
            ((x + 0.5) / width, (y + 0.5) / height)
        };
        self.weighting.leaves_nothing(watched.map(|(at, _)| middle(at)))
    }

    /// Draws polygons; a pixel belongs to a polygon when its centre does.
    ///
    /// # Errors
    /// One sentence when nothing is left to watch.
    pub fn from_polygons(
        width_px: usize,
        height_px: usize,
        polygons: &[Polygon],
    ) -> Result<Self, String> {
        let mut mask = Self::everything(width_px, height_px);
        let any_include = polygons.iter().any(|p| p.mode == MaskMode::Include);
        for (i, watched) in mask.watched.iter_mut().enumerate() {
            let x = ((i % width_px) as f32 + 0.5) / width_px as f32;
            let y = ((i / width_px) as f32 + 0.5) / height_px as f32;
            let held = |mode| polygons.iter().any(|p| p.mode == mode && p.holds(x, y));
            *watched = (!any_include || held(MaskMode::Include)) && !held(MaskMode::Ignore);
        }
        if mask.watched_share() == 0.0 {
            return Err("the mask leaves no pixel to watch".into());
        }
        Ok(mask)
    }

    pub fn row(&self, y: usize) -> &[bool] {
        &self.watched[y * self.width_px..(y + 1) * self.width_px]
    }

    pub fn width_px(&self) -> usize {
        self.width_px
    }

    pub fn height_px(&self) -> usize {
        self.watched.len() / self.width_px
    }

    /// A name for what is watched: `none` when everything is, else a checksum of size
    /// and pixels. How much it counts has a name of its own, see
    /// [`Weighting::identity`].
    pub fn identity(&self) -> String {
        if self.watched.iter().all(|&w| w) {
            return "none".into();
        }
        let watched = self.watched.iter().map(|&watched| u8::from(watched));
        let width_px = (self.width_px as u64).to_le_bytes();
        sha256_hex(&width_px.into_iter().chain(watched).collect::<Vec<u8>>())
    }

    /// Share of the pixels that are watched, 0..=1.
    pub fn watched_share(&self) -> f64 {
        self.watched.iter().filter(|&&w| w).count() as f64 / self.watched.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_half(mode: MaskMode) -> Polygon {
        Polygon { mode, points: vec![[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]] }
    }

    #[test]
    fn include_and_ignore_are_complements() {
        let include = Mask::from_polygons(8, 4, &[left_half(MaskMode::Include)]).unwrap();
        let ignore = Mask::from_polygons(8, 4, &[left_half(MaskMode::Ignore)]).unwrap();
        assert_eq!(include.row(1), [true, true, true, true, false, false, false, false]);
        assert_eq!(ignore.row(1), [false, false, false, false, true, true, true, true]);
    }

    #[test]
    fn ignoring_everything_is_refused() {
        let both = [left_half(MaskMode::Include), left_half(MaskMode::Ignore)];
        assert!(Mask::from_polygons(8, 4, &both).is_err());
    }

    #[test]
    fn concave_polygon() {
        let l_shape = Polygon {
            mode: MaskMode::Include,
            points: vec![[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]],
        };
        let mask = Mask::from_polygons(2, 2, &[l_shape]).unwrap();
        assert_eq!((mask.row(0), mask.row(1)), (&[true, false][..], &[true, true][..]));
    }
}
