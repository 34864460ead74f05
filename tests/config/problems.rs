//! What is wrong inside a site file, and where the loader says so.

use crate::{assert_problems, edited, load_text, shorthand};

#[test]
fn unknown_keys_and_sections() {
    for (line, text, expected) in [
        (
            8,
            "[alarm]\nmin_duraton_ms = 1",
            "9:1 unknown key `alarm.min_duraton_ms` ?min_duration_ms",
        ),
        (8, "[buget]\nalarms_per_day = 1", "8:2 unknown key `buget` ?budget"),
        (8, "[output.evnts]\npath = 'e'", "8:9 unknown key `output.evnts` ?events"),
        (3, "[camrea]", "3:2 unknown key `camrea` ?camera"),
        (5, "pth = 'frames'", "5:1 unknown key `camera.pth` ?path"),
        (8, "threshold = 3", "8:1 unknown key `output.alarm.threshold`"),
        (
            8,
            "[[mask]]\nmode = 'ignore'\nopacity = 1\npoints = [[0,0],[1,0],[1,1]]",
            "10:1 unknown key `mask[0].opacity`",
        ),
        (
            8,
            "pattern = { pulse_ms = 5, colour = 1 }",
            "8:27 unknown key `output.alarm.pattern.colour`",
        ),
        (8, "\"a\\nb\" = 1", "8:1 unknown key `output.alarm.a\u{fffd}b`"),
    ] {
        assert_problems(&edited(line, text), &[expected]);
    }
}

#[test]
fn wrong_types() {
    for (line, text, expected) in [
        (1, "board = 1", "1:9 `board` must be a string, not a whole number"),
        (2, "bundle = ['x']", "2:10 `bundle` must be a string, not an array"),
        (8, "[alarm]\nlatch = 1", "9:9 `alarm.latch` must be true or false, not a whole number"),
        (
            8,
            "[alarm]\nhold_ms = 2.5",
            "9:11 `alarm.hold_ms` must be a whole number, not a decimal number",
        ),
        (8, "[alarm]\nhold_ms = '2s'", "9:11 `alarm.hold_ms` must be a whole number, not a string"),
        (
            8,
            "[budget]\nalarms_per_day = 1979-05-27",
            "9:18 `budget.alarms_per_day` must be a number, not a date or time",
        ),
        (8, "[mask]\nmode = 'ignore'", "8:1 `mask` must be an array, not a table"),
        (8, "[[budget]]", "8:1 `budget` must be a table, not an array"),
        (8, "pattern = 5", "8:11 `output.alarm.pattern` must be a string, not a whole number"),
        (
            8,
            "[[mask]]\nmode = 'ignore'\npoints = [1, 2, 3]",
            "10:11 `mask[0].points[0]` must be an array, not a whole number",
        ),
    ] {
        let error = load_text(&edited(line, text)).expect_err(text);
        assert_eq!(shorthand(&error)[0], expected, "{error}");
    }
}

#[test]
fn missing_keys_point_at_their_section() {
    assert_problems(&edited(1, ""), &["1:1 missing key `board`"]);
    assert_problems(&edited(2, ""), &["1:1 missing key `bundle`"]);
    assert_problems(&edited(5, ""), &["3:1 missing key `camera.path`"]);
    assert_problems(&edited(7, ""), &["6:1 missing key `output.alarm.line`"]);
    assert_problems(&edited(8, "[[mask]]\nmode = 'ignore'"), &["8:1 missing key `mask[0].points`"]);
    assert_problems(
        "",
        &["1:1 missing key `board`", "1:1 missing key `bundle`", "1:1 missing section `[output]`"],
    );
    let pipe = edited(4, "source = 'pipe'").replace("path = \"frames\"", "format = 'grey'");
    assert_problems(
        &pipe,
        &[
            "3:1 missing key `camera.command`",
            "3:1 missing key `camera.width_px`",
            "3:1 missing key `camera.height_px`",
        ],
    );
}

#[test]
fn impossible_values() {
    let triangle = |points: &str| format!("[[mask]]\nmode = 'ignore'\npoints = {points}");
    for (line, text, expected) in [
        (2, "bundle = ''".into(), "2:10 `bundle` is empty"),
        (2, "bundle = \"a\\u0000b\"".into(), "2:10 `bundle` contains a NUL character"),
        (4, "source = 'foldr'".into(), "4:10 `camera.source` does not know `foldr` ?folder"),
        (8, "[alarm]\nhold_ms = -1".into(), "9:11 `alarm.hold_ms` is -1, out of range"),
        (8, "[alarm]\nhold_ms = 86400001".into(), "9:11 `alarm.hold_ms` is 86400001, out of range"),
        (
            8,
            "[budget]\nalarms_per_day = 0".into(),
            "9:18 `budget.alarms_per_day` is 0, out of range",
        ),
        (
            8,
            "[budget]\nalarms_per_day = nan".into(),
            "9:18 `budget.alarms_per_day` is NaN, out of range",
        ),
        (
            8,
            "[budget]\nalarms_per_day = inf".into(),
            "9:18 `budget.alarms_per_day` is inf, out of range",
        ),
        (8, "[memory]\nupdate = 'papr'".into(), "9:10 `memory.update` does not know `papr` ?paper"),
        (
            8,
            "[load]\nmotion_gate_levels = 0".into(),
            "9:22 `load.motion_gate_levels` is 0, out of range",
        ),
        (
            8,
            "[load]\nback_off_at_c = 'hot'".into(),
            "9:17 `load.back_off_at_c` must be a number, not a string",
        ),
        (
            8,
            "[watchdog]\nhardware = 'required'".into(),
            "9:12 `watchdog.hardware` = \"required\", but board `simulated` names none",
        ),
        (
            8,
            "[input.arm]\nline = 'ALARM'".into(),
            "9:8 `input.arm.line` = \"ALARM\" is the line of the alarm output too",
        ),
        (
            8,
            "[input.acknowledge]\nline = 'ACK'\n[input.pir]\nline = 'ACK'".into(),
            "11:8 `input.pir.line` = \"ACK\" is the line of the acknowledge input too",
        ),
        (
            8,
            "[input.arm]\nline = 'AKC'".into(),
            "9:8 `input.arm.line` = \"AKC\" is not a line of board `simulated` ?ACK",
        ),
        (
            8,
            "[input.arm]\nline = 'ACK'\nwithin_ms = 1".into(),
            "10:1 unknown key `input.arm.within_ms`",
        ),
        (
            8,
            "[input.arm]\nline = 'ACK'\nbias = 'up'".into(),
            "10:8 `input.arm.bias` does not know `up`",
        ),
        (8, "[watchdog]\nstall_s = 0".into(), "9:11 `watchdog.stall_s` is 0, out of range"),
        (8, triangle("[]"), "10:10 `mask[0].points` has 0 points, too few for a polygon"),
        (
            8,
            triangle("[[0,0],[1,1]]"),
            "10:10 `mask[0].points` has 2 points, too few for a polygon",
        ),
        (
            8,
            triangle("[[0,0],[1,0],[1,1,1]]"),
            "10:23 `mask[0].points[2]` must be [x, y], not an array of 3",
        ),
        (
            8,
            triangle("[[0,0],[1,0],[1,1.01]]"),
            "10:26 `mask[0].points[2][1]` is 1.01, out of range",
        ),
        (8, triangle("[[0,0],[nan,0],[1,1]]"), "10:18 `mask[0].points[1][0]` is NaN, out of range"),
        (
            8,
            triangle("[[0,0],[0.5,0.5],[1,1]]"),
            "10:10 `mask[0].points` has no area: its points lie on one line",
        ),
        (8, "pattern = 'pulse'".into(), "8:11 `output.alarm.pattern` does not know `pulse`"),
        (
            8,
            "pattern = {}".into(),
            "8:11 `output.alarm.pattern` has neither `pulse_ms` nor `heartbeat_ms`",
        ),
        (
            8,
            "pattern = { heartbeat_ms = 0 }".into(),
            "8:28 `output.alarm.pattern.heartbeat_ms` is 0, out of range",
        ),
        // A beat that is driven every 50 ms must not look like a level.
        (
            8,
            "pattern = { heartbeat_ms = 199 }".into(),
            "8:28 `output.alarm.pattern.heartbeat_ms` is 199, out of range",
        ),
        (
            8,
            "[output.events]\npath = 'e'\nmax_bytes = 10".into(),
            "10:13 `output.events.max_bytes` is 10, out of range",
        ),
        (
            7,
            "line = 'ALRM'".into(),
            "7:8 `output.alarm.line` = \"ALRM\" is not a line of board `simulated` ?ALARM",
        ),
    ] {
        assert_problems(&edited(line, &text), &[expected]);
    }
}

#[test]
fn contradictions() {
    for (line, text, expected) in [
        (
            5,
            "path = 'x'\ncommand = ['y']",
            "6:1 `camera.command` has no meaning with `source = \"folder\"`",
        ),
        (
            5,
            "path = 'x'\nwidth_px = 4",
            "6:1 `camera.width_px` has no meaning with `source = \"folder\"`",
        ),
        (
            4,
            "source = 'video'\nloop = true",
            "5:1 `camera.loop` has no meaning with `source = \"video\"`",
        ),
        (
            4,
            "source = 'stdin'\nformat = 'y4m'",
            "6:1 `camera.path` has no meaning with `source = \"stdin\"`",
        ),
        (8, "[output.fault]\nline = 'ALARM'", "9:8 `output.fault.line` is the alarm's line too"),
        (
            8,
            "[output.changed]\nline = 'ALARM'",
            "9:8 `output.changed.line` is the alarm's line too",
        ),
        (
            8,
            "[output.fault]\nline = 'FAULT'\nsafe = 'active'",
            "10:8 `output.fault.safe` must not be \"active\"",
        ),
        (
            8,
            "[output.fault]\nline = 'FAULT'\npattern = { pulse_ms = 5 }",
            "10:11 `output.fault.pattern` must not be a pulse",
        ),
        (
            8,
            "[alarm]\narmed_at_start = false",
            "9:18 `alarm.armed_at_start` = false, and nothing could ever arm it",
        ),
        (
            8,
            "pattern = { pulse_ms = 5, heartbeat_ms = 5 }",
            "8:11 `output.alarm.pattern` has both `pulse_ms` and `heartbeat_ms`",
        ),
    ] {
        assert_problems(&edited(line, text), &[expected]);
    }
}

#[test]
fn a_wrong_switch_is_not_a_missing_switch() {
    let text = "[alarm]\narmed_at_start = false\n[input.arm]\nline = 'AKC'";
    let expected = "11:8 `input.arm.line` = \"AKC\" is not a line of board `simulated` ?ACK";
    assert_problems(&edited(8, text), &[expected]);
}

#[test]
fn contradictions_of_a_pipe() {
    let pipe = |rest: &str| edited(4, "source = 'pipe'").replace("path = \"frames\"", rest);
    for (rest, expected) in [
        ("command = []\nformat = 'y4m'", "5:11 `camera.command` is empty"),
        ("command = ['']\nformat = 'y4m'", "5:12 `camera.command[0]` is empty"),
        ("command = 'a b'\nformat = 'y4m'", "5:11 `camera.command` must be an array, not a string"),
        (
            "command = ['a']\nformat = 'y4m'\nwidth_px = 64",
            "7:1 `camera.width_px` has no meaning with `format = \"y4m\"`",
        ),
        (
            "command = ['a']\nformat = 'gray'\nwidth_px = 64\nheight_px = 64",
            "6:10 `camera.format` does not know `gray` ?grey",
        ),
        (
            "command = ['a']\nformat = 'yuyv'\nwidth_px = 64\nheight_px = 64\nstride_bytes = 127",
            "9:16 `camera.stride_bytes` is 127, less than a row of 64 px yuyv",
        ),
        (
            "command = ['a']\nformat = 'grey'\nwidth_px = 1\nheight_px = 64",
            "7:12 `camera.width_px` is 1, out of range",
        ),
    ] {
        assert_problems(&pipe(rest), &[expected]);
    }
}

#[cfg(any(feature = "v4l2", not(feature = "runtime")))]
#[test]
fn contradictions_of_a_camera() {
    let camera = |rest: &str| edited(4, "source = 'v4l2'").replace("path = \"frames\"", rest);
    for (rest, expected) in [
        ("path = 'x'", "5:1 `camera.path` has no meaning with `source = \"v4l2\"`"),
        ("stride_bytes = 640", "5:1 `camera.stride_bytes` has no meaning with `source = \"v4l2\"`"),
        ("device = ''", "5:10 `camera.device` is empty"),
        ("format = 'y4m'", "5:10 `camera.format` does not know `y4m`"),
        ("format = 'mjpg'", "5:10 `camera.format` does not know `mjpg` ?mjpeg"),
        ("width_px = 640", "3:1 missing key `camera.height_px`"),
        ("fps = 0", "5:7 `camera.fps` is 0, out of range"),
        ("settle_frames = 1001", "5:17 `camera.settle_frames` is 1001, out of range"),
        ("controls = 5", "5:12 `camera.controls` must be a table, not a whole number"),
        ("controls = { Gain = 1 }", "5:21 `camera.controls.Gain` is not the name of a control"),
        (
            "controls = { gain = 1.5 }",
            "5:21 `camera.controls.gain` must be a whole number, true or false, or a string, not \
             a decimal number",
        ),
        (
            "controls = { gain = 3000000000 }",
            "5:21 `camera.controls.gain` is 3000000000, out of range",
        ),
    ] {
        assert_problems(&camera(rest), &[expected]);
    }
    for key in ["device = 'x'", "fps = 5", "settle_frames = 1", "controls = {}"] {
        let name = key.split(' ').next().unwrap();
        let expected = format!("6:1 `camera.{name}` has no meaning with `source = \"folder\"`");
        assert_problems(&edited(5, &format!("path = 'x'\n{key}")), &[&expected]);
    }
}
