//! The motion term: how much of what moves does so as if normal footage hurried.

use crate::model::{MOTION_ITEMS, MOTION_WIDTH, MotionMemory};
use crate::preprocess::Edges;

use super::block::Block;
use super::cells::Cells;
use super::mask::Mask;
use super::motion_features::{MOTION_CELL_PX, MOTION_STRIDE_PX, MotionFeatures};
use super::smooth::share_kept;

/// Cells of which the mean is taken.
const WORST: usize = 5;
/// As of the block term: what came before the first frame was empty, so long ago.
const BEFORE_FIRST_NS: u64 = 100_000_000;

/// What moves most unlike normal footage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Motion {
    /// The term: mean of the five largest shares of attention, 0..=1.
    pub hurried: f32,
    /// The worst cell; its ratio is its share.
    pub block: Block,
    /// The item of hurried footage that this cell is nearest to.
    pub item: usize,
    /// How many times as fast as usual the footage was played that it is of.
    pub speed: f32,
}

/// How much each cell moves like hurried footage, smoothed where it is.
///
/// A cell that moves attends to the items of a [`MotionMemory`]; the share that falls
/// upon those of hurried footage is its value, and 0 where nothing moves. Cells that the
/// mask or an edge cuts do not count.
#[derive(Clone, Debug)]
pub struct MotionTerm {
    memory: MotionMemory,
    features: MotionFeatures,
    /// Width and height of a frame.
    size: (usize, usize),
    /// Whether the mask leaves a cell whole.
    whole: Vec<bool>,
    /// The cell of the picture in which the middle of each lies.
    picture_cells: Vec<usize>,
    shares: Vec<f32>,
    items: Vec<usize>,
    smoothing_ms: u32,
    last_ns: Option<u64>,
}

impl MotionTerm {
    /// For frames of `planes` planes of the mask's size. `None` where they have no room for
    /// cells.
    pub fn new(
        memory: &MotionMemory,
        mask: &Mask,
        planes: usize,
        smoothing_ms: u32,
    ) -> Option<Self> {
        let features = MotionFeatures::new(mask.width_px(), mask.height_px(), planes)?;
        let (columns, rows) = features.grid();
        let whole = (0..columns * rows).map(|cell| {
            let (x, y) = place(cell, columns);
            let row = |y| mask.row(y)[x..x + MOTION_CELL_PX].iter().all(|&watched| watched);
            (y..y + MOTION_CELL_PX).all(row)
        });
        let size = (mask.width_px(), mask.height_px());
        let picture_cells = (0..columns * rows).map(|cell| {
            let (x, y) = middle(place(cell, columns), size);
            Cells::at(x, y)
        });
        Some(Self {
            whole: whole.collect(),
            picture_cells: picture_cells.collect(),
            size,
            shares: vec![0.0; columns * rows],
            items: vec![0; columns * rows],
            memory: memory.clone(),
            features,
            smoothing_ms,
            last_ns: None,
        })
    }

    /// Takes a frame and those one, two and four before it, planar u8; nothing within
    /// `edges` counts.
    ///
    /// # Panics
    /// When a frame has another length.
    pub fn worst(&mut self, frames: [&[u8]; 4], edges: Edges, timestamp_ns: u64) -> Motion {
        self.features.measure(frames);
        let keep = self.past(timestamp_ns);
        let (columns, (width, height)) = (self.features.grid().0, self.size);
        let seen = |cell: usize| {
            let (x, y) = place(cell, columns);
            x >= edges.left_px
                && y >= edges.top_px
                && x + MOTION_CELL_PX + edges.right_px <= width
                && y + MOTION_CELL_PX + edges.bottom_px <= height
        };
        for cell in 0..self.shares.len() {
            let moves = self.features.change(cell) > self.memory.limit;
            let share = if moves && self.whole[cell] && seen(cell) {
                let read = self.memory.read(&self.features.of(cell));
                self.items[cell] = read.item;
                read.hurried
            } else {
                0.0
            };
            self.shares[cell] = keep * self.shares[cell] + (1.0 - keep) * share;
        }
        self.outside(Cells::default())
    }

    fn past(&mut self, timestamp_ns: u64) -> f32 {
        let (before_ns, now_ns) = match self.last_ns.replace(timestamp_ns) {
            Some(before_ns) => (before_ns, timestamp_ns),
            None => {
                self.shares.fill(0.0);
                (0, BEFORE_FIRST_NS)
            }
        };
        share_kept(before_ns, now_ns, self.smoothing_ms)
    }

    /// The same for the last frame, of what is outside of some cells of the picture.
    pub fn outside(&self, cells: Cells) -> Motion {
        let mut worst = [0.0_f32; WORST];
        let mut cell = 0;
        for (at, &share) in self.shares.iter().enumerate() {
            if cells.has(self.picture_cells[at]) {
                continue;
            }
            if share > worst[0] {
                cell = at;
            }
            let place = worst.partition_point(|&larger| larger >= share);
            if place < WORST {
                worst[place..].rotate_right(1);
                worst[place] = share;
            }
        }
        let (x_px, y_px) = place(cell, self.features.grid().0);
        let size_px = MOTION_CELL_PX;
        let item = self.items[cell].min(MOTION_ITEMS - 1);
        Motion {
            hurried: worst.iter().sum::<f32>() / WORST as f32,
            block: Block { x_px, y_px, size_px, ratio: worst[0], mean_sq: 0.0 },
            item,
            speed: self.memory.speeds[item],
        }
    }

    /// The cells of the picture that move at least half as much like hurried footage as
    /// the worst one.
    pub fn cells(&self) -> Cells {
        let most = self.shares.iter().fold(0.0, |most: f32, &share| most.max(share));
        let mut cells = Cells::default();
        for (at, _) in self.shares.iter().enumerate().filter(|(_, share)| **share > most / 2.0) {
            cells.insert(self.picture_cells[at]);
        }
        cells
    }

    /// Where the memory's head puts what moved at a point, in shares of the picture, in the
    /// last frame.
    pub fn embedding(&self, (x, y): (f32, f32)) -> [f32; MOTION_WIDTH] {
        let (columns, rows) = self.features.grid();
        let along = |share: f32, px: usize, count: usize| {
            let corner_px = (share * px as f32 - MOTION_STRIDE_PX as f32).max(0.0);
            ((corner_px / MOTION_STRIDE_PX as f32).round() as usize).min(count - 1)
        };
        let (column, row) = (along(x, self.size.0, columns), along(y, self.size.1, rows));
        self.memory.embedding(&self.features.of(row * columns + column))
    }

    /// The middle of a cell of this term by its corner, in shares of the picture.
    pub fn middle(&self, corner_px: (usize, usize)) -> (f32, f32) {
        middle(corner_px, self.size)
    }

    /// Forgets the past, after a gap in the footage.
    pub fn forget(&mut self) {
        self.last_ns = None;
    }
}

fn middle((x_px, y_px): (usize, usize), (width_px, height_px): (usize, usize)) -> (f32, f32) {
    let half = MOTION_CELL_PX / 2;
    let share = |px: usize, of: usize| (px + half) as f32 / of as f32;
    (share(x_px, width_px), share(y_px, height_px))
}

/// Upper left corner of a cell.
fn place(cell: usize, columns: usize) -> (usize, usize) {
    (cell % columns * MOTION_STRIDE_PX, cell / columns * MOTION_STRIDE_PX)
}

#[cfg(test)]
mod tests;
