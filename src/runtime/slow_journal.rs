//! Beginnings and ends of what lasts, as events and as messages.

use super::slow_view::{SlowStep, ViewChange};
use crate::alarm::LastingChange;
use crate::output::{Event, EventLog, EventSink};
use crate::score::Area;

/// Says in both logs what a frame brought.
pub(super) fn note<S: EventSink>(log: &mut EventLog<S>, time_ms: u64, frame: u64, step: SlowStep) {
    if let Some(ViewChange { change, area, peak }) = step.changed {
        let phase = phase(change);
        log::info!("the view is changed: {phase}");
        let Area { x_px, y_px, width_px, height_px } = area;
        log.record(&Event::Changed {
            time_ms,
            frame,
            phase,
            since_ms: change.since_ms,
            x_px,
            y_px,
            width_px,
            height_px,
            peak,
        });
    }
    if let Some((change, lost)) = step.tampered {
        let phase = phase(change);
        if change.begins {
            log::error!(
                "the camera was turned, covered or blurred: {:.0} % of its usual view is \
                     lost; put it back, or run `normwatch calibrate` again for the new view",
                100.0 * lost
            );
        } else {
            log::info!("the camera has its usual view again");
        }
        let since_ms = change.since_ms;
        log.record(&Event::Tampered { time_ms, frame, phase, since_ms, lost });
    }
}

fn phase(change: LastingChange) -> &'static str {
    if change.begins { "begin" } else { "end" }
}
