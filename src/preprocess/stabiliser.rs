//! How far a picture has slipped against the camera's usual view.

use std::ops::Range;

use super::blocks::{Blocks, LANES, Slip};
use super::edges::Edges;
use crate::kernel::{Work, wide};

/// The usual view is the mean of about so many pictures.
const MEMORY: f32 = 64.0;

/// Compares pictures with the mean of those before, in model pixels.
///
/// To first order a picture I that has slipped by s is the usual view R less
/// s·∇R (Lucas and Kanade, "An Iterative Image Registration Technique", IJCAI
/// 1981). The slip is the least-squares solution over the half of all blocks
/// that it explains best, so that people and vehicles have no say; a change of
/// brightness, which moves a block's mean, has none either. A slip of more than
/// an edge is wide escapes that, so a picture of half the size is asked first.
#[derive(Clone, Debug)]
pub(super) struct Stabiliser {
    width: usize,
    height: usize,
    /// The usual view of all planes; slips are seen in `watched`.
    usual: Vec<f32>,
    watched: Range<usize>,
    half: Vec<u8>,
    usual_half: Vec<f32>,
    /// Pictures learnt so far, up to [`MEMORY`].
    learnt: f32,
    fine: Blocks,
    coarse: Blocks,
}

impl Stabiliser {
    /// Pictures have `planes` of `height` rows of `width` bytes; of three
    /// planes the middle one, green, is looked at.
    pub fn new(width: usize, height: usize, planes: usize) -> Self {
        let plane = width * height;
        let half = (width / 2) * (height / 2);
        Self {
            width,
            height,
            usual: vec![0.0; planes * plane],
            watched: planes / 2 * plane..(planes / 2 + 1) * plane,
            half: vec![0; half],
            usual_half: vec![0.0; half],
            learnt: 0.0,
            fine: Blocks::new(width, height, 2 * LANES),
            coarse: Blocks::new(width / 2, height / 2, LANES),
        }
    }

    /// Forgets the usual view: the camera looks elsewhere now.
    pub fn forget(&mut self) {
        self.learnt = 0.0;
    }

    /// Takes a picture into the usual view.
    pub fn learn(&mut self, picture: &[u8]) {
        self.learnt = (self.learnt + 1.0).min(MEMORY);
        let share = 1.0 / self.learnt;
        self.halve(picture);
        wide(Blend { usual: &mut self.usual, picture, share });
        wide(Blend { usual: &mut self.usual_half, picture: &self.half, share });
    }

    /// How far the picture has slipped, or `None` when there is no telling:
    /// nothing learnt yet, hardly any texture, or a change that a slip does not
    /// explain. Good to about four pixels; what is over one is a first guess.
    pub fn slip(&mut self, picture: &[u8]) -> Option<Slip> {
        if self.learnt == 0.0 {
            return None;
        }
        self.halve(picture);
        let half = self.coarse.slip(&self.usual_half, &self.half);
        let guess = half.map(|slip| Slip { x_px: 2.0 * slip.x_px, y_px: 2.0 * slip.y_px });
        if let Some(guess) = guess.filter(|slip| slip.x_px.hypot(slip.y_px) > 1.0) {
            return Some(guess);
        }
        self.fine.slip(&self.usual[self.watched.clone()], &picture[self.watched.clone()])
    }

    fn halve(&mut self, picture: &[u8]) {
        let (width, half_width) = (self.width, self.width / 2);
        let rows = picture[self.watched.clone()].chunks_exact(2 * width);
        for (two, out) in rows.zip(self.half.chunks_exact_mut(half_width.max(1))) {
            let (upper, lower) = two.split_at(width);
            let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            for (out, (a, b)) in out.iter_mut().zip(pairs) {
                let sum = u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]);
                *out = ((sum + 2) / 4) as u8;
            }
        }
    }

    /// Writes the usual view where a picture has no content of its own.
    pub fn fill(&self, picture: &mut [u8], edges: &Edges) {
        let plane = self.width * self.height;
        let planes = picture.chunks_exact_mut(plane).zip(self.usual.chunks_exact(plane));
        for (picture, usual) in planes {
            edges.for_each_run(picture, self.width, |start, run| {
                for (level, usual) in run.iter_mut().zip(&usual[start..]) {
                    *level = usual.round() as u8;
                }
            });
        }
    }
}

/// Moves the usual view by a share of what differs.
struct Blend<'a> {
    usual: &'a mut [f32],
    picture: &'a [u8],
    share: f32,
}

impl Work for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (usual, &level) in self.usual.iter_mut().zip(self.picture) {
            *usual += self.share * (f32::from(level) - *usual);
        }
    }
}
