//! Whether something is like what is known as normal.

use super::known::{Known, KnownNormal};
use crate::event::{Cause, Embedding};
use crate::model::squared_distance;
use crate::score::{Cells, MAX_SURPRISE};

/// So many times the score that was dismissed, and no more.
const STRONGER: f32 = 1.2;
/// In the motion memory's space: attention falls by e within it.
const RADIUS_SQ: f32 = 1.0;

/// Things that are known as normal may explain a frame together, up to so many.
pub const MOST_AT_ONCE: usize = 4;
/// Together they never cover more of the picture.
const MOST_SHARE: f32 = 0.5;

/// The worst of a frame: where, why, how odd, and how it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// In shares of the picture.
    pub middle: (f32, f32),
    pub cause: Cause,
    /// In −log10 p.
    pub score: f32,
    pub motion: Option<Embedding>,
}

/// The entries that hold for one network and one calibration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quiet {
    /// Each with its place and what is around it.
    entries: Vec<(Known, Cells)>,
    /// Entries of another network or calibration.
    others: usize,
}

impl Quiet {
    /// Of the entries of a file those that hold for this network and this calibration.
    pub fn of(known: KnownNormal, model_sha256: &str, calibration_sha256: Option<&str>) -> Self {
        let all = known.entries().len();
        let hold = known.entries().iter().filter(|known| {
            known.model_sha256 == model_sha256
                && known.calibration_sha256.as_deref() == calibration_sha256
        });
        let entries: Vec<_> = hold.map(|known| (known.clone(), known.cells.widened())).collect();
        Self { others: all - entries.len(), entries }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that quiet nothing, because their scores are of something else.
    pub fn others(&self) -> usize {
        self.others
    }

    /// The number of the entry that something is like, and the cells that it explains: its
    /// place is there, its cause the same, its score at most 1.2 times the dismissed one,
    /// and it moves as that did. Allocates nothing.
    pub fn like(&self, judged: &Judged) -> Option<(u32, Cells)> {
        let cell = Cells::at(judged.middle.0, judged.middle.1);
        let is_like = |(known, around): &&(Known, Cells)| {
            around.has(cell)
                && known.causes.contains(&judged.cause)
                && is_no_stronger(judged.score, known.peak)
                && moves_alike(known, judged.motion.as_ref())
        };
        self.entries.iter().rev().find(is_like).map(|(known, around)| (known.number, *around))
    }

    /// Whether so much of the picture may be explained.
    pub fn may_explain(&self, cells: Cells) -> bool {
        cells.share() <= MOST_SHARE
    }
}

/// A score at its bound may be of anything: only what was there itself may come there again.
fn is_no_stronger(score: f32, peak: f32) -> bool {
    score <= STRONGER * peak && (score < MAX_SURPRISE || peak >= MAX_SURPRISE)
}

/// Where one of both has no motion memory, place and score decide.
fn moves_alike(known: &Known, motion: Option<&Embedding>) -> bool {
    match motion {
        Some(motion) if !known.motion.is_empty() => {
            known.motion.iter().any(|own| squared_distance(own, motion) <= RADIUS_SQ)
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::tests::anomaly;
    use super::*;
    use crate::event::Traits;
    use crate::model::MOTION_WIDTH;

    fn quiet(motion: Vec<Embedding>) -> Quiet {
        let mut known = KnownNormal::default();
        let mut event = anomaly("a", &[(8, 8)]);
        event.traits = event.traits.map(|traits| Traits { motion, ..traits });
        known.add(&event, 7).unwrap();
        Quiet::of(known, "model", Some("calibration"))
    }

    fn judged(x: f32, score: f32) -> Judged {
        Judged { middle: (x, 0.53), cause: Cause::Prediction, score, motion: None }
    }

    #[test]
    fn only_what_is_near_weak_and_of_the_same_cause_is_like_it() {
        let quiet = quiet(Vec::new());
        for (x, score, like) in [
            (0.53, 5.0, true),
            (0.53, 5.9, true),
            (0.53, 6.1, false),
            (0.45, 5.0, true),
            (0.60, 5.0, true),
            (0.40, 5.0, false),
            (0.66, 5.0, false),
            (0.53, f32::NAN, false),
        ] {
            assert_eq!(quiet.like(&judged(x, score)).is_some(), like, "{x} {score}");
        }
        let other = Judged { cause: Cause::View, ..judged(0.53, 5.0) };
        assert_eq!(quiet.like(&other), None);
        let (number, cells) = quiet.like(&judged(0.53, 5.0)).unwrap();
        assert_eq!((number, cells.share()), (1, 9.0 / 256.0));
        assert!(quiet.may_explain(cells));
    }

    #[test]
    fn a_score_at_its_bound_is_stronger_than_any_below() {
        assert!(is_no_stronger(11.9, 11.0) && is_no_stronger(12.0, 12.0));
        assert!(!is_no_stronger(12.0, 11.0));
    }

    #[test]
    fn what_moves_otherwise_is_not_like_it() {
        let known: Embedding = [0.5; MOTION_WIDTH];
        let quiet = quiet(vec![[9.0; MOTION_WIDTH], known]);
        let moving =
            |by: f32| Judged { motion: Some(known.map(|value| value + by)), ..judged(0.53, 5.0) };
        assert!(quiet.like(&moving(0.2)).is_some());
        assert!(quiet.like(&moving(0.3)).is_none());
    }

    #[test]
    fn entries_of_another_network_or_calibration_quiet_nothing() {
        let mut known = KnownNormal::default();
        known.add(&anomaly("a", &[(8, 8)]), 7).unwrap();
        for (model, calibration) in
            [("other", Some("calibration")), ("model", Some("other")), ("model", None)]
        {
            let quiet = Quiet::of(known.clone(), model, calibration);
            assert!(quiet.is_empty() && quiet.others() == 1);
            assert_eq!(quiet.like(&judged(0.53, 5.0)), None);
        }
    }
}
