//! A camera as a source of frames.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::controls;
use super::failure::stopped;
use super::find::{Found, find};
use super::kernel::Kernel;
use super::negotiate::{Negotiated, negotiate};
use super::ring::Ring;
use super::transport::{Clocks, Filled, Identity, Machine};
use crate::capture::{
    Frame, FrameSource, SourceError, SourceErrorKind, Starvation, V4l2Options, Wake,
};

/// A camera that is opened, lost, and opened again.
pub struct V4l2Camera {
    options: V4l2Options,
    machine: Arc<dyn Machine>,
    wake: Wake,
    /// Who it was when it was last open.
    identity: Option<Identity>,
}

impl std::fmt::Debug for V4l2Camera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("V4l2Camera").field("options", &self.options).finish_non_exhaustive()
    }
}

impl V4l2Camera {
    /// Opens nothing yet.
    pub fn new(options: V4l2Options) -> Self {
        Self::on(Arc::new(Kernel), options)
    }

    pub(super) fn on(machine: Arc<dyn Machine>, options: V4l2Options) -> Self {
        Self { options, machine, wake: Wake::never(), identity: None }
    }

    /// Ends every wait for a frame when `wake` is raised; the source is then
    /// [`Disconnected`](crate::capture::SourceErrorKind::Disconnected).
    #[must_use]
    pub fn woken_by(mut self, wake: Wake) -> Self {
        self.wake = wake;
        self
    }

    /// Finds the camera, under whatever number it has by now, sets format,
    /// rate and controls anew, and starts it. The source of the last opening
    /// must be dropped before: it keeps the node busy.
    ///
    /// # Errors
    /// [`Disconnected`](crate::capture::SourceErrorKind::Disconnected) for
    /// what may be better later: no such camera, no permission, in use.
    /// [`Fatal`](crate::capture::SourceErrorKind::Fatal) for settings that
    /// this camera does not offer, and a name that means several.
    pub fn open(&mut self) -> Result<V4l2Source, SourceError> {
        let name = self.options.device.as_deref();
        let Found { node, identity, mut device } =
            find(&*self.machine, name, self.identity.as_ref())?;
        let label = format!("{} (`{}`)", node.display(), identity.card);
        let negotiated =
            negotiate(&mut *device, &node, &self.options).map_err(|error| error.of(&label))?;
        for warning in controls::apply(&mut *device, &self.options.controls) {
            log::warn!("{label}: {warning}");
        }
        let ring = Ring::start(device, self.wake.clone())
            .map_err(|stop| stopped(&node, &stop, Duration::ZERO).of(&label))?;
        self.identity = Some(identity);
        Ok(V4l2Source {
            node,
            label,
            negotiated,
            ring: Some(ring),
            machine: self.machine.clone(),
            read_timeout: Duration::from_millis(self.options.read_timeout_ms.into()),
            to_settle: self.options.settle_frames,
            counter: Counter::default(),
            starvation: Starvation::new(
                self.options.read_timeout_ms.into(),
                monotonic_ms(&*self.machine),
            ),
            damaged: 0,
        })
    }
}

/// An open, streaming camera. Frames are lent straight out of the driver's
/// buffers; each goes back to the driver at the next call.
pub struct V4l2Source {
    node: PathBuf,
    /// Node and name, for messages.
    label: String,
    negotiated: Negotiated,
    /// `None` once the camera is lost.
    ring: Option<Ring>,
    machine: Arc<dyn Machine>,
    read_timeout: Duration,
    to_settle: u32,
    counter: Counter,
    starvation: Starvation,
    damaged: u64,
}

impl std::fmt::Debug for V4l2Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("V4l2Source")
            .field("label", &self.label)
            .field("negotiated", &self.negotiated)
            .finish_non_exhaustive()
    }
}

impl V4l2Source {
    /// Frames so far that were damaged or too short, those before the exposure
    /// had settled not counted.
    pub fn damaged_frames(&self) -> u64 {
        self.damaged
    }

    /// The next buffer whose frame is to be lent or skipped. Each frame that is
    /// dropped until the exposure has settled is told, so that whoever looks for
    /// progress sees it.
    fn take(&mut self) -> Result<Filled, SourceError> {
        let Some(ring) = &mut self.ring else {
            return Err(SourceError::disconnected("failed before: reopen it"));
        };
        match ring.next(self.read_timeout) {
            Ok(filled) if self.to_settle == 0 => Ok(filled),
            Ok(filled) => {
                self.to_settle -= 1;
                self.counter.pass(filled.sequence);
                self.starvation.feed(monotonic_ms(&*self.machine));
                let what = format!("settling, {} frames more", self.to_settle);
                Err(SourceError::new(SourceErrorKind::Settling, what))
            }
            Err(stop) => {
                self.ring = None;
                Err(stopped(&self.node, &stop, self.read_timeout))
            }
        }
    }

    /// What is wrong with a frame.
    fn flaw(&self, filled: &Filled) -> Option<String> {
        let used_bytes = filled.used_bytes;
        let mapped_bytes = self.ring.as_ref().map_or(0, |ring| ring.lent().len());
        match self.negotiated.frame_bytes {
            _ if filled.is_damaged => Some("the driver says that it is damaged".into()),
            _ if used_bytes == 0 => Some("it is empty".into()),
            _ if used_bytes > mapped_bytes => {
                Some(format!("{used_bytes} bytes in a buffer of {mapped_bytes}"))
            }
            Some(bytes) if used_bytes < bytes => {
                Some(format!("short frame: {used_bytes} of {bytes} bytes"))
            }
            _ => None,
        }
    }

    fn refuse(&mut self, flaw: &str) -> SourceError {
        self.damaged += 1;
        match self.starvation.starve(flaw, monotonic_ms(&*self.machine)) {
            Ok(()) => SourceError::frame_skipped(flaw),
            Err(lost) => {
                self.ring = None;
                lost
            }
        }
    }
}

impl FrameSource for V4l2Source {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let filled = self.take().map_err(|error| error.of(&self.label))?;
        let sequence = self.counter.count(filled.sequence);
        if let Some(flaw) = self.flaw(&filled) {
            return Err(self.refuse(&flaw).of(&self.label));
        }
        self.starvation.feed(monotonic_ms(&*self.machine));
        let timestamp_ns = boottime_ns(filled.stamp_ns, self.machine.clocks());
        let Negotiated { format, width_px, height_px, stride_bytes, frame_bytes, .. } =
            self.negotiated;
        let lent = self.ring.as_ref().map_or(&[][..], Ring::lent);
        let data = &lent[..frame_bytes.unwrap_or(filled.used_bytes)];
        Ok(Some(Frame { format, width_px, height_px, stride_bytes, data, timestamp_ns, sequence }))
    }

    fn describe(&self) -> String {
        format!("{}: {}", self.label, self.negotiated)
    }
}

/// Of `CLOCK_MONOTONIC`, as the driver's stamps are: time in which the machine
/// was suspended starves nobody.
fn monotonic_ms(machine: &dyn Machine) -> u64 {
    machine.clocks().monotonic_ns / 1_000_000
}

/// A stamp of `CLOCK_MONOTONIC` on the program's clock, never past now. The
/// clocks drift apart by every suspend, so the distance is taken anew for each
/// frame; without a stamp, a frame is from now.
fn boottime_ns(stamp_ns: Option<u64>, now: Clocks) -> u64 {
    let Some(stamp_ns) = stamp_ns else { return now.boottime_ns };
    let age_ns = now.monotonic_ns.saturating_sub(stamp_ns);
    now.boottime_ns.saturating_sub(age_ns)
}

/// The driver's 32-bit sequence numbers as a count from the first lent frame.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: Option<u32>,
    position: Option<u64>,
}

impl Counter {
    /// Notes a frame that nobody gets.
    fn pass(&mut self, sequence: u32) {
        self.last = Some(sequence);
    }

    /// The number of a frame that is lent or skipped. A driver that stands
    /// still or starts anew is counted along with.
    fn count(&mut self, sequence: u32) -> u64 {
        let step = match self.last.map(|last| sequence.wrapping_sub(last)) {
            Some(step @ 1..=0x7fff_ffff) => step.into(),
            _ => 1,
        };
        self.last = Some(sequence);
        let position = self.position.map_or(0, |position| position + step);
        self.position = Some(position);
        position
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stamps_move_to_the_clock_that_counts_suspends() {
        let now = Clocks { monotonic_ns: 1_000, boottime_ns: 51_000 };
        assert_eq!(boottime_ns(Some(900), now), 50_900);
        assert_eq!(boottime_ns(None, now), 51_000);
        assert_eq!(boottime_ns(Some(1_100), now), 51_000, "never from the future");
    }

    #[test]
    fn gaps_show_and_restarts_do_not() {
        let mut counter = Counter::default();
        counter.pass(u32::MAX - 2);
        let numbers = [u32::MAX - 1, u32::MAX, 2, 2, 0, 1];
        assert_eq!(numbers.map(|n| counter.count(n)), [0, 1, 4, 5, 6, 7]);
    }

    proptest! {
        #[test]
        fn numbers_always_rise(numbers in prop::collection::vec(any::<u32>(), 1..50)) {
            let mut counter = Counter::default();
            let counted: Vec<u64> = numbers.iter().map(|&n| counter.count(n)).collect();
            prop_assert_eq!(counted[0], 0);
            prop_assert!(counted.windows(2).all(|pair| pair[1] > pair[0]));
        }
    }
}
