//! Damaged bundles are refused with the file's name and what is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use ndarray_npy::WriteNpyExt;
use normwatch::calibrate::Calibration;
use normwatch::model::{Bundle, BundleErrorKind, Precision};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/tiny-paper");
        for entry in fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
        Self { folder }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn read(&self, file: &str) -> Vec<u8> {
        fs::read(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        fs::write(self.path(file), bytes).unwrap();
    }

    /// Writes a file and vouches for it in the manifest.
    fn replace(&self, file: &str, bytes: &[u8]) {
        let checksum = |b: &[u8]| -> String {
            Sha256::digest(b).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let (old, new) = (checksum(&self.read(file)), checksum(bytes));
        self.write(file, bytes);
        self.edit_manifest(&old, &new);
    }

    fn edit_manifest(&self, from: &str, to: &str) {
        let text = String::from_utf8(self.read("manifest.toml")).unwrap();
        assert!(text.contains(from), "the manifest has no `{from}`");
        self.write("manifest.toml", text.replacen(from, to, 1).as_bytes());
    }

    /// The refusal, which must name the file and say every one of `words`.
    fn refused(&self, file: &str, words: &[&str]) {
        let error = Bundle::load(self.folder.path()).expect_err("it should be refused");
        assert_eq!(error.file, self.path(file), "{error}");
        let text = error.to_string();
        for word in words {
            assert!(text.contains(word), "`{word}` is not in: {text}");
        }
    }
}

#[test]
fn an_intact_copy_loads() {
    let copy = Copy::new();
    let bundle = Bundle::load(copy.folder.path()).unwrap();
    assert_eq!(bundle.model_sha256().len(), 64);
    assert!(bundle.calibration_text().unwrap().is_none());
}

#[test]
fn a_missing_file_is_named() {
    for file in ["encoder.onnx", "decoder.onnx", "memory.npy", "golden.npz", "manifest.toml"] {
        let copy = Copy::new();
        fs::remove_file(copy.path(file)).unwrap();
        copy.refused(file, &["cannot be read"]);
    }
    let copy = Copy::new();
    let error = Bundle::load(&copy.path("encoder.onnx")).unwrap_err();
    assert!(error.to_string().contains("is not a bundle"), "{error}");
}

#[test]
fn a_flipped_bit_or_a_cut_is_seen() {
    for file in ["encoder.onnx", "decoder.onnx", "memory.npy", "golden.npz"] {
        let copy = Copy::new();
        let mut bytes = copy.read(file);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        copy.write(file, &bytes);
        copy.refused(file, &["damaged", "SHA-256"]);
        bytes.truncate(middle);
        copy.write(file, &bytes);
        copy.refused(file, &["damaged"]);
    }
}

/// The checksum agrees, so the file was made that way: its content must speak.
#[test]
fn nonsense_with_the_right_checksum_is_refused_too() {
    let copy = Copy::new();
    copy.replace("encoder.onnx", b"not an ONNX graph");
    copy.refused("encoder.onnx", &["ONNX"]);

    let copy = Copy::new();
    let cut = copy.read("decoder.onnx");
    copy.replace("decoder.onnx", &cut[..cut.len() / 2]);
    copy.refused("decoder.onnx", &["ONNX"]);

    let copy = Copy::new();
    copy.replace("memory.npy", b"\x93NUMPY");
    copy.refused("memory.npy", &[]);

    let copy = Copy::new();
    let cut = copy.read("golden.npz");
    copy.replace("golden.npz", &cut[..cut.len() - 40]);
    copy.refused("golden.npz", &[]);
}

/// tract panics on about one in a hundred of these.
#[test]
fn a_mutated_graph_is_refused_or_taken_and_never_a_panic() {
    let copy = Copy::new();
    for file in ["encoder.onnx", "decoder.onnx"] {
        let whole = copy.read(file);
        let is_letter = |byte: &u8| byte.is_ascii_lowercase();
        // Where names stand there is structure, and elsewhere there are weights.
        let structure: Vec<usize> = (16..whole.len() - 16)
            .filter(|at| whole[at - 12..at + 12].windows(4).any(|four| four.iter().all(is_letter)))
            .collect();
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as usize
        };
        for _ in 0..250 {
            let mut bytes = whole.clone();
            bytes[structure[next() % structure.len()]] = next() as u8;
            copy.replace(file, &bytes);
            if let Err(error) = Bundle::load(copy.folder.path()) {
                assert_eq!(error.kind, BundleErrorKind::Refused, "{error}");
            }
        }
        copy.replace(file, &whole);
    }
}

#[test]
fn encoder_and_decoder_must_be_of_one_export() {
    let copy = Copy::new();
    copy.replace("decoder.onnx", &copy.read("encoder.onnx"));
    copy.refused("decoder.onnx", &[]);

    let copy = Copy::new();
    let other = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/reference/tiny-nearest/encoder.onnx");
    copy.replace("encoder.onnx", &fs::read(other).unwrap());
    copy.refused("golden.npz", &["self-test"]);
}

#[test]
fn a_memory_of_another_kind_is_refused() {
    let npy = |items: Array2<f32>| {
        let mut bytes = Vec::new();
        items.write_npy(&mut bytes).unwrap();
        bytes
    };
    let copy = Copy::new();
    copy.replace("memory.npy", &npy(Array2::ones((10, 32))));
    copy.refused("memory.npy", &["item 0", "length"]);

    let copy = Copy::new();
    copy.replace("memory.npy", &npy(Array2::ones((9, 32))));
    copy.refused("memory.npy", &["(9, 32)", "(10, 32)"]);

    let copy = Copy::new();
    let mut unit = Array2::zeros((10, 32));
    unit.column_mut(0).fill(1.0);
    copy.replace("memory.npy", &npy(unit));
    copy.refused("golden.npz", &["self-test"]);

    let copy = Copy::new();
    let mut broken = Array2::zeros((10, 32));
    broken.fill(f32::NAN);
    copy.replace("memory.npy", &npy(broken));
    copy.refused("memory.npy", &["item 0"]);
}

#[test]
fn the_manifest_must_fit_and_make_sense() {
    let cases: [(&str, &str, &str, &[&str]); 18] = [
        ("format_version = 1", "format_version = 2", "manifest.toml", &["version 2", "version 1"]),
        ("width_px = 32", "width_px = 64", "encoder.onnx", &["64"]),
        ("width_px = 32", "width_px = \"32\"", "manifest.toml", &["width_px"]),
        ("width_px = 32", "wdith_px = 32", "manifest.toml", &["wdith_px"]),
        ("frames = 4", "frames = 3", "encoder.onnx", &["3"]),
        ("precision = \"f32\"", "precision = \"f31\"", "manifest.toml", &["f31"]),
        ("precision = \"f32\"", "precision = \"int8\"", "manifest.toml", &["int8", "in f32"]),
        ("lambda = 0.6", "lambda = 1.6", "manifest.toml", &["lambda"]),
        ("frames = 4", "frames = 4\nframe_spacing = 0", "manifest.toml", &["frame_spacing"]),
        ("frames = 4", "frames = 4\nframe_spacing = 4611686018427387904", "manifest.toml", &["15"]),
        ("fps = ", "fps = 1e-300 #", "manifest.toml", &["input.fps"]),
        ("fps = ", "fps = nan #", "manifest.toml", &["input.fps"]),
        ("gate_threshold = ", "gate_threshold = inf #", "manifest.toml", &["gate_threshold"]),
        ("lambda = 0.6", "lambda = 0.6\ntexture_floor = 1e30", "manifest.toml", &["texture_floor"]),
        ("lambda = 0.6", "lambda = 0.6\nsmoothing_ms = 60000", "manifest.toml", &["smoothing_ms"]),
        ("temperature = ", "temperature = inf #", "manifest.toml", &["temperature"]),
        ("lambda = 0.6", "lambda = nan", "manifest.toml", &["lambda"]),
        ("\"memory.npy\" =", "\"../memory.npy\" =", "manifest.toml", &["memory.npy"]),
    ];
    for (from, to, file, words) in cases {
        let copy = Copy::new();
        copy.edit_manifest(from, to);
        copy.refused(file, words);
    }
}

#[test]
fn a_calibration_is_stored_with_its_checksum() {
    let copy = Copy::new();
    let mut bundle = Bundle::load(copy.folder.path()).unwrap();
    bundle.store_calibration("x = 1\n", None).unwrap();
    let again = Bundle::load(copy.folder.path()).unwrap();
    assert_eq!(again.calibration_text().unwrap().as_deref(), Some("x = 1\n"));
    assert_eq!(again.model_sha256(), bundle.model_sha256());
    let name = again.calibration_file().unwrap();
    fs::write(&name, "x = 2\n").unwrap();
    assert_eq!(again.calibration_text().unwrap().as_deref(), Some("x = 1\n"), "read once");
    copy.refused(name.file_name().unwrap().to_str().unwrap(), &["damaged"]);
}

/// Whatever of a storing reaches the disk before the power goes, the bundle has the
/// old calibration or the new one.
#[test]
fn a_storing_that_is_cut_short_leaves_the_old_calibration() {
    let copy = Copy::new();
    let mut bundle = Bundle::load(copy.folder.path()).unwrap();
    bundle.store_calibration("x = 1\n", Some(b"old")).unwrap();
    // The last step of the next storing fails: everything before it has been done.
    fs::create_dir(copy.path("manifest.toml.part")).unwrap();
    let error = bundle.store_calibration("x = 2\n", Some(b"new")).unwrap_err();
    assert_eq!(error.kind, BundleErrorKind::Io, "{error}");
    for bundle in [bundle, Bundle::load(copy.folder.path()).unwrap()] {
        assert_eq!(bundle.calibration_text().unwrap().as_deref(), Some("x = 1\n"));
        assert_eq!(bundle.background_file().unwrap().1, b"old");
    }
    fs::remove_dir(copy.path("manifest.toml.part")).unwrap();
    let mut bundle = Bundle::load(copy.folder.path()).unwrap();
    bundle.store_calibration("x = 2\n", None).unwrap();
    let again = Bundle::load(copy.folder.path()).unwrap();
    assert_eq!(again.calibration_text().unwrap().as_deref(), Some("x = 2\n"));
    assert!(again.background_file().is_none());
    let files = fs::read_dir(copy.folder.path()).unwrap();
    let kept = files.filter(|file| {
        let name = file.as_ref().unwrap().file_name().into_string().unwrap();
        name.starts_with("calibration") || name.starts_with("background")
    });
    assert_eq!(kept.count(), 2, "the new one, and the one that was cut short");
}

/// Whoever calibrates as root must not keep the service from its bundle.
#[test]
fn a_calibration_is_for_those_who_may_read_the_manifest() {
    use std::os::unix::fs::PermissionsExt;
    let copy = Copy::new();
    let mode = |name: &Path| fs::metadata(name).unwrap().permissions().mode() & 0o777;
    let set = |mode| {
        fs::set_permissions(copy.path("manifest.toml"), fs::Permissions::from_mode(mode)).unwrap();
    };
    for wanted in [0o664, 0o606] {
        set(wanted);
        let mut bundle = Bundle::load(copy.folder.path()).unwrap();
        let name = bundle.store_calibration(&format!("x = {wanted}\n"), None).unwrap();
        assert_eq!((mode(&name), mode(&copy.path("manifest.toml"))), (wanted, wanted));
    }
}

#[test]
fn a_bundle_that_changed_meanwhile_takes_no_calibration() {
    for (from, to) in [("fps = ", "fps = 1"), ("temperature = ", "temperature = 2")] {
        let copy = Copy::new();
        let mut bundle = Bundle::load(copy.folder.path()).unwrap();
        copy.edit_manifest(from, to);
        let error = bundle.store_calibration("x = 1\n", None).unwrap_err();
        assert!(error.to_string().contains("was changed since"), "{error}");
    }
}

#[test]
fn what_computes_nothing_refuses_nothing() {
    let copy = Copy::new();
    let mut bundle = Bundle::load(copy.folder.path()).unwrap();
    bundle.store_calibration("x = 1\n", Some(b"a background")).unwrap();
    let background = bundle.background_file().unwrap().0;
    copy.edit_manifest("[files]", "[files]\n\"NOTES.md\" = \"00\"");
    copy.write("NOTES.md", b"a note was added");
    fs::write(&background, "another").unwrap();
    let again = Bundle::load(copy.folder.path()).unwrap();
    assert!(again.calibration_text().unwrap().is_some());
    assert!(again.background_file().is_none(), "but what is damaged is not used");
    fs::remove_file(copy.path("NOTES.md")).unwrap();
    Bundle::load(copy.folder.path()).unwrap();
}

/// Only what was read and refused is final.
#[test]
fn a_file_that_cannot_be_read_now_is_another_kind_of_error() {
    let copy = Copy::new();
    let kind = || Bundle::load(copy.folder.path()).unwrap_err().kind;
    let bytes = copy.read("memory.npy");
    copy.write("memory.npy", &bytes[1..]);
    assert_eq!(kind(), BundleErrorKind::Refused);
    fs::remove_file(copy.path("memory.npy")).unwrap();
    assert_eq!(kind(), BundleErrorKind::Io);
    fs::remove_dir_all(copy.folder.path()).unwrap();
    assert_eq!(kind(), BundleErrorKind::Io);
}

/// Headers that claim terabytes, behind checksums that agree.
#[test]
fn what_an_array_claims_is_not_believed() {
    let copy = Copy::new();
    let huge = |bytes: &[u8]| {
        const SHAPE: &[u8] = b"'shape': (";
        let at = bytes.windows(SHAPE.len()).position(|part| part == SHAPE).unwrap() + SHAPE.len();
        let mut bytes = bytes.to_vec();
        bytes[at..at + 17].copy_from_slice(b"4000000000,9999)}");
        bytes
    };
    copy.replace("memory.npy", &huge(&copy.read("memory.npy")));
    copy.refused("memory.npy", &["claims"]);
    let copy = Copy::new();
    copy.replace("golden.npz", &huge(&copy.read("golden.npz")));
    copy.refused("golden.npz", &[]);
}

#[test]
fn the_bundles_that_come_along_have_calibrations_of_their_own() {
    for name in ["walkway-edge", "ped2-edge", "ped2-edge-int8"] {
        let bundle = Bundle::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name));
        let bundle = bundle.unwrap_or_else(|e| panic!("{e}"));
        let text = bundle.calibration_text().unwrap().unwrap();
        let calibration = Calibration::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(calibration.conditions_sha256, Some(bundle.conditions_sha256()), "{name}");
    }
}

/// Made by `cargo xtask quantize`, see `tests/fixtures/int8/README.md`: skips
/// pass as integers, and the self-test agrees with what the toolchain stored.
#[test]
fn int8_bundles_load_and_predict() {
    for name in ["tiny-nearest", "tiny-paper", "tiny-change"] {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let bundle = Bundle::load(&fixtures.join("int8").join(name)).unwrap();
        assert_eq!(bundle.manifest().precision, Precision::Int8);
        let original = Bundle::load(&fixtures.join("reference").join(name)).unwrap();
        let frame: Vec<u8> = (0..1024).map(|i| (60 + (i * 7) % 90) as u8).collect();
        let past = || std::iter::repeat_n(frame.as_slice(), 4);
        let (mut int8, mut exact) = (bundle.predictor(), original.predictor());
        int8.predict(past()).unwrap();
        exact.predict(past()).unwrap();
        let pairs = int8.prediction().iter().zip(exact.prediction());
        let squares: f32 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
        let rms = (squares / 1024.0).sqrt();
        assert!(rms > 0.0 && rms < 0.1, "{name}: {rms}");
    }
}
