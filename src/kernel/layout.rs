//! What maps are made of and how they lie in memory: blocks of as many channels
//! as a vector has lanes, with a border of one pixel.

use std::ops::Range;

/// Channels, height, width of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    pub fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Values in it.
    pub fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What a value consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    F32,
    /// Signed bytes, of which the zero point stands for 0.
    I8 {
        zero_point: i8,
    },
}

/// Where a map lies in the arena: blocks of `lanes` channels, each block an
/// image of (height + 2)×(width + 2) pixels of `lanes` floats. The border is
/// zero, so that no convolution asks where the picture ends; lanes beyond the
/// last channel are zero too. Maps of integers lie alike, see [`IntegerGrid`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// First element in the arena.
    pub at: usize,
    pub shape: Shape,
    pub lanes: usize,
}

/// Channels of a block of integers, whatever the vector unit.
pub(super) const INTEGER_LANES: usize = 16;

/// A map of 8-bit integers: a [`Grid`] that counts in the cells of the vector
/// unit, bytes or words, [`INTEGER_LANES`] channels to a block. The border holds what stands for 0; lanes beyond the
/// last channel hold anything, because their weights are zero.
#[derive(Clone, Copy, Debug)]
pub(super) struct IntegerGrid {
    pub grid: Grid,
    pub zero_point: i8,
}

/// Where a convolution's result goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination {
    pub out: Grid,
    /// Where its 2×2 maxima go, too.
    pub pooled: Option<Grid>,
    pub relu: bool,
}

impl Grid {
    #[inline]
    pub(super) fn blocks(&self) -> usize {
        self.shape.channels.div_ceil(self.lanes)
    }

    /// Floats from one row to the next.
    #[inline]
    pub(super) fn pitch(&self) -> usize {
        (self.shape.width + 2) * self.lanes
    }

    /// Floats from one block to the next.
    #[inline]
    pub(super) fn plane(&self) -> usize {
        (self.shape.height + 2) * self.pitch()
    }

    pub(super) fn len(&self) -> usize {
        self.blocks() * self.plane()
    }

    /// The float in the arena where a pixel's lanes begin; −1 and `height` or
    /// `width` are the border.
    #[inline]
    pub(super) fn pixel(&self, block: usize, y: isize, x: isize) -> usize {
        let (row, column) = ((y + 1) as usize, (x + 1) as usize);
        self.at + block * self.plane() + row * self.pitch() + column * self.lanes
    }

    /// Channels that a block holds.
    pub(super) fn depth(&self, block: usize) -> usize {
        (self.shape.channels - block * self.lanes).min(self.lanes)
    }

    /// Zeroes the border beside the given rows of all blocks, and above or
    /// below them where they are the first or the last.
    ///
    /// # Safety
    /// The grid lies within the arena at `arena`, and nobody else uses that
    /// part of the border.
    pub(super) unsafe fn clear_border(&self, arena: *mut f32, rows: Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe { self.fill_border(arena, 0.0, rows) };
    }

    /// [`Grid::clear_border`] with another value.
    ///
    /// # Safety
    /// As for [`Grid::clear_border`], in an arena of such elements.
    pub(super) unsafe fn fill_border<T: Copy>(&self, arena: *mut T, value: T, rows: Range<usize>) {
        let (height, width) = (self.shape.height, self.shape.width);
        // SAFETY: every span is inside the grid: rows and columns −1 to height
        // and width.
        unsafe {
            let fill = |at: usize, len: usize| {
                std::slice::from_raw_parts_mut(arena.add(at), len).fill(value);
            };
            for block in 0..self.blocks() {
                for y in rows.clone() {
                    let y = y as isize;
                    fill(self.pixel(block, y, -1), self.lanes);
                    fill(self.pixel(block, y, width as isize), self.lanes);
                }
                if rows.start == 0 {
                    fill(self.pixel(block, -1, -1), self.pitch());
                }
                if rows.end == height {
                    fill(self.pixel(block, height as isize, -1), self.pitch());
                }
            }
        }
    }
}
