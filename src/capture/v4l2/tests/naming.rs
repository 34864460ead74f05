//! Cameras by name, and found again.

use std::path::PathBuf;
use std::sync::Arc;

use rustix::io::Errno;

use super::super::fake::{Act::Frame, Camera, FakeMachine, camera, offer};
use super::super::source::V4l2Camera;
use super::super::survey::survey_of;
use super::super::transport::NodeKind;
use super::{LOST, one, open, options, outcomes, webcam};
use crate::capture::{FrameSource, SourceErrorKind, V4l2Options};

#[test]
fn after_a_reconnect_everything_is_asked_anew() {
    let machine = one(webcam());
    machine.play("/dev/video0", &[Frame]);
    let named = V4l2Options { device: Some("/dev/video0".into()), ..options() };
    let mut opener = V4l2Camera::on(Arc::new(machine.clone()), named);
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
    let mut opener = V4l2Camera::on(Arc::new(machine.clone()), named);
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
fn a_missing_permission_says_what_gives_it() {
    let machine = one(Camera { open_error: Some(Errno::ACCESS), ..webcam() });
    for name in [None, Some("/dev/video0"), Some("HD Webcam")] {
        let named = V4l2Options { device: name.map(String::from), ..options() };
        let error = open(&machine, named).unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Disconnected, "udev may be about to allow it");
        let denied = "no permission to open /dev/video0: join the group of /dev/video0";
        assert!(error.to_string().contains(denied), "{error}");
    }
    let report = &survey_of(&machine)[0];
    assert!(report.problem.as_ref().unwrap().contains("join the group"), "{report:?}");
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

#[test]
fn the_survey_tells_all_that_doctor_prints() {
    let machine = several();
    let reports = survey_of(&machine);
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
