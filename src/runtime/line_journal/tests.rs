use std::cell::Cell;
use std::rc::Rc;

use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin};

use super::*;
use crate::alarm::{LastingLine, Line, Pattern, Polarity, State};
use crate::output::JsonLines;

/// A pin that refuses on demand.
#[derive(Clone, Default)]
struct Pin(Rc<Cell<bool>>);

impl ErrorType for Pin {
    type Error = ErrorKind;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        if self.0.get() { Err(ErrorKind::Other) } else { Ok(()) }
    }

    fn set_high(&mut self) -> Result<(), ErrorKind> {
        self.set_low()
    }
}

struct Scene {
    alarm: Pin,
    tampered: Pin,
    fault: Pin,
    outputs: AlarmOutputs<Pin, Pin>,
    journal: LineJournal,
    log: EventLog<JsonLines<Vec<u8>>>,
    now_ms: u64,
}

impl Scene {
    fn new(log_levels: bool) -> Self {
        Self::with(log_levels, Pattern::Steady)
    }

    fn with(log_levels: bool, fault_pattern: Pattern) -> Self {
        let [alarm, tampered, fault] = [(); 3].map(|()| Pin::default());
        let line = |pin: &Pin| Line::new(pin.clone(), Polarity::ActiveHigh, false);
        let steady = Pattern::Steady;
        let outputs = AlarmOutputs::new(line(&alarm), steady, line(&fault), fault_pattern).unwrap();
        let outputs = outputs.with_lasting(LastingLine::Tampered, line(&tampered), steady).unwrap();
        let journal = LineJournal::new(&outputs, log_levels);
        let log = EventLog::new(Some(JsonLines(Vec::new())));
        Self { alarm, tampered, fault, outputs, journal, log, now_ms: 0 }
    }

    /// Drives both lines again, a millisecond later.
    fn drive(&mut self, state: State, healthy: bool) {
        self.now_ms += 1;
        self.outputs.forget();
        let result = self.outputs.show(self.now_ms, state, healthy);
        self.journal.note(self.now_ms, &self.outputs, result, &mut self.log);
    }

    /// Event, line and level of all that was written.
    fn written(self) -> Vec<String> {
        let text = String::from_utf8(self.log.into_inner().unwrap().0).unwrap();
        let words = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = |key: &str| event[key].to_string().replace('"', "");
            format!("{} {} {} {}", word("time_ms"), word("event"), word("line"), word("active"))
        };
        text.lines().map(words).collect()
    }
}

#[test]
fn a_level_is_told_when_it_changes() {
    let mut scene = Scene::new(true);
    for (state, healthy) in [
        (State::Idle, false),
        (State::Idle, true),
        (State::Idle, true),
        (State::Alarm, true),
        (State::Cooldown, false),
    ] {
        scene.drive(state, healthy);
    }
    let expected =
        ["2 line fault true", "4 line alarm true", "5 line alarm false", "5 line fault false"];
    assert_eq!(scene.written(), expected);
}

#[test]
fn a_heartbeat_hides_no_other_line() {
    let mut scene = Scene::with(true, Pattern::Heartbeat { period_ms: 200 });
    for state in [State::Idle, State::Alarm, State::Cooldown] {
        scene.drive(state, true);
    }
    assert_eq!(scene.written(), ["2 line alarm true", "3 line alarm false"]);
}

#[test]
fn a_refusal_is_told_once_and_counted_each_time() {
    let mut scene = Scene::new(false);
    scene.alarm.0.set(true);
    scene.drive(State::Alarm, true);
    scene.drive(State::Alarm, true);
    scene.alarm.0.set(false);
    scene.fault.0.set(true);
    scene.drive(State::Alarm, true);
    scene.alarm.0.set(true);
    scene.drive(State::Alarm, true);
    assert_eq!(scene.journal.failures(), 4);
    let expected =
        ["1 line_failed alarm null", "3 line_failed fault null", "4 line_failed alarm null"];
    assert_eq!(scene.written(), expected, "levels are not told");
}

#[test]
fn a_line_of_its_own_is_told_by_its_name_and_its_refusal_drops_the_fault_line() {
    let mut scene = Scene::new(true);
    scene.drive(State::Idle, true);
    scene.outputs.want(LastingLine::Tampered, true);
    scene.outputs.want(LastingLine::Changed, true);
    scene.drive(State::Idle, true);
    scene.tampered.0.set(true);
    scene.drive(State::Idle, true);
    scene.tampered.0.set(false);
    scene.drive(State::Idle, true);
    let expected = [
        "1 line fault true",
        "2 line tampered true",
        "3 line fault false",
        "3 line_failed tampered null",
        "4 line tampered true",
        "4 line fault true",
    ];
    assert_eq!(scene.written(), expected);
}

#[test]
fn a_line_that_obeyed_meanwhile_is_told_again() {
    let mut scene = Scene::new(false);
    for refuses in [true, false, true] {
        scene.fault.0.set(refuses);
        scene.drive(State::Idle, true);
    }
    assert_eq!(scene.written(), ["1 line_failed fault null", "3 line_failed fault null"]);
}
