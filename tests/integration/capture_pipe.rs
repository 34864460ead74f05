//! Commands that deliver frames, and all the ways in which they stop.

use std::path::Path;
use std::time::{Duration, Instant};

use normwatch::capture::{
    FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource, PixelFormat,
    SourceError, SourceErrorKind, Timestamps, Wake,
};

const GREY: PipeContent =
    PipeContent::Raw { format: PixelFormat::Grey, width_px: 3, height_px: 2, stride_bytes: None };

fn command(argv: &[&str]) -> PipeInput {
    PipeInput::Command(PipeCommand { argv: argv.iter().map(ToString::to_string).collect() })
}

fn shell(script: &str) -> PipeInput {
    command(&["sh", "-c", script])
}

fn options(content: PipeContent) -> PipeOptions {
    PipeOptions { content, timestamps: Timestamps::Rate(10.0), read_timeout_ms: 10_000 }
}

fn open(script: &str, content: PipeContent) -> Result<PipeSource, SourceError> {
    PipeSource::open(&shell(script), options(content))
}

fn disconnected<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Disconnected, "{error}");
    assert!(error.to_string().starts_with('`'), "the command is not named: {error}");
    error.to_string()
}

fn fatal<T: std::fmt::Debug>(result: Result<T, SourceError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Fatal, "{error}");
    error.to_string()
}

#[test]
fn raw_frames_come_one_by_one_until_the_end() {
    let mut source = open("printf abcdef; sleep 0.05; printf ABC; printf DEF", GREY).unwrap();
    assert!(source.describe().ends_with("`: 3x2 grey"), "{}", source.describe());
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.data, frame.stride_bytes), (&b"abcdef"[..], 3));
    assert_eq!((frame.timestamp_ns, frame.sequence), (0, 0));
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.data, frame.timestamp_ns), (&b"ABCDEF"[..], 100_000_000));
    assert_eq!(source.next_frame().unwrap(), None);
    assert_eq!(source.next_frame().unwrap(), None);
}

#[test]
fn what_the_shell_has_started_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("(sleep 600 & echo $! >{}; wait) | cat", file.display());
    let mut source = open(&format!("printf abcdef; {script}"), GREY).unwrap();
    source.next_frame().unwrap().unwrap();
    let begun = Instant::now();
    let pid = loop {
        let said = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(pid) = said.trim().parse::<i32>() {
            break rustix::process::Pid::from_raw(pid).unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
    };
    let lives = || rustix::process::test_kill_process(pid).is_ok();
    assert!(lives());
    drop(source);
    // Somebody else has to reap it.
    while lives() && !is_zombie(pid) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits for the process whose number a script has written to be gone.
fn assert_ends(file: &Path) {
    let begun = Instant::now();
    let pid = loop {
        let said = std::fs::read_to_string(file).unwrap_or_default();
        if let Ok(pid) = said.trim().parse::<i32>() {
            break rustix::process::Pid::from_raw(pid).unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "it never began");
    };
    while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_a_launcher_has_left_behind_ends_whether_or_not_it_was_asked_for_frames() {
    let folder = tempfile::tempdir().unwrap();
    for (name, exit, reads) in
        [("a", "exit 1", true), ("b", "exit 0", true), ("c", "exit 1", false)]
    {
        let file = folder.path().join(name);
        let script = format!("sleep 600 >/dev/null & echo $! >{}; {exit}", file.display());
        let mut source = open(&script, GREY).unwrap();
        if reads {
            let _ = source.next_frame();
        } else {
            std::thread::sleep(Duration::from_millis(100));
        }
        drop(source);
        assert_ends(&file);
    }
}

#[test]
fn nobody_waits_for_whom_the_command_has_sent_away() {
    // It leaves the group and keeps standard error.
    let mut source = open("setsid sleep 20 & printf abcdef", GREY).unwrap();
    source.next_frame().unwrap().unwrap();
    let begun = Instant::now();
    drop(source);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_wait_ends_when_the_run_does() {
    let wake = Wake::new();
    let patient = |content| PipeOptions { read_timeout_ms: 600_000, ..options(content) };
    let silent = command(&["sleep", "600"]);
    let mut source = PipeSource::open_woken(&silent, patient(GREY), &wake).unwrap();
    let raiser = wake.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        raiser.raise();
    });
    let begun = Instant::now();
    assert!(disconnected(source.next_frame()).contains("was ended"));
    disconnected(PipeSource::open_woken(&silent, patient(PipeContent::Y4m), &wake));
    assert!(begun.elapsed() < Duration::from_secs(60));
    thread.join().unwrap();
}

#[test]
fn a_command_is_told_of_by_its_name_alone() {
    let mut source =
        open("echo 'rtsp://me:secret@10.0.0.1/: refused' >&2; exit 1 # secret", GREY).unwrap();
    assert_eq!(source.describe(), "`sh`: 3x2 grey");
    let text = disconnected(source.next_frame());
    assert!(text.contains("rtsp://…@10.0.0.1/: refused") && !text.contains("secret"), "{text}");
}

fn is_zombie(pid: rustix::process::Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[test]
fn arrival_times_move_forward() {
    let arrival = PipeOptions { timestamps: Timestamps::Arrival, ..options(GREY) };
    let script = "printf abcdef; sleep 0.1; printf ABCDEF";
    let mut source = PipeSource::open(&shell(script), arrival).unwrap();
    let first = source.next_frame().unwrap().unwrap().timestamp_ns;
    let second = source.next_frame().unwrap().unwrap().timestamp_ns;
    assert!(first > 0 && second >= first + 50_000_000, "{first} {second}");
}

#[test]
fn padded_rows_are_lent_with_their_stride() {
    let content = PipeContent::Raw {
        format: PixelFormat::Grey,
        width_px: 3,
        height_px: 2,
        stride_bytes: Some(4),
    };
    let mut source = open("printf abc.def.", content).unwrap();
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.data, frame.stride_bytes), (&b"abc.def."[..], 4));
    assert!(source.describe().ends_with("3x2 grey with rows of 4 bytes"));
}

#[test]
fn a_command_that_dies_inside_a_frame_is_quoted() {
    let mut source = open("printf abcdefgh; echo 'sensor gone' >&2; exit 3", GREY).unwrap();
    source.next_frame().unwrap().unwrap();
    let text = disconnected(source.next_frame());
    assert!(text.contains("after 2 of the 6 bytes of 3x2 grey"), "{text}");
    assert!(text.contains("exit status: 3") && text.contains("sensor gone"), "{text}");
    assert!(disconnected(source.next_frame()).contains("reopen"));
}

#[test]
fn a_command_that_fails_between_frames_has_not_ended_well() {
    let mut source = open("printf abcdef; kill -9 $$", GREY).unwrap();
    source.next_frame().unwrap().unwrap();
    let text = disconnected(source.next_frame());
    assert!(text.contains("signal: 9"), "{text}");
}

#[test]
fn a_wrong_frame_size_is_explained() {
    let content = PipeContent::Raw {
        format: PixelFormat::I420,
        width_px: 320,
        height_px: 240,
        stride_bytes: None,
    };
    let padded_bytes = 384 * 240 * 3 / 2 * 4;
    let mut source = open(&format!("head -c {padded_bytes} /dev/zero"), content).unwrap();
    let text = loop {
        if let Err(error) = source.next_frame().map(|frame| frame.unwrap().sequence) {
            break error.to_string();
        }
    };
    assert!(text.contains("of the 115200 bytes of 320x240 i420"), "{text}");
    assert!(text.contains("rows padded?") && text.contains("set the row stride to 384"), "{text}");

    let mut source = open("head -c 115201 /dev/zero", content).unwrap();
    source.next_frame().unwrap().unwrap();
    let text = disconnected(source.next_frame());
    assert!(text.contains("115201 bytes, 1 frames") && text.contains("multiple of 128"), "{text}");
}

#[test]
fn a_command_that_hangs_times_out_and_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let script = format!("echo $$ > {}; printf abc; exec sleep 60", pid_file.display());
    let quick = PipeOptions { read_timeout_ms: 300, ..options(GREY) };
    let started = Instant::now();
    let mut source = PipeSource::open(&shell(&script), quick).unwrap();
    let text = disconnected(source.next_frame());
    assert!(text.ends_with("no frame for 300 ms"), "{text}");
    let pid = std::fs::read_to_string(pid_file).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.exists());
    drop(source);
    assert!(!process.exists(), "reaped on drop");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_command_that_cannot_run_is_fatal_and_named() {
    let text = fatal(PipeSource::open(&command(&["/nowhere/rpicam-vid"]), options(GREY)));
    assert!(text.contains("cannot run `/nowhere/rpicam-vid`: No such file"), "{text}");
    let text = fatal(PipeSource::open(&command(&["/dev/null"]), options(GREY)));
    assert!(text.contains("Permission denied"), "{text}");
    assert!(fatal(PipeSource::open(&command(&[]), options(GREY))).contains("empty"));
}

#[test]
fn impossible_settings_are_fatal_before_anything_starts() {
    let mjpeg = PipeContent::Raw {
        format: PixelFormat::Mjpeg,
        width_px: 3,
        height_px: 2,
        stride_bytes: None,
    };
    let text = fatal(PipeSource::open(&command(&["/nowhere"]), options(mjpeg)));
    assert!(text.contains("mjpeg"), "{text}");
    let still = PipeOptions { timestamps: Timestamps::Rate(0.0), ..options(GREY) };
    assert!(fatal(PipeSource::open(&command(&["/nowhere"]), still)).contains("above 0"));
}

#[test]
fn y4m_states_its_own_format_and_rate() {
    let script = r"printf 'YUV4MPEG2 W3 H2 F5:2 Ip A1:1 C420mpeg2 XX\nFRAME\nyyyyyyuuvvFRAME Ib\nYYYYYYUUVV'";
    let from_header =
        PipeOptions { timestamps: Timestamps::HeaderRate, ..options(PipeContent::Y4m) };
    let mut source = PipeSource::open(&shell(script), from_header).unwrap();
    assert_eq!(source.fps(), Some(2.5));
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.format, frame.width_px, frame.height_px), (PixelFormat::I420, 3, 2));
    assert_eq!((frame.data, frame.stride_bytes), (&b"yyyyyyuuvv"[..], 3));
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.data, frame.timestamp_ns), (&b"YYYYYYUUVV"[..], 400_000_000));
    assert_eq!(source.next_frame().unwrap(), None);

    let mut source = open(r"printf 'YUV4MPEG2 W2 H1 Cmono\nFRAME\nab'", PipeContent::Y4m).unwrap();
    assert_eq!(source.fps(), None);
    let frame = source.next_frame().unwrap().unwrap();
    assert_eq!((frame.format, frame.data), (PixelFormat::Grey, &b"ab"[..]));
}

#[test]
fn y4m_streams_that_stop_or_lose_step() {
    let header = r"YUV4MPEG2 W2 H1 Cmono\n";
    for (body, part) in [
        (r"FRAME\na", "after 1 of the 2 bytes"),
        (r"FRAME\n", "after 0 of the 2 bytes"),
        ("FRA", "after 0 of the 2 bytes"),
        (r"FRAME\nabc\n", "no FRAME line where one is due, after 1 frames"),
    ] {
        let mut source = open(&format!("printf '{header}{body}'"), PipeContent::Y4m).unwrap();
        let text = loop {
            match source.next_frame() {
                Ok(frame) => assert!(frame.is_some(), "{body}"),
                error => break disconnected(error),
            }
        };
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn y4m_headers_that_do_not_come_or_do_not_fit() {
    let text = disconnected(open("echo 'no camera' >&2; exit 255", PipeContent::Y4m));
    assert!(text.contains("before its header") && text.contains("no camera"), "{text}");
    let quick = PipeOptions { read_timeout_ms: 100, ..options(PipeContent::Y4m) };
    let text = disconnected(PipeSource::open(&command(&["sleep", "60"]), quick));
    assert!(text.contains("no stream header for 100 ms"), "{text}");
    let text = fatal(open("head -c 100000 /dev/zero", PipeContent::Y4m));
    assert!(text.contains("not a YUV4MPEG2 stream"), "{text}");
    let text = fatal(open(r"printf 'YUV4MPEG2 W2 H2 C444\n'", PipeContent::Y4m));
    assert!(text.contains("C444") && text.contains("yuv420p"), "{text}");
    let rate = PipeOptions { timestamps: Timestamps::HeaderRate, ..options(PipeContent::Y4m) };
    let text = fatal(PipeSource::open(&shell(r"printf 'YUV4MPEG2 W2 H2\n'"), rate));
    assert!(text.contains("no frame rate"), "{text}");
}

#[test]
fn sources_work_behind_references_and_boxes() {
    let mut boxed: Box<dyn FrameSource + Send> = Box::new(open("printf abcdef", GREY).unwrap());
    fn count(mut source: impl FrameSource) -> u64 {
        let mut frames = 0;
        while source.next_frame().unwrap().is_some() {
            frames += 1;
        }
        frames
    }
    assert_eq!(count(&mut boxed), 1);
    assert_eq!(count(boxed), 0);
}
