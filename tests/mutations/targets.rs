//! What reads, and what reading has to leave behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use normwatch::calibrate::{Budget, Calibration, background_from_npz};
use normwatch::capture::{
    FolderSource, Frame, FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource,
    PixelFormat, SourceErrorKind, Timestamps,
};
use normwatch::clock::SimulatedClock;
use normwatch::config::load_site;
use normwatch::event::{DESCRIPTION, LAST, explain, read_one};
use normwatch::model::{Bundle, Manifest, UsualView};
use normwatch::output::{Event, EventSink, EventWriter};
use normwatch::preprocess::{Channels, InputSpec, Preprocessor, Resize};
use normwatch::signature::PublicKey;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A kind of input.
pub struct Target {
    pub name: &'static str,
    pub is_text: bool,
    /// Reads it and says whether it was accepted.
    pub read: fn(&Ground, &[u8]) -> bool,
}

pub const TARGETS: [Target; 17] = [
    Target { name: "site", is_text: true, read: site },
    Target { name: "board", is_text: true, read: board },
    Target { name: "manifest", is_text: true, read: manifest },
    Target { name: "calibration", is_text: true, read: calibration },
    Target { name: "memory", is_text: false, read: memory },
    Target { name: "golden", is_text: false, read: golden },
    Target { name: "encoder", is_text: false, read: encoder },
    Target { name: "decoder", is_text: false, read: decoder },
    Target { name: "view", is_text: false, read: view },
    Target { name: "background", is_text: false, read: background },
    Target { name: "signature", is_text: true, read: signature },
    Target { name: "event", is_text: true, read: event },
    Target { name: "jpeg", is_text: false, read: jpeg },
    Target { name: "png", is_text: false, read: png },
    Target { name: "y4m", is_text: false, read: y4m },
    Target { name: "raw pipe", is_text: false, read: raw },
    Target { name: "event log", is_text: false, read: event_log },
];

/// A scratch folder with a bundle.
pub struct Ground {
    folder: TempDir,
    manifest: String,
}

impl Ground {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::create_dir(folder.path().join("bundle")).unwrap();
        fs::create_dir(folder.path().join("pictures")).unwrap();
        for entry in fs::read_dir(root.join("tests/fixtures/reference/tiny-paper")).unwrap() {
            let entry = entry.unwrap();
            let to = folder.path().join("bundle").join(entry.file_name());
            fs::copy(entry.path(), to).unwrap();
        }
        let manifest = fs::read_to_string(folder.path().join("bundle/manifest.toml")).unwrap();
        Self { folder, manifest }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Loads the bundle with a changed file for which the manifest vouches.
    fn load_with(&self, file: &str, bytes: &[u8]) -> bool {
        let path = self.folder.path().join("bundle").join(file);
        let sound = fs::read(&path).unwrap();
        let hex = |bytes: &[u8]| -> String {
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let vouching = self.manifest.replace(&hex(&sound), &hex(bytes));
        fs::write(&path, bytes).unwrap();
        self.write("bundle/manifest.toml", vouching.as_bytes());
        let is_accepted = Bundle::load(&self.folder.path().join("bundle")).is_ok();
        fs::write(&path, sound).unwrap();
        self.write("bundle/manifest.toml", self.manifest.as_bytes());
        is_accepted
    }
}

fn boards() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("boards")
}

fn site(ground: &Ground, bytes: &[u8]) -> bool {
    let path = ground.write("site.toml", bytes);
    load_site(&path, &[boards()]).map_err(|error| error.to_string()).is_ok()
}

fn board(ground: &Ground, bytes: &[u8]) -> bool {
    ground.write("board.toml", bytes);
    let site = "board = \"./board.toml\"\nbundle = \"bundle\"\n[camera]\nsource = \"folder\"\n\
                path = \"pictures\"\n[output.alarm]\nline = \"ALARM\"\n";
    let path = ground.write("site.toml", site.as_bytes());
    load_site(&path, &[boards()]).map_err(|error| error.to_string()).is_ok()
}

fn manifest(ground: &Ground, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    if Manifest::parse(text).is_err() {
        return false;
    }
    ground.write("bundle/manifest.toml", bytes);
    let bundle = Bundle::load(&ground.folder.path().join("bundle"));
    ground.write("bundle/manifest.toml", ground.manifest.as_bytes());
    let Ok(bundle) = bundle else { return false };
    let input = bundle.manifest().input;
    let frame = vec![100; input.spec().frame_len()];
    bundle.predictor().predict(std::iter::repeat_n(&frame[..], input.frames)).is_ok()
}

fn calibration(_: &Ground, bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(calibration) = Calibration::parse(text) else { return false };
    let levels = Budget { alarms_per_day: 1.0, min_duration_ms: 500 }.levels(&calibration);
    assert!(levels.enter_level.is_finite() && levels.exit_level.is_finite(), "{levels:?}");
    true
}

fn memory(ground: &Ground, bytes: &[u8]) -> bool {
    ground.load_with("memory.npy", bytes)
}

fn golden(ground: &Ground, bytes: &[u8]) -> bool {
    ground.load_with("golden.npz", bytes)
}

fn encoder(ground: &Ground, bytes: &[u8]) -> bool {
    ground.load_with("encoder.onnx", bytes)
}

fn decoder(ground: &Ground, bytes: &[u8]) -> bool {
    ground.load_with("decoder.onnx", bytes)
}

fn view(_: &Ground, bytes: &[u8]) -> bool {
    UsualView::from_npz(bytes).is_ok()
}

fn background(_: &Ground, bytes: &[u8]) -> bool {
    background_from_npz(bytes, (96, 96)).is_ok()
}

/// Of a key in minisign's own documentation.
fn signature(_: &Ground, bytes: &[u8]) -> bool {
    let key = PublicKey::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3");
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    key.unwrap().verify(b"test", text).is_ok()
}

/// As `normwatch events` reads what a run has left behind.
fn event(ground: &Ground, bytes: &[u8]) -> bool {
    let folder = ground.path().join("events/20261130T120000Z-anomaly");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(DESCRIPTION), bytes).unwrap();
    let read = read_one(&ground.path().join("events"), LAST);
    read.map(|event| explain(&event.situation)).is_ok()
}

fn jpeg(_: &Ground, bytes: &[u8]) -> bool {
    let spec = InputSpec {
        width_px: 32,
        height_px: 32,
        channels: Channels::Luma,
        resize: Resize::Bilinear,
        relight: false,
    };
    let frame = Frame {
        format: PixelFormat::Mjpeg,
        width_px: 48,
        height_px: 40,
        stride_bytes: 0,
        data: bytes,
        timestamp_ns: 0,
        sequence: 0,
    };
    Preprocessor::new(spec).process(&frame, &mut vec![0; spec.frame_len()]).is_ok()
}

fn png(ground: &Ground, bytes: &[u8]) -> bool {
    ground.write("pictures/1.png", bytes);
    let Ok(mut folder) = FolderSource::open(ground.folder.path().join("pictures"), 10.0) else {
        return false;
    };
    matches!(folder.next_frame(), Ok(Some(_)))
}

fn y4m(ground: &Ground, bytes: &[u8]) -> bool {
    stream(ground, bytes, PipeContent::Y4m)
}

fn raw(ground: &Ground, bytes: &[u8]) -> bool {
    let (width_px, height_px) = (32, 32);
    let format = PixelFormat::Grey;
    stream(ground, bytes, PipeContent::Raw { format, width_px, height_px, stride_bytes: None })
}

/// Whether all of a stream was read without a complaint.
fn stream(ground: &Ground, bytes: &[u8], content: PipeContent) -> bool {
    let path = ground.write("stream", bytes);
    let argv = vec!["cat".to_owned(), path.display().to_string()];
    let options =
        PipeOptions { content, timestamps: Timestamps::Rate(10.0), read_timeout_ms: 10_000 };
    let input = PipeInput::Command(PipeCommand { argv });
    let Ok(mut source) = PipeSource::open(&input, options) else { return false };
    let mut complained = false;
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => assert!(frame.data.len() >= frame.height_px as usize),
            Ok(None) => return !complained,
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => complained = true,
            Err(_) => return false,
        }
    }
}

/// Whatever is in the log before: it stays, and what comes after is whole lines.
fn event_log(ground: &Ground, bytes: &[u8]) -> bool {
    // A name of its own: the thread of the case before may still hold the lock.
    static CASES: AtomicU64 = AtomicU64::new(0);
    let name = format!("events-{}.jsonl", CASES.fetch_add(1, Ordering::Relaxed));
    let path = ground.write(&name, bytes);
    let clock = Arc::new(SimulatedClock::new(0));
    let mut writer = EventWriter::start(&path, 1 << 20, clock).unwrap();
    writer.record(&Event::Sighted { time_ms: 1 }).unwrap();
    writer.record(&Event::Stop { time_ms: 2, reason: "end".into() }).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let after = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(after.starts_with(bytes), "what was there is gone");
    let text = String::from_utf8_lossy(&after[bytes.len()..]).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 2, "{text}");
    for line in lines {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    true
}
