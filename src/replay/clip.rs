//! One clip through the monitor.

use embedded_hal::digital::OutputPin;

use super::error::PlayError;
use crate::clock::FrameClock;
use crate::output::{Event, EventSink};
use crate::runtime::{Intake, IntakeCounts, Monitor, SlotPool, Stage, Step, Taken};

/// What a replay of one clip came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClipResult {
    pub counts: IntakeCounts,
    /// Frames that were judged.
    pub judged: u64,
}

/// Plays one clip through the monitor, without waiting and without threads:
/// every frame is judged, and the same input gives the same output.
///
/// `each` sees every judged frame: the step, the monitor behind it, the u8
/// frame that was judged, and its sequence number.
///
/// # Errors
/// The source's, the network's, or what `each` returns.
pub fn replay_clip<A, F, S, E>(
    intake: &mut Intake,
    monitor: &mut Monitor<A, F, S>,
    pool: &SlotPool,
    mut each: impl FnMut(&Step, &Monitor<A, F, S>, &[u8], u64) -> Result<(), E>,
) -> Result<ClipResult, E>
where
    A: OutputPin,
    F: OutputPin,
    S: EventSink,
    E: From<PlayError>,
{
    let mut free: Vec<usize> = (0..pool.len()).collect();
    monitor.restart(0);
    let clock = FrameClock::default();
    let mut judged = 0;
    loop {
        let slot = *free.last().expect("one slot more than the window holds");
        let taken = intake.take(&mut pool.lock(slot)).map_err(PlayError::from)?;
        match taken {
            Taken::End => break,
            Taken::Thinned | Taken::Settling => continue,
            Taken::Skipped { sequence, reason } => {
                log::warn!("frame {sequence} skipped: {reason}");
                monitor.record(&Event::Skip { frame: sequence, reason });
                continue;
            }
            Taken::Frame => {}
        }
        let (capture_ns, preprocess_ns) = intake.last_stage_ns();
        monitor.times_mut().add(Stage::Capture, capture_ns);
        monitor.times_mut().add(Stage::Preprocess, preprocess_ns);
        free.pop();
        free.extend(monitor.admit(pool, slot));
        clock.show(pool.lock(slot).timestamp_ns);
        let judgement = monitor.judge(pool, &clock).map_err(PlayError::from)?;
        if let Some(step) = judgement {
            judged += 1;
            let slot = pool.lock(slot);
            each(&step, monitor, &slot.data, slot.sequence)?;
        }
    }
    Ok(ClipResult { counts: intake.counts(), judged })
}
