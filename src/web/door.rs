//! Who may ask: the name that was asked for, and a token.

use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::answer::{Answer, COOKIE};
use super::request::Request;

/// Wrong tokens that are borne within [`PER`]; more are a search.
const WRONG_TOKENS: usize = 10;
const PER: Duration = Duration::from_secs(60);

/// Lets requests in or refuses them.
#[derive(Debug)]
pub(super) struct Door {
    token: Option<String>,
    /// Whether orders are taken from whoever knows the token.
    takes_orders: bool,
    /// Names that are ours, beside addresses and `localhost`.
    names: Vec<String>,
    wrong: Mutex<Vec<Instant>>,
}

impl Door {
    pub fn new(token: Option<String>, names: Vec<String>, takes_orders: bool) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        let takes_orders = takes_orders && token.is_some();
        Self { token, takes_orders, names, wrong: Mutex::default() }
    }

    /// The refusal, if there is one.
    pub fn refuses(&self, request: &Request) -> Option<Answer> {
        let host = request.header("host").unwrap_or_default();
        if !self.is_ours(host) {
            let text = "this is not my name: add it to `names` in [web], or ask by address";
            return Some(Answer::plain(421, text));
        }
        match request.method.as_str() {
            "GET" | "HEAD" => {}
            "POST" if self.takes_orders => {
                if !is_from_own_page(request, host) {
                    return Some(Answer::plain(403, "orders are taken from the page itself alone"));
                }
            }
            _ => return Some(Answer::plain(405, "only GET and HEAD are answered here")),
        }
        let token = self.token.as_ref()?;
        let given = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .or_else(|| cookie(request))
            .or_else(|| request.value("t"));
        // A foreign page that asks with wrong ones must not lock out whoever has the right one.
        if given.is_some_and(|given| is_same(given.trim(), token)) {
            // A token in an address is seen by whoever looks at the screen.
            return request.value("t").map(|_| Answer::with_cookie(token));
        }
        let mut wrong = self.wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        wrong.retain(|at| at.elapsed() < PER);
        match given {
            _ if wrong.len() >= WRONG_TOKENS => {
                Some(Answer::plain(429, "too many wrong tokens: wait a minute"))
            }
            given => {
                wrong.extend(given.map(|_| Instant::now()));
                Some(Answer::plain(
                    401,
                    "send the token: `Authorization: Bearer TOKEN`, or open the page with ?t=TOKEN",
                ))
            }
        }
    }

    /// A page of somebody else's whose name was made to point here asks by that name:
    /// addresses cannot be made to.
    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        if host.parse::<SocketAddr>().is_ok() || host.parse::<IpAddr>().is_ok() {
            return true;
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => &host,
        };
        name == "localhost" || self.names.iter().any(|own| own == name)
    }
}

/// What no page of somebody else's can send: a browser asks first before it sends this
/// kind of body or this header elsewhere, and nobody answers that here.
fn is_from_own_page(request: &Request, host: &str) -> bool {
    let is_json = request.header("content-type").is_some_and(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json")
    });
    let is_marked = request.header("x-normwatch").is_some();
    let is_same_site = is_of_own_site(request);
    let is_same_origin = request.header("origin").is_none_or(|origin| {
        let without = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        without == Some(host)
    });
    is_json && is_marked && is_same_site && is_same_origin && !request.has_many("origin")
}

/// Whether a browser says that no other site's page asks, or nobody says anything.
pub(super) fn is_of_own_site(request: &Request) -> bool {
    let site = request.header("sec-fetch-site");
    let is_own = site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    is_own && !request.has_many("sec-fetch-site")
}

fn cookie(request: &Request) -> Option<&str> {
    let pairs = request.header("cookie")?.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).next()
}

/// Takes as long whatever is wrong with it.
fn is_same(given: &str, token: &str) -> bool {
    let (given, token) = (given.as_bytes(), token.as_bytes());
    let differs = given.iter().zip(token).fold(0, |differs, (a, b)| differs | (a ^ b));
    given.len() == token.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(door: &Door, head: &str) -> Option<u16> {
        let text = format!("{head}\r\n\r\n").replace('\n', "\r\n").replace("\r\r", "\r");
        let (request, _) = Request::parse(text.as_bytes()).unwrap().unwrap();
        door.refuses(&request).map(|answer| answer.status)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let door = Door::new(None, vec!["Yard.local".into()], true);
        for (host, refused) in [
            ("127.0.0.1:9469", None),
            ("[::1]:9469", None),
            ("[::1]", None),
            ("192.168.1.7", None),
            ("localhost:1", None),
            ("yard.LOCAL:9469", None),
            ("evil.example:9469", Some(421)),
            ("127.0.0.1.evil.example", Some(421)),
            ("", Some(421)),
        ] {
            let head = format!("GET / HTTP/1.1\nHost: {host}");
            assert_eq!(status(&door, &head), refused, "{host}");
        }
        assert_eq!(status(&door, "GET / HTTP/1.1"), Some(421), "no name at all");
        assert_eq!(status(&door, "GET / HTTP/1.1\nHost: a\nHost: localhost"), Some(421), "two");
        assert_eq!(status(&door, "POST / HTTP/1.1\nHost: localhost"), Some(405));
    }

    #[test]
    fn a_token_is_wanted_whole_and_not_searched_for() {
        let door = Door::new(Some("abcdef".into()), Vec::new(), false);
        let with = |token: &str| format!("GET / HTTP/1.1\nHost: ::1\nAuthorization: {token}");
        assert_eq!(status(&door, &with("Bearer abcdef")), None);
        for wrong in ["Bearer abcde", "Bearer abcdeg", "abcdef", "Basic abcdef", "Bearer "] {
            assert_eq!(status(&door, &with(wrong)), Some(401), "{wrong}");
        }
        let asks = |more: &str| format!("GET /{more}\nHost: ::1");
        assert_eq!(status(&door, &asks("?t=abcdef HTTP/1.1")), Some(303), "a cookie, and on");
        assert_eq!(status(&door, &asks(" HTTP/1.1\nCookie: a=b; normwatch=abcdef")), None);
        assert_eq!(status(&door, &asks(" HTTP/1.1")), Some(401));
        for _ in 0..WRONG_TOKENS {
            status(&door, &with("Bearer x"));
        }
        assert_eq!(status(&door, &with("Bearer x")), Some(429));
        assert_eq!(status(&door, &with("Bearer abcdef")), None, "the owner is not locked out");
    }

    #[test]
    fn orders_are_taken_with_a_token_and_from_the_page_itself() {
        let own = "POST /order/arm HTTP/1.1\nHost: board:1\nAuthorization: Bearer abcdef\n\
                   Content-Type: application/json\nX-Normwatch: 1";
        let names = || vec!["board".to_owned()];
        let door = Door::new(Some("abcdef".into()), names(), true);
        for more in [
            "",
            "\nOrigin: http://board:1",
            "\nOrigin: https://board:1\nSec-Fetch-Site: same-origin",
            "\nSec-Fetch-Site: none",
        ] {
            assert_eq!(status(&door, &format!("{own}{more}")), None, "{more}");
        }
        for more in [
            "\nOrigin: http://evil.example",
            "\nOrigin: http://board:2",
            "\nOrigin: null",
            "\nSec-Fetch-Site: cross-site",
            "\nSec-Fetch-Site: same-site",
            "\nOrigin: http://board:1\nOrigin: http://evil.example",
        ] {
            assert_eq!(status(&door, &format!("{own}{more}")), Some(403), "{more}");
        }
        for missing in ["\nX-Normwatch: 1", "\nContent-Type: application/json"] {
            assert_eq!(status(&door, &own.replace(missing, "")), Some(403), "{missing}");
        }
        let form = own.replace("application/json", "text/plain");
        assert_eq!(status(&door, &form), Some(403));
        assert_eq!(status(&door, &own.replace("abcdef", "abcdeg")), Some(401));
        let shows = Door::new(Some("abcdef".into()), names(), false);
        assert_eq!(status(&shows, own), Some(405));
        assert_eq!(status(&Door::new(None, names(), true), own), Some(405), "without a token");
    }
}
