//! What the tests of several modules need: tiny bundles and footage for them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A bundle that PyTorch's tensors are stored with: `tiny-paper`,
/// `tiny-nearest` or `tiny-bgr`.
pub fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/reference").join(name)
}

/// A folder with a clip of discs that drift over a texture.
pub fn footage(frames: usize, side_px: usize) -> TempDir {
    lit_footage(frames, side_px, |_| 1.0)
}

/// The same in a light of its own for every frame.
pub fn lit_footage(frames: usize, side_px: usize, light: impl Fn(usize) -> f64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("clip");
    fs::create_dir(&clip).unwrap();
    for index in 0..frames {
        let pixel = |i: usize| {
            let (x, y) = ((i % side_px) as f64, (i / side_px) as f64);
            let disc = |speed: f64, row: f64| {
                let dx = x - (index as f64 * speed) % (side_px as f64 + 8.0) + 4.0;
                let dy = y - row * side_px as f64;
                80.0 * (-(dx * dx + dy * dy) / 8.0).exp()
            };
            let texture = 96.0 + 24.0 * (x / 5.0).sin() * (y / 7.0).cos();
            ((texture + disc(0.8, 0.35) + disc(1.1, 0.65)) * light(index)) as u8
        };
        let pixels: Vec<u8> = (0..side_px * side_px).map(pixel).collect();
        let file = fs::File::create(clip.join(format!("{index:04}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, side_px as u32, side_px as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    }
    folder
}

/// Runs the toolchain's command line as a user would.
pub fn command(args: &[&str]) -> anyhow::Result<()> {
    crate::cli::run_args(args)
}

/// The message with its causes.
pub fn refusal(args: &[&str]) -> String {
    format!("{:#}", command(args).expect_err("it should be refused"))
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
