//! A live run: one thread captures, the other judges.

mod capture;
mod watch;

use std::thread;

use embedded_hal::digital::OutputPin;
use heapless::spsc::Queue;

use self::capture::{Capture, Note};
use self::watch::Watch;
use super::back_off::Pace;
use super::histogram::Histogram;
use super::intake::IntakeCounts;
use super::monitor::{Monitor, Step};
use super::progress::Progress;
use super::shutdown::Shutdown;
use super::slots::SlotPool;
use super::window::MAX_PAST_FRAMES;
use crate::Error;
use crate::alarm::Input;
use crate::capture::{FrameSource, SourceError};
use crate::clock::Clock;
use crate::output::{Event, EventSink};
use crate::preprocess::{InputSpec, Light};

/// Frames that may wait for the network. They are admitted to the window in
/// order when it is free again, and only the newest is judged.
const WAITING_SLOTS: usize = 8;

const QUEUE: usize = MAX_PAST_FRAMES + WAITING_SLOTS + 4;

/// Opens the camera; called again after every loss.
pub type OpenSource<'a> =
    dyn FnMut() -> Result<Box<dyn FrameSource + Send>, SourceError> + Send + 'a;

/// Constants of a live run, and where it shows its progress.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    pub spec: InputSpec,
    pub period_ns: u64,
    /// How many frames back the model sees.
    pub past_frames: usize,
    /// Whether the end of the footage is a lost camera, as for a camera's
    /// command, or the end of the run, as for a folder.
    pub end_is_loss: bool,
    /// Whether pictures of a swaying camera are moved back.
    pub stabilise: bool,
    /// The light that pictures are brought to.
    pub usual_light: Option<Light>,
    pub progress: Progress,
    /// How many of the frames are judged.
    pub pace: Pace,
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
/// # Errors
/// A camera that cannot be opened because of its configuration, or the
/// network's failure. The lines are safe then, too.
pub fn run_live<A, F, S>(
    options: LiveOptions,
    open: &mut OpenSource<'_>,
    monitor: &mut Monitor<A, F, S>,
    clock: &dyn Clock,
    shutdown: &Shutdown,
    mut inputs: impl FnMut() -> Option<Input>,
    mut each: impl FnMut(&Step, &Monitor<A, F, S>),
) -> Result<LiveStats, Error>
where
    A: OutputPin,
    F: OutputPin,
    S: EventSink,
{
    let slots = options.past_frames + 1 + WAITING_SLOTS + 1;
    let pool = SlotPool::new(slots, options.spec.frame_len());
    let mut filled = Queue::<usize, QUEUE>::new();
    let mut free = Queue::<usize, QUEUE>::new();
    let mut notes = Queue::<Note, 32>::new();
    (0..slots).for_each(|slot| free.enqueue(slot).expect("the queue holds every slot"));
    let (filled_in, filled_out) = filled.split();
    let (free_in, free_out) = free.split();
    let (notes_in, notes_out) = notes.split();
    let result: Result<LiveStats, Error> = thread::scope(|scope| {
        let capture = Capture {
            options: options.clone(),
            pool: &pool,
            filled: filled_in,
            free: free_out,
            notes: notes_in,
            listener: thread::current(),
            shutdown,
            clock,
            spare: None,
            stats: LiveStats::default(),
        };
        let handle = thread::Builder::new()
            .name("capture".into())
            .spawn_scoped(scope, move || capture.run(open))
            .map_err(|e| Error::Internal(format!("cannot start the capture thread: {e}")))?;
        let mut watch = Watch {
            pool: &pool,
            filled: filled_out,
            free: free_in,
            notes: notes_out,
            monitor,
            clock,
            progress: options.progress,
            pace: options.pace,
            every: 1,
            turn: 0,
            driven_ms: 0,
            shutdown,
            stats: LiveStats::default(),
        };
        let outcome = watch.run(&|| !handle.is_finished(), &mut inputs, &mut each);
        let mut stats = std::mem::take(&mut watch.stats);
        drop(watch);
        let captured = handle.join().map_err(|_| Error::Internal("capture panicked".into()))?;
        outcome?;
        stats.counts = captured.counts;
        stats.dropped = captured.dropped;
        stats.reopened = captured.reopened;
        Ok(stats)
    });
    let reason = match &result {
        Ok(_) => "end of the run".to_owned(),
        Err(error) => error.to_string(),
    };
    let time_ms = clock.monotonic_ns() / 1_000_000;
    monitor.make_safe(time_ms);
    monitor.record(&Event::Stop { time_ms, reason });
    result
}
