//! `train` as a process that is killed without warning and goes on.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const KILLS: usize = 5;
const EPOCHS: &str = "40";

/// A bright square that wanders over a ramp.
fn footage(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for index in 0..40u32 {
        let file = fs::File::create(folder.join(format!("{index:03}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 32, 32);
        encoder.set_color(png::ColorType::Grayscale);
        let pixel = |x: u32, y: u32| {
            let inside = x.abs_diff((index * 2) % 32) < 3 && y.abs_diff(12) < 3;
            if inside { 230 } else { (5 * x + 3 * y) as u8 }
        };
        let pixels: Vec<u8> = (0..32 * 32).map(|at| pixel(at % 32, at / 32)).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }
}

fn start(footage: &Path, out: &Path, threads: usize) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_normwatch-toolchain"));
    command.args(["train", "--preset", "nano", "--base-width", "2", "--items", "4"]);
    command.args(["--width-px", "32", "--height-px", "32", "--epochs", EPOCHS]);
    command.args(["--flip", "--pseudo-anomalies", "0.3", "--checkpoint-minutes", "0"]);
    command.env("RAYON_NUM_THREADS", threads.to_string());
    command.arg("--footage").arg(footage).arg("--out").arg(out);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The arrays of a checkpoint, without the text beside them, which holds times.
fn arrays(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    let header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    bytes[8 + header..].to_vec()
}

/// Five kills at moments that the seed chooses: while footage is read, within
/// a step, while a checkpoint is written. Each part runs on another number of
/// threads.
#[test]
fn a_training_that_is_killed_again_and_again_ends_with_the_same_weights() {
    let scratch = tempfile::tempdir().unwrap();
    let clip = scratch.path().join("footage");
    footage(&clip);
    let [whole, broken] = ["whole", "broken"].map(|name| scratch.path().join(name));
    let begun = Instant::now();
    assert!(start(&clip, &whole, 1).wait().unwrap().success());
    let once = begun.elapsed();

    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut kept, mut hit) = (Vec::new(), 0);
    for kill in 0..KILLS {
        let mut child = start(&clip, &broken, 1 + kill % 3);
        std::thread::sleep(once.mul_f64(rng.random_range(0.03..0.25)));
        child.kill().unwrap();
        hit += usize::from(child.wait().unwrap().code().is_none());
        kept.push(fs::read(broken.join("last.safetensors")).unwrap_or_default());
    }
    kept.dedup();
    assert!(hit > 2, "only {hit} of {KILLS} kills came before the end");
    assert!(kept.len() > 2, "the kills came before any checkpoint");
    assert!(start(&clip, &broken, 2).wait().unwrap().success());
    for name in ["best.safetensors", "last.safetensors"] {
        assert!(arrays(&whole.join(name)) == arrays(&broken.join(name)), "{name} differs");
    }
}
