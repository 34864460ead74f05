//! From the lines of the event log, and the judged frames between them, to situations.

use std::collections::VecDeque;

use super::date::Utc;
use super::open::{Open, add_traits, peak_of};
use super::reason;
use super::sample::Sample;
use super::setup::{At, Date, Setup};
use super::situation::{InForce, Kind, Moment, Peak, SCHEMA, Situation, TracePoint};
use super::turn::{self, Beginning, QUIET, Turn};
use crate::output::Event;

/// Judged frames that are remembered: the trace of an event begins with them.
const BEFORE: usize = 48;

/// A situation has begun or is over.
#[derive(Debug)]
pub(super) enum Change {
    Begun(Situation),
    Ended(Situation),
}

/// Puts situations together. It is a function of what it is given.
#[derive(Debug)]
pub(super) struct Assembler {
    setup: Setup,
    model_sha256: String,
    enter_level: f32,
    exit_level: f32,
    open: Vec<Open>,
    /// The last judged frames.
    recent: VecDeque<Sample>,
    suspect: Option<At>,
}

impl Assembler {
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            model_sha256: String::new(),
            enter_level: f32::INFINITY,
            exit_level: f32::INFINITY,
            open: Vec::new(),
            recent: VecDeque::with_capacity(BEFORE),
            suspect: None,
        }
    }

    /// Takes a judged frame. Where an anomaly has its worst moment so far, whether that is one
    /// that was raised. While one is, a quiet one beside it hears nothing more.
    pub fn judged(&mut self, sample: &Sample) -> Option<bool> {
        if self.recent.len() == BEFORE {
            self.recent.pop_front();
        }
        self.recent.push_back(*sample);
        let anomalies = self.open.iter_mut().filter(|open| open.situation.kind == Kind::Anomaly);
        let open = anomalies.max_by_key(|open| open.situation.quieted.is_none())?;
        open.judged(sample).then_some(open.situation.quieted.is_none())
    }

    /// Takes a line of the log. `is_taken` knows the names of events that there are.
    pub fn log(
        &mut self,
        event: &Event,
        date: Date,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Vec<Change> {
        match event {
            Event::Start { model_sha256, enter_level, exit_level, .. } => {
                self.model_sha256.clone_from(model_sha256);
                (self.enter_level, self.exit_level) = (*enter_level, *exit_level);
                return Vec::new();
            }
            Event::Levels { alarms_per_day, enter_level, exit_level, .. } => {
                self.setup.alarms_per_day = Some(*alarms_per_day);
                (self.enter_level, self.exit_level) = (*enter_level, *exit_level);
                return Vec::new();
            }
            Event::Clip { clip, .. } => {
                let ended = self.finish(date);
                self.setup.site.clone_from(clip);
                self.recent.clear();
                self.suspect = None;
                return ended;
            }
            _ => {}
        }
        match turn::read(event, &self.setup) {
            Turn::Nothing => Vec::new(),
            Turn::Suspect(at) => {
                self.suspect = Some(at);
                Vec::new()
            }
            Turn::Alarm { at, score } => {
                let at = self.suspect.take().map_or(at, |s| at.since(s.time_ms, s.frame));
                let beginning = self.anomaly(at, score);
                self.begin(beginning, date, is_taken)
            }
            Turn::Quieted { at, score, known } => {
                let mut beginning = self.anomaly(at, Some(score));
                beginning.reason += &reason::of_quiet(known);
                (beginning.key, beginning.quiet) = (QUIET, Some(known));
                self.begin(beginning, date, is_taken)
            }
            Turn::Begin(beginning) => self.begin(beginning, date, is_taken),
            Turn::End { kind, key, at } => match self.find(kind, key) {
                Some(index) => vec![self.ended(index, at.dated(date))],
                None => Vec::new(),
            },
            Turn::EndAll(at) => self.end_all(at.dated(date)),
        }
    }

    /// Remembers the pictures of a situation that has begun.
    pub fn illustrate(&mut self, begun: &Situation) {
        let open = self.open.iter_mut().map(|open| &mut open.situation);
        open.filter(|situation| situation.id == begun.id)
            .for_each(|situation| situation.pictures.clone_from(&begun.pictures));
    }

    /// Ends what still goes on, at the last judged frame.
    pub fn finish(&mut self, date: Date) -> Vec<Change> {
        let last = self.recent.back();
        let time_ms = last.map_or(0, |sample| sample.time_ms);
        let at = At::now(time_ms, last.map(|sample| sample.frame));
        self.end_all(at.dated(date))
    }

    /// An anomaly that has begun with its suspicion, at `since`.
    fn anomaly(&self, since: At, score: Option<f32>) -> Beginning {
        let samples = self.recent.iter().filter(|sample| sample.time_ms >= since.time_ms);
        let worst = samples.max_by(|a, b| a.score.total_cmp(&b.score)).map(peak_of);
        let raised = |score| {
            let At { time_ms, frame, .. } = since;
            Peak { time_ms, frame, score, place: None, cause: None, speed: None }
        };
        let peak = worst.or(score.map(raised));
        let budget = self.setup.alarms_per_day;
        let reason = peak
            .map_or_else(String::new, |peak| reason::of_anomaly(&peak, self.enter_level, budget));
        Beginning { kind: Kind::Anomaly, key: "", at: since, reason, peak, quiet: None }
    }

    fn begin(
        &mut self,
        beginning: Beginning,
        date: Date,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Vec<Change> {
        let Beginning { kind, key, at, reason, peak, quiet } = beginning;
        if self.find(kind, key).is_some() {
            return Vec::new();
        }
        let begin = at.dated(date);
        let anomaly = kind == Kind::Anomaly;
        let place = peak.and_then(|peak| peak.place);
        let mut situation = Situation {
            schema: SCHEMA.into(),
            id: self.free_id(kind, &begin, is_taken),
            site: self.setup.site.clone(),
            kind,
            reason,
            zones: place.map_or_else(Vec::new, |place| self.setup.zones_at(place)),
            begin,
            peak,
            end: None,
            duration_ms: None,
            in_force: InForce {
                alarms_per_day: self.setup.alarms_per_day,
                enter_level: self.enter_level,
                exit_level: self.exit_level,
            },
            model_sha256: self.model_sha256.clone(),
            calibration_sha256: self.setup.calibration_sha256.clone(),
            trace: if anomaly { self.trace() } else { Vec::new() },
            heat: peak.filter(|_| anomaly).and_then(|peak| self.sample_at(peak.time_ms)?.heat()),
            pictures: Vec::new(),
            traits: None,
            quieted: quiet,
            windows: None,
        };
        if anomaly {
            let is_in_it = |sample: &&Sample| match begin.frame {
                Some(frame) => sample.frame >= frame,
                None => sample.time_ms >= begin.time_ms,
            };
            let since = self.recent.iter().filter(is_in_it);
            since.for_each(|sample| add_traits(&mut situation, sample));
        }
        self.open.push(Open::new(situation.clone(), key, self.setup.hold_ms));
        vec![Change::Begun(situation)]
    }

    fn end_all(&mut self, at: Moment) -> Vec<Change> {
        (0..self.open.len()).map(|_| self.ended(0, at)).collect()
    }

    fn ended(&mut self, index: usize, at: Moment) -> Change {
        let mut situation = self.open.remove(index).end(at);
        if let Some(place) = situation.peak.and_then(|peak| peak.place) {
            situation.zones = self.setup.zones_at(place);
        }
        Change::Ended(situation)
    }

    fn find(&self, kind: Kind, key: &str) -> Option<usize> {
        self.open.iter().position(|open| open.situation.kind == kind && open.key == key)
    }

    fn sample_at(&self, time_ms: u64) -> Option<&Sample> {
        self.recent.iter().find(|sample| sample.time_ms == time_ms)
    }

    fn trace(&self) -> Vec<TracePoint> {
        let point = |sample: &Sample| TracePoint { time_ms: sample.time_ms, score: sample.score };
        self.recent.iter().map(point).collect()
    }

    /// Two events of the same moment, or of a clock that jumped back, get numbers.
    fn free_id(&self, kind: Kind, begin: &Moment, is_taken: &dyn Fn(&str) -> bool) -> String {
        let site = plain(&self.setup.site);
        let when = match (begin.unix_ms, begin.frame) {
            (Some(unix_ms), _) => Utc::of(unix_ms).compact(),
            (None, Some(frame)) => format!("{site}-{frame:06}"),
            (None, None) => format!("{site}-{}ms", begin.time_ms),
        };
        let name = format!("{when}-{}", kind.name());
        let taken = |id: &String| is_taken(id) || self.open.iter().any(|o| o.situation.id == *id);
        let others = (2_u64..).map(|number| format!("{name}-{number}"));
        let mut ids = std::iter::once(name.clone()).chain(others);
        ids.find(|id| !taken(id)).unwrap_or(name)
    }
}

/// Letters, digits and `-` alone.
fn plain(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    text.chars().map(plain).take(60).collect()
}

#[cfg(test)]
mod tests;
