//! The ring of mapped buffers: only a buffer that was handed back is queued.

use std::io;
use std::time::{Duration, Instant};

use super::transport::{Device, Filled, Readiness};
use crate::capture::Wake;

/// Enough for a frame in the driver, one waiting and one lent, and one more
/// for a late reader.
const BUFFERS: u32 = 4;

/// A streaming device. It stops, and its buffers are freed, when this is
/// dropped.
pub(super) struct Ring {
    device: Box<dyn Device>,
    wake: Wake,
    /// Handed back by the kernel and not queued again.
    lent: Option<u32>,
}

/// Why no buffer came.
#[derive(Debug)]
pub(super) enum RingStop {
    TimedOut,
    /// Somebody asked for the end of the wait.
    Woken,
    Failed {
        step: &'static str,
        error: io::Error,
    },
}

fn failed(step: &'static str) -> impl FnOnce(io::Error) -> RingStop {
    move |error| RingStop::Failed { step, error }
}

impl Ring {
    /// Allocates, queues and starts. A wait for a frame ends when `wake` is raised.
    pub fn start(device: Box<dyn Device>, wake: Wake) -> Result<Self, RingStop> {
        let mut ring = Self { device, wake, lent: None };
        let granted = ring.device.request_buffers(BUFFERS).map_err(failed("allocating buffers"))?;
        if granted == 0 {
            let error = io::Error::from(io::ErrorKind::OutOfMemory);
            return Err(RingStop::Failed { step: "allocating buffers", error });
        }
        for index in 0..granted {
            ring.device.queue(index).map_err(failed("queueing a buffer"))?;
        }
        ring.device.stream_on().map_err(failed("starting the stream"))?;
        Ok(ring)
    }

    /// Gives the lent buffer back and waits for the next.
    pub fn next(&mut self, timeout: Duration) -> Result<Filled, RingStop> {
        if let Some(index) = self.lent.take() {
            self.device.queue(index).map_err(failed("queueing a buffer"))?;
        }
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let has_failed = match self.device.wait(left, &self.wake) {
                Ok(Readiness::TimedOut) => return Err(RingStop::TimedOut),
                Ok(Readiness::Woken) => return Err(RingStop::Woken),
                Ok(readiness) => readiness == Readiness::Failed,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(RingStop::Failed { step: "waiting", error }),
            };
            match self.device.dequeue() {
                Ok(filled) => {
                    self.lent = Some(filled.index);
                    return Ok(filled);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !has_failed => {}
                Err(error) => return Err(RingStop::Failed { step: "reading", error }),
            }
        }
    }

    /// The buffer of the last [`Ring::next`].
    pub fn lent(&self) -> &[u8] {
        self.lent.map_or(&[], |index| self.device.buffer(index))
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if let Err(error) = self.device.stream_off() {
            log::debug!("the camera's stream could not be stopped: {error}");
        }
        if let Err(error) = self.device.request_buffers(0) {
            log::debug!("the camera's buffers could not be freed: {error}");
        }
    }
}
