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
    /// Time constant of the exponential smoothing; 0 = none.
    pub smoothing_ms: u32,
}

/// The deployed score of one frame and its parts, in −log10 p.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Surprise {
    pub block: f32,
    pub memory: f32,
    /// Weighted mean of the two.
    pub combined: f32,
    /// `combined` after smoothing: what the alarm sees.
    pub score: f32,
}

/// The causal score: each term through the distribution that calibration
/// found, combined and smoothed. It knows nothing of the future.
#[derive(Clone, Debug)]
pub struct DeployedScore {
    block: Distribution,
    memory: Distribution,
    weights: Weights,
    smoothed: Option<(u64, f32)>,
}

impl DeployedScore {
    pub fn new(block: Distribution, memory: Distribution, weights: Weights) -> Self {
        Self { block, memory, weights, smoothed: None }
    }

    /// Scores the terms of the frame at `timestamp_ns`.
    pub fn next(&mut self, timestamp_ns: u64, block_error: f64, distance: f64) -> Surprise {
        let block = self.block.surprise(block_error);
        let memory = self.memory.surprise(distance);
        let Weights { block: wb, memory: wm, smoothing_ms } = self.weights;
        let combined = (wb * block + wm * memory) / (wb + wm);
        let score = match self.smoothed {
            Some((before_ns, previous)) if smoothing_ms > 0 => {
                let elapsed_ms = timestamp_ns.saturating_sub(before_ns) as f32 / 1e6;
                let keep = (-elapsed_ms / smoothing_ms as f32).exp();
                keep * previous + (1.0 - keep) * combined
            }
            _ => combined,
        };
        self.smoothed = Some((timestamp_ns, score));
        Surprise { block, memory, combined, score }
    }

    /// Forgets the past, after a gap in the footage.
    pub fn reset(&mut self) {
        self.smoothed = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Tail;

    fn score(smoothing_ms: u32) -> DeployedScore {
        let d = Distribution {
            quantiles: vec![0.0, 1.0],
            tail: Tail { threshold: 0.9, shape: 0.0, scale: 0.1, exceed_probability: 0.1 },
        };
        DeployedScore::new(d.clone(), d, Weights { block: 3.0, memory: 1.0, smoothing_ms })
    }

    #[test]
    fn weights_make_a_mean() {
        let s = score(0).next(0, 0.9, 0.0);
        assert!((s.combined - 0.75).abs() < 1e-6 && s.score == s.combined);
    }

    #[test]
    fn smoothing_depends_on_time_not_on_frames() {
        let (mut coarse, mut fine) = (score(300), score(300));
        coarse.next(0, 0.0, 0.0);
        fine.next(0, 0.0, 0.0);
        let a = coarse.next(400_000_000, 2.0, 2.0).score;
        fine.next(200_000_000, 2.0, 2.0);
        let b = fine.next(400_000_000, 2.0, 2.0).score;
        assert!((a - b).abs() < 1e-4, "{a} {b}");
        coarse.reset();
        assert_eq!(coarse.next(500_000_000, 0.0, 0.0).score, 0.0);
    }
}
