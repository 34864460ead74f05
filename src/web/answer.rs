//! What a request is answered with.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use super::sending;

/// For the whole answer, however slowly it is taken, and for what is longer,
const WITHIN: Duration = Duration::from_secs(10);
/// a second for each so many bytes: two megabits.
const BYTES_PER_S: u64 = 256 * 1024;

/// Name of the cookie that holds the token.
pub(super) const COOKIE: &str = "normwatch";

/// In every answer: nothing is run that is not ours, nothing is kept, nobody is told
/// where a link came from, and a proxy passes on at once what it gets.
const ALWAYS: &str = "Connection: close\r\nCache-Control: no-store\r\n\
    X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
    X-Accel-Buffering: no\r\n";

/// Of answers that are no page.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// A status, a body, and what the body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    /// What a browser may do with it.
    policy: &'static str,
    cookie: Option<String>,
    /// Under which name a browser keeps it.
    file: Option<String>,
}

impl Answer {
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, body: body.into(), policy: NOTHING, cookie: None, file: None }
    }

    /// With another policy for browsers.
    pub fn allowing(self, policy: &'static str) -> Self {
        Self { policy, ..self }
    }

    /// Goes to the page, and has the browser keep the token, which no script can read.
    pub fn with_cookie(token: &str) -> Self {
        let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Max-Age=31536000");
        Self { cookie: Some(cookie), ..Self::plain(303, "go on to the page") }
    }

    /// A file to be kept; of its name only plain letters and digits are told.
    pub fn file(content_type: &'static str, name: &str, body: Vec<u8>) -> Self {
        let is_plain = |c: &char| c.is_ascii_alphanumeric() || ".-_".contains(*c);
        let file = Some(name.chars().filter(is_plain).collect());
        Self { file, ..Self::new(200, content_type, body) }
    }

    /// One line for people.
    pub fn plain(status: u16, text: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{text}\n"))
    }

    /// Sends it, without the body where only the head was asked for.
    ///
    /// # Errors
    /// The other side is gone, or takes it too slowly.
    pub fn send(&self, stream: &mut TcpStream, head_only: bool) -> io::Result<()> {
        // Nobody knows how long a stream will be whose head alone is asked for.
        let length = (!head_only || !self.body.is_empty()).then_some(self.body.len());
        let mut all = self.head(length).into_bytes();
        if !head_only {
            all.extend_from_slice(&self.body);
        }
        let longer = Duration::from_secs(all.len() as u64 / BYTES_PER_S);
        sending::send(stream, &all, WITHIN + longer)
    }

    /// The same without an end that is known.
    ///
    /// # Errors
    /// The other side is gone, or takes it too slowly.
    pub fn begin(&self, stream: &mut TcpStream) -> io::Result<()> {
        sending::send(stream, self.head(None).as_bytes(), WITHIN)
    }

    fn head(&self, length: Option<usize>) -> String {
        let Self { status, content_type, policy, cookie, file, .. } = self;
        let file = file.as_ref().map_or_else(String::new, |name| {
            format!("Content-Disposition: attachment; filename=\"{name}\"\r\n")
        });
        let cookie = cookie
            .as_ref()
            .map_or_else(String::new, |cookie| format!("Set-Cookie: {cookie}\r\nLocation: ./\r\n"));
        let length = length.map(|bytes| format!("Content-Length: {bytes}\r\n")).unwrap_or_default();
        let reason = reason(*status);
        format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\n{length}\
             Content-Security-Policy: {policy}\r\n{cookie}{file}{ALWAYS}\r\n"
        )
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}
