//! Jumps of the light, taken out of the very picture that has them.

mod curve;

use curve::{BLACK, Curve, Estimator};

/// Tiles along each side of a picture.
const TILES: usize = 8;
/// A tile whose brightness changes by a smaller share has not changed.
const LEAST_CHANGE: f32 = 0.012;
/// So many of the tiles, as a share, must brighten together, or darken.
const LEAST_AGREEING: f32 = 0.6;
/// Beyond a factor of two, from one picture to the next or in all, it is a hand before the
/// lens, or a lamp in a dark room.
pub(super) const LARGEST_LOG: f32 = std::f32::consts::LN_2;
/// What was taken out comes back by this share with each picture.
const RETURNING: f32 = 1.0 / 64.0;
/// Pictures are left alone when they are off by less.
const LEAST_LOG: f32 = 0.004;

type Means = [f32; TILES * TILES];

/// Brings each picture to the light of those before it when most of it has changed alike.
///
/// An automatic exposure follows a white van within two pictures. What the levels have become is
/// read from the pictures themselves, so a camera's tone curve may have any form; what
/// neither a factor nor a curve explains is not light, and stays. A picture that has not
/// jumped stays as it is.
#[derive(Clone, Debug)]
pub(super) struct Relighter {
    width: usize,
    height: usize,
    /// The tiles of the picture before, and that picture as it came.
    before: Option<Means>,
    picture: Vec<u8>,
    estimator: Estimator,
    /// What brings the present light to the one before.
    back: Curve,
    jumps: u64,
    table: [u8; 256],
}

impl Relighter {
    /// For pictures of so many planes. None where they have no room for tiles.
    pub fn new(width: usize, height: usize, planes: usize) -> Option<Self> {
        let len = width * height * planes;
        let fits = width.min(height) >= TILES;
        fits.then(|| Self {
            width,
            height,
            before: None,
            picture: vec![0; len],
            estimator: Estimator::new(len),
            back: Curve::default(),
            jumps: 0,
            table: [0; 256],
        })
    }

    /// How many pictures had a jump that was taken out.
    pub fn jumps(&self) -> u64 {
        self.jumps
    }

    /// Other footage follows.
    pub fn forget(&mut self) {
        (self.before, self.back) = (None, Curve::default());
    }

    /// Takes out of the picture, plane by plane, what has jumped.
    pub fn relight(&mut self, picture: &mut [u8]) {
        let now = self.means(picture);
        self.back.shrink(1.0 - RETURNING);
        if let Some(before) = self.before.replace(now)
            && let Some(median) = jump(&before, &now)
            && let Some(change) = self.estimator.change(&self.picture, picture, median)
        {
            self.back = change.then(&self.back);
            self.jumps += 1;
        }
        self.picture.copy_from_slice(picture);
        if self.back.largest() >= LEAST_LOG {
            self.back.fill(&mut self.table);
            picture.iter_mut().for_each(|level| *level = self.table[usize::from(*level)]);
        }
    }

    /// Mean grey level of each tile, over all planes. What is left over to the right and at
    /// the bottom belongs to none.
    fn means(&self, picture: &[u8]) -> Means {
        let (across, down) = (self.width / TILES, self.height / TILES);
        let mut sums = [0_u32; TILES * TILES];
        let planes = picture.chunks_exact(self.width * self.height);
        let count = planes.len() * across * down;
        for plane in planes {
            for (y, row) in plane.chunks_exact(self.width).take(down * TILES).enumerate() {
                let sums = &mut sums[y / down * TILES..][..TILES];
                for (sum, tile) in sums.iter_mut().zip(row.chunks_exact(across)) {
                    *sum += tile.iter().map(|&level| u32::from(level)).sum::<u32>();
                }
            }
        }
        sums.map(|sum| sum as f32 / count as f32)
    }
}

/// Logarithm of what the tiles have changed by; none where they do not agree on it.
fn jump(before: &Means, now: &Means) -> Option<f32> {
    let mut changes: Means =
        std::array::from_fn(|tile| ((now[tile] + BLACK) / (before[tile] + BLACK)).ln());
    changes.sort_unstable_by(f32::total_cmp);
    let middle = changes.len() / 2;
    let median = 0.5 * (changes[middle - 1] + changes[middle]);
    let agreeing = changes.iter().filter(|change| *change * median.signum() > LEAST_CHANGE);
    let agree = agreeing.count() as f32 >= LEAST_AGREEING * changes.len() as f32;
    (agree && median.abs() <= LARGEST_LOG).then_some(median)
}

#[cfg(test)]
mod tests;
