//! Videos through the real `ffmpeg`: holes, streams without times, damage.

use std::path::Path;
use std::process::Command;

use normwatch::capture::{FrameSource, SourceErrorKind, VideoOptions, VideoSource};
use normwatch::replay::Clip;

/// Encodes forty frames of the demonstration's clip.
fn encode(arguments: &[&str], to: &Path) {
    let frames = concat!(env!("CARGO_MANIFEST_DIR"), "/models/walkway-clip/frames/204/%06d.jpg");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-framerate", "10", "-i", frames])
        .args(["-frames:v", "40"])
        .args(arguments)
        .arg(to)
        .status()
        .expect("`cargo xtask setup` installs ffmpeg");
    assert!(made.success());
}

/// Time in milliseconds and number of each frame, and how many were skipped.
fn play(path: &Path) -> (Vec<(u64, u64)>, u64) {
    let options = VideoOptions { fps: Some(10.0), read_timeout_ms: 20_000 };
    play_from(VideoSource::open(path, options).unwrap())
}

fn play_from(mut source: impl FrameSource) -> (Vec<(u64, u64)>, u64) {
    let (mut frames, mut skipped) = (Vec::new(), 0);
    loop {
        match source.next_frame() {
            Ok(Some(frame)) => frames.push((frame.timestamp_ns / 1_000_000, frame.sequence)),
            Ok(None) => return (frames, skipped),
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => skipped += 1,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_hole_is_one_and_not_a_thousand_repeated_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hole.mkv");
    encode(&["-vf", "setpts=if(gte(N\\,20)\\,N+18000\\,N)/(10*TB)", "-c:v", "mpeg4"], &file);
    let (frames, skipped) = play(&file);
    assert_eq!((frames.len(), skipped), (40, 0));
    assert_eq!((frames[19], frames[20]), ((1900, 19), (1_802_000, 18_020)));
}

#[test]
fn footage_is_thinned_and_a_hole_is_one_skipped_frame() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.mkv");
    let clip = Clip { name: "clip".into(), path: path.clone() };
    encode(&["-vf", "setpts=if(gte(N\\,20)\\,N+18000\\,N)/(10*TB)", "-c:v", "mpeg4"], &path);
    let (frames, skipped) = play_from(clip.open(10.0).unwrap());
    assert_eq!((frames.len(), skipped, frames[20]), (40, 1, (1_802_000, 18_020)));
    encode(&["-r", "30", "-c:v", "mpeg4"], &path);
    let (frames, skipped) = play_from(clip.open(10.0).unwrap());
    let is_even = frames.windows(2).all(|two| (66..=134).contains(&(two[1].0 - two[0].0)));
    assert!(frames.len() > 10 && is_even && skipped == 0, "{frames:?} {skipped}");
}

/// Two sizes in one stream: at the change `ffmpeg` counts from 0 again.
#[test]
fn no_picture_is_lost_where_a_stream_changes() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str, size: &str, offset: &str| {
        let file = folder.path().join(name);
        let more = ["-c:v", "mpeg4", "-f", "mpegts", "-output_ts_offset", offset];
        encode(&[&["-s", size][..], &more].concat(), &file);
        std::fs::read(file).unwrap()
    };
    let both = [part("a.ts", "320x240", "0"), part("b.ts", "160x120", "4")].concat();
    let file = folder.path().join("both.ts");
    std::fs::write(&file, both).unwrap();
    let (frames, skipped) = play(&file);
    assert!(frames.len() as u64 + skipped == 80 && skipped <= 2, "{} {skipped}", frames.len());
    let is_even = frames.windows(2).all(|two| (90..=310).contains(&(two[1].0 - two[0].0)));
    assert!(is_even, "{frames:?}");
}

/// A jump that would be a million frames.
#[test]
fn a_jump_in_the_times_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jump.mkv");
    let jump = "setpts=if(gte(N\\,20)\\,N+1000000\\,N)/(10*TB)";
    encode(&["-vf", jump, "-c:v", "mjpeg"], &file);
    let (frames, _) = play(&file);
    let last = frames.last().unwrap();
    let is_bounded = (100_000..101_000).contains(&last.1);
    assert!(frames.len() > 20 && is_bounded, "{} frames, {last:?}", frames.len());
}

#[test]
fn a_stream_without_times_is_played_at_the_rate_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bare.mjpeg");
    encode(&["-c:v", "mjpeg", "-q:v", "3", "-f", "mjpeg"], &file);
    let (frames, skipped) = play(&file);
    assert_eq!((frames.len(), skipped, frames[39]), (40, 0, (3900, 39)));
}

#[test]
fn a_damaged_stretch_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("damaged.avi");
    encode(&["-c:v", "mpeg4", "-q:v", "2", "-g", "20"], &file);
    let whole = std::fs::read(&file).unwrap();
    assert_eq!(play(&file).1, 0);
    let mut damaged = whole.clone();
    let at = whole.len() / 4;
    damaged[at..at + 3000].fill(0x55);
    std::fs::write(&file, damaged).unwrap();
    let (frames, skipped) = play(&file);
    assert!(skipped > 0 && frames.len() >= 20, "{skipped} skipped, {} left", frames.len());
}
