//! Reading a pipe with a deadline.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use super::wake::{Waited, Wake};

/// Why a read did not deliver all that was asked for.
#[derive(Debug)]
pub(super) enum ReadStop {
    /// The writer closed; so many bytes had come by then.
    Ended {
        after_bytes: usize,
    },
    /// So many bytes of what was asked for had come by then.
    TimedOut {
        after_bytes: usize,
    },
    /// Somebody asked for the end of the wait.
    Woken,
    /// No line end within the bytes that a line may have.
    LineTooLong,
    Failed(io::Error),
}

/// A pipe that is read in whole frames and short lines, each by a deadline.
#[derive(Debug)]
pub(super) struct TimedReader {
    pipe: File,
    wake: Wake,
    ahead: Vec<u8>,
    ahead_start: usize,
    total_bytes: u64,
}

const AHEAD_BYTES: usize = 4096;

impl TimedReader {
    /// Every wait ends when `wake` is raised.
    pub fn new(pipe: OwnedFd, wake: Wake) -> Self {
        let ahead = Vec::with_capacity(AHEAD_BYTES);
        Self { pipe: File::from(pipe), wake, ahead, ahead_start: 0, total_bytes: 0 }
    }

    /// Ends its waits by another from now on.
    pub fn obey(&mut self, wake: Wake) {
        self.wake = wake;
    }

    /// Bytes handed out so far, those of incomplete reads included.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Fills all of `out`.
    pub fn read_exact(&mut self, out: &mut [u8], deadline: Instant) -> Result<(), ReadStop> {
        let ahead = &self.ahead[self.ahead_start..];
        let mut filled = ahead.len().min(out.len());
        out[..filled].copy_from_slice(&ahead[..filled]);
        self.ahead_start += filled;
        self.total_bytes += filled as u64;
        while filled < out.len() {
            match read_by(&mut self.pipe, &self.wake, &mut out[filled..], deadline) {
                Ok(0) => return Err(ReadStop::Ended { after_bytes: filled }),
                Err(ReadStop::TimedOut { .. }) => {
                    return Err(ReadStop::TimedOut { after_bytes: filled });
                }
                read => {
                    let read = read?;
                    filled += read;
                    self.total_bytes += read as u64;
                }
            }
        }
        Ok(())
    }

    /// Reads `owed` bytes and forgets them; what is still owed is left there when it
    /// stops early.
    pub fn discard(&mut self, owed: &mut usize, deadline: Instant) -> Result<(), ReadStop> {
        let mut block = [0; 4096];
        while *owed > 0 {
            let length = block.len().min(*owed);
            let read = self.read_exact(&mut block[..length], deadline);
            *owed -= match &read {
                Ok(()) => length,
                Err(ReadStop::Ended { after_bytes } | ReadStop::TimedOut { after_bytes }) => {
                    *after_bytes
                }
                Err(_) => 0,
            };
            read?;
        }
        Ok(())
    }

    /// Reads up to and without the next line feed into `line`. What came of a line
    /// before the deadline is read again by the next call.
    pub fn read_line(
        &mut self,
        line: &mut Vec<u8>,
        limit_bytes: usize,
        deadline: Instant,
    ) -> Result<(), ReadStop> {
        line.clear();
        loop {
            let ahead = &self.ahead[self.ahead_start..];
            let end = ahead.iter().position(|&byte| byte == b'\n');
            let taken = end.unwrap_or(ahead.len());
            line.extend_from_slice(&ahead[..taken]);
            self.ahead_start += taken + usize::from(end.is_some());
            self.total_bytes += (taken + usize::from(end.is_some())) as u64;
            if line.len() > limit_bytes {
                return Err(ReadStop::LineTooLong);
            }
            if end.is_some() {
                return Ok(());
            }
            self.ahead_start = 0;
            self.ahead.resize(AHEAD_BYTES, 0);
            let read = read_by(&mut self.pipe, &self.wake, &mut self.ahead, deadline);
            self.ahead.truncate(*read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => return Err(ReadStop::Ended { after_bytes: line.len() }),
                Err(ReadStop::TimedOut { .. }) => {
                    self.total_bytes -= line.len() as u64;
                    self.ahead.extend_from_slice(line);
                    return Err(ReadStop::TimedOut { after_bytes: line.len() });
                }
                read => read.map(drop)?,
            }
        }
    }
}

/// One read once there is something to read; 0 when the writer has closed.
fn read_by(
    pipe: &mut File,
    wake: &Wake,
    out: &mut [u8],
    deadline: Instant,
) -> Result<usize, ReadStop> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match wake.wait(pipe.as_fd(), left) {
            Ok(Waited::TimedOut) => return Err(ReadStop::TimedOut { after_bytes: 0 }),
            Ok(Waited::Woken) => return Err(ReadStop::Woken),
            Ok(Waited::Ready(_)) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ReadStop::Failed(error)),
        }
        match pipe.read(out) {
            Err(error) if is_transient(&error) => {}
            other => return other.map_err(ReadStop::Failed),
        }
    }
}

/// `WouldBlock` happens on a standard input that another process made
/// non-blocking.
fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::time::Duration;

    fn reader_of(bytes: &[u8]) -> (TimedReader, io::PipeWriter) {
        let (pipe, mut writer) = io::pipe().unwrap();
        writer.write_all(bytes).unwrap();
        (TimedReader::new(pipe.into(), Wake::never()), writer)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(30)
    }

    #[test]
    fn lines_and_blocks_share_one_stream() {
        let (mut reader, writer) = reader_of(b"head\nabcdef\n12");
        let (mut line, mut block) = (Vec::new(), [0; 6]);
        reader.read_line(&mut line, 10, soon()).unwrap();
        assert_eq!(line, b"head");
        reader.read_exact(&mut block, soon()).unwrap();
        assert_eq!(&block, b"abcdef");
        reader.read_line(&mut line, 10, soon()).unwrap();
        assert!(line.is_empty());
        drop(writer);
        let stop = reader.read_exact(&mut block, soon()).unwrap_err();
        assert!(matches!(stop, ReadStop::Ended { after_bytes: 2 }), "{stop:?}");
        assert_eq!(reader.total_bytes(), 14);
    }

    #[test]
    fn silence_times_out() {
        let (mut reader, _writer) = reader_of(b"ab");
        let stop = reader.read_exact(&mut [0; 3], soon()).unwrap_err();
        assert!(matches!(stop, ReadStop::TimedOut { after_bytes: 2 }), "{stop:?}");
    }

    #[test]
    fn what_is_owed_is_forgotten_whatever_comes_between() {
        let (mut reader, mut writer) = reader_of(b"ab");
        let mut owed = 5;
        assert!(reader.discard(&mut owed, soon()).is_err());
        assert_eq!(owed, 3);
        writer.write_all(b"cdeFG").unwrap();
        reader.discard(&mut owed, soon()).unwrap();
        let mut block = [0; 2];
        reader.read_exact(&mut block, soon()).unwrap();
        assert_eq!((owed, &block), (0, b"FG"));
    }

    #[test]
    fn a_line_in_two_parts_is_one_though_the_time_was_up_between() {
        let (mut reader, mut writer) = reader_of(b"FRA");
        let mut line = Vec::new();
        assert!(reader.read_line(&mut line, 10, soon()).is_err());
        writer.write_all(b"ME\nx").unwrap();
        reader.read_line(&mut line, 10, soon()).unwrap();
        assert_eq!((&line[..], reader.total_bytes()), (&b"FRAME"[..], 6));
    }

    #[test]
    fn lines_are_bounded() {
        let (mut reader, _writer) = reader_of(&[b'x'; 50]);
        let stop = reader.read_line(&mut Vec::new(), 20, soon()).unwrap_err();
        assert!(matches!(stop, ReadStop::LineTooLong), "{stop:?}");
    }
}
