//! The segments of a JPEG, and what they say.

use super::component::{Component, Quant};
use super::error::{JpegError, damaged};
use super::standard;
use super::table::Table;
use crate::capture::jpeg_header::JpegHeaderError;

pub(super) const SOI: u8 = 0xD8;
pub(super) const EOI: u8 = 0xD9;
pub(super) const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DHT: u8 = 0xC4;
const DRI: u8 = 0xDD;
const APP0: u8 = 0xE0;
const APP14: u8 = 0xEE;
/// Pixels of a progressive JPEG, whose coefficients take as much memory as its pixels.
const PROGRESSIVE_LIMIT: usize = 12_000_000;

/// What the segments have said so far.
#[derive(Debug)]
pub(super) struct FrameState {
    pub components: [Component; 3],
    /// How many of them there are; 0 before the frame header.
    pub count: usize,
    pub size: (usize, usize),
    pub is_progressive: bool,
    /// Units between two restart markers; 0 without any.
    pub restart_interval: usize,
    /// Whether it has an oddity of sound cameras, which damage may have, too.
    pub is_odd: bool,
    is_jfif: bool,
    adobe_transform: Option<u8>,
    quants: [Quant; 4],
    has_quant: [bool; 4],
    /// Those of first coefficients, then those of the others.
    tables: [[Table; 4]; 2],
    has_table: [[bool; 4]; 2],
}

impl Default for FrameState {
    fn default() -> Self {
        const EMPTY: Table = Table::empty();
        Self {
            components: Default::default(),
            count: 0,
            size: (0, 0),
            is_progressive: false,
            restart_interval: 0,
            is_odd: false,
            is_jfif: false,
            adobe_transform: None,
            quants: [[0; 64]; 4],
            has_quant: [false; 4],
            tables: [[EMPTY; 4], [EMPTY; 4]],
            has_table: [[false; 4]; 2],
        }
    }
}

impl FrameState {
    /// Forgets the last JPEG, but for the memory that it took.
    pub fn begin(&mut self) {
        (self.count, self.restart_interval, self.is_odd) = (0, 0, false);
        (self.is_jfif, self.adobe_transform) = (false, None);
        self.has_quant = [false; 4];
        self.has_table = [[false; 4]; 2];
    }

    /// Takes in one segment, `body` being what follows its length.
    pub fn take(&mut self, marker: u8, body: &[u8]) -> Result<(), JpegError> {
        match marker {
            DQT => self.take_quants(body),
            DHT => self.take_tables(body),
            DRI => match body {
                &[high, low] => {
                    self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
                    Ok(())
                }
                _ => damaged("a restart interval of another length"),
            },
            0xC0..=0xC2 => self.take_frame(marker, body),
            0xC3 | 0xC5..=0xC7 | 0xCB | 0xCD..=0xCF => {
                Err(JpegError::Unsupported("without loss or in layers"))
            }
            0xC9 | 0xCA | 0xCC => Err(JpegError::Unsupported("with arithmetic coding")),
            _ => {
                self.is_jfif |= marker == APP0 && body.starts_with(b"JFIF\0");
                if marker == APP14 && body.starts_with(b"Adobe") {
                    self.adobe_transform = body.get(11).copied();
                }
                Ok(())
            }
        }
    }

    fn take_quants(&mut self, mut body: &[u8]) -> Result<(), JpegError> {
        while let Some((&kind, rest)) = body.split_first() {
            let slot = usize::from(kind & 15);
            let bytes = if kind >> 4 == 0 { 1 } else { 2 };
            let Some(values) = rest.get(..64 * bytes).filter(|_| slot < 4 && kind >> 4 < 2) else {
                return damaged("a quantisation table that cannot be");
            };
            for (step, value) in self.quants[slot].iter_mut().zip(values.chunks_exact(bytes)) {
                *step = value.iter().fold(0, |sum, &byte| sum << 8 | u16::from(byte));
            }
            if self.quants[slot].contains(&0) {
                return damaged("a quantisation table with a zero");
            }
            self.has_quant[slot] = true;
            body = &rest[64 * bytes..];
        }
        Ok(())
    }

    fn take_tables(&mut self, mut body: &[u8]) -> Result<(), JpegError> {
        while let Some((&kind, rest)) = body.split_first() {
            let (class, slot) = (usize::from(kind >> 4), usize::from(kind & 15));
            let counts = rest.first_chunk::<16>().filter(|_| class < 2 && slot < 4);
            let Some(counts) = counts else {
                return damaged("a Huffman table that cannot be");
            };
            let length = counts.iter().map(|&count| usize::from(count)).sum::<usize>();
            let Some(values) = rest[16..].get(..length).filter(|values| values.len() <= 256) else {
                return damaged("a Huffman table that cannot be");
            };
            self.tables[class][slot].set(counts, values)?;
            self.has_table[class][slot] = true;
            body = &rest[16 + length..];
        }
        Ok(())
    }

    fn take_frame(&mut self, marker: u8, body: &[u8]) -> Result<(), JpegError> {
        let cannot_be = || JpegError::Damaged("a frame header that cannot be");
        if self.count > 0 {
            return damaged("two frame headers");
        }
        let (&head, rest) = body.split_first_chunk::<6>().ok_or_else(cannot_be)?;
        let [precision, height_high, height_low, width_high, width_low, count] = head;
        let side = |high, low| usize::from(u16::from_be_bytes([high, low]));
        let (width, height) = (side(width_high, width_low), side(height_high, height_low));
        let count = usize::from(count);
        if rest.len() != 3 * count || width == 0 || height == 0 {
            return Err(cannot_be());
        }
        if precision != 8 {
            return Err(JpegError::Unsupported("of more than 8 bits a sample"));
        }
        if count != 1 && count != 3 {
            return Err(JpegError::Unsupported("of other colours than grey, YCbCr and RGB"));
        }
        for (component, spec) in self.components.iter_mut().zip(rest.chunks_exact(3)) {
            let sampling = (usize::from(spec[1] >> 4), usize::from(spec[1] & 15));
            let in_range = |factor: usize| (1..=4).contains(&factor);
            if !in_range(sampling.0) || !in_range(sampling.1) || spec[2] > 3 {
                return Err(cannot_be());
            }
            component.id = spec[0];
            component.sampling = sampling;
            component.quant_slot = usize::from(spec[2]);
        }
        (self.count, self.size) = (count, (width, height));
        self.is_progressive = marker == 0xC2;
        if self.is_progressive && width * height > PROGRESSIVE_LIMIT {
            return Err(JpegError::Unsupported("in progressive scans of over 12 megapixels"));
        }
        Ok(())
    }

    /// Makes room for the picture, when all segments before its first scan are
    /// there. Where it is wanted as `luma`, the first component's pixels will do.
    pub fn lay_out(&mut self, luma: bool) -> Result<(), JpegError> {
        let max = self.max_sampling();
        let units = self.units();
        let only_first = luma && self.has_luma();
        for (place, component) in self.components[..self.count].iter_mut().enumerate() {
            let sampling = component.sampling;
            if !max.0.is_multiple_of(sampling.0) || !max.1.is_multiple_of(sampling.1) {
                return Err(JpegError::Unsupported("with samples between pixels"));
            }
            let size = (
                (self.size.0 * sampling.0).div_ceil(max.0),
                (self.size.1 * sampling.1).div_ceil(max.1),
            );
            component.is_wanted = place == 0 || !only_first;
            let blocks = (units.0 * sampling.0, units.1 * sampling.1);
            component.begin(size, blocks, self.is_progressive);
        }
        Ok(())
    }

    /// Largest sampling factors, across and down.
    pub fn max_sampling(&self) -> (usize, usize) {
        let samplings = self.components[..self.count].iter().map(|component| component.sampling);
        samplings.fold((1, 1), |max, s| (max.0.max(s.0), max.1.max(s.1)))
    }

    /// Interleaved units, across and down.
    pub fn units(&self) -> (usize, usize) {
        let max = self.max_sampling();
        (self.size.0.div_ceil(8 * max.0), self.size.1.div_ceil(8 * max.1))
    }

    /// Whether the first component is luma, by what decoders agree on.
    pub fn has_luma(&self) -> bool {
        let ids = [0, 1, 2].map(|place| self.components[place].id);
        let is_rgb = match (self.is_jfif, self.adobe_transform) {
            (true, _) => false,
            (false, Some(transform)) => transform == 0,
            (false, None) => ids == *b"RGB",
        };
        self.count == 1 || !is_rgb
    }

    /// The table of a slot: the JPEG's own, or, where it brings none, the usual
    /// one, which Motion-JPEG cameras mean.
    pub fn prepare_table(&mut self, class: usize, slot: usize) -> Result<(), JpegError> {
        if !self.has_table[class][slot] {
            let Some((counts, values)) = standard::table(class, slot) else {
                return damaged("a Huffman table is missing");
            };
            self.tables[class][slot].set(counts, values)?;
            self.has_table[class][slot] = true;
        }
        Ok(())
    }

    /// Gives a component the quantisation table of its slot, for good.
    pub fn latch_quant(&mut self, place: usize) -> Result<(), JpegError> {
        let component = &mut self.components[place];
        if !self.has_quant[component.quant_slot] {
            return damaged("a quantisation table is missing");
        }
        component.latch(&self.quants[component.quant_slot]);
        Ok(())
    }

    /// The components, and the tables of first coefficients and of the others.
    pub fn parts(&mut self) -> (&mut [Component], &[[Table; 4]; 2]) {
        (&mut self.components[..self.count], &self.tables)
    }
}

/// Goes from marker to marker.
#[derive(Debug)]
pub(super) struct Markers<'a> {
    pub data: &'a [u8],
    pub position: usize,
}

impl<'a> Markers<'a> {
    /// The next marker. Stray bytes before it are passed over where they are
    /// `allowed`.
    pub fn next(&mut self, allowed: bool) -> Result<u8, JpegError> {
        loop {
            match self.data.get(self.position..self.position + 2) {
                None => return Err(JpegHeaderError::Truncated.into()),
                Some([0xFF, 0xFF]) => self.position += 1,
                Some(&[0xFF, marker]) if marker != 0 => {
                    self.position += 2;
                    return Ok(marker);
                }
                Some(_) if allowed => self.position += 1,
                Some(_) => return damaged("stray bytes between its scans"),
            }
        }
    }

    /// Whether there is nothing more, or only the FF of a marker.
    pub fn is_at_end(&self) -> bool {
        self.data.get(self.position..).unwrap_or(&[]).iter().all(|&byte| byte == 0xFF)
    }

    /// What follows a marker, less its length.
    pub fn body(&mut self) -> Result<&'a [u8], JpegError> {
        let rest = self.data.get(self.position..).unwrap_or(&[]);
        let length = rest.first_chunk().map(|length| usize::from(u16::from_be_bytes(*length)));
        let length = length.ok_or(JpegHeaderError::Truncated)?;
        if length < 2 {
            return damaged("a segment shorter than its own length");
        }
        let body = rest.get(2..length).ok_or(JpegHeaderError::Truncated)?;
        self.position += length;
        Ok(body)
    }
}
