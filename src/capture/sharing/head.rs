//! What stands before each frame at the socket.

use crate::capture::{Frame, PIXEL_LIMIT, PixelFormat, SourceError};

/// Tells the form of the head: both ends must be of one version of it.
const MARK: [u8; 4] = *b"nwf1";

pub(super) const HEAD_BYTES: usize = 48;

/// Three bytes a pixel, and room for rows that are padded.
const MOST_BYTES: u64 = 4 * PIXEL_LIMIT;

/// A frame but for its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub format: PixelFormat,
    pub width_px: u32,
    pub height_px: u32,
    pub stride_bytes: usize,
    pub bytes: usize,
    pub timestamp_ns: u64,
    pub sequence: u64,
}

impl Head {
    pub fn of(frame: &Frame<'_>) -> Self {
        let Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns, sequence } =
            *frame;
        let bytes = data.len();
        Self { format, width_px, height_px, stride_bytes, bytes, timestamp_ns, sequence }
    }

    pub fn frame<'a>(&self, data: &'a [u8]) -> Frame<'a> {
        let Self { format, width_px, height_px, stride_bytes, timestamp_ns, sequence, .. } = *self;
        Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns, sequence }
    }

    pub fn encode(&self) -> [u8; HEAD_BYTES] {
        let format = PixelFormat::ALL.iter().position(|format| *format == self.format);
        let mut head = [0; HEAD_BYTES];
        head[..4].copy_from_slice(&MARK);
        head[4] = format.unwrap_or_default() as u8;
        head[8..12].copy_from_slice(&self.width_px.to_le_bytes());
        head[12..16].copy_from_slice(&self.height_px.to_le_bytes());
        let long = [self.stride_bytes as u64, self.bytes as u64, self.timestamp_ns, self.sequence];
        for (field, value) in head[16..].chunks_exact_mut(8).zip(long) {
            field.copy_from_slice(&value.to_le_bytes());
        }
        head
    }

    /// # Errors
    /// [`Fatal`](crate::capture::SourceErrorKind::Fatal) for what is not such a head, and for one of a frame that no camera
    /// gives.
    pub fn decode(head: &[u8; HEAD_BYTES]) -> Result<Self, SourceError> {
        let short = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| head[at + i]));
        let long = |at: usize| u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|i| head[at + i]));
        let (width_px, height_px) = (short(8), short(12));
        let (stride_bytes, bytes) = (long(16), long(24));
        let pixels = u64::from(width_px) * u64::from(height_px);
        let format = PixelFormat::ALL.get(usize::from(head[4]));
        match format {
            Some(&format)
                if head[..4] == MARK
                    && (1..=PIXEL_LIMIT).contains(&pixels)
                    && (1..=MOST_BYTES).contains(&bytes)
                    && stride_bytes <= MOST_BYTES =>
            {
                Ok(Self {
                    format,
                    width_px,
                    height_px,
                    stride_bytes: stride_bytes as usize,
                    bytes: bytes as usize,
                    timestamp_ns: long(32),
                    sequence: long(40),
                })
            }
            _ => Err(SourceError::fatal(
                "what comes there is not a frame of this version: both programs must be of one \
                 package; restart the service after an upgrade",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::SourceErrorKind;

    fn frame(format: PixelFormat) -> Head {
        Head {
            format,
            width_px: 640,
            height_px: 480,
            stride_bytes: 1280,
            bytes: 614_400,
            timestamp_ns: u64::MAX,
            sequence: 1 << 40,
        }
    }

    #[test]
    fn a_head_reads_back() {
        for format in PixelFormat::ALL {
            assert_eq!(Head::decode(&frame(format).encode()), Ok(frame(format)));
        }
    }

    #[test]
    fn what_is_not_a_head_is_refused_before_anything_is_made_room_for() {
        let whole = frame(PixelFormat::Grey).encode();
        for (at, with) in
            [(0, b'x'), (3, b'2'), (4, 7), (4, 255), (11, 1), (15, 1), (22, 1), (30, 1)]
        {
            let mut head = whole;
            head[at] = with;
            let refused = Head::decode(&head).unwrap_err();
            assert_eq!(refused.kind(), SourceErrorKind::Fatal, "byte {at}");
        }
        for nothing in [8..12, 12..16, 24..32] {
            let mut head = whole;
            head[nothing.clone()].fill(0);
            assert!(Head::decode(&head).is_err(), "{nothing:?}");
        }
    }
}
