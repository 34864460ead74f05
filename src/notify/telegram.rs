//! A chat that a Telegram bot of the user's writes to.

use std::time::Duration;

use serde_json::Value;

use super::channel::{Channel, Outcome};
use super::ending::Ending;
use super::http::{Answer, Client, Request, place};
use super::{payload, secret, words};
use crate::config::{NoticeFilter, TelegramSection};
use crate::event::Notice;

/// Letters below a picture, counted in UTF-16 as the service counts.
const CAPTION_UNITS: usize = 1024;

pub(super) struct Telegram {
    settings: TelegramSection,
    client: Client,
}

impl Telegram {
    pub fn new(settings: TelegramSection, deadline: Duration) -> Self {
        Self { settings, client: Client::new(None, deadline) }
    }
}

impl Channel for Telegram {
    fn name(&self) -> String {
        "telegram".into()
    }

    fn target(&self) -> String {
        place(&self.settings.server)
    }

    fn about(&self) -> &NoticeFilter {
        &self.settings.about
    }

    fn attempt(&mut self, notice: &Notice, ending: &Ending) -> Outcome {
        let token = match secret::token(&self.settings.token_file) {
            Ok(token) => token,
            Err(why) => return Outcome::Failed(why),
        };
        let send = |picture| self.client.send(&self.request(notice, picture, &token), ending);
        let picture = notice.picture.as_deref();
        let answer = match send(picture) {
            Ok(answer) if picture.is_some() && answer.refuses_picture() => send(None),
            other => other,
        };
        match answer {
            Ok(answer) => judged(answer),
            Err(why) => Outcome::Failed(why),
        }
    }
}

impl Telegram {
    fn request(&self, notice: &Notice, picture: Option<&[u8]>, token: &str) -> Request {
        let text = shortened(&words::sentence(notice));
        let chat = &*self.settings.chat_id;
        let boundary = format!("normwatch-{}", payload::id(notice));
        let (call, name) = match picture {
            Some(_) => ("sendPhoto", "caption"),
            None => ("sendMessage", "text"),
        };
        let body = multipart(&boundary, &[("chat_id", chat), (name, &text)], picture);
        let url = format!("{}/bot{token}/{call}", self.settings.server);
        let content = format!("multipart/form-data; boundary={boundary}");
        let headers = vec![("content-type".to_string(), content)];
        Request { method: "POST", url, headers, body, secrets: vec![token.into()] }
    }
}

/// The service says in the body for how long it wants nothing.
fn judged(mut answer: Answer) -> Outcome {
    let body: Option<Value> = serde_json::from_str(&answer.body).ok();
    let after = body.as_ref().and_then(|body| body["parameters"]["retry_after"].as_u64());
    answer.retry_after = after.map(Duration::from_secs).or(answer.retry_after);
    match answer.outcome() {
        Outcome::Arrived(_) => Outcome::Arrived(answer.status.to_string()),
        Outcome::Failed(why) if matches!(answer.status, 401 | 404) => {
            Outcome::Failed(format!("{why}: the token is not that of a bot"))
        }
        other => other,
    }
}

fn shortened(text: &str) -> String {
    let mut units = 0;
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units <= CAPTION_UNITS
    };
    text.chars().take_while(fits).collect()
}

/// A form with these fields and a picture. No field holds the boundary: it is made of
/// the event's name.
fn multipart(boundary: &str, fields: &[(&str, &str)], picture: Option<&[u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut part = |head: &str, content: &[u8]| {
        out.extend(
            format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").bytes(),
        );
        out.extend(content);
        out.extend(b"\r\n");
    };
    for (name, value) in fields {
        part(&format!("name=\"{name}\""), value.as_bytes());
    }
    if let Some(picture) = picture {
        let head = "name=\"photo\"; filename=\"event.jpg\"\r\nContent-Type: image/jpeg";
        part(head, picture);
    }
    out.extend(format!("--{boundary}--\r\n").bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_cut_where_the_service_would_refuse_it() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"a".repeat(2000)).len(), CAPTION_UNITS);
        // Each counts twice there.
        assert_eq!(shortened(&"🌙".repeat(2000)).chars().count(), CAPTION_UNITS / 2);
    }

    #[test]
    fn a_form_has_its_fields_and_its_end() {
        let form = String::from_utf8(multipart("b", &[("chat_id", "-1")], Some(b"JPEG"))).unwrap();
        let expected = "--b\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n-1\r\n\
            --b\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"event.jpg\"\r\n\
            Content-Type: image/jpeg\r\n\r\nJPEG\r\n--b--\r\n";
        assert_eq!(form, expected);
    }
}
