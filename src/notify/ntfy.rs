//! A topic of an ntfy server: the picture is the body, the text stands in headers.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::channel::{Channel, Outcome};
use super::ending::Ending;
use super::http::{Answer, Client, Request, place};
use super::{secret, words};
use crate::config::{NoticeFilter, NtfySection};
use crate::event::{Notice, Phase};

/// The server takes 4096 bytes, and a letter has up to 4.
const TEXT_LETTERS: usize = 1000;

/// Bytes of text in one encoded word: in base64 and with its marks it has 75 at most.
const WORD_BYTES: usize = 45;

pub(super) struct Ntfy {
    settings: NtfySection,
    client: Client,
}

impl Ntfy {
    pub fn new(settings: NtfySection, deadline: Duration) -> Self {
        let client = Client::new(settings.ca_file.clone(), deadline);
        Self { settings, client }
    }
}

impl Channel for Ntfy {
    fn name(&self) -> String {
        "ntfy".into()
    }

    /// Without the topic: who knows it can read it.
    fn target(&self) -> String {
        place(&self.settings.server)
    }

    fn about(&self) -> &NoticeFilter {
        &self.settings.about
    }

    fn attempt(&mut self, notice: &Notice, ending: &Ending) -> Outcome {
        let token = self.settings.token_file.as_deref().map(secret::token).transpose();
        let token = match token {
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
            Ok(answer) => judged(&answer),
            Err(why) => Outcome::Failed(why),
        }
    }
}

impl Ntfy {
    fn request(&self, notice: &Notice, picture: Option<&[u8]>, token: &Option<String>) -> Request {
        let mut headers = Vec::new();
        let mut add = |name: &str, value: String| headers.push((name.to_string(), value));
        let text: String = words::sentence(notice).chars().take(TEXT_LETTERS).collect();
        add("x-title", encoded(&words::title(notice)));
        add("x-priority", self.settings.priority.to_string());
        add("x-tags", tag(notice.phase).into());
        let body = match picture {
            Some(picture) => {
                add("x-message", encoded(&text));
                add("x-filename", format!("{}.jpg", notice.phase.name()));
                picture.to_vec()
            }
            None => text.into_bytes(),
        };
        if let Some(token) = token {
            add("authorization", format!("Bearer {token}"));
        }
        let url = format!("{}/{}", self.settings.server, self.settings.topic);
        let secrets = token.iter().chain([&self.settings.topic]).cloned().collect();
        Request { method: "POST", url, headers, body, secrets }
    }
}

fn tag(phase: Phase) -> &'static str {
    match phase {
        Phase::Begin => "rotating_light",
        Phase::End => "white_check_mark",
    }
}

/// The server may say 200 and still have refused: then its answer holds an error.
fn judged(answer: &Answer) -> Outcome {
    let body: Option<Value> = serde_json::from_str(&answer.body).ok();
    let is_error = body.as_ref().is_some_and(|body| body["error"].is_string());
    match answer.outcome() {
        Outcome::Arrived(said) if is_error => {
            Outcome::Failed(format!("the server answers with an error: {said}"))
        }
        Outcome::Arrived(_) => Outcome::Arrived(answer.status.to_string()),
        other => other,
    }
}

/// A header's value: as it is where it is plain, else in encoded words of RFC 2047.
fn encoded(text: &str) -> String {
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return text.into();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        if word.len() + letter.len_utf8() > WORD_BYTES {
            words.push(std::mem::take(&mut word));
        }
        word.push(letter);
    }
    words.push(word);
    let words = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checked with Python: `email.header.make_header(email.header.decode_header(…))`.
    #[test]
    fn text_that_no_header_takes_is_encoded() {
        assert_eq!(encoded("Yard: anomaly"), "Yard: anomaly");
        assert_eq!(encoded("Höfe"), "=?UTF-8?B?SMO2ZmU=?=");
        let long = encoded(&"ä\n".repeat(40));
        assert!(long.split(' ').count() == 3 && long.split(' ').all(|word| word.len() <= 75));
        assert!(long.is_ascii() && !long.contains('\n'));
    }
}
