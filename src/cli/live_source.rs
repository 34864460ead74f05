use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::capture::{
    FolderSource, Frame, FrameSource, PipeCommand, PipeContent, PipeInput, PipeOptions, PipeSource,
    PixelFormat, SourceError, Timestamps, VideoOptions, VideoSource,
};
use crate::clock::Clock;
use crate::config::{CameraSection, CameraSource, PixelLayout, RawStream};

/// Opens what `[camera]` names. Folders and videos are played at their own
/// pace, as if they were cameras; `fps` is the pace of a folder.
pub(super) fn open(
    camera: &CameraSection,
    fps: f64,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn FrameSource + Send>, SourceError> {
    let timeout_ms = camera.read_timeout_ms;
    let pipe = |input: &PipeInput, stream: &RawStream| {
        let options = PipeOptions {
            content: content(stream),
            timestamps: Timestamps::Arrival,
            read_timeout_ms: timeout_ms,
        };
        PipeSource::open(input, options)
    };
    Ok(match &camera.source {
        CameraSource::Folder { path, repeat } => {
            let folder = FolderSource::open(path, fps)?;
            Box::new(Paced::new(Recording::Folder { folder, repeat: *repeat, fps }, clock))
        }
        CameraSource::Video { path } => {
            let options = VideoOptions { fps: None, read_timeout_ms: timeout_ms };
            Box::new(Paced::new(Recording::Video(VideoSource::open(path, options)?), clock))
        }
        CameraSource::Pipe { command, stream } => {
            let command = PipeCommand { argv: command.clone() };
            Box::new(pipe(&PipeInput::Command(command), stream)?)
        }
        CameraSource::Stdin { stream } => Box::new(pipe(&PipeInput::StandardInput, stream)?),
    })
}

/// Whether the end of this source means that the camera was lost.
pub(super) fn end_is_loss(camera: &CameraSection) -> bool {
    matches!(camera.source, CameraSource::Pipe { .. })
}

fn content(stream: &RawStream) -> PipeContent {
    match *stream {
        RawStream::Y4m => PipeContent::Y4m,
        RawStream::Raw { layout, width_px, height_px, stride_bytes } => PipeContent::Raw {
            format: match layout {
                PixelLayout::Grey => PixelFormat::Grey,
                PixelLayout::Yuyv => PixelFormat::Yuyv,
                PixelLayout::Uyvy => PixelFormat::Uyvy,
                PixelLayout::Nv12 => PixelFormat::Nv12,
                PixelLayout::I420 => PixelFormat::I420,
                PixelLayout::Rgb24 => PixelFormat::Rgb24,
            },
            width_px,
            height_px,
            stride_bytes: stride_bytes.map(|bytes| bytes as usize),
        },
    }
}

enum Recording {
    Folder { folder: FolderSource, repeat: bool, fps: f64 },
    Video(VideoSource),
}

/// Holds each frame of a recording back until its time has come.
struct Paced {
    recording: Recording,
    clock: Arc<dyn Clock>,
    start_ns: u64,
    rounds: u64,
}

impl Paced {
    fn new(recording: Recording, clock: &Arc<dyn Clock>) -> Self {
        Self { recording, start_ns: clock.monotonic_ns(), clock: clock.clone(), rounds: 0 }
    }
}

impl FrameSource for Paced {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let (mut offset_ns, mut offset_frames) = (0, 0);
        let frame = match &mut self.recording {
            Recording::Video(video) => video.next_frame()?,
            Recording::Folder { folder, repeat, fps } => {
                if *repeat && folder.at_end() {
                    folder.seek(0);
                    self.rounds += 1;
                }
                offset_frames = self.rounds * folder.len() as u64;
                offset_ns = (offset_frames as f64 * 1e9 / *fps) as u64;
                folder.next_frame()?
            }
        };
        let Some(mut frame) = frame else { return Ok(None) };
        frame.sequence += offset_frames;
        frame.timestamp_ns += self.start_ns + offset_ns;
        let early_ns = frame.timestamp_ns.saturating_sub(self.clock.monotonic_ns());
        thread::sleep(Duration::from_nanos(early_ns));
        Ok(Some(frame))
    }

    fn describe(&self) -> String {
        match &self.recording {
            Recording::Folder { folder, .. } => folder.describe(),
            Recording::Video(video) => video.describe(),
        }
    }
}
