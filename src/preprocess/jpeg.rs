//! JPEG frames to grey or RGB, refusing what is damaged.
//!
//! The decoder is our own because others fill in grey, or go on, where data is
//! missing: that would show the network an anomaly. It gives the pixels of the IJG
//! library, to the bit, and takes no memory once it has seen a picture of a size.

mod bits;
mod component;
mod entropy;
mod error;
mod frame;
mod idct;
mod scan;
mod standard;
mod table;
mod upsample;

use crate::capture::jpeg_header::JpegHeader;
use crate::capture::{Frame, PIXEL_LIMIT, PixelFormat};

use self::error::{JpegError, damaged};
use self::frame::{EOI, FrameState, Markers, SOI, SOS};
use super::error::PreprocessError;
use super::source::check_size;

/// Scans that a JPEG may have; a picture of many, each of the whole size, would
/// take minutes.
const SCANS_LIMIT: usize = 64;
/// So many pictures in a row with an oddity are a camera's habit; damage comes alone.
const HABIT: u8 = 8;

/// Decodes JPEGs into buffers that it keeps.
#[derive(Debug, Default)]
pub(super) struct JpegDecoder {
    frame: FrameState,
    pixels: Vec<u8>,
    rows: [Vec<u8>; 3],
    /// Odd pictures in a row, up to [`HABIT`]; then it stays there.
    odd: u8,
}

impl JpegDecoder {
    /// Decodes an MJPEG frame to [`PixelFormat::Grey`] if `luma` and the JPEG
    /// is YCbCr or grey, else to [`PixelFormat::Rgb24`]. The size is the
    /// JPEG's own; given an `expected_size`, any other is refused undecoded.
    ///
    /// Sequential and progressive JPEGs of 8 bits are read, with any sampling and
    /// any order of scans. Cameras may double the start marker, pad the end, put
    /// stray bytes between segments and leave out the Huffman tables. Beyond that a JPEG
    /// has to be whole: a lost restart interval, data that ends early and codes that are
    /// left over are damage.
    ///
    /// Some cameras put a few bytes before restarts or the end, state nonsense about the
    /// coefficients of a sequential scan, or leave out the end marker behind its last
    /// unit. Nothing of the picture is lost, but damage may look the same. So it is refused
    /// until [`HABIT`] pictures in a row have it.
    pub fn decode<'a>(
        &'a mut self,
        frame: &Frame<'a>,
        luma: bool,
        expected_size: Option<(u32, u32)>,
    ) -> Result<Frame<'a>, PreprocessError> {
        let header = JpegHeader::read(frame.data).map_err(undecodable)?;
        let (width_px, height_px) = (header.width_px, header.height_px);
        check_size(expected_size, (width_px, height_px))?;
        if u64::from(width_px) * u64::from(height_px) > PIXEL_LIMIT {
            return Err(undecodable(format!(
                "a JPEG of {width_px}x{height_px} is too large: 24 megapixels at most"
            )));
        }
        self.read(&frame.data[header.start..], luma).map_err(|error| {
            let has_end = frame.data[header.scan..].windows(2).rev().any(|two| two == [0xFF, EOI]);
            match error {
                error if has_end => undecodable(error),
                _ => undecodable("truncated JPEG (no end marker)"),
            }
        })?;
        self.odd = match self.odd {
            HABIT => HABIT,
            before if self.frame.is_odd => before + 1,
            _ => 0,
        };
        if self.frame.is_odd && self.odd < HABIT {
            return Err(undecodable(JpegError::Odd));
        }
        let (format, stride_bytes, data) = self.render(luma && self.frame.has_luma());
        Ok(Frame { format, width_px, height_px, stride_bytes, data, ..*frame })
    }

    /// Takes in all segments and scans.
    fn read(&mut self, data: &[u8], luma: bool) -> Result<(), JpegError> {
        let frame = &mut self.frame;
        frame.begin();
        let mut markers = Markers { data, position: 2 };
        let mut scans = 0;
        loop {
            // Of a sequential JPEG every unit came, if every component did.
            if scans > 0 && !frame.is_progressive && markers.is_at_end() {
                frame.is_odd = true;
                break;
            }
            match markers.next(scans == 0)? {
                EOI => break,
                SOS => {
                    let body = markers.body()?;
                    if scans == 0 {
                        frame.lay_out(luma)?;
                    }
                    scans += 1;
                    if scans > SCANS_LIMIT {
                        return Err(JpegError::Unsupported("of so many scans"));
                    }
                    markers.position = scan::decode(frame, body, data, markers.position)?;
                }
                // Markers without a length have no business here.
                0x01 | 0xD0..=0xD7 => {}
                SOI if scans == 0 => {}
                marker => frame.take(marker, markers.body()?)?,
            }
        }
        let (components, _) = frame.parts();
        if components.is_empty() || !components.iter().all(|c| c.is_complete()) {
            return damaged("a scan is missing");
        }
        let is_progressive = frame.is_progressive;
        let (components, _) = frame.parts();
        for component in components.iter_mut().filter(|c| c.is_wanted && is_progressive) {
            component.write_gathered();
        }
        Ok(())
    }

    /// Format, row stride and pixels of what was read.
    fn render(&mut self, luma: bool) -> (PixelFormat, usize, &[u8]) {
        let (width, height) = self.frame.size;
        let max = self.frame.max_sampling();
        let has_luma = self.frame.has_luma();
        let (components, _) = self.frame.parts();
        let fold = |component: &component::Component| {
            (max.0 / component.sampling.0, max.1 / component.sampling.1)
        };
        if luma && fold(&components[0]) == (1, 1) {
            return (PixelFormat::Grey, components[0].stride(), components[0].plane());
        }
        let (format, bytes) = if luma { (PixelFormat::Grey, 1) } else { (PixelFormat::Rgb24, 3) };
        self.pixels.resize(width * height * bytes, 0);
        self.rows.iter_mut().for_each(|row| row.resize(width, 0));
        for (y, out) in self.pixels.chunks_exact_mut(width * bytes).enumerate() {
            if luma {
                upsample::row(&components[0], y, fold(&components[0]), out);
                continue;
            }
            for (component, row) in components.iter().zip(&mut self.rows) {
                upsample::row(component, y, fold(component), row);
            }
            let [first, second, third] = self.rows.each_ref().map(Vec::as_slice);
            match components.len() {
                1 => interleave([first; 3], out),
                _ if has_luma => upsample::ycc_to_rgb([first, second, third], out),
                _ => interleave([first, second, third], out),
            }
        }
        (format, width * bytes, &self.pixels)
    }
}

fn interleave([r, g, b]: [&[u8]; 3], out: &mut [u8]) {
    for (out, ((&r, &g), &b)) in out.chunks_exact_mut(3).zip(r.iter().zip(g).zip(b)) {
        out.copy_from_slice(&[r, g, b]);
    }
}

fn undecodable(error: impl std::fmt::Display) -> PreprocessError {
    PreprocessError::Undecodable(error.to_string())
}

#[cfg(test)]
mod tests;
