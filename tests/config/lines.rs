//! `[output.changed]` and `[output.tampered]` as their users meet them.

use normwatch::alarm::{LastingLine, Pattern, Polarity};

use crate::{assert_problems, edited, load_text};

#[test]
fn what_lasts_may_have_lines_of_its_own() {
    let keys = "[output.changed]\nline = 'CHANGED'\npattern = { pulse_ms = 500 }\n\
        [output.tampered]\nline = 'TAMPERED'\nactive = 'low'\nsafe = 'active'";
    let output = load_text(&edited(8, keys)).unwrap_or_else(|e| panic!("{e}")).output;
    let changed = output.lasting(LastingLine::Changed).unwrap();
    assert_eq!((&*changed.line, changed.pattern), ("CHANGED", Pattern::Pulse { width_ms: 500 }));
    let tampered = output.lasting(LastingLine::Tampered).unwrap();
    assert_eq!((tampered.polarity, tampered.safe_active), (Polarity::ActiveLow, true));
    let names: Vec<&str> = output.lines().map(|line| &*line.line).collect();
    assert_eq!(names, ["ALARM", "CHANGED", "TAMPERED"]);
    let output = load_text(&edited(8, "")).unwrap().output;
    assert_eq!(output.lines().count(), 1);
}

#[test]
fn a_line_has_one_owner_and_somebody_who_tells() {
    for (keys, expected) in [
        (
            "[output.fault]\nline = 'FAULT'\n[output.tampered]\nline = 'FAULT'",
            "11:8 `output.tampered.line` is the fault output's line too",
        ),
        (
            "[output.changed]\nline = 'ACK'\n[output.tampered]\nline = 'ACK'",
            "11:8 `output.tampered.line` is the changes' line too",
        ),
        (
            "[output.changed]\nline = 'ACK'\n[input.acknowledge]\nline = 'ACK'",
            "11:8 `input.acknowledge.line` = \"ACK\" is the line of the output for changes too",
        ),
        ("[output.changed]\npattern = 'steady'", "8:1 missing key `output.changed.line`"),
        (
            "[output.tampered]\nline = 'TAMPERED'\n[tamper]\nenabled = false",
            "8:9 `output.tampered` has no meaning with `tamper.enabled = false`",
        ),
    ] {
        assert_problems(&edited(8, keys), &[expected]);
    }
}
