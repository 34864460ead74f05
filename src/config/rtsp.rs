//! `source = "rtsp"` of `[camera]`: a stream of a network camera.

use std::path::{Path, PathBuf};

use super::reader::{Item, Section};

/// The keys that only `rtsp` has.
pub(super) const RTSP_ONLY: [&str; 4] = ["url", "user", "password_file", "decoder"];

/// The keys of a network camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtspSection {
    /// Begins with `rtsp://` or `rtsps://`, has no blanks, no name and no password.
    pub url: String,
    pub user: Option<String>,
    /// Its first line is the password; only with a `user`.
    pub password_file: Option<PathBuf>,
    /// A decoder of `ffmpeg`'s: letters, digits and `_`.
    pub decoder: Option<String>,
}

const LONGEST_URL: usize = 2000;
const EXAMPLE: &str = "\"rtsp://camera.local/stream2\"";

impl RtspSection {
    /// Reads the keys; a relative path is taken from `base`.
    pub(super) fn read(section: &mut Section<'_>, base: &Path) -> Option<Self> {
        let url = section.required("url", EXAMPLE).and_then(read_url);
        let user = section.optional("user").and_then(read_user);
        let password_file = section.optional("password_file");
        if let Some(item) = password_file.as_ref().filter(|_| !section.has("user")) {
            item.invalid("has no `user` beside it", "add `user = \"NAME\"`");
        }
        let password_file = password_file.and_then(|item| item.path(base));
        let decoder = section.optional("decoder").and_then(read_decoder);
        Some(Self { url: url?, user, password_file, decoder })
    }
}

fn read_url(item: Item<'_>) -> Option<String> {
    let url = item.clone().text()?;
    let rest = url.strip_prefix("rtsp://").or_else(|| url.strip_prefix("rtsps://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let is_host = |host: &str| !host.is_empty() && !host.starts_with(':');
    let is_plain = |c: char| c.is_ascii_graphic();
    if !host.is_some_and(is_host) || !url.chars().all(is_plain) || url.len() > LONGEST_URL {
        let remedy = format!("write it as {EXAMPLE}; blanks as `%20`");
        item.invalid("is not the address of a stream", &remedy);
        return None;
    }
    if host.is_some_and(|host| host.contains('@')) {
        let remedy = "give the name as `user`, and the password in a file that only normwatch's \
            user may read, named with `password_file`";
        item.invalid("holds a name or a password", remedy);
        return None;
    }
    Some(url)
}

fn read_user(item: Item<'_>) -> Option<String> {
    let user = item.clone().text()?;
    if user.len() > 64 || user.chars().any(char::is_control) {
        item.invalid("is too long or has control characters", "use up to 64 bytes");
        return None;
    }
    Some(user)
}

fn read_decoder(item: Item<'_>) -> Option<String> {
    let name = item.clone().text()?;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let remedy = "write it as `ffmpeg -decoders` lists it, for instance \"h264_v4l2m2m\"";
        item.invalid("is not the name of a decoder", remedy);
        return None;
    }
    Some(name)
}
