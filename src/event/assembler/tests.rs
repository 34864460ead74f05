use super::*;
use crate::config::Zone;
use crate::event::situation::{Cause, ClockQuality, Place};
use crate::score::{MaskMode, Polygon};

fn setup() -> Setup {
    let points = vec![[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]];
    let area = Polygon { mode: MaskMode::Include, points };
    Setup {
        hold_ms: 1000,
        site: "yard".into(),
        alarms_per_day: Some(1.0),
        calibration_sha256: None,
        model_px: (100, 100),
        zones: vec![Zone { name: "gate".into(), area, weight: 1.0, schedule: None }],
    }
}

fn started() -> Assembler {
    let mut assembler = Assembler::new(setup());
    let start = Event::Start {
        bundle: "b".into(),
        model_sha256: "abc".into(),
        enter_level: 4.0,
        exit_level: 3.0,
    };
    assert!(tell(&mut assembler, &start, 0).is_empty());
    assembler
}

fn tell(assembler: &mut Assembler, event: &Event, unix_ms: u64) -> Vec<Change> {
    let date = Date { unix_ms: Some(unix_ms), clock: ClockQuality::Synchronised };
    assembler.log(event, date, &|_| false)
}

fn state(time_ms: u64, from: &'static str, to: &'static str) -> Event {
    Event::State { time_ms, frame: Some(time_ms / 100), from, to, score: Some(5.0) }
}

fn sample(time_ms: u64, score: f32) -> Sample {
    let place = Place { x: 0.7, y: 0.1, width: 0.1, height: 0.1 };
    let (frame, cause) = (time_ms / 100, Cause::Prediction);
    Sample { time_ms, frame, score, place, cause, speed: None, heat: None, odd: None }
}

fn only(mut changes: Vec<Change>) -> Change {
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0)
}

fn begun(changes: Vec<Change>) -> Situation {
    match only(changes) {
        Change::Begun(situation) => situation,
        Change::Ended(situation) => panic!("{situation:?} has ended"),
    }
}

fn ended(changes: Vec<Change>) -> Situation {
    match only(changes) {
        Change::Ended(situation) => situation,
        Change::Begun(situation) => panic!("{situation:?} has begun"),
    }
}

#[test]
fn an_anomaly_begins_with_its_suspicion_and_ends_with_its_worst_moment() {
    let mut assembler = started();
    assembler.judged(&sample(900, 1.0));
    assert!(tell(&mut assembler, &state(1000, "idle", "suspect"), 501_000).is_empty());
    for (at_ms, score) in [(1000, 4.2), (1100, 4.9), (1200, 4.5)] {
        assert_eq!(assembler.judged(&sample(at_ms, score)), None, "nothing goes on yet");
    }
    let begin = begun(tell(&mut assembler, &state(1300, "suspect", "alarm"), 501_300));
    assert_eq!(begin.id, "19700101T000821000-anomaly");
    assert_eq!((begin.begin.time_ms, begin.begin.unix_ms), (1000, Some(501_000)));
    assert_eq!(begin.begin.frame, Some(10));
    assert_eq!(begin.peak.unwrap().time_ms, 1100, "so far");
    assert_eq!((begin.zones, begin.trace.len()), (vec!["gate".to_owned()], 4));
    assert_eq!((begin.in_force.enter_level, begin.model_sha256.as_str()), (4.0, "abc"));
    assert_eq!(assembler.judged(&sample(1300, 7.0)), Some(true));
    assert_eq!(assembler.judged(&sample(1400, 2.0)), None);
    let end = ended(tell(&mut assembler, &state(2500, "alarm", "cooldown"), 502_500));
    let peak = end.peak.unwrap();
    assert_eq!((peak.time_ms, peak.score, end.duration_ms), (1300, 7.0, Some(1500)));
    assert_eq!(end.trace.len(), 6);
    let reason = end.reason.as_str();
    assert!(reason.starts_with("At the top right (0.75, 0.15) something moves"), "{reason}");
    assert!(reason.ends_with("one false alarm a day. It lasted 1.5 s."), "{reason}");
    assert!(tell(&mut assembler, &state(2600, "cooldown", "idle"), 0).is_empty());
}

#[test]
fn what_is_raised_beside_something_quiet_is_no_part_of_that() {
    let quieted = |time_ms, phase| {
        let (frame, since_ms) = (Some(time_ms / 100), 1000);
        Event::Quieted { time_ms, frame, phase, since_ms, known: 3, score: 5.0 }
    };
    let mut assembler = started();
    assembler.judged(&sample(1000, 5.0));
    let quiet = begun(tell(&mut assembler, &quieted(1100, "begin"), 1100));
    assert_eq!(quiet.quieted, Some(3));
    assert_eq!(assembler.judged(&sample(1200, 5.5)), Some(false));
    tell(&mut assembler, &state(1300, "idle", "suspect"), 1300);
    assert_eq!(assembler.judged(&sample(1300, 5.2)), None);
    begun(tell(&mut assembler, &state(1400, "suspect", "alarm"), 1400));
    assert_eq!(assembler.judged(&sample(1500, 9.0)), Some(true));
    let quiet = ended(tell(&mut assembler, &quieted(2200, "end"), 2200));
    assert_eq!(quiet.peak.unwrap().score, 5.5);
    let raised = ended(tell(&mut assembler, &state(2600, "alarm", "cooldown"), 2600));
    assert_eq!((raised.peak.unwrap().score, raised.quieted), (9.0, None));
}

#[test]
fn a_trace_does_not_depend_on_when_the_end_was_noticed() {
    let trace_until = |last_ms: u64| {
        let mut assembler = started();
        tell(&mut assembler, &state(1000, "suspect", "alarm"), 1000);
        for time_ms in (1000..=last_ms).step_by(100) {
            assembler.judged(&sample(time_ms, if time_ms < 2000 { 5.0 } else { 1.0 }));
        }
        ended(tell(&mut assembler, &state(last_ms, "alarm", "cooldown"), last_ms)).trace
    };
    let early = trace_until(2900);
    assert_eq!(early.last().map(|point| point.time_ms), Some(2900));
    assert_eq!(early, trace_until(3000));
    assert_eq!(early, trace_until(3200));
}

#[test]
fn each_kind_begins_once_and_ends_by_itself() {
    let mut assembler = started();
    let blind = |time_ms| Event::Blind { time_ms, reason: "the camera is gone".into() };
    let fault = |cause, present| Event::Fault { time_ms: 5, cause, present };
    assert_eq!(begun(tell(&mut assembler, &blind(1), 1)).kind, Kind::Blind);
    assert!(tell(&mut assembler, &blind(2), 2).is_empty(), "it is blind already");
    assert_eq!(begun(tell(&mut assembler, &fault("arm", true), 5)).kind, Kind::Fault);
    assert_eq!(
        begun(tell(&mut assembler, &fault("guard", true), 5)).id.split('-').next_back(),
        Some("2")
    );
    let end = ended(tell(&mut assembler, &fault("arm", false), 9));
    assert!(end.reason.contains("arm contact"), "{}", end.reason);
    assert_eq!(ended(tell(&mut assembler, &Event::Sighted { time_ms: 8 }, 8)).kind, Kind::Blind);
    assert!(tell(&mut assembler, &Event::Sighted { time_ms: 8 }, 8).is_empty());
    let stop = Event::Stop { time_ms: 10, reason: "end".into() };
    assert_eq!(ended(tell(&mut assembler, &stop, 10)).kind, Kind::Fault);
}

#[test]
fn what_stays_and_what_is_lost_have_begun_before_they_are_told() {
    let mut assembler = started();
    let changed = |phase, time_ms| Event::Changed {
        time_ms,
        frame: time_ms / 100,
        phase,
        since_ms: 1000,
        x_px: 10,
        y_px: 80,
        width_px: 20,
        height_px: 10,
        peak: 6.0,
    };
    let begin = begun(tell(&mut assembler, &changed("begin", 21_000), 1_021_000));
    assert_eq!((begin.begin.time_ms, begin.begin.unix_ms), (1000, Some(1_001_000)));
    assert!(begin.reason.starts_with("At the bottom left (0.20, 0.85)"), "{}", begin.reason);
    let end = ended(tell(&mut assembler, &changed("end", 61_000), 1_061_000));
    assert_eq!(end.duration_ms, Some(60_000));
    let tampered =
        Event::Tampered { time_ms: 9, frame: 1, phase: "begin", since_ms: 1, lost: 0.72 };
    assert!(begun(tell(&mut assembler, &tampered, 9)).reason.contains("72 %"));
}

#[test]
fn a_long_anomaly_has_a_bounded_trace_and_a_name_of_its_own() {
    let mut assembler = started();
    let date = Date { unix_ms: None, clock: ClockQuality::Footage };
    let clip = Event::Clip { clip: "a/b c".into(), frames: None };
    assert!(assembler.log(&clip, date, &|_| false).is_empty());
    let taken = |id: &str| id == "a-b-c-000000-anomaly";
    let begin = begun(assembler.log(&state(0, "idle", "alarm"), date, &taken));
    assert_eq!((begin.id.as_str(), begin.begin.unix_ms), ("a-b-c-000000-anomaly-2", None));
    for i in 0..10_000 {
        assembler.judged(&sample(i * 100, 5.0));
    }
    let end = ended(assembler.finish(date));
    assert!((256..=512).contains(&end.trace.len()), "{}", end.trace.len());
    assert_eq!(end.duration_ms, Some(999_900));
    assert!(end.trace.windows(2).all(|pair| pair[0].time_ms < pair[1].time_ms));
}
