//! Walks the segments of a JPEG up to its first scan, without decoding.

/// What the headers of a JPEG say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JpegHeader {
    pub width_px: u32,
    pub height_px: u32,
    /// Whether a Huffman table comes before the first scan.
    pub has_huffman_tables: bool,
    /// Offset of the start-of-image marker in force: the last, where a camera
    /// repeats it.
    pub start: usize,
    /// Offset of the first start-of-scan marker.
    pub scan: usize,
    /// No stray bytes lie between the segments.
    pub is_clean: bool,
}

/// Why a header cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JpegHeaderError {
    #[error("not a JPEG: it does not start with FF D8")]
    NotJpeg,
    #[error("truncated JPEG (it ends inside its headers)")]
    Truncated,
    #[error("damaged JPEG ({0})")]
    Damaged(&'static str),
}

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DHT: u8 = 0xC4;

impl JpegHeader {
    /// Reads the headers of `data`, which starts with FF D8. Stray bytes
    /// between segments are passed over.
    ///
    /// # Errors
    /// See [`JpegHeaderError`]; also for a size of zero.
    pub fn read(data: &[u8]) -> Result<Self, JpegHeaderError> {
        let mut segments = Segments::new(data)?;
        let mut size = None;
        let mut has_huffman_tables = false;
        while let Some(segment) = segments.next()? {
            match segment.marker {
                DHT => has_huffman_tables = true,
                0xC0..=0xCF if !matches!(segment.marker, 0xC8 | 0xCC) => {
                    size = Some(frame_size(segment.bytes)?);
                }
                _ => {}
            }
        }
        let (width_px, height_px) =
            size.ok_or(JpegHeaderError::Damaged("no frame header before the scan"))?;
        Ok(Self {
            width_px,
            height_px,
            has_huffman_tables,
            start: segments.start,
            scan: segments.position,
            is_clean: segments.is_clean,
        })
    }
}

/// Width and height in pixels out of a start-of-frame segment.
fn frame_size(segment: &[u8]) -> Result<(u32, u32), JpegHeaderError> {
    let Some(&[height_high, height_low, width_high, width_low]) = segment.get(5..9) else {
        return Err(JpegHeaderError::Damaged("frame header too short"));
    };
    let width_px = u16::from_be_bytes([width_high, width_low]);
    let height_px = u16::from_be_bytes([height_high, height_low]);
    if width_px == 0 || height_px == 0 {
        return Err(JpegHeaderError::Damaged("a size of zero"));
    }
    Ok((width_px.into(), height_px.into()))
}

/// One header segment: marker code, and all of its bytes from the FF on.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub marker: u8,
    pub bytes: &'a [u8],
}

/// The segments between start of image and first scan.
#[derive(Debug)]
pub struct Segments<'a> {
    data: &'a [u8],
    position: usize,
    start: usize,
    is_clean: bool,
}

impl<'a> Segments<'a> {
    /// # Errors
    /// [`JpegHeaderError::NotJpeg`].
    pub fn new(data: &'a [u8]) -> Result<Self, JpegHeaderError> {
        if !data.starts_with(&[0xFF, SOI]) {
            return Err(JpegHeaderError::NotJpeg);
        }
        let mut start = 0;
        while data[start + 2..].starts_with(&[0xFF, SOI]) {
            start += 2;
        }
        Ok(Self { data, position: start + 2, start, is_clean: true })
    }

    /// The next segment; `None` at the start of the scan.
    ///
    /// # Errors
    /// [`JpegHeaderError::Truncated`] and [`JpegHeaderError::Damaged`].
    #[expect(clippy::should_implement_trait, reason = "it can fail")]
    pub fn next(&mut self) -> Result<Option<Segment<'a>>, JpegHeaderError> {
        loop {
            let marker = self.seek_marker()?;
            match marker {
                SOS => return Ok(None),
                EOI => return Err(JpegHeaderError::Damaged("it ends before its scan")),
                // Markers without a length have no business here.
                0x00 | 0x01 | 0xD0..=0xD8 => {
                    self.is_clean = false;
                    self.position += 2;
                }
                _ => return self.take_segment(marker).map(Some),
            }
        }
    }

    /// Moves to the next FF that is followed by a marker code.
    fn seek_marker(&mut self) -> Result<u8, JpegHeaderError> {
        loop {
            let pair = self.data.get(self.position..self.position + 2);
            match pair.ok_or(JpegHeaderError::Truncated)? {
                [0xFF, marker] if *marker != 0xFF => return Ok(*marker),
                _ => {
                    self.is_clean = false;
                    self.position += 1;
                }
            }
        }
    }

    fn take_segment(&mut self, marker: u8) -> Result<Segment<'a>, JpegHeaderError> {
        let rest = &self.data[self.position..];
        let &[high, low] = rest.get(2..4).ok_or(JpegHeaderError::Truncated)? else {
            return Err(JpegHeaderError::Truncated);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(JpegHeaderError::Damaged("a segment shorter than its own length"));
        }
        let bytes = rest.get(..2 + length).ok_or(JpegHeaderError::Truncated)?;
        self.position += bytes.len();
        Ok(Segment { marker, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: [u8; 13] = [0xFF, 0xC0, 0, 11, 8, 0, 6, 0, 10, 1, 1, 0x11, 0];
    const SCAN: [u8; 10] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];

    fn jpeg(parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8];
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes
    }

    #[test]
    fn reads_the_size_and_the_scan_offset() {
        let header = JpegHeader::read(&jpeg(&[&FRAME, &SCAN])).unwrap();
        assert_eq!((header.width_px, header.height_px), (10, 6));
        assert_eq!((header.start, header.scan), (0, 2 + FRAME.len()));
        assert!(header.is_clean && !header.has_huffman_tables);
    }

    #[test]
    fn passes_over_a_doubled_start_and_stray_bytes() {
        let header = JpegHeader::read(&jpeg(&[&[0xFF, 0xD8], &FRAME, &SCAN])).unwrap();
        assert_eq!(header.start, 2);
        assert!(header.is_clean);
        let header = JpegHeader::read(&jpeg(&[&FRAME, &[0, 7, 0xFF, 0xFF], &SCAN])).unwrap();
        assert!(!header.is_clean);
        assert_eq!(header.width_px, 10);
    }

    #[test]
    fn refuses_what_is_no_jpeg() {
        assert_eq!(JpegHeader::read(b""), Err(JpegHeaderError::NotJpeg));
        assert_eq!(JpegHeader::read(b"\x89PNG"), Err(JpegHeaderError::NotJpeg));
        assert_eq!(JpegHeader::read(&jpeg(&[])), Err(JpegHeaderError::Truncated));
        assert_eq!(JpegHeader::read(&jpeg(&[&FRAME])), Err(JpegHeaderError::Truncated));
        for damaged in [&SCAN[..], &[0xFF, 0xD9], &[0xFF, 0xC0, 0, 1]] {
            let result = JpegHeader::read(&jpeg(&[damaged]));
            assert!(matches!(result, Err(JpegHeaderError::Damaged(_))), "{result:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_result(tail in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = JpegHeader::read(&jpeg(&[&tail]));
            let _ = JpegHeader::read(&jpeg(&[&FRAME, &tail]));
        }
    }
}
