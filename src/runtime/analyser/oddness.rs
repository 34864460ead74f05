//! Where a frame is odd, and how odd it is elsewhere.

use super::{Analyser, FrameScore, cause_of};
use crate::event::Oddness;
use crate::feedback::Judged;
use crate::score::{ByCell, Cells, DeployedScore, MotionTerm, Origin, Surprise, ViewTerm};

/// Where something is odd, it makes at least so much of the frame's score by itself.
const LEAST_OWN: f32 = 0.5;
/// With a score of its own so near to the worst, a place belongs to it.
const NEAR_WORST: f32 = 0.8;

/// The terms of a judged frame, cell by cell of the picture.
#[derive(Debug)]
pub(in crate::runtime) struct TermsByCell<'a> {
    deployed: &'a DeployedScore,
    block: ByCell,
    view: Option<ByCell>,
    motion: Option<&'a MotionTerm>,
    /// The same in every cell.
    distance: f64,
}

impl Analyser {
    /// Of the frame that was judged last, with its score; `None` without a calibration.
    /// Allocates nothing.
    pub(in crate::runtime) fn by_cell(&mut self, score: &FrameScore) -> Option<TermsByCell<'_>> {
        let block = self.error_map.by_cell();
        let view = self.view.as_mut().map(ViewTerm::by_cell);
        let deployed = self.deployed.as_ref()?;
        let distance = score.smoothed_distance;
        Some(TermsByCell { deployed, block, view, motion: self.motion.as_ref(), distance })
    }
}

impl TermsByCell<'_> {
    /// Whether a place makes the score of its frame.
    pub fn is_its_own(worst: &Judged, whole: f32) -> bool {
        worst.score >= LEAST_OWN * whole
    }

    /// The cells that reach `level` by themselves, or nearly as much as the worst one, and how
    /// that moves; no cells where no place makes the frame's score.
    pub fn oddness(&self, worst: &Judged, level: f32, whole: f32) -> Oddness {
        let (cause, motion) = (worst.cause, worst.motion);
        let mut cells = Cells::default();
        if !Self::is_its_own(worst, whole) {
            return Oddness { cells, cause, motion };
        }
        let level = level.min(NEAR_WORST * worst.score);
        for (cell, &block) in self.block.iter().enumerate() {
            let view = self.view.as_ref().map(|view| f64::from(view[cell]));
            let own = self.deployed.of_place(block.into(), self.distance, (view, None));
            if own.score >= level {
                cells.insert(cell);
            }
        }
        if let Some(term) = self.motion {
            let hurried = f64::from(term.outside(Cells::default()).hurried);
            if self.deployed.of_place(0.0, 0.0, (None, Some(hurried))).score >= level {
                cells = cells.union(term.cells());
            }
        }
        Oddness { cells, cause, motion }
    }

    /// The worst of what is outside of some cells, by itself.
    pub fn outside(&self, cells: Cells) -> Judged {
        let (at, block) = largest(&self.block, cells);
        let view = self.view.as_ref().map(|view| largest(view, cells));
        let motion = self.motion.map(|motion| motion.outside(cells));
        let others = (
            view.map(|(_, ratio)| f64::from(ratio)),
            motion.map(|motion| f64::from(motion.hurried)),
        );
        let Surprise { score, origin, .. } =
            self.deployed.of_place(block.into(), self.distance, others);
        let middle = match (origin, view, motion.zip(self.motion)) {
            (Origin::View, Some((at, _)), _) => Cells::middle(at),
            (Origin::Motion, _, Some((worst, term))) => {
                term.middle((worst.block.x_px, worst.block.y_px))
            }
            _ => Cells::middle(at),
        };
        let motion = self.motion.map(|motion| motion.embedding(middle));
        Judged { middle, cause: cause_of(origin), score, motion }
    }
}

fn largest(values: &ByCell, outside: Cells) -> (usize, f32) {
    let seen = values.iter().copied().enumerate().filter(|(cell, _)| !outside.has(*cell));
    seen.fold((0, 0.0), |most, next| if next.1 > most.1 { next } else { most })
}
