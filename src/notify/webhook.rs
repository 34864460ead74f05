//! A server that gets a POST request for each event: signed as Standard Webhooks has it,
//! with the headers of CloudEvents, or with the user's own text.

use std::sync::Arc;
use std::time::Duration;

use super::channel::{Channel, Outcome};
use super::ending::Ending;
use super::http::{Client, Request, place};
use super::{payload, secret, signature};
use crate::clock::{Clock, EARLIEST_UNIX_S};
use crate::config::{NoticeFilter, WebhookFormat, WebhookSection};
use crate::event::{Notice, Utc};

/// How often a clock that is not set is looked at.
const CLOCK_LOOK: Duration = Duration::from_secs(10);

pub(super) struct Webhook {
    settings: WebhookSection,
    client: Client,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    pub fn new(settings: WebhookSection, clock: Arc<dyn Clock>, deadline: Duration) -> Self {
        let client = Client::new(settings.ca_file.clone(), deadline);
        Self { settings, client, clock }
    }

    /// # Errors
    /// A file of secrets cannot be used.
    fn request(&self, notice: &Notice, unix_s: u64) -> Result<Request, String> {
        let id = payload::id(notice);
        let (body, content) = match &self.settings.format {
            WebhookFormat::Template(template) => payload::filled(template, notice),
            _ => (payload::standard(notice), "application/json"),
        };
        let mut headers = vec![("content-type".to_string(), content.to_string())];
        let mut add = |name: &str, value: String| headers.push((name.into(), value));
        if self.settings.format == WebhookFormat::CloudEvents {
            add("ce-specversion", "1.0".into());
            add("ce-id", id.clone());
            add("ce-source", format!("/normwatch/{}", header_text(&notice.situation.site)));
            add("ce-type", format!("normwatch.{}", payload::kind(notice)));
            if let Some(unix_ms) = payload::unix_ms(notice) {
                add("ce-time", Utc::of(unix_ms).iso());
            }
        }
        let mut secrets = Vec::new();
        if let Some(path) = &self.settings.secret_file {
            let keys = secret::lines(path)?;
            add("webhook-id", id.clone());
            add("webhook-timestamp", unix_s.to_string());
            add("webhook-signature", signature::sign(&keys, &id, unix_s, &body)?);
            secrets.extend(keys);
        }
        if let Some(path) = &self.settings.headers_file {
            let own = secret::headers(path)?;
            let is_own = |name: &str| own.iter().any(|(one, _)| one.eq_ignore_ascii_case(name));
            headers.retain(|(name, _)| !is_own(name));
            // The whole of it, and what stands behind `Basic` or `Bearer`.
            let parts = own.iter().flat_map(|(_, value)| [&**value, last_word(value)]);
            secrets.extend(parts.map(String::from));
            headers.extend(own);
        }
        let url = self.settings.url.clone();
        Ok(Request { method: "POST", url, headers, body, secrets })
    }
}

impl Channel for Webhook {
    fn name(&self) -> String {
        format!("webhook:{}", self.settings.name)
    }

    fn target(&self) -> String {
        place(&self.settings.url)
    }

    fn about(&self) -> &NoticeFilter {
        &self.settings.about
    }

    fn attempt(&mut self, notice: &Notice, ending: &Ending) -> Outcome {
        let unix_s = self.clock.wall_ns() / 1_000_000_000;
        if self.settings.secret_file.is_some() && unix_s < EARLIEST_UNIX_S {
            let why = "the clock is not set, and a signature holds the time";
            return Outcome::Held(why.into(), CLOCK_LOOK);
        }
        let request = match self.request(notice, unix_s) {
            Ok(request) => request,
            Err(why) => return Outcome::Failed(why),
        };
        match self.client.send(&request, ending) {
            Ok(answer) if answer.status == 410 => {
                Outcome::Closed("the server answers 410: the address is gone for good".into())
            }
            Ok(answer) => answer.outcome(),
            Err(why) => Outcome::Failed(why),
        }
    }
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or(text)
}

/// What of a text may stand in a header.
fn header_text(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '-' }).collect()
}
