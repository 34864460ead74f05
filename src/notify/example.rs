//! An event that has not happened, for trying out the ways to somebody.

use std::sync::Arc;

use jpeg_encoder::{ColorType, Encoder};

use crate::clock::Clock;
use crate::event::{
    Cause, ClockQuality, InForce, Kind, Moment, Notice, Peak, Phase, Place, SCHEMA, Situation,
    TracePoint,
};

const REASON: &str = "this is a test: nothing has happened";
const SIDE_PX: u16 = 160;

/// The begin of an event of the site, now, which says of itself that it is a test.
pub(super) fn test_notice(site: &str, clock: &dyn Clock) -> Notice {
    let unix_ms = clock.wall_ns() / 1_000_000;
    let mut situation = situation(&format!("test-{unix_ms}"), unix_ms);
    situation.site = site.into();
    situation.reason = REASON.into();
    situation.zones.clear();
    let picture = picture().map(Arc::from);
    Notice { phase: Phase::Begin, situation: Arc::new(situation), picture }
}

/// Squares, so that somebody sees that a picture has come.
fn picture() -> Option<Vec<u8>> {
    let side = usize::from(SIDE_PX);
    let square = |at: usize| (at % side / 20 + at / side / 20) % 2 * 160 + 48;
    let pixels: Vec<u8> = (0..side * side).map(|at| square(at) as u8).collect();
    let mut jpeg = Vec::new();
    let encoder = Encoder::new(&mut jpeg, 80);
    encoder.encode(&pixels, SIDE_PX, SIDE_PX, ColorType::Luma).ok()?;
    Some(jpeg)
}

fn situation(id: &str, unix_ms: u64) -> Situation {
    let place = Place { x: 0.5, y: 0.3, width: 0.2, height: 0.2 };
    Situation {
        schema: SCHEMA.into(),
        id: id.into(),
        site: "yard".into(),
        kind: Kind::Anomaly,
        reason: "block at 0.62, 0.41: 9.1 times the one-a-day level".into(),
        zones: vec!["gate".into()],
        begin: moment(0, unix_ms),
        peak: Some(Peak {
            time_ms: 400,
            frame: Some(4),
            score: 5.2,
            place: Some(place),
            cause: Some(Cause::Prediction),
            speed: None,
        }),
        end: None,
        duration_ms: None,
        in_force: InForce { alarms_per_day: Some(1.0), enter_level: 4.0, exit_level: 3.0 },
        model_sha256: "0".repeat(64),
        calibration_sha256: None,
        trace: vec![TracePoint { time_ms: 0, score: 4.1 }, TracePoint { time_ms: 400, score: 5.2 }],
        heat: None,
        pictures: Vec::new(),
        traits: None,
        quieted: None,
        windows: None,
    }
}

fn moment(time_ms: u64, unix_ms: u64) -> Moment {
    let clock = ClockQuality::Unsynchronised;
    Moment { time_ms, unix_ms: Some(unix_ms + time_ms), clock, frame: None }
}

/// One of the tests' own.
#[cfg(test)]
pub(super) fn notice(id: &str, phase: Phase) -> Notice {
    const BEGUN_UNIX_MS: u64 = 1_796_022_725_000;
    let mut situation = situation(id, BEGUN_UNIX_MS);
    if phase == Phase::End {
        situation.end = Some(moment(12_000, BEGUN_UNIX_MS));
        situation.duration_ms = Some(12_000);
    }
    Notice { phase, situation: Arc::new(situation), picture: picture().map(Arc::from) }
}
