//! An HTTP server that does what a script says, and keeps what it was sent.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Clone, Debug)]
pub enum Reply {
    /// The whole answer.
    Plain(&'static str),
    /// A status and a body.
    Body(u16, String),
    /// A refusal that says again what was asked.
    Echo,
    /// One byte of a sound answer each 100 ms.
    Drip,
    /// A status, and then a body that never ends.
    Endless,
    /// Nothing, for as long as the client stays.
    Hang,
    /// The connection is closed with bytes unread.
    Reset,
}

/// What a client sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub line: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(one, _)| one == name);
        found.map(|(_, value)| &**value).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(one, _)| one == name)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub struct Server {
    pub address: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Server {
    /// Answers one connection after the other; the last reply serves all further ones.
    pub fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let kept = sent.clone();
        thread::spawn(move || {
            for (at, stream) in listener.incoming().enumerate() {
                let reply = script[at.min(script.len() - 1)].clone();
                let (kept, stream) = (kept.clone(), stream.unwrap());
                thread::spawn(move || serve(stream, &reply, &kept));
            }
        });
        Self { address, sent }
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, reply: &Reply, kept: &Mutex<Vec<Sent>>) {
    if matches!(reply, Reply::Reset) {
        let _ = stream.peek(&mut [0; 16]);
        return;
    }
    let Some(sent) = read(&mut stream) else { return };
    let asked = format!("{}\n{:?}", sent.line, sent.headers);
    kept.lock().unwrap().push(sent);
    let answer = |status: u16, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let _ = match reply {
        Reply::Plain(text) => stream.write_all(text.as_bytes()),
        Reply::Body(status, body) => stream.write_all(answer(*status, body).as_bytes()),
        Reply::Echo => stream.write_all(answer(403, &asked).as_bytes()),
        Reply::Drip => answer(200, "").bytes().try_for_each(|byte| {
            thread::sleep(Duration::from_millis(100));
            stream.write_all(&[byte])
        }),
        Reply::Endless => endless(&mut stream),
        Reply::Hang | Reply::Reset => stream.read(&mut [0; 1]).map(drop),
    };
}

fn endless(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 X\r\n\r\n")?;
    loop {
        stream.write_all(&[b'x'; 1000])?;
    }
}

fn read(stream: &mut TcpStream) -> Option<Sent> {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let line = lines.next()?.to_string();
            let headers = lines.filter_map(|line| line.split_once(':'));
            let headers = headers.map(|(n, v)| (n.to_lowercase(), v.trim().to_string()));
            let mut sent = Sent { line, headers: headers.collect(), body: Vec::new() };
            let length =
                if sent.has("content-length") { sent.header("content-length") } else { "0" };
            let length: usize = length.parse().unwrap();
            if bytes.len() >= end + 4 + length {
                sent.body = bytes[end + 4..end + 4 + length].to_vec();
                return Some(sent);
            }
        }
        match stream.read(&mut block) {
            Ok(0) => return None,
            Ok(read) => bytes.extend(&block[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}
