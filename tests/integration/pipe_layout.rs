//! Raw frames that do not have the layout that was stated, made of real footage.

use std::time::Instant;

use normwatch::capture::{
    FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource, PixelFormat,
    SourceError, SourceErrorKind, Timestamps,
};
use normwatch_faults::took;

/// Frames of a clip of the demonstration, through a shell script that gets the
/// arguments of `ffmpeg` as `$@`.
fn clip(script: &str, clip: &str, format: PixelFormat, arguments: &str) -> PipeSource {
    let pixels = match format {
        PixelFormat::Grey => "gray",
        PixelFormat::Yuyv => "yuyv422",
        PixelFormat::Rgb24 => "rgb24",
        _ => "yuv420p",
    };
    let frames = format!("{}/models/walkway-clip/frames/{clip}", env!("CARGO_MANIFEST_DIR"));
    let images = format!("ffmpeg -v error -nostdin -i {frames}/%06d.jpg {arguments}");
    let script = format!("frames() {{ {images} -f rawvideo -pix_fmt {pixels} -; }}; {script}");
    let argv = ["sh", "-c", &script].map(String::from).to_vec();
    let content = PipeContent::Raw { format, width_px: 320, height_px: 180, stride_bytes: None };
    let timestamps = Timestamps::Rate(10.0);
    let options = PipeOptions { content, timestamps, read_timeout_ms: 20_000 };
    PipeSource::open(&PipeInput::Command(PipeCommand { argv }), options).unwrap()
}

/// Frames that were lent, and the failure that ended them.
fn play(mut source: PipeSource) -> (u64, u64, Option<SourceError>) {
    let (mut lent, mut skipped) = (0, 0);
    loop {
        match source.next_frame() {
            Ok(Some(_)) => lent += 1,
            Ok(None) => return (lent, skipped, None),
            Err(error) if error.kind() == SourceErrorKind::FrameSkipped => skipped += 1,
            Err(error) => return (lent, skipped, Some(error)),
        }
    }
}

#[test]
fn sound_frames_pass_in_every_format() {
    let folder = format!("{}/models/walkway-clip/frames", env!("CARGO_MANIFEST_DIR"));
    let mut clips = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        clips += 1;
        use PixelFormat::{Grey, I420, Rgb24, Yuyv};
        for format in [Grey, I420, Yuyv, Rgb24] {
            let (lent, skipped, error) = play(clip("frames", &name, format, ""));
            assert_eq!((skipped, error), (0, None), "{name} {format}");
            assert!(lent > 50, "{name} {format}: {lent}");
        }
    }
    assert!(clips > 0);
}

#[test]
fn rows_that_are_padded_are_found_before_anything_is_judged() {
    for format in [PixelFormat::Grey, PixelFormat::I420] {
        let begun = Instant::now();
        let (lent, _, error) = play(clip("frames", "204", format, "-vf pad=384:180"));
        let error = error.unwrap();
        took("rows-padded", begun.elapsed());
        assert!(lent <= 2, "{lent}");
        assert_eq!(error.kind(), SourceErrorKind::Fatal, "{error}");
        assert!(error.to_string().contains("384 bytes"), "{error}");
    }
}

#[test]
fn text_before_the_frames_is_passed_over() {
    let says = "echo 'GST_ARGUS: Creating output stream'; echo 'CONSUMER: Producer has connected';";
    let mut whole = clip("frames", "204", PixelFormat::Grey, "");
    let begun = Instant::now();
    let mut source = clip(&format!("{says} frames"), "204", PixelFormat::Grey, "");
    for _ in 0..3 {
        let frame = source.next_frame().unwrap().unwrap();
        assert!(frame.data == whole.next_frame().unwrap().unwrap().data);
    }
    took("text-first", begun.elapsed());
}

#[test]
fn a_stream_out_of_step_is_given_up() {
    for (script, most) in [
        ("head -c 31 /dev/zero; frames", 0),
        ("head -c 200 /dev/zero; frames", 0),
        // 20 whole frames, then some bytes get lost.
        ("frames | (head -c 1152000; head -c 77 >/dev/null; cat)", 20),
    ] {
        let begun = Instant::now();
        let (lent, _, error) = play(clip(script, "204", PixelFormat::Grey, ""));
        let error = error.unwrap();
        took("bytes-lost", begun.elapsed());
        assert_eq!(error.kind(), SourceErrorKind::Disconnected, "{script}: {error}");
        assert!(lent <= most && error.to_string().contains("torn"), "{script}: {lent}, {error}");
    }
}
