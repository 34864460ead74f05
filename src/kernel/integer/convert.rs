//! Steps between maps of floats and maps of integers, which differ in the width
//! of their blocks, too.

use std::marker::PhantomData;
use std::ops::Range;

use super::super::layout::{Grid, INTEGER_LANES, IntegerGrid};
use super::super::step::{Step, StepContext, band_rows};
use super::cell::Cell;
use super::filter::Quantisation;

/// Takes a map of integers to floats, for a layer that was left in them.
pub(in crate::kernel) struct ToFloats<C> {
    from: IntegerGrid,
    to: Grid,
    values: Values,
    band: usize,
    cells: PhantomData<C>,
}

impl<C: Cell> ToFloats<C> {
    pub(in crate::kernel) fn new(
        from: IntegerGrid,
        to: Grid,
        quantisation: Quantisation,
        threads: usize,
    ) -> Self {
        let values = Values::new(quantisation);
        let band = band_rows(to.shape.height, to.shape.width, threads);
        Self { from, to, values, band, cells: PhantomData }
    }
}

/// What each integer stands for.
pub(super) struct Values([f32; 256]);

impl Values {
    pub(super) fn new(quantisation: Quantisation) -> Self {
        Self(std::array::from_fn(|index| quantisation.value(index as u8 as i8)))
    }

    pub(super) fn all_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }

    #[inline(always)]
    pub(super) fn of<C: Cell>(&self, cell: C) -> f32 {
        self.0[usize::from(cell.integer() as u8)]
    }
}

impl<C: Cell> Step for ToFloats<C> {
    fn kernel(&self) -> &'static str {
        "to floats"
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.to.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (from, to) = (self.from.grid, self.to);
        let rows = band(task, self.band, to);
        let cells = context.arena.cast::<C>().cast_const();
        // SAFETY: both grids lie in the arena, apart, and have one shape; this
        // task alone writes these rows.
        unsafe {
            to.clear_border(context.arena, rows.clone());
            for (block, y) in (0..to.blocks()).flat_map(|b| rows.clone().map(move |y| (b, y))) {
                let (at, there) = integer_place(block, to.lanes);
                let (depth, width) = (to.depth(block), to.shape.width);
                let source = cells.add(from.pixel(at, y as isize, 0));
                let source = std::slice::from_raw_parts(source, width * INTEGER_LANES);
                let row = context.arena.add(to.pixel(block, y as isize, 0));
                let row = std::slice::from_raw_parts_mut(row, width * to.lanes);
                let pixels = row.chunks_exact_mut(to.lanes).zip(source.chunks_exact(INTEGER_LANES));
                for (pixel, source) in pixels {
                    let (channels, spare) = pixel.split_at_mut(depth);
                    for (value, &cell) in channels.iter_mut().zip(&source[there..]) {
                        *value = self.values.of(cell);
                    }
                    spare.fill(0.0);
                }
            }
        }
    }
}

/// Takes a map of floats to integers.
pub(in crate::kernel) struct ToIntegers<C> {
    from: Grid,
    to: IntegerGrid,
    shift: f32,
    quantisation: Quantisation,
    band: usize,
    cells: PhantomData<C>,
}

impl<C: Cell> ToIntegers<C> {
    pub(in crate::kernel) fn new(
        from: Grid,
        to: IntegerGrid,
        (shift, quantisation): (f32, Quantisation),
        threads: usize,
    ) -> Self {
        let band = band_rows(from.shape.height, from.shape.width, threads);
        Self { from, to, shift, quantisation, band, cells: PhantomData }
    }
}

impl<C: Cell> Step for ToIntegers<C> {
    fn kernel(&self) -> &'static str {
        "to integers"
    }

    fn macs(&self) -> u64 {
        0
    }

    fn tasks(&self) -> usize {
        self.from.shape.height.div_ceil(self.band)
    }

    unsafe fn run(&self, context: StepContext, task: usize) {
        let (from, to) = (self.from, self.to.grid);
        let rows = band(task, self.band, from);
        let cells = context.arena.cast::<C>();
        let zero = C::of(self.to.zero_point);
        // SAFETY: both grids lie in the arena, apart, and have one shape; this
        // task alone writes these rows.
        unsafe {
            to.fill_border(cells, zero, rows.clone());
            for (block, y) in (0..from.blocks()).flat_map(|b| rows.clone().map(move |y| (b, y))) {
                let (at, there) = integer_place(block, from.lanes);
                let (depth, width) = (from.depth(block), from.shape.width);
                let source = context.arena.add(from.pixel(block, y as isize, 0));
                let source = std::slice::from_raw_parts(source, width * from.lanes);
                let row = cells.add(to.pixel(at, y as isize, 0));
                let row = std::slice::from_raw_parts_mut(row, width * INTEGER_LANES);
                let pixels =
                    row.chunks_exact_mut(INTEGER_LANES).zip(source.chunks_exact(from.lanes));
                for (pixel, source) in pixels {
                    for (cell, value) in pixel[there..].iter_mut().zip(&source[..depth]) {
                        *cell = C::of(self.quantisation.integer(value - self.shift));
                    }
                }
            }
        }
    }
}

/// The block of integers and the lane in it where a block of floats begins:
/// blocks of floats are a whole part of those of integers.
fn integer_place(block: usize, lanes: usize) -> (usize, usize) {
    (block * lanes / INTEGER_LANES, block * lanes % INTEGER_LANES)
}

fn band(task: usize, band: usize, grid: Grid) -> Range<usize> {
    task * band..((task + 1) * band).min(grid.shape.height)
}
