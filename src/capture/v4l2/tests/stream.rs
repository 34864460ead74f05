//! From the ring to the frame, and all the ways in which a stream goes wrong.

use std::sync::Arc;
use std::time::Instant;

use rustix::io::Errno;

use super::super::fake::{Act, Camera};
use super::super::source::V4l2Camera;
use super::{LOST, SKIPPED, TIMEOUT_MS, one, open, options, outcomes, webcam};
use crate::capture::{FrameSource, PixelFormat, SourceErrorKind, V4l2Options, Wake};

use Act::{Damaged, Fail, Frame, Gap, Interrupt, Short, Silence, Spurious};

/// Ten frames of the webcam, by the clock that its stamps move, may be damaged.
fn patient() -> V4l2Options {
    V4l2Options { read_timeout_ms: 1000, ..options() }
}

#[test]
fn frames_come_out_of_the_ring_in_order() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Frame; 20]);
    let mut source = open(&machine, options()).unwrap();
    assert_eq!(source.describe(), "/dev/video0 (`HD Webcam`): 320x240 yuyv at 10 fps");
    for sequence in 0..20 {
        let frame = source.next_frame().unwrap().unwrap();
        assert_eq!((frame.format, frame.width_px, frame.height_px), (PixelFormat::Yuyv, 320, 240));
        assert_eq!((frame.stride_bytes, frame.data.len()), (640, 640 * 240));
        assert_eq!(frame.sequence, sequence);
        assert!(frame.data.iter().all(|&byte| u64::from(byte) == sequence));
        assert_eq!(frame.timestamp_ns, 1_100_000_000 + sequence * 100_000_000);
    }
    machine.assert_kept_the_rules();
}

#[test]
fn a_suspended_machine_moves_the_timestamps() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Frame, Frame]);
    let mut source = open(&machine, options()).unwrap();
    let before = source.next_frame().unwrap().unwrap().timestamp_ns;
    machine.world().suspended_ns = 3_600_000_000_000;
    let after = source.next_frame().unwrap().unwrap().timestamp_ns;
    assert_eq!(after - before, 3_600_100_000_000);
}

#[test]
fn frames_without_a_stamp_are_from_now() {
    let machine = one(Camera { has_stamps: false, ..webcam() });
    machine.play("/dev/video0", &[Frame]);
    let mut source = open(&machine, options()).unwrap();
    let stamp = source.next_frame().unwrap().unwrap().timestamp_ns;
    assert_eq!(stamp, 1_102_000_000);
}

#[test]
fn a_camera_that_falls_silent_is_lost() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Frame, Spurious, Interrupt, Frame, Silence, Frame]);
    let mut source = open(&machine, options()).unwrap();
    let begun = Instant::now();
    assert_eq!(outcomes(&mut source, 4), [Ok(0), Ok(1), LOST, LOST]);
    assert!(begun.elapsed().as_millis() >= u128::from(TIMEOUT_MS));
    let error = source.next_frame().unwrap_err().to_string();
    assert_eq!(error, "/dev/video0 (`HD Webcam`): failed before: reopen it");
    machine.assert_kept_the_rules();
    assert!(open(&machine, options()).is_ok(), "a lost camera is closed at once");
}

#[test]
fn a_silent_camera_lets_go_when_the_run_ends() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Frame, Silence]);
    let wake = Wake::new();
    let long = V4l2Options { read_timeout_ms: 600_000, ..options() };
    let mut camera = V4l2Camera::on(Arc::new(machine), long).woken_by(wake.clone());
    let mut source = camera.open().unwrap();
    source.next_frame().unwrap();
    let raiser = std::thread::spawn(move || wake.raise());
    let begun = Instant::now();
    assert_eq!(source.next_frame().unwrap_err().kind(), SourceErrorKind::Disconnected);
    assert!(begun.elapsed().as_secs() < 60);
    raiser.join().unwrap();
}

#[test]
fn damaged_and_short_frames_are_skipped_and_counted() {
    let machine = one(webcam());
    let whole = 320 * 240 * 2;
    let acts = [Frame, Damaged, Short(0), Short(whole - 1), Short(whole + 1), Frame];
    machine.play("/dev/video0", &acts);
    let mut source = open(&machine, patient()).unwrap();
    let expected = [Ok(0), SKIPPED, SKIPPED, SKIPPED, SKIPPED, Ok(5)];
    assert_eq!(outcomes(&mut source, 6), expected);
    assert_eq!(source.damaged_frames(), 4);
    machine.assert_kept_the_rules();
}

#[test]
fn a_skip_says_why() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Short(7)]);
    let error = open(&machine, patient()).unwrap().next_frame().unwrap_err();
    assert_eq!(error.to_string(), "/dev/video0 (`HD Webcam`): short frame: 7 of 153600 bytes");
}

#[test]
fn a_camera_that_only_delivers_damage_is_lost() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Damaged; 1000]);
    let mut source = open(&machine, patient()).unwrap();
    let skipped = outcomes(&mut source, 9);
    assert!(skipped.iter().all(|outcome| *outcome == SKIPPED), "{skipped:?}");
    let error = source.next_frame().unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    let error = error.to_string();
    assert!(error.contains("no usable frame for 1000 ms") && error.contains("damaged"), "{error}");
}

#[test]
fn lost_frames_show_in_the_sequence() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Gap(3), Frame, Gap(4), Frame, Frame]);
    let mut source = open(&machine, options()).unwrap();
    assert_eq!(outcomes(&mut source, 3), [Ok(0), Ok(5), Ok(6)]);
}

#[test]
fn the_first_frames_settle_the_exposure() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Damaged, Frame, Frame, Frame, Frame]);
    let mut source = open(&machine, V4l2Options { settle_frames: 3, ..options() }).unwrap();
    for left in ["2", "1", "0"] {
        let error = source.next_frame().unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Settling);
        assert!(error.to_string().ends_with(&format!("settling, {left} frames more")), "{error}");
    }
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.sequence, frame.data[0]), (0, 3));
    assert_eq!(outcomes(&mut source, 1), [Ok(1)]);
    assert_eq!(source.damaged_frames(), 0);
}

#[test]
fn fewer_buffers_than_asked_are_enough() {
    for grants in [1, 2, 3] {
        let machine = one(Camera { grants, ..webcam() });
        machine.play("/dev/video0", &[Frame; 6]);
        let mut source = open(&machine, options()).unwrap();
        assert_eq!(outcomes(&mut source, 6), (0..6).map(Ok).collect::<Vec<_>>());
        machine.assert_kept_the_rules();
    }
    let error = open(&one(Camera { grants: 0, ..webcam() }), options()).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    assert!(error.to_string().contains("allocating buffers"), "{error}");
}

#[test]
fn a_jpeg_is_lent_as_long_as_it_is() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Short(1234)]);
    let only = V4l2Options { format: Some(PixelFormat::Mjpeg), ..options() };
    let mut source = open(&machine, only).unwrap();
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.format, frame.stride_bytes), (PixelFormat::Mjpeg, 0));
    assert_eq!(frame.data.len(), 1234);
}

#[test]
fn errors_in_mid_stream_are_losses_with_a_reason() {
    for (error, part) in [
        (Errno::NODEV, "unplugged, or its driver was removed"),
        (Errno::IO, "reading failed"),
        (Errno::AGAIN, "reading failed"),
    ] {
        let machine = one(webcam());
        machine.play("/dev/video0", &[Frame, Fail(error)]);
        let mut source = open(&machine, options()).unwrap();
        assert_eq!(outcomes(&mut source, 1), [Ok(0)]);
        let message = source.next_frame().unwrap_err().to_string();
        assert!(message.starts_with("/dev/video0 (`HD Webcam`): "), "{message}");
        assert!(message.contains(part), "{message}");
        assert_eq!(outcomes(&mut source, 1), [LOST]);
        machine.assert_kept_the_rules();
    }
}

#[test]
fn a_stream_that_cannot_be_stopped_is_let_go() {
    for error in [Errno::IO, Errno::NODEV, Errno::BADF] {
        let machine = one(Camera { off_error: Some(error), ..webcam() });
        machine.play("/dev/video0", &[Frame]);
        let mut source = open(&machine, options()).unwrap();
        assert_eq!(outcomes(&mut source, 1), [Ok(0)]);
        drop(source);
    }
}

#[test]
fn what_keeps_a_stream_from_starting_is_named() {
    for (error, part) in [
        (Errno::NOSPC, "not enough USB bandwidth"),
        (Errno::BUSY, "`fuser -v /dev/video0` shows which"),
        (Errno::IO, "starting the stream failed"),
    ] {
        let machine = one(Camera { on_error: Some(error), ..webcam() });
        let error = open(&machine, options()).unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Disconnected);
        assert!(error.to_string().contains(part), "{error}");
        machine.world().cameras.get_mut("/dev/video0").unwrap().on_error = None;
        assert!(open(&machine, options()).is_ok(), "nothing stays open");
    }
}

#[test]
fn two_programs_cannot_have_it() {
    let machine = one(webcam());
    let first = open(&machine, options()).unwrap();
    let error = open(&machine, options()).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    assert!(error.to_string().contains("is in use by another program"), "{error}");
    drop(first);
    assert!(open(&machine, options()).is_ok());
}
