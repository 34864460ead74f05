//! The events of the site, for viewers.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::request::Request;
use crate::clock::{Clock, SystemClock};
use crate::event::{Archived, LAST, Review, explain, read_all, read_one, when, write_review};

/// Events that a list has, the newest first.
const LISTED: usize = 200;

/// The folder is not looked at more often, however many ask.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The events in their folder. They are read again when something has changed there.
#[derive(Debug, Default)]
pub(super) struct Gallery {
    folder: Option<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    looked: Option<Instant>,
    /// Another one when anything in the folder has changed.
    tag: u64,
    /// The list, and the tag that it was made at.
    list: Option<(u64, String)>,
}

impl Gallery {
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, known: Mutex::default() }
    }

    /// By which a list is known; another one when there is another.
    pub fn tag(&self) -> String {
        format!("{:016x}", self.look(&mut self.known()))
    }

    /// 204 where `known` is the tag of what is there.
    pub fn list(&self, request: &Request) -> Answer {
        let Some(folder) = &self.folder else { return Answer::new(200, JSON, "null") };
        let mut known = self.known();
        let tag = self.look(&mut known);
        if request.value("known") == Some(&format!("{tag:016x}")) {
            return Answer::new(204, JSON, "");
        }
        if let Some((_, list)) = known.list.as_ref().filter(|(at, _)| *at == tag) {
            return Answer::new(200, JSON, list.clone());
        }
        match read_all(folder) {
            Ok(events) => {
                let newest = events.iter().rev().take(LISTED).map(summary);
                let list = json!(newest.collect::<Vec<_>>()).to_string();
                known.list = Some((tag, list.clone()));
                Answer::new(200, JSON, list)
            }
            Err(error) => Answer::plain(503, &error.to_string()),
        }
    }

    fn look(&self, known: &mut Known) -> u64 {
        if known.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            known.looked = Some(Instant::now());
            known.tag = self.folder.as_deref().map_or(0, tag_of);
        }
        known.tag
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what somebody thinks of an event.
    pub fn review(&self, request: &Request) -> Answer {
        let asked = serde_json::from_slice(&request.body).ok();
        let Some(Reviewed { id, normal }) = asked.filter(|asked: &Reviewed| asked.id != LAST)
        else {
            return Answer::plain(400, "send {\"id\": …, \"normal\": true, false or null}");
        };
        let Some(Ok(event)) = self.folder.as_ref().map(|folder| read_one(folder, &id)) else {
            return Answer::plain(404, "there is no such event");
        };
        let unix_ms = SystemClock.wall_ns() / 1_000_000;
        match write_review(&event, Review { unix_ms, normal }) {
            Ok(()) => {
                self.known().looked = None;
                Answer::new(200, JSON, "{}")
            }
            Err(error) => Answer::plain(503, &error.to_string()),
        }
    }

    /// `ID`, or a picture of it, `ID/FILE`.
    pub fn one(&self, rest: &str) -> Answer {
        let unknown = || Answer::plain(404, "there is no such event");
        let Some(folder) = &self.folder else { return unknown() };
        let (id, file) = rest.split_once('/').unwrap_or((rest, ""));
        let Ok(event) = read_one(folder, id) else { return unknown() };
        if file.is_empty() {
            let explained = explain(&event.situation);
            let body =
                json!({ "event": event.situation, "review": event.review, "explained": explained });
            return Answer::new(200, JSON, body.to_string());
        }
        // Nothing is opened but what the event itself names, beside it.
        let mut pictures = event.situation.pictures.iter();
        let is_its = pictures.any(|picture| picture.file == file) && !file.contains('/');
        if !is_its {
            return unknown();
        }
        match fs::read(event.folder.join(file)) {
            Ok(jpeg) => Answer::new(200, "image/jpeg", jpeg),
            Err(_) => unknown(),
        }
    }
}

const JSON: &str = "application/json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviewed {
    id: String,
    normal: Option<bool>,
}

/// Of a folder's events and when each was last changed: what is written into an event
/// comes by rename, which its own folder's date tells.
fn tag_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let changed = |entry: fs::DirEntry| Some((entry.file_name(), entry.metadata().ok()?));
    let mut events: Vec<(_, Option<SystemTime>)> = entries
        .filter_map(|entry| changed(entry.ok()?))
        .map(|(name, about)| (name, about.modified().ok()))
        .collect();
    events.sort_unstable();
    let mut hasher = DefaultHasher::new();
    events.hash(&mut hasher);
    hasher.finish()
}

fn summary(event: &Archived) -> serde_json::Value {
    let situation = &event.situation;
    json!({
        "id": situation.id,
        "kind": situation.kind,
        "when": when(&situation.begin),
        "unix_ms": situation.begin.unix_ms,
        "duration_ms": situation.duration_ms,
        "reason": situation.reason,
        "zones": situation.zones,
        "score": situation.peak.map(|peak| peak.score),
        "place": situation.peak.and_then(|peak| peak.place),
        "pictures": situation.pictures,
        "reviewed": event.review.is_some(),
        "normal": event.review.and_then(|review| review.normal),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::event::{ClockQuality, DESCRIPTION, InForce, Kind, Moment, Picture, Situation};

    fn situation(pictures: &[&str]) -> Situation {
        let picture =
            |file: &&str| Picture { file: (*file).into(), moment: "onset".into(), time_ms: 0 };
        Situation {
            schema: crate::event::SCHEMA.into(),
            id: "a".into(),
            site: "yard".into(),
            kind: Kind::Blind,
            reason: String::new(),
            zones: Vec::new(),
            begin: Moment { time_ms: 0, unix_ms: None, clock: ClockQuality::Footage, frame: None },
            peak: None,
            end: None,
            duration_ms: None,
            in_force: InForce { alarms_per_day: None, enter_level: 4.0, exit_level: 3.0 },
            model_sha256: String::new(),
            calibration_sha256: None,
            trace: Vec::new(),
            heat: None,
            pictures: pictures.iter().map(picture).collect(),
        }
    }

    #[test]
    fn only_pictures_of_an_event_are_handed_out() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("events/a");
        fs::create_dir_all(&own).unwrap();
        let names = ["onset.jpg", "../../secret", "gone.jpg"];
        let text = serde_json::to_vec(&situation(&names)).unwrap();
        fs::write(own.join(DESCRIPTION), text).unwrap();
        fs::write(own.join("onset.jpg"), "jpeg").unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        let gallery = Gallery::new(Some(folder.path().join("events")));
        let asked = |rest: &str| (gallery.one(rest).status, gallery.one(rest).body);
        assert_eq!(asked("a/onset.jpg"), (200, b"jpeg".to_vec()));
        for rest in [
            "a/../../secret",
            "a/gone.jpg",
            "a/event.json",
            "a//dev/zero",
            "../secret",
            "b/onset.jpg",
            "..",
            "",
        ] {
            assert_eq!(asked(rest).0, 404, "{rest}");
        }
        fs::remove_dir_all(&own).unwrap();
        assert_eq!(gallery.list(&Request::default()).body, b"[]", "a folder that was emptied");
    }

    #[test]
    fn the_list_is_made_again_when_something_has_changed_and_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("a");
        fs::create_dir(&own).unwrap();
        fs::write(own.join(DESCRIPTION), serde_json::to_vec(&situation(&[])).unwrap()).unwrap();
        let gallery = Gallery::new(Some(folder.path().into()));
        let ask = |known: &str| {
            gallery.known().looked = None;
            let query = format!("known={known}");
            gallery.list(&Request { query, ..Request::default() })
        };
        let first = gallery.tag();
        assert_eq!((ask("").status, ask(&first).status), (200, 204));
        assert_eq!(ask("").body, ask("").body);
        std::thread::sleep(Duration::from_millis(50));
        let review = |body: &str| {
            gallery.review(&Request { body: body.into(), ..Request::default() }).status
        };
        for (body, status) in [
            ("{\"id\":\"a\",\"normal\":true}", 200),
            ("{\"id\":\"../a\",\"normal\":true}", 404),
            ("{\"id\":\"last\",\"normal\":true}", 400),
            ("{\"id\":\"a\",\"normal\":1}", 400),
        ] {
            assert_eq!(review(body), status, "{body}");
        }
        let again = ask(&first);
        assert_eq!(again.status, 200);
        assert!(String::from_utf8(again.body).unwrap().contains("\"normal\":true"));
        assert_ne!(gallery.tag(), first);
    }
}
