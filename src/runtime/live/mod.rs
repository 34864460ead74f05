//! A live run: one thread captures, the other judges.

mod capture;
mod error;
mod judging;
mod queue;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use embedded_hal::digital::OutputPin;

use self::capture::{Capture, CaptureQueues, CaptureStats, Note};
pub use self::error::RunError;
use self::judging::{Judging, JudgingQueues, JudgingStats};
use self::queue::queue;
use super::histogram::Histogram;
use super::impairments::Impairments;
use super::intake::{IntakeCounts, IntakeOptions};
use super::monitor::Monitor;
use super::shutdown::Shutdown;
use super::slots::SlotPool;
use super::step::Step;
use super::thermal_pace::Pace;
use super::window::MAX_PAST_FRAMES;
use crate::alarm::Input;
use crate::capture::{FrameSource, SourceError};
use crate::clock::Clock;
use crate::event::{PictureRing, WindowRing};
use crate::health::Progress;
use crate::output::{Event, EventSink};

/// Frames that may wait for the network. They are admitted to the window in
/// order when it is free again, and only the newest is judged.
const WAITING_SLOTS: usize = 8;

const QUEUE: usize = MAX_PAST_FRAMES + WAITING_SLOTS + 4;

const NOTES: usize = 32;

/// How long the end of a run waits for the camera.
const LET_GO: Duration = Duration::from_secs(2);

const LOOK: Duration = Duration::from_millis(2);

/// Opens the camera; called again after every loss.
pub type OpenSource<'a> =
    dyn FnMut() -> Result<Box<dyn FrameSource + Send>, SourceError> + Send + 'a;

/// Constants of a live run, and where it shows its progress.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    pub intake: IntakeOptions,
    /// How many frames back the model sees.
    pub past_frames: usize,
    /// Whether the end of the footage is a lost camera, as for a camera's
    /// command, or the end of the run, as for a folder.
    pub end_is_loss: bool,
    pub progress: Progress,
    /// How many of the frames are judged.
    pub pace: Pace,
    /// What else there is to be well for.
    pub impairments: Impairments,
    /// Where pictures are kept for events.
    pub pictures: Option<PictureRing>,
    /// Where frames are kept that a learning could take of events.
    pub windows: Option<WindowRing>,
}

/// What a live run came to.
#[derive(Clone, Debug, Default)]
pub struct LiveStats {
    pub counts: IntakeCounts,
    pub judged: u64,
    /// Frames that came in while the network was busy and were not judged.
    pub overtaken: u64,
    /// Frames that were not judged because of the pace.
    pub passed_over: u64,
    /// Frames lost because every slot was taken.
    pub dropped: u64,
    pub reopened: u64,
    /// From a frame's timestamp to the lines being driven for it.
    pub latency: Histogram,
}

/// A capture thread and this thread, coupled by queues of slot indices.
///
/// Returns when the footage ends or shutdown is requested, with the lines at
/// their safe levels. `inputs` is asked in every turn for acknowledgements and
/// the like, until it has none; `each` sees every judged frame.
///
/// Once the lines are safe, the last event is recorded and the progress has its
/// end; only then is the camera waited for, and not for long: a thread that hangs
/// in its driver is left behind, and its counts with it.
///
/// # Errors
/// A camera that cannot be opened because of its configuration, or the
/// network's failure. The lines are safe then, too.
pub fn run_live<A, F, S>(
    options: LiveOptions,
    open: Box<OpenSource<'static>>,
    monitor: &mut Monitor<A, F, S>,
    clock: &Arc<dyn Clock>,
    shutdown: &Shutdown,
    mut inputs: impl FnMut() -> Option<Input>,
    mut each: impl FnMut(&Step, &Monitor<A, F, S>),
) -> Result<LiveStats, RunError>
where
    A: OutputPin,
    F: OutputPin,
    S: EventSink,
{
    let slots = options.past_frames + 1 + WAITING_SLOTS + 1;
    let pool = Arc::new(SlotPool::new(slots, options.intake.spec.frame_len()));
    let (filled_in, filled_out) = queue::<usize>(QUEUE);
    let (free_in, free_out) = queue::<usize>(QUEUE);
    let (notes_in, notes_out) = queue::<Note>(NOTES);
    (0..slots).for_each(|slot| free_in.enqueue(slot).expect("the queue holds every slot"));
    let progress = options.progress.clone();
    let run = || {
        let queues = CaptureQueues { filled: filled_in, free: free_out, notes: notes_in };
        let capturing = options.clone();
        let capture =
            Capture::new(capturing, pool.clone(), queues, clock.clone(), shutdown.clone());
        let mut open = open;
        let handle = thread::Builder::new()
            .name("capture".into())
            .spawn(move || capture.run(&mut *open))
            .map_err(RunError::CaptureThread)?;
        let queues = JudgingQueues { filled: filled_out, free: free_in, notes: notes_out };
        let mut judging = Judging::new(options, &pool, queues, monitor, &**clock, shutdown);
        let outcome = judging.run(&|| !handle.is_finished(), &mut inputs, &mut each);
        let judged = judging.finish();
        if handle.is_finished() {
            let captured = handle.join().map_err(|_| RunError::CapturePanicked)?;
            return outcome.map(|()| (LiveStats::of(captured, judged), None));
        }
        outcome.map(|()| (LiveStats::of(CaptureStats::default(), judged), Some(handle)))
    };
    let result = run();
    let (reason, in_order) = match &result {
        Ok(_) => ("end of the run".to_owned(), true),
        Err(error) => (error.to_string(), error.is_orderly()),
    };
    let time_ms = clock.monotonic_ms();
    monitor.make_safe(time_ms);
    monitor.record(&Event::Stop { time_ms, reason });
    progress.end(in_order);
    let (stats, still_there) = result?;
    match still_there {
        Some(capture) => Ok(stats.with(let_go(capture)?)),
        None => Ok(stats),
    }
}

/// Waits for a capture thread that was asked to end; nothing was counted where it
/// does not.
fn let_go(capture: JoinHandle<CaptureStats>) -> Result<CaptureStats, RunError> {
    let asked = Instant::now();
    while !capture.is_finished() {
        if asked.elapsed() >= LET_GO {
            log::warn!("the camera does not let go: its thread is left behind, and its counts");
            return Ok(CaptureStats::default());
        }
        thread::sleep(LOOK);
    }
    capture.join().map_err(|_| RunError::CapturePanicked)
}

impl LiveStats {
    /// What the two threads counted.
    fn of(captured: CaptureStats, judged: JudgingStats) -> Self {
        let CaptureStats { counts, dropped, reopened } = captured;
        let JudgingStats { judged, overtaken, passed_over, latency } = judged;
        Self { counts, judged, overtaken, passed_over, dropped, reopened, latency }
    }

    /// The same, with what the capture thread counted.
    fn with(self, captured: CaptureStats) -> Self {
        let CaptureStats { counts, dropped, reopened } = captured;
        Self { counts, dropped, reopened, ..self }
    }
}
