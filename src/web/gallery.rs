//! The events of the site, for viewers.

use std::path::PathBuf;

use serde_json::json;

use super::answer::Answer;
use crate::event::{Archived, explain, read_all, read_one, when};

/// Events that a list has, the newest first.
const LISTED: usize = 200;

/// Reads the folder of events for each question: nothing is kept, and a folder that
/// was emptied is empty.
#[derive(Debug, Default)]
pub(super) struct Gallery {
    pub folder: Option<PathBuf>,
}

impl Gallery {
    pub fn list(&self) -> Answer {
        let Some(folder) = &self.folder else { return Answer::new(200, JSON, "null") };
        match read_all(folder) {
            Ok(events) => {
                let newest = events.iter().rev().take(LISTED).map(summary);
                Answer::new(200, JSON, json!(newest.collect::<Vec<_>>()).to_string())
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
        match std::fs::read(event.folder.join(file)) {
            Ok(jpeg) => Answer::new(200, "image/jpeg", jpeg),
            Err(_) => unknown(),
        }
    }
}

const JSON: &str = "application/json";

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
        let gallery = Gallery { folder: Some(folder.path().join("events")) };
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
        assert_eq!(gallery.list().body, b"[]", "a folder that was emptied");
    }
}
