//! What `normwatch record` leaves behind is what `train` takes.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use serde_json::Value;

/// A camera (here a folder that plays one) is recorded and trained from; no
/// step lies between.
#[test]
fn a_recording_trains_without_any_step_between() {
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("camera")).unwrap();
    for index in 0..40u32 {
        let file = fs::File::create(scratch.path().join(format!("camera/{index:03}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 48, 32);
        encoder.set_color(png::ColorType::Grayscale);
        let pixel = |x: u32, y: u32| {
            let inside = x.abs_diff((index * 2) % 48) < 4 && y.abs_diff(12) < 4;
            if inside { 230 } else { (3 * x + 4 * y) as u8 }
        };
        let pixels: Vec<u8> = (0..48 * 32).map(|at| pixel(at % 48, at / 48)).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }
    // Beside the site file, so that it does not matter where cargo builds.
    let board = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../boards/simulated.toml");
    fs::create_dir(path("boards")).unwrap();
    fs::copy(board, path("boards/simulated.toml")).unwrap();
    // The bundle that the recording is for does not exist yet.
    let site = format!(
        "board = \"simulated\"\nbundle = \"to-come\"\n[camera]\nsource = \"folder\"\n\
         path = \"{}\"\n[output.alarm]\nline = \"ALARM\"\n",
        path("camera")
    );
    fs::write(path("site.toml"), site).unwrap();
    let (config, recording, run) = (path("site.toml"), path("recording"), path("run"));
    let record = ["normwatch", "record", "--config", &config, "--out", &recording];
    let recorded = normwatch::cli::main_from(record.iter().chain(&["--fps", "25"]).map(Into::into));
    assert_eq!(format!("{recorded:?}"), format!("{:?}", ExitCode::SUCCESS));

    let out = Command::new(env!("CARGO_BIN_EXE_normwatch-toolchain"))
        .args(["train", "--footage", &recording, "--out", &run, "--preset", "nano", "--json"])
        .args(["--base-width", "2", "--width-px", "32", "--height-px", "32", "--epochs", "2"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lines = String::from_utf8(out.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "two epochs and a summary");
    assert!(lines[2]["summary"]["best"]["pixel"].as_f64().unwrap() > 0.0);
    let run_file = fs::read_to_string(scratch.path().join("run/run.toml")).unwrap();
    assert!(run_file.contains("frames = 40"), "{run_file}");
    assert!(run_file.contains("fps = 25.0"), "the recording's own rate: {run_file}");
}
