//! What `ffmpeg` is told of a camera, and what its answers mean.

use super::*;

fn options(url: &str) -> RtspOptions {
    RtspOptions {
        url: url.into(),
        user: None,
        password_file: None,
        decoder: None,
        read_timeout_ms: 3000,
    }
}

#[test]
fn a_password_stands_where_nobody_else_can_read_it() {
    let login = Login { user: "yard@home".into(), password: "a:b/c'd ä".into() };
    let list = stream_list(&options("rtsp://10.0.0.1:554/it's/live?x=1"), &login);
    let line = r"file 'rtsp://yard%40home:a%3Ab%2Fc%27d%20%C3%A4@10.0.0.1:554/it'\''s/live?x=1'";
    assert!(list.lines().any(|other| other == line), "{list}");
    assert!(list.contains("option rtsp_transport tcp\noption timeout 3000000\n"), "{list}");
    let arguments = arguments("ffmpeg", Release::of("ffmpeg"), Some("h264_v4l2m2m"));
    let told = |what: &str| arguments.iter().any(|argument| argument.contains(what));
    assert!(!told("10.0.0.1") && !told("yard") && told("-nostdin"), "{arguments:?}");
    let decoder = arguments.iter().position(|argument| argument == "-c:v").unwrap();
    assert_eq!(arguments[decoder + 1], "h264_v4l2m2m");
    assert!(arguments.iter().position(|argument| argument == "-i").unwrap() > decoder);
}

#[test]
fn a_login_is_read_from_its_file_and_kept_short() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let write = |text: &str| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let options = RtspOptions {
        user: Some("me".into()),
        password_file: Some(file.clone()),
        ..options("rtsp://camera/live")
    };
    let kind = |error: SourceError| (error.kind(), error.to_string());
    let (absent, told) = kind(login(&options).map(drop).unwrap_err());
    assert!(
        absent == SourceErrorKind::Disconnected && told.contains("cannot read the password in")
    );
    std::fs::create_dir(&file).unwrap();
    let (kept, told) = kind(login(&options).map(drop).unwrap_err());
    assert!(kept == SourceErrorKind::Disconnected && told.contains("not a regular file"), "{told}");
    std::fs::remove_dir(&file).unwrap();
    write("hunter2\n");
    assert_eq!(login(&options).map(|login| login.in_address()).unwrap(), "me:hunter2@");
    write(&"ä".repeat(30));
    let (long, told) = kind(login(&options).map(drop).unwrap_err());
    assert!(
        long == SourceErrorKind::Fatal && told.contains("longer than ffmpeg can keep"),
        "{told}"
    );
}

/// Four pictures a second, of a camera that takes five.
#[test]
fn a_stream_that_falls_behind_is_lost_with_what_helps() {
    let mut times = SenderTimes::default();
    let mut told = None;
    for n in 0..400u64 {
        times.stamp(Some(n as f64 / 5.0), (n + 4) * 250_000_000);
        told = in_time(&times).err();
        if told.is_some() {
            break;
        }
    }
    let told = told.expect("it is never told");
    assert_eq!(told.kind(), SourceErrorKind::Disconnected);
    let part = "s after they were taken, and do not catch up";
    assert!(told.to_string().contains(part) && told.to_string().contains("`decoder`"), "{told}");
}

#[test]
fn a_refused_login_is_final_and_a_missing_stream_is_not() {
    let said = |what: &str| explained(SourceError::disconnected(format!("ended; it said: {what}")));
    for (what, kind, part) in [
        ("method DESCRIBE failed: 401 Unauthorized", SourceErrorKind::Fatal, "`password_file`"),
        ("method PLAY failed: 403 Forbidden", SourceErrorKind::Fatal, "refuses the login"),
        ("method DESCRIBE failed: 404 Not Found", SourceErrorKind::Disconnected, "path in `url`"),
        ("Unknown decoder 'x'", SourceErrorKind::Fatal, "`decoder`"),
        ("Connection refused", SourceErrorKind::Disconnected, "ended; it said"),
    ] {
        let error = said(what);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part) && error.to_string().contains(what), "{error}");
    }
}

#[test]
fn a_program_that_is_missing_is_named_with_its_package() {
    let error = RtspSource::open_with("/nowhere/ffmpeg", &options("rtsp://c/"), &Wake::never());
    let error = error.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal);
    assert!(error.to_string().contains("apt install ffmpeg"), "{error}");
}
