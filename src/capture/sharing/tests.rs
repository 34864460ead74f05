use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::capture::{Frame, FrameSource, PixelFormat, SourceError, SourceErrorKind, Wake};

/// Frame n is of n's bytes; each takes a millisecond.
struct Counting {
    bytes: Vec<u8>,
    sequence: u64,
}

impl FrameSource for Counting {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        thread::sleep(Duration::from_millis(1));
        self.sequence += 1;
        self.bytes = vec![self.sequence as u8; 160 * 120];
        Ok(Some(Frame {
            format: PixelFormat::Grey,
            width_px: 160,
            height_px: 120,
            stride_bytes: 160,
            data: &self.bytes,
            timestamp_ns: 7 * self.sequence,
            sequence: self.sequence,
        }))
    }

    fn describe(&self) -> String {
        "counting".into()
    }
}

/// A camera that is shared, and watched in a thread until this is let go.
struct Watch {
    stop: Wake,
    thread: Option<thread::JoinHandle<(u64, Duration)>>,
}

impl Watch {
    fn begin(socket: &Path) -> Self {
        let sharing = Sharing::start(socket).unwrap();
        let stop = Wake::new();
        let own = stop.clone();
        let watch = move || {
            let source = Box::new(Counting { bytes: Vec::new(), sequence: 0 });
            let mut shown = sharing.around(source);
            let (mut seen, mut longest) = (0, Duration::ZERO);
            while !own.sleep(Duration::ZERO) {
                let begun = Instant::now();
                assert!(shown.next_frame().unwrap().is_some());
                longest = longest.max(begun.elapsed());
                seen += 1;
            }
            (seen, longest)
        };
        Self { stop, thread: Some(thread::spawn(watch)) }
    }

    /// Frames that were watched, and the longest time that one has taken.
    fn end(mut self) -> (u64, Duration) {
        self.stop.raise();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.raise();
    }
}

fn connect(socket: &Path) -> SharedCamera {
    let begun = Instant::now();
    loop {
        if let Some(camera) = SharedCamera::connect(socket, &Wake::never()).unwrap() {
            return camera;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is shared");
        thread::sleep(Duration::from_millis(10));
    }
}

fn take(camera: &mut SharedCamera, frames: u64) -> u64 {
    let mut last = 0;
    for _ in 0..frames {
        let frame = camera.next_frame().unwrap().unwrap();
        assert!(frame.sequence > last, "frames come in their order");
        last = frame.sequence;
        assert_eq!(frame.timestamp_ns, 7 * last);
        assert_eq!((frame.width_px, frame.height_px, frame.stride_bytes), (160, 120, 160));
        assert!(frame.data.len() == 160 * 120 && frame.data.iter().all(|byte| *byte == last as u8));
    }
    last
}

#[test]
fn whoever_looks_sees_whole_frames_in_order_and_the_next_one_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("camera.sock");
    assert!(SharedCamera::connect(&socket, &Wake::never()).unwrap().is_none());
    let watch = Watch::begin(&socket);
    let mut first = connect(&socket);
    let seen = take(&mut first, 50);
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may look");
    drop(first);
    let mut second = connect(&socket);
    assert!(take(&mut second, 20) > seen, "not a frame of before");
    let (watched, _) = watch.end();
    assert!(watched > seen);
    let over = loop {
        if let Err(error) = second.next_frame() {
            break error;
        }
    };
    assert_eq!(over.kind(), SourceErrorKind::Disconnected);
    assert!(over.to_string().contains("has ended"), "{over}");
}

#[test]
fn whoever_takes_nothing_keeps_the_watch_from_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("camera.sock");
    let watch = Watch::begin(&socket);
    let mut lazy = connect(&socket);
    take(&mut lazy, 1);
    // More than a socket holds; it is let go after its patience, and the next has its turn.
    let mut next = connect(&socket);
    take(&mut next, 5);
    let (watched, _) = watch.end();
    assert!(watched > 1000, "{watched} frames were watched in over five seconds");
}

#[test]
fn a_socket_of_a_dead_program_or_one_that_was_removed_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("learnt/camera.sock");
    // The folder comes later.
    let watch = Watch::begin(&socket);
    thread::sleep(Duration::from_millis(300));
    fs::create_dir(folder.path().join("learnt")).unwrap();
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    take(&mut connect(&socket), 3);
    fs::remove_dir_all(folder.path().join("learnt")).unwrap();
    fs::create_dir(folder.path().join("learnt")).unwrap();
    take(&mut connect(&socket), 3);
    drop(watch);
}

#[test]
fn what_comes_there_is_not_believed_and_silence_ends() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("camera.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let answer = |bytes: &'static [u8]| -> (SharedCamera, UnixStream) {
        let camera = SharedCamera::connect(&socket, &Wake::never()).unwrap().unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(bytes).unwrap();
        (camera, stream)
    };
    let (mut camera, _stream) = answer(&[b'x'; 48]);
    let refused = camera.next_frame().unwrap_err();
    assert_eq!(refused.kind(), SourceErrorKind::Fatal);
    assert!(refused.to_string().contains("camera.sock: what comes there is not a frame"));
    let (mut camera, stream) = answer(b"nwf1");
    drop(stream);
    assert_eq!(camera.next_frame().unwrap_err().kind(), SourceErrorKind::Disconnected);
    // Asked to end, a wait ends at once.
    let wake = Wake::new();
    let mut camera = SharedCamera::connect(&socket, &wake).unwrap().unwrap();
    let _stream = listener.accept().unwrap();
    wake.raise();
    assert!(camera.next_frame().unwrap_err().to_string().contains("asked to end"));
}
