//! The text headers of a YUV4MPEG2 stream.

use super::{PixelFormat, SourceError};

/// What the first line of a stream says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Y4mHeader {
    pub format: PixelFormat,
    pub width_px: u32,
    pub height_px: u32,
    /// `None` where the header leaves the rate open.
    pub fps: Option<f64>,
}

/// Bytes that a header line may have; ours is the only limit, the format
/// states none.
pub(super) const LINE_LIMIT_BYTES: usize = 1024;

impl Y4mHeader {
    /// Reads `YUV4MPEG2 W640 H480 F25:1 C420jpeg …`. Interlacing, aspect
    /// ratio and comments are passed over.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) for anything but 8-bit 4:2:0 or
    /// mono.
    pub fn parse(line: &[u8]) -> Result<Self, SourceError> {
        let line = String::from_utf8_lossy(line);
        let mut words = line.split(' ').map(|word| word.trim_end_matches('\r'));
        if words.next() != Some("YUV4MPEG2") {
            let start: String = line.chars().take(16).collect();
            return Err(SourceError::fatal(format!(
                "not a YUV4MPEG2 stream, it starts with {start:?}: for raw frames state format and size"
            )));
        }
        let (mut width_px, mut height_px, mut fps, mut format) = (0, 0, None, PixelFormat::I420);
        for word in words.filter(|word| word.is_char_boundary(1)) {
            let (tag, value) = word.split_at(1);
            match tag {
                "W" => width_px = value.parse().unwrap_or(0),
                "H" => height_px = value.parse().unwrap_or(0),
                "F" => fps = rate(value),
                "C" => format = colour_format(value).ok_or_else(|| unsupported(value))?,
                _ => {}
            }
        }
        if width_px == 0 || height_px == 0 {
            return Err(SourceError::fatal(format!(
                "the YUV4MPEG2 header states no frame size: {line:?}"
            )));
        }
        Ok(Self { format, width_px, height_px, fps })
    }
}

/// Whether a line introduces a frame; parameters after the word are allowed.
pub(super) fn is_frame_line(line: &[u8]) -> bool {
    line.strip_prefix(b"FRAME")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\r')))
}

fn rate(value: &str) -> Option<f64> {
    let (numerator, denominator) = value.split_once(':')?;
    let fps = numerator.parse::<u32>().ok()? as f64 / denominator.parse::<u32>().ok()? as f64;
    (fps.is_finite() && fps > 0.0).then_some(fps)
}

fn colour_format(name: &str) -> Option<PixelFormat> {
    match name {
        "420" | "420jpeg" | "420mpeg2" | "420paldv" => Some(PixelFormat::I420),
        "mono" => Some(PixelFormat::Grey),
        _ => None,
    }
}

fn unsupported(name: &str) -> SourceError {
    SourceError::fatal(format!(
        "YUV4MPEG2 format C{name} is not supported: make the command deliver 8-bit 4:2:0 (ffmpeg: -pix_fmt yuv420p)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::SourceErrorKind;

    fn parse(line: &str) -> Result<Y4mHeader, SourceError> {
        Y4mHeader::parse(line.as_bytes())
    }

    #[test]
    fn reads_size_rate_and_format() {
        let header =
            parse("YUV4MPEG2 W640 H480 F30000:1001 Ip A1:1 C420jpeg XYSCSS=420JPEG").unwrap();
        assert_eq!((header.width_px, header.height_px), (640, 480));
        assert_eq!(header.format, PixelFormat::I420);
        assert!((header.fps.unwrap() - 29.97).abs() < 0.001);
        for (colour, format) in [
            ("", PixelFormat::I420),
            (" C420", PixelFormat::I420),
            (" C420mpeg2", PixelFormat::I420),
            (" C420paldv", PixelFormat::I420),
            (" Cmono", PixelFormat::Grey),
        ] {
            assert_eq!(parse(&format!("YUV4MPEG2 H2 W4{colour}")).unwrap().format, format);
        }
        for open in ["", " F0:0", " F25", " F1:0", " Fx:y"] {
            assert_eq!(parse(&format!("YUV4MPEG2 W4 H2{open}")).unwrap().fps, None, "{open}");
        }
    }

    #[test]
    fn refuses_the_rest_by_name() {
        for (line, part) in [
            ("YUV4MPEG2 W4 H2 C422", "C422"),
            ("YUV4MPEG2 W4 H2 C420p10", "C420p10"),
            ("YUV4MPEG2 W4 H2 Cmono16", "Cmono16"),
            ("YUV4MPEG2 W4", "no frame size"),
            ("YUV4MPEG2 W-4 H2", "no frame size"),
            ("RIFF", "RIFF"),
            ("", "not a YUV4MPEG2"),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), SourceErrorKind::Fatal);
            let text = error.to_string();
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn frame_lines_may_carry_parameters() {
        assert!(is_frame_line(b"FRAME") && is_frame_line(b"FRAME Ixyz"));
        assert!(!is_frame_line(b"FRAMES") && !is_frame_line(b"") && !is_frame_line(b"frame"));
    }
}
