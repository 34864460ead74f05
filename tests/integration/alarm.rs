//! The alarm room: properties of the state machine over random inputs, and
//! what reaches the pins.

use std::cell::Cell;
use std::rc::Rc;

use embedded_hal::digital::{ErrorKind, ErrorType, OutputPin, PinState};
use embedded_hal_mock::eh1::digital::{Mock, State as Level, Transaction};
use normwatch::alarm::{
    AlarmConfig, AlarmMachine, AlarmOutputs, Input, Levels, Line, OutputError, Pattern, Polarity,
    State,
};
use normwatch::gpio::{SimulatedLine, SimulatedPin};
use proptest::prelude::*;

const ENTER: f32 = 4.0;
const EXIT: f32 = 2.0;

fn config() -> AlarmConfig {
    AlarmConfig {
        levels: Levels { enter: ENTER, exit: EXIT },
        min_duration_ms: 300,
        hold_ms: 500,
        cooldown_ms: 1000,
        warm_up_ms: 0,
        latch: false,
        armed_at_start: true,
        motion_within_ms: None,
    }
}

fn any_config() -> impl Strategy<Value = AlarmConfig> {
    (0u32..800, 0u32..800, 0u32..800, 0u32..800, any::<bool>(), any::<bool>()).prop_map(
        |(min_duration_ms, hold_ms, cooldown_ms, warm_up_ms, latch, armed_at_start)| AlarmConfig {
            min_duration_ms,
            hold_ms,
            cooldown_ms,
            warm_up_ms,
            latch,
            armed_at_start,
            ..config()
        },
    )
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        12 => (0.0f32..8.0).prop_map(Input::Score),
        6 => Just(Input::Score(6.0)),
        1 => Just(Input::Score(f32::NAN)),
        1 => Just(Input::Blind),
        1 => Just(Input::Gap),
        1 => Just(Input::Tick),
        1 => Just(Input::Acknowledge),
        1 => Just(Input::Arm),
        1 => Just(Input::Disarm),
        1 => any::<bool>().prop_map(Input::Motion),
    ]
}

/// (milliseconds since the step before, input)
fn any_steps() -> impl Strategy<Value = Vec<(u64, Input)>> {
    prop::collection::vec((0u64..250, any_input()), 1..200)
}

proptest! {
    #[test]
    fn the_alarm_obeys_its_times(config in any_config(), steps in any_steps()) {
        let mut machine = AlarmMachine::new(config, 0);
        let (mut now, mut high_since, mut armed_since, mut ended) = (0u64, None, config.armed_at_start.then_some(0), None::<u64>);
        for (wait_ms, input) in steps {
            now += wait_ms;
            let before = machine.state();
            match input {
                Input::Score(s) if s >= EXIT => {}
                Input::Gap | Input::Tick | Input::Acknowledge | Input::Arm | Input::Motion(_) => {}
                Input::Levels { .. } => {}
                _ => high_since = None,
            }
            if let Input::Score(s) = input && s >= ENTER {
                high_since.get_or_insert(now);
            }
            let transitions = machine.step(now, input);
            prop_assert!(transitions.len() < 4, "the fourth place is spare");
            if let (Some(first), Some(last)) = (transitions.first(), transitions.last()) {
                prop_assert_eq!(first.from, before);
                prop_assert_eq!(last.to, machine.state());
            } else {
                prop_assert_eq!(before, machine.state());
            }
            for t in &transitions {
                if t.to == State::WarmUp { armed_since = Some(now); }
                if t.to == State::Alarm && t.from != State::Latched {
                    let since = high_since.expect("an alarm without a high score");
                    prop_assert!(now - since >= u64::from(config.min_duration_ms));
                    prop_assert!(now - armed_since.unwrap() >= u64::from(config.warm_up_ms));
                    if let Some(ended) = ended {
                        prop_assert!(now - ended >= u64::from(config.cooldown_ms));
                    }
                }
                if t.from == State::Latched {
                    let again = matches!(input, Input::Score(s) if s >= ENTER);
                    prop_assert!(matches!(input, Input::Acknowledge | Input::Disarm) || again);
                }
                if t.to == State::Cooldown { ended = Some(now); }
                if t.to == State::Disarmed { armed_since = None; ended = None; high_since = None; }
                let neighbours = matches!((t.from, t.to),
                    (_, State::Disarmed) | (State::Disarmed, State::WarmUp) | (State::WarmUp | State::Cooldown, State::Idle)
                    | (State::Idle, State::Suspect) | (State::Suspect, State::Idle | State::Alarm)
                    | (State::Alarm, State::Latched | State::Cooldown) | (State::Latched, State::Alarm | State::Cooldown));
                prop_assert!(neighbours, "{:?} → {:?}", t.from, t.to);
            }
            if armed_since.is_none() { prop_assert_eq!(machine.state(), State::Disarmed); }
        }
    }

    #[test]
    fn time_that_runs_backwards_changes_nothing(steps in any_steps(), back_ms in 1u64..100_000) {
        let mut machine = AlarmMachine::new(config(), 50_000);
        let mut now = 50_000;
        for (wait_ms, input) in steps {
            now += wait_ms;
            machine.step(now, input);
            let (state, since_ms) = (machine.state(), machine.since_ms());
            let mut other = machine.clone();
            other.step(now.saturating_sub(back_ms), Input::Tick);
            prop_assert_eq!((other.state(), other.since_ms()), (state, since_ms));
        }
    }
}

fn drive(machine: &mut AlarmMachine, from_ms: u64, to_ms: u64, score: f32) {
    for now_ms in (from_ms..to_ms).step_by(100) {
        machine.step(now_ms, Input::Score(score));
    }
}

#[test]
fn a_latched_alarm_waits_for_its_acknowledgement() {
    let mut machine = AlarmMachine::new(AlarmConfig { latch: true, ..config() }, 0);
    drive(&mut machine, 0, 1000, 6.0);
    drive(&mut machine, 1000, 60_000, 0.0);
    assert_eq!(machine.state(), State::Latched);
    machine.step(60_000, Input::Acknowledge);
    assert_eq!(machine.state(), State::Cooldown);
}

#[test]
fn acknowledging_early_frees_the_latch_but_not_the_alarm() {
    let mut machine = AlarmMachine::new(AlarmConfig { latch: true, ..config() }, 0);
    drive(&mut machine, 0, 1000, 6.0);
    machine.step(1000, Input::Acknowledge);
    assert_eq!(machine.state(), State::Alarm);
    drive(&mut machine, 1000, 3000, 0.0);
    assert_ne!(machine.state(), State::Latched);
    assert!(!machine.state().alarm_active());
}

#[test]
fn blindness_neither_raises_nor_ends_an_alarm() {
    let mut machine = AlarmMachine::new(config(), 0);
    machine.step(0, Input::Score(6.0));
    machine.step(200, Input::Blind);
    assert_eq!(machine.state(), State::Idle);
    drive(&mut machine, 300, 1000, 6.0);
    assert_eq!(machine.state(), State::Alarm);
    machine.step(1000, Input::Score(0.0));
    for now_ms in (1100..20_000).step_by(100) {
        machine.step(now_ms, Input::Blind);
    }
    assert_eq!(machine.state(), State::Alarm);
}

#[test]
fn a_gap_keeps_a_suspicion_and_is_no_quiet_time() {
    let mut machine = AlarmMachine::new(config(), 0);
    let mut now_ms = 0;
    // One frame in eight is lost, and four more until the window is full again.
    while machine.state() != State::Alarm && now_ms < 3000 {
        match now_ms / 100 % 8 {
            0 => machine.step(now_ms, Input::Gap),
            1..5 => machine.step(now_ms, Input::Tick),
            _ => machine.step(now_ms, Input::Score(6.0)),
        };
        now_ms += 100;
    }
    assert_eq!(machine.state(), State::Alarm);
    let hold_ms = u64::from(config().hold_ms);
    for _ in 0..5 {
        machine.step(now_ms, Input::Score(0.0));
        now_ms += hold_ms - 1;
        machine.step(now_ms, Input::Gap);
        assert_eq!(machine.state(), State::Alarm);
    }
}

#[test]
fn another_cause_makes_a_latched_alarm_an_alarm_again() {
    let mut machine = AlarmMachine::new(AlarmConfig { latch: true, ..config() }, 0);
    drive(&mut machine, 0, 1000, 6.0);
    drive(&mut machine, 1000, 9000, 0.0);
    assert_eq!(machine.state(), State::Latched);
    drive(&mut machine, 9000, 9500, 6.0);
    machine.step(9500, Input::Acknowledge);
    drive(&mut machine, 9500, 10_000, 6.0);
    assert_eq!(machine.state(), State::Alarm, "the second cause lasts");
    drive(&mut machine, 10_000, 19_000, 0.0);
    assert!(!machine.state().alarm_active());
}

#[test]
fn an_alarm_waits_for_the_motion_sensors_consent() {
    let config = AlarmConfig { motion_within_ms: Some(1000), ..config() };
    let mut machine = AlarmMachine::new(config, 0);
    drive(&mut machine, 0, 2000, 6.0);
    assert_eq!(machine.state(), State::Suspect);
    machine.step(2000, Input::Motion(true));
    machine.step(2100, Input::Score(6.0));
    assert_eq!(machine.state(), State::Alarm);
    machine.step(2200, Input::Motion(false));
    drive(&mut machine, 2300, 9000, 6.0);
    assert_eq!(machine.state(), State::Alarm, "once begun it does not depend on the sensor");
}

#[test]
fn motion_counts_for_as_long_as_it_was_told() {
    for (quiet_ms, expected) in [(900, State::Alarm), (1300, State::Suspect)] {
        let config = AlarmConfig { motion_within_ms: Some(1500), ..config() };
        let mut machine = AlarmMachine::new(config, 0);
        machine.step(0, Input::Motion(true));
        machine.step(100, Input::Motion(false));
        drive(&mut machine, 100 + quiet_ms, 100 + quiet_ms + 400, 6.0);
        assert_eq!(machine.state(), expected, "after {quiet_ms} ms");
    }
}

#[test]
fn an_exit_level_above_the_enter_level_is_lowered() {
    let levels = Levels { enter: 3.0, exit: 9.0 };
    let machine = AlarmMachine::new(AlarmConfig { levels, ..config() }, 0);
    assert_eq!(machine.config().levels.exit, 3.0);
}

type Pair = (SimulatedLine, SimulatedLine);

fn outputs(
    polarity: Polarity,
    pattern: Pattern,
) -> (Pair, AlarmOutputs<SimulatedPin, SimulatedPin>) {
    let (alarm, alarm_pin) = SimulatedLine::new();
    let (fault, fault_pin) = SimulatedLine::new();
    let outputs = AlarmOutputs::new(
        Line::new(alarm_pin, polarity, false),
        pattern,
        Line::new(fault_pin, polarity, false),
        Pattern::Steady,
    )
    .unwrap();
    ((alarm, fault), outputs)
}

#[test]
fn polarity_turns_levels_over_and_nothing_else() {
    for (polarity, active) in [(Polarity::ActiveHigh, true), (Polarity::ActiveLow, false)] {
        let ((alarm, fault), mut outputs) = outputs(polarity, Pattern::Steady);
        assert_eq!((alarm.is_high(), fault.is_high()), (Some(!active), Some(!active)), "start");
        outputs.show(0, State::Idle, true).unwrap();
        assert_eq!((alarm.is_high(), fault.is_high()), (Some(!active), Some(active)), "well");
        outputs.show(1, State::Alarm, true).unwrap();
        assert_eq!((alarm.is_high(), fault.is_high()), (Some(active), Some(active)), "alarm");
        outputs.show(2, State::Latched, false).unwrap();
        assert_eq!((alarm.is_high(), fault.is_high()), (Some(active), Some(!active)), "fault");
        drop(outputs);
        assert_eq!((alarm.is_high(), fault.is_high()), (Some(!active), Some(!active)), "stop");
    }
}

/// A pin that refuses everything once its chip is gone.
struct Mortal(SimulatedPin, Rc<Cell<bool>>);

impl ErrorType for Mortal {
    type Error = ErrorKind;
}

impl OutputPin for Mortal {
    fn set_low(&mut self) -> Result<(), ErrorKind> {
        self.set_state(PinState::Low)
    }

    fn set_high(&mut self) -> Result<(), ErrorKind> {
        self.set_state(PinState::High)
    }

    fn set_state(&mut self, state: PinState) -> Result<(), ErrorKind> {
        if self.1.get() {
            return Err(ErrorKind::Other);
        }
        let Ok(()) = self.0.set_state(state);
        Ok(())
    }
}

#[test]
fn an_alarm_line_that_cannot_be_driven_is_a_fault() {
    let (_, alarm_pin) = SimulatedLine::new();
    let (fault, fault_pin) = SimulatedLine::new();
    let gone = Rc::new(Cell::new(false));
    let alarm = Line::new(Mortal(alarm_pin, gone.clone()), Polarity::ActiveHigh, false);
    let fault_line = Line::new(fault_pin, Polarity::ActiveHigh, false);
    let mut outputs =
        AlarmOutputs::new(alarm, Pattern::Steady, fault_line, Pattern::Steady).unwrap();
    outputs.show(0, State::Idle, true).unwrap();
    assert_eq!(fault.is_high(), Some(true));
    gone.set(true);
    outputs.forget();
    assert!(matches!(outputs.show(1, State::Idle, true), Err(OutputError::Alarm(_))));
    assert_eq!(fault.is_high(), Some(false));
    gone.set(false);
    outputs.show(2, State::Idle, true).unwrap();
    assert_eq!(fault.is_high(), Some(true));
}

#[test]
fn a_panic_leaves_the_lines_safe() {
    let ((alarm, fault), mut outputs) = outputs(Polarity::ActiveHigh, Pattern::Steady);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        outputs.show(0, State::Alarm, true).unwrap();
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    assert_eq!((alarm.is_high(), fault.is_high()), (Some(false), Some(false)));
}

#[test]
fn patterns_move_with_time() {
    let at = |pattern, times: &[u64]| -> Vec<bool> {
        let ((alarm, _), mut outputs) = outputs(Polarity::ActiveHigh, pattern);
        times
            .iter()
            .map(|&t| {
                outputs.show(1000 + t, State::Alarm, true).unwrap();
                alarm.is_high().unwrap()
            })
            .collect()
    };
    assert_eq!(
        at(Pattern::Pulse { width_ms: 200 }, &[0, 199, 200, 900]),
        [true, true, false, false]
    );
    assert_eq!(
        at(Pattern::Heartbeat { period_ms: 100 }, &[0, 49, 50, 99, 100, 151]),
        [true, true, false, false, true, false]
    );
}

#[test]
fn a_level_is_driven_once_and_again_after_a_failure() {
    let expectations = [
        Transaction::set(Level::Low),
        Transaction::set(Level::High),
        Transaction::set(Level::Low).with_error(embedded_hal_mock::eh1::MockError::Io(
            std::io::ErrorKind::PermissionDenied,
        )),
        Transaction::set(Level::Low),
    ];
    let mut pin = Mock::new(&expectations);
    let mut line = Line::new(pin.clone(), Polarity::ActiveHigh, false);
    line.set_safe().unwrap();
    line.set(true).unwrap();
    line.set(true).unwrap();
    assert!(line.set(false).is_err());
    assert_eq!(line.shown(), None);
    line.set(false).unwrap();
    line.set(false).unwrap();
    pin.done();
}

#[test]
fn other_levels_count_from_the_next_score_on() {
    let mut machine = AlarmMachine::new(AlarmConfig { min_duration_ms: 0, ..config() }, 0);
    let told = |enter, exit| Input::Levels { alarms_per_day: 9.0, levels: Levels { enter, exit } };
    machine.step(100, Input::Score(3.0));
    assert_eq!(machine.state(), State::Idle);
    assert!(machine.step(200, told(2.5, 9.0)).is_empty());
    assert_eq!(machine.config().levels, Levels { enter: 2.5, exit: 2.5 }, "exit is lowered");
    machine.step(300, Input::Score(3.0));
    assert_eq!(machine.state(), State::Alarm);
    assert!(machine.step(400, told(4.0, 2.0)).is_empty(), "an alarm is not taken back");
    machine.step(500, Input::Score(1.0));
    machine.step(1100, Input::Score(1.0));
    assert_eq!(machine.state(), State::Cooldown);
}
