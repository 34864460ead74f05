//! What comes by itself, numbers and pictures, and who gets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::driver::Browser;
use super::{TOKEN, get};
use crate::common::json;
use crate::web::Running;

/// Viewers that there is room for.
const MOST: usize = 8;

struct Viewer {
    from: BufReader<TcpStream>,
    status: u16,
    head: String,
}

impl Viewer {
    /// Asks with the token, and reads the head of the answer.
    fn open(running: &Running, path: &str, more: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", running.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: normwatch={TOKEN}\r\n{more}\r\n"
        );
        (&stream).write_all(request.as_bytes()).unwrap();
        let (mut from, mut head) = (BufReader::new(stream), String::new());
        while from.read_line(&mut head).unwrap() > 2 {}
        Self { from, status: head[9..12].parse().unwrap(), head }
    }

    /// The same, once there is a place for it.
    fn await_place(running: &Running, path: &str) -> Self {
        let begun = Instant::now();
        loop {
            let viewer = Self::open(running, path, "");
            if viewer.status == 200 {
                return viewer;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "there is no place: {}",
                viewer.head
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The next message: its id, and what it says.
    fn message(&mut self) -> (u64, Value) {
        let (mut id, mut line) = (0, String::new());
        loop {
            line.clear();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "it has ended");
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim().parse().unwrap();
            }
            if let Some(text) = line.strip_prefix("data: ") {
                return (id, json(text.as_bytes()));
            }
        }
    }

    /// The next picture.
    fn picture(&mut self) -> Vec<u8> {
        let (mut bytes, mut line) = (0, String::new());
        loop {
            line.clear();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "it has ended");
            if let Some(text) = line.strip_prefix("Content-Length: ") {
                bytes = text.trim().parse().unwrap();
            }
            if line == "\r\n" && bytes > 0 {
                let mut jpeg = vec![0; bytes];
                self.from.read_exact(&mut jpeg).unwrap();
                return jpeg;
            }
        }
    }
}

#[test]
fn numbers_come_by_themselves_each_score_once_and_go_on_where_they_broke_off() {
    let running = Running::on_clip(Some(TOKEN), "");
    let mut viewer = Viewer::open(&running, "/state.stream", "");
    assert!(viewer.head.contains("Content-Type: text/event-stream\r\n"), "{}", viewer.head);
    assert!(viewer.head.contains("default-src 'none'"), "{}", viewer.head);
    assert!(!viewer.head.contains("Content-Length"), "{}", viewer.head);
    let mut times: Vec<u64> = Vec::new();
    let (mut id, mut judged) = (0, 0);
    for _ in 0..5 {
        let (own, state) = viewer.message();
        let scores = state["scores"].as_array().unwrap();
        times.extend(scores.iter().map(|score| score[0].as_u64().unwrap()));
        assert!(own >= id && times.last() == Some(&own), "{own} after {id}");
        (id, judged) = (own, state["judged"].as_u64().unwrap());
    }
    assert!(judged > 0 && times.is_sorted_by(|a, b| a < b), "{times:?}");
    drop(viewer);
    let again = format!("Last-Event-ID: {id}\r\n");
    let (_, state) = Viewer::open(&running, "/state.stream", &again).message();
    let first = state["scores"][0][0].as_u64();
    assert!(first.is_none_or(|first| first > id), "{first:?} after {id}");
}

#[test]
fn pictures_come_by_themselves_and_move() {
    let running = Running::on_clip(Some(TOKEN), "");
    let mut viewer = Viewer::open(&running, "/frame.mjpg", "");
    assert!(viewer.head.contains("multipart/x-mixed-replace; boundary=normwatch\r\n"));
    let first = viewer.picture();
    assert_eq!((&first[..2], &first[first.len() - 2..]), (&[0xff, 0xd8][..], &[0xff, 0xd9][..]));
    let begun = Instant::now();
    while viewer.picture() == first {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never moves");
    }
}

#[test]
fn a_ninth_viewer_is_told_so_and_strangers_get_nothing() {
    let running = Running::on_clip(Some(TOKEN), "");
    let paths = ["/state.stream", "/frame.mjpg"];
    let mut viewers: Vec<Viewer> =
        (0..MOST).map(|index| Viewer::open(&running, paths[index % 2], "")).collect();
    assert!(viewers.iter().all(|viewer| viewer.status == 200));
    for path in paths {
        let mut ninth = Viewer::open(&running, path, "");
        let mut said = String::new();
        ninth.from.read_to_string(&mut said).unwrap();
        assert_eq!(ninth.status, 503, "{said}");
        assert!(said.contains("eight viewers"), "{said}");
    }
    // Viewers hold none of the threads that answer.
    assert_eq!(get(&running, "/health")["well"], true);
    let before = get(&running, "/state.json")["judged"].as_u64().unwrap();
    viewers.pop();
    viewers.push(Viewer::await_place(&running, "/frame.mjpg"));
    // The watch goes on.
    while viewers[0].message().1["judged"].as_u64().unwrap() <= before {}
    drop(viewers);
    for path in paths {
        let status = |head: &str| running.try_ask(&format!("GET {path} HTTP/1.1\r\n{head}\r\n"));
        let refused = |head: &str| status(head).unwrap()[9..12].to_owned();
        assert_eq!(refused("Host: localhost\r\n"), "401");
        assert_eq!(refused("Host: evil.example\r\n"), "421");
        let own = format!("Host: localhost\r\nCookie: normwatch={TOKEN}\r\n");
        assert_eq!(refused(&format!("{own}Sec-Fetch-Site: cross-site\r\n")), "403");
    }
}

/// How often the page has asked for the state.
const ASKED: &str = "return performance.getEntriesByType('resource').filter((e) => \
    e.name.includes('state.json')).length;";

#[test]
fn the_page_is_told_and_asks_only_where_it_is_not() {
    let running = Running::on_clip(Some(TOKEN), "");
    let browser = Browser::start(900, 900);
    let address = format!("http://127.0.0.1:{}/", running.port);
    let judged = "document.querySelectorAll('#figures dd')[3]?.textContent";
    let moves = || {
        browser.await_true(&format!("Number({judged}) > 0"));
        let before = browser.run(&format!("return {judged};"));
        browser.await_true(&format!("{judged} !== {before}"));
    };
    browser.open(&format!("{address}?t={TOKEN}"));
    moves();
    moves();
    assert_eq!(browser.run(ASKED), 0, "numbers come by themselves");
    browser.run(
        "const i = new Image(); i.id = 'mjpg'; i.src = 'frame.mjpg'; document.body.append(i);",
    );
    browser.await_true("document.getElementById('mjpg').naturalWidth > 0");
    browser.open("about:blank");
    let all: Vec<Viewer> =
        (0..MOST).map(|_| Viewer::await_place(&running, "/state.stream")).collect();
    browser.open(&address);
    moves();
    assert!(browser.run(ASKED).as_u64().unwrap() > 0, "it asks where there is no place");
    drop(all);
}
