//! `source = "rtsp"` as its users meet it.

use normwatch::config::CameraSource;

use crate::{assert_problems, edited, load_text};

fn with(keys: &str) -> String {
    edited(4, "source = 'rtsp'").replace("path = \"frames\"", keys)
}

#[test]
fn an_address_is_enough_and_a_password_is_found_beside_the_site() {
    let CameraSource::Rtsp(camera) =
        load_text(&with("url = 'rtsp://cam.local:554/a?b=1'")).unwrap().camera.source
    else {
        panic!("another source")
    };
    assert_eq!(camera.url, "rtsp://cam.local:554/a?b=1");
    assert_eq!((camera.user, camera.password_file, camera.decoder), (None, None, None));
    let keys = "url = 'rtsps://[fe80::1]/x'\nuser = 'me'\npassword_file = 'pw'\n\
        decoder = 'h264_v4l2m2m'";
    let CameraSource::Rtsp(camera) = load_text(&with(keys)).unwrap().camera.source else {
        panic!("another source")
    };
    assert!(camera.password_file.unwrap().is_absolute(), "from the site's folder");
    assert_eq!(
        (camera.user.as_deref(), camera.decoder.as_deref()),
        (Some("me"), Some("h264_v4l2m2m"))
    );
}

#[test]
fn what_cannot_be_a_stream_is_told_with_its_place() {
    for (keys, expected) in [
        ("user = 'x'", "3:1 missing key `camera.url`"),
        ("url = 'http://cam/'", "5:7 `camera.url` is not the address of a stream"),
        ("url = 'rtsp://'", "5:7 `camera.url` is not the address of a stream"),
        ("url = 'rtsp://:554/x'", "5:7 `camera.url` is not the address of a stream"),
        ("url = 'rtsp://cam/a b'", "5:7 `camera.url` is not the address of a stream"),
        ("url = 'rtsp://cam/ä'", "5:7 `camera.url` is not the address of a stream"),
        ("url = 'rtsp://me:secret@cam/'", "5:7 `camera.url` holds a name or a password"),
        (
            "url = 'rtsp://cam/'\npassword_file = 'pw'",
            "6:17 `camera.password_file` has no `user` beside it",
        ),
        (
            "url = 'rtsp://cam/'\ndecoder = '-y /etc/passwd'",
            "6:11 `camera.decoder` is not the name of a decoder",
        ),
        (
            "url = 'rtsp://cam/'\nuser = \"a\\nb\"",
            "6:8 `camera.user` is too long or has control characters",
        ),
        (
            "url = 'rtsp://cam/'\nformat = 'i420'",
            "6:1 `camera.format` has no meaning with `source = \"rtsp\"`",
        ),
        (
            "url = 'rtsp://cam/'\nwidth_px = 640",
            "6:1 `camera.width_px` has no meaning with `source = \"rtsp\"`",
        ),
        (
            "url = 'rtsp://cam/'\ndevice = 'x'",
            "6:1 `camera.device` has no meaning with `source = \"rtsp\"`",
        ),
    ] {
        assert_problems(&with(keys), &[expected]);
    }
    for key in ["url = 'rtsp://cam/'", "user = 'x'", "decoder = 'x'"] {
        let name = key.split(' ').next().unwrap();
        let expected = format!("6:1 `camera.{name}` has no meaning with `source = \"folder\"`");
        assert_problems(&edited(5, &format!("path = 'x'\n{key}")), &[&expected]);
    }
}
