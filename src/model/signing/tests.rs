use std::path::Path;

use super::*;

fn manifest() -> Manifest {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/walkway-edge/manifest.toml");
    Manifest::parse(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn a_statement_names_settings_and_files() {
    let manifest = manifest();
    let all = statement(&manifest, Covers::Calibration);
    assert_eq!(all.lines().count(), 4 + manifest.files.len(), "{all}");
    let encoder = format!("{} \"encoder.onnx\"\n", manifest.files["encoder.onnx"]);
    assert!(all.starts_with("normwatch bundle 1\nf32 precision\n") && all.contains(&encoder));
    let network = statement(&manifest, Covers::NetworkAlone);
    assert!(network.contains("encoder.onnx") && !network.contains("calibration.toml"), "{network}");
}

#[test]
fn a_statement_without_a_calibration_says_whether_one_may_come() {
    let mut bare = manifest();
    bare.files.retain(|name, _| !is_calibration(name));
    assert_ne!(statement(&bare, Covers::Calibration), statement(&bare, Covers::NetworkAlone));
}

#[test]
fn whatever_is_changed_changes_the_statement() {
    let changes: [fn(&mut Manifest); 5] = [
        |manifest| manifest.score.lambda += 0.1,
        |manifest| manifest.input.fps += 1.0,
        |manifest| manifest.precision = crate::model::Precision::Int8,
        |manifest| *manifest.files.get_mut("memory.npy").unwrap() = "0".repeat(64),
        |manifest| {
            manifest.files.insert("view.npz".into(), "0".repeat(64));
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = manifest();
        change(&mut changed);
        let [was, is] = [manifest(), changed].map(|m| statement(&m, Covers::NetworkAlone));
        assert_ne!(was, is, "change {number}");
    }
}
