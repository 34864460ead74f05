//! What the event log is told about whether anything is seen.

use super::continuity::{Continuity, Turn};
use super::monitor_options::MonitorOptions;
use super::sight::Sight;
use crate::output::{Event, EventLog, EventSink};
use crate::preprocess::Light;

/// Watches over the pictures of a live run, and writes into the event log when they
/// show nothing, when none of them can be judged, and some of their gaps. Of a
/// replay it writes every gap, and nothing else.
#[derive(Debug, Default)]
pub(super) struct SightJournal {
    live: Option<(Sight, Continuity)>,
    /// Frames a second that the model wants.
    fps: f64,
    /// Why nothing is seen though there are pictures.
    blind_reason: Option<&'static str>,
}

impl SightJournal {
    /// For a live run: `usual` is the light of normal footage.
    pub fn live(usual: Option<Light>, options: &MonitorOptions) -> Self {
        let MonitorOptions { past_frames, frame_spacing, period_ns, .. } = *options;
        // What a whole window of the model covers.
        let span_ms = (past_frames * frame_spacing) as u64 * period_ns / 1_000_000;
        let live = Some((Sight::new(usual), Continuity::new(span_ms)));
        Self { live, fps: 1e9 / period_ns as f64, blind_reason: None }
    }

    /// Whether the last picture showed something.
    pub fn sees(&self) -> bool {
        self.blind_reason.is_none()
    }

    /// The camera was lost: what comes next has no past.
    pub fn forget(&mut self) {
        self.blind_reason = None;
        if let Some((sight, continuity)) = &mut self.live {
            sight.forget();
            continuity.forget();
        }
    }

    /// A picture of this light has entered the window, which now is `whole` or not.
    pub fn frame<S: EventSink>(
        &mut self,
        time_ms: u64,
        light: Light,
        whole: bool,
        log: &mut EventLog<S>,
    ) {
        let Some((sight, continuity)) = &mut self.live else { return };
        let reason = sight.look(light, time_ms);
        match (std::mem::replace(&mut self.blind_reason, reason), reason) {
            (None, Some(reason)) => blind(time_ms, reason.into(), log),
            (Some(_), None) => sighted(time_ms, "the camera sees again", log),
            _ => {}
        }
        match continuity.frame(time_ms, whole) {
            Turn::Nothing => {}
            Turn::Judged => sighted(time_ms, "frames are judged again", log),
            Turn::Unjudged { frames, within_ms } => {
                let (seconds, fps) = (within_ms as f64 / 1000.0, self.fps);
                let reason = format!(
                    "frames come, {frames} in the last {seconds:.0} s, and none can be judged: \
                     between them are gaps, and the model wants {fps:.1} a second without"
                );
                blind(time_ms, reason, log);
            }
        }
    }

    /// Frames are missing before this one.
    pub fn gap<S: EventSink>(&mut self, time_ms: u64, frame: u64, log: &mut EventLog<S>) {
        let told = match &mut self.live {
            Some((_, continuity)) => continuity.gap(time_ms),
            None => Some(0),
        };
        if let Some(untold) = told {
            let untold = Some(untold).filter(|&untold| untold > 0);
            log.record(&Event::Gap { time_ms, frame, untold });
        }
    }
}

fn blind<S: EventSink>(time_ms: u64, reason: String, log: &mut EventLog<S>) {
    log::error!("nothing is seen: {reason}");
    log.record(&Event::Blind { time_ms, reason });
}

fn sighted<S: EventSink>(time_ms: u64, what: &str, log: &mut EventLog<S>) {
    log::info!("{what}");
    log.record(&Event::Sighted { time_ms });
}
