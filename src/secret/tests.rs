use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;

/// What comes of it; fails where nothing does.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = channel();
    thread::spawn(move || tell.send(work()));
    told.recv_timeout(Duration::from_secs(60)).expect("it waits for ever")
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// All that a path can be but a file of a secret, with a part of what is told of it.
fn unfit(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let file = |name: &str| folder.join(name);
    mknodat(CWD, file("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    write(&file("empty"), b"", 0o600);
    write(&file("large"), &[b'x'; 20_000], 0o600);
    write(&file("open"), b"0123456789abcdef", 0o604);
    std::os::unix::fs::symlink(file("fifo"), file("link")).unwrap();
    vec![
        (file("fifo"), "is not a regular file: put"),
        (file("link"), "is not a regular file: put"),
        (folder.to_path_buf(), "is not a regular file: put"),
        ("/dev/zero".into(), "is not a regular file: put"),
        (file("large"), "larger than 16 KiB: give"),
        (file("empty"), "empty: write"),
        (file("open"), "`chmod o= FILE`"),
        (file("none"), "make it, with the secret"),
    ]
}

#[test]
fn nothing_but_a_file_of_ones_own_is_a_secret_and_none_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    for (path, expected) in unfit(folder.path()) {
        let of = path.clone();
        let told = in_time(move || {
            let told = |error: io::Error| error.to_string();
            [
                contents(&of).map(drop).map_err(told),
                password(&of).map(drop).map_err(told),
                token(&of).map(drop).map_err(told),
            ]
        });
        for one in told {
            let one = one.unwrap_err();
            assert!(one.contains(expected), "{}: {one}", path.display());
        }
    }
}

#[test]
fn a_password_is_the_first_line_of_a_file_that_is_not_everybodys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    let read = |text: &[u8], mode| {
        write(&path, text, mode);
        password(&path).map_err(|error| error.to_string())
    };
    assert_eq!(read(b"s3cret\r\nnote\n", 0o600).unwrap(), b"s3cret");
    assert_eq!(read(b"s3cret", 0o640).unwrap(), b"s3cret");
    assert!(read(b"s3cret", 0o644).unwrap_err().contains("chmod o="));
    assert!(read(b"\n", 0o600).unwrap_err().contains("empty"));
    assert!(read(&[b'x'; 1025], 0o600).unwrap_err().contains("1024"));
    assert_eq!(read(&[b'x'; 1024], 0o600).unwrap().len(), 1024);
}

#[test]
fn a_token_is_what_an_address_and_a_cookie_can_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let read = |text: &str| {
        write(&path, text.as_bytes(), 0o600);
        token(&path).ok()
    };
    assert_eq!(read("0123456789abcdef\nnote\n").as_deref(), Some("0123456789abcdef"));
    for wrong in ["short", "0123456789abcdef;Path=/", "0123456789+abcdef", "０１２３４５６７"]
    {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}
