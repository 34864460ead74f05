//! Writing to somebody who may read slowly, or not at all.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const PIECE_BYTES: usize = 16 * 1024;

/// Writes all of it, however slowly it is taken, but within a time.
///
/// # Errors
/// The other side is gone, or takes it too slowly.
pub(super) fn send(stream: &mut TcpStream, bytes: &[u8], within: Duration) -> io::Result<()> {
    let deadline = Instant::now() + within;
    let mut rest = bytes;
    while !rest.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(&rest[..rest.len().min(PIECE_BYTES)]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether nobody is there any more. Never waits.
pub(super) fn is_gone(stream: &TcpStream) -> bool {
    if stream.set_nonblocking(true).is_err() {
        return true;
    }
    let gone = match stream.peek(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    };
    stream.set_nonblocking(false).is_err() || gone
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (listener.accept().unwrap().0, peer)
    }

    /// More than the buffers of a connection hold.
    const MUCH: usize = 64 << 20;

    #[test]
    fn whoever_does_not_read_has_a_deadline() {
        let (mut own, peer) = pair();
        let begun = Instant::now();
        assert!(send(&mut own, &vec![0; MUCH], Duration::from_millis(200)).is_err());
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(150) && took < Duration::from_secs(30), "{took:?}");
        drop(peer);
    }

    #[test]
    fn whoever_has_left_is_noticed_and_whoever_is_silent_is_not_taken_for_gone() {
        let (own, peer) = pair();
        assert!(!is_gone(&own));
        drop(peer);
        let begun = Instant::now();
        while !is_gone(&own) {
            assert!(begun.elapsed() < Duration::from_secs(60), "it is never noticed");
            std::thread::yield_now();
        }
    }
}
