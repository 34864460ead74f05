//! `[web]`: the address of the page, and of `/health` and `/metrics`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::reader::{Item, Section};

/// Prometheus's list of ports has it free.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9479);

const USUAL_DAYS: u32 = 7;

/// `[web]`: nothing listens without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSection {
    /// 127.0.0.1:9479 by default. Another address than a loopback one needs a token.
    pub listen: SocketAddr,
    /// A file whose first line whoever asks must send as `Authorization: Bearer`.
    pub token_file: Option<PathBuf>,
    /// Names of this machine that may be asked for, beside addresses and `localhost`.
    pub names: Vec<String>,
    /// Whether there is a page with pictures and events; yes by default.
    pub page: bool,
    /// Where the page keeps what outlasts a run; in memory alone where there is none.
    pub folder: Option<PathBuf>,
    /// Days of scores that are kept: 1 to 31; 7.
    pub trace_days: u32,
    /// Whether orders are taken from the page; no by default. Needs a token and a folder.
    pub control: bool,
}

impl WebSection {
    /// Reads the section; relative paths are taken from `base`.
    pub(super) fn read(mut section: Section<'_>, base: &Path) -> Option<Self> {
        let item = section.optional("listen");
        let token_file = section.optional("token_file").and_then(|item| item.path(base));
        let names = section.optional("names").and_then(|item| item.texts()).unwrap_or_default();
        let page = section.optional("page").and_then(|item| item.flag()).unwrap_or(true);
        let folder = section.optional("folder").and_then(|item| item.path(base));
        let trace_days = section.optional("trace_days").and_then(|item| item.whole(1..=31));
        let ordered = section.optional("control");
        let control = ordered.clone().and_then(Item::flag).unwrap_or(false);
        if let Some(item) = ordered.filter(|_| control)
            && (token_file.is_none() || folder.is_none() || !page)
        {
            let remedy = "add `token_file = \"web-token\"` and `folder = \"page\"`";
            item.invalid("needs the page, a token and a folder", remedy);
            return None;
        }
        let mut listen = USUAL;
        if let Some(item) = item {
            let text = item.clone().text()?;
            match text.parse() {
                Ok(address) => listen = address,
                Err(_) => {
                    let problem = format!("= \"{text}\" is not an address and a port");
                    item.invalid(&problem, "write it as \"127.0.0.1:9479\" or \"[::1]:9479\"");
                    return None;
                }
            }
            if !listen.ip().is_loopback() && token_file.is_none() {
                let remedy = "add `token_file = \"web-token\"`, or listen on 127.0.0.1";
                item.invalid("is open to the network, and nobody need know a token", remedy);
                return None;
            }
        }
        let trace_days = trace_days.unwrap_or(USUAL_DAYS);
        Some(Self { listen, token_file, names, page, folder, trace_days, control })
    }
}
