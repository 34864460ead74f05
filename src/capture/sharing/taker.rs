//! The end of whoever looks through another one's camera.

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::head::{HEAD_BYTES, Head};
use crate::capture::wake::{Waited, Wake};
use crate::capture::{Frame, FrameSource, SourceError};

/// Who shares a camera that is lost shows nothing until it is there again.
const QUIET: Duration = Duration::from_secs(10);

/// Frames of a camera that another process has. Those that came while nobody took any are
/// left out.
#[derive(Debug)]
pub struct SharedCamera {
    socket: PathBuf,
    stream: UnixStream,
    bytes: Vec<u8>,
    wake: Wake,
}

impl SharedCamera {
    /// `None` where nobody shares a camera at `socket`. A wait for frames ends when `wake` is
    /// raised.
    ///
    /// # Errors
    /// Somebody does, and this user may not look.
    pub fn connect(socket: &Path, wake: &Wake) -> Result<Option<Self>, SourceError> {
        let stream = match UnixStream::connect(socket) {
            Ok(stream) => stream,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(SourceError::fatal(format!(
                    "{}: {error}: the program that watches with this camera shares it with its \
                     own user alone: give this command as that user, as with `sudo -u normwatch`",
                    socket.display()
                )));
            }
            Err(_) => return Ok(None),
        };
        let failed = |error| SourceError::disconnected(format!("{}: {error}", socket.display()));
        stream.set_nonblocking(true).map_err(failed)?;
        let (socket, wake) = (socket.to_path_buf(), wake.clone());
        Ok(Some(Self { socket, stream, bytes: Vec::new(), wake }))
    }

    fn lost(&self, what: impl std::fmt::Display) -> SourceError {
        SourceError::disconnected(what.to_string()).of(self.socket.display())
    }

    fn fill(&self, mut buffer: &mut [u8]) -> Result<(), SourceError> {
        while !buffer.is_empty() {
            match (&self.stream).read(buffer) {
                Ok(0) => return Err(self.lost("the program that has the camera has ended")),
                Ok(read) => buffer = &mut buffer[read..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait()?,
                Err(error) => return Err(self.lost(error)),
            }
        }
        Ok(())
    }

    fn wait(&self) -> Result<(), SourceError> {
        match self.wake.wait(self.stream.as_fd(), QUIET) {
            Ok(Waited::Ready(_)) => Ok(()),
            Ok(Waited::Woken) => Err(self.lost("asked to end")),
            Ok(Waited::TimedOut) => Err(self.lost(format_args!(
                "no picture for {} s: the program that has the camera sees nothing, or shows it \
                 to another one",
                QUIET.as_secs()
            ))),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.lost(error)),
        }
    }
}

impl FrameSource for SharedCamera {
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, SourceError> {
        let mut head = [0; HEAD_BYTES];
        self.fill(&mut head)?;
        let head = Head::decode(&head).map_err(|error| error.of(self.socket.display()))?;
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.resize(head.bytes, 0);
        let filled = self.fill(&mut bytes);
        self.bytes = bytes;
        filled?;
        Ok(Some(head.frame(&self.bytes)))
    }

    fn describe(&self) -> String {
        format!("the camera that is shared at {}", self.socket.display())
    }
}
