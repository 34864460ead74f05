//! Where a frame is odd, and how odd it is elsewhere.

use super::{Analyser, FrameScore, cause_of};
use crate::event::Oddness;
use crate::feedback::Judged;
use crate::score::{ByCell, Cells, DeployedScore, MotionTerm, Origin, Surprise, ViewTerm};

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
    /// The cells that reach `level` by themselves, and how what is worst moves.
    pub fn oddness(&self, level: f32) -> Oddness {
        let mut cells = Cells::default();
        for (cell, &block) in self.block.iter().enumerate() {
            let view = self.view.as_ref().map(|view| f64::from(view[cell]));
            if self.deployed.of(block.into(), self.distance, (view, None)).score >= level {
                cells.insert(cell);
            }
        }
        let worst = self.outside(Cells::default());
        if let Some(motion) = self.motion {
            let hurried = f64::from(motion.outside(Cells::default()).hurried);
            if self.deployed.of(0.0, 0.0, (None, Some(hurried))).score >= level {
                cells = cells.union(motion.cells());
            }
        }
        Oddness { cells, motion: worst.motion }
    }

    /// The worst of what is outside of some cells.
    pub fn outside(&self, cells: Cells) -> Judged {
        let (at, block) = largest(&self.block, cells);
        let view = self.view.as_ref().map(|view| largest(view, cells));
        let motion = self.motion.map(|motion| motion.outside(cells));
        let others = (
            view.map(|(_, ratio)| f64::from(ratio)),
            motion.map(|motion| f64::from(motion.hurried)),
        );
        let Surprise { score, origin, .. } =
            self.deployed.of(f64::from(block), self.distance, others);
        let middle = match (origin, view, motion.zip(self.motion)) {
            (Origin::View, Some((at, _)), _) => Cells::middle(at),
            (Origin::Motion, _, Some((worst, term))) => {
                term.middle((worst.block.x_px, worst.block.y_px))
            }
            _ => Cells::middle(at),
        };
        let cause = cause_of(origin);
        let motion = self.motion.map(|motion| motion.embedding(middle));
        Judged { middle, cause, score, motion }
    }
}

fn largest(values: &ByCell, outside: Cells) -> (usize, f32) {
    let seen = values.iter().copied().enumerate().filter(|(cell, _)| !outside.has(*cell));
    seen.fold((0, 0.0), |most, next| if next.1 > most.1 { next } else { most })
}
