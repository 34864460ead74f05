//! Every pixel format to planes at full resolution.

use crate::capture::{Frame, PixelFormat};

use super::error::PreprocessError;
use super::plane::{Plane, gather};
use super::yuv::{YuvRows, yuv_row_to_rgb};

/// Refuses frames whose bytes do not hold what their size and stride promise.
/// The padding behind the very last row may be missing.
pub(super) fn check_layout(frame: &Frame<'_>) -> Result<(), PreprocessError> {
    let Frame { format, width_px, height_px, stride_bytes, .. } = *frame;
    let unusable = || {
        PreprocessError::Undecodable(format!("cannot use a {width_px}x{height_px} {format} frame"))
    };
    if width_px == 0 || height_px == 0 {
        return Err(unusable());
    }
    let row_bytes = format.row_bytes(width_px).ok_or_else(unusable)?;
    if stride_bytes < row_bytes {
        return Err(PreprocessError::NarrowStride { stride_bytes, row_bytes });
    }
    let last_row_padding_bytes = match format {
        PixelFormat::Nv12 | PixelFormat::I420 => {
            format.chroma_stride_bytes(stride_bytes) - format.chroma_stride_bytes(row_bytes)
        }
        _ => stride_bytes - row_bytes,
    };
    let padded_bytes = format.padded_bytes(height_px, stride_bytes).ok_or_else(unusable)?;
    let expected_bytes = padded_bytes - last_row_padding_bytes;
    if frame.data.len() < expected_bytes {
        let found_bytes = frame.data.len();
        return Err(PreprocessError::ShortFrame { expected_bytes, found_bytes });
    }
    Ok(())
}

/// Reused memory for the planes of one frame.
#[derive(Debug, Default)]
pub(super) struct ColourPlanes {
    planes: Vec<u8>,
    rows: YuvRows,
}

impl ColourPlanes {
    /// The luma of a frame that [`check_layout`] has passed: Y as delivered,
    /// or (299 R + 587 G + 114 B + 500) / 1000. Y is not copied.
    pub fn luma<'a>(&'a mut self, frame: &Frame<'a>) -> Plane<'a> {
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        match frame.format {
            PixelFormat::Rgb24 => {
                self.planes.resize(width * height, 0);
                let rows = frame.data.chunks(frame.stride_bytes);
                for (row, out) in rows.zip(self.planes.chunks_exact_mut(width)) {
                    luma_of_rgb_row(row, out);
                }
                Plane::packed(&self.planes, width, height)
            }
            PixelFormat::Yuyv => Plane { step_bytes: 2, ..first_plane(frame) },
            PixelFormat::Uyvy => {
                Plane { data: &frame.data[1..], step_bytes: 2, ..first_plane(frame) }
            }
            _ => first_plane(frame),
        }
    }

    /// The R, G and B planes of a frame that [`check_layout`] has passed. Grey
    /// is all three at once, without a copy; for the rest see
    /// [`yuv_row_to_rgb`].
    pub fn rgb<'a>(&'a mut self, frame: &Frame<'a>) -> [Plane<'a>; 3] {
        if frame.format == PixelFormat::Grey {
            return [first_plane(frame); 3];
        }
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        self.planes.resize(3 * width * height, 0);
        let (r, gb) = self.planes.split_at_mut(width * height);
        let (g, b) = gb.split_at_mut(width * height);
        let rows = r.chunks_exact_mut(width).zip(g.chunks_exact_mut(width));
        for (y, ((r, g), b)) in rows.zip(b.chunks_exact_mut(width)).enumerate() {
            if frame.format == PixelFormat::Rgb24 {
                let row = &frame.data[y * frame.stride_bytes..];
                gather::<0, 3>(row, r);
                gather::<1, 3>(row, g);
                gather::<2, 3>(row, b);
            } else {
                yuv_row_to_rgb(self.rows.row(frame, y), [r, g, b]);
            }
        }
        let plane =
            |index: usize| Plane::packed(&self.planes[index * width * height..], width, height);
        [plane(0), plane(1), plane(2)]
    }
}

fn first_plane<'a>(frame: &Frame<'a>) -> Plane<'a> {
    Plane {
        data: frame.data,
        stride_bytes: frame.stride_bytes,
        step_bytes: 1,
        width: frame.width_px as usize,
        height: frame.height_px as usize,
    }
}

fn luma_of_rgb_row(row: &[u8], out: &mut [u8]) {
    for (out, pixel) in out.iter_mut().zip(row.chunks_exact(3)) {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
        *out = ((299 * r + 587 * g + 114 * b + 500) / 1000) as u8;
    }
}
