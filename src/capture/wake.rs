//! Ends the wait of a source from another thread, or from a signal.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Whoever waits for frames with it stops waiting once it is raised, however long
/// the wait was to last. Clones are one and the same.
#[derive(Clone, Debug)]
pub struct Wake(Option<Arc<Ends>>);

#[derive(Debug)]
struct Ends {
    /// Has something to read once it is raised, for good.
    reader: PipeReader,
    writer: PipeWriter,
    is_raised: AtomicBool,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waited {
    Ready(PollFlags),
    TimedOut,
    Woken,
}

impl Default for Wake {
    fn default() -> Self {
        Self::new()
    }
}

impl Wake {
    /// One that is not raised. Without descriptors to spare it cannot be.
    pub fn new() -> Self {
        let ends = io::pipe().map(|(reader, writer)| {
            Arc::new(Ends { reader, writer, is_raised: AtomicBool::new(false) })
        });
        Self(ends.inspect_err(|e| log::warn!("no pipe to end waits with: {e}")).ok())
    }

    /// One that nobody raises.
    pub fn never() -> Self {
        Self(None)
    }

    pub fn raise(&self) {
        if let Some(ends) = &self.0
            && !ends.is_raised.swap(true, Ordering::AcqRel)
        {
            let _ = (&ends.writer).write_all(b"!");
        }
    }

    /// A descriptor that raises it when a byte is written to it, as a signal's
    /// handler may.
    ///
    /// # Errors
    /// No descriptor to spare.
    pub fn raiser(&self) -> io::Result<OwnedFd> {
        match &self.0 {
            Some(ends) => ends.writer.as_fd().try_clone_to_owned(),
            None => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Waits until the descriptor is ready, at most for the time left, and not
    /// longer than until it is raised.
    pub(super) fn wait(&self, fd: BorrowedFd<'_>, left: Duration) -> io::Result<Waited> {
        self.poll(Some(fd), left)
    }

    /// Sleeps, but not longer than until it is raised. Returns whether it is.
    pub fn sleep(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            match self.poll(None, deadline.saturating_duration_since(Instant::now())) {
                Ok(Waited::Woken) => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => return false,
            }
        }
    }

    fn poll(&self, fd: Option<BorrowedFd<'_>>, left: Duration) -> io::Result<Waited> {
        let timeout = Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let wake = self.0.as_ref().map(|ends| ends.reader.as_fd());
        // A negative descriptor is passed over, but none is safe to name: the other
        // one stands in its place twice.
        let fds = match (fd, wake) {
            (Some(fd), wake) => [fd, wake.unwrap_or(fd)],
            (None, Some(wake)) => [wake, wake],
            (None, None) => {
                std::thread::sleep(left);
                return Ok(Waited::TimedOut);
            }
        };
        let mut fds = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
        let ready = poll(&mut fds, Some(&timeout))?;
        let [first, second] = fds.map(|fd| fd.revents());
        Ok(match ready {
            0 => Waited::TimedOut,
            _ if wake.is_some() && !second.is_empty() => Waited::Woken,
            _ => Waited::Ready(first),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn it_ends_a_wait_and_every_later_one() {
        let (reader, mut writer) = io::pipe().unwrap();
        let wake = Wake::new();
        assert_eq!(wake.wait(reader.as_fd(), Duration::ZERO).unwrap(), Waited::TimedOut);
        writer.write_all(b"x").unwrap();
        assert_eq!(wake.wait(reader.as_fd(), LONG).unwrap(), Waited::Ready(PollFlags::IN));
        let raiser = wake.clone();
        let thread = std::thread::spawn(move || raiser.raise());
        assert!(wake.sleep(LONG));
        thread.join().unwrap();
        wake.raise();
        assert_eq!(wake.wait(reader.as_fd(), LONG).unwrap(), Waited::Woken);
    }

    #[test]
    fn a_byte_from_outside_raises_it() {
        let wake = Wake::new();
        rustix::io::write(wake.raiser().unwrap(), b"!").unwrap();
        assert!(wake.sleep(LONG));
    }

    #[test]
    fn one_that_nobody_raises_waits_to_the_end() {
        let (reader, writer) = io::pipe().unwrap();
        let wake = Wake::never();
        wake.raise();
        assert!(!wake.sleep(Duration::from_millis(1)));
        assert_eq!(wake.wait(reader.as_fd(), Duration::ZERO).unwrap(), Waited::TimedOut);
        drop(writer);
        assert_eq!(wake.wait(reader.as_fd(), LONG).unwrap(), Waited::Ready(PollFlags::HUP));
    }
}
