//! The camera that a site names, opened as often as need be.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::borrowed::Borrowed;
use crate::capture::{
    FolderSource, Frame, FrameSource, PipeContent, PipeInput, PipeOptions, PipeSource, RtspOptions,
    RtspSource, SourceError, Timestamps, VideoOptions, VideoSource, Wake,
};
#[cfg(feature = "v4l2")]
use crate::capture::{V4l2Options, v4l2::V4l2Camera};
use crate::clock::Clock;
use crate::config::{CameraSection, CameraSource, V4l2Section};
use crate::model::InputSection;
use crate::preprocess::Channels;

/// What the frames are for.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// Width and height that the frames will be reduced to.
    pub size_px: (u32, u32),
    /// Rate that they will be thinned to, and the pace of a folder.
    pub fps: f64,
    /// Whether colours are of no use.
    pub luma: bool,
}

impl Needs {
    /// Of a bundle's network.
    pub fn of(input: &InputSection) -> Self {
        let side = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
        Self {
            size_px: (side(input.width_px), side(input.height_px)),
            fps: input.fps,
            luma: input.channels == Channels::Luma,
        }
    }
}

/// What `[camera]` names, to be opened again after every loss.
pub struct Camera {
    section: CameraSection,
    needs: Needs,
    clock: Arc<dyn Clock>,
    wake: Wake,
    borrowed: Option<Borrowed>,
    #[cfg(feature = "v4l2")]
    v4l2: Option<V4l2Camera>,
}

impl Camera {
    /// Opens nothing yet.
    pub fn new(section: &CameraSection, needs: Needs, clock: Arc<dyn Clock>) -> Self {
        Self {
            section: section.clone(),
            needs,
            clock,
            wake: Wake::never(),
            borrowed: None,
            #[cfg(feature = "v4l2")]
            v4l2: None,
        }
    }

    /// Ends every wait for a frame when `wake` is raised.
    #[must_use]
    pub fn woken_by(mut self, wake: Wake) -> Self {
        self.wake = wake;
        self
    }

    /// Looks through the camera of whoever watches with it, where its frames are shared at
    /// `socket`. Where nobody does, the camera is opened, and given up once somebody does.
    #[must_use]
    pub fn borrowed_at(mut self, socket: PathBuf) -> Self {
        self.borrowed = Some(Borrowed::new(socket, self.clock.clone()));
        self
    }

    /// Folders and videos are played at their own pace, as if they were
    /// cameras.
    ///
    /// # Errors
    /// The source's.
    pub fn open(&mut self) -> Result<Box<dyn FrameSource + Send>, SourceError> {
        let Some(mut borrowed) = self.borrowed.take() else { return self.open_own() };
        let opened = match borrowed.look(&self.wake) {
            Ok(Some(shared)) => Ok(Box::new(shared) as _),
            Ok(None) => self.open_own().map(|own| borrowed.until_shared(own)),
            Err(error) => Err(error),
        };
        self.borrowed = Some(borrowed);
        opened
    }

    fn open_own(&mut self) -> Result<Box<dyn FrameSource + Send>, SourceError> {
        let camera = &self.section;
        let pipe = |input: &PipeInput, content: PipeContent| {
            let options = PipeOptions {
                content,
                timestamps: Timestamps::Arrival,
                read_timeout_ms: camera.read_timeout_ms,
            };
            PipeSource::open_woken(input, options, &self.wake)
        };
        Ok(match &camera.source {
            CameraSource::Folder { path, repeat } => {
                let fps = self.needs.fps;
                let folder = FolderSource::open(path, fps)?;
                let recording = Recording::Folder { folder, repeat: *repeat, fps };
                Box::new(Paced::new(recording, fps, self.clock.clone(), self.wake.clone()))
            }
            CameraSource::Video { path } => {
                let read_timeout_ms = camera.read_timeout_ms;
                let options = VideoOptions { fps: None, read_timeout_ms };
                let video = VideoSource::open_woken(path, options, &self.wake)?;
                let recording = Recording::Video(Box::new(video));
                let fps = self.needs.fps;
                Box::new(Paced::new(recording, fps, self.clock.clone(), self.wake.clone()))
            }
            CameraSource::Pipe { command, content } => {
                Box::new(pipe(&PipeInput::Command(command.clone()), *content)?)
            }
            CameraSource::Stdin { content } => Box::new(pipe(&PipeInput::StandardInput, *content)?),
            CameraSource::V4l2(section) => {
                let section = section.clone();
                self.open_v4l2(&section)?
            }
            CameraSource::Rtsp(section) => {
                let section = section.clone();
                let options = RtspOptions {
                    url: section.url,
                    user: section.user,
                    password_file: section.password_file,
                    decoder: section.decoder,
                    read_timeout_ms: camera.read_timeout_ms,
                };
                Box::new(RtspSource::open(&options, &self.wake)?)
            }
        })
    }

    #[cfg(feature = "v4l2")]
    fn open_v4l2(
        &mut self,
        section: &V4l2Section,
    ) -> Result<Box<dyn FrameSource + Send>, SourceError> {
        let (needs, read_timeout_ms) = (self.needs, self.section.read_timeout_ms);
        let wake = self.wake.clone();
        let camera = self.v4l2.get_or_insert_with(|| {
            V4l2Camera::new(V4l2Options {
                device: section.device.clone(),
                format: section.format,
                size_px: section.size_px,
                fps: section.fps,
                needed_px: needs.size_px,
                needed_fps: needs.fps,
                luma: needs.luma,
                read_timeout_ms,
                settle_frames: section.settle_frames,
                controls: section.controls.clone(),
            })
            .woken_by(wake)
        });
        Ok(Box::new(camera.open()?))
    }

    #[cfg(not(feature = "v4l2"))]
    fn open_v4l2(&mut self, _: &V4l2Section) -> Result<Box<dyn FrameSource + Send>, SourceError> {
        Err(SourceError::fatal("`source = \"v4l2\"` is not in this build"))
    }
}

/// Whether the end of this source means that the camera was lost.
pub fn end_is_loss(camera: &CameraSection) -> bool {
    use CameraSource::{Pipe, Rtsp, V4l2};
    matches!(camera.source, Pipe { .. } | V4l2(_) | Rtsp(_))
}

enum Recording {
    Folder { folder: FolderSource, repeat: bool, fps: f64 },
    Video(Box<VideoSource>),
}

/// Holds each frame of a recording back until its time has come; of a hole, most is
/// left out.
struct Paced {
    recording: Recording,
    clock: Arc<dyn Clock>,
    wake: Wake,
    pace: Pace,
    rounds: u64,
}

impl Paced {
    fn new(recording: Recording, fps: f64, clock: Arc<dyn Clock>, wake: Wake) -> Self {
        let pace = Pace::new(clock.monotonic_ns(), fps);
        Self { recording, clock, wake, pace, rounds: 0 }
    }
}

/// Where the frames of a recording lie on the clock.
struct Pace {
    start_ns: u64,
    longest_pause_ns: u64,
    /// Of the holes so far, what was left out.
    left_out_ns: u64,
    last_ns: u64,
}

/// A hole in a recording is waited for so long, or so many of the model's periods:
/// enough to be a gap. Who watches over this thread takes a longer silence for a hang.
const LONGEST_PAUSE_NS: u64 = 2_000_000_000;
const LONGEST_PAUSE_PERIODS: f64 = 2.0;

fn longest_pause_ns(fps: f64) -> u64 {
    LONGEST_PAUSE_NS.max((LONGEST_PAUSE_PERIODS * 1e9 / fps) as u64)
}

/// How long this source waits on purpose before it gives a frame.
pub(super) fn longest_pause_ms(camera: &CameraSection, fps: f64) -> u64 {
    match camera.source {
        CameraSource::Folder { .. } | CameraSource::Video { .. } => {
            longest_pause_ns(fps) / 1_000_000
        }
        _ => 0,
    }
}

impl Pace {
    fn new(start_ns: u64, fps: f64) -> Self {
        let longest_pause_ns = longest_pause_ns(fps);
        Self { start_ns, longest_pause_ns, left_out_ns: 0, last_ns: 0 }
    }

    fn on_the_clock(&mut self, footage_ns: u64) -> u64 {
        let step_ns = footage_ns.saturating_sub(self.last_ns);
        self.last_ns = footage_ns;
        self.left_out_ns += step_ns.saturating_sub(self.longest_pause_ns);
        self.start_ns.saturating_add(footage_ns.saturating_sub(self.left_out_ns))
    }
}

impl FrameSource for Paced {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let (mut offset_ns, mut offset_frames) = (0, 0);
        let wake = &self.wake;
        let frame = match &mut self.recording {
            Recording::Video(video) => video.next_frame()?,
            Recording::Folder { folder, repeat, fps } => {
                if *repeat && folder.at_end() {
                    folder.seek(0);
                    self.rounds += 1;
                }
                offset_frames = self.rounds * folder.len() as u64;
                offset_ns = (offset_frames as f64 * 1e9 / *fps) as u64;
                // A picture that is skipped takes its time, too: a loop over nothing else
                // would run ahead of the clock.
                let period = Duration::from_secs_f64(1.0 / *fps);
                folder.next_frame().inspect_err(|_| {
                    wake.sleep(period);
                })?
            }
        };
        let Some(mut frame) = frame else { return Ok(None) };
        frame.sequence += offset_frames;
        frame.timestamp_ns = self.pace.on_the_clock(frame.timestamp_ns + offset_ns);
        let early_ns = frame.timestamp_ns.saturating_sub(self.clock.monotonic_ns());
        wake.sleep(Duration::from_nanos(early_ns));
        Ok(Some(frame))
    }

    fn describe(&self) -> String {
        match &self.recording {
            Recording::Folder { folder, .. } => folder.describe(),
            Recording::Video(video) => video.describe(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera that slept through a hole of half an hour would be a hung one.
    #[test]
    fn of_a_hole_enough_is_left_to_be_a_gap() {
        let mut pace = Pace::new(1_000, 10.0);
        let hour_ns = 3_600_000_000_000;
        let footage = [0, 100, 1_900_000_000, hour_ns, hour_ns + 5, 2 * hour_ns];
        let clock = footage.map(|ns| pace.on_the_clock(ns) - 1_000);
        let second = 3_900_000_000;
        assert_eq!(clock, [0, 100, 1_900_000_000, second, second + 5, second + 5 + 2_000_000_000]);
        let mut slow = Pace::new(0, 0.1);
        assert_eq!(slow.on_the_clock(10_000_000_000), 10_000_000_000, "two of its periods");
        assert_eq!(slow.on_the_clock(u64::MAX), 30_000_000_000);
    }
}
