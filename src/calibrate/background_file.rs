//! `background.npz`: a background as arrays of a fixed layout.

use std::io::Cursor;

use ndarray::{Array1, Array2, ArrayBase, Data, Dimension};
use ndarray_npy::{NpzWriter, WritableElement};

use crate::checksum::sha256_hex;
use crate::model::Arrays;
use crate::score::{Background, Reduction};

/// The file's content.
///
/// # Panics
/// When the arrays are not of the size that [`Background::check`] asks for.
pub fn background_to_npz(background: &Background) -> Vec<u8> {
    let reduction = background.reduction;
    let size = (reduction.height_px(), reduction.width_px());
    let picture = Array2::from_shape_vec(size, background.picture.clone()).expect("its size");
    let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
    add(&mut npz, "picture", &picture);
    add(&mut npz, "spread", &Array1::from(background.spread.clone()));
    add(&mut npz, "structure", &Array1::from(background.structure.clone()));
    add(&mut npz, "detail", &Array1::from(background.detail.clone()));
    npz.finish().expect("memory takes everything").into_inner()
}

fn add<S, D>(npz: &mut NpzWriter<Cursor<Vec<u8>>>, name: &str, array: &ArrayBase<S, D>)
where
    S: Data,
    S::Elem: WritableElement,
    D: Dimension,
{
    npz.add_array(name, array).expect("memory takes everything");
}

/// Reads what `background_to_npz` wrote, for a model with this input.
///
/// # Errors
/// One sentence: what is missing, or does not fit the model.
pub fn background_from_npz(
    bytes: &[u8],
    (width_px, height_px): (usize, usize),
) -> Result<Background, String> {
    let reduction = Reduction::new(width_px, height_px)
        .ok_or("the model's input is too small for a background")?;
    let mut arrays = Arrays::new(bytes)?;
    let picture: Array2<u8> = arrays.array("picture")?;
    let mut array = |name: &str| -> Result<Vec<f32>, String> {
        let array: Array1<f32> = arrays.array(name)?;
        Ok(array.to_vec())
    };
    let background = Background {
        reduction,
        picture: picture.iter().copied().collect(),
        spread: array("spread")?,
        structure: array("structure")?,
        detail: array("detail")?,
    };
    background.check().map(|()| background)
}

/// By which a calibration knows its background.
pub fn background_sha256(npz: &[u8]) -> String {
    sha256_hex(npz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_background_reads_back_and_another_models_does_not() {
        let reduction = Reduction::new(48, 40).unwrap();
        let (columns, rows) = reduction.places();
        let background = Background {
            reduction,
            picture: (0..48 * 40).map(|i| (i % 251) as u8).collect(),
            spread: (0..columns * rows).map(|i| i as f32 / 7.0).collect(),
            structure: vec![0.75; 64],
            detail: vec![0.0; 64],
        };
        let npz = background_to_npz(&background);
        assert_eq!(npz, background_to_npz(&background), "the same bytes every time");
        assert_eq!(background_from_npz(&npz, (48, 40)), Ok(background));
        assert!(background_from_npz(&npz, (64, 64)).is_err());
        assert!(background_from_npz(b"PK", (48, 40)).is_err());
    }
}
