//! An event as programs read it: JSON for webhooks, and the user's own text.

use serde_json::{Map, Value, json};

use super::words;
use crate::event::{Notice, Phase, Utc};

/// Scores that the trace of a message has at most: receivers want bodies below 20 kB.
const TRACE_POINTS: usize = 100;

/// Names the notice, the same at each attempt.
pub(super) fn id(notice: &Notice) -> String {
    format!("{}-{}", notice.situation.id, notice.phase.name())
}

/// `anomaly.began` or `anomaly.ended`.
pub(super) fn kind(notice: &Notice) -> String {
    let moment = match notice.phase {
        Phase::Begin => "began",
        Phase::End => "ended",
    };
    format!("{}.{moment}", notice.situation.kind.name())
}

/// When it happened, as far as the board knew.
pub(super) fn unix_ms(notice: &Notice) -> Option<u64> {
    let situation = &notice.situation;
    match notice.phase {
        Phase::Begin => situation.begin.unix_ms,
        Phase::End => situation.end.and_then(|end| end.unix_ms),
    }
}

/// `type`, `timestamp` and `data`, as Standard Webhooks has them. `data` is the event
/// as `event.json` has it without the heat, and `phase`, `title` and `text`.
pub(super) fn standard(notice: &Notice) -> Vec<u8> {
    let mut data = event(notice);
    data.insert("phase".into(), notice.phase.name().into());
    data.insert("title".into(), words::title(notice).into());
    data.insert("text".into(), words::sentence(notice).into());
    let body = json!({ "type": kind(notice), "timestamp": unix_ms(notice).map(|ms| Utc::of(ms).iso()), "data": data });
    body.to_string().into_bytes()
}

fn event(notice: &Notice) -> Map<String, Value> {
    let mut situation = (*notice.situation).clone();
    situation.heat = None;
    let every = situation.trace.len().div_ceil(TRACE_POINTS).max(1);
    situation.trace = situation.trace.into_iter().step_by(every).collect();
    match serde_json::to_value(situation) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// The user's own text with its placeholders filled in, and the type of its content.
/// In a text that begins as JSON does, each stands for what may lie between quotes.
pub(super) fn filled(template: &str, notice: &Notice) -> (Vec<u8>, &'static str) {
    let is_json = looks_like_json(template.trim_start());
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        let named = after.split_once('}').and_then(|(word, rest)| {
            let value = value(word, notice)?;
            Some((if is_json && word != "event" { escaped(&value) } else { value }, rest))
        });
        rest = match named {
            Some((value, after)) => {
                out += &value;
                after
            }
            None => {
                out.push('{');
                after
            }
        };
    }
    let content = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
    ((out + rest).into_bytes(), content)
}

/// An object or an array, and not a placeholder.
fn looks_like_json(text: &str) -> bool {
    let object = text.strip_prefix('{').map(str::trim_start);
    text.starts_with('[') || object.is_some_and(|inner| inner.starts_with(['"', '}']))
}

/// What a placeholder stands for; `None` for other words.
fn value(word: &str, notice: &Notice) -> Option<String> {
    let situation = &notice.situation;
    Some(match word {
        "id" => situation.id.clone(),
        "site" => situation.site.clone(),
        "phase" => notice.phase.name().into(),
        "kind" => situation.kind.name().into(),
        "title" => words::title(notice),
        "text" => words::sentence(notice),
        "reason" => situation.reason.clone(),
        "time" => unix_ms(notice).map(|ms| Utc::of(ms).iso()).unwrap_or_default(),
        "score" => situation.peak.map_or("0".into(), |peak| format!("{:.2}", peak.score)),
        "duration_s" => situation.duration_ms.unwrap_or_default().div_ceil(1000).to_string(),
        "zones" => situation.zones.join(", "),
        "event" => Value::Object(event(notice)).to_string(),
        _ => return None,
    })
}

fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::example::notice;
    use super::*;
    use crate::config::PLACEHOLDERS;
    use crate::event::{Heat, TracePoint};

    #[test]
    fn a_body_names_the_event_and_stays_small() {
        let mut end = notice("a", Phase::End);
        let situation = Arc::make_mut(&mut end.situation);
        situation.trace = vec![TracePoint { time_ms: 123_456, score: 4.123_456 }; 5000];
        situation.heat = Some(Heat { columns: 64, rows: 64, cells: vec![255; 4096] });
        let body = standard(&end);
        assert!(body.len() < 20_000, "{}", body.len());
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "anomaly.ended");
        assert_eq!(body["timestamp"], "2026-11-30T07:12:17.000Z");
        assert_eq!(body["data"]["id"], "a");
        assert_eq!(body["data"]["title"], "Yard: anomaly is over");
    }

    #[test]
    fn a_template_gets_its_values_and_json_stays_json() {
        let mut begin = notice("a", Phase::Begin);
        Arc::make_mut(&mut begin.situation).reason = "a \"quoted\"\nthing".into();
        let (body, content) =
            filled("{\"text\": \"{reason}\", \"o\": {event}, \"n\": {score}}", &begin);
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["text"], "a \"quoted\"\nthing");
        assert_eq!((&body["o"]["id"], &body["n"]), (&"a".into(), &5.2.into()));
        assert_eq!(content, "application/json");
        let (body, content) = filled("{kind} in {site} {not me} {", &begin);
        assert_eq!(String::from_utf8(body).unwrap(), "anomaly in yard {not me} {");
        assert!(content.starts_with("text/plain"));
        for word in PLACEHOLDERS {
            assert!(value(word, &begin).is_some(), "{word}");
        }
    }
}
