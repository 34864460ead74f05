//! The program while it shows a page.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::common::{Bench, json};

/// For everything that is waited for: machines are busy.
const PATIENCE: Duration = Duration::from_secs(180);

/// A replay with a page, until it is dropped.
pub struct Shown {
    child: Child,
    lines: Receiver<String>,
    /// With the port.
    pub host: String,
    pub bench: Bench,
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shown {
    pub fn start(args: &[&str]) -> Self {
        Self::of(Bench::new(), args)
    }

    /// Waits until the address is told.
    pub fn of(bench: Bench, args: &[&str]) -> Self {
        let mut command = bench.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let mut shown = Self { child, lines, host: String::new(), bench };
        let address = shown.await_line("the page: http://");
        shown.host = address["the page: http://".len()..].trim_end_matches('/').into();
        shown
    }

    fn await_line(&self, begin: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("it says nothing");
            if line.starts_with(begin) {
                return line;
            }
        }
    }

    /// Waits until the footage is over.
    pub fn await_end(&self) {
        self.await_line("the footage is over");
    }

    fn ask(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn json(&self, path: &str) -> Value {
        json(self.ask(path).split_once("\r\n\r\n").unwrap().1.as_bytes())
    }

    pub fn status(&self, path: &str) -> u16 {
        self.ask(path)[9..12].parse().unwrap()
    }
}
