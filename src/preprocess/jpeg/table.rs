//! A Huffman table, ready for decoding.

use super::error::{JpegError, damaged};

/// Codes up to this length are found in one step.
pub(super) const LOOKUP_BITS: u32 = 9;

/// The codes of one DHT table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Length and value by the next bits; 0 for longer codes.
    lookup: [u16; 1 << LOOKUP_BITS],
    /// By length: the least number of 16 bits that starts no code up to it.
    limit: [u32; 17],
    /// By length: what to add to a code for its value's place.
    offset: [i32; 17],
    values: [u8; 256],
}

impl Table {
    /// A table without codes.
    pub const fn empty() -> Self {
        let lookup = [0; 1 << LOOKUP_BITS];
        Self { lookup, limit: [0; 17], offset: [0; 17], values: [0; 256] }
    }

    /// Takes in the number of codes of 1 to 16 bits, and their values.
    ///
    /// # Errors
    /// More codes than there can be.
    pub fn set(&mut self, counts: &[u8; 16], values: &[u8]) -> Result<(), JpegError> {
        self.lookup.fill(0);
        self.values[..values.len()].copy_from_slice(values);
        let (mut code, mut place) = (0u32, 0usize);
        for length in 1..=16u32 {
            self.offset[length as usize] = place as i32 - code as i32;
            let count = u32::from(counts[length as usize - 1]);
            // No code is all ones.
            if count > 0 && code + count >= 1 << length {
                return damaged("a Huffman table with more codes than there are");
            }
            for _ in 0..count {
                if length <= LOOKUP_BITS {
                    let free = LOOKUP_BITS - length;
                    let entry = (length as u16) << 8 | u16::from(self.values[place]);
                    self.lookup[(code << free) as usize..][..1 << free].fill(entry);
                }
                (code, place) = (code + 1, place + 1);
            }
            self.limit[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(())
    }

    /// Length in the high byte and value in the low one; 0 for longer codes.
    #[inline]
    pub fn entry(&self, next_bits: u64) -> u16 {
        self.lookup[next_bits as usize % self.lookup.len()]
    }

    /// Length and value of the code at the start of 16 bits that the lookup did
    /// not know.
    pub fn long_code(&self, bits: u32) -> Option<(u32, u8)> {
        let length = (LOOKUP_BITS + 1..=16).find(|&length| bits < self.limit[length as usize])?;
        let code = (bits >> (16 - length)) as i32;
        let place = usize::try_from(code + self.offset[length as usize]).ok()?;
        Some((length, *self.values.get(place)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_codes_are_found() {
        let mut counts = [0; 16];
        // 0, 10, 110, then one of 12 bits: 1110 0000 0000.
        (counts[0], counts[1], counts[2], counts[11]) = (1, 1, 1, 1);
        let mut table = Table::empty();
        table.set(&counts, &[7, 8, 9, 10]).unwrap();
        assert_eq!(table.entry(0b0_1111_1111), 1 << 8 | 7);
        assert_eq!(table.entry(0b1_0111_1111), 2 << 8 | 8);
        assert_eq!(table.entry(0b1_1000_0000), 3 << 8 | 9);
        assert_eq!(table.entry(0b1_1100_0000), 0);
        assert_eq!(table.long_code(0b1110_0000_0000_1010), Some((12, 10)));
        assert_eq!(table.long_code(0b1111_0000_0000_1010), None);
    }

    #[test]
    fn impossible_tables_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 2;
        assert!(Table::empty().set(&counts, &[1, 2]).is_err(), "1 would be all ones");
        counts = [255; 16];
        assert!(Table::empty().set(&counts, &[0; 200]).is_err());
    }
}
