//! The bits of a scan, and the markers between its intervals.

use super::error::{JpegError, damaged};
use super::table::{LOOKUP_BITS, Table};

/// Zero bytes that may follow the last code: some cameras fill up to a word.
const FILL_LIMIT_BYTES: usize = 7;
const TOO_SHORT: JpegError = JpegError::Damaged("its data ends before its last row");

/// Reads a scan from its first code on. Nothing is made up: where the data ends
/// or a marker stands, there are no more bits.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// Of the next byte that is not held; at a marker, of its first FF.
    position: usize,
    /// From the highest bit on.
    held: u64,
    /// Bits of `held` that count.
    count: u32,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], position: usize) -> Self {
        Self { data, position, held: 0, count: 0 }
    }

    /// Where the next marker is to be looked for, after [`Bits::end_scan`].
    pub fn position(&self) -> usize {
        self.position
    }

    /// Decodes one symbol.
    #[inline]
    pub fn symbol(&mut self, table: &Table) -> Result<u8, JpegError> {
        if self.count < 32 {
            self.fill();
        }
        let entry = table.entry(self.held >> (64 - LOOKUP_BITS));
        let length = u32::from(entry >> 8);
        if length > 0 {
            self.take(length)?;
            return Ok(entry as u8);
        }
        match table.long_code((self.held >> 48) as u32) {
            Some((length, value)) => self.take(length).map(|()| value),
            None if self.count < 16 => Err(TOO_SHORT),
            None => damaged("a code that is in no table"),
        }
    }

    /// A number of `size` bits, 16 at most, as JPEG writes signed ones.
    #[inline]
    pub fn signed(&mut self, size: u32) -> Result<i32, JpegError> {
        let value = self.unsigned(size)? as i32;
        let is_negative = size > 0 && value < 1 << (size - 1);
        Ok(if is_negative { value - (1 << size) + 1 } else { value })
    }

    /// A number of `size` bits, 16 at most.
    #[inline]
    pub fn unsigned(&mut self, size: u32) -> Result<u32, JpegError> {
        if size == 0 {
            return Ok(0);
        }
        if self.count < size {
            self.fill();
        }
        let value = (self.held >> (64 - size)) as u32;
        self.take(size).map(|()| value)
    }

    #[inline]
    fn take(&mut self, length: u32) -> Result<(), JpegError> {
        if length > self.count {
            return Err(TOO_SHORT);
        }
        self.held <<= length;
        self.count -= length;
        Ok(())
    }

    fn fill(&mut self) {
        if let Some(eight) = self.data[self.position..].first_chunk::<8>() {
            let word = u64::from_be_bytes(*eight);
            if !has_ff(word) {
                let bytes = (64 - self.count) / 8;
                // Bits past `count` are those that come next: they may lie there.
                self.held |= word >> self.count;
                self.count += 8 * bytes;
                self.position += bytes as usize;
                return;
            }
        }
        while self.count <= 56 {
            let Some(byte) = self.next_byte() else { return };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    /// The next byte of data, a stuffed zero left out; `None` at a marker and at
    /// the end.
    fn next_byte(&mut self) -> Option<u8> {
        let byte = *self.data.get(self.position)?;
        if byte != 0xFF {
            self.position += 1;
            return Some(byte);
        }
        let mut after = self.position + 1;
        while self.data.get(after) == Some(&0xFF) {
            after += 1;
        }
        if self.data.get(after) != Some(&0) {
            return None;
        }
        self.position = after + 1;
        Some(0xFF)
    }

    /// Drops the bits that fill up the last byte of an interval, and takes the
    /// restart marker behind it.
    pub fn restart(&mut self, number: u8) -> Result<(), JpegError> {
        self.drop_part_of_byte();
        if self.count > 0 || self.next_byte().is_some() {
            return damaged("codes left over before a restart");
        }
        while self.data.get(self.position + 1) == Some(&0xFF) {
            self.position += 1;
        }
        if self.data.get(self.position + 1) != Some(&(0xD0 + number % 8)) {
            return damaged("a restart interval is missing");
        }
        self.position += 2;
        (self.held, self.count) = (0, 0);
        Ok(())
    }

    /// Leaves the scan, of which nothing but its marker may be left.
    pub fn end_scan(&mut self) -> Result<(), JpegError> {
        self.drop_part_of_byte();
        let mut filling = 0;
        while self.count > 0 || self.refill() {
            filling += 1;
            if self.held >> 56 != 0 || filling > FILL_LIMIT_BYTES {
                return damaged("codes left over behind its last row");
            }
            self.held <<= 8;
            self.count -= 8;
        }
        Ok(())
    }

    fn refill(&mut self) -> bool {
        self.held = 0;
        self.fill();
        self.count > 0
    }

    fn drop_part_of_byte(&mut self) {
        let part = self.count % 8;
        self.held <<= part;
        self.count -= part;
    }
}

/// Whether one of the eight bytes is FF.
fn has_ff(word: u64) -> bool {
    let ones = u64::MAX / 255;
    (!word).wrapping_sub(ones) & word & (ones << 7) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_ff_are_seen_wherever_they_stand() {
        for at in 0..8 {
            for byte in 0..=255u8 {
                let mut bytes = [0x7F, 0x80, 0xFE, 0, 1, 0x55, 0xAA, 0xFE];
                bytes[at] = byte;
                assert_eq!(has_ff(u64::from_be_bytes(bytes)), byte == 0xFF, "{bytes:02x?}");
            }
        }
    }

    #[test]
    fn stuffed_zeros_go_and_markers_stop() {
        let data = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xFF, 0xD9];
        let mut bits = Bits::new(&data, 0);
        for expected in [0x12, 0xFF, 0x34] {
            assert_eq!(bits.unsigned(8), Ok(expected));
        }
        assert_eq!(bits.unsigned(1), Err(TOO_SHORT));
        assert_eq!((bits.end_scan(), bits.position()), (Ok(()), 4));
    }

    #[test]
    fn signed_numbers_are_those_of_the_standard() {
        // 0 and 1 of one bit; 00, 01, 10, 11 of two.
        let mut bits = Bits::new(&[0b0100_0110, 0b1100_0000], 0);
        assert_eq!([1, 1].map(|size| bits.signed(size).unwrap()), [-1, 1]);
        assert_eq!([2, 2, 2, 2].map(|size| bits.signed(size).unwrap()), [-3, -2, 2, 3]);
        assert_eq!(bits.signed(0), Ok(0));
    }

    #[test]
    fn a_scan_may_be_filled_up_with_zeros_but_not_with_codes() {
        let end = |data: &[u8]| {
            let mut bits = Bits::new(data, 0);
            bits.unsigned(3).unwrap();
            bits.end_scan()
        };
        assert_eq!(end(&[0xFE, 0xFF, 0xD9]), Ok(()));
        assert_eq!(end(&[0xFE, 0, 0, 0, 0xFF, 0xD9]), Ok(()));
        assert!(end(&[0xFE, 0, 0, 3, 0xFF, 0xD9]).is_err());
        assert!(end(&[&[0xFE][..], &[0; 8], &[0xFF, 0xD9]].concat()).is_err());
    }

    #[test]
    fn the_due_restart_marker_is_taken_and_no_other() {
        let restart = |data: &[u8]| {
            let mut bits = Bits::new(data, 0);
            bits.unsigned(3).unwrap();
            bits.restart(2).and_then(|()| bits.unsigned(8))
        };
        assert_eq!(restart(&[0xFE, 0xFF, 0xD2, 0x45]), Ok(0x45));
        assert_eq!(restart(&[0xFE, 0xFF, 0xFF, 0xD2, 0x45]), Ok(0x45));
        for wrong in [&[0xFE, 0xFF, 0xD3, 0x45][..], &[0xFE, 0, 0xFF, 0xD2], &[0xFE]] {
            assert!(restart(wrong).is_err(), "{wrong:02x?}");
        }
    }
}
