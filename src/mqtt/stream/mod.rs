//! The way to a broker: bytes in both directions.

#[cfg(feature = "tls")]
mod tls;

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

/// So many addresses of one name are tried.
const MOST_ADDRESSES: usize = 4;

/// A connection whose reads and writes take a moment at most and then fail with
/// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`].
pub trait Stream: Read + Write {}

impl Stream for TcpStream {}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To open a connection to one address, and then to agree on its encryption.
    pub connect: Duration,
    /// To read or to write.
    pub poll: Duration,
}

/// Opens a connection; an encrypted one with a file of authorities to trust.
///
/// # Errors
/// The name is not known, none of its addresses takes the connection in time, or the
/// broker cannot show that it is the one that was named.
pub fn open(
    host: &str,
    port: u16,
    authorities: Option<&Path>,
    limits: Limits,
) -> io::Result<Box<dyn Stream>> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()?.take(MOST_ADDRESSES) {
        match TcpStream::connect_timeout(&address, limits.connect) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(limits.poll))?;
                stream.set_write_timeout(Some(limits.poll))?;
                return match authorities {
                    Some(authorities) => encrypt(stream, host, authorities, limits.connect),
                    None => Ok(Box::new(stream)),
                };
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(feature = "tls")]
fn encrypt(
    stream: TcpStream,
    host: &str,
    authorities: &Path,
    limit: Duration,
) -> io::Result<Box<dyn Stream>> {
    tls::encrypt(stream, host, authorities, limit).map(|stream| Box::new(stream) as _)
}

#[cfg(not(feature = "tls"))]
fn encrypt(_: TcpStream, _: &str, _: &Path, _: Duration) -> io::Result<Box<dyn Stream>> {
    let problem = "this program was built without the feature `tls`";
    Err(io::Error::new(io::ErrorKind::Unsupported, problem))
}

/// Whether the call would only have had to wait longer.
pub fn is_patience(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
