//! The size and layout of the frames in a raw pipe, checked once.

use super::{PixelFormat, SourceError};

#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub format: PixelFormat,
    pub width_px: u32,
    pub height_px: u32,
    pub stride_bytes: usize,
}

/// Largest frame that is believed; past it a header or a setting is wrong.
const FRAME_LIMIT_BYTES: usize = 256 << 20;

impl Layout {
    /// Checks settings or a header.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal).
    pub fn check(
        format: PixelFormat,
        width_px: u32,
        height_px: u32,
        stride_bytes: Option<usize>,
    ) -> Result<Self, SourceError> {
        let wrong = |what: &str| {
            Err(SourceError::fatal(format!("{width_px}x{height_px} {format}: {what}")))
        };
        if format == PixelFormat::Mjpeg {
            return wrong("JPEGs in a pipe have no frame size: deliver raw frames or YUV4MPEG2");
        }
        if width_px == 0 || height_px == 0 {
            return wrong("a frame needs a width and a height above 0");
        }
        let Some(row_bytes) = format.row_bytes(width_px) else {
            return wrong("too large");
        };
        let stride_bytes = stride_bytes.unwrap_or(row_bytes);
        if stride_bytes < row_bytes {
            return wrong(&format!("a row stride of {stride_bytes} bytes is less than a row"));
        }
        let layout = Self { format, width_px, height_px, stride_bytes };
        match format.padded_bytes(height_px, stride_bytes) {
            Some(bytes) if bytes <= FRAME_LIMIT_BYTES => Ok(layout),
            _ => wrong("a frame is too large: check the size"),
        }
    }

    pub fn frame_bytes(&self) -> usize {
        self.format.padded_bytes(self.height_px, self.stride_bytes).unwrap_or(0)
    }

    /// A padded row length, as image processors have them, that would make
    /// `total_bytes` whole frames.
    pub fn stride_that_fits(&self, total_bytes: u64) -> Option<usize> {
        let row_bytes = self.format.row_bytes(self.width_px)?;
        [32, 64, 128, 256].into_iter().map(|unit| row_bytes.next_multiple_of(unit)).find(
            |&stride| {
                let frame_bytes = self.format.padded_bytes(self.height_px, stride);
                stride != self.stride_bytes
                    && frame_bytes.is_some_and(|bytes| total_bytes.is_multiple_of(bytes as u64))
            },
        )
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{} {}", self.width_px, self.height_px, self.format)?;
        if self.format.row_bytes(self.width_px) != Some(self.stride_bytes) {
            write!(f, " with rows of {} bytes", self.stride_bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        format: PixelFormat,
        size: (u32, u32),
        stride: Option<usize>,
    ) -> Result<Layout, String> {
        Layout::check(format, size.0, size.1, stride).map_err(|error| error.to_string())
    }

    #[test]
    fn impossible_settings_are_refused() {
        for (format, size, stride, part) in [
            (PixelFormat::Mjpeg, (4, 4), None, "raw frames"),
            (PixelFormat::Grey, (0, 4), None, "above 0"),
            (PixelFormat::Rgb24, (4, 4), Some(11), "less than a row"),
            (PixelFormat::Rgb24, (100_000, 100_000), None, "too large"),
            (PixelFormat::Grey, (1, 1), Some(usize::MAX / 2), "too large"),
        ] {
            let error = check(format, size, stride).unwrap_err();
            assert!(error.contains(&format!("{format}: ")) && error.contains(part), "{error}");
        }
    }

    #[test]
    fn finds_the_stride_of_padded_frames() {
        let layout = check(PixelFormat::I420, (320, 240), None).unwrap();
        assert_eq!(layout.frame_bytes(), 115_200);
        assert_eq!(layout.stride_that_fits(384 * 240 * 3 / 2 * 5), Some(384));
        assert_eq!(layout.stride_that_fits(100), None);
        assert_eq!(layout.to_string(), "320x240 i420");
        let layout = check(PixelFormat::Grey, (100, 2), Some(128)).unwrap();
        assert_eq!(layout.to_string(), "100x2 grey with rows of 128 bytes");
    }
}
