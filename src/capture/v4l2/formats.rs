//! Which of the kernel's pixel formats are ours, and what each costs.

use v4l::format::FourCC;

use crate::capture::PixelFormat;

/// The kernel's codes, in the order of preference among equals.
const CODES: [(&[u8; 4], PixelFormat); 8] = [
    (b"GREY", PixelFormat::Grey),
    (b"NV12", PixelFormat::Nv12),
    (b"YU12", PixelFormat::I420),
    (b"YUYV", PixelFormat::Yuyv),
    (b"UYVY", PixelFormat::Uyvy),
    (b"RGB3", PixelFormat::Rgb24),
    (b"MJPG", PixelFormat::Mjpeg),
    (b"JPEG", PixelFormat::Mjpeg),
];

/// What a code means here; `None` for formats that nothing reads.
pub(super) fn pixel_format(fourcc: FourCC) -> Option<PixelFormat> {
    CODES.iter().find(|(code, _)| **code == fourcc.repr).map(|(_, format)| *format)
}

/// Effort of one pixel, in bytes that are moved and looked at; a JPEG pixel
/// counts as what its decoding costs beside that.
pub(super) fn cost_per_pixel(format: PixelFormat, luma: bool) -> f64 {
    match (format, luma) {
        (PixelFormat::Grey, _) => 1.0,
        (PixelFormat::Nv12 | PixelFormat::I420, true) => 1.5,
        (PixelFormat::Yuyv | PixelFormat::Uyvy, true) => 2.0,
        (PixelFormat::Nv12 | PixelFormat::I420, false) => 3.0,
        (PixelFormat::Yuyv | PixelFormat::Uyvy, false) => 3.5,
        (PixelFormat::Rgb24, true) => 4.0,
        (PixelFormat::Rgb24, false) => 3.0,
        (PixelFormat::Mjpeg, _) => 12.0,
    }
}
