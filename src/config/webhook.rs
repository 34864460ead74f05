//! `[[output.webhook]]`: servers that are told of events by an HTTP request.

use std::path::{Path, PathBuf};

use super::notices::{NoticeFilter, read_name};
use super::reader::{Item, Section, similar};
use super::url::read_url;

/// What a template may name in braces.
pub const PLACEHOLDERS: [&str; 12] = [
    "id",
    "site",
    "phase",
    "kind",
    "title",
    "text",
    "reason",
    "time",
    "score",
    "duration_s",
    "zones",
    "event",
];

/// `[[output.webhook]]`: a server that gets a POST request for each event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSection {
    pub name: String,
    /// Begins with `http://` or `https://`.
    pub url: String,
    pub format: WebhookFormat,
    /// Holds the secret that requests are signed with; `None` to sign none.
    pub secret_file: Option<PathBuf>,
    /// Holds more headers, one `Name: value` a line.
    pub headers_file: Option<PathBuf>,
    /// Certificates to trust in the place of the system's.
    pub ca_file: Option<PathBuf>,
    pub about: NoticeFilter,
}

/// What the body of a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookFormat {
    /// Standard Webhooks: `type`, `timestamp` and `data`.
    Standard,
    /// The same body, with the headers of CloudEvents 1.0.
    CloudEvents,
    /// The user's own text, with [`PLACEHOLDERS`] in braces.
    Template(String),
}

impl WebhookSection {
    pub(super) fn read(
        mut section: Section<'_>,
        base: &Path,
        taken: &mut Vec<String>,
    ) -> Option<Self> {
        let name = read_name(&mut section, taken);
        let url = section.required("url", "\"https://example.org/alarm\"").and_then(read_url);
        let template = section.optional("template");
        if template.is_some() {
            section.refuse(&["format"], "beside `template`", "remove one of the two");
        }
        let formats =
            [("standard", WebhookFormat::Standard), ("cloudevents", WebhookFormat::CloudEvents)];
        let known = formats.each_ref().map(|(name, format)| (*name, format));
        let format = match template {
            Some(item) => read_template(item).map(WebhookFormat::Template),
            None => match section.optional("format") {
                Some(item) => item.choice(&known).cloned(),
                None => Some(WebhookFormat::Standard),
            },
        };
        let mut file = |key| section.optional(key).and_then(|item| item.path(base));
        let (secret_file, headers_file) = (file("secret_file"), file("headers_file"));
        let ca_file = file("ca_file");
        let about = NoticeFilter::read(&mut section, true);
        Some(Self {
            name: name?,
            url: url?,
            format: format?,
            secret_file,
            headers_file,
            ca_file,
            about,
        })
    }
}

/// A text in which each `{word}` is a placeholder; other braces stand for themselves.
fn read_template(item: Item<'_>) -> Option<String> {
    let text = item.clone().text()?;
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let words = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let unknown = words.map(|(word, _)| word).find(|w| is_word(w) && !PLACEHOLDERS.contains(w));
    if let Some(word) = unknown {
        let like = similar(word, PLACEHOLDERS.into_iter());
        let remedy = format!("use one of: {}", PLACEHOLDERS.join(", "));
        item.unfit(&format!("does not know `{{{word}}}`"), &remedy, like);
        return None;
    }
    Some(text)
}
