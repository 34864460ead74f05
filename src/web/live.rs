//! What there is to see now: the newest picture, the scores, the state.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer::Answer;
use super::history::History;
use super::request::Request;
use crate::clock::{Clock, SystemClock};
use crate::event::{HEAT_SIDE, PictureRing, picture_for_message};
use crate::health::Reading;

/// How long a request for a newer picture waits for one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Requests that may wait at the same time; the others are answered at once.
const WAITING: usize = 4;

const LOOK: Duration = Duration::from_millis(40);

/// What viewers look at.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub pictures: Option<PictureRing>,
    pub history: History,
    waiting: AtomicUsize,
    /// The newest picture that was asked for, and when it was taken.
    encoded: Mutex<Option<(u64, Arc<[u8]>)>>,
}

/// What there is to tell at a moment.
#[derive(Debug)]
pub(super) struct Told {
    /// In one line.
    pub json: String,
    /// Of the scores in it.
    pub newest_ms: Option<u64>,
}

impl Live {
    pub fn new(pictures: Option<PictureRing>, history: History) -> Self {
        Self { pictures, history, ..Self::default() }
    }

    /// The newest picture, once it is newer than `after`, in milliseconds; 204 where
    /// none came in time. It is encoded while somebody asks, and once for all.
    pub fn picture(&self, request: &Request) -> Answer {
        let Some(ring) = &self.pictures else {
            return Answer::plain(404, "no pictures are kept here");
        };
        let after_ns = request.number("after").unwrap_or(0).saturating_mul(1_000_000);
        let may_wait = self.waiting.fetch_add(1, Ordering::AcqRel) < WAITING;
        let begun = Instant::now();
        let is_news = |ns: &u64| *ns / 1_000_000 > after_ns / 1_000_000;
        let news = loop {
            let news = ring.newest_ns().filter(is_news);
            if news.is_some() || !may_wait || begun.elapsed() >= PATIENCE {
                break news;
            }
            thread::sleep(LOOK);
        };
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        let jpeg = news.map(|time_ns| self.jpeg(time_ns));
        match jpeg {
            Some(Ok(Some(jpeg))) => Answer::new(200, "image/jpeg", &*jpeg),
            Some(Err(error)) => Answer::plain(503, &error),
            Some(Ok(None)) | None => Answer::new(204, "image/jpeg", Vec::new()),
        }
    }

    /// When the newest picture was taken.
    pub fn newest_ns(&self) -> Option<u64> {
        self.pictures.as_ref()?.newest_ns()
    }

    /// The picture of that time; `None` without any. It is encoded once for all who ask.
    ///
    /// # Errors
    /// One sentence about a picture that cannot be read.
    pub fn jpeg(&self, time_ns: u64) -> Result<Option<Arc<[u8]>>, String> {
        let mut encoded = self.encoded.lock().unwrap_or_else(PoisonError::into_inner);
        if encoded.as_ref().is_none_or(|(at_ns, _)| *at_ns != time_ns) {
            let Some(picture) = self.pictures.as_ref().and_then(|ring| ring.nearest(time_ns))
            else {
                return Ok(None);
            };
            *encoded = Some((time_ns, picture_for_message(&picture)?.into()));
        }
        Ok(encoded.as_ref().map(|(_, jpeg)| jpeg.clone()))
    }

    /// State, figures, and the scores after `after_ms`.
    pub fn state(&self, site: &str, reading: &Reading, after_ms: u64, more: Value) -> Told {
        let (scores, last) = self.history.after(after_ms);
        let newest_ms = scores.last().map(|(at_ms, _)| *at_ms);
        let now_ms = SystemClock.wall_ns() / 1_000_000;
        let finite = |level: f32| level.is_finite().then_some(level);
        let heat = last.and_then(|sample| sample.heat).map(|cells| cells.to_vec());
        let place = last.map(|sample| sample.place);
        let scores: Vec<Value> = scores.iter().map(|(at, score)| json!([at, score])).collect();
        let body = json!({
            "site": site,
            "state": reading.state.name(),
            "alarm": reading.state.alarm_active(),
            "well": reading.well,
            "camera_up": reading.camera_up,
            "score": reading.score,
            "score_age_ms": reading.score_unix_ms.map(|at_ms| now_ms.saturating_sub(at_ms)),
            "enter_level": finite(reading.enter_level),
            "exit_level": finite(reading.exit_level),
            "alarms": reading.alarms,
            "judged": reading.judged,
            "rested": reading.rested,
            "stages": reading.stages.iter().flatten().collect::<Vec<_>>(),
            "judge_every": reading.judge_every,
            "temperature_c": reading.temperature_c,
            "drift": reading.drift,
            "learning": reading.learning,
            "learning_share": reading.learning_share,
            "scores": scores,
            "place": place,
            "heat": heat,
            "heat_columns": HEAT_SIDE,
            "picture_ms": self.newest_ns().map(|ns| ns / 1_000_000),
            "more": more,
        });
        Told { json: body.to_string(), newest_ms }
    }
}
