//! Controls by name, in the camera's units.

use v4l::v4l_sys as sys;

use super::super::controls::apply;
use super::super::fake::{FakeMachine, camera};
use super::super::transport::{ControlDescription, ControlKind, Machine};
use crate::capture::{ControlSetting, ControlValue};

use ControlValue::{Flag, Whole};

fn control(id: u32, name: &str, kind: ControlKind, range: (i64, i64)) -> ControlDescription {
    ControlDescription {
        id,
        name: name.into(),
        kind,
        min: range.0,
        max: range.1,
        step: 1,
        default: 0,
        is_read_only: false,
        menu: Vec::new(),
    }
}

fn menu(id: u32, name: &str, choices: &[(i64, &str)]) -> ControlDescription {
    let menu = choices.iter().map(|(value, name)| (*value, (*name).to_string())).collect();
    ControlDescription { menu, ..control(id, name, ControlKind::Menu, (0, 9)) }
}

/// What a Logitech webcam has, and one control of its own.
fn webcam() -> Vec<ControlDescription> {
    use ControlKind::{Flag, Whole};
    vec![
        control(sys::V4L2_CID_BRIGHTNESS, "Brightness", Whole, (-64, 64)),
        control(sys::V4L2_CID_AUTO_WHITE_BALANCE, "White Balance, Automatic", Flag, (0, 1)),
        menu(
            sys::V4L2_CID_POWER_LINE_FREQUENCY,
            "Power Line Frequency",
            &[(0, "Disabled"), (1, "50 Hz"), (2, "60 Hz")],
        ),
        control(
            sys::V4L2_CID_WHITE_BALANCE_TEMPERATURE,
            "White Balance Temperature",
            Whole,
            (2800, 6500),
        ),
        menu(
            sys::V4L2_CID_EXPOSURE_AUTO,
            "Auto Exposure",
            &[(1, "Manual Mode"), (3, "Aperture Priority Mode")],
        ),
        control(sys::V4L2_CID_EXPOSURE_ABSOLUTE, "Exposure Time, Absolute", Whole, (3, 2047)),
        menu(99, "Test Pattern", &[(0, "Color Bars"), (4, "Black")]),
        ControlDescription { is_read_only: true, ..control(98, "Lens Position", Whole, (0, 9)) },
    ]
}

/// The controls that were set, and the warnings.
fn applied(settings: &[(&str, ControlValue)]) -> (Vec<(u32, i32)>, Vec<String>) {
    let mut fake = camera("c", "b", Vec::new());
    fake.controls = webcam();
    let machine = FakeMachine::with(vec![("/dev/video0", fake)]);
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| ControlSetting { name: (*name).into(), value: value.clone() })
        .collect();
    let mut device = machine.open("/dev/video0".as_ref()).unwrap();
    let warnings = apply(&mut *device, &settings);
    let set = machine.world().cameras["/dev/video0"].set.clone();
    (set, warnings)
}

fn word(text: &str) -> ControlValue {
    ControlValue::Word(text.into())
}

#[test]
fn values_are_set_in_the_units_of_the_kernel() {
    for (name, value, id, expected) in [
        ("brightness", Whole(-3), sys::V4L2_CID_BRIGHTNESS, -3),
        ("auto_white_balance", Flag(true), sys::V4L2_CID_AUTO_WHITE_BALANCE, 1),
        ("auto_exposure", Flag(true), sys::V4L2_CID_EXPOSURE_AUTO, 3),
        ("auto_exposure", Flag(false), sys::V4L2_CID_EXPOSURE_AUTO, 1),
        ("power_line_hz", Whole(0), sys::V4L2_CID_POWER_LINE_FREQUENCY, 0),
        ("power_line_hz", Whole(50), sys::V4L2_CID_POWER_LINE_FREQUENCY, 1),
        ("power_line_hz", Whole(60), sys::V4L2_CID_POWER_LINE_FREQUENCY, 2),
        ("power_line_frequency", Whole(60), sys::V4L2_CID_POWER_LINE_FREQUENCY, 2),
        ("test_pattern", word("black"), 99, 4),
        ("test_pattern", word("color_bars"), 99, 0),
        ("test_pattern", Whole(4), 99, 4),
    ] {
        assert_eq!(applied(&[(name, value)]), (vec![(id, expected)], vec![]), "{name}");
    }
}

#[test]
fn a_manual_value_turns_its_automatic_off_first() {
    let (exposure, mode) = (sys::V4L2_CID_EXPOSURE_ABSOLUTE, sys::V4L2_CID_EXPOSURE_AUTO);
    let (set, warnings) = applied(&[("brightness", Whole(0)), ("exposure_us", Whole(20_040))]);
    assert_eq!(set, [(mode, 1), (sys::V4L2_CID_BRIGHTNESS, 0), (exposure, 200)]);
    assert_eq!(warnings, Vec::<String>::new());
    let (set, _) = applied(&[("exposure_us", Whole(300)), ("auto_exposure", Flag(true))]);
    assert_eq!(set, [(mode, 3), (exposure, 3)], "what the site says goes");
}

#[test]
fn what_cannot_be_set_is_a_warning_that_helps() {
    for (name, value, expected) in [
        (
            "zoom",
            Whole(1),
            "control `zoom`: the camera has no such control; it has: \
          auto_exposure, auto_white_balance, brightness, exposure_us, power_line_hz, \
          test_pattern, white_balance_k",
        ),
        ("brightness", Whole(65), "control `brightness`: 65 is not within -64 to 64"),
        ("exposure_us", Whole(100), "control `exposure_us`: 100 is not within 300 to 204700"),
        ("brightness", word("high"), "control `brightness`: takes -64 to 64, not `high`"),
        ("brightness", Flag(true), "control `brightness`: takes -64 to 64, not true or false"),
        (
            "test_pattern",
            Whole(1),
            "control `test_pattern`: takes 0 (\"Color Bars\"), 4 \
          (\"Black\")",
        ),
        ("power_line_hz", Whole(55), "control `power_line_hz`: takes 0, 50, 60 or \"auto\""),
        (
            "power_line_hz",
            word("auto"),
            "control `power_line_hz`: takes 0 (\"Disabled\"), 1 \
          (\"50 Hz\"), 2 (\"60 Hz\")",
        ),
        ("lens_position", Whole(1), "control `lens_position`: the camera sets it itself"),
    ] {
        let (set, warnings) = applied(&[(name, value)]);
        assert_eq!(warnings, [expected]);
        assert!(set.iter().all(|(id, _)| *id == sys::V4L2_CID_EXPOSURE_AUTO), "{set:?}");
    }
}
