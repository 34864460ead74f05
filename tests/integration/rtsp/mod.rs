//! Network cameras through the real `ffmpeg`: login, loss, silence, and cameras that are
//! not what they were.

mod server;

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use normwatch::capture::{
    FrameSource, PixelFormat, RtspOptions, RtspSource, SourceError, SourceErrorKind, Wake,
};

use self::server::{Camera, Codec, Part, Visit};
use crate::common::{Bench, json, write_secret};

const PATIENCE: Duration = Duration::from_secs(60);
const SMALL: (u16, u16) = (160, 120);

fn options(camera: &Camera) -> RtspOptions {
    RtspOptions {
        url: camera.url(),
        user: None,
        password_file: None,
        decoder: None,
        read_timeout_ms: 20_000,
    }
}

fn part(codec: Codec, size_px: (u16, u16), pictures: usize) -> Part {
    Part { codec, size_px, pictures }
}

fn plays(parts: &[Part]) -> Visit {
    Visit::Play { parts: parts.to_vec(), stalls: false }
}

fn open(options: &RtspOptions) -> Result<RtspSource, SourceError> {
    RtspSource::open(options, &Wake::never())
}

/// What came until the source ended or failed.
struct Played {
    /// When each picture was taken.
    times: Vec<u64>,
    /// Pictures that had waited for the decoder.
    settled: usize,
    error: Option<SourceError>,
}

impl Played {
    fn count(&self) -> usize {
        self.times.len() + self.settled
    }
}

fn play(source: &mut RtspSource) -> Played {
    let mut played = Played { times: Vec::new(), settled: 0, error: None };
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.format, PixelFormat::I420);
                played.times.push(frame.timestamp_ns);
            }
            Ok(None) => return played,
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => {}
            Err(error) if error.kind() == SourceErrorKind::Settling => played.settled += 1,
            Err(error) => {
                played.error = Some(error);
                return played;
            }
        }
    }
}

#[test]
fn pictures_come_with_the_cameras_times() {
    let camera = Camera::doing(vec![plays(&[part(Codec::Jpeg, SMALL, 200)])], None);
    let mut source = open(&options(&camera)).unwrap();
    assert!(source.describe().starts_with(&camera.url()), "{}", source.describe());
    let Played { times, settled, .. } = play(&mut source);
    assert!(times.len() + settled >= 195, "{} and {settled} pictures", times.len());
    assert!(times.is_sorted_by(|a, b| a < b));
    // However uneven they came: twenty a second by the camera's own times.
    let distances: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let even = distances.iter().filter(|ns| ns.abs_diff(50_000_000) < 5_000_000).count();
    assert!(even * 2 > distances.len(), "{distances:?}");
}

/// The next opening takes the camera as it is then.
#[test]
fn a_camera_that_comes_back_with_another_codec_and_size_is_taken_as_it_is() {
    let visits = [part(Codec::Jpeg, SMALL, 12), part(Codec::H264, (192, 144), 40)]
        .map(|part| plays(&[part]));
    let camera = Camera::doing(visits.to_vec(), None);
    for (size, least) in [("160x120", 8), ("192x144", 20)] {
        let mut source = open(&options(&camera)).unwrap();
        assert!(source.describe().contains(size), "{}", source.describe());
        let count = play(&mut source).count();
        assert!(count >= least, "{count} pictures of {size}");
    }
}

#[test]
fn a_camera_that_changes_its_size_under_way_is_lost() {
    let parts = [part(Codec::Jpeg, SMALL, 20), part(Codec::Jpeg, (320, 240), 40)];
    let camera = Camera::doing(vec![plays(&parts)], None);
    let played = play(&mut open(&options(&camera)).unwrap());
    let error = played.error.as_ref().expect("the change goes unnoticed");
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    assert!(error.to_string().contains("from 160×120 to 320×240"), "{error}");
    assert!(played.count() > 0);
}

#[test]
fn a_camera_that_falls_silent_is_lost_whether_it_has_played_or_not() {
    let stalls = Visit::Play { parts: vec![part(Codec::Jpeg, SMALL, 12)], stalls: true };
    let camera = Camera::doing(vec![stalls], None);
    let mut options = RtspOptions { read_timeout_ms: 4000, ..options(&camera) };
    let played = play(&mut open(&options).unwrap());
    let told = played.error.as_ref().map(|error| (error.kind(), error.to_string()));
    // Whoever notices first: `ffmpeg`, which then ends, or its reader.
    let is_loss = |kind: SourceErrorKind| kind == SourceErrorKind::Disconnected;
    assert!(told.as_ref().is_none_or(|(kind, _)| is_loss(*kind)), "{told:?}");
    assert!(played.count() > 0);
    let camera = Camera::doing(vec![Visit::Silent], None);
    options.url = camera.url();
    options.read_timeout_ms = 500;
    let error = open(&options).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected, "{error}");
}

#[test]
fn a_wrong_path_is_told_and_tried_again_and_a_wrong_login_is_final() {
    let camera = Camera::doing(vec![Visit::Refuse("404 Not Found")], None);
    let error = open(&options(&camera)).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected, "{error}");
    assert!(error.to_string().contains("correct the path in `url`"), "{error}");
    let visits = vec![plays(&[part(Codec::Jpeg, SMALL, 12)])];
    let camera = Camera::doing(visits, Some("yard:hunter/2 ä'"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    write_secret(&file, "hunter/2 ä'\n");
    let mut options = RtspOptions {
        user: Some("yard".into()),
        password_file: Some(file.clone()),
        ..options(&camera)
    };
    assert!(play(&mut open(&options).unwrap()).count() > 0);
    write_secret(&file, "hunter3");
    let error = open(&options).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal, "{error}");
    assert!(error.to_string().contains("refuses the login"), "{error}");
    assert!(!error.to_string().contains("hunter"), "{error}");
    options.user = None;
    assert_eq!(open(&options).unwrap_err().kind(), SourceErrorKind::Fatal);
}

/// The words of a running process's command line that begin with `word`.
fn command_lines(word: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(word)).collect()
}

#[test]
fn a_run_survives_the_loss_of_its_camera_and_shows_its_password_to_nobody() {
    let visits = [part(Codec::Jpeg, SMALL, 300), part(Codec::H264, SMALL, 2000)];
    let visits = visits.map(|part| plays(&[part]));
    let camera = Camera::doing(visits.to_vec(), Some("yard:hunter2pass"));
    let section = format!(
        "source = \"rtsp\"\nurl = \"{}\"\nuser = \"yard\"\npassword_file = \"pw\"\n\
         read_timeout_ms = 20000",
        camera.url()
    );
    let bench = Bench::with_site(&section, "events.jsonl");
    write_secret(&bench.path("pw"), "hunter2pass\n");
    let mut child = bench
        .command(&["run", "--config", "site.toml"])
        .stdout(Stdio::null())
        .stderr(fs::File::create(bench.path("log")).unwrap())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let logged = || fs::read_to_string(bench.path("log")).unwrap_or_default();
    let count = |kind: &str| {
        let text = fs::read_to_string(bench.path("events.jsonl")).unwrap_or_default();
        let lines = text.lines().filter(|line| line.ends_with('}'));
        lines.filter(|line| json(line.as_bytes())["event"] == kind).count()
    };
    while count("sighted") < 2 && begun.elapsed() < PATIENCE {
        assert!(child.try_wait().unwrap().is_none(), "{}", logged());
        thread::sleep(Duration::from_millis(50));
    }
    let at_work = command_lines("yuv4mpegpipe");
    let told = command_lines("hunter2pass");
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert!(child.wait().unwrap().success(), "{}", logged());
    assert!(count("sighted") >= 2 && count("blind") >= 1, "{}", logged());
    assert!(!at_work.is_empty(), "no ffmpeg at work");
    assert!(told.is_empty(), "{told:?}");
    assert!(!logged().contains("hunter2"), "{}", logged());
}

#[test]
fn a_site_without_ffmpeg_is_told_what_to_install() {
    let section = "source = \"rtsp\"\nurl = \"rtsp://127.0.0.1:9/live\"";
    let bench = Bench::with_site(section, "events.jsonl");
    let none = bench.path("none");
    for (args, code) in [
        (&["check", "--config", "site.toml"][..], Some(0)),
        (&["doctor", "--config", "site.toml"], None),
        (&["run", "--config", "site.toml"], Some(4)),
    ] {
        let out = bench.command(args).env("PATH", &none).output().unwrap();
        let text = [&out.stdout[..], &out.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("apt install ffmpeg"), "{args:?}: {text}");
        assert!(code.is_none() || out.status.code() == code, "{args:?}: {:?} {text}", out.status);
    }
}
