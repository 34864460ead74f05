//! The README's first command, on what is in the repository.

use std::process::Command;

#[test]
fn the_demonstration_catches_an_anomaly_and_nothing_else() {
    let out = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_normwatch"))
        .args(["demo", "--out"])
        .arg(out.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{text}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(text.contains("alarm line high") && text.contains("0 outside one"), "{text}");
    let report = std::fs::read_to_string(out.path().join("report.html")).unwrap();
    assert!(report.contains("data:image/jpeg;base64,"));
}

#[test]
fn the_demonstration_says_as_json_what_it_says_in_words() {
    let out = tempfile::tempdir().unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_normwatch"))
        .args(["demo", "--json", "--out"])
        .arg(out.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let outcome: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(outcome["passed"], true, "{outcome}");
    assert!(outcome["sentence"].as_str().unwrap().contains("0 outside one"), "{outcome}");
    let events: u64 = outcome["clips"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|clip| clip["events"].as_u64())
        .sum();
    assert!(events > 0, "{outcome}");
    assert!(out.path().join("report.html").is_file());
}
