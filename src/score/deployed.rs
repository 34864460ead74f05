//! The score that the alarm sees.

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;

/// How the terms are combined; all weights ≥ 0, block and memory not both 0.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Of the worst block's surprise.
    pub block: f32,
    /// Of the memory distance's surprise.
    pub memory: f32,
    /// Of the usual view's surprise, which is not averaged with the others: it counts
    /// where it exceeds their mean. 0 = not at all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub view: f32,
    /// Of the motion memory's surprise, which counts as the usual view's does.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub motion: f32,
}

impl Weights {
    /// # Errors
    /// One sentence where they make no score.
    pub fn check(&self) -> Result<(), String> {
        let Self { block, memory, view, motion } = *self;
        let in_range =
            [block, memory, view, motion].iter().all(|weight| (0.0..1e6).contains(weight));
        match in_range && block + memory > 0.0 {
            true => Ok(()),
            false => Err(format!(
                "{block} for the block, {memory} for the memory, {view} for the view and {motion} \
                 for the motion make no score: each must be at least 0, and one of the first two \
                 above"
            )),
        }
    }
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// Which term the score is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The mean of block and memory.
    #[default]
    Prediction,
    View,
    Motion,
}

/// The deployed score of one frame and its parts, in −log10 p.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    pub block: f32,
    pub memory: f32,
    /// Of the usual view; 0 without one.
    pub view: f32,
    /// Of the motion memory; 0 without one.
    pub motion: f32,
    /// Weighted mean of block and memory, or the weighted surprise of the view or the
    /// motion where that is larger: what the alarm sees.
    pub score: f32,
    pub origin: Origin,
}

/// The causal score: each smoothed term through the distribution that
/// calibration found, combined. It knows nothing of the future.
#[derive(Clone, Debug)]
pub struct DeployedScore {
    block: Distribution,
    memory: Distribution,
    view: Option<Distribution>,
    motion: Option<Distribution>,
    weights: Weights,
}

impl DeployedScore {
    pub fn new(block: Distribution, memory: Distribution, weights: Weights) -> Self {
        Self { block, memory, view: None, motion: None, weights }
    }

    /// With the distribution of the view term.
    #[must_use]
    pub fn with_view(self, view: Option<Distribution>) -> Self {
        Self { view, ..self }
    }

    /// With the distribution of the motion term.
    #[must_use]
    pub fn with_motion(self, motion: Option<Distribution>) -> Self {
        Self { motion, ..self }
    }

    /// Scores a frame's worst ratio, its memory distance, and the view's worst ratio and
    /// the motion term where there are such, all smoothed.
    pub fn of(
        &self,
        block_ratio: f64,
        distance: f64,
        others: (Option<f64>, Option<f64>),
    ) -> Surprise {
        self.combined(block_ratio, distance, others, f32::INFINITY)
    }

    /// The same of one place of the frame. The memory does not say where something is: it
    /// counts no more than the place's own block does.
    pub fn of_place(
        &self,
        block_ratio: f64,
        distance: f64,
        others: (Option<f64>, Option<f64>),
    ) -> Surprise {
        self.combined(block_ratio, distance, others, self.block.surprise(block_ratio))
    }

    fn combined(
        &self,
        block_ratio: f64,
        distance: f64,
        (view_ratio, motion): (Option<f64>, Option<f64>),
        most_memory: f32,
    ) -> Surprise {
        let of_one = |known: &Option<Distribution>, value: Option<f64>| {
            known.as_ref().zip(value).map_or(0.0, |(known, value)| known.surprise(value))
        };
        let block = self.block.surprise(block_ratio);
        let memory = self.memory.surprise(distance).min(most_memory);
        let (view, motion) = (of_one(&self.view, view_ratio), of_one(&self.motion, motion));
        let Weights { block: wb, memory: wm, view: wv, motion: wo } = self.weights;
        let mean = (wb * block + wm * memory) / (wb + wm);
        let (mut score, mut origin) = (mean, Origin::Prediction);
        for (term, its) in [(wv * view, Origin::View), (wo * motion, Origin::Motion)] {
            if term > score {
                (score, origin) = (term, its);
            }
        }
        Surprise { block, memory, view, motion, score, origin }
    }
}

#[cfg(test)]
mod tests {
    use super::super::distribution::Tail;
    use super::*;

    #[test]
    fn weights_make_a_mean() {
        let d = Distribution {
            quantiles: vec![0.0, 1.0],
            tail: Tail { threshold: 0.9, shape: 0.0, scale: 0.1, exceed_probability: 0.1 },
        };
        let weights = Weights { block: 3.0, memory: 1.0, view: 0.5, motion: 0.25 };
        let score = DeployedScore::new(d.clone(), d.clone(), weights);
        let s = score.of(0.9, 0.0, (None, None));
        assert!((s.score - 0.75).abs() < 1e-6 && s.origin == Origin::Prediction, "{s:?}");
        let unknown = score.of(0.9, 0.0, (Some(9.0), Some(9.0)));
        assert_eq!(unknown, s, "without its distribution a term is not judged");
        let score = score.with_view(Some(d.clone()));
        assert_eq!(score.of(0.9, 0.0, (Some(0.9), None)).score, s.score, "it is the smaller");
        let far = score.of(0.9, 0.0, (Some(1.13), None));
        assert!((far.score - 0.5 * far.view).abs() < 1e-6 && far.origin == Origin::View, "{far:?}");
        assert!(far.score > s.score);
        let score = score.with_motion(Some(d));
        assert_eq!(score.of(0.9, 0.0, (Some(1.13), Some(1.3))).origin, Origin::View);
        let fast = score.of(0.9, 0.0, (Some(1.13), Some(2.0)));
        assert!((fast.score - 0.25 * fast.motion).abs() < 1e-6, "{fast:?}");
        assert!(fast.origin == Origin::Motion && fast.score > far.score);
        let whole = score.of(0.0, 0.9, (None, None));
        assert!(whole.memory > 0.0 && score.of_place(0.0, 0.9, (None, None)).score == 0.0);
        let both = score.of_place(0.9, 0.9, (None, None));
        assert_eq!(both, score.of(0.9, 0.9, (None, None)), "the place is as odd as the memory");
    }
}
