//! `view.npz`: what the camera usually showed in the footage that a network learnt
//! from, and how far normal pictures differed from it, by place.

use std::io::Cursor;

use ndarray::{Array2, Array3};
use ndarray_npy::NpzWriter;

use super::arrays::Arrays;

/// Side of the blocks that are compared with the usual view, in model pixels.
pub const VIEW_BLOCK_PX: usize = 12;

/// The usual view of a fixed camera, at a model's input size.
#[derive(Clone, Debug, PartialEq)]
pub struct UsualView {
    /// Planes, height, width.
    size: [usize; 3],
    picture: Vec<u8>,
    usual: Vec<f32>,
}

impl UsualView {
    /// `picture` is planar u8 of `size` (planes, height, width): the median of normal
    /// pictures. `usual` has a value for each block of [`VIEW_BLOCK_PX`], by its upper
    /// left corner, row by row: the most that a normal picture has there as
    /// relative error against the picture.
    ///
    /// # Errors
    /// One sentence about what does not fit.
    pub fn new(size: [usize; 3], picture: Vec<u8>, usual: Vec<f32>) -> Result<Self, String> {
        let [planes, height, width] = size;
        if !(1..=3).contains(&planes) || width.min(height) < VIEW_BLOCK_PX {
            return Err(format!("a view of {planes}×{height}×{width} is not one"));
        }
        if picture.len() != planes * height * width {
            return Err(format!("`picture` has {} values, not {size:?}", picture.len()));
        }
        let blocks = (height + 1 - VIEW_BLOCK_PX) * (width + 1 - VIEW_BLOCK_PX);
        if usual.len() != blocks {
            return Err(format!("`usual` has {} values, not {blocks}", usual.len()));
        }
        if !usual.iter().all(|value| (0.0..=1e9).contains(value)) {
            return Err("`usual` has a value below 0, above 1e9 or not a number".into());
        }
        Ok(Self { size, picture, usual })
    }

    /// Planes, height, width.
    pub fn size(&self) -> [usize; 3] {
        self.size
    }

    /// The median picture, planar u8.
    pub fn picture(&self) -> &[u8] {
        &self.picture
    }

    /// See [`UsualView::new`].
    pub fn usual(&self) -> &[f32] {
        &self.usual
    }

    /// The file's content; the same view gives the same bytes.
    ///
    /// # Panics
    /// Never: what is in memory was checked.
    pub fn to_npz(&self) -> Vec<u8> {
        let [_, height, width] = self.size;
        let blocks = (height + 1 - VIEW_BLOCK_PX, width + 1 - VIEW_BLOCK_PX);
        let picture = Array3::from_shape_vec(self.size, self.picture.clone()).expect("its size");
        let usual = Array2::from_shape_vec(blocks, self.usual.clone()).expect("its size");
        let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
        npz.add_array("picture", &picture).expect("memory takes everything");
        npz.add_array("usual", &usual).expect("memory takes everything");
        npz.finish().expect("memory takes everything").into_inner()
    }

    /// Reads what [`UsualView::to_npz`] wrote.
    ///
    /// # Errors
    /// One sentence: what is missing or does not fit.
    pub fn from_npz(bytes: &[u8]) -> Result<Self, String> {
        let mut arrays = Arrays::new(bytes)?;
        let picture: Array3<u8> = arrays.array("picture")?;
        let usual: Array2<f32> = arrays.array("usual")?;
        let size = <[usize; 3]>::from(picture.dim());
        Self::new(size, picture.iter().copied().collect(), usual.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_reads_back_and_one_that_cannot_be_does_not() {
        let picture: Vec<u8> = (0..14 * 16).map(|i| i as u8).collect();
        let usual: Vec<f32> = (0..15).map(|i| i as f32 / 7.0).collect();
        let view = UsualView::new([1, 14, 16], picture.clone(), usual.clone()).unwrap();
        let npz = view.to_npz();
        assert_eq!(npz, view.to_npz(), "the same bytes every time");
        assert_eq!(UsualView::from_npz(&npz), Ok(view));
        assert!(UsualView::from_npz(&npz[..npz.len() - 40]).is_err());
        assert!(UsualView::from_npz(b"PK").is_err());
        for wrong in [f32::NAN, f32::INFINITY, -1.0] {
            let usual = [&[wrong], &usual[1..]].concat();
            assert!(UsualView::new([1, 14, 16], picture.clone(), usual).is_err());
        }
        assert!(UsualView::new([1, 14, 16], picture.clone(), usual[1..].to_vec()).is_err());
        assert!(UsualView::new([1, 16, 16], picture.clone(), usual.clone()).is_err());
        assert!(UsualView::new([1, 4, 56], picture, usual).is_err());
    }
}
