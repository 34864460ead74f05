//! The source against scripted cameras.

use std::path::PathBuf;
use std::time::Instant;

use proptest::prelude::*;
use rustix::io::Errno;
use v4l::format::FourCC;

use super::fake::{Act, Camera, FakeMachine, Offer, camera, offer};
use super::source::{V4l2Camera, V4l2Source};
use super::transport::{DeviceFormat, NodeKind, SizeRange};
use crate::capture::{FrameSource, PixelFormat, SourceError, SourceErrorKind, V4l2Options};

use Act::{Damaged, Fail, Frame, Gap, Interrupt, Short, Silence, Spurious};

const TIMEOUT_MS: u32 = 60;

pub fn options() -> V4l2Options {
    V4l2Options {
        device: None,
        format: None,
        size_px: None,
        fps: None,
        needed_px: (256, 192),
        needed_fps: 10.0,
        luma: true,
        read_timeout_ms: TIMEOUT_MS,
        settle_frames: 0,
        controls: Vec::new(),
    }
}

pub fn webcam() -> Camera {
    let sizes = [(320, 180), (320, 240), (640, 360), (640, 480)];
    let rates = [5.0, 10.0, 15.0, 30.0];
    let offers = vec![offer(b"MJPG", &sizes, &rates), offer(b"YUYV", &sizes, &rates)];
    camera("HD Webcam", "usb-1.2", offers)
}

fn one(camera: Camera) -> FakeMachine {
    FakeMachine::with(vec![("/dev/video0", camera)])
}

fn open(machine: &FakeMachine, options: V4l2Options) -> Result<V4l2Source, SourceError> {
    V4l2Camera::on(std::sync::Arc::new(machine.clone()), options).open()
}

/// What each call gives: a sequence number, or the kind of error.
fn outcomes(source: &mut V4l2Source, calls: usize) -> Vec<Result<u64, SourceErrorKind>> {
    let outcome = |frame: Result<Option<crate::capture::Frame<'_>>, SourceError>| match frame {
        Ok(frame) => Ok(frame.unwrap().sequence),
        Err(error) => Err(error.kind()),
    };
    (0..calls).map(|_| outcome(source.next_frame())).collect()
}

const SKIPPED: Result<u64, SourceErrorKind> = Err(SourceErrorKind::FrameSkipped);
const LOST: Result<u64, SourceErrorKind> = Err(SourceErrorKind::Disconnected);

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
fn damaged_and_short_frames_are_skipped_and_counted() {
    let machine = one(webcam());
    let whole = 320 * 240 * 2;
    let acts = [Frame, Damaged, Short(0), Short(whole - 1), Short(whole + 1), Frame];
    machine.play("/dev/video0", &acts);
    let mut source = open(&machine, options()).unwrap();
    let expected = [Ok(0), SKIPPED, SKIPPED, SKIPPED, SKIPPED, Ok(5)];
    assert_eq!(outcomes(&mut source, 6), expected);
    assert_eq!(source.damaged_frames(), 4);
    machine.assert_kept_the_rules();
}

#[test]
fn a_skip_says_why() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Short(7)]);
    let error = open(&machine, options()).unwrap().next_frame().unwrap_err();
    assert_eq!(error.to_string(), "/dev/video0 (`HD Webcam`): short frame: 7 of 153600 bytes");
}

#[test]
fn a_camera_that_only_delivers_damage_is_lost() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Damaged; 1000]);
    let mut source = open(&machine, options()).unwrap();
    let begun = Instant::now();
    let error = loop {
        let error = source.next_frame().unwrap_err();
        if error.kind() == SourceErrorKind::Disconnected {
            break error.to_string();
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(begun.elapsed().as_millis() >= u128::from(TIMEOUT_MS));
    assert!(error.contains("no usable frame") && error.contains("damaged"), "{error}");
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
fn what_the_driver_makes_of_the_format_counts() {
    let stubborn = DeviceFormat {
        fourcc: FourCC::new(b"NV12"),
        width_px: 640,
        height_px: 360,
        stride_bytes: 704,
        image_bytes: 704 * 540,
    };
    let machine = one(Camera { stubborn: Some(stubborn), ..webcam() });
    machine.play("/dev/video0", &[Frame]);
    let mut source = open(&machine, options()).unwrap();
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.format, frame.width_px, frame.height_px), (PixelFormat::Nv12, 640, 360));
    assert_eq!((frame.stride_bytes, frame.data.len()), (704, 704 * 540));
    let only = V4l2Options { format: Some(PixelFormat::Mjpeg), ..options() };
    drop(source);
    let error = open(&machine, only).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    let expected = "/dev/video0 (`HD Webcam`): asked for mjpeg, the driver made NV12 of it";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn nonsense_of_a_driver_is_no_panic() {
    let sane = DeviceFormat {
        fourcc: FourCC::new(b"GREY"),
        width_px: 320,
        height_px: 240,
        stride_bytes: 320,
        image_bytes: 320 * 240,
    };
    for (stubborn, part) in [
        (DeviceFormat { image_bytes: 100, ..sane }, "too small for 320x240 grey"),
        (DeviceFormat { stride_bytes: 319, ..sane }, "less than a row"),
        (DeviceFormat { width_px: 0, ..sane }, "above 0"),
        (DeviceFormat { height_px: u32::MAX, ..sane }, "too large"),
        (DeviceFormat { fourcc: FourCC::new(b"\xff\x00H2"), ..sane }, "the driver made"),
    ] {
        let error = open(&one(Camera { stubborn: Some(stubborn), ..webcam() }), options());
        let error = error.unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Disconnected);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn rows_without_a_stated_length_are_tight() {
    let stubborn = DeviceFormat {
        fourcc: FourCC::new(b"GREY"),
        width_px: 320,
        height_px: 240,
        stride_bytes: 0,
        image_bytes: 320 * 240,
    };
    let machine = one(Camera { stubborn: Some(stubborn), ..webcam() });
    machine.play("/dev/video0", &[Frame]);
    let mut source = open(&machine, options()).unwrap();
    assert_eq!(source.next_frame().unwrap().unwrap().stride_bytes, 320);
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

#[test]
fn after_a_reconnect_everything_is_asked_anew() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Frame]);
    let named = V4l2Options { device: Some("/dev/video0".into()), ..options() };
    let mut opener = V4l2Camera::on(std::sync::Arc::new(machine.clone()), named);
    let mut source = opener.open().unwrap();
    assert_eq!(outcomes(&mut source, 1), [Ok(0)]);
    let gone = machine.world().cameras.remove("/dev/video0").unwrap();
    assert_eq!(outcomes(&mut source, 1), [LOST]);
    drop(source);
    let error = opener.open().unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    assert!(error.to_string().contains("no camera at /dev/video0"), "{error}");

    let offers = vec![offer(b"GREY", &[(640, 480)], &[30.0])];
    let replugged = camera(&gone.identity.card, &gone.identity.bus, offers);
    machine.world().cameras.insert("/dev/video3".into(), replugged);
    machine.play("/dev/video3", &[Frame]);
    let mut source = opener.open().unwrap();
    assert_eq!(source.describe(), "/dev/video3 (`HD Webcam`): 640x480 grey at 30 fps");
    assert_eq!(source.next_frame().unwrap().unwrap().data.len(), 640 * 480);
    machine.assert_kept_the_rules();
}

#[test]
fn another_camera_under_the_same_number_is_refused() {
    let machine = one(webcam());
    let named = V4l2Options { device: Some("/dev/video0".into()), ..options() };
    let mut opener = V4l2Camera::on(std::sync::Arc::new(machine.clone()), named);
    drop(opener.open().unwrap());
    let intruder = camera("Other", "usb-9", webcam().offers);
    machine.world().cameras.insert("/dev/video0".into(), intruder);
    let error = opener.open().unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    assert!(error.to_string().contains("is now `Other`, not `HD Webcam`"), "{error}");

    let moved = camera("HD Webcam", "usb-2.1", webcam().offers);
    machine.world().cameras.insert("/dev/video7".into(), moved);
    let source = opener.open().unwrap();
    assert!(source.describe().starts_with("/dev/video7 "), "in another port, but the same card");
}

fn metadata(card: &str, bus: &str) -> Camera {
    let mut node = camera(card, bus, Vec::new());
    node.identity.kind = NodeKind::Other;
    node
}

/// Two cameras, one of them with a node for metadata.
fn several() -> FakeMachine {
    let machine = FakeMachine::with(vec![
        ("/dev/video0", metadata("HD Webcam", "usb-1.2")),
        ("/dev/video1", webcam()),
        ("/dev/video2", camera("Door", "usb-1.3", webcam().offers)),
    ]);
    let link = PathBuf::from("/dev/v4l/by-id/usb-door-video-index0");
    machine.world().links.push((link, "/dev/video2".into()));
    machine
}

#[test]
fn cameras_go_by_path_card_and_bus() {
    let machine = several();
    for (name, node) in [
        ("/dev/video1", "/dev/video1"),
        ("/dev/v4l/by-id/usb-door-video-index0", "/dev/video2"),
        ("HD Webcam", "/dev/video1"),
        ("Door", "/dev/video2"),
        ("usb-1.3", "/dev/video2"),
    ] {
        let named = V4l2Options { device: Some(name.into()), ..options() };
        let source = open(&machine, named).unwrap();
        assert!(source.describe().starts_with(&format!("{node} ")), "{name}");
    }
}

#[test]
fn names_that_mean_no_camera_are_explained() {
    let machine = several();
    let all = "cameras here: /dev/video1 (`HD Webcam`, bus `usb-1.2`), /dev/video2 (`Door`, bus \
               `usb-1.3`)";
    for (name, kind, part) in [
        (None, SourceErrorKind::Fatal, "there are several cameras: name one with `camera.device`"),
        (Some("Dor"), SourceErrorKind::Disconnected, "no camera `Dor`"),
        (Some("/dev/video9"), SourceErrorKind::Disconnected, "no camera at /dev/video9"),
    ] {
        let named = V4l2Options { device: name.map(String::from), ..options() };
        let error = open(&machine, named).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(part), "{error}");
        assert!(error.to_string().ends_with(all), "{error}");
    }
    let named = V4l2Options { device: Some("/dev/video0".into()), ..options() };
    let error = open(&machine, named).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal);
    assert!(error.to_string().ends_with("only metadata or the like: use /dev/video1"), "{error}");
    let twins = FakeMachine::with(vec![
        ("/dev/video0", webcam()),
        ("/dev/video2", camera("HD Webcam", "usb-2", webcam().offers)),
    ]);
    let named = V4l2Options { device: Some("HD Webcam".into()), ..options() };
    let error = open(&twins, named).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal);
    assert!(error.to_string().contains("is the name of several cameras"), "{error}");
}

#[test]
fn a_missing_permission_names_the_group() {
    let machine = one(Camera { open_error: Some(Errno::ACCESS), ..webcam() });
    for name in [None, Some("/dev/video0"), Some("HD Webcam")] {
        let named = V4l2Options { device: name.map(String::from), ..options() };
        let error = open(&machine, named).unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Disconnected, "udev may be about to allow it");
        let error = error.to_string();
        assert!(error.contains("no permission to open /dev/video0"), "{error}");
        assert!(error.contains("usermod -aG video") && error.contains("udev rule"), "{error}");
    }
    let report = &super::survey::survey_of(&machine)[0];
    assert!(report.problem.as_ref().unwrap().contains("usermod"), "{report:?}");
}

#[test]
fn a_machine_without_cameras_says_so() {
    let error = open(&FakeMachine::default(), options()).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected);
    assert!(error.to_string().contains("there is no camera on this machine"), "{error}");
}

#[test]
fn a_multi_planar_camera_is_refused_with_a_way_out() {
    let mut isp = webcam();
    isp.identity.kind = NodeKind::Unsupported("its driver speaks the multi-planar interface only");
    let named = V4l2Options { device: Some("/dev/video0".into()), ..options() };
    let error = open(&one(isp), named).unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal);
    assert!(error.to_string().contains("multi-planar") && error.to_string().contains("pipe"));
}

fn negotiated(offers: Vec<Offer>, options: V4l2Options) -> String {
    let source = open(&one(camera("c", "b", offers)), options);
    match source {
        Ok(source) => source.describe().split(": ").nth(1).unwrap().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_cheapest_format_that_serves_is_taken() {
    let sizes = [(160, 120), (320, 240), (640, 480)];
    let rates = [10.0, 30.0];
    let colour = V4l2Options { luma: false, ..options() };
    let all = || {
        [b"MJPG", b"RGB3", b"UYVY", b"YUYV", b"NV12", b"GREY"]
            .map(|fourcc| offer(fourcc, &sizes, &rates))
            .to_vec()
    };
    assert_eq!(negotiated(all(), options()), "320x240 grey at 10 fps");
    assert_eq!(negotiated(all()[..5].to_vec(), options()), "320x240 nv12 at 10 fps");
    assert_eq!(negotiated(all()[..4].to_vec(), options()), "320x240 uyvy at 10 fps");
    assert_eq!(negotiated(all()[..2].to_vec(), options()), "320x240 rgb24 at 10 fps");
    assert_eq!(negotiated(all()[..1].to_vec(), options()), "320x240 mjpeg at 10 fps");
    assert_eq!(negotiated(all()[..5].to_vec(), colour), "320x240 rgb24 at 10 fps");
}

#[test]
fn rate_comes_before_detail_and_detail_before_effort() {
    let slow = offer(b"YUYV", &[(320, 240)], &[5.0]);
    let fast = offer(b"MJPG", &[(320, 240)], &[30.0]);
    assert_eq!(negotiated(vec![slow.clone(), fast], options()), "320x240 mjpeg at 30 fps");
    let small = offer(b"GREY", &[(160, 120)], &[30.0]);
    let large = offer(b"MJPG", &[(1280, 720)], &[30.0]);
    assert_eq!(negotiated(vec![small.clone(), large], options()), "1280x720 mjpeg at 30 fps");
    let smaller = offer(b"GREY", &[(80, 60), (160, 120), (96, 96)], &[30.0]);
    assert_eq!(negotiated(vec![smaller], options()), "160x120 grey at 30 fps");
    assert_eq!(negotiated(vec![slow, small], options()), "160x120 grey at 30 fps");
}

#[test]
fn size_ranges_are_entered_at_the_step() {
    let mut range = offer(b"YUYV", &[], &[30.0]);
    range.sizes = vec![SizeRange { min_px: (32, 32), max_px: (2592, 1944), step_px: (16, 20) }];
    assert_eq!(negotiated(vec![range.clone()], options()), "256x192 yuyv at 30 fps");
    let needs = V4l2Options { needed_px: (257, 200), ..options() };
    assert_eq!(negotiated(vec![range], needs), "272x212 yuyv at 30 fps");
    assert_eq!(negotiated(vec![offer(b"YUYV", &[], &[])], options()), "256x192 yuyv at 10 fps");
}

#[test]
fn configured_values_are_kept_or_refused() {
    let offers = || webcam().offers;
    let size = |w, h| V4l2Options { size_px: Some((w, h)), ..options() };
    assert_eq!(negotiated(offers(), size(640, 360)), "640x360 yuyv at 10 fps");
    assert_eq!(
        negotiated(offers(), size(641, 360)),
        "/dev/video0 (`c`): does not offer 641x360; it offers: 320x180, 320x240, 640x360, \
         640x480, 320x180, 320x240, 640x360, 640x480"
    );
    let only = V4l2Options { format: Some(PixelFormat::Grey), ..options() };
    assert_eq!(
        negotiated(offers(), only),
        "/dev/video0 (`c`): does not offer grey; it offers: mjpeg, yuyv"
    );
    let raw = vec![offer(b"pBAA", &[], &[])];
    let error = negotiated(raw, options());
    assert!(error.contains("pBAA (scripted)") && error.contains("pipe"), "{error}");
}

#[test]
fn the_rate_is_one_that_thins_evenly() {
    for (rates, needed, configured, expected) in [
        (&[5.0, 10.0, 15.0, 30.0][..], 10.0, None, 10.0),
        (&[5.0, 15.0, 30.0], 10.0, None, 30.0),
        (&[12.5, 25.0], 10.0, None, 25.0),
        (&[29.97, 59.94], 10.0, None, 29.97),
        (&[5.0, 7.5], 10.0, None, 7.5),
        (&[5.0, 15.0, 30.0], 10.0, Some(14.0), 15.0),
        (&[], 10.0, None, 10.0),
    ] {
        let machine = one(camera("c", "b", vec![offer(b"GREY", &[(320, 240)], rates)]));
        let needs = V4l2Options { needed_fps: needed, fps: configured, ..options() };
        drop(open(&machine, needs).unwrap());
        let asked = machine.world().cameras["/dev/video0"].asked_fps;
        assert_eq!(asked, Some(expected), "{rates:?}");
    }
}

#[test]
fn the_survey_tells_all_that_doctor_prints() {
    let machine = several();
    let reports = super::survey::survey_of(&machine);
    let nodes: Vec<_> = reports.iter().map(|report| report.node.to_str().unwrap()).collect();
    assert_eq!(nodes, ["/dev/video1", "/dev/video2"]);
    let links = [PathBuf::from("/dev/v4l/by-id/usb-door-video-index0")];
    assert_eq!((reports[0].links.len(), &reports[1].links[..]), (0, &links[..]));
    let format = &reports[0].formats[1];
    assert_eq!((format.fourcc.as_str(), format.name), ("YUYV", Some("yuyv")));
    assert_eq!((format.sizes[0].min_px, format.sizes.len()), ((320, 180), 4));
    assert_eq!(format.sizes[0].rates_fps, [5.0, 10.0, 15.0, 30.0]);
    let json = serde_json::to_value(&reports).unwrap();
    assert_eq!(json[1]["card"], "Door");
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Frame),
        1 => Just(Damaged),
        1 => (0..400_000_usize).prop_map(Short),
        1 => (1..9_u32).prop_map(Gap),
        1 => Just(Spurious),
        1 => Just(Interrupt),
        1 => Just(Fail(Errno::NODEV)),
        1 => Just(Fail(Errno::IO)),
    ]
}

proptest! {
    /// Whatever a camera does, the kernel's rules are kept, sequence numbers
    /// rise, every frame is whole, and a lost camera stays lost.
    #[test]
    fn no_script_breaks_the_rules(
        acts in prop::collection::vec(any_act(), 0..40),
        grants in 1..5_u32,
        settle_frames in 0..4_u32,
    ) {
        let machine = one(Camera { grants, ..webcam() });
        machine.play("/dev/video0", &acts);
        let needs = V4l2Options { settle_frames, read_timeout_ms: 1, ..options() };
        let mut source = open(&machine, needs).unwrap();
        let mut last = None;
        let mut is_lost = false;
        for _ in 0..acts.len() + 3 {
            match source.next_frame() {
                Ok(frame) => {
                    let frame = frame.unwrap();
                    prop_assert!(!is_lost);
                    prop_assert!(last.is_none_or(|last| frame.sequence > last));
                    prop_assert_eq!(frame.data.len(), 320 * 240 * 2);
                    last = Some(frame.sequence);
                }
                Err(error) => {
                    prop_assert!(error.kind() != SourceErrorKind::Fatal);
                    prop_assert!(!is_lost || error.kind() == SourceErrorKind::Disconnected);
                    is_lost = error.kind() == SourceErrorKind::Disconnected;
                }
            }
        }
        prop_assert!(is_lost);
        drop(source);
        prop_assert_eq!(&machine.world().breaches, &Vec::<String>::new());
        prop_assert!(open(&machine, options()).is_ok());
    }
}
