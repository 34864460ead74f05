use super::*;
use crate::calibrate::{TermSample, calibrate};
use crate::preprocess::Light;
use crate::score::{BlockRule, Weights};

fn calibration() -> Calibration {
    let sample = |i: u64| TermSample {
        timestamp_ns: i * 100_000_000,
        light: Light { mean: 0.5, spread: 0.2 },
        psnr_db: 30.0 + (i % 7) as f64,
        block_ratio: 0.0005 * (1 + i * 37 % 101) as f64,
        distance: 1.0 + (i % 13) as f64,
        view_ratio: None,
        motion: None,
    };
    let clip: Vec<TermSample> = (0..4000).map(sample).collect();
    let weights = Weights { block: 1.0, memory: 0.0, view: 0.0, motion: 0.0 };
    calibrate(&[clip], 100_000_000, (BlockRule::plain(8), weights), ("m", "k"), "made up").unwrap()
}

/// A score each second for so many hours, as the calibration saw them and moved by so much;
/// what was said at last, and from which hour on it has drifted.
fn hours(
    monitor: &mut DriftMonitor,
    from: u64,
    count: u64,
    moved: f32,
) -> (Option<Drift>, Option<u64>) {
    let scores = calibration().score;
    let (mut last, mut since) = (None, None);
    for second in from * 3600..(from + count) * 3600 {
        let score = scores[(second * 7919) as usize % scores.len()] as f32;
        if let Some(drift) = monitor.see(second * 1000, score + moved) {
            since = since.or(drift.drifted.then_some(second / 3600));
            last = Some(drift);
        }
    }
    (last, since)
}

#[test]
fn scores_of_the_calibration_are_no_drift_and_others_are_after_hours() {
    let mut monitor = DriftMonitor::new(&calibration());
    assert_eq!(hours(&mut monitor, 0, LEAST_HOURS as u64, 0.0).0, None, "nights are not days");
    let (drift, since) = hours(&mut monitor, LEAST_HOURS as u64, 40, 0.0);
    let drift = drift.unwrap();
    assert!(!drift.drifted && since.is_none(), "{drift:?}");
    let [low, top] = drift.median_usual;
    assert!(low < drift.median && drift.median < top, "{drift:?}");
    let (drift, since) = hours(&mut monitor, 60, 24, 0.5);
    let drift = drift.unwrap();
    assert!(drift.drifted && drift.median > drift.median_usual[1], "{drift:?}");
    assert!((64..84).contains(&since.unwrap()), "not at once: {since:?}");
    let (drift, _) = hours(&mut monitor, 84, 26, 0.0);
    assert!(!drift.unwrap().drifted, "a day later it is as it was");
}

#[test]
fn a_lower_score_is_a_drift_too_and_an_hour_of_it_is_none() {
    let mut monitor = DriftMonitor::new(&calibration());
    hours(&mut monitor, 0, 24, 0.0);
    assert_eq!(hours(&mut monitor, 24, 1, 3.0).1, None);
    assert_eq!(hours(&mut monitor, 25, 23, 0.0).1, None);
    let (drift, since) = hours(&mut monitor, 48, 30, -9.0);
    assert!(since.is_some() && drift.unwrap().median < drift.unwrap().median_usual[0]);
}

#[test]
fn hours_that_were_not_watched_do_not_count() {
    let mut monitor = DriftMonitor::new(&calibration());
    for hour in 0..100 {
        assert_eq!(hours(&mut monitor, hour, 0, 0.0).0, None);
        assert_eq!(monitor.see(hour * HOUR_MS, f32::NAN), None);
    }
}
