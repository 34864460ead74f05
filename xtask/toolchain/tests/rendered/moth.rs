//! Short and large is no event: an insect before the infrared lamp.

use normwatch::alarm::Levels;
use normwatch::config::AlarmSection;
use normwatch::output::JsonLines;
use normwatch::replay::ClipTrace;
use normwatch::runtime::DEFAULT_MIN_DURATION_MS;
use normwatch_scene::clip::Scene;
use normwatch_scene::params::{AnomalyKind, SceneParams};

use super::footage::{bundle, calibration, options, play, play_changed, scene};

const CLIP: u32 = 301;

fn watch(params: &SceneParams, min_duration_ms: u32) -> (ClipTrace, Levels) {
    let bundle = bundle();
    let options = options(&bundle, calibration(&bundle), min_duration_ms);
    let played = (&bundle, &options);
    let trace = play(params, CLIP, played, None::<JsonLines<Vec<u8>>>, &mut |_| ());
    (trace, options.alarm.levels)
}

/// Stretches of scores at or above the exit level, of which one reaches the enter level.
fn stretches(trace: &ClipTrace, levels: Levels) -> Vec<Vec<f32>> {
    let score = |score: &Option<_>| {
        score.map_or(0.0, |s: normwatch::runtime::FrameScore| s.surprise.unwrap().score)
    };
    let scores: Vec<f32> = trace.scores.iter().map(score).collect();
    let stretches = scores.split(|score| *score < levels.exit);
    let odd = stretches.filter(|scores| scores.iter().any(|score| *score >= levels.enter));
    odd.map(<[f32]>::to_vec).collect()
}

#[test]
fn a_moth_before_the_lamp_is_no_event() {
    for min_duration_ms in [DEFAULT_MIN_DURATION_MS, AlarmSection::default().min_duration_ms] {
        let (trace, levels) = watch(&scene(40, 12.0, &[]), min_duration_ms);
        let stretches = stretches(&trace, levels);
        assert_eq!(stretches.len(), 6, "each is as odd as can be");
        for scores in stretches {
            let enough = min_duration_ms as usize / 100;
            assert!(scores.len() > enough, "and for longer than an alarm takes: {scores:?}");
        }
        assert!(trace.alarms.is_empty(), "{min_duration_ms} ms: {:?}", trace.alarms);
    }
}

#[test]
fn who_stays_for_seconds_is_an_event_as_ever() {
    let params = scene(40, 0.0, &[AnomalyKind::Cyclist, AnomalyKind::Cart]);
    let (trace, _) = watch(&params, AlarmSection::default().min_duration_ms);
    let events = Scene::new(&params).unwrap().clip(CLIP).unwrap().events;
    assert_eq!(trace.alarms.len(), events.len(), "{:?}", trace.alarms);
    for event in events {
        let [from, to] = event.window_s.map(|t_s| (t_s * 10.0) as usize);
        let raised = |frame: usize| trace.states[frame].alarm_active();
        assert!((from..to).any(raised), "{:?}", event.kind);
        assert!(!(from - 20..from).any(raised), "{:?}", event.kind);
    }
}

/// Noise over two fifths of the picture.
fn cover(number: u64, picture: &mut [u8], width_px: usize) {
    let mut noise = number as u32 | 1;
    for row in picture.chunks_exact_mut(width_px) {
        for level in &mut row[..width_px * 2 / 5] {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *level = (noise >> 24) as u8;
        }
    }
}

/// A camera that loses one frame in ten has a gap a second.
#[test]
fn something_large_is_raised_though_frames_are_missing() {
    let bundle = bundle();
    let options = options(&bundle, calibration(&bundle), AlarmSection::default().min_duration_ms);
    let params = scene(40, 0.0, &[]);
    let width_px = params.width_px as usize;
    for lost_every in [u64::MAX, 10, 9] {
        let trace = play_changed(&params, CLIP, (&bundle, &options), &|number, picture| {
            if (200..240).contains(&number) {
                cover(number, picture, width_px);
            }
            (number + 1) % lost_every != 0
        });
        assert_eq!(trace.alarms.len(), 1, "one in {lost_every} is lost");
    }
}
