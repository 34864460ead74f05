use embedded_hal::digital::OutputPin;

use super::histogram::Stage;
use super::intake::{Intake, IntakeCounts, Taken};
use super::monitor::{Monitor, Step};
use super::slots::SlotPool;
use crate::Error;
use crate::output::{Event, EventSink};

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
pub fn replay_clip<A, F, S>(
    intake: &mut Intake,
    monitor: &mut Monitor<A, F, S>,
    pool: &SlotPool,
    mut each: impl FnMut(&Step, &Monitor<A, F, S>, &[u8], u64) -> Result<(), Error>,
) -> Result<ClipResult, Error>
where
    A: OutputPin,
    F: OutputPin,
    S: EventSink,
{
    let mut free: Vec<usize> = (0..pool.len()).collect();
    monitor.restart(0);
    let mut judged = 0;
    loop {
        let slot = *free.last().expect("one slot more than the window holds");
        let taken = intake.take(&mut pool.lock(slot))?;
        match taken {
            Taken::End => break,
            Taken::Thinned => continue,
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
        if let Some(step) = monitor.judge(pool, None)? {
            judged += 1;
            let slot = pool.lock(slot);
            each(&step, monitor, &slot.data, slot.sequence)?;
        }
    }
    Ok(ClipResult { counts: intake.counts(), judged })
}
