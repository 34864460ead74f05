//! Video files, decoded by the `ffmpeg` program.

use std::path::Path;

use super::{
    Frame, FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource, SourceError,
    SourceErrorKind, Timestamps, check_rate,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoOptions {
    /// Drops or repeats frames to this rate; `None` keeps the file's.
    pub fps: Option<f64>,
    /// How long to wait for each frame.
    pub read_timeout_ms: u32,
}

/// Lends the frames of a video file as I420. Timestamps count from the start
/// of the file.
#[derive(Debug)]
pub struct VideoSource {
    path: String,
    pipe: PipeSource,
}

impl VideoSource {
    /// Starts `ffmpeg` on the file and reads the stream's header.
    ///
    /// # Errors
    /// [`Fatal`](super::SourceErrorKind::Fatal) if the file cannot be opened
    /// or is no video, or if `ffmpeg` is not installed.
    pub fn open(path: impl AsRef<Path>, options: VideoOptions) -> Result<Self, SourceError> {
        Self::open_with("ffmpeg", path.as_ref(), options)
    }

    fn open_with(program: &str, path: &Path, options: VideoOptions) -> Result<Self, SourceError> {
        let name = path.display();
        std::fs::File::open(path)
            .map_err(|error| SourceError::fatal(format!("cannot open {name}: {error}")))?;
        let Some(path) = path.to_str() else {
            return Err(SourceError::fatal("rename it, the name is not UTF-8").of(name));
        };
        let command = PipeCommand { argv: arguments(program, path, options.fps) };
        let pipe_options = PipeOptions {
            content: PipeContent::Y4m,
            timestamps: Timestamps::HeaderRate,
            read_timeout_ms: options.read_timeout_ms,
        };
        options.fps.map_or(Ok(()), check_rate).map_err(|error| error.of(path))?;
        if !is_installed(program) {
            let what = format!(
                "{program} is not installed: apt install ffmpeg, or extract the frames into a folder"
            );
            return Err(SourceError::fatal(what).of(path));
        }
        // A file stays what it is: what a camera might recover from is final.
        let pipe = PipeSource::open(&PipeInput::Command(command), pipe_options)
            .map_err(|error| SourceError::fatal(format!("cannot play {path}: {error}")))?;
        Ok(Self { path: path.to_string(), pipe })
    }

    /// Frames per second of what is delivered.
    pub fn fps(&self) -> Option<f64> {
        self.pipe.fps()
    }
}

impl FrameSource for VideoSource {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        self.pipe.next_frame().map_err(|error| match error.kind() {
            SourceErrorKind::Disconnected => error.of(&self.path).with_kind(SourceErrorKind::Fatal),
            _ => error.of(&self.path),
        })
    }

    fn describe(&self) -> String {
        let fps = self.fps().unwrap_or_default();
        format!("{} at {fps} fps, through {}", self.path, self.pipe.describe())
    }
}

/// The `file:` prefix keeps a name with a colon from being taken for a URL.
fn arguments(program: &str, path: &str, fps: Option<f64>) -> Vec<String> {
    let file = format!("file:{path}");
    let mut argv: Vec<String> =
        [program, "-v", "error", "-nostdin", "-i", &file].map(String::from).into();
    argv.extend(["-f", "yuv4mpegpipe", "-pix_fmt", "yuv420p"].map(String::from));
    if let Some(fps) = fps {
        argv.extend(["-r".to_string(), fps.to_string()]);
    }
    argv.push("-".to_string());
    argv
}

fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let search = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&search).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const OPTIONS: VideoOptions = VideoOptions { fps: None, read_timeout_ms: 5_000 };

    fn fake_ffmpeg(folder: &Path, script: &str) -> String {
        let program = folder.join("ffmpeg");
        // A file that this process had open for writing may be "text busy"
        // while another test forks.
        let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod +x "$0""#;
        let written =
            Command::new("sh").args(["-c", write]).arg(&program).arg(script).status().unwrap();
        assert!(written.success());
        program.to_str().unwrap().to_string()
    }

    fn clip(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("clip: 1.mp4");
        std::fs::write(&path, "video").unwrap();
        path
    }

    #[test]
    fn frames_come_through_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let script = r#"[ "$5" = "file:${0%/*}/clip: 1.mp4" ] || exit 9; printf 'YUV4MPEG2 W2 H2 F10:1\nFRAME\nabcdefFRAME\nABCDEF'"#;
        let program = fake_ffmpeg(folder.path(), script);
        let mut source = VideoSource::open_with(&program, &clip(folder.path()), OPTIONS).unwrap();
        assert_eq!(source.fps(), Some(10.0));
        assert_eq!(source.next_frame().unwrap().unwrap().data, b"abcdef");
        let second = source.next_frame().unwrap().unwrap();
        assert_eq!((second.data, second.timestamp_ns), (&b"ABCDEF"[..], 100_000_000));
        assert_eq!(source.next_frame().unwrap(), None);
    }

    #[test]
    fn a_file_that_is_no_video_is_fatal_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let program = fake_ffmpeg(folder.path(), "echo 'Invalid data found' >&2; exit 1");
        let error = VideoSource::open_with(&program, &clip(folder.path()), OPTIONS).unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Fatal);
        assert!(error.to_string().contains("Invalid data found"), "{error}");
    }

    #[test]
    fn missing_file_and_missing_program_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.mp4");
        let error = VideoSource::open_with("/nowhere/ffmpeg", &missing, OPTIONS).unwrap_err();
        assert!(error.to_string().contains("none.mp4: No such file"), "{error}");
        let error =
            VideoSource::open_with("/nowhere/ffmpeg", &clip(folder.path()), OPTIONS).unwrap_err();
        assert!(error.to_string().contains("apt install ffmpeg"), "{error}");
        assert_eq!(error.kind(), SourceErrorKind::Fatal);
    }

    #[test]
    fn the_rate_goes_before_the_output() {
        let argv = arguments("ffmpeg", "a.mp4", Some(12.5));
        assert_eq!(argv[argv.len() - 3..], ["-r", "12.5", "-"]);
        assert_eq!(arguments("ffmpeg", "a.mp4", None).last().unwrap(), "-");
    }
}
