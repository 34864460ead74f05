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
