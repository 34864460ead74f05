//! The bits of a scan, and the markers between its intervals.

use super::error::{JpegError, damaged};
use super::table::{LOOKUP_BITS, Table};

/// Zero bytes that may follow the last code: some cameras fill up to a word.
const ZEROS_LIMIT_BYTES: usize = 7;
/// Bytes of any kind that may stand between the last code and a restart or the end of
/// the picture. Logitech's cameras put up to nine there; of a damaged interval hundreds
/// may be left.
const FILLING_LIMIT_BYTES: usize = 12;
const EOI: u8 = 0xD9;
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
    is_filled: bool,
}

impl<'a> Bits<'a> {
    pub fn new(data: &'a [u8], position: usize) -> Self {
        Self { data, position, held: 0, count: 0, is_filled: false }
    }

    /// Whether anything stood before one of the markers.
    pub fn is_filled(&self) -> bool {
        self.is_filled
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

    /// Drops what fills up an interval, and takes the restart marker behind it. To be
    /// called once every unit of the interval came.
    pub fn restart(&mut self, number: u8) -> Result<(), JpegError> {
        let (filling, _) = self.pass_over();
        if filling > FILLING_LIMIT_BYTES {
            return damaged("codes left over before a restart");
        }
        if self.marker() != Some(0xD0 + number % 8) {
            return damaged("a restart interval is missing");
        }
        self.position += 2;
        Ok(())
    }

    /// Leaves the scan, of which nothing but its marker may be left. To be called once
    /// every unit of the scan came.
    pub fn end_scan(&mut self) -> Result<(), JpegError> {
        let (filling, is_zero) = self.pass_over();
        let is_word = is_zero && filling <= ZEROS_LIMIT_BYTES;
        let is_last = filling <= FILLING_LIMIT_BYTES && self.marker() == Some(EOI);
        match is_word || is_last {
            true => Ok(()),
            false => damaged("codes left over behind its last row"),
        }
    }

    /// Drops the rest of the last byte, and whole bytes up to the next marker. Returns
    /// how many these were, one more than the limit at most, and whether all were zero.
    fn pass_over(&mut self) -> (usize, bool) {
        let part = self.count % 8;
        self.count -= part;
        // Bits past those that count may lie there.
        let held = (self.held << part).checked_shr(64 - self.count).unwrap_or(0);
        let (mut bytes, mut is_zero) = (self.count as usize / 8, held == 0);
        (self.held, self.count) = (0, 0);
        while bytes <= FILLING_LIMIT_BYTES {
            let Some(byte) = self.next_byte() else { break };
            (bytes, is_zero) = (bytes + 1, is_zero && byte == 0);
        }
        self.is_filled |= bytes > 0;
        (bytes, is_zero)
    }

    /// The marker that comes next; the position is then that of its last FF.
    fn marker(&mut self) -> Option<u8> {
        while self.data[self.position.min(self.data.len())..].starts_with(&[0xFF, 0xFF]) {
            self.position += 1;
        }
        match self.data.get(self.position..self.position + 2) {
            Some(&[0xFF, marker]) => Some(marker),
            _ => None,
        }
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
        assert_eq!((bits.end_scan(), bits.position()), (Ok(()), 5));
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
    fn a_scan_may_be_filled_up_with_zeros_and_the_last_with_a_few_bytes() {
        let end = |filling: &[u8], marker: u8| {
            let data = [&[0xFE], filling, &[0xFF, marker]].concat();
            let mut bits = Bits::new(&data, 0);
            bits.unsigned(3).unwrap();
            bits.end_scan()
        };
        for (length, next, last) in [
            (0, true, true),
            (3, true, true),
            (7, true, true),
            (8, false, true),
            (13, false, false),
        ] {
            assert_eq!(end(&vec![0; length], 0xC4).is_ok(), next, "{length} zeros");
            assert_eq!(end(&vec![0; length], EOI).is_ok(), last, "{length} zeros");
        }
        for (filling, next, last) in [(&[3][..], false, true), (&[0, 0xFF, 0, 7], false, true)] {
            assert_eq!((end(filling, 0xC4).is_ok(), end(filling, EOI).is_ok()), (next, last));
        }
        assert!(end(&[3; 12], EOI).is_ok() && end(&[3; 13], EOI).is_err());
    }

    #[test]
    fn filling_is_zero_whatever_lies_in_the_bits_that_were_read_ahead() {
        // Enough without an FF that eight bytes are read at once.
        let data = [0xFE, 0, 0, 0, 0, 0, 0, 0, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38];
        for read in [3, 8] {
            let mut bits = Bits::new(&data[..8], 0);
            bits.unsigned(read).unwrap();
            assert_eq!(bits.end_scan(), Ok(()), "{read}");
            let mut bits = Bits::new(&data, 0);
            bits.unsigned(read).unwrap();
            assert!(bits.end_scan().is_err(), "{read}");
        }
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
        for wrong in [&[0xFE, 0xFF, 0xD3, 0x45][..], &[0xFE, 7, 0xFF, 0xD3, 0x45], &[0xFE]] {
            assert!(restart(wrong).is_err(), "{wrong:02x?}");
        }
        // Logitech's cameras write a few bytes before it.
        for length in 0..=FILLING_LIMIT_BYTES {
            let filled = [&[0xFE][..], &vec![0xA5; length], &[0xFF, 0xD2, 0x45]].concat();
            assert_eq!(restart(&filled), Ok(0x45), "{length}");
        }
        assert!(restart(&[&[0xFE][..], &[0xA5; 13], &[0xFF, 0xD2, 0x45]].concat()).is_err());
    }
}
