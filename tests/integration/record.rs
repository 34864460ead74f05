//! Recordings, from a scripted camera and through the program.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::common::{Bench, SIDE_PX, json, stderr, write_png};
use normwatch::capture::{FolderSource, Frame, FrameSource, PixelFormat, SourceError, list_clips};
use normwatch::clock::SimulatedClock;
use normwatch::output::ImageFormat;
use normwatch::preprocess::{Channels, Resize};
use normwatch::record::{
    RecordEnd, RecordError, RecordOptions, RecordStats, RecordingFile, record,
};
use normwatch::runtime::Shutdown;

const STEP_MS: u64 = 100;

/// What a scripted camera does next.
#[derive(Clone, Copy)]
enum Act {
    /// A frame so many milliseconds after the last.
    After(u64),
    Skip,
    Lose,
    Break,
}

use Act::{After, Break, Lose, Skip};

struct Scripted {
    acts: VecDeque<Act>,
    time_ms: u64,
    pixels: Vec<u8>,
}

impl FrameSource for Scripted {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let after_ms = match self.acts.pop_front() {
            None => return Ok(None),
            Some(Skip) => return Err(SourceError::frame_skipped("torn")),
            Some(Lose) => return Err(SourceError::disconnected("unplugged")),
            Some(Break) => return Err(SourceError::fatal("no such format")),
            Some(After(ms)) => ms,
        };
        self.time_ms += after_ms;
        self.pixels.fill((self.time_ms / STEP_MS) as u8);
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: 8,
            height_px: 6,
            stride_bytes: 8,
            data: &self.pixels,
            timestamp_ns: self.time_ms * 1_000_000,
            sequence: self.time_ms,
        }))
    }

    fn describe(&self) -> String {
        "a scripted camera".into()
    }
}

fn options(folder: &Path) -> RecordOptions {
    RecordOptions {
        folder: folder.to_path_buf(),
        fps: 1000.0 / STEP_MS as f64,
        size_px: None,
        channels: Channels::Luma,
        resize: Resize::Area,
        image: ImageFormat::Png,
        size_limit_bytes: 1 << 30,
        time_limit_ms: None,
        end_is_loss: false,
    }
}

/// Records one script after the other, each an opening of the camera.
fn play(
    options: &RecordOptions,
    scripts: &[Vec<Act>],
) -> Result<(RecordStats, RecordEnd), RecordError> {
    let mut scripts: VecDeque<_> = scripts.iter().cloned().collect();
    let mut open = || {
        let acts = scripts.pop_front().ok_or(SourceError::fatal("no more scripts"))?.into();
        let source = Scripted { acts, time_ms: 0, pixels: vec![0; 48] };
        Ok(Box::new(source) as Box<dyn FrameSource + Send>)
    };
    let clock = SimulatedClock::new(1_700_000_000_000_000_000);
    record(options, &mut open, &clock, &Shutdown::new(), &mut |_| {})
}

fn steps(frames: usize) -> Vec<Act> {
    vec![After(STEP_MS); frames]
}

/// Each clip's name and its frames' first pixels, as training reads them.
fn clips(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(clips) = list_clips(folder) else { return Vec::new() };
    let first_pixels = |path: &PathBuf| {
        let mut source = FolderSource::open(path, 10.0).unwrap();
        let mut pixels = Vec::new();
        while let Some(frame) = source.next_frame().unwrap() {
            pixels.push(frame.data[0]);
        }
        pixels
    };
    clips.into_iter().map(|(name, path)| (name, first_pixels(&path))).collect()
}

fn recording(folder: &Path) -> RecordingFile {
    toml::from_str(&fs::read_to_string(folder.join("recording.toml")).unwrap()).unwrap()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn a_recording_is_what_the_camera_saw() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("out");
    let (stats, end) = play(&options(&folder), &[steps(12)]).unwrap();
    assert_eq!((stats.frames, stats.clips, end), (12, 1, RecordEnd::Footage));
    assert_eq!(clips(&folder), [("clip-0001".to_string(), (1..=12).collect())]);
    let file = recording(&folder);
    assert_eq!((file.header.fps, file.header.width_px, file.header.height_px), (10.0, 8, 6));
    assert_eq!((file.camera.as_str(), file.start_unix_s), ("a scripted camera", 1_700_000_000));
    assert_eq!((file.clips.len(), file.clips[0].frames), (1, 12));
}

#[test]
fn a_faster_camera_is_thinned() {
    let place = tempfile::tempdir().unwrap();
    let (stats, _) = play(&options(place.path()), &[vec![After(STEP_MS / 4); 41]]).unwrap();
    assert_eq!((stats.frames, stats.clips), (11, 1));
}

#[test]
fn a_gap_begins_a_new_clip() {
    for gap in [vec![After(STEP_MS * 2)], vec![Skip, After(STEP_MS * 2)]] {
        let place = tempfile::tempdir().unwrap();
        let script = [steps(6), gap, steps(7)].concat();
        let (stats, _) = play(&options(place.path()), &[script]).unwrap();
        assert_eq!(stats.clips, 2);
        let lengths: Vec<_> = clips(place.path()).iter().map(|(_, frames)| frames.len()).collect();
        assert_eq!(lengths, [6, 8]);
    }
}

#[test]
fn jitter_is_no_gap() {
    let place = tempfile::tempdir().unwrap();
    let script = vec![After(100), After(130), After(80), After(130), After(60), After(110)];
    let (stats, _) = play(&options(place.path()), &[script]).unwrap();
    assert_eq!((stats.frames, stats.clips, stats.discarded), (6, 1, 0));
}

#[test]
fn clips_too_short_for_training_are_removed() {
    let place = tempfile::tempdir().unwrap();
    let script = [steps(3), vec![After(STEP_MS * 5)], steps(9)].concat();
    let (stats, _) = play(&options(place.path()), &[script]).unwrap();
    assert_eq!((stats.frames, stats.clips, stats.discarded), (10, 1, 3));
    assert_eq!(clips(place.path()).len(), 1);
    assert_eq!(stats.used_bytes, 10 * 4096);
}

#[test]
fn a_camera_that_comes_back_begins_a_new_clip() {
    let place = tempfile::tempdir().unwrap();
    let lost = [steps(6), vec![Lose]].concat();
    let (stats, end) = play(&options(place.path()), &[lost, steps(8)]).unwrap();
    assert_eq!((stats.frames, stats.clips, stats.reopened), (14, 2, 1));
    assert_eq!(end, RecordEnd::Footage);
}

#[test]
fn a_camera_that_never_was_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    for script in [vec![Lose], vec![Break]] {
        let error = play(&options(place.path()), &[script]).unwrap_err();
        assert!(matches!(error, RecordError::Source(_)), "{error:?}");
    }
    assert!(files_below(place.path()).is_empty());
    let error = play(&options(place.path()), &[[steps(6), vec![Break]].concat()]).unwrap_err();
    assert!(matches!(error, RecordError::Source(_)), "{error:?}");
    assert_eq!(recording(place.path()).clips[0].frames, 6, "what was recorded is kept");
}

#[test]
fn the_size_limit_counts_what_is_there() {
    let place = tempfile::tempdir().unwrap();
    let small = RecordOptions { size_limit_bytes: 10 * 4096, ..options(place.path()) };
    let (stats, end) = play(&small, &[steps(7)]).unwrap();
    assert_eq!((stats.frames, end), (7, RecordEnd::Footage));
    let larger = RecordOptions { size_limit_bytes: 15 * 4096, ..small };
    let (stats, end) = play(&larger, &[steps(100)]).unwrap();
    assert_eq!((stats.frames, end), (8, RecordEnd::SizeLimit));
    assert_eq!(stats.used_bytes, 15 * 4096);
    let names: Vec<_> = clips(place.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["clip-0001", "clip-0002"]);
    assert_eq!(recording(place.path()).clips.len(), 2);
}

#[test]
fn colours_and_jpeg_survive() {
    for (image, tolerance) in [(ImageFormat::Png, 0), (ImageFormat::Jpeg, 2)] {
        let place = tempfile::tempdir().unwrap();
        let colour = RecordOptions { image, channels: Channels::Rgb, ..options(place.path()) };
        let colour = RecordOptions { size_px: Some((16, 12)), ..colour };
        play(&colour, &[steps(5)]).unwrap();
        let clip = place.path().join("clip-0001");
        let extension = image.extension();
        assert!(clip.join(format!("000004.{extension}")).is_file());
        let mut source = FolderSource::open(&clip, 10.0).unwrap();
        let frame = source.next_frame().unwrap().unwrap();
        assert_eq!((frame.width_px, frame.height_px), (16, 12));
        let spec = normwatch::preprocess::InputSpec {
            width_px: 16,
            height_px: 12,
            channels: Channels::Rgb,
            resize: Resize::Area,
            relight: false,
        };
        let mut planes = vec![0; spec.frame_len()];
        normwatch::preprocess::Preprocessor::new(spec).process(&frame, &mut planes).unwrap();
        assert!(planes.iter().all(|&pixel| pixel.abs_diff(1) <= tolerance), "{planes:?}");
    }
}

#[test]
fn only_its_own_folder_is_recorded_into() {
    let place = tempfile::tempdir().unwrap();
    play(&options(place.path()), &[steps(6)]).unwrap();
    let other = RecordOptions { fps: 5.0, ..options(place.path()) };
    let error = play(&other, &[steps(6)]).unwrap_err();
    assert!(matches!(error, RecordError::Folder(_)), "{error:?}");
    assert!(error.to_string().contains("8x6 luma png at 10 fps, this would be"), "{error}");
    fs::write(place.path().join("recording.toml"), "fps = \"many\"").unwrap();
    let error = play(&options(place.path()), &[steps(6)]).unwrap_err();
    assert!(matches!(error, RecordError::Folder(_)), "{error:?}");
    let foreign = tempfile::tempdir().unwrap();
    fs::write(foreign.path().join("thesis.txt"), "").unwrap();
    let error = play(&options(foreign.path()), &[steps(6)]).unwrap_err();
    assert!(error.to_string().contains("that is not a recording"), "{error}");
    assert_eq!(files_below(foreign.path()).len(), 1);
}

#[test]
fn what_a_power_cut_left_is_cleared() {
    let place = tempfile::tempdir().unwrap();
    play(&options(place.path()), &[steps(6)]).unwrap();
    let stray = place.path().join("clip-0007");
    fs::create_dir(&stray).unwrap();
    fs::write(stray.join("000000.png.part"), "half").unwrap();
    play(&options(place.path()), &[steps(6)]).unwrap();
    assert!(!stray.join("000000.png.part").exists());
    assert!(place.path().join("clip-0008/000005.png").is_file());
}

fn site(bench: &Bench, camera: &str) {
    let text = format!(
        "board = \"simulated\"\nbundle = \"bundle\"\n[camera]\n{camera}\n[output.alarm]\n\
         line = \"ALARM\"\n"
    );
    fs::write(bench.path("site.toml"), text).unwrap();
}

const RECORD: [&str; 6] = ["record", "--config", "site.toml", "--out", "out", "--json"];

#[test]
fn the_command_records_a_folder() {
    let bench = Bench::new();
    let clip = bench.clip("footage", 12, 0, None);
    site(&bench, "source = \"folder\"\npath = \"footage\"");
    let out = bench.run(&RECORD);
    assert!(out.status.success(), "{}", stderr(&out));
    let summary = json(&out.stdout);
    assert_eq!((&summary["frames"], &summary["end"]), (&12.into(), &"end of the footage".into()));
    assert!(stderr(&out).contains("recording from"), "{}", stderr(&out));
    let (mut before, mut after) = (
        FolderSource::open(clip, 10.0).unwrap(),
        FolderSource::open(bench.path("out/clip-0001"), 10.0).unwrap(),
    );
    let mut frames = 0;
    while let Some(frame) = after.next_frame().unwrap() {
        let original = before.next_frame().unwrap().unwrap();
        let planes = frame.data.len() / original.data.len();
        let recorded = frame.data.iter().step_by(planes);
        assert!(recorded.eq(original.data), "frame {frames} without loss");
        frames += 1;
    }
    assert_eq!(frames, 12);
}

#[test]
fn a_recording_serves_as_footage() {
    let bench = Bench::calibrated();
    site(&bench, "source = \"folder\"\npath = \"normal/00\"");
    let out = bench.run(&[&RECORD[..], &["--fps", "40"]].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    let replay = ["replay", "--bundle", "bundle", "--frames", "out", "--out", "report", "--json"];
    let out = bench.run(&replay);
    assert!(out.status.success(), "{}", stderr(&out));
    let text = fs::read_to_string(bench.path("report/scores.csv")).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("clip-0001")).count(), 76, "{text}");
}

#[test]
fn the_command_records_a_pipe() {
    let bench = Bench::new();
    let script = "while :; do head -c 1024 /dev/urandom; sleep 0.05; done";
    let stream = "format = \"grey\"\nwidth_px = 32\nheight_px = 32";
    site(&bench, &format!("source = \"pipe\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n{stream}"));
    let out = bench.run(&[&RECORD[..], &["--fps", "4", "--minutes", "0.06", "--jpeg"]].concat());
    assert!(out.status.success(), "{}", stderr(&out));
    let summary = json(&out.stdout);
    assert_eq!(summary["end"], "time limit");
    let frames = summary["frames"].as_u64().unwrap() + summary["discarded"].as_u64().unwrap();
    assert!((6..=16).contains(&frames), "{frames} frames at 4 a second in 3.6 s");
}

#[test]
fn sigterm_ends_a_recording_in_order() {
    let bench = Bench::new();
    bench.clip("footage", 5, 0, None);
    site(&bench, "source = \"folder\"\npath = \"footage\"\nloop = true");
    let child = bench.command(&RECORD).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let child = child.unwrap();
    thread::sleep(Duration::from_millis(2500));
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").arg(id).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let summary = json(&out.stdout);
    assert_eq!(summary["end"], "stopped");
    let kept: usize = clips(&bench.path("out")).iter().map(|(_, frames)| frames.len()).sum();
    assert_eq!(summary["frames"], kept);
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let bench = Bench::new();
    let folder = bench.path("footage");
    fs::create_dir(&folder).unwrap();
    let noise = |i: usize| (i as u32).wrapping_mul(2_654_435_761).to_be_bytes()[1];
    for frame in 0..12 {
        let flat = vec![frame as u8; SIDE_PX * SIDE_PX];
        let noisy: Vec<u8> = (0..SIDE_PX * SIDE_PX).map(|i| noise(i + frame)).collect();
        let pixels = if frame < 7 { flat } else { noisy };
        write_png(&folder.join(format!("{frame:02}.png")), &pixels, SIDE_PX);
    }
    site(&bench, "source = \"folder\"\npath = \"footage\"");
    // A file size limit of two blocks of 512 bytes: `write` fails in the
    // middle of a file, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$@\"";
    let program = env!("CARGO_BIN_EXE_normwatch");
    let out = std::process::Command::new("sh")
        .args(["-c", script, "sh", program])
        .args(RECORD)
        .current_dir(bench.path(""))
        .env("NORMWATCH_DATA", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(5), "{}", stderr(&out));
    let message = stderr(&out);
    assert!(message.contains("the disk is full"), "{message}");
    assert!(message.contains("the 7 frames recorded before are whole"), "{message}");
    assert!(message.contains("out/clip-0001/000007.png"), "{message}");
    let files = files_below(&bench.path("out"));
    assert_eq!(files.len(), 8, "seven pictures and recording.toml: {files:?}");
    assert_eq!(clips(&bench.path("out"))[0].1, (0..7).collect::<Vec<u8>>());
    assert_eq!(recording(&bench.path("out")).clips[0].frames, 7);
}

#[test]
fn wrong_usage_says_what_is_missing() {
    let bench = Bench::new();
    site(&bench, "source = \"folder\"\npath = \"footage\"");
    fs::remove_dir_all(bench.path("bundle")).unwrap();
    for (more, part) in [
        (&[][..], "give --fps"),
        (&["--fps", "0"], "out of range"),
        (&["--fps", "5", "--minutes", "0"], "--minutes"),
        (&["--fps", "5", "--width-px", "64"], "--height-px"),
        (&["--fps", "5", "--width-px", "0", "--height-px", "9"], "above 0"),
    ] {
        let out = bench.run(&[&RECORD[..], more].concat());
        assert_eq!(out.status.code(), Some(2), "{}", stderr(&out));
        assert!(stderr(&out).contains(part), "{}", stderr(&out));
    }
    let out = bench.run(&[&RECORD[..], &["--fps", "5"]].concat());
    assert_eq!(out.status.code(), Some(4), "the footage is not there: {}", stderr(&out));
}
