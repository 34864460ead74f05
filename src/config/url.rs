//! Addresses of servers in a site file.

use super::reader::Item;

const LONGEST: usize = 2000;
const EXAMPLE: &str = "write it as \"https://example.org/alarm\"";

/// An address that begins with `http://` or `https://`, without a name or password.
pub(super) fn read_url(item: Item<'_>) -> Option<String> {
    let url = item.clone().text()?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let is_plain = |c: char| c.is_ascii_graphic();
    let is_host = |host: &str| !host.is_empty() && !host.starts_with(':');
    if !host.is_some_and(is_host) || !url.chars().all(is_plain) || url.len() > LONGEST {
        item.invalid("is not an address", EXAMPLE);
        return None;
    }
    if host.is_some_and(|host| host.contains('@')) {
        let remedy = "put `Authorization: …` into a file that only normwatch's user may read, \
            and name it with `headers_file`";
        item.invalid("holds a name or a password", remedy);
        return None;
    }
    if cfg!(all(feature = "runtime", not(feature = "tls"))) && url.starts_with("https://") {
        let remedy = "build with the feature `tls`, or use \"http://…\" inside your own network";
        item.invalid("begins with https, which is not in this build", remedy);
        return None;
    }
    Some(url)
}
