//! What all outputs that tell of events have in common: names, and of which events.

use super::reader::{Item, Section};

/// Kinds of events, as a site file and an event name them.
pub const EVENT_KINDS: [&str; 5] = ["anomaly", "changed", "tampered", "blind", "fault"];

const NAME_LENGTH: usize = 32;

/// Of which events an output tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeFilter {
    pub begin: bool,
    pub end: bool,
    /// Of [`EVENT_KINDS`], at least one.
    pub kinds: Vec<&'static str>,
}

impl NoticeFilter {
    /// The keys `on` and `kinds`; without `on` the begin counts, and the end as told.
    pub(super) fn read(section: &mut Section<'_>, end: bool) -> Self {
        let moments = [("begin", false), ("end", true)];
        let on = section.optional("on").and_then(|item| read_words(item, &moments, "[\"begin\"]"));
        let kinds = EVENT_KINDS.map(|kind| (kind, kind));
        let kinds =
            section.optional("kinds").and_then(|item| read_words(item, &kinds, "[\"anomaly\"]"));
        Self {
            begin: on.as_ref().is_none_or(|on| on.contains(&false)),
            end: on.as_ref().map_or(end, |on| on.contains(&true)),
            kinds: kinds.unwrap_or(EVENT_KINDS.to_vec()),
        }
    }
}

fn read_words<T: Copy>(
    item: Item<'_>,
    choices: &[(&'static str, T)],
    example: &str,
) -> Option<Vec<T>> {
    let items = item.clone().items()?;
    if items.is_empty() {
        item.invalid("is empty", &format!("write {example}, or remove it"));
        return None;
    }
    items.into_iter().map(|item| item.choice(choices)).collect()
}

/// The key `name`: a short word for logs and counts, of its own among `taken`.
pub(super) fn read_name(section: &mut Section<'_>, taken: &mut Vec<String>) -> Option<String> {
    let item = section.required("name", "\"tell\"")?;
    let name = item.clone().text()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > NAME_LENGTH || !name.chars().all(is_plain) {
        item.invalid("is not a name", "use up to 32 letters, digits, `-` and `_`");
        return None;
    }
    if taken.contains(&name) {
        item.invalid(&format!("= \"{name}\" stands twice"), "give each a name of its own");
        return None;
    }
    taken.push(name.clone());
    Some(name)
}
