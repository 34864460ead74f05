//! Video files, decoded by the `ffmpeg` program.

use std::path::Path;

use super::{
    Frame, FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource, SourceError,
    SourceErrorKind, Timestamps, Wake, check_rate,
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
        Self::open_woken(path, options, &Wake::never())
    }

    /// Like [`VideoSource::open`]; every wait for the decoder ends when `wake` is
    /// raised.
    ///
    /// # Errors
    /// As [`VideoSource::open`].
    pub fn open_woken(
        path: impl AsRef<Path>,
        options: VideoOptions,
        wake: &Wake,
    ) -> Result<Self, SourceError> {
        Self::open_with("ffmpeg", path.as_ref(), options, wake)
    }

    fn open_with(
        program: &str,
        path: &Path,
        options: VideoOptions,
        wake: &Wake,
    ) -> Result<Self, SourceError> {
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
        let pipe = PipeSource::open_woken(&PipeInput::Command(command), pipe_options, wake)
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
mod tests;
