//! One request, read within a deadline and a size.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The longest head: request line and headers.
const HEAD_BYTES: usize = 8192;

const HEADERS: usize = 64;

/// For the whole head, however slowly it drips.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// A request without a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    /// Names in small letters.
    headers: Vec<(String, String)>,
}

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The other side went away.
    Gone,
    TooSlow,
    TooLong,
    Malformed,
}

impl Request {
    /// Reads a head.
    pub fn read(stream: &mut TcpStream) -> Result<Self, Refused> {
        let deadline = Instant::now() + HEAD_WITHIN;
        let mut head = Vec::with_capacity(1024);
        let mut part = [0; 1024];
        loop {
            if let Some(request) = Self::parse(&head)? {
                return Ok(request);
            }
            if head.len() >= HEAD_BYTES {
                return Err(Refused::TooLong);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Refused::TooSlow);
            }
            stream.set_read_timeout(Some(left)).map_err(|_| Refused::Gone)?;
            match stream.read(&mut part) {
                Ok(0) => return Err(Refused::Gone),
                Ok(count) => head.extend_from_slice(&part[..count]),
                Err(error) => check(&error)?,
            }
        }
    }

    /// `None` while the head is not whole.
    pub fn parse(head: &[u8]) -> Result<Option<Self>, Refused> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refused::TooLong),
            Err(_) => return Err(Refused::Malformed),
        }
        let target = parsed.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
        let headers = parsed.headers.iter();
        Ok(Some(Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
        }))
    }

    /// A value of the query.
    pub fn value(&self, name: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.parse().ok()
    }

    /// A header that is there once; of several none, since nobody can say which counts.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }
}

fn check(error: &io::Error) -> Result<(), Refused> {
    match error.kind() {
        ErrorKind::Interrupted => Ok(()),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Err(Refused::TooSlow),
        _ => Err(Refused::Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let head = b"GET /metrics?x=1 HTTP/1.1\r\nHost: a:1\r\nX-A: 1\r\nx-a: 2\r\n\r\n";
        for cut in 0..head.len() {
            assert_eq!(Request::parse(&head[..cut]), Ok(None), "{cut}");
        }
        let request = Request::parse(head).unwrap().unwrap();
        let Request { method, path, query, .. } = &request;
        assert_eq!((method.as_str(), path.as_str(), query.as_str()), ("GET", "/metrics", "x=1"));
        assert_eq!((request.header("host"), request.header("x-a")), (Some("a:1"), None));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for wrong in
            [&b"\x16\x03\x01\x02\0"[..], b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nA B\r\n\r\n"]
        {
            assert_eq!(Request::parse(wrong), Err(Refused::Malformed));
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HEADERS + 1));
        assert_eq!(Request::parse(many.as_bytes()), Err(Refused::TooLong));
    }
}
