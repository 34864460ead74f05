//! The pixel formats that a frame can have, and how many bytes they take.

use std::fmt;
use std::str::FromStr;

/// How the bytes of a frame are laid out. Names are those of the
/// configuration: `grey`, `yuyv`, `uyvy`, `nv12`, `i420`, `rgb24`, `mjpeg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// One byte of luma per pixel.
    Grey,
    /// Packed 4:2:2: Y0 U Y1 V for two pixels.
    Yuyv,
    /// Packed 4:2:2: U Y0 V Y1 for two pixels.
    Uyvy,
    /// 4:2:0: a plane of Y, then a plane of U V pairs.
    Nv12,
    /// 4:2:0: a plane of Y, one of U, one of V.
    I420,
    /// R, G, B bytes per pixel, in this order.
    Rgb24,
    /// One JPEG per frame.
    Mjpeg,
}

impl PixelFormat {
    pub const ALL: [Self; 7] =
        [Self::Grey, Self::Yuyv, Self::Uyvy, Self::Nv12, Self::I420, Self::Rgb24, Self::Mjpeg];

    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Yuyv => "yuyv",
            Self::Uyvy => "uyvy",
            Self::Nv12 => "nv12",
            Self::I420 => "i420",
            Self::Rgb24 => "rgb24",
            Self::Mjpeg => "mjpeg",
        }
    }

    /// Bytes of one row of the first plane without padding, `None` for
    /// [`Self::Mjpeg`] and for sizes past the address space. The 4:2:2 formats
    /// round an odd width up to the pair.
    pub fn row_bytes(self, width_px: u32) -> Option<usize> {
        let width_px = usize::try_from(width_px).ok()?;
        match self {
            Self::Grey | Self::Nv12 | Self::I420 => Some(width_px),
            Self::Yuyv | Self::Uyvy => width_px.div_ceil(2).checked_mul(4),
            Self::Rgb24 => width_px.checked_mul(3),
            Self::Mjpeg => None,
        }
    }

    /// Bytes of a tightly packed frame; `None` as in [`Self::row_bytes`]. The
    /// chroma planes of an odd 4:2:0 size are rounded up.
    pub fn frame_bytes(self, width_px: u32, height_px: u32) -> Option<usize> {
        let (width, height) = (usize::try_from(width_px).ok()?, usize::try_from(height_px).ok()?);
        let first_plane = self.row_bytes(width_px)?.checked_mul(height)?;
        match self {
            Self::Nv12 | Self::I420 => {
                let chroma = width.div_ceil(2).checked_mul(height.div_ceil(2))?;
                first_plane.checked_add(chroma.checked_mul(2)?)
            }
            _ => Some(first_plane),
        }
    }

    /// Bytes from row to row of a chroma plane when those of the first plane
    /// are `stride_bytes` apart: as many in NV12, rounded up to the pair, half
    /// of it in I420, rounded up. 0 for formats of one plane.
    pub fn chroma_stride_bytes(self, stride_bytes: usize) -> usize {
        match self {
            Self::Nv12 => stride_bytes.saturating_add(stride_bytes % 2),
            Self::I420 => stride_bytes.div_ceil(2),
            _ => 0,
        }
    }

    /// Bytes of a frame whose rows take `stride_bytes`, in later planes
    /// [`Self::chroma_stride_bytes`]. `None` as in [`Self::row_bytes`].
    pub fn padded_bytes(self, height_px: u32, stride_bytes: usize) -> Option<usize> {
        let height = usize::try_from(height_px).ok()?;
        let chroma_rows = match self {
            Self::Mjpeg => return None,
            Self::Nv12 => height.div_ceil(2),
            Self::I420 => 2 * height.div_ceil(2),
            _ => 0,
        };
        let chroma = self.chroma_stride_bytes(stride_bytes).checked_mul(chroma_rows)?;
        stride_bytes.checked_mul(height)?.checked_add(chroma)
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A pixel format name that is none of ours.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown pixel format `{0}`: use grey, yuyv, uyvy, nv12, i420, rgb24 or mjpeg")]
pub struct UnknownPixelFormat(pub String);

impl FromStr for PixelFormat {
    type Err = UnknownPixelFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| UnknownPixelFormat(name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for format in PixelFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let error = "yuy2".parse::<PixelFormat>().unwrap_err().to_string();
        assert!(error.contains("`yuy2`") && error.contains("yuyv"), "{error}");
    }

    #[test]
    fn bytes_of_even_and_odd_sizes() {
        for (format, even, odd) in [
            (PixelFormat::Grey, 8, 15),
            (PixelFormat::Yuyv, 16, 36),
            (PixelFormat::Uyvy, 16, 36),
            (PixelFormat::Nv12, 12, 15 + 2 * 6),
            (PixelFormat::I420, 12, 15 + 2 * 6),
            (PixelFormat::Rgb24, 24, 45),
        ] {
            assert_eq!(format.frame_bytes(4, 2), Some(even), "{format}");
            assert_eq!(format.frame_bytes(5, 3), Some(odd), "{format}");
        }
        assert_eq!(PixelFormat::Mjpeg.frame_bytes(4, 2), None);
        assert_eq!(PixelFormat::Rgb24.frame_bytes(u32::MAX, u32::MAX), None);
    }

    #[test]
    fn padded_rows_pad_the_chroma_too() {
        assert_eq!(PixelFormat::Grey.padded_bytes(3, 8), Some(24));
        assert_eq!(PixelFormat::Nv12.padded_bytes(3, 8), Some(24 + 16));
        assert_eq!(PixelFormat::I420.padded_bytes(3, 9), Some(27 + 2 * 2 * 5));
        assert_eq!(PixelFormat::Mjpeg.padded_bytes(3, 8), None);
        for format in PixelFormat::ALL {
            for (width, height) in [(6, 4), (5, 3), (1, 1)] {
                let tight =
                    format.row_bytes(width).and_then(|row| format.padded_bytes(height, row));
                assert_eq!(tight, format.frame_bytes(width, height), "{format}");
            }
        }
    }
}
