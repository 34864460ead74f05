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
    /// A [`Doing`] in one piece, so that nobody sees half of a change.
    capture: AtomicU64,
    frames: AtomicU64,
    lines_touched: AtomicBool,
    /// How the judging ended: one of the codes below.
    end: AtomicU8,
}

const GOING_ON: u8 = 0;
const ENDED_IN_ORDER: u8 = 1;
const ENDED_OTHERWISE: u8 = 2;

/// What the capture thread is at, and the time that counts: since when, or until
/// when it waits.
#[derive(Clone, Copy)]
struct Doing {
    what: u64,
    ms: u64,
}

const OPENING: u64 = 0;
const READING: u64 = 1;
const WAITING: u64 = 2;
const ENDED: u64 = 3;

impl Doing {
    fn pack(self) -> u64 {
        self.ms << 2 | self.what
    }

    fn unpack(packed: u64) -> Self {
        Self { what: packed & 3, ms: packed >> 2 }
    }
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

    /// The lines are safe, the judging is over, and whether in order: whoever
    /// watches over it need not wait for a camera that is slow to let go.
    pub fn end(&self, in_order: bool) {
        let end = if in_order { ENDED_IN_ORDER } else { ENDED_OTHERWISE };
        self.0.end.store(end, Ordering::Release);
    }

    /// What [`Progress::end`] said, if it was called.
    pub fn ended_in_order(&self) -> Option<bool> {
        match self.0.end.load(Ordering::Acquire) {
            GOING_ON => None,
            end => Some(end == ENDED_IN_ORDER),
        }
    }

    /// A frame was judged.
    pub fn judged(&self) {
        self.0.judged.fetch_add(1, Ordering::Relaxed);
    }

    /// The capture thread begins something.
    pub fn capturing(&self, now_ms: u64, what: Capturing) {
        let doing = match what {
            Capturing::Opening => Doing { what: OPENING, ms: now_ms },
            Capturing::Reading => Doing { what: READING, ms: now_ms },
            Capturing::Waiting { until_ms } => Doing { what: WAITING, ms: until_ms },
            Capturing::Ended => Doing { what: ENDED, ms: now_ms },
        };
        self.0.capture.store(doing.pack(), Ordering::Release);
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
        self.doing_since().0
    }

    fn doing_since(&self) -> (Capturing, u64) {
        let Doing { what, ms } = Doing::unpack(self.0.capture.load(Ordering::Acquire));
        let what = match what {
            OPENING => Capturing::Opening,
            READING => Capturing::Reading,
            WAITING => Capturing::Waiting { until_ms: ms },
            _ => Capturing::Ended,
        };
        (what, ms)
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
        let (doing, since_ms) = self.doing_since();
        let for_ms = now_ms.saturating_sub(since_ms);
        let too_long = match doing {
            Capturing::Opening => for_ms > limits.opening_ms,
            Capturing::Reading => for_ms > limits.reading_ms,
            Capturing::Waiting { .. } => for_ms > limits.judging_ms,
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

    /// A reader between two halves would see a wait until the year 1970.
    #[test]
    fn nobody_sees_half_of_a_change() {
        let progress = Progress::new(0);
        let changing = progress.clone();
        let changes = std::thread::spawn(move || {
            for turn in 0..200_000_u64 {
                let now_ms = 1_000_000 + turn;
                changing.capturing(now_ms, Capturing::Reading);
                changing.capturing(now_ms, Capturing::Waiting { until_ms: now_ms + 1000 });
                changing.capturing(now_ms, Capturing::Opening);
            }
        });
        while !changes.is_finished() {
            if let (Capturing::Waiting { until_ms }, since_ms) = progress.doing_since() {
                assert!(until_ms >= 1_001_000 && since_ms == until_ms);
            }
        }
        changes.join().unwrap();
    }

    #[test]
    fn touched_lines_are_told_once() {
        let progress = Progress::new(0);
        progress.clone().touch_lines();
        assert!(progress.take_lines_touched());
        assert!(!progress.take_lines_touched());
    }
}
