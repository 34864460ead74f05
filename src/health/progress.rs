//! Signs of life that the threads of a live run leave for their supervisor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// Signs of life of the two threads of a live run, for whoever supervises
/// them. Clones share the same signs; all times are monotonic milliseconds.
///
/// Only work moves these signs: the judging thread's at every turn of its loop,
/// the capture thread's with every frame and at every change of what it does.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Signs>);

#[derive(Debug, Default)]
struct Signs {
    judging_ms: AtomicU64,
    judged: AtomicU64,
    capture_ms: AtomicU64,
    capture: AtomicU8,
    waits_until_ms: AtomicU64,
    frames: AtomicU64,
    lines_touched: AtomicBool,
}

/// What the capture thread is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capturing {
    Opening,
    Reading,
    /// The camera is lost and is opened again at this time.
    Waiting {
        until_ms: u64,
    },
    /// The footage has ended.
    Ended,
}

/// A thread that shows no progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// The judging thread: network, score, state machine, lines.
    Judging {
        for_ms: u64,
    },
    Capture {
        doing: Capturing,
        for_ms: u64,
    },
}

/// How long a thread may be silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressLimits {
    /// One turn of the judging thread's loop, a run of the network included.
    pub judging_ms: u64,
    /// From frame to frame; longer than the source's own timeout.
    pub reading_ms: u64,
    /// Opening the camera.
    pub opening_ms: u64,
}

impl Progress {
    /// Nobody has stalled yet at `now_ms`.
    pub fn new(now_ms: u64) -> Self {
        let progress = Self::default();
        progress.judging(now_ms);
        progress.capturing(now_ms, Capturing::Opening);
        progress
    }

    /// The judging thread begins another turn.
    pub fn judging(&self, now_ms: u64) {
        self.0.judging_ms.store(now_ms, Ordering::Release);
    }

    /// The judging thread has left its loop and is not expected to be heard of
    /// again.
    pub fn judging_ended(&self) {
        self.judging(u64::MAX);
    }

    /// A frame was judged.
    pub fn judged(&self) {
        self.0.judged.fetch_add(1, Ordering::Relaxed);
    }

    /// The capture thread begins something.
    pub fn capturing(&self, now_ms: u64, what: Capturing) {
        let (code, until_ms) = match what {
            Capturing::Opening => (0, 0),
            Capturing::Reading => (1, 0),
            Capturing::Waiting { until_ms } => (2, until_ms),
            Capturing::Ended => (3, 0),
        };
        self.0.waits_until_ms.store(until_ms, Ordering::Relaxed);
        self.0.capture_ms.store(now_ms, Ordering::Relaxed);
        self.0.capture.store(code, Ordering::Release);
    }

    /// The source delivered a frame, good or bad.
    pub fn frame(&self, now_ms: u64) {
        self.0.frames.fetch_add(1, Ordering::Relaxed);
        self.capturing(now_ms, Capturing::Reading);
    }

    /// Somebody beside the judging thread has driven a line.
    pub fn touch_lines(&self) {
        self.0.lines_touched.store(true, Ordering::Release);
    }

    /// Whether [`Progress::touch_lines`] was called since the last time.
    pub fn take_lines_touched(&self) -> bool {
        self.0.lines_touched.swap(false, Ordering::AcqRel)
    }

    pub fn frames_judged(&self) -> u64 {
        self.0.judged.load(Ordering::Relaxed)
    }

    /// Frames that the source delivered.
    pub fn frames_seen(&self) -> u64 {
        self.0.frames.load(Ordering::Relaxed)
    }

    pub fn doing(&self) -> Capturing {
        match self.0.capture.load(Ordering::Acquire) {
            0 => Capturing::Opening,
            1 => Capturing::Reading,
            2 => Capturing::Waiting { until_ms: self.0.waits_until_ms.load(Ordering::Relaxed) },
            _ => Capturing::Ended,
        }
    }

    /// How long the judging thread has been in its present turn.
    pub fn judging_for_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.0.judging_ms.load(Ordering::Acquire))
    }

    /// The thread that has been silent for too long, the judging one first.
    pub fn stall(&self, now_ms: u64, limits: &ProgressLimits) -> Option<Stall> {
        let for_ms = self.judging_for_ms(now_ms);
        if for_ms > limits.judging_ms {
            return Some(Stall::Judging { for_ms });
        }
        let doing = self.doing();
        let for_ms = now_ms.saturating_sub(self.0.capture_ms.load(Ordering::Relaxed));
        let too_long = match doing {
            Capturing::Opening => for_ms > limits.opening_ms,
            Capturing::Reading => for_ms > limits.reading_ms,
            Capturing::Waiting { until_ms } => now_ms > until_ms + limits.judging_ms,
            Capturing::Ended => false,
        };
        too_long.then_some(Stall::Capture { doing, for_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ProgressLimits =
        ProgressLimits { judging_ms: 100, reading_ms: 300, opening_ms: 1000 };

    #[test]
    fn silence_of_either_thread_is_a_stall() {
        let progress = Progress::new(0);
        assert_eq!(progress.stall(100, &LIMITS), None);
        assert_eq!(progress.stall(101, &LIMITS), Some(Stall::Judging { for_ms: 101 }));
        progress.judging(1000);
        assert_eq!(progress.stall(1000, &LIMITS), None, "opening may take its time");
        progress.judging(1001);
        let doing = Capturing::Opening;
        assert_eq!(progress.stall(1001, &LIMITS), Some(Stall::Capture { doing, for_ms: 1001 }));
        progress.frame(1001);
        progress.judging(1301);
        assert_eq!(progress.stall(1301, &LIMITS), None);
        progress.judging(1302);
        let doing = Capturing::Reading;
        assert_eq!(progress.stall(1302, &LIMITS), Some(Stall::Capture { doing, for_ms: 301 }));
    }

    #[test]
    fn a_lost_camera_that_waits_its_turn_is_no_stall() {
        let progress = Progress::new(0);
        progress.capturing(10, Capturing::Waiting { until_ms: 30_000 });
        progress.judging(30_050);
        assert_eq!(progress.stall(30_050, &LIMITS), None);
        progress.judging(30_101);
        assert!(matches!(progress.stall(30_101, &LIMITS), Some(Stall::Capture { .. })));
        progress.capturing(30_101, Capturing::Ended);
        assert_eq!(progress.stall(30_150, &LIMITS), None);
    }

    #[test]
    fn touched_lines_are_told_once() {
        let progress = Progress::new(0);
        progress.clone().touch_lines();
        assert!(progress.take_lines_touched());
        assert!(!progress.take_lines_touched());
    }
}
