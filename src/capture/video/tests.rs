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

#[test]
fn frames_come_through_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"[ "$5" = "file:${0%/*}/clip: 1.mp4" ] || exit 9; printf 'YUV4MPEG2 W2 H2 F10:1\nFRAME\nabcdefFRAME\nABCDEF'"#;
    let program = fake_ffmpeg(folder.path(), script);
    let mut source =
        VideoSource::open_with(&program, &clip(folder.path()), OPTIONS, &Wake::never()).unwrap();
    assert_eq!(source.fps(), Some(10.0));
    assert_eq!(source.next_frame().unwrap().unwrap().data, b"abcdef");
    let second = source.next_frame().unwrap().unwrap();
    assert_eq!((second.data, second.timestamp_ns), (&b"ABCDEF"[..], 100_000_000));
    assert_eq!(source.next_frame().unwrap(), None);
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

#[test]
fn the_rate_goes_before_the_output() {
    let argv = arguments("ffmpeg", "a.mp4", Some(12.5));
    assert_eq!(argv[argv.len() - 3..], ["-r", "12.5", "-"]);
    assert_eq!(arguments("ffmpeg", "a.mp4", None).last().unwrap(), "-");
}
