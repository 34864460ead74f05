//! Files that are damaged as a whole, and how problems are shown.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use normwatch::config::load_board;

use crate::reference::reference_examples;
use crate::{Workplace, assert_problems, boards, edited, load_text, shorthand};

const EVERYTHING_WRONG: &str = include_str!("../fixtures/config/everything-wrong.toml");

#[test]
fn syntax_errors() {
    assert_problems(&edited(3, "[camera"), &["3:8 unclosed table"]);
    assert_problems(&edited(8, "line = 'B'"), &["8:1 duplicate key `line`"]);
    assert_problems(&edited(8, "[camera]"), &["8:2 duplicate key `camera`"]);
    assert_problems(&edited(2, "bundle = edge"), &["2:10 value that is not TOML"]);
    assert_problems(&edited(2, "bundle = \"é\" 'x'"), &["2:14 unexpected key or value"]);
    assert_problems(
        &edited(1, "board = 'x").replace("line = \"ALARM\"", "line = [1,"),
        &["1:11 invalid literal string", "7:11 unclosed array"],
    );
}

#[test]
fn files_that_are_no_text() {
    let place = Workplace::new(&[
        ("latin1.toml", b"board = \"simulated\"\n# \xc3\xa9 caf\xe9\n"),
        ("large.toml", &vec![b'#'; 300_000]),
        ("utf16.toml", b"\xff\xfeb\0o\0"),
    ]);
    for (name, expected) in [
        ("latin1.toml", "2:8 byte 0xe9 is not UTF-8 text"),
        ("utf16.toml", "1:1 byte 0xff is not UTF-8 text"),
        ("large.toml", "- is larger than 256 KiB"),
        ("absent.toml", "- cannot be read: No such file or directory (os error 2)"),
        (".", "- cannot be read: it is not a regular file"),
    ] {
        let error = place.load(name, &boards()).unwrap_err();
        assert_eq!(shorthand(&error), [expected]);
    }
}

#[test]
fn one_run_shows_every_problem() {
    let error = load_text(EVERYTHING_WRONG).unwrap_err();
    assert_eq!(
        shorthand(&error),
        [
            "1:9 `board` = \"simulatd\" was not found ?simulated",
            "2:10 `bundle` must be a string, not a whole number",
            "4:2 unknown key `camrea` ?camera",
            "8:18 `budget.alarms_per_day` is -1, out of range",
            "11:1 unknown key `alarm.min_duraton_ms` ?min_duration_ms",
            "12:10 `alarm.latch` must be true or false, not a string",
            "16:24 `mask[0].points[1][0]` is 1.5, out of range",
            "16:35 `mask[0].points[2]` must be [x, y], not an array of 1",
            "20:11 `output.alarm.pattern` has both `pulse_ms` and `heartbeat_ms`",
        ]
    );
    let shown = error.to_string();
    let latch = "site.toml:12:10\n   |\n\
                 12 |     latch = \"yes\"   # indented by a tab\n   \
                 |             ^^^^^\n   |\n   = help: write true or false\n\n\
                 error: `mask[0].points[1][0]` is 1.5, out of range\n  --> ";
    assert!(shown.contains(latch), "{shown}");
    assert!(shown.contains("help: boards available: generic-armv7, generic-x86-64, "), "{shown}");
}

#[test]
fn diagnostics_serialise() {
    let error = load_text(&edited(8, "[alarm]\nlach = true")).unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    let first = &json["diagnostics"][0];
    assert_eq!((first["line"].as_u64(), first["column"].as_u64()), (Some(9), Some(1)));
    assert_eq!(
        (first["key"].as_str(), first["suggestion"].as_str()),
        (Some("alarm.lach"), Some("latch"))
    );
    assert!(first.get("quote").is_none());
}

#[test]
fn hopeless_files_are_refused_in_good_time() {
    let begun = Instant::now();
    let keys: String = (0..20_000).map(|i| format!("key{i} = 1\n")).collect();
    for text in [&keys, &"=\n".repeat(100_000), &"[".repeat(200_000)] {
        let error = load_text(text).unwrap_err();
        assert!(!error.diagnostics.is_empty() && error.diagnostics.len() <= 100);
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let place = Workplace::new(&[("site.toml", &bytes)]);
        if let Err(error) = place.load("site.toml", &boards()) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn damaged_files_never_panic(
        which in 0..2_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 1..6),
    ) {
        let mut chars: Vec<char> = reference_examples()[which].chars().collect();
        for (index, c) in damage {
            let index = index.index(chars.len());
            chars[index] = c;
        }
        let text: String = chars.into_iter().collect();
        let place = Workplace::new(&[("site.toml", text.as_bytes())]);
        for result in [
            place.load("site.toml", &boards()).map(drop),
            load_board(&place.path("site.toml"), &boards()).map(drop),
        ] {
            if let Err(error) = result {
                prop_assert!(error.diagnostics.iter().all(|d| d.line != Some(0)));
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
