//! `[output.mqtt]`: the broker that events and states go to.

use std::path::{Path, PathBuf};

use super::reader::{Item, Section};

const PORT: u32 = 1883;
const TLS_PORT: u32 = 8883;
/// What the package `ca-certificates` brings.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
const KEEP_ALIVE_S: u16 = 30;
const MAX_PACKET_BYTES: u32 = 200_000;
const PREFIX: &str = "normwatch";
const DISCOVERY_PREFIX: &str = "homeassistant";

/// A topic of ours is the prefix and little more.
const LONGEST_PREFIX: usize = 64;
const LONGEST_NAME: usize = 256;

/// `[output.mqtt]`: where the broker is, who we are there, and what it may tell us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttSection {
    /// A name or an address.
    pub host: String,
    /// 1 to 65 535; 1883 by default, 8883 with encryption.
    pub port: u16,
    /// Whether to encrypt, false by default.
    pub tls: bool,
    /// The certificates of the authorities to trust, as PEM; the system's by default.
    pub ca_file: PathBuf,
    pub username: Option<String>,
    /// Its first line is the password. It is read at each connection, not here; only
    /// with a `username`.
    pub password_file: Option<PathBuf>,
    /// Without it, one that is derived from machine and site. At most 64 bytes.
    pub client_id: Option<String>,
    /// What each topic begins with, `normwatch` by default.
    pub prefix: String,
    /// Where Home Assistant looks for devices, `homeassistant` by default; empty for no
    /// discovery.
    pub discovery_prefix: String,
    /// Whether to obey commands, false by default.
    pub commands: bool,
    /// 5 to 3600 s, 30 by default.
    pub keep_alive_s: u16,
    /// Whether to publish pictures, true by default.
    pub picture: bool,
    /// A larger packet is not sent: 10 000 to 2 000 000, 200 000 by default.
    pub max_packet_bytes: u32,
}

impl MqttSection {
    /// Reads the section; a relative path is taken from `base`.
    pub(super) fn read(mut section: Section<'_>, base: &Path) -> Option<Self> {
        let host = section.required("host", "\"broker.local\"").and_then(read_host);
        let tls = section.optional("tls").and_then(Item::flag).unwrap_or(false);
        let ca_file = section.optional("ca_file");
        if let Some(item) = ca_file.as_ref().filter(|_| !tls) {
            item.invalid("has no meaning without encryption", "add `tls = true`");
        }
        let mut whole = |key, range, usual: u32| {
            section.optional(key).and_then(|item| item.whole(range)).unwrap_or(usual)
        };
        let port = whole("port", 1..=65_535, if tls { TLS_PORT } else { PORT });
        let keep_alive_s = whole("keep_alive_s", 5..=3600, KEEP_ALIVE_S.into());
        let max_packet_bytes = whole("max_packet_bytes", 10_000..=2_000_000, MAX_PACKET_BYTES);
        let username = section.optional("username").and_then(|item| read_name(item, LONGEST_NAME));
        let password_file = section.optional("password_file");
        if let Some(item) = password_file.as_ref().filter(|_| !section.has("username")) {
            item.invalid("has no `username` beside it", "add `username = \"NAME\"`");
        }
        let client_id = section.optional("client_id").and_then(|item| read_name(item, 64));
        let prefix = section.optional("prefix").and_then(|item| read_prefix(item, false));
        let discovery = section.optional("discovery_prefix");
        let discovery = discovery.and_then(|item| read_prefix(item, true));
        let commands = section.optional("commands").and_then(Item::flag);
        let picture = section.optional("picture").and_then(Item::flag);
        Some(Self {
            host: host?,
            port: port as u16,
            tls,
            ca_file: ca_file.and_then(|item| item.path(base)).unwrap_or_else(|| AUTHORITIES.into()),
            username,
            password_file: password_file.and_then(|item| item.path(base)),
            client_id,
            prefix: prefix.unwrap_or_else(|| PREFIX.into()),
            discovery_prefix: discovery.unwrap_or_else(|| DISCOVERY_PREFIX.into()),
            commands: commands.unwrap_or(false),
            keep_alive_s: keep_alive_s as u16,
            picture: picture.unwrap_or(true),
            max_packet_bytes,
        })
    }
}

/// A name or an address, without anything around it.
pub(super) fn read_host(item: Item<'_>) -> Option<String> {
    let host = item.clone().text()?;
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    if host.contains("://") || !host.chars().all(is_part) || host.len() > LONGEST_NAME {
        let remedy = "write the name or the address alone; the port has a key of its own";
        item.invalid(&format!("= \"{host}\" is not a host"), remedy);
        return None;
    }
    Some(host)
}

fn read_name(item: Item<'_>, longest: usize) -> Option<String> {
    let name = item.clone().text()?;
    if name.len() > longest || name.chars().any(char::is_control) {
        item.invalid(
            "is too long or has control characters",
            &format!("use up to {longest} bytes"),
        );
        return None;
    }
    Some(name)
}

/// A topic that others can stand behind; empty only where that means none.
fn read_prefix(item: Item<'_>, or_none: bool) -> Option<String> {
    let prefix = if or_none { item.clone().text_or_none()? } else { item.clone().text()? };
    if or_none && prefix.is_empty() {
        return Some(prefix);
    }
    let levels_fit = prefix.split('/').all(|level| !level.is_empty());
    let has_special = prefix.contains(['+', '#', '$']) || prefix.chars().any(char::is_control);
    if prefix.len() > LONGEST_PREFIX || !levels_fit || has_special {
        let remedy = "use words with `/` between them, without `+`, `#` and `$`, up to 64 bytes";
        item.invalid(&format!("= \"{prefix}\" cannot begin a topic"), remedy);
        return None;
    }
    Some(prefix)
}
