//! A relay on the network that follows a script.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Obeys,
    /// Takes requests and says nothing.
    Silent,
    /// Closes the connection on each request.
    HangsUp,
    /// Refuses each request with this code.
    Refuses(u8),
    /// Says that it obeys, and does not.
    Lies,
    /// Sends half of each answer.
    Half,
    /// Sends one byte in a while.
    Drips,
    /// Answers something else.
    Babbles,
}

/// A relay whose manners change, and what it was told.
#[derive(Clone)]
pub struct Device {
    pub port: u16,
    state: Arc<Mutex<State>>,
    connections: Arc<AtomicUsize>,
}

struct State {
    manner: Manner,
    coils: Vec<bool>,
    /// Coil and value of each write that was obeyed.
    writes: Vec<(usize, bool)>,
    ends: Vec<TcpStream>,
}

impl Device {
    pub fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { manner, coils: vec![false; 8], writes: Vec::new(), ends: Vec::new() };
        let device = Self { port, state: Arc::new(Mutex::new(state)), connections: Arc::default() };
        let own = device.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                own.connections.fetch_add(1, Ordering::SeqCst);
                own.state.lock().unwrap().ends.push(stream.try_clone().unwrap());
                let own = own.clone();
                thread::spawn(move || own.serve(stream));
            }
        });
        device
    }

    pub fn behave(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        for end in self.state.lock().unwrap().ends.drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    pub fn coil(&self, number: usize) -> bool {
        self.state.lock().unwrap().coils[number]
    }

    /// Somebody else switches it.
    pub fn switch(&self, number: usize, on: bool) {
        self.state.lock().unwrap().coils[number] = on;
    }

    pub fn writes(&self) -> Vec<(usize, bool)> {
        self.state.lock().unwrap().writes.clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        loop {
            let mut request = [0; 12];
            stream.read_exact(&mut request).ok()?;
            assert_eq!(request[2..6], [0, 0, 0, 6], "no request of Modbus TCP: {request:?}");
            let manner = self.state.lock().unwrap().manner;
            let answer = self.answer(&request, manner);
            match manner {
                Manner::Silent => {}
                Manner::HangsUp => return None,
                Manner::Half => stream.write_all(&answer[..answer.len() / 2]).ok()?,
                Manner::Drips => {
                    for byte in answer {
                        stream.write_all(&[byte]).ok()?;
                        thread::sleep(Duration::from_millis(200));
                    }
                }
                _ => stream.write_all(&answer).ok()?,
            }
        }
    }

    fn answer(&self, request: &[u8; 12], manner: Manner) -> Vec<u8> {
        let head = |length: u8| [&request[..5], &[length, request[6]]].concat();
        let coil = usize::from(u16::from_be_bytes([request[8], request[9]]));
        let mut state = self.state.lock().unwrap();
        match (request[7], manner) {
            (_, Manner::Babbles) => b"HTTP/1.1 400 Bad Request\r\n".to_vec(),
            (function, Manner::Refuses(code)) => [head(3), vec![function | 0x80, code]].concat(),
            (5, Manner::Lies) => request.to_vec(),
            (5, _) => {
                let on = request[10] == 0xff;
                if manner == Manner::Obeys {
                    state.coils[coil] = on;
                    state.writes.push((coil, on));
                }
                request.to_vec()
            }
            (1, _) => [head(4), vec![1, 1, u8::from(state.coils[coil])]].concat(),
            (function, _) => panic!("function {function}"),
        }
    }
}
