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
}

impl Weights {
    /// # Errors
    /// One sentence where they make no score.
    pub fn check(&self) -> Result<(), String> {
        let Self { block, memory, view } = *self;
        let in_range = [block, memory, view].iter().all(|weight| (0.0..1e6).contains(weight));
        match in_range && block + memory > 0.0 {
            true => Ok(()),
            false => Err(format!(
                "{block} for the block, {memory} for the memory and {view} for the view make no \
                 score: each must be at least 0, and one of the first two above"
            )),
        }
    }
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// The deployed score of one frame and its parts, in −log10 p.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    pub block: f32,
    pub memory: f32,
    /// Of the usual view; 0 without one.
    pub view: f32,
    /// Weighted mean of block and memory, or the weighted surprise of the view where
    /// that is larger: what the alarm sees.
    pub score: f32,
    /// Whether the score is the view's.
    pub is_of_view: bool,
}

/// The causal score: each smoothed term through the distribution that
/// calibration found, combined. It knows nothing of the future.
#[derive(Clone, Debug)]
pub struct DeployedScore {
    block: Distribution,
    memory: Distribution,
    view: Option<Distribution>,
    weights: Weights,
}

impl DeployedScore {
    pub fn new(block: Distribution, memory: Distribution, weights: Weights) -> Self {
        Self { block, memory, view: None, weights }
    }

    /// With the distribution of the view term.
    #[must_use]
    pub fn with_view(self, view: Option<Distribution>) -> Self {
        Self { view, ..self }
    }

    /// Scores a frame's worst ratio, its memory distance and the view's worst ratio,
    /// all smoothed.
    pub fn of(&self, block_ratio: f64, distance: f64, view_ratio: Option<f64>) -> Surprise {
        let block = self.block.surprise(block_ratio);
        let memory = self.memory.surprise(distance);
        let view = self.view.as_ref().zip(view_ratio).map_or(0.0, |(view, x)| view.surprise(x));
        let Weights { block: wb, memory: wm, view: wv } = self.weights;
        let (mean, of_view) = ((wb * block + wm * memory) / (wb + wm), wv * view);
        let is_of_view = of_view > mean;
        Surprise { block, memory, view, score: mean.max(of_view), is_of_view }
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
        let weights = Weights { block: 3.0, memory: 1.0, view: 0.5 };
        let score = DeployedScore::new(d.clone(), d.clone(), weights);
        let s = score.of(0.9, 0.0, None);
        assert!((s.score - 0.75).abs() < 1e-6 && !s.is_of_view, "{s:?}");
        assert_eq!(score.of(0.9, 0.0, Some(9.0)), s, "without its distribution it is not judged");
        let score = score.with_view(Some(d));
        assert_eq!(score.of(0.9, 0.0, Some(0.9)).score, s.score, "it is the smaller");
        let far = score.of(0.9, 0.0, Some(1.13));
        assert!((far.score - 0.5 * far.view).abs() < 1e-6 && far.is_of_view, "{far:?}");
        assert!(far.score > s.score);
    }
}
