//! How problems are drawn.

use super::*;

fn diagnostic(text: &str, span: Range<usize>) -> Diagnostic {
    Diagnostic {
        file: "site.toml".into(),
        line: Some(12),
        column: Some(text[..span.start].chars().count() + 1),
        key: "alarm.lach".into(),
        problem: "unknown key `alarm.lach`".into(),
        remedy: "remove it".into(),
        suggestion: Some("latch".into()),
        quote: Some(Quote { text: text.into(), span }),
        is_unread: false,
    }
}

#[test]
fn reads_like_a_compiler() {
    assert_eq!(
        diagnostic("\tlach = true", 1..5).to_string(),
        "unknown key `alarm.lach`; did you mean `latch`?
  --> site.toml:12:2
   |
12 |     lach = true
   |     ^^^^
   |
   = help: remove it"
    );
}

#[test]
fn the_marker_stands_under_wide_characters() {
    let shown = diagnostic("a = '警报' # x", 4..12).to_string();
    assert!(shown.contains("site.toml:12:5"), "{shown}");
    assert!(shown.contains("\n   |     ^^^^^^"), "{shown}");
}

#[test]
fn an_empty_span_still_has_a_marker() {
    let shown = diagnostic("a = ", 4..4).to_string();
    assert!(shown.contains("site.toml:12:5") && shown.contains('^'), "{shown}");
}

#[test]
fn very_long_lines_are_cut() {
    let shown = diagnostic(&"x".repeat(100_000), 3..4).to_string();
    assert!(shown.lines().all(|line| line.len() < 300), "{shown}");
    assert!(shown.contains("site.toml:12:4") && shown.contains('^'), "{shown}");
}

#[test]
fn a_file_as_a_whole_has_no_position() {
    let mut whole = diagnostic("", 0..0);
    (whole.line, whole.column, whole.suggestion, whole.quote) = (None, None, None, None);
    let expected = "unknown key `alarm.lach`\n--> site.toml\n = help: remove it";
    assert_eq!(whole.to_string(), expected);
}

#[test]
fn only_colour_brings_escapes() {
    let error = ConfigError { diagnostics: vec![diagnostic("lach = true", 0..4)], omitted: 0 };
    assert!(!error.to_string().contains('\x1b'));
    assert!(error.in_colour().contains('\x1b'));
}
