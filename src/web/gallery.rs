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
        // Only what the event itself names is handed out.
        let is_its = event.situation.pictures.iter().any(|picture| picture.file == file);
        match std::fs::read(event.folder.join(file)) {
            Ok(jpeg) if is_its && !file.contains('/') => Answer::new(200, "image/jpeg", jpeg),
            _ => unknown(),
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
