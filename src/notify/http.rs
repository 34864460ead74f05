//! One HTTP request with a deadline for all of it, and an answer of bounded length.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Request as HttpRequest};

use super::channel::Outcome;
use super::ending::Ending;
use crate::capture::Secrets;

/// Of an answer's body this much is read; more is not waited for.
const ANSWER_LIMIT_BYTES: u64 = 4096;

/// Of an answer's body this much is quoted.
const QUOTE_LETTERS: usize = 200;

/// How long a server that asks for quiet without saying how long gets it.
const USUAL_REST: Duration = Duration::from_mins(1);

/// No server is obeyed for longer.
const LONGEST_REST: Duration = Duration::from_hours(1);

/// Certificates of the system: Debian, Buildroot and Yocto; Fedora; Alpine.
#[cfg(feature = "tls")]
const SYSTEM_CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

pub(super) struct Request {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What is left out of whatever is told, beside the address's path.
    pub secrets: Vec<String>,
}

/// What a server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    /// As much as was read of it.
    pub body: String,
    /// The same for people.
    quote: String,
}

/// Where requests go from. Each has a connection of its own: events are rare, and one
/// that is kept would be dead by the next.
pub(super) struct Client {
    ca_file: Option<PathBuf>,
    /// For a request from the name's look-up to the last byte that is read.
    deadline: Duration,
}

impl Client {
    pub fn new(ca_file: Option<PathBuf>, deadline: Duration) -> Self {
        Self { ca_file, deadline }
    }

    /// Sends it, and waits for the answer no longer than the deadline.
    ///
    /// # Errors
    /// There is no answer; why, without anything secret.
    pub fn send(&self, request: &Request, ending: &Ending) -> Result<Answer, String> {
        let secrets = Secrets::known(request.secrets.iter().cloned().chain(path(&request.url)));
        let place = place(&request.url);
        let told = |why: &str| secrets.hide(&format!("{place}: {why}"));
        let agent =
            self.agent(&request.url, ending.left_of(self.deadline)).map_err(|e| told(&e))?;
        let mut call = HttpRequest::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let call = call.body(&request.body[..]).map_err(|e| told(&e.to_string()))?;
        let mut answer = agent.run(call).map_err(|e| told(&explained(&e)))?;
        let retry_after = retry_after(answer.headers());
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        // The status is what counts: half a body, or one that never ends, is as good.
        let _ = answer.body_mut().as_reader().take(ANSWER_LIMIT_BYTES).read_to_end(&mut body);
        let body = String::from_utf8_lossy(&body).into_owned();
        let plain = body.split_whitespace().collect::<Vec<_>>().join(" ");
        // Before it is cut: half a secret would not be known as one.
        let quote = secrets.hide(&plain);
        let quote = quote.chars().filter(|c| !c.is_control()).take(QUOTE_LETTERS).collect();
        Ok(Answer { status, retry_after, body, quote })
    }

    fn agent(&self, url: &str, deadline: Duration) -> Result<Agent, String> {
        if deadline.is_zero() {
            return Err("there was no time left".into());
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(deadline))
            .user_agent(concat!("normwatch/", env!("CARGO_PKG_VERSION")))
            .max_idle_connections(0);
        #[cfg(feature = "tls")]
        let config = match url.starts_with("https://") {
            true => config.tls_config(tls(self.ca_file.as_deref())?),
            false => config,
        };
        #[cfg(not(feature = "tls"))]
        if url.starts_with("https://") || self.ca_file.is_some() {
            return Err("https is not in this build: build with the feature `tls`".into());
        }
        Ok(config.build().new_agent())
    }
}

impl Answer {
    /// What it means for the notice: 2xx has arrived. A redirection is not followed,
    /// because it would take what is signed and secret elsewhere.
    pub fn outcome(&self) -> Outcome {
        let said = match &*self.quote {
            "" => String::new(),
            quote => format!(": {quote}"),
        };
        let status = self.status;
        match status {
            200..300 => Outcome::Arrived(format!("{status}{said}")),
            300..400 => Outcome::Failed(format!(
                "the server answers {status}, which leads elsewhere and is not followed: \
                 write the address that it leads to"
            )),
            _ => {
                let why = format!("the server answers {status}{said}");
                match self.rest() {
                    Some(rest) => Outcome::Slowed(why, rest),
                    None => Outcome::Failed(why),
                }
            }
        }
    }

    /// Whether it is the picture that the server does not take: none at all, too long, or
    /// too many of them today. An event without its picture is better than none.
    pub fn refuses_picture(&self) -> bool {
        matches!(self.status, 400 | 413 | 415)
            || self.status > 400 && self.body.contains("attachment")
    }

    /// How long the server wants nothing.
    fn rest(&self) -> Option<Duration> {
        let asks = matches!(self.status, 429 | 502 | 504) || self.retry_after.is_some();
        asks.then(|| self.retry_after.unwrap_or(USUAL_REST).min(LONGEST_REST))
    }
}

/// `Retry-After` in seconds; a date counts as the usual time.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    Some(text.trim().parse().map_or(USUAL_REST, Duration::from_secs))
}

/// What there is of an address before its path, which may be a secret.
pub(super) fn place(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    url[..end].into()
}

fn path(url: &str) -> Option<String> {
    let path = url[place(url).len()..].to_string();
    (path.len() > 1).then_some(path)
}

fn explained(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => {
            "there is no such host: look at the name, and at the network's DNS".into()
        }
        ureq::Error::Timeout(_) => "no whole answer in time".into(),
        ureq::Error::Io(error)
            if error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()) =>
        {
            format!(
                "{error}: the service may not use the network: install its drop-in \
                 network-outputs.conf"
            )
        }
        other => other.to_string(),
    }
}

/// # Errors
/// No certificates are trusted: the file that holds them cannot be read.
#[cfg(feature = "tls")]
fn tls(ca_file: Option<&Path>) -> Result<ureq::tls::TlsConfig, String> {
    use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

    // Whoever is first decides for the process, and all want the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let there = SYSTEM_CERTIFICATES.iter().map(Path::new).find(|path| path.is_file());
    let file = ca_file.or(there).ok_or(
        "there are no certificates to trust: install the package ca-certificates, or name a file \
         with `ca_file`",
    )?;
    let shown = file.display();
    let mut pem = Vec::new();
    let read = File::open(file).and_then(|mut file| file.read_to_end(&mut pem));
    read.map_err(|e| format!("cannot read the certificates in {shown}: {e}"))?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    };
    let certificates: Vec<_> = parse_pem(&pem).filter_map(certificate).collect();
    if certificates.is_empty() {
        return Err(format!("{shown} holds no certificate in PEM"));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<u64>) -> Outcome {
        let retry_after = retry_after.map(Duration::from_secs);
        Answer { status, retry_after, body: String::new(), quote: "no".into() }.outcome()
    }

    #[test]
    fn an_answer_says_what_to_do() {
        for status in [200, 202, 204] {
            assert!(matches!(answer(status, None), Outcome::Arrived(_)));
        }
        for status in [301, 307, 400, 404, 500] {
            assert!(matches!(answer(status, None), Outcome::Failed(_)), "{status}");
        }
        for (status, after, rest_s) in [
            (429, None, 60),
            (502, None, 60),
            (504, Some(7), 7),
            (503, Some(90), 90),
            (429, Some(1_000_000), 3600),
        ] {
            let Outcome::Slowed(why, rest) = answer(status, after) else { panic!("{status}") };
            assert_eq!(rest.as_secs(), rest_s, "{status}");
            assert_eq!(why, format!("the server answers {status}: no"));
        }
    }

    #[test]
    fn an_address_is_told_without_its_path() {
        for (url, told) in [
            ("https://hooks.example/T0/B0/secret", "https://hooks.example"),
            ("http://10.0.0.1:8080", "http://10.0.0.1:8080"),
            ("http://h?key=1", "http://h"),
        ] {
            assert_eq!(place(url), told);
        }
        assert_eq!(path("http://h/").as_deref(), None);
        assert_eq!(path("http://h/bot12:ab/send").as_deref(), Some("/bot12:ab/send"));
    }
}
