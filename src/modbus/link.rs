//! A connection to a relay: one call at a time, each by a deadline.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::frame::{Call, LONGEST_ANSWER, Refusal, Request};

/// Why a call has failed. The connection is of no more use.
#[derive(Debug)]
pub enum LinkError {
    /// No connection, or it was lost.
    Lost(io::Error),
    /// The relay took so many milliseconds and did not answer.
    Silent(u64),
    Refused(Refusal),
    /// The coil was written and is not so.
    Disobeys,
}

impl std::fmt::Display for LinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(error) => write!(f, "{error}"),
            Self::Silent(ms) => write!(f, "no answer for {ms} ms"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Disobeys => f.write_str("the coil is not what was written: who else drives it?"),
        }
    }
}

/// An open connection.
pub struct Link {
    stream: TcpStream,
    unit: u8,
    answer_ms: u64,
    number: u16,
}

impl Link {
    /// Looks the name up and tries its addresses one after the other.
    ///
    /// # Errors
    /// No address, or none that takes the connection in time.
    pub fn open(
        (host, port): (&str, u16),
        unit: u8,
        (connect_ms, answer_ms): (u64, u64),
    ) -> Result<Self, LinkError> {
        let limit = Duration::from_millis(connect_ms);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in (host, port).to_socket_addrs().map_err(LinkError::Lost)? {
            match TcpStream::connect_timeout(&address, limit) {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(Self { stream, unit, answer_ms, number: 0 });
                }
                Err(error) => last = error,
            }
        }
        Err(LinkError::Lost(last))
    }

    /// Writes a coil and reads it back.
    ///
    /// # Errors
    /// Whatever keeps the coil from being so.
    pub fn drive(&mut self, coil: u16, on: bool) -> Result<(), LinkError> {
        self.call(Request::Write { coil, on })?;
        match self.call(Request::Read { coil })? == on {
            true => Ok(()),
            false => Err(LinkError::Disobeys),
        }
    }

    fn call(&mut self, request: Request) -> Result<bool, LinkError> {
        self.number = self.number.wrapping_add(1);
        let call = Call { number: self.number, unit: self.unit, request };
        let deadline = Instant::now() + Duration::from_millis(self.answer_ms);
        let left = || deadline.saturating_duration_since(Instant::now());
        self.stream.set_write_timeout(Some(left().max(SHORTEST))).map_err(LinkError::Lost)?;
        self.stream.write_all(&call.bytes()).map_err(|error| self.failed(error))?;
        let (mut answer, mut length) = ([0; LONGEST_ANSWER], 0);
        loop {
            let missing = call.missing(&answer[..length]);
            let missing = missing.ok_or(LinkError::Refused(Refusal::Foreign))?;
            if missing == 0 {
                return call.answered(&answer[..length]).map_err(LinkError::Refused);
            }
            // However slowly it drips, the whole answer has one deadline.
            if left().is_zero() {
                return Err(LinkError::Silent(self.answer_ms));
            }
            self.stream.set_read_timeout(Some(left().max(SHORTEST))).map_err(LinkError::Lost)?;
            match self.stream.read(&mut answer[length..length + missing]) {
                Ok(0) => {
                    let what = "it has closed the connection";
                    return Err(LinkError::Lost(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        what,
                    )));
                }
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn failed(&self, error: io::Error) -> LinkError {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                LinkError::Silent(self.answer_ms)
            }
            _ => LinkError::Lost(error),
        }
    }
}

/// A limit of zero would be none.
const SHORTEST: Duration = Duration::from_millis(1);
