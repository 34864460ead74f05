//! `[output.ntfy]` and `[output.telegram]`: services that show a message on a phone.

use std::path::{Path, PathBuf};

use super::notices::NoticeFilter;
use super::reader::{Item, Section};
use super::url::read_url;

/// `[output.ntfy]`: a topic of an ntfy server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NtfySection {
    /// `https://ntfy.sh` by default.
    pub server: String,
    pub topic: String,
    pub token_file: Option<PathBuf>,
    /// 1 to 5; 4.
    pub priority: u32,
    /// Certificates to trust in the place of the system's.
    pub ca_file: Option<PathBuf>,
    pub about: NoticeFilter,
}

/// `[output.telegram]`: a chat that a bot of the user's writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramSection {
    /// `https://api.telegram.org` by default.
    pub server: String,
    pub token_file: PathBuf,
    /// A number, also a negative one, or `@` and a channel's name.
    pub chat_id: String,
    pub about: NoticeFilter,
}

impl NtfySection {
    pub(super) fn read(mut section: Section<'_>, base: &Path) -> Option<Self> {
        let server = read_server(&mut section, "https://ntfy.sh");
        let topic = section.required("topic", "\"yard-7f3a91\"").and_then(read_topic);
        let mut file = |key| section.optional(key).and_then(|item| item.path(base));
        let (token_file, ca_file) = (file("token_file"), file("ca_file"));
        let priority = section.optional("priority").and_then(|item| item.whole(1..=5));
        let about = NoticeFilter::read(&mut section, false);
        let priority = priority.unwrap_or(4);
        Some(Self { server: server?, topic: topic?, token_file, priority, ca_file, about })
    }
}

impl TelegramSection {
    pub(super) fn read(mut section: Section<'_>, base: &Path) -> Option<Self> {
        let server = read_server(&mut section, "https://api.telegram.org");
        let token_file = section.required("token_file", "\"telegram.token\"");
        let token_file = token_file.and_then(|item| item.path(base));
        let chat_id = section.required("chat_id", "\"123456789\"").and_then(read_chat);
        let about = NoticeFilter::read(&mut section, false);
        Some(Self { server: server?, token_file: token_file?, chat_id: chat_id?, about })
    }
}

/// The key `server`, without a slash at its end. Only an address inside one's own
/// network does without TLS, so that a build without it has no usual one.
fn read_server(section: &mut Section<'_>, usual: &str) -> Option<String> {
    let is_lean = cfg!(all(feature = "runtime", not(feature = "tls")));
    let item = match is_lean {
        true => section.required("server", "\"http://messages.lan\"")?,
        false => match section.optional("server") {
            Some(item) => item,
            None => return Some(usual.into()),
        },
    };
    read_url(item).map(|url| url.trim_end_matches('/').to_string())
}

fn read_topic(item: Item<'_>) -> Option<String> {
    let topic = item.clone().text()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if topic.is_empty() || topic.len() > 64 || !topic.chars().all(is_plain) {
        item.invalid("is not a topic", "use up to 64 letters, digits, `-` and `_`");
        return None;
    }
    Some(topic)
}

fn read_chat(item: Item<'_>) -> Option<String> {
    let chat = item.clone().text()?;
    let name = chat.strip_prefix('@');
    let is_name = name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    if !is_name && chat.parse::<i64>().is_err() {
        let remedy = "write the chat's number as a string, or \"@\" and the channel's name";
        item.invalid("is not a chat", remedy);
        return None;
    }
    Some(chat)
}
