//! From notices and vitals to what waits to be published.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use serde_json::{Value, json};

use super::mailbox::{Mailbox, Manner, TooLarge};
use super::outlet::Lasting;
use super::topics::Topics;
use super::waits::Waits;
use crate::alarm::State;
use crate::event::{MESSAGE_PICTURE_BYTES, Notice, Situation};
use crate::health::{Reading, Vitals};

/// Home Assistant takes 255 characters for a state.
const LONGEST_STATE: usize = 250;

/// What is published comes through here.
pub struct Feed {
    topics: Topics,
    notices: Receiver<Notice>,
    lasting: Lasting,
    vitals: Vitals,
    picture: bool,
    waits: Waits,
    looked_ms: Option<u64>,
    scored_ms: Option<u64>,
    /// When the score was given that was published last.
    score_unix_ms: Option<u64>,
}

impl Feed {
    pub fn new(
        topics: Topics,
        (notices, lasting): (Receiver<Notice>, Lasting),
        vitals: Vitals,
        picture: bool,
        waits: Waits,
    ) -> Self {
        let (looked_ms, scored_ms, score_unix_ms) = (None, None, None);
        Self {
            topics,
            notices,
            lasting,
            vitals,
            picture,
            waits,
            looked_ms,
            scored_ms,
            score_unix_ms,
        }
    }

    /// Puts into the mailbox what has come since the last time; whatever was too large
    /// for it comes back.
    pub fn pour(&mut self, now_ms: u64, mailbox: &mut Mailbox) -> Option<TooLarge> {
        let mut refused = None;
        while let Ok(notice) = self.notices.try_recv() {
            refused = self.take(&notice, mailbox).err().or(refused);
        }
        if has_passed(self.looked_ms, now_ms, self.waits.look_ms) {
            self.looked_ms = Some(now_ms);
            let reading = self.vitals.read();
            refused = self.look(&reading, now_ms, mailbox).err().or(refused);
        }
        refused
    }

    /// The picture comes before its event, so that who is woken by the event finds it, if
    /// it is small; a large one comes behind.
    fn take(&self, notice: &Notice, mailbox: &mut Mailbox) -> Result<(), TooLarge> {
        let situation = &notice.situation;
        let event = event(notice).to_string();
        let reason: String = situation.reason.chars().take(LONGEST_STATE).collect();
        let picture = match notice.picture.as_ref().filter(|_| self.picture) {
            Some(picture) if picture.len() > MESSAGE_PICTURE_BYTES => {
                Err(mailbox.refuse(&self.topics.picture, picture.len()))
            }
            Some(picture) => mailbox.set(&self.topics.picture, picture, Manner::Once),
            None => Ok(()),
        };
        mailbox.set(&self.topics.reason, reason.as_bytes(), Manner::Kept)?;
        mailbox.push(&self.topics.event, event.as_bytes())?;
        picture
    }

    fn look(
        &mut self,
        reading: &Reading,
        now_ms: u64,
        mailbox: &mut Mailbox,
    ) -> Result<(), TooLarge> {
        let topics = &self.topics;
        for (topic, is_on) in [
            (&topics.alarm, reading.state.alarm_active()),
            (&topics.fault, !reading.well),
            (&topics.camera, reading.camera_up),
            (&topics.tamper, self.lasting.tampered.load(Ordering::Relaxed)),
            (&topics.changed, self.lasting.changed.load(Ordering::Relaxed)),
            (&topics.armed, reading.state != State::Disarmed),
        ] {
            let word = if is_on { "ON" } else { "OFF" };
            mailbox.set(topic, word.as_bytes(), Manner::Kept)?;
        }
        mailbox.set(&topics.state, reading.state.name().as_bytes(), Manner::Kept)?;
        if let Some(alarms_per_day) = reading.alarms_per_day {
            mailbox.set(&topics.budget, alarms_per_day.to_string().as_bytes(), Manner::Kept)?;
        }
        if let Some(phase) = reading.learning {
            mailbox.set(&topics.learning, phase.as_bytes(), Manner::Kept)?;
        }
        let is_new = reading.score_unix_ms != self.score_unix_ms;
        let score = reading.score.filter(|score| score.is_finite() && is_new);
        if let Some(score) = score
            && has_passed(self.scored_ms, now_ms, self.waits.score_ms)
        {
            (self.scored_ms, self.score_unix_ms) = (Some(now_ms), reading.score_unix_ms);
            mailbox.set(&topics.score, format!("{score:.3}").as_bytes(), Manner::Passing)?;
        }
        Ok(())
    }
}

fn has_passed(since_ms: Option<u64>, now_ms: u64, wait_ms: u64) -> bool {
    since_ms.is_none_or(|since_ms| now_ms.saturating_sub(since_ms) >= wait_ms)
}

/// What is published of an event: what people and automations ask for. The trace and the
/// heat stay on the board.
fn event(notice: &Notice) -> Value {
    let Situation { id, site, kind, reason, zones, begin, peak, in_force, .. } = &*notice.situation;
    json!({
        "event_type": notice.phase.name(),
        "id": id,
        "site": site,
        "kind": kind.name(),
        "reason": reason,
        "zones": zones,
        "begin_unix_ms": begin.unix_ms,
        "clock": begin.clock,
        "duration_ms": notice.situation.duration_ms,
        "peak_score": peak.map(|peak| rounded(peak.score)),
        "place": peak.and_then(|peak| peak.place).map(|place| json!({
            "x": rounded(place.x), "y": rounded(place.y),
            "width": rounded(place.width), "height": rounded(place.height),
        })),
        "alarms_per_day": in_force.alarms_per_day,
        "enter_level": rounded(in_force.enter_level),
        "exit_level": rounded(in_force.exit_level),
        "model_sha256": notice.situation.model_sha256,
        "calibration_sha256": notice.situation.calibration_sha256,
    })
}

/// Three places; what is not finite becomes null.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1000.0).round() / 1000.0
}
