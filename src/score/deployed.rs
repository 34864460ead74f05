//! The score that the alarm sees.

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;

/// How the terms are combined; both weights ≥ 0, not both 0.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Of the worst block's surprise.
    pub block: f32,
    /// Of the memory distance's surprise.
    pub memory: f32,
}

/// The deployed score of one frame and its parts, in −log10 p.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    pub block: f32,
    pub memory: f32,
    /// Weighted mean of the two: what the alarm sees.
    pub score: f32,
}

/// The causal score: each smoothed term through the distribution that
/// calibration found, combined. It knows nothing of the future.
#[derive(Clone, Debug)]
pub struct DeployedScore {
    block: Distribution,
    memory: Distribution,
    weights: Weights,
}

impl DeployedScore {
    pub fn new(block: Distribution, memory: Distribution, weights: Weights) -> Self {
        Self { block, memory, weights }
    }

    /// Scores a frame's worst ratio and its memory distance, both smoothed.
    pub fn of(&self, block_ratio: f64, distance: f64) -> Surprise {
        let block = self.block.surprise(block_ratio);
        let memory = self.memory.surprise(distance);
        let Weights { block: wb, memory: wm } = self.weights;
        Surprise { block, memory, score: (wb * block + wm * memory) / (wb + wm) }
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
        let score = DeployedScore::new(d.clone(), d, Weights { block: 3.0, memory: 1.0 });
        let s = score.of(0.9, 0.0);
        assert!((s.score - 0.75).abs() < 1e-6, "{s:?}");
    }
}
