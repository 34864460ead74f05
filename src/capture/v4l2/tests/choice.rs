//! Which format, size and rate are taken, and what the driver makes of them.

use v4l::format::FourCC;

use super::super::fake::{Act::Frame, Camera, Offer, camera, offer};
use super::super::transport::{DeviceFormat, SizeRange};
use super::{one, open, options, webcam};
use crate::capture::{FrameSource, PixelFormat, SourceErrorKind, V4l2Options};

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
