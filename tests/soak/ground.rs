//! The scratch folder that all stations of a soak share.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const SIDE_PX: usize = 32;
/// Pictures after which the scene begins again without a jump.
pub const ROUND: usize = 480;
/// Pictures that a camera's command writes at once.
const BLOCK: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Camera {
    Folder,
    Raw,
    Y4m,
}

/// A bundle that was calibrated for 1000 frames a second, footage, and cameras.
pub struct Ground {
    folder: TempDir,
}

impl Ground {
    pub fn new() -> Self {
        let ground = Self { folder: tempfile::tempdir().unwrap() };
        let bundle = Self::boards().with_file_name("tests/fixtures/reference/tiny-paper");
        fs::create_dir(ground.file("bundle")).unwrap();
        for entry in fs::read_dir(bundle).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), ground.file("bundle").join(entry.file_name())).unwrap();
        }
        let manifest = ground.file("bundle/manifest.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let rate = |line: &str| {
            if line.starts_with("fps =") { "fps = 1000.0".to_owned() } else { line.to_owned() }
        };
        let text: Vec<String> = text.lines().map(rate).collect();
        fs::write(manifest, text.join("\n")).unwrap();
        for seed in 0..4 {
            ground.clip(&format!("normal/{seed}"), seed);
        }
        let out = Command::new(env!("CARGO_BIN_EXE_normwatch"))
            .args(["calibrate", "--bundle", "bundle", "--frames", "normal"])
            .current_dir(ground.path())
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        ground.clip("loop", 0);
        ground.blocks();
        fs::write(ground.file("board.toml"), ground.board()).unwrap();
        ground
    }

    pub fn boards() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("boards")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything as it was, for a station with this camera.
    pub fn restore(&self, camera: Camera) {
        let events = self.file("logs");
        let _ = fs::remove_file(&events);
        let _ = fs::remove_dir_all(&events);
        fs::create_dir(&events).unwrap();
        let _ = fs::remove_file(self.file("inject"));
        fs::write(self.file("wd"), "").unwrap();
        fs::write(self.file("site.toml"), self.site(camera)).unwrap();
        fs::write(self.file("camera.sh"), self.script(camera)).unwrap();
        for frame in 0..ROUND {
            let path = self.picture(frame);
            let whole = fs::metadata(&path).is_ok_and(|m| m.len() > 200);
            if !whole {
                write_png(&path, &picture(frame, frame * 7 % 5));
            }
        }
    }

    /// A picture of the folder that is watched.
    pub fn picture(&self, frame: usize) -> PathBuf {
        self.file(&format!("loop/{frame:04}.png"))
    }

    fn clip(&self, name: &str, seed: usize) {
        let folder = self.file(name);
        fs::create_dir_all(&folder).unwrap();
        for frame in 0..2 * ROUND {
            if name == "loop" && frame >= ROUND {
                return;
            }
            let pixels = picture(frame + seed * 5, seed + frame * 7 % 5);
            write_png(&folder.join(format!("{frame:04}.png")), &pixels);
        }
    }

    /// What a camera's command writes: raw, and with the headers of YUV4MPEG2.
    fn blocks(&self) {
        for block in 0..ROUND / BLOCK {
            let (mut raw, mut y4m) = (Vec::new(), Vec::new());
            for frame in block * BLOCK..(block + 1) * BLOCK {
                let pixels = picture(frame, frame * 7 % 5);
                raw.extend(&pixels);
                y4m.extend(b"FRAME\n");
                y4m.extend(&pixels);
            }
            fs::write(self.file(&format!("raw{block}")), raw).unwrap();
            fs::write(self.file(&format!("y4m{block}")), y4m).unwrap();
        }
    }

    fn board(&self) -> String {
        let device = self.file("wd");
        format!(
            "description = \"soak\"\ninherits = \"simulated\"\n[watchdog]\ndevice = \"{}\"\n",
            device.display()
        )
    }

    fn site(&self, camera: Camera) -> String {
        let size = format!("width_px = {SIDE_PX}\nheight_px = {SIDE_PX}");
        let shell = format!(
            "source = \"pipe\"\nread_timeout_ms = 300\ncommand = [\"sh\", \"{}\"]",
            self.file("camera.sh").display()
        );
        let camera = match camera {
            Camera::Folder => "source = \"folder\"\npath = \"loop\"\nloop = true".to_owned(),
            Camera::Raw => format!("{shell}\nformat = \"grey\"\n{size}"),
            Camera::Y4m => format!("{shell}\nformat = \"y4m\""),
        };
        format!(
            "board = \"./board.toml\"\nbundle = \"bundle\"\n[camera]\n{camera}\n[alarm]\n\
             warm_up_ms = 0\nmin_duration_ms = 10\nhold_ms = 10\ncooldown_ms = 10\n[output.alarm]\n\
             line = \"ALARM\"\n[output.fault]\nline = \"FAULT\"\n[output.events]\n\
             path = \"logs/events.jsonl\"\nmax_bytes = 65536\n"
        )
    }

    /// A thousand frames a second, ten at a time; `inject` is done before each ten.
    fn script(&self, camera: Camera) -> String {
        let (kind, head) = match camera {
            Camera::Y4m => ("y4m", "printf 'YUV4MPEG2 W32 H32 F1000:1 Cmono\\n'"),
            Camera::Raw | Camera::Folder => ("raw", ":"),
        };
        format!(
            "cd {}\n{head}\ni=0\nwhile :; do\n[ -e inject ] && . ./inject\ncat {kind}$i\n\
             i=$(((i+1)%{}))\nsleep 0.006\ndone\n",
            self.path().display(),
            ROUND / BLOCK
        )
    }
}

fn picture(step: usize, phase: usize) -> Vec<u8> {
    let (cx, cy) = (step % SIDE_PX, (SIDE_PX / 2 + step / 3) % SIDE_PX);
    let pixel = |at: usize| {
        let (x, y) = (at % SIDE_PX, at / SIDE_PX);
        let inside = x.abs_diff(cx) <= 4 && y.abs_diff(cy) <= 4;
        if inside { 220 - phase as u8 * 3 } else { (60 + (x * 3 + y * 5 + phase) % 23) as u8 }
    };
    (0..SIDE_PX * SIDE_PX).map(pixel).collect()
}

fn write_png(path: &Path, pixels: &[u8]) {
    let file = fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, SIDE_PX as u32, SIDE_PX as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}
