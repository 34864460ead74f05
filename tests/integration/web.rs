//! `/health` and `/metrics` of a live run, and what comes to its port.

use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Bench, json, write_secret};

const RULES: &str = include_str!("../../packaging/monitoring/rules.yml");
const DASHBOARD: &str = include_str!("../../packaging/monitoring/dashboard.json");
const REFERENCE: &str = include_str!("../../docs/ref/metrics.md");

/// A run that goes on until it is dropped.
pub struct Running {
    child: Child,
    pub port: u16,
    token: String,
    pub bench: Bench,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(token: Option<&str>) -> Self {
        Self::on_clip(token, "")
    }

    /// With a page that shows the events of the folder `events`.
    pub fn keeping_events(token: &str) -> Self {
        let log = "path = \"events.jsonl\"\n";
        Self::on(Some(token), "page = true\n", (log, &format!("{log}folder = \"events\"\n")))
    }

    /// Of a clip that begins again at its end; `more` are keys of `[web]`.
    pub fn on_clip(token: Option<&str>, more: &str) -> Self {
        Self::on(token, more, ("", ""))
    }

    fn on(token: Option<&str>, more: &str, (old, new): (&str, &str)) -> Self {
        let camera = "source = \"folder\"\npath = \"clip\"\nloop = true";
        let bench = Bench::with_site(camera, "events.jsonl");
        bench.clip("clip", 600, 3, None);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut site = fs::read_to_string(bench.path("site.toml")).unwrap();
        site = site.replacen(old, new, 1);
        site += &format!("[web]\nlisten = \"127.0.0.1:{port}\"\n");
        if let Some(token) = token {
            write_secret(&bench.path("token"), &format!("{token}\n"));
            site += "token_file = \"token\"\n";
        }
        fs::write(bench.path("site.toml"), site + more).unwrap();
        Self::of(bench, port, token.unwrap_or("none"))
    }

    /// Ends the run in order, and starts it again.
    pub fn again(mut self) -> Self {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success() && self.child.wait().unwrap().success());
        let bench = std::mem::replace(&mut self.bench, Bench::new());
        Self::of(bench, self.port, &self.token)
    }

    /// Has the run begin again under the same process number.
    pub fn reload(&self) {
        let starts = || {
            let log = fs::read_to_string(self.bench.path("events.jsonl")).unwrap();
            log.matches("\"event\":\"start\"").count()
        };
        let (before, begun) = (starts(), Instant::now());
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
        let ask = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while starts() == before || self.try_ask(ask).is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not begin again");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn of(bench: Bench, port: u16, token: &str) -> Self {
        let mut command = bench.command(&["run", "--config", "site.toml", "--reload-on-sighup"]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let running = Self { child, port, token: token.into(), bench };
        let begun = Instant::now();
        let ask = "GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ";
        let ask = format!("{ask}{token}\r\n\r\n");
        while running.try_ask(&ask).is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")) {
            assert!(begun.elapsed() < Duration::from_secs(60), "it is never well");
            std::thread::sleep(Duration::from_millis(100));
        }
        running
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    pub fn try_ask(&self, request: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    fn get(&self, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        self.try_ask(&request).unwrap()
    }

    fn judged(&self) -> u64 {
        let page = self.get("/metrics");
        let line = page.lines().find(|line| line.starts_with("normwatch_frames_judged_total "));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    }
}

/// The names of the metrics of a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words = text.split(word).filter(|word| word.starts_with("normwatch_"));
    words.map(str::to_owned).collect()
}

#[test]
fn a_run_tells_its_health_and_its_metrics() {
    let running = Running::start(None);
    let answer = running.get("/health");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"), "{head}");
    let health = json(body.as_bytes());
    assert_eq!((&health["well"], &health["camera_up"]), (&true.into(), &true.into()));
    assert_eq!(health.get("drift"), Some(&serde_json::Value::Null), "no day is over yet");
    let before = running.judged();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(running.judged() > before, "counters go on");
    let page = running.get("/metrics");
    assert!(page.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{page}");
    let told = metrics(page.split_once("\r\n\r\n").unwrap().1);
    // There are neither outlets nor a thermometer here.
    let more = ["output_sent_total", "output_failed_total", "output_dropped_total"];
    let mut known = told.clone();
    known.extend(more.map(|name| format!("normwatch_{name}")));
    known.insert("normwatch_temperature_celsius".into());
    // Of a day of scores.
    known.extend(["score_quantile", "drifted"].map(|name| format!("normwatch_{name}")));
    assert_eq!(metrics(REFERENCE), known, "docs/ref/metrics.md");
    for (text, file) in [(RULES, "rules.yml"), (DASHBOARD, "dashboard.json")] {
        let strange: Vec<_> = metrics(text).difference(&known).cloned().collect();
        assert!(strange.is_empty(), "{file} asks for {strange:?}");
    }
    serde_json::from_str::<serde_json::Value>(DASHBOARD).unwrap();
}

#[test]
fn a_token_is_asked_for() {
    let running = Running::start(Some("0123456789abcdef"));
    assert!(running.get("/metrics").starts_with("HTTP/1.1 401"));
}

#[test]
fn whoever_comes_to_the_port_keeps_nobody_from_watching() {
    let running = Running::start(None);
    let refused = |request: &str, status: &str| {
        let answer = running.try_ask(request).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
    };
    refused("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421");
    refused("POST /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "405");
    refused("GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", "404");
    refused("\x16\x03\x01 hello\r\n\r\n", "400");
    // A head without an end, one that drips, and connections that say nothing.
    let mut endless = running.connect();
    let long =
        "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(200_000);
    let sent = endless.write_all(format!("GET / HTTP/1.1\r\n{long}").as_bytes());
    assert!(sent.is_err() || endless.read(&mut [0; 9]).is_ok(), "10 MB of headers are not kept");
    let silent: Vec<TcpStream> = (0..200)
        .filter_map(|_| {
            TcpStream::connect_timeout(
                &([127, 0, 0, 1], running.port).into(),
                Duration::from_secs(5),
            )
            .ok()
        })
        .collect();
    let mut dripping = running.connect();
    let begun = Instant::now();
    let mut gone = false;
    while begun.elapsed() < Duration::from_secs(20) && !gone {
        gone = dripping.write_all(b"G").is_err();
        dripping.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        gone |= match dripping.read(&mut [0; 64]) {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
    }
    assert!(gone, "a head that drips has its deadline");
    drop(silent);
    let begun = Instant::now();
    let ask = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    while running.try_ask(ask).is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never answers again");
        std::thread::sleep(Duration::from_millis(200));
    }
    let before = running.judged();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(running.judged() > before, "the watch went on");
}
