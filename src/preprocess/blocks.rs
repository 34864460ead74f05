//! The slip of one plane against another, from the blocks that agree on it.

use crate::kernel::{Work, wide};

/// A block whose gradient varies less than this, in squared grey levels, tells
/// nothing about motion.
const LEAST_TEXTURE: f32 = 1.0;
/// Below it a block's say falls with its texture, in squared grey levels: it may
/// be noise.
const EVEN_TEXTURE: f32 = 8.0;
const ROUNDS: usize = 5;
/// A slip must explain this share of what changed in the trusted blocks.
const LEAST_EXPLAINED: f32 = 0.25;
/// The share of all blocks, with texture or without, that a slip must bring
/// closer to the usual view. Where only walkers have texture, they slip as one,
/// and what little there is behind them speaks against it.
const LEAST_AGREEING: f32 = 0.55;

/// Where the picture's content lies, less where it usually lies, in model
/// pixels to the right and down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Slip {
    pub x_px: f32,
    pub y_px: f32,
}

/// The blocks of one plane.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    width: usize,
    height: usize,
    /// Pixels along a block's side, a multiple of [`LANES`].
    side: usize,
    blocks: Vec<Block>,
}

impl Blocks {
    /// None where the plane is too small.
    pub fn new(width: usize, height: usize, side: usize) -> Self {
        let large = width >= side + 2 && height > side;
        let blocks = if large { (width / side) * (height / side) } else { 0 };
        Self { width, height, side, blocks: vec![Block::default(); blocks] }
    }

    pub fn slip(&mut self, usual: &[f32], picture: &[u8]) -> Option<Slip> {
        self.gather(usual, picture);
        self.blocks.sort_unstable_by_key(|block| !block.has_texture());
        let count = self.blocks.partition_point(Block::has_texture);
        let textured = &mut self.blocks[..count];
        let mut slip = solve(textured)?;
        let half = count.div_ceil(2);
        for _ in 0..ROUNDS {
            textured.sort_unstable_by(|a, b| a.misfit(slip).total_cmp(&b.misfit(slip)));
            slip = solve(&textured[..half])?;
        }
        let (before, after) = textured[..half].iter().fold((0.0, 0.0), |(before, after), block| {
            (before + block.dd, after + block.residual(slip))
        });
        let explained = after <= (1.0 - LEAST_EXPLAINED) * before;
        (explained && self.agreeing(slip) >= LEAST_AGREEING).then_some(slip)
    }

    /// The share of all blocks that change less against a view that has slipped
    /// so.
    fn agreeing(&self, slip: Slip) -> f32 {
        let agrees = |block: &&Block| block.residual(slip) < block.dd;
        self.blocks.iter().filter(agrees).count() as f32 / self.blocks.len() as f32
    }

    fn gather(&mut self, usual: &[f32], picture: &[u8]) {
        let (width, height, side) = (self.width, self.height, self.side);
        wide(Gather { blocks: &mut self.blocks, width, height, side, usual, picture });
    }
}

/// Sums up every block.
struct Gather<'a> {
    blocks: &'a mut [Block],
    width: usize,
    height: usize,
    side: usize,
    usual: &'a [f32],
    picture: &'a [u8],
}

impl Work for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { blocks, width, height, side, usual, picture } = self;
        let columns = width / side;
        for (index, block) in blocks.iter_mut().enumerate() {
            let (left, top) = (index % columns * side, index / columns * side);
            // The outermost columns have no neighbour; their block starts beside.
            let start = left.clamp(1, width - 1 - side);
            let mut lanes = Lanes::default();
            for y in top.max(1)..(top + side).min(height - 1) {
                let row = |y: usize| &usual[y * width..][..width];
                let three = [row(y - 1), row(y), row(y + 1)];
                for first in (start..start + side).step_by(LANES) {
                    lanes.add(three, &picture[y * width..][..width], first);
                }
            }
            *block = lanes.total();
        }
    }
}

/// The slip that leaves least of the change in these blocks, all of which have
/// about the same say, however strong their texture is.
fn solve(blocks: &[Block]) -> Option<Slip> {
    let [mut xx, mut yy, mut xy, mut xd, mut yd] = [0.0f32; 5];
    for block in blocks {
        let w = 1.0 / (block.texture() + EVEN_TEXTURE * block.count);
        (xx, yy, xy) = (xx + w * block.xx, yy + w * block.yy, xy + w * block.xy);
        (xd, yd) = (xd + w * block.xd, yd + w * block.yd);
    }
    let determinant = xx * yy - xy * xy;
    // Edges in one direction only say nothing about motion along them.
    (determinant > 0.01 * (xx + yy) * (xx + yy) / 4.0).then(|| Slip {
        x_px: (xy * yd - yy * xd) / determinant,
        y_px: (xy * xd - xx * yd) / determinant,
    })
}

/// Columns whose sums are kept apart.
pub(super) const LANES: usize = 8;

/// Sums over a block, by column: of the change d, the usual view's gradient x
/// and y, d², x², y², xy, xd and yd.
#[derive(Default)]
struct Lanes {
    count: f32,
    sums: [[f32; LANES]; 9],
}

impl Lanes {
    /// [`LANES`] pixels from `first` on: three rows of the usual view, and the
    /// picture's row at the middle one.
    #[inline(always)]
    fn add(&mut self, [above, here, below]: [&[f32]; 3], picture: &[u8], first: usize) {
        self.count += LANES as f32;
        let eight = |row: &[f32], first: usize| -> [f32; LANES] {
            *row[first..].first_chunk().expect("a block lies within its rows")
        };
        let picture: [u8; LANES] =
            *picture[first..].first_chunk().expect("a block lies within its rows");
        let d = less(picture.map(f32::from), eight(here, first));
        let x = less(eight(here, first + 1), eight(here, first - 1)).map(|x| x * 0.5);
        let y = less(eight(below, first), eight(above, first)).map(|y| y * 0.5);
        let ones = [1.0; LANES];
        let factors =
            [(d, ones), (x, ones), (y, ones), (d, d), (x, x), (y, y), (x, y), (x, d), (y, d)];
        for (sum, (a, b)) in self.sums.iter_mut().zip(factors) {
            for lane in 0..LANES {
                sum[lane] += a[lane] * b[lane];
            }
        }
    }

    #[inline(always)]
    fn total(&self) -> Block {
        let [d, x, y, dd, xx, yy, xy, xd, yd] = self.sums.map(sum);
        let count = self.count;
        let centred = |product: f32, a: f32, b: f32| product - a * b / count;
        Block {
            count,
            dd: centred(dd, d, d),
            xx: centred(xx, x, x),
            yy: centred(yy, y, y),
            xy: centred(xy, x, y),
            xd: centred(xd, x, d),
            yd: centred(yd, y, d),
        }
    }
}

#[inline(always)]
fn less(a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
    std::array::from_fn(|lane| a[lane] - b[lane])
}

/// In pairs, so that no addition waits for all that came before.
#[inline(always)]
fn sum(lanes: [f32; LANES]) -> f32 {
    let four: [f32; 4] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Sums of products of what differs from the block's means: of the change d and
/// the usual view's gradient x and y.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    /// Pixels.
    count: f32,
    dd: f32,
    xx: f32,
    yy: f32,
    xy: f32,
    xd: f32,
    yd: f32,
}

impl Block {
    fn texture(&self) -> f32 {
        self.xx + self.yy
    }

    fn has_texture(&self) -> bool {
        self.texture() >= LEAST_TEXTURE * self.count
    }

    /// What is left of the change when the view has slipped so.
    fn residual(&self, slip: Slip) -> f32 {
        let Slip { x_px: s, y_px: t } = slip;
        let crossed = s * self.xd + t * self.yd + s * t * self.xy;
        (self.dd + s * s * self.xx + t * t * self.yy + 2.0 * crossed).max(0.0)
    }

    /// The same, in squared pixels of slip.
    fn misfit(&self, slip: Slip) -> f32 {
        self.residual(slip) / self.texture()
    }
}
