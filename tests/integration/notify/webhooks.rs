//! Webhooks against servers that redirect, refuse, drip, hang, reset and never end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use normwatch::clock::SimulatedClock;
use normwatch::event::Phase;
use normwatch::notify::Pace;

use super::scripted::{Reply, Server};
use super::{Site, notice, once, quick, until};

fn webhook(address: &str, keys: &str) -> String {
    format!("[[output.webhook]]\nname = \"desk\"\nurl = \"{address}/alarm?k=1\"\n{keys}")
}

fn site(server: &Server, keys: &str) -> Site {
    Site::new(&webhook(&server.address, keys))
}

fn ok() -> Reply {
    Reply::Body(204, String::new())
}

#[test]
fn a_begin_that_waits_is_not_overtaken_by_its_end() {
    let server = Server::start(vec![Reply::Body(500, "busy".into()), ok()]);
    let site = site(&server, "");
    let outlet = site.outlet(&quick());
    outlet.tell(&notice("a", Phase::Begin));
    outlet.tell(&notice("a", Phase::End));
    let counts = until(&*outlet, "both", |counts| counts.sent == 2);
    assert_eq!((counts.name.as_str(), counts.failed, counts.dropped), ("webhook:desk", 1, 0));
    let sent = server.sent();
    let types: Vec<serde_json::Value> =
        sent.iter().map(|one| serde_json::from_slice(&one.body).unwrap()).collect();
    let types: Vec<&str> = types.iter().map(|body| body["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["anomaly.began", "anomaly.began", "anomaly.ended"]);
    assert_eq!(sent[0].line, "POST /alarm?k=1 HTTP/1.1");
    assert_eq!(sent[0].header("content-type"), "application/json");
    assert!(!sent[0].has("webhook-signature"));
}

#[test]
fn what_fails_five_times_is_given_up() {
    for reply in [
        Reply::Body(500, "no".into()),
        Reply::Body(404, "no".into()),
        // Nobody follows it.
        Reply::Plain("HTTP/1.1 302 X\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n"),
        Reply::Reset,
        Reply::Plain("what is this"),
        Reply::Plain(""),
    ] {
        let told = format!("{reply:?}");
        let server = Server::start(vec![reply]);
        let outlet = site(&server, "").outlet(&quick());
        outlet.tell(&notice("a", Phase::Begin));
        let counts = until(&*outlet, &told, |counts| counts.dropped == 1);
        assert_eq!((counts.sent, counts.failed), (0, 5), "{told}");
        assert!(server.sent().iter().all(|sent| sent.line.contains("/alarm")), "{told}");
    }
}

#[test]
fn nobody_there_and_no_such_name_are_failures() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [format!("http://{free}"), "http://no-such-host.invalid".into()] {
        let outlet = Site::new(&webhook(&address, "")).outlet(&once());
        outlet.tell(&notice("a", Phase::Begin));
        let counts = until(&*outlet, &address, |counts| counts.dropped == 1);
        assert_eq!((counts.sent, counts.failed), (0, 1), "{address}");
    }
}

#[test]
fn a_whole_request_has_a_deadline() {
    for reply in [Reply::Drip, Reply::Hang] {
        let server = Server::start(vec![reply.clone()]);
        let pace = Pace { pauses_ms: Vec::new(), request_ms: 500 };
        let outlet = site(&server, "").outlet(&pace);
        let begun = Instant::now();
        outlet.tell(&notice("a", Phase::Begin));
        until(&*outlet, "given up", |counts| counts.failed == 1);
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(400) && took < Duration::from_secs(2), "{took:?}");
    }
}

#[test]
fn an_answer_that_never_ends_is_an_answer() {
    let server = Server::start(vec![Reply::Endless]);
    let outlet = site(&server, "").outlet(&once());
    let begun = Instant::now();
    outlet.tell(&notice("a", Phase::Begin));
    until(&*outlet, "sent", |counts| counts.sent == 1);
    assert!(begun.elapsed() < Duration::from_millis(1500), "a little of it is enough");
}

#[test]
fn a_server_that_wants_quiet_gets_it() {
    let busy = "HTTP/1.1 429 X\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(vec![Reply::Plain(busy), ok()]);
    let outlet = site(&server, "").outlet(&quick());
    let begun = Instant::now();
    outlet.tell(&notice("a", Phase::Begin));
    until(&*outlet, "refused", |counts| counts.failed == 1);
    outlet.tell(&notice("b", Phase::Begin));
    until(&*outlet, "both", |counts| counts.sent == 2);
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(server.sent().len(), 3);
}

#[test]
fn an_address_that_is_gone_is_left_alone() {
    let server = Server::start(vec![Reply::Body(410, String::new())]);
    let outlet = site(&server, "").outlet(&quick());
    outlet.tell(&notice("a", Phase::Begin));
    until(&*outlet, "gone", |counts| counts.dropped == 1);
    outlet.tell(&notice("b", Phase::Begin));
    let counts = until(&*outlet, "the next", |counts| counts.dropped == 2);
    assert_eq!((counts.sent, counts.failed, server.sent().len()), (0, 1, 1));
}

#[test]
fn a_hundred_wait_and_no_more() {
    let server = Server::start(vec![Reply::Hang]);
    let pace = Pace { pauses_ms: vec![60_000], request_ms: 300 };
    let outlet = site(&server, "").outlet(&pace);
    let begun = Instant::now();
    for n in 0..250 {
        outlet.tell(&notice(&format!("e{n}"), Phase::Begin));
    }
    assert!(begun.elapsed() < Duration::from_millis(250), "it waited: {:?}", begun.elapsed());
    assert_eq!(outlet.counts().dropped, 150);
    let begun = Instant::now();
    drop(outlet);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// By OpenSSL, where it is there; the unit tests have a vector of its own.
fn by_openssl(text: &str) -> Option<String> {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let key = STANDARD.decode(&KEY["whsec_".len()..]).unwrap();
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-mac", "HMAC", "-macopt", &format!("hexkey:{hex}"), "-binary"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    openssl.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Some(STANDARD.encode(openssl.wait_with_output().unwrap().stdout))
}

#[test]
fn a_signed_request_waits_for_the_clock_and_verifies() {
    let server = Server::start(vec![Reply::Body(500, String::new()), ok()]);
    let keys = "secret_file = \"key\"\nformat = \"cloudevents\"\n";
    let site = Site::with(&[("key", KEY)], &webhook(&server.address, keys));
    let unset = Arc::new(SimulatedClock::new(1000));
    let outlet = site.outlet_at(&quick(), unset);
    outlet.tell(&notice("a", Phase::Begin));
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!((server.sent().len(), outlet.counts().failed), (0, 0), "held");
    drop(outlet);
    let set = Arc::new(SimulatedClock::new(1_796_022_725_000_000_000));
    let pace = Pace { pauses_ms: vec![0], request_ms: 2000 };
    let outlet = site.outlet_at(&pace, set);
    outlet.tell(&notice("a", Phase::Begin));
    until(&*outlet, "sent", |counts| counts.sent == 1);
    let sent = server.sent();
    assert_eq!(sent.len(), 2);
    for one in &sent {
        assert_eq!(one.header("webhook-id"), "a-begin", "the same at each attempt");
        assert_eq!(one.header("webhook-timestamp"), "1796022725");
        assert_eq!(one.header("ce-id"), "a-begin");
        assert_eq!(one.header("ce-type"), "normwatch.anomaly.began");
        assert_eq!(one.header("ce-time"), "2026-11-30T07:12:05.000Z");
        assert_eq!(one.header("ce-source"), "/normwatch/h-fe");
        let signed = format!("a-begin.1796022725.{}", one.text());
        if let Some(theirs) = by_openssl(&signed) {
            assert_eq!(one.header("webhook-signature"), format!("v1,{theirs}"));
        }
    }
}

#[test]
fn a_template_and_headers_of_ones_own_are_sent() {
    let server = Server::start(vec![ok()]);
    let keys = "headers_file = \"more\"\ntemplate = '{\"text\": \"{title} in {zones}\"}'\n";
    let files = [("more", "Authorization: Bearer t0ken\nContent-Type: application/x-own\n")];
    let site = Site::with(&files, &webhook(&server.address, keys));
    let outlet = site.outlet(&once());
    outlet.tell(&notice("a", Phase::Begin));
    until(&*outlet, "sent", |counts| counts.sent == 1);
    let sent = &server.sent()[0];
    assert_eq!(sent.text(), "{\"text\": \"Höfe: anomaly in gate, path\"}");
    assert_eq!(sent.header("authorization"), "Bearer t0ken");
    assert_eq!(sent.header("content-type"), "application/x-own");
    assert!(sent.header("user-agent").starts_with("normwatch/"));
}
