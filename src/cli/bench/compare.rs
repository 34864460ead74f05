//! Our kernels against plain tract, frame by frame in turn.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;

use crate::cli::error::Error;
use crate::model::{Backend, Bundle, NetworkOptions};

/// Our kernels against plain tract, alternating frame by frame.
#[derive(Serialize)]
pub(super) struct Comparison {
    frames: usize,
    ours: Times,
    tract: Times,
    /// Median over the frames of tract's time by ours.
    paired_ratio: f64,
    /// Largest absolute difference between the predictions.
    largest_difference: f32,
}

#[derive(Serialize)]
struct Times {
    median_ms: f64,
    fastest_ms: f64,
}

impl Times {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self { median_ms: times[times.len() / 2], fastest_ms: times[0] }
    }
}

/// Predicts the same random frames with both.
///
/// # Errors
/// The bundle does not load into tract, or a network fails.
pub(super) fn measure(path: &Path, ours: &Bundle, rounds: usize) -> Result<Comparison, Error> {
    let rounds = rounds.max(1);
    let options = NetworkOptions { backend: Backend::Tract, ..NetworkOptions::default() };
    let tract = Bundle::load_with(path, options)?;
    let mut pair = [ours.predictor(), tract.predictor()];
    let input = ours.manifest().input;
    let frame_len = input.spec().frame_len();
    let mut noise = super::noise();
    let mut times = [Vec::with_capacity(rounds), Vec::with_capacity(rounds)];
    let (mut ratios, mut largest_difference) = (Vec::with_capacity(rounds), 0.0f32);
    for round in 0..rounds + 2 {
        let frames: Vec<u8> = noise.by_ref().take(frame_len * input.frames).collect();
        let mut took = [0.0; 2];
        for turn in 0..2 {
            // Whoever comes first finds other caches than whoever follows.
            let which = (turn + round) % 2;
            let start = Instant::now();
            pair[which].predict(frames.chunks_exact(frame_len))?;
            took[which] = start.elapsed().as_secs_f64() * 1e3;
        }
        let [a, b] = &pair;
        for (a, b) in a.prediction().iter().zip(b.prediction()) {
            largest_difference = largest_difference.max((a - b).abs());
        }
        if round >= 2 {
            times[0].push(took[0]);
            times[1].push(took[1]);
            ratios.push(took[1] / took[0]);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let [ours, tract] = times.map(Times::of);
    let paired_ratio = ratios[ratios.len() / 2];
    Ok(Comparison { frames: rounds, ours, tract, paired_ratio, largest_difference })
}

pub(super) fn print(comparison: &Comparison) {
    println!("\nnetwork alone, alternating, {} frames", comparison.frames);
    println!("{:<12} {:>10} {:>11}", "", "median ms", "fastest ms");
    for (name, times) in [("ours", &comparison.ours), ("plain tract", &comparison.tract)] {
        println!("{name:<12} {:>10.3} {:>11.3}", times.median_ms, times.fastest_ms);
    }
    println!(
        "tract takes {:.2} times as long (paired median); predictions differ by at most {:.1e}",
        comparison.paired_ratio, comparison.largest_difference
    );
}
