//! Videos through a script in the place of `ffmpeg`.

use super::*;
use std::process::Command;

const OPTIONS: VideoOptions = VideoOptions { fps: None, read_timeout_ms: 5_000 };

fn fake_ffmpeg(folder: &Path, script: &str) -> String {
    let program = folder.join("ffmpeg");
    // A file that this process had open for writing may be "text busy"
    // while another test forks.
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod +x "$0""#;
    let written =
        Command::new("sh").args(["-c", write]).arg(&program).arg(script).status().unwrap();
    assert!(written.success());
    program.to_str().unwrap().to_string()
}

fn clip(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("clip: 1.mp4");
    std::fs::write(&path, "video").unwrap();
    path
}

/// A script that announces pictures as `ffmpeg` does, and then delivers them.
fn playing(lines: &[&str], fps: Option<f64>) -> Vec<Result<(u64, u64), String>> {
    let folder = tempfile::tempdir().unwrap();
    let said: Vec<String> = lines.iter().map(|line| format!("echo '{line}' >&2")).collect();
    let pictures = lines.iter().filter(|line| line.contains("pts_time")).count();
    let script = format!(
        "{}; printf 'YUV4MPEG2 W2 H2 F25:1\\n'; for n in $(seq {pictures}); do printf 'FRAME\\nabcdef'; done",
        said.join("; ")
    );
    let program = fake_ffmpeg(folder.path(), &script);
    let options = VideoOptions { fps, ..OPTIONS };
    let path = clip(folder.path());
    let mut source = VideoSource::open_with(&program, &path, options, &Wake::never()).unwrap();
    let mut played = Vec::new();
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => {
                assert_eq!(frame.data, b"abcdef");
                played.push(Ok((frame.timestamp_ns / 1_000_000, frame.sequence)));
            }
            Ok(None) => break,
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => {
                played.push(Err(error.to_string()));
            }
            Err(error) => panic!("{error}"),
        }
    }
    played
}

#[test]
fn times_are_those_of_the_file_and_nothing_is_repeated_over_a_hole() {
    let lines = [
        "[info] Input #0, matroska,webm, from x:",
        "[s @ 0x1] [info] n: 0 pts: 7 pts_time:5 iskey:1 type:I",
        "[s @ 0x1] [info] n: 1 pts: 8 pts_time:5.1 iskey:0 type:P",
        "[s @ 0x1] [info] n: 2 pts: 9 pts_time:1805.1 iskey:0 type:P",
    ];
    let expected = [Ok((0, 0)), Ok((100, 1)), Ok((1_800_100, 18_001))];
    assert_eq!(playing(&lines, Some(10.0)), expected);
    assert_eq!(playing(&lines[1..3], None), [Ok((0, 0)), Ok((100, 1))]);
}

#[test]
fn pictures_of_a_bare_stream_are_taken_to_be_evenly_apart() {
    let lines = [
        "[info] Input #0, jpeg_pipe, from x:",
        "[s @ 0x1] [info] n: 0 pts: 0 pts_time:0 iskey:1 type:I",
        "[s @ 0x1] [info] n: 1 pts: 1 pts_time:0.04 iskey:1 type:I",
    ];
    assert_eq!(playing(&lines, Some(10.0)), [Ok((0, 0)), Ok((100, 1))]);
}

#[test]
fn a_damaged_stretch_is_skipped_up_to_a_picture_that_stands_for_itself() {
    let lines = [
        "[s @ 0x1] [info] n: 0 pts: 0 pts_time:0 iskey:1 type:I",
        "[h264 @ 0x2] [error] error while decoding MB 4 5",
        "[warning] x: corrupt decoded frame in stream 0",
        "[s @ 0x1] [info] n: 1 pts: 1 pts_time:0.1 iskey:0 type:P",
        "[s @ 0x1] [info] n: 2 pts: 2 pts_time:0.2 iskey:0 type:P",
        "[s @ 0x1] [info] n: 3 pts: 3 pts_time:0.3 iskey:1 type:I",
        "[s @ 0x1] [info] n: 4 pts: 4 pts_time:0.3 iskey:0 type:P",
    ];
    let played = playing(&lines, Some(10.0));
    assert_eq!((played[0].clone(), played[3].clone()), (Ok((0, 0)), Ok((300, 3))));
    for (at, part) in [(1, "damaged"), (2, "damaged"), (4, "no later")] {
        let error = played[at].clone().unwrap_err();
        assert!(error.contains(part), "{at}: {error}");
    }
}

#[test]
fn a_file_that_is_no_video_is_fatal_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let program = fake_ffmpeg(folder.path(), "echo 'Invalid data found' >&2; exit 1");
    let error = VideoSource::open_with(&program, &clip(folder.path()), OPTIONS, &Wake::never())
        .unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal);
    assert!(error.to_string().contains("Invalid data found"), "{error}");
}

#[test]
fn missing_file_and_missing_program_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.mp4");
    let error =
        VideoSource::open_with("/nowhere/ffmpeg", &missing, OPTIONS, &Wake::never()).unwrap_err();
    assert!(error.to_string().contains("none.mp4: No such file"), "{error}");
    let error =
        VideoSource::open_with("/nowhere/ffmpeg", &clip(folder.path()), OPTIONS, &Wake::never())
            .unwrap_err();
    assert!(error.to_string().contains("apt install ffmpeg"), "{error}");
    assert_eq!(error.kind(), SourceErrorKind::Fatal);
}
