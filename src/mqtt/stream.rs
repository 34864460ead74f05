//! The way to a broker: bytes in both directions.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// So many addresses of one name are tried.
const MOST_ADDRESSES: usize = 4;

/// A connection whose reads and writes take a moment at most and then fail with
/// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`]. Encryption would be
/// another type that is one.
pub trait Stream: Read + Write {}

impl Stream for TcpStream {}

/// Opens a connection. Reads and writes take `poll` at most.
///
/// # Errors
/// The name is not known, or none of its addresses takes the connection within `limit`.
pub fn open(host: &str, port: u16, limit: Duration, poll: Duration) -> io::Result<Box<dyn Stream>> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()?.take(MOST_ADDRESSES) {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(poll))?;
                stream.set_write_timeout(Some(poll))?;
                return Ok(Box::new(stream));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Whether the call would only have had to wait longer.
pub fn is_patience(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
