//! The source against scripted cameras.

mod choice;
mod controls;
mod naming;
mod scripts;
mod stream;

use std::sync::Arc;

use super::fake::{Camera, FakeMachine, camera, offer};
use super::source::{V4l2Camera, V4l2Source};
use crate::capture::{Frame, FrameSource, SourceError, SourceErrorKind, V4l2Options};

const TIMEOUT_MS: u32 = 60;

fn options() -> V4l2Options {
    V4l2Options {
        device: None,
        format: None,
        size_px: None,
        fps: None,
        needed_px: (256, 192),
        needed_fps: 10.0,
        luma: true,
        read_timeout_ms: TIMEOUT_MS,
        settle_frames: 0,
        controls: Vec::new(),
    }
}

fn webcam() -> Camera {
    let sizes = [(320, 180), (320, 240), (640, 360), (640, 480)];
    let rates = [5.0, 10.0, 15.0, 30.0];
    let offers = vec![offer(b"MJPG", &sizes, &rates), offer(b"YUYV", &sizes, &rates)];
    camera("HD Webcam", "usb-1.2", offers)
}

fn one(camera: Camera) -> FakeMachine {
    FakeMachine::with(vec![("/dev/video0", camera)])
}

fn open(machine: &FakeMachine, options: V4l2Options) -> Result<V4l2Source, SourceError> {
    V4l2Camera::on(Arc::new(machine.clone()), options).open()
}

/// What each call gives: a sequence number, or the kind of error.
fn outcomes(source: &mut V4l2Source, calls: usize) -> Vec<Result<u64, SourceErrorKind>> {
    let outcome = |frame: Result<Option<Frame<'_>>, SourceError>| match frame {
        Ok(frame) => Ok(frame.unwrap().sequence),
        Err(error) => Err(error.kind()),
    };
    (0..calls).map(|_| outcome(source.next_frame())).collect()
}

const SKIPPED: Result<u64, SourceErrorKind> = Err(SourceErrorKind::FrameSkipped);
const LOST: Result<u64, SourceErrorKind> = Err(SourceErrorKind::Disconnected);
