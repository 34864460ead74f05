//! `bundle_keys`: whose bundles a site takes.

use crate::{MINIMAL, assert_problems, load_text};

/// The example of minisign's own documentation.
const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";

fn with(keys: &str) -> String {
    format!("bundle_keys = {keys}\n{MINIMAL}")
}

#[test]
fn keys_are_read_and_are_none_by_default() {
    assert!(load_text(MINIMAL).unwrap().bundle_keys.is_empty());
    let site = load_text(&with(&format!("[\"{KEY}\", \" {KEY} \"]"))).unwrap();
    assert_eq!(site.bundle_keys.len(), 2);
    assert!(site.bundle_keys.iter().all(|key| key.to_string() == KEY));
}

#[test]
fn what_is_no_key_does_not_mean_every_bundle() {
    let many = format!("[{}]", vec![format!("\"{KEY}\""); 9].join(","));
    let bad_key = |at: usize, column: usize, why: &str| {
        format!("1:{column} `bundle_keys[{at}]` is not a public key of minisign: {why}")
    };
    for (keys, expected) in [
        ("[]", "1:15 `bundle_keys` has 0 keys"),
        (many.as_str(), "1:15 `bundle_keys` has 9 keys"),
        ("\"key\"", "1:15 `bundle_keys` must be an array, not a string"),
        ("[1]", "1:16 `bundle_keys[0]` must be a string, not a whole number"),
        ("[\"\"]", "1:16 `bundle_keys[0]` is empty"),
        ("[\"fleet.pub\"]", &bad_key(0, 16, "Invalid encoding in minisign data")),
        (&format!("[\"{KEY}\", \"RWQ\"]"), &bad_key(1, 76, "Invalid encoding in minisign data")),
    ] {
        assert_problems(&with(keys), &[expected]);
    }
}

#[test]
fn a_board_that_learns_cannot_want_signatures() {
    let text = with(&format!("[\"{KEY}\"]")) + "[learn]\nfolder = \"learnt\"\n";
    assert_problems(
        &text,
        &[
            "1:1 `bundle_keys` has no meaning beside `[learn]`: what the board learns itself has no \
           signature",
        ],
    );
}
