//! One colour component: its sampling, its coefficients, its pixels.

use super::error::{JpegError, damaged};
use super::idct::{self, Block};

/// By place in a scan, the coefficient's place in the block, row by row.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Coefficients of one block as a progressive JPEG gathers them, row by row.
pub(super) type Gathered = [i16; 64];

/// A quantisation table in the order of a scan.
pub(super) type Quant = [u16; 64];

#[derive(Debug)]
pub(super) struct Component {
    pub id: u8,
    /// Blocks of an interleaved unit, across and down: 1 to 4.
    pub sampling: (usize, usize),
    pub quant_slot: usize,
    /// The table that was in force when its first scan began.
    quant: Quant,
    has_quant: bool,
    /// In samples.
    pub width: usize,
    pub height: usize,
    /// In blocks, those that fill up the last unit included.
    pub blocks_across: usize,
    pub blocks_down: usize,
    /// Whether its pixels are wanted.
    pub is_wanted: bool,
    plane: Vec<u8>,
    gathered: Vec<Gathered>,
    /// The last first coefficient, of which the next is the difference.
    pub predictor: i32,
    /// For each coefficient the bits that are still to come; -1 where none came.
    bits_to_come: [i8; 64],
}

impl Default for Component {
    fn default() -> Self {
        Self {
            id: 0,
            sampling: (1, 1),
            quant_slot: 0,
            quant: [0; 64],
            has_quant: false,
            width: 0,
            height: 0,
            blocks_across: 0,
            blocks_down: 0,
            is_wanted: true,
            plane: Vec::new(),
            gathered: Vec::new(),
            predictor: 0,
            bits_to_come: [-1; 64],
        }
    }
}

impl Component {
    /// Forgets the last picture, and makes room for one of `size` samples in
    /// `blocks`.
    pub fn begin(&mut self, size: (usize, usize), blocks: (usize, usize), is_progressive: bool) {
        (self.width, self.height) = size;
        (self.blocks_across, self.blocks_down) = blocks;
        self.has_quant = false;
        self.bits_to_come = [-1; 64];
        let count = blocks.0 * blocks.1;
        if self.is_wanted {
            self.plane.resize(count * 64, 0);
        }
        if is_progressive {
            self.gathered.clear();
            self.gathered.resize(count, [0; 64]);
        }
    }

    pub fn stride(&self) -> usize {
        self.blocks_across * 8
    }

    pub fn plane(&self) -> &[u8] {
        &self.plane
    }

    pub fn row(&self, y: usize) -> &[u8] {
        &self.plane[y * self.stride()..][..self.width]
    }

    /// The table for its whole picture is that of its first scan.
    pub fn latch(&mut self, quant: &Quant) {
        if !self.has_quant {
            self.quant = *quant;
            self.has_quant = true;
        }
    }

    /// The steps of its coefficients, once its first scan has begun.
    #[inline]
    pub fn quant(&self) -> &Quant {
        &self.quant
    }

    #[inline]
    pub fn gathered(&mut self, across: usize, down: usize) -> &mut Gathered {
        &mut self.gathered[down * self.blocks_across + across]
    }

    /// Writes the pixels of one block of a sequential JPEG, of which the
    /// coefficients behind `last` are zero.
    #[inline]
    pub fn write(&mut self, across: usize, down: usize, block: &Block, last: usize) {
        let stride = self.stride();
        let out = &mut self.plane[down * 8 * stride + across * 8..];
        match last {
            0 => idct::write_even(block[0][0], out, stride),
            _ => idct::write(block, out, stride),
        }
    }

    /// Writes the pixels of all blocks of a progressive JPEG.
    pub fn write_gathered(&mut self) {
        let mut block: Block = [[0; 8]; 8];
        for down in 0..self.blocks_down {
            for across in 0..self.blocks_across {
                let gathered = *self.gathered(across, down);
                let mut last = 0;
                for (at, &place) in ZIGZAG.iter().enumerate() {
                    let (place, value) = (usize::from(place), gathered[usize::from(place)]);
                    block[place / 8][place % 8] = idct::scale(value.into(), self.quant()[at]);
                    if value != 0 {
                        last = at;
                    }
                }
                self.write(across, down, &block, last);
            }
        }
    }

    /// Notes that a scan brings coefficients `from` to `to` in `high` to `low`
    /// bits, `high` being 0 for their first.
    ///
    /// # Errors
    /// It was not due.
    pub fn note(&mut self, from: usize, to: usize, high: u8, low: u8) -> Result<(), JpegError> {
        if from > 0 && self.bits_to_come[0] < 0 {
            return damaged("a scan before the one that it adds to");
        }
        for at in from..=to {
            let before = self.bits_to_come[at];
            let is_due = if high == 0 { before < 0 } else { before == high as i8 };
            if !is_due {
                return damaged("a scan comes twice or is missing");
            }
            self.bits_to_come[at] = low as i8;
        }
        Ok(())
    }

    /// Whether it came, and with all bits of what came.
    pub fn is_complete(&self) -> bool {
        self.bits_to_come[0] == 0 && self.bits_to_come.iter().all(|&bits| bits <= 0)
    }
}
