//! One request, read within a deadline and a size.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The longest head: request line and headers.
const HEAD_BYTES: usize = 8192;

/// The longest body.
const BODY_BYTES: usize = 4096;

const HEADERS: usize = 64;

/// For the whole request, however slowly it drips.
const WITHIN: Duration = Duration::from_secs(5);

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// Empty but for a POST.
    pub body: Vec<u8>,
}

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The other side went away.
    Gone,
    TooSlow,
    TooLong,
    /// Of the body.
    TooLarge,
    Malformed,
}

impl Request {
    /// Reads one, with its body if it is a POST.
    pub fn read(stream: &mut TcpStream) -> Result<Self, Refused> {
        let deadline = Instant::now() + WITHIN;
        let mut head = Vec::with_capacity(1024);
        let mut part = [0; 1024];
        let mut known: Option<(Self, usize, usize)> = None;
        loop {
            if known.is_none()
                && let Some((request, head_bytes)) = Self::parse(&head)?
            {
                let body_bytes = request.body_bytes()?;
                known = Some((request, head_bytes, body_bytes));
            }
            match &mut known {
                Some((request, from, bytes)) if head.len() >= *from + *bytes => {
                    request.body = head[*from..*from + *bytes].to_vec();
                    return Ok(std::mem::take(request));
                }
                None if head.len() >= HEAD_BYTES => return Err(Refused::TooLong),
                _ => {}
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

    fn body_bytes(&self) -> Result<usize, Refused> {
        if self.method != "POST" {
            return Ok(0);
        }
        if self.headers.iter().any(|(name, _)| name == "transfer-encoding") {
            return Err(Refused::Malformed);
        }
        if !self.headers.iter().any(|(name, _)| name == "content-length") {
            return Ok(0);
        }
        match self.header("content-length").and_then(|text| text.parse().ok()) {
            Some(bytes) if bytes <= BODY_BYTES => Ok(bytes),
            Some(_) => Err(Refused::TooLarge),
            None => Err(Refused::Malformed),
        }
    }

    /// With the bytes of the head; `None` while it is not whole.
    pub fn parse(head: &[u8]) -> Result<Option<(Self, usize)>, Refused> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let head_bytes = match parsed.parse(head) {
            Ok(httparse::Status::Complete(bytes)) => bytes,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refused::TooLong),
            Err(_) => return Err(Refused::Malformed),
        };
        let target = parsed.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
        let headers = parsed.headers.iter();
        let request = Self {
            method: parsed.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: headers.map(|h| (h.name.to_ascii_lowercase(), text(h.value))).collect(),
            body: Vec::new(),
        };
        Ok(Some((request, head_bytes)))
    }

    /// A value of the query.
    pub fn value(&self, name: &str) -> Option<&str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.parse().ok()
    }

    pub fn has_many(&self, name: &str) -> bool {
        self.headers.iter().filter(|(n, _)| n == name).count() > 1
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
        let (request, head_bytes) = Request::parse(head).unwrap().unwrap();
        assert_eq!(head_bytes, head.len());
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
