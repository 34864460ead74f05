//! The events of the site, for viewers.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::listing::{Found, Known, Listing, Space};
use super::parcel;
use super::request::Request;
use crate::clock::{Clock, SystemClock};
use crate::event::{Archived, LAST, Review, explain, read_all, read_one, when, write_review};

/// What an event's download is called.
const PARCEL: &str = "event.tar";

/// Events that a list has, the newest first.
const LISTED: usize = 200;

/// The events in their folder. A thread of its own reads them when something has changed
/// there; what was read last is told.
#[derive(Debug)]
pub(super) struct Gallery {
    folder: Option<PathBuf>,
    listing: Option<Listing>,
}

impl Gallery {
    /// # Errors
    /// The thread cannot be started.
    pub fn new(folder: Option<PathBuf>) -> io::Result<Self> {
        let reader = |folder: &PathBuf| {
            let folder = folder.clone();
            Listing::start(move |before| look(&folder, before))
        };
        Ok(Self { listing: folder.as_ref().map(reader).transpose()?, folder })
    }

    /// The list's tag, which changes with it; its age; for how long the disk has not
    /// answered; and what room it has. Never waits.
    pub fn state(&self) -> serde_json::Value {
        let known = self.listing.as_ref().map(Listing::known).unwrap_or_default();
        let ms = |time: std::time::Duration| time.as_millis() as u64;
        json!({
            "tag": tag(&known),
            "age_ms": known.age.map(ms),
            "looking_for_ms": ms(known.looking_for),
            "free_bytes": known.found.space.map(|space| space.free_bytes),
            "disk_bytes": known.found.space.map(|space| space.bytes),
        })
    }

    /// 204 where `known` is the tag of what is there.
    pub fn list(&self, request: &Request) -> Answer {
        let Some(listing) = &self.listing else { return Answer::new(200, JSON, "null") };
        let known = listing.looked_at();
        if known.age.is_some() && request.value("known") == Some(&tag(&known)) {
            return Answer::new(204, JSON, "");
        }
        match known.found.list {
            Some(Ok(list)) => Answer::new(200, JSON, &*list),
            Some(Err(error)) => Answer::plain(503, &error),
            None => Answer::plain(503, "the folder of events does not answer: try again"),
        }
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
                self.listing.iter().for_each(Listing::note_change);
                Answer::new(200, JSON, "{}")
            }
            Err(error) => Answer::plain(503, &error.to_string()),
        }
    }

    /// `ID`, or a picture of it, `ID/FILE`, or all of it, `ID/event.tar`.
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
        if file == PARCEL {
            return match parcel::pack(&event) {
                Ok(tar) => Answer::file("application/x-tar", &format!("{id}.tar"), tar),
                Err(error) => Answer::plain(503, &format!("this event is not packed: {error}")),
            };
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

fn tag(known: &Known) -> String {
    format!("{:016x}", known.found.tag)
}

/// Reads the events where something has changed.
fn look(folder: &Path, before: &Found) -> Found {
    let tag = tag_of(folder);
    let space = Space::of(folder);
    if tag == before.tag && matches!(before.list, Some(Ok(_))) {
        return Found { space, ..before.clone() };
    }
    let list = read_all(folder).map_err(|error| error.to_string()).map(|events| {
        let newest = events.iter().rev().take(LISTED).map(summary);
        json!(newest.collect::<Vec<_>>()).to_string().into()
    });
    Found { tag, list: Some(list), space }
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
            traits: None,
            quieted: None,
            windows: None,
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
        let gallery = Gallery::new(Some(folder.path().join("events"))).unwrap();
        let asked = |rest: &str| (gallery.one(rest).status, gallery.one(rest).body);
        assert_eq!(asked("a/onset.jpg"), (200, b"jpeg".to_vec()));
        for rest in [
            "a/../../secret",
            "a/gone.jpg",
            "a/event.json",
            "b/event.tar",
            "a//dev/zero",
            "../secret",
            "b/onset.jpg",
            "..",
            "",
        ] {
            assert_eq!(asked(rest).0, 404, "{rest}");
        }
        fs::remove_dir_all(&own).unwrap();
        gallery.listing.iter().for_each(Listing::note_change);
        let begun = std::time::Instant::now();
        while gallery.list(&Request::default()).body != b"[]" {
            assert!(begun.elapsed().as_secs() < 60, "a folder that was emptied is listed");
        }
    }

    #[test]
    fn the_list_is_made_again_when_something_has_changed_and_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("a");
        fs::create_dir(&own).unwrap();
        fs::write(own.join(DESCRIPTION), serde_json::to_vec(&situation(&[])).unwrap()).unwrap();
        let gallery = Gallery::new(Some(folder.path().into())).unwrap();
        let ask = |known: &str| {
            gallery.listing.iter().for_each(Listing::note_change);
            let query = format!("known={known}");
            gallery.list(&Request { query, ..Request::default() })
        };
        assert_eq!(ask("").status, 200);
        let tag = || gallery.state()["tag"].as_str().unwrap().to_owned();
        let first = tag();
        assert_eq!((ask("").status, ask(&first).status), (200, 204));
        assert_eq!(ask("").body, ask("").body);
        std::thread::sleep(std::time::Duration::from_millis(50));
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
        let begun = std::time::Instant::now();
        while !String::from_utf8(ask(&first).body).unwrap().contains("\"normal\":true") {
            assert!(begun.elapsed().as_secs() < 60, "the review is never told");
        }
        assert_ne!(tag(), first);
    }
}
