//! YCbCr rows of every layout, and their way to RGB.

use crate::capture::{Frame, PixelFormat};

use super::plane::gather;

/// One row: Y per pixel, U and V per pair of pixels, the last pair of an odd
/// width being half used.
#[derive(Clone, Copy, Debug)]
pub(super) struct YuvRow<'a> {
    pub y: &'a [u8],
    pub u: &'a [u8],
    pub v: &'a [u8],
}

/// Reused memory for rows that have to be taken apart.
#[derive(Debug, Default)]
pub(super) struct YuvRows {
    y: Vec<u8>,
    u: Vec<u8>,
    v: Vec<u8>,
}

impl YuvRows {
    /// Row `y` of a 4:2:2 or 4:2:0 frame that `check_layout` has passed.
    pub fn row<'a>(&'a mut self, frame: &Frame<'a>, y: usize) -> YuvRow<'a> {
        let (width, height) = (frame.width_px as usize, frame.height_px as usize);
        let pairs = width.div_ceil(2);
        let row = &frame.data[y * frame.stride_bytes..];
        let chroma = frame.data.get(height * frame.stride_bytes..).unwrap_or(&[]);
        let chroma_stride = frame.format.chroma_stride_bytes(frame.stride_bytes);
        match frame.format {
            PixelFormat::I420 => {
                let u = &chroma[y / 2 * chroma_stride..];
                let v = &u[height.div_ceil(2) * chroma_stride..];
                YuvRow { y: &row[..width], u: &u[..pairs], v: &v[..pairs] }
            }
            PixelFormat::Nv12 => {
                self.take_chroma::<0, 1, 2>(&chroma[y / 2 * chroma_stride..], pairs);
                YuvRow { y: &row[..width], u: &self.u, v: &self.v }
            }
            _ => {
                self.y.resize(width, 0);
                if frame.format == PixelFormat::Yuyv {
                    gather::<0, 2>(row, &mut self.y);
                    self.take_chroma::<1, 3, 4>(row, pairs);
                } else {
                    gather::<1, 2>(row, &mut self.y);
                    self.take_chroma::<0, 2, 4>(row, pairs);
                }
                YuvRow { y: &self.y, u: &self.u, v: &self.v }
            }
        }
    }

    fn take_chroma<const U: usize, const V: usize, const STEP: usize>(
        &mut self,
        row: &[u8],
        pairs: usize,
    ) {
        self.u.resize(pairs, 0);
        self.v.resize(pairs, 0);
        gather::<U, STEP>(row, &mut self.u);
        gather::<V, STEP>(row, &mut self.v);
    }
}

/// ITU-R BT.601 limited range (Y 16 to 235, U and V 16 to 240) to full-range
/// RGB, with the coefficients of the standard's inverse matrix in 256ths:
///
/// with C = Y - 16, D = U - 128, E = V - 128, each clamped to 0..=255,
/// - R = (298 C + 409 E + 128) >> 8
/// - G = (298 C - 100 D - 208 E + 128) >> 8
/// - B = (298 C + 516 D + 128) >> 8
///
/// Both pixels of a pair take the pair's chroma as it is, and so do both rows
/// of a 4:2:0 pair of rows.
pub(super) fn yuv_row_to_rgb(row: YuvRow<'_>, rgb: [&mut [u8]; 3]) {
    let [r, g, b] = rgb;
    let out = r.chunks_mut(2).zip(g.chunks_mut(2)).zip(b.chunks_mut(2));
    let chroma = row.u.iter().zip(row.v);
    for ((luma, (&u, &v)), ((r, g), b)) in row.y.chunks(2).zip(chroma).zip(out) {
        let (d, e) = (i32::from(u) - 128, i32::from(v) - 128);
        let offsets = [409 * e + 128, -100 * d - 208 * e + 128, 516 * d + 128];
        for (x, &y) in luma.iter().enumerate() {
            let scaled = 298 * (i32::from(y) - 16);
            let clamped = offsets.map(|offset| ((scaled + offset) >> 8).clamp(0, 255) as u8);
            [r[x], g[x], b[x]] = clamped;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_rgb(y: u8, u: u8, v: u8) -> [u8; 3] {
        let [mut r, mut g, mut b] = [[0], [0], [0]];
        let row = YuvRow { y: &[y], u: &[u], v: &[v] };
        yuv_row_to_rgb(row, [&mut r, &mut g, &mut b]);
        [r[0], g[0], b[0]]
    }

    #[test]
    fn colour_bars_come_out() {
        for (yuv, rgb) in [
            ((16, 128, 128), [0, 0, 0]),
            ((235, 128, 128), [255, 255, 255]),
            ((126, 128, 128), [128, 128, 128]),
            ((81, 90, 240), [255, 0, 0]),
            ((145, 54, 34), [0, 255, 1]),
            ((41, 240, 110), [0, 0, 255]),
            ((0, 0, 0), [0, 135, 0]),
            ((255, 255, 255), [255, 125, 255]),
        ] {
            assert_eq!(to_rgb(yuv.0, yuv.1, yuv.2), rgb, "{yuv:?}");
        }
    }

    #[test]
    fn is_within_one_level_and_a_half_of_the_real_matrix() {
        let real = |y: f64, cb: f64, cr: f64| {
            let (y, cb, cr) = ((y - 16.0) / 219.0, (cb - 128.0) / 224.0, (cr - 128.0) / 224.0);
            let (r, b) = (y + 1.402 * cr, y + 1.772 * cb);
            [r, (y - 0.299 * r - 0.114 * b) / 0.587, b].map(|c| (c * 255.0).clamp(0.0, 255.0))
        };
        for y in (0..=255).step_by(3) {
            for u in (0..=255).step_by(5) {
                for v in (0..=255).step_by(5) {
                    let expected = real(f64::from(y), f64::from(u), f64::from(v));
                    for (ours, real) in to_rgb(y as u8, u as u8, v as u8).iter().zip(expected) {
                        assert!((f64::from(*ours) - real).abs() < 1.5, "{y} {u} {v}");
                    }
                }
            }
        }
    }
}
