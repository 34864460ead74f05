//! The motion that a network predicts, on its way into the score.

use std::path::Path;

use normwatch::model::Bundle;
use normwatch::output::JsonLines;
use normwatch::replay::{PlayError, PlayOptions, list_footage, play};
use normwatch::runtime::{NO_LEVELS, Scoring, SlowViewOptions, UpdatePolicy, default_alarm};
use normwatch::score::{BlockRule, Mask};

/// The busiest block of each frame of a clip, by a rule with this factor.
fn ratios(bundle: &Bundle, motion_factor: f32) -> Vec<f32> {
    let clips = list_footage(Path::new("models/walkway-clip")).unwrap();
    let rule = BlockRule { texture_floor: 0.003, motion_factor, ..BlockRule::plain(5) };
    let input = bundle.manifest().input;
    let options = PlayOptions {
        alarm: default_alarm(NO_LEVELS),
        mask: Mask::everything(input.width_px, input.height_px),
        scoring: Scoring::Terms(rule),
        update: UpdatePolicy::Frozen,
        fps: input.fps,
        stabilise: false,
        motion_gate_levels: None,
        slow: SlowViewOptions::default(),
        pictures: None,
        trace: None,
    };
    let played =
        play(bundle, &clips, &options, None::<JsonLines<Vec<u8>>>, &mut |_| Ok::<_, PlayError>(()));
    let traces = played.unwrap().traces;
    let scores = traces.iter().flat_map(|trace| trace.scores.iter().flatten());
    scores.map(|score| score.error.worst_block.ratio).collect()
}

#[test]
fn the_score_knows_the_motion_that_the_network_predicts() {
    let bundle = Bundle::load(Path::new("tests/fixtures/reference/tiny-change")).unwrap();
    let (without, with) = (ratios(&bundle, 0.0), ratios(&bundle, 16.0));
    assert!(without.len() > 100 && without.len() == with.len());
    assert!(without.iter().zip(&with).all(|(a, b)| b <= a), "a divisor only grows");
    let smaller = without.iter().zip(&with).filter(|(a, b)| **b < 0.9 * **a).count();
    assert!(smaller > without.len() / 4, "{smaller} of {}", without.len());
}
