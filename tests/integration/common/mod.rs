//! Shared by the tests that run the program on generated footage.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use tempfile::TempDir;

pub const SIDE_PX: usize = 32;

/// A scratch folder with a copy of a tiny bundle in `bundle`.
pub struct Bench {
    folder: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/tiny-paper");
        fs::create_dir(folder.path().join("bundle")).unwrap();
        for entry in fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join("bundle").join(path.file_name().unwrap())).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a clip of a blob that drifts; from `odd_from` on it jumps about.
    pub fn clip(&self, name: &str, frames: usize, seed: usize, odd_from: Option<usize>) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        for frame in 0..frames {
            let odd = odd_from.is_some_and(|from| frame >= from);
            let step = if odd { frame * 13 } else { frame };
            let pixels = picture(step + seed * 5, seed + frame * 7 % 5, odd);
            write_png(&folder.join(format!("{frame:04}.png")), &pixels, SIDE_PX);
        }
        folder
    }

    /// Four normal clips, and a calibration from them in the bundle.
    pub fn calibrated() -> Self {
        static MADE: OnceLock<Vec<(PathBuf, Vec<u8>)>> = OnceLock::new();
        let bench = Self::new();
        for (path, bytes) in MADE.get_or_init(calibrated) {
            let path = bench.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        bench
    }

    /// The text of the bundle's own calibration.
    pub fn calibration(&self) -> String {
        let bundle = normwatch::model::Bundle::load(&self.path("bundle")).unwrap();
        bundle.calibration_text().unwrap().unwrap()
    }

    /// Calibrated, with a `site.toml` for `camera`, the keys of its section, that logs to
    /// `events`, and a board whose watchdog is the plain file `wd`.
    pub fn with_site(camera: &str, events: &str) -> Self {
        let bench = Self::calibrated();
        fs::write(bench.path("wd"), "").unwrap();
        let board = format!(
            "description = \"test\"\ninherits = \"simulated\"\n[watchdog]\ndevice = \"{}\"\n",
            bench.path("wd").display()
        );
        fs::write(bench.path("board.toml"), board).unwrap();
        let site = format!(
            "board = \"./board.toml\"\nbundle = \"bundle\"\n[camera]\n{camera}\n[output.alarm]\n\
             line = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n[output.events]\n\
             path = \"{events}\"\n"
        );
        fs::write(bench.path("site.toml"), site).unwrap();
        bench
    }

    /// Runs the program in the scratch folder.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_normwatch"));
        let boards = Path::new(env!("CARGO_MANIFEST_DIR"));
        command.args(args).current_dir(self.folder.path()).env("NORMWATCH_DATA", boards);
        command
    }
}

/// The files of [`Bench::calibrated`].
fn calibrated() -> Vec<(PathBuf, Vec<u8>)> {
    let bench = Bench::new();
    for seed in 0..4 {
        bench.clip(&format!("normal/{seed:02}"), 80, seed, None);
    }
    let out = bench.run(&["calibrate", "--bundle", "bundle", "--frames", "normal"]);
    assert!(out.status.success(), "{}", stderr(&out));
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from("bundle"), PathBuf::from("normal")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(bench.path("").join(&folder)).unwrap() {
            let name = folder.join(entry.unwrap().file_name());
            let path = bench.path("").join(&name);
            if path.is_dir() {
                folders.push(name);
            } else {
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    files
}

/// Writes a file of a secret, for its owner alone.
pub fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A frame in which a blob has moved so far; an odd one is larger.
pub fn picture(step: usize, phase: usize, odd: bool) -> Vec<u8> {
    let (cx, cy) = (step % SIDE_PX, (SIDE_PX / 2 + step / 3) % SIDE_PX);
    let radius = if odd { 9 } else { 4 };
    let pixel = |i: usize| {
        let (x, y) = (i % SIDE_PX, i / SIDE_PX);
        let inside = x.abs_diff(cx) <= radius && y.abs_diff(cy) <= radius;
        let ground = 60 + (x * 3 + y * 5 + phase) % 23;
        if inside { 220 - phase as u8 * 3 } else { ground as u8 }
    };
    (0..SIDE_PX * SIDE_PX).map(pixel).collect()
}

/// Writes a square grey PNG.
pub fn write_png(path: &Path, pixels: &[u8], side_px: usize) {
    let file = fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, side_px as u32, side_px as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

pub fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

pub fn json(text: &[u8]) -> serde_json::Value {
    serde_json::from_slice(text)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(text)))
}
