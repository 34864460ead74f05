//! ntfy and Telegram, played by a scripted server.

use std::time::{Duration, Instant};

use normwatch::event::Phase;

use super::scripted::{Reply, Server};
use super::{Site, notice, once, quick, until};

fn reply(status: u16, body: &str) -> Reply {
    Reply::Body(status, body.into())
}

fn ntfy(server: &Server) -> Site {
    let keys = format!(
        "[output.ntfy]\nserver = \"{}/\"\ntopic = \"yard-1\"\ntoken_file = \"token\"\npriority = 5\n\
         on = [\"begin\", \"end\"]\n",
        server.address
    );
    Site::with(&[("token", "tk_abcdef\n")], &keys)
}

#[test]
fn ntfy_gets_the_picture_as_the_body_and_the_text_in_headers() {
    let server = Server::start(vec![reply(200, "{\"id\":\"x\",\"event\":\"message\"}")]);
    let site = ntfy(&server);
    let outlet = site.outlet(&once());
    outlet.tell(&notice("a", Phase::Begin));
    let mut plain = notice("a", Phase::End);
    plain.picture = None;
    outlet.tell(&plain);
    assert_eq!(until(&*outlet, "both", |counts| counts.sent == 2).name, "ntfy");
    let sent = server.sent();
    assert_eq!(sent[0].line, "POST /yard-1 HTTP/1.1");
    assert!(sent[0].body.starts_with(b"\xff\xd8\xff\xe0"));
    assert_eq!(sent[0].header("x-filename"), "begin.jpg");
    assert_eq!(sent[0].header("authorization"), "Bearer tk_abcdef");
    assert_eq!(sent[0].header("x-priority"), "5");
    // "Höfe: anomaly", by Python's email.header.
    assert_eq!(sent[0].header("x-title"), "=?UTF-8?B?SMO2ZmU6IGFub21hbHk=?=");
    assert!(sent[0].header("x-message").starts_with("=?UTF-8?B?"));
    assert!(!sent[1].has("x-filename") && !sent[1].has("x-message"));
    assert!(sent[1].text().starts_with("Höfe: anomaly, 07:12:05 to 07:12:17 UTC, 12 s."));
}

#[test]
fn an_error_that_ntfy_hides_behind_200_is_one() {
    let server = Server::start(vec![
        reply(200, "{\"code\":42901,\"http\":429,\"error\":\"limit reached\"}"),
        reply(200, "{\"id\":\"x\"}"),
    ]);
    let site = ntfy(&server);
    let outlet = site.outlet(&quick());
    outlet.tell(&notice("a", Phase::Begin));
    let counts = until(&*outlet, "sent", |counts| counts.sent == 1);
    assert_eq!((counts.failed, counts.dropped), (1, 0));
}

#[test]
fn a_server_that_takes_no_pictures_gets_the_text() {
    let server = Server::start(vec![
        reply(400, "{\"code\":40014,\"http\":400,\"error\":\"attachments not allowed\"}"),
        reply(200, "{\"id\":\"x\"}"),
        reply(429, "{\"code\":42905,\"error\":\"daily attachment bandwidth reached\"}"),
        reply(200, "{\"id\":\"x\"}"),
    ]);
    let site = ntfy(&server);
    let outlet = site.outlet(&once());
    for id in ["a", "b"] {
        outlet.tell(&notice(id, Phase::Begin));
    }
    let counts = until(&*outlet, "sent", |counts| counts.sent == 2);
    assert_eq!(counts.failed, 0);
    let with_picture: Vec<bool> = server.sent().iter().map(|one| one.has("x-filename")).collect();
    assert_eq!(with_picture, [true, false, true, false]);
}

#[test]
fn telegram_gets_a_form_and_is_left_alone_for_as_long_as_it_says() {
    let server = Server::start(vec![
        reply(429, "{\"ok\":false,\"parameters\":{\"retry_after\":1}}"),
        reply(200, "{\"ok\":true}"),
    ]);
    let keys = format!(
        "[output.telegram]\nserver = \"{}\"\ntoken_file = \"token\"\nchat_id = \"-1001234567890\"\n",
        server.address
    );
    let site = Site::with(&[("token", "12:AbC")], &keys);
    let outlet = site.outlet(&quick());
    let begun = Instant::now();
    outlet.tell(&notice("a", Phase::Begin));
    outlet.tell(&notice("a", Phase::End));
    let counts = until(&*outlet, "sent", |counts| counts.sent == 1);
    assert_eq!((counts.name.as_str(), counts.failed), ("telegram", 1), "the end is not asked for");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let sent = &server.sent()[1];
    assert_eq!(sent.line, "POST /bot12:AbC/sendPhoto HTTP/1.1");
    let boundary = sent.header("content-type").split("boundary=").nth(1).unwrap().to_string();
    let text = sent.text();
    assert_eq!(text.matches(&format!("--{boundary}")).count(), 4);
    assert!(text.contains("name=\"chat_id\"\r\n\r\n-1001234567890\r\n"));
    assert!(text.contains("name=\"caption\"\r\n\r\nHöfe: anomaly since 07:12:05 UTC. Block"));
}
