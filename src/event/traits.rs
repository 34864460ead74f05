//! What an event was like: by which its like is known again.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use crate::model::{MOTION_WIDTH, squared_distance};
use crate::score::Cells;

/// How something moves, in the space of a bundle's motion memory.
pub type Embedding = [f32; MOTION_WIDTH];

/// Ways to move that are kept of an event.
const WAYS: usize = 16;
/// In that space attention falls by e from 0 to 1: what is nearer than half of it to one
/// that is kept says nothing new.
const NEW_FROM_SQ: f32 = 0.25;

/// Where and how one frame is odd.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oddness {
    /// The cells that are odd by themselves; none where it cannot be said where it is odd.
    pub cells: Cells,
    /// What makes the worst of them odd.
    pub cause: Cause,
    /// How it moves where it is worst; `None` where the bundle has no motion memory.
    pub motion: Option<Embedding>,
}

/// Where and how an event was odd, over all its frames.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Traits {
    pub cells: Cells,
    pub causes: Vec<Cause>,
    /// Some of its ways to move, so that most others are near; none without a motion memory.
    pub motion: Vec<Embedding>,
}

impl Traits {
    /// Takes an odd frame of the event.
    pub(super) fn add(&mut self, odd: &Oddness) {
        if odd.cells.is_empty() {
            return;
        }
        self.cells = self.cells.union(odd.cells);
        if !self.causes.contains(&odd.cause) {
            self.causes.push(odd.cause);
        }
        let Some(motion) = odd.motion else { return };
        let is_new = |own: &Embedding| squared_distance(own, &motion) > NEW_FROM_SQ;
        if self.motion.len() < WAYS && self.motion.iter().all(is_new) {
            self.motion.push(motion);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_traits_of_an_event_are_those_of_its_odd_frames_and_bounded() {
        let mut traits = Traits::default();
        for n in 0..100 {
            let mut cells = Cells::default();
            cells.insert(n % 3);
            let cause = if n < 50 { Cause::Motion } else { Cause::View };
            let motion = Some([0.1 * n as f32; MOTION_WIDTH]);
            traits.add(&Oddness { cells, cause, motion });
        }
        let nowhere = Oddness { cells: Cells::default(), cause: Cause::Prediction, motion: None };
        traits.add(&nowhere);
        assert_eq!(traits.cells.share(), 3.0 / 256.0);
        assert_eq!(traits.causes, [Cause::Motion, Cause::View]);
        assert_eq!(traits.motion.len(), WAYS);
        let apart = |pair: &[Embedding]| squared_distance(&pair[0], &pair[1]) > NEW_FROM_SQ;
        assert!(traits.motion.windows(2).all(apart));
    }
}
